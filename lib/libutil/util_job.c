/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Waiting for a command in a jail. It takes its turn at the terminal as a
 * shell's job does: it begins in the background; when it is stopped because it
 * uses the terminal, it is given that, provided that we could use it ourselves.
 * Until then the terminal's signals come to us, and are passed on.
 */

#include <sys/prctl.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "util_job.h"

#define HOLD_SECONDS	2
#define EXIT_NOEXEC	126
#define EXIT_NOTFOUND	127

static const int passed_on[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1,
	SIGUSR2, SIGTSTP, SIGWINCH };

void
job_begin(struct job *job)
{
	sigset_t block;

	*job = (struct job){ .tty = open("/dev/tty", O_RDWR | O_CLOEXEC) };
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&job->signals);
	sigaddset(&job->signals, SIGCHLD);
	sigaddset(&job->signals, SIGCONT);
	for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
		sigaddset(&job->signals, passed_on[i]);
	/* Without SIGTTOU we may give the terminal away, and take it back. */
	block = job->signals;
	sigaddset(&block, SIGTTOU);
	sigprocmask(SIG_BLOCK, &block, &job->inherited);
}

void
job_hold(void)
{
	const struct timespec patience = { .tv_sec = HOLD_SECONDS };
	sigset_t cont;

	prctl(PR_SET_PDEATHSIG, SIGCONT);
	sigemptyset(&cont);
	sigaddset(&cont, SIGCONT);
	while (sigtimedwait(&cont, NULL, &patience) == -1 && errno == EINTR)
		continue;
	prctl(PR_SET_PDEATHSIG, 0);
}

void
job_release(pid_t pid)
{
	kill(pid, SIGCONT);
}

void
job_child(const struct job *job)
{
	setpgid(0, 0);
	sigprocmask(SIG_SETMASK, &job->inherited, NULL);
}

/* A command that left its group is still sent what is meant for it. */
static void
pass_on(const struct job *job, int sig)
{
	if (kill(-job->pid, sig) != 0)
		kill(job->pid, sig);
}

static bool
have_terminal(const struct job *job)
{
	return (job->tty != -1 && tcgetpgrp(job->tty) == getpgrp());
}

static void
give_terminal(struct job *job)
{
	job->foreground = tcsetpgrp(job->tty, job->pid) == 0;
}

static void
take_terminal(const struct job *job)
{
	if (job->foreground)
		tcsetpgrp(job->tty, getpgrp());
}

static void
resume(struct job *job)
{
	if (job->foreground && have_terminal(job))
		give_terminal(job);
	else
		job->foreground = false;
	pass_on(job, SIGCONT);
}

/*
 * Stop our own process group, as the terminal would have done. A SIGCONT that
 * comes later resumes the command; if there is none we were not stopped,
 * because nobody is there to continue us.
 */
static void
suspend(struct job *job)
{
	sigset_t tstp, pending;

	take_terminal(job);
	sigemptyset(&tstp);
	sigaddset(&tstp, SIGTSTP);
	kill(0, SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &tstp, NULL);
	sigprocmask(SIG_BLOCK, &tstp, NULL);
	sigpending(&pending);
	if (!sigismember(&pending, SIGCONT))
		resume(job);
}

static void
stopped(struct job *job, int sig)
{
	if ((sig == SIGTTIN || sig == SIGTTOU) && have_terminal(job)) {
		give_terminal(job);
		pass_on(job, SIGCONT);
	} else if (job->tty != -1)
		suspend(job);
}

/* Has the command ended? Stops are dealt with here. */
static bool
has_ended(struct job *job, int *ret_status)
{
	int status;

	while (waitpid(job->pid, &status, WNOHANG | WUNTRACED) > 0) {
		if (!WIFSTOPPED(status)) {
			*ret_status = status;
			return (true);
		}
		stopped(job, WSTOPSIG(status));
	}
	return (false);
}

int
job_wait(struct job *job, pid_t pid)
{
	int sig, status;

	job->pid = pid;
	setpgid(pid, pid);
	for (;;) {
		sig = sigwaitinfo(&job->signals, NULL);
		if (sig == SIGCHLD && has_ended(job, &status))
			break;
		if (sig == SIGCONT)
			resume(job);
		else if (sig != -1 && sig != SIGCHLD)
			pass_on(job, sig);
		if (sig == SIGINT)
			job->interrupted = true;
	}
	take_terminal(job);
	return (status);
}

_Noreturn void
job_exit(const struct job *job, int status)
{
	sigset_t none;

	if (WIFEXITED(status))
		exit(WEXITSTATUS(status));
	if (WTERMSIG(status) == SIGINT && job->interrupted) {
		signal(SIGINT, SIG_DFL);
		kill(getpid(), SIGINT);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
	}
	exit(128 + WTERMSIG(status));
}

/* A file with capabilities, such as ping's, runs only if the jail has them. */
_Noreturn void
job_exec(char *const argv[])
{
	execvp(argv[0], argv);
	if (errno == EPERM)
		errx(EXIT_NOEXEC, "%s: the file has capabilities that the jail "
		    "does not (see allow.raw_sockets in jail(8))", argv[0]);
	err(errno == ENOENT || errno == ENOTDIR ? EXIT_NOTFOUND : EXIT_NOEXEC,
	    "%s", argv[0]);
}
