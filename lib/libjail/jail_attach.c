/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Putting processes into jails. A jail's namespaces are kept by its pid 1,
 * which is started with the first process and reaps what is orphaned. Whoever
 * comes later joins them: all that is needed is opened outside first, and what
 * a process must not have is dropped before anything of the jail runs.
 */

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/close_range.h>
#include <linux/sched.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jail_broker.h"

#define INIT_NAMESPACES	(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | \
	CLONE_NEWIPC)
#define JOIN_NAMESPACES	(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | \
	CLONE_NEWCGROUP | CLONE_NEWNET)
#define FORK_TRIES	10	/* times that pid 1 may leave as we come */
#define LEAVE_MS	100	/* to wait for one that leaves */

/* The way into a jail: what was opened outside. */
struct entry {
	int cgroup;		/* directory of its cgroup */
	int groups[CTL_MAX];	/* cgroup.procs on v1 hierarchies; -1: none */
	int init;		/* pidfd of its pid 1 */
	int broker;		/* who makes raw sockets; -1: nobody */
	struct prison pr;
};

/* What pid 1 tells its starter if it cannot do its work. */
struct init_error {
	int error;
	char text[JAIL_ERRMSGLEN];
};

static void
default_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Nobody's terminal, and no pipe that somebody waits at the other end of. */
static int
detach_stdio(void)
{
	int fd;

	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd == -1)
		return (jail_fail(errno, "/dev/null: %s", strerror(errno)));
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
	setsid();
	return (0);
}

/* *program is what it is to execute, opened while it still can be. */
static int
init_setup(const struct jail *j, const struct entry *e, int go, int *program)
{
	prctl(PR_SET_DUMPABLE, 0);
	process_name("jailinit");
	default_signals();
	umask(022);
	if (resources_join(e->groups) != 0 || detach_stdio() != 0)
		return (-1);
	if (unshare(CLONE_NEWCGROUP) != 0)
		return (jail_fail(errno, "cgroup namespace: %s",
		    strerror(errno)));
	if (sethostname(j->pi.pi_hostname, strlen(j->pi.pi_hostname)) != 0)
		return (jail_fail(errno, "host.hostname: %s",
		    strerror(errno)));
	if (init_open(j, program) != 0 || root_enter(j->pi.pi_path) != 0)
		return (-1);
	return (init_drop(j, go));
}

/*
 * Reap until the jail has no other process; in one that persists, for ever.
 * Processes that came by jail_fork() are children of somebody outside, so the
 * question is not whether there are children.
 */
static void
init_reap(bool persist)
{
	sigset_t chld;
	int sig;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, NULL);
	for (;;) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			continue;
		sigwait(&chld, &sig);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			continue;
		if (!persist && kill(-1, 0) != 0 && errno == ESRCH)
			_exit(0);
	}
}

/* What failed, or that nothing did. */
static void
init_report(int report, int error)
{
	struct init_error err = { .error = error };

	if (error != 0)
		snprintf(err.text, sizeof(err.text), "%s", jail_errmsg);
	if (write(report, &err, sizeof(err)) != sizeof(err))
		_exit(2);
	if (error != 0)
		_exit(1);
}

static void
init_main(const struct jail *j, const struct entry *e, int report, int go)
{
	int program;
	char byte;

	if (init_setup(j, e, go, &program) != 0)
		init_report(report, errno);
	if (has_init(j))
		init_report(report, 0);
	else
		close(report);
	if (read(go, &byte, 1) != 1)
		_exit(3);
	if (has_init(j) && init_execute(j, program, report) != 0)
		init_report(report, errno);
	syscall(SYS_close_range, 3, ~0U, 0);
	init_reap((j->pr.pr_flags & PR_PERSIST) != 0);
}

/* Keeps errno. */
static void
reap(pid_t pid)
{
	const int saved = errno;

	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		continue;
	errno = saved;
}

/*
 * Wait until pid 1 is ready. It says so, in a few words or by one byte; but for
 * jailinit, end of file does as well.
 */
static int
wait_init(pid_t pid, int report, bool jailinit)
{
	struct init_error err = { 0 };
	ssize_t len;

	do
		len = read(report, &err, sizeof(err));
	while (len == -1 && errno == EINTR);
	if (len == 1 || (len == sizeof(err) && err.error == 0) ||
	    (len == 0 && !jailinit && kill(pid, 0) == 0))
		return (0);
	if (len == sizeof(err) && err.error != 0)
		return (jail_fail(err.error, "%s", err.text));
	return (jail_fail(ESRCH, "the jail's pid 1 died as it started"));
}

/* One that starts programs itself gets a broker for all of them. */
static int
give_broker(struct session *s, const struct jail *j, struct entry *e, int go)
{
	int error, link;

	if (!has_init(j) || !(j->pr.pr_flags & BROKER_FLAGS))
		return (0);
	link = broker_start(s, j, e->cgroup, e->init);
	if (link == -1)
		return (-1);
	error = descriptor_send(go, link);
	close(link);
	return (error == 0 ? 0 : jail_fail(errno, "the jail's pid 1: %s",
	    strerror(errno)));
}

