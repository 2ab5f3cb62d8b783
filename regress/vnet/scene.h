/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What cases that use sockets have in common: a vnet with jails A and B in its
 * host, a process in each, and tables whose rows are tried one by one.
 */

#ifndef _SCENE_H_
#define _SCENE_H_

#include <sys/socket.h>

#include <netinet/in.h>

#include <stdint.h>

#include <jail.h>

#include "jailed.h"
#include "vnet.h"

/* Jail A has two addresses of each family; jail B has one. */
#define A_FIRST4	"192.0.2.11"
#define A_FIRST6	"2001:db8::11"
#define A_SECOND4	"192.0.2.12"
#define A_SECOND6	"2001:db8::12"
#define B_ADDR4		"192.0.2.21"
#define B_ADDR6		"2001:db8::21"

#define NELEMS(a) (sizeof(a) / sizeof((a)[0]))

struct scene {
	struct vnet vn;
	struct jailed a;	/* both may have raw sockets */
	struct jailed b;
};

/* A refusal that a row must lead to; reason JR_NONE: none in that direction. */
struct refusal {
	int reason;
	int dir;
	int family;
};

union sockaddrs {
	struct sockaddr sa;
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;
};

void scene_init(struct scene *s, const atf_tc_t *tc);

/*
 * Run on one processor from now on, with all processes that are started later:
 * packets then arrive in the order in which they are sent.
 */
void scene_one_processor(void);

/*
 * Start a process in a jail of its own; ip4 or ip6 NULL: disabled, "inherit":
 * the host's. param may name one more boolean parameter.
 */
struct jailed scene_jail(const char *name, const char *ip4, const char *ip6,
    const char *param);

/* Make a socket address of text; its length. "" is AF_UNSPEC, all zero. */
socklen_t sockaddr_of(union sockaddrs *sa, const char *addr, uint16_t port);

/* What a message says of its source, in msg_control. */
union source {
	struct cmsghdr hdr;
	char buf[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

/* Have the message leave from that address: IP_PKTINFO, IPV6_PKTINFO. */
void name_source(struct msghdr *msg, union source *ctl,
    const union sockaddrs *src);

/* The address in text, "-" if it is of neither family; in a static buffer. */
const char *sockaddr_text(const union sockaddrs *sa);

/* The socket if it is good; if not it is closed, errno stays, and it is -1. */
int keep_socket(int s, bool good);

/* How often the jail had the refusal, or any if reason is JR_NONE. */
uint64_t refusals_before(const struct jailed *jd, const struct refusal *want);

/* Was it once more, or not at all if reason is JR_NONE? */
bool refused_once(const struct jailed *jd, const struct refusal *want,
    uint64_t before);

#endif /* !_SCENE_H_ */
