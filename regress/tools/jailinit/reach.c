/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Try, as root in a jail, to get hold of a process and of what it has open:
 * reach pid. With pid 0 it is one of our own, to see that what is tried works
 * at all. Prints what did, one word a line.
 */

#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NFDS	16	/* as many numbers are tried */

/* Anything that pid 1 has open is of interest, but for /dev/null. */
static bool
takes_descriptor(pid_t pid)
{
	const int pidfd = syscall(SYS_pidfd_open, pid, 0);

	for (int fd = 0; fd < NFDS; fd++) {
		if (syscall(SYS_pidfd_getfd, pidfd, fd, 0) != -1)
			return (true);
	}
	return (false);
}

/* A socket cannot be opened by that path even by who may look at it. */
static bool
sees_descriptor(pid_t pid)
{
	char path[64], text[64];

	for (int fd = 0; fd < NFDS; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
		if (readlink(path, text, sizeof(text)) != -1)
			return (true);
	}
	return (false);
}

static bool
opens(pid_t pid, const char *what)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, what);
	return (open(path, O_RDONLY) != -1);
}

/* Nothing is at that address, which only one who may read is told. */
static bool
reads_memory(pid_t pid)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { (void *)1, 1 };

	return (process_vm_readv(pid, &here, 1, &there, 1, 0) == -1 &&
	    errno == EFAULT);
}

static bool
traces(pid_t pid)
{
	return (ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0);
}

/* A process of ours that has descriptors and waits. */
static pid_t
make_other(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	return (pid);
}

int
main(int argc, char **argv)
{
	const pid_t given = argc == 2 ? atoi(argv[1]) : 0;
	const pid_t pid = given != 0 ? given : make_other();

	if (takes_descriptor(pid))
		printf("descriptor\n");
	if (sees_descriptor(pid))
		printf("fd\n");
	if (opens(pid, "exe"))
		printf("exe\n");
	if (opens(pid, "mem"))
		printf("mem\n");
	if (reads_memory(pid))
		printf("readv\n");
	if (traces(pid))
		printf("trace\n");
	if (given == 0)
		kill(pid, SIGKILL);
	return (0);
}
