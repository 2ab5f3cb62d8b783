/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Errors that the network reports of datagrams: they come to the socket that
 * sent them, at whichever address of the jail that is bound, and to no other.
 */

#include <sys/socket.h>
#include <sys/uio.h>

#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "errname.h"
#include "errqueue.h"
#include "server.h"
#include "tun.h"

#define PORT	9000	/* nobody is there */
#define WAIT_MS	10000
#define FAR4	"198.51.100.1"
#define FAR6	"2001:db8:2::1"
#define LARGE	1400

#define V6(addr) "::ffff:" addr

/* What a socket is bound to, and which source its message names; NULL: none. */
struct row {
	const char *bound;
	int options;
	const char *src;
};

static const struct row rows4[] = {
	{ "0.0.0.0", 0, NULL },
	{ "0.0.0.0", 0, A_SECOND4 },
	{ A_SECOND4, 0, NULL },
};

static const struct row rows6[] = {
	{ "::", 0, NULL },
	{ "::", 0, A_SECOND6 },
	{ "::", SV_V6ONLY, NULL },
	{ "::", SV_V6ONLY, A_SECOND6 },
	{ A_SECOND6, 0, NULL },
};

static const struct row rows_mapped[] = {
	{ "::", 0, NULL },
	{ "::", 0, V6(A_SECOND4) },
};

static uint16_t port = 5000;

