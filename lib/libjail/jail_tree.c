/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Jails in jails: which is around which. A jail has the cgroup id and the jid
 * of its parent, and the number of all jails in it.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "jail_impl.h"

/* The jail around it. Returns 1, 0 if that is the host, or -1. */
int
tree_parent(struct session *s, const struct prison *pr, struct prison *ret)
{
	const __u64 id = pr->pr_parent;

	if (id == 0)
		return (0);
	return (kern_get(&s->k, KM_PRISONS, &id, ret) == 0 ? 1 : -1);
}

/* Is it the jail of that jid, or in it? Returns 1, 0 or -1. */
int
tree_within(struct session *s, const struct prison *pr, uint32_t jid)
{
	struct prison at = *pr, next;
	int found;

	while (at.pr_id != jid) {
		found = tree_parent(s, &at, &next);
		if (found != 1)
			return (found);
		at = next;
	}
	return (1);
}

/* Is one of the two in the other, or are they the same? Returns 1, 0 or -1. */
int
tree_related(struct session *s, const struct prison *a, const struct prison *b)
{
	int within = tree_within(s, a, b->pr_id);

	return (within != 0 ? within : tree_within(s, b, a->pr_id));
}

/* How many jails it is in, itself included; -1. */
int
tree_depth(struct session *s, const struct prison *pr)
{
	struct prison at = *pr, next;
	int depth = 1, found;

	while ((found = tree_parent(s, &at, &next)) == 1) {
		at = next;
		depth++;
	}
	return (found == 0 ? depth : -1);
}

/* A jail among all, with its key in prisons. */
struct node {
	__u64 parent, id;
	uint32_t jid;
};

static int
compare_nodes(const void *a, const void *b)
{
	const struct node *x = a, *y = b;

	return (x->parent < y->parent ? -1 : x->parent > y->parent);
}

/* All jails that are in one, sorted by that. */
static int
read_nodes(struct session *s, struct node **ret_nodes, size_t *ret_n)
{
	struct prison *prisons;
	struct node *nodes;
	__u64 *ids;
	size_t all, n = 0;

	if (kern_dump(&s->k, KM_PRISONS, (void **)&ids, (void **)&prisons,
	    &all) != 0)
		return (-1);
	nodes = calloc(all + 1, sizeof(*nodes));
	for (size_t i = 0; i < all && nodes != NULL; i++) {
		if (prisons[i].pr_parent != 0)
			nodes[n++] = (struct node){ prisons[i].pr_parent,
			    ids[i], prisons[i].pr_id };
	}
	free(ids);
	free(prisons);
	if (nodes == NULL)
		return (jail_fail(ENOMEM, "out of memory"));
	qsort(nodes, n, sizeof(*nodes), compare_nodes);
	*ret_nodes = nodes;
	*ret_n = n;
	return (0);
}

/* The first of those whose parent this is. */
static size_t
first_child(const struct node *nodes, size_t n, __u64 parent)
{
	size_t lo = 0, hi = n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (nodes[mid].parent < parent)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (lo);
}

/*
 * All jails in one, each behind the one that it is in; to be freed. Returns
 * their number.
 */
ssize_t
tree_below(struct session *s, const struct jail *j, uint32_t **ret_jids)
{
	__u64 at = j->pi.pi_cgroup, *queue;
	size_t found = 0, n = 0;
	struct node *nodes = NULL;
	uint32_t *jids;

	if (j->pr.pr_nchildren > 0 && read_nodes(s, &nodes, &n) != 0)
		return (-1);
	jids = calloc(n + 1, sizeof(*jids));
	queue = calloc(n + 1, sizeof(*queue));
	if (jids != NULL && queue != NULL) {
		for (size_t next = 0; next <= found; at = queue[next++]) {
			for (size_t i = first_child(nodes, n, at); i < n &&
			    nodes[i].parent == at; i++) {
				queue[found] = nodes[i].id;
				jids[found++] = nodes[i].jid;
			}
		}
	}
	free(nodes);
	free(queue);
	*ret_jids = jids;
	return (jids != NULL && queue != NULL ? (ssize_t)found :
	    jail_fail(ENOMEM, "out of memory"));
}

/* Count one jail more, or less, in all that are around it. */
int
tree_count(struct session *s, const struct prison *pr, int change)
{
	__u64 id = pr->pr_parent;
	struct prison around;

	while (id != 0) {
		if (kern_get(&s->k, KM_PRISONS, &id, &around) != 0)
			return (-1);
		around.pr_nchildren += change;
		if (kern_put(&s->k, KM_PRISONS, &id, &around) != 0)
			return (-1);
		id = around.pr_parent;
	}
	return (0);
}

/* Count again, as nobody knows how far somebody came who was killed. */
int
tree_recount(struct session *s)
{
	struct prison *prisons;
	__u64 *ids;
	size_t n;
	int error = 0;

	if (kern_dump(&s->k, KM_PRISONS, (void **)&ids, (void **)&prisons,
	    &n) != 0)
		return (-1);
	for (size_t i = 0; i < n && error == 0; i++) {
		if (prisons[i].pr_nchildren == 0)
			continue;
		prisons[i].pr_nchildren = 0;
		error = kern_put(&s->k, KM_PRISONS, &ids[i], &prisons[i]);
	}
	for (size_t i = 0; i < n && error == 0; i++)
		error = tree_count(s, &prisons[i], 1);
	free(ids);
	free(prisons);
	return (error);
}

/* Remove those in it that have no reason to be. */
int
tree_reap(struct session *s, const struct jail *j)
{
	struct jail below;
	uint32_t *jids;
	ssize_t n = tree_below(s, j, &jids);
	int live = 0;

	for (ssize_t i = n; i > 0 && live != -1; i--) {
		if (jail_read(s, jids[i - 1], &below) == 0)
			live = jail_live(s, &below);
		else
			live = errno == ENOENT ? 0 : -1;
	}
	free(n >= 0 ? jids : NULL);
	return (n >= 0 && live != -1 ? 0 : -1);
}
