/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What else than an address can be wrong with a packet: protocols and ICMP
 * messages that the jail's policy leaves out, options that lead elsewhere,
 * fragments that hide one of these.
 * Decisions only; compiled for BPF, native tests and the fuzzer.
 *
 * Only raw sockets can send most of it. What TCP and UDP are, with nothing in
 * between, is plain, and passes at once.
 */

#ifndef _IP_POLICY_H_
#define _IP_POLICY_H_

#include <linux/icmpv6.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/types.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>

#include <sys/jail.h>

#include "ip_packet.h"

#define IP4_OFFSETS	0x1fff	/* of frag_off, RFC 791 */
#define IP6_OFFSETS	0xfff8	/* of the fragment header, RFC 8200 */
#define IP4_OPTIONS	40	/* bytes at most */
#define IP4_ALONE	2	/* types less than that are one octet */
#define IP4_LSRR	131	/* loose source and record route */
#define IP4_SSRR	137	/* strict */
#define ICMP4_ECHOREPLY	0	/* RFC 792; <linux/icmp.h> is not for BPF */
#define ICMP4_UNREACH	3
#define ICMP4_TIMXCEED	11
#define ICMP4_PARAMPROB	12
#define ICMP4_TSREPLY	14
#define IP6_HEADERS	8	/* extension headers that are looked at */

/*
 * The bytes of a packet from its network header on; whoever includes this
 * defines the type, and the function: false if there are not so many.
 */
struct packet;
static inline bool packet_copy(const struct packet *p, __u32 offset, void *to,
    __u32 len);

/* An extension header begins so; that for fragments has its offset next. */
struct ip6_extension {
	__u8 nexthdr;
	__u8 len;		/* of 8 bytes more than the first 8 */
	__be16 offset;
};

/* TCP or UDP, and nothing but the header before it? */
static inline bool
packet_is_plain(__u16 ethertype, const void *data, const void *end)
{
	const struct ipv6hdr *ip6 = data;
	const struct iphdr *ip = data;

	if (ethertype == ETH_P_IP)
		return ((const void *)(ip + 1) <= end && ip->ihl == 5 &&
		    (ip->protocol == IPPROTO_TCP ||
		    ip->protocol == IPPROTO_UDP));
	return ((const void *)(ip6 + 1) <= end &&
	    (ip6->nexthdr == IPPROTO_TCP || ip6->nexthdr == IPPROTO_UDP));
}

static inline bool
policy_has(const __u64 bits[4], __u8 n)
{
	return ((bits[n / 64] >> (n % 64)) & 1);
}

static inline bool
policy_protocol(const struct raw_policy *rp, __u8 proto)
{
	return (rp == NULL || policy_has(rp->rp_protocols, proto));
}

static inline bool
policy_icmp4(const struct raw_policy *rp, __u8 type, enum packet_way way)
{
	switch (type) {
	case ICMP4_ECHOREPLY:
	case ICMP4_UNREACH:
	case ICMP4_TIMXCEED:
	case ICMP4_PARAMPROB:
	case ICMP4_TSREPLY:
		if (way != PACKET_OUT)
			return (true);
		break;
	}
	return (rp == NULL || policy_has(rp->rp_icmp4, type));
}

static inline bool
policy_icmp6(const struct raw_policy *rp, __u8 type, enum packet_way way)
{
	switch (type) {
	case ICMPV6_ECHO_REPLY:
	case ICMPV6_DEST_UNREACH:
	case ICMPV6_PKT_TOOBIG:
	case ICMPV6_TIME_EXCEED:
	case ICMPV6_PARAMPROB:
		if (way != PACKET_OUT)
			return (true);
		break;
	}
	return (rp == NULL || policy_has(rp->rp_icmp6, type));
}

/* On the way through the options of IPv4, octet by octet. */
struct policy_list {
	__u64 left;		/* octets of the option at hand */
	__u64 route, malformed;
};

/*
 * 1 if a is less than b, both small. Without a jump: the verifier would have to
 * try both ways at each octet.
 */
static inline __u64
policy_less(__u64 a, __u64 b)
{
	__u64 difference = a - b;

	__asm__ volatile ("" : "+r" (difference));
	return (difference >> 63);
}

/*
 * An octet and the next one, which are type and length if an option begins
 * there; room is how many there are up to the end. The end of the list counts
 * as no operation: it is to end no earlier for us than for anybody else.
 */
static inline void
policy_octet(struct policy_list *l, __u64 type, __u64 len, __u64 room)
{
	const __u64 begins = policy_less(l->left, 1) & policy_less(0, room);
	const __u64 alone = policy_less(type, IP4_ALONE);

	len = alone + (1 - alone) * len;
	l->route |= begins & ~l->malformed &
	    (policy_less(type ^ IP4_LSRR, 1) | policy_less(type ^ IP4_SSRR, 1));
	l->malformed |= begins &
	    (policy_less(len, 2 - alone) | policy_less(room, len));
	l->left = begins * len + (1 - begins) * l->left - 1;
}

