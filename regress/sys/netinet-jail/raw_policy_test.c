/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What raw sockets of a jail cannot send from its own addresses, and do not
 * hear: the tables of the policy with real packets. Each row is sent from the
 * host as well, so that it is known to be one that the network would carry.
 */

#include <sys/socket.h>

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>
#include <jail.h>

#include "errname.h"
#include "scene.h"
#include "server.h"

#define PORT	7100
#define WAIT_MS	5000
#define NOTE	"netjail!"	/* ends every packet of ours */
#define NOTELEN	8

/* What follows the addresses: a protocol, a fragment's place, the rest. */
struct row {
	int af;
	uint8_t proto;
	uint16_t frag;		/* IPv4 */
	const char *options;	/* IPv4, optlen bytes */
	size_t optlen;
	const char *rest;	/* and NOTE */
	size_t restlen;
	int reason;
};

struct sent {
	union sockaddrs to;
	uint8_t bytes[128];
	size_t len;
	union sockaddrs from;		/* of a "ping" socket */
	socklen_t fromlen;
	int error;
};

static size_t
build(uint8_t *p, const struct row *r, const char *from, const char *to)
{
	const size_t head = r->af == AF_INET ? 20 + r->optlen : 40;
	const size_t len = head + r->restlen + NOTELEN;

	memset(p, 0, head);
	if (r->af == AF_INET) {
		p[0] = 0x40 | head / 4;
		p[6] = r->frag >> 8;
		p[7] = r->frag;
		p[8] = 9;
		p[9] = r->proto;
		inet_pton(AF_INET, from, p + 12);
		inet_pton(AF_INET, to, p + 16);
		memcpy(p + 20, r->options, r->optlen);
	} else {
		p[0] = 0x60;
		p[5] = r->restlen + NOTELEN;
		p[6] = r->proto;
		p[7] = 9;
		inet_pton(AF_INET6, from, p + 8);
		inet_pton(AF_INET6, to, p + 24);
	}
	memcpy(p + head, r->rest, r->restlen);
	memcpy(p + head + r->restlen, NOTE, NOTELEN);
	return (len);
}

static int
do_send(void *arg)
{
	struct sent *m = arg;
	const int af = m->to.sa.sa_family;
	int s = socket(af, SOCK_RAW, IPPROTO_RAW);

	m->error = s != -1 && sendto(s, m->bytes, m->len, 0, &m->to.sa,
	    af == AF_INET ? sizeof(m->to.sin) : sizeof(m->to.sin6)) ==
	    (ssize_t)m->len ? 0 : errno;
	close(s);
	return (-1);
}

static int
listen_at(int ns, int back)
{
	int s;

	ATF_REQUIRE_EQ(0, vnet_enter(ns));
	s = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_ALL));
	ATF_REQUIRE_EQ(0, vnet_enter(back));
	ATF_REQUIRE(s != -1);
	return (s);
}

/* Was one of ours there, before the datagram that is sent now? */
static bool
arrived(int s, const struct jailed *jd)
{
	static const struct row last = { AF_INET, 17, 0, "", 0,
		"\0\1\0\11\0\20\0\0last", 12, 0 };
	struct pollfd pfd = { .fd = s, .events = POLLIN };
	uint8_t buf[2048];
	bool found = false;
	struct sent m;
	ssize_t len;

	sockaddr_of(&m.to, VNET_PEER4, 0);
	m.len = build(m.bytes, &last, jd != NULL ? B_ADDR4 : VNET_HOST4,
	    VNET_PEER4);
	if (jd != NULL)
		jailed_call(jd, do_send, &m, sizeof(m));
	else
		do_send(&m);
	ATF_REQUIRE_EQ_MSG(0, m.error, "%s", errname(m.error));
	while (poll(&pfd, 1, WAIT_MS) == 1) {
		len = recv(s, buf, sizeof(buf), 0);
		if (len < NOTELEN || memcmp(buf + len - NOTELEN, NOTE,
		    NOTELEN) != 0)
			continue;
		if (len == 40 && memcmp(buf + 28, "last", 4) == 0)
			return (found);
		found = true;
	}
	atf_tc_fail("the last datagram has not come");
}

