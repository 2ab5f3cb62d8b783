/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * jail_set(3), jail_get(3) and what is beside them, as a caller of the raw
 * interface meets them.
 */

#include <sys/socket.h>
#include <sys/uio.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "jail.h"

#include "common.h"
#include "vnet.h"

#define N(iov)	(sizeof(iov) / sizeof((iov)[0]))

/* A name with its NUL, a string, a number, no value, an array. */
#define NAME(name)	{ (void *)(name), strlen(name) + 1 }
#define STRING(s)	NAME(s)
#define NUMBER(n)	{ &(int32_t){ (n) }, sizeof(int32_t) }
#define YES		{ NULL, 0 }
#define ROOM(buf)	{ (buf), sizeof(buf) }

static in_addr_t
addr4(const char *text)
{
	struct in_addr addr;

	ATF_REQUIRE_EQ(1, inet_pton(AF_INET, text, &addr));
	return (addr.s_addr);
}

JAIL_TC(set_takes_raw_values_and_get_gives_them_back, "raw values")
{
	in_addr_t addrs[] = { addr4("192.0.2.9"), addr4("192.0.2.5") }, got[9];
	struct iovec set[] = {
		NAME("jid"), NUMBER(5), NAME("name"), STRING("a"),
		NAME("ip4.addr"), ROOM(addrs), NAME("persist"), YES,
		NAME("allow.noreserved_ports"), YES,
		NAME("ip6"), NUMBER(JAIL_SYS_INHERIT),
	};
	char name[JAIL_NAMELEN];
	int32_t jid = 0, ip6, persist, nopersist, ports;
	struct iovec get[] = {
		NAME("name"), STRING("a"), NAME("jid"), { &jid, 4 },
		NAME("ip4.addr"), ROOM(got), NAME("ip6"), { &ip6, 4 },
		NAME("persist"), { &persist, 4 },
		NAME("nopersist"), { &nopersist, 4 },
		NAME("allow.reserved_ports"), { &ports, 4 },
	};
	struct iovec by_jid[] = { NAME("jid"), NUMBER(5), NAME("name"),
	    ROOM(name) };

	vnet_instance(tc);
	ATF_REQUIRE_EQ_MSG(5, jail_set(set, N(set), JAIL_CREATE), "%s",
	    jail_errmsg);
	ATF_REQUIRE_EQ_MSG(5, jail_get(get, N(get), 0), "%s", jail_errmsg);
	ATF_CHECK_EQ(5, jid);
	ATF_CHECK_EQ(sizeof(addrs), get[5].iov_len);
	ATF_CHECK(memcmp(addrs, got, sizeof(addrs)) == 0);
	ATF_CHECK_EQ(JAIL_SYS_INHERIT, ip6);
	ATF_CHECK_EQ(1, persist);
	ATF_CHECK_EQ(0, nopersist);
	ATF_CHECK_EQ(0, ports);
	ATF_REQUIRE_EQ(5, jail_get(by_jid, N(by_jid), JAIL_DYING));
	ATF_CHECK_STREQ("a", name);
	ATF_CHECK_EQ(2, by_jid[3].iov_len);
}

JAIL_TC(get_tells_a_length_and_minds_it, "NULL asks for the length")
{
	char name[4] = "xxx";
	struct iovec get[] = { NAME("name"), STRING("long name"),
	    NAME("name"), { NULL, 0 }, NAME("ip4.addr"), { NULL, 77 },
	    NAME("refused"), { NULL, 0 } };
	struct iovec small[] = { NAME("jid"), NUMBER(1), NAME("name"),
	    ROOM(name) };

	vnet_instance(tc);
	make_jail("long name", "ip4.addr", "192.0.2.1,192.0.2.2", NULL);
	ATF_REQUIRE_EQ_MSG(1, jail_get(get, N(get), 0), "%s", jail_errmsg);
	ATF_CHECK_EQ(10, get[3].iov_len);
	ATF_CHECK_EQ(8, get[5].iov_len);
	ATF_CHECK_EQ(sizeof(uint64_t), get[7].iov_len);
	ATF_CHECK_ERRNO(EINVAL, jail_get(small, N(small), 0) == -1);
	ATF_CHECK_STREQ("name: 4 bytes are too few for the value",
	    jail_errmsg);
	ATF_CHECK(memcmp(name, "xxx", 4) == 0);
}

