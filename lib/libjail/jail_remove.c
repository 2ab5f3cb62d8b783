/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The end of a jail.
 */

#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jail_impl.h"

static int
ignore_missing(int error)
{
	return (error != 0 && errno == ENOENT ? 0 : error);
}

/* Forget the addresses of a jail; set[] if nobody knows them otherwise. */
static int
destroy_addrs(struct session *s, uint32_t jid, const struct jail *j,
    const __u64 set[4])
{
	struct addrlist l;
	int error = 0;

	for (int f = 0; f < FAM_MAX && error == 0; f++) {
		const struct family *fam = &families[f];

		if (j != NULL && (j->pr.pr_flags & fam->inherited))
			continue;
		if (j != NULL && addrs_read(s, fam, &j->pr, &l) == 0) {
			error = addrs_drop(s, fam, jid,
			    prison_set(&j->pr, fam), 0, &l);
			free(l.addrs);
			continue;
		}
		for (int i = 0; i < 4 && error == 0; i++)
			error = addrs_purge(s, fam, jid, set[i], 0);
	}
	return (error == 0 ? loopback_drop(s, jid) : -1);
}

static int
destroy_names(struct session *s, uint32_t jid, const struct jail *j)
{
	uint32_t *jids;
	char *names;
	size_t n;

	if (j != NULL)
		return (ignore_missing(kern_del(&s->k, KM_NAMES,
		    j->pi.pi_name)));
	if (kern_dump(&s->k, KM_NAMES, (void **)&names, (void **)&jids,
	    &n) != 0)
		return (-1);
	for (size_t i = 0; i < n; i++) {
		if (jids[i] == jid)
			kern_del(&s->k, KM_NAMES, names + i * JAIL_NAMELEN);
	}
	free(names);
	free(jids);
	return (0);
}

/* A jail that gets the jid later starts to count anew. */
static void
destroy_refusals(struct session *s, uint32_t jid)
{
	struct refusal_key key = { .jid = jid };

	for (int i = 0; refusal_nth(&key, i); i++)
		kern_del(&s->k, KM_REFUSALS, &key);
}

