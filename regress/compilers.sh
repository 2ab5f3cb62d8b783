#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Build the whole tree with each compiler of mk/packages that is installed, and
# have each build do its work: compilers.sh objdir. A build counts as a test,
# besides those that are then run of it. "compilers.sh objdir build" stops after
# the builds, for who runs them elsewhere.

set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
obj=$1 mode=${2:-try}
: "${MAKE:=make}"

# What depends on how a half was compiled: the library, and decisions without
# the kernel. Each hook has a case in vm/filter.
LIBRARY='lib/libjail/attach_test lib/libjail/param_test lib/libjail/set_test
lib/libprobe'
DECISIONS='sys/kern-jail/kern_priv_test sys/netinet-jail/in6_jail_test
sys/netinet-jail/in_jail_test sys/netinet-jail/in_port_test
sys/netinet-jail/ip_packet_test'

clangs()
{
	sed -n 's/^\(clang-[0-9]*\)[?[:space:]].*/\1/p' "$top/mk/packages" |
	    while read -r clang; do
		! command -v "$clang" >/dev/null || echo "$clang"
	done
}

# The usual build's flags are -O2 -g: others warn of other things.
build()
{
	CFLAGS=$4
	export CFLAGS
	mkdir -p "$obj/$1"
	for dir in . share/demo bench; do
		target=all
		[ $dir != . ] || target=regress
		$MAKE -s -C "$top/$dir" OBJTOP="$obj/$1" CLANG="$2" CC="$3" \
		    FUZZERS= $target || return 1
	done >"$obj/$1/log" 2>&1
}

kernel_half()
{
	cat "$1"/sys/*.bpf.o | cksum
}

# Run the cases of a build. One that does not get so far has failed. A kernel
# half that is the same as an earlier one, byte for byte, is not tried again;
# the first is that of the usual build, by the oldest compiler, which make check
# tries. The newest one's is tried hook by hook, unless it is that; of those
# between, that it loads.
try()
{
	half=$(kernel_half "$obj/$1")
	kernel=$DECISIONS
	case $tried in
	*"<$half>"*)
		;;
	*)
		kernel="$DECISIONS $(sed 's/#.*//' "$here/vm/filter.load")"
		;;
	esac
	[ $1 != $newest ] || [ "$half" = "$usual" ] ||
	    kernel="$DECISIONS $(grep ^sys/ "$here/vm/filter")"
	tried="$tried<$half>"
	if ! sh "$here/run.sh" "$obj/$1" $LIBRARY $kernel >"$obj/$1/log" 2>&1
	then
		cat "$obj/$1/log"
	fi
	line=$(tail -n 1 "$obj/$1/log" |
	    grep -x '[0-9]* passed, [0-9]* failed, [0-9]* skipped')
	echo "$1: ${line:=0 passed, 1 failed, 0 skipped}"
	echo "$line" >>"$totals"
}

# variant name clang cc cflags
variant()
{
	if ! build "$@"; then
		echo "$1: kernel half by $2, user half by $3 $4: does not build"
		cat "$obj/$1/log"
		echo "0 passed, 1 failed, 0 skipped" >>"$totals"
		return
	fi
	echo "1 passed, 0 failed, 0 skipped" >>"$totals"
	echo "$1: kernel half by $2, user half by $3 $4: builds"
	[ "$mode" = build ] || try "$1"
}

mkdir -p "$obj"
newest=$(clangs | tail -n 1)
usual=$(kernel_half "$obj/.." 2>/dev/null)
tried="<$usual>"
totals=$obj/totals
: >"$totals"
for clang in $(clangs); do
	variant $clang $clang $clang '-O2 -g'
done
variant gcc-O0 clang gcc '-O0 -g'
variant gcc-O3 clang gcc '-O3 -g -D_FORTIFY_SOURCE=2'
awk -f "$top/mk/totals.awk" "$totals"
