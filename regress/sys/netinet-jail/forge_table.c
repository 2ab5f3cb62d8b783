/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What must become of every kind of forged packet.
 */

#include <sys/socket.h>

#include <errno.h>

#include <sys/jail.h>

#include "forge_table.h"
#include "witness.h"

#define IP4	AF_INET
#define IP6	AF_INET6

/* The wire, another jail, the host. */
#define NEAR	DST(PEER) | DST(OTHER) | DST(HOST)

#define GO	{ 0, 0, true, JR_NONE }	/* arrives, and nowhere else */

/* Refused by bind(2), sendmsg(2), or as a packet; the last not always told. */
#define NOBIND	{ EADDRNOTAVAIL, 0, false, JR_LOCALADDR }
#define NOSEND	{ 0, EADDRNOTAVAIL, false, JR_LOCALADDR }
#define DROP	{ 0, EPERM, false, JR_SRCADDR }
#define LOST	{ 0, 0, false, JR_SRCADDR }
#define DROPLO	{ 0, EPERM, false, JR_LOOPBACK }
#define LOSTLO	{ 0, 0, false, JR_LOOPBACK }

/* Refused by the kernel itself, as in no jail. */
#define NOLOCAL	{ EADDRNOTAVAIL, 0, false, JR_NONE }
#define NOROUTE	{ 0, ENETUNREACH, false, JR_NONE }
#define NOADDR	{ 0, EINVAL, false, JR_NONE }

