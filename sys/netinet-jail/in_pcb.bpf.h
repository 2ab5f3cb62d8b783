/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What bind, connect and sendmsg do for an IPv4 address, wherever it comes
 * from: an IPv4 socket address or a v4-mapped IPv6 one.
 */

#ifndef _IN_PCB_BPF_H_
#define _IN_PCB_BPF_H_

#include <kern-jail/kern_cred.bpf.h>
#include <kern-jail/kern_jail.bpf.h>
#include <kern-jail/kern_priv.h>
#include <kern-jail/kern_sock.bpf.h>

#include "in6_addr.bpf.h"
#include "in_mcast.bpf.h"
#include "in_port.bpf.h"
#include "in_sets.bpf.h"

#define PORTS_FIRST	32768	/* ip_local_port_range, as it is by default */
#define PORTS_LAST	60999

/* The address that a call names; the hook is for that family. */
static __always_inline struct jail_in6
named_addr(const struct bpf_sock_addr *ctx, __u8 family)
{
	const __be32 ip4 = family == 4 ? ctx->user_ip4 : 0;

	return (family == 4 ? in6_map(ip4) : user_addr(ctx));
}

/* In connect and sendmsg, src is the other end; in bind it is NULL. */
static __always_inline void
event_named(struct jail_event *e, const struct bpf_sock_addr *ctx,
    __u8 family, const struct jail_in6 *src)
{
	e->je_has = JE_PROTO | JE_SRC;
	e->je_proto = ctx->protocol;
	if (src == NULL) {
		e->je_src = named_addr(ctx, family);
		e->je_sport = bpf_ntohs(ctx->user_port);
		return;
	}
	e->je_has |= JE_DST;
	e->je_dst = named_addr(ctx, family);
	e->je_dport = bpf_ntohs(ctx->user_port);
	e->je_src = *src;
	if (ctx->sk != NULL)
		e->je_sport = ctx->sk->src_port;
}

/* As refuse_call(), where the call names an address. */
static __always_inline int
refuse_named(struct bpf_sock_addr *ctx, const struct prison *pr,
    enum jail_reason reason, __u8 family, int error,
    const struct jail_in6 *src)
{
	struct jail_event *e;

	note_reason(ctx->sk, reason);
	e = refusal(pr, reason, JAIL_DIR_CALL, family);
	if (e != NULL) {
		event_named(e, ctx, family, src);
		event_by_task(e);
		event_send(e);
	}
	bpf_set_retval(-error);
	return (0);
}

/* Refuse a socket of no jail, or of one that is gone. */
static __always_inline int
refuse_foreign(struct bpf_sock_addr *ctx, __u8 family,
    const struct jail_in6 *src)
{
	return (refuse_named(ctx, NULL, JR_FOREIGNSOCK, family, EPERM, src));
}

/*
 * Refuse a call for what a decision said about an address. (Of a port that is
 * in use, or of a capability that the program lacks, there is nothing to tell.)
 */
static __always_inline int
refuse_addr(struct bpf_sock_addr *ctx, const struct prison *pr, __u8 family,
    int error, const struct jail_in6 *src)
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
		reason = pr->pr_flags & PR_ALLOW_RESERVED_PORTS ? JR_NONE :
		    JR_RESVPORT;
		break;
	case ENOBUFS:
		reason = JR_NOBUFS;
		break;
	case EADDRINUSE:
		reason = JR_NONE;
		break;
	default:
		reason = JR_LOCALADDR;
		break;
	}
	if (reason == JR_NONE) {
		bpf_set_retval(-error);
		return (0);
	}
	return (refuse_named(ctx, pr, reason, family, error, src));
}

static __always_inline bool
is_v6only(const void *sk)
{
	const struct sock *s = sk;

	return (s == NULL || BPF_CORE_READ_BITFIELD_PROBED(&s->__sk_common,
	    skc_ipv6only));
}

