/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Protocols, ICMP messages, options, extension headers and fragments, natively:
 * rows of bytes, and every one cut off anywhere.
 */

#include <sys/mman.h>

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "plain_sets.h"

#include <netinet-jail/ip_policy.h>

#include <atf-c.h>

#define NELEMS(a) (sizeof(a) / sizeof((a)[0]))

/* What a jail begins with, or what the case makes of it. */
static struct raw_policy rules = RAW_POLICY_DEFAULT;
static bool narrow;		/* it is without TCP or UDP */

/* A packet lies against a page that cannot be read. */
struct packet {
	const uint8_t *data;
	size_t len;
};

static inline bool
packet_copy(const struct packet *p, __u32 offset, void *to, __u32 len)
{
	if (offset > p->len || len > p->len - offset)
		return (false);
	memcpy(to, p->data + offset, len);
	return (true);
}

static const uint8_t *
put(const uint8_t *bytes, size_t len)
{
	static uint8_t *end;
	const long size = sysconf(_SC_PAGESIZE);

	if (end == NULL) {
		end = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		ATF_REQUIRE(end != MAP_FAILED);
		end += size;
		ATF_REQUIRE_EQ(0, mprotect(end, size, PROT_NONE));
	}
	memcpy(end - len, bytes, len);
	return (end - len);
}

static enum jail_reason
policy(unsigned int af, const uint8_t *bytes, size_t len, enum packet_way way)
{
	const struct packet p = { put(bytes, len), len };
	const __u16 type = af == 4 ? ETH_P_IP : ETH_P_IPV6;

	if (!narrow && packet_is_plain(type, p.data, p.data + p.len))
		return (JR_NONE);
	return (packet_policy(&p, type, &rules, way));
}

/* A header of IPv4 with options, and what follows. */
static size_t
build4(uint8_t *p, uint8_t proto, uint16_t frag, const char *options,
    size_t optlen, const char *rest, size_t restlen)
{
	memset(p, 0, 20);
	p[0] = 0x40 | (20 + optlen) / 4;
	p[6] = frag >> 8;
	p[7] = frag;
	p[9] = proto;
	memcpy(p + 20, options, optlen);
	memcpy(p + 20 + optlen, rest, restlen);
	return (20 + optlen + restlen);
}

static size_t
build6(uint8_t *p, uint8_t nexthdr, const char *rest, size_t restlen)
{
	memset(p, 0, 40);
	p[0] = 0x60;
	p[6] = nexthdr;
	memcpy(p + 40, rest, restlen);
	return (40 + restlen);
}

static void
check(unsigned int af, const uint8_t *p, size_t len, enum packet_way way,
    enum jail_reason want, const char *what, unsigned int value)
{
	const enum jail_reason got = policy(af, p, len, way);

	ATF_CHECK_MSG(got == want, "IPv%u, %s %u, way %d: reason %d, should be "
	    "%d", af, what, value, way, got, want);
}

static bool
in(unsigned int value, const uint8_t *list, size_t n)
{
	return (memchr(list, value, n) != NULL);
}

ATF_TC_WITHOUT_HEAD(protocols_of_tunnels_and_routers_are_refused);
ATF_TC_BODY(protocols_of_tunnels_and_routers_are_refused, tc)
{
	static const uint8_t refused[] = { 2, 4, 8, 9, 41, 46, 47, 50, 51, 55,
		88, 89, 92, 94, 97, 98, 103, 108, 112, 115, 124, 131, 135, 137,
		143, 144 };
	static const uint8_t headers[] = { 0, 43, 44, 58, 60 };
	uint8_t p[64];
	size_t len;

	(void)tc;
	for (unsigned int proto = 0; proto < 256; proto++) {
		const enum jail_reason want = in(proto, refused,
		    sizeof(refused)) ? JR_RAWPROTO : JR_NONE;

		len = build4(p, proto, 0, "", 0, "\10\0\0\0\0\0\0\0", 8);
		check(4, p, len, PACKET_OUT, want, "protocol", proto);
		check(4, p, len, PACKET_IN, want, "protocol", proto);
		if (in(proto, headers, sizeof(headers)))
			continue;
		len = build6(p, proto, "\10\0\0\0\0\0\0\0", 8);
		check(6, p, len, PACKET_OUT, want, "protocol", proto);
		check(6, p, len, PACKET_LOOPED, want, "protocol", proto);
	}
}

