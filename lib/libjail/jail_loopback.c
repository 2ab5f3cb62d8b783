/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The private loopback of a jail: an address in 127/8, all of which is local
 * anyway, and one for IPv6 that is put on the loopback interface.
 */

#include <sys/socket.h>

#include <arpa/inet.h>
#include <linux/rtnetlink.h>

#include <errno.h>
#include <string.h>

#include "jail_impl.h"

static uint32_t
lo4_of(uint32_t jid)
{
	return (htonl(JAIL_LO4 | jid));
}

static struct jail_in6
lo6_of(uint32_t jid)
{
	return ((struct jail_in6){ { htonl(JAIL_LO6_0), htonl(JAIL_LO6_1), 0,
	    htonl(jid) } });
}

bool
loopback_has6(const struct prison *pr)
{
	const struct jail_in6 lo6 = lo6_of(pr->pr_id);

	return (memcmp(&pr->pr_lo6, &lo6, sizeof(lo6)) == 0);
}

int32_t
loopback_kind(const struct prison *pr)
{
	if (pr->pr_flags & PR_LO_HOST)
		return (JAIL_LO_HOST);
	return (pr->pr_flags & PR_LO_PRIMARY ? JAIL_LO_PRIMARY :
	    JAIL_LO_PRIVATE);
}

/* Returns 0, or -1 if there is no such kind. */
int
loopback_set(struct prison *pr, int32_t kind)
{
	static const uint32_t flags[] = {
		[JAIL_LO_PRIVATE] = 0,
		[JAIL_LO_PRIMARY] = PR_LO_PRIMARY,
		[JAIL_LO_HOST] = PR_LO_HOST,
	};

	if (kind < 0 || kind > JAIL_LO_HOST)
		return (jail_fail(EINVAL, "loopback: not private, primary or "
		    "host"));
	pr->pr_flags &= ~(PR_LO_PRIMARY | PR_LO_HOST);
	pr->pr_flags |= flags[kind];
	return (0);
}

/* A jail has a loopback in the families in which it has addresses. */
void
loopback_choose(struct prison *pr)
{
	bool private = (pr->pr_flags & (PR_LO_PRIMARY | PR_LO_HOST)) == 0;

	pr->pr_lo4 = private && pr->pr_nip4 > 0 ? lo4_of(pr->pr_id) : 0;
	memset(&pr->pr_lo6, 0, sizeof(pr->pr_lo6));
	if (private && pr->pr_nip6 > 0)
		pr->pr_lo6 = lo6_of(pr->pr_id);
}

static int
forget_owner(struct session *s, enum kern_map map, const void *addr)
{
	return (kern_del(&s->k, map, addr) == 0 || errno == ENOENT ? 0 : -1);
}

int
loopback_drop(struct session *s, uint32_t jid)
{
	const uint32_t lo4 = lo4_of(jid);
	const struct jail_in6 lo6 = lo6_of(jid);

	return (forget_owner(s, KM_IP4_OWNERS, &lo4) == 0 ?
	    forget_owner(s, KM_IP6_OWNERS, &lo6) : -1);
}

/* Have it looked up as the jail's, or no longer if it has none. */
int
loopback_own(struct session *s, const struct prison *pr)
{
	struct ip_owner owner4 = { .jid = pr->pr_id, .ports = pr->pr_ports4 };
	struct ip_owner owner6 = { .jid = pr->pr_id, .ports = pr->pr_ports6 };

	if (loopback_drop(s, pr->pr_id) != 0 || (pr->pr_lo4 != 0 &&
	    kern_put(&s->k, KM_IP4_OWNERS, &pr->pr_lo4, &owner4) != 0))
		return (-1);
	return (!loopback_has6(pr) ? 0 : kern_put(&s->k, KM_IP6_OWNERS,
	    &pr->pr_lo6, &owner6));
}

/* Put lo6 on the loopback interface, or take it from there; 0 or an errno. */
static int
change_interface(int type, const struct jail_in6 *lo6)
{
	const struct ip_alias on = { .ifindex = LO_IFINDEX, .prefix = 128 };

	return (netlink_address(type, AF_INET6, lo6, &on));
}

/*
 * The jail's ::1 is to be in this network namespace. (Where there is no IPv6,
 * nobody can use it.)
 */
int
loopback_up(const struct prison *pr)
{
	int error;

	if (!loopback_has6(pr))
		return (0);
	error = change_interface(RTM_NEWADDR, &pr->pr_lo6);
	if (error == 0 || error == EEXIST || error == EACCES ||
	    error == EOPNOTSUPP || error == EAFNOSUPPORT)
		return (0);
	return (jail_fail(error, "loopback: %s", strerror(error)));
}

void
loopback_down(uint32_t jid)
{
	const struct jail_in6 lo6 = lo6_of(jid);

	change_interface(RTM_DELADDR, &lo6);
}

/*
 * A jail has got its first IPv6 address, or lost its last. If it is elsewhere,
 * that is for who enters it, or removes it.
 */
int
loopback_follow(const struct prison *old, const struct prison *new)
{
	uint64_t here;

	if (memcmp(&old->pr_lo6, &new->pr_lo6, sizeof(new->pr_lo6)) == 0)
		return (0);
	if (kern_net_cookie(&here) != 0)
		return (-1);
	if (here != new->pr_netns)
		return (0);
	if (new->pr_nip6 > 0)
		return (loopback_up(new));
	loopback_down(new->pr_id);
	return (0);
}
