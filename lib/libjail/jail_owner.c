/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Who has an address, if several have it. Those that are not in each other must
 * have it alone, and share its ports; a jail's rank, how many jails with lists
 * of their own are around it, tells whose ports these are. The owner is one of
 * the highest rank.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "jail_impl.h"

/* Has it a list of its own? */
static bool
has_list(const struct prison *pr, const struct family *f)
{
	return ((pr->pr_flags & f->restricted) &&
	    !(pr->pr_flags & f->inherited));
}

/* The innermost jail around it that has a list. Returns 1, 0 or -1. */
static int
list_around(struct session *s, const struct family *f, const struct prison *pr,
    struct prison *ret)
{
	struct prison at = *pr;
	int found;

	while ((found = tree_parent(s, &at, ret)) == 1) {
		if (has_list(ret, f))
			return (1);
		at = *ret;
	}
	return (found);
}

static int
rank_of(struct session *s, const struct family *f, const struct prison *pr)
{
	struct prison at = *pr, next;
	int found, rank = 0;

	while ((found = list_around(s, f, &at, &next)) == 1) {
		at = next;
		rank++;
	}
	return (found == 0 ? rank : -1);
}

/* Has the other one the address alone, and is not in it nor around it? */
static int
is_sharer(struct session *s, const struct family *f, const struct prison *pr,
    const struct prison *other, const void *addr)
{
	int related;

	if (other->pr_id == pr->pr_id || !has_list(other, f) ||
	    prison_naddrs(other, f) != 1 ||
	    memcmp(prison_primary(other, f), addr, f->addrlen) != 0)
		return (0);
	related = tree_related(s, other, pr);
	return (related == -1 ? -1 : !related);
}

/*
 * Another jail that has this address, one of the highest rank. Returns 1, 0 or
 * -1.
 */
static int
find_sharer(struct session *s, const struct family *f, const struct prison *pr,
    const void *addr, struct prison *ret)
{
	struct prison *prisons;
	int best = -1, found = 0, rank;
	void *ids;
	size_t n;

	if (kern_dump(&s->k, KM_PRISONS, &ids, (void **)&prisons, &n) != 0)
		return (-1);
	for (size_t i = 0; i < n && found != -1; i++) {
		found = is_sharer(s, f, pr, &prisons[i], addr);
		if (found != 1)
			continue;
		rank = rank_of(s, f, &prisons[i]);
		if (rank == -1)
			found = -1;
		else if (rank > best) {
			best = rank;
			*ret = prisons[i];
		}
	}
	free(ids);
	free(prisons);
	return (found == -1 ? -1 : best != -1);
}

static int
in_use(const struct family *f, const void *addr, const struct jail *j)
{
	return (jail_fail(EADDRINUSE, "%s.addr: %s is an address of jail "
	    "\"%s\"", f->name, addr_text(f, addr), j->pi.pi_name));
}

/*
 * The owner and those around it, up to one that the jail is in or around, may
 * keep the address if theirs and the list have no other. Returns 0, -1, or 1 if
 * the owner was dead and has been removed.
 */
static int
owner_conflict(struct session *s, const struct family *f,
    const struct prison *pr, const struct addrlist *l, const void *addr,
    uint32_t owner)
{
	struct prison around;
	struct jail j;
	int found = 1, live = 1;

	for (bool first = true; found == 1; first = false) {
		if (jail_read(s, owner, &j) != 0)
			return (errno == ENOENT ? 0 : -1);
		found = tree_related(s, &j.pr, pr);
		if (found != 0)
			return (found == 1 ? 0 : -1);
		if (first)
			live = jail_live(s, &j);
		if (live != 1)
			return (live == 0 ? 1 : -1);
		if (l->n != 1 || prison_naddrs(&j.pr, f) != 1)
			return (in_use(f, addr, &j));
		found = list_around(s, f, &j.pr, &around);
		owner = around.pr_id;
	}
	return (found);
}

