/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What must become of every kind of forged packet; the tables that forge_test.c
 * goes through.
 */

#ifndef _FORGE_TABLE_H_
#define _FORGE_TABLE_H_

#include <stdbool.h>
#include <stddef.h>

#include "forge.h"

/* Whose address; the sources of a row come first. */
enum who {
	OWN,		/* jail A's first */
	OWN2,		/* jail A's second */
	OTHER,		/* jail B's */
	HOST,		/* the host's, which no jail has */
	ABSENT,		/* nobody's */
	ANY,		/* none: 0.0.0.0, :: */
	OWNLO,		/* what LOOP is to the kernel in jail A */
	NSOURCES,
	PEER = NSOURCES,
	LOOP,		/* 127.0.0.1, ::1 */
	OTHERLO,	/* what that is to the kernel in jail B */
	GROUP,		/* all hosts of the link: 224.0.0.1, ff02::1 */
	SUBNET,		/* broadcast of the subnet; IPv4 only */
	EVERYONE,	/* 255.255.255.255; IPv4 only */
	NWHO
};

struct verdict {
	int bind;		/* errno, 0 for none */
	int send;
	bool arrives;
	int reason;		/* that the refusal is counted with */
};

/* A row goes from jail A to each of dst, once with each source. */
struct out_row {
	enum mode mode;
	int af;
	enum proto proto;
	unsigned dst;			/* DST(who) | ... */
	struct verdict verdict[NSOURCES];
};

/* A row goes from the peer, forged, by each protocol. */
struct in_row {
	int af;
	enum who src;
	enum who dst;
	unsigned places;		/* AT(place) | ...: who sees it */
};

#define DST(who)	(1U << (who))
#define AT(place)	(1U << (place))

extern const struct out_row out_rows[];
extern const size_t nout_rows;
extern const struct in_row in_rows[];
extern const size_t nin_rows;

#endif /* !_FORGE_TABLE_H_ */
