/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What packet sockets of a jail hear: packets from and to its addresses, as
 * they are when the packet passes. Each broker has a copy of the program, which
 * knows whose it is; it cannot be taken from a socket again.
 */

#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <kern-jail/kern_jail.bpf.h>

#include "in_sets.bpf.h"
#include "ip_packet.h"

char _license[] SEC("license") = "Dual BSD/GPL";

#define WHOLE	0xffffffff	/* bytes of it that the socket gets */

const volatile __u64 cgroup = 0;

/* (A jail that has all of the host's addresses has none to itself.) */
static __always_inline bool
is_own4(const struct prison *pr, __be32 addr)
{
	const struct jail_in6 mapped = in6_map(addr);

	return ((pr->pr_flags & PR_IP4) && prison_source_ip4(pr, addr, addr) ==
	    0 && !prison_hosts_loopback(pr, &mapped));
}

static __always_inline bool
is_own6(const struct prison *pr, const struct jail_in6 *addr)
{
	return ((pr->pr_flags & PR_IP6) && prison_source_ip6(pr, addr, addr) ==
	    0 && !prison_hosts_loopback(pr, addr));
}

static __always_inline bool
hears4(struct __sk_buff *skb, const struct prison *pr)
{
	struct iphdr ip;

	return (bpf_skb_load_bytes_relative(skb, 0, &ip, sizeof(ip),
	    BPF_HDR_START_NET) == 0 &&
	    (is_own4(pr, ip.saddr) || is_own4(pr, ip.daddr)));
}

static __always_inline bool
hears6(struct __sk_buff *skb, const struct prison *pr)
{
	struct jail_in6 src, dst;
	struct ipv6hdr ip6;

	if (bpf_skb_load_bytes_relative(skb, 0, &ip6, sizeof(ip6),
	    BPF_HDR_START_NET) != 0)
		return (false);
	__builtin_memcpy(&src, &ip6.saddr, sizeof(src));
	__builtin_memcpy(&dst, &ip6.daddr, sizeof(dst));
	return (is_own6(pr, &src) || is_own6(pr, &dst));
}

SEC("socket")
int
in_capture(struct __sk_buff *skb)
{
	const __u64 id = cgroup;
	const struct prison *pr = bpf_map_lookup_elem(&prisons, &id);

	if (pr == NULL || !(pr->pr_flags & PR_ALLOW_PACKET_CAPTURE))
		return (0);
	if (skb->protocol == bpf_htons(ETH_P_IP))
		return (hears4(skb, pr) ? WHOLE : 0);
	if (skb->protocol == bpf_htons(ETH_P_IPV6))
		return (hears6(skb, pr) ? WHOLE : 0);
	return (0);
}
