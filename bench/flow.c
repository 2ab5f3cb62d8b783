/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The flows of flow.h. Nobody waits for ever: who does is ended by an alarm.
 */

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "flow.h"

#define SMALL		16
#define PATIENCE	10	/* seconds for one flow */
#define LAST		'q'	/* what ends a flow that has no other end */

const struct flow_desc flows[FLOW_MAX] = {
	[FLOW_STREAM] = { "TCP stream", "MB/s", 1e-6 },
	[FLOW_RR] = { "TCP request/response", "1/s", 1 },
	[FLOW_CRR] = { "TCP connect-request-close", "1/s", 1 },
	[FLOW_UDP_RR] = { "UDP request/response", "1/s", 1 },
	[FLOW_UDP] = { "UDP one way", "1/s", 1 },
};

union address {
	struct sockaddr sa;
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;
};

struct order {
	bool serve;
	enum flow flow;
	int ms;
	union address to;
};

struct result {
	bool ready;		/* the server, before the flow begins */
	double count, seconds, cpu;
};

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (ts.tv_sec + ts.tv_nsec / 1e9);
}

static double
cpu_time(void)
{
	struct rusage ru;

	getrusage(RUSAGE_SELF, &ru);
	return (ru.ru_utime.tv_sec + ru.ru_stime.tv_sec +
	    (ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6);
}

static bool
is_udp(enum flow flow)
{
	return (flow == FLOW_UDP_RR || flow == FLOW_UDP);
}

static socklen_t
length_of(const union address *a)
{
	return (a->sa.sa_family == AF_INET ? sizeof(a->sin) :
	    sizeof(a->sin6));
}

static void
set_timeout(int s, int ms)
{
	struct timeval tv = { .tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000 };

	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
}

static int
new_socket(const struct order *o)
{
	int type = is_udp(o->flow) ? SOCK_DGRAM : SOCK_STREAM;
	int s = socket(o->to.sa.sa_family, type | SOCK_CLOEXEC, 0);

	if (s == -1)
		err(1, "socket");
	return (s);
}

static int
new_connection(const struct order *o)
{
	int s = new_socket(o);

	if (connect(s, &o->to.sa, length_of(&o->to)) == -1)
		err(1, "connect");
	return (s);
}

/* As services do: at all addresses, whichever it is called at. */
static int
new_server(const struct order *o)
{
	union address any = o->to;
	int on = 1, s = new_socket(o);

	if (any.sa.sa_family == AF_INET)
		any.sin.sin_addr.s_addr = INADDR_ANY;
	else
		any.sin6.sin6_addr = in6addr_any;
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(s, &any.sa, length_of(&any)) == -1)
		err(1, "bind");
	if (!is_udp(o->flow) && listen(s, SOMAXCONN) == -1)
		err(1, "listen");
	return (s);
}

static int
accept_one(int s)
{
	int fd = accept4(s, NULL, NULL, SOCK_CLOEXEC);

	if (fd == -1)
		err(1, "accept");
	return (fd);
}

static void
ask(int s)
{
	char c = 0;

	if (send(s, &c, 1, MSG_NOSIGNAL) != 1 || recv(s, &c, 1, 0) != 1)
		err(1, "request");
}

/* Answer a byte unless it is the last; false if it is, or at the end. */
static bool
answer(int s)
{
	ssize_t n;
	char c;

	n = recv(s, &c, 1, 0);
	if (n == -1)
		err(1, "recv");
	return (n == 1 && c != LAST && send(s, &c, 1, MSG_NOSIGNAL) == 1);
}

static void
serve_stream(int s)
{
	static char block[FLOW_BLOCK];
	int fd = accept_one(s);

	while (recv(fd, block, sizeof(block), 0) > 0)
		continue;
	close(fd);
}