/* What jail_set() says of pairs that it does not take. */
struct refusal {
	struct iovec iov[6];
	unsigned int niov;
	int flags, error;
	const char *errmsg;
};

static void
check_refusals(const struct refusal *r, size_t n)
{
	char errmsg[JAIL_ERRMSGLEN], *state = dump_state();
	struct iovec iov[8];

	for (size_t i = 0; i < n; i++) {
		memcpy(iov, r[i].iov, sizeof(r[i].iov));
		iov[r[i].niov] = (struct iovec)NAME("errmsg");
		iov[r[i].niov + 1] = (struct iovec)ROOM(errmsg);
		errmsg[0] = '\0';
		errno = 0;
		ATF_CHECK_EQ(-1, jail_set(iov, r[i].niov + 2, r[i].flags));
		ATF_CHECK_EQ_MSG(r[i].error, errno, "%zu: errno %d: %s", i,
		    errno, jail_errmsg);
		ATF_CHECK_STREQ_MSG(r[i].errmsg, jail_errmsg, "%zu", i);
		ATF_CHECK_STREQ_MSG(r[i].errmsg, errmsg, "%zu", i);
		require_state(state, "refused");
	}
	free(state);
}

JAIL_TC(bad_pairs_are_refused, "each type has a size")
{
	const struct refusal refusals[] = {
		{ { NAME("jid"), { (void *)"\1", 1 }, NAME("persist"), YES },
		    4, JAIL_CREATE, EINVAL, "jid: value has the wrong size" },
		{ { NAME("persist"), { (void *)"\1\0\0\0\0\0\0\0", 8 } }, 2,
		    JAIL_CREATE, EINVAL, "persist: value has the wrong size" },
		{ { NAME("name"), { (void *)"abc", 3 }, NAME("persist"), YES },
		    4, JAIL_CREATE, EINVAL, "name: not a string" },
		{ { NAME("name"), { (void *)"a\0b", 4 }, NAME("persist"), YES },
		    4, JAIL_CREATE, EINVAL, "name: not a string" },
		{ { NAME("name"), { NULL, 0 }, NAME("persist"), YES },
		    4, JAIL_CREATE, EINVAL, "name: not a string" },
		{ { NAME("ip4.addr"), { (void *)"\1\2\3", 3 } }, 2,
		    JAIL_CREATE, EINVAL, "ip4.addr: value has the wrong size" },
		{ { NAME("ip6.addr"), { (void *)"\1\2\3\4", 4 } }, 2,
		    JAIL_CREATE, EINVAL, "ip6.addr: value has the wrong size" },
		{ { NAME("ip4.addr"), { NULL, 8 } }, 2,
		    JAIL_CREATE, EINVAL, "ip4.addr: has no value" },
		{ { NAME("ip4"), NUMBER(3), NAME("persist"), YES }, 4,
		    JAIL_CREATE, EINVAL, "ip4: not disable, new or inherit" },
		{ { { (void *)"jid", 3 }, NUMBER(1) }, 2,
		    JAIL_CREATE, EINVAL, "a parameter's name is not a string" },
		{ { { NULL, 0 }, NUMBER(1) }, 2,
		    JAIL_CREATE, EINVAL, "a parameter's name is not a string" },
		{ { NAME("lastjid"), NUMBER(0) }, 2,
		    JAIL_CREATE, EINVAL, "unknown parameter: lastjid" },
		{ { NAME("dying"), YES }, 2,
		    JAIL_CREATE, EINVAL, "dying: is read-only" },
		{ { NAME("persist"), YES, NAME("nopersist"), YES }, 4,
		    JAIL_CREATE, EINVAL, "persist: is given twice" },
	};

	vnet_instance(tc);
	make_jail("other", NULL);
	check_refusals(refusals, N(refusals));
}

