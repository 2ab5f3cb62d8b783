/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The commands of jail.conf(5), each run by a shell in a process group of its
 * own, which is ended when it takes too long.
 */

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/openat2.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conf_run.h"
#include "util_user.h"

#define GRACE_SECONDS	5	/* for a command to end when interrupted */

static struct timespec
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (t);
}

/* Milliseconds until then; not less than 0. */
static long
left(const struct timespec *end)
{
	const struct timespec t = now();
	long ms = (end->tv_sec - t.tv_sec) * 1000 +
	    (end->tv_nsec - t.tv_nsec) / 1000000;

	return (ms > 0 ? ms : 0);
}

/* The next signal, or 0 when there is none in that time; -1: for ever. */
static int
next_signal(const struct act *a, long ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
	int sig;

	do
		sig = ms < 0 ? sigwaitinfo(&a->signals, NULL) :
		    sigtimedwait(&a->signals, NULL, &t);
	while (sig == -1 && errno == EINTR);
	return (sig == -1 ? 0 : sig);
}

/* Does it interrupt what we do? */
static bool
interrupts(struct act *a, int sig)
{
	if (sig == 0 || sig == SIGCHLD)
		return (false);
	a->interrupted = true;
	return (true);
}

bool
act_sleep(struct act *a, int milliseconds)
{
	struct timespec end = now();

	end.tv_sec += milliseconds / 1000;
	end.tv_nsec += milliseconds % 1000 * 1000000L;
	while (left(&end) > 0) {
		if (interrupts(a, next_signal(a, left(&end))))
			return (false);
	}
	return (true);
}

static void
end_group(pid_t pid, int sig)
{
	if (kill(-pid, sig) != 0)
		kill(pid, sig);
}

/*
 * Wait for a command. Returns its status, or -1 if it was ended because it took
 * too long.
 */
static int
wait_command(struct act *a, pid_t pid)
{
	const int timeout = conf_number(a->jail, "exec.timeout", 0);
	struct timespec end = now();
	bool limited = timeout > 0;
	int sig, status;

	end.tv_sec += timeout;
	while (waitpid(pid, &status, WNOHANG) == 0) {
		sig = next_signal(a, limited ? left(&end) : -1);
		if (sig == 0) {
			end_group(pid, SIGKILL);
			while (waitpid(pid, &status, 0) == -1 &&
			    errno == EINTR)
				continue;
			return (-1);
		}
		if (interrupts(a, sig)) {
			end_group(pid, sig);
			limited = true;
			end = now();
			end.tv_sec += GRACE_SECONDS;
		}
	}
	return (status);
}

/* What is undone goes on with the next command if one is interrupted. */
static int
judge(struct act *a, const char *param, const char *command, int status)
{
	if (a->interrupted) {
		a->interrupted = false;
		return (act_fail(a, "%s: interrupted: %s", param, command));
	}
	if (status == -1)
		return (act_fail(a, "%s: took longer than the %d seconds of "
		    "exec.timeout: %s", param, conf_number(a->jail,
		    "exec.timeout", 0), command));
	if (WIFSIGNALED(status))
		return (act_fail(a, "%s: killed by signal %d: %s", param,
		    WTERMSIG(status), command));
	if (WEXITSTATUS(status) != 0)
		return (act_fail(a, "%s: exit status %d: %s", param,
		    WEXITSTATUS(status), command));
	return (0);
}

static void
set_env(const char *name, const char *value)
{
	if (value != NULL && setenv(name, value, 1) != 0)
		err(1, "%s", name);
}

/* Which jail it is about; where its root is, the jail need not know. */
static void
set_jail_env(const struct act *a, bool inside)
{
	char jid[16];

	snprintf(jid, sizeof(jid), "%d", a->last_jid);
	set_env("JID", a->last_jid != 0 ? jid : NULL);
	set_env("JNAME", conf_value(a->jail, "name"));
	if (!inside)
		set_env("JPATH", a->path);
}

static void
set_user_env(const struct user *u)
{
	set_env("HOME", u->home);
	set_env("SHELL", u->shell);
	set_env("USER", u->name);
}

static void
clean_env(void)
{
	char *term = getenv("TERM");

	if (term != NULL)
		term = conf_strndup(term, strlen(term));
	clearenv();
	set_env("PATH", "/bin:/usr/bin");
	set_env("TERM", term);
	free(term);
}

static _Noreturn void
run_shell(const struct act *a, const char *command)
{
	sigprocmask(SIG_SETMASK, &a->inherited, NULL);
	execl("/bin/sh", "sh", "-c", command, NULL);
	err(errno == ENOENT ? 127 : 126, "%s: /bin/sh", a->jail->name);
}

static _Noreturn void
run_outside(const struct act *a, const char *command)
{
	const int null = open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	if (null == -1 || dup2(null, STDIN_FILENO) == -1)
		err(1, "%s: /dev/null", a->jail->name);
	if (null != STDIN_FILENO)
		close(null);
	set_jail_env(a, false);
	if (a->user_outside != NULL) {
		set_user_env(a->user_outside);
		user_become(a->user_outside);
	}
	run_shell(a, command);
}

