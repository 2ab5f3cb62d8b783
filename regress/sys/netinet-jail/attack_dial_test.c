/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Ways to be reached where the jail did not bind, and to reach what is not its
 * own, by their numbers in the table of attacks. The host's services are at all
 * of its addresses, the loopback among them; it tries the same, and may.
 */

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netpacket/packet.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "attempt.h"
#include "errname.h"
#include "forge.h"

#define SERVICE	7000
#define WAIT_MS	10000

/* What 127.0.0.1 and ::1 are to the kernel, in jails A and B. */
#define A_LO4	"127.64.0.1"
#define B_LO4	"127.64.0.2"
#define A_LO6	"fd6a:6169:6c6c:6f::1"
#define B_LO6	"fd6a:6169:6c6c:6f::2"

/* What a socket does to get somewhere. */
struct way {
	const char *name;
	struct attempt form;
};

static const struct way ways[] = {
	{ "TCP", { .type = SOCK_STREAM, .connect = true } },
	{ "TCP Fast Open", { .type = SOCK_STREAM, .send = true,
	    .flags = MSG_FASTOPEN } },
	{ "UDP, connected", { .type = SOCK_DGRAM, .connect = true,
	    .send = true } },
	{ "UDP, named", { .type = SOCK_DGRAM, .send = true } },
};

static const struct verdict done = { .step = DONE };

static int
service_of(const struct stage *s, const struct attempt *at)
{
	return (s->service[at->type == SOCK_DGRAM]);
}

/* Get there, and be seen to come from an address, or wait no more. */
static void
reach(const struct stage *s, enum owner who, const struct way *w,
    const char *dst, const char *from, int service)
{
	struct attempt at = w->form;
	union sockaddrs sa;
	int fd;

	attempt_to(&at, dst, SERVICE);
	fd = attempt(&s->at[who], &at);
	ATF_REQUIRE_MSG(fd != -1, "%s, %s to %s: %s", s->at[who].name, w->name,
	    dst, errname(at.error));
	ATF_REQUIRE_MSG(meet(service, at.type, &sa, WAIT_MS) &&
	    strcmp(plain(sockaddr_text(&sa)), plain(from)) == 0,
	    "%s, %s to %s: comes from %s, should be %s", s->at[who].name,
	    w->name, dst, sockaddr_text(&sa), from);
	close(fd);
}

/* Nobody is there; the host's service, which might have been, hears nothing. */
static void
miss(const struct stage *s, enum owner who, const struct way *w,
    const char *dst)
{
	struct attempt at = w->form;
	union sockaddrs sa;
	int fd;

	attempt_to(&at, dst, SERVICE);
	fd = attempt(&s->at[who], &at);
	ATF_CHECK_MSG(at.type == SOCK_DGRAM || at.error == ECONNREFUSED,
	    "%s, %s to %s: %s", s->at[who].name, w->name, dst,
	    errname(at.error));
	ATF_CHECK_MSG(!meet(service_of(s, &at), at.type, &sa, 0),
	    "%s, %s to %s reaches the host", s->at[who].name, w->name, dst);
	if (fd != -1)
		close(fd);
}

/* Refused; a mapped datagram that is named asks the hook of IPv4. */
static void
refuse(const struct stage *s, enum owner who, const struct way *w,
    const char *dst, int error, int reason)
{
	struct attempt at = w->form;
	struct verdict want = { at.connect ? CONNECT : SEND, error, UNKNOWN,
		JAIL_DIR_CALL };
	struct refusal v4 = { reason, JAIL_DIR_CALL, 4 }, v6 = v4;
	const struct jailed *jd = s->at[who].jd;
	uint64_t before;

	v6.family = 6;
	before = refusals_before(jd, &v4) + refusals_before(jd, &v6);
	attempt_to(&at, dst, SERVICE);
	attempt_expect(&s->at[who], &at, &want);
	ATF_CHECK_MSG(refusals_before(jd, &v4) + refusals_before(jd, &v6) ==
	    before + 1, "%s, %s to %s: not counted as reason %d once",
	    s->at[who].name, w->name, dst, reason);
}

