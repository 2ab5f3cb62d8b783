/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Things that are tried in a jail.
 */

#include <sys/socket.h>

#include <arpa/inet.h>
#include <net/if.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "deed.h"

#define SYSCTL	"/proc/sys/net/ipv4/ip_default_ttl"

static size_t
build(const struct attempt *at, uint8_t *p)
{
	const struct deed *d = &at->d;
	const size_t head = d->af == AF_INET ? 20 : 40;

	memset(p, 0, head);
	if (d->af == AF_INET) {
		p[0] = 0x45;
		p[6] = d->frag >> 8;
		p[7] = d->frag;
		p[8] = 9;
		p[9] = d->ipproto;
		inet_pton(AF_INET, at->addr, p + 12);
		inet_pton(AF_INET, VNET_PEER4, p + 16);
	} else {
		p[0] = 0x60;
		p[5] = d->len;
		p[6] = d->ipproto;
		p[7] = 9;
		inet_pton(AF_INET6, at->addr, p + 8);
		inet_pton(AF_INET6, VNET_PEER6, p + 24);
	}
	memcpy(p + head, at->rest, d->len);
	return (head + d->len);
}

int
send_packet(const struct attempt *at, int s)
{
	const bool ip4 = at->d.af == AF_INET;
	uint8_t bytes[256];
	union sockaddrs to;
	socklen_t len = sockaddr_of(&to, ip4 ? VNET_PEER4 : VNET_PEER6, 0);
	const size_t n = build(at, bytes);

	return (sendto(s, bytes, n, 0, &to.sa, len) == (ssize_t)n ? 0 : -1);
}

/* From an address that a control message names. */
static int
send_named(const struct attempt *at, int s)
{
	struct iovec iov = { "x", 1 };
	union sockaddrs any, src, to;
	struct msghdr msg = { .msg_name = &to, .msg_iov = &iov,
		.msg_iovlen = 1 };
	union source ctl;

	msg.msg_namelen = sockaddr_of(&to, VNET_PEER4, PORT);
	sockaddr_of(&src, at->addr, 0);
	name_source(&msg, &ctl, &src);
	if (bind(s, &any.sa, sockaddr_of(&any, "0.0.0.0", PORT)) != 0)
		return (-1);
	return (sendmsg(s, &msg, 0) == 1 ? 0 : -1);
}

/* More groups than a socket can have. */
static int
join_many(int s)
{
	struct ip_mreqn mr = { .imr_ifindex = if_nametoindex("lo") };

	for (int i = 0; i <= JAIL_NGROUPS; i++) {
		mr.imr_multiaddr.s_addr = htonl(0xef010000 + i);
		if (setsockopt(s, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mr,
		    sizeof(mr)) != 0)
			return (-1);
	}
	return (0);
}

static int
use_file(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC), error;

	if (fd == -1)
		return (-1);
	error = flags == O_RDONLY || write(fd, "64", 2) == 2 ? 0 : -1;
	close(fd);
	return (error);
}

static int
use_socket(const struct attempt *at, int s)
{
	const struct deed *d = &at->d;
	const int one = 1;
	union sockaddrs sa;
	socklen_t len;

	switch (d->kind) {
	case BIND:
		len = sockaddr_of(&sa, at->addr, d->port);
		return (bind(s, &sa.sa, len));
	case CONNECT:
		len = sockaddr_of(&sa, at->addr, d->port);
		return (connect(s, &sa.sa, len));
	case SEND:
		len = sockaddr_of(&sa, at->addr, d->port);
		return (sendto(s, "x", 1, 0, &sa.sa, len) == 1 ? 0 : -1);
	case NAMED:
		return (send_named(at, s));
	case OPTION:
		return (setsockopt(s, d->level, d->name, &one, sizeof(one)));
	case PACKET:
		return (send_packet(at, s));
	case JOIN:
		return (join_many(s));
	default:
		return (0);
	}
}

static int
do_deed(void *arg)
{
	struct attempt *at = arg;
	int error = 0, s = -1;

	if (at->d.kind == DEVICE)
		error = use_file("/dev/kmsg", O_RDONLY);
	else if (at->d.kind == WRITE)
		error = use_file(SYSCTL, O_WRONLY);
	else {
		s = socket(at->d.af, at->d.type | SOCK_CLOEXEC, at->d.proto);
		error = s == -1 ? -1 : use_socket(at, s);
	}
	at->error = error == 0 ? 0 : errno;
	at->reason = jail_reason(s);
	at->again = jail_reason(s);
	close(s);
	return (-1);
}

struct attempt
attempt(const struct jailed *jd, const struct deed *d)
{
	struct attempt at = { .d = *d };

	if (d->addr != NULL)
		snprintf(at.addr, sizeof(at.addr), "%s", d->addr);
	if (d->len > 0)
		memcpy(at.rest, d->rest, d->len);
	jailed_call(jd, do_deed, &at, sizeof(at));
	return (at);
}
