#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Make the targets one after the other, each of which ends with a line "N
# passed, N failed, N skipped": stages.sh target ... Ends with what each of them
# said, and with the sum in such a line. Fails if one of them did.

set -u

MAKE=${MAKE:-make}
here=$(cd "$(dirname "$0")" && pwd)
TOTAL='^[0-9]* passed, [0-9]* failed, [0-9]* skipped$'

# The sum of lines like TOTAL.
sum()
{
	awk -f "$here/totals.awk"
}

# Make a target; how it ended is in $tmp/target. One that failed without saying
# so counts as a case that did.
stage()
{
	echo "make $1"
	{ $MAKE "$1" && : >"$tmp/$1.ok"; } 2>&1 | tee "$tmp/log"
	grep -e "$TOTAL" "$tmp/log" | tail -n 1 >"$tmp/$1"
	[ -s "$tmp/$1" ] || echo "0 passed, 0 failed, 0 skipped" >"$tmp/$1"
	if [ ! -e "$tmp/$1.ok" ]; then
		failed=yes
		grep -q ' 0 failed' "$tmp/$1" || return 0
		echo "0 passed, 1 failed, 0 skipped" >>"$tmp/$1"
	fi
}

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
failed=no
for target; do
	stage "$target"
done
echo
for target; do
	printf '%-18s %s\n' "$target" "$(sum <"$tmp/$target")"
done
for target; do
	cat "$tmp/$target"
done | sum
[ $failed = no ]
