/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Who gets what comes for an address of a jail, and for no connection that is
 * there already: the jail, or one around it that has the address, or nobody.
 * Each network namespace has a copy of the
 * program, which knows where it is. Here the host is none of ours, so what is
 * not for a jail has to be known soon.
 */

#include <linux/in.h>

#include <kern-jail/kern_jail.bpf.h>
#include <kern-jail/kern_priv.h>

#include "in6_jail.h"
#include "in_netns.bpf.h"
#include "in_port.h"
#include "in_sets.bpf.h"

char _license[] SEC("license") = "Dual BSD/GPL";

const volatile __u64 netns = 0;

/* The key of a port at an address, of those whose ports are sought. */
static __always_inline struct port_key
port_at(const struct listener_key *at, const struct jail_in6 *addr,
    __u16 port, __u8 proto)
{
	struct port_key key = {
		.netns = netns, .ports = at->ports, .addr = *addr,
		.port = port, .proto = proto,
		.family = in6_v4mapped(addr) ? 4 : 6,
	};

	return (key);
}

/*
 * How many numbers to look at: who asked for the address and the port is in
 * ports, but for those at :: in a jail that has all of the host's IPv6.
 */
static __always_inline int
slots_of(const struct listener_key *at)
{
	const struct port_key key = port_at(at, &at->addr, at->port,
	    IPPROTO_TCP);

	if (in6_unspecified(&at->addr))
		return (JAIL_NSLOTS);
	return (bpf_map_lookup_elem(&ports, &key) != NULL ? JAIL_NSLOTS : 0);
}

/* Who is sought, for a connection. */
struct search {
	struct bpf_sk_lookup *ctx;
	struct listener_key *key;
	bool found;
};

/* Does it listen at the interface? SO_BINDTODEVICE, else at all. */
static __always_inline bool
hears(const struct bpf_sock *sk, const struct bpf_sk_lookup *ctx)
{
	return (sk->bound_dev_if == 0 ||
	    sk->bound_dev_if == ctx->ingress_ifindex);
}

/* (As a function that is called back the verifier looks at it once.) */
static long
assign_slot(__u32 slot, struct search *s)
{
	struct bpf_sock *sk;

	s->key->slot = slot;
	sk = bpf_map_lookup_elem(&listeners, s->key);
	if (sk == NULL)
		return (0);
	if (hears(sk, s->ctx))
		s->found = bpf_sk_assign(s->ctx, sk, 0) == 0;
	bpf_sk_release(sk);
	return (s->found);
}

/* Give a connection to one of those who listen at the address. */
static __always_inline bool
assign(struct bpf_sk_lookup *ctx, struct listener_key *key)
{
	struct search s = { .ctx = ctx, .key = key };

	bpf_loop(slots_of(key), assign_slot, &s, 0);
	return (s.found);
}

static __always_inline bool
assign_any(struct bpf_sk_lookup *ctx, struct listener_key *key)
{
	key->addr.s6[0] = key->addr.s6[1] = key->addr.s6[3] = 0;
	if (ctx->family == JAIL_AF_INET && assign(ctx, key))
		return (true);
	key->addr.s6[2] = 0;
	return (assign(ctx, key));
}

/*
 * Give a datagram that came in fragments, or an error, to who has the port at
 * all addresses: what brings him others has not seen the one whole, and does
 * not bring the other.
 */
static __always_inline bool
assign_wide(struct bpf_sk_lookup *ctx, const struct port_key *any)
{
	const struct listener_key key = { .netns = netns, .ports = any->ports,
		.addr = any->addr, .port = any->port };
	struct bpf_sock *sk = bpf_map_lookup_elem(&wide_udp, &key);
	bool given;

	if (sk == NULL)
		return (false);
	given = hears(sk, ctx) && bpf_sk_assign(ctx, sk, 0) == 0;
	bpf_sk_release(sk);
	return (given);
}

