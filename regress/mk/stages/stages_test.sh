# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# mk/stages.sh adds up what the stages of make test say, and hides no failure.

# stages expected-status last-line target ...: of a Makefile with these targets.
stages()
{
	printf '%s\n' 'good:' '	@echo 3 passed, 0 failed, 1 skipped' \
	    'more:' '	@echo 4 passed, 0 failed, 2 skipped' \
	    'bad:' '	@echo 5 passed, 2 failed, 0 skipped' '	@false' \
	    'liar:' '	@echo 6 passed, 0 failed, 0 skipped' '	@false' \
	    'dumb:' '	@false' >Makefile
	status=$1
	last=$2
	shift 2
	atf_check -s exit:"$status" -o save:out -e ignore \
	    env MAKE='make --no-print-directory' "$NETJAIL_TOP/mk/stages.sh" "$@"
	atf_check -o inline:"$last\n" tail -n 1 out
}

atf_test_case totals_are_added
totals_are_added_body()
{
	stages 0 '7 passed, 0 failed, 3 skipped' good more
}

atf_test_case failed_stage_fails_and_keeps_no_other_from_running
failed_stage_fails_and_keeps_no_other_from_running_body()
{
	stages 1 '12 passed, 2 failed, 3 skipped' bad good more
}

atf_test_case stage_that_fails_without_a_failed_case_counts_as_one
stage_that_fails_without_a_failed_case_counts_as_one_body()
{
	stages 1 '9 passed, 1 failed, 1 skipped' good liar
	stages 1 '3 passed, 1 failed, 1 skipped' good dumb
}

atf_init_test_cases()
{
	atf_add_test_case totals_are_added
	atf_add_test_case failed_stage_fails_and_keeps_no_other_from_running
	atf_add_test_case stage_that_fails_without_a_failed_case_counts_as_one
}
