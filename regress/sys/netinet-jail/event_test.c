/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What events tell: each reason is brought about by a real call or packet, and
 * the event of it must say so, with addresses, ports and process. The socket
 * must know the reason, too.
 */

#include <sys/socket.h>

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>
#include <jail.h>

#include "deed.h"
#include "errname.h"

#define WAIT_MS	5000
#define OWN4	"192.0.2.13"

static void
end_text(bool is, const struct jail_in6 *addr, uint16_t port, char *text,
    size_t size)
{
	char name[INET6_ADDRSTRLEN] = "-";

	if (is)
		inet_ntop(AF_INET6, addr, name, sizeof(name));
	snprintf(text, size, "%s/%u", name, port);
}

/* All that there is in an event but its time, and the name of the process. */
static const char *
event_text(const struct jail_event *e, const struct jailed *jd)
{
	static const char *const dirs[] = { "call", "out", "in" };
	static char text[256];
	char src[64], dst[64], proto[8] = "-", what[32] = "-";

	end_text(e->je_has & JE_SRC, &e->je_src, e->je_sport, src,
	    sizeof(src));
	end_text(e->je_has & JE_DST, &e->je_dst, e->je_dport, dst,
	    sizeof(dst));
	if (e->je_has & JE_PROTO)
		snprintf(proto, sizeof(proto), "%u", e->je_proto);
	if (e->je_has & (JE_ICMP | JE_DEVICE | JE_OPTION))
		snprintf(what, sizeof(what), "%c%u,%u",
		    e->je_has & JE_ICMP ? 'i' : e->je_has & JE_DEVICE ? 'd' :
		    'o', e->je_what[0], e->je_what[1]);
	snprintf(text, sizeof(text), "%u %s %u %s %s %s %s %s", e->je_reason,
	    dirs[e->je_dir], e->je_family, proto, src, dst, what,
	    e->je_pid == 0 ? "nobody" : (pid_t)e->je_pid == jd->jd_pid ?
	    "it" : "another");
	return (text);
}

static struct jail_events *
events(void)
{
	struct jail_events *ev = jail_events_open();

	ATF_REQUIRE_MSG(ev != NULL, "%s", jail_errmsg);
	return (ev);
}

/* The next event of that jail. */
static const char *
next_event(struct jail_events *ev, const struct jailed *jd)
{
	struct pollfd pfd = { .fd = jail_events_fd(ev), .events = POLLIN };
	struct jail_event e;
	int found;

	for (;;) {
		while ((found = jail_events_read(ev, &e)) == 1) {
			if (e.je_jid == (uint32_t)jd->jd_jid)
				return (event_text(&e, jd));
		}
		ATF_REQUIRE_MSG(found == 0, "%s", jail_errmsg);
		if (poll(&pfd, 1, WAIT_MS) != 1)
			return ("nothing");
	}
}

/* A deed, and the event of it. */
struct row {
	struct deed d;
	const char *event;
};

static void
try_row(struct jail_events *ev, const struct jailed *jd, const struct row *r)
{
	const struct attempt at = attempt(jd, &r->d);
	const char *got = next_event(ev, jd);

	ATF_CHECK_MSG(strcmp(got, r->event) == 0, "want %s\n got %s (%s)",
	    r->event, got, errname(at.error));
	if (r->d.kind == SOCKET || r->d.kind >= DEVICE || r->d.kind == OPTION ||
	    r->d.kind == JOIN)
		return;
	ATF_CHECK_MSG(at.reason == atoi(r->event), "%s: the socket says %d",
	    r->event, at.reason);
	ATF_CHECK_EQ(JR_NONE, at.again);
}

static void
try_rows(const struct jailed *jd, const struct row *rows, size_t n)
{
	struct jail_events *ev = events();

	for (size_t i = 0; i < n; i++)
		try_row(ev, jd, &rows[i]);
	jail_events_close(ev);
}

#define MAP	"::ffff:"

