/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Reading received packets: good ones, and what is made of them by cutting,
 * lying about lengths and changing bytes. A packet lies against a page that
 * cannot be read, so that a byte beyond its end is never looked at.
 */

#include <sys/mman.h>

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "probe.h"

#define ID	0x1234
#define SEQ	0x0007
#define SPORT	0xc001
#define DPORT	0x829a
#define MTU	1280
#define DATALEN	12		/* payload of every packet below */
#define MAXLEN	256

/* What a packet is made of, and what is to be read in it. */
struct row {
	const char *name;
	int af;
	uint8_t type, code;
	uint8_t quoted;		/* protocol of the quoted packet; 0: a reply */
	bool extended;		/* it has IPv4 options, or is a fragment */
	enum probe_kind kind;
	uint32_t mtu;		/* every error has MTU there */
};

static const struct row rows[] = {
	{ "reply4", AF_INET, ICMP_ECHOREPLY, 0, 0, false, PROBE_REPLY, 0 },
	{ "host4", AF_INET, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH,
	    IPPROTO_ICMP, false, PROBE_UNREACH, 0 },
	{ "port4", AF_INET, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH,
	    IPPROTO_UDP, false, PROBE_UNREACH, 0 },
	{ "narrow4", AF_INET, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED,
	    IPPROTO_UDP, true, PROBE_UNREACH, MTU },
	{ "ttl4", AF_INET, ICMP_TIME_EXCEEDED, 0, IPPROTO_ICMP, true,
	    PROBE_TIMEX, 0 },
	{ "param4", AF_INET, ICMP_PARAMETERPROB, 0, IPPROTO_UDP, false,
	    PROBE_PARAM, 0 },
	{ "reply6", AF_INET6, ICMP6_ECHO_REPLY, 0, 0, false, PROBE_REPLY, 0 },
	{ "address6", AF_INET6, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_ADDR,
	    IPPROTO_ICMPV6, false, PROBE_UNREACH, 0 },
	{ "port6", AF_INET6, ICMP6_DST_UNREACH, ICMP6_DST_UNREACH_NOPORT,
	    IPPROTO_UDP, false, PROBE_UNREACH, 0 },
	{ "narrow6", AF_INET6, ICMP6_PACKET_TOO_BIG, 0, IPPROTO_ICMPV6, false,
	    PROBE_TOOBIG, MTU },
	{ "hops6", AF_INET6, ICMP6_TIME_EXCEEDED, 0, IPPROTO_ICMPV6, true,
	    PROBE_TIMEX, 0 },
	{ "param6", AF_INET6, ICMP6_PARAM_PROB, 1, IPPROTO_UDP, true,
	    PROBE_PARAM, 0 },
};

/* A packet as it grows. */
struct packet {
	uint8_t b[MAXLEN];
	size_t len;
	size_t icmp;		/* where the ICMP message begins */
	size_t inner;		/* where the quoted packet begins */
	size_t data;		/* where the payload begins */
};

