/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Jails in jails: what a jail may have is what its parent has. After each case
 * the records are checked for what belongs together.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "jail.h"

#include "common.h"
#include "vnet.h"

/* A jail that may have others in it, with three addresses of each family. */
static int
make_web(const atf_tc_t *tc)
{
	vnet_instance(tc);
	return (make_jail("web", "children.max", "9", "ip4.addr",
	    "192.0.2.5,192.0.2.6,192.0.2.7", "ip6.addr",
	    "2001:db8::5,2001:db8::6,2001:db8::7", NULL));
}

static void
check_param(const char *jail, const char *param, const char *want)
{
	char *value = get_param(jail, param);

	ATF_REQUIRE_MSG(value != NULL, "there is no jail %s", jail);
	ATF_CHECK_STREQ_MSG(want, value, "%s of %s", param, jail);
	free(value);
}

static void
set_param(const char *jail, const char *param, const char *value)
{
	ATF_REQUIRE_MSG(jail_setv(JAIL_UPDATE, "name", jail, param, value,
	    NULL) != -1, "%s of %s: %s", param, jail, jail_errmsg);
	require_consistent(param);
}

/* What is not done, and leaves all as it was. */
static void
check_refused(int flags, const char *jail, const char *param,
    const char *value, int error, const char *errmsg)
{
	char *state = dump_state();
	int jid;

	jid = jail_setv(flags, "name", jail, "persist", NULL, param, value,
	    NULL);
	ATF_CHECK_MSG(jid == -1, "%s: %s of %s", errmsg, param, jail);
	ATF_CHECK_EQ_MSG(error, errno, "%s: errno %d", errmsg, errno);
	ATF_CHECK_STREQ(errmsg, jail_errmsg);
	require_state(state, errmsg);
	free(state);
}

static void
check_none(const char *jail)
{
	ATF_CHECK_MSG(jail_getid(jail) == -1, "there is still %s", jail);
}

JAIL_TC(child_is_made_in_the_jail_that_its_name_says, "parent, counts")
{
	int web = make_web(tc), db, log;
	char text[16];

	db = make_jail("web.db", "children.max", "3", NULL);
	log = make_jail("web.db.log", NULL);
	make_jail("other", NULL);
	require_consistent("made");
	check_param("web", "parent", "0");
	snprintf(text, sizeof(text), "%d", web);
	check_param("web.db", "parent", text);
	snprintf(text, sizeof(text), "%d", db);
	check_param("web.db.log", "parent", text);
	check_param("web", "children.cur", "2");
	check_param("web.db", "children.cur", "1");
	check_param("web.db.log", "children.cur", "0");
	check_param("other", "children.max", "0");
	check_param("web.db", "host.hostname", "web.db");
	ATF_CHECK_EQ(log, jail_getid("web.db.log"));
	remove_jail("web.db.log");
	require_consistent("removed");
	check_param("web", "children.cur", "1");
}

JAIL_TC(child_has_a_name_and_a_parent, "ENOENT, EINVAL, ENAMETOOLONG")
{
	char deep[64] = "d", longest[JAIL_NAMELEN] = "web.";
	size_t len;

	make_web(tc);
	check_refused(JAIL_CREATE, "no.db", "ip4", "disable", ENOENT,
	    "jail \"no\" not found, which \"no.db\" is to be in");
	check_refused(JAIL_CREATE, "1.db", "ip4", "disable", ENOENT,
	    "jail \"1\" not found, which \"1.db\" is to be in");
	check_refused(JAIL_CREATE, "web.", "ip4", "disable", EINVAL,
	    "name: \"web.\": nothing before or behind a dot");
	check_refused(JAIL_CREATE, ".web", "ip4", "disable", EINVAL,
	    "name: \".web\": nothing before or behind a dot");
	check_refused(JAIL_CREATE, "web..db", "ip4", "disable", EINVAL,
	    "name: \"web..db\": nothing before or behind a dot");
	check_refused(JAIL_CREATE, "web.7", "ip4", "disable", EINVAL,
	    "name cannot be numeric (unless it is the jid)");
	ATF_REQUIRE_EQ(7, make_jail("web.7", "jid", "7", NULL));
	check_refused(JAIL_CREATE, "web.7", "ip4", "disable", EEXIST,
	    "jail \"web.7\" already exists");
	memset(longest + 4, 'x', sizeof(longest) - 5);
	make_jail(longest, NULL);
	for (int i = 0; i < JAIL_DEPTH; i++) {
		snprintf(longest, sizeof(longest), "%d", JAIL_DEPTH - i);
		make_jail(deep, "children.max", longest, NULL);
		len = strlen(deep);
		snprintf(deep + len, sizeof(deep) - len, ".d");
	}
	check_refused(JAIL_CREATE, deep, "ip4", "disable", EINVAL,
	    "name: \"d.d.d.d.d.d.d.d.d\" would be 9 jails deep, one more than "
	    "there can be");
}

