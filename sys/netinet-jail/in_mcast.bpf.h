/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The multicast groups that a socket of a jail has joined. The kernel would
 * give it what any process of the host has joined, too.
 */

#ifndef _IN_MCAST_BPF_H_
#define _IN_MCAST_BPF_H_

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "in_sets.bpf.h"

#define NOWHERE	JAIL_NGROUPS

/* Where the group is in the list; NOWHERE: it is not. */
static __always_inline __u32
group_find(const struct sock_groups *sg, const struct jail_in6 *group)
{
	for (__u32 i = 0; i < JAIL_NGROUPS; i++) {
		if (in6_equal(&sg->group[i], group))
			return (i);
	}
	return (NOWHERE);
}

/* Returns 0, EPERM: the socket is none, or ENOBUFS: it has many groups. */
static __always_inline int
group_join(struct bpf_sock *sk, const struct jail_in6 *group)
{
	const struct jail_in6 none = { 0 };
	struct sock_groups *sg;
	__u32 i;

	if (sk == NULL)
		return (EPERM);
	sg = bpf_sk_storage_get(&sock_groups, sk, NULL,
	    BPF_SK_STORAGE_GET_F_CREATE);
	if (sg == NULL)
		return (ENOBUFS);
	if (group_find(sg, group) != NOWHERE)
		return (0);
	i = group_find(sg, &none);
	if (i >= JAIL_NGROUPS)
		return (ENOBUFS);
	sg->group[i] = *group;
	return (0);
}

static __always_inline void
group_leave(struct bpf_sock *sk, const struct jail_in6 *group)
{
	const struct jail_in6 none = { 0 };
	struct sock_groups *sg;
	__u32 i;

	if (sk == NULL)
		return;
	sg = bpf_sk_storage_get(&sock_groups, sk, NULL, 0);
	if (sg == NULL)
		return;
	i = group_find(sg, group);
	if (i < JAIL_NGROUPS)
		sg->group[i] = none;
}

/* (If there is no memory, the source is the one that it would be without.) */
static __always_inline void
group_from(struct bpf_sock *sk, __be32 from)
{
	struct sock_groups *sg;

	if (sk == NULL)
		return;
	sg = bpf_sk_storage_get(&sock_groups, sk, NULL,
	    BPF_SK_STORAGE_GET_F_CREATE);
	if (sg != NULL)
		sg->from = from;
}

static __always_inline bool
group_has(struct bpf_sock *sk, const struct jail_in6 *group)
{
	const struct sock_groups *sg;

	sg = bpf_sk_storage_get(&sock_groups, sk, NULL, 0);
	return (sg != NULL && group_find(sg, group) != NOWHERE);
}

#endif /* !_IN_MCAST_BPF_H_ */
