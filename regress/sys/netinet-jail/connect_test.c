/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * connect(2) in a jail, with real sockets: which source it picks, where it
 * leads, its errno, and the reason that is counted.
 */

#include <sys/socket.h>

#include <netinet/in.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "errname.h"
#include "scene.h"

#define PORT 5000

enum kind { A, IP6ONLY, INHERIT, NETS4, NETS6, NONETS, NKINDS };

static const char *const kinds[NKINDS] = {
	"A", "IPv6 only", "inherit", "ip4.saddrsel", "ip6.saddrsel",
	"no saddrsel"
};

/* On other prefixes than the rest. */
#define FAR4		"198.51.100.7"
#define FAR4_PEER	"198.51.100.8"
#define FAR6		"2001:db8:1::7"
#define FAR6_PEER	"2001:db8:1::8"

struct row {
	enum kind kind;
	int af;			/* of the socket */
	const char *dst;
	const char *bound;	/* bound to it before; NULL: not */
	int error;
	const char *local;	/* what getsockname(2) gives then */
	const char *remote;	/* getpeername(2); NULL: dst */
	int reason;
};

struct connect_call {
	int af;
	int type;
	bool bind;
	union sockaddrs bound;
	union sockaddrs dst;
	socklen_t dstlen;
	int error;
	union sockaddrs local;
	union sockaddrs remote;
};

/* Connect; the socket is passed out if it could. */
static int
do_connect(void *arg)
{
	struct connect_call *c = arg;
	socklen_t locallen = sizeof(c->local), remotelen = sizeof(c->remote);
	int s;

	s = socket(c->af, c->type, 0);
	s = keep_socket(s, s != -1 && (!c->bind || bind(s, &c->bound.sa,
	    sizeof(c->bound)) == 0) &&
	    connect(s, &c->dst.sa, c->dstlen) == 0 &&
	    getsockname(s, &c->local.sa, &locallen) == 0 &&
	    getpeername(s, &c->remote.sa, &remotelen) == 0);
	if (s == -1)
		c->error = errno;
	return (s);
}

static bool
same_addr(const union sockaddrs *got, const char *want)
{
	union sockaddrs sa;

	sockaddr_of(&sa, want, 0);
	return (strcmp(sockaddr_text(got), sockaddr_text(&sa)) == 0);
}

static void
try_row(const struct jailed *jd, const struct row *row)
{
	struct connect_call c = { .af = row->af, .type = SOCK_DGRAM,
		.bind = row->bound != NULL };
	struct refusal want = { row->reason, JAIL_DIR_CALL,
		row->af == AF_INET ? 4 : 6 };
	const char *remote = row->remote != NULL ? row->remote : row->dst;
	uint64_t before = refusals_before(jd, &want);
	int s;

	if (row->bound != NULL)
		sockaddr_of(&c.bound, row->bound, 0);
	c.dstlen = sockaddr_of(&c.dst, row->dst, PORT);
	s = jailed_call(jd, do_connect, &c, sizeof(c));
	ATF_CHECK_MSG(c.error == row->error && (c.error != 0 ||
	    (same_addr(&c.local, row->local) &&
	    same_addr(&c.remote, remote))),
	    "jail %s, family %d, from %s to %s: %s, from %s to %s; should be "
	    "%s, from %s to %s", kinds[row->kind], row->af,
	    row->bound != NULL ? row->bound : "-", row->dst, errname(c.error),
	    sockaddr_text(&c.local), sockaddr_text(&c.remote),
	    errname(row->error), row->error == 0 ? row->local : "-",
	    row->error == 0 ? remote : "-");
	ATF_CHECK_MSG(refused_once(jd, &want, before), "jail %s, family %d, "
	    "to %s: not counted as reason %d once", kinds[row->kind], row->af,
	    row->dst, row->reason);
	if (s != -1)
		close(s);
}

static void
run_rows(const atf_tc_t *tc, const struct row *rows, size_t n)
{
	struct jailed jd[NKINDS];
	struct scene s;

	scene_init(&s, tc);
	jd[A] = s.a;
	vnet_addr(&s.vn, "2001:db8::31");
	jd[IP6ONLY] = scene_jail("v6", NULL, "2001:db8::31", NULL);
	jd[INHERIT] = scene_jail("host", "inherit", "inherit", NULL);
	for (; n > 0; n--, rows++)
		try_row(&jd[rows->kind], rows);
}

