/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Attacks by one socket.
 */

#include <sys/socket.h>

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "attempt.h"
#include "errname.h"

#define WAIT_MS	5000

static const char *const steps[] = {
	"socket", "setsockopt", "bind", "listen", "connect", "send", "done"
};

const struct victim victims[] = {
	{ A_FIRST4, IN_A }, { A_SECOND4, IN_A }, { B_ADDR4, IN_B },
	{ VNET_HOST4, IN_HOST }, { A_FIRST6, IN_A }, { A_SECOND6, IN_A },
	{ B_ADDR6, IN_B }, { VNET_HOST6, IN_HOST },
	{ MAPPED(A_FIRST4), IN_A }, { MAPPED(A_SECOND4), IN_A },
	{ MAPPED(B_ADDR4), IN_B }, { MAPPED(VNET_HOST4), IN_HOST },
};
const size_t nvictims = NELEMS(victims);

void
stage_init(struct stage *s, const atf_tc_t *tc, uint16_t service)
{
	scene_one_processor();
	server_init(&s->sc, tc);
	s->at[IN_A] = (struct spot){ "jail A", &s->sc.a };
	s->at[IN_B] = (struct spot){ "jail B", &s->sc.b };
	s->at[IN_HOST] = (struct spot){ "host", NULL };
	if (service == 0)
		return;
	s->service[0] = server_start(NULL, SOCK_STREAM, SV_LISTEN, "::",
	    service);
	s->service[1] = server_start(NULL, SOCK_DGRAM, SV_REUSEADDR, "::",
	    service);
}

void
attempt_from(struct attempt *at, const char *addr, uint16_t port)
{
	at->locallen = sockaddr_of(&at->local, addr, port);
	at->af = at->local.sa.sa_family;
	if (at->unspec)
		at->local.sa.sa_family = AF_UNSPEC;
}

void
attempt_to(struct attempt *at, const char *addr, uint16_t port)
{
	at->remotelen = sockaddr_of(&at->remote, addr, port);
	at->af = at->remote.sa.sa_family;
}

static int
set_option(int s, const struct attempt *at)
{
	const struct option *o = at->af == AF_INET ? &at->option4 :
	    &at->option6;
	int on = 1;

	if (o->level == 0 && o->name == 0)
		return (0);
	return (setsockopt(s, o->level, o->name, &on, sizeof(on)));
}

