/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Sockets whose jail is gone, such as connections that the kernel still closes
 * and what was passed out, and those at an address that their jail has lost,
 * are destroyed, so that others can have the addresses at once. The programs
 * run over all sockets of a network namespace, TCP and UDP. Linux 6.5.
 */

#include <stdbool.h>

#include <bpf/bpf_core_read.h>

#include <netinet-jail/in6_jail.h>
#include <netinet-jail/in_jail.h>
#include <netinet-jail/in_sets.bpf.h>

#include "kern_maps.bpf.h"
#include "kern_priv.h"
#include "kern_sock.bpf.h"

char _license[] SEC("license") = "Dual BSD/GPL";

#define TCP_TIME_WAIT	6
#define TCP_NEW_SYN_RECV 12

#pragma clang attribute push(__attribute__((preserve_access_index)), \
    apply_to = record)

struct udp_sock;

struct bpf_iter__tcp {
	struct sock_common *sk_common;
};

struct bpf_iter__udp {
	struct udp_sock *udp_sk;
};

#pragma clang attribute pop

int bpf_sock_destroy(struct sock_common *sk) __ksym;

static __always_inline bool
has_lost_ip4(const struct prison *pr, __be32 addr)
{
	return (addr != INADDR_ANY && !prison_loopback_ip4(pr, addr) &&
	    prison_check_ip4(pr, addr) != 0);
}

static __always_inline bool
has_lost_ip6(const struct prison *pr, const struct jail_in6 *addr)
{
	return (!in6_unspecified(addr) && !prison_loopback_ip6(pr, addr) &&
	    prison_check_ip6(pr, addr) != 0);
}

/* Is it at an address that is not the jail's? */
static __always_inline bool
has_lost_address(const struct prison *pr, const struct sock_common *sk)
{
	struct jail_in6 addr;

	if (BPF_CORE_READ(sk, skc_family) == JAIL_AF_INET)
		return (has_lost_ip4(pr, BPF_CORE_READ(sk, skc_rcv_saddr)));
	BPF_CORE_READ_INTO(&addr, sk, skc_v6_rcv_saddr);
	return (in6_v4mapped(&addr) ? has_lost_ip4(pr, addr.s6[3]) :
	    has_lost_ip6(pr, &addr));
}

/* Does it listen at all of the jail's addresses, wherever the kernel has it? */
static __always_inline bool
listens_anywhere(void *sk)
{
	struct sock_bind *sb = bpf_sk_storage_get(&sock_binds, sk, NULL, 0);

	return (sb != NULL && (sb->flags & (SB_ANY | SB_LISTEN)) ==
	    (SB_ANY | SB_LISTEN));
}

/* What is directly below the netjail root cgroup is a jail, or was. */
static __always_inline bool
is_jails(const struct cgroup *cg)
{
	const __u32 zero = 0;
	const struct jail_globals *g = bpf_map_lookup_elem(&jail_globals,
	    &zero);
	int level = BPF_CORE_READ(cg, level);
	const struct cgroup *parent = NULL;

	if (g == NULL || level == 0)
		return (false);
	bpf_core_read(&parent, sizeof(parent), &cg->ancestors[level - 1]);
	return (BPF_CORE_READ(parent, kn, id) == g->cgroup);
}

/* Was it made in a jail of ours that there is no more, or not there? */
static __always_inline bool
is_left(void *arg)
{
	const struct cgroup *cg = BPF_CORE_READ((struct sock *)arg,
	    sk_cgrp_data.cgroup);
	__u64 id = BPF_CORE_READ(cg, kn, id);
	const struct prison *pr = bpf_map_lookup_elem(&prisons, &id);

	if (pr == NULL) {
		id = cgroup_adopted((__u64)cg);
		pr = bpf_map_lookup_elem(&prisons, &id);
	}
	if (pr == NULL)
		return (is_jails(cg));
	return (has_lost_address(pr, arg) && !listens_anywhere(arg));
}

/*
 * What waits for a connection's stray packets, or for its last handshake, is no
 * whole socket: it has no cgroup, and cannot be destroyed by this function.
 */
SEC("iter/tcp")
int
kern_destroy_tcp(struct bpf_iter__tcp *ctx)
{
	struct sock_common *sk = ctx->sk_common;

	if (sk == NULL || sk->skc_state == TCP_TIME_WAIT ||
	    sk->skc_state == TCP_NEW_SYN_RECV)
		return (0);
	if (is_left(sk))
		bpf_sock_destroy(sk);
	return (0);
}

SEC("iter/udp")
int
kern_destroy_udp(struct bpf_iter__udp *ctx)
{
	struct udp_sock *sk = ctx->udp_sk;

	if (sk != NULL && is_left(sk))
		bpf_sock_destroy((struct sock_common *)sk);
	return (0);
}
