/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * How many echoes a second does the stock ping -f get in a jail? Beside it, in
 * the same run: outside. In a jail of several addresses the broker is asked
 * about each packet.
 */

#include <sys/wait.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jail.h"

#include "site.h"

#define COUNT	20000
#define ROUNDS	9
#define LIMIT	120	/* seconds, for all */
#define INSTANCE "jailbench"
#define NELEMS(a) (sizeof(a) / sizeof((a)[0]))
#define STRING2(n) #n
#define STRING(n) STRING2(n)

struct peer {
	const char *name;
	int jid;		/* 0: outside */
	double rates[ROUNDS];
};

/* Start ping in a jail, into which no descriptor goes but the first three. */
static pid_t
start(int jid, const char *addr, int out)
{
	int saved = dup(STDOUT_FILENO);
	pid_t pid;

	dup2(out, STDOUT_FILENO);
	pid = jid != 0 ? jail_fork(jid) : fork();
	if (pid == 0) {
		execlp("ping", "ping", "-q", "-f", "-c", STRING(COUNT), addr,
		    NULL);
		_exit(127);
	}
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(out);
	return (pid);
}

/* Echoes a second, by ping's own clock. */
static double
flood(int jid, const char *addr)
{
	char line[512] = "", *time;
	int fds[2], ms = 0, status;
	FILE *f;
	pid_t pid;

	if (pipe(fds) == -1)
		err(1, "pipe");
	fflush(stdout);
	pid = start(jid, addr, fds[1]);
	if (pid == -1)
		errx(1, "fork: %s", jail_errmsg);
	f = fdopen(fds[0], "r");
	while (fgets(line, sizeof(line), f) != NULL) {
		time = strstr(line, ", time ");
		if (time != NULL)
			ms = atoi(time + strlen(", time "));
	}
	fclose(f);
	if (waitpid(pid, &status, 0) == -1 || status != 0 || ms == 0)
		errx(1, "ping failed");
	return (COUNT * 1e3 / ms);
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x < y ? -1 : x > y);
}

static double
median(double *v)
{
	qsort(v, ROUNDS, sizeof(*v), compare);
	return (v[ROUNDS / 2]);
}

static int
raw_jail(int jid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", jid);
	if (jail_setv(JAIL_UPDATE, "jid", text, "allow.raw_sockets", NULL,
	    NULL) == -1)
		errx(1, "%s", jail_errmsg);
	return (jid);
}

static void
work(void *arg)
{
	const struct family *f = arg;
	struct peer peers[] = { { .name = "host" }, { .name = "jail" },
		{ .name = "2 addresses" } };
	double rate, host = 0;

	site_make(INSTANCE);
	peers[1].jid = raw_jail(site_jail("one", f, f->addr[ADDR_JAIL]));
	peers[2].jid = raw_jail(site_jail_of("two", f, f->addr[ADDR_SECOND], 2,
	    f->addr[ADDR_THIRD]));
	for (int i = 0; i < ROUNDS; i++) {
		for (size_t j = 0; j < NELEMS(peers); j++)
			peers[j].rates[i] = flood(peers[j].jid,
			    f->addr[ADDR_HOST]);
	}
	printf("ping -f, echoes a second:\n");
	for (size_t j = 0; j < NELEMS(peers); j++) {
		rate = median(peers[j].rates);
		host = j == 0 ? rate : host;
		printf("  %-14s %8.0f  %5.3f of the host's\n", peers[j].name,
		    rate, rate / host);
	}
}

int
main(void)
{
	static const char *const instances[] = { INSTANCE, NULL };

	return (site_guard(work, (void *)&ipv4, LIMIT, instances));
}