/* From the jail, or the host if jd is NULL. */
static void
try_row(int peer, const struct jailed *jd, const struct row *r, size_t n)
{
	const bool ip4 = r->af == AF_INET;
	const char *to = ip4 ? VNET_PEER4 : VNET_PEER6;
	const char *from = jd == NULL ? (ip4 ? VNET_HOST4 : VNET_HOST6) :
	    ip4 ? B_ADDR4 : B_ADDR6;
	const struct refusal want = { jd != NULL ? r->reason : JR_NONE,
		JAIL_DIR_OUT, ip4 ? 4 : 6 };
	const int error = jd != NULL && r->reason != JR_NONE ? EPERM : 0;
	uint64_t before = 0;
	struct sent m;

	sockaddr_of(&m.to, to, 0);
	m.len = build(m.bytes, r, from, to);
	if (jd != NULL) {
		before = refusals_before(jd, &want);
		jailed_call(jd, do_send, &m, sizeof(m));
		ATF_CHECK_MSG(refused_once(jd, &want, before), "row %zu: not "
		    "counted as reason %d", n, want.reason);
	} else
		do_send(&m);
	ATF_CHECK_MSG(m.error == error, "row %zu, from %s: %s; should be %s",
	    n, from, errname(m.error), errname(error));
	ATF_CHECK_MSG(arrived(peer, jd) == (error == 0), "row %zu, from %s: "
	    "%s", n, from, error == 0 ? "has not come" : "came");
}

/* In the jail wholly, and as a process in its cgroup alone. */
static void
try_rows(const atf_tc_t *tc, const struct row *rows, size_t n)
{
	struct jailed bare;
	struct scene s;
	int peer;

	scene_one_processor();
	scene_init(&s, tc);
	bare = jailed_start_bare(s.b.jd_jid);
	peer = listen_at(s.vn.vn_peer, s.vn.vn_host);
	for (size_t i = 0; i < n; i++) {
		try_row(peer, NULL, &rows[i], i);
		try_row(peer, &s.b, &rows[i], i);
		try_row(peer, &bare, &rows[i], i);
	}
	close(peer);
}

#define UDP	"\0\1\0\11\0\20\0\0"	/* from port 1 to 9 */

VNET_CASE(B6_source_routes_are_not_sent)
{
	static const struct row rows[] = {
		{ AF_INET, 17, 0, "\203\7\4\300\0\2\376\0", 8, UDP, 8,
		    JR_IPOPTION },
		{ AF_INET, 17, 0, "\211\7\4\300\0\2\376\0", 8, UDP, 8,
		    JR_IPOPTION },
		{ AF_INET, 17, 0, "\7\7\4\0\0\0\0\203\3\4\0\0", 12, UDP, 8,
		    JR_IPOPTION },
		{ AF_INET, 17, 0, "\1\1\1\0", 4, UDP, 8, JR_NONE },
		{ AF_INET, 17, 0, "\7\7\4\0\0\0\0\0", 8, UDP, 8, JR_NONE },
		{ AF_INET, 17, 0, "\7\7\10\203\211\203\211\0", 8, UDP, 8,
		    JR_NONE },
		{ AF_INET, 17, 0, "\104\10\11\0\203\211\203\211", 8, UDP, 8,
		    JR_NONE },
		{ AF_INET, 17, 0, "\7\3\4\104\4\5\0\7", 8, UDP, 8,
		    JR_MALFORMED },
	};

	try_rows(tc, rows, NELEMS(rows));
}

VNET_CASE(B7_routing_headers_are_not_sent)
{
	static const struct row rows[] = {
		{ AF_INET6, 43, 0, "", 0, "\21\0\4\0\0\0\0\0" UDP, 16,
		    JR_IPOPTION },
		{ AF_INET6, 60, 0, "", 0, "\53\0\1\4\0\0\0\0\21\0\4\0\0\0\0\0"
		    UDP, 24, JR_IPOPTION },
		{ AF_INET6, 60, 0, "", 0, "\21\0\1\4\0\0\0\0" UDP, 16,
		    JR_NONE },
	};

	try_rows(tc, rows, NELEMS(rows));
}

