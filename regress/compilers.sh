#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Build the whole tree with each compiler of mk/packages that is installed, and
# have each build's kernel half do its work: compilers.sh objdir. A build counts
# as a test, besides those that are then run of it. "compilers.sh objdir build"
# stops after the builds, for who runs them elsewhere.

set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
obj=$1 mode=${2:-try}
passed=0 failed=0 skipped=0
: "${MAKE:=make}"

# What depends on how the kernel half was compiled: all its hooks, and loading.
FILTER='sys tools/jail/layers_test'

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

# The last line of a run is added to our own.
count()
{
	set -- $(tail -n 1 "$1")
	passed=$((passed + ${1:-0}))
	failed=$((failed + ${3:-1}))
	skipped=$((skipped + ${5:-0}))
}

# Run the cases of a build.
try()
{
	if ! sh "$here/run.sh" "$obj/$1" $FILTER >"$obj/$1/log" 2>&1; then
		cat "$obj/$1/log"
	fi
	echo "$1: $(tail -n 1 "$obj/$1/log")"
	count "$obj/$1/log"
}

# variant name clang cc cflags
variant()
{
	if ! build "$@"; then
		echo "$1: kernel half by $2, user half by $3 $4: does not build"
		cat "$obj/$1/log"
		failed=$((failed + 1))
		return
	fi
	passed=$((passed + 1))
	echo "$1: kernel half by $2, user half by $3 $4: builds"
	[ "$mode" = build ] || try "$1"
}

for clang in $(clangs); do
	variant $clang $clang $clang '-O2 -g'
done
variant gcc-O0 clang gcc '-O0 -g'
variant gcc-O3 clang gcc '-O3 -g -D_FORTIFY_SOURCE=2'
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
