/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Printing for programs: a JSON object a line, of which "type" says what it is.
 * The names are documented in jping(8) and stay.
 */

#include <err.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "jail.h"
#include "util_json.h"

#include "jping.h"

#define VERSION	1		/* of the names */

static void
print(json_t *object)
{
	if (object == NULL || json_dumpf(object, stdout,
	    JSON_REAL_PRECISION(15)) != 0)
		errx(PROBE_ERROR, "json: out of memory, or stdout is full");
	putchar('\n');
	json_decref(object);
}

/* To the microsecond; finer digits would be noise. */
static json_t *
msec(double ms)
{
	return (json_real(round(ms * 1000) / 1000));
}

static json_t *
address(const union probe_sa *sa)
{
	char text[PROBE_ADDRLEN];

	return (json_string(probe_ntop(sa, text)));
}

static bool
is_quiet(const struct report *r)
{
	return (r->o->quiet || r->o->flood);
}

static void
start(struct report *r)
{
	print(json_pack("{s:s, s:i, s:o, s:o, s:o, s:I}", "type", "start",
	    "version", VERSION, "target", json_text(r->o->target.name),
	    "address", address(&r->dst), "source", address(&r->src),
	    "data_bytes", (json_int_t)r->o->size));
}

static void
sent(struct report *r)
{
	(void)r;
}

static void
unsent(struct report *r, const struct event *ev)
{
	char why[PROBE_ERRLEN];
	json_t *object;

	if (is_quiet(r))
		return;
	object = json_pack("{s:s, s:I, s:i, s:s}", "type", "unsent", "time_us",
	    (json_int_t)(report_walltime(ev->when) / 1000), "seq", ev->seq,
	    "text", probe_strerror(ev->error, ev->reason, why));
	if (ev->reason != JR_NONE)
		json_object_set_new(object, "reason",
		    json_integer(ev->reason));
	print(object);
}

static void
reply(struct report *r, const struct event *ev)
{
	if (is_quiet(r))
		return;
	print(json_pack("{s:s, s:I, s:i, s:o, s:I, s:i, s:o, s:b, s:b, s:b}",
	    "type", "reply", "time_us",
	    (json_int_t)(report_walltime(ev->when) / 1000), "seq", ev->seq,
	    "from", address(&ev->from), "bytes", (json_int_t)ev->bytes,
	    "ttl", ev->ttl, "rtt_ms", msec((double)ev->rtt / 1e6),
	    "duplicate", ev->duplicate, "truncated", ev->truncated,
	    "altered", ev->altered));
}

static void
error(struct report *r, const struct event *ev)
{
	char text[128];
	json_t *object;

	if (is_quiet(r))
		return;
	object = json_pack("{s:s, s:I, s:i, s:o, s:i, s:i, s:s}",
	    "type", "error", "time_us",
	    (json_int_t)(report_walltime(ev->when) / 1000), "seq", ev->seq,
	    "from", address(&ev->from), "icmp_type", ev->type,
	    "icmp_code", ev->code, "text",
	    report_strerror(ev, text, sizeof(text)));
	if (ev->mtu != 0)
		json_object_set_new(object, "mtu_bytes",
		    json_integer(ev->mtu));
	print(object);
}

/* Null without an answer, so that the names are always there. */
static void
add_rtts(json_t *object, const struct report *r)
{
	bool any = r->received > 0;

	json_object_set_new(object, "rtt_min_ms",
	    any ? msec((double)r->min / 1e6) : json_null());
	json_object_set_new(object, "rtt_avg_ms",
	    any ? msec(report_avg(r)) : json_null());
	json_object_set_new(object, "rtt_max_ms",
	    any ? msec((double)r->max / 1e6) : json_null());
	json_object_set_new(object, "rtt_mdev_ms",
	    any ? msec(report_mdev(r)) : json_null());
}

static void
end(struct report *r)
{
	json_t *object;

	object = json_pack("{s:s, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:o, s:o}",
	    "type", "statistics", "target", json_text(r->o->target.name),
	    "address", address(&r->dst), "source", address(&r->src),
	    "transmitted", (json_int_t)r->transmitted,
	    "received", (json_int_t)r->received,
	    "duplicates", (json_int_t)r->duplicates,
	    "errors", (json_int_t)r->errors,
	    "loss_percent", json_real(round(report_loss(r) * 1000) / 1000),
	    "time_ms", msec((double)(r->last - r->first) / 1e6));
	add_rtts(object, r);
	print(object);
}

const struct format format_json = {
	.start = start,
	.sent = sent,
	.unsent = unsent,
	.reply = reply,
	.error = error,
	.end = end,
};
