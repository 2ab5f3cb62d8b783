/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Datagram sockets of the host and of jails on one port, and whether an answer
 * comes back to whoever asked, in whatever way its socket got its port.
 */

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "forge.h"
#include "server.h"
#include "tun.h"

enum who { HOST, JAIL_A, JAIL_B, NWHO };

static uint16_t port = 5000;

static const struct jailed *
jail_of(const struct scene *s, enum who who)
{
	return (who == HOST ? NULL : who == JAIL_A ? &s->a : &s->b);
}

/* The kernel shares a port of UDP only with a host that wants to share it. */
static void
coexist(const struct scene *s, const char *bound, int options,
    const char *const dst[NWHO])
{
	static const enum who orders[][NWHO] = {
		{ HOST, JAIL_A, JAIL_B }, { HOST, JAIL_B, JAIL_A },
		{ JAIL_A, HOST, JAIL_B }, { JAIL_B, JAIL_A, HOST },
	};
	int i, server[NWHO];
	enum who who;

	for (size_t order = 0; order < NELEMS(orders); order++) {
		port++;
		for (i = 0; i < NWHO; i++) {
			who = orders[order][i];
			server[who] = server_start(jail_of(s, who), SOCK_DGRAM,
			    options | (who == HOST ? SV_REUSEADDR : 0), bound,
			    port);
			check_name(server[who], bound, port);
		}
		for (i = 0; i < NWHO; i++)
			dial_expect(&s->vn, SOCK_DGRAM, dst[i], port, server,
			    NWHO, i);
		for (i = 0; i < NWHO; i++)
			close(server[i]);
	}
}

VNET_CASE(datagram_goes_to_the_socket_of_the_addresss_owner)
{
	static const char *const ip4[] = { VNET_HOST4, A_FIRST4, B_ADDR4 };
	static const char *const ip6[] = { VNET_HOST6, A_FIRST6, B_ADDR6 };
	static const char *const mapped[] = { "::ffff:" VNET_HOST4,
		"::ffff:" A_FIRST4, "::ffff:" B_ADDR4 };
	struct scene s;

	server_init(&s, tc);
	coexist(&s, "0.0.0.0", 0, ip4);
	coexist(&s, "0.0.0.0", SV_REUSEADDR, ip4);
	coexist(&s, "0.0.0.0", 0, mapped);
	coexist(&s, "::ffff:0.0.0.0", 0, ip4);
	coexist(&s, "::", SV_V6ONLY, ip6);
}

/* For both families the kernel has it at an IPv4 address. */
VNET_CASE(datagram_goes_to_the_owners_socket_for_both_families)
{
	static const char *const ip6[] = { VNET_HOST6, A_FIRST6, B_ADDR6 };
	struct scene s;

	vnet_needs("tcx");
	server_init(&s, tc);
	coexist(&s, "::", 0, ip6);
	coexist(&s, "::", SV_REUSEADDR, ip6);
}

/* The jail has the port at one of its addresses, the host at all. */
static void
other_address(const struct scene *s, const char *wildcard, const char *bound,
    const char *own, const char *other)
{
	int server[2];

	port++;
	server[0] = server_start(NULL, SOCK_DGRAM, SV_REUSEADDR, wildcard,
	    port);
	server[1] = server_start(&s->a, SOCK_DGRAM, 0, bound, port);
	dial_error(&s->vn, SOCK_DGRAM, other, port, ECONNREFUSED);
	dial_expect(&s->vn, SOCK_DGRAM, own, port, server, 2, 1);
	close(server[0]);
	close(server[1]);
}

VNET_CASE(host_gets_no_datagram_for_a_jail_that_has_the_port_elsewhere)
{
	struct scene s;

	server_init(&s, tc);
	other_address(&s, "0.0.0.0", A_FIRST4, A_FIRST4, A_SECOND4);
	other_address(&s, "0.0.0.0", A_SECOND4, A_SECOND4, A_FIRST4);
	other_address(&s, "::", A_SECOND6, A_SECOND6, A_FIRST6);
}

/* What a socket does before: b(ind), s(end), c(onnect), d(isconnect). */
struct ask {
	const char *steps;
	int options;
	const char *bound;	/* NULL: the family's wildcard */
};

static void
do_step(int s, char step, const struct server *sv, const union sockaddrs *to,
    socklen_t len)
{
	const struct sockaddr none = { .sa_family = AF_UNSPEC };
	int error = 0;

	if (step == 'b')
		error = bind(s, &sv->sa.sa, sv->len);
	else if (step == 's')
		error = sendto(s, "q", 1, 0, &to->sa, len) == 1 ? 0 : -1;
	else if (step == 'c')
		error = connect(s, &to->sa, len);
	else
		error = connect(s, &none, sizeof(none));
	ATF_REQUIRE_MSG(error == 0, "%c: %s", step, strerror(errno));
}

