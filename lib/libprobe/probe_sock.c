/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The sockets of a run. A connected UDP socket, which sends nothing, tells what
 * source the stack would choose: inside a jail it is one of the jail's
 * addresses, and a foreign one is refused. Raw sockets have no such help, and
 * are bound to that source before they send.
 */

#include <sys/socket.h>

#include <netinet/icmp6.h>
#include <linux/icmp.h>

#include <err.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jail.h"
#include "probe.h"

#define BUFLEN	65536		/* no packet is longer */
#define CTLLEN	256

/* What kept the stack from having a way to an address. */
struct failure {
	enum { AT_SOCKET, AT_BIND, AT_CONNECT } at;
	int error;
	int reason;		/* JR_* */
	const union probe_sa *src, *dst;
};

static void
option(int fd, int level, int name, int value)
{
	if (setsockopt(fd, level, name, &value, sizeof(value)) == -1)
		err(PROBE_ERROR, "setsockopt");
}

static void
not_ours(const union probe_sa *sa)
{
	char text[PROBE_ADDRLEN];

	errx(PROBE_ERROR, "%s: not an address of this jail or host",
	    probe_ntop(sa, text));
}

static bool
link_local(const union probe_sa *sa)
{
	return (sa->sa.sa_family == AF_INET6 &&
	    IN6_IS_ADDR_LINKLOCAL(&sa->sin6.sin6_addr));
}

static void
fail(const struct failure *f)
{
	char text[PROBE_ADDRLEN], why[PROBE_ERRLEN];

	if (f->at == AT_BIND && f->error == EADDRNOTAVAIL)
		not_ours(f->src);
	probe_ntop(f->at == AT_BIND ? f->src : f->dst, text);
	if (f->at == AT_SOCKET && f->error == EAFNOSUPPORT)
		errx(PROBE_ERROR, "%s: %s is disabled here", text,
		    f->dst->sa.sa_family == AF_INET ? "IPv4" : "IPv6");
	if (f->error == EINVAL && link_local(f->dst) &&
	    f->dst->sin6.sin6_scope_id == 0)
		errx(PROBE_ERROR, "%s: which interface? add %%interface", text);
	if (f->at == AT_CONNECT && f->error == EACCES)
		errx(PROBE_ERROR, "%s: a broadcast address", text);
	errx(PROBE_ERROR, "%s: %s", text,
	    probe_strerror(f->error, f->reason, why));
}

/* Bind a UDP socket to src, with a port that is free. */
static int
bind_source(int fd, const union probe_sa *src, const union probe_sa *dst)
{
	union probe_sa sa = *src;

	if (link_local(&sa) && sa.sin6.sin6_scope_id == 0)
		sa.sin6.sin6_scope_id = dst->sin6.sin6_scope_id;
	return (bind(fd, &sa.sa, probe_salen(&sa)));
}

/* The UDP socket to dst, or -1. */
static int
connect_to(const union probe_sa *dst, const union probe_sa *src,
    struct failure *f)
{
	int fd;

	*f = (struct failure){ .at = AT_SOCKET, .src = src, .dst = dst };
	fd = socket(dst->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd != -1) {
		f->at = AT_BIND;
		if (src == NULL || bind_source(fd, src, dst) == 0) {
			f->at = AT_CONNECT;
			if (connect(fd, &dst->sa, probe_salen(dst)) == 0)
				return (fd);
		}
	}
	f->error = errno;
	if (fd != -1) {
		f->reason = jail_reason(fd);
		close(fd);
	}
	return (-1);
}

/* If no address will do, the first one's failure is the one to tell. */
static int
connect_any(const struct probe_target *t, uint16_t port)
{
	const union probe_sa *src = t->has_source ? &t->source : NULL;
	struct failure first = { 0 }, f;
	union probe_sa dst[PROBE_NADDRS];
	int fd;

	for (unsigned int i = 0; i < t->naddrs; i++) {
		dst[i] = t->addrs[i];
		dst[i].sin.sin_port = htons(port);
		fd = connect_to(&dst[i], src, &f);
		if (fd != -1)
			return (fd);
		if (i == 0)
			first = f;
	}
	fail(&first);
	return (-1);
}

