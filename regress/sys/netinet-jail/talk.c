/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Conversations between real sockets.
 */

#include <sys/socket.h>

#include <netinet/in.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "errname.h"
#include "talk.h"

#define WAIT_MS	5000

const char *const ways[NWAYS] = { "TCP", "UDP, connected", "UDP, named" };

int talk_serial;

struct call {
	enum way way;
	bool bind, reuse, v6only;
	union sockaddrs bound, dst;
	socklen_t boundlen, dstlen;
	int serial;
	int error;
};

static int
new_socket(const struct call *c, int af)
{
	int on = 1, s;

	s = socket(af, (c->way == TCP ? SOCK_STREAM : SOCK_DGRAM) |
	    SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s != -1 && c->reuse)
		setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (s != -1 && c->v6only)
		setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	return (keep_socket(s, s != -1 && (!c->bind ||
	    bind(s, &c->bound.sa, c->boundlen) == 0)));
}

static int
do_wait(void *arg)
{
	struct call *c = arg;
	int s;

	s = new_socket(c, c->bound.sa.sa_family);
	s = keep_socket(s, s != -1 && (c->way != TCP || listen(s, 8) == 0));
	c->error = errno;
	return (s);
}

static bool
wait_for(int s, short events)
{
	struct pollfd pfd = { .fd = s, .events = events };

	return (poll(&pfd, 1, WAIT_MS) == 1);
}

static int
connect_wait(int s, const struct call *c)
{
	socklen_t len = sizeof(int);
	int error;

	if (connect(s, &c->dst.sa, c->dstlen) == 0)
		return (0);
	if (errno != EINPROGRESS || !wait_for(s, POLLOUT))
		return (-1);
	getsockopt(s, SOL_SOCKET, SO_ERROR, &error, &len);
	errno = error;
	return (error == 0 ? 0 : -1);
}

static int
do_call(void *arg)
{
	struct call *c = arg;
	const struct sockaddr *to = c->way == UDP_NAMED ? &c->dst.sa : NULL;
	int s;

	s = new_socket(c, c->dst.sa.sa_family);
	s = keep_socket(s, s != -1 && (to != NULL ||
	    connect_wait(s, c) == 0) && sendto(s, &c->serial,
	    sizeof(c->serial), MSG_NOSIGNAL, to, to != NULL ? c->dstlen :
	    0) == sizeof(c->serial));
	c->error = errno;
	return (s);
}

static int
call_at(const struct place *p, jailed_fn *fn, struct call *c)
{
	int s;

	s = p->jd != NULL ? jailed_call(p->jd, fn, c, sizeof(*c)) : fn(c);
	errno = c->error;
	return (s);
}

int
talk_wait(const struct place *p, enum way way, const char *addr, uint16_t port,
    bool v6only)
{
	struct call c = { .way = way, .bind = true, .reuse = way != TCP,
		.v6only = v6only };

	c.boundlen = sockaddr_of(&c.bound, addr, port);
	return (call_at(p, do_wait, &c));
}

int
talk_call(const struct place *p, enum way way, const char *bound,
    const char *dst, uint16_t port)
{
	struct call c = { .way = way, .bind = bound != NULL,
		.serial = ++talk_serial };

	if (bound != NULL)
		c.boundlen = sockaddr_of(&c.bound, bound, 0);
	c.dstlen = sockaddr_of(&c.dst, dst, port);
	return (call_at(p, do_call, &c));
}

static bool
is_at(const union sockaddrs *got, const char *want, const char *what,
    const char *who)
{
	union sockaddrs sa;
	bool same;

	sockaddr_of(&sa, want, 0);
	same = strcmp(sockaddr_text(got), sockaddr_text(&sa)) == 0;
	ATF_CHECK_MSG(same, "%s: %s: %s, should be %s", what, who,
	    sockaddr_text(got), want);
	return (same);
}

bool
talk_name(int (*name)(int, struct sockaddr *, socklen_t *), int s,
    const char *want, const char *what)
{
	union sockaddrs got = { .sa.sa_family = AF_UNSPEC };
	socklen_t len = sizeof(got);

	ATF_REQUIRE_EQ(0, name(s, &got.sa, &len));
	return (is_at(&got, want, what, name == getsockname ? "getsockname" :
	    "getpeername"));
}

/* Read a message, and be told whom it is from; false if it is another one. */
static bool
hear(int s, union sockaddrs *from, const char *what)
{
	socklen_t len = sizeof(*from);
	ssize_t n = -1;
	int serial = -1;

	memset(from, 0, sizeof(*from));
	if (wait_for(s, POLLIN))
		n = recvfrom(s, &serial, sizeof(serial), 0, &from->sa, &len);
	if (n == sizeof(serial) && serial == talk_serial)
		return (true);
	atf_tc_fail_nonfatal("%s: heard message %d, should be %d: %s", what,
	    serial, talk_serial, n == -1 ? errname(errno) : "wrong");
	return (false);
}

static void
check_udp(enum way way, int waiting, int calling, const char *from,
    const char *to, const char *what)
{
	union sockaddrs sa;

	if (!hear(waiting, &sa, what))
		return;
	is_at(&sa, from, what, "recvfrom");
	ATF_CHECK_MSG(sendto(waiting, &talk_serial, sizeof(talk_serial), 0,
	    &sa.sa, sa.sa.sa_family == AF_INET ? sizeof(sa.sin) :
	    sizeof(sa.sin6)) != -1, "%s: answer: %s", what, errname(errno));
	if (hear(calling, &sa, what))
		is_at(&sa, to, what, "recvfrom of the answer");
	if (way == UDP_CONNECTED) {
		talk_name(getsockname, calling, from, what);
		talk_name(getpeername, calling, to, what);
	}
}

static void
check_tcp(int waiting, int calling, const char *from, const char *to,
    const char *what)
{
	union sockaddrs sa, ignored;
	socklen_t len = sizeof(sa);
	int conn = -1;

	if (wait_for(waiting, POLLIN))
		conn = accept4(waiting, &sa.sa, &len, SOCK_CLOEXEC);
	ATF_REQUIRE_MSG(conn != -1, "%s: nobody connects", what);
	is_at(&sa, from, what, "accept");
	talk_name(getpeername, conn, from, what);
	talk_name(getsockname, conn, to, what);
	talk_name(getsockname, calling, from, what);
	talk_name(getpeername, calling, to, what);
	hear(conn, &ignored, what);
	ATF_REQUIRE(write(conn, &talk_serial, sizeof(talk_serial)) != -1);
	hear(calling, &ignored, what);
	close(conn);
}

void
talk_check(enum way way, int waiting, int calling, const char *from,
    const char *to, const char *what)
{
	if (way == TCP)
		check_tcp(waiting, calling, from, to, what);
	else
		check_udp(way, waiting, calling, from, to, what);
}
