/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The lock, and the journal that lets the next holder clear away what a killed
 * one began. At most one change is under way, so one record is enough.
 */

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "jail_impl.h"

#define LOCK_TRIES	100	/* times that the directory was made anew */
#define LOCK_MS		60000	/* patience with another process's change */

static const uint32_t zero = 0;

int
globals_write(struct session *s)
{
	return (kern_put(&s->k, KM_GLOBALS, &zero, &s->g));
}

/* Say what is about to change. Sets that need clearing away if it fails. */
int
journal_begin(struct session *s, uint32_t op, uint32_t jid,
    const __u64 set[4])
{
	s->changed = true;
	s->g.op = op;
	s->g.jid = jid;
	memcpy(s->g.set, set, sizeof(s->g.set));
	return (globals_write(s));
}

int
journal_end(struct session *s)
{
	s->g.op = JAIL_OP_NONE;
	return (globals_write(s));
}

/* What the jail has, it owns with the ports that it has. */
static int
own_addrs(struct session *s, const struct family *f, const struct prison *pr)
{
	struct addrlist l;
	int error;

	if (pr->pr_flags & f->inherited)
		return (0);
	if (addrs_read(s, f, pr, &l) != 0)
		return (-1);
	error = addrs_take(s, f, pr, &l);
	free(l.addrs);
	return (error);
}

/* Drop what of the sets the jail does not use, and names it does not have. */
static int
finish_update(struct session *s, uint32_t jid)
{
	uint32_t *jids;
	struct jail j;
	char *names;
	size_t n;

	if (jail_read(s, jid, &j) != 0)
		return (jail_destroy(s, jid, NULL, s->g.set));
	if (tree_follow(s, &j) != 0)
		return (-1);
	for (int f = 0; f < FAM_MAX; f++) {
		uint64_t kept = prison_set(&j.pr, &families[f]);

		for (int i = 0; i < 4; i++) {
			if (s->g.set[i] != kept && addrs_purge(s, &families[f],
			    jid, s->g.set[i], kept) != 0)
				return (-1);
		}
		if (own_addrs(s, &families[f], &j.pr) != 0)
			return (-1);
	}
	if (loopback_own(s, &j.pr) != 0)
		return (-1);
	resources_restore(s, &j);
	if (kern_dump(&s->k, KM_NAMES, (void **)&names, (void **)&jids,
	    &n) != 0)
		return (-1);
	for (size_t i = 0; i < n; i++) {
		if (jids[i] == jid && strncmp(names + i * JAIL_NAMELEN,
		    j.pi.pi_name, JAIL_NAMELEN) != 0)
			kern_del(&s->k, KM_NAMES, names + i * JAIL_NAMELEN);
	}
	free(names);
	free(jids);
	return (0);
}

/* Write a jail as the journal has it. */
static int
write_jail(struct session *s)
{
	if (kern_put(&s->k, KM_INFOS, &s->g.jid, &s->g.pi) != 0)
		return (-1);
	return (kern_put(&s->k, KM_PRISONS, &s->g.pi.pi_cgroup, &s->g.pr));
}

/* From here on the jail is the new one, whatever happens to this process. */
int
journal_commit(struct session *s, const struct jail *j)
{
	s->g.op = JAIL_OP_COMMIT;
	s->g.pr = j->pr;
	s->g.pi = j->pi;
	if (globals_write(s) != 0)
		return (-1);
	return (write_jail(s));
}

/* Carry through or take back the change that the journal tells of. */
int
journal_recover(struct session *s)
{
	struct jail j;
	int error;

	switch (s->g.op) {
	case JAIL_OP_NONE:
		return (0);
	case JAIL_OP_UPDATE:
		error = finish_update(s, s->g.jid);
		break;
	case JAIL_OP_FREEZE:
		error = cgroup_freeze(s, s->g.jid, 0);
		break;
	case JAIL_OP_COMMIT:
		s->recovering = true;
		error = write_jail(s);
		if (error == 0) {
			jail_destroy_lost(s, s->g.jid);
			error = finish_update(s, s->g.jid);
		}
		s->recovering = false;
		break;
	default:
		error = jail_destroy(s, s->g.jid,
		    jail_read(s, s->g.jid, &j) == 0 ? &j : NULL, s->g.set);
		if (error == 0)
			error = tree_recount(s);
		break;
	}
	return (error == 0 ? journal_end(s) : -1);
}

/* Returns 0 or an errno. */
static int
take_lock(int fd)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	for (int i = 0; i < LOCK_MS; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return (0);
		if (errno != EWOULDBLOCK && errno != EINTR)
			return (errno);
		nanosleep(&pause, NULL);
	}
	return (ETIMEDOUT);
}

/*
 * Open the netjail root cgroup and lock it. Nobody but root may open it, since
 * whoever can may also hold the lock.
 */
