/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Trying attacks outside and inside.
 */

#include <sys/mount.h>
#include <sys/stat.h>

#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "jail.h"

#include "attack.h"
#include "common.h"

const char *const attack_jails[2] = { "host-root", "own-root" };

int
attack_set_hostname(void)
{
	char name[65] = "";

	gethostname(name, sizeof(name) - 1);
	return (error_of(sethostname(name, strlen(name))));
}

/* A root of a jail's own needs nothing but the places that are mounted upon. */
static void
make_root(void)
{
	static const char *const dirs[] = { "root", "root/proc", "root/sys",
		"root/dev", "root/tmp", "root/run" };

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		ATF_REQUIRE_MSG(mkdir(dirs[i], 0755) == 0 || errno == EEXIST,
		    "%s: %s", dirs[i], strerror(errno));
}

int
attack_jail(const char *name)
{
	int jid = jail_getid(name);

	if (jid != -1)
		return (jid);
	make_root();
	return (make_jail(name, "path", strcmp(name, "own-root") == 0 ?
	    "root" : "/", "ip4", "inherit", "ip6", "inherit",
	    "allow.raw_sockets", "true", NULL));
}

/* What it changes, it changes in mounts of its own. */
int
attack_outside(const struct attack *at)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	ATF_REQUIRE(pid != -1);
	if (pid == 0) {
		if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL,
		    MS_REC | MS_PRIVATE, NULL) != 0)
			_exit(254);
		_exit(at->at_try());
	}
	return (wait_child(pid));
}

static int
call(void *arg)
{
	const struct attack *at = arg;

	return (at->at_try());
}

/* What root cannot do there, nobody can. */
static int
call_as_user(void *arg)
{
	if (setgroups(0, NULL) != 0 || setgid(ATTACK_USER) != 0 ||
	    setuid(ATTACK_USER) != 0)
		return (0);
	return (call(arg));
}

static void
check(const struct attack *at, const char *where, int expected, int got)
{
	if (expected == UNKNOWN || (expected == EITHER && got != 0) ||
	    expected == got)
		return;
	if (got == 0)
		atf_tc_fail_nonfatal("%s, %s: it works", at->at_name, where);
	else
		atf_tc_fail_nonfatal("%s, %s: %d (%s), not %d (%s)",
		    at->at_name, where, got, strerror(got), expected,
		    expected >= 0 ? strerror(expected) : "an error");
}

void
attack_one(const struct attack *at, int where)
{
	int jid;

	if (where == -1) {
		check(at, "outside", at->at_outside, attack_outside(at));
		return;
	}
	jid = attack_jail(attack_jails[where]);
	check(at, attack_jails[where], at->at_inside, in_jail(jid, call,
	    (void *)at));
	if (at->at_inside != 0)
		check(at, "as a user in a jail", EITHER, in_jail(jid,
		    call_as_user, (void *)at));
}

void
attack_all(const struct attack *attacks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (int where = -1; where < 2; where++)
			attack_one(&attacks[i], where);
	}
}
