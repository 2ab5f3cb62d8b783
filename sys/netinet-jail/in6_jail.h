/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What a jail may do with an IPv6 address: in_jail.h once more, for addresses
 * of four words. A v4-mapped address never comes here; entry points hand what
 * is inside to the IPv4 decisions.
 */

#ifndef _IN6_JAIL_H_
#define _IN6_JAIL_H_

#include <linux/errno.h>
#include <linux/types.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>

#include <sys/jail.h>

/* The two questions that a map answers; whoever includes this defines them. */
static inline bool prison_member_ip6(__u64 set, const struct jail_in6 *addr);
static inline bool prison_net_ip6(__u64 set, const struct jail_in6 *dst,
    struct jail_in6 *src);

static inline bool
in6_equal(const struct jail_in6 *a, const struct jail_in6 *b)
{
	return (a->s6[0] == b->s6[0] && a->s6[1] == b->s6[1] &&
	    a->s6[2] == b->s6[2] && a->s6[3] == b->s6[3]);
}

static inline bool
in6_multicast(const struct jail_in6 *a)
{
	return ((a->s6[0] & bpf_htonl(0xff000000)) == bpf_htonl(0xff000000));
}

static inline bool
in6_unspecified(const struct jail_in6 *a)
{
	return ((a->s6[0] | a->s6[1] | a->s6[2] | a->s6[3]) == 0);
}

static inline bool
in6_loopback(const struct jail_in6 *a)
{
	return ((a->s6[0] | a->s6[1] | a->s6[2]) == 0 &&
	    a->s6[3] == bpf_htonl(1));
}

static inline bool
in6_v4mapped(const struct jail_in6 *a)
{
	return ((a->s6[0] | a->s6[1]) == 0 && a->s6[2] == bpf_htonl(0xffff));
}

/* Is it what ::1 is to the kernel in some jail? */
static inline bool
in6_alias(const struct jail_in6 *a)
{
	return (a->s6[0] == bpf_htonl(JAIL_LO6_0) &&
	    a->s6[1] == bpf_htonl(JAIL_LO6_1) && a->s6[2] == 0);
}

/*
 * Is addr one of the jail's addresses?
 *
 * Returns 0, EADDRNOTAVAIL if it is not, EAFNOSUPPORT if the jail has no IPv6.
 */
static inline int
prison_check_ip6(const struct prison *pr, const struct jail_in6 *addr)
{
	if (!(pr->pr_flags & PR_IP6))
		return (in6_alias(addr) ? EADDRNOTAVAIL : 0);
	if (pr->pr_nip6 == 0)
		return (EAFNOSUPPORT);
	if (in6_equal(addr, &pr->pr_ip6))
		return (0);
	if (pr->pr_nip6 > 1 && prison_member_ip6(pr->pr_ip6s, addr))
		return (0);
	return (EADDRNOTAVAIL);
}

/* Is addr what ::1 is in the jail? */
static inline bool
prison_loopback_ip6(const struct prison *pr, const struct jail_in6 *addr)
{
	if (pr->pr_flags & PR_LO_HOST)
		return (in6_loopback(addr));
	return (in6_equal(addr, &pr->pr_lo6) && !in6_unspecified(addr));
}

/* What ::1 is to the kernel. */
static inline struct jail_in6
prison_lo6(const struct prison *pr)
{
	const struct jail_in6 lo = { { 0, 0, 0, bpf_htonl(1) } };

	if (pr->pr_flags & PR_LO_HOST)
		return (lo);
	return (in6_unspecified(&pr->pr_lo6) ? pr->pr_ip6 : pr->pr_lo6);
}

/*
 * Make sure that a local address, as given to bind(2), has a meaning in the
 * jail. :: becomes the primary address, and ::1 the jail's loopback if it is
 * none of the jail's own.
 *
 * Returns 0 with *addr as it is to be used, EADDRNOTAVAIL if it is not in the
 * set, EAFNOSUPPORT if the jail has no IPv6.
 */
static inline int
prison_local_ip6(const struct prison *pr, struct jail_in6 *addr)
{
	int error;

	error = prison_check_ip6(pr, addr);
	if (error != EADDRNOTAVAIL)
		return (error);
	if (in6_unspecified(addr))
		*addr = pr->pr_ip6;
	else if (in6_loopback(addr))
		*addr = prison_lo6(pr);
	else
		return (error);
	return (0);
}

