/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * jexec: run a command in a jail. See jexec(8).
 */

#include <sys/prctl.h>

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jail.h"
#include "util.h"
#include "util_job.h"
#include "util_user.h"

/* Exit statuses of a shell that cannot run a command. */

static const char usage[] =
    "jexec [-l] [-d directory] [-e name=value] ... [-u user | -U user]\n"
    "             jail [command ...]";

static const struct option options[] = {
	COMMON_OPTIONS,
	{ NULL, 0, NULL, 0 }
};

struct request {
	bool clean;		/* -l */
	const char *directory;	/* -d */
	const char *host_user;	/* -u */
	const char *jail_user;	/* -U */
	char **env;		/* -e, in their order */
	int nenv;
	char **command;		/* empty: a shell */
};

static void
add_env(struct request *r, char *assignment)
{
	const char *equals = strchr(assignment, '=');

	if (equals == NULL || equals == assignment)
		errx(1, "-e %s: not of the form name=value", assignment);
	r->env[r->nenv++] = assignment;
}

static void
parse_options(int argc, char *argv[], struct request *r)
{
	int c;

	r->env = calloc(argc, sizeof(*r->env));
	if (r->env == NULL)
		err(1, "options");
	while ((c = getopt_long(argc, argv, "+d:e:hlU:u:", options, NULL)) !=
	    -1) {
		switch (c) {
		case 'd':
			r->directory = optarg;
			break;
		case 'e':
			add_env(r, optarg);
			break;
		case 'h':
			print_usage(usage);
		case 'l':
			r->clean = true;
			break;
		case 'U':
			r->jail_user = optarg;
			break;
		case 'u':
			r->host_user = optarg;
			break;
		default:
			common_option(c, usage, 1);
		}
	}
}

static void
set_env(const char *name, const char *value)
{
	if (setenv(name, value, 1) != 0)
		err(1, "%s", name);
}

/* u is NULL if no user was asked for and the environment stays. */
static void
set_environment(const struct request *r, const struct user *u)
{
	const char *term = getenv("TERM");

	if (r->clean) {
		clearenv();
		set_env("PATH", "/bin:/usr/bin");
		if (term != NULL)
			set_env("TERM", term);
	}
	if (u != NULL) {
		set_env("HOME", u->home);
		set_env("SHELL", u->shell);
		set_env("USER", u->name);
	}
	for (int i = 0; i < r->nenv; i++) {
		if (putenv(r->env[i]) != 0)
			err(1, "%s", r->env[i]);
	}
}

/* As the user, who may be kept out of a directory that root is not. */
static void
change_directory(const struct request *r, const struct user *u)
{
	const char *directory = r->directory;

	if (directory == NULL)
		directory = r->clean && u != NULL ? u->home : "/";
	if (chdir("/") != 0 || chdir(directory) != 0)
		err(1, "%s%s", r->directory == NULL ? "home directory " : "",
		    directory);
}

static _Noreturn void
execute(const struct request *r)
{
	char *shell[] = { getenv("SHELL"), "-i", NULL };
	char **command = r->command;

	if (command[0] == NULL) {
		if (shell[0] == NULL)
			shell[0] = "/bin/sh";
		command = shell;
	}
	job_exec(command);
}

/* In the jail: nothing here asks anything of the host. */
static _Noreturn void
run(const struct request *r, struct user *host_user, const struct job *job)
{
	struct user jail_user = { 0 }, root = { 0 };
	const struct user *u = NULL;

	job_child(job);
	if (r->host_user != NULL)
		u = host_user;
	else if (r->jail_user != NULL) {
		user_from_jail(&jail_user, r->jail_user);
		u = &jail_user;
	}
	if (u == NULL && r->clean)
		user_root(&root);
	set_environment(r, u == NULL && r->clean ? &root : u);
	if (u != NULL)
		user_become(u);
	change_directory(r, u);
	/* Becoming another user forgets this, so it comes last. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execute(r);
}

int
main(int argc, char *argv[])
{
	struct request r = { 0 };
	struct user u = { 0 };
	struct job job;
	pid_t pid;
	int jid;

	tool_begin(1);
	parse_options(argc, argv, &r);
	if (optind >= argc || (r.host_user != NULL && r.jail_user != NULL))
		usage_error(usage, 1);
	r.command = argv + optind + 1;
	/* This begins the program anew, once. */
	if (jail_seal(argv) != 0)
		errx(1, "%s", jail_errmsg);
	jid = jail_getid(argv[optind]);
	if (jid == -1)
		errx(1, "%s", jail_errmsg);
	if (r.host_user != NULL)
		user_from_host(&u, r.host_user);
	job_begin(&job);
	pid = jail_fork(jid);
	if (pid == -1)
		errx(1, "%s", jail_errmsg);
	if (pid == 0)
		run(&r, &u, &job);
	job_exit(&job, job_wait(&job, pid));
}
