/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What a hook does not see, or sees in another form: what the kernel sends by
 * itself for a jail, what it cuts into packets later, what it takes before a
 * packet is judged; by their numbers in the table of attacks.
 */

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>

#include <errno.h>
#include <libnet.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "attempt.h"
#include "errname.h"
#include "server.h"

#define SERVICE		7100
#define CLOSED		7101	/* nobody is there */
#define MARKER		7199	/* what ends a look at the wire */
#define WAIT_MS		10000
#define ETHER_HDR	14
#define PIECE		8	/* bytes of a segment */
#define PIECES		4
#define ESPINUDP	2	/* UDP_ENCAP_ESPINUDP, <linux/udp.h> */

/* Jail A's address that is not its primary one, the peer's, and another's. */
static const struct side {
	int af;
	const char *own, *first, *peer, *other;
} sides[] = {
	{ AF_INET, A_SECOND4, A_FIRST4, VNET_PEER4, B_ADDR4 },
	{ AF_INET6, A_SECOND6, A_FIRST6, VNET_PEER6, B_ADDR6 },
};

/* Packets that the peer gets, of the kind that a filter describes. */
struct tap {
	pcap_t *pcap;
	const struct side *side;
	int own, others;	/* by their source */
	bool done;		/* the marker was seen */
};

static struct tap
tap_open(const struct vnet *vn, const struct side *side, const char *kind)
{
	struct tap t = { .side = side };
	char errbuf[PCAP_ERRBUF_SIZE], text[256];
	struct bpf_program filter;

	snprintf(text, sizeof(text), "%s and (%s or udp dst port %d)",
	    side->af == AF_INET ? "ip" : "ip6", kind, MARKER);
	ATF_REQUIRE_EQ(0, vnet_enter(vn->vn_peer));
	t.pcap = pcap_create(vn->vn_peerif, errbuf);
	if (t.pcap == NULL || pcap_set_immediate_mode(t.pcap, 1) != 0 ||
	    pcap_activate(t.pcap) != 0 ||
	    pcap_setnonblock(t.pcap, 1, errbuf) != 0 ||
	    pcap_compile(t.pcap, &filter, text, 1, PCAP_NETMASK_UNKNOWN) != 0 ||
	    pcap_setfilter(t.pcap, &filter) != 0 ||
	    pcap_setdirection(t.pcap, PCAP_D_IN) != 0)
		atf_tc_fail("pcap of %s: %s", text, t.pcap != NULL ?
		    pcap_geterr(t.pcap) : errbuf);
	pcap_freecode(&filter);
	ATF_REQUIRE_EQ(0, vnet_enter(vn->vn_host));
	return (t);
}

static void
on_frame(u_char *arg, const struct pcap_pkthdr *hdr, const u_char *frame)
{
	struct tap *t = (struct tap *)(void *)arg;
	bool ip6 = t->side->af == AF_INET6;
	const u_char *ip = frame + ETHER_HDR;
	const u_char *udp = ip + (ip6 ? 40 : 20);	/* no options */
	char src[INET6_ADDRSTRLEN];

	if (hdr->caplen < (size_t)(udp + 4 - frame))
		return;
	if (ip[ip6 ? 6 : 9] == IPPROTO_UDP &&
	    (udp[2] << 8 | udp[3]) == MARKER) {
		t->done = true;
		return;
	}
	inet_ntop(t->side->af, ip + (ip6 ? 8 : 12), src, sizeof(src));
	if (strcmp(src, t->side->own) == 0)
		t->own++;
	else
		t->others++;
}

