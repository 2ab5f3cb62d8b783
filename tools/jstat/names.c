/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Numbers in words.
 */

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "jstat.h"

#define NNAMES	256

/* Those that were asked for last, by the last digits of the jid. */
static struct {
	uint32_t jid;		/* 0: none */
	char name[JAIL_NAMELEN];
} names[NNAMES];

const char *
name_of(uint32_t jid)
{
	const size_t i = jid % NNAMES;
	char *name;

	if (jid == 0)
		return ("-");
	if (names[i].jid == jid)
		return (names[i].name);
	name = jail_getname((int)jid);
	strncpy(names[i].name, name != NULL ? name : "-", JAIL_NAMELEN - 1);
	names[i].jid = jid;
	free(name);
	return (names[i].name);
}

/* A jail can get another name. */
void
names_forget(void)
{
	memset(names, 0, sizeof(names));
}

const char *
direction_name(int dir)
{
	return (dir == JAIL_DIR_OUT ? "out" : dir == JAIL_DIR_IN ? "in" :
	    "call");
}

const char *
protocol_name(unsigned int proto)
{
	static const struct {
		unsigned int proto;
		const char *name;
	} known[] = {
		{ IPPROTO_ICMP, "icmp" }, { IPPROTO_IGMP, "igmp" },
		{ IPPROTO_IPIP, "ipip" }, { IPPROTO_TCP, "tcp" },
		{ IPPROTO_UDP, "udp" }, { IPPROTO_DCCP, "dccp" },
		{ IPPROTO_IPV6, "ipv6" }, { IPPROTO_ROUTING, "ipv6-route" },
		{ IPPROTO_FRAGMENT, "ipv6-frag" }, { IPPROTO_GRE, "gre" },
		{ IPPROTO_ESP, "esp" }, { IPPROTO_AH, "ah" },
		{ IPPROTO_ICMPV6, "icmp6" }, { 89, "ospf" },
		{ IPPROTO_PIM, "pim" }, { 112, "vrrp" },
		{ IPPROTO_SCTP, "sctp" }, { IPPROTO_UDPLITE, "udplite" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].proto == proto)
			return (known[i].name);
	}
	return (NULL);
}
