# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# A short run of the fuzzer, the same each time; make fuzz has the long one.

atf_test_case status_of_a_thread_is_understood
status_of_a_thread_is_understood_body()
{
	atf_check -e match:'Done 100000 runs' \
	    "$(atf_get_srcdir)/caller_fuzz" -runs=100000 -seed=1 -max_len=256
}

atf_init_test_cases()
{
	atf_add_test_case status_of_a_thread_is_understood
}
