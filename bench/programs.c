/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Where does the time go that a jail costs? What each program of the kernel
 * half takes, by the kernel's own statistics. They cost time themselves: what
 * is sent meanwhile is no measure of speed, and to know what a program takes by
 * itself, see what is said of one in its place that does nothing.
 */

#include <bpf/bpf.h>

#include <err.h>
#include <stdio.h>
#include <unistd.h>

#include "jail.h"

#include "flow.h"
#include "hooks.h"
#include "site.h"

#define FLOW_MS		500
#define LIMIT		60	/* seconds, for all */
#define PROGS_MAX	64
#define NSUBJECTS	3
#define INSTANCE	"jailbench"
#define EMPTIED		"jailbench-empty"

/* A program is known by its link: of some there is one for each interface. */
struct prog {
	int fd;
	struct bpf_prog_info before;
};

struct progs {
	size_t n;
	struct prog prog[PROGS_MAX];
};

static struct bpf_prog_info
info_of(int fd)
{
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len) != 0)
		err(1, "program");
	return (info);
}

static void
add_prog(int link, const struct bpf_link_info *info, void *arg)
{
	struct progs *ps = arg;
	int fd = bpf_prog_get_fd_by_id(info->prog_id);

	(void)link;
	if (ps->n == PROGS_MAX)
		errx(1, "too many programs");
	if (fd < 0)
		err(1, "program %u", info->prog_id);
	ps->prog[ps->n++].fd = fd;
}

static void
print_flow(const struct progs *ps, const char *where, enum flow flow,
    double count)
{
	struct bpf_prog_info now;
	const struct prog *p;
	double runs, ns;

	for (p = ps->prog; p < ps->prog + ps->n; p++) {
		now = info_of(p->fd);
		runs = now.run_cnt - p->before.run_cnt;
		ns = now.run_time_ns - p->before.run_time_ns;
		if (runs < count / 100)
			continue;
		printf("%-5s %-26s %-16s %8.0f %8.2f %8.0f %8.0f\n", where,
		    flows[flow].name, now.name, runs, runs / count, ns / runs,
		    ns / count);
	}
}

/* Who sends, and the programs that run then. */
struct subject {
	const char *where;
	struct pair pair;
	struct progs progs;
};

static void
run_flow(struct subject *s, enum flow flow)
{
	struct progs *ps = &s->progs;
	double count;

	for (size_t i = 0; i < ps->n; i++)
		ps->prog[i].before = info_of(ps->prog[i].fd);
	count = pair_run(&s->pair, flow, FLOW_MS).count;
	if (flow == FLOW_STREAM)
		count /= FLOW_BLOCK;
	print_flow(ps, s->where, flow, count);
}

static void
make_subjects(struct subject *s, const struct family *f)
{
	int jid;

	site_make(EMPTIED);
	jid = site_jail("empty", f, f->addr[ADDR_HOST]);
	s[2].pair = pair_start(jail_fork, jid, f->addr[ADDR_HOST]);
	hooks_empty(EMPTIED);
	hooks_each(EMPTIED, add_prog, &s[2].progs);
	site_make(INSTANCE);
	jid = site_jail("jail", f, f->addr[ADDR_JAIL]);
	s[0].pair = pair_start(site_fork, 0, f->addr[ADDR_HOST]);
	s[1].pair = pair_start(jail_fork, jid, f->addr[ADDR_JAIL]);
	hooks_each(INSTANCE, add_prog, &s[0].progs);
	s[1].progs = s[0].progs;
}

static void
work(void *arg)
{
	struct subject subjects[NSUBJECTS] = { { .where = "host" },
		{ .where = "jail" }, { .where = "empty" } };
	const struct family *f = arg;
	int stats;

	make_subjects(subjects, f);
	stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (stats < 0)
		err(1, "statistics of programs");
	printf("\n%-5s %-26s %-16s %8s %8s %8s %8s\n", f->name,
	    "flow", "program", "runs", "runs/op", "ns/run", "ns/op");
	for (int flow = 0; flow < FLOW_MAX; flow++) {
		for (int i = 0; i < NSUBJECTS; i++)
			run_flow(&subjects[i], flow);
	}
	close(stats);
	for (int i = 0; i < NSUBJECTS; i++)
		pair_stop(&subjects[i].pair);
}

int
main(int argc, char *argv[])
{
	static const char *const instances[] = { INSTANCE, EMPTIED, NULL };
	const struct family *f = &ipv4;

	if (argc == 2 && strcmp(argv[1], "-6") == 0)
		f = &ipv6;
	else if (argc != 1)
		errx(1, "usage: programs [-6]");
	site_one_processor();
	return (site_guard(work, (void *)f, LIMIT, instances));
}
