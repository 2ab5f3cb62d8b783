/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Clocks, and times from options.
 */

#include <ctype.h>
#include <err.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "probe.h"

static int64_t
read_clock(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts) == -1)
		err(PROBE_ERROR, "clock_gettime");
	return (ts.tv_sec * PROBE_NSEC + ts.tv_nsec);
}

int64_t
probe_now(void)
{
	return (read_clock(CLOCK_MONOTONIC));
}

int64_t
probe_realtime(void)
{
	return (read_clock(CLOCK_REALTIME));
}

int64_t
probe_seconds(const char *what, const char *text)
{
	const char *why = NULL;
	double t;
	char *end;

	t = strtod(text, &end) * PROBE_NSEC;
	if ((!isdigit((unsigned char)text[0]) && text[0] != '.') ||
	    *end != '\0' || isnan(t))
		why = "invalid";
	else if (t < PROBE_MINTIME)
		why = "too small";
	else if (t > PROBE_MAXTIME)
		why = "too large";
	if (why != NULL)
		errx(PROBE_ERROR, "%s is %s: %s", what, why, text);
	return ((int64_t)t);
}
