/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What an event tells of a packet that was refused, from its first headers.
 */

#ifndef _IN_EVENT_BPF_H_
#define _IN_EVENT_BPF_H_

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <kern-jail/kern_jail.bpf.h>

#include "in_port.h"

#define EVENT_OFFSETS	0x1fff	/* of frag_off, RFC 791 */

static __always_inline bool
event_load(struct __sk_buff *skb, __u32 offset, void *to, __u32 len)
{
	return (bpf_skb_load_bytes_relative(skb, offset, to, len,
	    BPF_HDR_START_NET) == 0);
}

static __always_inline void
event_ports(struct jail_event *e, struct __sk_buff *skb, __u32 offset)
{
	__be16 port[2];

	if (!event_load(skb, offset, port, sizeof(port)))
		return;
	e->je_sport = bpf_ntohs(port[0]);
	e->je_dport = bpf_ntohs(port[1]);
}

static __always_inline void
event_icmp(struct jail_event *e, struct __sk_buff *skb, __u32 offset)
{
	__u8 what[2];

	if (!event_load(skb, offset, what, sizeof(what)))
		return;
	e->je_has |= JE_ICMP;
	e->je_what[0] = what[0];
	e->je_what[1] = what[1];
}

/* The protocol, and what is at the beginning of its header. */
static __always_inline void
event_proto(struct jail_event *e, struct __sk_buff *skb, __u8 proto,
    __u32 offset)
{
	e->je_has |= JE_PROTO;
	e->je_proto = proto;
	switch (proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		event_ports(e, skb, offset);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		event_icmp(e, skb, offset);
		break;
	}
}

static __always_inline void
event_ip4(struct jail_event *e, struct __sk_buff *skb)
{
	struct iphdr ip;

	if (!event_load(skb, 0, &ip, sizeof(ip)))
		return;
	e->je_has = JE_SRC | JE_DST | JE_PROTO;
	e->je_proto = ip.protocol;
	e->je_src = in6_map(ip.saddr);
	e->je_dst = in6_map(ip.daddr);
	if (!(ip.frag_off & bpf_htons(EVENT_OFFSETS)))
		event_proto(e, skb, ip.protocol, ip.ihl * 4);
}

static __always_inline void
event_ip6(struct jail_event *e, struct __sk_buff *skb)
{
	struct ipv6hdr ip6;

	if (!event_load(skb, 0, &ip6, sizeof(ip6)))
		return;
	e->je_has = JE_SRC | JE_DST;
	__builtin_memcpy(&e->je_src, &ip6.saddr, sizeof(e->je_src));
	__builtin_memcpy(&e->je_dst, &ip6.daddr, sizeof(e->je_dst));
	event_proto(e, skb, ip6.nexthdr, sizeof(ip6));
}

static __always_inline void
event_packet(struct jail_event *e, struct __sk_buff *skb)
{
	if (skb->protocol == bpf_htons(ETH_P_IP))
		event_ip4(e, skb);
	else if (skb->protocol == bpf_htons(ETH_P_IPV6))
		event_ip6(e, skb);
}

/*
 * Count, note and tell that a packet is dropped; it is that of the socket's
 * task if it leaves.
 */
static __always_inline void
refuse_packet(struct __sk_buff *skb, const struct prison *pr,
    enum jail_reason reason, __u8 dir, __u8 family)
{
	struct bpf_sock *sk = skb->sk;
	struct jail_event *e;

	if (dir == JAIL_DIR_OUT && sk != NULL)
		note_reason(bpf_sk_fullsock(sk), reason);
	e = refusal(pr, reason, dir, family);
	if (e == NULL)
		return;
	event_packet(e, skb);
	if (dir == JAIL_DIR_OUT)
		event_by_member(e, bpf_skb_cgroup_id(skb));
	event_send(e);
}

#endif /* !_IN_EVENT_BPF_H_ */
