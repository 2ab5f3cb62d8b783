/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Signals for every process of a jail, each of which gets it exactly once, also
 * those that are forked meanwhile. Either a program in the kernel sees to that,
 * or the jail is frozen, so that none can fork.
 */

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "jail_impl.h"

#define DEAD_MS		10000	/* patience with dying processes */
#define PASSES_MAX	64	/* so often forks may be faster than we */
#define RT_FIRST	32	/* the kernel's first real-time signal */

/* What is sent, and to how many it was. */
struct delivery {
	struct session *s;
	const struct jail *j;
	struct jail_signal js;
	uint32_t sent;
};

/*
 * Passes of the kernel half's program, see struct jail_signal; nobody forks in
 * a jail that is frozen. Returns 1 if everyone has got the signal, 0 or -1.
 */
static int
make_passes(struct delivery *d, bool frozen)
{
	bool settled = frozen;

	for (int i = 0; i < PASSES_MAX; i++) {
		if (kern_signal(d->s->m.pins, &d->js) != 0)
			return (-1);
		d->sent += d->js.js_sent;
		if (settled && d->js.js_sent + d->js.js_left == 0)
			return (1);
		settled = frozen || d->js.js_left + d->js.js_forks == 0;
	}
	return (0);
}

static int
kill_one_by_one(struct delivery *d)
{
	uint32_t jid = d->j->pi.pi_id;
	pid_t *pids;
	int error = 0, n;

	n = cgroup_pids(d->s, jid, &pids);
	if (n < 0)
		return (-1);
	for (int i = 0; i < n && error == 0; i++) {
		if (pids[i] == (pid_t)d->j->pi.pi_initpid)
			continue;
		error = cgroup_signal(jid, pids[i], d->js.js_sig);
		d->sent++;
	}
	free(pids);
	return (error);
}

static int
finish_passes(struct delivery *d)
{
	int done = make_passes(d, true);

	if (done == 0)
		return (jail_fail(EAGAIN, "jail \"%s\": %u processes could not "
		    "be sent a signal", d->j->pi.pi_name, d->js.js_left));
	return (done == 1 ? 0 : -1);
}

static int
kill_by_freezing(struct delivery *d, int (*kill_frozen)(struct delivery *))
{
	const __u64 none[4] = { 0 };
	uint32_t jid = d->j->pi.pi_id;
	char reason[JAIL_ERRMSGLEN];
	int error, saved;

	if (journal_begin(d->s, JAIL_OP_FREEZE, jid, none) != 0)
		return (-1);
	error = cgroup_freeze(d->s, jid, FREEZE_MS);
	if (error == 0)
		error = kill_frozen(d);
	saved = errno;
	strcpy(reason, jail_errmsg);
	if (journal_recover(d->s) != 0 && error == 0)
		return (-1);
	return (error == 0 ? 0 : jail_fail(saved, "%s", reason));
}

/*
 * The kernel knows signals by the moment at which they were first sent. What it
 * has noted it has noted for this one only.
 */
static int
kill_by_passes(struct delivery *d)
{
	struct timespec now;
	int done;

	clock_gettime(CLOCK_MONOTONIC, &now);
	d->js.js_number = now.tv_sec * 1000000000ULL + now.tv_nsec;
	d->js.js_cgroup = d->j->pi.pi_cgroup;
	d->js.js_spared = d->j->pi.pi_initpid;
	done = make_passes(d, false);
	if (done == 0)
		done = kill_by_freezing(d, finish_passes) == 0 ? 1 : -1;
	return (kern_clear(&d->s->k, KM_MARKS) == 0 && done == 1 ? 0 : -1);
}

/*
 * The program's real-time signals get lost where those of kill(2) do not: when
 * the receiver has too many of them pending.
 */
static int
deliver(struct session *s, const struct jail *j, int sig)
{
	struct delivery d = { .s = s, .j = j, .js.js_sig = sig };
	bool passes = feature_used(s, F_SIGNAL) && sig < RT_FIRST;

	if ((passes ? kill_by_passes(&d) :
	    kill_by_freezing(&d, kill_one_by_one)) != 0)
		return (-1);
	return (d.sent > 0 ? 0 : jail_fail(ESRCH, "jail \"%s\" has no process",
	    j->pi.pi_name));
}

/* Wait until they have died, so that what they had can be had again. */
static int
wait_dead(struct session *s, const struct jail *j)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	int n = 1;

	for (int i = 0; i < DEAD_MS && n > 0; i++) {
		n = jail_processes(s, j);
		if (n > 0)
			nanosleep(&pause, NULL);
	}
	if (n > 0)
		return (jail_fail(ETIMEDOUT, "jail \"%s\": %d processes do "
		    "not die", j->pi.pi_name, n));
	return (n);
}

/*
 * A write to cgroup.kill would be simpler for SIGKILL, but after one the kernel
 * also kills whatever is cloned into the cgroup later (CLONE_INTO_CGROUP, seen
 * with Linux 6.18), so that is for jails that end.
 */
static int
kill_locked(struct session *s, struct jail *j, int sig)
{
	if (is_adopted(j))
		return (adopted_refuse(j));
	if (deliver(s, j, sig) != 0)
		return (-1);
	if (sig == SIGKILL && wait_dead(s, j) != 0)
		return (-1);
	return (jail_live(s, j) >= 0 ? 0 : -1);
}

/* Whatever fails, the others get it; what failed first is told. */
struct outcome {
	int error;		/* errno, or 0 */
	char reason[JAIL_ERRMSGLEN];
	bool sent;
};

static void
kill_next(struct session *s, struct jail *j, int sig, struct outcome *o)
{
	if (kill_locked(s, j, sig) == 0) {
		o->sent = true;
		return;
	}
	if (o->error != 0 && (o->error != ESRCH || errno == ESRCH))
		return;
	o->error = errno;
	strcpy(o->reason, jail_errmsg);
}

/* None of its processes can get into a jail in it on its own. */
static int
kill_tree(struct session *s, struct jail *j, int sig)
{
	struct outcome o = { .error = 0 };
	struct jail below;
	uint32_t *jids;
	ssize_t n = tree_below(s, j, &jids);

	if (n == -1)
		return (-1);
	kill_next(s, j, sig, &o);
	for (; n > 0; n--) {
		if (jail_read(s, jids[n - 1], &below) == 0)
			kill_next(s, &below, sig, &o);
	}
	free(jids);
	if (jail_read(s, j->pi.pi_id, j) == 0)
		jail_live(s, j);
	if (o.error == 0 || (o.error == ESRCH && o.sent))
		return (0);
	return (jail_fail(o.error, "%s", o.reason));
}

static int
send_signal(int jid, int sig, int (*fn)(struct session *, struct jail *, int))
{
	struct session s;
	struct jail j;
	char text[16];
	int error = -1;

	if (sig < 0 || sig >= NSIG)
		return (jail_fail(EINVAL, "%d is not a signal", sig));
	snprintf(text, sizeof(text), "%d", jid);
	if (session_open(&s, false) != 0)
		return (-1);
	if (jail_find(&s, text, &j) == 0)
		error = fn(&s, &j, sig);
	session_close(&s);
	return (error);
}

int
jail_kill(int jid, int sig)
{
	return (send_signal(jid, sig, kill_tree));
}

int
jail_kill_only(int jid, int sig)
{
	return (send_signal(jid, sig, kill_locked));
}
