# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# A short run of the fuzzer, the same each time; make fuzz has the long one.

atf_test_case texts_say_the_same_when_written_anew
texts_say_the_same_when_written_anew_body()
{
	vnet_fuzz conf_fuzz 10000 512
}

atf_init_test_cases()
{
	atf_add_test_case texts_say_the_same_when_written_anew
}
