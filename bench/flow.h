/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Traffic between two processes, a server and a client, that wait for orders at
 * their standard input: wherever they are, in a jail or not, they do the same.
 */

#ifndef _FLOW_H_
#define _FLOW_H_

#include <sys/socket.h>
#include <sys/types.h>

#define FLOW_BLOCK	65536

enum flow {
	FLOW_STREAM,		/* TCP, one way, blocks of FLOW_BLOCK */
	FLOW_RR,		/* TCP, a byte each way */
	FLOW_CRR,		/* the same, a connection for each */
	FLOW_UDP_RR,		/* UDP, a byte each way */
	FLOW_UDP,		/* UDP, one way, 16 bytes, what has arrived */
	FLOW_MAX
};

struct flow_desc {
	const char *name, *unit;
	double scale;		/* of what is counted: bytes, round trips */
};

extern const struct flow_desc flows[FLOW_MAX];

/*
 * The two processes, and where the server is called. (By UDP, its answers come
 * from the jail's primary address.)
 */
struct pair {
	int server, client;	/* to order them */
	const char *tcp, *udp;
};

struct rate {
	double count;		/* bytes, round trips */
	double per_second;	/* in the flow's unit */
	double cpu;		/* seconds for each, both processes */
};

/* Start one of them; do_fork is as fork(2), and gets arg. */
int end_start(pid_t (*do_fork)(int), int arg);

/* Start both in one place. */
struct pair pair_start(pid_t (*do_fork)(int), int arg, const char *addr);
void pair_stop(struct pair *p);

/* Have them run for so many milliseconds. */
struct rate pair_run(const struct pair *p, enum flow flow, int ms);

#endif /* !_FLOW_H_ */
