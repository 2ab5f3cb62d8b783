/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * jail_set(3) of jails in jails: what a jail may have for what its parent has,
 * and what becomes of the jails in one that changes.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jail_set.h"

/* Every jail around has its limit, and all that is in it counts. */
static int
check_limits(struct session *s, const struct change *c)
{
	struct jail at = c->parent;

	for (;;) {
		if (at.pr.pr_nchildren >= at.pr.pr_childmax &&
		    (tree_reap(s, &at) != 0 ||
		    jail_read(s, at.pi.pi_id, &at) != 0))
			return (-1);
		if (at.pr.pr_nchildren >= at.pr.pr_childmax)
			return (jail_fail(EPERM, "prison limit exceeded: jail "
			    "\"%s\" may have %u jails in it: raise its "
			    "children.max", at.pi.pi_name,
			    at.pr.pr_childmax));
		if (at.pi.pi_parent == 0)
			return (0);
		if (jail_read(s, at.pi.pi_parent, &at) != 0)
			return (-1);
	}
}

/* The jail that the name of a new one says it is to be in. */
static int
find_parent(struct session *s, struct change *c, const char *name, size_t len)
{
	char parent[JAIL_NAMELEN] = "";
	bool found;

	memcpy(parent, name, len);
	found = jail_find(s, parent, &c->parent) == 0;
	if (!found && errno != ENOENT)
		return (-1);
	if (!found || strcmp(parent, c->parent.pi.pi_name) != 0)
		return (jail_fail(ENOENT, "jail \"%s\" not found, which "
		    "\"%s\" is to be in", parent, name));
	c->nested = true;
	c->new.pr.pr_parent = c->parent.pi.pi_cgroup;
	c->new.pi.pi_parent = c->parent.pi.pi_id;
	if (tree_depth(s, &c->new.pr) > JAIL_DEPTH)
		return (jail_fail(EINVAL, "name: \"%s\" would be %d jails "
		    "deep, one more than there can be", name, JAIL_DEPTH + 1));
	return (check_limits(s, c));
}

/* Which jail is it in, or is it to be in? */
int
set_parent(struct session *s, struct change *c)
{
	const char *name = spec_string(&c->sp, P_NAME);
	const char *dot = name == NULL ? NULL : strrchr(name, '.');

	if (!c->exists)
		return (dot == NULL ? 0 : find_parent(s, c, name, dot - name));
	c->nested = c->old.pi.pi_parent != 0;
	return (c->nested ? jail_read(s, c->old.pi.pi_parent, &c->parent) : 0);
}

/*
 * A name that is given to a jail in a jail is its last part, or all of it: the
 * jail stays where it is.
 */
int
full_name(const struct change *c, const char *name, char full[JAIL_NAMELEN])
{
	const char *dot = strrchr(name, '.'), *parent = c->parent.pi.pi_name;
	int len;

	if (dot != NULL && (!c->nested ||
	    strlen(parent) != (size_t)(dot - name) ||
	    strncmp(name, parent, dot - name) != 0))
		return (jail_fail(EINVAL, "name: \"%s\": a jail cannot be put "
		    "into another one", name));
	len = snprintf(full, JAIL_NAMELEN, "%s%s%s", c->nested && dot == NULL ?
	    parent : "", c->nested && dot == NULL ? "." : "", name);
	return (len < JAIL_NAMELEN ? 0 : jail_fail(ENAMETOOLONG,
	    "name: longer than %d bytes", JAIL_NAMELEN - 1));
}

/* The names of those in it begin with its own. */
int
check_names_below(struct session *s, const struct change *c)
{
	size_t old = strlen(c->old.pi.pi_name);
	size_t new = strlen(c->new.pi.pi_name);
	struct jail below;
	uint32_t *jids;
	ssize_t n = 0;
	int error = 0;

	if (new > old && (n = tree_below(s, &c->old, &jids)) == -1)
		return (-1);
	for (ssize_t i = 0; i < n && error == 0; i++) {
		error = jail_read(s, jids[i], &below);
		if (error == 0 && strlen(below.pi.pi_name) + new - old >=
		    JAIL_NAMELEN)
			error = jail_fail(ENAMETOOLONG, "name: that of jail "
			    "\"%s\" would be longer than %d bytes",
			    below.pi.pi_name, JAIL_NAMELEN - 1);
	}
	free(new > old ? jids : NULL);
	return (error);
}