/* Some has come from the host so far, and all from the address. */
static void
tap_expect(struct tap *t, const char *what)
{
	union sockaddrs sa;
	socklen_t len = sockaddr_of(&sa, t->side->peer, MARKER);
	int s = socket(t->side->af, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct pollfd pfd = { .events = POLLIN };

	ATF_REQUIRE_EQ(32, sendto(s, (char [32]){ 0 }, 32, 0, &sa.sa, len));
	close(s);
	pfd.fd = pcap_get_selectable_fd(t->pcap);
	while (!t->done) {
		if (poll(&pfd, 1, WAIT_MS) != 1)
			atf_tc_fail("%s: no marker came", what);
		pcap_dispatch(t->pcap, -1, on_frame, (u_char *)t);
	}
	ATF_CHECK_MSG(t->own > 0 && t->others == 0, "%s: %d from %s, %d from "
	    "elsewhere", what, t->own, t->side->own, t->others);
	pcap_close(t->pcap);
}

/* A filter's words for TCP with some flags, of which mask are looked at. */
static const char *
segments(const struct side *side, int mask, int flags)
{
	static char text[128];

	if (side->af == AF_INET)
		snprintf(text, sizeof(text), "tcp[13] & %d == %d", mask,
		    flags);
	else
		snprintf(text, sizeof(text), "ip6[6] == 6 and ip6[53] & %d == "
		    "%d", mask, flags);
	return (text);
}

static void
begin(struct scene *s, const atf_tc_t *tc)
{
	scene_one_processor();
	server_init(s, tc);
}

VNET_CASE(B16_nobody_listens_is_told_by_the_address_dialled)
{
	const struct side *side;
	struct scene s;
	struct tap t;

	begin(&s, tc);
	for (side = sides; side < sides + NELEMS(sides); side++) {
		t = tap_open(&s.vn, side, segments(side, TH_RST, TH_RST));
		dial_error(&s.vn, SOCK_STREAM, side->own, CLOSED,
		    ECONNREFUSED);
		tap_expect(&t, "reset");
		t = tap_open(&s.vn, side, side->af == AF_INET ?
		    "icmp[0] == 3" : "icmp6 and ip6[40] == 1");
		dial_error(&s.vn, SOCK_DGRAM, side->own, CLOSED, ECONNREFUSED);
		tap_expect(&t, "unreachable");
	}
}

VNET_CASE(B16_syn_cookie_is_of_the_address_dialled)
{
	const int flags = TH_SYN | TH_ACK;
	const struct side *side;
	int conn, server;
	struct scene s;
	struct tap t;

	begin(&s, tc);
	write_sysctl("/proc/sys/net/ipv4/tcp_syncookies", "2");
	for (side = sides; side < sides + NELEMS(sides); side++) {
		server = server_start(&s.a, SOCK_STREAM, SV_LISTEN |
		    SV_V6ONLY * (side->af == AF_INET6),
		    side->af == AF_INET ? "0.0.0.0" : "::", SERVICE);
		t = tap_open(&s.vn, side, segments(side, flags, flags));
		conn = dial_expect(&s.vn, SOCK_STREAM, side->own, SERVICE,
		    &server, 1, 0);
		tap_expect(&t, "answer with a cookie");
		close(conn);
		close(server);
	}
}

/* A segment from the peer that does not belong to the connection any more. */
static void
send_stray(const struct vnet *vn, const struct side *side, uint16_t sport)
{
	const uint32_t len = LIBNET_TCP_H;
	struct libnet_in6_addr src6 = { 0 }, dst6 = { 0 };
	char errbuf[LIBNET_ERRBUF_SIZE];
	in_addr_t src4 = 0, dst4 = 0;
	libnet_t *l;

	ATF_REQUIRE_EQ(0, vnet_enter(vn->vn_peer));
	l = libnet_init(side->af == AF_INET ? LIBNET_RAW4 : LIBNET_RAW6,
	    NULL, errbuf);
	ATF_REQUIRE_MSG(l != NULL, "%s", errbuf);
	ATF_REQUIRE(libnet_build_tcp(sport, SERVICE, 1, 1, TH_ACK, 1024, 0, 0,
	    len, NULL, 0, l, 0) != -1);
	if (side->af == AF_INET) {
		inet_pton(AF_INET, side->peer, &src4);
		inet_pton(AF_INET, side->own, &dst4);
		ATF_REQUIRE(libnet_build_ipv4(LIBNET_IPV4_H + len, 0, 1, 0, 64,
		    IPPROTO_TCP, 0, src4, dst4, NULL, 0, l, 0) != -1);
	} else {
		inet_pton(AF_INET6, side->peer, &src6);
		inet_pton(AF_INET6, side->own, &dst6);
		ATF_REQUIRE(libnet_build_ipv6(0, 0, len, IPPROTO_TCP, 64, src6,
		    dst6, NULL, 0, l, 0) != -1);
	}
	ATF_REQUIRE_MSG(libnet_write(l) != -1, "%s", libnet_geterror(l));
	libnet_destroy(l);
	ATF_REQUIRE_EQ(0, vnet_enter(vn->vn_host));
}

/* The jail closes first; returns the peer's port. */
static uint16_t
hang_up(const struct scene *s, const struct side *side)
{
	int conn, dialled, server;
	uint16_t port;
	char byte;

	server = server_start(&s->a, SOCK_STREAM, SV_LISTEN, side->own,
	    SERVICE);
	dialled = peer_dials(&s->vn, SOCK_STREAM, side->own, SERVICE);
	ATF_REQUIRE(dialled != -1);
	ATF_REQUIRE_EQ(0, ready_one(&server, 1));
	conn = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	port = name_port(dialled);
	close(conn);
	ATF_CHECK_EQ(0, recv(dialled, &byte, 1, 0));
	close(dialled);
	close(server);
	return (port);
}

VNET_CASE(B16_connection_that_is_over_answers_by_its_address)
{
	const int mask = TH_SYN | TH_ACK | TH_FIN | TH_RST;
	const struct side *side;
	struct scene s;
	uint16_t port;
	struct tap t;

	begin(&s, tc);
	for (side = sides; side < sides + NELEMS(sides); side++) {
		port = hang_up(&s, side);
		t = tap_open(&s.vn, side, segments(side, mask, TH_ACK));
		send_stray(&s.vn, side, port);
		tap_expect(&t, "answer to a stray segment");
	}
}

/* A datagram to be cut into pieces by the kernel; src says from where. */
struct cut {
	union sockaddrs to, src;
	socklen_t tolen;
	int error;
};

static int
do_cut(void *arg)
{
	struct cut *c = arg;
	char data[PIECE * PIECES] = { 0 };
	struct iovec iov = { data, sizeof(data) };
	struct msghdr msg = { .msg_name = &c->to, .msg_namelen = c->tolen,
		.msg_iov = &iov, .msg_iovlen = 1 };
	int s = socket(c->to.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	union source ctl;
	int piece = PIECE;

	name_source(&msg, &ctl, &c->src);
	c->error = 0;
	if (setsockopt(s, IPPROTO_UDP, UDP_SEGMENT, &piece,
	    sizeof(piece)) == -1 || sendmsg(s, &msg, 0) == -1)
		c->error = errno;
	close(s);
	return (-1);
}

/* What comes of pieces that are sent from that address. */
static void
send_pieces(const struct scene *s, const struct side *side, const char *src,
    int sink, int error)
{
	struct cut c = { 0 };
	union sockaddrs from;
	int n = 0;

	c.tolen = sockaddr_of(&c.to, side->peer, SERVICE);
	sockaddr_of(&c.src, src, 0);
	jailed_call(&s->a, do_cut, &c, sizeof(c));
	ATF_CHECK_MSG(c.error == error, "from %s: %s; should be %s", src,
	    errname(c.error), errname(error));
	while (n < PIECES && meet(sink, SOCK_DGRAM, &from, error != 0 ? 0 :
	    WAIT_MS)) {
		n++;
		ATF_CHECK_STREQ(src, sockaddr_text(&from));
	}
	ATF_CHECK_EQ_MSG(error != 0 ? 0 : PIECES, n, "from %s: %d pieces", src,
	    n);
}

VNET_CASE(B15_pieces_of_a_datagram_are_from_own_address)
{
	const struct side *side;
	struct scene s;
	int sink;

	begin(&s, tc);
	for (side = sides; side < sides + NELEMS(sides); side++) {
		ATF_REQUIRE_EQ(0, vnet_enter(s.vn.vn_peer));
		sink = server_start(NULL, SOCK_DGRAM, 0, side->peer, SERVICE);
		ATF_REQUIRE_EQ(0, vnet_enter(s.vn.vn_host));
		send_pieces(&s, side, side->other, sink, EADDRNOTAVAIL);
		send_pieces(&s, side, side->own, sink, 0);
		send_pieces(&s, side, side->first, sink, 0);
		close(sink);
	}
}

struct encap {
	int af, error;
};

static int
do_encap(void *arg)
{
	struct encap *e = arg;
	int s = socket(e->af, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int kind = ESPINUDP;

	e->error = setsockopt(s, IPPROTO_UDP, UDP_ENCAP, &kind,
	    sizeof(kind)) == -1 ? errno : 0;
	close(s);
	return (-1);
}

VNET_CASE(B15_nothing_is_taken_out_of_datagrams)
{
	const struct refusal want = { JR_SOCKOPT, JAIL_DIR_CALL, 0 };
	const struct side *side;
	struct encap e = { 0 };
	struct scene s;
	uint64_t before;

	begin(&s, tc);
	for (side = sides; side < sides + NELEMS(sides); side++) {
		before = refusals_before(&s.a, &want);
		e.af = side->af;
		jailed_call(&s.a, do_encap, &e, sizeof(e));
		ATF_CHECK_EQ_MSG(EPERM, e.error, "%s", errname(e.error));
		ATF_CHECK(refused_once(&s.a, &want, before));
		do_encap(&e);
		ATF_CHECK_MSG(e.error == 0 || e.error == ENOPROTOOPT,
		    "host: %s", errname(e.error));
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, B15_nothing_is_taken_out_of_datagrams);
	ATF_TP_ADD_TC(tp, B15_pieces_of_a_datagram_are_from_own_address);
	ATF_TP_ADD_TC(tp, B16_connection_that_is_over_answers_by_its_address);
	ATF_TP_ADD_TC(tp, B16_nobody_listens_is_told_by_the_address_dialled);
	ATF_TP_ADD_TC(tp, B16_syn_cookie_is_of_the_address_dialled);
	return (atf_no_error());
}
