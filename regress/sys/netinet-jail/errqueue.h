/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What the network reports of packets, and sockets that are told of it.
 */

#ifndef _ERRQUEUE_H_
#define _ERRQUEUE_H_

#include "scene.h"

#define ERRQUEUE_SECRET	"secret"

/* scene_init(), and the peer reports every packet that nobody wants. */
void errqueue_init(struct scene *s, const atf_tc_t *tc);

/* Have a socket keep errors: setsockopt(2). */
int errqueue_ask(int s, int af);

/*
 * Send ERRQUEUE_SECRET to a port of the peer's where nobody listens, and wait
 * until that is reported: from a jail, or the host if jd is NULL, and from an
 * address, or any if from is NULL.
 */
void errqueue_provoke(const struct jailed *jd, const char *from,
    const char *peer);

/* Was the socket told of an error? Takes what it was told first. */
bool errqueue_told(int s);

#endif /* !_ERRQUEUE_H_ */
