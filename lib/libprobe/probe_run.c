/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Probing in this process, or in a child inside a jail. The child has nothing
 * from outside but two pipes, on which it sends events and error messages: no
 * terminal, no file. Names are looked up and output is made out here.
 */

#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jail.h"
#include "probe.h"

#define NSTD	3		/* descriptors that a jail's child keeps */
#define DRAIN	65536		/* reads for what a dead child left behind */

/* What a process outside follows of its child inside. */
struct relay {
	const struct probe_task *task;
	pid_t pid;
	int pidfd, signals, events, errors;	/* -1: at its end */
	int nsignals;		/* that were passed on */
	uint8_t *event;
	size_t have;		/* bytes of event */
};

static void
probe_here(const struct probe_task *task, const sigset_t *mask, int fd)
{
	struct probe_sink sink = { .task = task, .fd = fd };

	sink.signals = signalfd(-1, mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (sink.signals == -1)
		err(PROBE_ERROR, "signalfd");
	task->probe(task->arg, &sink);
	close(sink.signals);
}

void
probe_emit(struct probe_sink *sink, const void *event)
{
	ssize_t size = (ssize_t)sink->task->eventsize;

	if (sink->fd == -1)
		sink->task->event(sink->task->arg, event);
	else if (write(sink->fd, event, (size_t)size) != size)
		_exit(PROBE_ERROR);
}

/* Time until then as ppoll(2) wants it; none if it is past. */
static struct timespec
time_left(int64_t until)
{
	int64_t left = until - probe_now();

	if (left < 0)
		left = 0;
	return ((struct timespec){ left / PROBE_NSEC, left % PROBE_NSEC });
}

enum probe_wakeup
probe_wait(struct probe_sink *sink, struct probe_sock *s, int64_t until)
{
	struct signalfd_siginfo si;
	struct timespec ts = time_left(until);
	struct pollfd fds[] = {
		{ .fd = sink->signals, .events = POLLIN },
		{ .fd = s->icmp, .events = POLLIN },
	};

	if (ppoll(fds, 2, &ts, NULL) == -1 && errno != EINTR)
		err(PROBE_ERROR, "poll");
	if (read(sink->signals, &si, sizeof(si)) == sizeof(si))
		return (PROBE_INTERRUPTED);
	return (fds[1].revents != 0 ? PROBE_READABLE : PROBE_TIMEOUT);
}

static void
make_pipe(int fds[2])
{
	if (pipe2(fds, O_CLOEXEC) == -1)
		err(PROBE_ERROR, "pipe");
}

/* Make fds our 0, 1 and 2, and fds what these were. */
static void
swap_std(int fds[NSTD])
{
	int old;

	for (int i = 0; i < NSTD; i++) {
		old = fcntl(i, F_DUPFD_CLOEXEC, NSTD);
		if (old == -1 || dup2(fds[i], i) == -1)
			err(PROBE_ERROR, "dup");
		close(fds[i]);
		fds[i] = old;
	}
}

/* Inside, with the terminal, if there is one, as descriptor 0: let go of it. */
static void
child(const struct probe_task *task, const sigset_t *mask)
{
	ioctl(STDIN_FILENO, TIOCNOTTY);
	dup2(STDERR_FILENO, STDIN_FILENO);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	probe_here(task, mask, STDOUT_FILENO);
	_exit(0);
}

static void
start(struct relay *r, int jid, const sigset_t *mask)
{
	int events[2], errors[2], std[NSTD];

	make_pipe(events);
	make_pipe(errors);
	std[0] = open("/dev/tty", O_RDWR | O_CLOEXEC);
	if (std[0] == -1)
		std[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (std[0] == -1)
		err(PROBE_ERROR, "/dev/null");
	std[1] = events[1];
	std[2] = errors[1];
	fflush(NULL);
	swap_std(std);
	r->pid = jail_fork(jid);
	if (r->pid == 0)
		child(r->task, mask);
	swap_std(std);
	for (int i = 0; i < NSTD; i++)
		close(std[i]);
	if (r->pid == -1)
		errx(PROBE_ERROR, "%s", jail_errmsg);
	r->events = events[0];
	r->errors = errors[0];
}

static void
read_event(struct relay *r)
{
	ssize_t n;

	n = read(r->events, r->event + r->have, r->task->eventsize - r->have);
	if (n == 0)
		r->events = -1;
	if (n <= 0)
		return;
	r->have += (size_t)n;
	if (r->have == r->task->eventsize) {
		r->task->event(r->task->arg, r->event);
		r->have = 0;
	}
}

/* The message may come from a jail: it is not to steer the terminal. */
static void
read_error(struct relay *r)
{
	char text[512];
	ssize_t n;

	n = read(r->errors, text, sizeof(text));
	if (n == 0)
		r->errors = -1;
	for (ssize_t i = 0; i < n; i++)
		if (text[i] != '\n' && !isprint((unsigned char)text[i]))
			text[i] = '?';
	if (n > 0)
		fwrite(text, 1, (size_t)n, stderr);
}

/* A process of the jail may have stopped the child: the second time, insist. */
static void
pass_signal(struct relay *r)
{
	struct signalfd_siginfo si;

	if (read(r->signals, &si, sizeof(si)) == sizeof(si))
		kill(r->pid, r->nsignals++ == 0 ? (int)si.ssi_signo : SIGKILL);
}

/* Handle what is ready; false if there was nothing in that time. */
static bool
relay_once(struct relay *r, int timeout)
{
	struct pollfd fds[] = {
		{ .fd = r->events, .events = POLLIN },
		{ .fd = r->errors, .events = POLLIN },
		{ .fd = r->signals, .events = POLLIN },
		{ .fd = r->pidfd, .events = POLLIN },
	};

	if (poll(fds, nitems(fds), timeout) <= 0)
		return (false);
	if (fds[0].revents != 0)
		read_event(r);
	if (fds[1].revents != 0)
		read_error(r);
	if (fds[2].revents != 0)
		pass_signal(r);
	if (fds[3].revents != 0) {
		close(r->pidfd);
		r->pidfd = -1;
	}
	return (true);
}

/*
 * Until the child is dead, then what is still in the pipes. Not until their
 * end: another process of the jail may have got hold of them.
 */
static void
relay_all(struct relay *r)
{
	while (r->pidfd != -1)
		relay_once(r, -1);
	for (int i = 0; i < DRAIN && relay_once(r, 0); i++)
		;
}

static int
end(struct relay *r, const char *jail)
{
	int status;

	if (waitpid(r->pid, &status, 0) == -1)
		err(PROBE_ERROR, "waitpid");
	free(r->event);
	if (WIFSIGNALED(status))
		warnx("jail %s: the probing process was killed: %s", jail,
		    strsignal(WTERMSIG(status)));
	return (WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 :
	    PROBE_ERROR);
}

static int
probe_inside(const struct probe_task *task, const char *jail,
    const sigset_t *mask)
{
	struct relay r = { .task = task };
	int jid;

	jid = jail_getid(jail);
	if (jid == -1)
		errx(PROBE_ERROR, "%s", jail_errmsg);
	start(&r, jid, mask);
	r.event = malloc(task->eventsize);
	r.pidfd = pidfd_open(r.pid, 0);
	r.signals = signalfd(-1, mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (r.event == NULL || r.pidfd == -1 || r.signals == -1)
		err(PROBE_ERROR, "jail %s", jail);
	relay_all(&r);
	close(r.signals);
	return (end(&r, jail));
}

int
probe_run(const struct probe_task *task, const char *jail)
{
	sigset_t mask, old;
	int status = 0;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigprocmask(SIG_BLOCK, &mask, &old);
	if (jail == NULL)
		probe_here(task, &mask, -1);
	else
		status = probe_inside(task, jail, &mask);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return (status);
}