/* Wait for a connection that is under way. */
static int
settle(int s)
{
	struct pollfd pfd = { .fd = s, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int error;

	if (errno != EINPROGRESS || poll(&pfd, 1, WAIT_MS) != 1 ||
	    getsockopt(s, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		return (-1);
	errno = error;
	return (error == 0 ? 0 : -1);
}

static int
dial(int s, const struct attempt *at)
{
	if (!at->connect || connect(s, &at->remote.sa, at->remotelen) == 0)
		return (0);
	return (at->hurry && errno == EINPROGRESS ? 0 : settle(s));
}

/* With MSG_FASTOPEN it connects. A ping socket sends echo requests alone. */
static int
say(int s, const struct attempt *at)
{
	const char echo[8] = { at->af == AF_INET ? ICMP_ECHO :
		(char)ICMP6_ECHO_REQUEST };
	const struct sockaddr *to = at->connect ? NULL : &at->remote.sa;

	if (!at->send || sendto(s, echo, sizeof(echo), MSG_NOSIGNAL |
	    at->flags, to, to != NULL ? at->remotelen : 0) != -1)
		return (0);
	return (at->type == SOCK_STREAM ? settle(s) : -1);
}

/* One step; 0, or -1 with errno set. */
static int
take(enum step step, int *s, const struct attempt *at)
{
	switch (step) {
	case MAKE:
		*s = socket(at->af, at->type | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    at->proto);
		return (*s == -1 ? -1 : 0);
	case OPTION:
		return (set_option(*s, at));
	case BIND:
		return (at->locallen == 0 ? 0 : bind(*s, &at->local.sa,
		    at->locallen));
	case LISTEN:
		return (at->listen ? listen(*s, 64) : 0);
	case CONNECT:
		return (dial(*s, at));
	default:
		return (say(*s, at));
	}
}

/* The saved user id stays root's, to come back by. */
static int
do_attempt(void *arg)
{
	struct attempt *at = arg;
	int s = -1;

	at->error = 0;
	if (at->uid != 0 && setresuid(at->uid, at->uid, 0) == -1)
		_exit(1);
	for (at->step = MAKE; at->step < DONE; at->step++)
		if (take(at->step, &s, at) == -1) {
			at->error = errno;
			break;
		}
	if (at->uid != 0 && setresuid(0, 0, 0) == -1)
		_exit(1);
	if (at->error == 0)
		return (s);
	if (s != -1)
		close(s);
	return (-1);
}

int
attempt(const struct spot *spot, struct attempt *at)
{
	return (spot->jd == NULL ? do_attempt(at) :
	    jailed_call(spot->jd, do_attempt, at, sizeof(*at)));
}

/* The same if the kernel does not have such sockets at all. */
static struct verdict
verdict_here(const struct attempt *at, const struct verdict *want)
{
	struct verdict lacking = { .step = MAKE };
	int s = socket(at->af, at->type, at->proto);

	if (s != -1) {
		close(s);
		return (*want);
	}
	lacking.error = errno;
	return (lacking);
}

void
attempt_expect(const struct spot *spot, const struct attempt *at,
    const struct verdict *wanted)
{
	struct verdict want = verdict_here(at, wanted);
	struct refusal refusal = { want.reason, want.dir,
		at->af == AF_INET ? 4 : 6 };
	bool counts = spot->jd != NULL && want.reason != UNKNOWN;
	struct attempt try = *at;
	uint64_t before = 0;
	char from[INET6_ADDRSTRLEN];
	int s;

	strcpy(from, sockaddr_text(&at->local));
	if (counts)
		before = refusals_before(spot->jd, &refusal);
	s = attempt(spot, &try);
	ATF_CHECK_MSG(try.step == want.step && try.error == want.error,
	    "%s: family %d, type %d, protocol %d, option %d/%d, from %s port "
	    "%d to %s port %d: %s: %s; should be %s: %s", spot->name, at->af,
	    at->type, at->proto, at->option4.name, at->option6.name, from,
	    ntohs(at->local.sin.sin_port), sockaddr_text(&at->remote),
	    ntohs(at->remote.sin.sin_port), steps[try.step],
	    errname(try.error), steps[want.step], errname(want.error));
	if (counts)
		ATF_CHECK_MSG(refused_once(spot->jd, &refusal, before),
		    "%s: type %d, protocol %d, from %s to %s: not counted as "
		    "reason %d once", spot->name, at->type, at->proto, from,
		    sockaddr_text(&at->remote), want.reason);
	if (s != -1)
		close(s);
}

void
attempt_binds(const struct spot *spots, const struct attempt *form,
    uint16_t port, const struct verdict *refused)
{
	const struct verdict done = { .step = DONE };
	struct attempt at;
	size_t i, j;

	for (i = 0; i < NOWNERS; i++)
		for (j = 0; j < nvictims; j++) {
			at = *form;
			attempt_from(&at, victims[j].addr, port);
			attempt_expect(&spots[i], &at, spots[i].jd == NULL ||
			    victims[j].owner == i ? &done : refused);
		}
}

bool
is_ready(int s, int ms)
{
	struct pollfd pfd = { .fd = s, .events = POLLIN };

	return (poll(&pfd, 1, ms) == 1);
}

bool
meet(int s, int type, union sockaddrs *from, int ms)
{
	socklen_t len = sizeof(*from);
	char byte;
	int conn;

	memset(from, 0, sizeof(*from));
	if (!is_ready(s, ms))
		return (false);
	if (type == SOCK_DGRAM)
		return (recvfrom(s, &byte, 1, 0, &from->sa, &len) == 1);
	conn = accept4(s, &from->sa, &len, SOCK_CLOEXEC);
	if (conn != -1)
		close(conn);
	return (conn != -1);
}

const char *
plain(const char *addr)
{
	return (strncmp(addr, "::ffff:", 7) == 0 ? addr + 7 : addr);
}
