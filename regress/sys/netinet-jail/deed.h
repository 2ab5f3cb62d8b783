/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Things that are tried in a jail, each a call or a packet.
 */

#ifndef _DEED_H_
#define _DEED_H_

#include <netinet/in.h>

#include <stddef.h>
#include <stdint.h>

#include "scene.h"

#define PORT	7200		/* where packets go */

/* Something that is tried in a jail. */
struct deed {
	enum { SOCKET, BIND, CONNECT, SEND, NAMED, OPTION, PACKET, JOIN,
	    DEVICE, WRITE } kind;
	int af, type, proto;
	const char *addr;	/* of the call, or the packet's source */
	uint16_t port;
	int level, name;	/* OPTION */
	uint8_t ipproto;	/* PACKET: what follows its addresses */
	uint16_t frag;
	const char *rest;
	size_t len;
};

/* The deed as it goes into the jail, where it is done. */
struct attempt {
	struct deed d;
	char addr[INET6_ADDRSTRLEN];
	uint8_t rest[160];
	int error;
	int reason, again;	/* what the socket says, twice */
};

/* Try it there; what came of it. */
struct attempt attempt(const struct jailed *jd, const struct deed *d);

/* Send a packet by a socket that is here; 0 or -1. */
int send_packet(const struct attempt *at, int s);

#endif /* !_DEED_H_ */
