/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Sockets that hooks see less of: raw ones, those that are bound by sending or
 * listening, of protocols that bind behind the hooks, and such as change under
 * way; by their numbers in the table of attacks.
 */

#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "attempt.h"
#include "errname.h"

#define SERVICE	7000
#define WAIT_MS	10000
#define PROTO	253	/* for experiments, RFC 3692 */
#define OTHER_SMC 256	/* IPPROTO_SMC, Linux 6.11 */

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP	262
#endif
#ifndef AF_SMC
#define AF_SMC		43
#endif

static const struct verdict done = { .step = DONE };

/*
 * By itself, a process in the cgroup can bind any, for no hook is asked;
 * nothing comes of it.
 */
static void
send_from(const struct stage *s, enum owner who, const struct victim *v,
    int type, int proto)
{
	static const struct verdict dropped = { SEND, EPERM, JR_SRCADDR,
		JAIL_DIR_OUT };
	static const struct verdict untold = { DONE, 0, JR_SRCADDR,
		JAIL_DIR_OUT };
	bool ip6 = strchr(v->addr, ':') != NULL;
	struct attempt at = { .type = type, .proto = proto, .send = true };

	attempt_from(&at, v->addr, 0);
	attempt_to(&at, ip6 ? VNET_PEER6 : VNET_PEER4, 0);
	attempt_expect(&s->at[who], &at, who == IN_HOST || v->owner == who ?
	    &done : proto == IPPROTO_ICMPV6 ? &untold : &dropped);
}

static int
raw_at(const struct spot *spot, const char *addr)
{
	struct attempt at = { .type = SOCK_RAW, .proto = PROTO };
	int s;

	attempt_from(&at, addr, 0);
	s = attempt(spot, &at);
	ATF_REQUIRE_MSG(s != -1, "%s, at %s: %s", spot->name, addr,
	    errname(at.error));
	return (s);
}

static void
peer_sends(const struct stage *s, const char *dst)
{
	const struct spot peer = { "peer", NULL };
	struct attempt at = { .type = SOCK_RAW, .proto = PROTO, .send = true };
	int fd;

	ATF_REQUIRE_EQ(0, vnet_enter(s->sc.vn.vn_peer));
	attempt_to(&at, dst, 0);
	fd = attempt(&peer, &at);
	ATF_REQUIRE_EQ(0, vnet_enter(s->sc.vn.vn_host));
	ATF_REQUIRE(fd != -1);
	close(fd);
}

/* Jail A and the host are both at an address of the other's. */
static void
hear_at(const struct stage *s, const char *own, const char *other)
{
	bool ip6 = strchr(other, ':') != NULL;
	struct refusal want = { JR_DSTADDR, JAIL_DIR_IN, ip6 ? 6 : 4 };
	int mine = raw_at(&s->at[IN_A], own);
	int theirs = raw_at(&s->at[IN_A], other);
	int hosts = raw_at(&s->at[IN_HOST], other);
	uint64_t before = refusals_before(&s->sc.a, &want);

	peer_sends(s, other);
	peer_sends(s, own);
	ATF_CHECK(is_ready(mine, WAIT_MS));
	ATF_CHECK(is_ready(hosts, WAIT_MS));
	ATF_CHECK_MSG(!is_ready(theirs, 0), "jail A hears what is for %s",
	    other);
	ATF_CHECK(refused_once(&s->sc.a, &want, before));
	close(mine);
	close(theirs);
	close(hosts);
}

