/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Packet sockets of jails: they hear what is from or to the jail, and send
 * nothing.
 */

#include <sys/ioctl.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>
#include <jail.h>

#include "errname.h"
#include "scene.h"
#include "server.h"

#define PORT	7000
#define FIRST4	"192.0.2.41"
#define FIRST6	"2001:db8::41"
#define SECOND4	"192.0.2.42"
#define THIRD4	"192.0.2.43"
#define WAIT_MS	5000

/* A message: who sends it to whom. */
struct mail {
	union sockaddrs from, to;
	char byte;
};

static int
do_send(void *arg)
{
	struct mail *m = arg;
	const socklen_t len = m->to.sa.sa_family == AF_INET ?
	    sizeof(m->to.sin) : sizeof(m->to.sin6);
	int s = socket(m->to.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (bind(s, &m->from.sa, len) != 0 ||
	    sendto(s, &m->byte, 1, 0, &m->to.sa, len) != 1)
		m->byte = '\0';
	close(s);
	return (-1);
}

/* From a jail, the host (jd NULL), or the peer (vn not NULL). */
static void
post(const struct jailed *jd, const struct vnet *peer, const char *from,
    const char *to, char byte)
{
	struct mail m = { .byte = byte };

	sockaddr_of(&m.from, from, 0);
	sockaddr_of(&m.to, to, PORT);
	if (peer != NULL)
		ATF_REQUIRE_EQ(0, vnet_enter(peer->vn_peer));
	if (jd != NULL)
		jailed_call(jd, do_send, &m, sizeof(m));
	else
		do_send(&m);
	if (peer != NULL)
		ATF_REQUIRE_EQ(0, vnet_enter(peer->vn_host));
	ATF_REQUIRE_MSG(m.byte == byte, "%s to %s", from, to);
}

/* The next one's last byte, of UDP over IP; '?': another, '-': none in time. */
static char
hear(int s, int ms)
{
	struct pollfd pfd = { .fd = s, .events = POLLIN };
	struct sockaddr_ll sll;
	socklen_t len = sizeof(sll);
	uint8_t buf[2048];
	ssize_t n;

	if (poll(&pfd, 1, ms) != 1)
		return ('-');
	n = recvfrom(s, buf, sizeof(buf), 0, (struct sockaddr *)&sll, &len);
	ATF_REQUIRE(n > 0);
	if (ntohs(sll.sll_protocol) == ETHERTYPE_IP)
		return (((struct iphdr *)buf)->protocol == IPPROTO_UDP ?
		    buf[28] : '?');
	if (ntohs(sll.sll_protocol) == ETHERTYPE_IPV6)
		return (((struct ip6_hdr *)buf)->ip6_nxt == IPPROTO_UDP ?
		    buf[48] : '?');
	return ('?');
}

/* What is heard until 'z', which is the jail's, without what is of no port. */
static void
check_heard(int s, const char *want)
{
	char got[64] = "";
	size_t n = 0;

	while (n + 1 < sizeof(got)) {
		got[n] = hear(s, WAIT_MS);
		if (got[n] == 'z' || got[n] == '-')
			break;
		n += got[n] != '?';
	}
	got[n] = '\0';
	ATF_CHECK_STREQ(want, got);
}

static struct jailed
begin(struct scene *s, const atf_tc_t *tc)
{
	static const char *const addrs[] = { FIRST4, SECOND4, THIRD4, FIRST6 };

	vnet_needs("tcx");
	scene_one_processor();
	scene_init(s, tc);
	for (size_t i = 0; i < NELEMS(addrs); i++)
		vnet_addr(&s->vn, addrs[i]);
	return (scene_jail("c", FIRST4 "," SECOND4, FIRST6,
	    "allow.packet_capture"));
}

static int
listen_all(const struct jailed *jd)
{
	int s = jailed_socket(jd, AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL));

	ATF_REQUIRE_MSG(s != -1, "%s", errname(errno));
	return (s);
}

VNET_CASE(jail_without_the_parameter_has_no_packet_socket)
{
	struct jailed c;
	struct scene s;

	c = begin(&s, tc);
	ATF_CHECK_EQ(-1, jailed_socket(&s.a, AF_PACKET, SOCK_RAW,
	    htons(ETH_P_ALL)));
	ATF_CHECK_STREQ("EAFNOSUPPORT", errname(errno));
	close(listen_all(&c));
	jail_param(&c, "allow.packet_capture", "false");
	ATF_CHECK_EQ(-1, jailed_socket(&c, AF_PACKET, SOCK_RAW,
	    htons(ETH_P_ALL)));
	ATF_CHECK_STREQ("EPERM", errname(errno));
}

