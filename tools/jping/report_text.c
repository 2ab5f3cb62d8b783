/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Printing for people, in the form that they know from ping of iputils.
 */

#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "jping.h"

#define MSEC		1e6	/* in the unit of times */
#define ICMPLEN		8
#define IP4LEN		20
#define ERRLEN		128

/* Names are for those who gave a name. */
static void
print_addr(struct report *r, const union probe_sa *sa)
{
	probe_print(&r->names, sa, r->o->numeric || r->o->target.numeric);
}

static void
print_time(const struct report *r, int64_t when)
{
	int64_t us;

	if (!r->o->timestamps)
		return;
	us = report_walltime(when) / 1000;
	printf("[%" PRId64 ".%06" PRId64 "] ", us / 1000000, us % 1000000);
}

/* About three significant digits. */
static void
print_rtt(int64_t rtt)
{
	double ms = (double)rtt / MSEC;

	printf("%.*f ms", ms < 1 ? 3 : ms < 10 ? 2 : ms < 100 ? 1 : 0, ms);
}

static void
start(struct report *r)
{
	char dst[PROBE_ADDRLEN], src[PROBE_ADDRLEN];
	size_t size = r->o->size;
	bool ip4 = r->dst.sa.sa_family == AF_INET;

	printf("PING %s%s(%s) ", r->o->target.name, ip4 ? " " : "",
	    probe_ntop(&r->dst, dst));
	if (r->o->target.has_source)
		printf("from %s%s: ", probe_ntop(&r->src, src), ip4 ? " " : "");
	if (ip4)
		printf("%zu(%zu) bytes of data.\n", size,
		    size + ICMPLEN + IP4LEN);
	else
		printf("%zu data bytes\n", size);
}

static void
sent(struct report *r)
{
	if (r->o->flood && !r->o->quiet) {
		putchar('.');
		fflush(stdout);
	}
}

static void
unsent(struct report *r, const struct event *ev)
{
	char why[PROBE_ERRLEN];

	if (!r->o->quiet)
		warnx("icmp_seq=%u not sent: %s", ev->seq,
		    probe_strerror(ev->error, ev->reason, why));
}

/* Of a flood, a dot stays for each probe that has no answer. */
static void
print_flood(const struct report *r, const char *text)
{
	if (!r->o->quiet) {
		fputs(text, stdout);
		fflush(stdout);
	}
}

static void
reply(struct report *r, const struct event *ev)
{
	if (r->o->flood) {
		print_flood(r, "\b \b");
		return;
	}
	if (r->o->quiet)
		return;
	print_time(r, ev->when);
	printf("%u bytes from ", ev->bytes);
	print_addr(r, &ev->from);
	printf(": icmp_seq=%u ttl=%u time=", ev->seq, ev->ttl);
	print_rtt(ev->rtt);
	printf("%s%s%s\n", ev->duplicate ? " (DUP!)" : "",
	    ev->truncated ? " (truncated)" : "",
	    ev->altered ? " (altered)" : "");
}

static void
error(struct report *r, const struct event *ev)
{
	char text[ERRLEN];

	if (r->o->flood) {
		print_flood(r, "\bE");
		return;
	}
	if (r->o->quiet)
		return;
	print_time(r, ev->when);
	printf("From ");
	print_addr(r, &ev->from);
	printf(" icmp_seq=%u %s\n", ev->seq,
	    report_strerror(ev, text, sizeof(text)));
}

static void
end(struct report *r)
{
	printf("\n--- %s ping statistics ---\n", r->o->target.name);
	printf("%" PRIu64 " packets transmitted, %" PRIu64 " received",
	    r->transmitted, r->received);
	if (r->duplicates > 0)
		printf(", +%" PRIu64 " duplicates", r->duplicates);
	if (r->errors > 0)
		printf(", +%" PRIu64 " errors", r->errors);
	printf(", %g%% packet loss, time %" PRId64 "ms\n", report_loss(r),
	    (int64_t)((double)(r->last - r->first) / MSEC));
	if (r->received == 0)
		putchar('\n');
	else
		printf("rtt min/avg/max/mdev = %.3f/%.3f/%.3f/%.3f ms\n",
		    (double)r->min / MSEC, report_avg(r),
		    (double)r->max / MSEC, report_mdev(r));
}

const struct format format_text = {
	.start = start,
	.sent = sent,
	.unsent = unsent,
	.reply = reply,
	.error = error,
	.end = end,
};
