/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * jail -c: make a jail, and run a command in it if there is one.
 */

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util_job.h"

#include "jail_tool.h"

/* The command begins when it was said that the jail is there. */
static _Noreturn void
run_command(char **argv, const struct job *job)
{
	job_hold();
	job_child(job);
	job_exec(argv);
}

/* Looking at a jail that has ended is what removes it. */
static void
look_again(int jid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", jid);
	if (jail_getid(text) == -1 && errno != ENOENT)
		errx(1, "%s", jail_errmsg);
}

static int
start_with_command(struct request *rq)
{
	int jid, status;
	struct job job;
	pid_t pid;

	if (jail_seal(rq->argv) != 0)
		errx(1, "%s", jail_errmsg);
	job_begin(&job);
	pid = jailparam_start(rq->jp, rq->njp, JAIL_CREATE, &jid);
	if (pid == 0)
		run_command(rq->command, &job);
	if (pid == -1 && rq->modify && errno == EEXIST)
		return (modify_jail(rq));
	if (pid == -1)
		errx(1, "%s", jail_errmsg);
	say_done(rq, jid, "created");
	if (rq->verbose)
		printf("%s: running, pid %d\n", rq->command[0], pid);
	fflush(stdout);
	job_release(pid);
	status = job_wait(&job, pid);
	look_again(jid);
	job_exit(&job, status);
}

int
modify_jail(struct request *rq)
{
	int jid = jailparam_set(rq->jp, rq->njp, JAIL_UPDATE);

	if (jid == -1)
		errx(1, "%s", jail_errmsg);
	say_done(rq, jid, "modified");
	return (0);
}

int
start_jail(struct request *rq)
{
	int jid;

	if (rq->command != NULL)
		return (start_with_command(rq));
	jid = jailparam_set(rq->jp, rq->njp, JAIL_CREATE);
	if (jid == -1 && rq->modify && errno == EEXIST)
		return (modify_jail(rq));
	if (jid == -1)
		errx(1, "%s", jail_errmsg);
	say_done(rq, jid, "created");
	if (fflush(stdout) != 0) {
		warn("standard output");
		jail_remove(jid);
		_exit(1);
	}
	return (rq->life == OPT_WAIT ? wait_init(rq, jid) : 0);
}
