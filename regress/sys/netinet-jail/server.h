/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Servers that are opened in a jail or in the host, and clients that reach them
 * from the peer.
 */

#ifndef _SERVER_H_
#define _SERVER_H_

#include <sys/socket.h>
#include <sys/types.h>

#include <stdint.h>

#include "scene.h"

#define SERVER_WAIT_MS	10000

#define SV_REUSEADDR	0x01
#define SV_REUSEPORT	0x02
#define SV_V6ONLY	0x04
#define SV_NOPORT	0x08	/* IP_BIND_ADDRESS_NO_PORT */
#define SV_LISTEN	0x10	/* SOCK_STREAM: listen(2) too */
#define SV_UNBOUND	0x20	/* do not bind(2) */
#define SV_NOBODY	0x40	/* as an unprivileged user */

struct server {
	int type;		/* of the socket */
	int options;		/* SV_* */
	union sockaddrs sa;	/* what it is to be bound to */
	socklen_t len;
	int error;
	union sockaddrs name;	/* what getsockname(2) gives then */
};

/* A process of the host calls this; it fails the case if it cannot. */
void write_sysctl(const char *path, const char *value);

/* Have this network namespace report every datagram that nobody wants. */
void report_all(void);

/* scene_init(), and the host does. */
void server_init(struct scene *s, const atf_tc_t *tc);

/* What to open; addr says which family. */
struct server server_of(int type, int options, const char *addr,
    uint16_t port);

/* Open it in a jail, or in the host if jd is NULL; -1: sv->error says why. */
int server_open(const struct jailed *jd, struct server *sv);

/* The same; the case fails if it cannot be. */
int server_start(const struct jailed *jd, int type, int options,
    const char *addr, uint16_t port);

/* What getsockname(2) gives for a socket: the port, or all of it. */
uint16_t name_port(int s);
void check_name(int s, const char *addr, uint16_t port);

/* The kernel's port of the only TCP listener there is in the host. */
uint16_t kernel_port(int family);

/*
 * Connect from the peer, with SOCK_DGRAM and send "?". Returns the socket, or
 * -1 with errno set.
 */
int peer_dials(const struct vnet *vn, int type, const char *dst,
    uint16_t port);

/* Which of the sockets has something to be read? -1: none in time. */
int ready_one(const int *s, int n);

/*
 * The same, and check that s[want] of n gets it, a connection under the address
 * and the port that were dialled. Returns what was accepted, -1 if nothing.
 */
int dial_expect(const struct vnet *vn, int type, const char *dst,
    uint16_t port, const int *s, int n, int want);

/* The same, and check that it fails so. */
void dial_error(const struct vnet *vn, int type, const char *dst,
    uint16_t port, int error);

/* Set a parameter of a jail that runs. */
void jail_param(const struct jailed *jd, const char *param,
    const char *value);

#endif /* !_SERVER_H_ */
