/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Does each jail get its share of a contended processor? Four jails, of
 * cpu.shares 1:2:4:8, each with as many busy processes as the others, on one
 * processor; what each should have is beside what it had.
 */

#include <sys/wait.h>

#include <err.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jail.h"

#include "site.h"

#define NJAILS	4
#define UNIT	100	/* the least cpu.shares */
#define SETTLE_S 1
#define MEASURE_S 5
#define PATIENCE_S 120

static const char *const instances[] = { "bench-shares", NULL };

static int
make_jail(int n)
{
	char name[16], shares[16];
	int jid;

	snprintf(name, sizeof(name), "share%d", n);
	snprintf(shares, sizeof(shares), "%d", UNIT << n);
	jid = jail_setv(JAIL_CREATE, "name", name, "cpu.shares", shares,
	    "persist", NULL, NULL);
	if (jid == -1)
		errx(1, "%s", jail_errmsg);
	return (jid);
}

/* They end with the jail. */
static void
start_busy(int jid, int processes)
{
	for (int i = 0; i < processes; i++) {
		const pid_t pid = jail_fork(jid);

		if (pid == -1)
			errx(1, "%s", jail_errmsg);
		while (pid == 0)
			continue;
	}
}

/* In microseconds. */
static uint64_t
used(int jid)
{
	struct jailparam jp[2];
	uint64_t usage;

	if (jailparam_init(&jp[0], "jid") != 0 ||
	    jailparam_import_raw(&jp[0], &jid, sizeof(jid)) != 0 ||
	    jailparam_init(&jp[1], "cpu.usage") != 0 ||
	    jailparam_get(jp, 2, 0) == -1)
		errx(1, "%s", jail_errmsg);
	memcpy(&usage, jp[1].jp_value, sizeof(usage));
	jailparam_free(jp, 2);
	return (usage);
}

static void
measure(int processes)
{
	uint64_t before[NJAILS], spent[NJAILS], all = 0;
	int jids[NJAILS];

	for (int i = 0; i < NJAILS; i++) {
		jids[i] = make_jail(i);
		start_busy(jids[i], processes);
	}
	sleep(SETTLE_S);
	for (int i = 0; i < NJAILS; i++)
		before[i] = used(jids[i]);
	sleep(MEASURE_S);
	for (int i = 0; i < NJAILS; i++) {
		spent[i] = used(jids[i]) - before[i];
		all += spent[i];
	}
	printf("  %3d processes each:", processes);
	for (int i = 0; i < NJAILS; i++)
		printf("  %5.2f%% of %5.2f%%", 100.0 * spent[i] / all,
		    100.0 * (1 << i) / ((1 << NJAILS) - 1));
	printf("\n");
	fflush(stdout);
	for (int i = 0; i < NJAILS; i++) {
		if (jail_remove(jids[i]) != 0)
			errx(1, "%s", jail_errmsg);
	}
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
}

static void
work(void *arg)
{
	(void)arg;
	site_make(instances[0]);
	site_one_processor();
	printf("Shares of one processor, cpu.shares 1:2:4:8\n");
	measure(1);
	measure(10);
	measure(100);
}

int
main(void)
{
	return (site_guard(work, NULL, PATIENCE_S, instances));
}