/* Have the record name pid 1, and pid 1 know that it does. */
static int
record_init(struct session *s, struct jail *j, pid_t pid, int go)
{
	j->pi.pi_initpid = pid;
	if (kern_put(&s->k, KM_INFOS, &j->pi.pi_id, &j->pi) != 0)
		return (-1);
	if (write(go, "", 1) != 1)
		return (jail_fail(errno, "the jail's pid 1: %s",
		    strerror(errno)));
	return (0);
}

/* From pid 1, and to it: the latter takes a descriptor. */
static int
make_pipes(int report[2], int go[2])
{
	if (pipe2(report, O_CLOEXEC) != 0)
		return (jail_fail(errno, "pipe: %s", strerror(errno)));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, go) == 0)
		return (0);
	jail_fail(errno, "pipe: %s", strerror(errno));
	close(report[0]);
	close(report[1]);
	return (-1);
}

/* The starter's side: what pid 1 needs, until it is at work. */
static int
finish_init(struct session *s, struct jail *j, struct entry *e, pid_t pid,
    int report, int go)
{
	e->init = syscall(SYS_pidfd_open, pid, 0);
	if (e->init == -1)
		return (jail_fail(errno, "pidfd_open: %s", strerror(errno)));
	if (give_broker(s, j, e, go) != 0 ||
	    wait_init(pid, report, false) != 0 ||
	    record_init(s, j, pid, go) != 0)
		return (-1);
	return (has_init(j) ? wait_init(pid, report, !execs_init(j)) : 0);
}

/*
 * A pid 1 that no record names would keep the jail for ever, so it ends if its
 * starter does before that.
 */
static int
start_init(struct session *s, struct jail *j, struct entry *e)
{
	int error = -1, go[2], report[2];
	pid_t pid;

	if (make_pipes(report, go) != 0)
		return (-1);
	pid = clone_into(e->cgroup, INIT_NAMESPACES);
	if (pid == 0) {
		close(s->lock);
		close(go[1]);
		init_main(j, e, report[1], go[0]);
	}
	close(report[1]);
	close(go[0]);
	if (pid == -1)
		jail_fail(errno, "layer namespaces: %s", strerror(errno));
	else
		error = finish_init(s, j, e, pid, report[0], go[1]);
	close(report[0]);
	close(go[1]);
	if (pid != -1 && error != 0)
		reap(pid);
	return (error);
}

static void
entry_close(struct entry *e)
{
	if (e->cgroup >= 0)
		close(e->cgroup);
	for (int ctl = 0; ctl < CTL_MAX; ctl++) {
		if (e->groups[ctl] >= 0)
			close(e->groups[ctl]);
	}
	if (e->init >= 0)
		close(e->init);
	if (e->broker >= 0)
		close(e->broker);
}

static int
entry_open(struct session *s, struct jail *j, struct entry *e)
{
	if (stdio_check() != 0)
		return (-1);
	*e = (struct entry){ .cgroup = -1, .groups = { -1, -1, -1, -1 },
		.init = -1, .broker = -1, .pr = j->pr };
	e->cgroup = cgroup_open(s, j->pi.pi_id);
	if (e->cgroup == -1 ||
	    resources_open(s, j->pi.pi_id, e->groups) != 0)
		goto fail;
	e->init = init_find(s, j);
	if (e->init != -1 ? netns_check(s, j) != 0 :
	    netns_move(s, j) != 0 || start_init(s, j, e) != 0)
		goto fail;
	if (j->pr.pr_flags & BROKER_FLAGS) {
		e->broker = broker_start(s, j, e->cgroup, e->init);
		if (e->broker == -1)
			goto fail;
	}
	return (0);
fail:
	entry_close(e);
	return (-1);
}

/* What must not come along: descriptors, but for the link to the broker. */
static int
close_descriptors(int broker)
{
	if (broker > 3 && dup2(broker, 3) == -1)
		return (jail_fail(errno, "descriptors: %s", strerror(errno)));
	syscall(SYS_close_range, broker == -1 ? 3 : 4, ~0U, 0);
	return (0);
}

/* Give up what a process of the jail does not have, and let the broker know. */
static int
drop_all(const struct entry *e)
{
	int error, notify;

	if (close_descriptors(e->broker) != 0)
		return (-1);
	if (e->broker == -1)
		return (priv_drop(&e->pr, false, NULL));
	if (priv_drop(&e->pr, false, &notify) != 0)
		return (-1);
	error = broker_hand_over(3, notify);
	syscall(SYS_close_range, 3, ~0U, 0);
	return (error);
}

/*
 * The rest of the way, for a process that is in the jail's cgroup. Not dumpable
 * until it runs a program of the jail's, so nothing in there can look at it.
 * Not in a process group with the host's processes either: kill(0, sig) reaches
 * all of a group, whatever the pid namespace.
 */
static int
enter(const struct entry *e)
{
	prctl(PR_SET_DUMPABLE, 0);
	if (getpgrp() != getpid() && setpgid(0, 0) != 0)
		return (jail_fail(errno, "process group: %s",
		    strerror(errno)));
	if (resources_join(e->groups) != 0)
		return (-1);
	if (setns(e->init, JOIN_NAMESPACES) != 0)
		return (jail_fail(errno, "layer namespaces: %s",
		    strerror(errno)));
	return (drop_all(e));
}

