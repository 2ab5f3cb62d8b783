/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Building probes with libnet, in the mode that opens no socket. The IP header
 * is there for the checksums of what is in it, but does not go to the kernel,
 * which makes its own: that one it can fragment.
 */

#include <sys/random.h>

#include <err.h>
#include <libnet.h>
#include <stdlib.h>
#include <string.h>

#include "probe.h"

#define TTL	64
#define UDP_SUM	6	/* where UDP has its checksum */

static void
check(libnet_t *l, int result)
{
	if (result == -1)
		errx(PROBE_ERROR, "libnet: %s", libnet_geterror(l));
}

/* An empty packet, in place of the one before. */
static libnet_t *
begin(struct probe_packet *p)
{
	char errbuf[LIBNET_ERRBUF_SIZE];
	libnet_t *l = p->libnet;

	if (l == NULL) {
		p->libnet = l = libnet_init(LIBNET_NONE, NULL, errbuf);
		if (l == NULL)
			errx(PROBE_ERROR, "libnet: %s", errbuf);
	}
	libnet_adv_free_packet(l, p->base);
	p->base = NULL;
	libnet_clear_packet(l);
	return (l);
}

static void
add_ip4(libnet_t *l, const union probe_sa *src, const union probe_sa *dst,
    uint8_t proto, size_t len)
{
	check(l, libnet_build_ipv4(LIBNET_IPV4_H + len, 0, 0, 0, TTL, proto, 0,
	    src->sin.sin_addr.s_addr, dst->sin.sin_addr.s_addr, NULL, 0, l, 0));
}

static void
add_ip6(libnet_t *l, const union probe_sa *src, const union probe_sa *dst,
    uint8_t proto, size_t len)
{
	struct libnet_in6_addr from, to;

	memcpy(&from, &src->sin6.sin6_addr, sizeof(from));
	memcpy(&to, &dst->sin6.sin6_addr, sizeof(to));
	check(l, libnet_build_ipv6(0, 0, len, proto, TTL, from, to, NULL, 0, l,
	    0));
}

/* Have libnet join the parts and fill in the checksums. */
static void
finish(struct probe_packet *p, size_t iplen)
{
	uint32_t len;

	check(p->libnet, libnet_pblock_coalesce(p->libnet, &p->base, &len));
	p->data = p->base + iplen;
	p->len = len - iplen;
}

void
probe_build_echo(struct probe_packet *p, const union probe_sa *src,
    const union probe_sa *dst, uint16_t id, uint16_t seq,
    const uint8_t *payload, size_t len)
{
	libnet_t *l = begin(p);

	if (dst->sa.sa_family == AF_INET) {
		check(l, libnet_build_icmpv4_echo(ICMP_ECHO, 0, 0, id, seq,
		    payload, len, l, 0));
		add_ip4(l, src, dst, IPPROTO_ICMP, LIBNET_ICMPV4_ECHO_H + len);
		finish(p, LIBNET_IPV4_H);
	} else {
		/* libnet only reads the payload, but does not say so. */
		check(l, libnet_build_icmpv6_echo(ICMP6_ECHO, 0, 0, id, seq,
		    (uint8_t *)payload, len, l, 0));
		add_ip6(l, src, dst, IPPROTO_ICMPV6,
		    LIBNET_ICMPV6_ECHO_H + len);
		finish(p, LIBNET_IPV6_H);
	}
}

/* A sum of 0 would say that there is none, which IPv6 does not allow. */
static void
avoid_zero(uint8_t *sum)
{
	if (sum[0] == 0 && sum[1] == 0)
		sum[0] = sum[1] = 0xff;
}

void
probe_build_udp(struct probe_packet *p, const union probe_sa *src,
    const union probe_sa *dst, const uint8_t *payload, size_t len)
{
	libnet_t *l = begin(p);
	size_t iplen;

	/* Both kinds of address have the port in the same place. */
	check(l, libnet_build_udp(ntohs(src->sin.sin_port),
	    ntohs(dst->sin.sin_port), LIBNET_UDP_H + len, 0, payload, len, l,
	    0));
	if (dst->sa.sa_family == AF_INET) {
		add_ip4(l, src, dst, IPPROTO_UDP, LIBNET_UDP_H + len);
		iplen = LIBNET_IPV4_H;
	} else {
		add_ip6(l, src, dst, IPPROTO_UDP, LIBNET_UDP_H + len);
		iplen = LIBNET_IPV6_H;
	}
	finish(p, iplen);
	avoid_zero(p->base + iplen + UDP_SUM);
}

void
probe_packet_free(struct probe_packet *p)
{
	if (p->libnet != NULL) {
		libnet_adv_free_packet(p->libnet, p->base);
		libnet_destroy(p->libnet);
	}
	memset(p, 0, sizeof(*p));
}

/* So little is always returned whole, as getrandom(2) promises. */
void
probe_random(void *buf, size_t len)
{
	if (getrandom(buf, len, 0) != (ssize_t)len)
		err(PROBE_ERROR, "getrandom");
}
