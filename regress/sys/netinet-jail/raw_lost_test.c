/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Raw sockets that a program has at an address when its jail loses that: they
 * are told nothing of what the next owner sends from there.
 */

#include <sys/socket.h>
#include <sys/syscall.h>

#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "errname.h"
#include "errqueue.h"
#include "server.h"

#ifndef PIDFD_THREAD
#define PIDFD_THREAD	O_EXCL
#endif

#define FIRST_NUMBER	20	/* of a descriptor */
#define LAST_NUMBER	700	/* the broker's are larger */
#define MOVES		12

/* The addresses of one family in a scene: A's and B's. */
struct addrs {
	const char *param;
	const char *peer;
	const char *first, *second;
	const char *others;	/* B's ... */
	const char *heirs;	/* ... and with A's first */
};

static const struct addrs families[] = {
	{ "ip4.addr", VNET_PEER4, A_FIRST4, A_SECOND4, B_ADDR4,
	    B_ADDR4 "," A_FIRST4 },
	{ "ip6.addr", VNET_PEER6, A_FIRST6, A_SECOND6, B_ADDR6,
	    B_ADDR6 "," A_FIRST6 },
};

/* A socket of a program that is connected and told of errors. */
struct raw_call {
	union sockaddrs own, peer;
	bool apart;		/* a thread alone has it */
	bool moving;		/* and has it by ever other numbers */
	int error;
};

/* Where the program has the socket, for as long as it runs. */
static int held = -1;
static bool apart;
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;

/* Connect it, anew if it was before, and have it keep errors. */
static int
hear(int s, const struct raw_call *c)
{
	const socklen_t len = sizeof(c->peer);

	if (connect(s, &c->peer.sa, len) != 0)
		return (-1);
	return (errqueue_ask(s, c->peer.sa.sa_family));
}

static void *
live_apart(void *arg)
{
	pthread_mutex_lock(&turn);
	apart = unshare(CLONE_FILES) == 0;
	pthread_cond_signal(&turned);
	pthread_mutex_unlock(&turn);
	pause();
	return (arg);
}

/* As who wants to be overlooked does. */
static void *
move_about(void *arg)
{
	int from = held, to = LAST_NUMBER;

	for (int i = FIRST_NUMBER + 1; i < LAST_NUMBER; i++)
		dup2(STDIN_FILENO, i);
	for (;;) {
		dup2(from, to);
		close(from);
		from = to;
		to = to == LAST_NUMBER ? FIRST_NUMBER : LAST_NUMBER;
	}
	return (arg);
}

static int
leave_to_mover(void)
{
	pthread_t thread;

	return (pthread_create(&thread, NULL, move_about, NULL) == 0 ? 0 : -1);
}

/* Leave what there is now to a thread that has descriptors of its own. */
static int
leave_to_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, live_apart, NULL) != 0)
		return (-1);
	pthread_mutex_lock(&turn);
	while (!apart)
		pthread_cond_wait(&turned, &turn);
	pthread_mutex_unlock(&turn);
	close(held);
	held = -1;
	return (0);
}

/* Open one, have it here and pass it out. */
static int
do_open(void *arg)
{
	struct raw_call *c = arg;
	int s = socket(c->own.sa.sa_family, SOCK_RAW, IPPROTO_UDP);

	if (s == -1 || bind(s, &c->own.sa, sizeof(c->own)) != 0 ||
	    hear(s, c) != 0 || (held = dup(s)) == -1 ||
	    (c->apart && leave_to_thread() != 0) ||
	    (c->moving && leave_to_mover() != 0)) {
		c->error = errno;
		return (keep_socket(s, false));
	}
	return (s);
}

/* What a program would do that noticed; it has the socket by another number. */
static int
do_resume(void *arg)
{
	struct raw_call *c = arg;

	bind(held, &c->own.sa, sizeof(c->own));
	if (hear(held, c) != 0)
		c->error = errno;
	return (-1);
}

static struct raw_call
call_of(const char *own, const char *peer)
{
	struct raw_call c = { .error = 0 };

	sockaddr_of(&c.own, own, 0);
	sockaddr_of(&c.peer, peer, 0);
	return (c);
}

static int
open_in(const struct jailed *jd, struct raw_call *c)
{
	int s = jailed_call(jd, do_open, c, sizeof(*c));

	ATF_REQUIRE_MSG(s != -1, "%s", errname(c->error));
	return (s);
}

/* B has the address of A's that A has lost. */
static void
hand_over(const struct scene *sc, const struct addrs *f)
{
	jail_param(&sc->a, f->param, f->second);
	jail_param(&sc->b, f->param, f->heirs);
}

static void
take_back(const struct scene *sc, const struct addrs *f)
{
	char both[128];

	snprintf(both, sizeof(both), "%s,%s", f->first, f->second);
	jail_param(&sc->b, f->param, f->others);
	jail_param(&sc->a, f->param, both);
}

static void
check_silent(const struct scene *sc, const struct addrs *f, int s)
{
	errqueue_provoke(&sc->b, f->first, f->peer);
	ATF_CHECK_MSG(!errqueue_told(s), "what jail B sends from %s was told",
	    f->first);
}

