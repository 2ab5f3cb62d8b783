/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * UDP sockets that are bound to all addresses of a jail: they receive what is
 * for any of them, and can tell for which.
 */

#include <sys/socket.h>
#include <sys/uio.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "errname.h"
#include "talk.h"

#define PORT	7000
#define WAIT_MS	2000

#define A_LO4	"127.64.0.1"
#define A_LO6	"fd6a:6169:6c6c:6f::1"

#define V6(addr) "::ffff:" addr

enum { IN_A, IN_B, IN_HOST, AT_PEER, NPLACES };

struct stage {
	struct scene sc;
	struct place at[NPLACES];
	bool host_is_open;	/* it sends from where the kernel likes */
};

/* A datagram to dst, from a place that sees the answer come from there. */
struct row {
	int from;
	const char *dst;
};

static const struct row rows4[] = {
	{ AT_PEER, A_FIRST4 }, { AT_PEER, A_SECOND4 },
	{ IN_HOST, A_FIRST4 }, { IN_HOST, A_SECOND4 },
	{ IN_B, A_FIRST4 }, { IN_B, A_SECOND4 },
	{ IN_A, A_FIRST4 }, { IN_A, A_SECOND4 }, { IN_A, "127.0.0.1" },
};

static const struct row rows6[] = {
	{ AT_PEER, A_FIRST6 }, { AT_PEER, A_SECOND6 },
	{ IN_HOST, A_FIRST6 }, { IN_HOST, A_SECOND6 },
	{ IN_B, A_FIRST6 }, { IN_B, A_SECOND6 },
	{ IN_A, A_FIRST6 }, { IN_A, A_SECOND6 }, { IN_A, "::1" },
};