VNET_CASE(A1_fast_open_is_from_own_address)
{
	static const char *const to[] = { VNET_PEER4, VNET_PEER6,
		MAPPED(VNET_PEER4) };
	static const char *const from[NOWNERS][2] = {
		{ A_FIRST4, A_FIRST6 }, { B_ADDR4, B_ADDR6 },
		{ VNET_HOST4, VNET_HOST6 }
	};
	struct stage s;
	int service;
	size_t i;

	stage_init(&s, tc, 0);
	ATF_REQUIRE_EQ(0, vnet_enter(s.sc.vn.vn_peer));
	service = server_start(NULL, SOCK_STREAM, SV_LISTEN, "::", SERVICE);
	ATF_REQUIRE_EQ(0, vnet_enter(s.sc.vn.vn_host));
	for (i = 0; i < NOWNERS * NELEMS(to); i++)
		reach(&s, i / NELEMS(to), &ways[1], to[i % NELEMS(to)],
		    from[i / NELEMS(to)][i % NELEMS(to) == 1], service);
	close(service);
}

/* Addresses that lead to the loopback, and from where they are seen to come. */
static const char *const zero[][2] = {
	{ "0.0.0.0", "127.0.0.1" }, { "::", "::1" },
	{ MAPPED("0.0.0.0"), "127.0.0.1" },
};

static const char *const one[][2] = {
	{ "127.0.0.1", "127.0.0.1" }, { "::1", "::1" },
	{ MAPPED("127.0.0.1"), "127.0.0.1" },
};

/*
 * The host's service is not reached, nor another jail's, but the own one is.
 * (For datagrams of an IPv6 socket that is connected see D3 below.)
 */
static void
stay_inside(const struct stage *s, enum owner who, const struct way *w,
    const char *const dst[2])
{
	int own, stream = w->form.type == SOCK_STREAM;

	if (!(w->form.type == SOCK_DGRAM && w->form.connect &&
	    plain(dst[0]) != dst[0])) {
		miss(s, who, w, dst[0]);
		miss(s, !who, w, dst[0]);
	}
	own = server_start(s->at[who].jd, w->form.type, stream ? SV_LISTEN :
	    0, dst[1], SERVICE);
	reach(s, who, w, dst[0], dst[1], own);
	close(own);
	reach(s, IN_HOST, w, dst[0], dst[1], service_of(s, &w->form));
}

static void
stay_inside_all(const struct stage *s, const char *const (*dsts)[2], size_t n)
{
	size_t i, j;

	for (i = 0; i < NELEMS(ways); i++)
		for (j = 0; j < 2 * n; j++)
			stay_inside(s, j % 2 == 0 ? IN_A : IN_B, &ways[i],
			    dsts[j / 2]);
}

VNET_CASE(A11_no_address_is_the_jails_own_loopback)
{
	struct stage s;

	stage_init(&s, tc, SERVICE);
	stay_inside_all(&s, zero, NELEMS(zero));
}

VNET_CASE(A12_loopback_of_the_host_is_not_reached)
{
	static const char *const nowhere[] = { "127.0.0.2", "127.255.255.254",
		B_LO4, B_LO6, MAPPED("127.0.0.2"), MAPPED(B_LO4) };
	struct stage s;
	size_t i, j;

	stage_init(&s, tc, SERVICE);
	stay_inside_all(&s, one, NELEMS(one));
	for (i = 0; i < NELEMS(ways); i++)
		for (j = 0; j < NELEMS(nowhere); j++)
			refuse(&s, IN_A, &ways[i], nowhere[j], ENETUNREACH,
			    JR_LOOPBACK);
	for (i = 0; i < NELEMS(ways); i++)
		reach(&s, IN_HOST, &ways[i], "127.0.0.2", "127.0.0.1",
		    service_of(&s, &ways[i].form));
}

