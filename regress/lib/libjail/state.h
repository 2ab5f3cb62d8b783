/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What an instance of netjail has in the kernel: its pins, the contents of its
 * maps, its cgroups. It is read by <sys/jail.h> alone, not through libjail, so
 * that a test need not believe the library about itself.
 */

#ifndef _STATE_H_
#define _STATE_H_

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum state_map {
	SM_PRISONS, SM_INFOS, SM_NAMES, SM_IP4S, SM_IP6S, SM_IP4_OWNERS,
	SM_IP6_OWNERS, SM_IP4_NETS, SM_IP6_NETS, SM_ALIASES, SM_PORTS,
	SM_REFUSALS, SM_MARKS, SM_GLOBALS, SM_MAX
};

struct state {
	char st_pins[PATH_MAX];		/* <bpffs>/<instance> */
	char st_cgroup[PATH_MAX];	/* <cgroup2>/<instance> */
	char st_cpu[PATH_MAX];		/* the same on the v1 cpu hierarchy */
	bool st_loaded;			/* there are pins, */
	int st_map[SM_MAX];		/* and these are open */
};

/* Open the instance of JAIL_INSTANCE; -1 and errno if that cannot be done. */
int state_open(struct state *st);
void state_close(struct state *st);

/*
 * Print all of it in sorted lines, but for the counters that only grow. Two
 * equal texts mean that nothing was left behind in between.
 */
int state_dump(struct state *st, FILE *out);

/*
 * Does everything belong together: is each record, name, address and cgroup
 * that of a jail, and has each jail all of its own? Prints a line for each
 * thing that is not so and returns their number.
 */
int state_check(struct state *st, FILE *out);

/* The same of this alone: a jail has nothing that its parent has not. */
int state_outside(struct state *st, FILE *out);

/* The entries of a map. */
size_t state_count(const struct state *st, enum state_map map);

/* Call a function for each entry until it fails; 0 if it never did. */
typedef int state_entry(void *arg, const void *key, const void *value);
int state_walk(const struct state *st, enum state_map map, state_entry *fn,
    void *arg);

/* The value of a key; false if it has none. */
bool state_lookup(const struct state *st, enum state_map map, const void *key,
    void *value);

#endif /* !_STATE_H_ */
