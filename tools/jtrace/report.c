/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What the answers mean, for either format. Events may come from a jail, and
 * what does not make sense in them is left out.
 */

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <string.h>

#include "jtrace.h"

#define IP4_HEADERS	28	/* with that of UDP or ICMP */
#define IP6_HEADERS	48

static const char *const notes4[] = {
	[ICMP_NET_UNREACH] = "!N",
	[ICMP_HOST_UNREACH] = "!H",
	[ICMP_PROT_UNREACH] = "!P",
	[ICMP_SR_FAILED] = "!S",
	[ICMP_NET_UNKNOWN] = "!N",
	[ICMP_HOST_UNKNOWN] = "!H",
	[ICMP_NET_ANO] = "!X",
	[ICMP_HOST_ANO] = "!X",
	[ICMP_PKT_FILTERED] = "!X",
	[ICMP_PREC_VIOLATION] = "!V",
	[ICMP_PREC_CUTOFF] = "!C",
};

static const char *const notes6[] = {
	[ICMP6_DST_UNREACH_NOROUTE] = "!N",
	[ICMP6_DST_UNREACH_ADMIN] = "!X",
	[ICMP6_DST_UNREACH_BEYONDSCOPE] = "!S",
	[ICMP6_DST_UNREACH_ADDR] = "!H",
	[5] = "!X",
	[6] = "!X",
};

void
report_init(struct report *r, const struct options *o)
{
	memset(r, 0, sizeof(*r));
	r->o = o;
	r->format = o->json ? &format_json : &format_text;
}

/* Has the target itself answered? Its port or protocol need not be there. */
static bool
from_target(const struct report *r, const struct event *ev)
{
	return (ev->answer != PROBE_TIMEX &&
	    probe_same_addr(&ev->from, &r->dst));
}

static bool
is_port(const struct event *ev)
{
	return (ev->code == (ev->from.sa.sa_family == AF_INET ?
	    ICMP_PORT_UNREACH : ICMP6_DST_UNREACH_NOPORT));
}

static const char *
known_note(const struct event *ev)
{
	if (ev->from.sa.sa_family == AF_INET)
		return (ev->code < nitems(notes4) ? notes4[ev->code] : NULL);
	return (ev->code < nitems(notes6) ? notes6[ev->code] : NULL);
}

const char *
report_note(const struct report *r, const struct event *ev, char *buf,
    size_t len)
{
	const char *note;

	if (ev->answer == PROBE_REPLY || ev->answer == PROBE_TIMEX ||
	    (is_port(ev) && from_target(r, ev)))
		return ("");
	note = ev->answer == PROBE_UNREACH ? known_note(ev) : NULL;
	if (note != NULL)
		return (note);
	if (ev->mtu != 0)
		snprintf(buf, len, "!F-%u", ev->mtu);
	else if (ev->answer == PROBE_UNREACH)
		snprintf(buf, len, "!<%u>", ev->code);
	else
		snprintf(buf, len, "!<%u-%u>", ev->type, ev->code);
	return (buf);
}

size_t
report_bytes(const struct report *r)
{
	return (PAYLOAD_SIZE + (r->dst.sa.sa_family == AF_INET ? IP4_HEADERS :
	    IP6_HEADERS));
}

/* Is it the probe that is to come after the last one? */
static bool
in_order(const struct report *r, const struct event *ev)
{
	if (r->query == 0 || r->query == r->o->nqueries)
		return (ev->query == 1 && ev->hop <= r->o->maxhops &&
		    ev->hop == (r->query == 0 ? r->o->first : r->hop + 1));
	return (ev->hop == r->hop && ev->query == r->query + 1);
}

static void
start(struct report *r, const struct event *ev)
{
	if (r->started || !probe_is_addr(&ev->from) || !probe_is_addr(&ev->to))
		return;
	r->started = true;
	r->src = ev->from;
	r->dst = ev->to;
	r->format->start(r);
}

static bool
makes_sense(const struct report *r, const struct event *ev)
{
	return (r->started && in_order(r, ev) && (ev->answered == 0 ||
	    (probe_is_addr(&ev->from) && ev->rtt >= 0)));
}

static void
probe(struct report *r, const struct event *ev)
{
	if (!makes_sense(r, ev))
		return;
	r->hop = ev->hop;
	r->query = ev->query;
	if (ev->answered != 0 && from_target(r, ev))
		r->reached = true;
	r->format->probe(r, ev);
}

void
report_event(struct report *r, const struct event *ev)
{
	if (ev->kind == EVENT_START)
		start(r, ev);
	else if (ev->kind == EVENT_PROBE)
		probe(r, ev);
}

int
report_end(struct report *r)
{
	if (r->started)
		r->format->end(r);
	return (r->reached ? PROBE_ANSWERED : PROBE_SILENT);
}
