/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What long work says while it goes on, and when it fails.
 */

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "progress.h"

#define INTERVAL_MS	100
#define CLEAR		"\r\033[K"

static volatile sig_atomic_t asked;
static int obeyed;

/* The terminal has one last line, whoever writes to it. */
static struct {
	bool used;
	bool dirty;
} line;

static void
on_signal(int sig)
{
	asked = sig;
}

void
progress_init(bool quiet)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGTERM };
	struct sigaction sa = { .sa_handler = on_signal }, old;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		/* nohup(1) and shells without job control want it so. */
		if (sigaction(signals[i], NULL, &old) == 0 &&
		    old.sa_handler != SIG_IGN)
			sigaction(signals[i], &sa, NULL);
	}
	line.used = !quiet && isatty(STDERR_FILENO);
}

int
interrupted(void)
{
	return (asked);
}

void
progress_forget(void)
{
	if (asked != 0)
		obeyed = asked;
	asked = 0;
}

int
progress_obeyed(void)
{
	return (asked != 0 ? asked : obeyed);
}

void
progress_begin(struct progress *p, const char *what)
{
	*p = (struct progress){ .what = what };
}

static bool
is_due(struct progress *p)
{
	struct timespec now;
	long ms;

	if (!line.used)
		return (false);
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	ms = (now.tv_sec - p->shown.tv_sec) * 1000 +
	    (now.tv_nsec - p->shown.tv_nsec) / 1000000;
	if (ms < INTERVAL_MS)
		return (false);
	p->shown = now;
	return (true);
}

static void
show(const struct progress *p)
{
	char bytes[16];

	fprintf(stderr, "\r%s %ju entries", p->what, p->entries);
	if (p->bytes > 0)
		fprintf(stderr, ", %s", bytes_text(p->bytes, bytes));
	fputs("\033[K", stderr);
	line.dirty = true;
}

int
progress_step(struct progress *p, uintmax_t entries, uintmax_t bytes)
{
	p->entries += entries;
	p->bytes += bytes;
	if (is_due(p))
		show(p);
	return (asked != 0 ? -1 : 0);
}

static void
clear_line(void)
{
	if (line.dirty)
		fputs(CLEAR, stderr);
	line.dirty = false;
}

void
progress_end(void)
{
	clear_line();
}

const char *
bytes_text(uintmax_t bytes, char text[16])
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	double n = bytes;
	size_t unit = 0;

	while (n >= 999.95 && unit < 4) {
		n /= 1000;
		unit++;
	}
	snprintf(text, 16, unit == 0 ? "%.0f %s" : "%.1f %s", n, units[unit]);
	return (text);
}

const char *
name_text(const char *name, char text[256])
{
	size_t i;

	for (i = 0; name[i] != '\0' && i < 255; i++) {
		text[i] = name[i];
		if ((unsigned char)name[i] < ' ' ||
		    (unsigned char)name[i] > '~')
			text[i] = '?';
	}
	text[i] = '\0';
	return (text);
}

int
fail(const char *fmt, ...)
{
	va_list ap;
	int error = errno;

	clear_line();
	va_start(ap, fmt);
	errno = error;
	vwarn(fmt, ap);
	va_end(ap);
	errno = error;
	return (-1);
}

int
failx(const char *fmt, ...)
{
	va_list ap;

	clear_line();
	va_start(ap, fmt);
	vwarnx(fmt, ap);
	va_end(ap);
	return (-1);
}
