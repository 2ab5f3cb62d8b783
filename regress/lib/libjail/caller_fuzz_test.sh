# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# A short run of the fuzzer, the same each time; make fuzz has the long one.

atf_test_case status_of_a_thread_is_understood
status_of_a_thread_is_understood_body()
{
	vnet_fuzz caller_fuzz 100000 256
}

atf_init_test_cases()
{
	atf_add_test_case status_of_a_thread_is_understood
}