/* The network namespace of a process of the jail, or -1. */
static int
open_netns(struct session *s, uint32_t jid)
{
	char path[64];
	pid_t *pids;
	int n, netns = -1;

	n = cgroup_pids(s, jid, &pids);
	for (int i = 0; i < n && netns == -1; i++) {
		snprintf(path, sizeof(path), "/proc/%d/ns/net", pids[i]);
		netns = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (n >= 0)
		free(pids);
	return (netns);
}

/*
 * Sockets that outlived the jail's processes, or are at an address that it has
 * lost, would keep that from others; they are confined in any case.
 */
static void
destroy_sockets(struct session *s, uint32_t jid)
{
	(void)jid;
	if (feature_used(s, F_DESTROY))
		kern_destroy_sockets(s->m.pins);
}

static void
clean(struct session *s, uint32_t jid)
{
	destroy_sockets(s, jid);
	loopback_down(jid);
}

static bool
is_here(int netns)
{
	struct stat here, there;

	return (stat("/proc/thread-self/ns/net", &here) == 0 &&
	    fstat(netns, &there) == 0 && here.st_dev == there.st_dev &&
	    here.st_ino == there.st_ino);
}

/* Do it where the jail's processes are or were, or else where we are. */
static void
do_in_netns(struct session *s, uint32_t jid, int netns,
    void (*fn)(struct session *, uint32_t))
{
	pid_t pid;

	if (netns == -1 || is_here(netns)) {
		fn(s, jid);
		return;
	}
	pid = fork();
	if (pid == 0) {
		if (setns(netns, CLONE_NEWNET) == 0)
			fn(s, jid);
		_exit(0);
	}
	while (pid != -1 && waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		continue;
}

/* (No kernel lacks what raw sockets are silenced by.) */
static void
destroy_lost(struct session *s, uint32_t jid)
{
	destroy_sockets(s, jid);
	raw_silence_lost(s, jid);
}

void
jail_destroy_lost(struct session *s, uint32_t jid)
{
	int netns = open_netns(s, jid);

	do_in_netns(s, jid, netns, destroy_lost);
	if (netns != -1)
		close(netns);
}

static void
sweep(struct session *s, uint32_t jid)
{
	(void)jid;
	aliases_sweep(s);
}

/* Take down, where the jail is, what it has given up and could not be here. */
void
jail_sweep(struct session *s, uint32_t jid)
{
	int netns = open_netns(s, jid);

	do_in_netns(s, jid, netns, sweep);
	if (netns != -1)
		close(netns);
}

/*
 * Destroy a jail, or what there is of it: j is NULL if it is not whole. Its
 * processes go first and its record last, so that it can be begun again.
 */
int
jail_destroy(struct session *s, uint32_t jid, const struct jail *j,
    const __u64 set[4])
{
	int error, netns = open_netns(s, jid);

	error = cgroup_remove(s, jid);
	if (error == 0)
		error = adopted_disown(s, jid, j);
	if (error == 0 && j != NULL)
		error = ignore_missing(kern_del(&s->k, KM_PRISONS,
		    &j->pi.pi_cgroup));
	if (error == 0)
		do_in_netns(s, jid, netns, clean);
	if (error == 0 && netns == -1 && j != NULL)
		error = aliases_leave(s, &j->pr);
	if (error == 0)
		error = destroy_addrs(s, jid, j, set);
	if (error == 0)
		do_in_netns(s, jid, netns, sweep);
	if (netns != -1)
		close(netns);
	if (error != 0 || destroy_names(s, jid, j) != 0)
		return (-1);
	destroy_refusals(s, jid);
	return (ignore_missing(kern_del(&s->k, KM_INFOS, &jid)));
}

static int
remove_one(struct session *s, const struct jail *j)
{
	const __u64 set[4] = {
		prison_own_set(&j->pr, &families[FAM_IP4]),
		prison_own_set(&j->pr, &families[FAM_IP6]),
	};

	if (journal_begin(s, JAIL_OP_REMOVE, j->pi.pi_id, set) != 0 ||
	    jail_destroy(s, j->pi.pi_id, j, set) != 0 ||
	    tree_count(s, &j->pr, -1) != 0)
		return (-1);
	return (journal_end(s));
}

/* The innermost of those in it first. */
int
jail_remove_locked(struct session *s, const struct jail *j)
{
	struct jail below;
	uint32_t *jids;
	ssize_t n = tree_below(s, j, &jids);
	int error = 0;

	if (n == -1)
		return (-1);
	for (; n > 0 && error == 0; n--) {
		error = jail_read(s, jids[n - 1], &below);
		if (error == 0)
			error = remove_one(s, &below);
	}
	free(jids);
	return (error == 0 ? remove_one(s, j) : -1);
}

int
jail_remove(int jid)
{
	struct session s;
	struct jail j;
	int error;

	if (session_open(&s, false) != 0)
		return (-1);
	error = jail_read_given(&s, jid, &j);
	if (error == 0)
		error = jail_remove_locked(&s, &j);
	session_close(&s);
	return (error);
}

static void
take_loopback(struct session *s, uint32_t jid)
{
	(void)s;
	loopback_down(jid);
}

/* What is on an interface for a jail, and, its processes last, the jail. */
static int
remove_cgroup(struct session *s, uint32_t jid)
{
	int error, netns = open_netns(s, jid);

	do_in_netns(s, jid, netns, take_loopback);
	error = cgroup_remove(s, jid);
	if (netns != -1)
		close(netns);
	return (error);
}

/* Kill and remove the jails below a root; maps need not be readable. */
static int
remove_cgroups(struct session *s, const char *root,
    int (*remove_one_of)(struct session *, uint32_t))
{
	struct dirent *e;
	int error = 0;
	DIR *d;

	d = opendir(root);
	if (d == NULL)
		return (errno == ENOENT ? 0 : jail_fail(errno, "%s: %s", root,
		    strerror(errno)));
	while (error == 0 && (e = readdir(d)) != NULL) {
		if (e->d_type == DT_DIR && e->d_name[0] != '.')
			error = remove_one_of(s, atoi(e->d_name));
	}
	closedir(d);
	return (error);
}

static int
remove_root(const char *path)
{
	if (path[0] != '\0' && rmdir(path) != 0 && errno != ENOENT)
		return (jail_fail(errno, "%s: %s", path, strerror(errno)));
	return (0);
}

int
jail_unload(void)
{
	struct session s = { .lock = -1 };
	int error;

	if (geteuid() != 0)
		return (jail_fail(EPERM, "must be root"));
	if (machine_find(&s.m) != 0)
		return (-1);
	s.lock = lock_cgroup(s.m.cgroup);
	if (s.lock == -1 && errno != ENOENT)
		return (-1);
	error = remove_cgroups(&s, s.m.cgroup, remove_cgroup);
	for (int ctl = 0; ctl < CTL_MAX && error == 0; ctl++) {
		if (s.m.v1[ctl][0] != '\0')
			error = remove_cgroups(&s, s.m.v1[ctl], cgroup_remove);
	}
	if (error == 0 && s.m.pins[0] != '\0') {
		if (kern_open(&s.k, s.m.pins) == 0)
			aliases_clear(&s);
		kern_close(&s.k);
		error = kern_unload(s.m.pins);
	}
	if (error == 0)
		error = remove_root(s.m.cgroup);
	for (int ctl = 0; ctl < CTL_MAX && error == 0; ctl++)
		error = remove_root(s.m.v1[ctl]);
	if (s.lock != -1)
		unlock_cgroup(s.lock);
	return (error);
}