static void
check_icmp(unsigned int af, unsigned int type, bool out, bool inward)
{
	char message[8] = { type };
	uint8_t p[64];
	const size_t len = af == 4 ? build4(p, 1, 0, "", 0, message, 8) :
	    build6(p, 58, message, 8);

	check(af, p, len, PACKET_OUT, out ? JR_NONE : JR_ICMPTYPE, "type",
	    type);
	check(af, p, len, PACKET_IN, inward ? JR_NONE : JR_ICMPTYPE, "type",
	    type);
	check(af, p, len, PACKET_LOOPED, inward ? JR_NONE : JR_ICMPTYPE,
	    "type", type);
	check(af, p, af == 4 ? 20 : 40, PACKET_OUT, JR_MALFORMED, "type",
	    type);
}

ATF_TC_WITHOUT_HEAD(icmp_is_echo_and_what_is_reported);
ATF_TC_BODY(icmp_is_echo_and_what_is_reported, tc)
{
	static const uint8_t out4[] = { 0, 8, 13 };
	static const uint8_t in4[] = { 0, 3, 8, 11, 12, 13, 14 };
	static const uint8_t out6[] = { 128, 129 };
	static const uint8_t in6[] = { 1, 2, 3, 4, 128, 129 };

	(void)tc;
	for (unsigned int type = 0; type < 256; type++) {
		check_icmp(4, type, in(type, out4, sizeof(out4)),
		    in(type, in4, sizeof(in4)));
		check_icmp(6, type, in(type, out6, sizeof(out6)),
		    in(type, in6, sizeof(in6)));
	}
}

ATF_TC_WITHOUT_HEAD(policy_is_what_the_jail_was_given);
ATF_TC_BODY(policy_is_what_the_jail_was_given, tc)
{
	uint8_t p[64];
	size_t len;

	(void)tc;
	rules = (struct raw_policy){ .rp_protocols = { RAW_BIT(1) |
	    RAW_BIT(47) | RAW_BIT(58) }, .rp_icmp4 = { RAW_BIT(5) },
	    .rp_icmp6 = { 0, 0, RAW_BIT(136) } };
	narrow = true;
	for (unsigned int proto = 0; proto < 256; proto++) {
		len = build4(p, proto, 0, "", 0, "\5\0\0\0\0\0\0\0", 8);
		check(4, p, len, PACKET_OUT, proto == 1 || proto == 47 ||
		    proto == 58 ? JR_NONE : JR_RAWPROTO, "protocol", proto);
	}
	for (unsigned int type = 0; type < 256; type++) {
		check_icmp(4, type, type == 5, type == 5 ||
		    in(type, (const uint8_t *)"\0\3\13\14\16", 5));
		check_icmp(6, type, type == 136, type == 136 ||
		    in(type, (const uint8_t *)"\1\2\3\4\201", 5));
	}
}