JAIL_TC(every_jail_around_has_its_limit, "children.max")
{
	vnet_instance(tc);
	make_jail("a", NULL);
	check_refused(JAIL_CREATE, "a.b", "ip4", "disable", EPERM,
	    "prison limit exceeded: jail \"a\" may have 0 jails in it: raise "
	    "its children.max");
	set_param("a", "children.max", "3");
	check_refused(JAIL_CREATE, "a.b", "children.max", "3", EPERM,
	    "children.max: 3 is not less than that of jail \"a\", 3");
	make_jail("a.b", "children.max", "2", NULL);
	make_jail("a.b.c", "children.max", "1", NULL);
	make_jail("a.d", NULL);
	check_refused(JAIL_CREATE, "a.b.e", "ip4", "disable", EPERM,
	    "prison limit exceeded: jail \"a\" may have 3 jails in it: raise "
	    "its children.max");
	check_refused(JAIL_UPDATE, "a.b.c", "children.max", "2", EPERM,
	    "children.max: 2 is not less than that of jail \"a.b\", 2");
	check_refused(JAIL_UPDATE, "a", "children.max", "-1", EINVAL,
	    "children.max: -1 is not between 0 and 999999");
	set_param("a", "children.max", "2");
	check_param("a.b", "children.max", "1");
	check_param("a.b.c", "children.max", "0");
	set_param("a", "children.max", "0");
	check_param("a.b", "children.max", "0");
	check_param("a", "children.cur", "3");
	set_param("a.b", "children.max", "0");
}

JAIL_TC(childs_addresses_are_its_parents, "EPERM")
{
	make_web(tc);
	make_jail("free", "ip4", "inherit", "children.max", "2", NULL);
	check_refused(JAIL_CREATE, "web.db", "ip4.addr", "192.0.2.8", EPERM,
	    "ip4.addr: 192.0.2.8 is not an address of jail \"web\"");
	check_refused(JAIL_CREATE, "web.db", "ip6.addr",
	    "2001:db8::5,2001:db8::8", EPERM,
	    "ip6.addr: 2001:db8::8 is not an address of jail \"web\"");
	check_refused(JAIL_CREATE, "free.db", "ip6.addr", "2001:db8::8", EPERM,
	    "ip6.addr: 2001:db8::8 is not an address of jail \"free\"");
	make_jail("free.db", "ip4.addr", "192.0.2.8", NULL);
	make_jail("free.all", "ip4", "inherit", NULL);
	check_param("free.all", "ip4", "inherit");
	check_param("free.all", "ip4.addr", "");
	make_jail("web.db", "ip4.addr", "192.0.2.7,192.0.2.5", NULL);
	check_refused(JAIL_UPDATE, "web.db", "ip4.addr", "192.0.2.8", EPERM,
	    "ip4.addr: 192.0.2.8 is not an address of jail \"web\"");
	set_param("web.db", "ip4.addr",
	    "192.0.2.5,192.0.2.6,192.0.2.7");
	check_param("web.db", "ip6", "disable");
}

