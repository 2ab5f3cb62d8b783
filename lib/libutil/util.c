/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What every tool does the same way.
 */

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util.h"

static int stdout_error;

static void
close_stdout(void)
{
	bool failed = ferror(stdout) != 0;

	errno = 0;
	if (fflush(stdout) != 0 || failed) {
		warnx("standard output: %s", errno != 0 ? strerror(errno) :
		    "cannot be written to");
		_exit(stdout_error);
	}
	if (fclose(stdout) != 0) {
		warn("standard output");
		_exit(stdout_error);
	}
}

/*
 * What takes the place of a closed descriptor refuses the use that is made of
 * it, so that nobody believes to have written.
 */
static void
open_standard(int fd, int error)
{
	if (fcntl(fd, F_GETFD) != -1)
		return;
	if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
		err(error, "/dev/null");
}

void
tool_begin(int error)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		open_standard(fd, error);
	stdout_error = error;
	atexit(close_stdout);
}

_Noreturn void
print_usage(const char *usage)
{
	printf("usage: %s\n", usage);
	exit(0);
}

_Noreturn void
usage_error(const char *usage, int error)
{
	fprintf(stderr, "usage: %s\n", usage);
	exit(error);
}

_Noreturn void
common_option(int c, const char *usage, int error)
{
	switch (c) {
	case OPT_HELP:
		print_usage(usage);
	case OPT_VERSION:
		printf("%s (netjail) %s\n", program_invocation_short_name,
		    JAIL_RELEASE);
		exit(0);
	default:
		usage_error(usage, error);
	}
}

bool
parse_number(const char *text, long long min, long long max,
    long long *ret_value, const char **ret_why)
{
	long long value;
	char *end;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (end == text || *end != '\0' || strchr(" \t\n\v\f\r+", text[0]))
		*ret_why = "invalid";
	else if (value < min || (errno == ERANGE && value < 0))
		*ret_why = "too small";
	else if (value > max || errno == ERANGE)
		*ret_why = "too large";
	else {
		*ret_value = value;
		return (true);
	}
	return (false);
}

long long
number_arg(const char *what, const char *text, long long min, long long max,
    int error)
{
	long long value;
	const char *why;

	if (!parse_number(text, min, max, &value, &why))
		errx(error, "%s is %s: %s", what, why, text);
	return (value);
}
