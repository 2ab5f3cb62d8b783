#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Run every fuzzer for a number of seconds: fuzz.sh objdir seconds. What it
# learns stays in objdir, below the fuzzer's name with .corpus; an input that
# breaks a rule is left beside it and named in the output.

set -eu
obj=$1
seconds=$2

find "$obj" -name '*_fuzz' -type f -perm -u+x | while read -r fuzzer; do
	mkdir -p "$fuzzer.corpus"
	"$fuzzer" -max_total_time="$seconds" -artifact_prefix="$fuzzer-" \
	    -print_final_stats=1 "$fuzzer.corpus"
done