/* Sources: OWN, OWN2, OTHER, HOST, ABSENT, ANY. */
const struct out_row out_rows[] = {
	/* Own socket, bound; ping sockets are judged by their packets. */
	{ SOCK_BIND, IP4, TCP, NEAR | DST(LOOP),
	    { GO, GO, NOBIND, NOBIND, NOBIND, GO } },
	{ SOCK_BIND, IP4, UDP, NEAR | DST(LOOP),
	    { GO, GO, NOBIND, NOBIND, NOBIND, GO } },
	{ SOCK_BIND, IP4, ICMP, NEAR,
	    { GO, GO, DROP, DROP, NOLOCAL, DROP } },
	{ SOCK_BIND, IP4, ICMP, DST(LOOP),
	    { DROPLO, DROPLO, DROP, DROP, NOLOCAL, DROP } },
	{ SOCK_BIND, IP6, TCP, NEAR | DST(LOOP),
	    { GO, GO, NOBIND, NOBIND, NOBIND, GO } },
	{ SOCK_BIND, IP6, UDP, NEAR | DST(LOOP),
	    { GO, GO, NOBIND, NOBIND, NOBIND, GO } },
	{ SOCK_BIND, IP6, ICMP, NEAR,
	    { GO, GO, LOST, LOST, NOLOCAL, LOST } },
	{ SOCK_BIND, IP6, ICMP, DST(LOOP),
	    { LOSTLO, LOSTLO, LOST, LOST, NOLOCAL, LOST } },
	/* Own socket, source in a cmsg: sendmsg(2) refuses. */
	{ SOCK_CMSG, IP4, UDP, NEAR | DST(LOOP),
	    { GO, GO, NOSEND, NOSEND, NOSEND, GO } },
	{ SOCK_CMSG, IP4, ICMP, NEAR,
	    { GO, GO, DROP, DROP, NOROUTE, DROP } },
	{ SOCK_CMSG, IP4, ICMP, DST(LOOP),
	    { DROPLO, DROPLO, DROP, DROP, NOROUTE, DROP } },
	{ SOCK_CMSG, IP6, UDP, NEAR | DST(LOOP),
	    { GO, GO, NOSEND, NOSEND, NOADDR, GO } },
	/* The kernel ignores what an IPv6 ping socket says of its source. */
	{ SOCK_CMSG, IP6, ICMP, NEAR,
	    { LOST, LOST, LOST, LOST, NOADDR, LOST } },
	{ SOCK_CMSG, IP6, ICMP, DST(LOOP),
	    { LOST, LOST, LOST, LOST, NOADDR, LOST } },
	/* Raw socket, bound: the packet is refused. */
	{ RAW_BIND, IP4, TCP, NEAR,
	    { GO, GO, DROP, DROP, NOLOCAL, DROP } },
	{ RAW_BIND, IP4, TCP, DST(LOOP),
	    { DROPLO, DROPLO, DROP, DROP, NOLOCAL, DROP } },
	{ RAW_BIND, IP4, UDP, NEAR,
	    { GO, GO, DROP, DROP, NOLOCAL, DROP } },
	{ RAW_BIND, IP4, UDP, DST(LOOP),
	    { DROPLO, DROPLO, DROP, DROP, NOLOCAL, DROP } },
	{ RAW_BIND, IP4, ICMP, NEAR,
	    { GO, GO, DROP, DROP, NOLOCAL, DROP } },
	{ RAW_BIND, IP4, ICMP, DST(LOOP),
	    { DROPLO, DROPLO, DROP, DROP, NOLOCAL, DROP } },
	{ RAW_BIND, IP4, RAW, NEAR,
	    { GO, GO, DROP, DROP, NOLOCAL, DROP } },
	{ RAW_BIND, IP4, RAW, DST(LOOP),
	    { DROPLO, DROPLO, DROP, DROP, NOLOCAL, DROP } },
	{ RAW_BIND, IP6, TCP, NEAR,
	    { GO, GO, DROP, DROP, NOLOCAL, DROP } },
	{ RAW_BIND, IP6, TCP, DST(LOOP),
	    { DROPLO, DROPLO, DROP, DROP, NOLOCAL, DROP } },
	{ RAW_BIND, IP6, UDP, NEAR,
	    { GO, GO, DROP, DROP, NOLOCAL, DROP } },
	{ RAW_BIND, IP6, UDP, DST(LOOP),
	    { DROPLO, DROPLO, DROP, DROP, NOLOCAL, DROP } },
	{ RAW_BIND, IP6, ICMP, NEAR,
	    { GO, GO, DROP, DROP, NOLOCAL, DROP } },
	{ RAW_BIND, IP6, ICMP, DST(LOOP),
	    { DROPLO, DROPLO, DROP, DROP, NOLOCAL, DROP } },
	{ RAW_BIND, IP6, RAW, NEAR,
	    { GO, GO, DROP, DROP, NOLOCAL, DROP } },
	{ RAW_BIND, IP6, RAW, DST(LOOP),
	    { DROPLO, DROPLO, DROP, DROP, NOLOCAL, DROP } },
	/* Raw socket, source in a cmsg: the packet is refused. */
	{ RAW_CMSG, IP4, TCP, NEAR,
	    { GO, GO, DROP, DROP, NOROUTE, DROP } },
	{ RAW_CMSG, IP4, TCP, DST(LOOP),
	    { DROPLO, DROPLO, DROP, DROP, NOROUTE, DROP } },
	{ RAW_CMSG, IP4, UDP, NEAR,
	    { GO, GO, DROP, DROP, NOROUTE, DROP } },
	{ RAW_CMSG, IP4, UDP, DST(LOOP),
	    { DROPLO, DROPLO, DROP, DROP, NOROUTE, DROP } },
	{ RAW_CMSG, IP4, ICMP, NEAR,
	    { GO, GO, DROP, DROP, NOROUTE, DROP } },
	{ RAW_CMSG, IP4, ICMP, DST(LOOP),
	    { DROPLO, DROPLO, DROP, DROP, NOROUTE, DROP } },
	{ RAW_CMSG, IP4, RAW, NEAR,
	    { GO, GO, DROP, DROP, NOROUTE, DROP } },
	{ RAW_CMSG, IP4, RAW, DST(LOOP),
	    { DROPLO, DROPLO, DROP, DROP, NOROUTE, DROP } },
	{ RAW_CMSG, IP6, TCP, NEAR,
	    { GO, GO, DROP, DROP, NOADDR, DROP } },
	{ RAW_CMSG, IP6, TCP, DST(LOOP),
	    { DROPLO, DROPLO, DROP, DROP, NOADDR, DROP } },
	{ RAW_CMSG, IP6, UDP, NEAR,
	    { GO, GO, DROP, DROP, NOADDR, DROP } },
	{ RAW_CMSG, IP6, UDP, DST(LOOP),
	    { DROPLO, DROPLO, DROP, DROP, NOADDR, DROP } },
	{ RAW_CMSG, IP6, ICMP, NEAR,
	    { GO, GO, DROP, DROP, NOADDR, DROP } },
	{ RAW_CMSG, IP6, ICMP, DST(LOOP),
	    { DROPLO, DROPLO, DROP, DROP, NOADDR, DROP } },
	{ RAW_CMSG, IP6, RAW, NEAR,
	    { GO, GO, DROP, DROP, NOADDR, DROP } },
	{ RAW_CMSG, IP6, RAW, DST(LOOP),
	    { DROPLO, DROPLO, DROP, DROP, NOADDR, DROP } },
	/* Raw socket, whole packet: the packet is refused. */
	{ HDRINCL, IP4, TCP, NEAR,
	    { GO, GO, DROP, DROP, DROP, DROP } },
	{ HDRINCL, IP4, TCP, DST(LOOP),
	    { DROPLO, DROPLO, DROP, DROP, DROP, DROP } },
	{ HDRINCL, IP4, UDP, NEAR,
	    { GO, GO, DROP, DROP, DROP, DROP } },
	{ HDRINCL, IP4, UDP, DST(LOOP),
	    { DROPLO, DROPLO, DROP, DROP, DROP, DROP } },
	{ HDRINCL, IP4, ICMP, NEAR,
	    { GO, GO, DROP, DROP, DROP, DROP } },
	{ HDRINCL, IP4, ICMP, DST(LOOP),
	    { DROPLO, DROPLO, DROP, DROP, DROP, DROP } },
	{ HDRINCL, IP4, RAW, NEAR,
	    { GO, GO, DROP, DROP, DROP, DROP } },
	{ HDRINCL, IP4, RAW, DST(LOOP),
	    { DROPLO, DROPLO, DROP, DROP, DROP, DROP } },
	{ HDRINCL, IP6, TCP, NEAR,
	    { GO, GO, DROP, DROP, DROP, DROP } },
	{ HDRINCL, IP6, TCP, DST(LOOP),
	    { DROPLO, DROPLO, DROP, DROP, DROP, DROP } },
	{ HDRINCL, IP6, UDP, NEAR,
	    { GO, GO, DROP, DROP, DROP, DROP } },
	{ HDRINCL, IP6, UDP, DST(LOOP),
	    { DROPLO, DROPLO, DROP, DROP, DROP, DROP } },
	{ HDRINCL, IP6, ICMP, NEAR,
	    { GO, GO, DROP, DROP, DROP, DROP } },
	{ HDRINCL, IP6, ICMP, DST(LOOP),
	    { DROPLO, DROPLO, DROP, DROP, DROP, DROP } },
	{ HDRINCL, IP6, RAW, NEAR,
	    { GO, GO, DROP, DROP, DROP, DROP } },
	{ HDRINCL, IP6, RAW, DST(LOOP),
	    { DROPLO, DROPLO, DROP, DROP, DROP, DROP } },
	/* To a group: the wire and the host, which are its members. */
	{ SOCK_BIND, IP4, UDP, DST(GROUP),
	    { GO, GO, NOBIND, NOBIND, NOBIND, GO } },
	{ SOCK_BIND, IP6, UDP, DST(GROUP),
	    { GO, GO, NOBIND, NOBIND, NOBIND, GO } },
	{ RAW_BIND, IP4, UDP, DST(GROUP),
	    { GO, GO, DROP, DROP, NOLOCAL, DROP } },
	{ RAW_BIND, IP4, ICMP, DST(GROUP),
	    { GO, GO, DROP, DROP, NOLOCAL, DROP } },
	{ RAW_BIND, IP4, RAW, DST(GROUP),
	    { GO, GO, DROP, DROP, NOLOCAL, DROP } },
	{ RAW_BIND, IP6, UDP, DST(GROUP),
	    { GO, GO, DROP, DROP, NOLOCAL, DROP } },
	{ RAW_BIND, IP6, ICMP, DST(GROUP),
	    { GO, GO, DROP, DROP, NOLOCAL, DROP } },
	{ RAW_BIND, IP6, RAW, DST(GROUP),
	    { GO, GO, DROP, DROP, NOLOCAL, DROP } },
	{ HDRINCL, IP4, UDP, DST(GROUP),
	    { GO, GO, DROP, DROP, DROP, DROP } },
	{ HDRINCL, IP4, ICMP, DST(GROUP),
	    { GO, GO, DROP, DROP, DROP, DROP } },
	{ HDRINCL, IP4, RAW, DST(GROUP),
	    { GO, GO, DROP, DROP, DROP, DROP } },
	{ HDRINCL, IP6, UDP, DST(GROUP),
	    { GO, GO, DROP, DROP, DROP, DROP } },
	{ HDRINCL, IP6, ICMP, DST(GROUP),
	    { GO, GO, DROP, DROP, DROP, DROP } },
	{ HDRINCL, IP6, RAW, DST(GROUP),
	    { GO, GO, DROP, DROP, DROP, DROP } },
};

