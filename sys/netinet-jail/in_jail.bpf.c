/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Entry points for IPv4 socket addresses: bind, connect, sendmsg.
 */

#include "in_pcb.bpf.h"

char _license[] SEC("license") = "Dual BSD/GPL";

SEC("cgroup/bind4")
int
in_bind4(struct bpf_sock_addr *ctx)
{
	const struct prison *pr = prison_of_sock(ctx->sk);
	__be32 addr = ctx->user_ip4;
	int error;

	if (pr == NULL)
		return (refuse_foreign(ctx, 4, NULL));
	error = in_bind(pr, ctx, &addr);
	if (error != 0)
		return (refuse_addr(ctx, pr, 4, error, NULL));
	ctx->user_ip4 = addr;
	return (1);
}

/* The socket that has no address gets one, in the same way bind(2) would. */
static __always_inline int
bind_source(struct bpf_sock_addr *ctx, __be32 src)
{
	struct sockaddr_in sin = {
		.sin_family = JAIL_AF_INET, .sin_addr.s_addr = src
	};

	return (-bpf_bind(ctx, (struct sockaddr *)&sin, sizeof(sin)));
}

SEC("cgroup/connect4")
int
in_connect4(struct bpf_sock_addr *ctx)
{
	const struct prison *pr = prison_of_sock(ctx->sk);
	__be32 dst = ctx->user_ip4, bound = 0, src;
	struct jail_in6 from;
	int error;

	if (ctx->sk != NULL)
		bound = ctx->sk->src_ip4;
	from = in6_map(bound);
	if (pr == NULL)
		return (refuse_foreign(ctx, 4, &from));
	error = prison_remote_ip4(pr, &dst);
	if (error != 0)
		return (refuse_addr(ctx, pr, 4, error, &from));
	src = is_stale(ctx, pr) ? INADDR_ANY : bound;
	error = in_source(ctx->sk, pr, dst, &src);
	if (error == 0 && src != bound)
		error = bound_late(bind_source(ctx, src), false);
	if (error != 0)
		return (refuse_addr(ctx, pr, 4, error, &from));
	ctx->user_ip4 = dst;
	return (1);
}

/*
 * The source that a message names, or its socket; the kernel forgets that of a
 * connected one if the message leaves it open. Who is at all addresses sends to
 * the loopback from there.
 */
static __always_inline __be32
source_of(struct bpf_sock_addr *ctx, const struct prison *pr, __be32 dst,
    __be32 src)
{
	if (src == INADDR_ANY && ctx->sk->dst_port != 0)
		return (ctx->sk->src_ip4);
	if (src == pr->pr_ip4 && prison_loopback_ip4(pr, dst) &&
	    is_anywhere(ctx))
		return (INADDR_ANY);
	return (src);
}

/* A connected socket comes here only if it names a source: then dst is 0. */
SEC("cgroup/sendmsg4")
int
in_sendmsg4(struct bpf_sock_addr *ctx)
{
	const struct prison *pr = prison_of_sock(ctx->sk);
	const __be32 asked = ctx->msg_src_ip4;
	const struct jail_in6 from = in6_map(asked);
	__be32 dst = ctx->user_ip4, src;
	int error;

	if (pr == NULL)
		return (refuse_foreign(ctx, 4, &from));
	error = prison_remote_ip4(pr, &dst);
	src = source_of(ctx, pr, dst, asked);
	if (error == 0)
		error = in_source(ctx->sk, pr, dst, &src);
	if (error != 0)
		return (refuse_addr(ctx, pr, 4, error, &from));
	if (pr->pr_flags & PR_IP4)
		hold_port(ctx, pr);
	ctx->user_ip4 = dst;
	ctx->msg_src_ip4 = src;
	return (1);
}