int
set_childmax(struct change *c)
{
	int32_t max = spec_int(&c->sp, P_CHILDREN_MAX, 0);

	if (!c->sp.v[P_CHILDREN_MAX].given)
		return (0);
	if (max < 0 || max > JAIL_MAX)
		return (jail_fail(EINVAL, "children.max: %d is not between 0 "
		    "and %d", max, JAIL_MAX));
	if (c->nested && max > 0 && (uint32_t)max >= c->parent.pr.pr_childmax)
		return (jail_fail(EPERM, "children.max: %d is not less than "
		    "that of jail \"%s\", %u", max, c->parent.pi.pi_name,
		    c->parent.pr.pr_childmax));
	c->new.pr.pr_childmax = max;
	return (0);
}

/* What is not allowed to its parent is not to be given to a jail. */
int
check_allowed(const struct change *c)
{
	const uint32_t parent = c->parent.pr.pr_flags;

	for (int id = 0; id < P_MAX && c->nested; id++) {
		if ((params[id].prflag & PR_ALLOW & ~parent) != 0 &&
		    spec_int(&c->sp, id, 0))
			return (jail_fail(EPERM, "%s: jail \"%s\" does not "
			    "have it", params[id].name,
			    c->parent.pi.pi_name));
	}
	return (0);
}

int
check_inside(struct session *s, const struct change *c, int f)
{
	const struct family *fam = &families[f];
	const void *addr;

	if (!c->nested || !(c->parent.pr.pr_flags & fam->restricted))
		return (0);
	if (addrs_outside(s, fam, &c->parent.pr, &c->list[f], &addr) != 0)
		return (-1);
	return (addr == NULL ? 0 : jail_fail(EPERM, "%s.addr: %s is not an "
	    "address of jail \"%s\"", fam->name, addr_text(fam, addr),
	    c->parent.pi.pi_name));
}

/* Have the set of the jail around it, and its ports. */
void
inherit_set(struct prison *pr, const struct prison *around, int f)
{
	if (f == FAM_IP4) {
		pr->pr_ip4s = around->pr_ip4s;
		pr->pr_nip4 = around->pr_nip4;
		pr->pr_ip4 = around->pr_ip4;
		pr->pr_ports4 = around->pr_ports4;
	} else {
		pr->pr_ip6s = around->pr_ip6s;
		pr->pr_nip6 = around->pr_nip6;
		pr->pr_ip6 = around->pr_ip6;
		pr->pr_ports6 = around->pr_ports6;
	}
}

/* Is there an address in a list that the jail had not? Sets c->gains. */
int
find_gains(struct session *s, struct change *c)
{
	const void *addr;

	for (int f = 0; f < FAM_MAX && !c->gains; f++) {
		if (!c->newlist[f] || c->old.pr.pr_nchildren == 0)
			continue;
		if (addrs_outside(s, &families[f], &c->old.pr, &c->list[f],
		    &addr) != 0)
			return (-1);
		c->gains = addr != NULL;
	}
	return (0);
}

/* Take from a jail's list what that of the one around it is to lose. */
static int
narrow_list(struct session *s, struct change *d, const struct change *c, int f)
{
	const struct family *fam = &families[f];

	if (!c->newlist[f] || !(d->old.pr.pr_flags & fam->restricted) ||
	    (d->old.pr.pr_flags & fam->inherited))
		return (0);
	if (addrs_read(s, fam, &d->old.pr, &d->oldlist[f]) != 0 ||
	    addrs_common(fam, &d->oldlist[f], &c->list[f], &d->list[f]) != 0)
		return (-1);
	d->newlist[f] = d->list[f].n != d->oldlist[f].n;
	if (!d->newlist[f])
		return (0);
	return (set_aliases(s, d, f, NULL) == 0 ? choose_set(s, d, f) : -1);
}

/* It is so many jails further in. */
static void
narrow_childmax(struct change *d, const struct change *c, int depth)
{
	int32_t max = c->new.pr.pr_childmax - depth;

	if (c->sp.v[P_CHILDREN_MAX].given &&
	    (int32_t)d->new.pr.pr_childmax > max)
		d->new.pr.pr_childmax = max > 0 ? max : 0;
}