/* (Each leaves by the interface, or comes in by it, once.) */
static void
traffic(const struct scene *s, const struct jailed *c)
{
	post(NULL, NULL, VNET_HOST4, VNET_PEER4, 'h');
	post(NULL, NULL, VNET_HOST6, VNET_PEER6, 'h');
	post(&s->b, NULL, B_ADDR4, VNET_PEER4, 'b');
	post(&s->b, NULL, B_ADDR6, VNET_PEER6, 'b');
	post(c, NULL, FIRST4, VNET_PEER4, '1');
	post(c, NULL, SECOND4, VNET_PEER4, '2');
	post(c, NULL, FIRST6, VNET_PEER6, '3');
	post(NULL, &s->vn, VNET_PEER4, VNET_HOST4, 'h');
	post(NULL, &s->vn, VNET_PEER4, B_ADDR4, 'b');
	post(NULL, &s->vn, VNET_PEER6, B_ADDR6, 'b');
	post(NULL, &s->vn, VNET_PEER4, FIRST4, '4');
	post(NULL, &s->vn, VNET_PEER4, SECOND4, '5');
	post(NULL, &s->vn, VNET_PEER6, FIRST6, '6');
	post(c, NULL, FIRST4, VNET_PEER4, 'z');
}

VNET_CASE(C3_own_packets_are_heard_and_no_others)
{
	struct jailed c;
	struct scene s;
	int fd;

	c = begin(&s, tc);
	fd = listen_all(&c);
	traffic(&s, &c);
	check_heard(fd, "123456");
	close(fd);
}

/* One without a protocol hears nothing until it is bound. */
VNET_CASE(C3_socket_that_is_bound_later_hears_no_more)
{
	struct sockaddr_ll sll = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL) };
	struct jailed c;
	struct scene s;
	int fd;

	c = begin(&s, tc);
	fd = jailed_socket(&c, AF_PACKET, SOCK_DGRAM, 0);
	ATF_REQUIRE(fd != -1);
	sll.sll_ifindex = if_nametoindex(s.vn.vn_hostif);
	ATF_REQUIRE_EQ(0, bind(fd, (struct sockaddr *)&sll, sizeof(sll)));
	traffic(&s, &c);
	check_heard(fd, "123456");
	close(fd);
}

/* An option of a packet socket, as a program of the jail sets it. */
struct set {
	int level, name;
	char value[64];
	socklen_t len;
	int error;
};

static int
do_set(void *arg)
{
	struct set *set = arg;
	int s = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL));

	set->error = setsockopt(s, set->level, set->name, set->value,
	    set->len) == 0 ? 0 : errno;
	return (s);
}

/* Returns the socket. */
static int
set_option(const struct jailed *jd, int level, int name, const void *value,
    socklen_t len, int error)
{
	struct set set = { .level = level, .name = name, .len = len };
	int s;

	memcpy(set.value, value, len);
	s = jailed_call(jd, do_set, &set, sizeof(set));
	ATF_CHECK_MSG(set.error == error, "option %d/%d: %s; should be %s",
	    level, name, errname(set.error), errname(error));
	ATF_REQUIRE(s != -1);
	return (s);
}

/* The program is told that it did, and still hears no more. */
VNET_CASE(C3_filter_is_not_taken_off)
{
	const struct sock_fprog none = { 0, NULL };
	const int zero = 0;
	struct jailed c;
	struct scene s;
	int fd;

	c = begin(&s, tc);
	close(set_option(&c, SOL_SOCKET, SO_ATTACH_FILTER, &none,
	    sizeof(none), EOPNOTSUPP));
	close(set_option(&c, SOL_SOCKET, SO_ATTACH_BPF, &zero, sizeof(zero),
	    EPERM));
	close(set_option(&c, SOL_SOCKET, SO_LOCK_FILTER, &zero, sizeof(zero),
	    EPERM));
	fd = set_option(&c, SOL_SOCKET, SO_DETACH_FILTER, &zero, sizeof(zero),
	    0);
	traffic(&s, &c);
	check_heard(fd, "123456");
	close(fd);
}