/* Told before, not after, not if it tries anew, and not if A has it again. */
static void
lose(const struct scene *sc, const struct addrs *f)
{
	struct raw_call c = call_of(f->first, f->peer);
	int s = open_in(&sc->a, &c);

	errqueue_provoke(&sc->a, f->first, f->peer);
	ATF_CHECK(errqueue_told(s));
	errqueue_provoke(&sc->a, f->first, f->peer);
	hand_over(sc, f);
	ATF_CHECK_MSG(!errqueue_told(s), "%s: not forgotten", f->first);
	check_silent(sc, f, s);
	jailed_call(&sc->a, do_resume, &c, sizeof(c));
	check_silent(sc, f, s);
	take_back(sc, f);
	close(s);
}

static void
each_family(const atf_tc_t *tc, void (*try)(const struct scene *,
    const struct addrs *))
{
	struct scene s;

	errqueue_init(&s, tc);
	for (size_t i = 0; i < NELEMS(families); i++)
		try(&s, &families[i]);
}

VNET_CASE(C2_raw_socket_is_told_no_errors_of_an_address_that_was_lost)
{
	each_family(tc, lose);
}

static void
keep(const struct scene *sc, const struct addrs *f)
{
	struct raw_call c = call_of(f->second, f->peer);
	int s = open_in(&sc->a, &c);

	hand_over(sc, f);
	errqueue_provoke(&sc->a, f->second, f->peer);
	ATF_CHECK_MSG(errqueue_told(s), "%s", f->second);
	take_back(sc, f);
	close(s);
}

VNET_CASE(raw_socket_is_told_of_errors_of_an_address_that_was_kept)
{
	each_family(tc, keep);
}

/* One at the jail's loopback, which is in no list. */
VNET_CASE(raw_socket_at_the_loopback_stays_connected)
{
	struct raw_call c = call_of("127.0.0.1", "127.0.0.1");
	struct scene s;
	socklen_t len = sizeof(c.peer);
	int sock;

	errqueue_init(&s, tc);
	/* (The kernel tells of no peer that has no port.) */
	c.peer.sin.sin_port = htons(1);
	sock = open_in(&s.a, &c);
	hand_over(&s, &families[0]);
	ATF_CHECK_EQ(0, getpeername(sock, &c.peer.sa, &len));
	close(sock);
}

/* The right to make such sockets was taken first. */
VNET_CASE(C2_raw_socket_of_former_times_is_told_no_errors_either)
{
	struct raw_call c = call_of(A_FIRST4, VNET_PEER4);
	struct scene s;
	int sock;

	errqueue_init(&s, tc);
	sock = open_in(&s.a, &c);
	jail_param(&s.a, "allow.raw_sockets", "false");
	hand_over(&s, &families[0]);
	check_silent(&s, &families[0], sock);
	close(sock);
}

VNET_CASE(C2_raw_socket_that_moves_about_is_found)
{
	struct raw_call c = call_of(A_FIRST4, VNET_PEER4);
	struct scene s;
	int sock;

	errqueue_init(&s, tc);
	c.moving = true;
	for (int i = 0; i < MOVES; i++) {
		sock = open_in(&s.a, &c);
		hand_over(&s, &families[0]);
		check_silent(&s, &families[0], sock);
		take_back(&s, &families[0]);
		close(sock);
		jailed_stop(&s.a);
		s.a = jailed_start(s.a.jd_jid);
	}
}

/* (Before Linux 6.9 it is not: see BUGS in jail(8).) */
VNET_CASE(C2_raw_socket_that_a_thread_alone_has_is_found)
{
	struct raw_call c = call_of(A_FIRST4, VNET_PEER4);
	int fd = syscall(SYS_pidfd_open, getpid(), PIDFD_THREAD);
	struct scene s;
	int sock;

	errqueue_init(&s, tc);
	if (fd == -1)
		vnet_lacks("PIDFD_THREAD", "%s", strerror(errno));
	c.apart = true;
	sock = open_in(&s.a, &c);
	hand_over(&s, &families[0]);
	check_silent(&s, &families[0], sock);
	close(sock);
	close(fd);
}

/* A jail in A that has its list, or a part of it, loses with A. */
static void
lose_below(const struct scene *sc, const struct jailed *below)
{
	struct raw_call c = call_of(A_FIRST4, VNET_PEER4);
	int s = open_in(below, &c);

	hand_over(sc, &families[0]);
	check_silent(sc, &families[0], s);
	take_back(sc, &families[0]);
	close(s);
}

VNET_CASE(C2_raw_socket_of_a_jail_in_one_that_loses_is_told_no_errors)
{
	struct jailed own, all;
	struct scene s;

	errqueue_init(&s, tc);
	jail_param(&s.a, "children.max", "2");
	own = scene_jail("a.own", A_FIRST4, NULL, "allow.raw_sockets");
	lose_below(&s, &own);
	all = scene_jail("a.all", "inherit", NULL, "allow.raw_sockets");
	lose_below(&s, &all);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp,
	    C2_raw_socket_is_told_no_errors_of_an_address_that_was_lost);
	ATF_TP_ADD_TC(tp,
	    raw_socket_is_told_of_errors_of_an_address_that_was_kept);
	ATF_TP_ADD_TC(tp, raw_socket_at_the_loopback_stays_connected);
	ATF_TP_ADD_TC(tp,
	    C2_raw_socket_of_former_times_is_told_no_errors_either);
	ATF_TP_ADD_TC(tp, C2_raw_socket_that_a_thread_alone_has_is_found);
	ATF_TP_ADD_TC(tp, C2_raw_socket_that_moves_about_is_found);
	ATF_TP_ADD_TC(tp,
	    C2_raw_socket_of_a_jail_in_one_that_loses_is_told_no_errors);
	return (atf_no_error());
}