const size_t nout_rows = sizeof(out_rows) / sizeof(out_rows[0]);

const struct in_row in_rows[] = {
	{ IP4, PEER, OWN, AT(IN_A) | AT(IN_HOST) },
	{ IP4, PEER, OWN2, AT(IN_A) | AT(IN_HOST) },
	{ IP4, PEER, OTHER, AT(IN_B) | AT(IN_HOST) },
	{ IP4, PEER, HOST, AT(IN_HOST) },
	{ IP4, PEER, GROUP, AT(IN_HOST) },
	{ IP4, PEER, SUBNET, AT(IN_HOST) },
	{ IP4, PEER, EVERYONE, AT(IN_HOST) },
	{ IP4, ABSENT, OWN, AT(IN_A) | AT(IN_HOST) },
	{ IP4, ABSENT, OWN2, AT(IN_A) | AT(IN_HOST) },
	{ IP4, ABSENT, OTHER, AT(IN_B) | AT(IN_HOST) },
	{ IP4, ABSENT, HOST, AT(IN_HOST) },
	{ IP4, ABSENT, GROUP, AT(IN_HOST) },
	{ IP4, ABSENT, SUBNET, AT(IN_HOST) },
	{ IP4, ABSENT, EVERYONE, AT(IN_HOST) },
	{ IP6, PEER, OWN, AT(IN_A) | AT(IN_HOST) },
	{ IP6, PEER, OWN2, AT(IN_A) | AT(IN_HOST) },
	{ IP6, PEER, OTHER, AT(IN_B) | AT(IN_HOST) },
	{ IP6, PEER, HOST, AT(IN_HOST) },
	{ IP6, PEER, GROUP, AT(IN_HOST) },
	{ IP6, ABSENT, OWN, AT(IN_A) | AT(IN_HOST) },
	{ IP6, ABSENT, OWN2, AT(IN_A) | AT(IN_HOST) },
	{ IP6, ABSENT, OTHER, AT(IN_B) | AT(IN_HOST) },
	{ IP6, ABSENT, HOST, AT(IN_HOST) },
	{ IP6, ABSENT, GROUP, AT(IN_HOST) },
};

const size_t nin_rows = sizeof(in_rows) / sizeof(in_rows[0]);
