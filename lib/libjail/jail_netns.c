/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The network namespace that a jail is in, and what has to be there for it.
 */

#include <errno.h>

#include "jail_impl.h"

/* The jail is to be in the network namespace that we are in. */
int
netns_settle(struct session *s, struct prison *pr)
{
	const bool capture = (pr->pr_flags & PR_ALLOW_PACKET_CAPTURE) != 0;
	const bool tcx = feature_has(F_TCX, &s->m);
	uint64_t netns;

	if (capture && !tcx)
		return (jail_fail(ENOSYS, "allow.packet_capture: feature tcx "
		    "is missing, without which packets could be sent, too"));
	if (kern_net_attach(s->m.pins, tcx, capture, &netns) != 0)
		return (-1);
	pr->pr_netns = netns;
	return (loopback_up(pr));
}

/* A jail is in the network namespace of whoever starts its first process. */
int
netns_move(struct session *s, struct jail *j)
{
	const uint64_t netns = j->pr.pr_netns;

	if (netns_settle(s, &j->pr) != 0)
		return (-1);
	return (netns == j->pr.pr_netns ? 0 : kern_put(&s->k, KM_PRISONS,
	    &j->pi.pi_cgroup, &j->pr));
}

/*
 * What confines it there must not have gone; if we are there too, there may be
 * more to do.
 */
int
netns_check(struct session *s, const struct jail *j)
{
	const struct prison *pr = &j->pr;
	uint64_t here;

	if (!kern_net_active(s->m.pins, pr->pr_netns))
		return (kern_detached("sk_lookup"));
	if (kern_net_cookie(&here) != 0)
		return (-1);
	return (here != pr->pr_netns ? 0 : netns_settle(s, &(struct prison){
	    .pr_id = pr->pr_id, .pr_lo6 = pr->pr_lo6,
	    .pr_flags = pr->pr_flags & PR_ALLOW_PACKET_CAPTURE }));
}
