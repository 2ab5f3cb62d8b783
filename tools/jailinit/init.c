/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The life of a jail, from the start command to the last process: first
 * rc.shutdown, then SIGTERM, then SIGKILL.
 */

#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "init.h"

#define RC_SHUTDOWN	"/etc/rc.shutdown"
#define TICK_MS		10	/* to look whether all have ended */
#define LOOK_MS		1000	/* the same, when nobody is in a hurry */
#define KILL_MS		5000	/* patience with those that were killed */

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (ts.tv_sec * 1000LL + ts.tv_nsec / 1000000);
}

/* Is there no other process in the jail? */
static bool
alone(void)
{
	return (kill(-1, 0) == -1 && errno == ESRCH);
}

bool
init_stopping(const struct init *in)
{
	return (in->state >= STOPPING);
}

void
init_begin(struct init *in)
{
	in->state = STARTING;
	in->reboot = in->killed = false;
	in->status = -1;
	in->starts++;
	in->start = spawn(in->command, NULL);
	if (in->start == -1) {
		in->start = 0;
		in->status = W_EXITCODE(126, 0);
		in->state = RUNNING;
	}
	request_done(in, JAILINIT_REBOOT, 0);
}

/* Whoever is left dies with pid 1. */
static _Noreturn void
end(struct init *in)
{
	int result = JAIL_END_DONE;

	if (in->killed)
		result = JAIL_END_KILLED;
	else if (!init_stopping(in) && in->status != 0)
		result = JAIL_END_START;
	request_fail(in, JAILINIT_REBOOT, ESHUTDOWN);
	request_done(in, JAILINIT_SHUTDOWN, result);
	request_done(in, JAILINIT_WAIT, result);
	_exit(result);
}

static void
kill_all(struct init *in)
{
	in->killed = in->timeout > 0 && !alone();
	in->state = KILLING;
	in->deadline = now_ms() + KILL_MS;
	kill(-1, SIGKILL);
}

/* What is stopped has to go on to be able to end. */
static void
terminate_all(struct init *in)
{
	in->state = TERMINATING;
	in->deadline = now_ms() + in->timeout * 1000LL;
	kill(-1, SIGTERM);
	kill(-1, SIGCONT);
}

/* Who wants a halt gets it, also when a reboot was asked for before. */
void
init_stop(struct init *in, bool reboot)
{
	if (init_stopping(in)) {
		in->reboot = in->reboot && reboot;
		return;
	}
	in->reboot = reboot;
	if (in->timeout == 0) {
		kill_all(in);
		return;
	}
	in->state = STOPPING;
	in->deadline = now_ms() + in->timeout * 1000LL;
	if (access(RC_SHUTDOWN, R_OK) == 0)
		in->stop = spawn("test -x " RC_SHUTDOWN " && exec " RC_SHUTDOWN
		    "; exec /bin/sh " RC_SHUTDOWN, NULL);
	if (in->stop <= 0) {
		in->stop = 0;
		terminate_all(in);
	}
}

static void
ended(struct init *in, pid_t pid, int status)
{
	if (pid == in->start) {
		in->start = 0;
		in->status = status;
		if (in->state == STARTING)
			in->state = RUNNING;
	} else if (pid == in->stop)
		in->stop = 0;
	else
		request_ended(in, pid, status);
}

void
init_reap(struct init *in)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		ended(in, pid, status);
	in->childless = pid == -1;
}

static void
stopped(struct init *in)
{
	if (!in->reboot || !alone())
		end(in);
	init_begin(in);
}

/* Go on, if it is time to. */
void
init_step(struct init *in)
{
	const bool late = init_stopping(in) && now_ms() >= in->deadline;

	switch (in->state) {
	case STARTING:
		break;
	case RUNNING:
		if (!in->persist && alone())
			end(in);
		break;
	case STOPPING:
		if (in->stop == 0 || late)
			terminate_all(in);
		break;
	case TERMINATING:
		if (alone())
			stopped(in);
		else if (late)
			kill_all(in);
		break;
	case KILLING:
		if (late || alone())
			stopped(in);
		break;
	}
}

/*
 * How many ms to wait for something to happen. Processes that came in from the
 * host are its children, and nothing tells us of their end.
 */
int
init_patience(const struct init *in)
{
	int64_t left = in->deadline - now_ms();

	switch (in->state) {
	case STARTING:
		return (-1);
	case RUNNING:
		return (in->childless && !in->persist ? LOOK_MS : -1);
	case STOPPING:
		return (left > 0 ? left : 0);
	default:
		return (TICK_MS);
	}
}
