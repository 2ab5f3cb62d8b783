/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Datagrams for any address of a jail to a socket that asked for all of them,
 * and errors about its own.
 * The kernel has such a socket at one address, so it is sought by that before
 * the kernel would seek it by the one in the packet. Here too most packets are
 * none of ours.
 */

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>

#include <kern-jail/kern_jail.bpf.h>

#include "in6_jail.h"
#include "in_event.bpf.h"
#include "in_netns.bpf.h"
#include "in_port.h"
#include "in_sets.bpf.h"

char _license[] SEC("license") = "Dual BSD/GPL";

#define IP_MORE		0x2000	/* IP_MF */
#define IP_OFFSETS	0x1fff
#define IP6_OFFSETS	0xfff8
#define UDP_PORTS	4	/* bytes of its header that we need */

/* Errors, RFC 792 and RFC 4443; how their cause begins comes after that. */
#define ICMP_UNREACH	3
#define ICMP_TIMXCEED	11
#define ICMP_PARAMPROB	12
#define ICMP6_INFO	0x80	/* it is none */
#define ICMP_HEADER	8

/* The header of fragments, RFC 8200, section 4.5. */
struct ip6_frag {
	__u8 nexthdr;
	__u8 reserved;
	__be16 offset;
	__be32 id;
};

#pragma clang attribute push(__attribute__((preserve_access_index)), \
    apply_to = record)

struct sk_buff {
	__u16 mac_len;		/* 0 where there is no such header */
};

#pragma clang attribute pop

void *bpf_cast_to_kern_ctx(void *ctx) __ksym __weak;

/*
 * Read at an offset of the packet, as seen from the IP header. Every packet of
 * the host comes here, so the kernel is asked only for what is not in its first
 * piece.
 */
static __always_inline bool
load(struct __sk_buff *skb, __u32 offset, void *to, __u32 len)
{
	const struct sk_buff *kskb = bpf_cast_to_kern_ctx(skb);
	const __u32 begin = (kskb->mac_len & 0xff) + offset;
	const void *at = (void *)(long)skb->data + begin;

	if (at + len > (void *)(long)skb->data_end)
		return (bpf_skb_load_bytes(skb, begin, to, len) == 0);
	__builtin_memcpy(to, at, len);
	return (true);
}

/* Is it a socket of the jail whose ports these are? */
static __always_inline bool
is_of(struct bpf_sock *sk, const struct port_key *any)
{
	const struct prison *pr = prison_of_sock(sk);

	return (pr != NULL && any->ports == (any->family == 4 ?
	    pr->pr_ports4 : pr->pr_ports6));
}

/* Is it a socket of a jail that has the address? */
static __always_inline bool
has_addr(struct bpf_sock *sk, const struct jail_in6 *addr)
{
	const struct prison *pr = prison_of_sock(sk);

	return (pr != NULL && prison_has(pr, addr));
}

/* Did it ask for all addresses of the jail? */
static __always_inline bool
is_any(struct bpf_sock *sk)
{
	const struct sock_bind *sb;

	sb = bpf_sk_storage_get(&sock_binds, sk, NULL, 0);
	return (sb != NULL && (sb->flags & SB_ANY));
}

/* A datagram: its tuple is the kernel's word for both ends. */
struct datagram {
	struct bpf_sock_tuple tuple;
	__u32 family;
	struct jail_in6 dst;
	__u32 header;		/* where that of UDP begins */
	__be16 sport, dport;
	bool fragment;		/* it is the first one */
};

/*
 * Is it for a packet that is for dst? It is one of those who have the port at
 * all addresses (for wide, wherever the kernel has it), or has it at dst, or is
 * connected in another jail that has dst.
 */
static __always_inline bool
is_for(struct bpf_sock *sk, const struct port_key *any,
    const struct jail_in6 *dst, bool wide)
{
	if (is_of(sk, any))
		return (!wide || is_any(sk));
	return (!wide && sk->dst_port != 0 && has_addr(sk, dst));
}

/* Have it found when the whole datagram is there. */
static __always_inline bool
file(struct bpf_sock *sk, const struct port_key *any)
{
	const struct listener_key key = { .netns = netns, .ports = any->ports,
		.addr = any->addr, .port = any->port };

	return (bpf_map_update_elem(&wide_udp, &key, sk, BPF_ANY) == 0);
}

