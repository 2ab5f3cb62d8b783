/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Servers of a jail and of jails in it on one port: who gets what comes for an
 * address that both have.
 */

#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "errname.h"
#include "server.h"

#define A_THIRD4	"192.0.2.13"
#define A_THIRD6	"2001:db8::13"

/* Jail A, one with its second address, one with its third, one in the first. */
enum who { OUTER, SECOND, THIRD, INNER, HOST, NWHO };

struct stage {
	struct scene sc;
	struct jailed jail[HOST];
};

/* What all are bound to, and by which addresses they are dialled. */
struct family {
	const char *bound;
	int options;
	const char *addr[INNER];
	const char *hostlisten;
};

#define IP4	{ A_FIRST4, A_SECOND4, A_THIRD4 }, "ip4.hostlisten"
#define IP6	{ A_FIRST6, A_SECOND6, A_THIRD6 }, "ip6.hostlisten"

static const struct family families[] = {
	{ "0.0.0.0", 0, IP4 },
	{ "::ffff:0.0.0.0", 0, IP4 },
	{ "::", SV_V6ONLY, IP6 },
	{ "::", 0, IP6 },
	{ "::", 0, IP4 },
};

static const int types[] = { SOCK_STREAM, SOCK_DGRAM };

static uint16_t port = 5000;

static void
stage_init(struct stage *s, const atf_tc_t *tc)
{
	server_init(&s->sc, tc);
	vnet_addr(&s->sc.vn, A_THIRD4);
	vnet_addr(&s->sc.vn, A_THIRD6);
	s->jail[OUTER] = s->sc.a;
	jail_param(&s->sc.a, "ip4.addr", A_FIRST4 "," A_SECOND4 "," A_THIRD4);
	jail_param(&s->sc.a, "ip6.addr", A_FIRST6 "," A_SECOND6 "," A_THIRD6);
	jail_param(&s->sc.a, "children.max", "9");
	s->jail[SECOND] = scene_jail("a.b", A_SECOND4, A_SECOND6, NULL);
	jail_param(&s->jail[SECOND], "children.max", "1");
	s->jail[THIRD] = scene_jail("a.c", A_THIRD4, A_THIRD6, NULL);
	s->jail[INNER] = scene_jail("a.b.d", A_SECOND4, A_SECOND6, NULL);
}

static int
open_at(const struct stage *s, enum who who, int type, const struct family *f,
    const char *addr)
{
	return (server_start(who == HOST ? NULL : &s->jail[who], type,
	    f->options | (type == SOCK_STREAM ? SV_LISTEN : 0), addr, port));
}

/* Of those who have a server, who gets what is for the address? */
static void
expect(const struct stage *s, int type, const char *addr, const int *server,
    enum who who)
{
	int open[NWHO], n = 0, want = -1, conn;

	for (int i = 0; i < NWHO; i++) {
		if (server[i] == -1)
			continue;
		if (i == (int)who)
			want = n;
		open[n++] = server[i];
	}
	conn = dial_expect(&s->sc.vn, type, addr, port, open, n, want);
	if (conn != -1)
		close(conn);
}

static void
close_one(int *server)
{
	close(*server);
	*server = -1;
}

typedef void each_fn(const struct stage *, const struct family *, int type);

static void
try_type(const atf_tc_t *tc, each_fn *fn, int type)
{
	struct stage s;

	if (type == SOCK_DGRAM)
		vnet_needs("tcx");
	stage_init(&s, tc);
	for (size_t i = 0; i < NELEMS(families); i++) {
		port++;
		fn(&s, &families[i], type);
	}
}

static void
try_each(const atf_tc_t *tc, each_fn *fn)
{
	struct stage s;

	vnet_needs("tcx");
	stage_init(&s, tc);
	for (size_t i = 0; i < NELEMS(families); i++)
		for (size_t j = 0; j < NELEMS(types); j++) {
			port++;
			fn(&s, &families[i], types[j]);
		}
}

