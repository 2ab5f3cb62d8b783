/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Ways to claim an address or a port by bind(2), by their numbers in the table
 * of attacks. Each is tried in a jail of several addresses and in one of one,
 * against another jail and the host; and in the host, where it works.
 */

#include <sys/socket.h>
#include <sys/syscall.h>

#include <netinet/in.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "attempt.h"
#include "errname.h"

#define PORT	5000
#define NOBODY	65534
#define NPORTS	200

#ifndef IPV6_FREEBIND
#define IPV6_FREEBIND	78	/* <linux/in6.h>, not in libc's header */
#endif

#define NOTOWN	{ BIND, EADDRNOTAVAIL, JR_LOCALADDR, JAIL_DIR_CALL }

/* The kinds of sockets that ask the hooks where they may be. */
static const struct attempt kinds[] = {
	{ .type = SOCK_STREAM },
	{ .type = SOCK_DGRAM },
};

static const struct verdict done = { .step = DONE };
static const struct verdict notown = NOTOWN;

static uint16_t port = PORT;

static void
close_all(const int *s, int n)
{
	for (int i = 0; i < n; i++)
		close(s[i]);
}

VNET_CASE(A1_foreign_address_is_not_bound)
{
	struct stage s;
	size_t i;

	stage_init(&s, tc, 0);
	for (i = 0; i < NELEMS(kinds); i++) {
		attempt_binds(s.at, &kinds[i], PORT, &notown);
		attempt_binds(s.at, &kinds[i], 0, &notown);
	}
}

/* A ring would make and bind sockets past seccomp. */
static int
do_ring(void *arg)
{
	char params[120] = { 0 };
	long ring = syscall(SYS_io_uring_setup, 8, params);

	*(int *)arg = ring == -1 ? errno : 0;
	if (ring != -1)
		close(ring);
	return (-1);
}

VNET_CASE(F1_no_attack_goes_by_io_uring)
{
	struct stage s;
	int error;

	stage_init(&s, tc, 0);
	jailed_call(&s.sc.a, do_ring, &error, sizeof(error));
	ATF_CHECK_STREQ("ENOSYS", errname(error));
	do_ring(&error);
	if (error != 0)
		vnet_lacks("io_uring", "%s", strerror(error));
}

/*
 * The kernel takes AF_UNSPEC with 0.0.0.0 for AF_INET, and hooks may look at
 * the socket's family alone.
 */
VNET_CASE(A3_unspecified_family_is_not_bound)
{
	static const struct verdict refused = { BIND, EAFNOSUPPORT, 0, 0 };
	static const struct verdict reserved = { BIND, EACCES, JR_RESVPORT,
		JAIL_DIR_CALL };
	struct attempt at;
	struct jailed jd;
	struct stage s;
	struct spot nolow = { "allow.noreserved_ports", &jd };
	size_t i, j;

	stage_init(&s, tc, 0);
	jd = scene_jail("nolow", "192.0.2.41", "2001:db8::41",
	    "allow.noreserved_ports");
	for (i = 0; i < NELEMS(kinds); i++)
		for (j = 0; j < NOWNERS; j++) {
			at = kinds[i];
			attempt_from(&at, "0.0.0.0", PORT);
			attempt_expect(&s.at[j], &at, &done);
			at.unspec = true;
			attempt_from(&at, "0.0.0.0", PORT);
			attempt_expect(&s.at[j], &at, j == IN_HOST ? &done :
			    &refused);
			attempt_from(&at, "0.0.0.0", 80);
			attempt_expect(&nolow, &at, &reserved);
			attempt_from(&at, "::", PORT);
			attempt_expect(&s.at[j], &at, &refused);
			attempt_from(&at, VNET_HOST4, PORT);
			attempt_expect(&s.at[j], &at, j == IN_HOST ?
			    &refused : &notown);
		}
}