VNET_CASE(A2_raw_or_ping_socket_at_a_foreign_address_is_of_no_use)
{
	struct stage s;
	size_t i;
	bool ip6;

	stage_init(&s, tc, 0);
	s.sc.a = jailed_start_bare(s.sc.a.jd_jid);
	s.sc.b = jailed_start_bare(s.sc.b.jd_jid);
	write_sysctl("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
	for (i = 0; i < NOWNERS * nvictims; i++) {
		const struct victim *v = &victims[i % nvictims];

		ip6 = strchr(v->addr, ':') != NULL;
		if (ip6 && strchr(v->addr, '.') != NULL)
			continue;
		send_from(&s, i / nvictims, v, SOCK_RAW, PROTO);
		send_from(&s, i / nvictims, v, SOCK_DGRAM, ip6 ?
		    IPPROTO_ICMPV6 : IPPROTO_ICMP);
	}
	hear_at(&s, A_SECOND4, B_ADDR4);
	hear_at(&s, A_SECOND4, VNET_HOST4);
	hear_at(&s, A_SECOND6, B_ADDR6);
	hear_at(&s, A_SECOND6, VNET_HOST6);
}

/* Who is in the jail wholly is told by the broker. */
static void
bind_to(const struct stage *s, const struct victim *v, int type, int proto)
{
	static const struct verdict notown = { BIND, EADDRNOTAVAIL, 0, 0 };
	struct attempt at = { .type = type, .proto = proto, .send = true };

	attempt_from(&at, v->addr, 0);
	attempt_to(&at, strchr(v->addr, ':') != NULL ? VNET_PEER6 :
	    VNET_PEER4, 0);
	for (enum owner who = 0; who < NOWNERS; who++)
		attempt_expect(&s->at[who], &at, who == IN_HOST ||
		    v->owner == who ? &done : &notown);
}

VNET_CASE(A2_raw_or_ping_socket_is_bound_to_own_only)
{
	struct stage s;
	bool ip6;

	stage_init(&s, tc, 0);
	write_sysctl("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
	for (size_t i = 0; i < nvictims; i++) {
		ip6 = strchr(victims[i].addr, ':') != NULL;
		if (ip6 && strchr(victims[i].addr, '.') != NULL)
			continue;
		bind_to(&s, &victims[i], SOCK_RAW, PROTO);
		bind_to(&s, &victims[i], SOCK_DGRAM, ip6 ? IPPROTO_ICMPV6 :
		    IPPROTO_ICMP);
	}
}

/* Somebody outside calls and does not wait for an answer. */
static int
call_one(const struct spot *from, int type, const char *dst, uint16_t port)
{
	struct attempt at = { .type = type, .connect = true, .hurry = true,
		.send = type == SOCK_DGRAM };
	int fd;

	attempt_to(&at, dst, port);
	fd = attempt(from, &at);
	ATF_REQUIRE_MSG(fd != -1, "%s to %s: %s", from->name, dst,
	    errname(at.error));
	return (fd);
}

/*
 * Call all of a family that are this one's, or all that are others', among them
 * the host's loopback.
 */
static int
call_all(const struct stage *s, enum owner who, bool own, bool ip6, int type,
    uint16_t port, int *call)
{
	const struct spot peer = { "peer", NULL };
	const struct victim *v;
	int n = 0;

	if (!own && who != IN_HOST)
		call[n++] = call_one(&s->at[IN_HOST], type, ip6 ? "::1" :
		    "127.0.0.1", port);
	ATF_REQUIRE_EQ(0, vnet_enter(s->sc.vn.vn_peer));
	for (v = victims; v < victims + nvictims; v++)
		if ((strchr(v->addr, '.') == NULL) == ip6 &&
		    (v->owner == who) == own)
			call[n++] = call_one(&peer, type, v->addr, port);
	ATF_REQUIRE_EQ(0, vnet_enter(s->sc.vn.vn_host));
	return (n);
}

/* The calls of others come first, if they come. */
static void
be_called(const struct stage *s, enum owner who, int type, int waiting,
    bool ip6)
{
	int call[16], i, n, own;
	union sockaddrs from;

	n = call_all(s, who, false, ip6, type, name_port(waiting), call);
	own = call_all(s, who, true, ip6, type, name_port(waiting), call + n);
	for (i = n; i < n + own; i++) {
		ATF_CHECK_MSG(meet(waiting, type, &from, WAIT_MS),
		    "%s, type %d: nobody calls", s->at[who].name, type);
		ATF_CHECK_MSG(ntohs(from.sin.sin_port) == name_port(call[i]),
		    "%s, type %d: another's call comes", s->at[who].name,
		    type);
	}
	ATF_CHECK_MSG(!is_ready(waiting, 0), "%s, type %d: a call too many",
	    s->at[who].name, type);
	for (i = 0; i < n + own; i++)
		close(call[i]);
}

/* What was for the host came as far as the jail, and was counted. */
static void
be_called_in_jail(const struct stage *s, enum owner who, int waiting,
    bool ip6)
{
	struct refusal want = { JR_DSTADDR, JAIL_DIR_IN, ip6 ? 6 : 4 };
	const struct jailed *jd = s->at[who].jd;
	uint64_t before = refusals_before(jd, &want);

	be_called(s, who, SOCK_DGRAM, waiting, ip6);
	ATF_CHECK_EQ(before + (ip6 ? 2 : 3), refusals_before(jd, &want));
}

VNET_CASE(A5_listener_that_is_not_bound_gets_own_only)
{
	struct stage s;
	enum owner who;
	int waiting;

	stage_init(&s, tc, 0);
	for (who = 0; who < NOWNERS; who++) {
		waiting = server_start(s.at[who].jd, SOCK_STREAM, SV_LISTEN |
		    SV_UNBOUND, "0.0.0.0", 0);
		be_called(&s, who, SOCK_STREAM, waiting, false);
		close(waiting);
		waiting = server_start(s.at[who].jd, SOCK_STREAM, SV_LISTEN |
		    SV_UNBOUND, "::", 0);
		be_called(&s, who, SOCK_STREAM, waiting, true);
		be_called(&s, who, SOCK_STREAM, waiting, false);
		close(waiting);
	}
}

VNET_CASE(A6_datagram_socket_that_sends_first_gets_own_only)
{
	static const char *const to[] = { VNET_PEER4, VNET_PEER6,
		MAPPED(VNET_PEER4) };
	struct attempt at;
	struct stage s;
	enum owner who;
	int waiting;
	size_t i;

	stage_init(&s, tc, 0);
	for (who = 0; who < NOWNERS; who++)
		for (i = 0; i < NELEMS(to); i++) {
			at = (struct attempt){ .type = SOCK_DGRAM,
				.send = true };
			attempt_to(&at, to[i], SERVICE);
			waiting = attempt(&s.at[who], &at);
			ATF_REQUIRE_MSG(waiting != -1, "%s to %s: %s",
			    s.at[who].name, to[i], errname(at.error));
			if (who == IN_HOST)
				be_called(&s, who, SOCK_DGRAM, waiting,
				    i == 1);
			else
				be_called_in_jail(&s, who, waiting, i == 1);
			close(waiting);
		}
}

/* Neither wholly jailed nor in the cgroup alone; the host may, if it can. */
static void
not_made(const struct stage *s, const struct spot *bare, int type, int proto)
{
	static const struct verdict refused = { MAKE, EPROTONOSUPPORT,
		JR_PROTO, JAIL_DIR_CALL };
	static const char *const own[] = { A_FIRST4, A_FIRST6 };
	struct attempt at = { .type = type, .proto = proto };
	size_t i;

	for (i = 0; i < NELEMS(own); i++) {
		attempt_from(&at, own[i], SERVICE);
		attempt_expect(&s->at[IN_A], &at, &refused);
		attempt_expect(&s->at[IN_B], &at, &refused);
		attempt_expect(bare, &at, &refused);
		attempt_expect(&s->at[IN_HOST], &at, &done);
		at.proto = IPPROTO_TCP;
		at.type = SOCK_STREAM;
		attempt_expect(&s->at[IN_A], &at, &done);
		at.proto = proto;
		at.type = type;
	}
}

static void
never_made(const atf_tc_t *tc, int type, int proto)
{
	struct jailed jd;
	struct spot bare = { "cgroup of A", &jd };
	struct stage s;

	stage_init(&s, tc, 0);
	jd = jailed_start_bare(s.sc.a.jd_jid);
	not_made(&s, &bare, type, proto);
}

VNET_CASE(A13_sctp_is_not_made)
{
	never_made(tc, SOCK_STREAM, IPPROTO_SCTP);
}

VNET_CASE(A13_sctp_by_packets_is_not_made)
{
	never_made(tc, SOCK_SEQPACKET, IPPROTO_SCTP);
}

/* The kernel asks nobody where such a socket connects. */
VNET_CASE(A13_udplite_is_not_made)
{
	never_made(tc, SOCK_DGRAM, IPPROTO_UDPLITE);
}

VNET_CASE(A14_mptcp_is_not_made)
{
	never_made(tc, SOCK_STREAM, IPPROTO_MPTCP);
}

/* A TCP socket may be asked to become one of another protocol. */
static int
do_become(void *arg)
{
	const char *ulp = arg;
	int s = socket(AF_INET, SOCK_STREAM, 0);
	int error = setsockopt(s, IPPROTO_TCP, TCP_ULP, ulp, strlen(ulp)) ==
	    -1 ? errno : 0;

	close(s);
	*(int *)arg = error;
	return (-1);
}

/* The error of that: in the jail, or in the host if jd is NULL. */
static int
become(const struct jailed *jd, const char *ulp)
{
	union {
		char name[16];
		int error;
	} u;

	strcpy(u.name, ulp);
	if (jd == NULL)
		do_become(&u);
	else
		jailed_call(jd, do_become, &u, sizeof(u));
	return (u.error);
}

static int
do_smc(void *arg)
{
	int s = socket(AF_SMC, SOCK_STREAM, 0);

	*(int *)arg = s == -1 ? errno : 0;
	if (s != -1)
		close(s);
	return (-1);
}

VNET_CASE(A15_smc_is_not_made)
{
	struct jailed jd;
	struct spot bare = { "cgroup of A", &jd };
	struct stage s;
	int error;

	stage_init(&s, tc, 0);
	jd = jailed_start_bare(s.sc.a.jd_jid);
	not_made(&s, &bare, SOCK_STREAM, OTHER_SMC);
	jailed_call(&s.sc.a, do_smc, &error, sizeof(error));
	ATF_CHECK_STREQ("EAFNOSUPPORT", errname(error));
	ATF_CHECK_STREQ("EPERM", errname(become(&s.sc.a, "smc")));
	ATF_CHECK_STREQ("EPERM", errname(become(&s.sc.a, "mptcp")));
	ATF_CHECK_EQ(become(NULL, "tls"), become(&s.sc.a, "tls"));
}

/* With all capabilities it is of no use either. */
VNET_CASE(A16_socket_under_repair_is_refused_or_judged)
{
	static const struct attempt repair = { .type = SOCK_STREAM,
		.option4 = { IPPROTO_TCP, TCP_REPAIR },
		.option6 = { IPPROTO_TCP, TCP_REPAIR } };
	static const struct verdict nocap = { OPTION, EPERM, 0, 0 };
	static const struct verdict notown = { BIND, EADDRNOTAVAIL,
		JR_LOCALADDR, JAIL_DIR_CALL };
	static const struct verdict nowhere = { CONNECT, ENETUNREACH,
		JR_LOOPBACK, JAIL_DIR_CALL };
	struct attempt at;
	struct jailed jd;
	struct spot bare = { "cgroup of A", &jd };
	struct stage s;
	size_t i;
	bool own;

	stage_init(&s, tc, 0);
	jd = jailed_start_bare(s.sc.a.jd_jid);
	for (i = 0; i < nvictims; i++) {
		at = repair;
		own = victims[i].owner == IN_A;
		attempt_from(&at, victims[i].addr, SERVICE);
		attempt_expect(&s.at[IN_A], &at, &nocap);
		attempt_expect(&s.at[IN_B], &at, &nocap);
		attempt_expect(&bare, &at, own ? &done : &notown);
		attempt_expect(&s.at[IN_HOST], &at, &done);
	}
	at = repair;
	at.connect = true;
	attempt_to(&at, "127.0.0.2", SERVICE);
	attempt_expect(&bare, &at, &nowhere);
	attempt_expect(&s.at[IN_HOST], &at, &done);
	attempt_to(&at, VNET_PEER4, SERVICE);
	attempt_expect(&bare, &at, &done);
}

/* A socket that was connected, and then, of another family or not, is again. */
struct again {
	int type;
	bool addrform, bind;
	union sockaddrs first, second;
	int error;
	union sockaddrs name;
};

/* Connect for the first time, and disconnect. */
static int
connect_once(int s, const struct again *a)
{
	const struct sockaddr none = { .sa_family = AF_UNSPEC };
	const struct timeval tv = { .tv_sec = WAIT_MS / 1000 };
	int inet = AF_INET;

	if (setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) == -1 ||
	    connect(s, &a->first.sa, sizeof(a->first)) == -1)
		return (-1);
	if (a->addrform && setsockopt(s, IPPROTO_IPV6, IPV6_ADDRFORM, &inet,
	    sizeof(inet)) == -1)
		return (-1);
	return (connect(s, &none, sizeof(none)));
}

static int
do_again(void *arg)
{
	struct again *a = arg;
	socklen_t len = sizeof(a->name);
	int s = socket(a->first.sa.sa_family, a->type, 0);

	if (s == -1 || connect_once(s, a) == -1)
		_exit(1);
	a->error = (a->bind ? bind(s, &a->second.sa, sizeof(a->second)) :
	    connect(s, &a->second.sa, sizeof(a->second))) == -1 ? errno : 0;
	getsockname(s, &a->name.sa, &len);
	close(s);
	return (-1);
}

/* What the second call is, in a jail, and what must come of it. */
struct second {
	bool bind;
	const char *first, *second;
	int error, reason;
	const char *name;
	int outside;		/* the error in the host */
};

static void
try_second(const struct stage *s, const struct second *r, int type,
    bool addrform)
{
	struct again a = { .type = type, .addrform = addrform,
		.bind = r->bind }, out;
	struct refusal want = { r->reason, JAIL_DIR_CALL, addrform ||
		strchr(r->first, ':') == NULL ? 4 : 6 };
	uint64_t before = refusals_before(&s->sc.a, &want);
	const char *second = addrform ? plain(r->second) : r->second;
	int error = r->error;

	sockaddr_of(&a.first, r->first, SERVICE);
	sockaddr_of(&a.second, second, r->bind ? 0 : SERVICE);
	out = a;
	jailed_call(&s->sc.a, do_again, &a, sizeof(a));
	do_again(&out);
	if (error == ECONNREFUSED && type == SOCK_DGRAM)
		error = 0;
	ATF_CHECK_MSG(a.error == error && (error != 0 || strcmp(r->name,
	    plain(sockaddr_text(&a.name))) == 0), "type %d, addrform %d, %s, "
	    "then %s: %s, at %s; should be %s, at %s", type, addrform,
	    r->first, second, errname(a.error), sockaddr_text(&a.name),
	    errname(error), r->name != NULL ? r->name : "-");
	ATF_CHECK_MSG(refused_once(&s->sc.a, &want, before), "type %d, "
	    "addrform %d, %s, then %s: not counted as reason %d once", type,
	    addrform, r->first, second, r->reason);
	ATF_CHECK_MSG(out.error == r->outside, "host, type %d, %s: %s", type,
	    second, errname(out.error));
}

#define SECOND(map, host, own, other, lo)				\
	{ true, map host, map other, EADDRNOTAVAIL, JR_LOCALADDR, NULL, 0 }, \
	{ true, map host, map host, EADDRNOTAVAIL, JR_LOCALADDR, NULL, 0 }, \
	{ true, map host, map own, 0, 0, own, 0 },			\
	{ false, map host, map lo, ECONNREFUSED, 0, lo, 0 },		\
	{ false, map host, map host, 0, 0, own, 0 }

static const struct second seconds[] = {
	SECOND("", VNET_HOST4, A_FIRST4, B_ADDR4, "127.0.0.1"),
	SECOND("::ffff:", VNET_HOST4, A_FIRST4, B_ADDR4, "127.0.0.1"),
	SECOND("", VNET_HOST6, A_FIRST6, B_ADDR6, "::1"),
	{ false, VNET_HOST4, "127.0.0.2", ENETUNREACH, JR_LOOPBACK, NULL, 0 },
	{ false, MAPPED(VNET_HOST4), MAPPED("127.0.0.2"), ENETUNREACH,
	    JR_LOOPBACK, NULL, 0 },
};

VNET_CASE(A18_socket_that_is_connected_again_is_judged_again)
{
	struct stage s;
	size_t i;

	stage_init(&s, tc, SERVICE);
	for (i = 0; i < NELEMS(seconds); i++) {
		try_second(&s, &seconds[i], SOCK_STREAM, false);
		try_second(&s, &seconds[i], SOCK_DGRAM, false);
	}
}

VNET_CASE(A17_socket_that_becomes_one_of_ip4_is_judged_as_that)
{
	struct stage s;
	size_t i;

	stage_init(&s, tc, SERVICE);
	for (i = 0; i < NELEMS(seconds); i++)
		if (strncmp(seconds[i].first, "::ffff:", 7) == 0) {
			try_second(&s, &seconds[i], SOCK_STREAM, true);
			try_second(&s, &seconds[i], SOCK_DGRAM, true);
		}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, A2_raw_or_ping_socket_is_bound_to_own_only);
	ATF_TP_ADD_TC(tp,
	    A2_raw_or_ping_socket_at_a_foreign_address_is_of_no_use);
	ATF_TP_ADD_TC(tp, A5_listener_that_is_not_bound_gets_own_only);
	ATF_TP_ADD_TC(tp, A6_datagram_socket_that_sends_first_gets_own_only);
	ATF_TP_ADD_TC(tp, A13_sctp_is_not_made);
	ATF_TP_ADD_TC(tp, A13_sctp_by_packets_is_not_made);
	ATF_TP_ADD_TC(tp, A13_udplite_is_not_made);
	ATF_TP_ADD_TC(tp, A14_mptcp_is_not_made);
	ATF_TP_ADD_TC(tp, A15_smc_is_not_made);
	ATF_TP_ADD_TC(tp, A16_socket_under_repair_is_refused_or_judged);
	ATF_TP_ADD_TC(tp,
	    A17_socket_that_becomes_one_of_ip4_is_judged_as_that);
	ATF_TP_ADD_TC(tp,
	    A18_socket_that_is_connected_again_is_judged_again);
	return (atf_no_error());
}
