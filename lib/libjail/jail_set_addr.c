/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * jail_set(3): ip4, ip6, ip4.addr and ip6.addr. Nothing is changed here; it is
 * worked out what the sets are to be.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "jail_set.h"

static const enum param_id mode_param[FAM_MAX] = { P_IP4, P_IP6 };
static const enum param_id addr_param[FAM_MAX] = { P_IP4_ADDR, P_IP6_ADDR };
static const enum param_id alias_param[FAM_MAX] = { P_IP4_ALIAS, P_IP6_ALIAS };

static bool
inherits(const struct prison *pr, const struct family *fam)
{
	return (!(pr->pr_flags & fam->restricted) ||
	    (pr->pr_flags & fam->inherited));
}

/* Have all that the parent has, be it the host. */
static void
set_inherit(struct change *c, const struct family *fam)
{
	if (c->nested && (c->parent.pr.pr_flags & fam->restricted))
		c->new.pr.pr_flags |= fam->inherited;
	else
		c->new.pr.pr_flags &= ~fam->restricted;
}

static int
has_all(const struct change *c, const struct family *fam)
{
	if (!(c->new.pr.pr_flags & fam->inherited))
		return (jail_fail(EINVAL, "%s.addr: the jail has all of the "
		    "host's addresses (%s=inherit)", fam->name, fam->name));
	return (jail_fail(EINVAL, "%s.addr: the jail has all addresses of "
	    "jail \"%s\" (%s=inherit)", fam->name, c->parent.pi.pi_name,
	    fam->name));
}

/* ip4=, ip6=: settled at creation. */
static int
set_mode(struct change *c, int f)
{
	const struct family *fam = &families[f];
	int32_t mode = spec_int(&c->sp, mode_param[f], JAIL_SYS_NEW);
	bool given = c->sp.v[mode_param[f]].given;
	bool inherit = mode == JAIL_SYS_INHERIT;

	if (mode < JAIL_SYS_DISABLE || mode > JAIL_SYS_INHERIT)
		return (jail_fail(EINVAL, "%s: not disable, new or inherit",
		    fam->name));
	if (c->exists && given && inherit != inherits(&c->old.pr, fam))
		return (jail_fail(EINVAL, "%s cannot be changed after "
		    "creation", fam->name));
	if (!c->exists && inherit)
		set_inherit(c, fam);
	if (!c->sp.v[addr_param[f]].given ||
	    c->sp.v[addr_param[f]].len == 0)
		return (0);
	if (inherits(&c->new.pr, fam))
		return (has_all(c, fam));
	if (given && mode == JAIL_SYS_DISABLE)
		return (jail_fail(EINVAL, "%s.addr: is given and %s=disable "
		    "too", fam->name, fam->name));
	return (0);
}

/* ip4=disable takes a jail's addresses away, as ip4.addr= does. */
static bool
disables(const struct change *c, int f)
{
	return (c->exists && c->sp.v[mode_param[f]].given &&
	    spec_int(&c->sp, mode_param[f], 0) == JAIL_SYS_DISABLE);
}

static ssize_t
find_addr(const struct family *fam, const struct addrlist *l, const void *addr)
{
	for (size_t i = 0; i < l->n; i++) {
		if (memcmp(l->addrs + i * fam->addrlen, addr,
		    fam->addrlen) == 0)
			return (i);
	}
	return (-1);
}

static int
add_addr(const struct family *fam, struct addrlist *l, const void *addr)
{
	if (find_addr(fam, l, addr) != -1)
		return (jail_fail(EEXIST, "%s.addr: is an address of the jail "
		    "already", fam->name));
	memcpy(l->addrs + l->n++ * fam->addrlen, addr, fam->addrlen);
	return (0);
}

static int
del_addr(const struct family *fam, struct addrlist *l, const void *addr)
{
	ssize_t at = find_addr(fam, l, addr);

	if (at == -1)
		return (jail_fail(EADDRNOTAVAIL, "%s.addr: is no address of "
		    "the jail", fam->name));
	l->n--;
	memmove(l->addrs + at * fam->addrlen,
	    l->addrs + (at + 1) * fam->addrlen, (l->n - at) * fam->addrlen);
	return (0);
}

