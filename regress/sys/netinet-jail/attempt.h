/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Attacks by one socket, tried at several places: in jail A, which has several
 * addresses, in jail B, which has one, and in the host, which may do it all.
 */

#ifndef _ATTEMPT_H_
#define _ATTEMPT_H_

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "server.h"

#define MAPPED(addr) "::ffff:" addr

enum owner { IN_A, IN_B, IN_HOST, NOWNERS };

/* jd NULL: in the host. */
struct spot {
	const char *name;
	const struct jailed *jd;
};

struct stage {
	struct scene sc;
	struct spot at[NOWNERS];
	int service[2];	/* the host's, at all of its addresses: TCP, UDP */
};

/* What is to be done with the socket, in this order. */
enum step { MAKE, OPTION, BIND, LISTEN, CONNECT, SEND, DONE };

/* An option to be set to 1; level and name 0: none. */
struct option {
	int level, name;
};

struct attempt {
	int type, proto;
	struct option option4, option6;	/* for a socket of that family */
	uid_t uid;			/* who makes the attempt */
	bool unspec;			/* local as AF_UNSPEC */
	bool listen, connect, send;
	bool hurry;			/* do not wait for the connection */
	int flags;			/* of sendto(2) */
	int af;				/* of the socket */
	union sockaddrs local, remote;
	socklen_t locallen, remotelen;	/* 0: do not bind; none is named */
	enum step step;			/* where it ended, and why */
	int error;
};

/* What it must come to. */
struct verdict {
	enum step step;
	int error;
	int reason;	/* counted once; UNKNOWN: whatever that is */
	int dir;
};

#define UNKNOWN	(-1)

/* All on one processor; the host has services at a port if that is not 0. */
void stage_init(struct stage *s, const atf_tc_t *tc, uint16_t service);

/* Fill in an address, and the socket's family by it. */
void attempt_from(struct attempt *at, const char *addr, uint16_t port);
void attempt_to(struct attempt *at, const char *addr, uint16_t port);

/* The socket, or -1. */
int attempt(const struct spot *spot, struct attempt *at);

/*
 * The same, and see what comes of it: what this kernel lacks, it refuses by
 * itself. The socket is closed.
 */
void attempt_expect(const struct spot *spot, const struct attempt *at,
    const struct verdict *want);

/* An address, and whose it is. */
struct victim {
	const char *addr;
	enum owner owner;
};

extern const struct victim victims[];
extern const size_t nvictims;

/*
 * Bind to every victim, at every place: it is refused as want says where the
 * address is not the jail's, and done where it is, and in the host.
 */
void attempt_binds(const struct spot *spots, const struct attempt *at,
    uint16_t port, const struct verdict *want);

/* Is there something to be read, in time? */
bool is_ready(int s, int ms);

/* Who has come, with a connection or a datagram; false: nobody, in time. */
bool meet(int s, int type, union sockaddrs *from, int ms);

/* An address as it is when it is not v4-mapped. */
const char *plain(const char *addr);

#endif /* !_ATTEMPT_H_ */
