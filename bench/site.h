/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Places to measure at: network namespaces of the program's own, each with an
 * instance of netjail of its own. Nothing of them is left, whatever happens.
 */

#ifndef _SITE_H_
#define _SITE_H_

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

/* A namespace's addresses, of a family: the host's and those of three jails. */
enum {
	ADDR_HOST, ADDR_JAIL, ADDR_SECOND, ADDR_THIRD, ADDR_MAX
};

struct family {
	int af;
	const char *name, *param;
	const char *addr[ADDR_MAX];
	const char *nth;		/* for printf, of two bytes */
	const char *vnet[2];		/* the ends of site_vnet() */
};

extern const struct family ipv4, ipv6;

struct site {
	const char *instance;
	int netns;
};

/*
 * Have work done by a child that is killed after so many seconds, and then, as
 * also if there was something before, remove the instances. Returns the exit
 * status.
 */
int site_guard(void (*work)(void *), void *arg, unsigned int seconds,
    const char *const instances[]);

/*
 * Run on one processor, with all that is started: how soon another one wakes up
 * would be most of what is measured.
 */
void site_one_processor(void);

/* Remove the instances; false: one cannot be, and why has been said. */
bool site_unload(const char *const instances[]);

/* Make a namespace, and enter it and its instance. */
struct site site_make(const char *instance);
void site_enter(const struct site *site);

/*
 * Join a site to a namespace without netjail by a vnet pair, and enter that:
 * from there the site's addresses are another machine's. For a site that has
 * no jails yet.
 */
struct site site_vnet(const struct site *site);

/* Jails are made in the site that was entered; an error ends the program. */
int site_jail(const char *name, const struct family *f, const char *addrs);
/* One with n addresses: first, others, last. */
int site_jail_of(const char *name, const struct family *f, const char *first,
    size_t n, const char *last);
/* So many with an address each. */
void site_jails(const struct family *f, size_t n);

/* fork(2), for a pair that is in no jail. */
pid_t site_fork(int arg);

#endif /* !_SITE_H_ */
