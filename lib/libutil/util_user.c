/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Users, by the host's name service or by the jail's own files. In a jail no
 * name service is asked: its configuration and its modules are the jail's.
 */

#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util_user.h"

static char *
copy(const char *text)
{
	char *new = strdup(text);

	if (new == NULL)
		err(1, "%s", text);
	return (new);
}

static void
set_user(struct user *u, const struct passwd *pw)
{
	u->name = copy(pw->pw_name);
	u->uid = pw->pw_uid;
	u->gid = pw->pw_gid;
	u->home = copy(pw->pw_dir);
	u->shell = copy(pw->pw_shell[0] != '\0' ? pw->pw_shell : "/bin/sh");
}

static void
grow_groups(struct user *u, int n)
{
	gid_t *groups;

	groups = reallocarray(u->groups, n, sizeof(*groups));
	if (groups == NULL)
		err(1, "groups of %s", u->name);
	u->groups = groups;
}

void
user_from_host(struct user *u, const char *name)
{
	const struct passwd *pw;
	int n = 32;

	errno = 0;
	pw = getpwnam(name);
	if (pw == NULL && errno != 0)
		err(1, "user %s", name);
	if (pw == NULL)
		errx(1, "user %s: no such user on the host", name);
	set_user(u, pw);
	do {
		grow_groups(u, n);
		u->ngroups = n;
		n *= 2;
	} while (getgrouplist(u->name, u->gid, u->groups, &u->ngroups) == -1 &&
	    n <= 2 * NGROUPS_MAX);
}

/* What is not a plain file might never let go of its reader. */
static FILE *
open_file(const char *path)
{
	struct stat st;
	int fd;

	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1)
		return (NULL);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		errno = EINVAL;
		return (NULL);
	}
	return (fdopen(fd, "r"));
}

static bool
is_member(const struct group *gr, const char *name)
{
	for (char **member = gr->gr_mem; *member != NULL; member++) {
		if (strcmp(*member, name) == 0)
			return (true);
	}
	return (false);
}

static void
read_groups(struct user *u)
{
	const struct group *gr;
	FILE *f;

	grow_groups(u, NGROUPS_MAX);
	u->groups[0] = u->gid;
	u->ngroups = 1;
	f = open_file("/etc/group");
	if (f == NULL)
		return;
	while (u->ngroups < NGROUPS_MAX && (gr = fgetgrent(f)) != NULL) {
		if (gr->gr_gid != u->gid && is_member(gr, u->name))
			u->groups[u->ngroups++] = gr->gr_gid;
	}
	fclose(f);
}

/* By name or, if that is NULL, by uid. */
static bool
read_passwd(struct user *u, const char *name, uid_t uid)
{
	struct passwd *pw;
	bool found = false;
	FILE *f;

	f = open_file("/etc/passwd");
	if (f == NULL)
		return (false);
	while (!found && (pw = fgetpwent(f)) != NULL) {
		found = name != NULL ? strcmp(pw->pw_name, name) == 0 :
		    pw->pw_uid == uid;
		if (found)
			set_user(u, pw);
	}
	fclose(f);
	return (found);
}

void
user_from_jail(struct user *u, const char *name)
{
	if (!read_passwd(u, name, 0))
		errx(1, "user %s: not in the jail's /etc/passwd", name);
	read_groups(u);
}

/* A jail may do without a user data base. */
void
user_root(struct user *u)
{
	struct passwd root = { .pw_name = "root", .pw_dir = "/",
		.pw_shell = "" };

	if (!read_passwd(u, NULL, 0))
		set_user(u, &root);
}

void
user_become(const struct user *u)
{
	if (setgroups(u->ngroups, u->groups) != 0 || setgid(u->gid) != 0 ||
	    setuid(u->uid) != 0)
		err(1, "user %s", u->name);
}
