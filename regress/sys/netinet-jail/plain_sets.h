/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Jails for the tests of decisions, with their address sets in plain arrays
 * where the kernel half has maps. Addresses are text, so that tables read well.
 */

#ifndef _PLAIN_SETS_H_
#define _PLAIN_SETS_H_

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errname.h"

#include <netinet-jail/in6_jail.h>
#include <netinet-jail/in_jail.h>

#define NELEMS(a) (sizeof(a) / sizeof((a)[0]))

/*
 * The jails; each has sets of both families with the number SET(jail). Loopback
 * is the primary address, as on FreeBSD, if nothing else is said.
 */
enum jail {
	INHERIT,	/* all that the host has */
	DISABLED,	/* no address of the family */
	ONE,		/* one address */
	THREE,		/* three, the primary as source */
	NETS,		/* the same, source by prefix */
	LOOPED,		/* the loopback address and one more */
	PRIVATE,	/* as NETS, with a loopback of its own: LO4, LO6 */
	HOSTLO,		/* as NETS, with the host's loopback */
	NJAILS
};

#define SET(jail) ((__u64)(jail) + 1)

/* What the loopback of PRIVATE is to the kernel, and that of another jail. */
#define LO4		"127.64.0.7"
#define LO4_OTHER	"127.64.0.8"
#define LO6		"fd6a:6169:6c6c:6f::7"
#define LO6_OTHER	"fd6a:6169:6c6c:6f::8"

static const char *const jail_names[NJAILS] = {
	"INHERIT", "DISABLED", "ONE", "THREE", "NETS", "LOOPED", "PRIVATE",
	"HOSTLO"
};

static const char *const set_ip4[NJAILS][4] = {
	[ONE] = { "192.0.2.11" },
	[THREE] = { "192.0.2.11", "192.0.2.12", "198.51.100.7" },
	[NETS] = { "192.0.2.11", "192.0.2.12", "198.51.100.7" },
	[PRIVATE] = { "192.0.2.11", "192.0.2.12", "198.51.100.7" },
	[HOSTLO] = { "192.0.2.11", "192.0.2.12", "198.51.100.7" },
	[LOOPED] = { "192.0.2.11", "127.0.0.1" },
};

static const char *const set_ip6[NJAILS][4] = {
	[ONE] = { "2001:db8::11" },
	[THREE] = { "2001:db8::11", "2001:db8::12", "2001:db8:1::7" },
	[NETS] = { "2001:db8::11", "2001:db8::12", "2001:db8:1::7" },
	[PRIVATE] = { "2001:db8::11", "2001:db8::12", "2001:db8:1::7" },
	[HOSTLO] = { "2001:db8::11", "2001:db8::12", "2001:db8:1::7" },
	[LOOPED] = { "2001:db8::11", "::1" },
};

/* Sources by prefix; the longest that matches counts. */
struct net {
	enum jail jail;
	const char *prefix;
	int len;
	const char *src;
};

static const struct net nets_ip4[] = {
	{ THREE, "198.51.100.0", 24, "198.51.100.7" },
	{ NETS, "192.0.2.0", 24, "192.0.2.11" },
	{ NETS, "192.0.2.128", 25, "192.0.2.12" },
	{ NETS, "198.51.100.0", 24, "198.51.100.7" },
	{ ONE, "198.51.100.0", 24, "192.0.2.99" },
	{ PRIVATE, "198.51.100.0", 24, "198.51.100.7" },
	{ PRIVATE, "127.0.0.0", 8, "198.51.100.7" },
	{ HOSTLO, "198.51.100.0", 24, "198.51.100.7" },
	{ HOSTLO, "127.0.0.0", 8, "198.51.100.7" },
};

static const struct net nets_ip6[] = {
	{ THREE, "2001:db8:1::", 64, "2001:db8:1::7" },
	{ NETS, "2001:db8::", 64, "2001:db8::11" },
	{ NETS, "2001:db8::8000", 113, "2001:db8::12" },
	{ NETS, "2001:db8:1::", 64, "2001:db8:1::7" },
	{ ONE, "2001:db8:1::", 64, "2001:db8::99" },
	{ PRIVATE, "2001:db8:1::", 64, "2001:db8:1::7" },
	{ PRIVATE, LO6, 128, "2001:db8:1::7" },
	{ HOSTLO, "2001:db8:1::", 64, "2001:db8:1::7" },
	{ HOSTLO, "::1", 128, "2001:db8:1::7" },
};

