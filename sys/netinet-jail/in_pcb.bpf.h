/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What bind, connect and sendmsg do for an IPv4 address, wherever it comes
 * from: an IPv4 socket address or a v4-mapped IPv6 one.
 */

#ifndef _IN_PCB_BPF_H_
#define _IN_PCB_BPF_H_

#include <kern-jail/kern_jail.bpf.h>
#include <kern-jail/kern_priv.h>

#include "in_sets.bpf.h"

/* Refuse a call for what a decision said about an address. */
static __always_inline int
refuse_addr(const struct prison *pr, __u8 family, int error)
{
	enum jail_reason reason;

	switch (error) {
	case EAFNOSUPPORT:
		reason = JR_NOFAMILY;
		break;
	case ENETUNREACH:
		reason = JR_LOOPBACK;
		break;
	case EACCES:
		reason = JR_RESVPORT;
		break;
	default:
		reason = JR_LOCALADDR;
		break;
	}
	return (refuse_call(pr, reason, family, error));
}

/* Returns 0 or an errno. */
static __always_inline int
in_bind(const struct prison *pr, struct bpf_sock_addr *ctx, __be32 *addr)
{
	int error;

	error = prison_check_port(pr, bpf_ntohs(ctx->user_port));
	if (error != 0)
		return (error);
	return (prison_local_ip4(pr, addr));
}

/*
 * Settle the source before a packet is sent or a connection made: choose one if
 * the socket has none, or check the one that it has.
 *
 * Returns 0 with *src to be used (INADDR_ANY: leave it to the kernel), or an
 * errno.
 */
static __always_inline int
in_source(const struct prison *pr, __be32 dst, __be32 *src)
{
	if (*src == INADDR_ANY)
		return (prison_saddrsel_ip4(pr, dst, src));
	return (prison_check_ip4(pr, *src));
}

#endif /* !_IN_PCB_BPF_H_ */