/* Who asks for all addresses of both families gets his own of each. */
static void
both_families(const struct stage *s, enum owner who, int type)
{
	int options = type == SOCK_STREAM ? SV_LISTEN : 0;
	int a = server_start(s->at[who].jd, type, options, "::", ++port);
	const char *addr;
	bool ip6, own;
	size_t i;

	for (i = 0; i < nvictims; i++) {
		addr = victims[i].addr;
		ip6 = strchr(addr, '.') == NULL;
		own = victims[i].owner == who;
		if (!own)
			dial_error(&s->sc.vn, type, addr, port, ECONNREFUSED);
		else if (type == SOCK_STREAM || (!ip6 && strcmp(addr,
		    A_SECOND4) != 0 && strcmp(addr, MAPPED(A_SECOND4)) != 0))
			close(dial_expect(&s->sc.vn, type, addr, port, &a, 1,
			    0));
	}
	close(a);
}

VNET_CASE(A4_socket_for_both_families_gets_own_only)
{
	struct stage s;
	enum owner who;

	stage_init(&s, tc, 0);
	for (who = 0; who < NOWNERS; who++) {
		both_families(&s, who, SOCK_STREAM);
		both_families(&s, who, SOCK_DGRAM);
	}
}

static const struct attempt freebind[] = {
	{ .type = SOCK_STREAM, .option4 = { IPPROTO_IP, IP_FREEBIND },
	    .option6 = { IPPROTO_IPV6, IPV6_FREEBIND } },
	{ .type = SOCK_DGRAM, .option4 = { IPPROTO_IP, IP_FREEBIND },
	    .option6 = { IPPROTO_IPV6, IPV6_FREEBIND } },
};

static const char *const absent[] = {
	VNET_ABSENT4, VNET_ABSENT6, MAPPED(VNET_ABSENT4)
};

/* Nobody has the addresses, or C has; a jail that has them may be there. */
static void
squat(const struct stage *s, const struct attempt *form,
    const struct spot *c)
{
	struct attempt at = *form;
	size_t i;

	for (i = 0; i < NELEMS(absent); i++) {
		attempt_from(&at, absent[i], PORT);
		attempt_expect(&s->at[IN_A], &at, &notown);
		attempt_expect(&s->at[IN_B], &at, &notown);
		attempt_expect(&s->at[IN_HOST], &at, &done);
		if (c != NULL)
			attempt_expect(c, &at, &done);
	}
}

/* By the socket's option, and then by those of the namespace. */
VNET_CASE(A7_address_that_nobody_has_yet_is_not_bound)
{
	struct jailed jd;
	struct spot c = { "jail C", &jd };
	struct stage s;
	size_t i;

	stage_init(&s, tc, 0);
	for (i = 0; i < NELEMS(freebind); i++) {
		squat(&s, &freebind[i], NULL);
		attempt_binds(s.at, &freebind[i], PORT, &notown);
	}
	write_sysctl("/proc/sys/net/ipv4/ip_nonlocal_bind", "1");
	write_sysctl("/proc/sys/net/ipv6/ip_nonlocal_bind", "1");
	for (i = 0; i < NELEMS(kinds); i++)
		squat(&s, &kinds[i], NULL);
	jd = scene_jail("c", VNET_ABSENT4, VNET_ABSENT6, NULL);
	for (i = 0; i < NELEMS(freebind); i++)
		squat(&s, &freebind[i], &c);
}

/* (Raw sockets bring the capability to set it.) */
VNET_CASE(A8_transparent_socket_is_not_made)
{
	static const struct attempt transparent[] = {
		{ .type = SOCK_STREAM, .option4 = { IPPROTO_IP,
		    IP_TRANSPARENT }, .option6 = { IPPROTO_IPV6,
		    IPV6_TRANSPARENT } },
		{ .type = SOCK_DGRAM, .option4 = { IPPROTO_IP,
		    IP_TRANSPARENT }, .option6 = { IPPROTO_IPV6,
		    IPV6_TRANSPARENT } },
	};
	static const struct verdict refused = { OPTION, EPERM, UNKNOWN,
		JAIL_DIR_CALL };
	struct attempt at;
	struct stage s;
	size_t i, j;

	stage_init(&s, tc, 0);
	for (i = 0; i < NELEMS(transparent); i++) {
		for (j = 0; j < nvictims; j++) {
			at = transparent[i];
			attempt_from(&at, victims[j].addr, PORT);
			attempt_expect(&s.at[IN_A], &at, &refused);
			attempt_expect(&s.at[IN_B], &at, &refused);
			attempt_expect(&s.at[IN_HOST], &at, &done);
		}
	}
}

