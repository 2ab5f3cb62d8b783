/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * A service that tells whoever asks, by TCP or UDP, from which address that
 * was. It listens on the given addresses only.
 */

#include <arpa/inet.h>

#include <err.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "try.h"

#define SOCKETS_MAX	16
#define SERVE_SECONDS	300	/* nobody needs it longer */

static int
open_bound(const char *text, int type)
{
	union addr a;
	int fd;

	parse_addr(&a, text, TRY_PORT);
	fd = socket(a.sa.sa_family, type | SOCK_NONBLOCK, 0);
	if (fd == -1 || bind(fd, &a.sa, addr_len(&a)) != 0)
		err(2, "%s", text);
	if (type == SOCK_STREAM && listen(fd, 8) != 0)
		err(2, "%s: listen", text);
	return (fd);
}

static void
answer(int fd, const union addr *from, socklen_t len)
{
	char text[INET6_ADDRSTRLEN];

	if (getnameinfo(&from->sa, len, text, sizeof(text), NULL, 0,
	    NI_NUMERICHOST) != 0)
		return;
	if (sendto(fd, text, strlen(text), MSG_NOSIGNAL, &from->sa, len) == -1)
		warn("%s", text);
}

/* Who has gone away meanwhile gets no answer. */
static void
serve(int fd, bool tcp)
{
	socklen_t len = sizeof(union addr);
	union addr from;
	char question;
	int conn;

	if (!tcp) {
		if (recvfrom(fd, &question, sizeof(question), 0, &from.sa,
		    &len) != -1)
			answer(fd, &from, len);
		return;
	}
	conn = accept(fd, &from.sa, &len);
	if (conn == -1)
		return;
	answer(conn, &from, len);
	close(conn);
}

const char *
try_serve(char **args)
{
	struct pollfd pfds[SOCKETS_MAX];
	nfds_t n = 0;

	for (; *args != NULL && n + 2 <= SOCKETS_MAX; args++, n += 2) {
		pfds[n].fd = open_bound(*args, SOCK_STREAM);
		pfds[n + 1].fd = open_bound(*args, SOCK_DGRAM);
		pfds[n].events = pfds[n + 1].events = POLLIN;
	}
	puts("ready");
	fflush(stdout);
	alarm(SERVE_SECONDS);
	while (poll(pfds, n, -1) > 0) {
		for (nfds_t i = 0; i < n; i++) {
			if (pfds[i].revents != 0)
				serve(pfds[i].fd, i % 2 == 0);
		}
	}
	err(2, "poll");
}