/* All of them have the port, in whatever order they asked for it. */
static void
coexist(const struct stage *s, const struct family *f, int type)
{
	static const enum who orders[][3] = { { OUTER, SECOND, THIRD },
	    { THIRD, SECOND, OUTER }, { SECOND, OUTER, THIRD } };

	for (size_t i = 0; i < NELEMS(orders); i++) {
		int server[NWHO] = { -1, -1, -1, -1, -1 };

		for (size_t j = 0; j < 3; j++)
			server[orders[i][j]] = open_at(s, orders[i][j], type,
			    f, f->bound);
		for (int who = OUTER; who <= THIRD; who++) {
			check_name(server[who], f->bound, port);
			expect(s, type, f->addr[who], server, who);
		}
		for (int who = OUTER; who <= THIRD; who++)
			close(server[who]);
	}
}

VNET_CASE(jail_and_those_in_it_listen_on_the_same_port)
{
	try_type(tc, coexist, SOCK_STREAM);
}

VNET_CASE(jail_and_those_in_it_have_the_same_udp_port)
{
	try_type(tc, coexist, SOCK_DGRAM);
}

/* The innermost that has the port gets it, and nobody else. */
static void
ascend(const struct stage *s, const struct family *f, int type)
{
	int server[NWHO] = { -1, -1, -1, -1, -1 };
	const char *addr = f->addr[SECOND];

	server[OUTER] = open_at(s, OUTER, type, f, f->bound);
	expect(s, type, addr, server, OUTER);
	server[INNER] = open_at(s, INNER, type, f, f->bound);
	expect(s, type, addr, server, INNER);
	expect(s, type, f->addr[THIRD], server, OUTER);
	close_one(&server[OUTER]);
	close_one(&server[INNER]);
	server[SECOND] = open_at(s, SECOND, type, f, f->bound);
	expect(s, type, addr, server, SECOND);
	server[OUTER] = open_at(s, OUTER, type, f, f->bound);
	expect(s, type, addr, server, SECOND);
	close_one(&server[SECOND]);
	expect(s, type, addr, server, OUTER);
	close_one(&server[OUTER]);
	dial_error(&s->sc.vn, type, addr, port, ECONNREFUSED);
}

VNET_CASE(connection_a_jail_does_not_want_goes_to_the_one_around_it)
{
	try_type(tc, ascend, SOCK_STREAM);
}

VNET_CASE(datagram_a_jail_does_not_want_goes_to_the_one_around_it)
{
	try_type(tc, ascend, SOCK_DGRAM);
}

static bool
is_dual(const struct family *f)
{
	return (strcmp(f->bound, "::") == 0 && !(f->options & SV_V6ONLY));
}

/*
 * Two asked for the address itself, and one in these for all. For UDP the
 * kernel has all three at the same place.
 */
static void
same_address(const struct stage *s, const struct family *f, int type)
{
	int server[NWHO] = { -1, -1, -1, -1, -1 };
	const char *addr = f->addr[SECOND];
	struct server sv = server_of(type, f->options, addr, port);

	if (strcmp(f->bound, "::ffff:0.0.0.0") == 0)
		return;
	server[OUTER] = open_at(s, OUTER, type, f, addr);
	expect(s, type, addr, server, OUTER);
	server[SECOND] = open_at(s, SECOND, type, f, addr);
	expect(s, type, addr, server, SECOND);
	close_one(&server[OUTER]);
	server[OUTER] = server_open(&s->jail[OUTER], &sv);
	ATF_CHECK_STREQ(type == SOCK_STREAM ? "0" : "EADDRINUSE",
	    errname(sv.error));
	if (server[OUTER] != -1)
		close_one(&server[OUTER]);
	sv = server_of(type, f->options | (type == SOCK_STREAM ? SV_LISTEN :
	    0), f->bound, port);
	server[INNER] = server_open(&s->jail[INNER], &sv);
	if (type == SOCK_DGRAM && is_dual(f) && strchr(addr, ':') == NULL)
		ATF_CHECK_STREQ("EADDRINUSE", errname(sv.error));
	else
		expect(s, type, addr, server, INNER);
	if (server[INNER] != -1)
		close_one(&server[INNER]);
	expect(s, type, addr, server, SECOND);
	close_one(&server[SECOND]);
	server[OUTER] = open_at(s, OUTER, type, f, addr);
	expect(s, type, addr, server, OUTER);
	close_one(&server[OUTER]);
}

VNET_CASE(port_at_one_address_is_the_innermost_jails)
{
	try_each(tc, same_address);
}