/*
 * Make sure that a destination has a meaning in the jail. :: and ::1, both the
 * host's loopback, become the jail's. What is another jail's is nowhere.
 *
 * Returns 0 with *addr as it is to be used, ENETUNREACH for a loopback address
 * that is not the jail's, EAFNOSUPPORT if the jail has no IPv6.
 */
static inline int
prison_remote_ip6(const struct prison *pr, struct jail_in6 *addr)
{
	int error;

	error = prison_check_ip6(pr, addr);
	if (error != EADDRNOTAVAIL)
		return (error);
	if (in6_unspecified(addr) || in6_loopback(addr))
		*addr = prison_lo6(pr);
	else if (in6_alias(addr) && !prison_loopback_ip6(pr, addr))
		return (ENETUNREACH);
	return (0);
}

/*
 * May a socket that is bound to src send to dst, which is as
 * prison_remote_ip6() made it?
 *
 * Returns 0, EADDRNOTAVAIL or EAFNOSUPPORT.
 */
static inline int
prison_source_ip6(const struct prison *pr, const struct jail_in6 *src,
    const struct jail_in6 *dst)
{
	int error;

	error = prison_check_ip6(pr, src);
	if (error != EADDRNOTAVAIL || !prison_loopback_ip6(pr, src))
		return (error);
	if (prison_loopback_ip6(pr, dst))
		return (0);
	return (prison_check_ip6(pr, dst));
}

/*
 * Pick the source for a socket that has none: the jail's loopback for what is
 * there; if ip6.saddrsel is on, dst itself if it is the jail's (rule 1 of RFC
 * 6724), or what the longest prefix that dst is in calls for (the others); or
 * else the primary one.
 *
 * Returns 0 with *src set, or to :: if the kernel may choose; EAFNOSUPPORT if
 * the jail has no IPv6.
 */
static inline int
prison_saddrsel_ip6(const struct prison *pr, const struct jail_in6 *dst,
    struct jail_in6 *src)
{
	src->s6[0] = src->s6[1] = src->s6[2] = src->s6[3] = 0;
	if (!(pr->pr_flags & PR_IP6))
		return (0);
	if (pr->pr_nip6 == 0)
		return (EAFNOSUPPORT);
	if (prison_loopback_ip6(pr, dst)) {
		*src = prison_lo6(pr);
		return (0);
	}
	*src = pr->pr_ip6;
	if (pr->pr_nip6 == 1 || !(pr->pr_flags & PR_IP6_SADDRSEL))
		return (0);
	if (prison_member_ip6(pr->pr_ip6s, dst))
		*src = *dst;
	else
		prison_net_ip6(pr->pr_ip6s, dst, src);
	return (0);
}

/*
 * May the jail send a packet from src to dst? What has passed the calls above
 * has; raw sockets come here only.
 *
 * Returns JR_NONE or the reason why not.
 */
static inline enum jail_reason
prison_output_ip6(const struct prison *pr, const struct jail_in6 *src,
    const struct jail_in6 *dst)
{
	int error;

	error = prison_source_ip6(pr, src, dst);
	if (error != 0)
		return (error == EAFNOSUPPORT ? JR_NOFAMILY : JR_SRCADDR);
	if ((in6_loopback(dst) || in6_alias(dst)) &&
	    !prison_loopback_ip6(pr, dst) && prison_check_ip6(pr, dst) != 0)
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
prison_input_ip6(const struct prison *pr, const struct jail_in6 *src,
    const struct jail_in6 *dst)
{
	int error;

	error = prison_check_ip6(pr, dst);
	if (error == EADDRNOTAVAIL && prison_loopback_ip6(pr, dst) &&
	    ((pr->pr_flags & PR_LO_HOST) || in6_equal(src, dst) ||
	    prison_check_ip6(pr, src) == 0))
		return (JR_NONE);
	if (error != 0)
		return (error == EAFNOSUPPORT ? JR_NOFAMILY : JR_DSTADDR);
	return (JR_NONE);
}

#endif /* !_IN6_JAIL_H_ */
