/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Entering a jail: jail_attach(3), jail_fork(3), jailparam_start(3).
 */

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "jail.h"

#include "common.h"
#include "state.h"
#include "vnet.h"

/* The line of /proc/pid/cgroup for the hierarchy whose line begins so. */
static bool
read_cgroup(const char *pid, const char *prefix, char line[256])
{
	bool found = false;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/cgroup", pid);
	f = fopen(path, "r");
	while (f != NULL && !found && fgets(line, 256, f) != NULL)
		found = strstr(line, prefix) != NULL;
	if (f != NULL)
		fclose(f);
	return (found);
}

/* The host's view: is the process in the cgroups of jail 1? */
static bool
in_cgroups(pid_t pid)
{
	char line[256], tail[64], text[16];
	struct state st;

	snprintf(text, sizeof(text), "%d", (int)pid);
	snprintf(tail, sizeof(tail), "/%s/1\n", getenv("JAIL_INSTANCE"));
	ATF_REQUIRE_EQ(0, state_open(&st));
	state_close(&st);
	return (read_cgroup(text, "0::", line) &&
	    strstr(line, tail) != NULL && (st.st_cpu[0] == '\0' ||
	    (read_cgroup(text, "cpu:", line) && strstr(line, tail) != NULL)));
}

static bool
same_file(const char *a, const char *b)
{
	struct stat x, y;

	return (stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_ino == y.st_ino &&
	    x.st_dev == y.st_dev);
}

/* Say who one is and wait to be told to go on, by standard output and input. */
static int
report(void *arg)
{
	char host[64] = "", byte;
	pid_t who[2] = { getpid(), getppid() };

	gethostname(host, sizeof(host) - 1);
	if (write(STDOUT_FILENO, who, sizeof(who)) != sizeof(who) ||
	    write(STDOUT_FILENO, host, sizeof(host)) != sizeof(host) ||
	    read(STDIN_FILENO, &byte, 1) != 1)
		return (1);
	return (same_file("/", arg) ? 7 : 8);
}

/* A child whose standard input and output are the case's. */
struct talk {
	int in, out;		/* our ends */
	pid_t who[2];		/* its pid and its parent's, as it sees them */
	char host[64];
};