/*
 * Has a UDP socket of the jail the port at that address? Then the kernel finds
 * it by itself; one that has it at all addresses, which most have, it finds
 * where that is bound.
 */
static __always_inline bool
has_port(struct bpf_sk_lookup *ctx, const struct listener_key *at)
{
	struct port_key key = port_at(at, &at->addr, at->port, IPPROTO_UDP);
	const struct port *any;

	key = port_any(&key);
	any = bpf_map_lookup_elem(&ports, &key);
	if (any != NULL && (in6_equal(&any->bound, &at->addr) ||
	    in6_wild(&any->bound)))
		return (true);
	key.addr = at->addr;
	if (bpf_map_lookup_elem(&ports, &key) != NULL)
		return (true);
	key = port_any(&key);
	return (any != NULL && assign_wide(ctx, &key));
}

static __always_inline bool
is_placed(const struct port_key *key)
{
	const struct port *p = bpf_map_lookup_elem(&ports, key);

	return (p != NULL && !in6_wild(&p->bound));
}

static __always_inline struct jail_in6
remote_addr(const struct bpf_sk_lookup *ctx)
{
	const struct jail_in6 ip6 = { { ctx->remote_ip6[0],
	    ctx->remote_ip6[1], ctx->remote_ip6[2], ctx->remote_ip6[3] } };
	__be32 ip4 = ctx->remote_ip4;

	barrier_var(ip4);	/* the verifier wants no pointer into it */
	return (ctx->family == JAIL_AF_INET ? in6_map(ip4) : ip6);
}

/* Is it the loopback of a jail? To the host that is nothing. */
static __always_inline bool
is_private(const struct jail_in6 *addr)
{
	return (in6_v4mapped(addr) ? in_alias(addr->s6[3]) : in6_alias(addr));
}

/*
 * Is it from a port that a socket of the jail asked for, to the same address?
 * The host may have asked from there: the kernel likes to take the address that
 * is called for the source.
 */
static __always_inline bool
is_answer(const struct bpf_sk_lookup *ctx, const struct listener_key *at)
{
	const struct jail_in6 from = remote_addr(ctx);
	struct port_key key = port_at(at, &from, bpf_ntohs(ctx->remote_port),
	    IPPROTO_UDP);

	if (!in6_equal(&from, &at->addr) || is_private(&from))
		return (false);
	if (is_placed(&key))
		return (true);
	key = port_any(&key);
	return (is_placed(&key));
}

/* Is it the port that only the kernel is to know a socket of the jail by? */
static __always_inline bool
is_kernels(const struct bpf_sk_lookup *ctx, const struct listener_key *at)
{
	struct port_key key = port_at(at, &at->addr, at->port, IPPROTO_TCP);

	key = port_kernels(&key, at->port);
	return (ctx->protocol == IPPROTO_TCP &&
	    bpf_map_lookup_elem(&ports, &key) != NULL);
}

/* Is it for one of those whose ports are sought? */
static __always_inline bool
is_wanted(struct bpf_sk_lookup *ctx, const struct listener_key *at)
{
	struct listener_key key = *at;

	if (ctx->protocol == IPPROTO_TCP)
		return (assign(ctx, &key) || assign_any(ctx, &key));
	return (has_port(ctx, at) || is_answer(ctx, at));
}

/* May the host have what nobody of the jail wants? */
static __always_inline bool
is_open(const struct bpf_sk_lookup *ctx, const struct prison *pr,
    const struct listener_key *at, __u32 hostlisten)
{
	if (pr->pr_netns != netns)
		return (true);
	return ((pr->pr_flags & hostlisten) && !is_private(&at->addr) &&
	    !is_kernels(ctx, at));
}

/* On the way outwards, through jails that have the address too. */
struct ascent {
	struct bpf_sk_lookup *ctx;
	struct listener_key *at;
	__u64 jail;		/* key in prisons of the next one */
	__u32 hostlisten;
	/* (No bool: the verifier does not know that it is 0 or 1.) */
	int open;		/* the host may have it */
	int wanted;
};

