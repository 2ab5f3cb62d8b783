/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Address sets in maps: the answers that in_jail.h and in6_jail.h ask for. One
 * look-up each, whatever the number of jails and of addresses.
 */

#ifndef _IN_SETS_BPF_H_
#define _IN_SETS_BPF_H_

#include <kern-jail/kern_maps.bpf.h>

#include "in6_jail.h"
#include "in_jail.h"

static inline bool
prison_member_ip4(__u64 set, __be32 addr)
{
	struct prison_ip4_key key = { .set = set, .addr = addr };

	return (bpf_map_lookup_elem(&prison_ip4s, &key) != NULL);
}

static inline bool
prison_net_ip4(__u64 set, __be32 dst, __be32 *src)
{
	struct ip4_net key = {
		.prefixlen = 96, .set = { set, set >> 32 }, .addr = dst
	};
	const struct ip4_source *found = bpf_map_lookup_elem(&ip4_nets, &key);

	if (found == NULL)
		return (false);
	*src = found->addr;
	return (true);
}

static inline bool
prison_member_ip6(__u64 set, const struct jail_in6 *addr)
{
	struct prison_ip6_key key = { .set = set, .addr = *addr };

	return (bpf_map_lookup_elem(&prison_ip6s, &key) != NULL);
}

static inline bool
prison_net_ip6(__u64 set, const struct jail_in6 *dst, struct jail_in6 *src)
{
	struct ip6_net key = {
		.prefixlen = 192, .set = { set, set >> 32 }, .addr = *dst
	};
	const struct ip6_source *found = bpf_map_lookup_elem(&ip6_nets, &key);

	if (found == NULL)
		return (false);
	*src = found->addr;
	return (true);
}

/* Is it one of the addresses that the jail is restricted to? */
static __always_inline bool
prison_has(const struct prison *pr, const struct jail_in6 *addr)
{
	if (in6_v4mapped(addr))
		return ((pr->pr_flags & PR_IP4) &&
		    prison_check_ip4(pr, addr->s6[3]) == 0);
	return ((pr->pr_flags & PR_IP6) && prison_check_ip6(pr, addr) == 0);
}

/* The name space of the jail's ports at the address. */
static __always_inline __u64
prison_ports_at(const struct prison *pr, const struct jail_in6 *addr)
{
	return (in6_v4mapped(addr) ? pr->pr_ports4 : pr->pr_ports6);
}

/* (Before Linux 6.2 a key cannot be in what a function is passed.) */
static __always_inline const struct ip_owner *
owner_of(const struct jail_in6 *addr)
{
	const struct jail_in6 ip6 = *addr;
	const __be32 ip4 = addr->s6[3];

	return (in6_v4mapped(addr) ? bpf_map_lookup_elem(&ip4_owners, &ip4) :
	    bpf_map_lookup_elem(&ip6_owners, &ip6));
}

#endif /* !_IN_SETS_BPF_H_ */
