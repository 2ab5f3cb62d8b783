/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Witnesses of where a packet came: libpcap on the wire, at the peer's end, and
 * raw sockets of every protocol in two jails and in the host. Each is asked for
 * a packet after a marker was sent there the same way, so nobody has to wait
 * for what does not come. A failure fails the case.
 */

#ifndef _WITNESS_H_
#define _WITNESS_H_

#include <pcap/pcap.h>

#include "forge.h"
#include "jailed.h"

enum place { WIRE, IN_A, IN_B, IN_HOST, NPLACES };

struct witnesses {
	pcap_t *pcap;
	int sockets[NPLACES][2][NPROTOS];	/* IPv4, IPv6 */
};

/* What was seen of a packet at one place. */
struct seen {
	int n;			/* how often */
	union ipaddr src;	/* the last one's source */
};

/* Watch the interface, in the calling thread's network namespace. */
void witness_wire(struct witnesses *w, const char *ifname);

/* Listen in a jail, or here if jd is NULL. */
void witness_jail(struct witnesses *w, enum place place,
    const struct jailed *jd);

/* Read up to the marker; what was seen of packets with the flow's tag. */
struct seen witness_ask(struct witnesses *w, enum place place,
    const struct flow *flow, uint16_t marker);

void witness_close(struct witnesses *w);

#endif /* !_WITNESS_H_ */
