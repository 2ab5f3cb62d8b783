/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What a jail may do with an IPv4 address. Decisions only, named as in
 * FreeBSD's sys/netinet/in_jail.c; compiled for BPF and for native tests. Every
 * address is in network byte order. A jail whose IPv4 is not restricted
 * (PR_IP4 not set: ip4=inherit) may do everything, but with the loopback of
 * another one.
 */

#ifndef _IN_JAIL_H_
#define _IN_JAIL_H_

#include <linux/errno.h>
#include <linux/in.h>
#include <linux/types.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>

#include <sys/jail.h>

/* The two questions that a map answers; whoever includes this defines them. */
static inline bool prison_member_ip4(__u64 set, __be32 addr);
static inline bool prison_net_ip4(__u64 set, __be32 dst, __be32 *src);

static inline bool
in_loopback(__be32 addr)
{
	return ((addr & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000));
}

/* Is it what 127.0.0.1 is to the kernel in some jail? */
static inline bool
in_alias(__be32 addr)
{
	return ((addr & bpf_htonl(0xfff00000)) == bpf_htonl(JAIL_LO4));
}

static inline bool
in_multicast(__be32 addr)
{
	return ((addr & bpf_htonl(0xf0000000)) == bpf_htonl(0xe0000000));
}

/*
 * Is addr one of the jail's addresses?
 *
 * Returns 0, EADDRNOTAVAIL if it is not, EAFNOSUPPORT if the jail has no IPv4.
 */
static inline int
prison_check_ip4(const struct prison *pr, __be32 addr)
{
	if (!(pr->pr_flags & PR_IP4))
		return (in_alias(addr) ? EADDRNOTAVAIL : 0);
	if (pr->pr_nip4 == 0)
		return (EAFNOSUPPORT);
	if (addr == pr->pr_ip4)
		return (0);
	if (pr->pr_nip4 > 1 && prison_member_ip4(pr->pr_ip4s, addr))
		return (0);
	return (EADDRNOTAVAIL);
}

/* Is addr what 127.0.0.1 is in the jail, or with it of the host's loopback? */
static inline bool
prison_loopback_ip4(const struct prison *pr, __be32 addr)
{
	if (!in_loopback(addr))
		return (false);
	if (pr->pr_flags & PR_LO_HOST)
		return (!in_alias(addr));
	return (addr == pr->pr_lo4);
}

/* What 127.0.0.1 is to the kernel. */
static inline __be32
prison_lo4(const struct prison *pr)
{
	if (pr->pr_flags & PR_LO_HOST)
		return (bpf_htonl(INADDR_LOOPBACK));
	return (pr->pr_lo4 != 0 ? pr->pr_lo4 : pr->pr_ip4);
}

/*
 * Make sure that a local address, as given to bind(2), has a meaning in the
 * jail. INADDR_ANY becomes the primary address, and 127.0.0.1 the jail's
 * loopback if it is none of the jail's own.
 *
 * Returns 0 with *addr as it is to be used, EADDRNOTAVAIL if it is not in the
 * set, EAFNOSUPPORT if the jail has no IPv4.
 */
static inline int
prison_local_ip4(const struct prison *pr, __be32 *addr)
{
	int error;

	error = prison_check_ip4(pr, *addr);
	if (error != EADDRNOTAVAIL)
		return (error);
	if (*addr == INADDR_ANY)
		*addr = pr->pr_ip4;
	else if (*addr == bpf_htonl(INADDR_LOOPBACK))
		*addr = prison_lo4(pr);
	else if (!(pr->pr_flags & PR_LO_HOST) ||
	    !prison_loopback_ip4(pr, *addr))
		return (error);
	return (0);
}

/*
 * Make sure that a destination has a meaning in the jail. INADDR_ANY, which
 * would be the host's loopback, and 127.0.0.1 become the jail's; the rest of
 * 127/8 is nowhere. (The kernel itself names the jail's loopback to a datagram
 * of an IPv6 socket that is connected to it.)
 *
 * Returns 0 with *addr as it is to be used, ENETUNREACH for a loopback address
 * that is not the jail's, EAFNOSUPPORT if the jail has no IPv4.
 */