static long
ask_around(__u32 n, struct ascent *a)
{
	const struct prison *pr = bpf_map_lookup_elem(&prisons, &a->jail);

	(void)n;
	if (pr == NULL || !prison_has(pr, &a->at->addr))
		return (1);
	a->jail = pr->pr_parent;
	a->at->ports = prison_ports_at(pr, &a->at->addr);
	if (is_wanted(a->ctx, a->at)) {
		a->wanted = true;
		return (1);
	}
	if (!is_open(a->ctx, pr, a->at, a->hostlisten))
		a->open = false;
	return (0);
}

/* Nobody gets it, not even one of the host who would take it. */
static __always_inline int
refuse_lookup(struct bpf_sk_lookup *ctx, const struct prison *pr,
    enum jail_reason reason, const struct jail_in6 *addr)
{
	struct jail_event *e = refusal(pr, reason, JAIL_DIR_IN,
	    ctx->family == JAIL_AF_INET ? 4 : 6);

	if (e != NULL) {
		e->je_has = JE_PROTO | JE_SRC | JE_DST;
		e->je_proto = ctx->protocol;
		e->je_src = remote_addr(ctx);
		e->je_sport = bpf_ntohs(ctx->remote_port);
		e->je_dst = *addr;
		e->je_dport = ctx->local_port;
		event_send(e);
	}
	return (SK_DROP);
}

/* Nobody of the jail wants it. May one around it, or the host, have it? */
static __always_inline int
unwanted(struct bpf_sk_lookup *ctx, const struct ip_owner *owner,
    struct listener_key *at, __u32 hostlisten)
{
	struct ascent a = { .ctx = ctx, .at = at, .hostlisten = hostlisten };
	const struct prison *pr = prison_of_owner(owner);

	if (pr == NULL)
		return (refuse_lookup(ctx, pr, JR_NOPRISON, &at->addr));
	a.open = is_open(ctx, pr, at, hostlisten);
	if (owner->nested) {
		a.jail = pr->pr_parent;
		bpf_loop(JAIL_DEPTH, ask_around, &a, 0);
	}
	return (a.wanted || a.open ? SK_PASS : refuse_lookup(ctx, pr,
	    JR_NOLISTENER, &at->addr));
}

static __always_inline int
lookup(struct bpf_sk_lookup *ctx, const struct ip_owner *owner,
    const struct jail_in6 *addr, __u32 hostlisten)
{
	struct listener_key at = { .netns = netns, .ports = owner->ports,
		.addr = *addr, .port = ctx->local_port };

	if (is_wanted(ctx, &at))
		return (SK_PASS);
	return (unwanted(ctx, owner, &at, hostlisten));
}

static __always_inline int
lookup4(struct bpf_sk_lookup *ctx)
{
	const __be32 addr = ctx->local_ip4;
	const struct jail_in6 mapped = in6_map(addr);
	const struct ip_owner *owner = bpf_map_lookup_elem(&ip4_owners, &addr);

	return (owner == NULL ? SK_PASS : lookup(ctx, owner, &mapped,
	    PR_IP4_HOSTLISTEN));
}

static __always_inline int
lookup6(struct bpf_sk_lookup *ctx)
{
	const struct jail_in6 addr = { { ctx->local_ip6[0], ctx->local_ip6[1],
	    ctx->local_ip6[2], ctx->local_ip6[3] } };
	const struct ip_owner *owner = bpf_map_lookup_elem(&ip6_owners, &addr);

	return (owner == NULL ? SK_PASS : lookup(ctx, owner, &addr,
	    PR_IP6_HOSTLISTEN));
}

SEC("sk_lookup")
int
in_lookup(struct bpf_sk_lookup *ctx)
{
	return (ctx->family == JAIL_AF_INET ? lookup4(ctx) : lookup6(ctx));
}