VNET_CASE(calls_tell_what_address_they_named)
{
	static const struct row rows[] = {
		{ { .kind = BIND, .af = AF_INET, .type = SOCK_STREAM,
		    .addr = VNET_HOST4, .port = PORT },
		    "3 call 4 6 " MAP VNET_HOST4 "/7200 -/0 - it" },
		{ { .kind = BIND, .af = AF_INET6, .type = SOCK_DGRAM,
		    .addr = VNET_HOST6, .port = PORT },
		    "3 call 6 17 " VNET_HOST6 "/7200 -/0 - it" },
		{ { .kind = BIND, .af = AF_INET6, .type = SOCK_STREAM,
		    .addr = MAP VNET_HOST4, .port = PORT },
		    "3 call 6 6 " MAP VNET_HOST4 "/7200 -/0 - it" },
		{ { .kind = NAMED, .af = AF_INET, .type = SOCK_DGRAM,
		    .addr = VNET_HOST4 }, "3 call 4 17 " MAP VNET_HOST4
		    "/7200 " MAP VNET_PEER4 "/7200 - it" },
		{ { .kind = CONNECT, .af = AF_INET, .type = SOCK_STREAM,
		    .addr = "127.0.0.2", .port = 9 }, "6 call 4 6 " MAP
		    "0.0.0.0/0 " MAP "127.0.0.2/9 - it" },
		{ { .kind = CONNECT, .af = AF_INET6, .type = SOCK_DGRAM,
		    .addr = MAP "127.0.0.2", .port = 9 }, "6 call 6 17 ::/0 "
		    MAP "127.0.0.2/9 - it" },
		{ { .kind = OPTION, .af = AF_INET, .type = SOCK_DGRAM,
		    .level = SOL_SOCKET, .name = SO_MARK },
		    "16 call 0 - -/0 -/0 o1,36 it" },
	};
	struct scene s;

	scene_init(&s, tc);
	try_rows(&s.a, rows, NELEMS(rows));
}

/* (In the jail wholly, other layers refuse these first.) */
VNET_CASE(calls_of_a_bare_process_tell_the_rest)
{
	static const struct row rows[] = {
		{ { .kind = SOCKET, .af = AF_INET6, .type = SOCK_DGRAM },
		    "2 call 6 17 -/0 -/0 - it" },
		{ { .kind = SOCKET, .af = AF_INET, .type = SOCK_RAW,
		    .proto = IPPROTO_ICMP }, "7 call 4 1 -/0 -/0 - it" },
		{ { .kind = SOCKET, .af = AF_INET, .type = SOCK_STREAM,
		    .proto = IPPROTO_MPTCP }, "8 call 4 262 -/0 -/0 - it" },
		{ { .kind = BIND, .af = AF_INET, .type = SOCK_STREAM,
		    .addr = B_ADDR4, .port = 80 },
		    "9 call 4 6 " MAP B_ADDR4 "/80 -/0 - it" },
		{ { .kind = DEVICE }, "11 call 0 - -/0 -/0 d1,11 it" },
		{ { .kind = WRITE }, "12 call 0 - -/0 -/0 - it" },
	};
	struct jailed shut;
	struct scene s;

	scene_init(&s, tc);
	jailed_stop(&s.b);
	ATF_REQUIRE_EQ(0, jail_remove(s.b.jd_jid));
	shut = scene_jail("shut", B_ADDR4, NULL, "allow.noreserved_ports");
	shut = jailed_start_bare(shut.jd_jid);
	try_rows(&shut, rows, NELEMS(rows));
}

#define RAW(fam, p, src, bytes)						\
	.kind = PACKET, .af = fam, .type = SOCK_RAW,			\
	.proto = IPPROTO_RAW, .ipproto = p, .addr = src, .rest = bytes,	\
	.len = sizeof(bytes) - 1
#define UDP	"\34\40\0\11\0\10\0\0"	/* from port 7200 to 9 */
#define TO4	MAP VNET_PEER4
#define DEEP	"\74\0\1\4\0\0\0\0"	/* destination options, again */