JAIL_TC(errors_are_those_that_the_page_lists, "errno and text")
{
	char longname[JAIL_NAMELEN + 1] = "", longpath[JAIL_PATHLEN + 1] = "";
	in_addr_t taken = addr4("192.0.2.5");
	const struct refusal refusals[] = {
		{ { NAME("persist"), YES }, 2, 0, EINVAL,
		    "no valid operation (create or update)" },
		{ { NAME("jid"), NUMBER(7) }, 2, JAIL_UPDATE, ENOENT,
		    "jail \"7\" not found" },
		{ { NAME("name"), STRING("x") }, 2, JAIL_UPDATE, ENOENT,
		    "jail \"x\" not found" },
		{ { NAME("jid"), NUMBER(1), NAME("persist"), YES }, 4,
		    JAIL_CREATE, EEXIST, "jail 1 already exists" },
		{ { NAME("name"), STRING("other"), NAME("persist"), YES }, 4,
		    JAIL_CREATE, EEXIST, "jail \"other\" already exists" },
		{ { NAME("name"), { longname, sizeof(longname) },
		    NAME("persist"), YES }, 4, JAIL_CREATE, ENAMETOOLONG,
		    "name: longer than 255 bytes" },
		{ { NAME("path"), { longpath, sizeof(longpath) },
		    NAME("persist"), YES }, 4, JAIL_CREATE, ENAMETOOLONG,
		    "path: longer than 1023 bytes" },
		{ { NAME("path"), STRING("/dev/null"), NAME("persist"), YES },
		    4, JAIL_CREATE, ENOTDIR,
		    "path: /dev/null: not a directory" },
		{ { NAME("ip4.addr"), { &taken, 4 }, NAME("persist"), YES }, 4,
		    JAIL_CREATE, EADDRINUSE,
		    "ip4.addr: 192.0.2.5 is an address of jail \"other\"" },
		{ { NAME("name"), STRING("x") }, 2, JAIL_CREATE, EINVAL,
		    "new jail must persist or attach: give persist, "
		    "init=... or command=..." },
	};

	memset(longname, 'a', sizeof(longname) - 1);
	memset(longpath, '/', sizeof(longpath) - 1);
	vnet_instance(tc);
	make_jail("other", "ip4.addr", "192.0.2.5,192.0.2.6", NULL);
	check_refusals(refusals, N(refusals));
}

JAIL_TC(pairs_must_be_pairs, "an odd number of them")
{
	struct iovec iov[] = { NAME("persist"), YES, NAME("name") };

	vnet_instance(tc);
	ATF_CHECK_ERRNO(EINVAL, jail_set(iov, 3, JAIL_CREATE) == -1);
	ATF_CHECK_ERRNO(EINVAL, jail_get(iov, 3, 0) == -1);
	ATF_CHECK_ERRNO(ENOENT, jail_set(iov, 0, JAIL_UPDATE) == -1);
	ATF_CHECK_ERRNO(EINVAL, jail_get(iov, 0, 0) == -1);
	ATF_CHECK_ERRNO(EINVAL, jail_get(iov, 2, JAIL_CREATE) == -1);
}

JAIL_TC(errmsg_is_cut_to_its_room, "never written behind")
{
	char errmsg[8] = "1234567";
	struct iovec iov[] = { NAME("jid"), NUMBER(-1), NAME("errmsg"),
	    { errmsg, 5 } };
	struct iovec get[] = { NAME("name"), STRING("nobody"), NAME("errmsg"),
	    { errmsg, 6 } };

	vnet_instance(tc);
	ATF_CHECK_EQ(-1, jail_set(iov, N(iov), JAIL_CREATE));
	ATF_CHECK(memcmp(errmsg, "nega\00067", 8) == 0);
	ATF_CHECK_EQ(-1, jail_get(get, N(get), 0));
	ATF_CHECK(memcmp(errmsg, "jail \0007", 8) == 0);
}

