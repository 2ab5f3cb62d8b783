/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The ports of a jail in maps: who has them, and which ports of the kernel's
 * stand for them. For entry points only.
 */

#ifndef _IN_PORT_BPF_H_
#define _IN_PORT_BPF_H_

#include <linux/in.h>

#include <kern-jail/kern_jail.bpf.h>

#include "in_port.h"
#include "in_sets.bpf.h"

#define PORT_PATIENCE	4096	/* while others change an entry */

/* Where the kernel has a socket. */
struct place {
	struct jail_in6 addr;
	__u16 port;
};

/*
 * The port's entry, made if there is none; NULL: *error says that the map is
 * full, or somebody else who had made it has dropped it.
 */
static __always_inline struct port *
port_entry(const struct port_key *key, long *error)
{
	struct port none = { 0 }, *p;

	p = bpf_map_lookup_elem(&ports, key);
	if (p != NULL)
		return (p);
	none.count = (__u64)bpf_get_prandom_u32() << PORT_LIFE;
	*error = bpf_map_update_elem(&ports, key, &none, BPF_NOEXIST);
	return (bpf_map_lookup_elem(&ports, key));
}

/* Is there no room for an entry, or for a socket in it? */
static __always_inline bool
port_full(const struct port *p, long error)
{
	if (p == NULL)
		return (error == -E2BIG || error == -ENOMEM);
	return (p->count != PORT_DEAD &&
	    port_field(p->count, PORT_SOCKETS) == PORT_FIELD);
}

/*
 * Count a socket into an entry, if that is not being dropped and nobody else
 * changes it. Sets *old to what the count was.
 */
static __always_inline bool
port_add(struct port *p, __u64 share, __u64 *old)
{
	*old = p->count;
	return (*old != PORT_DEAD &&
	    port_field(*old, PORT_SOCKETS) != PORT_FIELD &&
	    __sync_val_compare_and_swap(&p->count, *old, *old + share) ==
	    *old);
}

/* Who takes the last socket out of an entry drops it. */
static __always_inline void
port_leave(const struct port_key *key, const struct sock_bind *sb)
{
	const __u64 share = port_share(sb->flags);
	struct port *p = bpf_map_lookup_elem(&ports, key);
	__u64 left;

	if (p == NULL)
		return;
	left = __sync_fetch_and_add(&p->count, -share) - share;
	if (port_field(left, PORT_SOCKETS) == 0 &&
	    __sync_val_compare_and_swap(&p->count, left, PORT_DEAD) == left)
		bpf_map_delete_elem(&ports, key);
}

/*
 * The keys of a socket, by numbers from 0: in its family, and then in IPv4 if
 * it takes that too. Returns false if it does not have the nth.
 */
static __always_inline bool
port_key_nth(const struct sock_bind *sb, __u32 n, __u16 real,
    struct port_key *key)
{
	if (n >= PORT_KINDS && !(sb->flags & SB_DUAL))
		return (false);
	*key = n >= PORT_KINDS ? port_any4(sb) : sb->key;
	switch (n % PORT_KINDS) {
	case PORT_ADDR:
		return (true);
	case PORT_TOTAL:
		*key = port_total(key);
		return (true);
	default:
		*key = port_kernels(key, real);
		return (sb->key.proto == IPPROTO_TCP);
	}
}

/* A socket that is to be counted in by its nth key. */
struct port_entrant {
	const struct port_key *key;
	const struct sock_bind *sb;
	const struct place *at;
	__u32 n;
	__u32 real;		/* what the entry has for that then */
	bool entered, full;
};

/* Who is the first says what there is to say. */
static __always_inline void
port_describe(struct port *p, const struct port_entrant *e, __u64 old)
{
	if (port_field(old, PORT_SOCKETS) == 0) {
		p->uid = e->sb->uid;
		p->bound = e->at->addr;
		p->real = 0;
	}
	if (e->n == PORT_ADDR && p->real == 0)
		p->real = e->at->port;
}

/*
 * What was an entry of this key when it was looked up may be another's by now;
 * once the socket is counted, it stays.
 */
static long
port_try(__u32 n, struct port_entrant *e)
{
	const __u64 share = port_share(e->sb->flags);
	long error = 0;
	struct port *p = port_entry(e->key, &error);
	__u64 old;

	(void)n;
	e->full = port_full(p, error);
	if (p == NULL || !port_add(p, share, &old))
		return (0);
	e->entered = bpf_map_lookup_elem(&ports, e->key) == p;
	if (!e->entered) {
		__sync_fetch_and_add(&p->count, -share);
		return (0);
	}
	port_describe(p, e, old);
	e->real = p->real;
	return (1);
}

/*
 * Count a socket in by its nth key. Somebody else of the jail may have been
 * faster to get another port of the kernel's for the same; or he closes the
 * last socket that has it, and does not come to the end of that.
 *
 * Returns 0, EADDRINUSE or ENOBUFS.
 */
