/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Ending a program at a system call of one's choice, by ptrace(2).
 */

#ifndef _TRACED_H_
#define _TRACED_H_

#include <stdbool.h>

/* Which system calls are counted. */
enum traced_calls {
	CALLS_ALL,
	CALLS_CHANGING		/* only such as change something outside */
};

struct traced {
	int tr_sig;		/* the signal that ends it */
	enum traced_calls tr_calls;
	bool tr_serves;		/* it would wait for ever: that ends it too */
	bool tr_more;		/* out: there are calls behind the nth */
	int tr_status;		/* out: as waitpid(2) has it */
};

/*
 * Run a program and send it the signal as it begins its nth call, which
 * SIGKILL keeps from being made. What the program forks is left alone.
 */
void traced_run(struct traced *tr, char *const argv[], int n);

/*
 * By how much to go on from one moment to the next: 1, or TRACED_STEP in stages
 * that look for something else than for moments.
 */
int traced_step(void);

#endif /* !_TRACED_H_ */
