/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What the network reports of packets.
 */

#include <sys/socket.h>

#include <netinet/in.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "errname.h"
#include "errqueue.h"
#include "server.h"

#define PORT	7000
#define TRIES	10
#define TRY_MS	2000

struct provoke_call {
	union sockaddrs from, to;
	bool bound;
	int error;
};

void
errqueue_init(struct scene *s, const atf_tc_t *tc)
{
	scene_init(s, tc);
	ATF_REQUIRE_EQ(0, vnet_enter(s->vn.vn_peer));
	report_all();
	ATF_REQUIRE_EQ(0, vnet_enter(s->vn.vn_host));
}

int
errqueue_ask(int s, int af)
{
	const int on = 1;

	return (setsockopt(s, af == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
	    af == AF_INET ? IP_RECVERR : IPV6_RECVERR, &on, sizeof(on)));
}

/* Until something is reported: a packet or a report may be lost. */
static int
send_until_reported(int s)
{
	struct pollfd pfd = { .fd = s, .events = POLLIN };
	char byte;

	for (int i = 0; i < TRIES; i++) {
		if (send(s, ERRQUEUE_SECRET, strlen(ERRQUEUE_SECRET), 0) == -1)
			return (errno);
		if (poll(&pfd, 1, TRY_MS) == 1)
			return (recv(s, &byte, 1, 0) == -1 ? errno : 0);
	}
	return (ETIMEDOUT);
}

static int
do_provoke(void *arg)
{
	struct provoke_call *c = arg;
	int s;

	s = socket(c->to.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s == -1 ||
	    (c->bound && bind(s, &c->from.sa, sizeof(c->from)) != 0) ||
	    connect(s, &c->to.sa, sizeof(c->to)) != 0)
		c->error = errno;
	else
		c->error = send_until_reported(s);
	if (s != -1)
		close(s);
	return (-1);
}

void
errqueue_provoke(const struct jailed *jd, const char *from, const char *peer)
{
	struct provoke_call c = { .bound = from != NULL };

	sockaddr_of(&c.to, peer, PORT);
	if (from != NULL)
		sockaddr_of(&c.from, from, 0);
	if (jd != NULL)
		jailed_call(jd, do_provoke, &c, sizeof(c));
	else
		do_provoke(&c);
	ATF_REQUIRE_STREQ("ECONNREFUSED", errname(c.error));
}

bool
errqueue_told(int s)
{
	char buf[256];

	return (recv(s, buf, sizeof(buf), MSG_ERRQUEUE | MSG_DONTWAIT) != -1);
}
