/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Several jails of jail.conf(5) at the same time, each in a process of its own,
 * in the order of what depends on what. A process that dies on the way leaves
 * its jail half made; another one undoes that.
 */

#include <sys/prctl.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf_run.h"

enum state { WAITS, RUNS, UNDOES, DONE, FAILED };

struct task {
	const struct conf_jail *jail;
	enum state state;
	pid_t pid;
};

static const int interrupts[] = { SIGHUP, SIGINT, SIGTERM };

void
tasks_add(struct tasks *t, const struct conf_jail *jail)
{
	t->task = reallocarray(t->task, t->n + 1, sizeof(*t->task));
	if (t->task == NULL)
		errx(1, "out of memory");
	t->task[t->n++] = (struct task){ .jail = jail };
}

void
tasks_free(struct tasks *t)
{
	free(t->task);
}

bool
tasks_have(const struct tasks *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++) {
		if (strcmp(t->task[i].jail->name, name) == 0)
			return (true);
	}
	return (false);
}

/* Does one need the other, by depend or by being in it? */
bool
conf_needs(const struct conf_jail *jail, const char *other)
{
	const struct conf_param *p = conf_param(jail, "depend");
	const size_t len = strlen(other);

	for (size_t i = 0; p != NULL && i < p->nvalues; i++) {
		if (strcmp(p->values[i], other) == 0)
			return (true);
	}
	return (strncmp(jail->name, other, len) == 0 &&
	    jail->name[len] == '.');
}

static bool
comes_after(const struct tasks *t, const struct task *one,
    const struct task *other)
{
	return (t->reverse ? conf_needs(other->jail, one->jail->name) :
	    conf_needs(one->jail, other->jail->name));
}

/* Can it begin? It fails if one that comes before it has. */
static bool
is_ready(const struct tasks *t, struct task *one)
{
	const struct task *other;

	if (one->state != WAITS)
		return (false);
	for (size_t i = 0; i < t->n; i++) {
		other = &t->task[i];
		if (other == one || !comes_after(t, one, other) ||
		    other->state == DONE)
			continue;
		if (other->state == FAILED) {
			one->state = FAILED;
			warnx("%s: is left as it is, as %s failed",
			    one->jail->name, other->jail->name);
		}
		return (false);
	}
	return (true);
}

/* What is ignored, as by nohup(1), goes on to be. */
static bool
is_ignored(int sig)
{
	struct sigaction sa;

	return (sigaction(sig, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN);
}

static void
block_signals(sigset_t *set, sigset_t *inherited)
{
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(set);
	sigaddset(set, SIGCHLD);
	for (size_t i = 0; i < sizeof(interrupts) / sizeof(interrupts[0]);
	    i++) {
		if (!is_ignored(interrupts[i]))
			sigaddset(set, interrupts[i]);
	}
	sigprocmask(SIG_BLOCK, set, inherited);
}

static _Noreturn void
work(const struct tasks *t, const struct task *one, const struct act *with,
    int (*steps)(struct act *))
{
	struct act a = *with;
	int jid;

	/* A signal of the terminal's comes once, through our parent. */
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	a.rq = t->rq;
	a.jail = one->jail;
	a.root = -1;
	jid = t->rq->dry_run ? -1 : jail_getid(one->jail->name);
	a.jid = a.last_jid = jid > 0 && steps != steps_start ? jid : 0;
	exit(steps(&a));
}

static int
begin(const struct tasks *t, struct task *one, const struct act *with,
    int (*steps)(struct act *))
{
	fflush(stdout);
	one->pid = fork();
	if (one->pid == 0)
		work(t, one, with, steps);
	if (one->pid != -1)
		return (0);
	warn("%s", one->jail->name);
	one->state = FAILED;
	return (-1);
}

/* A start that did not get to undo what it had done is undone now. */
static void
ended(const struct tasks *t, struct task *one, const struct act *with,
    int status)
{
	const bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	const bool undone = WIFEXITED(status) &&
	    WEXITSTATUS(status) == EXIT_UNDONE;

	if (one->state == RUNS && t->steps == steps_start && !good && !undone &&
	    begin(t, one, with, steps_undo) == 0)
		one->state = UNDOES;
	else
		one->state = one->state == RUNS && good ? DONE : FAILED;
}

static int
count(const struct tasks *t, enum state state)
{
	int n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += t->task[i].state == state;
	return (n);
}

static int
busy(const struct tasks *t)
{
	return (count(t, RUNS) + count(t, UNDOES));
}

static void
begin_ready(const struct tasks *t, const struct act *with)
{
	const int limit = t->rq->dry_run ? 1 : t->rq->limit;

	for (size_t i = 0; i < t->n && busy(t) < limit; i++) {
		if (is_ready(t, &t->task[i]) &&
		    begin(t, &t->task[i], with, t->steps) == 0)
			t->task[i].state = RUNS;
	}
}

static void
reap(const struct tasks *t, const struct act *with)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < t->n; i++) {
			if (t->task[i].pid == pid)
				ended(t, &t->task[i], with, status);
		}
	}
}

/* Nothing more is begun; what has begun is told, and undoes what it did. */
static void
interrupt(struct tasks *t, int sig)
{
	for (size_t i = 0; i < t->n; i++) {
		if (t->task[i].state == RUNS || t->task[i].state == UNDOES)
			kill(t->task[i].pid, sig);
		else if (t->task[i].state == WAITS)
			t->task[i].state = FAILED;
	}
}

/*
 * Take away, in thought, who has nobody to wait for any more, until nobody is
 * left, or only those that wait for each other.
 */
const struct conf_jail *
tasks_circle(const struct tasks *t)
{
	bool *gone = conf_alloc(t->n + 1), free_now, progress = true;
	const struct conf_jail *left = NULL;

	while (progress) {
		progress = false;
		left = NULL;
		for (size_t i = 0; i < t->n; i++) {
			free_now = !gone[i];
			for (size_t k = 0; free_now && k < t->n; k++)
				free_now = gone[k] || !comes_after(t,
				    &t->task[i], &t->task[k]);
			gone[i] |= free_now;
			progress |= free_now;
			if (!gone[i])
				left = t->task[i].jail;
		}
	}
	free(gone);
	return (left);
}

int
tasks_run(struct tasks *t)
{
	struct act with = { 0 };
	int sig;

	block_signals(&with.signals, &with.inherited);
	for (;;) {
		begin_ready(t, &with);
		if (busy(t) == 0 && count(t, WAITS) == 0)
			break;
		if (busy(t) == 0)
			continue;
		sig = sigwaitinfo(&with.signals, NULL);
		if (sig == SIGCHLD)
			reap(t, &with);
		else if (sig > 0)
			interrupt(t, sig);
	}
	sigprocmask(SIG_SETMASK, &with.inherited, NULL);
	return (count(t, FAILED) > 0);
}
