# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# A short run of the fuzzer, the same each time; make fuzz has the long one.

atf_test_case no_name_leads_out_of_the_root
no_name_leads_out_of_the_root_body()
{
	vnet_fuzz place_fuzz 50000 600
}

atf_init_test_cases()
{
	atf_add_test_case no_name_leads_out_of_the_root
}