JAIL_TC(lastjid_walks_the_jails_in_order, "of jids, not of creation")
{
	static const int jids[] = { 3, 7, 999999, 1 }, sorted[] = { 1, 3, 7,
		999999 };
	char name[JAIL_NAMELEN], text[16];
	int32_t lastjid = 0;
	struct iovec get[] = { NAME("lastjid"), { &lastjid, 4 }, NAME("name"),
	    ROOM(name) };

	vnet_instance(tc);
	ATF_CHECK_ERRNO(ENOENT, jail_get(get, N(get), 0) == -1);
	for (size_t i = 0; i < N(jids); i++) {
		snprintf(text, sizeof(text), "%d", jids[i]);
		make_jail(text, "jid", text, NULL);
	}
	for (size_t i = 0; i < N(sorted); i++) {
		get[3].iov_len = sizeof(name);
		lastjid = jail_get(get, N(get), 0);
		ATF_CHECK_EQ(sorted[i], lastjid);
		ATF_CHECK_EQ(sorted[i], atoi(name));
	}
	ATF_CHECK_ERRNO(ENOENT, jail_get(get, N(get), 0) == -1);
}

/* What comes and goes while somebody walks. */
JAIL_TC(lastjid_is_not_fooled_by_an_earlier_walk, "the next jail, as it is now")
{
	char name[JAIL_NAMELEN];
	int32_t lastjid = 0;
	struct iovec get[] = { NAME("lastjid"), { &lastjid, 4 }, NAME("name"),
	    ROOM(name) };

	vnet_instance(tc);
	make_jail("a", NULL);
	make_jail("b", NULL);
	make_jail("c", "jid", "9", NULL);
	ATF_REQUIRE_EQ(1, jail_get(get, N(get), 0));
	remove_jail("b");
	make_jail("d", "jid", "10", NULL);
	lastjid = 1;
	get[3].iov_len = sizeof(name);
	ATF_CHECK_EQ(9, jail_get(get, N(get), 0));
	lastjid = 9;
	get[3].iov_len = sizeof(name);
	ATF_CHECK_EQ(10, jail_get(get, N(get), 0));
	ATF_CHECK_STREQ("d", name);
	make_jail("e", "jid", "5", NULL);
	lastjid = 4;
	get[3].iov_len = sizeof(name);
	ATF_CHECK_EQ(5, jail_get(get, N(get), 0));
}

JAIL_TC(names_and_jids_find_each_other, "jail_getid, jail_getname")
{
	char *name;

	vnet_instance(tc);
	ATF_CHECK_ERRNO(ENOENT, jail_getid("a") == -1);
	ATF_CHECK_ERRNO(ENOENT, jail_getname(1) == NULL);
	make_jail("a", NULL);
	make_jail("3", "jid", "3", NULL);
	ATF_CHECK_EQ(1, jail_getid("a"));
	ATF_CHECK_EQ(1, jail_getid("1"));
	ATF_CHECK_EQ(3, jail_getid("3"));
	for (size_t i = 0; i < 7; i++) {
		static const char *const none[] = { "", "b", "2", "0", "-1",
			"1000000", "4294967297" };

		ATF_CHECK_ERRNO(ENOENT, jail_getid(none[i]) == -1);
	}
	name = jail_getname(1);
	ATF_CHECK_STREQ("a", name);
	free(name);
	ATF_CHECK_ERRNO(ENOENT, jail_getname(2) == NULL);
	ATF_CHECK_ERRNO(ENOENT, jail_getname(0) == NULL);
	ATF_CHECK_ERRNO(ENOENT, jail_getname(-1) == NULL);
}

