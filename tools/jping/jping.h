/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What the files of jping share. pinger.c probes, perhaps inside a jail, and
 * emits events; report*.c, always outside, counts and prints them.
 */

#ifndef _JPING_H_
#define _JPING_H_

#include "probe.h"

/* What the command line says. */
struct options {
	struct probe_target target;
	const char *jail;	/* NULL: here */
	const char *source;	/* NULL: the stack's choice */
	int af;			/* AF_UNSPEC: either */
	uint64_t count;		/* 0: no limit */
	int64_t interval;
	int64_t timeout;	/* for answers, after the last probe */
	int64_t deadline;	/* 0: none */
	size_t size;		/* of the payload */
	int ttl;		/* 0: the system's own */
	bool flood, json, numeric, quiet, timestamps;
};

enum event_kind {
	EVENT_START,		/* from, to */
	EVENT_SENT,		/* seq */
	EVENT_UNSENT,		/* seq, error, reason */
	EVENT_REPLY,		/* seq, from, bytes, ttl, rtt, and flags */
	EVENT_ERROR,		/* seq, from, answer, type, code, mtu */
	EVENT_NKINDS
};

struct event {
	uint32_t kind;		/* enum event_kind */
	int32_t error;		/* errno */
	int64_t when;		/* on the clock of probe_now() */
	int64_t rtt;
	uint32_t bytes;		/* of the ICMP message */
	uint32_t mtu;
	uint16_t seq;
	uint8_t ttl;
	uint8_t answer;		/* enum probe_kind */
	uint8_t type, code;	/* ICMP's */
	uint8_t duplicate, truncated, altered;	/* 0 or 1 */
	uint8_t reason;		/* JR_* */
	union probe_sa from, to;
};

/* What came of the probes so far. */
struct report {
	const struct options *o;
	const struct format *format;
	struct probe_names names;
	bool started;
	union probe_sa src, dst;
	uint64_t transmitted, received, duplicates, errors;
	int64_t first, last;	/* time of the first and the last event */
	int64_t min, max;	/* round-trip times */
	double sum, sum2;	/* of them and of their squares, in ms */
};

/* A way to print; each function has what the event is about counted already. */
struct format {
	void (*start)(struct report *r);
	void (*sent)(struct report *r);
	void (*unsent)(struct report *r, const struct event *ev);
	void (*reply)(struct report *r, const struct event *ev);
	void (*error)(struct report *r, const struct event *ev);
	void (*end)(struct report *r);
};

/* pinger.c */
void ping(const struct options *o, struct probe_sink *sink);

/* report.c */
void report_init(struct report *r, const struct options *o);
void report_event(struct report *r, const struct event *ev);
int report_end(struct report *r);
double report_loss(const struct report *r);
double report_avg(const struct report *r);
double report_mdev(const struct report *r);
int64_t report_walltime(int64_t when);
const char *report_strerror(const struct event *ev, char *buf, size_t len);

/* report_text.c, report_json.c */
extern const struct format format_text, format_json;

#endif /* !_JPING_H_ */
