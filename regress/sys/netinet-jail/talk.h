/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Conversations between real sockets: who is reached, and what each end is told
 * of the addresses. Whatever else goes wrong fails the case.
 */

#ifndef _TALK_H_
#define _TALK_H_

#include <stdbool.h>
#include <stdint.h>

#include "scene.h"

enum way { TCP, UDP_CONNECTED, UDP_NAMED, NWAYS };

extern const char *const ways[NWAYS];

/* Where a socket is made; jd NULL: where the case is. */
struct place {
	const char *name;
	const struct jailed *jd;
};

/*
 * A socket that waits at an address, :: with v6only or for both families; -1
 * with errno set if it cannot. One of UDP does not mind others there.
 */
int talk_wait(const struct place *p, enum way way, const char *addr,
    uint16_t port, bool v6only);

/*
 * A socket that calls one, from a port of its own at the address bound, or as
 * the kernel likes if that is NULL. It has sent talk_serial. Returns -1 with
 * errno set if it cannot, EINPROGRESS if nobody answers.
 */
int talk_call(const struct place *p, enum way way, const char *bound,
    const char *dst, uint16_t port);

extern int talk_serial;

/*
 * The one who waits must get the last message first, and his answer must come
 * back. Each is told that the other is at: the caller at from, who waits at to.
 */
void talk_check(enum way way, int waiting, int calling, const char *from,
    const char *to, const char *what);

/* Is what a name function says of a socket this address? */
bool talk_name(int (*name)(int, struct sockaddr *, socklen_t *), int s,
    const char *want, const char *what);

#endif /* !_TALK_H_ */