/* Who got half the way cannot go back, and must not go on either. */
static _Noreturn void
fail_inside(void)
{
	dprintf(2, "%s: %s\n", program_invocation_short_name, jail_errmsg);
	_exit(1);
}

/*
 * clone3(2) with the jail's pid namespace for the child alone: this thread's
 * own is restored.
 */
static pid_t
fork_into(const struct entry *e)
{
	int own, error;
	pid_t pid;

	own = open("/proc/thread-self/ns/pid_for_children",
	    O_RDONLY | O_CLOEXEC);
	if (own == -1)
		return (jail_fail(errno, "pid namespace: %s",
		    strerror(errno)));
	if (setns(e->init, CLONE_NEWPID) != 0) {
		error = errno;
		close(own);
		return (jail_fail(error, "layer namespaces: %s",
		    strerror(error)));
	}
	pid = clone_into(e->cgroup, 0);
	if (pid == 0)
		return (0);
	error = errno;
	setns(own, CLONE_NEWPID);
	close(own);
	if (pid == -1)
		jail_fail(error, "clone3: %s", strerror(error));
	return (pid);
}

/*
 * Did it fail because pid 1 leaves? One that has given up its namespaces is in
 * the cgroup for a moment longer, so wait a little; not until it is gone, which
 * it may be long after that.
 */
static bool
init_leaves(const struct entry *e, int error)
{
	struct pollfd pfd = { .fd = e->init, .events = POLLIN };

	if (error != ENOMEM && error != ESRCH && error != EINVAL)
		return (false);
	poll(&pfd, 1, LEAVE_MS);
	return (true);
}

/* pid 1 may end while we join it; then the jail gets a new one. */
pid_t
jail_fork_locked(struct session *s, struct jail *j)
{
	struct entry e;
	bool again = true;
	int error;
	pid_t pid = -1;

	if (is_adopted(j))
		return (adopted_refuse(j));
	for (int i = 0; i < FORK_TRIES && again; i++) {
		if (entry_open(s, j, &e) != 0)
			return (-1);
		pid = fork_into(&e);
		if (pid == 0) {
			close(s->lock);
			if (enter(&e) != 0)
				fail_inside();
			return (0);
		}
		error = errno;
		again = pid == -1 && init_leaves(&e, error);
		entry_close(&e);
		errno = error;
	}
	return (pid);
}

static int
read_for_entry(struct session *s, int jid, struct jail *j)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", jid);
	if (jail_find(s, text, j) == 0)
		return (0);
	if (errno == ENOENT)
		errno = EINVAL;
	return (-1);
}

pid_t
jail_fork(int jid)
{
	struct session s;
	struct jail j;
	pid_t pid = -1;

	if (session_open(&s, false) != 0)
		return (-1);
	if (read_for_entry(&s, jid, &j) == 0)
		pid = jail_fork_locked(&s, &j);
	if (pid != 0)
		session_close(&s);
	return (pid);
}

static int
count_threads(void)
{
	struct dirent *e;
	int n = 0;
	DIR *d;

	d = opendir("/proc/self/task");
	if (d == NULL)
		return (jail_fail(errno, "/proc/self/task: %s",
		    strerror(errno)));
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	closedir(d);
	return (n);
}

static int
move_self(const struct entry *e)
{
	int fd, error = 0;

	fd = openat(e->cgroup, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (fd == -1 || write(fd, "0", 1) != 1)
		error = jail_fail(errno, "cgroup.procs: %s", strerror(errno));
	if (fd != -1)
		close(fd);
	return (error);
}

int
jail_attach_locked(struct session *s, struct jail *j)
{
	struct entry e;
	int n = count_threads();

	if (is_adopted(j))
		return (adopted_refuse(j));
	if (n != 1)
		return (n < 0 ? -1 : jail_fail(EBUSY, "a process with %d "
		    "threads cannot enter a jail", n));
	if (entry_open(s, j, &e) != 0)
		return (-1);
	if (setns(e.init, CLONE_NEWPID) != 0) {
		jail_fail(errno, "layer namespaces: %s", strerror(errno));
		entry_close(&e);
		return (-1);
	}
	if (move_self(&e) != 0) {
		entry_close(&e);
		return (-1);
	}
	if (enter(&e) != 0)
		fail_inside();
	return (0);
}

int
jail_attach(int jid)
{
	struct session s;
	struct jail j;
	int error = -1;

	if (session_open(&s, false) != 0)
		return (-1);
	if (read_for_entry(&s, jid, &j) == 0)
		error = jail_attach_locked(&s, &j);
	if (error != 0)
		session_close(&s);
	return (error);
}

/* For the sake of its pid 1 alone. */
int
jail_start_locked(struct session *s, struct jail *j)
{
	struct entry e;

	if (entry_open(s, j, &e) != 0)
		return (-1);
	entry_close(&e);
	return (0);
}