VNET_CASE(ip4_source_is_own_and_loopback_is_the_jails)
{
	static const struct row rows[] = {
		{ A, AF_INET, VNET_PEER4, NULL, 0, A_FIRST4, NULL, 0 },
		{ A, AF_INET, VNET_PEER4, A_FIRST4, 0, A_FIRST4, NULL, 0 },
		{ A, AF_INET, VNET_PEER4, A_SECOND4, 0, A_SECOND4, NULL, 0 },
		{ A, AF_INET, VNET_PEER4, "0.0.0.0", 0, A_FIRST4, NULL, 0 },
		{ A, AF_INET, B_ADDR4, NULL, 0, A_FIRST4, NULL, 0 },
		{ A, AF_INET, VNET_HOST4, NULL, 0, A_FIRST4, NULL, 0 },
		{ A, AF_INET, A_SECOND4, NULL, 0, A_SECOND4, NULL, 0 },
		{ A, AF_INET, "0.0.0.0", NULL, 0, "127.0.0.1", "127.0.0.1",
		    0 },
		{ A, AF_INET, "127.0.0.1", NULL, 0, "127.0.0.1", NULL, 0 },
		{ A, AF_INET, "127.0.0.1", A_SECOND4, 0, A_SECOND4, NULL, 0 },
		{ A, AF_INET, A_FIRST4, "127.0.0.1", 0, "127.0.0.1", NULL, 0 },
		{ A, AF_INET, "127.0.0.2", NULL, ENETUNREACH, NULL, NULL,
		    JR_LOOPBACK },
		{ A, AF_INET, "127.255.255.255", A_FIRST4, ENETUNREACH, NULL,
		    NULL, JR_LOOPBACK },
		{ INHERIT, AF_INET, "127.0.0.2", NULL, 0, "127.0.0.1", NULL,
		    0 },
		{ INHERIT, AF_INET, VNET_PEER4, NULL, 0, VNET_HOST4, NULL,
		    0 },
	};

	run_rows(tc, rows, NELEMS(rows));
}

VNET_CASE(ip6_source_is_own_and_loopback_is_the_jails)
{
	static const struct row rows[] = {
		{ A, AF_INET6, VNET_PEER6, NULL, 0, A_FIRST6, NULL, 0 },
		{ A, AF_INET6, VNET_PEER6, A_SECOND6, 0, A_SECOND6, NULL, 0 },
		{ A, AF_INET6, B_ADDR6, NULL, 0, A_FIRST6, NULL, 0 },
		{ A, AF_INET6, VNET_HOST6, NULL, 0, A_FIRST6, NULL, 0 },
		{ A, AF_INET6, "::", NULL, 0, "::1", "::1", 0 },
		{ A, AF_INET6, "::1", NULL, 0, "::1", NULL, 0 },
		{ A, AF_INET6, "::1", A_SECOND6, 0, A_SECOND6, NULL, 0 },
		{ A, AF_INET6, A_FIRST6, "::1", 0, "::1", NULL, 0 },
		{ IP6ONLY, AF_INET6, VNET_PEER6, NULL, 0, "2001:db8::31",
		    NULL, 0 },
		{ INHERIT, AF_INET6, "::1", NULL, 0, "::1", NULL, 0 },
		{ INHERIT, AF_INET6, VNET_PEER6, NULL, 0, VNET_HOST6, NULL,
		    0 },
	};

	run_rows(tc, rows, NELEMS(rows));
}

/*
 * The kernel has such a socket at the jail's IPv4 address, from where there is
 * no way to IPv6.
 */
VNET_CASE(socket_bound_to_all_of_both_families_connects_to_ip6)
{
	static const struct row rows[] = {
		{ A, AF_INET6, VNET_PEER6, "::", 0, A_FIRST6, NULL, 0 },
	};

	atf_tc_expect_fail("a UDP socket that is bound to :: cannot be "
	    "connected to an IPv6 address");
	run_rows(tc, rows, NELEMS(rows));
}

