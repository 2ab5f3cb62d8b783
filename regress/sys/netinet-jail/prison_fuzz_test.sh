# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# A short run of the fuzzer, the same each time; make fuzz has the long one.

atf_test_case decisions_agree_with_the_oracle
decisions_agree_with_the_oracle_body()
{
	vnet_fuzz prison_fuzz 50000 256
}

atf_init_test_cases()
{
	atf_add_test_case decisions_agree_with_the_oracle
}
