/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Decisions about packets: whole ones, truncated at every length, and ones
 * whose header is not what their ethertype says. A packet lies against a page
 * that cannot be read, so that a byte beyond its end is never looked at.
 */

#include <sys/mman.h>

#include <unistd.h>

#include "plain_sets.h"

#include <netinet-jail/ip_packet.h>

#include <atf-c.h>

#define IP4_HDR 20
#define IP6_HDR 40

#define OUT	PACKET_OUT
#define IN	PACKET_IN
#define LOCAL	PACKET_LOOPED

struct packet {
	char *page;
	char *data;
	char *end;
};

struct row {
	enum jail jail;
	__u16 ethertype;
	int version;
	const char *src, *dst;
	enum packet_way way;
	enum jail_reason reason;
};

static void
packet_alloc(struct packet *p)
{
	long size = sysconf(_SC_PAGESIZE);

	p->page = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ATF_REQUIRE(p->page != MAP_FAILED);
	p->end = p->page + size;
	ATF_REQUIRE(mprotect(p->end, size, PROT_NONE) == 0);
}

/* Put the first len bytes of the row's packet at the end of the page. */
static void
packet_fill(struct packet *p, const struct row *row, size_t len)
{
	bool ip6 = strchr(row->src, ':') != NULL;
	size_t addrlen = ip6 ? 16 : 4, addroff = ip6 ? 8 : 12;
	char whole[128] = { 0 };

	whole[0] = row->version << 4 | 5;
	parse(ip6 ? AF_INET6 : AF_INET, row->src, whole + addroff);
	parse(ip6 ? AF_INET6 : AF_INET, row->dst, whole + addroff + addrlen);
	p->data = p->end - len;
	memcpy(p->data, whole, len);
}

static void
check_row(struct packet *p, const struct row *row, size_t len,
    enum jail_reason want)
{
	struct prison pr = prison_of(row->jail);
	enum jail_reason reason;

	packet_fill(p, row, len);
	reason = prison_check_packet(&pr, row->ethertype, p->data, p->end,
	    row->way);
	ATF_CHECK_MSG(reason == want, "%s, ethertype %#x, version %d, %s to "
	    "%s, %s, %zu bytes: reason %d, should be %d",
	    jail_names[row->jail], row->ethertype, row->version, row->src,
	    row->dst, row->way == OUT ? "out" : "in", len, reason, want);
}

static void
check_whole(const struct row *rows, size_t n)
{
	struct packet p;

	packet_alloc(&p);
	for (; n > 0; n--, rows++) {
		check_row(&p, rows, 60, rows->reason);
		check_row(&p, rows, rows->version == 6 ? IP6_HDR : IP4_HDR,
		    rows->reason);
	}
}

ATF_TC_WITHOUT_HEAD(whole_packets_are_judged_by_their_addresses);
ATF_TC_BODY(whole_packets_are_judged_by_their_addresses, tc)
{
	static const struct row rows[] = {
		{ ONE, ETH_P_IP, 4, "192.0.2.11", "203.0.113.1", OUT, JR_NONE },
		{ ONE, ETH_P_IP, 4, "203.0.113.1", "192.0.2.11", OUT,
		    JR_SRCADDR },
		{ ONE, ETH_P_IP, 4, "192.0.2.11", "127.0.0.1", OUT,
		    JR_LOOPBACK },
		{ ONE, ETH_P_IP, 4, "203.0.113.1", "192.0.2.11", IN, JR_NONE },
		{ ONE, ETH_P_IP, 4, "192.0.2.11", "203.0.113.1", IN,
		    JR_DSTADDR },
		{ THREE, ETH_P_IP, 4, "198.51.100.7", "203.0.113.1", OUT,
		    JR_NONE },
		{ INHERIT, ETH_P_IP, 4, "203.0.113.1", "127.0.0.1", OUT,
		    JR_NONE },
		{ DISABLED, ETH_P_IP, 4, "192.0.2.11", "192.0.2.11", OUT,
		    JR_NOFAMILY },
		{ DISABLED, ETH_P_IP, 4, "192.0.2.11", "192.0.2.11", IN,
		    JR_NOFAMILY },
		{ ONE, ETH_P_IPV6, 6, "2001:db8::11", "2001:db8:9::1", OUT,
		    JR_NONE },
		{ ONE, ETH_P_IPV6, 6, "2001:db8:9::1", "2001:db8::11", OUT,
		    JR_SRCADDR },
		{ ONE, ETH_P_IPV6, 6, "2001:db8::11", "::1", OUT, JR_LOOPBACK },
		{ ONE, ETH_P_IPV6, 6, "2001:db8:9::1", "2001:db8::11", IN,
		    JR_NONE },
		{ ONE, ETH_P_IPV6, 6, "2001:db8::11", "2001:db8:9::1", IN,
		    JR_DSTADDR },
		{ THREE, ETH_P_IPV6, 6, "2001:db8:1::7", "2001:db8:9::1", OUT,
		    JR_NONE },
		{ INHERIT, ETH_P_IPV6, 6, "2001:db8:9::1", "::1", OUT,
		    JR_NONE },
		{ DISABLED, ETH_P_IPV6, 6, "2001:db8::11", "2001:db8::11",
		    OUT, JR_NOFAMILY },
		{ DISABLED, ETH_P_IPV6, 6, "2001:db8::11", "2001:db8::11",
		    IN, JR_NOFAMILY },
	};

	(void)tc;
	check_whole(rows, NELEMS(rows));
}

