/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * sendmsg(2) of datagrams in a jail, with real sockets: whom the receiver sees,
 * its errno, and the reason that is counted.
 */

#include <sys/socket.h>
#include <sys/uio.h>

#include <netinet/in.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "errname.h"
#include "scene.h"

#define PORT	6000
#define WAIT_MS	10000

enum way {
	NAMED,		/* the message says where it goes */
	CONNECTED,	/* the socket does */
	UNSPEC		/* the message does, as AF_UNSPEC */
};

enum place { AT_PEER, AT_A, AT_LOOP, NPLACES };

struct row {
	int af;			/* of the socket */
	enum way way;
	const char *dst;
	const char *bound;	/* bound to it before; NULL: not */
	const char *source;	/* named in a cmsg; NULL: none */
	int error;
	const char *from;	/* whom the receiver sees ... */
	enum place at;		/* ... and where that is */
	int reason;
};

struct send_call {
	int af;
	enum way way;
	bool bind, source;
	union sockaddrs bound, src, dst;
	socklen_t dstlen;
	int serial;		/* the message */
	int error;
};

struct receivers {
	int s[NPLACES][2];	/* IPv4, IPv6 */
};

static int
send_on(int s, struct send_call *c)
{
	struct iovec iov = { .iov_base = &c->serial,
		.iov_len = sizeof(c->serial) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union source ctl;

	if (c->bind && bind(s, &c->bound.sa, sizeof(c->bound)) == -1)
		return (-1);
	if (c->way == CONNECTED) {
		if (connect(s, &c->dst.sa, c->dstlen) == -1)
			return (-1);
	} else {
		if (c->way == UNSPEC)
			c->dst.sa.sa_family = AF_UNSPEC;
		msg.msg_name = &c->dst;
		msg.msg_namelen = c->dstlen;
	}
	if (c->source)
		name_source(&msg, &ctl, &c->src);
	return (sendmsg(s, &msg, 0) == -1 ? -1 : 0);
}

static int
do_sendmsg(void *arg)
{
	struct send_call *c = arg;
	int s;

	s = socket(c->af, SOCK_DGRAM, 0);
	if (s == -1 || send_on(s, c) == -1)
		c->error = errno;
	if (s != -1)
		close(s);
	return (-1);
}

/* A socket to receive on, to be called in a jail or not. */
static int
do_receiver(void *arg)
{
	union sockaddrs *sa = arg;
	int s;

	s = socket(sa->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s != -1 && bind(s, &sa->sa, sizeof(*sa)) == 0)
		return (s);
	return (-1);
}

static void
open_receivers(struct receivers *r, const struct scene *sc)
{
	static const char *const addrs[NPLACES][2] = {
		[AT_PEER] = { VNET_PEER4, VNET_PEER6 },
		[AT_A] = { A_FIRST4, A_FIRST6 },
		[AT_LOOP] = { "127.0.0.1", "::1" },
	};
	union sockaddrs sa;
	int i, s;

	for (i = 0; i < 2 * NPLACES; i++) {
		sockaddr_of(&sa, addrs[i / 2][i % 2], PORT);
		if (i / 2 == AT_PEER) {
			ATF_REQUIRE(vnet_enter(sc->vn.vn_peer) == 0);
			s = do_receiver(&sa);
			ATF_REQUIRE(vnet_enter(sc->vn.vn_host) == 0);
		} else
			s = jailed_call(&sc->a, do_receiver, &sa, sizeof(sa));
		ATF_REQUIRE(s != -1);
		r->s[i / 2][i % 2] = s;
	}
}

/* A v4-mapped address is one of IPv4. */
static bool
is_ip6(const char *addr)
{
	return (addr != NULL && strchr(addr, '.') == NULL);
}

/* Receive the message with the serial; "-" if another came or none. */
static const char *
receive(int s, int serial)
{
	static union sockaddrs from;
	struct pollfd pfd = { .fd = s, .events = POLLIN };
	socklen_t len = sizeof(from);
	int got;

	if (poll(&pfd, 1, WAIT_MS) != 1 || recvfrom(s, &got, sizeof(got), 0,
	    &from.sa, &len) != sizeof(got) || got != serial)
		return ("-");
	return (sockaddr_text(&from));
}

static void
try_row(const struct jailed *jd, const struct receivers *r,
    const struct row *row, int serial)
{
	struct send_call c = { .af = row->af, .way = row->way,
		.bind = row->bound != NULL, .source = row->source != NULL,
		.serial = serial };
	struct refusal want = { row->reason, JAIL_DIR_CALL,
		is_ip6(row->dst) ? 6 : 4 };
	uint64_t before = refusals_before(jd, &want);
	const char *from = "-";

	if (row->bound != NULL)
		sockaddr_of(&c.bound, row->bound, 0);
	if (row->source != NULL)
		sockaddr_of(&c.src, row->source, 0);
	c.dstlen = sockaddr_of(&c.dst, row->dst, PORT);
	jailed_call(jd, do_sendmsg, &c, sizeof(c));
	if (c.error == 0)
		from = receive(r->s[row->at][is_ip6(row->from)], serial);
	ATF_CHECK_MSG(c.error == row->error && (c.error != 0 ||
	    strcmp(from, row->from) == 0), "family %d, way %d, bound %s, "
	    "cmsg %s, to %s: %s, received from %s; should be %s, %s", row->af,
	    row->way, row->bound != NULL ? row->bound : "-",
	    row->source != NULL ? row->source : "-", row->dst,
	    errname(c.error), from, errname(row->error),
	    row->from != NULL ? row->from : "-");
	ATF_CHECK_MSG(refused_once(jd, &want, before), "family %d, way %d, "
	    "cmsg %s, to %s: not counted as reason %d once", row->af, row->way,
	    row->source != NULL ? row->source : "-", row->dst, row->reason);
}

static void
run_rows(const atf_tc_t *tc, const struct row *rows, size_t n)
{
	struct receivers r;
	struct scene s;
	size_t i;

	scene_init(&s, tc);
	open_receivers(&r, &s);
	for (i = 0; i < n; i++)
		try_row(&s.a, &r, &rows[i], i + 1);
}

VNET_CASE(ip4_datagram_has_own_source)
{
	static const struct row rows[] = {
		{ AF_INET, NAMED, VNET_PEER4, NULL, NULL, 0, A_FIRST4,
		    AT_PEER, 0 },
		{ AF_INET, NAMED, VNET_PEER4, A_SECOND4, NULL, 0, A_SECOND4,
		    AT_PEER, 0 },
		{ AF_INET, NAMED, VNET_PEER4, NULL, A_SECOND4, 0, A_SECOND4,
		    AT_PEER, 0 },
		{ AF_INET, NAMED, VNET_PEER4, A_FIRST4, A_SECOND4, 0,
		    A_SECOND4, AT_PEER, 0 },
		{ AF_INET, UNSPEC, VNET_PEER4, NULL, NULL, 0, A_FIRST4,
		    AT_PEER, 0 },
		{ AF_INET, CONNECTED, VNET_PEER4, NULL, NULL, 0, A_FIRST4,
		    AT_PEER, 0 },
		{ AF_INET, CONNECTED, VNET_PEER4, NULL, A_SECOND4, 0,
		    A_SECOND4, AT_PEER, 0 },
		{ AF_INET, NAMED, VNET_PEER4, NULL, B_ADDR4, EADDRNOTAVAIL,
		    NULL, 0, JR_LOCALADDR },
		{ AF_INET, NAMED, VNET_PEER4, A_FIRST4, B_ADDR4,
		    EADDRNOTAVAIL, NULL, 0, JR_LOCALADDR },
		{ AF_INET, NAMED, VNET_PEER4, NULL, VNET_HOST4, EADDRNOTAVAIL,
		    NULL, 0, JR_LOCALADDR },
		{ AF_INET, NAMED, VNET_PEER4, NULL, "127.0.0.1",
		    EADDRNOTAVAIL, NULL, 0, JR_LOCALADDR },
		{ AF_INET, UNSPEC, VNET_PEER4, NULL, B_ADDR4, EADDRNOTAVAIL,
		    NULL, 0, JR_LOCALADDR },
		{ AF_INET, CONNECTED, VNET_PEER4, NULL, B_ADDR4,
		    EADDRNOTAVAIL, NULL, 0, JR_LOCALADDR },
	};

	run_rows(tc, rows, NELEMS(rows));
}

VNET_CASE(ip6_datagram_has_own_source)
{
	static const struct row rows[] = {
		{ AF_INET6, NAMED, VNET_PEER6, NULL, NULL, 0, A_FIRST6,
		    AT_PEER, 0 },
		{ AF_INET6, NAMED, VNET_PEER6, A_SECOND6, NULL, 0, A_SECOND6,
		    AT_PEER, 0 },
		{ AF_INET6, NAMED, VNET_PEER6, NULL, A_SECOND6, 0, A_SECOND6,
		    AT_PEER, 0 },
		{ AF_INET6, CONNECTED, VNET_PEER6, NULL, A_SECOND6, 0,
		    A_SECOND6, AT_PEER, 0 },
		{ AF_INET6, NAMED, VNET_PEER6, NULL, B_ADDR6, EADDRNOTAVAIL,
		    NULL, 0, JR_LOCALADDR },
		{ AF_INET6, NAMED, VNET_PEER6, NULL, VNET_HOST6,
		    EADDRNOTAVAIL, NULL, 0, JR_LOCALADDR },
		{ AF_INET6, CONNECTED, VNET_PEER6, NULL, B_ADDR6,
		    EADDRNOTAVAIL, NULL, 0, JR_LOCALADDR },
	};

	run_rows(tc, rows, NELEMS(rows));
}

VNET_CASE(ip6_socket_to_ip4_has_own_source)
{
	static const struct row rows[] = {
		{ AF_INET6, NAMED, "::ffff:" VNET_PEER4, NULL, NULL, 0,
		    A_FIRST4, AT_PEER, 0 },
		{ AF_INET6, NAMED, "::ffff:" VNET_PEER4,
		    "::ffff:" A_SECOND4, NULL, 0, A_SECOND4, AT_PEER, 0 },
		{ AF_INET6, NAMED, "::ffff:" VNET_PEER4, NULL,
		    "::ffff:" A_SECOND4, 0, A_SECOND4, AT_PEER, 0 },
		{ AF_INET6, NAMED, VNET_PEER4, NULL, NULL, 0, A_FIRST4,
		    AT_PEER, 0 },
		{ AF_INET6, NAMED, "::ffff:" VNET_PEER4, NULL,
		    "::ffff:" B_ADDR4, EADDRNOTAVAIL, NULL, 0, JR_LOCALADDR },
		{ AF_INET6, NAMED, "::ffff:" VNET_PEER4, NULL,
		    "::ffff:" VNET_HOST4, EADDRNOTAVAIL, NULL, 0,
		    JR_LOCALADDR },
		{ AF_INET6, NAMED, "::ffff:127.0.0.1", NULL, NULL, 0,
		    "127.0.0.1", AT_LOOP, 0 },
		{ AF_INET6, NAMED, "::ffff:" A_FIRST4, "::ffff:127.0.0.1",
		    NULL, 0, "127.0.0.1", AT_A, 0 },
		{ AF_INET6, NAMED, "::ffff:127.0.0.2", NULL, NULL,
		    ENETUNREACH, NULL, 0, JR_LOOPBACK },
	};

	run_rows(tc, rows, NELEMS(rows));
}

VNET_CASE(loopback_is_the_jails)
{
	static const struct row rows[] = {
		{ AF_INET, NAMED, "127.0.0.1", NULL, NULL, 0, "127.0.0.1",
		    AT_LOOP, 0 },
		{ AF_INET, NAMED, "0.0.0.0", NULL, NULL, 0, "127.0.0.1",
		    AT_LOOP, 0 },
		{ AF_INET, NAMED, "127.0.0.1", A_SECOND4, NULL, 0, A_SECOND4,
		    AT_LOOP, 0 },
		{ AF_INET, CONNECTED, "127.0.0.1", NULL, NULL, 0, "127.0.0.1",
		    AT_LOOP, 0 },
		{ AF_INET, NAMED, "127.0.0.2", NULL, NULL, ENETUNREACH, NULL,
		    0, JR_LOOPBACK },
		{ AF_INET, UNSPEC, "127.255.0.1", NULL, NULL, ENETUNREACH,
		    NULL, 0, JR_LOOPBACK },
		{ AF_INET, NAMED, A_FIRST4, "127.0.0.1", NULL, 0, "127.0.0.1",
		    AT_A, 0 },
		{ AF_INET, NAMED, VNET_PEER4, "127.0.0.1", NULL, EINVAL, NULL,
		    0, JR_LOCALADDR },
		{ AF_INET, NAMED, B_ADDR4, "127.0.0.1", NULL, EINVAL, NULL, 0,
		    JR_LOCALADDR },
		{ AF_INET6, NAMED, A_FIRST6, "::1", NULL, 0, "::1", AT_A, 0 },
		{ AF_INET6, NAMED, VNET_PEER6, "::1", NULL, EADDRNOTAVAIL,
		    NULL, 0, JR_LOCALADDR },
		{ AF_INET6, NAMED, B_ADDR6, "::1", NULL, EADDRNOTAVAIL, NULL,
		    0, JR_LOCALADDR },
		{ AF_INET6, NAMED, "::1", NULL, NULL, 0, "::1", AT_LOOP, 0 },
		{ AF_INET6, NAMED, "::", NULL, NULL, 0, "::1", AT_LOOP, 0 },
		{ AF_INET6, NAMED, "::1", A_SECOND6, NULL, 0, A_SECOND6,
		    AT_LOOP, 0 },
		{ AF_INET6, CONNECTED, "::1", NULL, NULL, 0, "::1", AT_LOOP,
		    0 },
	};

	run_rows(tc, rows, NELEMS(rows));
}

/* What one of the jail sends without a pause, until it is told to stop. */
struct flood {
	union sockaddrs from, to;
	int refused;
	int error;		/* of one that was */
};

static void
flood(struct flood *f, int s, int ctl)
{
	struct pollfd pfd = { .fd = ctl, .events = POLLIN };

	while (poll(&pfd, 1, 0) == 0) {
		for (int i = 0; i < 100; i++) {
			if (sendto(s, "f", 1, 0, &f->to.sa,
			    sizeof(f->to.sin)) == 1)
				continue;
			f->error = errno;
			f->refused++;
		}
	}
	_exit(write(ctl, f, sizeof(*f)) == sizeof(*f) ? 0 : 1);
}

static int
do_flood(void *arg)
{
	struct flood *f = arg;
	int ctl[2], s;

	s = socket(AF_INET, SOCK_DGRAM, 0);
	if (s == -1 || bind(s, &f->from.sa, sizeof(f->from.sin)) == -1 ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, ctl) == -1)
		return (-1);
	if (fork() == 0) {
		close(ctl[0]);
		flood(f, s, ctl[1]);
	}
	close(s);
	close(ctl[1]);
	return (ctl[0]);
}