/*
 * Is there a source route among the options of what is to be sent? What comes
 * in the kernel does not route (accept_source_route).
 */
static inline enum jail_reason
policy_options(const struct packet *p, __u32 n, enum packet_way way)
{
	struct policy_list l = { 0 };
	__u8 options[64] = { 0 };

	if (n == 0 || way != PACKET_OUT)
		return (JR_NONE);
	/* (From 1 to 64, as that verifier has to see.) */
	__asm__ volatile ("" : "+r" (n));
	n = ((n - 1) & 63) + 1;
	if (!packet_copy(p, sizeof(struct iphdr), options, n))
		return (JR_MALFORMED);
	for (int i = 0; i < IP4_OPTIONS; i++)
		policy_octet(&l, options[i], options[i + 1], (__u64)n - i);
	if (l.route)
		return (JR_IPOPTION);
	return (l.malformed ? JR_MALFORMED : JR_NONE);
}

/*
 * Another fragment than the first has nothing by which it could be judged. The
 * kernel makes them after this, and puts them together before it, so this one
 * was made by hand.
 */
static inline enum jail_reason
policy_ip4(const struct packet *p, const struct raw_policy *rp,
    enum packet_way way)
{
	enum jail_reason reason;
	struct iphdr ip;
	__u8 type;

	if (!packet_copy(p, 0, &ip, sizeof(ip)) || ip.ihl < 5)
		return (JR_MALFORMED);
	reason = policy_options(p, (ip.ihl - 5) * 4, way);
	if (reason != JR_NONE)
		return (reason);
	if (!policy_protocol(rp, ip.protocol))
		return (JR_RAWPROTO);
	if (ip.protocol != IPPROTO_ICMP)
		return (JR_NONE);
	if (ip.frag_off & bpf_htons(IP4_OFFSETS))
		return (JR_FRAGMENT);
	if (!packet_copy(p, ip.ihl * 4, &type, sizeof(type)))
		return (JR_MALFORMED);
	return (policy_icmp4(rp, type, way) ? JR_NONE : JR_ICMPTYPE);
}

/* On the way through a packet's headers. */
struct policy_walk {
	const struct packet *p;
	__u32 offset;
	__u8 nexthdr;
	bool fragment;		/* another than the first */
	bool done;
};

/* The header at hand: go on behind it, or be done. */
static inline enum jail_reason
policy_header(struct policy_walk *w)
{
	struct ip6_extension ext;

	switch (w->nexthdr) {
	case IPPROTO_ROUTING:
		return (JR_IPOPTION);
	case IPPROTO_HOPOPTS:
	case IPPROTO_DSTOPTS:
	case IPPROTO_FRAGMENT:
		break;
	default:
		w->done = true;
		return (JR_NONE);
	}
	if (w->fragment)
		return (JR_FRAGMENT);
	if (!packet_copy(w->p, w->offset, &ext, sizeof(ext)))
		return (JR_MALFORMED);
	if (w->nexthdr == IPPROTO_FRAGMENT) {
		w->fragment = (ext.offset & bpf_htons(IP6_OFFSETS)) != 0;
		ext.len = 0;
	}
	w->nexthdr = ext.nexthdr;
	w->offset += (ext.len + 1) * 8;
	return (JR_NONE);
}

static inline enum jail_reason
policy_final(const struct policy_walk *w, const struct raw_policy *rp,
    enum packet_way way)
{
	__u8 type;

	if (!policy_protocol(rp, w->nexthdr))
		return (JR_RAWPROTO);
	if (w->nexthdr != IPPROTO_ICMPV6)
		return (JR_NONE);
	if (w->fragment)
		return (JR_FRAGMENT);
	if (!packet_copy(w->p, w->offset, &type, sizeof(type)))
		return (JR_MALFORMED);
	return (policy_icmp6(rp, type, way) ? JR_NONE : JR_ICMPTYPE);
}

static inline enum jail_reason
policy_ip6(const struct packet *p, const struct raw_policy *rp,
    enum packet_way way)
{
	struct policy_walk w = { .p = p, .offset = sizeof(struct ipv6hdr) };
	enum jail_reason reason = JR_NONE;
	struct ipv6hdr ip6;

	if (!packet_copy(p, 0, &ip6, sizeof(ip6)))
		return (JR_MALFORMED);
	w.nexthdr = ip6.nexthdr;
	for (int i = 0; i <= IP6_HEADERS && !w.done && reason == JR_NONE; i++)
		reason = policy_header(&w);
	if (reason != JR_NONE)
		return (reason);
	return (w.done ? policy_final(&w, rp, way) : JR_MALFORMED);
}

/*
 * Returns JR_NONE or the reason why not. Of sockets that are not raw, whose
 * protocol the kernel knows, rp is NULL.
 */
static inline enum jail_reason
packet_policy(const struct packet *p, __u16 ethertype,
    const struct raw_policy *rp, enum packet_way way)
{
	return (ethertype == ETH_P_IP ? policy_ip4(p, rp, way) :
	    policy_ip6(p, rp, way));
}

#endif /* !_IP_POLICY_H_ */
