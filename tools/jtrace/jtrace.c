/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * jtrace: show the way that packets take from a jail's address. See jtrace(8).
 */

#include <err.h>
#include <errno.h>
#include <stdio.h>

#include "util.h"

#include "jtrace.h"

#define DEFAULT_PORT	33434
#define MAX_QUERIES	10

static const char usage[] =
    "jtrace [-46InU] [-f first] [-j jail] [-m maxhops] [-p port]\n"
    "              [-q nqueries] [-S source] [-w wait] [--json] target";

enum { OPT_JSON = OPT_TOOL };

static const struct option options[] = {
	COMMON_OPTIONS,
	{ "json", no_argument, NULL, OPT_JSON },
	{ NULL, 0, NULL, 0 }
};

/* The two sides of a run: what is wanted, and what came of it. */
struct run {
	struct options o;
	struct report r;
};

/* Options that take no argument. */
static void
set_flag(struct options *o, int c)
{
	switch (c) {
	case '4':
		o->af = AF_INET;
		break;
	case '6':
		o->af = AF_INET6;
		break;
	case 'I':
		o->icmp = true;
		break;
	case 'n':
		o->numeric = true;
		break;
	case 'U':
		o->icmp = false;
		break;
	case OPT_JSON:
		o->json = true;
		break;
	case 'h':
		print_usage(usage);
	case 'V':
		c = OPT_VERSION;
		/* FALLTHROUGH */
	default:
		common_option(c, usage, PROBE_ERROR);
	}
}

static void
set_option(struct options *o, int c, const char *arg)
{
	switch (c) {
	case 'f':
		o->first = number_arg("first", arg, 1, 255, PROBE_ERROR);
		break;
	case 'j':
		o->jail = arg;
		break;
	case 'm':
		o->maxhops = number_arg("maxhops", arg, 1, 255, PROBE_ERROR);
		break;
	case 'p':
		o->port = number_arg("port", arg, 1, 65535, PROBE_ERROR);
		break;
	case 'q':
		o->nqueries = number_arg("nqueries", arg, 1, MAX_QUERIES,
		    PROBE_ERROR);
		break;
	case 'S':
		o->source = arg;
		break;
	case 'w':
		o->wait = probe_seconds("wait", arg);
		break;
	default:
		set_flag(o, c);
	}
}

/* Every UDP probe has a port of its own. */
static void
check_limits(const struct options *o)
{
	unsigned int last;

	if (o->first > o->maxhops)
		errx(PROBE_ERROR, "first is too large: %u, with maxhops %u",
		    o->first, o->maxhops);
	last = o->port + (o->maxhops - o->first + 1) * o->nqueries - 1;
	if (!o->icmp && last > 65535)
		errx(PROBE_ERROR, "port is too large: %u, as the last probe "
		    "would have %u", o->port, last);
}

static void
parse(struct options *o, int argc, char *argv[])
{
	int c;

	*o = (struct options){ .af = AF_UNSPEC, .first = 1, .maxhops = 30,
		.nqueries = 3, .port = DEFAULT_PORT, .wait = 5 * PROBE_NSEC };
	while ((c = getopt_long(argc, argv, "46f:hIj:m:np:q:S:UVw:",
	    options, NULL)) != -1)
		set_option(o, c, optarg);
	if (argc - optind != 1)
		usage_error(usage, PROBE_ERROR);
	check_limits(o);
	probe_resolve(&o->target, argv[optind], o->source, o->af);
}

static void
run_probe(void *arg, struct probe_sink *sink)
{
	const struct run *run = arg;

	trace(&run->o, sink);
}

static void
run_event(void *arg, const void *event)
{
	struct run *run = arg;

	report_event(&run->r, event);
}

int
main(int argc, char *argv[])
{
	struct run run;
	struct probe_task task = { .probe = run_probe, .event = run_event,
		.eventsize = sizeof(struct event), .arg = &run };
	int reached, error;

	argv[0] = program_invocation_short_name;
	tool_begin(PROBE_ERROR);
	parse(&run.o, argc, argv);
	report_init(&run.r, &run.o);
	error = probe_run(&task, run.o.jail);
	reached = report_end(&run.r);
	return (error != 0 ? error : reached);
}
