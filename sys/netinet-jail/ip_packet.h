/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * May a packet leave or enter a jail? Decisions over the packet's first bytes;
 * compiled for BPF, native tests and the fuzzer. data is the network header,
 * end the first byte that must not be read, and ethertype says (host byte
 * order) which header the kernel takes it for, whatever its version field.
 */

#ifndef _IP_PACKET_H_
#define _IP_PACKET_H_

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include "in6_jail.h"
#include "in_jail.h"
#include "in_port.h"

/* Where a packet goes, or where it comes from. */
enum packet_way {
	PACKET_OUT,
	PACKET_IN,	/* from another machine */
	PACKET_LOOPED	/* from this one */
};

/* Where a packet goes, v4-mapped if that is IPv4; false: it is short. */
static inline bool
packet_dst(__u16 ethertype, const void *data, const void *end,
    struct jail_in6 *dst)
{
	const struct ipv6hdr *ip6 = data;
	const struct iphdr *ip = data;

	if (ethertype == ETH_P_IP) {
		if ((const void *)(ip + 1) > end)
			return (false);
		*dst = in6_map(ip->daddr);
		return (true);
	}
	if (ethertype != ETH_P_IPV6 || (const void *)(ip6 + 1) > end)
		return (false);
	__builtin_memcpy(dst, &ip6->daddr, sizeof(*dst));
	return (true);
}

/*
 * Is it of the host's loopback, which a restricted jail has too? It talks there
 * as all do, but what it hears of others' talk is none of its business.
 */
static inline bool
prison_hosts_loopback(const struct prison *pr, const struct jail_in6 *addr)
{
	if (!(pr->pr_flags & PR_LO_HOST))
		return (false);
	if (in6_v4mapped(addr))
		return ((pr->pr_flags & PR_IP4) && in_loopback(addr->s6[3]));
	return ((pr->pr_flags & PR_IP6) && in6_loopback(addr));
}

/* No other machine has what is a loopback here, whatever a packet says. */
static inline enum jail_reason
packet_check_alias(enum packet_way way, bool src, bool dst)
{
	if (way != PACKET_IN)
		return (JR_NONE);
	return (src ? JR_SRCADDR : dst ? JR_DSTADDR : JR_NONE);
}

static inline enum jail_reason
packet_ip4(const struct prison *pr, const void *data, const void *end,
    enum packet_way way)
{
	const struct iphdr *ip = data;
	enum jail_reason reason;

	if ((const void *)(ip + 1) > end || ip->version != 4)
		return (JR_MALFORMED);
	if (way == PACKET_OUT)
		return (prison_output_ip4(pr, ip->saddr, ip->daddr));
	reason = prison_input_ip4(pr, ip->saddr, ip->daddr);
	return (reason != JR_NONE ? reason : packet_check_alias(way,
	    in_alias(ip->saddr), in_alias(ip->daddr)));
}

static inline enum jail_reason
packet_ip6(const struct prison *pr, const void *data, const void *end,
    enum packet_way way)
{
	const struct ipv6hdr *ip6 = data;
	struct jail_in6 src, dst;
	enum jail_reason reason;

	if ((const void *)(ip6 + 1) > end || ip6->version != 6)
		return (JR_MALFORMED);
	__builtin_memcpy(&src, &ip6->saddr, sizeof(src));
	__builtin_memcpy(&dst, &ip6->daddr, sizeof(dst));
	if (way == PACKET_OUT)
		return (prison_output_ip6(pr, &src, &dst));
	reason = prison_input_ip6(pr, &src, &dst);
	return (reason != JR_NONE ? reason : packet_check_alias(way,
	    in6_alias(&src), in6_alias(&dst)));
}

/* Returns JR_NONE or the reason why not. */
static inline enum jail_reason
prison_check_packet(const struct prison *pr, __u16 ethertype, const void *data,
    const void *end, enum packet_way way)
{
	switch (ethertype) {
	case ETH_P_IP:
		return (packet_ip4(pr, data, end, way));
	case ETH_P_IPV6:
		return (packet_ip6(pr, data, end, way));
	default:
		return (JR_MALFORMED);
	}
}

#endif /* !_IP_PACKET_H_ */