/* Wait for a datagram; *from is whom it is of. */
static bool
comes(int s, union sockaddrs *from)
{
	struct pollfd pfd = { .fd = s, .events = POLLIN };
	socklen_t len = sizeof(*from);
	char byte;

	return (poll(&pfd, 1, 3000) == 1 &&
	    recvfrom(s, &byte, 1, 0, &from->sa, &len) == 1);
}

/* Ask a server at the peer; it answers whoever seems to have asked. */
static void
ask(const struct jailed *jd, const struct ask *a, int server,
    const char *bound, const char *peer)
{
	struct server sv = server_of(SOCK_DGRAM, a->options | SV_UNBOUND,
	    a->bound != NULL ? a->bound : bound, 0);
	union sockaddrs from, to;
	socklen_t len = sockaddr_of(&to, peer, port);
	int s = server_open(jd, &sv);
	uint16_t name;

	ATF_REQUIRE(s != -1);
	for (const char *step = a->steps; *step != '\0'; step++)
		do_step(s, *step, &sv, &to, len);
	for (const char *p = a->steps; *p != '\0'; p++)
		if (*p == 's')
			ATF_REQUIRE(comes(server, &from));
	name = name_port(s);
	ATF_CHECK_MSG(ntohs(from.sin.sin_port) == name, "%s, %s to %s: from "
	    "port %d, by name %d", jd == NULL ? "host" : "jail", a->steps,
	    peer, ntohs(from.sin.sin_port), name);
	ATF_REQUIRE_EQ(1, sendto(server, "a", 1, 0, &from.sa, sizeof(from)));
	ATF_CHECK_MSG(comes(s, &from), "%s, %s to %s: no answer",
	    jd == NULL ? "host" : "jail", a->steps, peer);
	close(s);
}

/* From both, as Linux has it and as a jail does, to a server of its own. */
static void
ask_peer(const struct scene *s, const struct ask *a, const char *bound,
    const char *own, const char *peer)
{
	int server;

	port++;
	ATF_REQUIRE_EQ(0, vnet_enter(s->vn.vn_peer));
	server = server_start(NULL, SOCK_DGRAM, 0, own, port);
	ATF_REQUIRE_EQ(0, vnet_enter(s->vn.vn_host));
	if (a->bound == NULL)
		ask(NULL, a, server, bound, peer);
	ask(&s->a, a, server, bound, peer);
	close(server);
}

/* A socket for both families that is bound to :: cannot connect to IPv6. */
static struct ask
ask_ip6(const struct ask *a)
{
	struct ask ask6 = *a;

	if (strchr(a->steps, 'b') != NULL && strchr(a->steps, 'c') != NULL)
		ask6.options |= SV_V6ONLY;
	return (ask6);
}

static void
ask_all(const atf_tc_t *tc, const struct ask *a, size_t n)
{
	struct ask ask6;
	struct scene s;

	server_init(&s, tc);
	for (; n > 0; n--, a++) {
		ask6 = ask_ip6(a);
		if (a->bound == NULL || strchr(a->bound, ':') == NULL)
			ask_peer(&s, a, "0.0.0.0", VNET_PEER4, VNET_PEER4);
		if (a->bound == NULL || strchr(a->bound, ':') != NULL)
			ask_peer(&s, &ask6, "::", VNET_PEER6, VNET_PEER6);
		if (a->bound == NULL && strchr(a->steps, 'b') == NULL)
			ask_peer(&s, a, "::", VNET_PEER4,
			    "::ffff:" VNET_PEER4);
	}
}

VNET_CASE(answer_comes_to_the_socket_that_asked)
{
	static const struct ask asks[] = {
		{ "s", 0, NULL },
		{ "ss", 0, NULL },
		{ "bs", 0, NULL },
		{ "bs", SV_REUSEADDR, NULL },
		{ "bs", 0, A_SECOND4 },
		{ "bs", 0, A_SECOND6 },
		{ "cs", 0, NULL },
		{ "bcs", 0, NULL },
		{ "bcds", 0, A_SECOND4 },
	};

	ask_all(tc, asks, NELEMS(asks));
}

VNET_CASE(answer_comes_to_a_socket_that_was_disconnected)
{
	static const struct ask asks[] = {
		{ "cds", 0, NULL },
		{ "csds", 0, NULL },
		{ "bcds", 0, NULL },
		{ "cdcds", 0, NULL },
	};

	ask_all(tc, asks, NELEMS(asks));
}

VNET_CASE(answer_comes_to_a_socket_that_was_bound_without_a_port)
{
	static const struct ask asks[] = {
		{ "bs", SV_NOPORT, NULL },
		{ "bs", SV_NOPORT, A_SECOND4 },
		{ "bs", SV_NOPORT, A_SECOND6 },
		{ "bcs", SV_NOPORT, A_SECOND4 },
	};

	ask_all(tc, asks, NELEMS(asks));
}