int
lock_cgroup(const char *path)
{
	int error, fd;

	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || fchmod(fd, 0700) != 0)
		error = errno;
	else
		error = take_lock(fd);
	if (error == 0)
		return (fd);
	if (fd != -1)
		close(fd);
	return (jail_fail(error, "%s: %s", path, error == ETIMEDOUT ?
	    "another process holds the lock" : strerror(error)));
}

/*
 * Said outright: a child that was forked meanwhile has the descriptor too, and
 * a jail can stop that child.
 */
void
unlock_cgroup(int fd)
{
	flock(fd, LOCK_UN);
	close(fd);
}

/* Lock the netjail root cgroup, which may be removed while we wait for it. */
static int
lock_root(struct session *s, bool change)
{
	struct stat here, there;

	for (int i = 0; i < LOCK_TRIES; i++) {
		s->made = change && mkdir(s->m.cgroup, 0700) == 0;
		if (change && !s->made && errno != EEXIST)
			return (jail_fail(errno, "%s: %s", s->m.cgroup,
			    strerror(errno)));
		s->lock = lock_cgroup(s->m.cgroup);
		if (s->lock == -1)
			return (-1);
		if (fstat(s->lock, &here) == 0 &&
		    stat(s->m.cgroup, &there) == 0 &&
		    here.st_ino == there.st_ino) {
			s->cgroup = here.st_ino;
			return (0);
		}
		unlock_cgroup(s->lock);
		s->lock = -1;
	}
	return (jail_fail(EAGAIN, "%s: comes and goes", s->m.cgroup));
}

/* A root cgroup that was removed took every jail and every layer with it. */
static int
forget_stale(struct session *s)
{
	aliases_clear(s);
	kern_close(&s->k);
	return (kern_unload(s->m.pins));
}

static int
load(struct session *s)
{
	if (s->m.pins[0] == '\0' && (machine_mount_bpffs() != 0 ||
	    machine_find(&s->m) != 0))
		return (-1);
	if (kern_load(s->m.pins, s->lock, s->cgroup, features_wanted()) != 0)
		return (-1);
	s->fresh = true;
	return (kern_open(&s->k, s->m.pins));
}

/* Returns 1 if the kernel half is loaded and fits, 0 if not, -1. */
static int
open_loaded(struct session *s)
{
	if (s->m.pins[0] == '\0')
		return (0);
	if (kern_sweep(s->m.pins) != 0)
		return (-1);
	if (kern_open(&s->k, s->m.pins) != 0)
		return (errno == ENOENT ? 0 : -1);
	if (kern_get(&s->k, KM_GLOBALS, &zero, &s->g) != 0)
		return (-1);
	if (s->g.version != JAIL_VERSION)
		return (jail_fail(ENOSYS, "the kernel half that is loaded is "
		    "of version %u, not %d: jail --destroy with its own tools",
		    s->g.version, JAIL_VERSION));
	if (s->g.cgroup != s->cgroup)
		return (forget_stale(s) == 0 ? 0 : -1);
	return (kern_check_links(s->m.pins, s->g.features) == 0 ? 1 : -1);
}

/*
 * For change the kernel half is loaded if it is not; otherwise loaded tells
 * whether it is, and there are no jails if not.
 */
int
session_open(struct session *s, bool change)
{
	int ready;

	memset(s, 0, sizeof(*s));
	s->lock = -1;
	for (int i = 0; i < KM_MAX; i++)
		s->k.map[i] = -1;
	if (geteuid() != 0)
		return (jail_fail(EPERM, "must be root"));
	if (features_check() != 0 || machine_find(&s->m) != 0)
		return (-1);
	if (!change && access(s->m.cgroup, F_OK) != 0)
		return (0);
	if (lock_root(s, change) != 0) {
		session_close(s);
		return (-1);
	}
	ready = open_loaded(s);
	if (ready == 0 && change)
		ready = load(s) == 0 && kern_get(&s->k, KM_GLOBALS, &zero,
		    &s->g) == 0 ? 1 : -1;
	s->loaded = ready == 1;
	if (ready == -1 || (s->loaded && (journal_recover(s) != 0 ||
	    aliases_sweep(s) != 0))) {
		session_close(s);
		return (-1);
	}
	return (0);
}

/* What was set up for a first jail that was not made goes again. */
static void
undo_setup(struct session *s)
{
	if (s->fresh && !s->changed)
		kern_unload(s->m.pins);
	if (s->made && !s->changed) {
		rmdir(s->m.cgroup);
		for (int ctl = 0; ctl < CTL_MAX; ctl++)
			rmdir(s->m.v1[ctl]);
	}
}

/* Keeps errno and jail_errmsg. */
void
session_close(struct session *s)
{
	char reason[JAIL_ERRMSGLEN];
	int saved = errno;

	strcpy(reason, jail_errmsg);
	kern_close(&s->k);
	undo_setup(s);
	if (s->lock != -1)
		unlock_cgroup(s->lock);
	s->lock = -1;
	strcpy(jail_errmsg, reason);
	errno = saved;
}