VNET_CASE(A12_public_address_of_the_host_is_as_any_other)
{
	static const char *const rows[][3] = {
		{ VNET_HOST4, A_FIRST4, B_ADDR4 },
		{ VNET_HOST6, A_FIRST6, B_ADDR6 },
		{ MAPPED(VNET_HOST4), A_FIRST4, B_ADDR4 },
	};
	int hidden[4], n = 0;
	struct stage s;
	size_t i, j;

	stage_init(&s, tc, SERVICE);
	for (i = 0; i < NELEMS(ways); i++)
		for (j = 0; j < NELEMS(rows); j++) {
			reach(&s, IN_A, &ways[i], rows[j][0], rows[j][1],
			    service_of(&s, &ways[i].form));
			reach(&s, IN_B, &ways[i], rows[j][0], rows[j][2],
			    service_of(&s, &ways[i].form));
		}
	close(s.service[0]);
	close(s.service[1]);
	s.service[0] = hidden[n++] = server_start(NULL, SOCK_STREAM, SV_LISTEN,
	    "127.0.0.1", SERVICE);
	s.service[1] = hidden[n++] = server_start(NULL, SOCK_DGRAM, 0,
	    "127.0.0.1", SERVICE);
	for (i = 0; i < NELEMS(ways); i++)
		miss(&s, IN_A, &ways[i], VNET_HOST4);
	while (n > 0)
		close(hidden[--n]);
}

/*
 * What has no hook but that of packets, where the broker does not help. A ping
 * socket has one to connect; that of IPv6 is not told that a packet was
 * dropped.
 */
static void
not_there(const struct stage *s, const char *from, const char *dst, int type,
    int proto)
{
	static const struct verdict dropped = { SEND, EPERM, JR_LOOPBACK,
		JAIL_DIR_OUT };
	static const struct verdict untold = { DONE, 0, JR_LOOPBACK,
		JAIL_DIR_OUT };
	static const struct verdict refused = { CONNECT, ENETUNREACH,
		JR_LOOPBACK, JAIL_DIR_CALL };
	bool ip6 = strchr(from, ':') != NULL;
	struct attempt at = { .type = type, .proto = proto, .send = true };

	attempt_from(&at, from, 0);
	attempt_to(&at, dst, 0);
	attempt_expect(&s->at[IN_A], &at, proto == IPPROTO_ICMPV6 ? &untold :
	    &dropped);
	attempt_expect(&s->at[IN_HOST], &at, &done);
	at.connect = true;
	if (type == SOCK_RAW)
		attempt_expect(&s->at[IN_A], &at, &dropped);
	else if (strcmp(dst, "127.0.0.1") != 0 && strcmp(dst, "::1") != 0)
		attempt_expect(&s->at[IN_A], &at, &refused);
	at.connect = false;
	attempt_to(&at, ip6 ? VNET_HOST6 : VNET_HOST4, 0);
	attempt_expect(&s->at[IN_A], &at, &done);
}

VNET_CASE(A12_raw_and_ping_sockets_do_not_reach_the_loopback)
{
	static const char *const rows[][2] = {
		{ A_FIRST4, "127.0.0.1" }, { A_SECOND4, "127.0.0.2" },
		{ A_FIRST4, B_LO4 }, { A_FIRST6, "::1" }, { A_SECOND6, B_LO6 },
	};
	struct stage s;
	size_t i;

	stage_init(&s, tc, 0);
	s.sc.a = jailed_start_bare(s.sc.a.jd_jid);
	write_sysctl("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
	for (i = 0; i < NELEMS(rows); i++) {
		not_there(&s, rows[i][0], rows[i][1], SOCK_RAW, FORGE_PROTO);
		not_there(&s, rows[i][0], rows[i][1], SOCK_RAW, IPPROTO_TCP);
		not_there(&s, rows[i][0], rows[i][1], SOCK_DGRAM, i < 3 ?
		    IPPROTO_ICMP : IPPROTO_ICMPV6);
	}
}

/* A packet from the wire, whose addresses nobody there has. */
static void
inject(const struct stage *s, enum proto proto, const char *src,
    const char *dst)
{
	struct flow f = { .af = strchr(dst, ':') == NULL ? AF_INET : AF_INET6,
		.proto = proto, .tag = SERVICE };
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_halen =
		ETHER_ADDR_LEN, .sll_protocol = htons(f.af == AF_INET ?
		ETHERTYPE_IP : ETHERTYPE_IPV6) };
	struct ifreq ifr = { 0 };
	uint8_t packet[256];
	size_t len;
	int fd;

	ATF_REQUIRE_EQ(1, inet_pton(f.af, src, &f.src));
	ATF_REQUIRE_EQ(1, inet_pton(f.af, dst, &f.dst));
	len = forge_packet(&f, packet, sizeof(packet));
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	strcpy(ifr.ifr_name, s->sc.vn.vn_hostif);
	ATF_REQUIRE(len != 0 && ioctl(fd, SIOCGIFHWADDR, &ifr) == 0);
	close(fd);
	memcpy(to.sll_addr, ifr.ifr_hwaddr.sa_data, ETHER_ADDR_LEN);
	ATF_REQUIRE_EQ(0, vnet_enter(s->sc.vn.vn_peer));
	to.sll_ifindex = if_nametoindex(s->sc.vn.vn_peerif);
	fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ATF_REQUIRE_EQ((ssize_t)len, sendto(fd, packet, len, 0,
	    (struct sockaddr *)&to, sizeof(to)));
	close(fd);
	ATF_REQUIRE_EQ(0, vnet_enter(s->sc.vn.vn_host));
}

