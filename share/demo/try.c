/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * try: make one attempt to use an address and print what came of it, as a
 * phrase or as the name of an errno. Exits 0 if the attempt went through, 1 if
 * it was refused, 2 if it could not be made.
 */

#include <arpa/inet.h>

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "try.h"

static const struct {
	const char *name;
	int nargs;		/* the least */
	const char *(*try)(char **args);
	const char *usage;
} attempts[] = {
	{ "bind", 1, try_bind, "source" },
	{ "hear", 1, try_hear, "inet|inet6 <end-of-file" },
	{ "mark", 1, try_mark, "interface" },
	{ "packet", 0, try_packet, "" },
	{ "plain", 2, try_plain, "source target" },
	{ "raw", 2, try_raw, "source target" },
	{ "send", 2, try_send, "source target" },
	{ "serve", 1, try_serve, "address ..." },
	{ "tcp", 2, try_tcp, "source target" },
	{ "udp", 2, try_udp, "source target" },
};

#define NATTEMPTS	(sizeof(attempts) / sizeof(attempts[0]))

void
parse_addr(union addr *a, const char *text, int port)
{
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, text, &a->sin.sin_addr) == 1) {
		a->sin.sin_family = AF_INET;
		a->sin.sin_port = htons(port);
	} else if (inet_pton(AF_INET6, text, &a->sin6.sin6_addr) == 1) {
		a->sin6.sin6_family = AF_INET6;
		a->sin6.sin6_port = htons(port);
	} else
		errx(2, "%s: not an address", text);
}

socklen_t
addr_len(const union addr *a)
{
	return (a->sa.sa_family == AF_INET ? sizeof(a->sin) : sizeof(a->sin6));
}

int
wait_for(int fd, short events)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	int n = poll(&pfd, 1, TRY_MS);

	if (n == -1)
		err(2, "poll");
	if (n == 0)
		errno = ETIMEDOUT;
	return (n == 0 ? -1 : 0);
}

const char *
read_answer(int fd, const char *source)
{
	static char text[INET6_ADDRSTRLEN + 16];
	char seen[INET6_ADDRSTRLEN];
	ssize_t len;

	if (wait_for(fd, POLLIN) != 0)
		return (NULL);
	len = recv(fd, seen, sizeof(seen) - 1, 0);
	if (len == -1)
		return (NULL);
	seen[len] = '\0';
	if (strcmp(seen, source) == 0)
		return ("answered");
	snprintf(text, sizeof(text), "seen as %s", seen);
	return (text);
}

static _Noreturn void
usage(void)
{
	for (size_t i = 0; i < NATTEMPTS; i++)
		fprintf(stderr, "usage: try %s %s\n", attempts[i].name,
		    attempts[i].usage);
	exit(2);
}

static int
make_attempt(size_t i, int argc, char **argv)
{
	const char *result;

	if (argc < attempts[i].nargs)
		usage();
	result = attempts[i].try(argv);
	puts(result != NULL ? result : strerrorname_np(errno));
	if (fflush(stdout) != 0)
		err(2, "stdout");
	return (result == NULL);
}

int
main(int argc, char *argv[])
{
	if (argc < 2)
		usage();
	for (size_t i = 0; i < NATTEMPTS; i++) {
		if (strcmp(argv[1], attempts[i].name) == 0)
			return (make_attempt(i, argc - 2, argv + 2));
	}
	usage();
}
