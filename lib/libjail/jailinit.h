/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What libjail and jailinit(8) tell each other; not installed.
 *
 * jailinit is executed as pid 1 of a jail, with the descriptors below. One who
 * asks it for something takes a copy of the sending end, which only the host
 * can, and sends a request with one end of a pair of sockets: there it gets one
 * reply at once, and another one when what it asked for has been done.
 */

#ifndef _JAILINIT_H_
#define _JAILINIT_H_

#include <stdint.h>

#define JAILINIT_VERSION	1

enum {
	JAILINIT_HEAR = 3,	/* requests come in here ... */
	JAILINIT_ASK,		/* ... and are sent here */
	JAILINIT_REPORT,	/* a byte: it is at work */
	JAILINIT_NFDS = 3
};

enum jailinit_op {
	JAILINIT_STATUS,	/* one reply is all */
	JAILINIT_SHUTDOWN,
	JAILINIT_REBOOT,
	JAILINIT_RUN,
	JAILINIT_WAIT		/* until the jail ends */
};

#define JAILINIT_CMDLEN		4096	/* with the NUL */

/*
 * A message, no longer than the command, with descriptors: where to reply to
 * and, for JAILINIT_RUN, what is to be 0, 1 and 2.
 */
struct jailinit_request {
	uint32_t version;	/* JAILINIT_VERSION */
	uint32_t op;
	char command[JAILINIT_CMDLEN];
};

struct jailinit_reply {
	int32_t error;		/* errno: nothing was or will be done */
	uint32_t state;		/* enum jail_state */
	int32_t start;		/* the start command's status, -1: none yet */
	uint32_t starts;	/* how often it was begun */
	int32_t result;		/* of what was asked for; the second time */
};

/* The exit status of one that libjail has not started; others: jail.h. */
#define JAILINIT_MISUSED	1

#endif /* !_JAILINIT_H_ */