JAIL_TC(setv_takes_text, "pairs of strings")
{
	char *value;

	vnet_instance(tc);
	ATF_REQUIRE_EQ_MSG(1, jail_setv(JAIL_CREATE, "name", "a", "persist",
	    NULL, "ip4.addr", "192.0.2.5", "allow.noreserved_ports", NULL,
	    NULL), "%s", jail_errmsg);
	value = get_param("a", "allow.reserved_ports");
	ATF_CHECK_STREQ("false", value);
	free(value);
	ATF_CHECK_ERRNO(EINVAL, jail_setv(JAIL_CREATE, "nonsense", "x", NULL) ==
	    -1);
	ATF_CHECK_STREQ("unknown parameter: nonsense", jail_errmsg);
	ATF_CHECK_ERRNO(EINVAL, jail_setv(JAIL_CREATE, "jid", "x", NULL) ==
	    -1);
	ATF_REQUIRE_EQ(1, jail_setv(JAIL_CREATE | JAIL_UPDATE, "name", "a",
	    "ip4.addr", "", NULL));
	value = get_param("a", "ip4.addr");
	ATF_CHECK_STREQ("", value);
	free(value);
}

JAIL_TC(what_is_not_there_is_not_removed_or_killed, "EINVAL, ESRCH")
{
	int jid;

	vnet_instance(tc);
	ATF_CHECK_ERRNO(EINVAL, jail_remove(1) == -1);
	ATF_CHECK_ERRNO(ENOENT, jail_kill(1, 0) == -1);
	jid = make_jail("a", NULL);
	ATF_CHECK_ERRNO(EINVAL, jail_remove(jid + 1) == -1);
	ATF_CHECK_ERRNO(EINVAL, jail_remove(0) == -1);
	ATF_CHECK_ERRNO(EINVAL, jail_remove(-1) == -1);
	ATF_CHECK_ERRNO(ESRCH, jail_kill(jid, 0) == -1);
	ATF_CHECK_ERRNO(ESRCH, jail_kill(jid, 9) == -1);
	ATF_CHECK_ERRNO(EINVAL, jail_kill(jid, -1) == -1);
	ATF_CHECK_ERRNO(EINVAL, jail_kill(jid, 1000) == -1);
	ATF_CHECK_EQ(0, jail_remove(jid));
	ATF_CHECK_ERRNO(EINVAL, jail_remove(jid) == -1);
}

/* Bind to an address that is no jail's, and make a socket of a family. */
static int
be_refused(void *arg)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_addr = { addr4("192.0.2.99") } };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	(void)arg;
	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == 0)
		return (1);
	return (socket(AF_INET6, SOCK_DGRAM, 0) == -1 ? 0 : 2);
}

static uint64_t
count_refusals(int jid, int reason)
{
	struct jail_refusal *r;
	uint64_t count = 0;
	int n = jail_refusals(jid, &r);

	ATF_REQUIRE_MSG(n >= 0, "%s", jail_errmsg);
	for (int i = 0; i < n; i++) {
		ATF_CHECK(jid == -1 || r[i].jid == (uint32_t)jid);
		ATF_CHECK_EQ(JAIL_DIR_CALL, r[i].dir);
		if (r[i].reason == reason)
			count += r[i].count;
	}
	free(r);
	return (count);
}

