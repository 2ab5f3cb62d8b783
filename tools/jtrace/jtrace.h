/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What the files of jtrace share. tracer.c probes, perhaps inside a jail, and
 * emits events; report*.c, always outside, print them.
 */

#ifndef _JTRACE_H_
#define _JTRACE_H_

#include <jansson.h>

#include "probe.h"

#define PAYLOAD_SIZE	32	/* of each probe */

/* What the command line says. */
struct options {
	struct probe_target target;
	const char *jail;	/* NULL: here */
	const char *source;	/* NULL: the stack's choice */
	int af;			/* AF_UNSPEC: either */
	unsigned int first, maxhops;
	unsigned int nqueries;	/* probes of a hop */
	uint16_t port;		/* of the first UDP probe */
	int64_t wait;		/* for an answer */
	bool icmp, json, numeric;
};

enum event_kind {
	EVENT_START,		/* from, to */
	EVENT_PROBE,		/* everything else */
	EVENT_NKINDS
};

/* Those of probes come in the order of hops and queries. */
struct event {
	uint32_t kind;		/* enum event_kind */
	uint32_t hop, query;	/* both from 1 */
	uint8_t answered;	/* 0: nothing below is there */
	uint8_t answer;		/* enum probe_kind */
	uint8_t type, code;	/* ICMP's */
	uint32_t mtu;
	uint32_t zero;
	int64_t rtt;
	union probe_sa from, to;
};

/* What came of the probes so far. */
struct report {
	const struct options *o;
	const struct format *format;
	struct probe_names names;
	bool started, reached;
	union probe_sa src, dst;
	unsigned int hop, query;	/* of the last event */
	union probe_sa shown;		/* text: address printed last */
	json_t *hops;			/* JSON: all so far */
};

/* A way to print. */
struct format {
	void (*start)(struct report *r);
	void (*probe)(struct report *r, const struct event *ev);
	void (*end)(struct report *r);
};

/* tracer.c */
void trace(const struct options *o, struct probe_sink *sink);

/* report.c */
void report_init(struct report *r, const struct options *o);
void report_event(struct report *r, const struct event *ev);
int report_end(struct report *r);
/* "", or "!H" and its like: why the answer is not what was hoped for. */
const char *report_note(const struct report *r, const struct event *ev,
    char *buf, size_t len);
size_t report_bytes(const struct report *r);

/* report_text.c, report_json.c */
extern const struct format format_text, format_json;

#endif /* !_JTRACE_H_ */