ATF_TC_WITHOUT_HEAD(loopback_is_judged_by_both_addresses);
ATF_TC_BODY(loopback_is_judged_by_both_addresses, tc)
{
	static const struct row rows[] = {
		{ PRIVATE, ETH_P_IP, 4, LO4, LO4, OUT, JR_NONE },
		{ PRIVATE, ETH_P_IP, 4, LO4, "203.0.113.1", OUT, JR_SRCADDR },
		{ PRIVATE, ETH_P_IP, 4, "192.0.2.11", LO4_OTHER, OUT,
		    JR_LOOPBACK },
		{ PRIVATE, ETH_P_IP, 4, "192.0.2.11", LO4, LOCAL, JR_NONE },
		{ PRIVATE, ETH_P_IP, 4, "203.0.113.1", LO4, LOCAL, JR_DSTADDR },
		{ PRIVATE, ETH_P_IPV6, 6, LO6, LO6, OUT, JR_NONE },
		{ PRIVATE, ETH_P_IPV6, 6, LO6, "2001:db8:9::1", OUT,
		    JR_SRCADDR },
		{ PRIVATE, ETH_P_IPV6, 6, "2001:db8::11", LO6_OTHER, OUT,
		    JR_LOOPBACK },
		{ PRIVATE, ETH_P_IPV6, 6, "2001:db8::11", LO6, LOCAL, JR_NONE },
		{ PRIVATE, ETH_P_IPV6, 6, "2001:db8:9::1", LO6, LOCAL,
		    JR_DSTADDR },
		{ PRIVATE, ETH_P_IP, 4, LO4, "192.0.2.11", LOCAL, JR_NONE },
		{ PRIVATE, ETH_P_IP, 4, LO4, LO4, IN, JR_SRCADDR },
		{ PRIVATE, ETH_P_IP, 4, LO4, "192.0.2.11", IN, JR_SRCADDR },
		{ PRIVATE, ETH_P_IP, 4, "192.0.2.11", LO4, IN, JR_DSTADDR },
		{ PRIVATE, ETH_P_IPV6, 6, LO6, "2001:db8::11", LOCAL, JR_NONE },
		{ PRIVATE, ETH_P_IPV6, 6, LO6, LO6, IN, JR_SRCADDR },
		{ PRIVATE, ETH_P_IPV6, 6, LO6, "2001:db8::11", IN, JR_SRCADDR },
		{ PRIVATE, ETH_P_IPV6, 6, LO6_OTHER, "2001:db8::11", IN,
		    JR_SRCADDR },
		{ PRIVATE, ETH_P_IPV6, 6, "2001:db8::11", LO6, IN, JR_DSTADDR },
	};

	(void)tc;
	check_whole(rows, NELEMS(rows));
}

ATF_TC_WITHOUT_HEAD(truncated_packets_are_refused_at_every_length);
ATF_TC_BODY(truncated_packets_are_refused_at_every_length, tc)
{
	static const struct row rows[] = {
		{ ONE, ETH_P_IP, 4, "192.0.2.11", "192.0.2.11", OUT, 0 },
		{ ONE, ETH_P_IP, 4, "192.0.2.11", "192.0.2.11", IN, 0 },
		{ INHERIT, ETH_P_IP, 4, "192.0.2.11", "192.0.2.11", OUT, 0 },
		{ ONE, ETH_P_IPV6, 6, "2001:db8::11", "2001:db8::11", OUT, 0 },
		{ ONE, ETH_P_IPV6, 6, "2001:db8::11", "2001:db8::11", IN, 0 },
		{ INHERIT, ETH_P_IPV6, 6, "2001:db8::11", "2001:db8::11",
		    IN, 0 },
	};
	struct packet p;
	size_t hdr, i, len;

	(void)tc;
	packet_alloc(&p);
	for (i = 0; i < NELEMS(rows); i++) {
		hdr = rows[i].version == 6 ? IP6_HDR : IP4_HDR;
		for (len = 0; len <= hdr + 8; len++)
			check_row(&p, &rows[i], len,
			    len < hdr ? JR_MALFORMED : JR_NONE);
	}
}

ATF_TC_WITHOUT_HEAD(header_must_be_what_the_ethertype_says);
ATF_TC_BODY(header_must_be_what_the_ethertype_says, tc)
{
	/* The version is the right one, -1 if no version is. */
	static const struct row rows[] = {
		{ ONE, ETH_P_IP, 4, "192.0.2.11", "192.0.2.11", IN, 0 },
		{ ONE, ETH_P_IP, 4, "192.0.2.11", "192.0.2.11", OUT, 0 },
		{ ONE, ETH_P_IPV6, 6, "2001:db8::11", "2001:db8::11", IN, 0 },
		{ ONE, ETH_P_IPV6, 6, "2001:db8::11", "2001:db8::11", OUT, 0 },
		{ INHERIT, ETH_P_IP, 4, "192.0.2.11", "192.0.2.11", IN, 0 },
		{ ONE, ETH_P_ARP, -1, "192.0.2.11", "192.0.2.11", IN, 0 },
		{ ONE, ETH_P_8021Q, -1, "2001:db8::11", "2001:db8::11", IN, 0 },
		{ INHERIT, 0, -1, "192.0.2.11", "192.0.2.11", IN, 0 },
	};
	struct packet p;
	struct row row;
	size_t i;

	(void)tc;
	packet_alloc(&p);
	for (i = 0; i < NELEMS(rows); i++) {
		row = rows[i];
		for (row.version = 0; row.version < 16; row.version++)
			check_row(&p, &row, 60,
			    row.version == rows[i].version ? JR_NONE :
			    JR_MALFORMED);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, whole_packets_are_judged_by_their_addresses);
	ATF_TP_ADD_TC(tp, loopback_is_judged_by_both_addresses);
	ATF_TP_ADD_TC(tp, truncated_packets_are_refused_at_every_length);
	ATF_TP_ADD_TC(tp, header_must_be_what_the_ethertype_says);
	return (atf_no_error());
}
