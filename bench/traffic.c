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
#include "hooks.h"
#include "median.h"
#include "site.h"

#define ROUNDS		15
#define ROUND_MS	100
#define MANY_JAILS	10000
#define MANY_ADDRS	65536
#define LIMIT		240	/* seconds, for all */

#define HERE		"jailbench"
#define THERE		"jailbench-many"
#define EMPTIED		"jailbench-empty"

static const char *const instances[] = { HERE, THERE, EMPTIED, HERE "-addrs",
	NULL };

/* A column of the table. Its ratios are to the column to. */
struct peer {
	const char *name;
	size_t to;
	struct pair pair;
	double rate[FLOW_MAX][ROUNDS];
	double per_cpu[FLOW_MAX][ROUNDS];
};

enum {
	HOST, EMPTY, JAIL, MANY, TWO, ADDRS, PEERS_MAX
};

static double
ratio(const double *v, const double *to)
{
	double r[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		r[i] = v[i] / to[i];
	return (median(r, ROUNDS));
}

static void
print_head(const char *title, const struct peer *peers, size_t n)
{
	printf("\n%-31s %10s", title, peers[0].name);
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
	printf("  %8.0f %5.2f %5.2f", median(p->rate[flow], ROUNDS),
	    ratio(p->rate[flow], to->rate[flow]),
	    ratio(p->per_cpu[flow], to->per_cpu[flow]));
}

static void
print_table(const char *title, const struct peer *peers, size_t n)
{
	print_head(title, peers, n);
	for (int flow = 0; flow < FLOW_MAX; flow++) {
		printf("%-26s %4s %10.0f", flows[flow].name, flows[flow].unit,
		    median(peers[0].rate[flow], ROUNDS));
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

/* The host's own traffic, while nothing is loaded, or a jail is there. */
static void
measure_host(struct peer *p, const struct family *f, bool jail, bool empty,
    int round)
{
	if (jail)
		site_jail("jail", f, f->addr[ADDR_JAIL]);
	if (empty)
		hooks_empty(HERE);
	for (int flow = 0; flow < FLOW_MAX; flow++)
		measure(p, flow, round);
	if (jail_unload() != 0)
		errx(1, "%s", jail_errmsg);
}

/* Does the host notice that there are jails? */
static void
bench_host(const struct family *f)
{
	struct peer peers[] = { { .name = "not loaded" },
		{ .name = "beside empty" }, { .name = "beside a jail" } };
	const int n = sizeof(peers) / sizeof(peers[0]);

	site_make(HERE);
	peers[0].pair = pair_start(site_fork, 0, f->addr[ADDR_HOST]);
	for (int i = 1; i < n; i++)
		peers[i].pair = peers[0].pair;
	for (int i = 0; i < n * ROUNDS; i++) {
		int which = (i / n + i) % n;

		measure_host(&peers[which], f, which != 0, which == 1, i / n);
	}
	pair_stop(&peers[0].pair);
	print_table(f->name, peers, n);
}

static struct peer
jailed(const char *name, size_t to, int jid, const char *addr)
{
	struct peer p = { .name = name, .to = to };

	p.pair = pair_start(jail_fork, jid, addr);
	return (p);
}

/*
 * "empty" is a jail whose programs do nothing, so it has all of the addresses:
 * no jail is faster. In the last two the address is not the primary one.
 */
static void
make_peers(struct peer *peers, const struct family *f)
{
	const char *const *addr = f->addr;
	int jid;

	site_make(EMPTIED);
	jid = site_jail("empty", f, addr[ADDR_JAIL]);
	peers[EMPTY] = jailed("empty", HOST, jid, addr[ADDR_HOST]);
	hooks_empty(EMPTIED);
	site_make(THERE);
	site_jails(f, MANY_JAILS);
	jid = site_jail("jail", f, addr[ADDR_JAIL]);
	peers[MANY] = jailed("10,000 jails", JAIL, jid, addr[ADDR_JAIL]);
	site_make(HERE);
	peers[HOST] = (struct peer){ .name = "host" };
	peers[HOST].pair = pair_start(site_fork, 0, addr[ADDR_HOST]);
	jid = site_jail("jail", f, addr[ADDR_JAIL]);
	peers[JAIL] = jailed("jail", HOST, jid, addr[ADDR_JAIL]);
	jid = site_jail_of("two", f, addr[ADDR_SECOND], 2, addr[ADDR_THIRD]);
	peers[TWO] = jailed("2 addresses", JAIL, jid, addr[ADDR_THIRD]);
	peers[TWO].pair.udp = addr[ADDR_SECOND];
	site_make(HERE "-addrs");
	jid = site_jail_of("addrs", f, addr[ADDR_SECOND], MANY_ADDRS,
	    addr[ADDR_THIRD]);
	peers[ADDRS] = jailed("65,536 addresses", TWO, jid, addr[ADDR_THIRD]);
	peers[ADDRS].pair.udp = addr[ADDR_SECOND];
}

static void
run_rounds(const char *title, struct peer *peers, size_t n)
{
	for (int i = 0; i < ROUNDS; i++)
		run_round(peers, n, i);
	for (size_t i = 0; i < n; i++)
		pair_stop(&peers[i].pair);
	print_table(title, peers, n);
}

static void
bench_jails(const struct family *f)
{
	struct peer peers[PEERS_MAX];

	make_peers(peers, f);
	run_rounds(f->name, peers, PEERS_MAX);
}

/* One of the two is in the vnet pair's other namespace: who is called? */
struct vnet {
	struct site here, there;
	const struct family *family;
	bool calls;		/* the one here is the client */
};

static struct vnet
vnet_make(const char *instance, const struct family *f, bool calls)
{
	struct vnet v = { .family = f, .calls = calls };

	v.here = site_make(instance);
	v.there = site_vnet(&v.here);
	site_enter(&v.here);
	return (v);
}

static struct pair
vnet_pair(const struct vnet *v, pid_t (*do_fork)(int), int jid,
    const char *addr)
{
	struct pair p = { .tcp = v->calls ? v->family->vnet[1] : addr };
	int here, there;

	site_enter(&v->here);
	here = end_start(do_fork, jid);
	site_enter(&v->there);
	there = end_start(site_fork, 0);
	site_enter(&v->here);
	p.udp = p.tcp;
	p.server = v->calls ? there : here;
	p.client = v->calls ? here : there;
	return (p);
}

static void
bench_vnet(const struct family *f, bool calls)
{
	struct peer peers[] = { { .name = "host" }, { .name = "empty" },
		{ .name = "jail" } };
	char title[64];
	struct vnet v;
	int jid;

	v = vnet_make(EMPTIED, f, calls);
	jid = site_jail("empty", f, f->addr[ADDR_JAIL]);
	peers[1].pair = vnet_pair(&v, jail_fork, jid, f->vnet[0]);
	hooks_empty(EMPTIED);
	v = vnet_make(HERE, f, calls);
	jid = site_jail("jail", f, f->addr[ADDR_JAIL]);
	peers[0].pair = vnet_pair(&v, site_fork, 0, f->vnet[0]);
	peers[2].pair = vnet_pair(&v, jail_fork, jid, f->addr[ADDR_JAIL]);
	snprintf(title, sizeof(title), "%s, %s over vnet", f->name,
	    calls ? "client" : "server");
	run_rounds(title, peers, sizeof(peers) / sizeof(peers[0]));
}

/* Who measures next begins anew. */
static void
work(void *arg)
{
	const struct family *f = arg;

	bench_host(f);
	bench_jails(f);
	if (!site_unload(instances))
		exit(1);
	bench_vnet(f, false);
	if (!site_unload(instances))
		exit(1);
	bench_vnet(f, true);
}

int
main(int argc, char *argv[])
{
	const struct family *f = &ipv4;

	if (argc == 2 && strcmp(argv[1], "-6") == 0)
		f = &ipv6;
	else if (argc != 1)
		errx(1, "usage: traffic [-6]");
	site_one_processor();
	return (site_guard(work, (void *)f, LIMIT, instances));
}