static void
talk_begin(struct talk *t, int saved[2])
{
	int in[2], out[2];

	ATF_REQUIRE(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
	saved[0] = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	saved[1] = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	fflush(stdout);
	dup2(in[0], STDIN_FILENO);
	dup2(out[1], STDOUT_FILENO);
	close(in[0]);
	close(out[1]);
	t->in = in[1];
	t->out = out[0];
}

static void
talk_ready(struct talk *t, const int saved[2])
{
	dup2(saved[0], STDIN_FILENO);
	dup2(saved[1], STDOUT_FILENO);
	close(saved[0]);
	close(saved[1]);
	ATF_REQUIRE_EQ(sizeof(t->who), read(t->out, t->who, sizeof(t->who)));
	ATF_REQUIRE_EQ(sizeof(t->host), read(t->out, t->host,
	    sizeof(t->host)));
}

static void
talk_end(struct talk *t)
{
	ATF_REQUIRE_EQ(1, write(t->in, "x", 1));
	close(t->in);
	close(t->out);
}

JAIL_TC(fork_makes_a_child_that_is_inside, "its pid, name, root, cgroups")
{
	int jid, saved[2];
	struct talk t;
	pid_t child, other;

	vnet_instance(tc);
	ATF_REQUIRE(mkdir("root", 0755) == 0);
	jid = make_jail("a", "path", "root", "host.hostname", "inside", NULL);
	talk_begin(&t, saved);
	child = jail_fork(jid);
	ATF_REQUIRE_MSG(child != -1, "%s", jail_errmsg);
	if (child == 0)
		_exit(report("/"));
	talk_ready(&t, saved);
	ATF_CHECK_EQ(2, t.who[0]);
	ATF_CHECK_EQ(0, t.who[1]);
	ATF_CHECK_STREQ("inside", t.host);
	ATF_CHECK(in_cgroups(child));
	/* The caller's other children are where it is. */
	other = fork();
	ATF_REQUIRE(other != -1);
	if (other == 0)
		_exit(getppid() == 0 || getpid() < 10);
	ATF_CHECK_EQ(0, wait_child(other));
	talk_end(&t);
	ATF_CHECK_EQ(7, wait_child(child));
}

/* In a child of the case's, since there is no way back. */
static int
attach_and_fork(int jid)
{
	int status;
	pid_t child;

	if (jail_attach(jid) != 0) {
		fprintf(stderr, "%s\n", jail_errmsg);
		return (1);
	}
	child = fork();
	if (child == 0)
		_exit(report("/"));
	if (child == -1 || waitpid(child, &status, 0) != child)
		return (2);
	return (WIFEXITED(status) ? WEXITSTATUS(status) : 3);
}

JAIL_TC(attach_puts_the_caller_in_and_its_children_wholly, "for good")
{
	int jid, saved[2];
	struct talk t;
	pid_t child;

	vnet_instance(tc);
	ATF_REQUIRE(mkdir("root", 0755) == 0);
	jid = make_jail("a", "path", "root", "host.hostname", "inside", NULL);
	talk_begin(&t, saved);
	child = fork();
	ATF_REQUIRE(child != -1);
	if (child == 0)
		_exit(attach_and_fork(jid));
	talk_ready(&t, saved);
	ATF_CHECK_EQ(2, t.who[0]);
	ATF_CHECK_EQ_MSG(0, t.who[1], "it can see its parent");
	ATF_CHECK_STREQ("inside", t.host);
	ATF_CHECK(in_cgroups(child));
	talk_end(&t);
	ATF_CHECK_EQ(7, wait_child(child));
}

static void *
wait_for_byte(void *arg)
{
	char byte;

	return (read(*(int *)arg, &byte, 1) == 1 ? arg : NULL);
}

JAIL_TC(attach_with_threads_is_busy, "EBUSY, and the caller stays outside")
{
	pthread_t thread;
	int jid, fds[2];
	char *state;

	vnet_instance(tc);
	jid = make_jail("a", NULL);
	state = dump_state();
	ATF_REQUIRE(pipe2(fds, O_CLOEXEC) == 0);
	ATF_REQUIRE_EQ(0, pthread_create(&thread, NULL, wait_for_byte, fds));
	ATF_CHECK_ERRNO(EBUSY, jail_attach(jid) == -1);
	ATF_CHECK_ERRNO(EBUSY, jail_setv(JAIL_CREATE | JAIL_ATTACH, "name",
	    "b", "ip4.addr", "192.0.2.5", NULL) == -1);
	ATF_REQUIRE_EQ(1, write(fds[1], "x", 1));
	ATF_REQUIRE_EQ(0, pthread_join(thread, NULL));
	require_state(state, "busy");
	free(state);
}

JAIL_TC(what_is_not_there_cannot_be_entered, "EINVAL")
{
	vnet_instance(tc);
	ATF_CHECK_ERRNO(EINVAL, jail_attach(1) == -1);
	ATF_CHECK_ERRNO(EINVAL, jail_fork(1) == -1);
	make_jail("a", NULL);
	ATF_CHECK_ERRNO(EINVAL, jail_attach(2) == -1);
	ATF_CHECK_ERRNO(EINVAL, jail_fork(0) == -1);
	ATF_CHECK_ERRNO(EINVAL, jail_fork(-1) == -1);
	ATF_CHECK_STREQ("jail \"-1\" not found", jail_errmsg);
}

/* Its root is gone: nobody enters, and nothing is left of the attempt. */
JAIL_TC(failed_entry_leaves_the_caller_outside, "with its descriptors")
{
	int before, jid;
	char *state;

	vnet_instance(tc);
	ATF_REQUIRE(mkdir("root", 0755) == 0);
	jid = make_jail("a", "path", "root", NULL);
	ATF_REQUIRE(rmdir("root") == 0);
	state = dump_state();
	before = count_descriptors();
	ATF_CHECK_ERRNO(ENOENT, jail_fork(jid) == -1);
	ATF_CHECK_ERRNO(ENOENT, jail_attach(jid) == -1);
	ATF_CHECK_EQ(before, count_descriptors());
	ATF_CHECK(!in_cgroups(getpid()));
	ATF_CHECK_ERRNO(ESRCH, jail_kill(jid, 0) == -1);
	require_state(state, "no root");
	free(state);
}

static int
create_and_attach(void)
{
	if (jail_setv(JAIL_CREATE | JAIL_ATTACH, "name", "a", "ip4.addr",
	    "192.0.2.5", NULL) != 1)
		return (1);
	return (getpid() < 10 ? 2 : 7);
}

JAIL_TC(jail_that_is_made_to_be_entered_ends_with_the_caller, "JAIL_ATTACH")
{
	pid_t pid;

	vnet_instance(tc);
	pid = fork();
	ATF_REQUIRE(pid != -1);
	if (pid == 0)
		_exit(create_and_attach());
	ATF_CHECK_EQ(7, wait_child(pid));
	ATF_CHECK_ERRNO(ENOENT, jail_getid("a") == -1);
	require_consistent("ended");
}

/* Make a jail and a process in it, with that root. */
static pid_t
start_at(const char *path, int *ret_jid)
{
	struct jailparam jp[3];
	pid_t pid;

	ATF_REQUIRE_EQ(0, jailparam_init(&jp[0], "path"));
	ATF_REQUIRE_EQ(0, jailparam_import(&jp[0], path));
	ATF_REQUIRE_EQ(0, jailparam_init(&jp[1], "ip4.addr"));
	ATF_REQUIRE_EQ(0, jailparam_import(&jp[1], "192.0.2.5,192.0.2.6"));
	ATF_REQUIRE_EQ(0, jailparam_init(&jp[2], "name"));
	ATF_REQUIRE_EQ(0, jailparam_import(&jp[2], "a"));
	fflush(NULL);
	pid = jailparam_start(jp, 3, JAIL_CREATE, ret_jid);
	if (pid == 0)
		_exit(7);
	jailparam_free(jp, 3);
	return (pid);
}

JAIL_TC(start_makes_a_jail_and_its_process, "or nothing")
{
	char *state;
	int jid = 0;
	pid_t pid;

	vnet_instance(tc);
	make_jail("other", NULL);
	state = dump_state();
	pid = start_at("/", &jid);
	ATF_REQUIRE_MSG(pid != -1, "%s", jail_errmsg);
	ATF_CHECK_EQ(2, jid);
	ATF_CHECK_EQ(7, wait_child(pid));
	ATF_CHECK_ERRNO(ENOENT, jail_getid("a") == -1);
	require_state(state, "ended");
	ATF_CHECK_EQ(-1, start_at("/dev/null", &jid));
	require_state(state, "not a directory");
	free(state);
}

/* Roots that could show how the host is managed, or nothing at all. */
JAIL_TC(root_is_not_what_the_host_is_managed_by, "E3, E12, E14")
{
	char *state;
	int jid;

	vnet_instance(tc);
	make_jail("other", NULL);
	state = dump_state();
	for (size_t i = 0; i < 6; i++) {
		struct state st;
		const char *paths[6] = { st.st_cgroup, st.st_cpu, st.st_pins,
			"/proc", "/sys", "/proc/sys" };

		ATF_REQUIRE_EQ(0, state_open(&st));
		state_close(&st);
		if (paths[i][0] == '\0')
			continue;
		ATF_CHECK_EQ_MSG(-1, start_at(paths[i], &jid), "%s",
		    paths[i]);
		require_state(state, paths[i]);
	}
	free(state);
}

static pid_t
start_sleeper(int jid)
{
	pid_t pid = jail_fork(jid);

	ATF_REQUIRE_MSG(pid != -1, "%s", jail_errmsg);
	if (pid == 0) {
		pause();
		_exit(0);
	}
	return (pid);
}

/* The pid of the jail's process 1, as the host has it. */
static pid_t
pid_1_of(int jid)
{
	struct prison_info pi;
	struct state st;
	uint32_t key = jid;

	ATF_REQUIRE_EQ(0, state_open(&st));
	ATF_REQUIRE(state_lookup(&st, SM_INFOS, &key, &pi));
	state_close(&st);
	return (pi.pi_initpid);
}

static int
be_pid_2(void *arg)
{
	(void)arg;
	return (getpid() == 2 && getppid() == 0 ? 7 : 1);
}

struct pair {
	pid_t one, other;
};

static bool
share_mounts(void *arg)
{
	const struct pair *p = arg;
	struct stat one, other;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", p->one);
	if (stat(path, &one) != 0)
		return (false);
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", p->other);
	return (stat(path, &other) == 0 && one.st_ino == other.st_ino);
}

JAIL_TC(jail_lives_on_when_its_pid_1_is_killed, "a new one is started")
{
	struct pair p;
	pid_t first, sleeper;
	int jid;

	vnet_instance(tc);
	jid = make_jail("a", NULL);
	sleeper = start_sleeper(jid);
	first = pid_1_of(jid);
	ATF_REQUIRE(first > 1 && first != sleeper && in_cgroups(first));
	p = (struct pair){ .one = first, .other = sleeper };
	ATF_REQUIRE(wait_until(share_mounts, &p, 3000));
	ATF_REQUIRE_EQ(0, kill(first, SIGKILL));
	ATF_CHECK_EQ(128 + SIGKILL, wait_child(sleeper));
	ATF_CHECK_EQ(7, in_jail(jid, be_pid_2, NULL));
	ATF_CHECK(pid_1_of(jid) != first);
	require_consistent("new pid 1");
}

/* The process itself may come too late, but there has to be one. */
JAIL_TC(jail_can_be_forked_into_while_its_pid_1_dies, "at any moment")
{
	pid_t pid;
	int jid;

	vnet_instance(tc);
	jid = make_jail("a", NULL);
	ATF_REQUIRE_EQ(7, in_jail(jid, be_pid_2, NULL));
	for (int i = 0; i < 100; i++) {
		ATF_REQUIRE_EQ(0, kill(pid_1_of(jid), SIGKILL));
		pid = jail_fork(jid);
		ATF_REQUIRE_MSG(pid != -1, "%s", jail_errmsg);
		if (pid == 0)
			_exit(0);
		wait_child(pid);
	}
}

/* Leave a grandchild behind that ends a moment later. */
static int
leave_orphan(void *arg)
{
	pid_t pid = fork();

	(void)arg;
	if (pid == 0) {
		while (getppid() != 1)
			usleep(1000);
		_exit(0);
	}
	return (pid == -1);
}

static bool
is_empty(void *arg)
{
	char *value = get_param(arg, "processes");
	bool empty = strcmp(value, "0") == 0;

	free(value);
	return (empty);
}

JAIL_TC(pid_1_reaps_what_is_orphaned, "no zombie stays")
{
	int jid;

	vnet_instance(tc);
	jid = make_jail("a", NULL);
	for (int i = 0; i < 5; i++)
		ATF_REQUIRE_EQ(0, in_jail(jid, leave_orphan, NULL));
	ATF_CHECK(wait_until(is_empty, "a", 3000));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, fork_makes_a_child_that_is_inside);
	ATF_TP_ADD_TC(tp, attach_puts_the_caller_in_and_its_children_wholly);
	ATF_TP_ADD_TC(tp, attach_with_threads_is_busy);
	ATF_TP_ADD_TC(tp, what_is_not_there_cannot_be_entered);
	ATF_TP_ADD_TC(tp, failed_entry_leaves_the_caller_outside);
	ATF_TP_ADD_TC(tp, jail_that_is_made_to_be_entered_ends_with_the_caller);
	ATF_TP_ADD_TC(tp, start_makes_a_jail_and_its_process);
	ATF_TP_ADD_TC(tp, root_is_not_what_the_host_is_managed_by);
	ATF_TP_ADD_TC(tp, jail_lives_on_when_its_pid_1_is_killed);
	ATF_TP_ADD_TC(tp, jail_can_be_forked_into_while_its_pid_1_dies);
	ATF_TP_ADD_TC(tp, pid_1_reaps_what_is_orphaned);
	return (atf_no_error());
}