/* A set that is to have other members too cannot have one that is shared. */
static int
sharer_conflict(struct session *s, const struct family *f,
    const struct prison *pr, const void *addr)
{
	struct prison sharer;
	struct jail j;
	int found, live;

	do {
		found = find_sharer(s, f, pr, addr, &sharer);
		if (found != 1)
			return (found);
		live = jail_read(s, sharer.pr_id, &j) == 0 ?
		    jail_live(s, &j) : -1;
	} while (live == 0);
	return (live == -1 ? -1 : in_use(f, addr, &j));
}

/* Has another jail the address, so that the list cannot have it? */
static int
addr_conflict(struct session *s, const struct family *f,
    const struct prison *pr, const struct addrlist *l, const void *addr)
{
	struct ip_owner owner;
	int error;

	do {
		if (kern_get(&s->k, f->owners, addr, &owner) != 0)
			return (errno == ENOENT ? 0 : -1);
		error = owner_conflict(s, f, pr, l, addr, owner.jid);
	} while (error == 1);
	if (error == 0 && owner.shared && l->n > 1)
		error = sharer_conflict(s, f, pr, addr);
	return (error);
}

int
addrs_conflict(struct session *s, const struct family *f,
    const struct prison *pr, const struct addrlist *l)
{
	for (size_t i = 0; i < l->n; i++) {
		if (addr_conflict(s, f, pr, l, addr_nth(f, l, i)) != 0)
			return (-1);
	}
	return (0);
}

/* Has one that is not in the jail, nor around it, the address? 1, 0 or -1. */
int
owner_shared(struct session *s, const struct family *f,
    const struct prison *pr, const void *addr)
{
	struct ip_owner owner;
	struct prison sharer;

	if (kern_get(&s->k, f->owners, addr, &owner) != 0)
		return (errno == ENOENT ? 0 : -1);
	return (owner.shared ? find_sharer(s, f, pr, addr, &sharer) : 0);
}

/*
 * The name space of ports of those of the jail's rank who have the address of
 * the list, if there is just one in it; 0: there is nobody.
 */
int
addrs_ports(struct session *s, const struct family *f, const struct prison *pr,
    const struct addrlist *l, uint64_t *ret_ports)
{
	struct ip_owner owner;
	struct prison at, next;
	struct jail j;
	int rank, wanted;

	*ret_ports = 0;
	if (l->n != 1)
		return (0);
	if (kern_get(&s->k, f->owners, l->addrs, &owner) != 0 ||
	    jail_read(s, owner.jid, &j) != 0)
		return (errno == ENOENT ? 0 : -1);
	at = j.pr;
	rank = rank_of(s, f, &at);
	wanted = rank_of(s, f, pr);
	if (rank == -1 || wanted == -1)
		return (-1);
	for (; rank > wanted; rank--) {
		if (list_around(s, f, &at, &next) != 1)
			return (-1);
		at = next;
	}
	if (rank == wanted)
		*ret_ports = prison_ports(&at, f);
	return (0);
}

/* Become the owner of an address that has one, or let that be. */
static int
take_over(struct session *s, const struct family *f, const struct prison *pr,
    const void *addr, struct ip_owner *mine, struct ip_owner *old)
{
	int inner, mine_rank, old_rank;
	struct jail j;

	if (jail_read(s, old->jid, &j) != 0)
		return (errno == ENOENT ?
		    kern_put(&s->k, f->owners, addr, mine) : -1);
	inner = tree_within(s, &j.pr, pr->pr_id);
	if (inner != 0)
		return (inner == 1 ? 0 : -1);
	inner = tree_within(s, pr, old->jid);
	mine_rank = rank_of(s, f, pr);
	old_rank = rank_of(s, f, &j.pr);
	if (inner == -1 || mine_rank == -1 || old_rank == -1)
		return (-1);
	mine->shared = inner ? old->shared : 1;
	if (mine_rank > old_rank)
		return (kern_put(&s->k, f->owners, addr, mine));
	old->shared = 1;
	if (mine_rank == old_rank)
		old->ports = mine->ports;
	return (kern_put(&s->k, f->owners, addr, old));
}

