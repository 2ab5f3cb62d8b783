#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Run the built tests on stock kernels of Debian, in QEMU: run.sh objtop. Prints
# a table, case by kernel, and ends with one line "N passed, N failed, N
# skipped". Fails if a case failed, was skipped for want of what its kernel is
# known to have, or was not run. Besides the usual build, those of compilers.sh
# are run, and that of without.sh without what this machine's kernel refuses.
#
# FULL=1 runs all cases instead of those that vm/filter names. KERNELS="6.1
# 6.18" runs on these only. NETJAIL_CACHE is where packages are kept.

set -u

QEMU=qemu-system-x86_64
MEMORY_MB=1024
# norandmaps: where every process has its libraries elsewhere, QEMU translates
# them anew for each, several times slower. no_timer_check: the check may fail
# on a busy machine.
APPEND="console=ttyS0 panic=-1 quiet norandmaps no_timer_check"
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
	if [ -n "${FULL:-}" ]; then
		echo suite all "'$obj'" $(cd "$obj/regress" &&
		    ls -d */*/Kyuafile | sed -e 's|/Kyuafile||' -e '/^mk/d')
	else
		echo suite all "'$obj'" $(lines "$here/filter")
	fi
	for build in $builds; do
		echo suite $build "'$obj/cc/$build'" \
		    $(lines "$here/filter.load")
	done
	echo JAIL_WITHOUT=lsm suite without-lsm "'$obj/without'" \
	    $(lines "$here/filter.load")
}

# Boot a guest and wait for its end: guest series version
guest()
{
	kernel=$cache/$2
	sh "$here/image.sh" initrd "$work/$1.initrd" "$kernel" "$work/job" &&
	    timeout "$PATIENCE_S" "$QEMU" -nodefaults -no-user-config -M q35 \
		-accel tcg -cpu max -smp 1 -m $MEMORY_MB -display none \
		-no-reboot -pidfile "$work/$1.pid" \
		-serial "file:$work/$1.console" \
		-serial "file:$work/$1.out" \
		-kernel "$kernel/boot/vmlinuz-$2" -initrd "$work/$1.initrd" \
		-drive "file=$work/root.img,format=raw,if=virtio,snapshot=on" \
		-append "$APPEND" \
		</dev/null >"$work/$1.qemu" 2>&1
	: >"$work/$1.ended"
}

# Has every guest ended?
all_ended()
{
	for s in $series; do
		[ -e "$work/$s.ended" ] || return 1
	done
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
	until all_ended; do
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
rows=$(wanted)
[ -n "$rows" ] || die "no kernel of $KERNELS in vm/kernels"

work=$obj/regress/vm
mkdir -p "$work"
trap 'kill $(cat "$work"/*.pid) 2>/dev/null; exit 1' HUP INT TERM
rm -f "$work"/*.*
found=$(echo "$rows" | sh "$here/fetch.sh" "$cache") || exit 1
builds=$(cd "$obj/cc" 2>/dev/null && ls -d clang-*)
[ -n "$builds" ] || die "$obj/cc: no builds"
[ -d "$obj/without" ] || die "$obj/without: not built"
sh "$here/image.sh" root "$work/root.img" "$obj/tools" "$obj/lib" \
    "$obj/regress" "$obj/without" $(for build in $builds; do
	echo "$obj/cc/$build"
done) || exit 1
job >"$work/job"
series=$(echo "$found" | cut -d ' ' -f 1)
while read -r s version; do
	: >"$work/$s.out"
	guest "$s" "$version" &
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