VNET_CASE(C3_options_that_reach_others_are_refused)
{
	const struct tpacket_req ring = { 4096, 8, 2048, 16 };
	const struct packet_mreq all = { .mr_type = PACKET_MR_PROMISC };
	const int one = 1;
	struct ifreq ifr = { 0 };
	struct jailed c;
	struct scene s;
	int fd;

	c = begin(&s, tc);
	close(set_option(&c, SOL_PACKET, PACKET_FANOUT, &one, sizeof(one),
	    EPERM));
	close(set_option(&c, SOL_PACKET, PACKET_QDISC_BYPASS, &one,
	    sizeof(one), EPERM));
	close(set_option(&c, SOL_PACKET, PACKET_TX_RING, &ring, sizeof(ring),
	    EPERM));
	close(set_option(&c, SOL_PACKET, PACKET_RX_RING, &ring, sizeof(ring),
	    0));
	close(set_option(&c, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one),
	    0));
	fd = set_option(&c, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all,
	    sizeof(all), 0);
	strcpy(ifr.ifr_name, s.vn.vn_hostif);
	ATF_REQUIRE_EQ(0, ioctl(fd, SIOCGIFFLAGS, &ifr));
	ATF_CHECK_EQ(0, ifr.ifr_flags & IFF_PROMISC);
	close(fd);
}

VNET_CASE(capture_follows_the_addresses_and_the_parameter)
{
	struct jailed c;
	struct scene s;
	char got;
	int fd;

	c = begin(&s, tc);
	fd = listen_all(&c);
	jail_param(&c, "ip4.addr", FIRST4 "," THIRD4);
	post(NULL, &s.vn, VNET_PEER4, SECOND4, '2');
	post(NULL, &s.vn, VNET_PEER4, THIRD4, '3');
	post(&c, NULL, FIRST4, VNET_PEER4, 'z');
	check_heard(fd, "3");
	jail_param(&c, "allow.packet_capture", "false");
	post(&c, NULL, FIRST4, VNET_PEER4, 'x');
	while ((got = hear(fd, 100)) == '?')
		continue;
	ATF_CHECK_EQ('-', got);
	jail_param(&c, "allow.packet_capture", "true");
	post(&c, NULL, FIRST4, VNET_PEER4, 'z');
	check_heard(fd, "");
	close(fd);
}

struct frame {
	struct sockaddr_ll to;
	int error;
};

/* What is whole and sound, but for who sends it. */
static int
do_frame(void *arg)
{
	struct frame *f = arg;
	int s = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL));
	struct iphdr ip = { .version = 4, .ihl = 5, .ttl = 9, .protocol = 253,
		.saddr = inet_addr(FIRST4), .daddr = inet_addr(VNET_PEER4),
		.tot_len = htons(sizeof(ip)) };

	f->error = sendto(s, &ip, sizeof(ip), 0, (struct sockaddr *)&f->to,
	    sizeof(f->to)) == sizeof(ip) ? 0 : errno;
	close(s);
	return (-1);
}

/* At the peer: is there anything of that protocol? */
static int
peer_listens(const struct vnet *vn)
{
	int s;

	ATF_REQUIRE_EQ(0, vnet_enter(vn->vn_peer));
	s = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_IP));
	ATF_REQUIRE_EQ(0, vnet_enter(vn->vn_host));
	ATF_REQUIRE(s != -1);
	return (s);
}

VNET_CASE(B12_packet_sockets_send_nothing)
{
	const struct refusal want = { JR_LINK, JAIL_DIR_OUT, 0 };
	struct frame f = { .to = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP), .sll_halen = 6,
		.sll_addr = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } } };
	struct jailed c;
	struct scene s;
	uint64_t before;
	int peer;

	c = begin(&s, tc);
	f.to.sll_ifindex = if_nametoindex(s.vn.vn_hostif);
	peer = peer_listens(&s.vn);
	before = refusals_before(&c, &want);
	jailed_call(&c, do_frame, &f, sizeof(f));
	ATF_CHECK_STREQ("ENOBUFS", errname(f.error));
	ATF_CHECK(refused_once(&c, &want, before));
	ATF_CHECK_EQ('-', hear(peer, 200));
	do_frame(&f);
	ATF_CHECK_EQ(0, f.error);
	ATF_CHECK_EQ('?', hear(peer, WAIT_MS));
	close(peer);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, jail_without_the_parameter_has_no_packet_socket);
	ATF_TP_ADD_TC(tp, C3_own_packets_are_heard_and_no_others);
	ATF_TP_ADD_TC(tp, C3_socket_that_is_bound_later_hears_no_more);
	ATF_TP_ADD_TC(tp, C3_filter_is_not_taken_off);
	ATF_TP_ADD_TC(tp, C3_options_that_reach_others_are_refused);
	ATF_TP_ADD_TC(tp, capture_follows_the_addresses_and_the_parameter);
	ATF_TP_ADD_TC(tp, B12_packet_sockets_send_nothing);
	return (atf_no_error());
}