VNET_CASE(B8_packets_in_packets_are_not_sent)
{
	static const struct row rows[] = {
		{ AF_INET, 4, 0, "", 0, "", 0, JR_RAWPROTO },
		{ AF_INET, 41, 0, "", 0, "", 0, JR_RAWPROTO },
		{ AF_INET, 47, 0, "", 0, "", 0, JR_RAWPROTO },
		{ AF_INET, 50, 0, "", 0, "", 0, JR_RAWPROTO },
		{ AF_INET, 115, 0, "", 0, "", 0, JR_RAWPROTO },
		{ AF_INET, 2, 0, "", 0, "", 0, JR_RAWPROTO },
		{ AF_INET, 89, 0, "", 0, "", 0, JR_RAWPROTO },
		{ AF_INET, 112, 0, "", 0, "", 0, JR_RAWPROTO },
		{ AF_INET, 253, 0, "", 0, "", 0, JR_NONE },
		{ AF_INET, 132, 0, "", 0, "", 0, JR_NONE },
		{ AF_INET6, 4, 0, "", 0, "", 0, JR_RAWPROTO },
		{ AF_INET6, 41, 0, "", 0, "", 0, JR_RAWPROTO },
		{ AF_INET6, 47, 0, "", 0, "", 0, JR_RAWPROTO },
		{ AF_INET6, 0, 0, "", 0, "\57\0\1\4\0\0\0\0", 8,
		    JR_RAWPROTO },
		{ AF_INET6, 89, 0, "", 0, "", 0, JR_RAWPROTO },
		{ AF_INET6, 253, 0, "", 0, "", 0, JR_NONE },
	};

	try_rows(tc, rows, NELEMS(rows));
}

VNET_CASE(B9_messages_of_routers_and_neighbours_are_not_sent)
{
	static const struct row rows[] = {
		{ AF_INET, 1, 0, "", 0, "\5\1\0\0\0\0\0\0", 8, JR_ICMPTYPE },
		{ AF_INET, 1, 0, "", 0, "\11\0\0\0\0\0\0\0", 8, JR_ICMPTYPE },
		{ AF_INET, 1, 0, "", 0, "\3\1\0\0\0\0\0\0", 8, JR_ICMPTYPE },
		{ AF_INET, 1, 0, "", 0, "\0\0\0\0\0\0\0\0", 8, JR_NONE },
		{ AF_INET6, 58, 0, "", 0, "\206\0\0\0\0\0\0\0", 8,
		    JR_ICMPTYPE },
		{ AF_INET6, 58, 0, "", 0, "\207\0\0\0\0\0\0\0", 8,
		    JR_ICMPTYPE },
		{ AF_INET6, 58, 0, "", 0, "\210\0\0\0\0\0\0\0", 8,
		    JR_ICMPTYPE },
		{ AF_INET6, 58, 0, "", 0, "\211\0\0\0\0\0\0\0", 8,
		    JR_ICMPTYPE },
		{ AF_INET6, 58, 0, "", 0, "\217\0\0\0\0\0\0\0", 8,
		    JR_ICMPTYPE },
		{ AF_INET6, 60, 0, "", 0, "\72\0\1\4\0\0\0\0\210\0\0\0\0\0\0\0",
		    16, JR_ICMPTYPE },
		{ AF_INET6, 58, 0, "", 0, "\201\0\0\0\0\0\0\0", 8, JR_NONE },
	};

	try_rows(tc, rows, NELEMS(rows));
}

