/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What does a jail cost what its processes send? Beside it, in the same run:
 * the same processes outside, in a network namespace without jails.
 *
 * All peers take turns in each of many short rounds. A figure is the median of
 * the rounds, a ratio the median of each round's ratios: what else the machine
 * does changes from round to round, and peers of a round share it. The ratio of
 * what a second of CPU time achieves says more than that of a second by the
 * clock where there is much else.
 */

#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jail.h"

#include "flow.h"
#include "site.h"

#define ROUNDS		15
#define ROUND_MS	100
#define MANY_JAILS	10000
#define MANY_ADDRS	65536
#define LIMIT		150	/* seconds, for all */

#define HERE		"jailbench"
#define THERE		"jailbench-many"

/* A column of the table. Its ratios are to the column to. */
struct peer {
	const char *name;
	size_t to;
	struct pair pair;
	double rate[FLOW_MAX][ROUNDS];
	double per_cpu[FLOW_MAX][ROUNDS];
};

#define PEERS_MAX	5

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x < y ? -1 : x > y);
}

static double
median(const double *v)
{
	double sorted[ROUNDS];

	memcpy(sorted, v, sizeof(sorted));
	qsort(sorted, ROUNDS, sizeof(sorted[0]), compare);
	return (sorted[ROUNDS / 2]);
}

static double
ratio(const double *v, const double *to)
{
	double r[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		r[i] = v[i] / to[i];
	return (median(r));
}

static void
print_head(const struct family *f, const struct peer *peers, size_t n)
{
	printf("\n%-31s %10s", f->name, peers[0].name);
	for (size_t i = 1; i < n; i++)
		printf("  %20s", peers[i].name);
	printf("\n%-31s %10s", "ratio to", "");
	for (size_t i = 1; i < n; i++)
		printf("  %20s", peers[peers[i].to].name);
	printf("\n%-31s %10s", "by", "");
	for (size_t i = 1; i < n; i++)
		printf("  %20s", "clock    CPU");
	printf("\n");
}

static void
print_peer(const struct peer *p, const struct peer *to, int flow)
{
	printf("  %8.0f %5.2f %5.2f", median(p->rate[flow]),
	    ratio(p->rate[flow], to->rate[flow]),
	    ratio(p->per_cpu[flow], to->per_cpu[flow]));
}

static void
print_table(const struct family *f, const struct peer *peers, size_t n)
{
	print_head(f, peers, n);
	for (int flow = 0; flow < FLOW_MAX; flow++) {
		printf("%-26s %4s %10.0f", flows[flow].name, flows[flow].unit,
		    median(peers[0].rate[flow]));
		for (size_t i = 1; i < n; i++)
			print_peer(&peers[i], &peers[peers[i].to], flow);
		printf("\n");
	}
	fflush(stdout);
}

static void
measure(struct peer *p, int flow, int round)
{
	struct rate r = pair_run(&p->pair, flow, ROUND_MS);

	p->rate[flow][round] = r.per_second;
	p->per_cpu[flow][round] = 1 / r.cpu;
}

/* Who was first is another one each time. */
static void
run_round(struct peer *peers, size_t n, int round)
{
	for (int flow = 0; flow < FLOW_MAX; flow++)
		for (size_t i = 0; i < n; i++)
			measure(&peers[(i + flow + round) % n], flow, round);
}

/* Does the host notice that there are jails? */
static void
bench_host(const struct family *f)
{
	struct peer peers[] = { { .name = "not loaded" },
		{ .name = "beside a jail", .to = 0 } };

	site_make(HERE);
	peers[0].pair = pair_start(site_fork, 0, f->addr[ADDR_HOST]);
	peers[1].pair = peers[0].pair;
	for (int i = 0; i < 2 * ROUNDS; i++) {
		bool loaded = i % 4 == 1 || i % 4 == 2;

		if (loaded)
			site_jail("jail", f, f->addr[ADDR_JAIL]);
		for (int flow = 0; flow < FLOW_MAX; flow++)
			measure(&peers[loaded], flow, i / 2);
		if (jail_unload() != 0)
			errx(1, "%s", jail_errmsg);
	}
	pair_stop(&peers[0].pair);
	print_table(f, peers, 2);
}

static struct peer
jailed(const char *name, size_t to, int jid, const char *addr)
{
	struct peer p = { .name = name, .to = to };

	p.pair = pair_start(jail_fork, jid, addr);
	return (p);
}

/* In the last two the address is not the primary one. */
static void
make_peers(struct peer *peers, const struct family *f)
{
	const char *const *addr = f->addr;
	int jid;

	site_make(HERE);
	peers[0] = (struct peer){ .name = "host" };
	peers[0].pair = pair_start(site_fork, 0, addr[ADDR_HOST]);
	site_make(THERE);
	site_jails(f, MANY_JAILS);
	jid = site_jail("jail", f, addr[ADDR_JAIL]);
	peers[2] = jailed("10,000 jails", 1, jid, addr[ADDR_JAIL]);
	site_make(HERE);
	jid = site_jail("jail", f, addr[ADDR_JAIL]);
	peers[1] = jailed("jail", 0, jid, addr[ADDR_JAIL]);
	jid = site_jail_of("two", f, addr[ADDR_SECOND], 2, addr[ADDR_THIRD]);
	peers[3] = jailed("2 addresses", 1, jid, addr[ADDR_THIRD]);
	peers[3].pair.udp = addr[ADDR_SECOND];
	site_make(HERE "-addrs");
	jid = site_jail_of("addrs", f, addr[ADDR_SECOND], MANY_ADDRS,
	    addr[ADDR_THIRD]);
	peers[4] = jailed("65,536 addresses", 3, jid, addr[ADDR_THIRD]);
	peers[4].pair.udp = addr[ADDR_SECOND];
}

static void
bench_jails(const struct family *f)
{
	struct peer peers[PEERS_MAX];

	make_peers(peers, f);
	for (int i = 0; i < ROUNDS; i++)
		run_round(peers, PEERS_MAX, i);
	for (size_t i = 0; i < PEERS_MAX; i++)
		pair_stop(&peers[i].pair);
	print_table(f, peers, PEERS_MAX);
}

static void
work(void *arg)
{
	bench_host(arg);
	bench_jails(arg);
}

int
main(int argc, char *argv[])
{
	static const char *const instances[] = { HERE, THERE, HERE "-addrs",
		NULL };
	const struct family *f = &ipv4;

	if (argc == 2 && strcmp(argv[1], "-6") == 0)
		f = &ipv6;
	else if (argc != 1)
		errx(1, "usage: traffic [-6]");
	return (site_guard(work, (void *)f, LIMIT, instances));
}
