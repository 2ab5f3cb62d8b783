/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * jstat: what was refused to jails, and why. See jstat(8).
 */

#include <err.h>
#include <math.h>
#include <stdlib.h>

#include "util.h"

#include "jstat.h"

#define INTERVAL_MIN	0.01
#define INTERVAL_MAX	86400

static const char usage[] =
    "jstat [-v] [-c count] [-j jail] [-w seconds] [--json]\n"
    "       jstat [-j jail] --prometheus\n"
    "       jstat -e [-v] [-c count] [-j jail] [--json]";

enum { OPT_JSON = OPT_TOOL, OPT_PROMETHEUS };

static const struct option options[] = {
	COMMON_OPTIONS,
	{ "json", no_argument, NULL, OPT_JSON },
	{ "prometheus", no_argument, NULL, OPT_PROMETHEUS },
	{ NULL, 0, NULL, 0 }
};

static int64_t
interval_arg(const char *text)
{
	double seconds;
	char *end;

	seconds = strtod(text, &end);
	if (end == text || *end != '\0' || isnan(seconds))
		errx(1, "interval is invalid: %s", text);
	if (seconds < INTERVAL_MIN)
		errx(1, "interval is too small: %s", text);
	if (seconds > INTERVAL_MAX)
		errx(1, "interval is too large: %s", text);
	return ((int64_t)(seconds * JSTAT_NSEC));
}

static void
set_flag(struct options *o, int c)
{
	switch (c) {
	case 'e':
		o->events = true;
		break;
	case 'v':
		o->verbose = true;
		break;
	case OPT_JSON:
		o->json = true;
		break;
	case OPT_PROMETHEUS:
		o->prometheus = true;
		break;
	case 'h':
		print_usage(usage);
	default:
		common_option(c, usage, 1);
	}
}

/* Returns the jail that is asked for, or NULL: all. */
static const char *
parse(struct options *o, int argc, char *argv[])
{
	const char *jail = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "c:ehj:vw:", options, NULL)) !=
	    -1) {
		switch (c) {
		case 'c':
			o->count = number_arg("count", optarg, 1, INT64_MAX, 1);
			break;
		case 'j':
			jail = optarg;
			break;
		case 'w':
			o->interval = interval_arg(optarg);
			break;
		default:
			set_flag(o, c);
		}
	}
	return (jail);
}

/* Are there options that mean nothing together? */
static bool
contradicts(const struct options *o)
{
	if (o->events)
		return (o->interval != 0 || o->prometheus);
	if (o->prometheus)
		return (o->json || o->verbose || o->interval != 0 ||
		    o->count != 0);
	return (o->count != 0 && o->interval == 0);
}

int
main(int argc, char *argv[])
{
	struct options o = { .jid = -1 };
	const struct format *f;
	const char *jail;

	tool_begin(1);
	jail = parse(&o, argc, argv);
	if (contradicts(&o) || optind != argc)
		usage_error(usage, 1);
	if (jail != NULL && (o.jid = jail_getid(jail)) == -1)
		errx(1, "%s", jail_errmsg);
	f = o.json ? &format_json : o.prometheus ? &format_prom : &format_text;
	if (o.events)
		events_run(&o, f);
	else
		counters_run(&o, f);
	return (0);
}