static int
take_addr(struct session *s, const struct family *f, const struct prison *pr,
    const void *addr, bool nested)
{
	struct ip_owner mine = { .jid = pr->pr_id, .nested = nested,
		.ports = prison_ports(pr, f) };
	struct ip_owner old;

	if (kern_put_new(&s->k, f->owners, addr, &mine) == 0)
		return (0);
	if (errno != EEXIST || kern_get(&s->k, f->owners, addr, &old) != 0)
		return (-1);
	if (old.jid != mine.jid)
		return (take_over(s, f, pr, addr, &mine, &old));
	mine.shared = old.shared;
	return (kern_put(&s->k, f->owners, addr, &mine));
}

/* Make the jail the owner of addresses of its list, or one of the owners. */
int
addrs_take(struct session *s, const struct family *f, const struct prison *pr,
    const struct addrlist *l)
{
	struct prison around;
	int nested = list_around(s, f, pr, &around);

	if (nested == -1)
		return (-1);
	for (size_t i = 0; i < l->n; i++) {
		if (take_addr(s, f, pr, addr_nth(f, l, i), nested) != 0)
			return (-1);
	}
	return (0);
}

/* What is needed of a jail that may be gone but for its record. */
static int
read_giver(struct session *s, uint32_t jid, struct prison *pr)
{
	struct prison_info pi, around;

	memset(pr, 0, sizeof(*pr));
	pr->pr_id = jid;
	if (kern_get(&s->k, KM_INFOS, &jid, &pi) != 0)
		return (errno == ENOENT ? 0 : -1);
	if (pi.pi_parent == 0)
		return (0);
	if (kern_get(&s->k, KM_INFOS, &pi.pi_parent, &around) != 0)
		return (-1);
	pr->pr_parent = around.pi_cgroup;
	return (0);
}

/* Who is the owner after the jail: one of its rank, or who is around it. */
static int
find_heir(struct session *s, const struct family *f, const struct ip_owner *o,
    const void *addr, struct prison *ret)
{
	struct prison around, giver, sharer;
	int found = 0, has_around;

	if (read_giver(s, o->jid, &giver) != 0)
		return (-1);
	has_around = list_around(s, f, &giver, &around);
	if (o->shared)
		found = find_sharer(s, f, &giver, addr, &sharer);
	if (has_around == -1 || found == -1)
		return (-1);
	if (has_around && prison_member(s, f, &around, addr) != 1)
		has_around = 0;
	if (found && (!has_around || rank_of(s, f, &sharer) >
	    rank_of(s, f, &around))) {
		*ret = sharer;
		return (1);
	}
	if (has_around)
		*ret = around;
	return (has_around);
}

/* Stop being an owner of an address. */
int
owner_give(struct session *s, const struct family *f, uint32_t jid,
    const void *addr)
{
	struct prison around, heir;
	struct ip_owner owner;
	int found = 0, nested = 0;

	if (kern_get(&s->k, f->owners, addr, &owner) != 0)
		return (errno == ENOENT ? 0 : -1);
	if (owner.jid != jid)
		return (0);
	if (owner.shared || owner.nested)
		found = find_heir(s, f, &owner, addr, &heir);
	if (found == 1)
		nested = list_around(s, f, &heir, &around);
	if (found == -1 || nested == -1)
		return (-1);
	if (found == 0)
		return (kern_del(&s->k, f->owners, addr));
	owner.jid = heir.pr_id;
	owner.nested = nested;
	owner.ports = prison_ports(&heir, f);
	return (kern_put(&s->k, f->owners, addr, &owner));
}
