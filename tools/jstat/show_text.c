/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Printing for people.
 */

#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "jstat.h"

static bool
is_ip4(const struct jail_in6 *addr)
{
	return ((addr->s6[0] | addr->s6[1]) == 0 &&
	    addr->s6[2] == htonl(0xffff));
}

const char *
addr_text(const struct jail_in6 *addr, uint16_t port, char text[ADDR_LEN])
{
	const bool ip4 = is_ip4(addr);
	char name[INET6_ADDRSTRLEN];

	inet_ntop(ip4 ? AF_INET : AF_INET6, ip4 ? (const void *)&addr->s6[3] :
	    addr, name, sizeof(name));
	if (port == 0)
		snprintf(text, ADDR_LEN, "%s", name);
	else
		snprintf(text, ADDR_LEN, ip4 ? "%s:%u" : "[%s]:%u", name, port);
	return (text);
}

static const char *
proto_text(const struct jail_event *e, char *text, size_t size)
{
	const char *name = protocol_name(e->je_proto);

	if (!(e->je_has & JE_PROTO))
		snprintf(text, size, "-");
	else if (e->je_has & JE_ICMP)
		snprintf(text, size, "%s type %u code %u", name,
		    e->je_what[0], e->je_what[1]);
	else if (name != NULL)
		snprintf(text, size, "%s", name);
	else
		snprintf(text, size, "protocol %u", e->je_proto);
	return (text);
}

/* Protocol and addresses, or whatever else the event is about. */
const char *
what_text(const struct jail_event *e, char *text, size_t size)
{
	char proto[48], src[ADDR_LEN], dst[ADDR_LEN];

	if (e->je_has & JE_DEVICE)
		snprintf(text, size, "device %u:%u", e->je_what[0],
		    e->je_what[1]);
	else if (e->je_has & JE_OPTION)
		snprintf(text, size, "level %u option %u", e->je_what[0],
		    e->je_what[1]);
	else if (e->je_has & JE_DST)
		snprintf(text, size, "%s %s > %s",
		    proto_text(e, proto, sizeof(proto)),
		    addr_text(&e->je_src, e->je_sport, src),
		    addr_text(&e->je_dst, e->je_dport, dst));
	else if (e->je_has & JE_SRC)
		snprintf(text, size, "%s %s",
		    proto_text(e, proto, sizeof(proto)),
		    addr_text(&e->je_src, e->je_sport, src));
	else
		proto_text(e, text, size);
	return (text);
}

/* It is a jail's word: it is not to steer the terminal. */
const char *
comm_text(const struct jail_event *e, char text[JAIL_COMMLEN])
{
	snprintf(text, JAIL_COMMLEN, "%.*s", JAIL_COMMLEN - 1, e->je_comm);
	for (char *p = text; *p != '\0'; p++) {
		if (!isprint((unsigned char)*p))
			*p = '?';
	}
	return (text);
}

static void
print_advice(const struct options *o, int reason)
{
	if (o->verbose)
		printf("; %s", jail_stradvice(reason));
	putchar('\n');
}

static const char *
family_text(int family)
{
	return (family == 4 ? "4" : family == 6 ? "6" : "-");
}

static void
print_counter(const struct options *o, const struct counter *c,
    double seconds)
{
	const struct jail_refusal *r = &c->r;

	printf("%6u  %-15s %-4s %3s  ", r->jid, name_of(r->jid),
	    direction_name(r->dir), family_text(r->family));
	if (seconds > 0)
		printf("%10.1f  ", (double)c->rise / seconds);
	printf("%12" PRIu64 "  %2u %s", r->count, r->reason,
	    jail_strreason(r->reason));
	print_advice(o, r->reason);
}

static void
counters(const struct options *o, const struct sample *s, double seconds)
{
	static unsigned int lines;

	if (lines++ % 20 == 0)
		printf("   JID  Jail            Dir  Fam  %s%12s  Reason\n",
		    seconds > 0 ? "        /s  " : "", "Refused");
	for (size_t i = 0; i < s->n; i++) {
		if (seconds == 0 || s->c[i].rise > 0)
			print_counter(o, &s->c[i], seconds);
	}
	if (seconds > 0 && sample_rise(s) == 0)
		printf("     -  %-15s %-4s %3s  %10.1f  %12s  -\n", "-", "-",
		    "-", 0.0, "-");
}

static void
begin(const struct options *o)
{
	(void)o;
	printf("Time            Jail Dir What Process: Reason (its number)\n");
}

static void
print_process(const struct jail_event *e)
{
	char comm[JAIL_COMMLEN];

	if (e->je_pid == 0)
		printf(" -:");
	else
		printf(" %s[%u]:", comm_text(e, comm), e->je_pid);
}

static void
event(const struct options *o, const struct jail_event *e, int64_t when)
{
	const time_t seconds = when / JSTAT_NSEC;
	char hour[16], what[256];
	struct tm tm;

	strftime(hour, sizeof(hour), "%H:%M:%S", localtime_r(&seconds, &tm));
	printf("%s.%06" PRId64 " %s %s %s", hour, when % JSTAT_NSEC / 1000,
	    name_of(e->je_jid), direction_name(e->je_dir),
	    what_text(e, what, sizeof(what)));
	print_process(e);
	printf(" %s (%u)", jail_strreason(e->je_reason), e->je_reason);
	print_advice(o, e->je_reason);
}

static void
lost(uint64_t n)
{
	printf("(%" PRIu64 " events were lost)\n", n);
}

const struct format format_text = {
	.counters = counters,
	.begin = begin,
	.event = event,
	.lost = lost,
};
