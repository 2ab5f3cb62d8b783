/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Hooks of the whole machine (BPF LSM), so what is none of ours has to be known
 * soon. Abstract names of UNIX sockets, which all of a network namespace share:
 * from a jail only sockets of the same jail can be reached by them. Families of
 * sockets, which no filter of system calls keeps from a jail with an adopted
 * cgroup.
 *
 * A UNIX socket is of the jail in whose cgroup it was made. One that was passed
 * on is judged by that jail and by the one that uses it.
 */

#include "kern_jail.bpf.h"
#include "kern_sock.bpf.h"
#include "kern_priv.h"

#include <stdbool.h>

#include <bpf/bpf_core_read.h>

char _license[] SEC("license") = "Dual BSD/GPL";

/* Is it bound to a name that is not a path? */
static __always_inline bool
is_abstract(const struct sock *sk)
{
	const struct unix_sock *u = (const struct unix_sock *)sk;
	const struct unix_address *addr = BPF_CORE_READ(u, addr);
	char first = 1;

	if (addr == NULL)
		return (false);
	bpf_core_read(&first, sizeof(first), &addr->name[0].sun_path[0]);
	return (first == '\0');
}

static __always_inline __u32
jid_of(__u64 cgroup, const struct prison **ret_pr)
{
	const struct prison *pr = bpf_map_lookup_elem(&prisons, &cgroup);

	if (pr == NULL || (pr->pr_flags & PR_ADOPTED))
		return (0);
	*ret_pr = pr;
	return (pr->pr_id);
}

/* May sk, used by this task, reach the socket other by its name? */
static __always_inline int
check_name(const struct sock *sk, const struct sock *other)
{
	const struct prison *pr = NULL, *ignored;
	__u32 maker, target, user;

	if (!is_abstract(other))
		return (0);
	maker = jid_of(cgroup_of(sk), &pr);
	user = jid_of(bpf_get_current_cgroup_id(), &pr);
	if (pr == NULL)
		return (0);
	target = jid_of(cgroup_of(other), &ignored);
	if (prison_check_unix(maker, user, target) == 0)
		return (0);
	tell_call(pr, JR_UNIXNAME, 0);
	return (-ECONNREFUSED);
}

/* The arguments of the hook, and behind them what was decided before us. */
static __always_inline int
decided(const __u64 *ctx, int nargs)
{
	return ((int)ctx[nargs]);
}

/* connect(2) of streams and sequences of packets: struct sock, struct sock. */
SEC("lsm/unix_stream_connect")
int
kern_unix_connect(__u64 *ctx)
{
	int ret = decided(ctx, 3);

	if (ret != 0)
		return (ret);
	return (check_name((const struct sock *)ctx[0],
	    (const struct sock *)ctx[1]));
}

/* (As a number: newer kernels want to see that it is not NULL otherwise.) */
static __always_inline const struct sock *
sock_of(__u64 arg)
{
	const struct socket *so = (const struct socket *)arg;

	return (BPF_CORE_READ(so, sk));
}

/* connect(2) and each send of datagrams: struct socket, struct socket. */
SEC("lsm/unix_may_send")
int
kern_unix_send(__u64 *ctx)
{
	int ret = decided(ctx, 2);

	if (ret != 0)
		return (ret);
	return (check_name(sock_of(ctx[0]), sock_of(ctx[1])));
}

/* socket(2), and what the kernel makes for itself: int, int, int, int. */
SEC("lsm/socket_create")
int
kern_socket_create(__u64 *ctx)
{
	const struct prison *pr;
	int ret = decided(ctx, 4);

	if (ret != 0 || (int)ctx[3] != 0)
		return (ret);
	pr = prison_of_task();
	if (pr == NULL)
		return (0);
	ret = prison_check_family(pr, (int)ctx[0]);
	if (ret == 0)
		return (0);
	tell_call(pr, JR_PROTO, 0);
	return (-ret);
}
