/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What the cases of this folder have in common.
 */

#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "jail.h"

#include "common.h"
#include "state.h"

#define PARAMS_MAX	16

int
wait_child(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) == -1)
		ATF_REQUIRE_MSG(errno == EINTR, "waitpid: %s",
		    strerror(errno));
	return (WIFEXITED(status) ? WEXITSTATUS(status) :
	    128 + WTERMSIG(status));
}

int
run(const char *const argv[])
{
	int null;
	pid_t pid = fork();

	ATF_REQUIRE(pid != -1);
	if (pid == 0) {
		null = open("/dev/null", O_RDWR);
		dup2(null, STDOUT_FILENO);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	return (wait_child(pid));
}

char *
dump_state(void)
{
	struct state st;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	ATF_REQUIRE(f != NULL);
	ATF_REQUIRE_MSG(state_open(&st) == 0, "state: %s", strerror(errno));
	ATF_REQUIRE_EQ(0, state_dump(&st, f));
	state_close(&st);
	fclose(f);
	return (text);
}

/* Compare two sorted lists of lines and print what only one of them has. */
static bool
differ(const char *before, const char *now)
{
	size_t len, nowlen;
	bool found = false;
	int order;

	while (*before != '\0' || *now != '\0') {
		len = strcspn(before, "\n");
		nowlen = strcspn(now, "\n");
		order = *now == '\0' ? -1 : *before == '\0' ? 1 :
		    strncmp(before, now, (len > nowlen ? len : nowlen) + 1);
		if (order < 0)
			fprintf(stderr, "gone: %.*s\n", (int)len, before);
		else if (order > 0)
			fprintf(stderr, "left: %.*s\n", (int)nowlen, now);
		found |= order != 0;
		before += order <= 0 ? len + 1 : 0;
		now += order >= 0 ? nowlen + 1 : 0;
	}
	return (found);
}

void
require_state(const char *state, const char *where)
{
	char *now = dump_state();

	if (differ(state, now))
		atf_tc_fail("%s: the state is another one", where);
	free(now);
	require_consistent(where);
}

void
require_consistent(const char *where)
{
	struct state st;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	int faults;

	ATF_REQUIRE(f != NULL);
	ATF_REQUIRE_MSG(state_open(&st) == 0, "%s: state: %s", where,
	    strerror(errno));
	faults = state_check(&st, f);
	state_close(&st);
	fclose(f);
	ATF_REQUIRE_MSG(faults == 0, "%s: %s", where, text);
	free(text);
}

int
make_jail(const char *name, ...)
{
	struct jailparam jp[PARAMS_MAX];
	const char *param, *value;
	unsigned int n = 2;
	va_list ap;
	int jid;

	ATF_REQUIRE_EQ(0, jailparam_init(&jp[0], "name"));
	ATF_REQUIRE_EQ(0, jailparam_import(&jp[0], name));
	ATF_REQUIRE_EQ(0, jailparam_init(&jp[1], "persist"));
	va_start(ap, name);
	while ((param = va_arg(ap, const char *)) != NULL) {
		ATF_REQUIRE(n < PARAMS_MAX);
		value = va_arg(ap, const char *);
		ATF_REQUIRE_EQ(0, jailparam_init(&jp[n], param));
		ATF_REQUIRE_MSG(jailparam_import(&jp[n], value) == 0, "%s",
		    jail_errmsg);
		n++;
	}
	va_end(ap);
	jid = jailparam_set(jp, n, JAIL_CREATE);
	ATF_REQUIRE_MSG(jid != -1, "%s: %s", name, jail_errmsg);
	jailparam_free(jp, n);
	return (jid);
}

void
remove_jail(const char *name)
{
	int jid = jail_getid(name);

	if (jid != -1)
		ATF_REQUIRE_MSG(jail_remove(jid) == 0, "%s", jail_errmsg);
	else
		ATF_REQUIRE_MSG(errno == ENOENT, "%s", jail_errmsg);
}

char *
get_param(const char *jail, const char *param)
{
	struct jailparam jp[2];
	char *text = NULL;

	ATF_REQUIRE_EQ(0, jailparam_init(&jp[0], "name"));
	ATF_REQUIRE_EQ(0, jailparam_import(&jp[0], jail));
	ATF_REQUIRE_EQ(0, jailparam_init(&jp[1], param));
	if (jailparam_get(jp, 2, 0) != -1) {
		text = jailparam_export(&jp[1]);
		ATF_REQUIRE_MSG(text != NULL, "%s", jail_errmsg);
	} else
		ATF_REQUIRE_MSG(errno == ENOENT, "%s", jail_errmsg);
	jailparam_free(jp, 2);
	return (text);
}

int
count_descriptors(void)
{
	struct dirent *e;
	int n = 0;
	DIR *d = opendir("/proc/self/fd");

	ATF_REQUIRE(d != NULL);
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	closedir(d);
	return (n);
}

int
in_jail(int jid, int (*fn)(void *), void *arg)
{
	pid_t pid;

	fflush(NULL);
	pid = jail_fork(jid);
	ATF_REQUIRE_MSG(pid != -1, "%s", jail_errmsg);
	if (pid == 0)
		_exit(fn(arg));
	return (wait_child(pid));
}