/* Does an IPv6 socket that is bound to :: take IPv4 too? */
static __always_inline bool
is_dual(struct bpf_sock_addr *ctx, const struct prison *pr)
{
	if (!(pr->pr_flags & PR_IP4) || pr->pr_nip4 == 0)
		return (false);
	if (ctx->protocol == IPPROTO_TCP)
		return (!is_v6only(bpf_skc_to_tcp6_sock(ctx->sk)));
	return (!is_v6only(bpf_skc_to_udp6_sock(ctx->sk)));
}

static __always_inline struct port_key
key_of(struct bpf_sock_addr *ctx, const struct prison *pr,
    const struct jail_in6 *addr, __u16 port)
{
	bool mapped = in6_v4mapped(addr);
	struct port_key key = {
		.netns = bpf_get_netns_cookie(ctx),
		.ports = mapped ? pr->pr_ports4 : pr->pr_ports6,
		.addr = *addr, .port = port, .proto = ctx->protocol,
		.family = mapped ? 4 : 6,
	};

	return (key);
}

/* What the socket asks for, or tells about itself. */
static __always_inline struct sock_bind
wanted_of(struct bpf_sock_addr *ctx, const struct prison *pr,
    const struct jail_in6 *addr)
{
	struct sock_bind sb = {
		.key = key_of(ctx, pr, addr, bpf_ntohs(ctx->user_port)),
		.flags = option_of(ctx, JAIL_SO_REUSEADDR, SB_REUSE) |
		    option_of(ctx, JAIL_SO_REUSEPORT, SB_REUSEPORT),
		.uid = bpf_get_current_uid_gid(),
		.ports4 = pr->pr_ports4,
	};

	if (in6_wild(addr))
		sb.flags |= SB_ANY;
	if ((sb.flags & SB_ANY) && sb.key.family == 6 && is_dual(ctx, pr))
		sb.flags |= SB_DUAL;
	return (sb);
}

/* Where the kernel has a socket. */
static __always_inline struct place
place_of(const struct bpf_sock *sk)
{
	const struct jail_in6 ip6 = { { sk->src_ip6[0], sk->src_ip6[1],
	    sk->src_ip6[2], sk->src_ip6[3] } };
	__be32 ip4 = sk->src_ip4;
	struct place at = { .port = sk->src_port };

	barrier_var(ip4);	/* the verifier wants no pointer into it */
	at.addr = sk->family == JAIL_AF_INET ? in6_map(ip4) : ip6;
	return (at);
}

/*
 * What a UDP socket has without having asked for it. If it did ask for all
 * addresses, and the kernel still has it at one, it has them.
 */
static __always_inline struct sock_bind
given_to(struct bpf_sock_addr *ctx, const struct prison *pr,
    const struct place *at, const struct sock_bind *asked)
{
	struct sock_bind sb = {
		.key = key_of(ctx, pr, &at->addr, at->port),
		.uid = bpf_get_current_uid_gid(), .ports4 = pr->pr_ports4,
	};

	if (asked != NULL && (asked->flags & SB_ANY) && !in6_wild(&at->addr)) {
		sb.key = asked->key;
		sb.key.port = at->port;
		sb.flags = asked->flags & (SB_ANY | SB_DUAL);
	} else if (in6_wild(&at->addr))
		sb.flags = SB_ANY | (sb.key.family == 6 && is_dual(ctx, pr) ?
		    SB_DUAL : 0);
	return (sb);
}

/*
 * A UDP socket that was not bound to a port has got one as it sends, and gets
 * another one after it was disconnected: it is the jail's.
 */
static __always_inline void
hold_port(struct bpf_sock_addr *ctx, const struct prison *pr)
{
	const struct place at = place_of(ctx->sk);
	struct sock_bind *held, sb;

	held = bpf_sk_storage_get(&sock_binds, ctx->sk, NULL, 0);
	if (held != NULL && (held->flags & SB_HELD) &&
	    held->key.port == at.port)
		return;
	reuse_addr(ctx);
	sb = given_to(ctx, pr, &at, held);
	if (held == NULL)
		held = bpf_sk_storage_get(&sock_binds, ctx->sk, &sb,
		    BPF_SK_STORAGE_GET_F_CREATE);
	else {
		port_drop(held);
		*held = sb;
	}
	if (held != NULL)
		port_hold(held, &at);
}