JAIL_TC(address_is_of_one_of_the_siblings, "EADDRINUSE, unless alone")
{
	make_web(tc);
	make_jail("web.a", "ip4.addr", "192.0.2.5,192.0.2.6", NULL);
	check_refused(JAIL_CREATE, "web.b", "ip4.addr", "192.0.2.5",
	    EADDRINUSE, "ip4.addr: 192.0.2.5 is an address of jail \"web.a\"");
	set_param("web.a", "ip4.addr", "192.0.2.5");
	make_jail("web.b", "ip4.addr", "192.0.2.5", NULL);
	require_consistent("shared");
	check_refused(JAIL_UPDATE, "web.a", "ip4.addr", "192.0.2.5,192.0.2.6",
	    EADDRINUSE, "ip4.addr: 192.0.2.5 is an address of jail \"web.b\"");
	/* The parent has others too, which those who share must not. */
	check_refused(JAIL_CREATE, "c", "ip4.addr", "192.0.2.5", EADDRINUSE,
	    "ip4.addr: 192.0.2.5 is an address of jail \"web\"");
	set_param("web", "ip4.addr", "192.0.2.5");
	make_jail("c", "ip4.addr", "192.0.2.5", "children.max", "1", NULL);
	make_jail("c.d", "ip4.addr", "192.0.2.5", NULL);
	require_consistent("shared by all");
	remove_jail("web.a");
	remove_jail("web.b");
	require_consistent("one child of two is left");
	remove_jail("web");
	require_consistent("a jail and its child are left");
	remove_jail("c.d");
	require_consistent("one jail is left");
	set_param("c", "ip4.addr", "192.0.2.5,192.0.2.6");
}

JAIL_TC(what_a_parent_loses_its_children_lose, "all lists below")
{
	make_web(tc);
	make_jail("web.a", "ip4.addr", "192.0.2.6,192.0.2.5", "ip6.addr",
	    "2001:db8::6", "children.max", "2", NULL);
	make_jail("web.a.b", "ip4.addr", "192.0.2.6", "ip6", "inherit", NULL);
	make_jail("web.c", "ip4.addr", "192.0.2.7", NULL);
	set_param("web", "ip4.addr", "192.0.2.8,192.0.2.5,192.0.2.7");
	check_param("web.a", "ip4.addr", "192.0.2.5");
	check_param("web.a.b", "ip4", "disable");
	check_param("web.c", "ip4.addr", "192.0.2.7");
	check_param("web.a", "ip6.addr", "2001:db8::6");
	make_jail("elsewhere", "ip4.addr", "192.0.2.6", NULL);
	ATF_REQUIRE(jail_setv(JAIL_UPDATE | JAIL_DELADDR, "name", "web",
	    "ip6.addr", "2001:db8::6", NULL) != -1);
	require_consistent("JAIL_DELADDR");
	check_param("web.a", "ip6", "disable");
	check_param("web.a.b", "ip6.addr", "");
	set_param("web", "ip4", "disable");
	check_param("web.a", "ip4", "disable");
	check_param("web.c", "ip4", "disable");
}

JAIL_TC(child_that_inherits_follows_its_parent, "the set, whatever it is")
{
	make_web(tc);
	make_jail("web.a", "ip4", "inherit", "ip6", "inherit", "children.max",
	    "2", NULL);
	make_jail("web.a.b", "ip4", "inherit", NULL);
	make_jail("web.a.c", "ip4.addr", "192.0.2.6", NULL);
	require_consistent("made");
	check_param("web.a", "ip4", "inherit");
	check_param("web.a.b", "ip4.addr", "192.0.2.5,192.0.2.6,192.0.2.7");
	check_param("web.a", "ip6.addr",
	    "2001:db8::5,2001:db8::6,2001:db8::7");
	check_refused(JAIL_UPDATE, "web.a", "ip4.addr", "192.0.2.5", EINVAL,
	    "ip4.addr: the jail has all addresses of jail \"web\" "
	    "(ip4=inherit)");
	check_refused(JAIL_UPDATE, "web.a", "ip4", "new", EINVAL,
	    "ip4 cannot be changed after creation");
	set_param("web", "ip4.addr", "192.0.2.9");
	check_param("web.a", "ip4.addr", "192.0.2.9");
	check_param("web.a.b", "ip4.addr", "192.0.2.9");
	check_param("web.a.c", "ip4", "disable");
	set_param("web", "ip4.addr", "");
	check_param("web.a.b", "ip4.addr", "");
	check_param("web.a.b", "ip4", "inherit");
	set_param("web", "ip4.addr", "192.0.2.5,192.0.2.6");
	check_param("web.a.b", "ip4.addr", "192.0.2.5,192.0.2.6");
	remove_jail("web.a.b");
	require_consistent("one of them is removed");
	check_param("web", "ip4.addr", "192.0.2.5,192.0.2.6");
}

