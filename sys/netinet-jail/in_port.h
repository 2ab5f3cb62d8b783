/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Which socket of a jail may have which of the jail's ports. Decisions only;
 * compiled for BPF and for native tests.
 */

#ifndef _IN_PORT_H_
#define _IN_PORT_H_

#include <linux/errno.h>
#include <linux/types.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>

#include <kern-jail/kern_priv.h>
#include <sys/jail.h>

static inline struct jail_in6
in6_map(__be32 addr)
{
	struct jail_in6 mapped = { { 0, 0, bpf_htonl(0xffff), addr } };

	return (mapped);
}

/* Is it all addresses of a family? */
static inline bool
in6_wild(const struct jail_in6 *a)
{
	return ((a->s6[0] | a->s6[1] | a->s6[3]) == 0 &&
	    (a->s6[2] == 0 || a->s6[2] == bpf_htonl(0xffff)));
}

static inline __u32
port_field(__u64 count, int field)
{
	return (count >> field & PORT_FIELD);
}

/* What a socket adds to the count of an entry. */
static inline __u64
port_share(__u32 flags)
{
	return (1ULL << PORT_SOCKETS |
	    ((flags & SB_REUSE) ? 1ULL << PORT_REUSE : 0) |
	    ((flags & SB_REUSEPORT) ? 1ULL << PORT_REUSEPORT : 0) |
	    ((flags & SB_LISTEN) ? 1ULL << PORT_LISTEN : 0));
}

/*
 * May a socket have a port that others of the jail have, at the same address or
 * where one of them is bound to all? count is theirs, and uid the first one's.
 *
 * Returns 0 or EADDRINUSE, as inet_csk_get_port() and udp_lib_get_port() of the
 * kernel would if all were bound to that port.
 */
static inline int
prison_check_portuse(__u64 count, __u32 uid, const struct sock_bind *sb)
{
	const __u32 sockets = port_field(count, PORT_SOCKETS);

	if (sockets == 0 || count == PORT_DEAD)
		return (0);
	if ((sb->flags & SB_REUSE) &&
	    port_field(count, PORT_REUSE) == sockets &&
	    port_field(count, PORT_LISTEN) == 0)
		return (0);
	if ((sb->flags & SB_REUSEPORT) &&
	    port_field(count, PORT_REUSEPORT) == sockets && uid == sb->uid)
		return (0);
	return (EADDRINUSE);
}

/* Is all that a socket of the family asks for in sock_binds? */
static inline bool
in_remembered(const struct prison *pr, __u32 family)
{
	return ((pr->pr_flags & (family == JAIL_AF_INET ? PR_IP4 :
	    PR_IP6)) && !(pr->pr_flags & PR_LO_HOST));
}

/* The key of all sockets that have the port, for that of one. */
static inline struct port_key
port_total(const struct port_key *key)
{
	struct port_key total = *key;

	total.kind = PORT_TOTAL;
	__builtin_memset(&total.addr, 0, sizeof(total.addr));
	return (total);
}

/* The key of the sockets that are bound to all addresses, for that of one. */
static inline struct port_key
port_any(const struct port_key *key)
{
	struct port_key any = *key;

	any.addr.s6[0] = any.addr.s6[1] = any.addr.s6[3] = 0;
	any.addr.s6[2] = key->family == 4 ? bpf_htonl(0xffff) : 0;
	return (any);
}

/* The key of the sockets that have this port of the kernel's. */
static inline struct port_key
port_kernels(const struct port_key *key, __u16 real)
{
	struct port_key kernels = port_total(key);

	kernels.kind = PORT_KERNELS;
	kernels.port = real;
	return (kernels);
}

/* The key for IPv4 of an IPv6 socket that takes IPv4 too. */
static inline struct port_key
port_any4(const struct sock_bind *sb)
{
	struct port_key any = sb->key;

	any.family = 4;
	any.ports = sb->ports4;
	return (port_any(&any));
}

#endif /* !_IN_PORT_H_ */
