/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * How many echoes a second does the stock ping -f get in a jail? Beside it, in
 * the same run: outside, and in a jail whose programs do nothing. In one of
 * several addresses the broker is asked about each packet.
 */

#include <sys/wait.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jail.h"

#include "hooks.h"
#include "median.h"
#include "site.h"

#define COUNT	20000
#define ROUNDS	9
#define LIMIT	120	/* seconds, for all */
#define INSTANCE "jailbench"
#define EMPTIED	"jailbench-empty"
#define NPEERS	4
#define STRING2(n) #n
#define STRING(n) STRING2(n)

struct peer {
	const char *name;
	struct site site;
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

static struct peer
raw_peer(const char *name, const struct site *site, int jid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", jid);
	if (jail_setv(JAIL_UPDATE, "jid", text, "allow.raw_sockets", NULL,
	    NULL) == -1)
		errx(1, "%s", jail_errmsg);
	return ((struct peer){ .name = name, .site = *site, .jid = jid });
}

static void
make_peers(struct peer *peers, const struct family *f)
{
	struct site site = site_make(EMPTIED);

	peers[1] = raw_peer("empty", &site,
	    site_jail("empty", f, f->addr[ADDR_JAIL]));
	hooks_empty(EMPTIED);
	site = site_make(INSTANCE);
	peers[0] = (struct peer){ .name = "host", .site = site };
	peers[2] = raw_peer("jail", &site,
	    site_jail("one", f, f->addr[ADDR_JAIL]));
	peers[3] = raw_peer("2 addresses", &site, site_jail_of("two", f,
	    f->addr[ADDR_SECOND], 2, f->addr[ADDR_THIRD]));
}

static void
print_peers(struct peer *peers)
{
	double rate, host = 0;

	printf("ping -f, echoes a second:\n");
	for (size_t i = 0; i < NPEERS; i++) {
		rate = median(peers[i].rates, ROUNDS);
		host = i == 0 ? rate : host;
		printf("  %-14s %8.0f  %5.3f of the host's\n", peers[i].name,
		    rate, rate / host);
	}
}

static void
work(void *arg)
{
	const struct family *f = arg;
	struct peer peers[NPEERS], *p;

	make_peers(peers, f);
	for (int i = 0; i < ROUNDS; i++) {
		for (p = peers; p < peers + NPEERS; p++) {
			site_enter(&p->site);
			p->rates[i] = flood(p->jid, f->addr[ADDR_HOST]);
		}
	}
	print_peers(peers);
}

int
main(void)
{
	static const char *const instances[] = { INSTANCE, EMPTIED, NULL };

	site_one_processor();
	return (site_guard(work, (void *)&ipv4, LIMIT, instances));
}
