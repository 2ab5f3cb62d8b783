/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Refusals as they happen.
 */

#include <sys/signalfd.h>

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "jstat.h"

#define BURST	256	/* events before we look whether to end */
#define WAIT_MS	500

struct stream {
	const struct options *o;
	const struct format *f;
	struct jail_events *events;
	int signals;
	long long shown;
	uint64_t lost;		/* of these is told */
};

static int64_t
clock_time(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (ts.tv_sec * JSTAT_NSEC + ts.tv_nsec);
}

static bool
is_done(const struct stream *st)
{
	return (st->o->count != 0 && st->shown >= st->o->count);
}

static void
show(struct stream *st, const struct jail_event *e)
{
	const int64_t age = clock_time(CLOCK_BOOTTIME) - (int64_t)e->je_time;

	if (st->o->jid != -1 && e->je_jid != (uint32_t)st->o->jid)
		return;
	st->f->event(st->o, e, clock_time(CLOCK_REALTIME) - age);
	st->shown++;
}

static void
show_lost(struct stream *st)
{
	uint64_t lost;

	if (jail_events_lost(st->events, &lost) != 0)
		errx(1, "%s", jail_errmsg);
	if (lost > st->lost)
		st->f->lost(lost - st->lost);
	st->lost = lost;
}

static void
read_some(struct stream *st)
{
	struct jail_event e;
	int more = 1;

	for (int i = 0; i < BURST && !is_done(st); i++) {
		more = jail_events_read(st->events, &e);
		if (more == -1)
			errx(1, "%s", jail_errmsg);
		if (more == 0)
			break;
		show(st, &e);
	}
	show_lost(st);
	if (fflush(stdout) != 0)
		exit(1);
}

/* Wait for an event; false: a signal came. */
static bool
wait_event(const struct stream *st)
{
	struct pollfd fds[] = {
		{ .fd = st->signals, .events = POLLIN },
		{ .fd = jail_events_fd(st->events), .events = POLLIN },
	};

	if (poll(fds, 2, WAIT_MS) == -1 && errno != EINTR)
		err(1, "poll");
	if (fds[1].revents == 0)
		names_forget();
	return (fds[0].revents == 0);
}

void
events_run(const struct options *o, const struct format *f)
{
	struct stream st = { .o = o, .f = f };
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	st.signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (st.signals == -1)
		err(1, "signalfd");
	st.events = jail_events_open();
	if (st.events == NULL)
		errx(1, "%s", jail_errmsg);
	f->begin(o);
	read_some(&st);
	while (!is_done(&st) && wait_event(&st))
		read_some(&st);
	jail_events_close(st.events);
	close(st.signals);
}