static __always_inline int
port_enter(const struct port_key *key, const struct sock_bind *sb, __u32 n,
    const struct place *at)
{
	struct port_entrant e = { .key = key, .sb = sb, .at = at, .n = n };

	bpf_loop(PORT_PATIENCE, port_try, &e, 0);
	if (!e.entered)
		return (e.full ? ENOBUFS : EADDRINUSE);
	if (n != PORT_ADDR || e.real == at->port)
		return (0);
	port_leave(key, sb);
	return (EADDRINUSE);
}

/*
 * A socket on its way through its keys. (What is called back, or is not static,
 * the verifier looks at once, and not for each way that leads there.)
 */
struct port_walk {
	const struct sock_bind *sb;
	struct place at;
	int error;
};

static long
port_leave_key(__u32 n, struct port_walk *w)
{
	struct port_key key;

	if (port_key_nth(w->sb, n, w->at.port, &key))
		port_leave(&key, w->sb);
	return (0);
}

/* Count it out by its first keys, n of them. */
__weak __noinline int
port_leave_all(const struct sock_bind *sb, int n, __u16 real)
{
	struct port_walk w = { .sb = sb, .at.port = real };

	if (sb != NULL)
		bpf_loop(n, port_leave_key, &w, 0);
	return (0);
}

static long
port_enter_key(__u32 n, struct port_walk *w)
{
	struct port_key key;

	if (!port_key_nth(w->sb, n, w->at.port, &key))
		return (0);
	w->error = port_enter(&key, w->sb, n, &w->at);
	return (w->error != 0);
}

/* Count it in by all keys, or by none. */
__weak __noinline int
port_enter_all(const struct sock_bind *sb, const struct place *at)
{
	struct port_walk w = { .sb = sb };
	long n;

	if (sb == NULL || at == NULL)
		return (EINVAL);
	w.at = *at;
	n = bpf_loop(2 * PORT_KINDS, port_enter_key, &w, 0);
	if (w.error != 0)
		port_leave_all(sb, n - 1, at->port);
	return (w.error);
}

/* The kernel's port for what the socket asks for; 0: it has none yet. */
static __always_inline __u16
port_real(const struct sock_bind *sb)
{
	const struct port *p = bpf_map_lookup_elem(&ports, &sb->key);

	return (p != NULL && p->count != PORT_DEAD &&
	    port_field(p->count, PORT_SOCKETS) > 0 ? p->real : 0);
}

/* The socket has got its port. Returns 0, EADDRINUSE or ENOBUFS. */
static __always_inline int
port_hold(struct sock_bind *sb, const struct place *at)
{
	int error = port_enter_all(sb, at);

	if (error != 0)
		return (error);
	sb->real = at->port;
	sb->flags |= SB_HELD;
	return (0);
}

static __always_inline void
port_drop(struct sock_bind *sb)
{
	if (!(sb->flags & SB_HELD))
		return;
	sb->flags &= ~SB_HELD;
	port_leave_all(sb, 2 * PORT_KINDS, sb->real);
}

static long
port_listen_key(__u32 n, struct port_walk *w)
{
	struct port_key key;
	struct port *p;

	if (!port_key_nth(w->sb, n, w->at.port, &key))
		return (0);
	p = bpf_map_lookup_elem(&ports, &key);
	if (p != NULL)
		__sync_fetch_and_add(&p->count, 1ULL << PORT_LISTEN);
	return (0);
}

/* A socket that has its port begins to listen. */
static __always_inline void
port_listen(struct sock_bind *sb)
{
	struct port_walk w = { .sb = sb, .at.port = sb->real };

	if (!(sb->flags & SB_HELD) || (sb->flags & SB_LISTEN))
		return;
	bpf_loop(2 * PORT_KINDS, port_listen_key, &w, 0);
	sb->flags |= SB_LISTEN;
}

/*
 * May the socket have the port, for what the entry says of those who have it?
 * If it is among them itself, for the others.
 */
static __always_inline int
port_use(const struct port_key *key, const struct sock_bind *sb, bool counted)
{
	const struct port *p = bpf_map_lookup_elem(&ports, key);
	__u64 count;

	if (p == NULL)
		return (0);
	count = p->count;
	if (counted)
		count -= port_share(sb->flags);
	return (prison_check_portuse(count, p->uid, sb));
}

/*
 * May the socket have the port that it asks for? Of two that ask at the same
 * time, one sees the other when it looks again, counted itself.
 *
 * Returns 0 or EADDRINUSE.
 */
__weak __noinline int
port_check(const struct sock_bind *sb, bool counted)
{
	struct port_key key;
	int error;

	if (sb == NULL)
		return (EINVAL);
	key = port_total(&sb->key);
	if (sb->flags & SB_ANY) {
		error = port_use(&key, sb, counted);
		if (error != 0 || !(sb->flags & SB_DUAL))
			return (error);
		key = port_any4(sb);
		key = port_total(&key);
		return (port_use(&key, sb, counted));
	}
	key = sb->key;
	error = port_use(&key, sb, counted);
	if (error != 0)
		return (error);
	key = port_any(&sb->key);
	return (port_use(&key, sb, false));
}

