/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Requests to the init of a jail, by those functions that ask for them; what
 * they do in the jail is told by tools/jailinit.
 */

#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "jail.h"

#include "common.h"
#include "vnet.h"

#define WAITERS	64	/* as many as jailinit has place for */

static int
start(const char *init)
{
	const int jid = jail_setv(JAIL_CREATE, "name", "a", "path", "/",
	    "init", init, NULL);

	ATF_REQUIRE_MSG(jid > 0, "%s", jail_errmsg);
	return (jid);
}

JAIL_TC(the_state_is_told, "states and statuses")
{
	struct jail_init init = { .ji_starts = 99 };
	int jid;

	vnet_instance(tc);
	jid = start("exec sleep 1000");
	ATF_REQUIRE_EQ_MSG(0, jail_status(jid, &init), "%s", jail_errmsg);
	ATF_CHECK_EQ(JAIL_STARTING, init.ji_state);
	ATF_CHECK_EQ(-1, init.ji_start);
	ATF_CHECK_EQ(1, init.ji_starts);
	ATF_CHECK_EQ(0, jail_reboot(jid));
	ATF_REQUIRE_EQ(0, jail_status(jid, &init));
	ATF_CHECK_EQ(2, init.ji_starts);
	ATF_CHECK_EQ(JAIL_END_DONE, jail_shutdown(jid));
	ATF_CHECK_ERRNO(EINVAL, jail_status(jid + 1, &init) == -1);
}

JAIL_TC(a_command_has_its_status, "exit and signal")
{
	int jid, status;

	vnet_instance(tc);
	jid = start("exec sleep 1000");
	status = jail_run(jid, "exit 42");
	ATF_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42);
	status = jail_run(jid, "kill -KILL $$");
	ATF_CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/*
 * Somebody who waits for the jail's end, until he is killed. (Who looks whether
 * all have begun to takes a place, too.)
 */
static pid_t
start_waiter(int jid)
{
	const pid_t pid = fork();
	int end;

	ATF_REQUIRE(pid != -1);
	if (pid == 0) {
		do
			end = jail_wait(jid);
		while (end == -1 && errno == EAGAIN);
		_exit(end == JAIL_END_DONE ? 0 : 1);
	}
	return (pid);
}

static void
stop_waiter(pid_t pid)
{
	kill(pid, SIGKILL);
	wait_child(pid);
}

/* Is there no place for another one? */
static bool
is_full(void *arg)
{
	const int *jid = arg;
	const int status = jail_run(*jid, ":");

	return (status == -1 && errno == EAGAIN);
}

static bool
has_place(void *arg)
{
	const int *jid = arg;

	return (jail_run(*jid, ":") == 0);
}

JAIL_TC(who_waits_no_more_makes_place, "as many as there may be")
{
	pid_t waiters[WAITERS], last;
	int jid;

	vnet_instance(tc);
	jid = start("exec sleep 1000");
	for (int i = 0; i < WAITERS; i++)
		waiters[i] = start_waiter(jid);
	ATF_REQUIRE_MSG(wait_until(is_full, &jid, 30000), "%s", jail_errmsg);
	ATF_CHECK_ERRNO(EAGAIN, jail_wait(jid) == -1);
	for (int i = 0; i < WAITERS - 1; i++)
		stop_waiter(waiters[i]);
	ATF_CHECK_MSG(wait_until(has_place, &jid, 30000), "%s", jail_errmsg);
	last = waiters[WAITERS - 1];
	ATF_CHECK_EQ(JAIL_END_DONE, jail_shutdown(jid));
	ATF_CHECK_EQ(0, wait_child(last));
}

/* Does the start command, which is process 2, ignore SIGTERM by now? */
static bool
is_deaf(void *arg)
{
	const int *jid = arg;

	return (jail_run(*jid, "grep -q 'SigIgn:.*4...$' /proc/2/status") == 0);
}

/* One that is being shut down takes no other work. */
JAIL_TC(who_is_to_end_begins_nothing, "requests during a shutdown")
{
	const int stop = JAIL_STOPPING;
	struct jail_init init = { .ji_state = -1 };
	int jid;
	pid_t pid;

	vnet_instance(tc);
	jid = start("trap '' TERM; exec sleep 1000");
	ATF_REQUIRE(wait_until(is_deaf, &jid, 10000));
	pid = fork();
	ATF_REQUIRE(pid != -1);
	if (pid == 0)
		_exit(jail_shutdown(jid));
	while (init.ji_state != stop)
		ATF_REQUIRE_EQ(0, jail_status(jid, &init));
	ATF_CHECK_ERRNO(ESHUTDOWN, jail_run(jid, ":") == -1);
	ATF_CHECK_ERRNO(ESHUTDOWN, jail_reboot(jid) == -1);
	ATF_REQUIRE_EQ(0, jail_remove(jid));
	ATF_CHECK(wait_child(pid) != 0);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, the_state_is_told);
	ATF_TP_ADD_TC(tp, a_command_has_its_status);
	ATF_TP_ADD_TC(tp, who_waits_no_more_makes_place);
	ATF_TP_ADD_TC(tp, who_is_to_end_begins_nothing);
	return (atf_no_error());
}