static inline int
prison_remote_ip4(const struct prison *pr, __be32 *addr)
{
	int error;

	error = prison_check_ip4(pr, *addr);
	if (error != EADDRNOTAVAIL)
		return (error);
	if (*addr == INADDR_ANY || *addr == bpf_htonl(INADDR_LOOPBACK))
		*addr = prison_lo4(pr);
	else if (in_loopback(*addr) && !prison_loopback_ip4(pr, *addr))
		return (ENETUNREACH);
	return (0);
}

/*
 * May a socket that is bound to src send to dst, which is as
 * prison_remote_ip4() made it?
 *
 * Returns 0, EADDRNOTAVAIL, EAFNOSUPPORT or, as ip_route_output_key(), EINVAL
 * from the loopback to elsewhere.
 */
static inline int
prison_source_ip4(const struct prison *pr, __be32 src, __be32 dst)
{
	int error;

	error = prison_check_ip4(pr, src);
	if (error != EADDRNOTAVAIL || !prison_loopback_ip4(pr, src))
		return (error);
	if (prison_loopback_ip4(pr, dst) || prison_check_ip4(pr, dst) == 0)
		return (0);
	return (EINVAL);
}

/*
 * Pick the source for a socket that has none: the jail's loopback for what is
 * there; if ip4.saddrsel is on, dst itself if it is the jail's, or what the
 * longest prefix that dst is in calls for; or else the primary one.
 *
 * Returns 0 with *src set, or to INADDR_ANY if the kernel may choose;
 * EAFNOSUPPORT if the jail has no IPv4.
 */
static inline int
prison_saddrsel_ip4(const struct prison *pr, __be32 dst, __be32 *src)
{
	*src = INADDR_ANY;
	if (!(pr->pr_flags & PR_IP4))
		return (0);
	if (pr->pr_nip4 == 0)
		return (EAFNOSUPPORT);
	if (prison_loopback_ip4(pr, dst)) {
		*src = prison_lo4(pr);
		return (0);
	}
	*src = pr->pr_ip4;
	if (pr->pr_nip4 == 1 || !(pr->pr_flags & PR_IP4_SADDRSEL))
		return (0);
	if (prison_member_ip4(pr->pr_ip4s, dst))
		*src = dst;
	else
		prison_net_ip4(pr->pr_ip4s, dst, src);
	return (0);
}

/*
 * May the jail send a packet from src to dst? What has passed the calls above
 * has; raw sockets come here only.
 *
 * Returns JR_NONE or the reason why not.
 */
static inline enum jail_reason
prison_output_ip4(const struct prison *pr, __be32 src, __be32 dst)
{
	int error;

	error = prison_source_ip4(pr, src, dst);
	if (error != 0)
		return (error == EAFNOSUPPORT ? JR_NOFAMILY : JR_SRCADDR);
	if (in_loopback(dst) && !prison_loopback_ip4(pr, dst) &&
	    prison_check_ip4(pr, dst) != 0)
		return (JR_LOOPBACK);
	return (JR_NONE);
}

/*
 * May a packet from src to dst be delivered to the jail? At its loopback, only
 * if it comes from the jail.
 *
 * Returns JR_NONE or the reason why not.
 */
static inline enum jail_reason
prison_input_ip4(const struct prison *pr, __be32 src, __be32 dst)
{
	int error;

	error = prison_check_ip4(pr, dst);
	if (error == EADDRNOTAVAIL && prison_loopback_ip4(pr, dst) &&
	    ((pr->pr_flags & PR_LO_HOST) || src == dst ||
	    prison_check_ip4(pr, src) == 0))
		return (JR_NONE);
	if (error != 0)
		return (error == EAFNOSUPPORT ? JR_NOFAMILY : JR_DSTADDR);
	return (JR_NONE);
}

#endif /* !_IN_JAIL_H_ */
