/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Requests to a jail's init. The lock is not held while they are carried out.
 * A copy of the descriptor at which jailinit(8) takes them is had from its
 * process (pidfd_getfd(2)), so there is no name by which anyone else could
 * reach it, and nothing to clear away. An init of the jail's own is sent the
 * signal for a shutdown.
 */

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "jail_impl.h"
#include "jailinit.h"

#define ANSWER_MS	3000	/* until the init has heard the request */
#define GRACE_MS	10000	/* beyond what the jail has to stop */
#define FDS_MAX		4

/* A jail's init, from the moment at which it was looked for. */
struct target {
	char name[JAIL_NAMELEN];
	unsigned int timeout;	/* stop.timeout */
	int init;		/* pidfd */
	int ask;		/* where jailinit hears; -1: it is not that */
};

/* What a message to it takes along. */
union control {
	struct cmsghdr hdr;
	char space[CMSG_SPACE(FDS_MAX * sizeof(int))];
};

static void
target_close(struct target *t)
{
	close(t->init);
	if (t->ask != -1)
		close(t->ask);
}

static int
open_ask(struct target *t)
{
	t->ask = syscall(SYS_pidfd_getfd, t->init, JAILINIT_ASK, 0);
	if (t->ask != -1)
		return (0);
	if (errno == ESRCH)
		return (jail_fail(ESRCH, "jail \"%s\": its init has ended",
		    t->name));
	return (jail_fail(errno, "jail \"%s\": its init cannot be asked: %s",
	    t->name, strerror(errno)));
}

static int
find_target(struct session *s, const struct jail *j, struct target *t)
{
	memcpy(t->name, j->pi.pi_name, sizeof(t->name));
	t->timeout = j->pi.pi_stop_timeout;
	t->ask = -1;
	if (!has_init(j))
		return (jail_fail(ENXIO, "jail \"%s\" has no init: make it "
		    "with init=...", t->name));
	t->init = init_find(s, j);
	if (t->init == -1)
		return (jail_fail(ESRCH, "jail \"%s\": its init has ended",
		    t->name));
	if (execs_init(j) || open_ask(t) == 0)
		return (0);
	close(t->init);
	return (-1);
}

static int
target_open(int jid, struct target *t)
{
	struct session s;
	struct jail j;
	int error;

	if (session_open(&s, false) != 0)
		return (-1);
	error = jail_read_given(&s, jid, &j);
	if (error == 0)
		error = find_target(&s, &j, t);
	session_close(&s);
	return (error);
}

/* Many may ask at the same time: wait a little if there is no room. */
static int
send_soon(int fd, const struct msghdr *msg)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };

	while (sendmsg(fd, msg, MSG_NOSIGNAL | MSG_DONTWAIT) == -1) {
		if (errno != EAGAIN || poll(&pfd, 1, ANSWER_MS) != 1)
			return (-1);
	}
	return (0);
}

static int
send_request(const struct target *t, uint32_t op, const char *command,
    const int fds[], size_t nfds)
{
	struct jailinit_request rq = { .version = JAILINIT_VERSION, .op = op };
	union control ctl = { .hdr = { .cmsg_len = CMSG_LEN(nfds *
		sizeof(int)), .cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS } };
	struct iovec iov = { &rq, offsetof(struct jailinit_request, command) +
		strlen(command) + 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &ctl,
		.msg_controllen = CMSG_SPACE(nfds * sizeof(int)) };

	if (strlen(command) >= sizeof(rq.command))
		return (jail_fail(E2BIG, "command: longer than %zu bytes",
		    sizeof(rq.command) - 1));
	strcpy(rq.command, command);
	memcpy(CMSG_DATA(&ctl.hdr), fds, nfds * sizeof(int));
	if (send_soon(t->ask, &msg) == 0)
		return (0);
	return (jail_fail(errno == EAGAIN ? ETIMEDOUT : errno, "jail \"%s\": "
	    "its init does not take requests", t->name));
}

/* The next reply within so many ms, or, if that is -1, ever. */
static int
receive_reply(const struct target *t, int fd, int ms,
    struct jailinit_reply *reply)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	ssize_t len;
	int n;

	do
		n = poll(&pfd, 1, ms);
	while (n == -1 && errno == EINTR && ms == -1);
	if (n == 0)
		return (jail_fail(ETIMEDOUT, "jail \"%s\": its init does not "
		    "answer", t->name));
	len = n == 1 ? recv(fd, reply, sizeof(*reply), 0) : -1;
	if (len != sizeof(*reply))
		return (jail_fail(ECONNRESET, "jail \"%s\": its init died",
		    t->name));
	if (reply->error != 0)
		return (jail_fail(reply->error, "jail \"%s\": %s", t->name,
		    reply->error == ESHUTDOWN ? "is about to end" :
		    strerror(reply->error)));
	return (0);
}

/* Ask, and wait until it is done; ms: as long as that may take, or -1. */
static int
ask(const struct target *t, uint32_t op, const char *command, int ms,
    struct jailinit_reply *reply)
{
	int error, fds[FDS_MAX] = { -1, 0, 1, 2 }, pair[2];