/*
 * Give the packet to who gets what the tuple says. (The kernel would forget
 * that of a fragment.)
 */
static __always_inline bool
give(struct __sk_buff *skb, struct bpf_sock_tuple *tuple, __u32 len,
    const struct port_key *any, const struct jail_in6 *dst, bool wide,
    bool fragment)
{
	struct bpf_sock *sk;
	bool given = false;

	sk = bpf_sk_lookup_udp(skb, tuple, len, BPF_F_CURRENT_NETNS, 0);
	if (sk == NULL)
		return (false);
	if (is_for(sk, any, dst, wide))
		given = fragment ? file(sk, any) :
		    bpf_sk_assign(skb, sk, 0) == 0;
	bpf_sk_release(sk);
	return (given);
}

/* To a socket that the kernel has somewhere else. */
static __always_inline void
give_any(struct __sk_buff *skb, const struct port_key *any,
    const struct jail_in6 *bound, const struct datagram *d)
{
	struct bpf_sock_tuple tuple = { 0 };

	if (in6_v4mapped(bound)) {
		tuple.ipv4.daddr = bound->s6[3];
		tuple.ipv4.sport = d->sport;
		tuple.ipv4.dport = d->dport;
		give(skb, &tuple, sizeof(tuple.ipv4), any, bound, true,
		    d->fragment);
		return;
	}
	__builtin_memcpy(tuple.ipv6.daddr, bound, sizeof(*bound));
	tuple.ipv6.sport = d->sport;
	tuple.ipv6.dport = d->dport;
	give(skb, &tuple, sizeof(tuple.ipv6), any, bound, true, d->fragment);
}

/* Is it for the kernel to find the socket? */
static __always_inline bool
is_found(const struct port *p, const struct jail_in6 *dst)
{
	return (p == NULL || in6_equal(&p->bound, dst));
}

/*
 * The kernel, too, has the socket at all addresses: what it finds for the tuple
 * may be another's, who must not have it.
 */
static __always_inline bool
is_others(struct __sk_buff *skb, struct datagram *d, __u32 len,
    const struct port_key *any)
{
	struct bpf_sock *sk;
	bool others;

	sk = bpf_sk_lookup_udp(skb, &d->tuple, len, BPF_F_CURRENT_NETNS, 0);
	if (sk == NULL)
		return (false);
	others = !is_for(sk, any, &d->dst, false);
	bpf_sk_release(sk);
	return (others);
}

/* On the way outwards, through jails that have the address too. */
struct ascent {
	struct port_key *any;
	const struct jail_in6 *dst;
	__u64 jail;		/* key in prisons of the next one */
	bool found;
};

/* Does a socket of the jail have the port at that very address? */
static __always_inline bool
is_there(const struct port_key *any, const struct jail_in6 *dst)
{
	struct port_key key = *any;

	key.addr = *dst;
	return (bpf_map_lookup_elem(&ports, &key) != NULL);
}

static long
ask_around(__u32 n, struct ascent *a)
{
	const struct prison *pr = bpf_map_lookup_elem(&prisons, &a->jail);

	(void)n;
	if (pr == NULL || !prison_has(pr, a->dst))
		return (1);
	a->jail = pr->pr_parent;
	a->any->ports = prison_ports_at(pr, a->dst);
	a->found = bpf_map_lookup_elem(&ports, a->any) != NULL;
	return (a->found || is_there(a->any, a->dst));
}

/*
 * Who has the port at all addresses: of the jail or, if nobody there has it, of
 * the innermost one around it where somebody has?
 */
static __always_inline const struct port *
find_any(const struct ip_owner *owner, struct port_key *any,
    const struct jail_in6 *dst)
{
	const struct port *p = bpf_map_lookup_elem(&ports, any);
	struct ascent a = { .any = any, .dst = dst };
	const struct prison *pr;

	if (p != NULL || !owner->nested || is_there(any, dst))
		return (p);
	pr = prison_of_owner(owner);
	if (pr == NULL)
		return (NULL);
	a.jail = pr->pr_parent;
	bpf_loop(JAIL_DEPTH, ask_around, &a, 0);
	return (a.found ? bpf_map_lookup_elem(&ports, any) : NULL);
}

