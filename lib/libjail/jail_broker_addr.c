/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The decisions of the kernel half about addresses, for the broker: it does for
 * raw sockets what hooks do for the others, and by the same code.
 */

#include <errno.h>
#include <string.h>

#include "jail_broker.h"

/* (These want <netinet/in.h> to have come before.) */
#include <netinet-jail/in6_jail.h>
#include <netinet-jail/in_jail.h>

/* Whose maps the answers below are from; a process has one broker. */
static const struct kern *maps;

static inline bool
prison_member_ip4(__u64 set, __be32 addr)
{
	struct prison_ip4_key key = { .set = set, .addr = addr };
	struct prison_ip4 value;

	return (kern_get(maps, KM_IP4S, &key, &value) == 0);
}

static inline bool
prison_net_ip4(__u64 set, __be32 dst, __be32 *src)
{
	struct ip4_net key = {
		.prefixlen = 96, .set = { set, set >> 32 }, .addr = dst
	};
	struct ip4_source found;

	if (kern_get(maps, KM_IP4_NETS, &key, &found) != 0)
		return (false);
	*src = found.addr;
	return (true);
}

static inline bool
prison_member_ip6(__u64 set, const struct jail_in6 *addr)
{
	struct prison_ip6_key key = { .set = set, .addr = *addr };
	struct prison_ip6 value;

	return (kern_get(maps, KM_IP6S, &key, &value) == 0);
}

static inline bool
prison_net_ip6(__u64 set, const struct jail_in6 *dst, struct jail_in6 *src)
{
	struct ip6_net key = {
		.prefixlen = 192, .set = { set, set >> 32 }, .addr = *dst
	};
	struct ip6_source found;

	if (kern_get(maps, KM_IP6_NETS, &key, &found) != 0)
		return (false);
	*src = found.addr;
	return (true);
}

static struct jail_in6
in6_of(const union sockaddrs *sa)
{
	struct jail_in6 addr;

	memcpy(&addr, &sa->sin6.sin6_addr, sizeof(addr));
	return (addr);
}

static void
in6_into(union sockaddrs *sa, const struct jail_in6 *addr)
{
	memcpy(&sa->sin6.sin6_addr, addr, sizeof(*addr));
}

/* The jail as it is now. */
int
broker_prison(const struct broker *b, struct prison *pr)
{
	maps = &b->k;
	return (kern_get(&b->k, KM_PRISONS, &b->cgroup, pr) == 0 ? 0 : EPERM);
}

/* The address that a socket has which asked for none; ENOENT: any. */
int
broker_primary(const struct prison *pr, int af, union sockaddrs *sa)
{
	memset(sa, 0, sizeof(*sa));
	sa->sa.sa_family = af;
	if (af == AF_INET && (pr->pr_flags & PR_IP4) && pr->pr_nip4 != 0)
		sa->sin.sin_addr.s_addr = pr->pr_ip4;
	else if (af == AF_INET6 && (pr->pr_flags & PR_IP6) && pr->pr_nip6 != 0)
		in6_into(sa, &pr->pr_ip6);
	else
		return (ENOENT);
	return (0);
}

static int
local_ip4(const struct prison *pr, __be32 *addr)
{
	if ((pr->pr_flags & PR_ALLOW_MULTICAST) && in_multicast(*addr))
		return (0);
	return (prison_loopback_ip4(pr, *addr) ? 0 :
	    prison_local_ip4(pr, addr));
}

static int
local_ip6(const struct prison *pr, struct jail_in6 *addr)
{
	if ((pr->pr_flags & PR_ALLOW_MULTICAST) && in6_multicast(addr))
		return (0);
	return (prison_loopback_ip6(pr, addr) ? 0 :
	    prison_local_ip6(pr, addr));
}

/* As the bind hooks, but that the loopback may have the kernel's name, too. */
int
broker_local(const struct broker *b, const struct prison *pr,
    union sockaddrs *sa)
{
	struct jail_in6 addr = in6_of(sa);
	int error;

	maps = &b->k;
	if (sa->sa.sa_family == AF_INET)
		return (local_ip4(pr, &sa->sin.sin_addr.s_addr));
	error = local_ip6(pr, &addr);
	in6_into(sa, &addr);
	return (error);
}

/* As the connect hooks, for the destination. */
int
broker_remote(const struct broker *b, const struct prison *pr,
    union sockaddrs *sa)
{
	struct jail_in6 addr = in6_of(sa);
	int error;

	maps = &b->k;
	if (sa->sa.sa_family == AF_INET)
		return (prison_remote_ip4(pr, &sa->sin.sin_addr.s_addr));
	error = prison_remote_ip6(pr, &addr);
	in6_into(sa, &addr);
	return (error);
}

/* As the connect hooks, for the source; ENOENT: the kernel may choose. */
int
broker_source(const struct broker *b, const struct prison *pr,
    const union sockaddrs *dst, union sockaddrs *src)
{
	const struct jail_in6 to = in6_of(dst);
	struct jail_in6 from;
	int error;

	maps = &b->k;
	memset(src, 0, sizeof(*src));
	src->sa.sa_family = dst->sa.sa_family;
	if (dst->sa.sa_family == AF_INET) {
		error = prison_saddrsel_ip4(pr, dst->sin.sin_addr.s_addr,
		    &src->sin.sin_addr.s_addr);
		return (error == 0 && src->sin.sin_addr.s_addr == INADDR_ANY ?
		    ENOENT : error);
	}
	error = prison_saddrsel_ip6(pr, &to, &from);
	in6_into(src, &from);
	src->sin6.sin6_scope_id = dst->sin6.sin6_scope_id;
	return (error == 0 && in6_unspecified(&from) ? ENOENT : error);
}
