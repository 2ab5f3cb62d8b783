/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * How the broker answers a call: as the kernel would, and to each that is made.
 */

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>
#include <jail.h>

#include "errname.h"
#include "scene.h"

#define PROTO	253	/* RFC 3692: for experiments */
#define FIRST	768	/* of the numbers that the broker gives */
#define WAIT_MS	10000

/* What bind(2) of a raw socket takes for an address. */
struct bind_call {
	union {
		struct sockaddr_in sin;
		char bytes[256];
	} addr;
	socklen_t len;
	int error;
};

static int
do_bind_raw(void *arg)
{
	struct bind_call *c = arg;
	int s = socket(AF_INET, SOCK_RAW, PROTO);

	c->error = bind(s, (struct sockaddr *)&c->addr, c->len) == 0 ? 0 :
	    errno;
	close(s);
	return (-1);
}

VNET_CASE(bind_takes_what_the_kernel_takes)
{
	static const struct {
		int family;
		const char *addr;
		socklen_t len;
		int error;
	} rows[] = {
		{ AF_INET, B_ADDR4, 16, 0 },
		{ AF_INET, B_ADDR4, 128, 0 },
		{ AF_INET, B_ADDR4, 129, EINVAL },
		{ AF_INET, B_ADDR4, 200, EINVAL },
		{ AF_INET, B_ADDR4, 15, EINVAL },
		{ AF_INET, B_ADDR4, 1, EINVAL },
		{ AF_INET, B_ADDR4, -1, EINVAL },
		{ AF_UNSPEC, "0.0.0.0", 16, 0 },
		{ AF_UNSPEC, B_ADDR4, 16, 0 },
		{ AF_UNSPEC, A_FIRST4, 16, EADDRNOTAVAIL },
	};
	struct bind_call c;
	struct scene s;

	scene_init(&s, tc);
	for (size_t i = 0; i < NELEMS(rows); i++) {
		memset(&c, 0, sizeof(c));
		c.addr.sin.sin_family = rows[i].family;
		inet_pton(AF_INET, rows[i].addr, &c.addr.sin.sin_addr);
		c.len = rows[i].len;
		jailed_call(&s.b, do_bind_raw, &c, sizeof(c));
		ATF_CHECK_MSG(c.error == rows[i].error, "%s, family %d, %d "
		    "bytes: %s, should be %s", rows[i].addr, rows[i].family,
		    (int)rows[i].len, errname(c.error),
		    errname(rows[i].error));
	}
}

/* Signals that break into a call have it made anew, and nothing is lost. */
static void
ring(int sig)
{
	(void)sig;
}

static int
do_interrupted(void *arg)
{
	const struct itimerval often = { { 0, 50 }, { 0, 50 } };
	const struct itimerval never = { { 0, 0 }, { 0, 0 } };
	const struct sigaction none = { .sa_handler = SIG_IGN };
	const struct sigaction act = { .sa_handler = ring,
		.sa_flags = SA_RESTART };
	int *bad = arg, s;

	sigaction(SIGALRM, &act, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 2000; i++) {
		s = socket(AF_INET, SOCK_RAW, PROTO);
		*bad += s != FIRST;
		close(s);
	}
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &none, NULL);
	return (-1);
}

VNET_CASE(interrupted_call_loses_nothing)
{
	struct scene s;
	int bad = 0;

	scene_init(&s, tc);
	jailed_call(&s.b, do_interrupted, &bad, sizeof(bad));
	ATF_CHECK_EQ(0, bad);
}

/* A packet with a header of its own, from nobody to all hosts of the link. */
struct forged {
	bool loop;		/* ask for the copy */
	int error;
};

static int
do_forge(void *arg)
{
	struct forged *f = arg;
	struct iphdr ip = { .version = 4, .ihl = 5, .ttl = 1,
		.protocol = PROTO, .saddr = inet_addr(VNET_ABSENT4),
		.daddr = inet_addr("224.0.0.1") };
	const struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_addr.s_addr = ip.daddr };
	int on = 1, s = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);

	if (f->loop)
		setsockopt(s, IPPROTO_IP, IP_MULTICAST_LOOP, &on, sizeof(on));
	f->error = sendto(s, &ip, sizeof(ip), 0, (const void *)&to,
	    sizeof(to)) == sizeof(ip) ? 0 : errno;
	close(s);
	return (-1);
}

