#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Run the tests of a build with AddressSanitizer and UBSan: sanitize.sh objdir
# [filter ...]. Reports are files, because a case may expect a command to fail
# and not look at what it says; a status that no tool has by itself tells the
# others, and is all that gcc's UBSan has for a case that does not look. Leaks
# are looked for in jails too, where a process may still trace its own threads;
# but see traced.c of lib/libjail.

set -u
here=$(cd "$(dirname "$0")" && pwd)
REPORTS=$1/regress/reports
common=exitcode=99:log_path=$REPORTS/report
ASAN_OPTIONS=$common:detect_leaks=1:strict_string_checks=1
UBSAN_OPTIONS=$common:print_stacktrace=1
LSAN_OPTIONS=suppressions=$here/lsan.supp:print_suppressions=0
TRACED_STEP=5
export ASAN_OPTIONS LSAN_OPTIONS REPORTS TRACED_STEP UBSAN_OPTIONS
exec sh "$here/run.sh" "$@"