static void
put16(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void
put_ip4(struct packet *p, uint8_t proto, size_t hlen, size_t len)
{
	uint8_t *ip = p->b + p->len;

	ip[0] = (uint8_t)(0x40 | hlen / 4);
	put16(ip + 2, (unsigned int)len);
	ip[8] = 64;
	ip[9] = proto;
	memcpy(ip + 12, "\xc0\x00\x02\x0b\xc0\x00\x02\xfe", 8);
	p->len += hlen;
}

static void
put_ip6(struct packet *p, uint8_t proto, bool fragment, size_t len)
{
	uint8_t *ip = p->b + p->len;

	ip[0] = 0x60;
	put16(ip + 4, (unsigned int)len);
	ip[6] = fragment ? IPPROTO_FRAGMENT : proto;
	memset(ip + 8, 0xaa, 16);
	memset(ip + 24, 0xbb, 16);
	p->len += 40;
	if (fragment) {
		ip[40] = proto;
		put16(ip + 42, 1);	/* offset 0, more fragments */
		p->len += 8;
	}
}

static void
put_probe(struct packet *p, uint8_t proto)
{
	uint8_t *h = p->b + p->len;

	if (proto == IPPROTO_UDP) {
		put16(h, SPORT);
		put16(h + 2, DPORT);
	} else {
		h[0] = proto == IPPROTO_ICMP ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
		put16(h + 4, ID);
		put16(h + 6, SEQ);
	}
	p->len += 8;
}

static void
put_quoted(struct packet *p, const struct row *row)
{
	size_t hlen = row->extended ? 24 : 20;

	p->inner = p->len;
	if (row->af == AF_INET)
		put_ip4(p, row->quoted, hlen, hlen + 8 + DATALEN);
	else
		put_ip6(p, row->quoted, row->extended,
		    (row->extended ? 8 : 0) + 8 + DATALEN);
	put_probe(p, row->quoted);
}

/* Make the outer header and the checksum right for a packet of this length. */
static void
seal(struct packet *p, const struct row *row, size_t len)
{
	uint32_t sum = 0;

	if (row->af != AF_INET || len < 24)
		return;
	put16(p->b + 2, (unsigned int)len);
	put16(p->b + 22, 0);
	for (size_t i = 20; i < len; i++)
		sum += (uint32_t)p->b[i] << (i % 2 == 0 ? 8 : 0);
	while (sum > 0xffff)
		sum = (sum >> 16) + (sum & 0xffff);
	put16(p->b + 22, ~sum & 0xffff);
}

static void
make(struct packet *p, const struct row *row)
{
	uint8_t *icmp;

	memset(p, 0, sizeof(*p));
	if (row->af == AF_INET)
		put_ip4(p, IPPROTO_ICMP, 20, 0);
	p->icmp = p->len;
	icmp = p->b + p->len;
	icmp[0] = row->type;
	icmp[1] = row->code;
	p->len += 8;
	if (row->quoted != 0) {
		put16(icmp + 6, MTU);
		put_quoted(p, row);
	} else {
		put16(icmp + 4, ID);
		put16(icmp + 6, SEQ);
	}
	p->data = p->len;
	memset(p->b + p->len, 0x5a, DATALEN);
	p->len += DATALEN;
	seal(p, row, p->len);
}

/* The end of a page that is followed by one that cannot be read. */
static uint8_t *
guarded_end(void)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *page;

	page = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ATF_REQUIRE(page != MAP_FAILED);
	ATF_REQUIRE(mprotect(page + size, size, PROT_NONE) == 0);
	return (page + size);
}

/* Parse the first len bytes, and see that the payload is within them. */
static struct probe_answer
parse(const struct row *row, const struct packet *p, size_t len)
{
	static uint8_t *end;
	struct probe_answer a;
	uint8_t *buf;

	if (end == NULL)
		end = guarded_end();
	buf = end - len;
	memcpy(buf, p->b, len);
	memset(&a, 0xff, sizeof(a));
	if (row->af == AF_INET)
		probe_parse4(&a, buf, len);
	else
		probe_parse6(&a, buf, len);
	ATF_REQUIRE_MSG(a.kind < PROBE_NKINDS, "%s: kind %d", row->name,
	    (int)a.kind);
	if (a.kind != PROBE_OTHER)
		ATF_REQUIRE_MSG(a.data >= buf && a.data <= end &&
		    a.datalen <= (size_t)(end - a.data),
		    "%s: payload outside of a packet of %zu bytes",
		    row->name, len);
	return (a);
}

static void
check_ids(const struct row *row, const struct probe_answer *a)
{
	bool udp = row->quoted == IPPROTO_UDP;
	uint8_t icmp = row->af == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;

	ATF_CHECK_MSG(a->proto == (udp ? IPPROTO_UDP : icmp), "%s: proto %u",
	    row->name, a->proto);
	ATF_CHECK_MSG(a->id == (udp ? SPORT : ID), "%s: id %#x", row->name,
	    a->id);
	ATF_CHECK_MSG(a->seq == (udp ? DPORT : SEQ), "%s: seq %#x", row->name,
	    a->seq);
}

static void
check_addresses(const struct row *row, const struct probe_answer *a)
{
	uint8_t src[16], dst[16];

	if (row->quoted == 0)
		return;
	memset(src, 0xaa, sizeof(src));
	memset(dst, 0xbb, sizeof(dst));
	if (row->af == AF_INET) {
		memcpy(src, "\xc0\x00\x02\x0b", 4);
		memcpy(dst, "\xc0\x00\x02\xfe", 4);
	}
	ATF_CHECK_MSG(memcmp(a->src, src, row->af == AF_INET ? 4 : 16) == 0,
	    "%s: source", row->name);
	ATF_CHECK_MSG(memcmp(a->dst, dst, row->af == AF_INET ? 4 : 16) == 0,
	    "%s: destination", row->name);
}

