/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Random packets from a jail, and into it, a million of them: none that is
 * foreign comes out, or is heard. RANDOM_PACKETS in the environment is how many
 * there are each way, RANDOM_SEED what they begin with: make soak.
 */

#include <sys/socket.h>
#include <sys/time.h>

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/in.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>
#include <jail.h>
#include <pcap.h>

#include "errname.h"
#include "scene.h"

#define PACKETS	500000
#define BATCH	20000	/* sent before what came of it is read */
#define NOTE	"netjail?"	/* ends every packet */
#define NOTELEN	8
#define SIZE	192

struct packet {
	int af;
	size_t len;
	uint8_t bytes[SIZE];
};

/* How many to send, with the state of the numbers, and what came of it. */
struct flood {
	uint64_t state;
	bool inward;
	int n;
	int sent, refused, other;
};

static const char *const sources4[] = { B_ADDR4, B_ADDR4, A_FIRST4,
	VNET_HOST4, VNET_PEER4, VNET_ABSENT4, "127.0.0.1", "0.0.0.0",
	"224.0.0.1", "255.255.255.255" };
static const char *const sources6[] = { B_ADDR6, B_ADDR6, A_FIRST6,
	VNET_HOST6, VNET_PEER6, VNET_ABSENT6, "::1", "::", "ff02::1",
	"fe80::1" };
static const char *const out4[] = { VNET_PEER4, VNET_PEER4, VNET_HOST4,
	A_FIRST4, "224.0.0.1" };
static const char *const out6[] = { VNET_PEER6, VNET_PEER6, VNET_HOST6,
	A_FIRST6 };
static const char *const in4[] = { B_ADDR4, B_ADDR4, VNET_HOST4, A_FIRST4,
	A_SECOND4, "224.0.0.1" };
static const char *const in6[] = { B_ADDR6, B_ADDR6, VNET_HOST6, A_FIRST6,
	A_SECOND6 };
static const uint8_t protos[] = { 1, 1, 6, 17, 58, 58, 2, 4, 41, 47, 50, 51,
	89, 112, 115, 132, 253, 0, 43, 44, 60 };

/* xorshift64*, Vigna 2016: the same numbers everywhere. */
static uint32_t
draw(uint64_t *state, uint32_t below)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return ((*state * 2685821657736338717ULL >> 32) % below);
}

static void
draw_addr(uint64_t *st, int af, const char *const *from, size_t n, uint8_t *to)
{
	ATF_REQUIRE_EQ(1, inet_pton(af, from[draw(st, n)], to));
}

static size_t
draw_ip4(uint64_t *st, uint8_t *p, bool inward)
{
	const unsigned int ihl = draw(st, 4) != 0 ? 5 : 5 + draw(st, 11);

	p[0] = 0x40 | ihl;
	p[8] = 1 + draw(st, 64);
	p[9] = draw(st, 8) != 0 ? protos[draw(st, sizeof(protos))] :
	    draw(st, 256);
	if (draw(st, 4) == 0)
		p[6] = draw(st, 64);
	if (draw(st, 4) == 0)
		p[7] = draw(st, 3);
	draw_addr(st, AF_INET, sources4, NELEMS(sources4), p + 12);
	if (inward)
		draw_addr(st, AF_INET, in4, NELEMS(in4), p + 16);
	else
		draw_addr(st, AF_INET, out4, NELEMS(out4), p + 16);
	for (size_t i = 20; i < 4 * ihl; i++)
		p[i] = draw(st, 3) != 0 ? 1 : draw(st, 256);
	return (4 * ihl);
}

static size_t
draw_ip6(uint64_t *st, uint8_t *p, bool inward)
{
	size_t len = 40;

	p[0] = 0x60;
	p[6] = protos[draw(st, sizeof(protos))];
	p[7] = 1 + draw(st, 64);
	draw_addr(st, AF_INET6, sources6, NELEMS(sources6), p + 8);
	if (inward)
		draw_addr(st, AF_INET6, in6, NELEMS(in6), p + 24);
	else
		draw_addr(st, AF_INET6, out6, NELEMS(out6), p + 24);
	for (unsigned int n = draw(st, 4); n > 0; n--, len += 8) {
		for (size_t i = 0; i < 8; i++)
			p[len + i] = draw(st, 3) != 0 ? 0 : draw(st, 256);
		p[len] = protos[draw(st, sizeof(protos))];
		p[len + 1] = draw(st, 16) == 0;
	}
	return (len);
}