ATF_TC_WITHOUT_HEAD(source_routes_are_refused);
ATF_TC_BODY(source_routes_are_refused, tc)
{
	static const struct {
		const char *options;
		size_t len;
		enum jail_reason reason;
	} rows[] = {
		{ "\1\1\1\1", 4, JR_NONE },
		{ "\7\7\4\0\0\0\0\0", 8, JR_NONE },	/* record route */
		{ "\104\10\5\0\0\0\0\0", 8, JR_NONE },	/* time stamps */
		{ "\224\4\0\0", 4, JR_NONE },		/* router alert */
		{ "\203\7\4\0\0\0\0\0", 8, JR_IPOPTION },
		{ "\211\7\4\0\0\0\0\0", 8, JR_IPOPTION },
		{ "\1\1\1\203\3\4\0\0", 8, JR_IPOPTION },
		{ "\7\7\4\0\0\0\0\211\3\4\0\0", 12, JR_IPOPTION },
		{ "\7\7\4\0\0\203\0\0", 8, JR_NONE },
		{ "\104\10\5\0\203\211\0\203", 8, JR_NONE },
		{ "\1\104\4\211\104\211\3\4", 8, JR_IPOPTION },
		{ "\0\203\3\4", 4, JR_IPOPTION },
		{ "\203\1\4\0", 4, JR_IPOPTION },
		{ "\1\1\1\203", 4, JR_IPOPTION },
		{ "\7\0\0\0", 4, JR_MALFORMED },
		{ "\7\1\203\3", 4, JR_MALFORMED },
		{ "\7\5\4\0", 4, JR_MALFORMED },
		{ "\1\1\1\7", 4, JR_MALFORMED },
		{ "\7\5\4\0\0\377\377\1", 8, JR_MALFORMED },
	};
	uint8_t p[96];
	size_t len;

	(void)tc;
	for (size_t i = 0; i < NELEMS(rows); i++) {
		len = build4(p, 17, 0, rows[i].options, rows[i].len,
		    "12345678", 8);
		check(4, p, len, PACKET_OUT, rows[i].reason, "options", i);
		check(4, p, len, PACKET_IN, JR_NONE, "options", i);
		check(4, p, 20 + rows[i].len - 1, PACKET_OUT, JR_MALFORMED,
		    "options cut off", i);
	}
	memset(p, 1, sizeof(p));
	build4(p, 17, 0, "", 0, "", 0);
	p[0] = 0x4f;
	check(4, p, 60, PACKET_OUT, JR_NONE, "all no-operations", 40);
}

ATF_TC_WITHOUT_HEAD(extension_headers_are_followed);
ATF_TC_BODY(extension_headers_are_followed, tc)
{
	static const struct {
		uint8_t first;
		const char *rest;
		size_t len;
		enum jail_reason reason;
	} rows[] = {
		{ 43, "\21\2\0\1\0\0\0\0", 8, JR_IPOPTION },
		{ 0, "\53\0\1\4\0\0\0\0\21\2\0\1\0\0\0\0", 16, JR_IPOPTION },
		{ 60, "\53\0\1\4\0\0\0\0\21\2\0\1\0\0\0\0", 16, JR_IPOPTION },
		{ 0, "\72\0\1\4\0\0\0\0\200\0\0\0", 12, JR_NONE },
		{ 0, "\72\0\1\4\0\0\0\0\210\0\0\0", 12, JR_ICMPTYPE },
		{ 60, "\72\1\1\14\0\0\0\0\0\0\0\0\0\0\0\0\200\0", 18, JR_NONE },
		{ 60, "\72\1\1\14\0\0\0\0\0\0\0\0\0\0\0\0\211\0", 18,
		    JR_ICMPTYPE },
		{ 0, "\57\0\1\4\0\0\0\0", 8, JR_RAWPROTO },
		{ 0, "\72\5\1\4\0\0\0\0", 8, JR_MALFORMED },
		{ 0, "\72\0", 2, JR_MALFORMED },
	};
	char chain[9 * 8 + 8] = { 0 };
	uint8_t p[160];
	size_t len;

	(void)tc;
	for (size_t i = 0; i < NELEMS(rows); i++) {
		len = build6(p, rows[i].first, rows[i].rest, rows[i].len);
		check(6, p, len, PACKET_OUT, rows[i].reason, "chain", i);
		check(6, p, len, PACKET_IN, rows[i].reason, "chain", i);
	}
	for (size_t n = 1; n <= 9; n++) {
		for (size_t i = 0; i < n; i++)
			chain[8 * i] = i + 1 < n ? 60 : 17;
		len = build6(p, 60, chain, 8 * n + 8);
		check(6, p, len, PACKET_OUT, n <= 8 ? JR_NONE : JR_MALFORMED,
		    "headers", n);
	}
}