/* Nothing here asks anything of the host, but for what was asked before. */
static _Noreturn void
run_inside(const struct act *a, const char *command)
{
	const char *name = conf_value(a->jail, "exec.jail_user");
	const bool clean = a->rq->clean || conf_flag(a->jail, "exec.clean");
	const struct user *u = a->user_inside;
	struct user own = { 0 };

	if (u == NULL && name != NULL) {
		user_from_jail(&own, name);
		u = &own;
	} else if (u == NULL && clean) {
		user_root(&own);
		u = &own;
	}
	if (clean)
		clean_env();
	else
		set_jail_env(a, true);
	if (u != NULL)
		set_user_env(u);
	if (name != NULL)
		user_become(u);
	if (chdir("/") != 0)
		err(1, "%s: /", a->jail->name);
	run_shell(a, command);
}

/*
 * Where commands in the jail write to. Whatever is a link there may be the
 * jail's work.
 */
static int
open_log(const struct act *a)
{
	const char *path = conf_value(a->jail, "exec.consolelog");
	struct open_how how = { .flags = O_WRONLY | O_APPEND | O_CREAT |
		O_NONBLOCK | O_NOCTTY | O_CLOEXEC, .mode = 0600,
		.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
	int fd;

	if (path == NULL || path[0] == '\0')
		return (STDOUT_FILENO);
	fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	if (fd == -1)
		return (act_fail(a, "exec.consolelog: %s: %s", path,
		    errno == ELOOP ? "is, or is behind, a symbolic link: name "
		    "the file itself" : strerror(errno)));
	return (fd);
}

static int
save_descriptors(const struct act *a, int saved[4])
{
	saved[3] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	for (int i = 0; i < 3; i++)
		saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 3);
	if (saved[0] != -1 && saved[1] != -1 && saved[2] != -1 &&
	    saved[3] != -1)
		return (0);
	act_fail(a, "descriptors: %s", strerror(errno));
	for (int i = 0; i < 4; i++)
		close(saved[i]);
	return (-1);
}

/*
 * A process that enters a jail takes its descriptors 0, 1 and 2 along and no
 * others; so they are set before it does, and set back after that. EINVAL: the
 * jail is gone.
 */
static pid_t
fork_inside(const struct act *a, int log)
{
	int error, saved[4];
	pid_t pid;

	if (save_descriptors(a, saved) != 0) {
		errno = EMFILE;
		return (-1);
	}
	dup2(saved[3], STDIN_FILENO);
	if (log != STDOUT_FILENO) {
		dup2(log, STDOUT_FILENO);
		dup2(log, STDERR_FILENO);
	}
	pid = jail_fork(a->jid);
	if (pid == 0)
		return (0);
	error = errno;
	for (int i = 0; i < 3; i++) {
		dup2(saved[i], i);
		close(saved[i]);
	}
	close(saved[3]);
	if (pid == -1 && (error != EINVAL || !a->stopping))
		act_fail(a, "%s", jail_errmsg);
	errno = error;
	return (pid);
}

/* A jail that is gone as it is stopped has nothing to stop any more. */
static int
exec_one_inside(struct act *a, const char *param, const char *command)
{
	int log = open_log(a);
	pid_t pid;

	if (log == -1)
		return (-1);
	pid = fork_inside(a, log);
	if (pid == 0)
		run_inside(a, command);
	if (log != STDOUT_FILENO)
		close(log);
	if (pid == -1)
		return (errno == EINVAL && a->stopping ? 0 : -1);
	return (judge(a, param, command, wait_command(a, pid)));
}

static int
exec_one_outside(struct act *a, const char *param, const char *command)
{
	pid_t pid = fork();

	if (pid == 0)
		run_outside(a, command);
	if (pid == -1)
		return (act_fail(a, "%s: %s", param, strerror(errno)));
	setpgid(pid, pid);
	return (judge(a, param, command, wait_command(a, pid)));
}

/* The first that fails ends it, unless a start is undone: then all are run. */
static int
exec_all(struct act *a, const char *param,
    int (*one)(struct act *, const char *, const char *))
{
	const struct conf_param *p = conf_param(a->jail, param);
	int error = 0;

	for (size_t i = 0; p != NULL && i < p->nvalues; i++) {
		if (p->values[i][0] == '\0' ||
		    act_tell(a, param, "%s", p->values[i]))
			continue;
		fflush(stdout);
		error |= one(a, param, p->values[i]);
		if (error != 0 && !a->undoing)
			break;
	}
	return (error);
}

int
exec_inside(struct act *a, const char *param)
{
	if (a->jid == 0 && !a->rq->dry_run)
		return (0);
	return (exec_all(a, param, exec_one_inside));
}

int
exec_outside(struct act *a, const char *param)
{
	return (exec_all(a, param, exec_one_outside));
}

/* By the host's name service, which a process in a jail does not ask. */
void
exec_find_users(struct act *a)
{
	const char *name = conf_value(a->jail, "exec.system_user");

	if (name != NULL) {
		user_from_host(&a->users[0], name);
		a->user_outside = &a->users[0];
	}
	name = conf_value(a->jail, "exec.jail_user");
	if (name != NULL && conf_flag(a->jail, "exec.system_jail_user")) {
		user_from_host(&a->users[1], name);
		a->user_inside = &a->users[1];
	}
}