VNET_CASE(B14_fragments_hide_nothing)
{
	static const struct row rows[] = {
		{ AF_INET, 1, 0x2000, "", 0, "\5\1\0\0\0\0\0\0", 8,
		    JR_ICMPTYPE },
		{ AF_INET, 1, 0x0001, "", 0, "\5\1\0\0\0\0\0\0", 8,
		    JR_FRAGMENT },
		{ AF_INET, 17, 0x0002, "", 0, "", 0, JR_NONE },
		{ AF_INET6, 44, 0, "", 0,
		    "\72\0\0\1\0\0\0\1\210\0\0\0\0\0\0\0", 16, JR_ICMPTYPE },
		{ AF_INET6, 44, 0, "", 0,
		    "\72\0\0\10\0\0\0\1\200\0\0\0\0\0\0\0", 16, JR_FRAGMENT },
		{ AF_INET6, 44, 0, "", 0, "\21\0\0\20\0\0\0\2", 8, JR_NONE },
	};

	try_rows(tc, rows, NELEMS(rows));
}

/* A message from the peer: does a raw socket of the jail hear it? */
static void
hears(const struct scene *s, int af, const char *message, bool want)
{
	const bool ip4 = af == AF_INET;
	const struct row r = { af, ip4 ? 1 : 58, 0, "", 0, message, 8, 0 };
	const char *from = ip4 ? VNET_PEER4 : VNET_PEER6;
	const char *to = ip4 ? B_ADDR4 : B_ADDR6;
	int fd = jailed_socket(&s->b, af, SOCK_RAW, r.proto);
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	struct sent m;

	ATF_REQUIRE_MSG(fd != -1, "%s", errname(errno));
	ATF_REQUIRE_EQ(0, vnet_enter(s->vn.vn_peer));
	sockaddr_of(&m.to, to, 0);
	m.len = build(m.bytes, &r, from, to);
	do_send(&m);
	ATF_REQUIRE_EQ(0, vnet_enter(s->vn.vn_host));
	ATF_REQUIRE_EQ(0, m.error);
	ATF_CHECK_EQ_MSG(want, poll(&pfd, 1, want ? WAIT_MS : 200) == 1,
	    "IPv%d, type %d", ip4 ? 4 : 6, (unsigned char)message[0]);
	close(fd);
}

/* (The checksum of ICMPv6 must be right, so of that one cannot come at all.) */
VNET_CASE(B9_messages_of_routers_are_not_heard)
{
	struct scene s;

	scene_one_processor();
	scene_init(&s, tc);
	hears(&s, AF_INET, "\0\0\0\0\0\0\0\0", true);
	hears(&s, AF_INET, "\3\1\0\0\0\0\0\0", true);
	hears(&s, AF_INET, "\5\1\0\0\0\0\0\0", false);
	hears(&s, AF_INET, "\11\0\0\0\0\0\0\0", false);
}

static void
give(const char *protocols, const char *icmp, const char *icmp6)
{
	ATF_REQUIRE_MSG(jail_setv(JAIL_UPDATE, "name", "b", "raw.protocols",
	    protocols, "raw.icmp_types", icmp, "raw.icmp6_types", icmp6,
	    NULL) > 0, "%s", jail_errmsg);
}

VNET_CASE(B8_B9_policy_is_the_jails_and_can_change)
{
	static const struct row rows[] = {
		{ AF_INET, 47, 0, "", 0, "", 0, JR_NONE },
		{ AF_INET, 132, 0, "", 0, "", 0, JR_RAWPROTO },
		{ AF_INET, 6, 0, "", 0, UDP, 8, JR_RAWPROTO },
		{ AF_INET6, 6, 0, "", 0, UDP, 8, JR_RAWPROTO },
		{ AF_INET, 1, 0, "", 0, "\11\0\0\0\0\0\0\0", 8, JR_NONE },
		{ AF_INET, 1, 0, "", 0, "\10\0\0\0\0\0\0\0", 8, JR_ICMPTYPE },
		{ AF_INET6, 58, 0, "", 0, "\210\0\0\0\0\0\0\0", 8, JR_NONE },
		{ AF_INET6, 58, 0, "", 0, "\200\0\0\0\0\0\0\0", 8,
		    JR_ICMPTYPE },
	};
	struct scene s;
	int peer;

	scene_one_processor();
	scene_init(&s, tc);
	peer = listen_at(s.vn.vn_peer, s.vn.vn_host);
	give("+gre,-132,-tcp", "+9,-8", "+136,-128");
	for (size_t i = 0; i < NELEMS(rows); i++)
		try_row(peer, &s.b, &rows[i], i);
	give("default", "default", "default");
	try_row(peer, &s.b, &(struct row){ AF_INET, 47, 0, "", 0, "", 0,
	    JR_RAWPROTO }, 0);
	close(peer);
	give("default", "+9,-8", "default");
	hears(&s, AF_INET, "\11\0\0\0\0\0\0\0", true);
	hears(&s, AF_INET, "\10\0\0\0\0\0\0\0", false);
}

