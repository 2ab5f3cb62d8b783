/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What the files of jailinit(8) share. Nothing here allocates memory or may
 * fail for want of something: pid 1 goes on, whatever happens.
 */

#ifndef _INIT_H_
#define _INIT_H_

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "jail.h"
#include "jailinit.h"

#define NCLIENTS	64

/* What it does. Those from STOPPING on end in a halt or in a new start. */
enum state {
	STARTING,		/* the start command runs */
	RUNNING,
	STOPPING,		/* rc.shutdown runs */
	TERMINATING,		/* SIGTERM was sent to all */
	KILLING			/* and SIGKILL */
};

/* Somebody on the host who waits for something. */
struct client {
	int fd;			/* where to tell him, -1: nobody */
	uint32_t op;		/* enum jailinit_op */
	pid_t pid;		/* JAILINIT_RUN: the command */
};

struct init {
	const char *command;	/* the start command */
	int timeout;		/* stop.timeout, seconds */
	bool persist;		/* goes on when no process is left */
	enum state state;
	bool reboot;		/* from STOPPING on: what for */
	bool killed;		/* some did not heed SIGTERM */
	bool childless;		/* whoever is left is no child */
	int64_t deadline;	/* ms: of STOPPING and what follows */
	pid_t start, stop;	/* the commands that run, 0: none */
	int status;		/* of the start command; -1: none yet */
	uint32_t starts;
	struct client clients[NCLIENTS];
};

/* init.c: from start to end. */
void init_begin(struct init *in);
void init_stop(struct init *in, bool reboot);
void init_reap(struct init *in);
void init_step(struct init *in);
int init_patience(const struct init *in);
bool init_stopping(const struct init *in);

/*
 * spawn.c: run a command line by /bin/sh in a session of its own, with the
 * descriptors as 0, 1 and 2 if they are given. Returns its pid or -1.
 */
pid_t spawn(const char *command, const int fds[3]);

/* request.c: what is asked for on the host, and what is told there. */
void request_init(struct init *in);
void request_take(struct init *in);
void request_ended(struct init *in, pid_t pid, int status);
void request_done(struct init *in, uint32_t op, int result);
void request_fail(struct init *in, uint32_t op, int error);

/* signal.c: what is asked for by signals, mostly from inside. */
int signal_open(void);
void signal_take(struct init *in, int fd);

#endif /* !_INIT_H_ */