/* Each of the jails that the connection passes says whether. */
static void
hostlisten(const struct stage *s, const struct family *f, int type)
{
	int server[NWHO] = { -1, -1, -1, -1, -1 };
	const char *addr = f->addr[THIRD];
	struct server sv = server_of(type, SV_REUSEADDR | f->options |
	    (type == SOCK_STREAM ? SV_LISTEN : 0), f->bound, port);

	if (strcmp(f->bound, "::ffff:0.0.0.0") == 0)
		return;
	server[HOST] = server_open(NULL, &sv);
	ATF_REQUIRE(server[HOST] != -1);
	dial_error(&s->sc.vn, type, addr, port, ECONNREFUSED);
	jail_param(&s->jail[THIRD], f->hostlisten, "true");
	dial_error(&s->sc.vn, type, addr, port, ECONNREFUSED);
	jail_param(&s->jail[OUTER], f->hostlisten, "true");
	expect(s, type, addr, server, HOST);
	jail_param(&s->jail[THIRD], f->hostlisten, "false");
	dial_error(&s->sc.vn, type, addr, port, ECONNREFUSED);
	jail_param(&s->jail[OUTER], f->hostlisten, "false");
	close(server[HOST]);
}

VNET_CASE(host_gets_what_all_jails_that_have_the_address_let_it)
{
	try_each(tc, hostlisten);
}

/* One who asks, connected or not, hears the answer. */
static void
ask(const struct stage *s, int at_peer, bool connected, const char *peer)
{
	int call, other;
	union sockaddrs from, to;
	socklen_t len = sockaddr_of(&to, peer, port), fromlen = sizeof(from);
	char byte;

	call = server_start(&s->jail[SECOND], SOCK_DGRAM, SV_UNBOUND |
	    SV_REUSEADDR, peer, 0);
	if (connected)
		ATF_REQUIRE_EQ(0, connect(call, &to.sa, len));
	ATF_REQUIRE_EQ(1, sendto(call, "?", 1, 0, connected ? NULL : &to.sa,
	    connected ? 0 : len));
	ATF_REQUIRE_EQ(1, recvfrom(at_peer, &byte, 1, 0, &from.sa, &fromlen));
	other = server_start(&s->jail[OUTER], SOCK_DGRAM, 0,
	    strchr(peer, ':') == NULL ? "0.0.0.0" : "::", name_port(call));
	ATF_REQUIRE_EQ(1, sendto(at_peer, "!", 1, 0, &from.sa, fromlen));
	ATF_CHECK_EQ_MSG(0, ready_one((int[]){ call, other }, 2), "%s, %s",
	    peer, connected ? "connected" : "not");
	close(call);
	close(other);
}

VNET_CASE(answer_comes_to_the_inner_jail_that_asked)
{
	static const char *const peers[] = { VNET_PEER4, VNET_PEER6 };
	struct stage s;
	int at_peer;

	vnet_needs("tcx");
	stage_init(&s, tc);
	for (size_t i = 0; i < NELEMS(peers); i++) {
		port++;
		ATF_REQUIRE_EQ(0, vnet_enter(s.sc.vn.vn_peer));
		at_peer = server_start(NULL, SOCK_DGRAM, 0, peers[i], port);
		ATF_REQUIRE_EQ(0, vnet_enter(s.sc.vn.vn_host));
		ask(&s, at_peer, false, peers[i]);
		ask(&s, at_peer, true, peers[i]);
		close(at_peer);
	}
}

/* It has the ports of its parent, as it has its addresses. */
static void
inherit(const struct stage *s, const struct jailed *jd, const struct family *f,
    int type)
{
	int options = f->options | (type == SOCK_STREAM ? SV_LISTEN : 0), own;
	struct server sv = server_of(type, options, f->bound, port);

	own = server_start(jd, type, options, f->bound, port);
	for (int i = OUTER; i <= THIRD; i++)
		close(dial_expect(&s->sc.vn, type, f->addr[i], port, &own, 1,
		    0));
	ATF_CHECK(server_open(&s->jail[OUTER], &sv) == -1);
	ATF_CHECK_STREQ("EADDRINUSE", errname(sv.error));
	close(own);
}

