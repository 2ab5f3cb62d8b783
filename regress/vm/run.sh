#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Run the built tests on stock kernels of Debian, in QEMU: run.sh objtop. Prints
# a table, case by kernel, and ends with one line "N passed, N failed, N
# skipped". Fails if a case failed, was skipped for want of what its kernel is
# known to have, or was not run. Besides the usual build, those of compilers.sh
# are run that have another kernel half, and that of without.sh without what
# this machine's kernel refuses.
#
# FULL, a list of filters, is run instead of the cases that vm/filter names.
# KERNELS="6.1 6.18" runs on these only. NETJAIL_CACHE is where packages are
# kept.

set -u

QEMU=qemu-system-x86_64
MEMORY_MB=1024
# norandmaps: where every process has its libraries elsewhere, QEMU translates
# them anew for each, several times slower. no_timer_check: the check may fail
# on a busy machine. The last three spare work that is for real processors or
# against real attackers.
APPEND="console=ttyS0 panic=-1 quiet norandmaps no_timer_check mitigations=off
    init_on_alloc=0 no5lvl"
PATIENCE_S=1800

die()
{
	echo "test-kernels: $*" >&2
	exit 1
}

# A file without its comments.
lines()
{
	sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$1"
}

# The rows of vm/kernels that are asked for.
wanted()
{
	lines "$here/kernels" | awk -v want=" ${KERNELS:-} " '
	want == "  " || index(want, " " $1 " ")'
}

# What a guest is to do.
job()
{
	echo "TOP='$top'"
	echo suite all "'$obj'" ${FULL:-$(lines "$here/filter")}
	for build in $builds; do
		echo suite $build "'$obj/cc/$build'" \
		    $(lines "$here/filter.load")
	done
	echo JAIL_WITHOUT=lsm suite without-lsm "'$obj/without'" \
	    $(lines "$here/filter.load")
}

# Is the kernel half of a build the usual one?
is_usual()
{
	for o in "$obj"/sys/*.bpf.o; do
		cmp -s "$o" "$obj/cc/$1/sys/${o##*/}" || return 1
	done
}

# Boot a guest, and let it run: boot series version
boot()
{
	timeout "$PATIENCE_S" "$QEMU" -nodefaults -no-user-config -M q35 \
	    -accel tcg -cpu max -smp 1 -m $MEMORY_MB -display none -no-reboot \
	    -serial "file:$work/$1.console" -serial "file:$work/$1.out" \
	    -kernel "$cache/$2/boot/vmlinuz-$2" -initrd "$work/$1.initrd" \
	    -drive "file=$work/root.img,format=raw,if=virtio,snapshot=on" \
	    -append "$APPEND" </dev/null >"$work/$1.qemu" 2>&1 &
	guests="$guests $!"
}

# Does a guest still run?
guests_run()
{
	for pid in $guests; do
		! kill -0 "$pid" 2>/dev/null || return 0
	done
	return 1
}

# How many cases each guest has done.
progress()
{
	printf 'test-kernels: cases done'
	for s in $series; do
		printf ', %s: %s' "$s" "$(grep -c -e '->' "$work/$s.out")"
	done
	echo
}

# Wait for the guests, and say every half minute how far they are.
watch_guests()
{
	ticks=0
	while guests_run; do
		sleep 1
		ticks=$((ticks + 1))
		[ $((ticks % 30)) -ne 0 ] || progress
	done
}

# What a guest said beside its cases' results, if it did not end well.
post_mortem()
{
	if ! grep -qx end "$work/$1.out" 2>/dev/null; then
		echo "$1: the guest did not run to its end; at last:"
		tail -n 20 "$work/$1.console" "$work/$1.out" "$work/$1.qemu"
	elif grep -Eq -e '->  (failed|broken)' "$work/$1.out"; then
		echo "$1:"
		grep -v -e '->  \(passed\|skipped\|expected\)' "$work/$1.out"
	fi
}

[ $# -eq 1 ] || die "usage: run.sh objtop"
obj=$1
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
cache=${NETJAIL_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/netjail}/kernels
[ "$(uname -m)" = x86_64 ] || die "this is no x86_64 machine"
command -v $QEMU >/dev/null || die "no $QEMU: make deps installs it"
[ -e "$obj/regress/Kyuafile" ] || die "$obj/regress: not built"
case $cache in
/*)	;;
*)	die "NETJAIL_CACHE: $cache: not an absolute path" ;;
esac
for s in ${KERNELS:-}; do
	lines "$here/kernels" | cut -f 1 | grep -qxF -e "$s" ||
	    die "KERNELS: $s: not in vm/kernels"
done
builds=$(cd "$obj/cc" 2>/dev/null && ls -d clang-*)
[ -n "$builds" ] || die "$obj/cc: no builds: make test-kernels makes them"
builds=$(for build in $builds; do
	is_usual "$build" || echo "$build"
done)
[ -d "$obj/without" ] || die "$obj/without: not built"

work=$obj/regress/vm
mkdir -p "$work"
exec 9>"$work/lock"
flock -n 9 || die "$obj: another run of test-kernels is under way"
guests=
trap '[ -z "$guests" ] || kill $guests 2>/dev/null; exit 1' HUP INT TERM
rm -f "$work"/*.*
rows=$(wanted)
found=$(echo "$rows" | sh "$here/fetch.sh" "$cache") || exit 1
job >"$work/job"
sh "$here/image.sh" root "$work/root.img" "$obj/tools" "$obj/lib" \
    "$obj/regress" "$obj/without" $(for build in $builds; do
	echo "$obj/cc/$build"
done) || exit 1
series=$(echo "$found" | cut -d ' ' -f 1)
while read -r s version; do
	: >"$work/$s.out"
	sh "$here/image.sh" initrd "$work/$s.initrd" "$cache/$version" \
	    "$work/job" || exit 1
done <<END
$found
END
while read -r s version; do
	boot "$s" "$version"
done <<END
$found
END
watch_guests
for s in $series; do
	post_mortem "$s"
done
echo "$rows" | awk -f "$here/table.awk" - $(for s in $series; do
	echo "series=$s $work/$s.out"
done)
