/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Printing for programs. The names are documented in jstat(8) and stay.
 */

#include <err.h>
#include <stdio.h>
#include <time.h>

#include "util_json.h"

#include "jstat.h"

/* Owned by obj from here on. */
static void
add(json_t *obj, const char *key, json_t *value)
{
	if (json_object_set_new(obj, key, value) != 0)
		errx(1, "out of memory");
}

static json_t *
number(bool is, uint64_t value)
{
	return (is ? json_integer((json_int_t)value) : json_null());
}

/* What a counter and an event have in common. */
static json_t *
refusal(uint32_t jid, int dir, int family, int reason)
{
	json_t *obj = json_object();

	add(obj, "jid", json_integer(jid));
	add(obj, "jail", json_text(name_of(jid)));
	add(obj, "direction", json_string(direction_name(dir)));
	add(obj, "family", number(family != 0, family));
	add(obj, "reason", json_integer(reason));
	add(obj, "rule", json_string(jail_strreason(reason)));
	add(obj, "advice", json_string(jail_stradvice(reason)));
	return (obj);
}

static json_t *
counter(const struct counter *c, double seconds)
{
	json_t *obj = refusal(c->r.jid, c->r.dir, c->r.family, c->r.reason);

	add(obj, "refused", number(true, c->r.count));
	if (seconds > 0) {
		add(obj, "rise", number(true, c->rise));
		add(obj, "per_second", json_real((double)c->rise / seconds));
	}
	return (obj);
}

static void
print(json_t *obj)
{
	if (json_dumpf(obj, stdout, JSON_REAL_PRECISION(6)) != 0 &&
	    !ferror(stdout))
		errx(1, "out of memory");
	putchar('\n');
	json_decref(obj);
}

/* What rose in an interval, in a line. */
static void
interval(const struct sample *s, double seconds)
{
	json_t *list = json_array(), *obj = json_object();

	for (size_t i = 0; i < s->n; i++) {
		if (s->c[i].rise > 0 && json_array_append_new(list,
		    counter(&s->c[i], seconds)) != 0)
			errx(1, "out of memory");
	}
	add(obj, "version", json_integer(JSTAT_VERSION));
	add(obj, "seconds", json_real(seconds));
	add(obj, "refusals", list);
	print(obj);
}

static void
counters(const struct options *o, const struct sample *s, double seconds)
{
	struct json_list list;

	(void)o;
	if (seconds > 0) {
		interval(s, seconds);
		return;
	}
	json_list_begin(&list, "refusals");
	for (size_t i = 0; i < s->n; i++)
		json_list_add(&list, counter(&s->c[i], 0));
	json_list_end(&list);
}

static void
begin(const struct options *o)
{
	json_t *obj = json_object();

	(void)o;
	add(obj, "type", json_string("start"));
	add(obj, "version", json_integer(JSTAT_VERSION));
	print(obj);
}

static json_t *
address(bool is, const struct jail_in6 *addr)
{
	char text[ADDR_LEN];

	return (is ? json_string(addr_text(addr, 0, text)) : json_null());
}

static void
add_ends(json_t *obj, const struct jail_event *e)
{
	const bool src = e->je_has & JE_SRC, dst = e->je_has & JE_DST;

	add(obj, "protocol", number(e->je_has & JE_PROTO, e->je_proto));
	add(obj, "source", address(src, &e->je_src));
	add(obj, "source_port", number(e->je_sport != 0, e->je_sport));
	add(obj, "destination", address(dst, &e->je_dst));
	add(obj, "destination_port", number(e->je_dport != 0, e->je_dport));
}

static void
add_what(json_t *obj, const struct jail_event *e)
{
	static const struct {
		uint32_t has;
		const char *first, *second;
	} kinds[] = {
		{ JE_ICMP, "icmp_type", "icmp_code" },
		{ JE_DEVICE, "major", "minor" },
		{ JE_OPTION, "level", "option" },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!(e->je_has & kinds[i].has))
			continue;
		add(obj, kinds[i].first, json_integer(e->je_what[0]));
		add(obj, kinds[i].second, json_integer(e->je_what[1]));
	}
}

static void
event(const struct options *o, const struct jail_event *e, int64_t when)
{
	json_t *obj = refusal(e->je_jid, e->je_dir, e->je_family,
	    e->je_reason);
	char comm[JAIL_COMMLEN];

	(void)o;
	add(obj, "type", json_string("refusal"));
	add(obj, "time_us", json_integer(when / 1000));
	add_ends(obj, e);
	add_what(obj, e);
	add(obj, "pid", number(e->je_pid != 0, e->je_pid));
	add(obj, "process", e->je_pid != 0 ? json_text(comm_text(e, comm)) :
	    json_null());
	print(obj);
}

static void
lost(uint64_t n)
{
	json_t *obj = json_object();

	add(obj, "type", json_string("lost"));
	add(obj, "count", number(true, n));
	print(obj);
}

const struct format format_json = {
	.counters = counters,
	.begin = begin,
	.event = event,
	.lost = lost,
};
