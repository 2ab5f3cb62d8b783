/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Sockets that send forged packets.
 */

#include <sys/socket.h>
#include <sys/uio.h>

#include <net/if.h>
#include <netinet/in.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "forge.h"
#include "scene.h"

#ifndef IPV6_HDRINCL
#define IPV6_HDRINCL 36		/* <linux/in6.h>, not in libc's header */
#endif

static socklen_t
set_sockaddr(union sockaddrs *sa, const struct flow *f,
    const union ipaddr *addr, uint16_t port)
{
	memset(sa, 0, sizeof(*sa));
	sa->sa.sa_family = f->af;
	if (f->af == AF_INET) {
		sa->sin.sin_addr = addr->in;
		sa->sin.sin_port = htons(port);
		return (sizeof(sa->sin));
	}
	sa->sin6.sin6_addr = addr->in6;
	sa->sin6.sin6_port = htons(port);
	sa->sin6.sin6_scope_id = f->ifindex;
	return (sizeof(sa->sin6));
}

static bool
is_raw(const struct flow *f)
{
	return (f->mode != SOCK_BIND && f->mode != SOCK_CMSG);
}

static int
set_options(int s, const struct flow *f)
{
	char ifname[IF_NAMESIZE] = "";
	int on = 1;

	if (f->mode == HDRINCL && setsockopt(s,
	    f->af == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
	    f->af == AF_INET ? IP_HDRINCL : IPV6_HDRINCL, &on,
	    sizeof(on)) == -1)
		return (-1);
	if (f->ifindex == 0)
		return (0);
	if (setsockopt(s, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)) == -1 ||
	    if_indextoname(f->ifindex, ifname) == NULL)
		return (-1);
	return (setsockopt(s, SOL_SOCKET, SO_BINDTODEVICE, ifname,
	    sizeof(ifname)));
}

static int
open_socket(const struct flow *f)
{
	int type = SOCK_RAW, proto = forge_protocol(f->af, f->proto), s;

	if (!is_raw(f))
		type = f->proto == TCP ? SOCK_STREAM : SOCK_DGRAM;
	s = socket(f->af, type | SOCK_CLOEXEC | SOCK_NONBLOCK, proto);
	if (s == -1 || set_options(s, f) == 0)
		return (s);
	close(s);
	return (-1);
}

/* The part of the packet that the caller of send(2) has to give. */
static struct iovec
message_data(const struct flow *f, uint8_t *buf, size_t len)
{
	struct iovec iov = { .iov_base = buf, .iov_len = len };
	size_t skip = f->mode == HDRINCL ? 0 : forge_hdrlen(f->af);

	if (!is_raw(f) && f->proto == UDP)
		skip += 8;
	iov.iov_base = buf + skip;
	iov.iov_len = len - skip;
	return (iov);
}

static int
send_message(int s, const struct flow *f, union sockaddrs *to, socklen_t len)
{
	struct msghdr msg = { .msg_name = to, .msg_namelen = len };
	union sockaddrs src;
	uint8_t buf[256];
	union source ctl;
	struct iovec iov;
	size_t n;

	n = forge_packet(f, buf, sizeof(buf));
	if (n == 0)
		return (ENOMEM);
	iov = message_data(f, buf, n);
	msg.msg_iov = &iov;
	msg.msg_iovlen = 1;
	if (f->mode == SOCK_CMSG || f->mode == RAW_CMSG) {
		set_sockaddr(&src, f, &f->src, 0);
		name_source(&msg, &ctl, &src);
	}
	return (sendmsg(s, &msg, 0) == -1 ? errno : 0);
}

static int
send_to(int s, const struct flow *f)
{
	bool ports = !is_raw(f) && f->proto != ICMP;
	union sockaddrs to;
	socklen_t len;

	len = set_sockaddr(&to, f, &f->dst, ports ? f->tag : 0);
	if (is_raw(f) || f->proto != TCP)
		return (send_message(s, f, &to, len));
	if (connect(s, &to.sa, len) == 0 || errno == EINPROGRESS ||
	    errno == ECONNREFUSED)
		return (0);
	return (errno);
}

static bool
wants_bind(const struct flow *f)
{
	static const union ipaddr any;

	return ((f->mode == SOCK_BIND || f->mode == RAW_BIND) &&
	    memcmp(&f->src, &any, sizeof(any)) != 0);
}

struct outcome
forge_send(const struct flow *f)
{
	struct outcome o = { 0 };
	union sockaddrs from;
	socklen_t len;
	int s;

	s = open_socket(f);
	if (s == -1) {
		o.socket = errno;
		return (o);
	}
	len = set_sockaddr(&from, f, &f->src, 0);
	if (wants_bind(f) && bind(s, &from.sa, len) == -1)
		o.bind = errno;
	else
		o.send = send_to(s, f);
	close(s);
	return (o);
}
