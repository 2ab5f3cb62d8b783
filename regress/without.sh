#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Run a part of the suite in worlds of which each lacks a feature that the
# library can do without, and in one that lacks them all: without.sh objdir.
# What the kernel lacks in any case, make check has done without. What is there
# was built with JAIL_TEST, see lib/libjail/jail_feature.c. Prints a line for
# each world, what failed in it, and the sum of all.

set -u

# What features show in; the rest is run in the last world alone.
FILTERS='lib/libjail/signal_test
lib/libjail/kill_test:killed_removal_leaves_all_or_nothing
sys/kern-jail/confined_test
sys/netinet-jail/raw_lost_test:C2_raw_socket_that_a_thread_alone_has_is_found
tools/jail/features_test tools/jailkill'
REST='lib/libjail/attach_test lib/libjail/load_test tools/jail/jail_test
tools/jail/layers_test tools/jexec/jexec_test'

die()
{
	echo "without: $*" >&2
	exit 1
}

# The names in the table of features.
features()
{
	sed -n 's/^	\[F_[A-Z0-9_]*\] = { "\([a-z0-9_.]*\)",.*/\1/p' \
	    "$here/../lib/libjail/jail_feature.c"
}

# Those of them that the kernel has.
present()
{
	absent=$("$obj/tools/jail/jail" -V | awk '$2 == "absent" { print $1 }')
	echo "$names" | grep -vxF -e "$absent"
}

# One world: run_world features, with commas, filter ...
run_world()
{
	JAIL_WITHOUT=$1
	export JAIL_WITHOUT
	shift
	sh "$here/run.sh" "$obj" "$@" >"$log" 2>&1
	status=$?
	line=$(tail -n 1 "$log")
	case $line in
	*' passed, '*' failed, '*' skipped')
		;;
	*)
		cat "$log"
		die "the suite does not run without $JAIL_WITHOUT"
		;;
	esac
	echo "without $JAIL_WITHOUT: $line"
	[ $status -eq 0 ] || cat "$log"
	echo "$line" >>"$log.sum"
}

[ $# -eq 1 ] || die "usage: without.sh objdir"
obj=$1
here=$(dirname "$0")
log=$obj/regress/without.log
TRACED_STEP=20
export TRACED_STEP
names=$(features)
[ -n "$names" ] || die "no features"
rm -f "$log.sum"
for name in $(present); do
	run_world "$name" $FILTERS
done
run_world "$(echo $names | tr ' ' ,)" $FILTERS $REST
awk -f "$here/../mk/totals.awk" "$log.sum"
