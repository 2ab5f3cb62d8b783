/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Random packets for the parser. A packet is a copy of its own length, which
 * the sanitizer guards; half of those of IPv4 get a good length and checksum:
 * otherwise hardly one would get as far as the quoted packet.
 */

#include "probe_parse.c"

#include <stdio.h>
#include <stdlib.h>

#define IP4_HDR		20

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "broken rule: %s\n", what);
	abort();
}

static void
repair(uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	if (len < IP4_HDR + 4 || len > 65535)
		return;
	p[0] = 0x45;
	p[2] = (uint8_t)(len >> 8);
	p[3] = (uint8_t)len;
	p[9] = IPPROTO_ICMP;
	p[IP4_HDR + 2] = p[IP4_HDR + 3] = 0;
	for (size_t i = IP4_HDR; i < len; i++)
		sum += (uint32_t)p[i] << (i % 2 == 0 ? 8 : 0);
	while (sum > 0xffff)
		sum = (sum >> 16) + (sum & 0xffff);
	p[IP4_HDR + 2] = (uint8_t)(~sum >> 8);
	p[IP4_HDR + 3] = (uint8_t)~sum;
}

static void
check(const struct probe_answer *a, const uint8_t *p, size_t len)
{
	must(a->kind < PROBE_NKINDS, "a known kind");
	must(a->len <= len, "a message within the packet");
	if (a->kind == PROBE_OTHER)
		return;
	must(a->proto == IPPROTO_ICMP || a->proto == IPPROTO_ICMPV6 ||
	    a->proto == IPPROTO_UDP, "a protocol of ours");
	must(a->data >= p && a->data <= p + len &&
	    a->datalen <= (size_t)(p + len - a->data),
	    "a payload within the packet");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct probe_answer a;
	uint8_t *p, how;

	if (size == 0)
		return (0);
	how = *data++;
	size--;
	p = malloc(size != 0 ? size : 1);
	must(p != NULL, "memory");
	memcpy(p, data, size);
	if (how % 4 == 0)
		repair(p, size);
	if (how % 2 == 0)
		probe_parse4(&a, p, size);
	else
		probe_parse6(&a, p, size);
	check(&a, p, size);
	free(p);
	return (0);
}