static void
drive_stream(const struct order *o, struct result *r)
{
	static const char block[FLOW_BLOCK];
	double start = now(), end = start + o->ms / 1e3;
	int s = new_connection(o);
	ssize_t n;
	char c;

	while (now() < end) {
		n = send(s, block, sizeof(block), MSG_NOSIGNAL);
		if (n == -1)
			err(1, "send");
		r->count += n;
	}
	shutdown(s, SHUT_WR);
	if (recv(s, &c, 1, 0) != 0)
		err(1, "end of stream");
	r->seconds = now() - start;
	close(s);
}

static void
serve_rr(int s)
{
	int fd = accept_one(s);

	while (answer(fd))
		continue;
	close(fd);
}

static void
drive_rr(const struct order *o, struct result *r)
{
	int s = new_connection(o);
	double start = now();

	for (; r->seconds < o->ms / 1e3; r->seconds = now() - start) {
		ask(s);
		r->count++;
	}
	close(s);
}

static void
serve_crr(int s)
{
	bool more = true;
	char c;
	int fd;

	while (more) {
		fd = accept_one(s);
		more = answer(fd);
		if (more && recv(fd, &c, 1, 0) != 0)
			err(1, "end of connection");
		close(fd);
	}
}

static void
drive_crr(const struct order *o, struct result *r)
{
	double start = now();
	char c = LAST;
	int s;

	for (; r->seconds < o->ms / 1e3; r->seconds = now() - start) {
		s = new_connection(o);
		ask(s);
		close(s);
		r->count++;
	}
	s = new_connection(o);
	send(s, &c, 1, MSG_NOSIGNAL);
	close(s);
}

static void
serve_udp_rr(int s)
{
	union address from;
	socklen_t len;
	char c = 0;

	while (c != LAST) {
		len = sizeof(from);
		if (recvfrom(s, &c, 1, 0, &from.sa, &len) != 1 ||
		    sendto(s, &c, 1, 0, &from.sa, len) != 1)
			err(1, "datagram");
	}
}

static void
drive_udp_rr(const struct order *o, struct result *r)
{
	int s = new_connection(o);
	double start = now();
	char c = LAST;

	for (; r->seconds < o->ms / 1e3; r->seconds = now() - start) {
		ask(s);
		r->count++;
	}
	send(s, &c, 1, 0);
	close(s);
}

/* What does not fit into its buffer is lost; what arrives is counted. */
static void
serve_udp(int s, struct result *r)
{
	char buf[SMALL] = { 0 };
	union address from;
	socklen_t len = sizeof(from);
	double start = 0;

	for (;;) {
		if (recvfrom(s, buf, sizeof(buf), 0, &from.sa, &len) == -1)
			err(1, "datagram");
		if (buf[0] == LAST)
			break;
		if (r->count++ == 0)
			start = now();
	}
	r->seconds = now() - start;
	sendto(s, buf, 1, 0, &from.sa, len);
}

/* Not connected, as what logs and measures often is. */
static void
drive_udp(const struct order *o, struct result *r)
{
	double start = now();
	char buf[SMALL] = { 0 };
	int s = new_socket(o);

	while (r->seconds < o->ms / 1e3) {
		for (int i = 0; i < 16; i++)
			r->count += sendto(s, buf, sizeof(buf), 0, &o->to.sa,
			    length_of(&o->to)) == sizeof(buf);
		r->seconds = now() - start;
	}
	/* The buffer may be full: say it until it is heard. */
	set_timeout(s, 5);
	buf[0] = LAST;
	for (int i = 0; i < 500; i++) {
		sendto(s, buf, 1, 0, &o->to.sa, length_of(&o->to));
		if (recv(s, buf, 1, 0) == 1)
			break;
	}
	close(s);
}

static void
serve(const struct order *o, struct result *r)
{
	struct result ready = { .ready = true };
	int s = new_server(o);

	if (send(STDIN_FILENO, &ready, sizeof(ready), MSG_NOSIGNAL) == -1)
		err(1, "ready");
	switch (o->flow) {
	case FLOW_STREAM:
		serve_stream(s);
		break;
	case FLOW_RR:
		serve_rr(s);
		break;
	case FLOW_CRR:
		serve_crr(s);
		break;
	case FLOW_UDP_RR:
		serve_udp_rr(s);
		break;
	default:
		serve_udp(s, r);
		break;
	}
	close(s);
}

