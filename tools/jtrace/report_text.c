/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Printing for people, in the form that they know from traceroute: a line for
 * each hop, which grows as answers come in.
 */

#include <stdio.h>
#include <string.h>

#include "jtrace.h"

static void
start(struct report *r)
{
	char dst[PROBE_ADDRLEN], src[PROBE_ADDRLEN];

	printf("traceroute to %s (%s)", r->o->target.name,
	    probe_ntop(&r->dst, dst));
	if (r->o->target.has_source)
		printf(" from %s", probe_ntop(&r->src, src));
	printf(", %u hops max, %zu byte packets\n", r->o->maxhops,
	    report_bytes(r));
	fflush(stdout);
}

/* An address that has no name stands for its name too. */
static void
print_addr(struct report *r, const union probe_sa *sa)
{
	char text[PROBE_ADDRLEN];
	const char *name;

	probe_ntop(sa, text);
	if (r->o->numeric) {
		printf(" %s", text);
		return;
	}
	name = probe_name(&r->names, sa);
	printf(" %s (%s)", name != NULL ? name : text, text);
}

static void
print_answer(struct report *r, const struct event *ev)
{
	char note[32];
	const char *text;

	if (!probe_same_addr(&r->shown, &ev->from))
		print_addr(r, &ev->from);
	r->shown = ev->from;
	printf("  %.3f ms", (double)ev->rtt / 1e6);
	text = report_note(r, ev, note, sizeof(note));
	if (text[0] != '\0')
		printf(" %s", text);
}

static void
probe(struct report *r, const struct event *ev)
{
	if (ev->query == 1) {
		memset(&r->shown, 0, sizeof(r->shown));
		printf("%2u ", ev->hop);
	}
	if (ev->answered != 0)
		print_answer(r, ev);
	else
		printf(" *");
	if (ev->query == r->o->nqueries)
		putchar('\n');
	fflush(stdout);
}

static void
end(struct report *r)
{
	if (r->query != 0 && r->query != r->o->nqueries)
		putchar('\n');
}

const struct format format_text = {
	.start = start,
	.probe = probe,
	.end = end,
};
