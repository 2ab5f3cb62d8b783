/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Counters of refusals, once or again and again.
 */

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "jstat.h"

static int64_t
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (ts.tv_sec * JSTAT_NSEC + ts.tv_nsec);
}

static int
order(uint64_t a, uint64_t b)
{
	return ((a > b) - (a < b));
}

static int
compare_keys(const struct counter *a, const struct counter *b)
{
	int by = order(a->r.jid, b->r.jid);

	if (by == 0)
		by = order(a->r.reason, b->r.reason);
	if (by == 0)
		by = order(a->r.dir, b->r.dir);
	if (by == 0)
		by = order(a->r.family, b->r.family);
	return (by);
}

static int
compare(const void *a, const void *b)
{
	return (compare_keys(a, b));
}

void
sample_take(struct sample *s, int jid)
{
	struct jail_refusal *r;
	int n;

	n = jail_refusals(jid, &r);
	if (n == -1)
		errx(1, "%s", jail_errmsg);
	s->when = now();
	s->n = (size_t)n;
	s->c = calloc(s->n + 1, sizeof(*s->c));
	if (s->c == NULL)
		err(1, NULL);
	for (size_t i = 0; i < s->n; i++)
		s->c[i].r = r[i];
	free(r);
	qsort(s->c, s->n, sizeof(*s->c), compare);
}

/*
 * How much each counter rose. One that was not there has begun, and one that
 * fell has begun anew.
 */
void
sample_compare(struct sample *s, const struct sample *before)
{
	const struct counter *b = before->c, *end = before->c + before->n;

	for (struct counter *c = s->c; c < s->c + s->n; c++) {
		while (b < end && compare_keys(b, c) < 0)
			b++;
		c->rise = c->r.count;
		if (b < end && compare_keys(b, c) == 0 &&
		    b->r.count <= c->r.count)
			c->rise -= b->r.count;
	}
}

uint64_t
sample_rise(const struct sample *s)
{
	uint64_t rise = 0;

	for (size_t i = 0; i < s->n; i++)
		rise += s->c[i].rise;
	return (rise);
}

void
sample_free(struct sample *s)
{
	free(s->c);
	memset(s, 0, sizeof(*s));
}

static void
sleep_until(int64_t when)
{
	const struct timespec ts = { when / JSTAT_NSEC, when % JSTAT_NSEC };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) ==
	    EINTR)
		continue;
}

/* What cannot be written ends it: who reads has gone, or the disk is full. */
static void
flush(void)
{
	if (fflush(stdout) != 0)
		exit(1);
}

static void
watch(const struct options *o, const struct format *f)
{
	struct sample before, s;
	int64_t next;

	sample_take(&before, o->jid);
	next = before.when;
	for (long long n = 0; o->count == 0 || n < o->count; n++) {
		next += o->interval;
		sleep_until(next);
		names_forget();
		sample_take(&s, o->jid);
		sample_compare(&s, &before);
		f->counters(o, &s, (double)(s.when - before.when) /
		    JSTAT_NSEC);
		flush();
		sample_free(&before);
		before = s;
	}
	sample_free(&before);
}

void
counters_run(const struct options *o, const struct format *f)
{
	struct sample s;

	if (o->interval != 0) {
		watch(o, f);
		return;
	}
	sample_take(&s, o->jid);
	f->counters(o, &s, 0);
	sample_free(&s);
}