VNET_CASE(packets_out_tell_their_headers)
{
	static const struct row rows[] = {
		{ { RAW(AF_INET, 17, VNET_HOST4, UDP) }, "4 out 4 17 " MAP
		    VNET_HOST4 "/7200 " TO4 "/9 - it" },
		{ { RAW(AF_INET6, 17, VNET_HOST6, UDP) }, "4 out 6 17 "
		    VNET_HOST6 "/7200 " VNET_PEER6 "/9 - it" },
		{ { RAW(AF_INET, 1, VNET_HOST4, "\10\0\0\0\0\0\0\0") },
		    "4 out 4 1 " MAP VNET_HOST4 "/0 " TO4 "/0 i8,0 it" },
		{ { RAW(AF_INET, 1, B_ADDR4, "") },
		    "10 out 4 1 " MAP B_ADDR4 "/0 " TO4 "/0 - it" },
		{ { RAW(AF_INET6, 60, B_ADDR6, DEEP DEEP DEEP DEEP DEEP DEEP
		    DEEP DEEP DEEP DEEP) },
		    "10 out 6 60 " B_ADDR6 "/0 " VNET_PEER6 "/0 - it" },
		{ { RAW(AF_INET, 47, B_ADDR4, "\0\0\0\0") },
		    "18 out 4 47 " MAP B_ADDR4 "/0 " TO4 "/0 - it" },
		{ { RAW(AF_INET, 1, B_ADDR4, "\5\1\0\0\0\0\0\0") },
		    "19 out 4 1 " MAP B_ADDR4 "/0 " TO4 "/0 i5,1 it" },
		{ { RAW(AF_INET6, 58, B_ADDR6, "\210\0\0\0\0\0\0\0") },
		    "19 out 6 58 " B_ADDR6 "/0 " VNET_PEER6
		    "/0 i136,0 it" },
		{ { RAW(AF_INET6, 43, B_ADDR6, "\21\0\4\0\0\0\0\0" UDP) },
		    "20 out 6 43 " B_ADDR6 "/0 " VNET_PEER6 "/0 - it" },
		{ { RAW(AF_INET, 1, B_ADDR4, "\5\1\0\0\0\0\0\0"),
		    .frag = 1 }, "21 out 4 1 " MAP B_ADDR4 "/0 " TO4
		    "/0 - it" },
	};
	struct scene s;

	scene_init(&s, tc);
	try_rows(&s.b, rows, NELEMS(rows));
}

/* A raw socket would hear what is for all of the host. */
VNET_CASE(packets_in_tell_of_nobody)
{
	struct jail_events *ev;
	union sockaddrs to;
	struct scene s;
	int raw, udp;

	scene_init(&s, tc);
	s.a = jailed_start_bare(s.a.jd_jid);
	raw = jailed_socket(&s.a, AF_INET, SOCK_RAW, IPPROTO_UDP);
	ATF_REQUIRE_MSG(raw != -1, "%s", errname(errno));
	ev = events();
	ATF_REQUIRE_EQ(0, vnet_enter(s.vn.vn_peer));
	udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ATF_REQUIRE_EQ(0, bind(udp, &to.sa, sockaddr_of(&to, VNET_PEER4,
	    PORT)));
	sendto(udp, "x", 1, 0, &to.sa, sockaddr_of(&to, VNET_HOST4, 9));
	ATF_REQUIRE_EQ(0, vnet_enter(s.vn.vn_host));
	ATF_CHECK_STREQ("5 in 4 17 " TO4 "/7200 " MAP VNET_HOST4 "/9 - nobody",
	    next_event(ev, &s.a));
	ATF_CHECK_EQ(JR_NONE, jail_reason(raw));
	jail_events_close(ev);
	close(udp);
	close(raw);
}

/* From the peer, at a port of its own, to where the jail does not listen. */
static void
knock(const struct vnet *vn, int type, const char *from, const char *to,
    uint16_t port)
{
	union sockaddrs sa;
	int one = 1, s;

	ATF_REQUIRE_EQ(0, vnet_enter(vn->vn_peer));
	s = socket(strchr(to, ':') != NULL ? AF_INET6 : AF_INET, type |
	    SOCK_CLOEXEC, 0);
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	ATF_REQUIRE_EQ(0, bind(s, &sa.sa, sockaddr_of(&sa, from, 7201)));
	ATF_CHECK_EQ(type == SOCK_STREAM ? -1 : 0, connect(s, &sa.sa,
	    sockaddr_of(&sa, to, port)));
	if (type == SOCK_DGRAM)
		ATF_CHECK_EQ(1, send(s, "x", 1, 0));
	close(s);
	ATF_REQUIRE_EQ(0, vnet_enter(vn->vn_host));
}

/* A server of the host, at all addresses. */
static int
host_serves(int type)
{
	union sockaddrs sa;
	int s = socket(AF_INET6, type | SOCK_CLOEXEC, 0);

	ATF_REQUIRE_EQ(0, bind(s, &sa.sa, sockaddr_of(&sa, "::", PORT)));
	ATF_REQUIRE(type == SOCK_DGRAM || listen(s, 1) == 0);
	return (s);
}