/* A host that takes from the wire what is for a loopback. */
static void
open_loopback(const struct stage *s)
{
	char path[128];
	static const char *const names[] = { "route_localnet",
		"accept_local" };

	for (size_t i = 0; i < NELEMS(names); i++) {
		snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/%s",
		    s->sc.vn.vn_hostif, names[i]);
		write_sysctl(path, "1");
	}
}

static void
check_silence(const struct stage *s, enum proto proto, int waiting,
    const char *src, const char *dst)
{
	bool ip6 = strchr(dst, ':') != NULL;
	struct refusal want = { JR_DSTADDR, JAIL_DIR_IN, ip6 ? 6 : 4 };
	uint64_t before = refusals_before(&s->sc.a, &want);

	inject(s, proto, src, dst);
	ATF_CHECK_MSG(refused_once(&s->sc.a, &want, before), "protocol %d "
	    "from %s to %s: not counted once", proto, src, dst);
	ATF_CHECK_MSG(!is_ready(waiting, 0), "protocol %d from %s to %s is "
	    "heard", proto, src, dst);
}

/*
 * The jail's service on its loopback; then the host's is tried in the same way,
 * which is heard.
 */
static void
be_silent(const struct stage *s, enum proto proto)
{
	int type = proto == TCP ? SOCK_STREAM : SOCK_DGRAM;
	int options = proto == TCP ? SV_LISTEN : 0, lo;
	char byte;

	lo = server_start(&s->sc.a, type, options, "127.0.0.1", SERVICE);
	check_silence(s, proto, lo, VNET_PEER4, A_LO4);
	check_silence(s, proto, lo, A_FIRST4, A_LO4);
	close(lo);
	lo = server_start(&s->sc.a, type, options, "::1", SERVICE);
	check_silence(s, proto, lo, VNET_PEER6, A_LO6);
	check_silence(s, proto, lo, A_FIRST6, A_LO6);
	close(lo);
	if (proto == TCP)
		return;
	lo = server_start(NULL, type, options, "127.0.0.1", SERVICE);
	inject(s, proto, VNET_PEER4, "127.0.0.1");
	ATF_CHECK(is_ready(lo, WAIT_MS));
	ATF_CHECK_EQ(1, recv(lo, &byte, 1, 0));
	close(lo);
}

VNET_CASE(D3_services_on_a_loopback_are_not_reached_from_the_wire)
{
	struct stage s;

	stage_init(&s, tc, 0);
	open_loopback(&s);
	be_silent(&s, UDP);
	be_silent(&s, TCP);
}