/*
 * Did the socket ask for all addresses of the jail, and has not settled for one
 * by a connection? What the kernel takes for its source is the primary one.
 */
static __always_inline bool
is_anywhere(struct bpf_sock_addr *ctx)
{
	const struct sock_bind *sb;

	sb = bpf_sk_storage_get(&sock_binds, ctx->sk, NULL, 0);
	return (sb != NULL && (sb->flags & SB_ANY) && ctx->sk->dst_port == 0);
}

/*
 * A datagram socket can get what is for a group where it is bound to that, or
 * to all addresses in the kernel's eyes too.
 */
static __always_inline bool
is_mcast(const struct bpf_sock_addr *ctx, const struct prison *pr)
{
	return (ctx->protocol == IPPROTO_UDP &&
	    (pr->pr_flags & PR_ALLOW_MULTICAST));
}

/* Does a socket of this kind have ports that are the jail's own? */
static __always_inline bool
has_ports(const struct bpf_sock_addr *ctx)
{
	return (ctx->protocol == IPPROTO_TCP || ctx->protocol == IPPROTO_UDP);
}

/*
 * Is the address that the socket has only that of a connection that it had?
 * Then it has no port any more, and did not ask for the address.
 */
static __always_inline bool
is_stale(struct bpf_sock_addr *ctx, const struct prison *pr)
{
	const struct sock_bind *sb;

	if (!in_remembered(pr, ctx->family) || ctx->sk->src_port != 0 ||
	    !has_ports(ctx))
		return (false);
	sb = bpf_sk_storage_get(&sock_binds, ctx->sk, NULL, 0);
	return (sb == NULL || (sb->flags & SB_ANY));
}

/*
 * Where the kernel is to have a socket. One that takes both families cannot be
 * at an IPv6 address; it can be at all addresses if only it has the port.
 */
static __always_inline struct jail_in6
kernel_addr(const struct bpf_sock_addr *ctx, const struct prison *pr,
    const struct sock_bind *sb)
{
	if (!(sb->flags & SB_ANY) || is_mcast(ctx, pr))
		return (sb->key.addr);
	if (sb->key.family == 4)
		return (in6_map(pr->pr_ip4));
	if (!(sb->flags & SB_DUAL))
		return (pr->pr_ip6);
	return (ctx->protocol == IPPROTO_TCP || sb->key.port == 0 ?
	    sb->key.addr : in6_map(pr->pr_ip4));
}

/* Would the kernel prefer another socket there, though that was first? */
static __always_inline bool
is_second(const struct bpf_sock_addr *ctx, const struct sock_bind *sb,
    const struct jail_in6 *at)
{
	return (ctx->family == JAIL_AF_INET6 &&
	    (in6_v4mapped(at) || (sb->flags & SB_REUSEPORT)));
}

/* May the socket have the port that it asks for? Returns 0 or EADDRINUSE. */
static __always_inline int
check_port(const struct bpf_sock_addr *ctx, const struct prison *pr,
    const struct sock_bind *sb)
{
	struct jail_in6 at;
	int error;

	error = port_check(sb, false);
	if (error != 0 || sb->key.proto == IPPROTO_TCP)
		return (error);
	at = kernel_addr(ctx, pr, sb);
	error = port_check_inner(sb, &at);
	if (error == 0 && pr->pr_parent != 0 && is_second(ctx, sb, &at))
		error = port_check_outer(sb, &at, pr->pr_parent);
	return (error);
}

/* Does the kernel choose no port in bind(2)? IP_BIND_ADDRESS_NO_PORT. */
static __always_inline bool
defers_port(struct bpf_sock *sk)
{
	const __u32 *noport = bpf_sk_storage_get(&sock_noports, sk, NULL, 0);

	return (noport != NULL && *noport);
}

/* One that it might have chosen; if it is in use, that is bad luck. */
static __always_inline __u16
any_port(void)
{
	return (PORTS_FIRST + bpf_get_prandom_u32() % (PORTS_LAST -
	    PORTS_FIRST + 1));
}

