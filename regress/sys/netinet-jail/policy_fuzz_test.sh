# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# A short run of the fuzzer, the same each time; make fuzz has the long one.

atf_test_case policy_agrees_with_the_oracle
policy_agrees_with_the_oracle_body()
{
	vnet_fuzz policy_fuzz 300000 160
}

atf_init_test_cases()
{
	atf_add_test_case policy_agrees_with_the_oracle
}
