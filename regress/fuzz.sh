#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Run every fuzzer for a number of seconds: fuzz.sh objdir seconds. It begins
# with what the tree has below corpus/. What it learns stays in objdir, below
# the fuzzer's name with .corpus, and can be merged into that (-merge=1); an
# input that breaks a rule is left beside it and named in the output.

set -eu
obj=$1
seconds=$2
here=$(cd "$(dirname "$0")" && pwd)

find "$obj" -name '*_fuzz' -type f -perm -u+x | while read -r fuzzer; do
	tree=$here/$(dirname "${fuzzer#"$obj"/}")/corpus/${fuzzer##*/}
	mkdir -p "$fuzzer.corpus"
	"$fuzzer" -max_total_time="$seconds" -artifact_prefix="$fuzzer-" \
	    -print_final_stats=1 "$fuzzer.corpus" "$tree"
done
