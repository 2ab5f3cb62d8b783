/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Whatever moment jail(8) is killed at, the next one to look finds a jail as it
 * was before or as it was to be, and nothing besides. The moments are all its
 * system calls: between two of them nothing changes.
 */

#include <sys/stat.h>
#include <sys/types.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <atf-c.h>

#include "jail.h"

#include "common.h"
#include "state.h"
#include "traced.h"
#include "vnet.h"

#define CALLS_MAX	2000
#define SETTLE_MS	3000
#define ARGS_MAX	16

/* A command line that is killed, and the one that sets the stage for it. */
struct trial {
	const char *before[ARGS_MAX];	/* or empty */
	const char *victim[ARGS_MAX];
	const char *runs;	/* what runs in the jail then, or NULL */
	enum traced_calls calls;
	int step;		/* only each such moment; 0: all */
	int sig;
};

/* What there is before, and what there may be afterwards. */
struct outcome {
	char *bystanders;	/* the state without the jail */
	char *old, *new;	/* descriptions of the jail */
};

static const char *
where(int n)
{
	static char text[32];

	snprintf(text, sizeof(text), "killed at call %d", n);
	return (text);
}

/* The names of the programs in a jail, but for the one that keeps it. */
static void
put_programs(FILE *f, int jid)
{
	char path[PATH_MAX + 32], name[32];
	struct state st;
	FILE *procs, *comm;
	int pid;

	ATF_REQUIRE_EQ(0, state_open(&st));
	snprintf(path, sizeof(path), "%s/%d/cgroup.procs", st.st_cgroup, jid);
	state_close(&st);
	procs = fopen(path, "r");
	while (procs != NULL && fscanf(procs, "%d", &pid) == 1) {
		snprintf(path, sizeof(path), "/proc/%d/comm", pid);
		comm = fopen(path, "r");
		if (comm != NULL && fgets(name, sizeof(name), comm) != NULL &&
		    strcmp(name, "jailinit\n") != 0)
			fprintf(f, "runs %s", name);
		if (comm != NULL)
			fclose(comm);
	}
	if (procs != NULL)
		fclose(procs);
}

/* All that a jail is but what it uses, by name; empty if there is none. */
static char *
describe(const char *name)
{
	struct jailparam *jp;
	char *text = NULL, *value;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	int jid, n = jailparam_all(&jp);

	ATF_REQUIRE(f != NULL && n > 0);
	ATF_REQUIRE_EQ(0, jailparam_import(&jp[1], name));
	ATF_REQUIRE_STREQ("name", jp[1].jp_name);
	jid = jailparam_get(jp, n, 0);
	if (jid == -1)
		ATF_REQUIRE_MSG(errno == ENOENT, "%s", jail_errmsg);
	for (int i = 0; i < n && jid != -1; i++) {
		if (strstr(jp[i].jp_name, ".usage") != NULL)
			continue;
		value = jailparam_export(&jp[i]);
		ATF_REQUIRE(value != NULL);
		fprintf(f, "%s=%s\n", jp[i].jp_name, value);
		free(value);
	}
	if (jid != -1)
		put_programs(f, jid);
	fclose(f);
	jailparam_free(jp, n);
	free(jp);
	return (text);
}

/* Is the jail as it was, or as it was to be? */
struct look {
	const struct outcome *o;
	char *now;
};

static bool
looks_good(void *arg)
{
	struct look *l = arg;

	free(l->now);
	l->now = describe("victim");
	return (strcmp(l->now, l->o->old) == 0 ||
	    strcmp(l->now, l->o->new) == 0);
}

/*
 * The next one to come clears up: jls, which only looks, or a jail -c. (What
 * the killed one forked may still be on its way, so this may take a moment.)
 */
static void
require_outcome(const struct outcome *o, int n)
{
	struct look l = { .o = o };

	if (n % 2 == 1)
		make_jail("next", "ip4.addr", "192.0.2.77", NULL);
	if (!wait_until(looks_good, &l, SETTLE_MS))
		atf_tc_fail("killed at call %d: old:\n%snew:\n%snow:\n%s", n,
		    o->old, o->new, l.now);
	free(l.now);
	require_consistent(where(n));
	remove_jail("next");
}

static void
stage(const struct trial *t)
{
	if (t->before[0] != NULL)
		ATF_REQUIRE_EQ(0, run(t->before));
}

/* Returns whether there are more moments to be killed at. */
static bool
kill_victim(const struct trial *t, int n)
{
	struct traced tr = {
		.tr_sig = t->sig,
		.tr_calls = t->calls,
		.tr_serves = t->runs != NULL,
	};

	traced_run(&tr, (char *const *)t->victim, n);
	return (tr.tr_more);
}

