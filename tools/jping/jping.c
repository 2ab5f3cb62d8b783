/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * jping: send ICMP echo requests from a jail's address. See jping(8).
 */

#include <errno.h>
#include <stdio.h>

#include "util.h"

#include "jping.h"

#define DEFAULT_SIZE	56
#define MAX_SIZE	65527	/* an IPv6 payload without the ICMPv6 header */
#define FLOOD_INTERVAL	(PROBE_NSEC / 100)

static const char usage[] =
    "jping [-46Dfnq] [-c count] [-i interval] [-j jail] [-S source]\n"
    "             [-s size] [-t ttl] [-W timeout] [-w deadline] [--json] "
    "target";

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
	case 'D':
		o->timestamps = true;
		break;
	case 'f':
		o->flood = true;
		break;
	case 'n':
		o->numeric = true;
		break;
	case 'q':
		o->quiet = true;
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
	case 'c':
		o->count = number_arg("count", arg, 1, INT64_MAX, PROBE_ERROR);
		break;
	case 'i':
		o->interval = probe_seconds("interval", arg);
		break;
	case 'j':
		o->jail = arg;
		break;
	case 'S':
		o->source = arg;
		break;
	case 's':
		o->size = number_arg("size", arg, 0, MAX_SIZE, PROBE_ERROR);
		break;
	case 't':
		o->ttl = number_arg("ttl", arg, 1, 255, PROBE_ERROR);
		break;
	case 'W':
		o->timeout = probe_seconds("timeout", arg);
		break;
	case 'w':
		o->deadline = probe_seconds("deadline", arg);
		break;
	default:
		set_flag(o, c);
	}
}

static void
parse(struct options *o, int argc, char *argv[])
{
	int c;

	*o = (struct options){ .af = AF_UNSPEC, .size = DEFAULT_SIZE,
		.timeout = 10 * PROBE_NSEC };
	while ((c = getopt_long(argc, argv, "46c:Dfhi:j:nqS:s:t:VW:w:",
	    options, NULL)) != -1)
		set_option(o, c, optarg);
	if (argc - optind != 1)
		usage_error(usage, PROBE_ERROR);
	if (o->interval == 0)
		o->interval = o->flood ? FLOOD_INTERVAL : PROBE_NSEC;
	probe_resolve(&o->target, argv[optind], o->source, o->af);
}

static void
run_probe(void *arg, struct probe_sink *sink)
{
	const struct run *run = arg;

	ping(&run->o, sink);
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
	int answered, error;

	argv[0] = program_invocation_short_name;
	tool_begin(PROBE_ERROR);
	setvbuf(stdout, NULL, _IOLBF, 0);
	parse(&run.o, argc, argv);
	report_init(&run.r, &run.o);
	error = probe_run(&task, run.o.jail);
	answered = report_end(&run.r);
	return (error != 0 ? error : answered);
}
