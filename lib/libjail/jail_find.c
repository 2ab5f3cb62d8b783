/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Finding jails. A jail that does not persist ends with its last process, but
 * nobody is told of that: whoever looks at it next removes it.
 */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "jail_impl.h"

int
jail_read(struct session *s, uint32_t jid, struct jail *j)
{
	if (!s->loaded || kern_get(&s->k, KM_INFOS, &jid, &j->pi) != 0 ||
	    kern_get(&s->k, KM_PRISONS, &j->pi.pi_cgroup, &j->pr) != 0) {
		if (!s->loaded || errno == ENOENT)
			return (jail_fail(ENOENT, "jail %u not found", jid));
		return (-1);
	}
	return (0);
}

static int
count_processes(struct session *s, const struct jail *j, pid_t spared)
{
	pid_t *pids;
	int all, n = 0;

	if (is_adopted(j))
		return (adopted_processes(s, j));
	all = cgroup_pids(s, j->pi.pi_id, &pids);
	if (all < 0)
		return (-1);
	for (int i = 0; i < all; i++)
		n += pids[i] != spared;
	free(pids);
	return (n);
}

/* The same for whoever was given the jid: EINVAL if there is no such jail. */
int
jail_read_given(struct session *s, int jid, struct jail *j)
{
	if (jail_read(s, jid, j) == 0)
		return (0);
	if (errno == ENOENT)
		errno = EINVAL;
	return (-1);
}

/* How many processes it has, other than the one that keeps its namespaces. */
int
jail_processes(struct session *s, const struct jail *j)
{
	return (count_processes(s, j, j->pi.pi_initpid));
}

/*
 * Is there reason for it to be: processes, a pid 1 that ends by itself when
 * there is none, or jails in it? If not it is removed. Returns 1, 0 or -1.
 */
int
jail_live(struct session *s, struct jail *j)
{
	int n;

	if (is_adopted(j) ? adopted_lives(s, j) :
	    (j->pr.pr_flags & PR_PERSIST) != 0)
		return (1);
	n = is_adopted(j) ? 0 : count_processes(s, j, has_init(j) ? 0 :
	    (pid_t)j->pi.pi_initpid);
	if (n > 0)
		return (1);
	if (n < 0 && errno != ENOENT)
		return (-1);
	if (j->pr.pr_nchildren > 0) {
		if (tree_reap(s, j) != 0 ||
		    jail_read(s, j->pi.pi_id, j) != 0)
			return (-1);
		if (j->pr.pr_nchildren > 0)
			return (1);
	}
	return (jail_remove_locked(s, j) == 0 ? 0 : -1);
}

/* A name of digits alone is a jid. */
static uint32_t
numeric(const char *name)
{
	unsigned long jid;
	char *end;

	if (name[0] < '0' || name[0] > '9')
		return (0);
	jid = strtoul(name, &end, 10);
	return (*end == '\0' && jid <= JAIL_MAX ? jid : 0);
}

/* Find a live jail by its name, or by its jid in decimal. */
int
jail_find(struct session *s, const char *name, struct jail *j)
{
	char key[JAIL_NAMELEN] = "";
	uint32_t jid = numeric(name);
	size_t len = strlen(name);
	int live = 0;

	if (jid == 0 && s->loaded && len < sizeof(key)) {
		memcpy(key, name, len);
		if (kern_get(&s->k, KM_NAMES, key, &jid) != 0 &&
		    errno != ENOENT)
			return (-1);
	}
	if (jid != 0 && jail_read(s, jid, j) == 0)
		live = jail_live(s, j);
	if (live == 0)
		return (jail_fail(ENOENT, "jail \"%.*s\" not found",
		    JAIL_NAMELEN, name));
	return (live == 1 ? 0 : -1);
}

/*
 * Jids in ascending order, as they were when somebody began to walk them, and
 * how far the walk has come.
 */
static _Thread_local struct {
	uint32_t *jids;
	size_t n;
	uint32_t last;
} walk;

static int
compare_jids(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x < y ? -1 : x > y);
}

static int
begin_walk(struct session *s)
{
	free(walk.jids);
	walk.jids = NULL;
	walk.n = 0;
	if (!s->loaded)
		return (0);
	if (kern_dump(&s->k, KM_INFOS, (void **)&walk.jids, NULL,
	    &walk.n) != 0)
		return (-1);
	qsort(walk.jids, walk.n, sizeof(*walk.jids), compare_jids);
	return (0);
}

/* Returns 1 if there is a live jail above lastjid in the walk, 0 or -1. */
static int
walk_next(struct session *s, uint32_t lastjid, struct jail *j)
{
	size_t lo = 0, hi, mid;
	int live;

	for (hi = walk.n; lo < hi;) {
		mid = lo + (hi - lo) / 2;
		if (walk.jids[mid] <= lastjid)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < walk.n; lo++) {
		if (jail_read(s, walk.jids[lo], j) != 0)
			continue;
		live = jail_live(s, j);
		if (live != 0)
			return (live);
	}
	return (0);
}

/*
 * The live jail with the lowest jid above lastjid. A walk goes on with what it
 * began with, and at the end of that looks whether there is more by now.
 */
int
jail_next(struct session *s, uint32_t lastjid, struct jail *j)
{
	bool fresh = lastjid == 0 || walk.jids == NULL || walk.last != lastjid;
	int found;

	if (fresh && begin_walk(s) != 0)
		return (-1);
	found = walk_next(s, lastjid, j);
	if (found == 0 && !fresh)
		found = begin_walk(s) == 0 ? walk_next(s, lastjid, j) : -1;
	if (found == 1) {
		walk.last = j->pi.pi_id;
		return (0);
	}
	free(walk.jids);
	walk.jids = NULL;
	return (found == 0 ? jail_fail(ENOENT, "no jail after %u", lastjid) :
	    -1);
}