/* What a message of this type comes to, by a "ping" socket. */
static int
do_ping(void *arg)
{
	struct sent *m = arg;
	const int af = m->to.sa.sa_family;
	int s = socket(af, SOCK_DGRAM, af == AF_INET ? IPPROTO_ICMP :
	    IPPROTO_ICMPV6);

	m->error = s != -1 && bind(s, &m->from.sa, m->fromlen) == 0 &&
	    sendto(s, m->bytes, 8, 0, &m->to.sa, m->fromlen) == 8 ? 0 : errno;
	close(s);
	return (-1);
}

/* (That of IPv6 is not told: ping_v6_sendmsg().) */
static void
ping(const struct jailed *jd, int af, uint8_t type, int reason)
{
	const bool ip4 = af == AF_INET;
	const struct refusal want = { reason, JAIL_DIR_OUT, ip4 ? 4 : 6 };
	const int error = reason != JR_NONE && ip4 ? EPERM : 0;
	uint64_t before = refusals_before(jd, &want);
	struct sent m = { .bytes = { type } };

	sockaddr_of(&m.to, ip4 ? VNET_PEER4 : VNET_PEER6, 0);
	m.fromlen = sockaddr_of(&m.from, ip4 ? B_ADDR4 : B_ADDR6, 0);
	jailed_call(jd, do_ping, &m, sizeof(m));
	ATF_CHECK_MSG(m.error == error, "type %d: %s; should be %s", type,
	    errname(m.error), errname(error));
	ATF_CHECK_MSG(refused_once(jd, &want, before), "type %d: not counted "
	    "as reason %d", type, reason);
}

