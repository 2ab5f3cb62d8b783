/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Packets, built by libnet.
 */

#include <sys/socket.h>

#include <netinet/icmp6.h>

#include <string.h>

#include <libnet.h>

#include "forge.h"

#define SPORT	9	/* discard: nobody listens */
#define TTL	64

static const uint8_t payload[] = "netjail regress";

int
forge_protocol(int af, enum proto proto)
{
	switch (proto) {
	case TCP:
		return (IPPROTO_TCP);
	case UDP:
		return (IPPROTO_UDP);
	case ICMP:
		return (af == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	default:
		return (FORGE_PROTO);
	}
}

size_t
forge_addrlen(int af)
{
	return (af == AF_INET ? 4 : 16);
}

size_t
forge_hdrlen(int af)
{
	return (af == AF_INET ? LIBNET_IPV4_H : LIBNET_IPV6_H);
}

static int
build_icmp(libnet_t *l, const struct flow *f)
{
	uint8_t *data = (uint8_t *)(uintptr_t)payload;

	if (f->af == AF_INET)
		return (libnet_build_icmpv4_echo(ICMP_ECHO, 0, 0, 1, f->tag,
		    data, sizeof(payload), l, 0));
	return (libnet_build_icmpv6_echo(ICMP6_ECHO_REQUEST, 0, 0, 1, f->tag,
	    data, sizeof(payload), l, 0));
}

/* What follows the header: the tag in front, in the case of RAW. */
static int
build_proto(libnet_t *l, const struct flow *f)
{
	uint8_t raw[sizeof(payload) + 2] = { f->tag >> 8, f->tag };

	memcpy(raw + 2, payload, sizeof(payload));
	switch (f->proto) {
	case TCP:
		return (libnet_build_tcp(SPORT, f->tag, 1, 0, TH_SYN, 1024, 0,
		    0, LIBNET_TCP_H + sizeof(payload), payload,
		    sizeof(payload), l, 0));
	case UDP:
		return (libnet_build_udp(SPORT, f->tag, LIBNET_UDP_H +
		    sizeof(payload), 0, payload, sizeof(payload), l, 0));
	case ICMP:
		return (build_icmp(l, f));
	default:
		return (libnet_build_data(raw, sizeof(raw), l, 0));
	}
}

static size_t
proto_len(enum proto proto)
{
	static const size_t hdr[NPROTOS] = {
		[TCP] = LIBNET_TCP_H, [UDP] = LIBNET_UDP_H,
		[ICMP] = LIBNET_ICMPV4_ECHO_H, [RAW] = 2
	};

	return (hdr[proto] + sizeof(payload));
}

static int
build_ip(libnet_t *l, const struct flow *f)
{
	struct libnet_in6_addr src, dst;
	size_t len = proto_len(f->proto);
	int proto = forge_protocol(f->af, f->proto);

	if (f->af == AF_INET)
		return (libnet_build_ipv4(LIBNET_IPV4_H + len, 0, f->tag, 0,
		    TTL, proto, 0, f->src.in.s_addr, f->dst.in.s_addr, NULL, 0,
		    l, 0));
	memcpy(&src, &f->src, sizeof(src));
	memcpy(&dst, &f->dst, sizeof(dst));
	return (libnet_build_ipv6(0, 0, len, proto, TTL, src, dst, NULL, 0, l,
	    0));
}

size_t
forge_packet(const struct flow *f, uint8_t *buf, size_t size)
{
	char errbuf[LIBNET_ERRBUF_SIZE];
	uint8_t *packet;
	uint32_t len;
	libnet_t *l;

	l = libnet_init(LIBNET_NONE, NULL, errbuf);
	if (l == NULL)
		return (0);
	if (build_proto(l, f) == -1 || build_ip(l, f) == -1 ||
	    libnet_pblock_coalesce(l, &packet, &len) == -1)
		len = 0;
	else {
		if (len > size)
			len = 0;
		memcpy(buf, packet, len);
		libnet_adv_free_packet(l, packet);
	}
	libnet_destroy(l);
	return (len);
}