static void
draw_packet(uint64_t *st, struct packet *p, bool inward)
{
	size_t rest = draw(st, 4) == 0 ? draw(st, 24) : 8;

	memset(p->bytes, 0, sizeof(p->bytes));
	p->af = draw(st, 2) ? AF_INET : AF_INET6;
	p->len = p->af == AF_INET ? draw_ip4(st, p->bytes, inward) :
	    draw_ip6(st, p->bytes, inward);
	for (; rest > 0; rest--)
		p->bytes[p->len++] = draw(st, 4) != 0 ? draw(st, 16) :
		    draw(st, 256);
	memcpy(p->bytes + p->len, NOTE, NOTELEN);
	p->len += NOTELEN;
	if (p->af == AF_INET6)
		p->bytes[5] = p->len - 40;
}

static int
send_packet(int s4, int s6, const struct packet *p)
{
	union sockaddrs to;

	memset(&to, 0, sizeof(to));
	to.sa.sa_family = p->af;
	if (p->af == AF_INET) {
		memcpy(&to.sin.sin_addr, p->bytes + 16, 4);
		return (sendto(s4, p->bytes, p->len, MSG_DONTWAIT, &to.sa,
		    sizeof(to.sin)));
	}
	memcpy(&to.sin6.sin6_addr, p->bytes + 24, 16);
	return (sendto(s6, p->bytes, p->len, MSG_DONTWAIT, &to.sa,
	    sizeof(to.sin6)));
}

static int
do_flood(void *arg)
{
	struct flood *f = arg;
	const int s4 = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
	const int s6 = socket(AF_INET6, SOCK_RAW, IPPROTO_RAW);
	struct packet p;

	for (int i = 0; i < f->n; i++) {
		draw_packet(&f->state, &p, f->inward);
		if (send_packet(s4, s6, &p) != -1)
			f->sent++;
		else if (errno == EPERM)
			f->refused++;
		else
			f->other++;
	}
	close(s4);
	close(s6);
	return (-1);
}

static uint64_t
number(const char *name, uint64_t dflt)
{
	const char *text = getenv(name);

	return (text != NULL && atoll(text) > 0 ? (uint64_t)atoll(text) : dflt);
}

/* What must not be on the wire, of packets with our note. */
static pcap_t *
watch(const struct vnet *vn)
{
	static const char foreign[] =
	    "(ip and (not src host " B_ADDR4 " or ip[9] = 2 or ip[9] = 4 or "
	    "ip[9] = 41 or ip[9] = 47 or ip[9] = 50 or ip[9] = 51 or "
	    "ip[9] = 89 or ip[9] = 112 or ip[9] = 115 or (ip[9] = 1 and "
	    "(ip[6:2] & 0x1fff != 0 or (ip[(ip[0] & 15) << 2] != 0 and "
	    "ip[(ip[0] & 15) << 2] != 8 and ip[(ip[0] & 15) << 2] != 13))))) "
	    "or (ip6 and (not src host " B_ADDR6 " or ip6[6] = 43 or "
	    "ip6[6] = 4 or ip6[6] = 41 or ip6[6] = 47 or (ip6[6] = 58 and "
	    "ip6[40] != 128 and ip6[40] != 129)))";
	char errbuf[PCAP_ERRBUF_SIZE];
	struct bpf_program filter;
	pcap_t *p;

	ATF_REQUIRE_EQ(0, vnet_enter(vn->vn_peer));
	p = pcap_create(vn->vn_peerif, errbuf);
	if (p == NULL || pcap_set_buffer_size(p, 1 << 24) != 0 ||
	    pcap_activate(p) != 0 || pcap_setnonblock(p, 1, errbuf) != 0 ||
	    pcap_compile(p, &filter, foreign, 1, PCAP_NETMASK_UNKNOWN) != 0 ||
	    pcap_setfilter(p, &filter) != 0 ||
	    pcap_setdirection(p, PCAP_D_IN) != 0)
		atf_tc_fail("pcap: %s", p != NULL ? pcap_geterr(p) : errbuf);
	pcap_freecode(&filter);
	ATF_REQUIRE_EQ(0, vnet_enter(vn->vn_host));
	return (p);
}

static bool
has_note(const uint8_t *data, size_t len)
{
	return (len >= NOTELEN && memcmp(data + len - NOTELEN, NOTE,
	    NOTELEN) == 0);
}

static void
count_foreign(u_char *arg, const struct pcap_pkthdr *h, const u_char *data)
{
	char hex[2 * SIZE + 1] = "";

	if (!has_note(data, h->caplen))
		return;
	if (++*(int *)(void *)arg > 5)
		return;
	for (size_t i = 14; i < h->caplen && i - 14 < SIZE; i++)
		sprintf(hex + 2 * (i - 14), "%02x", data[i]);
	atf_tc_fail_nonfatal("on the wire: %s", hex);
}

