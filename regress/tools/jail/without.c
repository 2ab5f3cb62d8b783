/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Run a command under a kernel without a type of BPF program: bpf(2) refuses to
 * load one, as it does where the type is not built in. The command's calls are
 * decided upon here, by seccomp_unotify(2).
 *
 *	without type command [argument ...]
 *
 * The type is one of enum bpf_prog_type, in small letters.
 */

#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/bpf.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char *name;
	unsigned int type;
} types[] = {
	{ "cgroup_skb", BPF_PROG_TYPE_CGROUP_SKB },
	{ "cgroup_sock", BPF_PROG_TYPE_CGROUP_SOCK },
	{ "cgroup_sock_addr", BPF_PROG_TYPE_CGROUP_SOCK_ADDR },
	{ "cgroup_device", BPF_PROG_TYPE_CGROUP_DEVICE },
	{ "cgroup_sysctl", BPF_PROG_TYPE_CGROUP_SYSCTL },
};

static unsigned int
type_of(const char *name)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(types[i].name, name) == 0)
			return (types[i].type);
	}
	errx(2, "%s: not a type of program", name);
}

/* From here on loading a program waits for an answer on the descriptor. */
static int
install_filter(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int fd;

	if (ctx == NULL ||
	    seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, SCMP_SYS(bpf), 1,
	    SCMP_A0(SCMP_CMP_EQ, BPF_PROG_LOAD, 0)) != 0 ||
	    seccomp_load(ctx) != 0)
		errx(2, "the filter cannot be loaded");
	fd = seccomp_notify_fd(ctx);
	seccomp_release(ctx);
	return (fd);
}

/* The type of the program that is to be loaded: the first word of attr. */
static unsigned int
type_asked_for(const struct seccomp_notif *req)
{
	char path[64];
	unsigned int type = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/mem", req->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1 || pread(fd, &type, sizeof(type), req->data.args[1]) !=
	    sizeof(type))
		warn("%s", path);
	if (fd != -1)
		close(fd);
	return (type);
}

static void
answer(int fd, unsigned int missing)
{
	struct seccomp_notif_resp *resp;
	struct seccomp_notif *req;

	if (seccomp_notify_alloc(&req, &resp) != 0)
		errx(2, "out of memory");
	if (seccomp_notify_receive(fd, req) == 0) {
		resp->id = req->id;
		if (type_asked_for(req) == missing)
			resp->error = -EINVAL;
		else
			resp->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		seccomp_notify_respond(fd, resp);
	}
	seccomp_notify_free(req, resp);
}

static int
supervise(pid_t pid, int fd, unsigned int missing)
{
	struct pollfd pfd[2] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = syscall(SYS_pidfd_open, pid, 0), .events = POLLIN },
	};
	int status;

	while (poll(pfd, 2, -1) != -1 && pfd[1].revents == 0) {
		if (pfd[0].revents != 0)
			answer(fd, missing);
	}
	if (waitpid(pid, &status, 0) == -1)
		err(2, "waitpid");
	return (WIFEXITED(status) ? WEXITSTATUS(status) :
	    128 + WTERMSIG(status));
}

int
main(int argc, char **argv)
{
	unsigned int missing;
	pid_t pid;
	int fd;

	if (argc < 3)
		errx(2, "usage: without type command [argument ...]");
	missing = type_of(argv[1]);
	fd = install_filter();
	pid = fork();
	if (pid == -1)
		err(2, "fork");
	if (pid == 0) {
		close(fd);
		execvp(argv[2], argv + 2);
		err(127, "%s", argv[2]);
	}
	return (supervise(pid, fd, missing));
}
