/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Starting a command of the jail's.
 */

#include <sys/syscall.h>

#include <linux/close_range.h>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "init.h"

#define SHELL		"/bin/sh"
#define EXIT_NOTFOUND	127	/* as a shell's */

static void
place(const int fds[3])
{
	for (int i = 0; i < 3; i++)
		dup2(fds[i], i);
}

static _Noreturn void
execute(const char *command, const int fds[3])
{
	char *const argv[] = { "sh", "-c", (char *)command, NULL };
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (fds != NULL)
		place(fds);
	syscall(SYS_close_range, 3, ~0U, 0);
	execve(SHELL, argv, environ);
	_exit(EXIT_NOTFOUND);
}

/* (What comes with a request has numbers above 2.) */
pid_t
spawn(const char *command, const int fds[3])
{
	pid_t pid = fork();

	if (pid == 0)
		execute(command, fds);
	return (pid);
}
