/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Sending a packet with a source of one's choice, by every way there is.
 */

#ifndef _FORGE_H_
#define _FORGE_H_

#include <sys/types.h>

#include <netinet/in.h>

#include <stdint.h>

#define FORGE_PROTO	253	/* the protocol for experiments, RFC 3692 */

enum proto { TCP, UDP, ICMP, RAW, NPROTOS };

/* How the packet gets its source and its header. */
enum mode {
	SOCK_BIND,	/* the protocol's own socket, bound */
	SOCK_CMSG,	/* the same, unbound; the source in a cmsg */
	RAW_BIND,	/* raw socket, bound; the kernel builds the header */
	RAW_CMSG,	/* the same, unbound; the source in a cmsg */
	HDRINCL,	/* raw socket; the header is in the message */
	NMODES
};

/* An address of either family; IPv4 in the first four bytes. */
union ipaddr {
	struct in_addr in;
	struct in6_addr in6;
	uint8_t bytes[16];
};

/*
 * A packet. The tag is what it is recognised by on its way: the port that it is
 * for, or the sequence number of an echo request.
 */
struct flow {
	int af;
	enum proto proto;
	enum mode mode;
	union ipaddr src;	/* unspecified: none is asked for */
	union ipaddr dst;
	uint16_t tag;
	int ifindex;		/* leave there; 0: where the route says */
};

/* An errno each, 0 if the call was not refused. */
struct outcome {
	int socket;
	int bind;
	int send;
};

/* AF_INET, AF_INET6: the protocol's number. */
int forge_protocol(int af, enum proto proto);

/* Length of an address and of a header without options. */
size_t forge_addrlen(int af);
size_t forge_hdrlen(int af);

/* Build the whole packet, header first; its length, or 0 on failure. */
size_t forge_packet(const struct flow *flow, uint8_t *buf, size_t size);

/* Build the packet and send it. */
struct outcome forge_send(const struct flow *flow);

#endif /* !_FORGE_H_ */