/*
 * The port that a socket of a jail asks for, at the address *addr or, if that
 * is :: or ::ffff:0.0.0.0, at all of the jail's. Sets the address and the port
 * that the kernel is to see.
 *
 * Returns 0, EACCES, EADDRINUSE or ENOBUFS.
 */
static __always_inline int
bind_port(struct bpf_sock_addr *ctx, const struct prison *pr,
    struct jail_in6 *addr)
{
	struct sock_bind sb = wanted_of(ctx, pr, addr), *old;
	bool tcp = ctx->protocol == IPPROTO_TCP;
	__u16 real = 0;
	int error = 0;

	old = bpf_sk_storage_get(&sock_binds, ctx->sk, NULL, 0);
	if (old != NULL && (old->flags & SB_HELD)) {
		if (ctx->sk->src_port != 0)
			return (0);	/* the kernel says EINVAL */
		port_drop(old);		/* it was disconnected */
	}
	if (tcp && !task_may_bind(sb.key.port))
		return (EACCES);
	if (sb.key.port != 0) {
		error = check_port(ctx, pr, &sb);
		real = port_real(&sb);
		if (real == 0 && tcp && defers_port(ctx->sk))
			real = any_port();
	}
	if (error != 0)
		return (error);
	if (old != NULL)
		*old = sb;
	else if (bpf_sk_storage_get(&sock_binds, ctx->sk, &sb,
	    BPF_SK_STORAGE_GET_F_CREATE) == NULL)
		return (ENOBUFS);
	if (tcp)
		ctx->user_port = bpf_htons(real);
	else if (sb.key.port != 0)
		reuse_addr(ctx);	/* else it would be given another's */
	*addr = kernel_addr(ctx, pr, &sb);
	return (0);
}

/* Returns 0 with *addr as it is to be used, or an errno. */
static __always_inline int
in_bind(const struct prison *pr, struct bpf_sock_addr *ctx, __be32 *addr)
{
	const bool any = *addr == INADDR_ANY;
	struct jail_in6 at;
	int error;

	error = prison_check_port(pr, bpf_ntohs(ctx->user_port));
	if (error == 0 && !(in_multicast(*addr) && is_mcast(ctx, pr)))
		error = prison_local_ip4(pr, addr);
	if (error != 0 || !(pr->pr_flags & PR_IP4) || !has_ports(ctx) ||
	    ((pr->pr_flags & PR_LO_HOST) && in_loopback(*addr)))
		return (error);
	at = in6_map(any ? INADDR_ANY : *addr);
	error = bind_port(ctx, pr, &at);
	*addr = at.s6[3];
	return (error);
}

/* The source that the socket has for groups, if it is one of the jail's. */
static __always_inline __be32
in_mcast_source(struct bpf_sock *sk, const struct prison *pr)
{
	const struct sock_groups *sg;

	sg = bpf_sk_storage_get(&sock_groups, sk, NULL, 0);
	if (sg == NULL || sg->from == INADDR_ANY ||
	    prison_check_ip4(pr, sg->from) != 0)
		return (INADDR_ANY);
	return (sg->from);
}

/*
 * Settle the source before a packet is sent or a connection made: choose one if
 * the socket has none, or check the one that it has.
 *
 * Returns 0 with *src to be used (INADDR_ANY: leave it to the kernel), or an
 * errno.
 */
static __always_inline int
in_source(struct bpf_sock *sk, const struct prison *pr, __be32 dst,
    __be32 *src)
{
	if (*src == INADDR_ANY && in_multicast(dst))
		*src = in_mcast_source(sk, pr);
	if (*src == INADDR_ANY)
		return (prison_saddrsel_ip4(pr, dst, src));
	return (prison_source_ip4(pr, *src, dst));
}

/*
 * A socket that has a port already cannot be given an address: the kernel will
 * choose one as it connects, and that may be known to be right.
 *
 * Returns what is to become of bpf_bind()'s error.
 */
static __always_inline int
bound_late(int error, bool right)
{
	if (error != EINVAL)
		return (error);
	return (right ? 0 : EADDRNOTAVAIL);
}

#endif /* !_IN_PCB_BPF_H_ */