JAIL_TC(what_a_parent_is_not_allowed_its_children_are_not, "allow.*")
{
	vnet_instance(tc);
	make_jail("a", "children.max", "2", "allow.reserved_ports", "false",
	    "allow.broadcast", "true", NULL);
	make_jail("a.b", "children.max", "1", "allow.broadcast", "true", NULL);
	make_jail("a.b.c", "allow.broadcast", "true", NULL);
	check_param("a.b", "allow.reserved_ports", "false");
	check_param("a.b", "allow.netlink", "true");
	check_refused(JAIL_UPDATE, "a.b", "allow.raw_sockets", "true", EPERM,
	    "allow.raw_sockets: jail \"a\" does not have it");
	check_refused(JAIL_UPDATE, "a.b", "allow.reserved_ports", "true",
	    EPERM, "allow.reserved_ports: jail \"a\" does not have it");
	set_param("a.b", "allow.raw_sockets", "false");
	set_param("a", "allow.broadcast", "false");
	check_param("a.b", "allow.broadcast", "false");
	check_param("a.b.c", "allow.broadcast", "false");
	check_param("a.b.c", "allow.netlink", "true");
	set_param("a", "allow.raw_sockets", "true");
	check_param("a.b", "allow.raw_sockets", "false");
	set_param("a.b", "allow.raw_sockets", "true");
}

/* Change the name of a jail that its jid tells. */
static int
rename_jail(const char *jail, const char *name)
{
	char jid[16];

	snprintf(jid, sizeof(jid), "%d", jail_getid(jail));
	return (jail_setv(JAIL_UPDATE, "jid", jid, "name", name, NULL));
}

JAIL_TC(renamed_jail_takes_those_in_it_along, "full names")
{
	char name[JAIL_NAMELEN + 8] = "web.";
	char *state;

	make_web(tc);
	make_jail("other", "children.max", "1", NULL);
	make_jail("web.a", "children.max", "2", NULL);
	make_jail("web.a.b", NULL);
	ATF_CHECK(rename_jail("web", "www") != -1);
	require_consistent("web is www");
	check_none("web.a.b");
	check_param("www.a.b", "name", "www.a.b");
	ATF_CHECK(rename_jail("www.a", "c") != -1);
	ATF_CHECK(rename_jail("www.c.b", "www.c.d") != -1);
	require_consistent("www.c.d");
	check_param("www.c.d", "children.cur", "0");
	state = dump_state();
	ATF_CHECK_ERRNO(EINVAL, rename_jail("www.c", "other.c") == -1);
	ATF_CHECK_STREQ("name: \"other.c\": a jail cannot be put into another "
	    "one", jail_errmsg);
	ATF_CHECK_ERRNO(EINVAL, rename_jail("other", "www.e") == -1);
	ATF_CHECK_ERRNO(EEXIST, rename_jail("www", "other") == -1);
	memset(name + 4, 'x', 250);
	ATF_CHECK_ERRNO(ENAMETOOLONG, rename_jail("www.c", name + 4) == -1);
	ATF_CHECK_STREQ("name: that of jail \"www.c.d\" would be longer than "
	    "255 bytes", jail_errmsg);
	memset(name + 4, 'x', 252);
	ATF_CHECK_ERRNO(ENAMETOOLONG, rename_jail("www.c.d", name + 4) == -1);
	require_state(state, "nothing renamed");
	free(state);
}

JAIL_TC(removed_jail_takes_those_in_it_along, "from the innermost outwards")
{
	char *state;

	make_web(tc);
	state = dump_state();
	make_jail("web.a", "ip4.addr", "192.0.2.5,192.0.2.6", "children.max",
	    "3", NULL);
	make_jail("web.a.b", "ip4", "inherit", "children.max", "2", NULL);
	make_jail("web.a.b.c", "ip4.addr", "192.0.2.6", NULL);
	make_jail("web.a.d", NULL);
	make_jail("web.e", NULL);
	remove_jail("web.a");
	require_consistent("web.a is removed");
	check_none("web.a.b.c");
	check_param("web", "children.cur", "1");
	remove_jail("web.e");
	require_state(state, "web alone is left");
	make_jail("web.a", "ip4", "inherit", NULL);
	remove_jail("web");
	require_consistent("all are removed");
	check_none("web.a");
	free(state);
}

static int
wait_in_jail(void *arg)
{
	(void)arg;
	pause();
	return (0);
}

/* Start a process that waits in a jail. */
static pid_t
start_in(const char *jail)
{
	pid_t pid;

	fflush(NULL);
	pid = jail_fork(jail_getid(jail));
	ATF_REQUIRE_MSG(pid != -1, "%s: %s", jail, jail_errmsg);
	if (pid == 0)
		_exit(wait_in_jail(NULL));
	return (pid);
}

