/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Whatever moment jail(8) is killed at as it changes a jail that has others in
 * it, the next one to look finds no jail that has what its parent has not, none
 * without its parent, and every count as it should be.
 */

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <atf-c.h>

#include "jail.h"

#include "common.h"
#include "state.h"
#include "traced.h"
#include "vnet.h"

#define CALLS_MAX	4000

/* A jail with one that has a list, one in that, and one that inherits. */
static void
stage(void)
{
	make_jail("web", "jid", "1", "children.max", "9", "allow.broadcast",
	    "true", "ip4.addr", "192.0.2.5,192.0.2.6", "ip6.addr",
	    "2001:db8::5,2001:db8::6", NULL);
	make_jail("web.list", "jid", "2", "children.max", "2",
	    "allow.broadcast", "true", "ip4.addr", "192.0.2.5,192.0.2.6",
	    "ip6.addr", "2001:db8::6", NULL);
	make_jail("web.list.in", "jid", "3", "allow.broadcast", "true",
	    "ip4.addr", "192.0.2.6", NULL);
	make_jail("web.all", "jid", "4", "ip4", "inherit", "ip6", "inherit",
	    NULL);
}

/* Is a parameter of the jail one of the two? */
static void
require_either(const char *jail, const char *param, const char *old,
    const char *new, const char *where)
{
	char *value = get_param(jail, param);

	ATF_REQUIRE_MSG(value != NULL && (strcmp(value, old) == 0 ||
	    strcmp(value, new) == 0), "%s: %s of %s is %s", where, param,
	    jail, value == NULL ? "gone" : value);
	free(value);
}

/* A command line that is killed, and what is to be seen afterwards. */
struct trial {
	const char *argv[8];
	void (*check)(const char *where);
	int step;		/* each such call is tried */
	bool narrows;		/* it gives nothing to any jail */
};

/* Before anybody has looked. */
static void
require_inside(const char *where)
{
	struct state st;
	int faults;

	ATF_REQUIRE_EQ(0, state_open(&st));
	faults = state_outside(&st, stderr);
	state_close(&st);
	ATF_REQUIRE_MSG(faults == 0, "%s: not inside", where);
}

/* Kill the command at its calls that change something. */
static void
try_all(const struct trial *t)
{
	struct traced tr = { .tr_sig = SIGKILL, .tr_calls = CALLS_CHANGING,
		.tr_more = true };
	char where[32];
	int n;

	for (n = 1; tr.tr_more && n < CALLS_MAX; n += t->step) {
		stage();
		traced_run(&tr, (char *const *)t->argv, n);
		snprintf(where, sizeof(where), "killed at call %d", n);
		if (t->narrows)
			require_inside(where);
		jail_getid("web");
		require_consistent(where);
		t->check(where);
		remove_jail("1");
		remove_jail("2");
		remove_jail("3");
		remove_jail("4");
		require_consistent(where);
	}
	printf("%d calls\n", n - t->step);
	ATF_REQUIRE(n > 10 && n < CALLS_MAX);
}

static void
check_lists(const char *where)
{
	require_either("1", "ip4.addr", "192.0.2.5,192.0.2.6", "192.0.2.5",
	    where);
	require_either("2", "ip4.addr", "192.0.2.5,192.0.2.6", "192.0.2.5",
	    where);
	require_either("3", "ip4.addr", "192.0.2.6", "", where);
	require_either("2", "ip6.addr", "2001:db8::6", "", where);
	require_either("3", "allow.broadcast", "true", "false", where);
}

JAIL_TC(killed_loss_of_addresses_leaves_children_inside, "all moments")
{
	static const struct trial t = { { "jail", "-m", "name=web",
		"ip4.addr=192.0.2.5", "ip6.addr=", "allow.nobroadcast" },
		check_lists, 1, true };

	vnet_instance(tc);
	try_all(&t);
}

static void
check_names(const char *where)
{
	require_either("3", "name", "web.list.in", "www.list.in", where);
	require_either("4", "ip4.addr", "192.0.2.5,192.0.2.6",
	    "192.0.2.6,192.0.2.7", where);
	require_either("2", "ip4.addr", "192.0.2.5,192.0.2.6", "192.0.2.6",
	    where);
}

JAIL_TC(killed_renaming_leaves_names_that_fit, "all moments")
{
	static const struct trial t = { { "jail", "-m", "jid=1", "name=www",
		"ip4.addr=192.0.2.6,192.0.2.7" }, check_names, 1, false };

	vnet_instance(tc);
	try_all(&t);
}

static void
check_removed(const char *where)
{
	char *inner = get_param("3", "name"), *outer = get_param("2", "name");

	ATF_REQUIRE_MSG(inner == NULL || outer != NULL, "%s", where);
	free(inner);
	free(outer);
}

JAIL_TC(killed_removal_leaves_no_child_alone, "all moments")
{
	static const struct trial t = { { "jail", "-r", "web" },
		check_removed, 5, true };

	vnet_instance(tc);
	try_all(&t);
}

static void
check_made(const char *where)
{
	char *made = get_param("web.list.new", "ip4.addr");

	if (made != NULL)
		ATF_REQUIRE_STREQ_MSG("192.0.2.5", made, "%s", where);
	free(made);
	require_either("1", "children.cur", "3", "4", where);
}

JAIL_TC(killed_creation_in_a_jail_leaves_counts_right, "all moments")
{
	static const struct trial t = { { "jail", "-c", "name=web.list.new",
		"ip4.addr=192.0.2.5", "ip6=inherit", "persist" }, check_made,
		1, true };

	vnet_instance(tc);
	try_all(&t);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, killed_loss_of_addresses_leaves_children_inside);
	ATF_TP_ADD_TC(tp, killed_renaming_leaves_names_that_fit);
	ATF_TP_ADD_TC(tp, killed_removal_leaves_no_child_alone);
	ATF_TP_ADD_TC(tp, killed_creation_in_a_jail_leaves_counts_right);
	return (atf_no_error());
}
