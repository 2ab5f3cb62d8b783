/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Names of signals. The C library has those of the classic ones; a real-time
 * signal goes by its distance from SIGRTMIN or SIGRTMAX.
 */

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "util.h"

#include "signame.h"

#define COLUMNS	72	/* of print_signals() */

/* RTMIN, RTMIN+n, RTMAX, RTMAX-n. */
static int
realtime_number(const char *name)
{
	bool from_max = strncasecmp(name, "RTMAX", 5) == 0;
	char sign = from_max ? '-' : '+';
	int range = SIGRTMAX - SIGRTMIN;
	long long n = 0;
	const char *why;

	if (!from_max && strncasecmp(name, "RTMIN", 5) != 0)
		return (-1);
	name += 5;
	if (*name != '\0' && (*name != sign ||
	    !parse_number(name + 1, 0, range, &n, &why)))
		return (-1);
	return (from_max ? SIGRTMAX - n : SIGRTMIN + n);
}

int
signal_number(const char *name)
{
	const char *abbrev, *why;
	long long number;

	if (parse_number(name, 0, NSIG - 1, &number, &why))
		return (number);
	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	for (int sig = 1; sig < NSIG; sig++) {
		abbrev = sigabbrev_np(sig);
		if (abbrev != NULL && strcasecmp(abbrev, name) == 0)
			return (sig);
	}
	return (realtime_number(name));
}

static void
print_name(const char *name, int *column)
{
	int len = strlen(name);

	if (*column > 0 && *column + 1 + len > COLUMNS) {
		putchar('\n');
		*column = 0;
	}
	*column += printf("%s%s", *column > 0 ? " " : "", name);
}

void
print_signals(void)
{
	int column = 0;

	for (int sig = 1; sig < NSIG; sig++) {
		if (sigabbrev_np(sig) != NULL)
			print_name(sigabbrev_np(sig), &column);
	}
	print_name("RTMIN", &column);
	print_name("RTMAX", &column);
	putchar('\n');
}