/* The kernel would take an address of the host for IPv4. */
VNET_CASE(socket_bound_to_all_of_both_families_has_no_address_of_the_host)
{
	static const struct row rows[] = {
		{ A, AF_INET6, "::ffff:" VNET_PEER4, "::", EADDRNOTAVAIL,
		    NULL, NULL, JR_LOCALADDR },
		{ A, AF_INET6, "::ffff:" A_FIRST4, "::", EADDRNOTAVAIL,
		    NULL, NULL, JR_LOCALADDR },
		{ A, AF_INET6, "::ffff:127.0.0.1", "::", EADDRNOTAVAIL,
		    NULL, NULL, JR_LOCALADDR },
		{ A, AF_INET6, VNET_PEER6, "::", EADDRNOTAVAIL, NULL, NULL,
		    JR_LOCALADDR },
		{ A, AF_INET6, A_SECOND6, "::", 0, A_SECOND6, NULL, 0 },
		{ A, AF_INET6, "::1", "::", 0, "::1", NULL, 0 },
	};

	run_rows(tc, rows, NELEMS(rows));
}

VNET_CASE(source_is_on_the_destinations_prefix_if_asked_for)
{
	static const struct row rows[] = {
		{ NETS4, AF_INET, FAR4_PEER, NULL, 0, FAR4, NULL, 0 },
		{ NETS4, AF_INET, VNET_PEER4, NULL, 0, "192.0.2.41", NULL,
		    0 },
		{ NETS4, AF_INET, "203.0.113.1", NULL, 0, "192.0.2.41", NULL,
		    0 },
		{ NETS4, AF_INET, FAR4_PEER, "192.0.2.41", 0, "192.0.2.41",
		    NULL, 0 },
		{ NETS6, AF_INET6, FAR6_PEER, NULL, 0, FAR6, NULL, 0 },
		{ NETS6, AF_INET6, VNET_PEER6, NULL, 0, "2001:db8::41", NULL,
		    0 },
		{ NETS6, AF_INET6, "2001:db8:9::1", NULL, 0, "2001:db8::41",
		    NULL, 0 },
		{ NONETS, AF_INET, FAR4_PEER, NULL, 0, "192.0.2.51", NULL,
		    0 },
		{ NONETS, AF_INET, VNET_PEER4, NULL, 0, "192.0.2.51", NULL,
		    0 },
	};
	struct jailed jd[NKINDS];
	struct scene s;
	size_t i;

	scene_init(&s, tc);
	vnet_addr(&s.vn, "192.0.2.41");
	vnet_addr(&s.vn, FAR4);
	vnet_addr(&s.vn, "2001:db8::41");
	vnet_addr(&s.vn, FAR6);
	vnet_addr(&s.vn, "192.0.2.51");
	vnet_addr(&s.vn, "198.51.100.9");
	jd[NETS4] = scene_jail("nets4", "192.0.2.41," FAR4, NULL,
	    "ip4.saddrsel");
	jd[NETS6] = scene_jail("nets6", NULL, "2001:db8::41," FAR6,
	    "ip6.saddrsel");
	jd[NONETS] = scene_jail("none", "192.0.2.51,198.51.100.9", NULL,
	    "ip4.nosaddrsel");
	for (i = 0; i < NELEMS(rows); i++)
		try_row(&jd[rows[i].kind], &rows[i]);
}

