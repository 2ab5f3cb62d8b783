# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# A short run of the fuzzer, the same each time; make fuzz has the long one.

atf_test_case no_packet_leads_outside
no_packet_leads_outside_body()
{
	vnet_fuzz probe_parse_fuzz 500000 200
}

atf_init_test_cases()
{
	atf_add_test_case no_packet_leads_outside
}
