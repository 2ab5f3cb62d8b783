/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Signals for every process of a jail. The jail is frozen meanwhile, so that
 * none can fork, and a signal finds each exactly once.
 */

#include <sys/syscall.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "jail_impl.h"

#define DEAD_MS	10000	/* patience with dying processes */

/* Is the process that has the pid now one of the jail's? */
static bool
in_jail(const struct jail *j, pid_t pid)
{
	char path[64], line[PATH_MAX], tail[64];
	bool found = false;
	size_t len, want;
	FILE *f;

	want = snprintf(tail, sizeof(tail), "/%s/%u\n", jail_instance(),
	    j->pi.pi_id);
	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	f = fopen(path, "re");
	if (f == NULL)
		return (false);
	while (!found && fgets(line, sizeof(line), f) != NULL) {
		len = strlen(line);
		found = strncmp(line, "0::", 3) == 0 && len > want &&
		    strcmp(line + len - want, tail) == 0;
	}
	fclose(f);
	return (found);
}

/*
 * The descriptor is opened before the question is asked, so that a process
 * which was given the pid of a dead one is not hit.
 */
static int
kill_pid(const struct jail *j, pid_t pid, int sig)
{
	int error = 0, fd;

	fd = syscall(SYS_pidfd_open, pid, 0);
	if (fd == -1)
		return (errno == ESRCH ? 0 : jail_fail(errno, "process %d: %s",
		    pid, strerror(errno)));
	if (in_jail(j, pid) &&
	    syscall(SYS_pidfd_send_signal, fd, sig, NULL, 0) != 0 &&
	    errno != ESRCH)
		error = jail_fail(errno, "process %d: %s", pid,
		    strerror(errno));
	close(fd);
	return (error);
}

static int
kill_frozen(struct session *s, const struct jail *j, int sig)
{
	pid_t *pids;
	int error = 0, n, sent = 0;

	n = cgroup_pids(s, j->pi.pi_id, &pids);
	if (n < 0)
		return (-1);
	for (int i = 0; i < n && error == 0; i++) {
		if (pids[i] == (pid_t)j->pi.pi_initpid)
			continue;
		error = kill_pid(j, pids[i], sig);
		sent++;
	}
	free(pids);
	if (error == 0 && sent == 0)
		return (jail_fail(ESRCH, "jail \"%s\" has no process",
		    j->pi.pi_name));
	return (error);
}

static int
kill_by_freezing(struct session *s, const struct jail *j, int sig)
{
	const __u64 none[4] = { 0 };
	char reason[JAIL_ERRMSGLEN];
	int error, saved;

	if (journal_begin(s, JAIL_OP_FREEZE, j->pi.pi_id, none) != 0)
		return (-1);
	error = cgroup_freeze(s, j->pi.pi_id, true);
	if (error == 0)
		error = kill_frozen(s, j, sig);
	saved = errno;
	strcpy(reason, jail_errmsg);
	if (journal_recover(s) != 0 && error == 0)
		return (-1);
	return (error == 0 ? 0 : jail_fail(saved, "%s", reason));
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
	if (kill_by_freezing(s, j, sig) != 0)
		return (-1);
	if (sig == SIGKILL && wait_dead(s, j) != 0)
		return (-1);
	return (jail_live(s, j) >= 0 ? 0 : -1);
}

int
jail_kill(int jid, int sig)
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
		error = kill_locked(&s, &j, sig);
	session_close(&s);
	return (error);
}