/* What a group is bound to, and by what it is reached. */
struct group {
	const char *bound;
	int options;
	const char *dst[NOWNERS];
};

static const struct group groups[] = {
	{ "0.0.0.0", 0, { A_FIRST4, B_ADDR4, VNET_HOST4 } },
	{ "::", SV_V6ONLY, { A_FIRST6, B_ADDR6, VNET_HOST6 } },
	{ "::", 0, { A_FIRST4, B_ADDR4, VNET_HOST4 } },
	{ "::", 0, { MAPPED(A_FIRST4), MAPPED(B_ADDR4),
	    MAPPED(VNET_HOST4) } },
	{ MAPPED("0.0.0.0"), 0, { A_FIRST4, B_ADDR4, VNET_HOST4 } },
};

/* Who joins a group by chance gets none of twenty. */
static void
join(const struct stage *s, const struct group *g, int type)
{
	int options = g->options | SV_REUSEPORT |
	    (type == SOCK_STREAM ? SV_LISTEN : 0);
	int conn, server[NOWNERS], i;
	enum owner who;

	port++;
	for (who = 0; who < NOWNERS; who++)
		server[who] = server_start(s->at[who].jd, type, options,
		    g->bound, port);
	for (who = 0; who < NOWNERS; who++)
		for (i = 0; i < 20; i++) {
			conn = dial_expect(&s->sc.vn, type, g->dst[who], port,
			    server, NOWNERS, who);
			if (conn == -1 && type == SOCK_STREAM)
				break;
			close(conn);
		}
	close_all(server, NOWNERS);
}

/* Two of the host are of one group: of so many, each gets some. */
static void
join_own(const struct stage *s, const struct group *g, int type)
{
	int options = g->options | SV_REUSEPORT |
	    (type == SOCK_STREAM ? SV_LISTEN : 0);
	int dialled[40], server[2], n = NELEMS(dialled), i;

	port++;
	for (i = 0; i < 2; i++)
		server[i] = server_start(NULL, type, options, g->bound, port);
	for (i = 0; i < n; i++)
		dialled[i] = peer_dials(&s->sc.vn, type, g->dst[IN_HOST],
		    port);
	ATF_CHECK_EQ(0, ready_one(&server[0], 1));
	ATF_CHECK_EQ(0, ready_one(&server[1], 1));
	close_all(dialled, n);
	close_all(server, 2);
}

VNET_CASE(A9_group_of_another_jail_is_not_joined)
{
	struct stage s;
	size_t i;

	stage_init(&s, tc, 0);
	for (i = 0; i < NELEMS(groups); i++) {
		join(&s, &groups[i], SOCK_STREAM);
		join_own(&s, &groups[i], SOCK_STREAM);
	}
	for (i = 0; i < NELEMS(groups); i++) {
		join_own(&s, &groups[i], SOCK_DGRAM);
		if (groups[i].options & SV_V6ONLY || strcmp(groups[i].bound,
		    "::") != 0)
			join(&s, &groups[i], SOCK_DGRAM);
	}
}

/* All are at all addresses; who is more specific would get theirs. */
static void
be_specific(const struct stage *s, const struct group *g,
    const struct attempt *form, int options)
{
	int server[NOWNERS + 1], type = form->type;
	enum owner who;

	port++;
	options |= g->options;
	for (who = 0; who < NOWNERS; who++)
		server[who] = server_start(s->at[who].jd, type, options,
		    g->bound, port);
	attempt_binds(s->at, form, port, &notown);
	for (who = 0; who < NOWNERS; who++)
		close(dial_expect(&s->sc.vn, type, g->dst[who], port, server,
		    NOWNERS, who));
	server[NOWNERS] = server_start(NULL, type, options & ~SV_V6ONLY,
	    g->dst[IN_HOST], port);
	close(dial_expect(&s->sc.vn, type, g->dst[IN_HOST], port, server,
	    NOWNERS + 1, NOWNERS));
	close_all(server, NOWNERS + 1);
}

