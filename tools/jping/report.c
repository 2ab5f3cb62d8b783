/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Counting what came of the probes, for either format. Events may come from a
 * jail, and what does not make sense in them is left out.
 */

#include <sys/param.h>

#include <math.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <string.h>

#include "jping.h"

#define MSEC	1e6		/* in the unit of times */

/* What the ICMP codes of an unreachable destination stand for. */
static const char *const unreach4[] = {
	[ICMP_NET_UNREACH] = "Destination Net Unreachable",
	[ICMP_HOST_UNREACH] = "Destination Host Unreachable",
	[ICMP_PROT_UNREACH] = "Destination Protocol Unreachable",
	[ICMP_PORT_UNREACH] = "Destination Port Unreachable",
	[ICMP_FRAG_NEEDED] = "Frag needed and DF set",
	[ICMP_SR_FAILED] = "Source Route Failed",
	[ICMP_NET_UNKNOWN] = "Destination Net Unknown",
	[ICMP_HOST_UNKNOWN] = "Destination Host Unknown",
	[ICMP_HOST_ISOLATED] = "Source Host Isolated",
	[ICMP_NET_ANO] = "Destination Net Prohibited",
	[ICMP_HOST_ANO] = "Destination Host Prohibited",
	[ICMP_NET_UNR_TOS] = "Destination Net Unreachable for Type of Service",
	[ICMP_HOST_UNR_TOS] =
	    "Destination Host Unreachable for Type of Service",
	[ICMP_PKT_FILTERED] = "Packet filtered",
	[ICMP_PREC_VIOLATION] = "Precedence Violation",
	[ICMP_PREC_CUTOFF] = "Precedence Cutoff",
};

static const char *const unreach6[] = {
	[ICMP6_DST_UNREACH_NOROUTE] = "Destination unreachable: No route",
	[ICMP6_DST_UNREACH_ADMIN] =
	    "Destination unreachable: Administratively prohibited",
	[ICMP6_DST_UNREACH_BEYONDSCOPE] =
	    "Destination unreachable: Beyond scope of source address",
	[ICMP6_DST_UNREACH_ADDR] =
	    "Destination unreachable: Address unreachable",
	[ICMP6_DST_UNREACH_NOPORT] =
	    "Destination unreachable: Port unreachable",
	[5] = "Destination unreachable: Source address failed policy",
	[6] = "Destination unreachable: Reject route",
};

static const char *
unreach_text(const struct event *ev)
{
	if (ev->from.sa.sa_family == AF_INET)
		return (ev->code < nitems(unreach4) ? unreach4[ev->code] :
		    "Destination Unreachable");
	return (ev->code < nitems(unreach6) ? unreach6[ev->code] :
	    "Destination unreachable");
}

static const char *
timex_text(const struct event *ev)
{
	if (ev->code != 0)
		return ("Frag reassembly time exceeded");
	return (ev->from.sa.sa_family == AF_INET ? "Time to live exceeded" :
	    "Time exceeded: Hop limit");
}

const char *
report_strerror(const struct event *ev, char *buf, size_t len)
{
	const char *text;

	switch (ev->answer) {
	case PROBE_UNREACH:
		text = unreach_text(ev);
		break;
	case PROBE_TIMEX:
		text = timex_text(ev);
		break;
	case PROBE_TOOBIG:
		text = "Packet too big";
		break;
	default:
		text = "Parameter problem";
		break;
	}
	if (ev->mtu != 0)
		snprintf(buf, len, "%s (mtu = %u)", text, ev->mtu);
	else
		snprintf(buf, len, "%s", text);
	return (buf);
}

void
report_init(struct report *r, const struct options *o)
{
	memset(r, 0, sizeof(*r));
	r->o = o;
	r->format = o->json ? &format_json : &format_text;
}

static void
count_rtt(struct report *r, int64_t rtt)
{
	double ms = (double)rtt / MSEC;

	if (r->received + r->duplicates == 1 || rtt < r->min)
		r->min = rtt;
	r->max = MAX(r->max, rtt);
	r->sum += ms;
	r->sum2 += ms * ms;
}

static void
reply(struct report *r, const struct event *ev)
{
	if (ev->duplicate)
		r->duplicates++;
	else
		r->received++;
	count_rtt(r, ev->rtt);
	r->format->reply(r, ev);
}

static void
start(struct report *r, const struct event *ev)
{
	r->started = true;
	r->first = ev->when;
	r->src = ev->from;
	r->dst = ev->to;
	r->format->start(r);
}

/* The event has what its kind must have, and comes in order. */
static bool
makes_sense(const struct report *r, const struct event *ev)
{
	if (ev->when < 0 || ev->when > probe_now() || ev->rtt < 0 ||
	    ev->rtt > ev->when)
		return (false);
	switch (ev->kind) {
	case EVENT_START:
		return (!r->started && probe_is_addr(&ev->from) &&
		    probe_is_addr(&ev->to));
	case EVENT_REPLY:
	case EVENT_ERROR:
		return (r->started && probe_is_addr(&ev->from));
	case EVENT_SENT:
	case EVENT_UNSENT:
		return (r->started);
	default:
		return (false);
	}
}

void
report_event(struct report *r, const struct event *ev)
{
	if (!makes_sense(r, ev))
		return;
	r->last = ev->when;
	switch (ev->kind) {
	case EVENT_START:
		start(r, ev);
		break;
	case EVENT_SENT:
		r->transmitted++;
		r->format->sent(r);
		break;
	case EVENT_UNSENT:
		r->transmitted++;
		r->errors++;
		r->format->unsent(r, ev);
		break;
	case EVENT_REPLY:
		reply(r, ev);
		break;
	case EVENT_ERROR:
		r->errors++;
		r->format->error(r, ev);
		break;
	}
}

double
report_loss(const struct report *r)
{
	if (r->transmitted == 0 || r->received >= r->transmitted)
		return (0);
	return (100.0 * (double)(r->transmitted - r->received) /
	    (double)r->transmitted);
}

double
report_avg(const struct report *r)
{
	return (r->sum / (double)(r->received + r->duplicates));
}

double
report_mdev(const struct report *r)
{
	double avg = report_avg(r);
	double var = r->sum2 / (double)(r->received + r->duplicates) -
	    avg * avg;

	return (var > 0 ? sqrt(var) : 0);
}

/* The other clock's time of then, in nanoseconds. */
int64_t
report_walltime(int64_t when)
{
	return (probe_realtime() - (probe_now() - when));
}

int
report_end(struct report *r)
{
	const struct options *o = r->o;

	if (r->started)
		r->format->end(r);
	if (r->received == 0 ||
	    (o->deadline != 0 && o->count != 0 && r->received < o->count))
		return (PROBE_SILENT);
	return (PROBE_ANSWERED);
}