union control {
	struct cmsghdr hdr;
	char buf[2 * CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

/* A datagram that came, and what it was for. */
struct heard {
	union sockaddrs from;
	int serial;
	size_t ctllen;
	union control ctl;	/* (clang wants it at the end) */
};

static void
stage_init(struct stage *s, const atf_tc_t *tc)
{
	vnet_needs("tcx");
	s->host_is_open = false;
	scene_one_processor();
	scene_init(&s->sc, tc);
	s->at[IN_A] = (struct place){ "jail A", &s->sc.a };
	s->at[IN_B] = (struct place){ "jail B", &s->sc.b };
	s->at[IN_HOST] = (struct place){ "host", NULL };
	s->at[AT_PEER] = (struct place){ "peer", NULL };
}

static int
must_wait(const struct place *p, const char *addr, bool v6only)
{
	int on = 1, s;

	s = talk_wait(p, UDP_NAMED, addr, PORT, v6only);
	ATF_REQUIRE_MSG(s != -1, "%s at %s: %s", p->name, addr,
	    errname(errno));
	setsockopt(s, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
	setsockopt(s, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	return (s);
}

/* A socket that has sent to dst, connected to it or not. */
static int
send_from(const struct stage *s, int from, enum way way, const char *dst)
{
	int call;

	if (from == AT_PEER)
		ATF_REQUIRE_EQ(0, vnet_enter(s->sc.vn.vn_peer));
	call = talk_call(&s->at[from], way, from != IN_HOST ||
	    s->host_is_open ? NULL : strchr(dst, ':') == NULL ? VNET_HOST4 :
	    VNET_HOST6, dst, PORT);
	if (from == AT_PEER)
		ATF_REQUIRE_EQ(0, vnet_enter(s->sc.vn.vn_host));
	ATF_REQUIRE_MSG(call != -1, "%s to %s: %s", s->at[from].name, dst,
	    errname(errno));
	return (call);
}

/* Receive what was sent last. */
static bool
hear(int s, struct heard *h, const char *what)
{
	struct pollfd pfd = { .fd = s, .events = POLLIN };
	struct iovec iov = { .iov_base = &h->serial,
		.iov_len = sizeof(h->serial) };
	struct msghdr msg = { .msg_name = &h->from,
		.msg_namelen = sizeof(h->from), .msg_iov = &iov,
		.msg_iovlen = 1, .msg_control = &h->ctl,
		.msg_controllen = sizeof(h->ctl) };

	h->serial = 0;
	if (poll(&pfd, 1, WAIT_MS) != 1 || recvmsg(s, &msg, 0) == -1 ||
	    h->serial != talk_serial) {
		atf_tc_fail_nonfatal("%s: heard message %d, should be %d",
		    what, h->serial, talk_serial);
		return (false);
	}
	h->ctllen = msg.msg_controllen;
	return (true);
}

/* What a datagram was for, in an IPv6 socket's way if that has it so. */
static void
asked_at(struct heard *h, union sockaddrs *sa)
{
	struct msghdr msg = { .msg_control = &h->ctl,
		.msg_controllen = h->ctllen };
	struct in6_pktinfo info6;
	struct in_pktinfo info4;
	struct cmsghdr *c;

	memset(sa, 0, sizeof(*sa));
	for (c = CMSG_FIRSTHDR(&msg); c != NULL; c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_level == IPPROTO_IP) {
			memcpy(&info4, CMSG_DATA(c), sizeof(info4));
			sa->sin.sin_family = AF_INET;
			sa->sin.sin_addr = info4.ipi_addr;
		} else if (c->cmsg_level == IPPROTO_IPV6) {
			memcpy(&info6, CMSG_DATA(c), sizeof(info6));
			sa->sin6.sin6_family = AF_INET6;
			sa->sin6.sin6_addr = info6.ipi6_addr;
			return;
		}
}

/* Answer with the control data that came, or without any. */
static bool
answer(int s, struct heard *h, bool pktinfo)
{
	struct iovec iov = { .iov_base = &h->serial,
		.iov_len = sizeof(h->serial) };
	struct msghdr msg = { .msg_name = &h->from, .msg_namelen =
		h->from.sa.sa_family == AF_INET ? sizeof(h->from.sin) :
		sizeof(h->from.sin6), .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = pktinfo ? &h->ctl : NULL,
		.msg_controllen = pktinfo ? h->ctllen : 0 };

	return (sendmsg(s, &msg, 0) != -1);
}

/* The address alone: what an IPv6 socket has of IPv4 is the same. */
static const char *
plain(const union sockaddrs *sa)
{
	const char *text = sockaddr_text(sa);

	return (strncmp(text, "::ffff:", 7) == 0 ? text + 7 : text);
}

/*
 * A datagram to dst is heard, known to be for dst, and its answer seen to come
 * from where it is sent: from dst if that is said, else as the jail's sources.
 */
static void
ask(const struct stage *s, int waiting, const struct row *r, bool pktinfo)
{
	bool v4 = strchr(r->dst, ':') == NULL;
	const char *at, *back = r->dst;
	union sockaddrs sa;
	struct heard h, got;
	char what[128];
	int call;

	snprintf(what, sizeof(what), "%s to %s%s", s->at[r->from].name, r->dst,
	    pktinfo ? ", by cmsg" : "");
	call = send_from(s, r->from, UDP_NAMED, r->dst);
	if (!hear(waiting, &h, what)) {
		close(call);
		return;
	}
	asked_at(&h, &sa);
	at = r->dst[0] == ':' ? A_LO6 : r->dst[0] == '1' && r->dst[1] == '2' ?
	    A_LO4 : r->dst;
	ATF_CHECK_MSG(strcmp(plain(&sa), at) == 0, "%s: is said to be for %s",
	    what, plain(&sa));
	if (!pktinfo && at == r->dst && (v4 || r->from != IN_A ||
	    strcmp(plain(&h.from), r->dst) != 0))
		back = v4 ? A_FIRST4 : A_FIRST6;
	ATF_CHECK_MSG(answer(waiting, &h, pktinfo), "%s: answer: %s", what,
	    errname(errno));
	if (hear(call, &got, what))
		ATF_CHECK_MSG(strcmp(plain(&got.from), back) == 0 ||
		    (!v4 && !pktinfo && r->from == IN_A &&
		    strcmp(plain(&got.from), A_FIRST6) == 0), "%s: answer "
		    "from %s, should be %s", what, plain(&got.from), back);
	close(call);
}

static void
ask_all(const struct stage *s, int waiting, const struct row *rows, size_t n)
{
	for (; n > 0; n--, rows++) {
		ask(s, waiting, rows, true);
		ask(s, waiting, rows, false);
	}
}

VNET_CASE(ip4_socket_on_all_addresses_gets_what_is_for_any)
{
	struct stage s;
	int waiting;

	stage_init(&s, tc);
	waiting = must_wait(&s.at[IN_A], "0.0.0.0", false);
	ask_all(&s, waiting, rows4, NELEMS(rows4));
}

VNET_CASE(ip6_socket_on_all_addresses_gets_what_is_for_any)
{
	struct stage s;
	int waiting;

	stage_init(&s, tc);
	waiting = must_wait(&s.at[IN_A], "::", true);
	ask_all(&s, waiting, rows6, NELEMS(rows6));
}

VNET_CASE(socket_for_both_families_gets_what_is_for_any_of_ip4)
{
	struct stage s;
	int waiting;

	stage_init(&s, tc);
	waiting = must_wait(&s.at[IN_A], "::", false);
	ask_all(&s, waiting, rows4, NELEMS(rows4));
}

VNET_CASE(socket_for_both_families_gets_what_is_for_any_of_ip6)
{
	struct stage s;
	int waiting;

	stage_init(&s, tc);
	waiting = must_wait(&s.at[IN_A], "::", false);
	ask_all(&s, waiting, rows6, NELEMS(rows6));
}

VNET_CASE(mapped_socket_on_all_addresses_gets_what_is_for_any)
{
	struct stage s;
	int waiting;

	stage_init(&s, tc);
	waiting = must_wait(&s.at[IN_A], V6("0.0.0.0"), false);
	ask_all(&s, waiting, rows4, NELEMS(rows4));
}

/* Each of those who wait hears what is for its address, the rest is any's. */
static void
be_specific(const struct stage *s, const char *any, const char *one,
    const struct row *rows, size_t n)
{
	int all = must_wait(&s->at[IN_A], any, false), call;
	int single = must_wait(&s->at[IN_A], one, false);
	struct heard h;

	for (; n > 0; n--, rows++) {
		call = send_from(s, rows->from, UDP_NAMED, rows->dst);
		hear(strcmp(rows->dst, one) == 0 ? single : all, &h,
		    rows->dst);
		close(call);
	}
	close(single);
	close(all);
}

VNET_CASE(socket_on_one_address_comes_before_one_on_all)
{
	static const char *const any4[] = { "0.0.0.0", "::", V6("0.0.0.0") };
	struct stage s;
	size_t i;

	stage_init(&s, tc);
	for (i = 0; i < NELEMS(any4); i++) {
		be_specific(&s, any4[i], A_SECOND4, rows4, NELEMS(rows4));
		be_specific(&s, any4[i], "127.0.0.1", rows4, NELEMS(rows4));
	}
	be_specific(&s, "::", A_SECOND6, rows6, NELEMS(rows6));
	be_specific(&s, "::", "::1", rows6, NELEMS(rows6));
}

VNET_CASE(socket_on_the_primary_address_comes_before_one_on_all)
{
	struct stage s;

	stage_init(&s, tc);
	be_specific(&s, "0.0.0.0", A_FIRST4, rows4, 1);
	be_specific(&s, "::", A_FIRST6, rows6, NELEMS(rows6));
}

/* The kernel knows who is on all addresses by the primary one. */
VNET_CASE(socket_on_the_primary_address_leaves_the_others_to_one_on_all)
{
	struct stage s;

	stage_init(&s, tc);
	atf_tc_expect_fail("nobody gets what is for the other addresses");
	be_specific(&s, "0.0.0.0", A_FIRST4, rows4 + 1, 1);
}

/* The kernel may have the host call a jail from the address that it calls. */
VNET_CASE(answer_to_the_jails_own_address_reaches_the_host)
{
	const struct row row = { IN_HOST, A_FIRST6 };
	struct stage s;
	int waiting;

	stage_init(&s, tc);
	s.host_is_open = true;
	waiting = must_wait(&s.at[IN_A], "::", true);
	ask(&s, waiting, &row, false);
}

/* One who is connected hears the answer, though others wait at his port. */
static void
stay_connected(const struct stage *s, const char *any, const char *peer)
{
	int all = must_wait(&s->at[IN_A], any, false), call, waiting;
	union sockaddrs sa;
	struct heard h;
	socklen_t len = sizeof(sa);

	ATF_REQUIRE_EQ(0, vnet_enter(s->sc.vn.vn_peer));
	waiting = must_wait(&s->at[AT_PEER], peer, false);
	ATF_REQUIRE_EQ(0, vnet_enter(s->sc.vn.vn_host));
	call = send_from(s, IN_A, UDP_CONNECTED, peer);
	ATF_REQUIRE_EQ(0, getsockname(call, &sa.sa, &len));
	if (hear(waiting, &h, peer) && answer(waiting, &h, false))
		hear(call, &h, "connected");
	close(call);
	close(waiting);
	close(all);
}

VNET_CASE(connected_socket_gets_what_is_from_its_peer)
{
	struct stage s;

	stage_init(&s, tc);
	stay_connected(&s, "0.0.0.0", VNET_PEER4);
	stay_connected(&s, "::", VNET_PEER6);
	stay_connected(&s, "::", V6(VNET_PEER4));
}

VNET_CASE(each_jail_and_the_host_get_their_own)
{
	static const struct {
		const char *any;
		struct row row[3];
	} rows[] = {
		{ "0.0.0.0", { { 0, A_SECOND4 }, { 0, B_ADDR4 },
		    { 0, VNET_HOST4 } } },
		{ "::", { { 0, A_SECOND6 }, { 0, B_ADDR6 },
		    { 0, VNET_HOST6 } } },
		{ "::", { { 0, A_SECOND4 }, { 0, B_ADDR4 },
		    { 0, VNET_HOST4 } } },
	};
	int call, from, waiting[3];
	struct heard h;
	struct stage s;
	size_t i, j;

	stage_init(&s, tc);
	for (i = 0; i < NELEMS(rows); i++) {
		for (j = 0; j < 3; j++)
			waiting[j] = must_wait(&s.at[j], rows[i].any, false);
		for (j = 0; j < 3 * NPLACES; j++) {
			from = j / 3;
			call = send_from(&s, from, UDP_NAMED,
			    rows[i].row[j % 3].dst);
			hear(waiting[j % 3], &h, rows[i].row[j % 3].dst);
			close(call);
		}
		for (j = 0; j < 3; j++)
			close(waiting[j]);
	}
}

/* Bound to all, connected to peer. */
static int
do_connect(void *arg)
{
	union sockaddrs *sa = arg, any = { .sa.sa_family = sa->sa.sa_family };
	int s = socket(sa->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	any.sin.sin_port = htons(PORT);
	return (keep_socket(s, s != -1 && bind(s, &any.sa, sizeof(any)) == 0 &&
	    connect(s, &sa->sa, sizeof(*sa)) == 0));
}

/* The message of a connected socket has no name, but control data. */
VNET_CASE(connected_socket_may_leave_its_source_open)
{
	struct heard got, h = { .serial = 1, .ctllen =
		CMSG_SPACE(sizeof(struct in_pktinfo)) };
	struct msghdr msg = { .msg_iovlen = 1, .msg_control = &h.ctl,
		.msg_controllen = h.ctllen };
	struct iovec iov = { .iov_base = &talk_serial,
		.iov_len = sizeof(talk_serial) };
	union sockaddrs sa;
	struct stage s;
	int call, waiting;

	stage_init(&s, tc);
	ATF_REQUIRE_EQ(0, vnet_enter(s.sc.vn.vn_peer));
	waiting = must_wait(&s.at[AT_PEER], VNET_PEER4, false);
	ATF_REQUIRE_EQ(0, vnet_enter(s.sc.vn.vn_host));
	sockaddr_of(&sa, VNET_PEER4, PORT);
	call = jailed_call(&s.sc.a, do_connect, &sa, sizeof(sa));
	ATF_REQUIRE(call != -1);
	h.ctl.hdr = (struct cmsghdr){ .cmsg_level = IPPROTO_IP,
		.cmsg_type = IP_PKTINFO,
		.cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo)) };
	msg.msg_iov = &iov;
	ATF_REQUIRE_MSG(sendmsg(call, &msg, 0) != -1, "%s", errname(errno));
	if (hear(waiting, &got, "peer"))
		ATF_CHECK_STREQ(A_FIRST4, sockaddr_text(&got.from));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, ip4_socket_on_all_addresses_gets_what_is_for_any);
	ATF_TP_ADD_TC(tp, ip6_socket_on_all_addresses_gets_what_is_for_any);
	ATF_TP_ADD_TC(tp,
	    socket_for_both_families_gets_what_is_for_any_of_ip4);
	ATF_TP_ADD_TC(tp,
	    socket_for_both_families_gets_what_is_for_any_of_ip6);
	ATF_TP_ADD_TC(tp,
	    mapped_socket_on_all_addresses_gets_what_is_for_any);
	ATF_TP_ADD_TC(tp, socket_on_one_address_comes_before_one_on_all);
	ATF_TP_ADD_TC(tp,
	    socket_on_the_primary_address_comes_before_one_on_all);
	ATF_TP_ADD_TC(tp,
	    socket_on_the_primary_address_leaves_the_others_to_one_on_all);
	ATF_TP_ADD_TC(tp, answer_to_the_jails_own_address_reaches_the_host);
	ATF_TP_ADD_TC(tp, connected_socket_gets_what_is_from_its_peer);
	ATF_TP_ADD_TC(tp, each_jail_and_the_host_get_their_own);
	ATF_TP_ADD_TC(tp, connected_socket_may_leave_its_source_open);
	return (atf_no_error());
}
