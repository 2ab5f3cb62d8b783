/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What the files of jail(8) share.
 */

#ifndef _JAIL_TOOL_H_
#define _JAIL_TOOL_H_

#include <stdbool.h>

#include "jail.h"
#include "util.h"

/* Long options without a letter. */
enum {
	OPT_DESTROY = OPT_TOOL,
	OPT_OCI,
	OPT_DRY_RUN,
	OPT_SHUTDOWN,		/* and the others for jails with an init */
	OPT_REBOOT,
	OPT_STATUS,
	OPT_WAIT,
	OPT_RUN
};

/* What the command line asks for. */
struct request {
	bool create, modify, remove, layers, destroy, oci;
	int life;		/* OPT_SHUTDOWN and what follows, 0: none */
	bool remove_only, cleanup;	/* -R, -C */
	bool quiet, verbose, only_jid, dry_run;
	bool clean;			/* -l: exec.clean for all */
	const char *conf;		/* -f, or NULL */
	const char *separator;		/* -e, or NULL */
	const char *jidfile;		/* -J, or NULL */
	int limit;			/* -p: jails at the same time */
	struct jailparam *jp;
	unsigned int njp;
	char **argv;		/* the whole command line */
	char **command;		/* the jail's argv, or NULL */
};

/* Print the layers of the confinement; 1 if one is missing, else 0. */
int print_layers(void);

/*
 * Make the jail that is asked for and run its command, or change it. Both
 * return the exit status.
 */
int start_jail(struct request *rq);
int modify_jail(struct request *rq);

/* Fill in the request from words name=value; the rest after command= is its. */
void parse_params(struct request *rq, int argc, char **argv);

/* Remove a jail by name, jid or pattern; the exit status. */
int remove_one(const struct request *rq, const char *jail, bool must_exist);

/* jail_oci.c: do what an OCI runtime has this hook for; the exit status. */
int oci_hook(struct request *rq);

/*
 * Ask the inits of jails, one after the other, for what rq->life says. Returns
 * the exit status.
 */
int ask_inits(const struct request *rq, int argc, char **argv);

/* Wait for the init that this process has started; its exit status. */
int wait_init(const struct request *rq, int jid);

/* The init of a jail that is to be removed may shut it down first. */
void stop_jail(int jid, const char *name);

/*
 * jail_conf.c: do what is asked for with jails of the configuration file, all
 * of them if none is named; the exit status.
 */
int conf_main(const struct request *rq, int argc, char **argv);

/* Do something with each jail that runs and whose name matches. */
void each_running(const char *pattern, void (*what)(void *, int, const char *),
    void *arg);

/* Tell what was done, as far as that is wanted. */
void say_done(const struct request *rq, int jid, const char *what);
void say_name(const struct request *rq, const char *name, int jid,
    const char *what);

#endif /* !_JAIL_TOOL_H_ */
