/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Printing for Prometheus, in its text format, which OpenMetrics takes too but
 * for its last line.
 */

#include <inttypes.h>
#include <stdio.h>

#include "jstat.h"

const char *
label_text(const char *value, char *text, size_t size)
{
	size_t n = 0;

	for (; *value != '\0' && n + 3 <= size; value++) {
		if (*value == '\\' || *value == '"' || *value == '\n')
			text[n++] = '\\';
		text[n++] = *value == '\n' ? 'n' : *value;
	}
	text[n] = '\0';
	return (text);
}

static void
print_counter(const struct counter *c)
{
	char name[2 * JAIL_NAMELEN], reason[256];

	printf("netjail_refusals_total{jid=\"%u\",jail=\"%s\","
	    "direction=\"%s\",family=\"%s\",reason=\"%u\",rule=\"%s\"} "
	    "%" PRIu64 "\n", c->r.jid,
	    label_text(name_of(c->r.jid), name, sizeof(name)),
	    direction_name(c->r.dir),
	    c->r.family == 4 ? "4" : c->r.family == 6 ? "6" : "",
	    c->r.reason, label_text(jail_strreason(c->r.reason), reason,
	    sizeof(reason)), c->r.count);
}

static void
counters(const struct options *o, const struct sample *s, double seconds)
{
	(void)o;
	(void)seconds;
	printf("# HELP netjail_refusals_total What was refused to jails, by "
	    "direction, family and reason.\n"
	    "# TYPE netjail_refusals_total counter\n");
	for (size_t i = 0; i < s->n; i++)
		print_counter(&s->c[i]);
}

const struct format format_prom = {
	.counters = counters,
};
