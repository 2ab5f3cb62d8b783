/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Attempts with TCP and UDP sockets. Each is made with a socket that Linux lets
 * use any address at all, also one that the machine does not have: then what
 * refuses is the jail and nothing else.
 */

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "try.h"

static int
open_socket(int af, int type)
{
	int fd = socket(af, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd == -1)
		err(2, "socket");
	return (fd);
}

/* Whoever may not do this only makes a weaker attempt. */
static void
allow_any_source(int fd, int af)
{
	const int level = af == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;
	const int on = 1;

	setsockopt(fd, level, af == AF_INET ? IP_FREEBIND : IPV6_FREEBIND, &on,
	    sizeof(on));
	setsockopt(fd, level, af == AF_INET ? IP_TRANSPARENT :
	    IPV6_TRANSPARENT, &on, sizeof(on));
}

static int
bind_source(int fd, const union addr *source)
{
	allow_any_source(fd, source->sa.sa_family);
	return (bind(fd, &source->sa, addr_len(source)));
}

const char *
try_bind(char **args)
{
	union addr source;
	int fd;

	parse_addr(&source, args[0], 0);
	fd = open_socket(source.sa.sa_family, SOCK_STREAM);
	return (bind_source(fd, &source) == 0 ? "bound" : NULL);
}

static const char *
ask_by_tcp(int fd, const char *source, const union addr *target)
{
	int error;
	socklen_t len = sizeof(error);

	if (connect(fd, &target->sa, addr_len(target)) != 0 &&
	    errno != EINPROGRESS)
		return (NULL);
	if (wait_for(fd, POLLOUT) != 0)
		return (NULL);
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		err(2, "SO_ERROR");
	errno = error;
	return (error == 0 ? read_answer(fd, source) : NULL);
}

const char *
try_tcp(char **args)
{
	union addr source, target;
	int fd;

	parse_addr(&source, args[0], 0);
	parse_addr(&target, args[1], TRY_PORT);
	fd = open_socket(target.sa.sa_family, SOCK_STREAM);
	if (bind_source(fd, &source) != 0)
		return (NULL);
	return (ask_by_tcp(fd, args[0], &target));
}

/* As a program does that does not care for sources; args[0] should be it. */
const char *
try_plain(char **args)
{
	union addr target;

	parse_addr(&target, args[1], TRY_PORT);
	return (ask_by_tcp(open_socket(target.sa.sa_family, SOCK_STREAM),
	    args[0], &target));
}

/* Put the source into a control message; returns how long that is. */
static size_t
name_source(struct msghdr *msg, const union addr *source)
{
	struct in6_pktinfo info6 = { .ipi6_addr = source->sin6.sin6_addr };
	struct in_pktinfo info4 = { .ipi_spec_dst = source->sin.sin_addr };
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);

	if (source->sa.sa_family == AF_INET) {
		c->cmsg_level = IPPROTO_IP;
		c->cmsg_type = IP_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof(info4));
		memcpy(CMSG_DATA(c), &info4, sizeof(info4));
		return (CMSG_SPACE(sizeof(info4)));
	}
	c->cmsg_level = IPPROTO_IPV6;
	c->cmsg_type = IPV6_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info6));
	memcpy(CMSG_DATA(c), &info6, sizeof(info6));
	return (CMSG_SPACE(sizeof(info6)));
}

/* Send a datagram from an unbound socket; returns the socket, or -1. */
static int
send_from(const union addr *source, union addr *target)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	} control = { 0 };
	struct iovec iov = { .iov_base = "?", .iov_len = 1 };
	struct msghdr msg = { .msg_name = target,
		.msg_namelen = addr_len(target), .msg_iov = &iov,
		.msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control) };
	int fd = open_socket(target->sa.sa_family, SOCK_DGRAM);

	allow_any_source(fd, source->sa.sa_family);
	msg.msg_controllen = name_source(&msg, source);
	return (sendmsg(fd, &msg, 0) == -1 ? -1 : fd);
}

const char *
try_udp(char **args)
{
	union addr source, target;
	int fd;

	parse_addr(&source, args[0], 0);
	parse_addr(&target, args[1], TRY_PORT);
	fd = send_from(&source, &target);
	return (fd != -1 ? read_answer(fd, args[0]) : NULL);
}

/* The same for a source that no answer could come to. */
const char *
try_send(char **args)
{
	union addr source, target;

	parse_addr(&source, args[0], 0);
	parse_addr(&target, args[1], TRY_DISCARD);
	return (send_from(&source, &target) != -1 ? "sent" : NULL);
}
