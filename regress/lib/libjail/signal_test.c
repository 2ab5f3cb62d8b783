/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * A signal to a jail reaches each of its processes exactly once, however fast
 * they fork, and whatever state they are in.
 */

#include <sys/mman.h>
#include <sys/wait.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <atf-c.h>

#include "jail.h"

#include "common.h"
#include "vnet.h"

#define BOMB_MAX	1000	/* processes that a bomb becomes */
#define BOMB_LIT	60	/* so many when the signal is sent */
#define BOMB_SECONDS	20	/* a bomb ends by itself */
#define ROUNDS		12
#define PATIENCE_MS	20000

/* What the processes of a bomb and the case share. */
struct bomb {
	atomic_int stop;
	atomic_int forked;	/* or about to be */
	atomic_int reported;
	int seen[BOMB_MAX];	/* how many signals each has seen */
};

/* A child begins with what its parent had seen when it forked. */
static volatile sig_atomic_t seen;

static void
see(int sig)
{
	(void)sig;
	seen++;
}

static void
short_pause(void)
{
	const struct timespec ts = { .tv_nsec = 1000000 };

	nanosleep(&ts, NULL);
}

static struct bomb *
bomb_new(void)
{
	struct bomb *b = mmap(NULL, sizeof(*b), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ATF_REQUIRE(b != MAP_FAILED);
	b->forked = 1;
	return (b);
}

/* Each process doubles itself, and so does each of those. */
static int
bomb_run(void *arg)
{
	time_t end = time(NULL) + BOMB_SECONDS;
	struct bomb *b = arg;

	while (!b->stop && time(NULL) < end) {
		if (b->forked >= BOMB_MAX)
			short_pause();
		else if (atomic_fetch_add(&b->forked, 1) < BOMB_MAX)
			fork();
	}
	b->seen[atomic_fetch_add(&b->reported, 1) % BOMB_MAX] = seen;
	return (0);
}

static int
bomb_run_seeing(void *arg)
{
	signal(SIGUSR1, see);
	return (bomb_run(arg));
}

/* Start a function in the jail; its pid. */
static pid_t
start(int jid, int (*fn)(void *), void *arg)
{
	pid_t pid = jail_fork(jid);

	ATF_REQUIRE_MSG(pid != -1, "%s", jail_errmsg);
	if (pid == 0)
		_exit(fn(arg));
	return (pid);
}

static bool
is_lit(void *arg)
{
	return (((struct bomb *)arg)->forked >= BOMB_LIT);
}

static bool
is_empty(void *arg)
{
	char *n = get_param(arg, "processes");
	bool empty = n != NULL && atoi(n) == 0;

	free(n);
	return (empty);
}

static void
send_signal(int jid, int sig)
{
	ATF_REQUIRE_MSG(jail_kill(jid, sig) == 0, "%s", jail_errmsg);
}

/* Start a bomb in the jail and wait until it goes off; its first pid. */
static pid_t
light(int jid, int (*fn)(void *), struct bomb **ret_bomb)
{
	pid_t pid;

	*ret_bomb = bomb_new();
	pid = start(jid, fn, *ret_bomb);
	ATF_REQUIRE(wait_until(is_lit, *ret_bomb, PATIENCE_MS));
	return (pid);
}

/*
 * Two: its own, and one that its parent had seen. The kernel half cannot always
 * tell whether a fork under way began before the signal.
 */
static void
check_seen(const struct bomb *b)
{
	int n[3] = { 0 };

	for (int i = 0; i < b->reported && i < BOMB_MAX; i++)
		n[b->seen[i] < 2 ? b->seen[i] : 2]++;
	ATF_CHECK_MSG(n[0] == 0 && n[2] <= b->reported / 50, "of %d processes "
	    "%d have missed it, %d have seen two", b->reported, n[0], n[2]);
}

JAIL_TC(each_process_of_a_fork_bomb_gets_it_once, "also those just forked")
{
	int before, jid, meanwhile = 0;
	struct bomb *b;
	pid_t pid;

	vnet_instance(tc);
	jid = make_jail("a", NULL);
	for (int round = 0; round < ROUNDS; round++) {
		pid = light(jid, bomb_run_seeing, &b);
		before = b->forked;
		send_signal(jid, SIGUSR1);
		meanwhile += b->forked - before;
		b->stop = 1;
		wait_child(pid);
		ATF_REQUIRE(wait_until(is_empty, "a", PATIENCE_MS));
		ATF_REQUIRE(b->reported > BOMB_LIT / 2);
		check_seen(b);
		munmap(b, sizeof(*b));
	}
	printf("%d forks meanwhile\n", meanwhile);
}

JAIL_TC(fork_bomb_ends_with_a_signal, "of which nobody gets away")
{
	static const int sigs[] = { SIGTERM, SIGKILL, SIGUSR2 };
	struct bomb *b;
	pid_t pid;
	int jid;

	vnet_instance(tc);
	jid = make_jail("a", NULL);
	for (int i = 0; i < ROUNDS; i++) {
		pid = light(jid, bomb_run, &b);
		send_signal(jid, sigs[i % 3]);
		wait_child(pid);
		ATF_CHECK(wait_until(is_empty, "a", 3000));
		ATF_CHECK_EQ(0, b->reported);
		b->stop = 1;
		munmap(b, sizeof(*b));
	}
}

JAIL_TC(fork_bomb_ends_with_its_jail, "which is removed")
{
	struct bomb *b;
	pid_t pid;
	int jid;

	vnet_instance(tc);
	for (int i = 0; i < ROUNDS / 2; i++) {
		jid = make_jail("a", NULL);
		pid = light(jid, bomb_run, &b);
		ATF_CHECK_EQ_MSG(0, jail_remove(jid), "%s", jail_errmsg);
		wait_child(pid);
		ATF_CHECK_EQ(0, b->reported);
		b->stop = 1;
		munmap(b, sizeof(*b));
	}
}

/* For threads: what they have seen, and whether they are to end. */
static struct threads {
	atomic_int seen, ready, stop;
} *shared;

static void
see_shared(int sig)
{
	(void)sig;
	shared->seen++;
}

static void *
wait_for_stop(void *arg)
{
	shared->ready++;
	while (!shared->stop)
		short_pause();
	return (arg);
}

/* The end of the last thread would be exit(3), and look for leaks. */
static void *
leave_at_stop(void *arg)
{
	wait_for_stop(arg);
	_exit(0);
}

static void
start_threads(int n)
{
	pthread_t thread;

	signal(SIGUSR1, see_shared);
	for (int i = 0; i < n; i++)
		pthread_create(&thread, NULL, leave_at_stop, NULL);
}

static int
run_threads(void *arg)
{
	start_threads(3);
	wait_for_stop(arg);
	return (0);
}

/* The process goes on without the thread that it began with. */
static int
run_without_leader(void *arg)
{
	start_threads(2);
	pthread_exit(arg);
}

static bool
are_ready(void *arg)
{
	return (shared->ready >= *(int *)arg);
}

static bool
has_seen(void *arg)
{
	(void)arg;
	return (shared->seen > 0);
}

static void
check_threads(int jid, int (*fn)(void *), int n)
{
	pid_t pid;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ATF_REQUIRE(shared != MAP_FAILED);
	pid = start(jid, fn, NULL);
	ATF_REQUIRE(wait_until(are_ready, &n, PATIENCE_MS));
	send_signal(jid, 0);
	send_signal(jid, SIGUSR1);
	ATF_CHECK(wait_until(has_seen, NULL, 3000));
	shared->stop = 1;
	wait_child(pid);
	ATF_CHECK_EQ(1, shared->seen);
	munmap(shared, sizeof(*shared));
}

JAIL_TC(process_with_threads_gets_it_once, "whichever thread takes it")
{
	int jid;

	vnet_instance(tc);
	jid = make_jail("a", NULL);
	for (int i = 0; i < ROUNDS; i++)
		check_threads(jid, run_threads, 4);
}

JAIL_TC(process_whose_first_thread_has_ended_gets_it, "the others take it")
{
	int jid;

	vnet_instance(tc);
	jid = make_jail("a", NULL);
	for (int i = 0; i < ROUNDS; i++)
		check_threads(jid, run_without_leader, 2);
}

/* The parent waits until the child is gone or executes something. */
static int
run_vfork(void *arg)
{
	if (vfork() == 0) {
		*(atomic_int *)arg = 1;
		for (;;)
			pause();
	}
	return (0);
}

static bool
is_set(void *arg)
{
	return (*(atomic_int *)arg);
}

JAIL_TC(process_in_vfork_gets_it, "and its child does")
{
	struct bomb *b = bomb_new();
	pid_t pid;
	int jid;

	vnet_instance(tc);
	jid = make_jail("a", NULL);
	pid = start(jid, run_vfork, &b->stop);
	ATF_REQUIRE(wait_until(is_set, &b->stop, PATIENCE_MS));
	send_signal(jid, SIGTERM);
	ATF_CHECK_EQ(128 + SIGTERM, wait_child(pid));
	ATF_CHECK(wait_until(is_empty, "a", 3000));
}

static int
run_nothing(void *arg)
{
	(void)arg;
	return (0);
}

JAIL_TC(zombie_is_no_process, "there is nobody to signal")
{
	siginfo_t info;
	pid_t pid;
	int jid;

	vnet_instance(tc);
	jid = make_jail("a", NULL);
	pid = start(jid, run_nothing, NULL);
	ATF_REQUIRE_EQ(0, waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	ATF_CHECK_ERRNO(ESRCH, jail_kill(jid, 0) == -1);
	ATF_CHECK_ERRNO(ESRCH, jail_kill(jid, SIGTERM) == -1);
	ATF_CHECK_STREQ("jail \"a\" has no process", jail_errmsg);
	wait_child(pid);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, each_process_of_a_fork_bomb_gets_it_once);
	ATF_TP_ADD_TC(tp, fork_bomb_ends_with_a_signal);
	ATF_TP_ADD_TC(tp, fork_bomb_ends_with_its_jail);
	ATF_TP_ADD_TC(tp, process_with_threads_gets_it_once);
	ATF_TP_ADD_TC(tp, process_whose_first_thread_has_ended_gets_it);
	ATF_TP_ADD_TC(tp, process_in_vfork_gets_it);
	ATF_TP_ADD_TC(tp, zombie_is_no_process);
	return (atf_no_error());
}