static int
narrow(struct session *s, struct change *d, const struct change *c,
    uint32_t jid)
{
	int depth, outer = tree_depth(s, &c->old.pr);

	if (jail_read(s, jid, &d->old) != 0)
		return (-1);
	depth = tree_depth(s, &d->old.pr);
	if (outer == -1 || depth == -1)
		return (-1);
	d->exists = true;
	d->flags = JAIL_UPDATE;
	d->new = d->old;
	d->new.pr.pr_flags &= ~(c->old.pr.pr_flags & ~c->new.pr.pr_flags &
	    PR_ALLOW);
	raw_narrow(&d->new.pr, &c->new.pr);
	narrow_childmax(d, c, depth - outer);
	for (int f = 0; f < FAM_MAX; f++) {
		if (narrow_list(s, d, c, f) != 0)
			return (-1);
	}
	loopback_choose(&d->new.pr);
	return (memcmp(&d->old.pr, &d->new.pr, sizeof(d->new.pr)) == 0 ? 0 :
	    change_carry_out(s, d));
}

/*
 * What a jail is about to lose, those in it lose first, the innermost before
 * all others: whatever happens, nobody has what the jail around it has not.
 */
int
narrow_below(struct session *s, const struct change *c)
{
	struct change *d;
	uint32_t *jids;
	int error = 0;
	ssize_t n = tree_below(s, &c->old, &jids);

	if (n == -1)
		return (-1);
	for (; n > 0 && error == 0; n--) {
		d = calloc(1, sizeof(*d));
		error = d == NULL ? jail_fail(ENOMEM, "out of memory") :
		    narrow(s, d, c, jids[n - 1]);
		change_free(d);
	}
	free(jids);
	return (error);
}

/* The name that a jail has for that of the one around it. */
static int
follow_name(struct session *s, const struct jail *around,
    struct prison_info *pi)
{
	char name[JAIL_NAMELEN] = "", *last = strrchr(pi->pi_name, '.');
	uint32_t jid;

	if (last == NULL || snprintf(name, sizeof(name), "%s%s",
	    around->pi.pi_name, last) >= JAIL_NAMELEN)
		return (jail_fail(ENAMETOOLONG, "name: \"%s\" has no room for "
		    "that of the jail around it", pi->pi_name));
	if (strcmp(name, pi->pi_name) != 0) {
		if (kern_del(&s->k, KM_NAMES, pi->pi_name) != 0 &&
		    errno != ENOENT)
			return (-1);
		memcpy(pi->pi_name, name, sizeof(name));
		if (kern_put(&s->k, KM_INFOS, &pi->pi_id, pi) != 0)
			return (-1);
	}
	if (kern_get(&s->k, KM_NAMES, name, &jid) == 0)
		return (0);
	return (errno != ENOENT ? -1 :
	    kern_put(&s->k, KM_NAMES, name, &pi->pi_id));
}

/* The set that it inherits. (Its loopback may have been lost on the way.) */
static int
follow_sets(struct session *s, const struct jail *around, struct jail *j)
{
	const struct prison old = j->pr;
	bool inherits = false;

	for (int f = 0; f < FAM_MAX; f++) {
		if (j->pr.pr_flags & families[f].inherited) {
			inherit_set(&j->pr, &around->pr, f);
			inherits = true;
		}
	}
	if (!inherits)
		return (0);
	loopback_choose(&j->pr);
	if (kern_put(&s->k, KM_PRISONS, &j->pi.pi_cgroup, &j->pr) != 0 ||
	    loopback_own(s, &j->pr) != 0)
		return (-1);
	if (memcmp(&old, &j->pr, sizeof(old)) == 0 && !s->recovering)
		return (0);
	jail_destroy_lost(s, j->pi.pi_id);
	return (loopback_follow(&old, &j->pr));
}

/*
 * Have all that is in a jail follow it, as it is given: their names begin with
 * its name, and those that inherit have its set. It can be done over again.
 */
int
tree_follow(struct session *s, const struct jail *j)
{
	struct jail around, at;
	uint32_t *jids;
	ssize_t n = tree_below(s, j, &jids);
	int error = 0;

	if (n == -1)
		return (-1);
	for (ssize_t i = 0; i < n && error == 0; i++) {
		error = jail_read(s, jids[i], &at);
		around = *j;
		if (error == 0 && at.pi.pi_parent != j->pi.pi_id)
			error = jail_read(s, at.pi.pi_parent, &around);
		if (error == 0)
			error = follow_name(s, &around, &at.pi);
		if (error == 0)
			error = follow_sets(s, &around, &at);
	}
	free(jids);
	return (error);
}
