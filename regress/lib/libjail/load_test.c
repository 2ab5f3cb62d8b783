/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The kernel half comes with the first jail and goes with jail --destroy. Both
 * may be killed, and the kernel may lack what they need.
 */

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <atf-c.h>

#include "jail.h"

#include "common.h"
#include "traced.h"
#include "vnet.h"

#define CALLS_MAX	2000

static const char *const create[] = { "jail", "-c", "name=first",
	"ip4.addr=192.0.2.5,192.0.2.6", "persist", NULL };
static const char *const destroy[] = { "jail", "--destroy", NULL };

static const char *
where(int n)
{
	static char text[32];

	snprintf(text, sizeof(text), "killed at call %d", n);
	return (text);
}

/* Returns whether there are more moments to be killed at. */
static bool
kill_at(const char *const argv[], int n)
{
	struct traced tr = { .tr_sig = SIGKILL, .tr_calls = CALLS_CHANGING };

	traced_run(&tr, (char *const *)argv, n);
	return (tr.tr_more);
}

static void
unload(int n)
{
	ATF_REQUIRE_MSG(jail_unload() == 0, "%s: %s", where(n), jail_errmsg);
	require_state("", where(n));
}

/* The jail that the killed one was to make is there or is not. */
static void
require_first(int n)
{
	char *addrs = get_param("first", "ip4.addr");

	if (addrs != NULL)
		ATF_REQUIRE_STREQ_MSG("192.0.2.5,192.0.2.6", addrs, "%s",
		    where(n));
	free(addrs);
}

JAIL_TC(killed_first_creation_is_taken_up_by_the_next,
    "the next jail -c loads what is missing")
{
	int n;

	vnet_instance(tc);
	for (n = 1; kill_at(create, n) && n < CALLS_MAX;
	    n += 24 * traced_step()) {
		make_jail("next", "ip4.addr", "192.0.2.7", NULL);
		require_consistent(where(n));
		require_first(n);
		unload(n);
	}
	printf("%d moments\n", n);
	ATF_REQUIRE(n > 50 && n < CALLS_MAX);
	unload(n);
}

JAIL_TC(killed_first_creation_is_cleared_away_by_who_looks,
    "jls, too, leaves nothing of it in force")
{
	int n;

	vnet_instance(tc);
	for (n = 2; kill_at(create, n) && n < CALLS_MAX;
	    n += 24 * traced_step()) {
		require_first(n);
		require_consistent(where(n));
		unload(n);
	}
	ATF_REQUIRE(n > 50 && n < CALLS_MAX);
	unload(n);
}

JAIL_TC(killed_unloading_is_carried_through_by_the_next,
    "jail --destroy can be repeated")
{
	bool more = true;
	int n;

	vnet_instance(tc);
	for (n = 1; more && n < CALLS_MAX; n += 10 * traced_step()) {
		make_jail("first", "ip4.addr", "192.0.2.7", NULL);
		make_jail("second", "ip6.addr", "2001:db8::7", NULL);
		more = kill_at(destroy, n);
		if (more)
			unload(n);
	}
	printf("%d moments\n", n);
	ATF_REQUIRE(n > 20 && n < CALLS_MAX);
	require_state("", where(n));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, killed_first_creation_is_taken_up_by_the_next);
	ATF_TP_ADD_TC(tp, killed_first_creation_is_cleared_away_by_who_looks);
	ATF_TP_ADD_TC(tp, killed_unloading_is_carried_through_by_the_next);
	return (atf_no_error());
}
