/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The IPv6 address of a hook's context, which is read and written by words.
 */

#ifndef _IN6_ADDR_BPF_H_
#define _IN6_ADDR_BPF_H_

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include <sys/jail.h>

static __always_inline struct jail_in6
user_addr(const struct bpf_sock_addr *ctx)
{
	const struct jail_in6 addr = { { ctx->user_ip6[0], ctx->user_ip6[1],
	    ctx->user_ip6[2], ctx->user_ip6[3] } };

	return (addr);
}

static __always_inline void
set_user_addr(struct bpf_sock_addr *ctx, const struct jail_in6 *addr)
{
	ctx->user_ip6[0] = addr->s6[0];
	ctx->user_ip6[1] = addr->s6[1];
	ctx->user_ip6[2] = addr->s6[2];
	ctx->user_ip6[3] = addr->s6[3];
}

#endif /* !_IN6_ADDR_BPF_H_ */
