/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Requests from the host. Only it can get at the descriptor at which they are
 * sent, so they are believed; who does not wait for the reply gets none.
 */

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "init.h"

#define FDS_MAX	4	/* where to reply to, and 0, 1 and 2 */
#define HEAD	((ssize_t)offsetof(struct jailinit_request, command))

union control {
	struct cmsghdr hdr;
	char space[CMSG_SPACE(FDS_MAX * sizeof(int))];
};

struct taken {
	struct jailinit_request rq;
	int fds[FDS_MAX];
	int nfds;
};

void
request_init(struct init *in)
{
	for (int i = 0; i < NCLIENTS; i++)
		in->clients[i].fd = -1;
}

static void
reply(const struct init *in, int fd, int error, int result)
{
	const struct jailinit_reply r = { .error = error,
		.state = init_stopping(in) ? JAIL_STOPPING :
		    in->state == STARTING ? JAIL_STARTING : JAIL_RUNNING,
		.start = in->status, .starts = in->starts, .result = result };

	send(fd, &r, sizeof(r), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void
forget(struct client *c)
{
	close(c->fd);
	c->fd = -1;
}

/* Tell those who wait for that, and forget them. */
static void
tell(struct init *in, uint32_t op, pid_t pid, int error, int result)
{
	for (int i = 0; i < NCLIENTS; i++) {
		struct client *c = &in->clients[i];

		if (c->fd == -1 || c->op != op || c->pid != pid)
			continue;
		reply(in, c->fd, error, result);
		forget(c);
	}
}

void
request_ended(struct init *in, pid_t pid, int status)
{
	tell(in, JAILINIT_RUN, pid, 0, status);
}

void
request_done(struct init *in, uint32_t op, int result)
{
	tell(in, op, 0, 0, result);
}

void
request_fail(struct init *in, uint32_t op, int error)
{
	tell(in, op, 0, error, 0);
}

/* Who has closed the other end waits no more. */
static bool
is_gone(const struct client *c)
{
	struct pollfd pfd = { .fd = c->fd };

	return (poll(&pfd, 1, 0) == 1 && (pfd.revents & POLLHUP));
}

static struct client *
find_place(struct init *in)
{
	for (int i = 0; i < NCLIENTS; i++) {
		struct client *c = &in->clients[i];

		if (c->fd != -1 && is_gone(c))
			forget(c);
		if (c->fd == -1)
			return (c);
	}
	return (NULL);
}

/* Returns 0, or the errno that the one who asks is told. */
static int
begin(struct init *in, const struct taken *t, struct client *c)
{
	if (c == NULL)
		return (EAGAIN);
	switch (t->rq.op) {
	case JAILINIT_SHUTDOWN:
	case JAILINIT_WAIT:
		return (0);
	case JAILINIT_REBOOT:
		return (init_stopping(in) && !in->reboot ? ESHUTDOWN : 0);
	case JAILINIT_RUN:
		if (init_stopping(in))
			return (ESHUTDOWN);
		if (t->nfds != FDS_MAX)
			return (EINVAL);
		c->pid = spawn(t->rq.command, &t->fds[1]);
		return (c->pid == -1 ? errno : 0);
	default:
		return (EINVAL);
	}
}

/* Whoever has to wait is told first that he was heard. */
static bool
carry_out(struct init *in, const struct taken *t)
{
	const bool known = t->rq.version == JAILINIT_VERSION;
	struct client *c = find_place(in);
	int error;

	if (known && t->rq.op == JAILINIT_STATUS) {
		reply(in, t->fds[0], 0, 0);
		return (false);
	}
	if (c != NULL)
		c->pid = 0;
	error = known ? begin(in, t, c) : ENOSYS;
	reply(in, t->fds[0], error, 0);
	if (error != 0)
		return (false);
	c->fd = t->fds[0];
	c->op = t->rq.op;
	if (c->op == JAILINIT_SHUTDOWN || c->op == JAILINIT_REBOOT)
		init_stop(in, c->op == JAILINIT_REBOOT);
	return (true);
}

/* Returns whether there was one. */
static bool
receive(struct taken *t)
{
	union control ctl;
	struct iovec iov = { &t->rq, sizeof(t->rq) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &ctl, .msg_controllen = sizeof(ctl) };
	struct cmsghdr *hdr;
	ssize_t len;

	t->nfds = 0;
	len = recvmsg(JAILINIT_HEAR, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	hdr = len == -1 ? NULL : CMSG_FIRSTHDR(&msg);
	if (hdr != NULL && hdr->cmsg_type == SCM_RIGHTS) {
		t->nfds = (hdr->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(t->fds, CMSG_DATA(hdr), t->nfds * sizeof(int));
	}
	if (len <= HEAD || ((char *)&t->rq)[len - 1] != '\0')
		t->rq.version = 0;
	return (len != -1);
}

void
request_take(struct init *in)
{
	static struct taken t;

	while (receive(&t)) {
		const bool kept = t.nfds > 0 && carry_out(in, &t);

		for (int i = kept; i < t.nfds; i++)
			close(t.fds[i]);
	}
}
