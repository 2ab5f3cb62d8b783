/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What the files of the broker share. It makes raw and "ping" sockets for
 * programs of a jail, which no hook could give an address, and sets its host
 * name; see jail_broker.c.
 * Functions return 0 or an errno: here nobody reads jail_errmsg.
 */

#ifndef _JAIL_BROKER_H_
#define _JAIL_BROKER_H_

#include <sys/socket.h>
#include <sys/types.h>

#include <netinet/in.h>

#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>

#include "jail_impl.h"

/*
 * The numbers of the descriptors that the broker hands out, if the program may
 * have so large ones: by these the filter knows which bind(2) and connect(2) to
 * ask about, and all others are none of the broker's business. select(2) takes
 * them, too.
 */
#define RAWFD_FIRST	768
#define RAWFD_MASK	0xffffff00
#define RAWFD_END	1024

/* A jail with one of these has a broker; it makes sockets for some of them. */
#define BROKER_SOCKETS	(PR_ALLOW_RAW_SOCKETS | PR_ALLOW_PACKET_CAPTURE)
#define BROKER_FLAGS	(BROKER_SOCKETS | PR_ALLOW_SET_HOSTNAME)

#define BROKER_NKNOWN	256	/* sockets that are remembered */

union sockaddrs {
	struct sockaddr sa;
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;
};

/* A socket of the kinds that the broker makes; but for bound it stays so. */
struct known {
	uint64_t cookie;	/* 0: none */
	int af, type;
	bool bound;		/* to an address, by the program itself */
};

struct broker {
	struct kern k;		/* of a jail's addresses, to read */
	uint64_t cgroup;	/* of the jail */
	int init;		/* the jail's pid 1, a pidfd, at the start */
	int notify;		/* where the filter asks */
	struct seccomp_notif *req;
	struct seccomp_notif_resp *resp;
	int proc;		/* /proc, as it is outside */
	int filter;		/* for packet sockets; -1: there are none */
	bool several;		/* the filter asks for each send */
	bool capture;		/* packet sockets are made as well */
	bool hostname;		/* the host name is set as well */
	struct known known[BROKER_NKNOWN]; /* the oldest goes, if not bound */
	unsigned int nknown;
	pid_t last;		/* who asked last, if it is ... */
	int process;		/* ... this pidfd's; -1 each: none */
};

/* The thread that made a call; but for tid, what caller_read() finds. */
struct caller {
	pid_t tid, tgid;	/* in this process's pid namespace */
	bool root;		/* its effective user id is 0 */
	bool net_raw;		/* it has the capability */
	bool ping;		/* it may have ping sockets */
};

/* jail_broker_call.c: answer one call of the jail's. */
void broker_answer(struct broker *b, const struct seccomp_notif *req,
    struct seccomp_notif_resp *resp);

/* jail_broker_caller.c */
struct groups {
	unsigned int first, last;	/* net.ipv4.ping_group_range */
};

struct groups broker_ping_groups(const struct broker *b);
int caller_parse(const char *status, struct groups may_ping,
    struct caller *c);
int caller_read(const struct broker *b, pid_t tid, struct caller *c);
int caller_copy(const struct caller *c, uint64_t from, void *to, size_t len);
int caller_descriptor(struct broker *b, const struct caller *c, int fd);
int caller_free_number(struct broker *b, const struct caller *c);

/* jail_broker_addr.c: what the hooks decide for other sockets */
int broker_prison(const struct broker *b, struct prison *pr);
int broker_primary(const struct prison *pr, int af, union sockaddrs *sa);
int broker_local(const struct broker *b, const struct prison *pr,
    union sockaddrs *sa);
int broker_remote(const struct broker *b, const struct prison *pr,
    union sockaddrs *sa);
int broker_source(const struct broker *b, const struct prison *pr,
    const union sockaddrs *dst, union sockaddrs *src);

#endif /* !_JAIL_BROKER_H_ */
