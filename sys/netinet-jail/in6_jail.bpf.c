/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Entry points for IPv6 socket addresses: bind, connect, sendmsg. A v4-mapped
 * one is judged by the IPv4 rules and goes back mapped.
 */

#include <linux/in6.h>

#include "in6_addr.bpf.h"
#include "in_pcb.bpf.h"

char _license[] SEC("license") = "Dual BSD/GPL";

/* As in_bind(). */
static __always_inline int
in6_bind(const struct prison *pr, struct bpf_sock_addr *ctx,
    struct jail_in6 *addr)
{
	const bool any = in6_unspecified(addr);
	int error;

	error = prison_check_port(pr, bpf_ntohs(ctx->user_port));
	if (error == 0 && !(in6_multicast(addr) && is_mcast(ctx, pr)))
		error = prison_local_ip6(pr, addr);
	if (error != 0 || !(pr->pr_flags & PR_IP6) || !has_ports(ctx) ||
	    ((pr->pr_flags & PR_LO_HOST) && in6_loopback(addr)))
		return (error);
	if (any)
		__builtin_memset(addr, 0, sizeof(*addr));
	return (bind_port(ctx, pr, addr));
}

SEC("cgroup/bind6")
int
in6_bind6(struct bpf_sock_addr *ctx)
{
	const struct prison *pr = prison_of_sock(ctx->sk);
	struct jail_in6 addr = user_addr(ctx);
	__be32 addr4 = addr.s6[3];
	int error;

	if (pr == NULL)
		return (refuse_foreign(ctx, 6, NULL));
	if (in6_v4mapped(&addr)) {
		error = in_bind(pr, ctx, &addr4);
		addr = in6_map(addr4);
	} else
		error = in6_bind(pr, ctx, &addr);
	if (error != 0)
		return (refuse_addr(ctx, pr, 6, error, NULL));
	set_user_addr(ctx, &addr);
	return (1);
}

/* As in_source(). */
static __always_inline int
in6_source(const struct prison *pr, const struct jail_in6 *dst,
    struct jail_in6 *src)
{
	if (in6_unspecified(src))
		return (prison_saddrsel_ip6(pr, dst, src));
	return (prison_source_ip6(pr, src, dst));
}

/* in_source() for a v4-mapped destination. */
static __always_inline int
in6_source_mapped(struct bpf_sock *sk, const struct prison *pr,
    const struct jail_in6 *dst, struct jail_in6 *src)
{
	__be32 src4 = src->s6[3];
	int error;

	error = in_source(sk, pr, dst->s6[3], &src4);
	if (error == 0 && src4 != INADDR_ANY)
		*src = in6_map(src4);
	return (error);
}

/* prison_remote_ip4() or prison_remote_ip6(), whichever it is for. */
static __always_inline int
in6_remote(const struct prison *pr, struct jail_in6 *dst)
{
	__be32 dst4 = dst->s6[3];
	int error;

	if (!in6_v4mapped(dst))
		return (prison_remote_ip6(pr, dst));
	error = prison_remote_ip4(pr, &dst4);
	*dst = in6_map(dst4);
	return (error);
}

static __always_inline int
bind_source6(struct bpf_sock_addr *ctx, const struct jail_in6 *src)
{
	struct sockaddr_in6 sin6 = { .sin6_family = JAIL_AF_INET6 };

	__builtin_memcpy(&sin6.sin6_addr, src, sizeof(*src));
	return (-bpf_bind(ctx, (struct sockaddr *)&sin6, sizeof(sin6)));
}

/*
 * Will the kernel take the destination itself for the source? (For IPv4 it
 * takes what the route names.)
 */
static __always_inline bool
is_own_source(const struct prison *pr, const struct jail_in6 *dst)
{
	return (!in6_v4mapped(dst) && prison_source_ip6(pr, dst, dst) == 0);
}

static __always_inline struct jail_in6
bound_addr(const struct bpf_sock_addr *ctx)
{
	struct jail_in6 addr = { 0 };

	if (ctx->sk != NULL) {
		addr.s6[0] = ctx->sk->src_ip6[0];
		addr.s6[1] = ctx->sk->src_ip6[1];
		addr.s6[2] = ctx->sk->src_ip6[2];
		addr.s6[3] = ctx->sk->src_ip6[3];
	}
	return (addr);
}

SEC("cgroup/connect6")
int
in6_connect6(struct bpf_sock_addr *ctx)
{
	const struct prison *pr = prison_of_sock(ctx->sk);
	struct jail_in6 dst = user_addr(ctx), bound = bound_addr(ctx), src;
	int error;

	if (pr == NULL)
		return (refuse_foreign(ctx, 6, &bound));
	error = in6_remote(pr, &dst);
	if (error != 0)
		return (refuse_addr(ctx, pr, 6, error, &bound));
	src = bound;
	if (is_stale(ctx, pr))
		__builtin_memset(&src, 0, sizeof(src));
	error = in6_v4mapped(&dst) ?
	    in6_source_mapped(ctx->sk, pr, &dst, &src) :
	    in6_source(pr, &dst, &src);
	if (error == 0 && !in6_equal(&src, &bound))
		error = bound_late(bind_source6(ctx, &src),
		    is_own_source(pr, &dst));
	if (error != 0)
		return (refuse_addr(ctx, pr, 6, error, &bound));
	set_user_addr(ctx, &dst);
	return (1);
}

/*
 * As source_of(). Who is at all addresses of both families has, to the kernel,
 * an IPv4 one, and that is no source for IPv6.
 */
static __always_inline bool
is_open(struct bpf_sock_addr *ctx, const struct prison *pr,
    const struct jail_in6 *dst, const struct jail_in6 *src)
{
	if (!in6_v4mapped(src) && !(in6_equal(src, &pr->pr_ip6) &&
	    prison_loopback_ip6(pr, dst)))
		return (false);
	return (is_anywhere(ctx));
}

/* A v4-mapped destination goes to sendmsg4 instead. */
SEC("cgroup/sendmsg6")
int
in6_sendmsg6(struct bpf_sock_addr *ctx)
{
	const struct prison *pr = prison_of_sock(ctx->sk);
	struct jail_in6 dst = user_addr(ctx);
	const struct jail_in6 asked = { { ctx->msg_src_ip6[0],
	    ctx->msg_src_ip6[1], ctx->msg_src_ip6[2], ctx->msg_src_ip6[3] } };
	struct jail_in6 src = asked;
	int error;

	if (pr == NULL)
		return (refuse_foreign(ctx, 6, &asked));
	error = prison_remote_ip6(pr, &dst);
	if (is_open(ctx, pr, &dst, &src))
		__builtin_memset(&src, 0, sizeof(src));
	if (error == 0)
		error = in6_source(pr, &dst, &src);
	if (error != 0)
		return (refuse_addr(ctx, pr, 6, error, &asked));
	if (pr->pr_flags & PR_IP6)
		hold_port(ctx, pr);
	set_user_addr(ctx, &dst);
	ctx->msg_src_ip6[0] = src.s6[0];
	ctx->msg_src_ip6[1] = src.s6[1];
	ctx->msg_src_ip6[2] = src.s6[2];
	ctx->msg_src_ip6[3] = src.s6[3];
	return (1);
}