/* The old set must be there as long as somebody may look into it. */
VNET_CASE(address_that_stays_in_the_set_is_never_refused)
{
	static const char *const sets[] = { A_FIRST4 "," A_SECOND4,
		A_FIRST4 "," A_SECOND4 ",192.0.2.13" };
	struct flood f = { .refused = 0 };
	struct scene s;
	int ctl, i;

	scene_init(&s, tc);
	sockaddr_of(&f.from, A_SECOND4, PORT);
	sockaddr_of(&f.to, VNET_PEER4, PORT);
	ctl = jailed_call(&s.a, do_flood, &f, sizeof(f));
	ATF_REQUIRE(ctl != -1);
	for (i = 0; i < 100; i++)
		ATF_REQUIRE_MSG(jail_setv(JAIL_UPDATE, "name", "a",
		    "ip4.addr", sets[i % 2], NULL) > 0, "%s", jail_errmsg);
	ATF_REQUIRE_EQ(1, write(ctl, "", 1));
	ATF_REQUIRE_EQ(sizeof(f), read(ctl, &f, sizeof(f)));
	ATF_CHECK_EQ_MSG(0, f.refused, "%d: %s", f.refused, errname(f.error));
	close(ctl);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, ip4_datagram_has_own_source);
	ATF_TP_ADD_TC(tp, ip6_datagram_has_own_source);
	ATF_TP_ADD_TC(tp, ip6_socket_to_ip4_has_own_source);
	ATF_TP_ADD_TC(tp, loopback_is_the_jails);
	ATF_TP_ADD_TC(tp, address_that_stays_in_the_set_is_never_refused);
	return (atf_no_error());
}