VNET_CASE(B9_ping_sockets_have_the_same_policy)
{
	struct jailed bare;
	struct scene s;

	scene_init(&s, tc);
	write_sysctl("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
	bare = jailed_start_bare(s.b.jd_jid);
	ping(&bare, AF_INET, 8, JR_NONE);
	ping(&bare, AF_INET, 42, JR_ICMPTYPE);	/* RFC 8335 */
	ping(&bare, AF_INET6, 128, JR_NONE);
	ping(&bare, AF_INET6, 160, JR_ICMPTYPE);
	give("default", "13", "none");
	ping(&bare, AF_INET, 8, JR_ICMPTYPE);
	ping(&bare, AF_INET6, 128, JR_ICMPTYPE);
	give("none", "default", "default");
	ping(&bare, AF_INET, 8, JR_RAWPROTO);
	ping(&bare, AF_INET6, 128, JR_RAWPROTO);
}

/* It is about what a program chooses, not what its socket is. */
VNET_CASE(sockets_that_are_not_raw_have_no_policy)
{
	union sockaddrs to;
	struct scene s;
	int fd;

	scene_init(&s, tc);
	give("none", "none", "none");
	fd = jailed_socket(&s.b, AF_INET, SOCK_DGRAM, 0);
	ATF_REQUIRE(fd != -1);
	sockaddr_of(&to, VNET_PEER4, PORT);
	ATF_CHECK_EQ_MSG(1, sendto(fd, "n", 1, 0, &to.sa, sizeof(to.sin)),
	    "%s", errname(errno));
	close(fd);
}

/* An option of a socket that is not raw. */
static int
do_options(void *arg)
{
	static const uint8_t lsrr[] = { 1, 131, 7, 4, 192, 0, 2, 254 };
	struct sent *m = arg;
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	m->error = setsockopt(s, IPPROTO_IP, IP_OPTIONS, lsrr,
	    sizeof(lsrr)) != 0 ? -1 : sendto(s, "x", 1, 0, &m->to.sa,
	    sizeof(m->to.sin)) == 1 ? 0 : errno;
	close(s);
	return (-1);
}

VNET_CASE(B6_datagrams_take_no_source_route)
{
	const struct refusal want = { JR_IPOPTION, JAIL_DIR_OUT, 4 };
	struct scene s;
	struct sent m;
	uint64_t before;

	scene_init(&s, tc);
	sockaddr_of(&m.to, VNET_PEER4, PORT);
	do_options(&m);
	ATF_CHECK_EQ_MSG(0, m.error, "%s", errname(m.error));
	before = refusals_before(&s.b, &want);
	jailed_call(&s.b, do_options, &m, sizeof(m));
	ATF_CHECK_STREQ("EPERM", errname(m.error));
	ATF_CHECK(refused_once(&s.b, &want, before));
}

/* An option of a raw socket that needs no other capability. */
struct wish {
	int af, proto, name, value, error;
};

static int
do_wish(void *arg)
{
	struct wish *w = arg;
	int s = socket(w->af, SOCK_RAW, w->proto);

	w->error = s != -1 && setsockopt(s, w->af == AF_INET ? IPPROTO_IP :
	    IPPROTO_IPV6, w->name, &w->value, sizeof(w->value)) == 0 ? 0 :
	    errno;
	close(s);
	return (-1);
}

/* The multicast router, and who is given what bears a router alert. */
VNET_CASE(jail_is_no_router)
{
	static const struct wish wishes[] = {
		{ AF_INET, IPPROTO_IGMP, 200 /* MRT_INIT */, 1, 0 },
		{ AF_INET6, IPPROTO_ICMPV6, 200 /* MRT6_INIT */, 1, 0 },
		{ AF_INET, IPPROTO_ICMP, IP_ROUTER_ALERT, 1, 0 },
		{ AF_INET6, IPPROTO_RAW, IPV6_ROUTER_ALERT, 0, 0 },
	};
	struct jailed bare;
	struct scene s;

	scene_init(&s, tc);
	bare = jailed_start_bare(s.b.jd_jid);
	for (size_t i = 0; i < NELEMS(wishes); i++) {
		struct wish w = wishes[i];

		do_wish(&w);
		ATF_CHECK_EQ_MSG(0, w.error, "host, row %zu", i);
		jailed_call(&s.b, do_wish, &w, sizeof(w));
		ATF_CHECK_EQ_MSG(EPERM, w.error, "row %zu", i);
		jailed_call(&bare, do_wish, &w, sizeof(w));
		ATF_CHECK_EQ_MSG(EPERM, w.error, "bare, row %zu", i);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, B6_source_routes_are_not_sent);
	ATF_TP_ADD_TC(tp, B6_datagrams_take_no_source_route);
	ATF_TP_ADD_TC(tp, B7_routing_headers_are_not_sent);
	ATF_TP_ADD_TC(tp, B8_packets_in_packets_are_not_sent);
	ATF_TP_ADD_TC(tp,
	    B9_messages_of_routers_and_neighbours_are_not_sent);
	ATF_TP_ADD_TC(tp, B9_messages_of_routers_are_not_heard);
	ATF_TP_ADD_TC(tp, B8_B9_policy_is_the_jails_and_can_change);
	ATF_TP_ADD_TC(tp, B9_ping_sockets_have_the_same_policy);
	ATF_TP_ADD_TC(tp, sockets_that_are_not_raw_have_no_policy);
	ATF_TP_ADD_TC(tp, B14_fragments_hide_nothing);
	ATF_TP_ADD_TC(tp, jail_is_no_router);
	return (atf_no_error());
}