static __always_inline void
set_ports(struct datagram *d, __be16 sport, __be16 dport)
{
	d->sport = sport;
	d->dport = dport;
	if (d->family == 4) {
		d->tuple.ipv4.sport = sport;
		d->tuple.ipv4.dport = dport;
	} else {
		d->tuple.ipv6.sport = sport;
		d->tuple.ipv6.dport = dport;
	}
}

static __always_inline int
drop(struct __sk_buff *skb, const struct ip_owner *owner, __u8 family)
{
	refuse_packet(skb, prison_of_owner(owner), JR_NOLISTENER, JAIL_DIR_IN,
	    family);
	return (TC_ACT_SHOT);
}

static __always_inline __u32
tuple_size(const struct datagram *d)
{
	return (d->family == 4 ? sizeof(d->tuple.ipv4) :
	    sizeof(d->tuple.ipv6));
}

/* The key of its port at all addresses. */
static __always_inline struct port_key
any_of(const struct datagram *d, const struct ip_owner *owner)
{
	const struct port_key key = { .netns = netns, .ports = owner->ports,
		.port = bpf_ntohs(d->dport), .proto = IPPROTO_UDP,
		.family = d->family };

	return (port_any(&key));
}

/* (As a function of its own it shares the stack with steer_error().) */
static __noinline int
steer(struct __sk_buff *skb, struct datagram *d, const struct ip_owner *owner)
{
	struct port_key any;
	const struct port *p;
	struct udphdr udp;

	if (!load(skb, d->header, &udp, UDP_PORTS))
		return (TC_ACT_UNSPEC);
	set_ports(d, udp.source, udp.dest);
	any = any_of(d, owner);
	p = find_any(owner, &any, &d->dst);
	if (is_found(p, &d->dst))
		return (TC_ACT_UNSPEC);
	if (in6_wild(&p->bound))
		return (is_others(skb, d, tuple_size(d), &any) ?
		    drop(skb, owner, d->family) : TC_ACT_UNSPEC);
	if (d->fragment ||
	    !give(skb, &d->tuple, tuple_size(d), &any, &d->dst, false, false))
		give_any(skb, &any, &p->bound, d);
	return (TC_ACT_UNSPEC);
}

/*
 * An error about a datagram that a socket at all addresses sent is for that
 * socket, too: to the kernel it is as if an answer came, so d says where that
 * would go. (It is told of it as if it got the first fragment of one.)
 */
static __noinline int
steer_error(struct __sk_buff *skb, struct datagram *d)
{
	const struct ip_owner *owner = owner_of(&d->dst);
	struct port_key any;
	const struct port *p;
	struct udphdr udp;

	if (owner == NULL || !load(skb, d->header, &udp, UDP_PORTS))
		return (TC_ACT_UNSPEC);
	d->sport = udp.dest;
	d->dport = udp.source;
	any = any_of(d, owner);
	p = find_any(owner, &any, &d->dst);
	if (!is_found(p, &d->dst) && !in6_wild(&p->bound))
		give_any(skb, &any, &p->bound, d);
	return (TC_ACT_UNSPEC);
}

static __always_inline int
error4(struct __sk_buff *skb, __u32 offset)
{
	struct datagram d = { .family = 4, .fragment = true };
	struct iphdr ip;
	__u8 type;

	if (!load(skb, offset, &type, sizeof(type)) ||
	    (type != ICMP_UNREACH && type != ICMP_TIMXCEED &&
	    type != ICMP_PARAMPROB) ||
	    !load(skb, offset + ICMP_HEADER, &ip, sizeof(ip)) ||
	    ip.protocol != IPPROTO_UDP ||
	    (ip.frag_off & bpf_htons(IP_OFFSETS)))
		return (TC_ACT_UNSPEC);
	d.dst = in6_map(ip.saddr);
	d.header = offset + ICMP_HEADER + ip.ihl * 4;
	return (steer_error(skb, &d));
}