/* FAR_* is on an interface of its own, to which some routes lead. */
VNET_CASE(source_is_what_the_route_calls_for)
{
	static const struct row rows[] = {
		{ NETS4, AF_INET, "203.0.113.1", NULL, 0, FAR4, NULL, 0 },
		{ NETS4, AF_INET, "203.0.113.129", NULL, 0, "192.0.2.41",
		    NULL, 0 },
		{ NETS4, AF_INET, "203.0.113.193", NULL, 0, "192.0.2.42",
		    NULL, 0 },
		{ NETS4, AF_INET, "10.1.2.3", NULL, 0, "192.0.2.41", NULL,
		    0 },
		{ NETS6, AF_INET6, "2001:db8:9::1", NULL, 0, FAR6, NULL, 0 },
		{ NETS6, AF_INET6, "2001:db8:9:8000::1", NULL, 0,
		    "2001:db8::42", NULL, 0 },
		{ NETS6, AF_INET6, "2001:db8:a::1", NULL, 0, "2001:db8::41",
		    NULL, 0 },
		{ NETS6, AF_INET6, "2002:c000:201::1", NULL, 0,
		    "2002:c000:202::7", NULL, 0 },
	};
	struct jailed jd[NKINDS];
	struct scene s;
	size_t i;

	scene_init(&s, tc);
	vnet_ip(&s.vn, "link add far type veth peer name near");
	vnet_ip(&s.vn, "link set near up");
	vnet_ip(&s.vn, "link set far up");
	vnet_addr(&s.vn, "192.0.2.41");
	vnet_addr(&s.vn, "192.0.2.42");
	vnet_addr(&s.vn, "2001:db8::41");
	vnet_addr(&s.vn, "2001:db8::42");
	vnet_addr(&s.vn, "2002:c000:202::7");
	vnet_ip(&s.vn, "addr add " FAR4 "/24 dev far");
	vnet_ip(&s.vn, "addr add " FAR6 "/64 dev far nodad preferred_lft 0");
	vnet_ip(&s.vn, "route add 203.0.113.0/24 dev far");
	vnet_ip(&s.vn, "route add 203.0.113.128/25 via " VNET_PEER4);
	vnet_ip(&s.vn, "route add 203.0.113.192/26 via " VNET_PEER4
	    " src 192.0.2.42");
	vnet_ip(&s.vn, "route add 2001:db8:9::/48 dev far");
	vnet_ip(&s.vn, "route add 2001:db8:9:8000::/49 via " VNET_PEER6
	    " src 2001:db8::42");
	jd[NETS4] = scene_jail("nets4", "192.0.2.41,192.0.2.42," FAR4, NULL,
	    NULL);
	jd[NETS6] = scene_jail("nets6", NULL, "2001:db8::41,2001:db8::42,"
	    "2002:c000:202::7," FAR6, NULL);
	for (i = 0; i < NELEMS(rows); i++)
		try_row(&jd[rows[i].kind], &rows[i]);
}

VNET_CASE(ip6_socket_to_ip4_is_judged_as_ip4)
{
	static const struct row rows[] = {
		{ A, AF_INET6, "::ffff:" VNET_PEER4, NULL, 0,
		    "::ffff:" A_FIRST4, NULL, 0 },
		{ A, AF_INET6, "::ffff:" VNET_PEER4, "::ffff:" A_SECOND4, 0,
		    "::ffff:" A_SECOND4, NULL, 0 },
		{ A, AF_INET6, "::ffff:0.0.0.0", NULL, 0, "::ffff:127.0.0.1",
		    "::ffff:127.0.0.1", 0 },
		{ A, AF_INET6, "::ffff:127.0.0.1", NULL, 0,
		    "::ffff:127.0.0.1", NULL, 0 },
		{ A, AF_INET6, "::ffff:127.0.0.2", NULL, ENETUNREACH, NULL,
		    NULL, JR_LOOPBACK },
		{ A, AF_INET6, VNET_PEER4, NULL, 0, "::ffff:" A_FIRST4,
		    "::ffff:" VNET_PEER4, 0 },
		{ A, AF_INET6, "127.0.0.1", NULL, 0, "::ffff:127.0.0.1",
		    "::ffff:127.0.0.1", 0 },
		{ IP6ONLY, AF_INET6, "::ffff:" VNET_PEER4, NULL, EAFNOSUPPORT,
		    NULL, NULL, JR_NOFAMILY },
		{ IP6ONLY, AF_INET6, "::ffff:0.0.0.0", NULL, EAFNOSUPPORT,
		    NULL, NULL, JR_NOFAMILY },
		{ INHERIT, AF_INET6, "::ffff:" VNET_PEER4, NULL, 0,
		    "::ffff:" VNET_HOST4, NULL, 0 },
	};

	run_rows(tc, rows, NELEMS(rows));
}