VNET_CASE(nothing_foreign_comes_out_of_a_million)
{
	const int batches = number("RANDOM_PACKETS", PACKETS) / BATCH;
	struct flood f = { .state = number("RANDOM_SEED", 1) };
	struct pcap_stat stat;
	int foreign = 0;
	struct scene s;
	pcap_t *p;

	scene_init(&s, tc);
	p = watch(&s.vn);
	for (int i = 0; i < batches; i++) {
		f.n = BATCH;
		jailed_call(&s.b, do_flood, &f, sizeof(f));
		pcap_dispatch(p, -1, count_foreign, (u_char *)&foreign);
	}
	ATF_CHECK_EQ(0, foreign);
	ATF_REQUIRE_EQ(0, pcap_stats(p, &stat));
	ATF_CHECK_EQ(0, stat.ps_drop);
	printf("sent %d, refused %d, other errors %d\n", f.sent, f.refused,
	    f.other);
	ATF_CHECK(f.sent > batches * BATCH / 20);
	ATF_CHECK(f.refused > batches * BATCH / 4);
	pcap_close(p);
}

/* Raw sockets of the jail, of all protocols that there are packets of. */
struct ears {
	int s[2 * NELEMS(protos)];
	size_t n;
};

static void
open_ears(const struct jailed *jd, struct ears *e)
{
	const int on = 1;
	int s;

	e->n = 0;
	for (size_t i = 0; i < 2 * NELEMS(protos); i++) {
		s = jailed_socket(jd, i % 2 ? AF_INET : AF_INET6,
		    SOCK_RAW | SOCK_NONBLOCK, protos[i / 2]);
		if (s == -1)
			continue;
		if (i % 2 == 0)
			ATF_REQUIRE_EQ(0, setsockopt(s, IPPROTO_IPV6,
			    IPV6_RECVPKTINFO, &on, sizeof(on)));
		e->s[e->n++] = s;
	}
	ATF_REQUIRE(e->n > NELEMS(protos));
}

/* The destination of an IPv6 packet, which comes without its header. */
static const struct in6_addr *
destination6(struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL;
	    c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_PKTINFO)
			return (&((struct in6_pktinfo *)(void *)
			    CMSG_DATA(c))->ipi6_addr);
	}
	return (NULL);
}

/* Was it for the jail? */
static bool
is_own(struct msghdr *msg, const uint8_t *data)
{
	const struct sockaddr *from = msg->msg_name;
	const struct in6_addr *to;
	struct in6_addr own;

	if (from->sa_family == AF_INET)
		return (memcmp(data + 16, &(in_addr_t){ inet_addr(B_ADDR4) },
		    4) == 0);
	inet_pton(AF_INET6, B_ADDR6, &own);
	to = destination6(msg);
	return (to != NULL && memcmp(to, &own, sizeof(own)) == 0);
}

/* How many were heard of ours; sets *foreign higher. */
static int
listen_ear(int s, int *foreign)
{
	union sockaddrs from;
	uint8_t data[2048], control[256];
	struct iovec iov = { data, sizeof(data) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int heard = 0;
	ssize_t len;

	for (;;) {
		msg.msg_name = &from;
		msg.msg_namelen = sizeof(from);
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		len = recvmsg(s, &msg, MSG_DONTWAIT);
		if (len == -1)
			return (heard);
		if (!has_note(data, len))
			continue;
		heard++;
		*foreign += !is_own(&msg, data);
	}
}

/* By sockets that the broker did not make, and so has not bound. */
VNET_CASE(nothing_foreign_is_heard_of_a_million)
{
	const int batches = number("RANDOM_PACKETS", PACKETS) / BATCH;
	struct flood f = { .state = number("RANDOM_SEED", 2),
		.inward = true };
	int foreign = 0, heard = 0;
	struct jailed bare;
	struct scene s;
	struct ears e;

	scene_init(&s, tc);
	bare = jailed_start_bare(s.b.jd_jid);
	open_ears(&bare, &e);
	for (int i = 0; i < batches * 10; i++) {
		f.n = BATCH / 10;
		ATF_REQUIRE_EQ(0, vnet_enter(s.vn.vn_peer));
		do_flood(&f);
		ATF_REQUIRE_EQ(0, vnet_enter(s.vn.vn_host));
		for (size_t j = 0; j < e.n; j++)
			heard += listen_ear(e.s[j], &foreign);
	}
	ATF_CHECK_EQ(0, foreign);
	printf("sent %d, other errors %d, heard %d\n", f.sent, f.other,
	    heard);
	ATF_CHECK(heard > batches * BATCH / 100);
	for (size_t j = 0; j < e.n; j++)
		close(e.s[j]);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, nothing_foreign_comes_out_of_a_million);
	ATF_TP_ADD_TC(tp, nothing_foreign_is_heard_of_a_million);
	return (atf_no_error());
}