VNET_CASE(A10_more_specific_address_is_not_bound)
{
	static const struct attempt udp = { .type = SOCK_DGRAM,
		.option4 = { SOL_SOCKET, SO_REUSEADDR },
		.option6 = { SOL_SOCKET, SO_REUSEADDR } };
	static const struct attempt tcp = { .type = SOCK_STREAM,
		.option4 = { SOL_SOCKET, SO_REUSEPORT },
		.option6 = { SOL_SOCKET, SO_REUSEPORT } };
	struct stage s;
	size_t i;

	stage_init(&s, tc, 0);
	for (i = 0; i < 2; i++) {
		be_specific(&s, &groups[i], &udp, SV_REUSEADDR);
		be_specific(&s, &groups[i], &tcp, SV_REUSEPORT | SV_LISTEN);
	}
}

static const char *const low[] = { A_FIRST4, "0.0.0.0", A_FIRST6, "::",
	MAPPED(A_FIRST4), MAPPED("0.0.0.0") };

/* Of those who may not, one who is of the jail, and one of the host. */
static void
bind_low(const struct stage *s, const struct verdict *root,
    const struct verdict *nobody)
{
	struct attempt at;
	size_t i, j;

	for (i = 0; i < NELEMS(kinds); i++)
		for (j = 0; j < NELEMS(low); j++) {
			at = kinds[i];
			attempt_from(&at, low[j], 1023);
			attempt_expect(&s->at[IN_A], &at, root);
			attempt_expect(&s->at[IN_HOST], &at, &done);
			at.uid = NOBODY;
			attempt_expect(&s->at[IN_A], &at, nobody);
			attempt_expect(&s->at[IN_HOST], &at, nobody);
			attempt_from(&at, low[j], 1024);
			attempt_expect(&s->at[IN_A], &at, &done);
		}
}

VNET_CASE(A20_reserved_port_needs_capability_and_parameter)
{
	static const struct verdict nocap = { BIND, EACCES, UNKNOWN, 0 };
	static const struct verdict reserved = { BIND, EACCES, JR_RESVPORT,
		JAIL_DIR_CALL };
	struct attempt at = kinds[0];
	struct stage s;

	stage_init(&s, tc, 0);
	bind_low(&s, &done, &nocap);
	attempt_from(&at, B_ADDR4, 1023);
	attempt_expect(&s.at[IN_A], &at, &notown);
	jail_param(&s.sc.a, "allow.noreserved_ports", NULL);
	bind_low(&s, &reserved, &reserved);
}

/* The jail may, so that it is no refusal of the jail's. */
VNET_CASE(A20_capability_that_a_program_lacks_is_not_counted)
{
	static const struct verdict nocap = { BIND, EACCES, JR_NONE,
		JAIL_DIR_CALL };
	struct stage s;

	stage_init(&s, tc, 0);
	bind_low(&s, &done, &nocap);
}

/* Ask for many ports in a row, 0 for any; how many it gets. */
static int
take_all(const struct spot *spot, int type, const char *addr, uint16_t first,
    int *s)
{
	struct server sv;
	int n;

	for (n = 0; n < NPORTS; n++) {
		sv = server_of(type, type == SOCK_DGRAM && spot->jd == NULL ?
		    SV_REUSEADDR : 0, addr, first == 0 ? 0 : first + n);
		s[n] = server_open(spot->jd, &sv);
		if (s[n] == -1)
			break;
	}
	return (n);
}

/* A has no port to give a second time; the others have as many. */
static void
have_as_many(const struct stage *s, int type, const char *any,
    const char *host)
{
	static const struct verdict inuse = { BIND, EADDRINUSE, 0, 0 };
	int a[NPORTS], b[NPORTS], hosts[NPORTS];
	struct attempt at = { .type = type };

	ATF_REQUIRE_EQ(NPORTS, take_all(&s->at[IN_A], type, any, PORT, a));
	attempt_from(&at, any, PORT);
	attempt_expect(&s->at[IN_A], &at, &inuse);
	ATF_REQUIRE_EQ(NPORTS, take_all(&s->at[IN_B], type, any, PORT, b));
	ATF_REQUIRE_EQ(NPORTS, take_all(&s->at[IN_HOST], type, host, PORT,
	    hosts));
	close_all(hosts, NPORTS);
	ATF_REQUIRE_EQ(NPORTS, take_all(&s->at[IN_HOST], type, any, PORT,
	    hosts));
	close_all(hosts, NPORTS);
	close_all(a, NPORTS);
	close_all(b, NPORTS);
}