VNET_CASE(packet_that_nobody_in_the_jail_wants_is_told)
{
	int tcp, udp;
	struct jail_events *ev;
	struct scene s;

	scene_init(&s, tc);
	tcp = host_serves(SOCK_STREAM);
	udp = host_serves(SOCK_DGRAM);
	ev = events();
	knock(&s.vn, SOCK_STREAM, VNET_PEER4, A_FIRST4, PORT);
	ATF_CHECK_STREQ("22 in 4 6 " TO4 "/7201 " MAP A_FIRST4
	    "/7200 - nobody", next_event(ev, &s.a));
	knock(&s.vn, SOCK_DGRAM, VNET_PEER6, A_FIRST6, PORT);
	ATF_CHECK_STREQ("22 in 6 17 " VNET_PEER6 "/7201 " A_FIRST6
	    "/7200 - nobody", next_event(ev, &s.a));
	ATF_CHECK_EQ(1, jailed_refusals(s.a.jd_jid, JR_NOLISTENER,
	    JAIL_DIR_IN, 6));
	jail_events_close(ev);
	close(tcp);
	close(udp);
}

/*
 * A socket of the jail that the kernel, too, has at all addresses; the host
 * takes one of them for the same port.
 */
VNET_CASE(datagram_that_another_would_get_is_told)
{
	struct jail_events *ev;
	char want[128];
	union sockaddrs sa;
	struct scene s;
	socklen_t len = sizeof(sa);
	int host, jail, one = 1;
	uint16_t port;

	scene_init(&s, tc);
	jail = jailed_socket(&s.a, AF_INET6, SOCK_DGRAM, 0);
	setsockopt(jail, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	ATF_REQUIRE_EQ(0, bind(jail, &sa.sa, sockaddr_of(&sa, "::", 0)));
	ATF_REQUIRE_EQ(0, getsockname(jail, &sa.sa, &len));
	port = ntohs(sa.sin6.sin6_port);
	host = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	setsockopt(host, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	ATF_REQUIRE_EQ(0, bind(host, &sa.sa, sockaddr_of(&sa, A_FIRST4,
	    port)));
	ev = events();
	knock(&s.vn, SOCK_DGRAM, VNET_PEER4, A_FIRST4, port);
	snprintf(want, sizeof(want), "22 in 4 17 " TO4 "/7201 " MAP A_FIRST4
	    "/%u - nobody", port);
	ATF_CHECK_STREQ(want, next_event(ev, &s.a));
	jail_events_close(ev);
	close(host);
	close(jail);
}

VNET_CASE(group_too_many_is_told)
{
	static const struct row row = { { .kind = JOIN, .af = AF_INET,
		.type = SOCK_DGRAM }, "15 call 0 - -/0 -/0 o0,35 it" };
	struct jailed m;
	struct scene s;

	scene_init(&s, tc);
	m = scene_jail("m", OWN4, NULL, "allow.multicast");
	try_rows(&m, &row, 1);
}

static int
do_link(void *arg)
{
	static const char packet[] = "\x45\0\0\x1c\0\0\0\0\x9\x11\0\0"
	    "\xc0\0\2\1\xc0\0\2\xfe" "\x1c\x20\0\11\0\10\0\0";
	struct sockaddr_ll *sll = arg;
	int s = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_IP));

	sendto(s, packet, sizeof(packet) - 1, 0, (struct sockaddr *)sll,
	    sizeof(*sll));
	close(s);
	return (-1);
}

VNET_CASE(packet_of_a_packet_socket_is_told)
{
	struct sockaddr_ll sll = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP), .sll_halen = ETH_ALEN,
		.sll_addr = { 2, 0, 0, 0, 0, 1 } };
	struct jail_events *ev;
	struct jailed c;
	struct scene s;

	scene_init(&s, tc);
	vnet_needs("tcx");
	c = scene_jail("c", OWN4, NULL, "allow.packet_capture");
	sll.sll_ifindex = if_nametoindex(s.vn.vn_hostif);
	ev = events();
	jailed_call(&c, do_link, &sll, sizeof(sll));
	ATF_CHECK_STREQ("17 out 0 17 " MAP VNET_HOST4 "/7200 " TO4 "/9 - it",
	    next_event(ev, &c));
	jail_events_close(ev);
}

