/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * A process in a jail has a socket as its standard input, one of the three
 * descriptors that entering a jail does not close. Being forked from the case's
 * own process, it has the functions that it is asked to call.
 */

#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>
#include <jail.h>

#include "jailed.h"

struct message {
	jailed_fn *fn;
	size_t size;
	_Alignas(16) char arg[JAILED_ARGMAX];
};

struct socket_call {
	int af, type, proto;
	int error;
};

union control {
	struct cmsghdr hdr;
	char buf[CMSG_SPACE(sizeof(int))];
};

/* Send a message, with a descriptor if that is not -1. */
static int
message_send(int to, struct message *m, int fd)
{
	struct iovec iov = { .iov_base = m,
		.iov_len = offsetof(struct message, arg) + m->size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control ctl = { 0 };

	if (fd != -1) {
		msg.msg_control = &ctl;
		msg.msg_controllen = sizeof(ctl);
		ctl.hdr.cmsg_level = SOL_SOCKET;
		ctl.hdr.cmsg_type = SCM_RIGHTS;
		ctl.hdr.cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(&ctl.hdr), &fd, sizeof(fd));
	}
	return (sendmsg(to, &msg, MSG_NOSIGNAL) == -1 ? -1 : 0);
}

/* Returns -1 if there is nobody at the other end. */
static int
message_recv(int from, struct message *m, int *fd)
{
	struct iovec iov = { .iov_base = m, .iov_len = sizeof(*m) };
	union control ctl = { 0 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &ctl, .msg_controllen = sizeof(ctl) };
	ssize_t len;

	do
		len = recvmsg(from, &msg, MSG_CMSG_CLOEXEC);
	while (len == -1 && errno == EINTR);
	if (len < (ssize_t)offsetof(struct message, arg))
		return (-1);
	*fd = -1;
	if (CMSG_FIRSTHDR(&msg) != NULL)
		memcpy(fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(*fd));
	return (0);
}

/*
 * A descriptor that is passed out goes first, so that it is the caller's alone
 * when the answer comes.
 */
static int
answer(struct message *m, int fd)
{
	if (fd != -1) {
		if (message_send(STDIN_FILENO, m, fd) == -1)
			return (-1);
		close(fd);
	}
	return (message_send(STDIN_FILENO, m, -1));
}

static _Noreturn void
serve(void)
{
	struct message m;
	int fd;

	while (message_recv(STDIN_FILENO, &m, &fd) == 0)
		if (answer(&m, m.fn(m.arg)) == -1)
			_exit(1);
	_exit(0);
}

/* fork(2) whose child goes into a cgroup. */
static pid_t
bare_fork(const char *cgroup)
{
	char path[4096];
	pid_t pid;
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	pid = fork();
	if (pid != 0)
		return (pid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd == -1 || write(fd, "0", 1) != 1) {
		perror(path);
		_exit(1);
	}
	close(fd);
	return (0);
}

static struct jailed
start(int jid, const char *cgroup)
{
	struct jailed jd = { .jd_jid = jid };
	int saved, sv[2];

	ATF_REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
	    sv) == 0);
	saved = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	ATF_REQUIRE(dup2(sv[1], STDIN_FILENO) == STDIN_FILENO);
	jd.jd_pid = cgroup == NULL ? jail_fork(jid) : bare_fork(cgroup);
	if (jd.jd_pid == 0) {
		close(sv[0]);
		serve();
	}
	if (jd.jd_pid == -1)
		atf_tc_fail("no process in jail %d: %s", jid, jail_errmsg);
	close(sv[1]);
	close(STDIN_FILENO);
	if (saved != -1) {
		dup2(saved, STDIN_FILENO);
		close(saved);
	}
	jd.jd_fd = sv[0];
	return (jd);
}

struct jailed
jailed_start(int jid)
{
	return (start(jid, NULL));
}

struct jailed
jailed_start_bare(int jid)
{
	char path[4096];

	jailed_cgroup(jid, path, sizeof(path));
	return (start(jid, path));
}

struct jailed
jailed_start_cgroup(int jid, const char *cgroup)
{
	return (start(jid, cgroup));
}

int
jailed_call(const struct jailed *jd, jailed_fn *fn, void *arg, size_t size)
{
	struct message m = { .fn = fn, .size = size };
	int fd, none;

	ATF_REQUIRE(size <= sizeof(m.arg));
	memcpy(m.arg, arg, size);
	if (message_send(jd->jd_fd, &m, -1) == -1 ||
	    message_recv(jd->jd_fd, &m, &fd) == -1 ||
	    (fd != -1 && message_recv(jd->jd_fd, &m, &none) == -1))
		atf_tc_fail("the process in jail %d is gone", jd->jd_jid);
	memcpy(arg, m.arg, size);
	return (fd);
}

static int
do_socket(void *arg)
{
	struct socket_call *c = arg;
	int s;

	s = socket(c->af, c->type | SOCK_CLOEXEC, c->proto);
	c->error = s == -1 ? errno : 0;
	return (s);
}

int
jailed_socket(const struct jailed *jd, int af, int type, int proto)
{
	struct socket_call c = { .af = af, .type = type, .proto = proto };
	int s;

	s = jailed_call(jd, do_socket, &c, sizeof(c));
	errno = c.error;
	return (s);
}

void
jailed_stop(struct jailed *jd)
{
	close(jd->jd_fd);
	while (waitpid(jd->jd_pid, NULL, 0) == -1 && errno == EINTR)
		continue;
}

/* The cgroup2 hierarchy may be mounted in more than one place. */
void
jailed_cgroup(int jid, char *path, size_t size)
{
	const char *instance = getenv("JAIL_INSTANCE");
	struct mntent *mnt;
	bool found = false;
	FILE *fp;

	fp = setmntent("/proc/self/mounts", "r");
	ATF_REQUIRE(fp != NULL && instance != NULL);
	while (!found && (mnt = getmntent(fp)) != NULL) {
		if (strcmp(mnt->mnt_type, "cgroup2") != 0)
			continue;
		snprintf(path, size, "%s/%s/%d", mnt->mnt_dir, instance, jid);
		found = access(path, F_OK) == 0;
	}
	endmntent(fp);
	if (!found)
		atf_tc_fail("no cgroup of jail %d", jid);
}

uint64_t
jailed_refusals(int jid, int reason, int dir, int family)
{
	struct jail_refusal *r;
	uint64_t count = 0;
	int i, n;

	n = jail_refusals(jid, &r);
	if (n == -1)
		atf_tc_fail("jail_refusals: %s", jail_errmsg);
	for (i = 0; i < n; i++)
		if (r[i].reason == reason && r[i].dir == dir &&
		    r[i].family == family)
			count += r[i].count;
	free(r);
	return (count);
}
