/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * A command in a jail, and the process outside that started it with
 * jail_fork(3) and waits for it. The command is in a process group of its own:
 * in that of its starter kill(0, sig) would reach processes of the host.
 *
 *	job_begin(&job);
 *	pid = jail_fork(jid);
 *	if (pid == 0) {
 *		job_child(&job);
 *		execvp(...);
 *	}
 *	status = job_wait(&job, pid);
 *	...
 *	job_exit(&job, status);
 */

#ifndef _UTIL_JOB_H_
#define _UTIL_JOB_H_

#include <sys/types.h>

#include <signal.h>
#include <stdbool.h>

struct job {
	pid_t pid;		/* also the number of its process group */
	int tty;		/* controlling terminal, or -1 */
	bool foreground;	/* it has been given the terminal */
	bool interrupted;	/* we have passed a SIGINT on */
	sigset_t signals;	/* what we wait for */
	sigset_t inherited;	/* the signal mask that it gets */
};

/* Before the command is started, so that no signal is missed. */
void job_begin(struct job *job);

/*
 * In the command's process: wait until its starter lets it go on, or is not
 * there any more.
 */
void job_hold(void);
void job_release(pid_t pid);

/* In the command's process, before anything of the jail runs. */
void job_child(const struct job *job);

/*
 * Execute a program of the jail's. Ends with one line and with the status that
 * shells give: 127 if there is none, 126 if it cannot be executed.
 */
_Noreturn void job_exec(char *const argv[]);

/*
 * Wait until the command has ended. Meanwhile signals that ask a process to end
 * are passed on to it, and it stops and goes on together with us. Returns its
 * status as waitpid(2) does.
 */
int job_wait(struct job *job, pid_t pid);

/*
 * End as the command did: with its exit status, or with 128 and the number of
 * the signal that killed it. If that is a SIGINT which we were sent as well, it
 * kills us too, so that a script that runs us sees that it is to end.
 */
_Noreturn void job_exit(const struct job *job, int status);

#endif /* !_UTIL_JOB_H_ */