/* Has the kernel a socket whose ports these are at that address? */
static __always_inline bool
port_placed(struct port_key *key, const struct jail_in6 *at)
{
	const struct port *p;

	key->addr = *at;
	if (bpf_map_lookup_elem(&ports, key) != NULL)
		return (true);
	*key = port_any(key);
	p = bpf_map_lookup_elem(&ports, key);
	return (p != NULL && in6_equal(&p->bound, at));
}

/* A UDP socket, and the jails that may have its port where it is to be. */
struct port_ascent {
	const struct sock_bind *sb;
	const struct jail_in6 *at;
	struct port_key key;
	__u64 jail;		/* key in prisons of the next one */
	__u64 own;		/* name space of the socket's ports there */
	bool taken;
};

static long
port_ask_inner(__u32 n, struct port_ascent *a)
{
	const struct prison *pr = bpf_map_lookup_elem(&prisons, &a->jail);

	(void)n;
	if (pr == NULL)
		return (1);
	a->jail = pr->pr_parent;
	a->key.ports = prison_ports_at(pr, a->at);
	if (a->key.ports == a->own)
		return (1);
	a->taken = port_placed(&a->key, a->at);
	return (a->taken);
}

/*
 * Has a jail in that of the UDP socket the port already, where the kernel is to
 * have this one? It gives what comes to the one that was bound last, and that
 * must not be the outer jail's.
 *
 * Returns 0 or EADDRINUSE.
 */
__weak __noinline int
port_check_inner(const struct sock_bind *sb, const struct jail_in6 *at)
{
	struct port_ascent a = { .sb = sb, .at = at };
	const struct prison_info *pi;
	const struct ip_owner *owner;

	if (sb == NULL || at == NULL)
		return (EINVAL);
	a.own = in6_v4mapped(at) ? sb->ports4 : sb->key.ports;
	owner = owner_of(at);
	if (owner == NULL || !owner->nested || owner->ports == a.own)
		return (0);
	pi = bpf_map_lookup_elem(&prison_infos, &owner->jid);
	if (pi == NULL)
		return (0);
	a.jail = pi->pi_cgroup;
	a.key = sb->key;
	a.key.family = in6_v4mapped(at) ? 4 : 6;
	bpf_loop(JAIL_DEPTH, port_ask_inner, &a, 0);
	return (a.taken ? EADDRINUSE : 0);
}

/* Has the kernel a socket there that takes both families? */
static __always_inline bool
port_dual(struct port_key *key, const struct prison *pr,
    const struct jail_in6 *at)
{
	const struct port *p;

	key->family = 6;
	key->ports = pr->pr_ports6;
	*key = port_any(key);
	p = bpf_map_lookup_elem(&ports, key);
	key->family = in6_v4mapped(at) ? 4 : 6;
	return (p != NULL && in6_equal(&p->bound, at));
}

static long
port_ask_outer(__u32 n, struct port_ascent *a)
{
	const struct prison *pr = bpf_map_lookup_elem(&prisons, &a->jail);

	(void)n;
	if (pr == NULL || !prison_has(pr, a->at))
		return (1);
	a->jail = pr->pr_parent;
	a->key.ports = prison_ports_at(pr, a->at);
	if (a->key.ports == a->own || !port_placed(&a->key, a->at))
		return (0);
	a->taken = (a->sb->flags & SB_REUSEPORT) ||
	    !port_dual(&a->key, pr, a->at);
	return (a->taken);
}

/*
 * The same of a jail around that of the socket, for one that the kernel would
 * not prefer though it is bound last: an IPv6 socket at an IPv4 address, if the
 * other is none, and one with SO_REUSEPORT.
 */
__weak __noinline int
port_check_outer(const struct sock_bind *sb, const struct jail_in6 *at,
    __u64 parent)
{
	struct port_ascent a = { .sb = sb, .at = at, .jail = parent };

	if (sb == NULL || at == NULL)
		return (EINVAL);
	a.own = in6_v4mapped(at) ? sb->ports4 : sb->key.ports;
	a.key = sb->key;
	a.key.family = in6_v4mapped(at) ? 4 : 6;
	bpf_loop(JAIL_DEPTH, port_ask_outer, &a, 0);
	return (a.taken ? EADDRINUSE : 0);
}

static __always_inline __u32
option_of(struct bpf_sock_addr *ctx, int option, __u32 flag)
{
	int on = 0;

	bpf_getsockopt(ctx, JAIL_SOL_SOCKET, option, &on, sizeof(on));
	return (on != 0 ? flag : 0);
}

/*
 * Sockets outside the jail that have the port are none of its business: for UDP
 * all of them, for TCP those of servers, where connections of the jail's are.
 */
static __always_inline void
reuse_addr(void *ctx)
{
	int on = 1;

	bpf_setsockopt(ctx, JAIL_SOL_SOCKET, JAIL_SO_REUSEADDR, &on,
	    sizeof(on));
}

#endif /* !_IN_PORT_BPF_H_ */