VNET_CASE(answer_comes_to_a_socket_that_sends_and_then_connects)
{
	static const struct ask asks[] = {
		{ "scs", 0, NULL },
		{ "scds", 0, NULL },
	};

	atf_tc_expect_fail("the kernel has bound it to no address, and cannot "
	    "bind it twice");
	ask_all(tc, asks, NELEMS(asks));
}

#define LARGE	3000	/* bytes: three fragments */

static void
send_large(const struct vnet *vn, const char *dst)
{
	static const char data[LARGE];
	union sockaddrs sa;
	socklen_t len;
	int s;

	ATF_REQUIRE_EQ(0, vnet_enter(vn->vn_peer));
	len = sockaddr_of(&sa, dst, port);
	s = socket(sa.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ATF_REQUIRE_EQ(LARGE, sendto(s, data, LARGE, 0, &sa.sa, len));
	close(s);
	ATF_REQUIRE_EQ(0, vnet_enter(vn->vn_host));
}

/* To one that is bound there, and sent a whole one between two of them. */
static void
try_large(const struct scene *s, const char *bound, int options,
    const char *dst)
{
	char data[LARGE + 1];
	int sv;

	port++;
	sv = server_start(&s->a, SOCK_DGRAM, options, bound, port);
	for (int i = 0; i < 3; i++) {
		if (i == 1)
			close(peer_dials(&s->vn, SOCK_DGRAM, dst, port));
		else
			send_large(&s->vn, dst);
		ATF_CHECK_EQ_MSG(0, ready_one(&sv, 1), "%s, bound to %s: "
		    "datagram %d did not come", dst, bound, i);
		ATF_CHECK_EQ(i == 1 ? 1 : LARGE, recv(sv, data, sizeof(data),
		    MSG_DONTWAIT));
	}
	close(sv);
}

VNET_CASE(datagram_in_fragments_comes_to_all_addresses)
{
	struct scene s;

	vnet_needs("tcx");
	server_init(&s, tc);
	try_large(&s, "0.0.0.0", 0, A_FIRST4);
	try_large(&s, "0.0.0.0", 0, A_SECOND4);
	try_large(&s, A_SECOND4, 0, A_SECOND4);
	try_large(&s, "::", 0, A_SECOND4);
	try_large(&s, "::", 0, A_SECOND6);
	try_large(&s, "::", SV_V6ONLY, A_FIRST6);
	try_large(&s, "::", SV_V6ONLY, A_SECOND6);
	try_large(&s, A_SECOND6, 0, A_SECOND6);
}

static void
come_by(int tun, const char *src, const char *dst, int sv)
{
	struct flow flow = { .proto = UDP, .tag = port };
	uint8_t packet[256];
	ssize_t len;
	char c;

	flow.af = strchr(dst, ':') != NULL ? AF_INET6 : AF_INET;
	ATF_REQUIRE_EQ(1, inet_pton(flow.af, src, &flow.src));
	ATF_REQUIRE_EQ(1, inet_pton(flow.af, dst, &flow.dst));
	len = forge_packet(&flow, packet, sizeof(packet));
	ATF_REQUIRE(len > 0);
	ATF_REQUIRE_EQ(len, write(tun, packet, len));
	ATF_CHECK_EQ_MSG(0, ready_one(&sv, 1), "%s: it did not come", dst);
	recv(sv, &c, 1, MSG_DONTWAIT);
}

VNET_CASE(datagram_comes_by_an_interface_without_ethernet)
{
	struct scene s;
	int sv, tun;

	vnet_needs("tcx");
	server_init(&s, tc);
	tun = tun_open(&s.vn);
	scene_jail("c", NULL, NULL, NULL);	/* who comes finds it */
	sv = server_start(&s.a, SOCK_DGRAM, 0, "::", port);
	come_by(tun, TUN_FAR4, A_FIRST4, sv);
	come_by(tun, TUN_FAR4, A_SECOND4, sv);
	come_by(tun, TUN_FAR6, A_FIRST6, sv);
	come_by(tun, TUN_FAR6, A_SECOND6, sv);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, datagram_goes_to_the_socket_of_the_addresss_owner);
	ATF_TP_ADD_TC(tp, datagram_goes_to_the_owners_socket_for_both_families);
	ATF_TP_ADD_TC(tp,
	    host_gets_no_datagram_for_a_jail_that_has_the_port_elsewhere);
	ATF_TP_ADD_TC(tp, answer_comes_to_the_socket_that_asked);
	ATF_TP_ADD_TC(tp, answer_comes_to_a_socket_that_was_disconnected);
	ATF_TP_ADD_TC(tp,
	    answer_comes_to_a_socket_that_was_bound_without_a_port);
	ATF_TP_ADD_TC(tp,
	    answer_comes_to_a_socket_that_sends_and_then_connects);
	ATF_TP_ADD_TC(tp, datagram_in_fragments_comes_to_all_addresses);
	ATF_TP_ADD_TC(tp, datagram_comes_by_an_interface_without_ethernet);
	return (atf_no_error());
}