ATF_TC_WITHOUT_HEAD(fragments_hide_nothing);
ATF_TC_BODY(fragments_hide_nothing, tc)
{
	static const struct {
		uint8_t proto;
		uint16_t frag;
		uint8_t type;
		enum jail_reason reason;
	} rows4[] = {
		{ 1, 0x2000, 8, JR_NONE },	/* the first one */
		{ 1, 0x2000, 5, JR_ICMPTYPE },
		{ 1, 0x2001, 8, JR_FRAGMENT },
		{ 1, 0x0001, 8, JR_FRAGMENT },
		{ 1, 0x1fff, 8, JR_FRAGMENT },
		{ 17, 0x0010, 0, JR_NONE },
		{ 253, 0x0010, 0, JR_NONE },
		{ 47, 0x0010, 0, JR_RAWPROTO },
	};
	static const struct {
		const char *rest;
		size_t len;
		enum jail_reason reason;
	} rows6[] = {
		{ "\72\0\0\1\0\0\0\1\200\0", 10, JR_NONE },
		{ "\72\0\0\1\0\0\0\1\206\0", 10, JR_ICMPTYPE },
		{ "\72\0\0\1\0\0\0\1", 8, JR_MALFORMED },
		{ "\72\0\0\10\0\0\0\1\200\0", 10, JR_FRAGMENT },
		{ "\74\0\0\1\0\0\0\1\72\0\0\0\0\0\0\0\206", 17, JR_ICMPTYPE },
		{ "\74\0\0\10\0\0\0\1\72\0\0\0\0\0\0\0\200", 17, JR_FRAGMENT },
		{ "\53\0\0\10\0\0\0\1", 8, JR_IPOPTION },
		{ "\21\0\0\10\0\0\0\1", 8, JR_NONE },
		{ "\57\0\0\10\0\0\0\1", 8, JR_RAWPROTO },
	};
	uint8_t p[96];
	size_t len;

	(void)tc;
	for (size_t i = 0; i < NELEMS(rows4); i++) {
		const char message[8] = { rows4[i].type };

		len = build4(p, rows4[i].proto, rows4[i].frag, "", 0, message,
		    8);
		check(4, p, len, PACKET_OUT, rows4[i].reason, "fragment", i);
	}
	for (size_t i = 0; i < NELEMS(rows6); i++) {
		len = build6(p, 44, rows6[i].rest, rows6[i].len);
		check(6, p, len, PACKET_OUT, rows6[i].reason, "fragment", i);
	}
}

ATF_TC_WITHOUT_HEAD(header_of_no_length_is_malformed);
ATF_TC_BODY(header_of_no_length_is_malformed, tc)
{
	uint8_t p[64];

	(void)tc;
	build4(p, 17, 0, "", 0, "", 0);
	for (unsigned int ihl = 0; ihl < 5; ihl++) {
		p[0] = 0x40 | ihl;
		check(4, p, 60, PACKET_OUT, JR_MALFORMED, "ihl", ihl);
	}
	for (size_t len = 0; len < 20; len++)
		check(4, p, len, PACKET_OUT, JR_MALFORMED, "length", len);
	build6(p, 17, "", 0);
	for (size_t len = 0; len < 40; len++)
		check(6, p, len, PACKET_OUT, JR_MALFORMED, "length", len);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, protocols_of_tunnels_and_routers_are_refused);
	ATF_TP_ADD_TC(tp, icmp_is_echo_and_what_is_reported);
	ATF_TP_ADD_TC(tp, policy_is_what_the_jail_was_given);
	ATF_TP_ADD_TC(tp, source_routes_are_refused);
	ATF_TP_ADD_TC(tp, extension_headers_are_followed);
	ATF_TP_ADD_TC(tp, fragments_hide_nothing);
	ATF_TP_ADD_TC(tp, header_of_no_length_is_malformed);
	return (atf_no_error());
}
