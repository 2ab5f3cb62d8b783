/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Who talks to the loopback of a jail: to the kernel that is an address as any
 * other, which the host's programs can reach and have for a source. So what the
 * jail sends there is marked on its way out, and what comes in begins nothing
 * if it is not. The priority serves for that: firewalls change the mark, and
 * nothing changes this between there and here. For the entry points of packets
 * only.
 */

#ifndef _IN_LOOP_BPF_H_
#define _IN_LOOP_BPF_H_

#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <kern-jail/kern_jail.bpf.h>

#include "in6_jail.h"
#include "ip_packet.h"

#define LOOPBACK	1	/* the interface of that number is everywhere */
#define TCP_FLAGS	13	/* where they are in the header, RFC 9293 */
#define TCP_SYN		0x02
#define TCP_ACK		0x10

/* Is a packet for the jail's loopback? */
static __always_inline bool
is_for_loopback(struct __sk_buff *skb, const struct prison *pr,
    __u16 ethertype)
{
	struct jail_in6 dst;

	if (!packet_dst(ethertype, (void *)(long)skb->data,
	    (void *)(long)skb->data_end, &dst))
		return (false);
	if (ethertype == ETH_P_IP)
		return (pr->pr_lo4 != 0 && dst.s6[3] == pr->pr_lo4);
	return (in6_equal(&dst, &pr->pr_lo6));
}

/*
 * Does somebody begin something by it? What the kernel sends by itself, a reset
 * or an error, has no mark. (What it is behind an extension header, nobody has
 * asked here.)
 */
static __noinline int
is_beginning(struct __sk_buff *skb)
{
	struct iphdr ip = { .ihl = sizeof(struct ipv6hdr) / 4 };
	__u8 flags;

	if (skb->protocol == bpf_htons(ETH_P_IPV6))
		bpf_skb_load_bytes(skb, offsetof(struct ipv6hdr, nexthdr),
		    &ip.protocol, sizeof(ip.protocol));
	else
		bpf_skb_load_bytes(skb, 0, &ip, sizeof(ip));
	if (ip.protocol != IPPROTO_TCP)
		return (ip.protocol != IPPROTO_ICMP &&
		    ip.protocol != IPPROTO_ICMPV6);
	return (bpf_skb_load_bytes(skb, ip.ihl * 4 + TCP_FLAGS, &flags,
	    sizeof(flags)) == 0 && (flags & (TCP_SYN | TCP_ACK)) == TCP_SYN);
}

/*
 * A packet that may pass otherwise. (Most are not on that interface, and need
 * not be looked at again.)
 *
 * Returns JR_NONE, or the reason why it may not.
 */
static __always_inline enum jail_reason
check_loopback(struct __sk_buff *skb, const struct prison *pr,
    __u16 ethertype, enum packet_way way)
{
	const __u32 mark = JAIL_LO_PRIORITY | pr->pr_id;

	if (skb->ifindex != LOOPBACK || !is_for_loopback(skb, pr, ethertype))
		return (JR_NONE);
	if (way == PACKET_OUT) {
		skb->priority = mark;
		return (JR_NONE);
	}
	return (skb->priority == mark || !is_beginning(skb) ? JR_NONE :
	    JR_DSTADDR);
}

#endif /* !_IN_LOOP_BPF_H_ */