static int
listen_on(const char *addr)
{
	union sockaddrs sa;
	socklen_t len;
	int s;

	len = sockaddr_of(&sa, addr, PORT);
	s = socket(sa.sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ATF_REQUIRE(s != -1);
	ATF_REQUIRE(bind(s, &sa.sa, len) == 0);
	ATF_REQUIRE(listen(s, 1) == 0);
	return (s);
}

/* Accept what is there within seconds; *from is whom it comes from. */
static int
accept_from(int s, union sockaddrs *from)
{
	struct pollfd pfd = { .fd = s, .events = POLLIN };
	socklen_t len = sizeof(*from);

	ATF_REQUIRE_EQ_MSG(1, poll(&pfd, 1, 10000), "nobody connects");
	return (accept4(s, &from->sa, &len, SOCK_CLOEXEC));
}

static void
tcp_from_jail(const struct scene *s, const char *dst, const char *own)
{
	struct connect_call c = { .type = SOCK_STREAM };
	union sockaddrs from;
	int conn, inside, lsock;
	char byte;

	ATF_REQUIRE(vnet_enter(s->vn.vn_peer) == 0);
	lsock = listen_on(dst);
	ATF_REQUIRE(vnet_enter(s->vn.vn_host) == 0);
	c.dstlen = sockaddr_of(&c.dst, dst, PORT);
	c.af = c.dst.sa.sa_family;
	inside = jailed_call(&s->a, do_connect, &c, sizeof(c));
	ATF_REQUIRE_MSG(inside != -1, "%s: %s", dst, errname(c.error));
	conn = accept_from(lsock, &from);
	ATF_REQUIRE(conn != -1);
	ATF_CHECK_STREQ(own, sockaddr_text(&from));
	ATF_REQUIRE_EQ(1, write(inside, "j", 1));
	ATF_REQUIRE_EQ(1, read(conn, &byte, 1));
	ATF_REQUIRE_EQ(1, write(conn, "p", 1));
	ATF_REQUIRE_EQ(1, read(inside, &byte, 1));
	ATF_CHECK_EQ('p', byte);
	close(conn);
	close(inside);
	close(lsock);
}

VNET_CASE(tcp_comes_from_the_primary_and_carries_data)
{
	struct scene s;

	scene_init(&s, tc);
	tcp_from_jail(&s, VNET_PEER4, A_FIRST4);
	tcp_from_jail(&s, VNET_PEER6, A_FIRST6);
}

/* Connect twice, being disconnected in between. */
static int
do_reconnect(void *arg)
{
	struct connect_call *c = arg;
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	socklen_t len = sizeof(c->local);
	int s;

	s = socket(c->af, SOCK_DGRAM, 0);
	if (s == -1 || connect(s, &c->dst.sa, c->dstlen) == -1 ||
	    connect(s, &none, sizeof(none)) == -1 ||
	    connect(s, &c->dst.sa, c->dstlen) == -1 ||
	    getsockname(s, &c->local.sa, &len) == -1)
		c->error = errno;
	if (s != -1)
		close(s);
	return (-1);
}

VNET_CASE(source_is_own_after_disconnecting_too)
{
	struct connect_call c4 = { .af = AF_INET }, c6 = { .af = AF_INET6 };
	struct scene s;

	scene_init(&s, tc);
	c4.dstlen = sockaddr_of(&c4.dst, VNET_PEER4, PORT);
	jailed_call(&s.a, do_reconnect, &c4, sizeof(c4));
	ATF_CHECK_STREQ("0", errname(c4.error));
	ATF_CHECK_STREQ(A_FIRST4, sockaddr_text(&c4.local));
	c6.dstlen = sockaddr_of(&c6.dst, VNET_PEER6, PORT);
	jailed_call(&s.a, do_reconnect, &c6, sizeof(c6));
	ATF_CHECK_STREQ("0", errname(c6.error));
	ATF_CHECK_STREQ(A_FIRST6, sockaddr_text(&c6.local));
}

/* Connect elsewhere after that; in between it has no address. */
static int
do_turn(void *arg)
{
	struct connect_call *c = arg;
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	socklen_t len = sizeof(c->remote), len2 = sizeof(c->local);
	int s;

	s = socket(c->af, c->type, 0);
	if (s == -1 || connect(s, &c->bound.sa, c->dstlen) == -1 ||
	    connect(s, &none, sizeof(none)) == -1 ||
	    getsockname(s, &c->remote.sa, &len) == -1 ||
	    connect(s, &c->dst.sa, c->dstlen) == -1 ||
	    getsockname(s, &c->local.sa, &len2) == -1)
		c->error = errno;
	if (s != -1)
		close(s);
	return (-1);
}

static void
turn(const struct jailed *jd, const char *first, const char *second,
    const char *any, const char *source)
{
	struct connect_call c = { .type = SOCK_DGRAM };

	sockaddr_of(&c.bound, first, PORT);
	c.dstlen = sockaddr_of(&c.dst, second, PORT);
	c.af = c.dst.sa.sa_family;
	jailed_call(jd, do_turn, &c, sizeof(c));
	ATF_CHECK_STREQ("0", errname(c.error));
	ATF_CHECK_STREQ(any, sockaddr_text(&c.remote));
	ATF_CHECK_STREQ(source, sockaddr_text(&c.local));
}

VNET_CASE(source_is_chosen_anew_after_disconnecting)
{
	struct jailed jd;
	struct scene s;

	scene_init(&s, tc);
	vnet_addr(&s.vn, "192.0.2.41");
	vnet_addr(&s.vn, FAR4);
	vnet_addr(&s.vn, "2001:db8::41");
	vnet_addr(&s.vn, FAR6);
	jd = scene_jail("turn", "192.0.2.41," FAR4, "2001:db8::41," FAR6,
	    NULL);
	turn(&jd, FAR4_PEER, VNET_PEER4, "0.0.0.0", "192.0.2.41");
	turn(&jd, VNET_PEER4, FAR4_PEER, "0.0.0.0", FAR4);
	turn(&jd, FAR6_PEER, VNET_PEER6, "::", "2001:db8::41");
	turn(&jd, VNET_PEER6, FAR6_PEER, "::", FAR6);
}

/* Connect to where nobody listens, without waiting for it. */
static int
do_fail(void *arg)
{
	struct connect_call *c = arg;
	socklen_t len = sizeof(c->local), errorlen = sizeof(c->error);
	struct pollfd pfd = { .events = POLLOUT };

	pfd.fd = socket(c->af, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (pfd.fd == -1 || connect(pfd.fd, &c->dst.sa, c->dstlen) == 0 ||
	    errno != EINPROGRESS || poll(&pfd, 1, 10000) != 1 ||
	    getsockopt(pfd.fd, SOL_SOCKET, SO_ERROR, &c->error,
	    &errorlen) == -1 || getsockname(pfd.fd, &c->local.sa, &len) == -1)
		c->error = errno;
	if (pfd.fd != -1)
		close(pfd.fd);
	return (-1);
}

VNET_CASE(source_is_known_of_a_connection_that_failed)
{
	static const char *const rows[][2] = {
		{ VNET_PEER4, A_FIRST4 }, { VNET_PEER6, A_FIRST6 },
	};
	struct connect_call c;
	struct scene s;
	size_t i;

	scene_init(&s, tc);
	for (i = 0; i < NELEMS(rows); i++) {
		c = (struct connect_call){ .type = SOCK_STREAM };
		c.dstlen = sockaddr_of(&c.dst, rows[i][0], PORT);
		c.af = c.dst.sa.sa_family;
		jailed_call(&s.a, do_fail, &c, sizeof(c));
		ATF_CHECK_STREQ("ECONNREFUSED", errname(c.error));
		ATF_CHECK_STREQ(rows[i][1], sockaddr_text(&c.local));
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, ip4_source_is_own_and_loopback_is_the_jails);
	ATF_TP_ADD_TC(tp, ip6_source_is_own_and_loopback_is_the_jails);
	ATF_TP_ADD_TC(tp,
	    socket_bound_to_all_of_both_families_connects_to_ip6);
	ATF_TP_ADD_TC(tp,
	    socket_bound_to_all_of_both_families_has_no_address_of_the_host);
	ATF_TP_ADD_TC(tp, source_is_on_the_destinations_prefix_if_asked_for);
	ATF_TP_ADD_TC(tp, source_is_what_the_route_calls_for);
	ATF_TP_ADD_TC(tp, ip6_socket_to_ip4_is_judged_as_ip4);
	ATF_TP_ADD_TC(tp, tcp_comes_from_the_primary_and_carries_data);
	ATF_TP_ADD_TC(tp, source_is_own_after_disconnecting_too);
	ATF_TP_ADD_TC(tp, source_is_known_of_a_connection_that_failed);
	ATF_TP_ADD_TC(tp, source_is_chosen_anew_after_disconnecting);
	return (atf_no_error());
}