/* Its jail is 0, as there is none any more. */
VNET_CASE(socket_that_outlives_its_jail_is_told_of)
{
	static const struct deed echo = { RAW(AF_INET, 1, B_ADDR4,
		"\10\0\0\0\0\0\0\0") };
	struct jailed gone = { 0 };
	struct attempt at = { .d = echo, .addr = B_ADDR4 };
	struct jail_events *ev;
	struct scene s;
	int raw;

	scene_init(&s, tc);
	raw = jailed_socket(&s.b, AF_INET, SOCK_RAW, IPPROTO_RAW);
	ATF_REQUIRE_MSG(raw != -1, "%s", errname(errno));
	jailed_stop(&s.b);
	ATF_REQUIRE_EQ(0, jail_remove(s.b.jd_jid));
	ev = events();
	memcpy(at.rest, echo.rest, echo.len);
	ATF_CHECK_EQ(-1, send_packet(&at, raw));
	ATF_CHECK_STREQ("1 out 4 1 " MAP B_ADDR4 "/0 " TO4 "/0 i8,0 nobody",
	    next_event(ev, &gone));
	ATF_CHECK_EQ(JR_NOPRISON, jail_reason(raw));
	jail_events_close(ev);
	close(raw);
}

/* The same where no packet is sent. */
VNET_CASE(call_by_a_socket_that_outlives_its_jail_is_told_of)
{
	struct jailed here = { .jd_pid = getpid() };
	struct jail_events *ev;
	union sockaddrs sa;
	struct scene s;
	socklen_t len;
	int udp;

	scene_init(&s, tc);
	len = sockaddr_of(&sa, B_ADDR6, PORT);
	udp = jailed_socket(&s.b, AF_INET6, SOCK_DGRAM, 0);
	ATF_REQUIRE_MSG(udp != -1, "%s", errname(errno));
	jailed_stop(&s.b);
	ATF_REQUIRE_EQ(0, jail_remove(s.b.jd_jid));
	ev = events();
	ATF_CHECK_ERRNO(EPERM, bind(udp, &sa.sa, len) == -1);
	ATF_CHECK_STREQ("13 call 6 17 " B_ADDR6 "/7200 -/0 - it",
	    next_event(ev, &here));
	ATF_CHECK_EQ(JR_FOREIGNSOCK, jail_reason(udp));
	jail_events_close(ev);
	close(udp);
}

struct query {
	int type, size, error;
	socklen_t len;
};

static int
do_query(void *arg)
{
	struct query *q = arg;
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char big[65536];

	q->len = sizeof(q->type);
	q->error = getsockopt(s, SOL_SOCKET, SO_TYPE, &q->type, &q->len);
	q->len = sizeof(big);
	if (q->error == 0)
		q->error = getsockopt(s, IPPROTO_TCP, 11, big, &q->len);
	close(s);
	return (-1);
}

VNET_CASE(other_options_are_the_kernels)
{
	struct query q = { 0 };
	struct scene s;
	int reason, sock;
	socklen_t len = sizeof(reason);

	scene_init(&s, tc);
	jailed_call(&s.a, do_query, &q, sizeof(q));
	ATF_CHECK_EQ(0, q.error);
	ATF_CHECK_EQ(SOCK_STREAM, q.type);
	ATF_CHECK(q.len > 100 && q.len < 4096);
	sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ATF_CHECK_EQ(-1, getsockopt(sock, SOL_SOCKET, JAIL_SO_REASON, &reason,
	    &len));
	ATF_CHECK_STREQ("ENOPROTOOPT", errname(errno));
	ATF_CHECK_EQ(JR_NONE, jail_reason(sock));
	close(sock);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, calls_of_a_bare_process_tell_the_rest);
	ATF_TP_ADD_TC(tp, calls_tell_what_address_they_named);
	ATF_TP_ADD_TC(tp, datagram_that_another_would_get_is_told);
	ATF_TP_ADD_TC(tp, group_too_many_is_told);
	ATF_TP_ADD_TC(tp, other_options_are_the_kernels);
	ATF_TP_ADD_TC(tp, packet_of_a_packet_socket_is_told);
	ATF_TP_ADD_TC(tp, packet_that_nobody_in_the_jail_wants_is_told);
	ATF_TP_ADD_TC(tp, packets_in_tell_of_nobody);
	ATF_TP_ADD_TC(tp, packets_out_tell_their_headers);
	ATF_TP_ADD_TC(tp, call_by_a_socket_that_outlives_its_jail_is_told_of);
	ATF_TP_ADD_TC(tp, socket_that_outlives_its_jail_is_told_of);
	return (atf_no_error());
}