/*
 * Confined is who has which port by name. Not confined are the ports that the
 * kernel chooses (see below), nor memory, neighbours, tracked connections and
 * the queues of connections that nobody has accepted.
 */
VNET_CASE(A19_jail_that_has_every_port_takes_them_from_nobody)
{
	struct stage s;

	stage_init(&s, tc, 0);
	have_as_many(&s, SOCK_STREAM, "0.0.0.0", VNET_HOST4);
	have_as_many(&s, SOCK_DGRAM, "0.0.0.0", VNET_HOST4);
	have_as_many(&s, SOCK_STREAM, "::", VNET_HOST6);
	have_as_many(&s, SOCK_DGRAM, "::", VNET_HOST6);
}

/* The jail takes what it can get of the few that there are. */
static void
leave_some(const struct stage *s, int type, uint16_t first)
{
	struct attempt at = { .type = type, .connect = true };
	int taken[NPORTS], n;

	n = take_all(&s->at[IN_A], type, A_FIRST4, first, taken);
	attempt_to(&at, VNET_PEER4, 9);
	at.hurry = true;
	attempt_expect(&s->at[IN_B], &at, &done);
	attempt_expect(&s->at[IN_HOST], &at, &done);
	close_all(taken, n);
}

VNET_CASE(A19_jail_leaves_ports_for_the_kernel_to_choose)
{
	struct stage s;

	stage_init(&s, tc, 0);
	write_sysctl("/proc/sys/net/ipv4/ip_local_port_range", "40000 40019");
	leave_some(&s, SOCK_DGRAM, PORT);
	atf_tc_expect_fail("all of a network namespace have the ports that the "
	    "kernel chooses in common");
	leave_some(&s, SOCK_DGRAM, 0);
	leave_some(&s, SOCK_STREAM, 0);
	leave_some(&s, SOCK_STREAM, PORT);
}

/* A port that the kernel gave to A is, by name, B's as well. */
VNET_CASE(A19_port_that_the_kernel_chose_is_free_to_others)
{
	struct attempt at = { .type = SOCK_DGRAM, .send = true };
	struct stage s;
	int a;

	stage_init(&s, tc, 0);
	attempt_to(&at, VNET_PEER4, 9);
	a = attempt(&s.at[IN_A], &at);
	ATF_REQUIRE(a != -1);
	at.send = false;
	attempt_from(&at, B_ADDR4, name_port(a));
	attempt_expect(&s.at[IN_B], &at, &done);
	close(a);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, A1_foreign_address_is_not_bound);
	ATF_TP_ADD_TC(tp, A3_unspecified_family_is_not_bound);
	ATF_TP_ADD_TC(tp, A4_socket_for_both_families_gets_own_only);
	ATF_TP_ADD_TC(tp, A7_address_that_nobody_has_yet_is_not_bound);
	ATF_TP_ADD_TC(tp, A8_transparent_socket_is_not_made);
	ATF_TP_ADD_TC(tp, A9_group_of_another_jail_is_not_joined);
	ATF_TP_ADD_TC(tp, A10_more_specific_address_is_not_bound);
	ATF_TP_ADD_TC(tp,
	    A19_jail_that_has_every_port_takes_them_from_nobody);
	ATF_TP_ADD_TC(tp, A19_jail_leaves_ports_for_the_kernel_to_choose);
	ATF_TP_ADD_TC(tp, A19_port_that_the_kernel_chose_is_free_to_others);
	ATF_TP_ADD_TC(tp, A20_reserved_port_needs_capability_and_parameter);
	ATF_TP_ADD_TC(tp,
	    A20_capability_that_a_program_lacks_is_not_counted);
	ATF_TP_ADD_TC(tp, F1_no_attack_goes_by_io_uring);
	return (atf_no_error());
}