/* (It may fail of an error that came before.) */
static void
send_to(int s, const struct row *r, const char *dst, size_t len)
{
	static char data[LARGE];
	struct iovec iov = { data, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union sockaddrs sa, src;
	union source ctl;

	msg.msg_namelen = sockaddr_of(&sa, dst, PORT);
	msg.msg_name = &sa;
	if (r->src != NULL) {
		sockaddr_of(&src, r->src, 0);
		name_source(&msg, &ctl, &src);
	}
	sendmsg(s, &msg, 0);
}

static const char *
describe(const struct row *r, const char *dst)
{
	static char text[256];

	snprintf(text, sizeof(text), "bound to %s%s, from %s to %s", r->bound,
	    r->options & SV_V6ONLY ? " (v6only)" : "",
	    r->src != NULL ? r->src : "-", dst);
	return (text);
}

static bool
is_told(void *arg)
{
	return (errqueue_told(*(int *)arg));
}

/* (A socket of IPv6 asks for those of either family by itself.) */
static int
start_asking(const struct jailed *jd, const struct row *r, const char *bound)
{
	int sv = server_start(jd, SOCK_DGRAM, r->options, bound, port);

	ATF_REQUIRE_EQ(0, errqueue_ask(sv, AF_INET));
	if (strchr(bound, ':') != NULL)
		ATF_REQUIRE_EQ(0, errqueue_ask(sv, AF_INET6));
	return (sv);
}

/* Of two that do the same the one that sent is told. */
static void
try_told(const struct scene *s, const struct row *r, const char *dst)
{
	int other, sv;

	port++;
	sv = start_asking(&s->a, r, r->bound);
	other = start_asking(&s->b, r, strchr(r->bound, ':') != NULL ? "::" :
	    "0.0.0.0");
	send_to(sv, r, dst, 1);
	ATF_CHECK_MSG(wait_until(is_told, &sv, WAIT_MS), "%s: not told",
	    describe(r, dst));
	ATF_CHECK(!errqueue_told(other));
	close(sv);
	close(other);
}

static void
try_all_told(const struct scene *s, const struct row *r, size_t n,
    const char *dst)
{
	for (; n-- > 0; r++)
		try_told(s, r, dst);
}

VNET_CASE(error_is_told_to_the_socket_that_sent)
{
	struct scene s;

	vnet_needs("tcx");
	errqueue_init(&s, tc);
	report_all();
	try_all_told(&s, rows4, NELEMS(rows4), VNET_PEER4);
	try_all_told(&s, rows4, 1, "127.0.0.1");
	try_all_told(&s, rows6, NELEMS(rows6), VNET_PEER6);
	try_all_told(&s, rows6, 1, "::1");
	try_all_told(&s, rows_mapped, NELEMS(rows_mapped), V6(VNET_PEER4));
}

/* Behind the peer begins a network whose packets are smaller. */
static void
far_init(const struct vnet *vn)
{
	vnet_ip(vn, "route add " FAR4 " via " VNET_PEER4);
	vnet_ip(vn, "route add " FAR6 " via " VNET_PEER6);
	ATF_REQUIRE_EQ(0, vnet_enter(vn->vn_peer));
	write_sysctl("/proc/sys/net/ipv4/ip_forward", "1");
	write_sysctl("/proc/sys/net/ipv6/conf/all/forwarding", "1");
	ATF_REQUIRE_EQ(0, system("set -e; "
	    "ip link add far0 type veth peer name far1; "
	    "ip link set far0 mtu 1300 up; ip link set far1 up; "
	    "for a in " FAR4 " " FAR6 "; do ip route add $a dev far0; "
	    "ip neigh add $a lladdr 02:00:00:00:00:01 dev far0; done"));
	ATF_REQUIRE_EQ(0, vnet_enter(vn->vn_host));
}

/* Bytes that have left there. */
static unsigned long
far_bytes(const struct vnet *vn)
{
	unsigned long bytes = 0;
	char line[512];
	FILE *f;

	ATF_REQUIRE_EQ(0, vnet_enter(vn->vn_peer));
	f = fopen("/proc/self/net/dev", "r");
	ATF_REQUIRE(f != NULL);
	while (fgets(line, sizeof(line), f) != NULL)
		sscanf(line, " far0: %*u %*u %*u %*u %*u %*u %*u %*u %lu",
		    &bytes);
	fclose(f);
	ATF_REQUIRE_EQ(0, vnet_enter(vn->vn_host));
	return (bytes);
}

struct sending {
	const struct scene *s;
	const struct row *row;
	const char *dst;
	int sv;
	unsigned long before;
};

static bool
arrives(void *arg)
{
	const struct sending *f = arg;

	send_to(f->sv, f->row, f->dst, LARGE);
	return (far_bytes(&f->s->vn) >= f->before + LARGE);
}

static void
try_far(const struct scene *s, const struct row *r, size_t n, const char *dst)
{
	struct sending f = { .s = s, .dst = dst };

	for (; n-- > 0; r++) {
		f.row = r;
		f.sv = server_start(&s->a, SOCK_DGRAM, r->options, r->bound,
		    ++port);
		vnet_ip(&s->vn, "route flush cache");
		vnet_ip(&s->vn, "-6 route flush cache");
		f.before = far_bytes(&s->vn);
		ATF_CHECK_MSG(wait_until(arrives, &f, WAIT_MS),
		    "%s: nothing arrives", describe(r, dst));
		close(f.sv);
	}
}

VNET_CASE(datagram_too_large_for_its_way_goes_in_fragments)
{
	struct scene s;

	vnet_needs("tcx");
	errqueue_init(&s, tc);
	far_init(&s.vn);
	try_far(&s, rows4, NELEMS(rows4), FAR4);
	try_far(&s, rows6, NELEMS(rows6), FAR6);
	try_far(&s, rows_mapped, NELEMS(rows_mapped), V6(FAR4));
}

/* RFC 1071, in network byte order, of an even number of bytes. */
static uint16_t
checksum(const uint8_t *data, size_t len, uint32_t sum)
{
	for (size_t i = 0; i < len; i += 2)
		sum += data[i] << 8 | data[i + 1];
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (htons(~sum));
}

/* "Port unreachable", to who sent the packet; returns the length. */
static size_t
unreachable4(const uint8_t *packet, size_t len, uint8_t *buf)
{
	struct iphdr *ip = (struct iphdr *)buf;
	struct icmphdr *icmp = (struct icmphdr *)(ip + 1);

	memcpy(icmp + 1, packet, len);
	*icmp = (struct icmphdr){ .type = ICMP_DEST_UNREACH,
		.code = ICMP_PORT_UNREACH };
	icmp->checksum = checksum((uint8_t *)icmp, sizeof(*icmp) + len, 0);
	memcpy(ip, packet, sizeof(*ip));
	ip->protocol = IPPROTO_ICMP;
	ip->tot_len = htons(sizeof(*ip) + sizeof(*icmp) + len);
	ip->daddr = ((const struct iphdr *)packet)->saddr;
	ip->saddr = ((const struct iphdr *)packet)->daddr;
	ip->check = 0;
	ip->check = checksum(buf, sizeof(*ip), 0);
	return (sizeof(*ip) + sizeof(*icmp) + len);
}

static size_t
unreachable6(const uint8_t *packet, size_t len, uint8_t *buf)
{
	struct ip6_hdr *ip6 = (struct ip6_hdr *)buf;
	struct icmp6_hdr *icmp6 = (struct icmp6_hdr *)(ip6 + 1);
	const size_t all = sizeof(*icmp6) + len;

	memcpy(icmp6 + 1, packet, len);
	memcpy(ip6, packet, sizeof(*ip6));
	ip6->ip6_nxt = IPPROTO_ICMPV6;
	ip6->ip6_plen = htons(all);
	ip6->ip6_src = ((const struct ip6_hdr *)packet)->ip6_dst;
	ip6->ip6_dst = ((const struct ip6_hdr *)packet)->ip6_src;
	*icmp6 = (struct icmp6_hdr){ .icmp6_type = ICMP6_DST_UNREACH,
		.icmp6_code = ICMP6_DST_UNREACH_NOPORT };
	icmp6->icmp6_cksum = checksum((uint8_t *)&ip6->ip6_src, 32 + all,
	    all + IPPROTO_ICMPV6);
	return (sizeof(*ip6) + all);
}

/* The next datagram that leaves is reported. */
static void
report(int tun)
{
	_Alignas(8) uint8_t packet[256], buf[512];
	bool ip4, udp;
	ssize_t len;

	do {
		len = read(tun, packet, sizeof(packet));
		ATF_REQUIRE(len > 0);
		ip4 = packet[0] >> 4 == 4;
		udp = packet[ip4 ? 9 : 6] == IPPROTO_UDP;
	} while (!udp);
	len = ip4 ? unreachable4(packet, len, buf) :
	    unreachable6(packet, len, buf);
	ATF_REQUIRE_EQ(len, write(tun, buf, len));
}

/* Jail B sends from the port, and its socket is gone by the time. */
static void
other_sends(const struct scene *sc, int tun, const char *src, const char *dst)
{
	static const struct row none = { NULL, 0, NULL };
	int s = server_start(&sc->b, SOCK_DGRAM, SV_REUSEADDR, src, port);

	send_to(s, &none, dst, 2);
	close(s);
	report(tun);
}

/* With allow.multicast the kernel has a socket at all addresses. */
static void
try_anothers(const struct scene *s, int tun, const struct row *r,
    const char *other, const char *dst)
{
	int sv;

	port++;
	sv = start_asking(&s->a, r, r->bound);
	other_sends(s, tun, other, dst);
	send_to(sv, r, dst, 2);
	report(tun);
	ATF_CHECK_MSG(wait_until(is_told, &sv, WAIT_MS), "%s: not told",
	    describe(r, dst));
	ATF_CHECK_MSG(!errqueue_told(sv), "%s: told of another's",
	    describe(r, dst));
	close(sv);
}

VNET_CASE(C2_error_about_anothers_datagram_is_not_told)
{
	struct scene s;
	int tun;

	vnet_needs("tcx");
	scene_one_processor();
	server_init(&s, tc);
	tun = tun_open(&s.vn);
	jail_param(&s.a, "allow.multicast", "true");
	scene_jail("c", NULL, NULL, NULL);
	try_anothers(&s, tun, &rows4[0], B_ADDR4, TUN_FAR4);
	try_anothers(&s, tun, &rows6[0], B_ADDR6, TUN_FAR6);
	try_anothers(&s, tun, &rows6[2], B_ADDR6, TUN_FAR6);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, error_is_told_to_the_socket_that_sent);
	ATF_TP_ADD_TC(tp, datagram_too_large_for_its_way_goes_in_fragments);
	ATF_TP_ADD_TC(tp, C2_error_about_anothers_datagram_is_not_told);
	return (atf_no_error());
}
