/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What the parts of try share.
 */

#ifndef _TRY_H_
#define _TRY_H_

#include <sys/socket.h>

#include <netinet/in.h>

#define TRY_PORT	7007	/* the service of try_serve.c */
#define TRY_DISCARD	9	/* nobody listens there */
#define TRY_MS		2000	/* how long an answer may take */

union addr {
	struct sockaddr sa;
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;
};

/*
 * An attempt returns what came of it, in a word or two, or NULL with errno if
 * it was refused. What is no part of the attempt and fails ends the program.
 */
const char *try_bind(char **args);
const char *try_hear(char **args);
const char *try_mark(char **args);
const char *try_packet(char **args);
const char *try_plain(char **args);
const char *try_raw(char **args);
const char *try_send(char **args);
const char *try_serve(char **args);
const char *try_tcp(char **args);
const char *try_udp(char **args);

void parse_addr(union addr *a, const char *text, int port);
socklen_t addr_len(const union addr *a);

/* Wait for events; 0, or -1 with ETIMEDOUT. */
int wait_for(int fd, short events);

/* The service's answer: the address that it was asked from. */
const char *read_answer(int fd, const char *source);

#endif /* !_TRY_H_ */