	if (t->ask == -1)
		return (jail_fail(EOPNOTSUPP, "jail \"%s\": its init is its "
		    "own: use jexec(8)", t->name));
	if (op == JAILINIT_RUN && stdio_check() != 0)
		return (-1);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return (jail_fail(errno, "socketpair: %s", strerror(errno)));
	fds[0] = pair[1];
	error = send_request(t, op, command, fds, op == JAILINIT_RUN ?
	    FDS_MAX : 1);
	close(pair[1]);
	if (error == 0)
		error = receive_reply(t, pair[0], ANSWER_MS, reply);
	if (error == 0 && op != JAILINIT_STATUS)
		error = receive_reply(t, pair[0], ms, reply);
	close(pair[0]);
	return (error);
}

/* How long it may take to stop, in ms. */
static int
stop_ms(const struct target *t)
{
	return (2 * t->timeout * 1000 + GRACE_MS);
}

/* Returns the result, or -1. */
static int
request(int jid, uint32_t op, const char *command, bool stops)
{
	struct jailinit_reply reply;
	struct target t;
	int error;

	if (target_open(jid, &t) != 0)
		return (-1);
	error = ask(&t, op, command, stops ? stop_ms(&t) : -1, &reply);
	target_close(&t);
	return (error == 0 ? reply.result : -1);
}

int
jail_status(int jid, struct jail_init *init)
{
	struct jailinit_reply reply;
	struct target t;
	int error;

	if (target_open(jid, &t) != 0)
		return (-1);
	error = ask(&t, JAILINIT_STATUS, "", 0, &reply);
	target_close(&t);
	if (error == 0)
		*init = (struct jail_init) { .ji_state = reply.state,
		    .ji_start = reply.start, .ji_starts = reply.starts };
	return (error);
}

int
jail_reboot(int jid)
{
	return (request(jid, JAILINIT_REBOOT, "", true) == -1 ? -1 : 0);
}

int
jail_run(int jid, const char *command)
{
	return (request(jid, JAILINIT_RUN, command, false));
}

/* The signals that the process is prepared for: bit n - 1 is signal n. */
static uint64_t
signals_of(const struct target *t)
{
	uint64_t all = 0, some;
	char path[64], line[256];
	int pid = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", t->init);
	f = fopen(path, "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		sscanf(line, "Pid: %d", &pid);
	if (f != NULL)
		fclose(f);
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "SigBlk: %" SCNx64, &some) == 1 ||
		    sscanf(line, "SigCgt: %" SCNx64, &some) == 1)
			all |= some;
	}
	if (f != NULL)
		fclose(f);
	return (all);
}

/*
 * The first of these that it is prepared for asks an init of another kind to
 * shut down: systemd, sysvinit, that of busybox, and programs that are no init.
 */
static int
shutdown_signal(const struct target *t)
{
	const int signals[] = { SIGRTMIN + 3, SIGPWR, SIGUSR2, SIGTERM };
	const uint64_t known = signals_of(t);

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (known & (1ULL << (signals[i] - 1)))
			return (signals[i]);
	}
	return (SIGTERM);
}

/* Until the process is no more. */
static int
wait_end(const struct target *t, int ms)
{
	struct pollfd pfd = { .fd = t->init, .events = POLLIN };
	int n;

	do
		n = poll(&pfd, 1, ms);
	while (n == -1 && errno == EINTR);
	return (n == 1 ? JAIL_END_DONE : jail_fail(ETIMEDOUT, "jail \"%s\": "
	    "its init does not end", t->name));
}

static int
shutdown_own(const struct target *t)
{
	if (syscall(SYS_pidfd_send_signal, t->init, shutdown_signal(t), NULL,
	    0) != 0 && errno != ESRCH)
		return (jail_fail(errno, "jail \"%s\": its init: %s", t->name,
		    strerror(errno)));
	return (wait_end(t, t->timeout * 1000));
}

/* Ask jailinit, which says how it ends just before that. */
static int
ask_end(const struct target *t, uint32_t op, int ms)
{
	struct jailinit_reply reply;

	if (ask(t, op, "", ms, &reply) != 0 || wait_end(t, GRACE_MS) == -1)
		return (-1);
	return (reply.result);
}

int
jail_wait(int jid)
{
	struct target t;
	int result;

	if (target_open(jid, &t) != 0)
		return (-1);
	result = t.ask == -1 ? wait_end(&t, -1) :
	    ask_end(&t, JAILINIT_WAIT, -1);
	target_close(&t);
	return (result);
}

static int
shutdown_one(int jid)
{
	struct target t;
	int result;

	if (target_open(jid, &t) != 0)
		return (-1);
	result = t.ask == -1 ? shutdown_own(&t) :
	    ask_end(&t, JAILINIT_SHUTDOWN, stop_ms(&t));
	target_close(&t);
	return (result);
}

/* The jails in a jail, each behind the one that it is in; to be freed. */
static ssize_t
jails_in(int jid, uint32_t **ret_jids)
{
	struct session s;
	struct jail j;
	ssize_t n = -1;

	if (session_open(&s, false) != 0)
		return (-1);
	if (jail_read(&s, jid, &j) == 0)
		n = tree_below(&s, &j, ret_jids);
	else if (errno == ENOENT)
		errno = EINVAL;
	session_close(&s);
	return (n);
}

/* Whatever becomes of one of those in it, the others are shut down too. */
int
jail_shutdown(int jid)
{
	uint32_t *jids;
	ssize_t n = jails_in(jid, &jids);

	if (n == -1)
		return (-1);
	for (; n > 0; n--)
		shutdown_one(jids[n - 1]);
	free(jids);
	return (shutdown_one(jid));
}
