/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Entry points for what happens to a socket that has asked for a port: it gets
 * one, it begins to listen, it is closed.
 */

#include <kern-jail/kern_jail.bpf.h>
#include <kern-jail/kern_priv.h>

#include "in6_jail.h"
#include "in_port.bpf.h"
#include "in_sets.bpf.h"

char _license[] SEC("license") = "Dual BSD/GPL";

#define NAMES		0xfff	/* bits in which they differ */
#define NAME_TRIES	4

/* Returns 0, EADDRINUSE or ENOBUFS. */
static __always_inline int
have_port(struct sock_bind *sb, const struct place *at)
{
	int error;

	error = port_hold(sb, at);
	if (error != 0)
		return (error);
	error = port_check(sb, true);
	if (error == 0 && sb->key.proto == IPPROTO_UDP)
		error = port_check_inner(sb, &at->addr);
	if (error != 0)
		port_drop(sb);
	return (error);
}

/* Another number of the kind that the kernel chooses. */
static __always_inline __u16
other_port(__u16 port)
{
	return ((port & ~NAMES) | (bpf_get_prandom_u32() & NAMES));
}

/*
 * What the kernel chose for a TCP socket is only its own name of the port: by
 * which the jail knows it is a matter of what is free there.
 */
static __always_inline int
take_port(struct sock_bind *sb, const struct place *at)
{
	const bool chosen = sb->key.port == 0;
	int error;

	if (chosen)
		sb->key.port = at->port;
	error = have_port(sb, at);
	for (int i = 0; i < NAME_TRIES && chosen && error == EADDRINUSE &&
	    sb->key.proto == IPPROTO_TCP; i++) {
		sb->key.port = other_port(at->port);
		error = have_port(sb, at);
	}
	return (error);
}

/*
 * A socket that asked for any port has got one; that may be a port that another
 * one of the jail has by its name only.
 */
static __always_inline int
bound(struct bpf_sock *sk, const struct place *at, __u8 family)
{
	struct sock_bind *sb = bpf_sk_storage_get(&sock_binds, sk, NULL, 0);
	int error;

	if (sb == NULL || (sb->flags & SB_HELD))
		return (1);
	error = take_port(sb, at);
	if (error == 0)
		return (1);
	if (error == ENOBUFS)
		return (refuse_call(prison_of_sock(sk), JR_NOBUFS, family,
		    error));
	bpf_set_retval(-error);
	return (0);
}

SEC("cgroup/post_bind4")
int
in_bound4(struct bpf_sock *sk)
{
	const struct place at = { in6_map(sk->src_ip4), sk->src_port };

	return (bound(sk, &at, 4));
}

SEC("cgroup/post_bind6")
int
in_bound6(struct bpf_sock *sk)
{
	const struct place at = { { { sk->src_ip6[0], sk->src_ip6[1],
	    sk->src_ip6[2], sk->src_ip6[3] } }, sk->src_port };

	return (bound(sk, &at, 6));
}

SEC("cgroup/sock_release")
int
in_release(struct bpf_sock *sk)
{
	struct sock_bind *sb = bpf_sk_storage_get(&sock_binds, sk, NULL, 0);

	if (sb != NULL)
		port_drop(sb);
	return (1);
}

/* Who is to be entered. */
struct entrant {
	struct bpf_sock_ops *ctx;
	struct listener_key *key;
};

static long
enlist_at(__u32 slot, struct entrant *e)
{
	e->key->slot = slot;
	return (bpf_sock_hash_update(e->ctx, &listeners, e->key,
	    BPF_NOEXIST) != -EEXIST);
}

/* Enter a listener into the table, by a number that no other has. */
static __always_inline void
enlist(struct bpf_sock_ops *ctx, struct listener_key *key)
{
	struct entrant e = { .ctx = ctx, .key = key };

	bpf_loop(JAIL_NSLOTS, enlist_at, &e, 0);
}

/* Where the kernel has a socket. */
static __always_inline struct place
place_of(struct bpf_sock_ops *ctx)
{
	const struct jail_in6 ip6 = { { ctx->local_ip6[0], ctx->local_ip6[1],
	    ctx->local_ip6[2], ctx->local_ip6[3] } };
	__be32 ip4 = ctx->local_ip4;
	struct place at = { .port = ctx->local_port };

	barrier_var(ip4);	/* the verifier wants no pointer into it */
	at.addr = ctx->family == JAIL_AF_INET ? in6_map(ip4) : ip6;
	return (at);
}

/*
 * A socket that has no port by name listens at that of the kernel's. It may be
 * bound to an address; if it is not, but asked for one, then in vain.
 */
static __always_inline void
name_port(struct bpf_sock_ops *ctx, const struct prison *pr,
    struct sock_bind *sb)
{
	const struct place at = place_of(ctx);
	bool ip4 = in6_v4mapped(&at.addr);

	if (sb->key.netns == 0 || in6_wild(&at.addr)) {
		sb->key.netns = bpf_get_netns_cookie(ctx);
		sb->key.ports = ip4 ? pr->pr_ports4 : pr->pr_ports6;
		sb->key.addr = at.addr;
		sb->key.port = at.port;
		sb->key.proto = IPPROTO_TCP;
		sb->key.family = ip4 ? 4 : 6;
		sb->flags = in6_wild(&at.addr) ? SB_ANY : 0;
	} else if (sb->key.port == 0)
		sb->key.port = at.port;
	port_hold(sb, &at);
}

static __always_inline void
listening(struct bpf_sock_ops *ctx)
{
	struct listener_key key = { 0 };
	struct bpf_sock *sk = ctx->sk;
	const struct prison *pr;
	struct sock_bind *sb;
	bool mapped;

	if (sk == NULL || (pr = prison_of_sock(sk)) == NULL)
		return;
	sb = bpf_sk_storage_get(&sock_binds, sk, NULL,
	    BPF_SK_STORAGE_GET_F_CREATE);
	if (sb == NULL)
		return;
	if (!(sb->flags & SB_HELD))
		name_port(ctx, pr, sb);
	port_listen(sb);
	reuse_addr(ctx);
	key.netns = sb->key.netns;
	key.addr = sb->key.addr;
	key.port = sb->key.port;
	mapped = in6_v4mapped(&key.addr);
	key.ports = pr->pr_ports6;
	if (!mapped && (pr->pr_flags & PR_IP6))
		enlist(ctx, &key);
	key.ports = pr->pr_ports4;
	if ((mapped || in6_unspecified(&key.addr)) && (pr->pr_flags & PR_IP4))
		enlist(ctx, &key);
}

SEC("sockops")
int
in_sockops(struct bpf_sock_ops *ctx)
{
	if (ctx->op == BPF_SOCK_OPS_TCP_LISTEN_CB)
		listening(ctx);
	ctx->reply = -1;	/* no opinion */
	return (1);
}
