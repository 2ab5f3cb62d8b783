/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Processes in a jail that call functions for a test case. Whatever cannot be
 * done fails the case.
 */

#ifndef _JAILED_H_
#define _JAILED_H_

#include <sys/types.h>

#include <stddef.h>
#include <stdint.h>

#define JAILED_ARGMAX	4096

struct jailed {
	int jd_jid;
	pid_t jd_pid;
	int jd_fd;		/* the other end of its standard input */
};

/*
 * A function to be called in a jail; it may change what arg points to. It
 * returns a descriptor to be passed out, or -1 for none.
 */
typedef int jailed_fn(void *arg);

/* Start a process that is in the jail wholly. */
struct jailed jailed_start(int jid);

/*
 * Start one that is in the jail's cgroup and in nothing else: what it cannot do
 * is refused by the kernel half alone.
 */
struct jailed jailed_start_bare(int jid);

/* Start one in a cgroup that the jail has adopted, or below it. */
struct jailed jailed_start_cgroup(int jid, const char *cgroup);

/*
 * Call fn(arg) there; arg is copied in and out. Returns what fn passed out, of
 * which the process has no copy left.
 */
int jailed_call(const struct jailed *jd, jailed_fn *fn, void *arg,
    size_t size);

/* socket(2) there: the socket, passed out, or -1 with errno set. */
int jailed_socket(const struct jailed *jd, int af, int type, int proto);

/* End the process and wait for that. */
void jailed_stop(struct jailed *jd);

/* The directory of a jail's cgroup. */
void jailed_cgroup(int jid, char *path, size_t size);

/* How often the kernel half refused something, as in struct jail_refusal. */
uint64_t jailed_refusals(int jid, int reason, int dir, int family);

#endif /* !_JAILED_H_ */