static void
drive(const struct order *o, struct result *r)
{
	static void (*const fn[FLOW_MAX])(const struct order *,
	    struct result *) = {
		[FLOW_STREAM] = drive_stream, [FLOW_RR] = drive_rr,
		[FLOW_CRR] = drive_crr, [FLOW_UDP_RR] = drive_udp_rr,
		[FLOW_UDP] = drive_udp,
	};

	fn[o->flow](o, r);
}

static _Noreturn void
obey(void)
{
	struct order o;
	struct result r;

	while (recv(STDIN_FILENO, &o, sizeof(o), 0) == sizeof(o)) {
		memset(&r, 0, sizeof(r));
		alarm(PATIENCE);
		r.cpu = -cpu_time();
		if (o.serve)
			serve(&o, &r);
		else
			drive(&o, &r);
		r.cpu += cpu_time();
		alarm(0);
		if (send(STDIN_FILENO, &r, sizeof(r), MSG_NOSIGNAL) == -1)
			break;
	}
	_exit(0);
}

/* Entering a jail closes every descriptor but the first three. */
int
end_start(pid_t (*do_fork)(int), int arg)
{
	int sv[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) == -1 ||
	    dup2(sv[1], STDIN_FILENO) == -1)
		err(1, "socketpair");
	close(sv[1]);
	pid = do_fork(arg);
	if (pid == -1)
		err(1, "fork");
	if (pid == 0) {
		close(sv[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		obey();
	}
	if (close(STDIN_FILENO) == -1 ||
	    open("/dev/null", O_RDONLY) != STDIN_FILENO)
		err(1, "/dev/null");
	set_timeout(sv[0], 2 * PATIENCE * 1000);
	return (sv[0]);
}

struct pair
pair_start(pid_t (*do_fork)(int), int arg, const char *addr)
{
	struct pair p = { .tcp = addr, .udp = addr };

	p.server = end_start(do_fork, arg);
	p.client = end_start(do_fork, arg);
	return (p);
}

void
pair_stop(struct pair *p)
{
	close(p->server);
	close(p->client);
}

/* Each flow has a port that none before it had: what they left is no matter. */
static union address
next_address(const char *text)
{
	static in_port_t port = 7000;
	union address a = { 0 };

	port++;
	if (inet_pton(AF_INET, text, &a.sin.sin_addr) == 1) {
		a.sin.sin_family = AF_INET;
		a.sin.sin_port = htons(port);
	} else if (inet_pton(AF_INET6, text, &a.sin6.sin6_addr) == 1) {
		a.sin6.sin6_family = AF_INET6;
		a.sin6.sin6_port = htons(port);
	} else
		errx(1, "%s: not an address", text);
	return (a);
}

static void
send_order(int to, const struct order *o)
{
	if (send(to, o, sizeof(*o), MSG_NOSIGNAL) == -1)
		err(1, "order");
}

static struct result
wait_result(int from, const char *who)
{
	struct result r;
	ssize_t n = recv(from, &r, sizeof(r), 0);

	if (n != sizeof(r))
		errx(1, "the %s %s", who, n == 0 ? "has failed" :
		    "does not answer");
	return (r);
}

struct rate
pair_run(const struct pair *p, enum flow flow, int ms)
{
	struct order o = { .serve = true, .flow = flow, .ms = ms,
		.to = next_address(is_udp(flow) ? p->udp : p->tcp) };
	struct result server, client, *counted;
	struct rate rate;

	send_order(p->server, &o);
	wait_result(p->server, "server");
	o.serve = false;
	send_order(p->client, &o);
	client = wait_result(p->client, "client");
	server = wait_result(p->server, "server");
	counted = flow == FLOW_UDP ? &server : &client;
	rate.count = counted->count;
	rate.per_second = rate.count * flows[flow].scale / counted->seconds;
	rate.cpu = (server.cpu + client.cpu) / rate.count;
	return (rate);
}