ATF_TC_WITHOUT_HEAD(every_answer_is_read);
ATF_TC_BODY(every_answer_is_read, tc)
{
	struct probe_answer a;
	struct packet p;

	for (size_t i = 0; i < nitems(rows); i++) {
		make(&p, &rows[i]);
		a = parse(&rows[i], &p, p.len);
		ATF_CHECK_MSG(a.kind == rows[i].kind, "%s: kind %d",
		    rows[i].name, (int)a.kind);
		ATF_CHECK_EQ(a.type, rows[i].type);
		ATF_CHECK_EQ(a.code, rows[i].code);
		ATF_CHECK_EQ(a.mtu, rows[i].mtu);
		ATF_CHECK_EQ(a.len, p.len - p.icmp);
		ATF_CHECK_EQ(a.datalen, DATALEN);
		ATF_CHECK(a.datalen == DATALEN &&
		    memcmp(a.data, p.b + p.data, DATALEN) == 0);
		if (rows[i].af == AF_INET)
			ATF_CHECK_EQ(a.ttl, 64);
		check_ids(&rows[i], &a);
		check_addresses(&rows[i], &a);
	}
}

/* Everything before the payload is needed, and nothing of the payload. */
ATF_TC_WITHOUT_HEAD(a_cut_packet_is_read_as_far_as_it_goes);
ATF_TC_BODY(a_cut_packet_is_read_as_far_as_it_goes, tc)
{
	struct probe_answer a;
	struct packet p;

	for (size_t i = 0; i < nitems(rows); i++) {
		make(&p, &rows[i]);
		for (size_t len = 0; len <= p.len; len++) {
			seal(&p, &rows[i], len);
			a = parse(&rows[i], &p, len);
			ATF_CHECK_MSG(a.kind == (len < p.data ? PROBE_OTHER :
			    rows[i].kind), "%s: kind %d at %zu of %zu bytes",
			    rows[i].name, (int)a.kind, len, p.len);
			if (len >= p.data)
				ATF_CHECK_EQ(a.datalen, len - p.data);
		}
	}
}

ATF_TC_WITHOUT_HEAD(a_packet_shorter_than_it_says_is_ignored);
ATF_TC_BODY(a_packet_shorter_than_it_says_is_ignored, tc)
{
	struct packet p;

	for (size_t i = 0; i < nitems(rows) && rows[i].af == AF_INET; i++) {
		make(&p, &rows[i]);
		for (size_t len = 0; len < p.len; len++)
			ATF_CHECK_EQ(parse(&rows[i], &p, len).kind,
			    PROBE_OTHER);
	}
}

ATF_TC_WITHOUT_HEAD(bytes_beyond_the_packet_are_not_payload);
ATF_TC_BODY(bytes_beyond_the_packet_are_not_payload, tc)
{
	struct packet p;

	for (size_t i = 0; i < nitems(rows); i++) {
		make(&p, &rows[i]);
		/* What follows a quoted packet may be an extension. */
		if (rows[i].quoted != 0)
			seal(&p, &rows[i], p.len + 16);
		else if (rows[i].af == AF_INET6)
			continue;
		ATF_CHECK_EQ_MSG(parse(&rows[i], &p, p.len + 16).datalen,
		    DATALEN, "%s", rows[i].name);
	}
}

ATF_TC_WITHOUT_HEAD(a_wrong_icmp_checksum_is_ignored);
ATF_TC_BODY(a_wrong_icmp_checksum_is_ignored, tc)
{
	struct packet p;

	for (size_t i = 0; i < nitems(rows) && rows[i].af == AF_INET; i++)
		for (size_t at = 20; at < 60; at++) {
			make(&p, &rows[i]);
			if (at >= p.len)
				break;
			p.b[at] ^= 0x10;
			ATF_CHECK_EQ_MSG(parse(&rows[i], &p, p.len).kind,
			    PROBE_OTHER, "%s: byte %zu", rows[i].name, at);
		}
}

/* A change of one byte after which the packet is nothing of ours. */
struct lie {
	const char *name;	/* of a row */
	enum { OUTER, INNER } where;
	size_t at;
	uint8_t value;
};