/* The list that is to be: the one given, or the old one with or without it. */
static int
make_list(struct change *c, int f, const struct addrlist *given)
{
	const struct family *fam = &families[f];
	struct addrlist *l = &c->list[f], *old = &c->oldlist[f];
	const bool add = c->flags & JAIL_ADDADDR, del = c->flags & JAIL_DELADDR;
	const struct addrlist *first = add || del ? old : given;
	int error = 0;

	l->addrs = malloc((old->n + given->n) * fam->addrlen + 1);
	if (l->addrs == NULL)
		return (jail_fail(ENOMEM, "out of memory"));
	l->n = first->n;
	if (first->n > 0)
		memcpy(l->addrs, first->addrs, first->n * fam->addrlen);
	for (size_t i = 0; i < given->n && (add || del) && error == 0; i++)
		error = (add ? add_addr : del_addr)(fam, l,
		    given->addrs + i * fam->addrlen);
	return (error);
}

int
set_addrs(struct session *s, struct change *c, int f)
{
	const char *aliases = spec_string(&c->sp, alias_param[f]);
	const bool same = !c->sp.v[addr_param[f]].given && !disables(c, f);
	const struct family *fam = &families[f];
	struct addrlist *l = &c->list[f], given;

	if (set_mode(c, f) != 0)
		return (-1);
	if (same && aliases == NULL)
		return (0);
	given.n = c->sp.v[addr_param[f]].len / fam->addrlen;
	given.addrs = (uint8_t *)c->sp.v[addr_param[f]].base;
	if (given.n > JAIL_NIPS)
		return (jail_fail(ENOSPC, "%s.addr: more than %d addresses",
		    fam->name, JAIL_NIPS));
	if (c->exists && addrs_read(s, fam, &c->old.pr, &c->oldlist[f]) != 0)
		return (-1);
	if (same && !(c->flags & (JAIL_ADDADDR | JAIL_DELADDR)))
		given = c->oldlist[f];
	if (make_list(c, f, &given) != 0 || addrs_check(fam, l) != 0 ||
	    check_inside(s, c, f) != 0 ||
	    addrs_conflict(s, fam, &c->new.pr, l) != 0 ||
	    set_aliases(s, c, f, aliases) != 0)
		return (-1);
	c->newlist[f] = true;
	return (0);
}

/*
 * Whoever shares an address shares its ports. Otherwise a jail keeps those that
 * it has, but for what it shared with others.
 */
static int
choose_ports(struct session *s, struct change *c, int f)
{
	const struct family *fam = &families[f];
	const struct prison *old = &c->old.pr;
	uint64_t shared, ports = prison_ports(old, fam);
	int left = 0;

	if (addrs_ports(s, fam, &c->new.pr, &c->list[f], &shared) != 0)
		return (-1);
	if (shared != 0)
		ports = shared;
	else if (prison_naddrs(old, fam) == 1)
		left = owner_shared(s, fam, old, c->oldlist[f].addrs);
	if (left == -1)
		return (-1);
	if (left == 1)
		ports = 0;
	if (ports == 0)
		ports = s->g.nextset++;
	*(f == FAM_IP4 ? &c->new.pr.pr_ports4 : &c->new.pr.pr_ports6) = ports;
	return (0);
}

/* Name a new set, and make its first address the primary one. */
int
choose_set(struct session *s, struct change *c, int f)
{
	struct prison *pr = &c->new.pr;
	const struct addrlist *l = &c->list[f];
	uint64_t set = l->n > 0 ? s->g.nextset++ : 0;

	if (!c->newlist[f] && c->exists)
		return (0);
	if (pr->pr_flags & families[f].inherited) {
		inherit_set(pr, &c->parent.pr, f);
		return (0);
	}
	if (choose_ports(s, c, f) != 0)
		return (-1);
	if (f == FAM_IP4) {
		pr->pr_ip4s = set;
		pr->pr_nip4 = l->n;
		pr->pr_ip4 = 0;
	} else {
		pr->pr_ip6s = set;
		pr->pr_nip6 = l->n;
		memset(&pr->pr_ip6, 0, sizeof(pr->pr_ip6));
	}
	if (l->n > 0)
		memcpy(f == FAM_IP4 ? (void *)&pr->pr_ip4 : &pr->pr_ip6,
		    l->addrs, families[f].addrlen);
	return (0);
}