VNET_CASE(jail_that_inherits_has_the_ports_of_the_one_around_it)
{
	struct jailed jd;
	struct stage s;

	vnet_needs("tcx");
	stage_init(&s, tc);
	jd = scene_jail("a.e", "inherit", "inherit", NULL);
	for (size_t i = 0; i < NELEMS(families); i++)
		for (size_t j = 0; j < NELEMS(types); j++) {
			port++;
			inherit(&s, &jd, &families[i], types[j]);
		}
}

/* A connection of a jail with the peer. */
static int
connection(const struct stage *s, enum who who, const char *addr)
{
	int conn, dialled, server;

	port++;
	server = server_start(&s->jail[who], SOCK_STREAM, SV_LISTEN, addr,
	    port);
	dialled = peer_dials(&s->sc.vn, SOCK_STREAM, addr, port);
	ATF_REQUIRE(dialled != -1);
	conn = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	ATF_REQUIRE(conn != -1);
	close(server);
	return (conn);
}

VNET_CASE(sockets_at_what_the_jail_around_loses_are_destroyed)
{
	struct stage s;
	struct server sv = server_of(SOCK_DGRAM, 0, A_SECOND4, 0);
	int conn[3];

	vnet_needs("bpf_sock_destroy");
	stage_init(&s, tc);
	conn[0] = connection(&s, INNER, A_SECOND4);
	conn[1] = connection(&s, SECOND, A_SECOND6);
	conn[2] = connection(&s, THIRD, A_THIRD4);
	jail_param(&s.jail[OUTER], "ip4.addr", A_FIRST4 "," A_THIRD4);
	jail_param(&s.jail[OUTER], "ip6.addr", A_FIRST6 "," A_THIRD6);
	ATF_CHECK_EQ(-1, send(conn[0], "", 1, MSG_NOSIGNAL));
	ATF_CHECK_EQ(-1, send(conn[1], "", 1, MSG_NOSIGNAL));
	ATF_CHECK_EQ(1, send(conn[2], "", 1, MSG_NOSIGNAL));
	ATF_CHECK(server_open(&s.jail[SECOND], &sv) == -1);
	ATF_CHECK_STREQ("EAFNOSUPPORT", errname(sv.error));
}

VNET_CASE(address_of_a_removed_jail_is_the_one_arounds_again)
{
	int server[NWHO] = { -1, -1, -1, -1, -1 };
	const struct family *f = families;
	struct stage s;

	stage_init(&s, tc);
	server[OUTER] = open_at(&s, OUTER, SOCK_STREAM, f, f->bound);
	server[SECOND] = open_at(&s, SECOND, SOCK_STREAM, f, f->bound);
	expect(&s, SOCK_STREAM, A_SECOND4, server, SECOND);
	close_one(&server[SECOND]);
	ATF_REQUIRE_EQ(0, jail_remove(s.jail[SECOND].jd_jid));
	expect(&s, SOCK_STREAM, A_SECOND4, server, OUTER);
	port++;
	close_one(&server[OUTER]);
	server[OUTER] = open_at(&s, OUTER, SOCK_DGRAM, f, A_SECOND4);
	expect(&s, SOCK_DGRAM, A_SECOND4, server, OUTER);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, jail_and_those_in_it_listen_on_the_same_port);
	ATF_TP_ADD_TC(tp, jail_and_those_in_it_have_the_same_udp_port);
	ATF_TP_ADD_TC(tp,
	    connection_a_jail_does_not_want_goes_to_the_one_around_it);
	ATF_TP_ADD_TC(tp,
	    datagram_a_jail_does_not_want_goes_to_the_one_around_it);
	ATF_TP_ADD_TC(tp, port_at_one_address_is_the_innermost_jails);
	ATF_TP_ADD_TC(tp,
	    host_gets_what_all_jails_that_have_the_address_let_it);
	ATF_TP_ADD_TC(tp, answer_comes_to_the_inner_jail_that_asked);
	ATF_TP_ADD_TC(tp,
	    jail_that_inherits_has_the_ports_of_the_one_around_it);
	ATF_TP_ADD_TC(tp,
	    sockets_at_what_the_jail_around_loses_are_destroyed);
	ATF_TP_ADD_TC(tp, address_of_a_removed_jail_is_the_one_arounds_again);
	return (atf_no_error());
}
