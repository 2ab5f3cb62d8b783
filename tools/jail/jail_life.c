/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Jails that have an init: ask it to do something, or how it is.
 */

#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jail_tool.h"

/* (An init of the jail's own has exit statuses of its own.) */
static const char *
end_text(int end)
{
	switch (end) {
	case JAIL_END_START:
		return ("ended: the start command failed");
	case JAIL_END_KILLED:
		return ("ended: processes had to be killed");
	default:
		return ("ended");
	}
}

static void
say(const struct request *rq, const char *jail, const char *what)
{
	if (!rq->quiet)
		printf("%s: %s\n", jail, what);
}

static int
reboot_jail(const struct request *rq, int jid, const char *jail)
{
	if (jail_reboot(jid) != 0)
		return (-1);
	say(rq, jail, "rebooted");
	return (0);
}

/* The start command's status, in words. */
static void
print_start(int status)
{
	if (status == -1)
		printf("start command runs");
	else if (WIFSIGNALED(status))
		printf("start command killed by signal %d", WTERMSIG(status));
	else
		printf("start command exited with %d", WEXITSTATUS(status));
}

static int
print_status(const char *jail, int jid)
{
	static const char *const states[] = { [JAIL_STARTING] = "starting",
		[JAIL_RUNNING] = "running", [JAIL_STOPPING] = "stopping" };
	struct jail_init init;

	if (jail_status(jid, &init) != 0)
		return (-1);
	printf("%s: %s, ", jail, states[init.ji_state]);
	print_start(init.ji_start);
	printf(", started %u time%s\n", init.ji_starts,
	    init.ji_starts == 1 ? "" : "s");
	return (0);
}

/* Returns the exit status, or -1 with jail_errmsg set. */
static int
ask_init(const struct request *rq, const char *jail)
{
	int end, jid = jail_getid(jail);

	if (jid == -1)
		return (-1);
	switch (rq->life) {
	case OPT_REBOOT:
		return (reboot_jail(rq, jid, jail));
	case OPT_STATUS:
		return (print_status(jail, jid));
	case OPT_WAIT:
		end = jail_wait(jid);
		break;
	default:
		end = jail_shutdown(jid);
		break;
	}
	if (end != -1)
		say(rq, jail, end_text(end));
	return (end);
}

/* The words of a command line, with spaces in between. */
static char *
join(char **words)
{
	size_t len = 1;
	char *line, *end;

	for (char **w = words; *w != NULL; w++)
		len += strlen(*w) + 1;
	line = end = malloc(len);
	if (line == NULL)
		errx(1, "out of memory");
	*line = '\0';
	for (char **w = words; *w != NULL; w++)
		end += sprintf(end, "%s%s", w == words ? "" : " ", *w);
	return (line);
}

/* As a shell's: 128 and the number of the signal. */
static int
run_command(char **argv)
{
	char *line = join(argv + 1);
	int jid = jail_getid(argv[0]);
	int status = jid == -1 ? -1 : jail_run(jid, line);

	if (status == -1)
		errx(1, "%s", jail_errmsg);
	free(line);
	return (WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
	    WEXITSTATUS(status));
}

int
ask_inits(const struct request *rq, int argc, char **argv)
{
	int one, status = 0;

	if (rq->life == OPT_RUN)
		return (run_command(argv));
	for (int i = 0; i < argc; i++) {
		one = ask_init(rq, argv[i]);
		if (one == -1)
			warnx("%s", jail_errmsg);
		if (one == -1)
			status = 1;
		else if (status == 0)
			status = one;
	}
	return (status);
}

/*
 * It is our only child. Who looks for the jail then removes it, if it does not
 * persist.
 */
int
wait_init(const struct request *rq, int jid)
{
	char text[16];
	int status;

	while (waitpid(-1, &status, 0) == -1) {
		if (errno != EINTR)
			err(1, "its init cannot be waited for");
	}
	snprintf(text, sizeof(text), "%d", jid);
	if (jail_getid(text) == -1 && errno != ENOENT)
		errx(1, "%s", jail_errmsg);
	if (!WIFEXITED(status))
		errx(1, "jail %d: its init died", jid);
	if (!rq->only_jid)
		say_done(rq, jid, end_text(WEXITSTATUS(status)));
	return (WEXITSTATUS(status));
}

/*
 * Whatever becomes of that, the jail is removed. What to say is that it was not
 * shut down, but not of a jail that cannot be.
 */
void
stop_jail(int jid, const char *name)
{
	int end = jail_shutdown(jid);

	if (end == -1 && errno != ENXIO && errno != ESRCH && errno != EINVAL)
		warnx("%s", jail_errmsg);
	if (end == JAIL_END_KILLED)
		warnx("jail \"%s\": processes had to be killed", name);
}