static const struct lie lies[] = {
	{ "reply4", OUTER, 0, 0x65 },	/* version */
	{ "reply4", OUTER, 0, 0x44 },	/* header length below 20 */
	{ "reply4", OUTER, 0, 0x4f },	/* header longer than the packet */
	{ "reply4", OUTER, 3, 19 },	/* total length below the header */
	{ "reply4", OUTER, 3, 255 },	/* and beyond the packet */
	{ "reply4", OUTER, 9, IPPROTO_UDP },
	{ "reply4", OUTER, 20, ICMP_ECHO },
	{ "reply4", OUTER, 20, ICMP_REDIRECT },
	{ "host4", INNER, 0, 0x65 },
	{ "host4", INNER, 0, 0x40 },
	{ "host4", INNER, 0, 0x4f },
	{ "host4", INNER, 3, 19 },
	{ "host4", INNER, 3, 27 },	/* ends within the ICMP header */
	{ "host4", INNER, 7, 1 },	/* not the first fragment */
	{ "host4", INNER, 6, 0x1f },
	{ "host4", INNER, 9, IPPROTO_TCP },
	{ "host4", INNER, 9, IPPROTO_ICMPV6 },
	{ "host4", INNER, 20, ICMP_ECHOREPLY },
	{ "port4", INNER, 0, 0x40 },
	{ "port4", INNER, 9, IPPROTO_ICMP },
	{ "reply6", OUTER, 0, ICMP6_ECHO_REQUEST },
	{ "reply6", OUTER, 0, ND_NEIGHBOR_ADVERT },
	{ "address6", INNER, 0, 0x45 },
	{ "address6", INNER, 5, 7 },	/* ends within the ICMPv6 header */
	{ "address6", INNER, 6, IPPROTO_TCP },
	{ "address6", INNER, 6, IPPROTO_ICMP },
	{ "address6", INNER, 6, IPPROTO_HOPOPTS },
	{ "address6", INNER, 40, ICMP6_ECHO_REPLY },
	{ "hops6", INNER, 43, 9 },	/* not the first fragment */
	{ "hops6", INNER, 42, 1 },
	{ "hops6", INNER, 40, IPPROTO_FRAGMENT },
	{ "hops6", INNER, 5, 15 },
};

static const struct row *
find_row(const char *name)
{
	for (size_t i = 0; i < nitems(rows); i++)
		if (strcmp(rows[i].name, name) == 0)
			return (&rows[i]);
	atf_tc_fail("no row %s", name);
}

ATF_TC_WITHOUT_HEAD(a_packet_that_lies_is_ignored);
ATF_TC_BODY(a_packet_that_lies_is_ignored, tc)
{
	const struct row *row;
	struct packet p;
	size_t at;

	for (size_t i = 0; i < nitems(lies); i++) {
		row = find_row(lies[i].name);
		make(&p, row);
		at = (lies[i].where == INNER ? p.inner : 0) + lies[i].at;
		p.b[at] = lies[i].value;
		if (at >= 20)
			seal(&p, row, p.len);
		ATF_CHECK_EQ_MSG(parse(row, &p, p.len).kind, PROBE_OTHER,
		    "%s: byte %zu is %#x", row->name, at, lies[i].value);
	}
}

/* parse() checks what must hold for every packet. */
ATF_TC_WITHOUT_HEAD(no_change_of_bytes_leads_outside);
ATF_TC_BODY(no_change_of_bytes_leads_outside, tc)
{
	const struct row *row;
	struct packet p;
	size_t len;

	srandom(1);
	for (int i = 0; i < 300000; i++) {
		row = &rows[(size_t)random() % nitems(rows)];
		make(&p, row);
		for (long n = random() % 4; n > 0; n--)
			p.b[(size_t)random() % p.len] = (uint8_t)random();
		len = (size_t)random() % (p.len + 1);
		if (random() % 2 == 0)
			seal(&p, row, len);
		parse(row, &p, len);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, every_answer_is_read);
	ATF_TP_ADD_TC(tp, a_cut_packet_is_read_as_far_as_it_goes);
	ATF_TP_ADD_TC(tp, a_packet_shorter_than_it_says_is_ignored);
	ATF_TP_ADD_TC(tp, bytes_beyond_the_packet_are_not_payload);
	ATF_TP_ADD_TC(tp, a_wrong_icmp_checksum_is_ignored);
	ATF_TP_ADD_TC(tp, a_packet_that_lies_is_ignored);
	ATF_TP_ADD_TC(tp, no_change_of_bytes_leads_outside);
	return (atf_no_error());
}
