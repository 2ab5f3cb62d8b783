/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What pid 1 is told by signals: that a child has ended, and, by root in the
 * jail, to halt or to begin anew, in the words of busybox, sysvinit and
 * systemd.
 */

#include <sys/signalfd.h>

#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

#include "init.h"

#define ROUND	64	/* so many, and others get their turn */

static bool
asks_halt(int sig)
{
	return (sig == SIGUSR1 || sig == SIGUSR2 || sig == SIGPWR ||
	    sig == SIGRTMIN + 3 || sig == SIGRTMIN + 4);
}

/* (SIGINT is sent for Ctrl-Alt-Del, SIGTERM by busybox.) */
static bool
asks_reboot(int sig)
{
	return (sig == SIGINT || sig == SIGTERM || sig == SIGRTMIN + 5 ||
	    sig == SIGRTMIN + 6);
}

int
signal_open(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	return (signalfd(-1, &all, SFD_NONBLOCK | SFD_CLOEXEC));
}

/*
 * On the host SIGTERM and SIGINT mean what they mean to any process; a sender
 * there has no pid in here. What is not for pid 1 is for the start command.
 */
static void
heed(struct init *in, const struct signalfd_siginfo *si)
{
	const int sig = si->ssi_signo;

	if (sig == SIGCHLD)
		return;
	if (asks_halt(sig))
		init_stop(in, false);
	else if (asks_reboot(sig))
		init_stop(in, si->ssi_pid != 0);
	else if (in->start != 0)
		kill(in->start, sig);
}

void
signal_take(struct init *in, int fd)
{
	struct signalfd_siginfo si;

	for (int i = 0; i < ROUND && read(fd, &si, sizeof(si)) == sizeof(si);
	    i++)
		heed(in, &si);
}
