/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The user as whom a command is run in a jail. Functions end the process when
 * they fail.
 */

#ifndef _UTIL_USER_H_
#define _UTIL_USER_H_

#include <sys/types.h>

struct user {
	char *name;
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	int ngroups;
	char *home;
	char *shell;
};

/* By the host's name service. */
void user_from_host(struct user *u, const char *name);

/* In the jail, by its /etc/passwd and /etc/group. */
void user_from_jail(struct user *u, const char *name);

/* In the jail: uid 0, without groups. */
void user_root(struct user *u);

/* Be that user from now on. */
void user_become(const struct user *u);

#endif /* !_UTIL_USER_H_ */