static void
parse(int af, const char *text, void *addr)
{
	if (inet_pton(af, text, addr) == 1)
		return;
	fprintf(stderr, "%s is no address\n", text);
	abort();
}

static __be32
ip4(const char *text)
{
	__be32 addr;

	parse(AF_INET, text, &addr);
	return (addr);
}

static struct jail_in6
ip6(const char *text)
{
	struct jail_in6 addr;

	parse(AF_INET6, text, &addr);
	return (addr);
}

/* Is the n-bit prefix of two addresses the same? */
static inline bool
same_prefix(const void *a, const void *b, int n)
{
	const unsigned char *p = a, *q = b;
	int i;

	for (i = 0; i < n; i++)
		if (((p[i / 8] ^ q[i / 8]) >> (7 - i % 8)) & 1)
			return (false);
	return (true);
}

static inline bool
member(int af, const char *const *set, const void *addr, size_t size)
{
	struct in6_addr one;

	for (; *set != NULL; set++) {
		parse(af, *set, &one);
		if (memcmp(&one, addr, size) == 0)
			return (true);
	}
	return (false);
}

static inline bool
source(int af, const struct net *nets, size_t n, __u64 set, const void *dst,
    void *src)
{
	struct in6_addr prefix;
	int best = -1;

	for (; n > 0; n--, nets++) {
		parse(af, nets->prefix, &prefix);
		if (SET(nets->jail) != set || nets->len <= best ||
		    !same_prefix(&prefix, dst, nets->len))
			continue;
		best = nets->len;
		parse(af, nets->src, src);
	}
	return (best >= 0);
}

static inline bool
prison_member_ip4(__u64 set, __be32 addr)
{
	return (member(AF_INET, set_ip4[set - 1], &addr, sizeof(addr)));
}

static inline bool
prison_net_ip4(__u64 set, __be32 dst, __be32 *src)
{
	return (source(AF_INET, nets_ip4, NELEMS(nets_ip4), set, &dst, src));
}

static inline bool
prison_member_ip6(__u64 set, const struct jail_in6 *addr)
{
	return (member(AF_INET6, set_ip6[set - 1], addr, sizeof(*addr)));
}

static inline bool
prison_net_ip6(__u64 set, const struct jail_in6 *dst, struct jail_in6 *src)
{
	return (source(AF_INET6, nets_ip6, NELEMS(nets_ip6), set, dst, src));
}

static inline unsigned
set_size(const char *const *set)
{
	unsigned n;

	for (n = 0; set[n] != NULL; n++)
		continue;
	return (n);
}

static inline void
set_loopback(struct prison *pr, enum jail jail)
{
	if (jail == PRIVATE) {
		pr->pr_lo4 = ip4(LO4);
		pr->pr_lo6 = ip6(LO6);
	} else
		pr->pr_flags |= jail == HOSTLO ? PR_LO_HOST : PR_LO_PRIMARY;
}

/* What the maps would say about the jail. */
static inline struct prison
prison_of(enum jail jail)
{
	struct prison pr = { .pr_version = JAIL_VERSION, .pr_id = SET(jail) };

	if (jail == INHERIT)
		return (pr);
	pr.pr_flags = PR_IP4 | PR_IP6;
	set_loopback(&pr, jail);
	if (jail != DISABLED && jail != THREE && jail != LOOPED)
		pr.pr_flags |= PR_IP4_SADDRSEL | PR_IP6_SADDRSEL;
	pr.pr_ip4s = pr.pr_ip6s = SET(jail);
	pr.pr_nip4 = set_size(set_ip4[jail]);
	pr.pr_nip6 = set_size(set_ip6[jail]);
	if (pr.pr_nip4 != 0)
		pr.pr_ip4 = ip4(set_ip4[jail][0]);
	if (pr.pr_nip6 != 0)
		pr.pr_ip6 = ip6(set_ip6[jail][0]);
	return (pr);
}

#endif /* !_PLAIN_SETS_H_ */
