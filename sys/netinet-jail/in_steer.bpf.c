/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Datagrams for any address of a jail to a socket that asked for all of them.
 * The kernel has such a socket at one address, so it is sought by that before
 * the kernel would seek it by the one in the packet. Fragments are left to the
 * kernel. Here too most packets are none of ours.
 */

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>

#include <kern-jail/kern_jail.bpf.h>

#include "in6_jail.h"
#include "in_netns.bpf.h"
#include "in_port.h"
#include "in_sets.bpf.h"

char _license[] SEC("license") = "Dual BSD/GPL";

#define IP_FRAGMENT	0x3fff	/* IP_MF | IP_OFFSET */
#define UDP_PORTS	4	/* bytes of its header that we need */

/* Is it a socket of the jail whose ports these are? */
static __always_inline bool
is_of(struct bpf_sock *sk, const struct port_key *any)
{
	const struct prison *pr = prison_of_sock(sk);

	return (pr != NULL && any->ports == (any->family == 4 ?
	    pr->pr_ports4 : pr->pr_ports6));
}

/* Did it ask for all addresses of the jail? */
static __always_inline bool
is_any(struct bpf_sock *sk)
{
	const struct sock_bind *sb;

	sb = bpf_sk_storage_get(&sock_binds, sk, NULL, 0);
	return (sb != NULL && (sb->flags & SB_ANY));
}

/*
 * Give the packet to who gets what the tuple says, if that is of the jail and,
 * for wide, asked for all addresses.
 */
static __always_inline bool
give(struct __sk_buff *skb, struct bpf_sock_tuple *tuple, __u32 len,
    const struct port_key *any, bool wide)
{
	struct bpf_sock *sk;
	bool given = false;

	sk = bpf_sk_lookup_udp(skb, tuple, len, BPF_F_CURRENT_NETNS, 0);
	if (sk == NULL)
		return (false);
	if (is_of(sk, any) && (!wide || is_any(sk)))
		given = bpf_sk_assign(skb, sk, 0) == 0;
	bpf_sk_release(sk);
	return (given);
}

/* Who has the port at all addresses, and where does the kernel have it? */
static __always_inline const struct port *
find_any(struct port_key *any, const struct ip_owner *owner, __u16 port,
    __u32 family)
{
	*any = (struct port_key){ .netns = netns, .ports = owner->ports,
		.port = port, .proto = IPPROTO_UDP, .family = family };
	*any = port_any(any);
	return (bpf_map_lookup_elem(&ports, any));
}

/* To a socket that the kernel has somewhere else. */
static __always_inline void
give_any(struct __sk_buff *skb, const struct port_key *any,
    const struct jail_in6 *bound, __be16 sport, __be16 dport)
{
	struct bpf_sock_tuple tuple = { 0 };

	if (in6_v4mapped(bound)) {
		tuple.ipv4.daddr = bound->s6[3];
		tuple.ipv4.sport = sport;
		tuple.ipv4.dport = dport;
		give(skb, &tuple, sizeof(tuple.ipv4), any, true);
		return;
	}
	__builtin_memcpy(tuple.ipv6.daddr, bound, sizeof(*bound));
	tuple.ipv6.sport = sport;
	tuple.ipv6.dport = dport;
	give(skb, &tuple, sizeof(tuple.ipv6), any, true);
}

/* Is it for the kernel to find the socket? */
static __always_inline bool
is_found(const struct port *p, const struct jail_in6 *dst)
{
	return (p == NULL || in6_equal(&p->bound, dst) ||
	    in6_wild(&p->bound));
}

static __always_inline void
steer4(struct __sk_buff *skb)
{
	struct bpf_sock_tuple tuple = { 0 };
	const struct ip_owner *owner;
	const struct port *p;
	struct jail_in6 dst;
	struct port_key any;
	struct udphdr udp;
	struct iphdr ip;

	if (bpf_skb_load_bytes_relative(skb, 0, &ip, sizeof(ip),
	    BPF_HDR_START_NET) != 0 || ip.protocol != IPPROTO_UDP ||
	    (ip.frag_off & bpf_htons(IP_FRAGMENT)))
		return;
	owner = bpf_map_lookup_elem(&ip4_owners, &ip.daddr);
	if (owner == NULL || bpf_skb_load_bytes_relative(skb, ip.ihl * 4,
	    &udp, UDP_PORTS, BPF_HDR_START_NET) != 0)
		return;
	p = find_any(&any, owner, bpf_ntohs(udp.dest), 4);
	dst = in6_map(ip.daddr);
	if (is_found(p, &dst))
		return;
	tuple.ipv4.saddr = ip.saddr;
	tuple.ipv4.daddr = ip.daddr;
	tuple.ipv4.sport = udp.source;
	tuple.ipv4.dport = udp.dest;
	if (!give(skb, &tuple, sizeof(tuple.ipv4), &any, false))
		give_any(skb, &any, &p->bound, udp.source, udp.dest);
}

static __always_inline void
steer6(struct __sk_buff *skb)
{
	struct bpf_sock_tuple tuple = { 0 };
	const struct ip_owner *owner;
	const struct port *p;
	struct jail_in6 dst;
	struct port_key any;
	struct ipv6hdr ip6;
	struct udphdr udp;

	if (bpf_skb_load_bytes_relative(skb, 0, &ip6, sizeof(ip6),
	    BPF_HDR_START_NET) != 0 || ip6.nexthdr != IPPROTO_UDP)
		return;
	__builtin_memcpy(&dst, &ip6.daddr, sizeof(dst));
	owner = bpf_map_lookup_elem(&ip6_owners, &dst);
	if (owner == NULL || bpf_skb_load_bytes_relative(skb, sizeof(ip6),
	    &udp, UDP_PORTS, BPF_HDR_START_NET) != 0)
		return;
	p = find_any(&any, owner, bpf_ntohs(udp.dest), 6);
	if (is_found(p, &dst))
		return;
	__builtin_memcpy(tuple.ipv6.saddr, &ip6.saddr, sizeof(ip6.saddr));
	__builtin_memcpy(tuple.ipv6.daddr, &ip6.daddr, sizeof(ip6.daddr));
	tuple.ipv6.sport = udp.source;
	tuple.ipv6.dport = udp.dest;
	if (!give(skb, &tuple, sizeof(tuple.ipv6), &any, false))
		give_any(skb, &any, &p->bound, udp.source, udp.dest);
}

SEC("tc")
int
in_steer(struct __sk_buff *skb)
{
	if (skb->protocol == bpf_htons(ETH_P_IP))
		steer4(skb);
	else if (skb->protocol == bpf_htons(ETH_P_IPV6))
		steer6(skb);
	return (TC_ACT_UNSPEC);
}
