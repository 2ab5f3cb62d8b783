/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What the cases of this folder have in common. A function that fails fails the
 * case.
 */

#ifndef _COMMON_H_
#define _COMMON_H_

#include <sys/types.h>

/* A case that runs as root in an instance of its own. */
#define JAIL_TC(name, what)						\
ATF_TC_WITH_CLEANUP(name);						\
ATF_TC_HEAD(name, tc)							\
{									\
	atf_tc_set_md_var(tc, "descr", "%s", what);			\
	atf_tc_set_md_var(tc, "require.user", "root");			\
}									\
ATF_TC_CLEANUP(name, tc)						\
{									\
	vnet_cleanup(tc);						\
}									\
ATF_TC_BODY(name, tc)

/* Run a program without its output, to its end; the exit status. */
int run(const char *const argv[]);

/* The state of the instance, see state.h; to be freed. */
char *dump_state(void);

/* Is the state still this one, and does all of it belong together? */
void require_state(const char *state, const char *where);
void require_consistent(const char *where);

/* Make a jail, from name, value, ... NULL; its jid. It persists. */
int make_jail(const char *name, ...);

/* Remove it if it is there. */
void remove_jail(const char *name);

/* A parameter's value as text, to be freed; NULL if there is no such jail. */
char *get_param(const char *jail, const char *param);

/* How many descriptors this process has. */
int count_descriptors(void);

/* Wait for a child; its exit status, or 128 and the signal that ended it. */
int wait_child(pid_t pid);

/* Call a function in a jail's new process; what wait_child() says of it. */
int in_jail(int jid, int (*fn)(void *), void *arg);

#endif /* !_COMMON_H_ */