static bool
is_loopback(const union probe_sa *sa)
{
	return (sa->sa.sa_family == AF_INET ?
	    ntohl(sa->sin.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET :
	    IN6_IS_ADDR_LOOPBACK(&sa->sin6.sin6_addr));
}

/* A datagram of fd's, to itself, says which address that is. */
static void
ask_address(int fd, union probe_sa *sa)
{
	_Alignas(struct cmsghdr) char ctl[CTLLEN];
	struct timeval patience = { .tv_sec = 1 };
	struct msghdr msg = { .msg_control = ctl,
		.msg_controllen = sizeof(ctl) };
	struct cmsghdr *c;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (sendto(fd, NULL, 0, 0, &sa->sa, probe_salen(sa)) == -1 ||
	    recvmsg(fd, &msg, 0) == -1)
		return;
	for (c = CMSG_FIRSTHDR(&msg); c != NULL; c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO)
			memcpy(&sa->sin.sin_addr, CMSG_DATA(c) +
			    offsetof(struct in_pktinfo, ipi_addr),
			    sizeof(sa->sin.sin_addr));
		else if (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_PKTINFO)
			memcpy(&sa->sin6.sin6_addr, CMSG_DATA(c),
			    sizeof(sa->sin6.sin6_addr));
}

/*
 * What a loopback address is in packets: a jail has one of its own, and no
 * socket is told.
 */
static void
read_loopback(union probe_sa *sa)
{
	union probe_sa self = *sa;
	socklen_t len = sizeof(self);
	int fd;

	if (!is_loopback(sa))
		return;
	fd = socket(sa->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return;
	self.sin.sin_port = 0;
	if (bind(fd, &self.sa, probe_salen(&self)) == 0 &&
	    getsockname(fd, &self.sa, &len) == 0) {
		if (sa->sa.sa_family == AF_INET)
			option(fd, IPPROTO_IP, IP_PKTINFO, 1);
		else
			option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
		ask_address(fd, &self);
		self.sin.sin_port = sa->sin.sin_port;
		*sa = self;
	}
	close(fd);
}

/*
 * Both ends as the stack has them. To say 0.0.0.0 or a loopback address means,
 * inside a jail, an address of the jail.
 */
static void
read_ends(struct probe_sock *s)
{
	socklen_t len = sizeof(s->src);

	memset(&s->src, 0, sizeof(s->src));
	memset(&s->dst, 0, sizeof(s->dst));
	if (getsockname(s->port, &s->src.sa, &len) == -1)
		err(PROBE_ERROR, "getsockname");
	len = sizeof(s->dst);
	if (getpeername(s->port, &s->dst.sa, &len) == -1)
		err(PROBE_ERROR, "getpeername");
	read_loopback(&s->src);
	read_loopback(&s->dst);
}

static int
open_raw(const union probe_sa *src, int proto)
{
	union probe_sa sa = *src;
	int fd;

	fd = socket(src->sa.sa_family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    proto);
	if (fd == -1 && errno == EPERM)
		errx(PROBE_ERROR, "raw socket refused: %s", geteuid() == 0 ?
		    "set allow.raw_sockets" : "not root");
	if (fd == -1)
		err(PROBE_ERROR, "raw socket");
	sa.sin.sin_port = 0;
	if (bind(fd, &sa.sa, probe_salen(&sa)) == -1)
		not_ours(src);
	return (fd);
}

/* Leave out what the parser has no use for, such as the probes of others. */
static void
filter4(int fd)
{
	struct icmp_filter f = { ~(1U << ICMP_ECHOREPLY |
	    1U << ICMP_DEST_UNREACH | 1U << ICMP_TIME_EXCEEDED |
	    1U << ICMP_PARAMETERPROB) };

	if (setsockopt(fd, SOL_RAW, ICMP_FILTER, &f, sizeof(f)) == -1)
		err(PROBE_ERROR, "setsockopt");
}

static void
filter6(int fd)
{
	struct icmp6_filter f;

	ICMP6_FILTER_SETBLOCKALL(&f);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &f);
	ICMP6_FILTER_SETPASS(ICMP6_DST_UNREACH, &f);
	ICMP6_FILTER_SETPASS(ICMP6_TIME_EXCEEDED, &f);
	ICMP6_FILTER_SETPASS(ICMP6_PACKET_TOO_BIG, &f);
	ICMP6_FILTER_SETPASS(ICMP6_PARAM_PROB, &f);
	if (setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &f, sizeof(f)) == -1)
		err(PROBE_ERROR, "setsockopt");
}

