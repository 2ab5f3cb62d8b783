/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * jexec(8) at a terminal: a shell with job control runs it, and what a person
 * would type is typed. Words that are waited for have "" within them where they
 * are typed, so that the terminal's echo is not taken for an answer.
 */

#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <atf-c.h>

#include "vnet.h"

#define WAIT_MS	10000	/* for an answer */
#define ETX	"\003"	/* the terminal's interrupt key */
#define EOT	"\004"	/* end of file */
#define SUB	"\032"	/* stop */

/* A command that says that it runs, and runs on. */
#define RUN	"jexec a sh -c 'echo rea\"\"dy; exec sleep 1000'\n"

struct terminal {
	int fd;
	pid_t shell;
	char text[65536];	/* all that was shown */
	size_t len;
	size_t seen;		/* part of it that was waited for */
};

static int
jail_command(const char *command)
{
	int status = system(command);

	return (WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

/* A jail named a, and a terminal with a shell whose prompt is "OUT> ". */
static void
terminal_open(struct terminal *t, const atf_tc_t *tc)
{
	vnet_instance(tc);
	ATF_REQUIRE_EQ(0, jail_command("jail -q -c name=a path=/ persist"));
	memset(t, 0, sizeof(*t));
	t->shell = forkpty(&t->fd, NULL, NULL, NULL);
	ATF_REQUIRE(t->shell != -1);
	if (t->shell == 0) {
		unsetenv("ENV");
		setenv("PS1", "OUT> ", 1);
		execl("/bin/dash", "sh", "-i", NULL);
		_exit(127);
	}
}

/* Add to t->text what is shown until the deadline; false if it was nothing. */
static bool
terminal_read(struct terminal *t, long deadline)
{
	struct pollfd pfd = { .fd = t->fd, .events = POLLIN };
	struct timespec now;
	ssize_t n;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (poll(&pfd, 1, deadline - now.tv_sec * 1000) != 1)
		return (false);
	n = read(t->fd, t->text + t->len, sizeof(t->text) - 1 - t->len);
	if (n <= 0)
		return (false);
	t->len += n;
	t->text[t->len] = '\0';
	return (true);
}

/* Wait until that is shown, after what was waited for before. */
static void
expect(struct terminal *t, const char *text)
{
	struct timespec now;
	const char *found;
	long deadline;

	clock_gettime(CLOCK_MONOTONIC, &now);
	deadline = now.tv_sec * 1000 + WAIT_MS;
	while ((found = strstr(t->text + t->seen, text)) == NULL) {
		if (!terminal_read(t, deadline)) {
			fprintf(stderr, "%s\n", t->text);
			atf_tc_fail("what is waited for is not shown");
		}
	}
	t->seen = found - t->text + strlen(text);
}

static void
type(struct terminal *t, const char *text)
{
	size_t len = strlen(text);

	ATF_REQUIRE_EQ((ssize_t)len, write(t->fd, text, len));
}

/* The shell shows its prompt, and the status of what it has run is that. */
static void
expect_status(struct terminal *t, const char *status)
{
	expect(t, "OUT> ");
	type(t, "echo sta\"\"tus-$?-\n");
	expect(t, "status-");
	expect(t, status);
	expect(t, "-\r\n");
}

static void
terminal_close(struct terminal *t)
{
	close(t->fd);
	kill(t->shell, SIGKILL);
	waitpid(t->shell, NULL, 0);
}

#define TERMINAL_CASE(name)						\
	ATF_TC_WITH_CLEANUP(name);					\
	ATF_TC_HEAD(name, tc)						\
	{								\
		atf_tc_set_md_var(tc, "require.user", "root");		\
	}								\
	static void name(struct terminal *t);				\
	ATF_TC_BODY(name, tc)						\
	{								\
		static struct terminal t;				\
									\
		terminal_open(&t, tc);					\
		expect(&t, "OUT> ");					\
		name(&t);						\
		terminal_close(&t);					\
	}								\
	ATF_TC_CLEANUP(name, tc)					\
	{								\
		vnet_cleanup(tc);					\
	}								\
	static void							\
	name(struct terminal *t)

TERMINAL_CASE(interrupt_key_ends_the_command)
{
	type(t, RUN);
	expect(t, "ready");
	type(t, ETX);
	expect_status(t, "130");
}

TERMINAL_CASE(interrupt_key_ends_the_script_that_runs_jexec)
{
	/* bash goes on unless what it ran was killed by the signal. */
	type(t, "bash -c \"jexec a sh -c 'echo rea\"\"dy; exec sleep 1000'; "
	    "echo went\"\"on\"\n");
	expect(t, "ready");
	type(t, ETX);
	expect_status(t, "130");
	ATF_CHECK(strstr(t->text, "wenton") == NULL);
}

TERMINAL_CASE(command_may_catch_the_interrupt_key)
{
	type(t, "jexec a sh -c 'trap \"exit 5\" INT; echo rea\"\"dy; "
	    "while :; do sleep 0.1; done'\n");
	expect(t, "ready");
	type(t, ETX);
	expect_status(t, "5");
}

TERMINAL_CASE(stop_key_stops_and_fg_goes_on)
{
	type(t, "jexec a sh -c 'echo rea\"\"dy; exec sleep 1'\n");
	expect(t, "ready");
	type(t, SUB);
	expect(t, "OUT> ");
	type(t, "jobs; sleep 1.5; jobs\n");
	expect(t, "Stopped");
	expect(t, "Stopped");
	expect(t, "OUT> ");
	type(t, "fg\n");
	expect_status(t, "0");
}

TERMINAL_CASE(bg_goes_on_in_the_background)
{
	type(t, "jexec a sh -c 'echo rea\"\"dy; exec sleep 1'\n");
	expect(t, "ready");
	type(t, SUB);
	expect(t, "OUT> ");
	type(t, "bg; wait; jobs; echo wai\"\"ted\n");
	expect(t, "waited");
	expect(t, "OUT> ");
	ATF_CHECK(strstr(t->text, "Done") != NULL);
}

TERMINAL_CASE(command_can_read_the_terminal)
{
	type(t, "jexec a sh -c 'read x; echo got-$x; exit 6'\n");
	type(t, "hello\n");
	expect(t, "got-hello");
	expect_status(t, "6");
}

TERMINAL_CASE(command_in_a_pipeline_can_read_the_terminal)
{
	type(t, "jexec a sh -c 'read x; echo got-$x' | cat\n");
	type(t, "hello\n");
	expect(t, "got-hello");
	expect_status(t, "0");
}

TERMINAL_CASE(command_that_read_is_stopped_and_reads_again)
{
	type(t, "jexec a cat\n");
	type(t, "one\n");
	expect(t, "one\r\none\r\n");
	type(t, SUB);
	expect(t, "OUT> ");
	type(t, "echo out\"\"side; fg\n");
	expect(t, "outside");
	expect(t, "jexec a cat\r\n");
	type(t, "two\n");
	expect(t, "two\r\ntwo\r\n");
	type(t, EOT);
	expect_status(t, "0");
}

TERMINAL_CASE(background_command_is_stopped_when_it_reads)
{
	type(t, "jexec a cat & wait; echo wai\"\"ted\n");
	expect(t, "Stopped");
	expect(t, "OUT> ");
	type(t, "fg\n");
	expect(t, "jexec a cat\r\n");
	type(t, "one\n");
	expect(t, "one\r\none\r\n");
	type(t, EOT);
	expect_status(t, "0");
}

TERMINAL_CASE(terminal_comes_back_to_the_script)
{
	type(t, "sh -c 'jexec a sh -c \"read x; echo x-\\$x\"; read y; "
	    "echo y-$y'\n");
	type(t, "1\n");
	expect(t, "x-1");
	type(t, "2\n");
	expect(t, "y-2");
	expect_status(t, "0");
}

TERMINAL_CASE(shell_in_the_jail_has_job_control)
{
	type(t, "jexec -e PS1=I\"\"N'> ' a dash -i\n");
	expect(t, "IN> ");
	type(t, "cat\n");
	type(t, "one\n");
	expect(t, "one\r\none\r\n");
	type(t, SUB);
	expect(t, "IN> ");
	type(t, "fg\n");
	expect(t, "cat\r\n");
	type(t, "two\n");
	expect(t, "two\r\ntwo\r\n");
	type(t, ETX);
	expect(t, "IN> ");
	type(t, "exit 9\n");
	expect_status(t, "9");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, interrupt_key_ends_the_command);
	ATF_TP_ADD_TC(tp, interrupt_key_ends_the_script_that_runs_jexec);
	ATF_TP_ADD_TC(tp, command_may_catch_the_interrupt_key);
	ATF_TP_ADD_TC(tp, stop_key_stops_and_fg_goes_on);
	ATF_TP_ADD_TC(tp, bg_goes_on_in_the_background);
	ATF_TP_ADD_TC(tp, command_can_read_the_terminal);
	ATF_TP_ADD_TC(tp, command_in_a_pipeline_can_read_the_terminal);
	ATF_TP_ADD_TC(tp, command_that_read_is_stopped_and_reads_again);
	ATF_TP_ADD_TC(tp, background_command_is_stopped_when_it_reads);
	ATF_TP_ADD_TC(tp, terminal_comes_back_to_the_script);
	ATF_TP_ADD_TC(tp, shell_in_the_jail_has_job_control);
	return (atf_no_error());
}
