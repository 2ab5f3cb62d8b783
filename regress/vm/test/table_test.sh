# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# The verdict of vm/table.awk on what guests said.

# What a guest says of its cases a:one and a:two: says file one [two]. An empty
# result means that the case was not run.
says()
{
	echo 'suite all'
	echo "a:one  ->  $1  [0.100s]"
	[ -z "${2:-}" ] || echo "a:two  ->  $2  [0.200s]"
	echo '1 passed, 0 failed, 0 skipped'
	echo 'end'
}

# The table of two kernels, of which the older one lacks lsm: table status.
table()
{
	printf '6.1 bookworm lacks lsm\n6.18 trixie-backports\n' >rows
	atf_check -s exit:"$1" -o save:out -x "awk -f '$NETJAIL_TOP/regress/vm/table.awk' \
	    - series=6.1 old series=6.18 new <rows"
}

# The table has such a line, a regular expression.
has()
{
	grep -qx -e "$1" out || {
		cat out
		atf_fail "no line $1"
	}
}

atf_test_case passed_is_passed
passed_is_passed_body()
{
	says passed >old
	says 'expected_failure: a gap: 1 check failed as expected' >new
	table 0
	has 'a:one  *pass  *pass *'
	has '6 passed, 0 failed, 0 skipped'
}

atf_test_case failed_is_failed
failed_is_failed_body()
{
	says passed passed >old
	says 'failed: 2 checks failed' 'broken: timed out' >new
	table 1
	has 'a:one  *pass  *FAIL *'
	has 'FAIL on 6.18: a:one: 2 checks failed'
	has '6 passed, 2 failed, 0 skipped'
}

atf_test_case skip_for_want_of_what_the_kernel_lacks_is_a_skip
skip_for_want_of_what_the_kernel_lacks_is_a_skip_body()
{
	says 'skipped: kernel lacks lsm: not in the list' >old
	says passed >new
	table 0
	has 'a:one  *skip  *pass *'
	has 'skip on 6.1: a:one: kernel lacks lsm: not in the list'
	has '5 passed, 0 failed, 1 skipped'
}

atf_test_case skip_for_want_of_what_the_kernel_has_is_a_failure
skip_for_want_of_what_the_kernel_has_is_a_failure_body()
{
	says 'skipped: kernel lacks cpu-v2: no controller' >old
	says 'skipped: kernel lacks lsm: not in the list' >new
	table 1
	has 'a:one  *FAIL  *FAIL *'
	has '4 passed, 2 failed, 0 skipped'
}

atf_test_case skip_for_want_of_what_was_switched_off_is_a_skip
skip_for_want_of_what_was_switched_off_is_a_skip_body()
{
	says passed | sed '/^end$/d' >old
	says 'skipped: kernel lacks lsm: switched off' |
	    sed 's/suite all/suite without-lsm/' >>old
	cp old new
	table 0
	has 'without-lsm a:one  *skip  *skip *'
}

atf_test_case any_other_skip_is_a_failure
any_other_skip_is_a_failure_body()
{
	says 'skipped: read-only file system' >old
	says passed >new
	table 1
	has 'a:one  *FAIL  *pass *'
}

atf_test_case case_that_one_kernel_did_not_run_has_failed
case_that_one_kernel_did_not_run_has_failed_body()
{
	says passed passed >old
	says passed >new
	table 1
	has 'a:two  *pass  *none *'
	has '7 passed, 1 failed, 0 skipped'
}

atf_test_case guest_that_does_not_end_has_failed
guest_that_does_not_end_has_failed_body()
{
	says passed >old
	says passed | sed '/^end$/d' >new
	table 1
	has '(guest runs to its end)  *pass  *FAIL *'
}

atf_test_case suites_are_told_apart
suites_are_told_apart_body()
{
	{ says passed; says passed | sed 's/suite all/suite clang-14/'; } >old
	cp old new
	table 0
	has 'clang-14 a:one  *pass  *pass *'
	has '10 passed, 0 failed, 0 skipped'
}

atf_test_case filter_without_a_case_is_a_failure
filter_without_a_case_is_a_failure_body()
{
	{
		says passed | sed '/^end$/d'
		echo "kyua: W: No test cases matched by the filter 'a:three'."
		echo end
	} >old
	cp old new
	table 1
	has "FAIL on 6.1: (kyua has no complaint): No test cases .*'a:three'\\."
}

atf_test_case suite_without_a_case_is_a_failure
suite_without_a_case_is_a_failure_body()
{
	printf '%s\n' 'suite all' 'sh: 0: cannot open run.sh' end >old
	cp old new
	table 1
	has '(suite all is run)  *FAIL  *FAIL *'
	{ says passed | sed '/^end$/d'; echo suite clang-14; echo end; } >old
	cp old new
	table 1
	has '(suite clang-14 is run)  *FAIL  *FAIL *'
}

atf_test_case nothing_run_is_a_failure
nothing_run_is_a_failure_body()
{
	: >old
	: >new
	table 1
	has '0 passed, 4 failed, 0 skipped'
}

atf_init_test_cases()
{
	atf_add_test_case passed_is_passed
	atf_add_test_case failed_is_failed
	atf_add_test_case skip_for_want_of_what_the_kernel_lacks_is_a_skip
	atf_add_test_case skip_for_want_of_what_the_kernel_has_is_a_failure
	atf_add_test_case skip_for_want_of_what_was_switched_off_is_a_skip
	atf_add_test_case any_other_skip_is_a_failure
	atf_add_test_case case_that_one_kernel_did_not_run_has_failed
	atf_add_test_case guest_that_does_not_end_has_failed
	atf_add_test_case suites_are_told_apart
	atf_add_test_case filter_without_a_case_is_a_failure
	atf_add_test_case suite_without_a_case_is_a_failure
	atf_add_test_case nothing_run_is_a_failure
}
