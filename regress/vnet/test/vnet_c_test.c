/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The vnet helper as cases in C use it.
 */

#include <sys/types.h>
#include <sys/stat.h>

#include <net/if.h>

#include <unistd.h>

#include <atf-c.h>

#include "vnet.h"

VNET_CASE(init_goes_into_the_host)
{
	struct vnet vn;

	vnet_init(&vn, tc);
	vnet_addr(&vn, "192.0.2.11");
	vnet_addr(&vn, "2001:db8::11");
	ATF_REQUIRE(if_nametoindex(vn.vn_hostif) != 0);
	ATF_REQUIRE(if_nametoindex(vn.vn_peerif) == 0);
	ATF_REQUIRE(vnet_enter(vn.vn_peer) == 0);
	ATF_REQUIRE(if_nametoindex(vn.vn_peerif) != 0);
}

static bool
third_time(void *arg)
{
	int *n = arg;

	return (++*n == 3);
}

static bool
never(void *arg)
{
	(void)arg;
	return (false);
}

ATF_TC_WITHOUT_HEAD(wait_until_polls_and_gives_up);
ATF_TC_BODY(wait_until_polls_and_gives_up, tc)
{
	int n = 0;

	(void)tc;
	ATF_CHECK(wait_until(third_time, &n, 1000));
	ATF_CHECK_EQ(3, n);
	ATF_CHECK(!wait_until(never, NULL, 50));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, init_goes_into_the_host);
	ATF_TP_ADD_TC(tp, wait_until_polls_and_gives_up);
	return (atf_no_error());
}
