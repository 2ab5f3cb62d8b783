/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Random packets for the policy, each answer compared with that of an oracle
 * that goes through them byte by byte, and knows the tables as lists.
 */

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plain_sets.h"

#include <netinet-jail/ip_policy.h>

#define PACKET_MAX	256

struct packet {
	const uint8_t *data;
	size_t len;
};

/* (The packet is as long as its memory, so that a byte behind it is told.) */
static inline bool
packet_copy(const struct packet *p, __u32 offset, void *to, __u32 len)
{
	if (offset > p->len || len > p->len - offset)
		return (false);
	memcpy(to, p->data + offset, len);
	return (true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
among(int value, const int *list)
{
	while (*list != -1 && *list != value)
		list++;
	return (*list == value);
}

/* -1: there is no such byte. */
static int
at(const struct packet *p, size_t offset)
{
	return (offset < p->len ? p->data[offset] : -1);
}

/* What it is a jail was given, if it is not what it begins with. */
static bool given;
static uint8_t gift;
static struct raw_policy rules;

static bool
is_given(int number)
{
	return ((number + gift) % 3 != 0);
}

static void
give(bool any, uint8_t what)
{
	uint64_t bits[4] = { 0 };

	given = any;
	gift = what;
	rules = (struct raw_policy)RAW_POLICY_DEFAULT;
	for (int i = 0; i < 256; i++)
		bits[i / 64] |= (uint64_t)is_given(i) << (i % 64);
	if (!any)
		return;
	memcpy(rules.rp_protocols, bits, sizeof(bits));
	memcpy(rules.rp_icmp4, bits, sizeof(bits));
	memcpy(rules.rp_icmp6, bits, sizeof(bits));
}

static int
oracle_proto(int proto)
{
	static const int never[] = { 2, 4, 8, 9, 41, 46, 47, 50, 51, 55, 88,
		89, 92, 94, 97, 98, 103, 108, 112, 115, 124, 131, 135, 137,
		143, 144, -1 };

	if (given)
		return (is_given(proto) ? JR_NONE : JR_RAWPROTO);
	return (among(proto, never) ? JR_RAWPROTO : JR_NONE);
}

static int
oracle_type(int family, int type, bool out)
{
	static const int always4[] = { 0, 8, 13, -1 };
	static const int inward4[] = { 0, 3, 11, 12, 14, -1 };
	static const int always6[] = { 128, 129, -1 };
	static const int inward6[] = { 1, 2, 3, 4, 129, -1 };

	if (type == -1)
		return (JR_MALFORMED);
	if (!out && among(type, family == 4 ? inward4 : inward6))
		return (JR_NONE);
	if (given ? is_given(type) : among(type, family == 4 ? always4 :
	    always6))
		return (JR_NONE);
	return (JR_ICMPTYPE);
}

static int
oracle_options(const struct packet *p, size_t from, size_t to)
{
	size_t len;

	if (to > p->len)
		return (JR_MALFORMED);
	for (; from < to; from += len) {
		len = 1;
		if (p->data[from] == 131 || p->data[from] == 137)
			return (JR_IPOPTION);
		if (p->data[from] == 0 || p->data[from] == 1)
			continue;
		if (from + 1 == to || p->data[from + 1] < 2)
			return (JR_MALFORMED);
		len = p->data[from + 1];
		if (from + len > to)
			return (JR_MALFORMED);
	}
	return (JR_NONE);
}

static int
oracle4(const struct packet *p, bool out)
{
	size_t header;
	int reason;

	if (p->len < 20 || (p->data[0] & 15) < 5)
		return (JR_MALFORMED);
	header = 4 * (p->data[0] & 15);
	reason = out ? oracle_options(p, 20, header) : JR_NONE;
	if (reason != JR_NONE)
		return (reason);
	reason = oracle_proto(p->data[9]);
	if (reason != JR_NONE || p->data[9] != 1)
		return (reason);
	if ((p->data[6] & 0x1f) != 0 || p->data[7] != 0)
		return (JR_FRAGMENT);
	return (oracle_type(4, at(p, header), out));
}

/* What comes at an offset, n headers behind the first. */
static int
oracle_header(const struct packet *p, int kind, size_t offset, int n,
    bool later, bool out)
{
	int reason;

	if (n > 8)
		return (JR_MALFORMED);
	if (kind == 43)
		return (JR_IPOPTION);
	if (kind != 0 && kind != 60 && kind != 44) {
		reason = oracle_proto(kind);
		if (reason != JR_NONE || kind != 58)
			return (reason);
		return (later ? JR_FRAGMENT : oracle_type(6, at(p, offset),
		    out));
	}
	if (later)
		return (JR_FRAGMENT);
	if (at(p, offset + 3) == -1)
		return (JR_MALFORMED);
	if (kind == 44)
		return (oracle_header(p, at(p, offset), offset + 8, n + 1,
		    at(p, offset + 2) != 0 || at(p, offset + 3) >= 8, out));
	return (oracle_header(p, at(p, offset), offset + 8 + 8 *
	    (size_t)at(p, offset + 1), n + 1, false, out));
}

static int
oracle(const struct packet *p, int family, bool out)
{
	if (family == 4)
		return (oracle4(p, out));
	if (p->len < 40)
		return (JR_MALFORMED);
	return (oracle_header(p, p->data[6], 40, 0, false, out));
}

static void
compare(const struct packet *p, int family, enum packet_way way)
{
	const __u16 type = family == 4 ? ETH_P_IP : ETH_P_IPV6;
	const int want = oracle(p, family, way == PACKET_OUT);
	int got = JR_NONE;

	if (given || !packet_is_plain(type, p->data, p->data + p->len))
		got = packet_policy(p, type, &rules, way);
	if (got == want)
		return;
	fprintf(stderr, "IPv%d, %zu bytes, way %d: %d, should be %d\n", family,
	    p->len, way, got, want);
	abort();
}

/* As it is, and so that it often gets past its first bytes. */
static void
shape(uint8_t *p, size_t len, int family, uint8_t how)
{
	static const uint8_t kinds[] = { 0, 43, 44, 60, 58, 17, 47, 1 };

	if (family == 4 && len > 9) {
		p[0] = 0x40 | (5 + how % 11);
		p[9] = kinds[how / 16 % 8];
		if (how & 1)
			p[6] = p[7] = 0;
		return;
	}
	for (size_t i = 6; family == 6 && i < len; i = i < 40 ? 40 : i + 8) {
		p[i] = kinds[p[i] % 8];
		if (i >= 40 && i + 1 < len)
			p[i + 1] %= 3;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t len = size < 2 ? 0 : size - 2 < PACKET_MAX ? size - 2 :
	    PACKET_MAX;
	const int family = size > 0 && data[0] & 1 ? 4 : 6;
	uint8_t *bytes = malloc(len == 0 ? 1 : len);
	const struct packet p = { bytes, len };

	if (bytes == NULL)
		return (0);
	if (len > 0)
		memcpy(bytes, data + 2, len);
	if (size > 1 && data[0] & 2)
		shape(bytes, len, family, data[1]);
	give(size > 1 && (data[0] & 4), size > 1 ? data[1] : 0);
	for (enum packet_way way = PACKET_OUT; way <= PACKET_LOOPED; way++)
		compare(&p, family, way);
	free(bytes);
	return (0);
}
