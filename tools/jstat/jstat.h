/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What the files of jstat share. counters.c reads counters and events.c the
 * ring; show_*.c print what they have found.
 */

#ifndef _JSTAT_H_
#define _JSTAT_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jail.h"

#define JSTAT_NSEC	INT64_C(1000000000)	/* a second, in all times */
#define JSTAT_VERSION	1		/* of the names in JSON */

/* What the command line says. */
struct options {
	int jid;		/* -1: all jails */
	long long count;	/* 0: no limit */
	int64_t interval;	/* 0: once */
	bool events, json, prometheus, verbose;
};

/* A counter, and by how much it rose since the sample before. */
struct counter {
	struct jail_refusal r;
	uint64_t rise;
};

/* Counters in the order of jid, reason, direction, family. */
struct sample {
	int64_t when;
	struct counter *c;
	size_t n;
};

/* A way to print. */
struct format {
	/* Counters, in an interval of so many seconds; 0: since ever. */
	void (*counters)(const struct options *o, const struct sample *s,
	    double seconds);
	void (*begin)(const struct options *o);
	void (*event)(const struct options *o, const struct jail_event *e,
	    int64_t when);
	void (*lost)(uint64_t n);
};

extern const struct format format_text, format_json, format_prom;

/* counters.c */
void sample_take(struct sample *s, int jid);
void sample_compare(struct sample *s, const struct sample *before);
void sample_free(struct sample *s);
uint64_t sample_rise(const struct sample *s);
void counters_run(const struct options *o, const struct format *f);

/* events.c */
void events_run(const struct options *o, const struct format *f);

/* names.c: "-" of a jail that is gone; valid until the next call */
const char *name_of(uint32_t jid);
void names_forget(void);
const char *direction_name(int dir);
/* NULL: it has none that is widely known. */
const char *protocol_name(unsigned int proto);

/* show_text.c: into text, which is returned */
#define ADDR_LEN	56	/* "[address]:port" */
#define EVENT_LEN	1024
const char *addr_text(const struct jail_in6 *addr, uint16_t port,
    char text[ADDR_LEN]);
const char *what_text(const struct jail_event *e, char *text, size_t size);
const char *comm_text(const struct jail_event *e, char text[JAIL_COMMLEN]);

/* show_prom.c: a label's value; what has no room is left out */
const char *label_text(const char *value, char *text, size_t size);

#endif /* !_JSTAT_H_ */