/* Two jails and the host have the same, each on its own loopback. */
VNET_CASE(D3_services_on_the_loopback_of_others_are_not_reached)
{
	static const char *const other[] = { B_LO4, B_LO6, MAPPED(B_LO4) };
	int own[NOWNERS], type;
	struct stage s;
	enum owner who;
	size_t i, j, k;

	stage_init(&s, tc, 0);
	for (i = 0; i < NELEMS(ways); i++)
		for (j = 0; j < NELEMS(one); j++) {
			type = ways[i].form.type;
			for (who = 0; who < NOWNERS; who++)
				own[who] = server_start(s.at[who].jd, type,
				    type == SOCK_STREAM ? SV_LISTEN |
				    SV_REUSEADDR : 0, one[j][0], SERVICE);
			for (who = 0; who < NOWNERS; who++)
				reach(&s, who, &ways[i], one[j][0], one[j][1],
				    own[who]);
			refuse(&s, IN_A, &ways[i], other[j], ENETUNREACH,
			    JR_LOOPBACK);
			for (k = 0; k < NOWNERS; k++) {
				ATF_CHECK(!is_ready(own[k], 0));
				close(own[k]);
			}
		}
}

/* The jail has nothing there, and the host a service at all addresses. */
static void
not_heard(const struct stage *s, const char *from, const char *dst,
    bool connect)
{
	struct attempt at = { .type = SOCK_DGRAM, .send = true,
		.connect = connect };
	union sockaddrs sa;
	int fd;

	if (from != NULL)
		attempt_from(&at, from, SERVICE + 1);
	attempt_to(&at, dst, SERVICE);
	fd = attempt(&s->at[IN_A], &at);
	ATF_CHECK_MSG(fd != -1, "to %s: %s", dst, errname(at.error));
	ATF_CHECK_MSG(!meet(s->service[1], SOCK_DGRAM, &sa, 0), "the host "
	    "hears %s from %s", dst, sockaddr_text(&sa));
	if (fd != -1)
		close(fd);
}

VNET_CASE(D3_hosts_service_is_not_reached_by_the_jails_loopback)
{
	struct stage s;
	size_t i;

	stage_init(&s, tc, SERVICE);
	for (i = 0; i < 2; i++)
		not_heard(&s, NULL, one[i][0], true);
	for (i = 0; i < NELEMS(one); i++)
		not_heard(&s, one[i][0], one[i][0], false);
	not_heard(&s, NULL, one[2][0], true);
	not_heard(&s, NULL, zero[2][0], true);
}

/*
 * What comes from an address and port that a UDP socket of the jail asked for,
 * and is for the same address, is taken for an answer to the host.
 */
VNET_CASE(A12_hosts_service_is_not_reached_by_the_jails_address)
{
	static const char *const own[] = { A_FIRST4, A_SECOND4, A_FIRST6,
		A_SECOND6, MAPPED(A_SECOND4) };
	struct stage s;
	size_t i;

	stage_init(&s, tc, SERVICE);
	for (i = 0; i < NELEMS(own) - 1; i++)
		not_heard(&s, NULL, own[i], true);
	atf_tc_expect_fail("in_lookup takes it for an answer to the host");
	for (i = 0; i < NELEMS(own); i++)
		not_heard(&s, own[i], own[i], false);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, A1_fast_open_is_from_own_address);
	ATF_TP_ADD_TC(tp, A11_no_address_is_the_jails_own_loopback);
	ATF_TP_ADD_TC(tp, A12_loopback_of_the_host_is_not_reached);
	ATF_TP_ADD_TC(tp, A12_public_address_of_the_host_is_as_any_other);
	ATF_TP_ADD_TC(tp, A12_raw_and_ping_sockets_do_not_reach_the_loopback);
	ATF_TP_ADD_TC(tp,
	    A12_hosts_service_is_not_reached_by_the_jails_address);
	ATF_TP_ADD_TC(tp,
	    D3_hosts_service_is_not_reached_by_the_jails_loopback);
	ATF_TP_ADD_TC(tp,
	    D3_services_on_a_loopback_are_not_reached_from_the_wire);
	ATF_TP_ADD_TC(tp,
	    D3_services_on_the_loopback_of_others_are_not_reached);
	return (atf_no_error());
}