/* Does what is to run in the jail run there? */
struct start {
	const struct trial *t;
	struct outcome *o;
};

static bool
is_running(void *arg)
{
	const struct start *s = arg;

	free(s->o->new);
	s->o->new = describe("victim");
	return (s->t->runs == NULL || strstr(s->o->new, s->t->runs) != NULL);
}

/* What there is before, and after if the victim is not killed. */
static void
outcome_init(struct outcome *o, const struct trial *t)
{
	struct start s = { .t = t, .o = o };

	make_jail("bystander", "ip4.addr", "192.0.2.70,192.0.2.71", "ip6.addr",
	    "2001:db8::70", NULL);
	o->bystanders = dump_state();
	stage(t);
	o->old = describe("victim");
	o->new = NULL;
	kill_victim(t, INT_MAX);
	ATF_REQUIRE(wait_until(is_running, &s, SETTLE_MS));
	ATF_REQUIRE_MSG(strcmp(o->old, o->new) != 0, "it does nothing");
	remove_jail("victim");
	require_state(o->bystanders, "not killed");
}

static void
outcome_free(struct outcome *o)
{
	free(o->bystanders);
	free(o->old);
	free(o->new);
}

static void
try_all(const struct trial *t)
{
	struct outcome o;
	bool more = true;
	int n;

	outcome_init(&o, t);
	for (n = 1; more && n < CALLS_MAX;
	    n += traced_step() * (t->step + (t->step == 0))) {
		stage(t);
		more = kill_victim(t, n);
		require_outcome(&o, n);
		remove_jail("victim");
		require_state(o.bystanders, where(n));
	}
	printf("%d moments\n", n - 1);
	ATF_REQUIRE(n > 10 && n < CALLS_MAX);
	outcome_free(&o);
}

#define TRIAL(name, ...)						\
JAIL_TC(name, "all moments")						\
{									\
	static const struct trial t = __VA_ARGS__;			\
									\
	vnet_instance(tc);						\
	try_all(&t);							\
}

#define VICTIM	"name=victim", "path=/", "ip4.addr=192.0.2.5,192.0.2.6", \
	"ip6.addr=2001:db8::5"

TRIAL(killed_creation_leaves_all_or_nothing, {
	.victim = { "jail", "-c", "jid=77", "cpu.shares=200", VICTIM,
	    "persist" },
	.calls = CALLS_ALL,
	.sig = SIGKILL,
});

TRIAL(interrupted_creation_leaves_all_or_nothing, {
	.victim = { "jail", "-c", "jid=77", VICTIM, "persist" },
	.calls = CALLS_CHANGING,
	.sig = SIGINT,
});

TRIAL(killed_start_leaves_all_or_nothing, {
	.victim = { "jail", "-c", "jid=77", VICTIM, "command=/bin/sleep",
	    "1000" },
	.runs = "sleep",
	.calls = CALLS_CHANGING,
	.sig = SIGKILL,
});

TRIAL(killed_start_of_an_init_leaves_all_or_nothing, {
	.victim = { "jail", "-c", "jid=77", VICTIM, "allow.raw_sockets",
	    "init=exec sleep 1000" },
	.runs = "sleep",
	.calls = CALLS_CHANGING,
	.sig = SIGKILL,
});

TRIAL(killed_change_of_addresses_leaves_old_or_new, {
	.before = { "jail", "-c", "jid=77", VICTIM, "persist" },
	.victim = { "jail", "-m", "name=victim",
	    "ip4.addr=192.0.2.6,192.0.2.7", "ip6.addr=2001:db8::6",
	    "cpu.shares=300" },
	.calls = CALLS_CHANGING,
	.sig = SIGKILL,
});

/* (Each has an address of its own: another case may run beside.) */
TRIAL(killed_change_leaves_what_is_on_interfaces, {
	.before = { "jail", "-c", "jid=77", "name=victim", "persist",
	    "ip4.addr=lo|198.51.100.5,lo|198.51.100.6/24",
	    "ip6.addr=lo|2001:db8:1::5/64" },
	.victim = { "jail", "-m", "name=victim", "host.hostname=new" },
	.calls = CALLS_CHANGING,
	.sig = SIGKILL,
});

TRIAL(killed_change_of_interfaces_leaves_old_or_new, {
	.before = { "jail", "-c", "jid=77", "name=victim", "persist",
	    "ip4.addr=lo|203.0.113.5,lo|203.0.113.6/24",
	    "ip6.addr=lo|2001:db8:2::5/64" },
	.victim = { "jail", "-m", "name=victim",
	    "ip4.addr=lo|203.0.113.6/24,lo|203.0.113.7" },
	.calls = CALLS_CHANGING,
	.sig = SIGKILL,
});