static void
not_persist(const char *jail)
{
	ATF_REQUIRE_MSG(jail_setv(JAIL_UPDATE, "name", jail, "nopersist", NULL,
	    NULL) != -1, "%s", jail_errmsg);
}

JAIL_TC(child_keeps_its_parent, "which does not persist")
{
	pid_t inner, outer;

	make_web(tc);
	make_jail("web.a", NULL);
	outer = start_in("web");
	inner = start_in("web.a");
	not_persist("web");
	not_persist("web.a");
	kill(outer, SIGKILL);
	wait_child(outer);
	check_param("web", "processes", "0");
	check_param("web", "children.cur", "1");
	kill(inner, SIGKILL);
	wait_child(inner);
	check_none("web");
	check_none("web.a");
	require_consistent("gone");
}

JAIL_TC(child_that_has_ended_is_not_counted, "children.cur, children.max")
{
	pid_t pid;

	vnet_instance(tc);
	make_jail("a", "children.max", "1", "ip4.addr", "192.0.2.5", NULL);
	make_jail("a.b", "ip4.addr", "192.0.2.5", NULL);
	pid = start_in("a.b");
	not_persist("a.b");
	kill(pid, SIGKILL);
	wait_child(pid);
	make_jail("a.c", "ip4.addr", "192.0.2.5", NULL);
	check_none("a.b");
	check_param("a", "children.cur", "1");
	require_consistent("a.c in the place of a.b");
}

static bool
is_there(pid_t pid)
{
	return (kill(pid, 0) == 0);
}

JAIL_TC(signal_reaches_those_in_it, "unless they are spared")
{
	int web = make_web(tc);
	pid_t outer, inner, other;

	make_jail("web.a", "children.max", "1", NULL);
	make_jail("web.a.b", NULL);
	make_jail("other", NULL);
	other = start_in("other");
	inner = start_in("web.a.b");
	ATF_CHECK_EQ(0, jail_kill(web, 0));
	ATF_CHECK_ERRNO(ESRCH, jail_kill_only(web, 0) == -1);
	ATF_CHECK_STREQ("jail \"web\" has no process", jail_errmsg);
	outer = start_in("web");
	ATF_CHECK_EQ(0, jail_kill_only(web, SIGTERM));
	ATF_CHECK_EQ(128 + SIGTERM, wait_child(outer));
	ATF_CHECK(is_there(inner));
	outer = start_in("web");
	ATF_CHECK_EQ(0, jail_kill(web, SIGTERM));
	ATF_CHECK_EQ(128 + SIGTERM, wait_child(outer));
	ATF_CHECK_EQ(128 + SIGTERM, wait_child(inner));
	ATF_CHECK(is_there(other));
	inner = start_in("web.a.b");
	not_persist("web.a.b");
	ATF_CHECK_EQ(0, jail_kill(web, SIGKILL));
	ATF_CHECK_EQ(128 + SIGKILL, wait_child(inner));
	check_none("web.a.b");
	ATF_CHECK_ERRNO(ESRCH, jail_kill(web, 0) == -1);
	ATF_CHECK(is_there(other));
	kill(other, SIGKILL);
	wait_child(other);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, child_is_made_in_the_jail_that_its_name_says);
	ATF_TP_ADD_TC(tp, child_has_a_name_and_a_parent);
	ATF_TP_ADD_TC(tp, every_jail_around_has_its_limit);
	ATF_TP_ADD_TC(tp, childs_addresses_are_its_parents);
	ATF_TP_ADD_TC(tp, address_is_of_one_of_the_siblings);
	ATF_TP_ADD_TC(tp, what_a_parent_loses_its_children_lose);
	ATF_TP_ADD_TC(tp, child_that_inherits_follows_its_parent);
	ATF_TP_ADD_TC(tp, what_a_parent_is_not_allowed_its_children_are_not);
	ATF_TP_ADD_TC(tp, renamed_jail_takes_those_in_it_along);
	ATF_TP_ADD_TC(tp, removed_jail_takes_those_in_it_along);
	ATF_TP_ADD_TC(tp, child_keeps_its_parent);
	ATF_TP_ADD_TC(tp, child_that_has_ended_is_not_counted);
	ATF_TP_ADD_TC(tp, signal_reaches_those_in_it);
	return (atf_no_error());
}
