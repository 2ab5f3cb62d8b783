/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Reading packets at the places of witness.h.
 */

#include <sys/socket.h>

#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "witness.h"

#define DEADLINE_MS	10000	/* for a marker that never comes */
#define ETHER_HDR	14

/* A packet as it was read. */
struct record {
	int af;
	int protocol;
	union ipaddr src;
	const uint8_t *data;	/* after the IP header */
	size_t len;
};

/* What is looked for, and what was found of it. */
struct query {
	const struct flow *flow;
	uint16_t marker;
	bool done;		/* the marker was seen */
	struct seen seen;
};

static const int families[2] = { AF_INET, AF_INET6 };

void
witness_wire(struct witnesses *w, const char *ifname)
{
	char errbuf[PCAP_ERRBUF_SIZE];
	struct bpf_program filter;

	w->pcap = pcap_create(ifname, errbuf);
	if (w->pcap == NULL || pcap_set_snaplen(w->pcap, 256) != 0 ||
	    pcap_set_immediate_mode(w->pcap, 1) != 0 ||
	    pcap_activate(w->pcap) != 0 ||
	    pcap_setnonblock(w->pcap, 1, errbuf) != 0 ||
	    pcap_compile(w->pcap, &filter, "ip or ip6", 1,
	    PCAP_NETMASK_UNKNOWN) != 0 ||
	    pcap_setfilter(w->pcap, &filter) != 0 ||
	    pcap_setdirection(w->pcap, PCAP_D_IN) != 0)
		atf_tc_fail("pcap on %s: %s", ifname,
		    w->pcap != NULL ? pcap_geterr(w->pcap) : errbuf);
	pcap_freecode(&filter);
}

void
witness_jail(struct witnesses *w, enum place place, const struct jailed *jd)
{
	const int type = SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK;
	enum proto p;
	int i, proto, s;

	for (i = 0; i < 2; i++)
		for (p = 0; p < NPROTOS; p++) {
			proto = forge_protocol(families[i], p);
			s = jd == NULL ? socket(families[i], type, proto) :
			    jailed_socket(jd, families[i], type, proto);
			if (s == -1)
				atf_tc_fail("raw socket of protocol %d: %s",
				    proto, strerror(errno));
			w->sockets[place][i][p] = s;
		}
}

/* Read an address at an offset that need not be aligned. */
static union ipaddr
get_addr(const uint8_t *p, size_t len)
{
	union ipaddr addr = { .bytes = { 0 } };

	memcpy(&addr, p, len);
	return (addr);
}

/* The header, which is where a packet of the wire or of IPv4 begins. */
static bool
parse_ip(const uint8_t *p, size_t len, struct record *r)
{
	size_t hdr;

	if (len < 1)
		return (false);
	r->af = p[0] >> 4 == 4 ? AF_INET : AF_INET6;
	hdr = r->af == AF_INET ? (p[0] & 15) * 4U : forge_hdrlen(AF_INET6);
	if (len < hdr || hdr < forge_hdrlen(r->af))
		return (false);
	r->protocol = r->af == AF_INET ? p[9] : p[6];
	r->src = get_addr(p + (r->af == AF_INET ? 12 : 8),
	    forge_addrlen(r->af));
	r->data = p + hdr;
	r->len = len - hdr;
	return (true);
}

/* The tag that forge_packet() put in; -1 if there is none. */
static int
record_tag(const struct record *r)
{
	size_t off;

	switch (r->protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		off = 2;
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (r->len < 1 || (r->data[0] != ICMP_ECHO &&
		    r->data[0] != ICMP6_ECHO_REQUEST))
			return (-1);
		off = 6;
		break;
	default:
		off = 0;
		break;
	}
	if (r->len < off + 2)
		return (-1);
	return (r->data[off] << 8 | r->data[off + 1]);
}

static void
consider(struct query *q, const struct record *r)
{
	int tag = record_tag(r);

	if (r->af != q->flow->af || r->protocol !=
	    forge_protocol(q->flow->af, q->flow->proto))
		return;
	if (tag == q->marker)
		q->done = true;
	if (tag != q->flow->tag)
		return;
	q->seen.n++;
	q->seen.src = r->src;
}

static void
on_frame(u_char *arg, const struct pcap_pkthdr *hdr, const u_char *frame)
{
	struct query *q = (struct query *)(void *)arg;
	struct record r;

	if (hdr->caplen > ETHER_HDR &&
	    parse_ip(frame + ETHER_HDR, hdr->caplen - ETHER_HDR, &r))
		consider(q, &r);
}

/* A raw socket gives IPv4 with its header, IPv6 without. */
static void
read_socket(int s, struct query *q)
{
	struct sockaddr_in6 from;
	socklen_t fromlen = sizeof(from);
	uint8_t buf[512];
	struct record r;
	ssize_t len;

	len = recvfrom(s, buf, sizeof(buf), 0, (struct sockaddr *)&from,
	    &fromlen);
	if (len == -1)
		return;
	if (q->flow->af == AF_INET) {
		if (!parse_ip(buf, len, &r))
			return;
	} else {
		r.af = AF_INET6;
		r.protocol = forge_protocol(AF_INET6, q->flow->proto);
		r.src.in6 = from.sin6_addr;
		r.data = buf;
		r.len = len;
	}
	consider(q, &r);
}

struct seen
witness_ask(struct witnesses *w, enum place place, const struct flow *flow,
    uint16_t marker)
{
	struct query q = { .flow = flow, .marker = marker };
	struct pollfd pfd = { .events = POLLIN };

	pfd.fd = place == WIRE ? pcap_get_selectable_fd(w->pcap) :
	    w->sockets[place][flow->af == AF_INET6][flow->proto];
	while (!q.done) {
		if (poll(&pfd, 1, DEADLINE_MS) != 1)
			atf_tc_fail("no marker came to place %d", place);
		if (place == WIRE)
			pcap_dispatch(w->pcap, -1, on_frame, (u_char *)&q);
		else
			read_socket(pfd.fd, &q);
	}
	return (q.seen);
}

void
witness_close(struct witnesses *w)
{
	int i, place;
	enum proto p;

	pcap_close(w->pcap);
	for (place = IN_A; place < NPLACES; place++)
		for (i = 0; i < 2; i++)
			for (p = 0; p < NPROTOS; p++)
				close(w->sockets[place][i][p]);
}
