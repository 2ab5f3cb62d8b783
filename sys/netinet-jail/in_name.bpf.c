/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Entry points for what a program is told of addresses: those that it asked
 * for, and not those by which the kernel knows them.
 */

#include <kern-jail/kern_jail.bpf.h>
#include <kern-jail/kern_priv.h>

#include "in6_addr.bpf.h"
#include "in6_jail.h"
#include "in_port.h"
#include "in_sets.bpf.h"

char _license[] SEC("license") = "Dual BSD/GPL";

/* What the socket asked for in bind(2); NULL: nothing. */
static __always_inline const struct sock_bind *
asked_for(struct bpf_sock *sk)
{
	return (sk == NULL ? NULL : bpf_sk_storage_get(&sock_binds, sk, NULL,
	    0));
}

/* Is its port one that it has by name? (A disconnected UDP socket loses it.) */
static __always_inline bool
has_name(const struct sock_bind *sb, const struct bpf_sock *sk)
{
	return ((sb->flags & SB_HELD) && (sb->key.proto != IPPROTO_UDP ||
	    sb->key.port == sk->src_port));
}

static __always_inline __be32
shown4(struct bpf_sock *sk, __be32 addr)
{
	const struct prison *pr;

	if (!in_loopback(addr))
		return (addr);
	pr = prison_of_sock(sk);
	return (pr != NULL && addr == pr->pr_lo4 ?
	    bpf_htonl(INADDR_LOOPBACK) : addr);
}

static __always_inline struct jail_in6
shown6(struct bpf_sock *sk, const struct jail_in6 *addr)
{
	const struct jail_in6 lo = { { 0, 0, 0, bpf_htonl(1) } };
	const struct prison *pr;

	if (in6_v4mapped(addr))
		return (in6_map(shown4(sk, addr->s6[3])));
	if (!in6_alias(addr))
		return (*addr);
	pr = prison_of_sock(sk);
	return (pr != NULL && in6_equal(addr, &pr->pr_lo6) ? lo : *addr);
}

static __always_inline void
show6(struct bpf_sock_addr *ctx)
{
	const struct jail_in6 addr = user_addr(ctx);
	const struct jail_in6 shown = shown6(ctx->sk, &addr);

	set_user_addr(ctx, &shown);
}

/* Has it no address yet but the one that it asked for, all of the jail's? */
static __always_inline bool
is_unsettled(const struct sock_bind *sb, const struct bpf_sock *sk)
{
	return ((sb->flags & SB_ANY) && sk->dst_port == 0);
}

/*
 * Has it asked for none, and kept that of a connection that it had? (It shows
 * that of one that failed.)
 */
static __always_inline bool
is_stale(const struct bpf_sock_addr *ctx, struct bpf_sock *sk)
{
	const struct prison *pr;

	if (ctx->type == JAIL_SOCK_RAW || sk == NULL || sk->src_port != 0 ||
	    sk->dst_port != 0 ||
	    (ctx->protocol != IPPROTO_TCP && ctx->protocol != IPPROTO_UDP))
		return (false);
	pr = prison_of_sock(sk);
	return (pr != NULL && in_remembered(pr, ctx->family));
}

SEC("cgroup/getsockname4")
int
in_getsockname4(struct bpf_sock_addr *ctx)
{
	struct bpf_sock *sk = ctx->sk;
	const struct sock_bind *sb = asked_for(sk);
	__be32 addr = shown4(sk, ctx->user_ip4);

	if (sb != NULL) {
		if (has_name(sb, sk))
			ctx->user_port = bpf_htons(sb->key.port);
		if (is_unsettled(sb, sk))
			addr = INADDR_ANY;
	} else if (is_stale(ctx, sk))
		addr = INADDR_ANY;
	barrier_var(ctx);	/* the verifier wants no pointer into it */
	ctx->user_ip4 = addr;
	return (1);
}

SEC("cgroup/getsockname6")
int
in_getsockname6(struct bpf_sock_addr *ctx)
{
	struct bpf_sock *sk = ctx->sk;
	const struct sock_bind *sb = asked_for(sk);
	const struct jail_in6 addr = user_addr(ctx);
	struct jail_in6 shown = shown6(sk, &addr);

	if (sb != NULL) {
		if (has_name(sb, sk))
			ctx->user_port = bpf_htons(sb->key.port);
		if (is_unsettled(sb, sk))
			shown = sb->key.addr;
	} else if (is_stale(ctx, sk))
		__builtin_memset(&shown, 0, sizeof(shown));
	set_user_addr(ctx, &shown);
	return (1);
}

SEC("cgroup/getpeername4")
int
in_getpeername4(struct bpf_sock_addr *ctx)
{
	ctx->user_ip4 = shown4(ctx->sk, ctx->user_ip4);
	return (1);
}

SEC("cgroup/getpeername6")
int
in_getpeername6(struct bpf_sock_addr *ctx)
{
	show6(ctx);
	return (1);
}

SEC("cgroup/recvmsg4")
int
in_recvmsg4(struct bpf_sock_addr *ctx)
{
	ctx->user_ip4 = shown4(ctx->sk, ctx->user_ip4);
	return (1);
}

SEC("cgroup/recvmsg6")
int
in_recvmsg6(struct bpf_sock_addr *ctx)
{
	show6(ctx);
	return (1);
}
