/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Reading received packets. Whoever sent them is not trusted: bytes are only
 * taken from the front of a span, which knows how many it has left.
 */

#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>

#include <string.h>

#include "probe.h"

#define IP6_FRAGLEN	8	/* of a fragment header */
#define ICMPLEN		8	/* of every ICMP header here, and of UDP's */

struct span {
	const uint8_t *p;
	size_t len;
};

/* The next n bytes, or NULL if there are fewer. */
static const uint8_t *
take(struct span *s, size_t n)
{
	const uint8_t *p = s->p;

	if (s->len < n)
		return (NULL);
	s->p += n;
	s->len -= n;
	return (p);
}

static void
shorten(struct span *s, size_t len)
{
	if (s->len > len)
		s->len = len;
}

static uint16_t
get16(const uint8_t *p)
{
	return ((uint16_t)(p[0] << 8 | p[1]));
}

static uint32_t
get32(const uint8_t *p)
{
	return ((uint32_t)get16(p) << 16 | get16(p + 2));
}

/* The Internet checksum is right if the sum over everything is all ones. */
static bool
checksum_ok(const struct span *s)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i + 1 < s->len; i += 2)
		sum += get16(s->p + i);
	if (i < s->len)
		sum += (uint32_t)s->p[i] << 8;
	while (sum > 0xffff)
		sum = (sum >> 16) + (sum & 0xffff);
	return (sum == 0xffff);
}

/*
 * Take an IPv4 header with its options and leave what it says is in the packet.
 * Of a packet that an error quotes the end may be missing.
 */
static const uint8_t *
take_ip4(struct span *s, bool whole)
{
	const uint8_t *ip = s->p;
	size_t hlen, len;

	if (s->len < sizeof(struct ip) || ip[0] >> 4 != 4)
		return (NULL);
	hlen = (size_t)(ip[0] & 0xf) * 4;
	len = get16(ip + 2);
	if (hlen < sizeof(struct ip) || len < hlen || (whole && len > s->len))
		return (NULL);
	shorten(s, len);
	return (take(s, hlen));
}

/* Take the first 8 bytes of the quoted packet's transport header. */
static bool
take_probe(struct probe_answer *a, struct span *s, uint8_t proto)
{
	const uint8_t *h;

	h = take(s, ICMPLEN);
	if (h == NULL)
		return (false);
	a->proto = proto;
	if (proto == IPPROTO_UDP) {
		a->id = get16(h);
		a->seq = get16(h + 2);
	} else if ((proto == IPPROTO_ICMP && h[0] == ICMP_ECHO) ||
	    (proto == IPPROTO_ICMPV6 && h[0] == ICMP6_ECHO_REQUEST)) {
		a->id = get16(h + 4);
		a->seq = get16(h + 6);
	} else
		return (false);
	a->data = s->p;
	a->datalen = s->len;
	return (true);
}

/* The quoted packet; of a fragment, only the first has the header. */
static bool
take_quoted4(struct probe_answer *a, struct span *s)
{
	const uint8_t *ip;

	ip = take_ip4(s, false);
	if (ip == NULL || (get16(ip + 6) & IP_OFFMASK) != 0)
		return (false);
	memcpy(a->src, ip + 12, 4);
	memcpy(a->dst, ip + 16, 4);
	return (take_probe(a, s, ip[9]));
}

static bool
take_quoted6(struct probe_answer *a, struct span *s)
{
	const uint8_t *ip, *frag;
	uint8_t proto;

	ip = take(s, sizeof(struct ip6_hdr));
	if (ip == NULL || ip[0] >> 4 != 6)
		return (false);
	shorten(s, get16(ip + 4));
	proto = ip[6];
	if (proto == IPPROTO_FRAGMENT) {
		frag = take(s, IP6_FRAGLEN);
		if (frag == NULL || (get16(frag + 2) & 0xfff8) != 0)
			return (false);
		proto = frag[0];
	}
	memcpy(a->src, ip + 8, 16);
	memcpy(a->dst, ip + 24, 16);
	return (take_probe(a, s, proto));
}

static enum probe_kind
kind4(uint8_t type)
{
	switch (type) {
	case ICMP_ECHOREPLY:
		return (PROBE_REPLY);
	case ICMP_DEST_UNREACH:
		return (PROBE_UNREACH);
	case ICMP_TIME_EXCEEDED:
		return (PROBE_TIMEX);
	case ICMP_PARAMETERPROB:
		return (PROBE_PARAM);
	default:
		return (PROBE_OTHER);
	}
}

static enum probe_kind
kind6(uint8_t type)
{
	switch (type) {
	case ICMP6_ECHO_REPLY:
		return (PROBE_REPLY);
	case ICMP6_DST_UNREACH:
		return (PROBE_UNREACH);
	case ICMP6_TIME_EXCEEDED:
		return (PROBE_TIMEX);
	case ICMP6_PACKET_TOO_BIG:
		return (PROBE_TOOBIG);
	case ICMP6_PARAM_PROB:
		return (PROBE_PARAM);
	default:
		return (PROBE_OTHER);
	}
}

static void
read_reply(struct probe_answer *a, const uint8_t *icmp, const struct span *s,
    uint8_t proto)
{
	a->proto = proto;
	a->id = get16(icmp + 4);
	a->seq = get16(icmp + 6);
	a->data = s->p;
	a->datalen = s->len;
}

/* Take the ICMP header, which begins the same in both families. */
static const uint8_t *
take_icmp(struct probe_answer *a, struct span *s)
{
	const uint8_t *icmp;

	a->len = s->len;
	icmp = take(s, ICMPLEN);
	if (icmp != NULL) {
		a->type = icmp[0];
		a->code = icmp[1];
	}
	return (icmp);
}

/*
 * The kernel hands a raw socket its packets before it has checked the sum of
 * ICMP, but after that of ICMPv6.
 */
void
probe_parse4(struct probe_answer *a, const uint8_t *buf, size_t len)
{
	struct span s = { buf, len };
	const uint8_t *ip, *icmp;
	enum probe_kind kind;

	memset(a, 0, sizeof(*a));
	ip = take_ip4(&s, true);
	if (ip == NULL || ip[9] != IPPROTO_ICMP || !checksum_ok(&s))
		return;
	a->ttl = ip[8];
	icmp = take_icmp(a, &s);
	if (icmp == NULL)
		return;
	kind = kind4(a->type);
	if (kind == PROBE_REPLY)
		read_reply(a, icmp, &s, IPPROTO_ICMP);
	else if (kind == PROBE_OTHER || !take_quoted4(a, &s))
		return;
	if (kind == PROBE_UNREACH && a->code == ICMP_FRAG_NEEDED)
		a->mtu = get16(icmp + 6);
	a->kind = kind;
}

void
probe_parse6(struct probe_answer *a, const uint8_t *buf, size_t len)
{
	struct span s = { buf, len };
	const uint8_t *icmp;
	enum probe_kind kind;

	memset(a, 0, sizeof(*a));
	icmp = take_icmp(a, &s);
	if (icmp == NULL)
		return;
	kind = kind6(a->type);
	if (kind == PROBE_REPLY)
		read_reply(a, icmp, &s, IPPROTO_ICMPV6);
	else if (kind == PROBE_OTHER || !take_quoted6(a, &s))
		return;
	if (kind == PROBE_TOOBIG)
		a->mtu = get32(icmp + 4);
	a->kind = kind;
}
