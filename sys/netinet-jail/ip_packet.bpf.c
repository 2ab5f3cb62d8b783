/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Entry points for packets: every packet that a socket of a jail sends, and
 * every one that is about to be delivered to it. This is the layer that raw
 * sockets cannot go round.
 */

#include <kern-jail/kern_jail.bpf.h>

#include "in_event.bpf.h"
#include "in_loop.bpf.h"
#include "in_mcast.bpf.h"
#include "in_sets.bpf.h"
#include "ip_packet.h"
#include "ip_policy.h"

char _license[] SEC("license") = "Dual BSD/GPL";

/* The socket that sends a packet, or gets it; NULL: who knows. */
static __always_inline struct bpf_sock *
sock_of(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	return (sk == NULL ? NULL : bpf_sk_fullsock(sk));
}

/* Is a packet, as it comes in, for a group that its socket joined? */
static __always_inline bool
is_joined(struct __sk_buff *skb, const struct jail_in6 *dst)
{
	struct bpf_sock *sk = sock_of(skb);

	return (sk != NULL && group_has(sk, dst));
}

/* (A packet need not be in one piece.) */
static inline bool
packet_copy(const struct packet *p, __u32 offset, void *to, __u32 len)
{
	return (bpf_skb_load_bytes(p, offset, to, len) == 0);
}

/* Does the socket hear what is for others, too? */
static __always_inline bool
hears_all(const struct bpf_sock *sk)
{
	return (sk == NULL || sk->type == JAIL_SOCK_RAW);
}

/* Does the jail's policy for raw sockets hold? For "ping" sockets it does. */
static __always_inline bool
is_raw(const struct bpf_sock *sk)
{
	return (hears_all(sk) || sk->protocol == IPPROTO_ICMP ||
	    sk->protocol == IPPROTO_ICMPV6);
}

/* (As a function of its own the verifier looks at it once for each way.) */
static __noinline int
check_policy(struct __sk_buff *skb, const struct prison *pr,
    enum packet_way way)
{
	return (packet_policy((const struct packet *)skb,
	    bpf_ntohs(skb->protocol), is_raw(sock_of(skb)) ? &pr->pr_raw : NULL,
	    way));
}

/*
 * Who else than by its addresses gets what comes in: who joined the group; but
 * of the host's loopback, nobody who would hear the host's own as well.
 */
static __noinline int
check_hearer(struct __sk_buff *skb, const struct prison *pr, int reason)
{
	struct jail_in6 dst;

	if (!packet_dst(bpf_ntohs(skb->protocol), (void *)(long)skb->data,
	    (void *)(long)skb->data_end, &dst))
		return (reason);
	if (reason == JR_NONE)
		return (prison_hosts_loopback(pr, &dst) &&
		    hears_all(sock_of(skb)) ? JR_DSTADDR : JR_NONE);
	return ((pr->pr_flags & PR_ALLOW_MULTICAST) && is_joined(skb, &dst) ?
	    JR_NONE : reason);
}

/* Who gets it, and what else there is to say. */
static __always_inline enum jail_reason
check_packet(struct __sk_buff *skb, const struct prison *pr, __u16 ethertype,
    enum packet_way way)
{
	const void *data = (void *)(long)skb->data;
	const void *end = (void *)(long)skb->data_end;
	enum jail_reason reason;

	reason = prison_check_packet(pr, ethertype, data, end, way);
	if (way != PACKET_OUT && (reason == JR_DSTADDR ||
	    (pr->pr_flags & PR_LO_HOST)))
		reason = check_hearer(skb, pr, reason);
	if (reason != JR_NONE || (!(pr->pr_flags & PR_RAW_NARROW) &&
	    packet_is_plain(ethertype, data, end)))
		return (reason);
	return (check_policy(skb, pr, way));
}

/* (So is this.) */
static __noinline int
drop(struct __sk_buff *skb, const struct prison *pr, enum jail_reason reason,
    __u8 dir, __u8 family)
{
	refuse_packet(skb, pr, reason, dir, family);
	return (0);
}

/* The hook's verdict: 1 to let the packet pass, 0 to drop it. */
static __always_inline int
filter(struct __sk_buff *skb, enum packet_way way)
{
	const struct prison *pr = prison_of_skb(skb);
	__u16 ethertype = bpf_ntohs(skb->protocol);
	enum jail_reason reason;

	reason = pr == NULL ? JR_NOPRISON : check_packet(skb, pr, ethertype,
	    way);
	if (reason == JR_NONE)
		reason = check_loopback(skb, pr, ethertype, way);
	if (reason == JR_NONE)
		return (1);
	return (drop(skb, pr, reason, way == PACKET_OUT ? JAIL_DIR_OUT :
	    JAIL_DIR_IN, ethertype == ETH_P_IPV6 ? 6 : 4));
}

SEC("cgroup_skb/egress")
int
ip_output(struct __sk_buff *skb)
{
	return (filter(skb, PACKET_OUT));
}

SEC("cgroup_skb/ingress")
int
ip_input(struct __sk_buff *skb)
{
	return (filter(skb, skb->ifindex == LOOPBACK ? PACKET_LOOPED :
	    PACKET_IN));
}
