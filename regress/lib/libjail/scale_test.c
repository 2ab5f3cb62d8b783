/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Many addresses, many jails, many calls.
 */

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <atf-c.h>

#include "jail.h"

#include "common.h"
#include "state.h"
#include "vnet.h"

#define NADDRS		65536
#define NJAILS		1000
#define NCALLS		1000

/* The nth address of a family, not in the order of its bytes. */
static void
nth_addr(int af, uint32_t n, void *addr)
{
	uint32_t low = htonl(n * 40503 & 0xffff);
	uint8_t *bytes = addr;

	if (af == AF_INET)
		memcpy(addr, "\x0a\1\0\0", 4);
	else
		memcpy(addr, "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	memcpy(bytes + (af == AF_INET ? 2 : 14), (uint8_t *)&low + 2, 2);
}

static size_t
length_of(int af)
{
	return (af == AF_INET ? 4 : 16);
}

/* So many addresses, from the nth on, to be freed. */
static uint8_t *
many_addrs(int af, uint32_t from, size_t n)
{
	uint8_t *addrs = calloc(n, length_of(af));

	ATF_REQUIRE(addrs != NULL);
	for (size_t i = 0; i < n; i++)
		nth_addr(af, from + i, addrs + i * length_of(af));
	return (addrs);
}

/* Give a jail these addresses, or make it with them. Returns its jid or -1. */
static int
set_addrs(const char *name, int af, const void *addrs, size_t n)
{
	struct jailparam jp[3];
	int jid;

	ATF_REQUIRE_EQ(0, jailparam_init(&jp[0], "name"));
	ATF_REQUIRE_EQ(0, jailparam_import(&jp[0], name));
	ATF_REQUIRE_EQ(0, jailparam_init(&jp[1], "persist"));
	ATF_REQUIRE_EQ(0, jailparam_init(&jp[2], af == AF_INET ? "ip4.addr" :
	    "ip6.addr"));
	ATF_REQUIRE_EQ(0, jailparam_import_raw(&jp[2], addrs,
	    n * length_of(af)));
	jid = jailparam_set(jp, 3, JAIL_CREATE | JAIL_UPDATE);
	jailparam_free(jp, 3);
	return (jid);
}

/* Bind a UDP socket in the jail; returns 0 or the errno. */
struct attempt {
	int af;
	uint8_t addr[16];
};

static int
bind_to(void *arg)
{
	const struct attempt *a = arg;
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct sockaddr *sa = (struct sockaddr *)&sin;
	socklen_t len = sizeof(sin);
	int fd = socket(a->af, SOCK_DGRAM, 0);

	memcpy(&sin.sin_addr, a->addr, 4);
	memcpy(&sin6.sin6_addr, a->addr, 16);
	if (a->af == AF_INET6) {
		sa = (struct sockaddr *)&sin6;
		len = sizeof(sin6);
	}
	return (fd == -1 || bind(fd, sa, len) != 0 ? errno : 0);
}

static void
check_member(int jid, int af, uint32_t n, int expected)
{
	struct attempt a = { .af = af };

	nth_addr(af, n, a.addr);
	ATF_CHECK_EQ_MSG(expected, in_jail(jid, bind_to, &a),
	    "family %d, address %u", af, n);
}

static void
write_sysctl(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	ATF_REQUIRE_MSG(fd != -1 && write(fd, "1", 1) == 1, "%s", path);
	close(fd);
}

/* The addresses of a jail as they are read back; their number. */
static size_t
get_addrs(const char *name, int af, uint8_t **ret)
{
	struct jailparam jp[2];
	size_t n;

	ATF_REQUIRE_EQ(0, jailparam_init(&jp[0], "name"));
	ATF_REQUIRE_EQ(0, jailparam_import(&jp[0], name));
	ATF_REQUIRE_EQ(0, jailparam_init(&jp[1], af == AF_INET ? "ip4.addr" :
	    "ip6.addr"));
	ATF_REQUIRE_MSG(jailparam_get(jp, 2, 0) != -1, "%s", jail_errmsg);
	n = jp[1].jp_valuelen / length_of(af);
	*ret = jp[1].jp_value;
	jp[1].jp_value = NULL;
	jailparam_free(jp, 2);
	return (n);
}

/*
 * The host lets every address be bound to, so that it is the set that decides.
 */
static void
check_many(const atf_tc_t *tc, int af)
{
	uint8_t *addrs, *got;
	struct vnet vn;
	char *state;
	int jid;

	vnet_init(&vn, tc);
	write_sysctl("/proc/sys/net/ipv4/ip_nonlocal_bind");
	write_sysctl("/proc/sys/net/ipv6/ip_nonlocal_bind");
	make_jail("other", "ip4.addr", "192.0.2.11,192.0.2.12", "ip6.addr",
	    "2001:db8:1::11", NULL);
	state = dump_state();
	addrs = many_addrs(af, 0, NADDRS);
	jid = set_addrs("many", af, addrs, NADDRS);
	ATF_REQUIRE_MSG(jid != -1, "%s", jail_errmsg);
	ATF_REQUIRE_EQ(NADDRS, get_addrs("many", af, &got));
	ATF_CHECK(memcmp(addrs, got, NADDRS * length_of(af)) == 0);
	free(got);
	require_consistent("many");
	check_member(jid, af, 0, 0);
	check_member(jid, af, NADDRS / 2, 0);
	check_member(jid, af, NADDRS - 1, 0);
	/* One is taken out of the middle. */
	nth_addr(af, 0, addrs + NADDRS / 2 * length_of(af));
	nth_addr(af, NADDRS / 2, addrs);
	ATF_REQUIRE(set_addrs("many", af, addrs + length_of(af), NADDRS - 1) !=
	    -1);
	check_member(jid, af, 0, 0);
	check_member(jid, af, NADDRS / 2, EADDRNOTAVAIL);
	check_member(jid, af, NADDRS / 2 + 1, 0);
	require_consistent("one less");
	remove_jail("many");
	require_state(state, "removed");
	free(addrs);
	free(state);
}

JAIL_TC(jail_may_have_65536_ipv4_addresses, "set, members, order, removal")
{
	check_many(tc, AF_INET);
}

JAIL_TC(jail_may_have_65536_ipv6_addresses, "set, members, order, removal")
{
	check_many(tc, AF_INET6);
}

/* Addresses of a jail's own, 10.n.0.0 and so on. */
static uint8_t *
block_of_addrs(uint32_t n, size_t count)
{
	uint8_t *addrs = calloc(count, 4);
	uint32_t addr;

	ATF_REQUIRE(addrs != NULL);
	for (size_t i = 0; i < count; i++) {
		addr = htonl(0x0a000000 + n + i);
		memcpy(addrs + 4 * i, &addr, 4);
	}
	return (addrs);
}

/* How many entries each map has. */
struct counts {
	size_t n[SM_MAX];
};

static struct counts
count_all(void)
{
	struct counts c;
	struct state st;

	ATF_REQUIRE_EQ(0, state_open(&st));
	for (int i = 0; i < SM_MAX; i++)
		c.n[i] = state_count(&st, i);
	state_close(&st);
	return (c);
}

static void
require_counts(const struct counts *before, const char *where)
{
	struct counts now = count_all();

	for (int i = 0; i < SM_MAX; i++)
		ATF_REQUIRE_EQ_MSG(before->n[i], now.n[i], "%s: map %d", where,
		    i);
}

JAIL_TC(full_table_leaves_all_as_it_was, "the limit of all jails together")
{
	uint8_t *addrs = block_of_addrs(0, JAIL_NIPS + 1), *more;
	struct counts before;

	vnet_instance(tc);
	make_jail("small", "ip4.addr", "192.0.2.1", NULL);
	before = count_all();
	ATF_CHECK_ERRNO(ENOSPC, set_addrs("big", AF_INET, addrs,
	    JAIL_NIPS + 1) == -1);
	require_counts(&before, "too many for the limit");
	ATF_REQUIRE_MSG(set_addrs("big", AF_INET, addrs, JAIL_NIPS - 10) !=
	    -1, "%s", jail_errmsg);
	before = count_all();
	more = block_of_addrs(0x800000, 20);
	ATF_CHECK_ERRNO(ENOSPC, set_addrs("more", AF_INET, more, 20) == -1);
	ATF_CHECK_STREQ("map prison_ip4s is full", jail_errmsg);
	require_counts(&before, "the table is full");
	ATF_CHECK_ERRNO(ENOSPC, set_addrs("small", AF_INET, more, 20) == -1);
	require_counts(&before, "the table is full for a change");
	ATF_CHECK(set_addrs("more", AF_INET, more, 5) != -1);
	require_consistent("full");
	free(addrs);
	free(more);
}

JAIL_TC(thousand_jails_come_and_go, "each with its own addresses")
{
	char name[16], addr[64], *state;
	int lastjid = 0, n;
	struct jailparam jp[2];

	vnet_instance(tc);
	make_jail("other", "ip4.addr", "192.0.2.1", NULL);
	state = dump_state();
	for (int i = 0; i < NJAILS; i++) {
		snprintf(name, sizeof(name), "j%d", i);
		snprintf(addr, sizeof(addr), "10.0.%d.%d,10.1.%d.%d", i / 250,
		    i % 250, i / 250, i % 250);
		make_jail(name, "ip4.addr", addr, NULL);
	}
	require_consistent("made");
	ATF_REQUIRE_EQ(0, jailparam_init(&jp[0], "lastjid"));
	ATF_REQUIRE_EQ(0, jailparam_init(&jp[1], "name"));
	for (n = 0;; n++) {
		ATF_REQUIRE_EQ(0, jailparam_import_raw(&jp[0], &lastjid,
		    sizeof(lastjid)));
		lastjid = jailparam_get(jp, 2, 0);
		if (lastjid == -1)
			break;
		ATF_CHECK_EQ(n + 1, lastjid);
	}
	jailparam_free(jp, 2);
	ATF_CHECK_EQ(NJAILS + 1, n);
	for (int i = 0; i < NJAILS; i++) {
		snprintf(name, sizeof(name), "j%d", i);
		remove_jail(name);
	}
	require_state(state, "removed");
	free(state);
}

/* Change the addresses of a jail all the time: 1 and 1000 of them. */
static _Noreturn void
keep_changing(void)
{
	uint8_t *addrs = block_of_addrs(0, NCALLS);

	for (size_t i = 0;; i++) {
		if (set_addrs("a", AF_INET, addrs, i % 2 == 0 ? 1 : 1000) ==
		    -1)
			_exit(1);
	}
}

/* The library asks for the size and then for the value; the set may grow. */
JAIL_TC(set_may_change_while_it_is_read, "old or new, whole")
{
	uint8_t *addrs = block_of_addrs(0, 1000), *got;
	size_t n, few = 0, many = 0;
	const time_t begun = time(NULL);
	time_t now;
	pid_t pid;

	vnet_instance(tc);
	ATF_REQUIRE(set_addrs("a", AF_INET, addrs, 1) != -1);
	pid = fork();
	ATF_REQUIRE(pid != -1);
	if (pid == 0)
		keep_changing();
	while ((now = time(NULL)) < begun + 2 ||
	    ((few == 0 || many == 0) && now < begun + 60)) {
		n = get_addrs("a", AF_INET, &got);
		ATF_REQUIRE_MSG(n == 1 || n == 1000, "%zu", n);
		ATF_REQUIRE(memcmp(addrs, got, 4 * n) == 0);
		few += n == 1;
		many += n == 1000;
		free(got);
	}
	kill(pid, SIGKILL);
	ATF_CHECK_EQ(128 + SIGKILL, wait_child(pid));
	ATF_CHECK_MSG(few > 0 && many > 0, "%zu short, %zu long", few, many);
	get_addrs("a", AF_INET, &got);
	free(got);
	require_consistent("changed");
	free(addrs);
}

static int
do_nothing(void *arg)
{
	(void)arg;
	return (0);
}

/* One of each call, with and without success. */
static void
call_all(int jid)
{
	struct jail_refusal *refusals;
	struct jail_layer *layers;
	char *name;

	ATF_REQUIRE(jail_setv(JAIL_UPDATE, "name", "a", "ip4.addr",
	    "192.0.2.1,192.0.2.2", NULL) != -1);
	ATF_REQUIRE(jail_setv(JAIL_CREATE, "name", "a", "persist", NULL,
	    NULL) == -1);
	ATF_REQUIRE(jail_setv(JAIL_CREATE, "path", "/dev/null", "persist",
	    NULL, NULL) == -1);
	free(get_param("a", "ip4.addr"));
	free(get_param("nobody", "ip4.addr"));
	name = jail_getname(jid);
	ATF_REQUIRE(name != NULL && jail_getid(name) == jid);
	free(name);
	ATF_REQUIRE(jail_refusals(-1, &refusals) != -1);
	free(refusals);
	ATF_REQUIRE(jail_layers(&layers) > 0);
	free(layers);
	ATF_REQUIRE(jail_kill(jid, 0) == -1);
	ATF_REQUIRE_EQ(0, in_jail(jid, do_nothing, NULL));
	ATF_REQUIRE(jail_fork(jid + 1) == -1);
	ATF_REQUIRE(jail_attach(jid + 1) == -1);
	make_jail("b", "ip6.addr", "2001:db8::1", NULL);
	remove_jail("b");
}

JAIL_TC(calls_leave_no_descriptor_open, "1,000 of them")
{
	int before, jid;

	vnet_instance(tc);
	jid = make_jail("a", NULL);
	call_all(jid);
	before = count_descriptors();
	for (int i = 0; i < NCALLS / 16; i++)
		call_all(jid);
	ATF_CHECK_EQ(before, count_descriptors());
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, jail_may_have_65536_ipv4_addresses);
	ATF_TP_ADD_TC(tp, jail_may_have_65536_ipv6_addresses);
	ATF_TP_ADD_TC(tp, full_table_leaves_all_as_it_was);
	ATF_TP_ADD_TC(tp, thousand_jails_come_and_go);
	ATF_TP_ADD_TC(tp, set_may_change_while_it_is_read);
	ATF_TP_ADD_TC(tp, calls_leave_no_descriptor_open);
	return (atf_no_error());
}