TRIAL(interrupted_change_of_addresses_leaves_old_or_new, {
	.before = { "jail", "-c", "jid=77", VICTIM, "persist" },
	.victim = { "jail", "-m", "name=victim",
	    "ip4.addr=192.0.2.6,192.0.2.7", "ip6.addr=" },
	.calls = CALLS_CHANGING,
	.sig = SIGINT,
});

TRIAL(killed_change_of_a_running_jail_leaves_old_or_new, {
	.before = { "jail", "-c", "jid=77", VICTIM, "persist",
	    "command=/bin/true" },
	.victim = { "jail", "-m", "name=victim", "host.hostname=new",
	    "ip4.addr=192.0.2.9", "allow.raw_sockets" },
	.calls = CALLS_CHANGING,
	.sig = SIGKILL,
});

TRIAL(killed_removal_leaves_all_or_nothing, {
	.before = { "jail", "-c", "jid=77", VICTIM, "persist",
	    "command=/bin/true" },
	.victim = { "jail", "-r", "victim" },
	.calls = CALLS_CHANGING,
	.sig = SIGKILL,
});

TRIAL(interrupted_removal_leaves_all_or_nothing, {
	.before = { "jail", "-c", "jid=77", VICTIM, "persist" },
	.victim = { "jail", "-r", "victim" },
	.calls = CALLS_CHANGING,
	.step = 5,
	.sig = SIGINT,
});

/* A cgroup that is nobody's, beside the instance's. */
static const char *
make_service(void)
{
	static char path[PATH_MAX];
	struct state st;

	ATF_REQUIRE_EQ(0, state_open(&st));
	strcpy(path, st.st_cgroup);
	state_close(&st);
	strcpy(strrchr(path, '/'), "/netjail-killed");
	ATF_REQUIRE(mkdir(path, 0755) == 0 || errno == EEXIST);
	return (path);
}

JAIL_TC(killed_adoption_leaves_all_or_nothing, "all moments")
{
	static const struct trial t = {
		.victim = { "jail", "-c", "jid=77", VICTIM,
		    "cgroup=/netjail-killed" },
		.calls = CALLS_CHANGING,
		.step = 3,
		.sig = SIGKILL,
	};
	const char *service;

	vnet_instance(tc);
	make_jail("first", NULL);
	service = make_service();
	try_all(&t);
	rmdir(service);
}

/* The same by the clock: the moment is anywhere, also in the kernel. */
JAIL_TC(creation_killed_at_any_time_leaves_all_or_nothing, "by the clock")
{
	static const struct trial t = {
		.victim = { "jail", "-q", "-c", "jid=77", VICTIM, "persist" },
		.sig = SIGKILL,
	};
	struct timespec delay = { .tv_nsec = 0 };
	struct outcome o;
	pid_t pid;

	vnet_instance(tc);
	outcome_init(&o, &t);
	for (int n = 1; n <= 120; n++, delay.tv_nsec += 50000) {
		pid = fork();
		ATF_REQUIRE(pid != -1);
		if (pid == 0) {
			close(STDOUT_FILENO);
			execvp(t.victim[0], (char *const *)t.victim);
			_exit(127);
		}
		nanosleep(&delay, NULL);
		kill(pid, SIGKILL);
		wait_child(pid);
		require_outcome(&o, n);
		remove_jail("victim");
		require_state(o.bystanders, where(n));
	}
	outcome_free(&o);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, killed_creation_leaves_all_or_nothing);
	ATF_TP_ADD_TC(tp, interrupted_creation_leaves_all_or_nothing);
	ATF_TP_ADD_TC(tp, creation_killed_at_any_time_leaves_all_or_nothing);
	ATF_TP_ADD_TC(tp, killed_adoption_leaves_all_or_nothing);
	ATF_TP_ADD_TC(tp, killed_start_leaves_all_or_nothing);
	ATF_TP_ADD_TC(tp, killed_start_of_an_init_leaves_all_or_nothing);
	ATF_TP_ADD_TC(tp, killed_change_of_addresses_leaves_old_or_new);
	ATF_TP_ADD_TC(tp, killed_change_leaves_what_is_on_interfaces);
	ATF_TP_ADD_TC(tp, killed_change_of_interfaces_leaves_old_or_new);
	ATF_TP_ADD_TC(tp, interrupted_change_of_addresses_leaves_old_or_new);
	ATF_TP_ADD_TC(tp, killed_change_of_a_running_jail_leaves_old_or_new);
	ATF_TP_ADD_TC(tp, killed_removal_leaves_all_or_nothing);
	ATF_TP_ADD_TC(tp, interrupted_removal_leaves_all_or_nothing);
	return (atf_no_error());
}