JAIL_TC(refusals_are_counted_by_jail_and_reason, "calls of two jails")
{
	char *value;
	int a, b;

	vnet_instance(tc);
	ATF_CHECK_EQ(0, count_refusals(-1, JR_LOCALADDR));
	a = make_jail("a", "ip4.addr", "192.0.2.5", NULL);
	b = make_jail("b", "ip4.addr", "192.0.2.6", NULL);
	ATF_CHECK_EQ(0, in_jail(a, be_refused, NULL));
	ATF_CHECK_EQ(0, in_jail(a, be_refused, NULL));
	ATF_CHECK_EQ(0, in_jail(b, be_refused, NULL));
	ATF_CHECK_EQ(2, count_refusals(a, JR_LOCALADDR));
	ATF_CHECK_EQ(2, count_refusals(a, JR_NOFAMILY));
	ATF_CHECK_EQ(1, count_refusals(b, JR_LOCALADDR));
	ATF_CHECK_EQ(3, count_refusals(-1, JR_LOCALADDR));
	ATF_CHECK_EQ(0, count_refusals(b + 1, JR_LOCALADDR));
	value = get_param("a", "refused");
	ATF_CHECK_STREQ("4", value);
	free(value);
	/* A jail that gets the jid later starts anew. */
	remove_jail("a");
	ATF_CHECK_EQ(0, count_refusals(a, JR_LOCALADDR));
	ATF_CHECK_EQ(1, count_refusals(-1, JR_LOCALADDR));
}

static int
call_as_nobody(void)
{
	struct iovec iov[] = { NAME("name"), STRING("a") };
	struct jail_refusal *r;

	if (seteuid(65534) != 0)
		return (1);
	if (jail_set(iov, 2, JAIL_UPDATE) != -1 || errno != EPERM)
		return (2);
	if (jail_get(iov, 2, 0) != -1 || errno != EPERM)
		return (3);
	if (jail_getid("a") != -1 || errno != EPERM)
		return (4);
	if (jail_remove(1) != -1 || errno != EPERM)
		return (5);
	if (jail_attach(1) != -1 || errno != EPERM)
		return (6);
	if (jail_refusals(-1, &r) != -1 || errno != EPERM)
		return (7);
	if (jail_unload() != -1 || errno != EPERM)
		return (8);
	return (strcmp(jail_errmsg, "must be root") == 0 ? 0 : 9);
}

JAIL_TC(nobody_but_root_may, "EPERM")
{
	pid_t pid;

	vnet_instance(tc);
	make_jail("a", NULL);
	pid = fork();
	ATF_REQUIRE(pid != -1);
	if (pid == 0)
		_exit(call_as_nobody());
	ATF_CHECK_EQ(0, wait_child(pid));
}

static void *
fail_otherwise(void *arg)
{
	ATF_CHECK_EQ(-1, jail_getid("there"));
	ATF_CHECK_STREQ("jail \"there\" not found", jail_errmsg);
	return (arg);
}

JAIL_TC(errmsg_is_of_this_thread, "each thread has its own")
{
	pthread_t thread;

	vnet_instance(tc);
	ATF_CHECK_EQ(-1, jail_getid("here"));
	ATF_REQUIRE_EQ(0, pthread_create(&thread, NULL, fail_otherwise, NULL));
	ATF_REQUIRE_EQ(0, pthread_join(thread, NULL));
	ATF_CHECK_STREQ("jail \"here\" not found", jail_errmsg);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, set_takes_raw_values_and_get_gives_them_back);
	ATF_TP_ADD_TC(tp, get_tells_a_length_and_minds_it);
	ATF_TP_ADD_TC(tp, bad_pairs_are_refused);
	ATF_TP_ADD_TC(tp, errors_are_those_that_the_page_lists);
	ATF_TP_ADD_TC(tp, pairs_must_be_pairs);
	ATF_TP_ADD_TC(tp, errmsg_is_cut_to_its_room);
	ATF_TP_ADD_TC(tp, lastjid_walks_the_jails_in_order);
	ATF_TP_ADD_TC(tp, lastjid_is_not_fooled_by_an_earlier_walk);
	ATF_TP_ADD_TC(tp, names_and_jids_find_each_other);
	ATF_TP_ADD_TC(tp, setv_takes_text);
	ATF_TP_ADD_TC(tp, what_is_not_there_is_not_removed_or_killed);
	ATF_TP_ADD_TC(tp, refusals_are_counted_by_jail_and_reason);
	ATF_TP_ADD_TC(tp, nobody_but_root_may);
	ATF_TP_ADD_TC(tp, errmsg_is_of_this_thread);
	return (atf_no_error());
}
