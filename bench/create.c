/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * How long does it take to make a jail? Beside it, in the same run: a network
 * namespace, which is what containers make instead.
 */

#include <sys/wait.h>

#include <err.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "jail.h"

#include "median.h"

#define ROUNDS	51
#define MANY	1000
#define ADDRS	10

static double
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (ts.tv_sec * 1e3 + ts.tv_nsec / 1e6);
}

/* The median time of an operation; undo, if any, is not counted. */
static double
time_ms(void (*op)(void), void (*undo)(void))
{
	double t[ROUNDS], start;

	for (int i = 0; i < ROUNDS; i++) {
		start = now_ms();
		op();
		t[i] = now_ms() - start;
		if (undo != NULL)
			undo();
	}
	return (median(t, ROUNDS));
}

static void
wait_child(pid_t pid)
{
	int status;

	if (pid == -1 || waitpid(pid, &status, 0) == -1)
		err(1, "fork");
	if (status != 0)
		errx(1, "child failed");
}

static void
make_netns(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(CLONE_NEWNET) == 0 ? 0 : 1);
	wait_child(pid);
}

static void
fork_only(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	wait_child(pid);
}

static void
make_jail(void)
{
	if (jail_setv(JAIL_CREATE, "name", "bench", "path", "/", "ip4.addr",
	    "192.0.2.1", "persist", NULL, NULL) == -1)
		errx(1, "%s", jail_errmsg);
}

static void
remove_jail(void)
{
	if (jail_remove(jail_getid("bench")) != 0)
		errx(1, "%s", jail_errmsg);
}

static void
run_tool(char *const argv[])
{
	pid_t pid = fork();

	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	wait_child(pid);
}

static void
tool_make_jail(void)
{
	char *argv[] = { "jail", "-qc", "name=bench", "path=/",
		"ip4.addr=192.0.2.1", "persist", NULL };

	run_tool(argv);
}

/* The n-th jail's addresses: 10.0.0.0/8 counted through. */
static void
make_nth(int n)
{
	char addrs[ADDRS * 16 + 1] = "";
	size_t len = 0;

	for (int i = 0; i < ADDRS; i++) {
		int a = n * ADDRS + i;

		len += snprintf(addrs + len, sizeof(addrs) - len,
		    "%s10.%d.%d.%d", i > 0 ? "," : "", a >> 16 & 255,
		    a >> 8 & 255, a & 255);
	}
	if (jail_setv(JAIL_CREATE, "path", "/", "ip4.addr", addrs, "persist",
	    NULL, NULL) == -1)
		errx(1, "%s", jail_errmsg);
}

static void
make_many(void)
{
	double start = now_ms(), made;

	for (int n = 1; n <= MANY; n++)
		make_nth(n);
	made = now_ms();
	printf("%-46s %9.3f s\n", "1,000 jails of 10 addresses, made",
	    (made - start) / 1e3);
	if (jail_unload() != 0)
		errx(1, "%s", jail_errmsg);
	printf("%-46s %9.3f s\n", "the same, removed and unloaded",
	    (now_ms() - made) / 1e3);
}

static void
row(const char *what, double ms, double peer)
{
	printf("%-46s %9.3f ms  %6.2f x a network namespace\n", what, ms,
	    ms / peer);
}

int
main(void)
{
	double peer, start;

	setenv("JAIL_INSTANCE", "jailbench", 1);
	if (jail_unload() != 0)
		errx(1, "%s", jail_errmsg);
	peer = time_ms(make_netns, NULL) - time_ms(fork_only, NULL);
	start = now_ms();
	make_jail();
	row("first jail, the kernel half is loaded", now_ms() - start, peer);
	remove_jail();
	row("address-only jail, library", time_ms(make_jail, remove_jail),
	    peer);
	row("address-only jail, jail -c", time_ms(tool_make_jail, remove_jail),
	    peer);
	make_many();
	return (0);
}