static void
check_copy(const struct jailed *jd, bool loop, bool want)
{
	struct forged f = { .loop = loop };
	int host = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, PROTO);
	struct pollfd pfd = { .fd = host, .events = POLLIN };

	jailed_call(jd, do_forge, &f, sizeof(f));
	ATF_CHECK_STREQ("EPERM", errname(f.error));
	ATF_CHECK_EQ(want, poll(&pfd, 1, want ? WAIT_MS : 200) == 1);
	close(host);
}

/* A process in the cgroup alone has a socket that the broker did not make. */
VNET_CASE(B5_forged_multicast_has_no_copy_here)
{
	struct jailed bare;
	struct scene s;

	scene_init(&s, tc);
	check_copy(&s.b, false, false);
	check_copy(&s.b, true, false);
	bare = jailed_start_bare(s.b.jd_jid);
	check_copy(&bare, false, true);
}

/* By a socket of its own, which has the same number in all that do so. */
static int
send_raw(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int error, s = socket(AF_INET, SOCK_RAW, PROTO);

	inet_pton(AF_INET, VNET_PEER4, &to.sin_addr);
	error = sendto(s, "", 1, 0, (const void *)&to, sizeof(to)) == 1 ? 0 :
	    errno;
	close(s);
	return (error);
}

static void *
send_by_thread(void *arg)
{
	*(int *)arg = send_raw();
	return (NULL);
}

struct senders {
	int first, thread, child;	/* errors */
};

/* The child sends when it is told to. */
static void
take_turns(struct senders *e, int child)
{
	pthread_t thread;

	*e = (struct senders){ 0 };
	for (int i = 0; i < 3; i++) {
		e->first |= send_raw();
		if (pthread_create(&thread, NULL, send_by_thread,
		    &e->thread) == 0)
			pthread_join(thread, NULL);
		if (write(child, "", 1) != 1 || read(child, &e->child,
		    sizeof(e->child)) != sizeof(e->child))
			e->child = EPIPE;
		if (e->first != 0 || e->thread != 0 || e->child != 0)
			break;
	}
}

static int
do_turns(void *arg)
{
	int error, sv[2];
	pid_t pid;
	char c;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) != 0)
		return (-1);
	pid = fork();
	if (pid == 0) {
		close(sv[0]);
		while (read(sv[1], &c, 1) == 1) {
			error = send_raw();
			if (write(sv[1], &error, sizeof(error)) == -1)
				break;
		}
		_exit(0);
	}
	close(sv[1]);
	take_turns(arg, sv[0]);
	close(sv[0]);
	waitpid(pid, NULL, 0);
	return (-1);
}

VNET_CASE(threads_and_processes_are_told_apart)
{
	struct senders e = { -1, -1, -1 };
	struct scene s;

	scene_init(&s, tc);
	jailed_call(&s.a, do_turns, &e, sizeof(e));
	ATF_CHECK_STREQ("0", errname(e.first));
	ATF_CHECK_STREQ("0", errname(e.thread));
	ATF_CHECK_STREQ("0", errname(e.child));
}

/* A child that asks as fast as it can; its end of a pipe, closed if it ends. */
static int
do_flood(void *arg)
{
	int fds[2];

	(void)arg;
	signal(SIGRTMIN, SIG_IGN);
	if (pipe(fds) != 0)
		return (-1);
	if (fork() == 0) {
		close(fds[0]);
		alarm(60);
		while (send_raw() == 0)
			continue;
		_exit(0);
	}
	close(fds[1]);
	return (fds[0]);
}

/*
 * A real-time signal is sent while the jail is frozen. Who waits for a broker
 * that has been frozen cannot be.
 */
VNET_CASE(signals_come_to_who_asks_without_end)
{
	struct pollfd pfd;
	struct scene s;
	int none = 0;

	scene_init(&s, tc);
	pfd.fd = jailed_call(&s.a, do_flood, &none, sizeof(none));
	pfd.events = POLLIN;
	ATF_REQUIRE(pfd.fd != -1);
	for (int i = 0; i < 50; i++)
		ATF_REQUIRE_EQ_MSG(0, jail_kill(s.a.jd_jid, SIGRTMIN), "%d: %s",
		    i, jail_errmsg);
	ATF_CHECK_MSG(poll(&pfd, 1, 0) == 0, "it does not ask any more");
	close(pfd.fd);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, bind_takes_what_the_kernel_takes);
	ATF_TP_ADD_TC(tp, interrupted_call_loses_nothing);
	ATF_TP_ADD_TC(tp, B5_forged_multicast_has_no_copy_here);
	ATF_TP_ADD_TC(tp, threads_and_processes_are_told_apart);
	ATF_TP_ADD_TC(tp, signals_come_to_who_asks_without_end);
	return (atf_no_error());
}
