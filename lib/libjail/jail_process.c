/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Processes of the library's own: how they begin, what they are called, and how
 * one hands another a descriptor.
 */

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <linux/sched.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "jail_impl.h"

pid_t
clone_into(int cgroup, uint64_t flags)
{
	struct clone_args args = { .flags = flags | CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD, .cgroup = cgroup };

	return (syscall(SYS_clone3, &args, sizeof(args)));
}

/* Where the command line is: fields 48 and 49 of proc_pid_stat(5). */
static bool
find_command_line(unsigned long *start, unsigned long *end)
{
	char line[2048], *rest;
	int n = 0;
	FILE *f;

	f = fopen("/proc/self/stat", "re");
	if (f == NULL)
		return (false);
	if (fgets(line, sizeof(line), f) != NULL &&
	    (rest = strrchr(line, ')')) != NULL)
		n = sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*d %*d %*d %*d "
		    "%*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d "
		    "%*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d %*d "
		    "%*d %*d %*d %*d %*d %*d %*d %lu %lu", start, end);
	fclose(f);
	return (n == 2);
}

/* Not the command line that this process was forked from: a jail may see it. */
void
process_name(const char *name)
{
	unsigned long start, end;
	const size_t size = strlen(name) + 1;

	prctl(PR_SET_NAME, name);
	if (!find_command_line(&start, &end) || start == 0 ||
	    end < start + size)
		return;
	memset((void *)start, 0, end - start);
	memcpy((void *)start, name, size);
}

/* A message of a byte, with room for a descriptor. */
union control {
	struct cmsghdr hdr;
	char space[CMSG_SPACE(sizeof(int))];
};

int
descriptor_send(int link, int fd)
{
	union control ctl = { .hdr = { .cmsg_len = CMSG_LEN(sizeof(fd)),
		.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	struct iovec iov = { "", 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &ctl, .msg_controllen = sizeof(ctl) };

	memcpy(CMSG_DATA(&ctl.hdr), &fd, sizeof(fd));
	return (sendmsg(link, &msg, MSG_NOSIGNAL) == 1 ? 0 : -1);
}

int
descriptor_receive(int link)
{
	union control ctl;
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &ctl, .msg_controllen = sizeof(ctl) };
	int fd;

	if (recvmsg(link, &msg, MSG_CMSG_CLOEXEC) != 1 ||
	    CMSG_FIRSTHDR(&msg) == NULL)
		return (jail_fail(EPIPE, "no descriptor came"));
	memcpy(&fd, CMSG_DATA(&ctl.hdr), sizeof(fd));
	return (fd);
}
