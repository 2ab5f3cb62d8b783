/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Pid 1 of a jail, as others see it, and jails with a life of their own: in
 * these it is jailinit(8), or a program of the jail's. jailinit is the
 * host's, executed from a mount of its file that nobody can write through (see
 * jail_seal.c), and is not dumpable: so nobody in the jail gets at what it has
 * open.
 */

#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/close_range.h>
#include <linux/mount.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jail_broker.h"
#include "jail_set.h"
#include "jailinit.h"

#define EXEC		"exec:"
#define TIMEOUT_DEFAULT	10	/* FreeBSD's */
#define TIMEOUT_MAX	86400
#define SPARE		16	/* first descriptor above those that it has */

static char *const environment[] = { "HOME=/root",
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"container=netjail", NULL };

bool
has_init(const struct jail *j)
{
	return (j->pi.pi_init[0] != '\0');
}

/* Is its pid 1 a program of the jail's? */
bool
execs_init(const struct jail *j)
{
	return (strncmp(j->pi.pi_init, EXEC, strlen(EXEC)) == 0);
}

static int
set_timeout(struct change *c)
{
	struct prison_info *pi = &c->new.pi;
	int32_t timeout = spec_int(&c->sp, P_STOP_TIMEOUT, c->exists ?
	    (int32_t)pi->pi_stop_timeout : TIMEOUT_DEFAULT);

	if (timeout < 0 || timeout > TIMEOUT_MAX)
		return (jail_fail(EINVAL, "stop.timeout: %d is not between 0 "
		    "and %d", timeout, TIMEOUT_MAX));
	if (c->exists && (uint32_t)timeout != pi->pi_stop_timeout)
		return (jail_fail(EINVAL, "stop.timeout cannot be changed "
		    "after creation"));
	pi->pi_stop_timeout = timeout;
	return (0);
}

int
set_init(struct change *c)
{
	const char *init = spec_string(&c->sp, P_INIT);
	char *own = c->new.pi.pi_init;

	if (set_timeout(c) != 0)
		return (-1);
	if (init == NULL)
		return (0);
	if (c->exists && strcmp(init, own) != 0)
		return (jail_fail(EINVAL, "init cannot be changed after "
		    "creation"));
	if (strncmp(init, EXEC, strlen(EXEC)) == 0 &&
	    init[strlen(EXEC)] != '/')
		return (jail_fail(EINVAL, "init: %s: behind " EXEC " is the "
		    "path of a program", init));
	memcpy(own, init, strlen(init));
	return (0);
}

/* The file of jailinit, to be executed: as installed, or JAILINIT. */
int
init_open(const struct jail *j, int *ret_program)
{
	struct mount_attr ro = { .attr_set = MOUNT_ATTR_RDONLY };
	const char *path = getenv("JAILINIT");
	int fd;

	*ret_program = -1;
	if (!has_init(j) || execs_init(j))
		return (0);
	if (path == NULL || path[0] == '\0')
		path = JAILINIT_PATH;
	fd = syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE |
	    OPEN_TREE_CLOEXEC);
	if (fd != -1 && syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &ro,
	    sizeof(ro)) == 0) {
		*ret_program = fd;
		return (0);
	}
	jail_fail(errno, "init: %s: %s%s", path, strerror(errno),
	    errno == ENOENT ? ": make install puts it there" : "");
	if (fd != -1)
		close(fd);
	return (-1);
}

/*
 * What it starts is to have raw sockets as what enters the jail has: by a
 * broker, which the starter starts, as only he can.
 */
int
init_drop(const struct jail *j, int go)
{
	int error, link, notify;

	if (!has_init(j) || !(j->pr.pr_flags & BROKER_FLAGS))
		return (priv_drop(&j->pr, true, NULL));
	link = descriptor_receive(go);
	if (link == -1 || priv_drop(&j->pr, true, &notify) != 0)
		return (-1);
	error = broker_hand_over(link, notify);
	close(notify);
	close(link);
	return (error);
}

/*
 * Put descriptors where jailinit has them. First all of them, and the program's
 * that is behind them, move out of the way.
 */
static int
place_descriptors(int fds[JAILINIT_NFDS + 1])
{
	for (int i = 0; i <= JAILINIT_NFDS; i++) {
		fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, SPARE);
		if (fds[i] == -1)
			return (-1);
	}
	for (int i = 0; i < JAILINIT_NFDS; i++) {
		if (dup2(fds[i], JAILINIT_HEAR + i) == -1)
			return (-1);
	}
	return (syscall(SYS_close_range, JAILINIT_HEAR + JAILINIT_NFDS, ~0U,
	    CLOSE_RANGE_CLOEXEC));
}

static int
execute_jailinit(const struct jail *j, int program, int report)
{
	char timeout[16];
	const bool persist = (j->pr.pr_flags & PR_PERSIST) != 0;
	char *argv[] = { "jailinit", persist ? "-pt" : "-t", timeout, "--",
	    (char *)j->pi.pi_init, NULL };
	int fds[JAILINIT_NFDS + 1], pair[2];

	snprintf(timeout, sizeof(timeout), "%u", j->pi.pi_stop_timeout);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0) {
		fds[JAILINIT_HEAR - JAILINIT_HEAR] = pair[0];
		fds[JAILINIT_ASK - JAILINIT_HEAR] = pair[1];
		fds[JAILINIT_REPORT - JAILINIT_HEAR] = report;
		fds[JAILINIT_NFDS] = program;
		if (place_descriptors(fds) == 0)
			execveat(fds[JAILINIT_NFDS], "", argv, environment,
			    AT_EMPTY_PATH);
	}
	return (jail_fail(errno, "init: jailinit: %s", strerror(errno)));
}

static int
execute_own(const struct jail *j)
{
	const char *path = j->pi.pi_init + strlen(EXEC);
	char *argv[] = { (char *)path, NULL };

	syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC);
	execve(path, argv, environment);
	return (jail_fail(errno, "init: %s: %s", path, strerror(errno)));
}

/*
 * In pid 1, wholly in the jail. Returns only if it fails; report is closed once
 * it has not.
 */
int
init_execute(const struct jail *j, int program, int report)
{
	return (execs_init(j) ? execute_own(j) : execute_jailinit(j, program,
	    report));
}

/* A pidfd, if the pid is still the jail's: that cannot become another's. */
int
init_find(struct session *s, const struct jail *j)
{
	pid_t *pids;
	int fd, n, found = 0;

	if (j->pi.pi_initpid == 0)
		return (-1);
	fd = syscall(SYS_pidfd_open, j->pi.pi_initpid, 0);
	if (fd == -1)
		return (-1);
	n = cgroup_pids(s, j->pi.pi_id, &pids);
	for (int i = 0; i < n; i++)
		found |= pids[i] == (pid_t)j->pi.pi_initpid;
	if (n >= 0)
		free(pids);
	if (found)
		return (fd);
	close(fd);
	return (-1);
}

/* A running jail's host name is changed from inside its namespace. */
int
jail_set_hostname(struct session *s, const struct jail *j)
{
	int fd, status = 0;
	pid_t pid;

	fd = init_find(s, j);
	if (fd == -1)
		return (0);
	pid = fork();
	if (pid == 0) {
		if (setns(fd, CLONE_NEWUTS) != 0 ||
		    sethostname(j->pi.pi_hostname,
		    strlen(j->pi.pi_hostname)) != 0)
			_exit(errno);
		_exit(0);
	}
	close(fd);
	while (pid != -1 && waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	if (pid == -1 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return (jail_fail(EIO, "host.hostname: the running jail's "
		    "cannot be changed"));
	return (0);
}
