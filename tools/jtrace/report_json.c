/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Printing for programs: one JSON object, at the end. The names are documented
 * in jtrace(8) and stay.
 */

#include <err.h>
#include <math.h>
#include <stdio.h>

#include "util_json.h"

#include "jtrace.h"

#define VERSION	1		/* of the names */

static void
check(bool ok)
{
	if (!ok)
		errx(PROBE_ERROR, "json: out of memory, or stdout is full");
}

static json_t *
address(const union probe_sa *sa)
{
	char text[PROBE_ADDRLEN];

	return (json_string(probe_ntop(sa, text)));
}

/* Null for an address without a name, and if names are not wanted. */
static json_t *
name(struct report *r, const union probe_sa *sa)
{
	const char *text = r->o->numeric ? NULL : probe_name(&r->names, sa);

	return (text != NULL ? json_text(text) : json_null());
}

static void
start(struct report *r)
{
	r->hops = json_array();
	check(r->hops != NULL);
}

/* A probe without an answer is all null, so that the names are always there. */
static json_t *
silence(void)
{
	return (json_pack("{s:n, s:n, s:n, s:n, s:n, s:n}", "from", "name",
	    "rtt_ms", "icmp_type", "icmp_code", "note"));
}

static json_t *
answer(struct report *r, const struct event *ev)
{
	char note[32];

	return (json_pack("{s:o, s:o, s:o, s:i, s:i, s:s}",
	    "from", address(&ev->from), "name", name(r, &ev->from),
	    "rtt_ms", json_real(round((double)ev->rtt / 1e3) / 1e3),
	    "icmp_type", ev->type, "icmp_code", ev->code,
	    "note", report_note(r, ev, note, sizeof(note))));
}

static void
probe(struct report *r, const struct event *ev)
{
	json_t *hop, *probes;

	if (ev->query == 1) {
		hop = json_pack("{s:i, s:[]}", "hop", ev->hop, "probes");
		check(json_array_append_new(r->hops, hop) == 0);
	}
	hop = json_array_get(r->hops, json_array_size(r->hops) - 1);
	probes = json_object_get(hop, "probes");
	check(json_array_append_new(probes, ev->answered != 0 ?
	    answer(r, ev) : silence()) == 0);
}

static void
end(struct report *r)
{
	json_t *object;

	object = json_pack("{s:i, s:o, s:o, s:o, s:s, s:i, s:I, s:o, s:b}",
	    "version", VERSION,
	    "target", json_text(r->o->target.name), "address", address(&r->dst),
	    "source", address(&r->src),
	    "protocol", r->o->icmp ? "icmp" : "udp",
	    "max_hops", (int)r->o->maxhops,
	    "packet_bytes", (json_int_t)report_bytes(r),
	    "hops", r->hops, "reached", r->reached);
	check(object != NULL && json_dumpf(object, stdout,
	    JSON_REAL_PRECISION(15)) == 0);
	putchar('\n');
	json_decref(object);
}

const struct format format_json = {
	.start = start,
	.probe = probe,
	.end = end,
};
