/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What libnet builds: the header that was asked for, the whole payload, and a
 * checksum that a receiver accepts.
 */

#include <arpa/inet.h>

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include <stdlib.h>
#include <string.h>

#include <atf-c.h>

#include "probe.h"

#define ID	0xabcd
#define SEQ	0x0102
#define SPORT	40000
#define DPORT	33434
#define MAXLEN	65507

static const size_t sizes[] = { 0, 1, 2, 7, 56, 1472, 1473, 65469, MAXLEN };
static const int families[] = { AF_INET, AF_INET6 };

static union probe_sa
address(int af, const char *ip4, const char *ip6, uint16_t port)
{
	union probe_sa sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa.sa_family = (sa_family_t)af;
	if (af == AF_INET)
		ATF_REQUIRE_EQ(inet_pton(af, ip4, &sa.sin.sin_addr), 1);
	else
		ATF_REQUIRE_EQ(inet_pton(af, ip6, &sa.sin6.sin6_addr), 1);
	sa.sin.sin_port = htons(port);
	return (sa);
}

static union probe_sa
source(int af)
{
	return (address(af, "192.0.2.11", "2001:db8::11", SPORT));
}

static union probe_sa
destination(int af)
{
	return (address(af, "198.51.100.2", "2001:db8:1::2", DPORT));
}

static uint32_t
add(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		sum += (uint32_t)p[i] << (i % 2 == 0 ? 8 : 0);
	return ((sum >> 16) + (sum & 0xffff));
}

/* The sum over packet and pseudo-header, which is all ones if it is right. */
static uint32_t
sum_of(const struct probe_packet *p, int af, uint8_t proto)
{
	union probe_sa src = source(af), dst = destination(af);
	uint32_t sum = add(0, p->data, p->len);

	if (proto != IPPROTO_ICMP) {
		sum += proto + (uint32_t)p->len;
		if (af == AF_INET) {
			sum = add(sum, &src.sin.sin_addr, 4);
			sum = add(sum, &dst.sin.sin_addr, 4);
		} else {
			sum = add(sum, &src.sin6.sin6_addr, 16);
			sum = add(sum, &dst.sin6.sin6_addr, 16);
		}
	}
	while (sum > 0xffff)
		sum = (sum >> 16) + (sum & 0xffff);
	return (sum);
}

static uint16_t
get16(const uint8_t *p)
{
	return ((uint16_t)(p[0] << 8 | p[1]));
}

static uint8_t *
make_payload(void)
{
	uint8_t *payload = malloc(MAXLEN);

	ATF_REQUIRE(payload != NULL);
	for (size_t i = 0; i < MAXLEN; i++)
		payload[i] = (uint8_t)(i * 7 + i / 256);
	return (payload);
}

static void
check_echo(struct probe_packet *p, int af, const uint8_t *payload, size_t len)
{
	union probe_sa src = source(af), dst = destination(af);

	probe_build_echo(p, &src, &dst, ID, SEQ, payload, len);
	ATF_REQUIRE_EQ(p->len, 8 + len);
	ATF_CHECK_EQ(p->data[0], af == AF_INET ? ICMP_ECHO :
	    ICMP6_ECHO_REQUEST);
	ATF_CHECK_EQ(p->data[1], 0);
	ATF_CHECK_EQ(get16(p->data + 4), ID);
	ATF_CHECK_EQ(get16(p->data + 6), SEQ);
	ATF_CHECK(memcmp(p->data + 8, payload, len) == 0);
	/* Here libnet is wrong, but for ICMPv6 the kernel sets the sum. */
	if (af == AF_INET6 && p->len + IPPROTO_ICMPV6 > 65535)
		return;
	ATF_CHECK_EQ_MSG(sum_of(p, af, af == AF_INET ? IPPROTO_ICMP :
	    IPPROTO_ICMPV6), 0xffff, "family %d, %zu bytes", af, len);
}

ATF_TC_WITHOUT_HEAD(an_echo_request_is_well_formed);
ATF_TC_BODY(an_echo_request_is_well_formed, tc)
{
	struct probe_packet p = { 0 };
	uint8_t *payload = make_payload();

	for (size_t i = 0; i < nitems(families); i++)
		for (size_t j = 0; j < nitems(sizes); j++)
			check_echo(&p, families[i], payload, sizes[j]);
	probe_packet_free(&p);
	free(payload);
}

static void
check_udp(struct probe_packet *p, int af, const uint8_t *payload, size_t len)
{
	union probe_sa src = source(af), dst = destination(af);

	probe_build_udp(p, &src, &dst, payload, len);
	ATF_REQUIRE_EQ(p->len, 8 + len);
	ATF_CHECK_EQ(get16(p->data), SPORT);
	ATF_CHECK_EQ(get16(p->data + 2), DPORT);
	ATF_CHECK_EQ(get16(p->data + 4), 8 + len);
	ATF_CHECK(memcmp(p->data + 8, payload, len) == 0);
	ATF_CHECK_EQ_MSG(sum_of(p, af, IPPROTO_UDP), 0xffff,
	    "family %d, %zu bytes", af, len);
}

ATF_TC_WITHOUT_HEAD(a_udp_probe_is_well_formed);
ATF_TC_BODY(a_udp_probe_is_well_formed, tc)
{
	struct probe_packet p = { 0 };
	uint8_t *payload = make_payload();

	for (size_t i = 0; i < nitems(families); i++)
		for (size_t j = 0; j < nitems(sizes); j++)
			check_udp(&p, families[i], payload, sizes[j]);
	probe_packet_free(&p);
	free(payload);
}

/* One in 65,536 payloads has the sum 0, which stands for no checksum. */
ATF_TC_WITHOUT_HEAD(a_udp_checksum_is_never_zero);
ATF_TC_BODY(a_udp_checksum_is_never_zero, tc)
{
	struct probe_packet p = { 0 };
	uint8_t payload[32] = { 0 };
	int all_ones = 0;

	for (unsigned int i = 0; i < 65536; i++) {
		payload[0] = (uint8_t)(i >> 8);
		payload[1] = (uint8_t)i;
		check_udp(&p, AF_INET6, payload, sizeof(payload));
		ATF_REQUIRE(get16(p.data + 6) != 0);
		all_ones += get16(p.data + 6) == 0xffff;
	}
	ATF_CHECK_EQ(all_ones, 1);
	probe_packet_free(&p);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, an_echo_request_is_well_formed);
	ATF_TP_ADD_TC(tp, a_udp_probe_is_well_formed);
	ATF_TP_ADD_TC(tp, a_udp_checksum_is_never_zero);
	return (atf_no_error());
}