static int
open_icmp(const union probe_sa *src)
{
	int fd;

	if (src->sa.sa_family == AF_INET) {
		fd = open_raw(src, IPPROTO_ICMP);
		filter4(fd);
	} else {
		fd = open_raw(src, IPPROTO_ICMPV6);
		filter6(fd);
		option(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
	}
	option(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	return (fd);
}

/* It only sends: what is for the jail's UDP sockets comes here as well. */
static int
open_udp(const union probe_sa *src)
{
	int fd;

	fd = open_raw(src, IPPROTO_UDP);
	option(fd, SOL_SOCKET, SO_RCVBUF, 0);
	return (fd);
}

void
probe_open(struct probe_sock *s, const struct probe_target *t, uint16_t port,
    bool udp)
{
	s->port = connect_any(t, port);
	read_ends(s);
	s->icmp = open_icmp(&s->src);
	s->udp = udp ? open_udp(&s->src) : -1;
	s->buf = malloc(BUFLEN);
	if (s->buf == NULL)
		err(PROBE_ERROR, NULL);
}

void
probe_close(struct probe_sock *s)
{
	close(s->port);
	close(s->icmp);
	if (s->udp != -1)
		close(s->udp);
	free(s->buf);
}

void
probe_set_ttl(struct probe_sock *s, int ttl)
{
	int fd = s->udp != -1 ? s->udp : s->icmp;

	if (s->src.sa.sa_family == AF_INET) {
		option(fd, IPPROTO_IP, IP_TTL, ttl);
		option(fd, IPPROTO_IP, IP_MULTICAST_TTL, ttl);
	} else {
		option(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl);
		option(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, ttl);
	}
}

int
probe_send(struct probe_sock *s, const struct probe_packet *p)
{
	union probe_sa dst = s->dst;
	int fd = s->udp != -1 ? s->udp : s->icmp;
	int error;

	dst.sin.sin_port = 0;
	if (sendto(fd, p->data, p->len, 0, &dst.sa, probe_salen(&dst)) != -1)
		return (0);
	error = errno;
	s->reason = jail_reason(fd);
	if (s->reason == JR_SRCADDR)
		not_ours(&s->src);	/* not any more, that is */
	return (error);
}

const char *
probe_strerror(int error, int reason, char text[PROBE_ERRLEN])
{
	if (reason == JR_NONE)
		snprintf(text, PROBE_ERRLEN, "%s", strerror(error));
	else
		snprintf(text, PROBE_ERRLEN, "%s: %s", strerror(error),
		    jail_strreason(reason));
	return (text);
}

/*
 * The kernel's stamp is of the other clock: what counts is how long the packet
 * waited for us since.
 */
static int64_t
arrival(const struct timespec *stamp)
{
	int64_t now = probe_now(), waited;

	waited = probe_realtime() -
	    (stamp->tv_sec * PROBE_NSEC + stamp->tv_nsec);
	return (waited < 0 || waited > PROBE_NSEC * 60 ? now : now - waited);
}

static void
read_control(struct probe_rx *rx, struct msghdr *msg)
{
	struct cmsghdr *c;
	struct timespec ts;
	int ttl;

	rx->when = probe_now();
	rx->ttl = rx->answer.ttl;
	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level == SOL_SOCKET &&
		    c->cmsg_type == SCM_TIMESTAMPNS) {
			memcpy(&ts, CMSG_DATA(c), sizeof(ts));
			rx->when = arrival(&ts);
		} else if (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_HOPLIMIT) {
			memcpy(&ttl, CMSG_DATA(c), sizeof(ttl));
			rx->ttl = (uint8_t)ttl;
		}
	}
}

bool
probe_recv(struct probe_sock *s, struct probe_rx *rx)
{
	_Alignas(struct cmsghdr) char control[CTLLEN];
	struct iovec iov = { s->buf, BUFLEN };
	struct msghdr msg = {
		.msg_name = &rx->from, .msg_namelen = sizeof(rx->from),
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	ssize_t n;

	memset(rx, 0, sizeof(*rx));
	n = recvmsg(s->icmp, &msg, 0);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return (false);
	if (n == -1)
		err(PROBE_ERROR, "recvmsg");
	if (s->src.sa.sa_family == AF_INET)
		probe_parse4(&rx->answer, s->buf, (size_t)n);
	else
		probe_parse6(&rx->answer, s->buf, (size_t)n);
	read_control(rx, &msg);
	return (true);
}

static bool
same_bytes(const union probe_sa *sa, const uint8_t addr[16])
{
	if (sa->sa.sa_family == AF_INET)
		return (memcmp(&sa->sin.sin_addr, addr, 4) == 0);
	return (memcmp(&sa->sin6.sin6_addr, addr, 16) == 0);
}

/* A reply to a multicast probe comes from anywhere. */
bool
probe_is_ours(const struct probe_sock *s, const struct probe_rx *rx)
{
	const struct probe_answer *a = &rx->answer;

	if (a->kind == PROBE_OTHER)
		return (false);
	return (a->kind == PROBE_REPLY ||
	    (same_bytes(&s->src, a->src) && same_bytes(&s->dst, a->dst)));
}