static __always_inline int
datagram4(struct __sk_buff *skb, const struct iphdr *ip)
{
	struct datagram d = { .family = 4, .header = ip->ihl * 4,
		.fragment = ip->frag_off & bpf_htons(IP_MORE) };
	const struct ip_owner *owner;
	__be32 dst = ip->daddr;

	owner = bpf_map_lookup_elem(&ip4_owners, &dst);
	if (owner == NULL)
		return (TC_ACT_UNSPEC);
	d.dst = in6_map(dst);
	d.tuple.ipv4.saddr = ip->saddr;
	d.tuple.ipv4.daddr = dst;
	return (steer(skb, &d, owner));
}

static __always_inline int
steer4(struct __sk_buff *skb)
{
	struct iphdr ip;

	if (!load(skb, 0, &ip, sizeof(ip)) ||
	    (ip.frag_off & bpf_htons(IP_OFFSETS)))
		return (TC_ACT_UNSPEC);
	switch (ip.protocol) {
	case IPPROTO_UDP:
		return (datagram4(skb, &ip));
	case IPPROTO_ICMP:
		return (error4(skb, ip.ihl * 4));
	default:
		return (TC_ACT_UNSPEC);
	}
}

/* Is it the first fragment of a UDP datagram, whose header begins there? */
static __always_inline bool
is_fragment6(struct __sk_buff *skb, __u32 offset, __u8 nexthdr)
{
	struct ip6_frag frag;

	return (nexthdr == IPPROTO_FRAGMENT &&
	    load(skb, offset, &frag, sizeof(frag)) &&
	    frag.nexthdr == IPPROTO_UDP &&
	    !(frag.offset & bpf_htons(IP6_OFFSETS)));
}

static __always_inline int
error6(struct __sk_buff *skb)
{
	const __u32 inner = sizeof(struct ipv6hdr) + ICMP_HEADER;
	struct datagram d = { .family = 6, .fragment = true,
		.header = inner + sizeof(struct ipv6hdr) };
	struct ipv6hdr ip6;
	__u8 type;

	if (!load(skb, sizeof(ip6), &type, sizeof(type)) ||
	    (type & ICMP6_INFO) ||
	    !load(skb, inner, &ip6, sizeof(ip6)))
		return (TC_ACT_UNSPEC);
	if (is_fragment6(skb, d.header, ip6.nexthdr))
		d.header += sizeof(struct ip6_frag);
	else if (ip6.nexthdr != IPPROTO_UDP)
		return (TC_ACT_UNSPEC);
	__builtin_memcpy(&d.dst, &ip6.saddr, sizeof(d.dst));
	return (steer_error(skb, &d));
}

static __always_inline int
datagram6(struct __sk_buff *skb, const struct ipv6hdr *ip6)
{
	struct datagram d = { .family = 6, .header = sizeof(*ip6) };
	const struct ip_owner *owner;

	d.fragment = is_fragment6(skb, d.header, ip6->nexthdr);
	if (d.fragment)
		d.header += sizeof(struct ip6_frag);
	else if (ip6->nexthdr != IPPROTO_UDP)
		return (TC_ACT_UNSPEC);
	__builtin_memcpy(&d.dst, &ip6->daddr, sizeof(d.dst));
	owner = bpf_map_lookup_elem(&ip6_owners, &d.dst);
	if (owner == NULL)
		return (TC_ACT_UNSPEC);
	__builtin_memcpy(d.tuple.ipv6.saddr, &ip6->saddr, sizeof(ip6->saddr));
	__builtin_memcpy(d.tuple.ipv6.daddr, &ip6->daddr, sizeof(ip6->daddr));
	return (steer(skb, &d, owner));
}

static __always_inline int
steer6(struct __sk_buff *skb)
{
	struct ipv6hdr ip6;

	if (!load(skb, 0, &ip6, sizeof(ip6)))
		return (TC_ACT_UNSPEC);
	return (ip6.nexthdr == IPPROTO_ICMPV6 ? error6(skb) :
	    datagram6(skb, &ip6));
}

SEC("tc")
int
in_steer(struct __sk_buff *skb)
{
	if (skb->protocol == bpf_htons(ETH_P_IP))
		return (steer4(skb));
	if (skb->protocol == bpf_htons(ETH_P_IPV6))
		return (steer6(skb));
	return (TC_ACT_UNSPEC);
}
