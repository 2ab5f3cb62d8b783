/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Decisions about IPv4 addresses: every kind of jail against every kind of
 * address.
 */

#include "plain_sets.h"

#include <atf-c.h>

/* A decision that takes an address and may replace it. */
struct row {
	enum jail jail;
	const char *addr;
	int error;
	const char *result;	/* NULL: addr stays */
};

static void
check_rows(const struct row *rows, size_t n,
    int (*decide)(const struct prison *, __be32 *))
{
	char got[INET_ADDRSTRLEN];
	struct prison pr;
	const char *want;
	__be32 addr;
	int error;

	for (; n > 0; n--, rows++) {
		pr = prison_of(rows->jail);
		addr = ip4(rows->addr);
		error = decide(&pr, &addr);
		want = rows->result != NULL ? rows->result : rows->addr;
		inet_ntop(AF_INET, &addr, got, sizeof(got));
		ATF_CHECK_MSG(error == rows->error && addr == ip4(want),
		    "%s, %s: %s, %s; should be %s, %s", jail_names[rows->jail],
		    rows->addr, errname(error), got, errname(rows->error),
		    want);
	}
}

static int
check_ip4(const struct prison *pr, __be32 *addr)
{
	return (prison_check_ip4(pr, *addr));
}

ATF_TC_WITHOUT_HEAD(check_knows_the_jails_own_addresses);
ATF_TC_BODY(check_knows_the_jails_own_addresses, tc)
{
	static const struct row rows[] = {
		{ INHERIT, "192.0.2.11", 0, NULL },
		{ INHERIT, "0.0.0.0", 0, NULL },
		{ INHERIT, "127.0.0.1", 0, NULL },
		{ INHERIT, "255.255.255.255", 0, NULL },
		{ INHERIT, LO4, EADDRNOTAVAIL, NULL },
		{ DISABLED, "192.0.2.11", EAFNOSUPPORT, NULL },
		{ DISABLED, "0.0.0.0", EAFNOSUPPORT, NULL },
		{ DISABLED, "127.0.0.1", EAFNOSUPPORT, NULL },
		{ ONE, "192.0.2.11", 0, NULL },
		{ ONE, "192.0.2.10", EADDRNOTAVAIL, NULL },
		{ ONE, "192.0.2.12", EADDRNOTAVAIL, NULL },
		{ ONE, "193.0.2.11", EADDRNOTAVAIL, NULL },
		{ ONE, "11.2.0.192", EADDRNOTAVAIL, NULL },
		{ ONE, "0.0.0.0", EADDRNOTAVAIL, NULL },
		{ ONE, "127.0.0.1", EADDRNOTAVAIL, NULL },
		{ ONE, "224.0.0.1", EADDRNOTAVAIL, NULL },
		{ ONE, "255.255.255.255", EADDRNOTAVAIL, NULL },
		{ THREE, "192.0.2.11", 0, NULL },
		{ THREE, "192.0.2.12", 0, NULL },
		{ THREE, "198.51.100.7", 0, NULL },
		{ THREE, "192.0.2.13", EADDRNOTAVAIL, NULL },
		{ THREE, "198.51.100.8", EADDRNOTAVAIL, NULL },
		{ THREE, "192.0.2.255", EADDRNOTAVAIL, NULL },
		{ THREE, "0.0.0.0", EADDRNOTAVAIL, NULL },
		{ LOOPED, "127.0.0.1", 0, NULL },
		{ LOOPED, "127.0.0.2", EADDRNOTAVAIL, NULL },
		{ PRIVATE, "127.0.0.1", EADDRNOTAVAIL, NULL },
		{ PRIVATE, LO4, EADDRNOTAVAIL, NULL },
		{ HOSTLO, "127.0.0.1", EADDRNOTAVAIL, NULL },
	};

	(void)tc;
	check_rows(rows, NELEMS(rows), check_ip4);
}

ATF_TC_WITHOUT_HEAD(loopback_is_own_or_the_hosts_or_none);
ATF_TC_BODY(loopback_is_own_or_the_hosts_or_none, tc)
{
	static const struct {
		enum jail jail;
		const char *addr;
		bool loopback;
	} rows[] = {
		{ ONE, "127.0.0.1", false },
		{ ONE, "192.0.2.11", false },
		{ ONE, "0.0.0.0", false },
		{ PRIVATE, LO4, true },
		{ PRIVATE, LO4_OTHER, false },
		{ PRIVATE, "127.0.0.1", false },
		{ PRIVATE, "127.0.0.7", false },
		{ PRIVATE, "192.0.2.11", false },
		{ PRIVATE, "0.0.0.0", false },
		{ HOSTLO, "127.0.0.1", true },
		{ HOSTLO, "127.0.0.53", true },
		{ HOSTLO, "127.63.255.255", true },
		{ HOSTLO, "127.80.0.0", true },
		{ HOSTLO, "127.255.255.255", true },
		{ HOSTLO, LO4_OTHER, false },
		{ HOSTLO, "127.64.0.0", false },
		{ HOSTLO, "127.79.255.255", false },
		{ HOSTLO, "128.0.0.1", false },
		{ HOSTLO, "192.0.2.11", false },
		{ HOSTLO, "0.0.0.0", false },
	};
	struct prison pr;
	size_t i;

	(void)tc;
	for (i = 0; i < NELEMS(rows); i++) {
		pr = prison_of(rows[i].jail);
		ATF_CHECK_MSG(prison_loopback_ip4(&pr, ip4(rows[i].addr)) ==
		    rows[i].loopback, "%s, %s: should be %d",
		    jail_names[rows[i].jail], rows[i].addr, rows[i].loopback);
	}
}

static int
lo4(const struct prison *pr, __be32 *addr)
{
	*addr = prison_lo4(pr);
	return (0);
}

ATF_TC_WITHOUT_HEAD(loopback_is_the_primary_unless_private_or_the_hosts);
ATF_TC_BODY(loopback_is_the_primary_unless_private_or_the_hosts, tc)
{
	static const struct row rows[] = {
		{ ONE, "0.0.0.0", 0, "192.0.2.11" },
		{ THREE, "0.0.0.0", 0, "192.0.2.11" },
		{ PRIVATE, "0.0.0.0", 0, LO4 },
		{ HOSTLO, "0.0.0.0", 0, "127.0.0.1" },
	};

	(void)tc;
	check_rows(rows, NELEMS(rows), lo4);
}

ATF_TC_WITHOUT_HEAD(local_any_is_the_primary_and_loopback_the_jails);
ATF_TC_BODY(local_any_is_the_primary_and_loopback_the_jails, tc)
{
	static const struct row rows[] = {
		{ INHERIT, "0.0.0.0", 0, NULL },
		{ INHERIT, "127.0.0.1", 0, NULL },
		{ INHERIT, "192.0.2.99", 0, NULL },
		{ INHERIT, LO4, EADDRNOTAVAIL, NULL },
		{ DISABLED, "0.0.0.0", EAFNOSUPPORT, NULL },
		{ DISABLED, "127.0.0.1", EAFNOSUPPORT, NULL },
		{ DISABLED, "192.0.2.11", EAFNOSUPPORT, NULL },
		{ ONE, "0.0.0.0", 0, "192.0.2.11" },
		{ ONE, "127.0.0.1", 0, "192.0.2.11" },
		{ ONE, "192.0.2.11", 0, NULL },
		{ ONE, "127.0.0.2", EADDRNOTAVAIL, NULL },
		{ ONE, "127.255.255.255", EADDRNOTAVAIL, NULL },
		{ ONE, "192.0.2.12", EADDRNOTAVAIL, NULL },
		{ ONE, "224.0.0.1", EADDRNOTAVAIL, NULL },
		{ ONE, "255.255.255.255", EADDRNOTAVAIL, NULL },
		{ THREE, "0.0.0.0", 0, "192.0.2.11" },
		{ THREE, "127.0.0.1", 0, "192.0.2.11" },
		{ THREE, "192.0.2.12", 0, NULL },
		{ THREE, "198.51.100.7", 0, NULL },
		{ THREE, "198.51.100.6", EADDRNOTAVAIL, NULL },
		{ LOOPED, "127.0.0.1", 0, NULL },
		{ LOOPED, "0.0.0.0", 0, "192.0.2.11" },
		{ PRIVATE, "0.0.0.0", 0, "192.0.2.11" },
		{ PRIVATE, "127.0.0.1", 0, LO4 },
		{ PRIVATE, "192.0.2.12", 0, NULL },
		{ PRIVATE, "127.0.0.2", EADDRNOTAVAIL, NULL },
		{ PRIVATE, LO4, EADDRNOTAVAIL, NULL },
		{ PRIVATE, LO4_OTHER, EADDRNOTAVAIL, NULL },
		{ HOSTLO, "0.0.0.0", 0, "192.0.2.11" },
		{ HOSTLO, "127.0.0.1", 0, NULL },
		{ HOSTLO, "127.0.0.53", 0, NULL },
		{ HOSTLO, LO4_OTHER, EADDRNOTAVAIL, NULL },
		{ HOSTLO, "192.0.2.1", EADDRNOTAVAIL, NULL },
	};

	(void)tc;
	check_rows(rows, NELEMS(rows), prison_local_ip4);
}

ATF_TC_WITHOUT_HEAD(remote_means_the_hosts_loopback_only_if_allowed);
ATF_TC_BODY(remote_means_the_hosts_loopback_only_if_allowed, tc)
{
	static const struct row rows[] = {
		{ INHERIT, "0.0.0.0", 0, NULL },
		{ INHERIT, "127.0.0.1", 0, NULL },
		{ INHERIT, "127.0.0.2", 0, NULL },
		{ INHERIT, LO4, ENETUNREACH, NULL },
		{ DISABLED, "0.0.0.0", EAFNOSUPPORT, NULL },
		{ DISABLED, "127.0.0.1", EAFNOSUPPORT, NULL },
		{ DISABLED, "203.0.113.1", EAFNOSUPPORT, NULL },
		{ ONE, "0.0.0.0", 0, "192.0.2.11" },
		{ ONE, "127.0.0.1", 0, "192.0.2.11" },
		{ ONE, "127.0.0.0", ENETUNREACH, NULL },
		{ ONE, "127.0.0.2", ENETUNREACH, NULL },
		{ ONE, "127.1.0.1", ENETUNREACH, NULL },
		{ ONE, "127.255.255.255", ENETUNREACH, NULL },
		{ ONE, "126.255.255.255", 0, NULL },
		{ ONE, "128.0.0.0", 0, NULL },
		{ ONE, "192.0.2.11", 0, NULL },
		{ ONE, "192.0.2.1", 0, NULL },
		{ ONE, "1.0.0.127", 0, NULL },
		{ ONE, "224.0.0.1", 0, NULL },
		{ ONE, "255.255.255.255", 0, NULL },
		{ THREE, "0.0.0.0", 0, "192.0.2.11" },
		{ THREE, "127.0.0.1", 0, "192.0.2.11" },
		{ THREE, "127.0.0.2", ENETUNREACH, NULL },
		{ THREE, "198.51.100.7", 0, NULL },
		{ LOOPED, "127.0.0.1", 0, NULL },
		{ LOOPED, "127.0.0.2", ENETUNREACH, NULL },
		{ PRIVATE, "0.0.0.0", 0, LO4 },
		{ PRIVATE, "127.0.0.1", 0, LO4 },
		{ PRIVATE, "127.0.0.2", ENETUNREACH, NULL },
		{ PRIVATE, LO4, 0, NULL },
		{ PRIVATE, LO4_OTHER, ENETUNREACH, NULL },
		{ PRIVATE, "192.0.2.12", 0, NULL },
		{ PRIVATE, "203.0.113.1", 0, NULL },
		{ HOSTLO, "0.0.0.0", 0, "127.0.0.1" },
		{ HOSTLO, "127.0.0.1", 0, NULL },
		{ HOSTLO, "127.0.0.53", 0, NULL },
		{ HOSTLO, LO4_OTHER, ENETUNREACH, NULL },
		{ HOSTLO, "203.0.113.1", 0, NULL },
	};

	(void)tc;
	check_rows(rows, NELEMS(rows), prison_remote_ip4);
}

/* *addr is the destination before and the source after. */
static int
saddrsel_ip4(const struct prison *pr, __be32 *addr)
{
	__be32 dst = *addr, src = ~dst;
	int error;

	error = prison_saddrsel_ip4(pr, dst, &src);
	*addr = src;
	return (error);
}

ATF_TC_WITHOUT_HEAD(saddrsel_takes_longest_prefix_else_primary);
ATF_TC_BODY(saddrsel_takes_longest_prefix_else_primary, tc)
{
	static const struct row rows[] = {
		{ INHERIT, "198.51.100.1", 0, "0.0.0.0" },
		{ DISABLED, "198.51.100.1", EAFNOSUPPORT, "0.0.0.0" },
		{ ONE, "198.51.100.1", 0, "192.0.2.11" },
		{ ONE, "203.0.113.1", 0, "192.0.2.11" },
		{ THREE, "198.51.100.1", 0, "192.0.2.11" },
		{ THREE, "203.0.113.1", 0, "192.0.2.11" },
		{ NETS, "198.51.100.1", 0, "198.51.100.7" },
		{ NETS, "198.51.101.1", 0, "192.0.2.11" },
		{ NETS, "192.0.2.127", 0, "192.0.2.11" },
		{ NETS, "192.0.2.128", 0, "192.0.2.12" },
		{ NETS, "192.0.2.254", 0, "192.0.2.12" },
		{ NETS, "203.0.113.1", 0, "192.0.2.11" },
		{ NETS, "0.0.0.0", 0, "192.0.2.11" },
		{ NETS, "224.0.0.1", 0, "192.0.2.11" },
		{ PRIVATE, LO4, 0, LO4 },
		{ PRIVATE, "198.51.100.1", 0, "198.51.100.7" },
		{ PRIVATE, "192.0.2.12", 0, "192.0.2.12" },
		{ HOSTLO, "127.0.0.1", 0, "127.0.0.1" },
		{ HOSTLO, "127.0.0.53", 0, "127.0.0.1" },
		{ HOSTLO, "198.51.100.1", 0, "198.51.100.7" },
	};

	(void)tc;
	check_rows(rows, NELEMS(rows), saddrsel_ip4);
}

ATF_TC_WITHOUT_HEAD(source_on_loopback_reaches_the_jail_only);
ATF_TC_BODY(source_on_loopback_reaches_the_jail_only, tc)
{
	static const struct {
		enum jail jail;
		const char *src, *dst;
		int error;
	} rows[] = {
		{ INHERIT, "127.0.0.1", "203.0.113.1", 0 },
		{ INHERIT, LO4, LO4, EADDRNOTAVAIL },
		{ DISABLED, "127.0.0.1", "127.0.0.1", EAFNOSUPPORT },
		{ ONE, "192.0.2.11", "203.0.113.1", 0 },
		{ ONE, "192.0.2.12", "203.0.113.1", EADDRNOTAVAIL },
		{ ONE, "127.0.0.1", "192.0.2.11", EADDRNOTAVAIL },
		{ PRIVATE, "192.0.2.12", "203.0.113.1", 0 },
		{ PRIVATE, "192.0.2.12", LO4, 0 },
		{ PRIVATE, LO4, LO4, 0 },
		{ PRIVATE, LO4, "192.0.2.11", 0 },
		{ PRIVATE, LO4, "198.51.100.7", 0 },
		{ PRIVATE, LO4, "203.0.113.1", EINVAL },
		{ PRIVATE, LO4, "192.0.2.1", EINVAL },
		{ PRIVATE, LO4, "224.0.0.1", EINVAL },
		{ PRIVATE, LO4, LO4_OTHER, EINVAL },
		{ PRIVATE, LO4_OTHER, LO4, EADDRNOTAVAIL },
		{ PRIVATE, "127.0.0.1", LO4, EADDRNOTAVAIL },
		{ HOSTLO, "127.0.0.1", "127.0.0.1", 0 },
		{ HOSTLO, "127.0.0.53", "127.0.0.1", 0 },
		{ HOSTLO, "127.0.0.1", "192.0.2.11", 0 },
		{ HOSTLO, "127.0.0.1", "203.0.113.1", EINVAL },
		{ HOSTLO, "127.0.0.1", LO4_OTHER, EINVAL },
		{ HOSTLO, LO4_OTHER, LO4_OTHER, EADDRNOTAVAIL },
	};
	struct prison pr;
	size_t i;
	int error;

	(void)tc;
	for (i = 0; i < NELEMS(rows); i++) {
		pr = prison_of(rows[i].jail);
		error = prison_source_ip4(&pr, ip4(rows[i].src),
		    ip4(rows[i].dst));
		ATF_CHECK_MSG(error == rows[i].error,
		    "%s, %s to %s: %s, should be %s",
		    jail_names[rows[i].jail], rows[i].src, rows[i].dst,
		    errname(error), errname(rows[i].error));
	}
}

/* A packet, and why it is refused. */
struct packet {
	enum jail jail;
	const char *src, *dst;
	enum jail_reason reason;
};

static void
check_packets(const struct packet *p, size_t n,
    enum jail_reason (*decide)(const struct prison *, __be32, __be32))
{
	enum jail_reason reason;
	struct prison pr;

	for (; n > 0; n--, p++) {
		pr = prison_of(p->jail);
		reason = decide(&pr, ip4(p->src), ip4(p->dst));
		ATF_CHECK_MSG(reason == p->reason, "%s, %s to %s: reason %d, "
		    "should be %d", jail_names[p->jail], p->src, p->dst,
		    reason, p->reason);
	}
}

ATF_TC_WITHOUT_HEAD(output_needs_own_source_and_own_loopback);
ATF_TC_BODY(output_needs_own_source_and_own_loopback, tc)
{
	static const struct packet rows[] = {
		{ INHERIT, "192.0.2.99", "203.0.113.1", JR_NONE },
		{ INHERIT, "127.0.0.1", "127.0.0.1", JR_NONE },
		{ INHERIT, "127.0.0.1", LO4, JR_LOOPBACK },
		{ INHERIT, LO4, LO4, JR_SRCADDR },
		{ DISABLED, "192.0.2.11", "203.0.113.1", JR_NOFAMILY },
		{ DISABLED, "0.0.0.0", "127.0.0.1", JR_NOFAMILY },
		{ ONE, "192.0.2.11", "203.0.113.1", JR_NONE },
		{ ONE, "192.0.2.11", "192.0.2.11", JR_NONE },
		{ ONE, "192.0.2.11", "224.0.0.1", JR_NONE },
		{ ONE, "192.0.2.11", "255.255.255.255", JR_NONE },
		{ ONE, "192.0.2.11", "127.0.0.1", JR_LOOPBACK },
		{ ONE, "192.0.2.11", "127.0.0.2", JR_LOOPBACK },
		{ ONE, "192.0.2.12", "203.0.113.1", JR_SRCADDR },
		{ ONE, "0.0.0.0", "203.0.113.1", JR_SRCADDR },
		{ ONE, "127.0.0.1", "203.0.113.1", JR_SRCADDR },
		{ ONE, "203.0.113.1", "192.0.2.11", JR_SRCADDR },
		{ ONE, "192.0.2.12", "127.0.0.1", JR_SRCADDR },
		{ THREE, "198.51.100.7", "203.0.113.1", JR_NONE },
		{ THREE, "198.51.100.8", "203.0.113.1", JR_SRCADDR },
		{ THREE, "192.0.2.12", "127.0.0.1", JR_LOOPBACK },
		{ LOOPED, "127.0.0.1", "127.0.0.1", JR_NONE },
		{ LOOPED, "127.0.0.1", "127.0.0.2", JR_LOOPBACK },
		{ PRIVATE, LO4, LO4, JR_NONE },
		{ PRIVATE, LO4, "192.0.2.12", JR_NONE },
		{ PRIVATE, "192.0.2.12", LO4, JR_NONE },
		{ PRIVATE, "192.0.2.12", "127.0.0.1", JR_LOOPBACK },
		{ PRIVATE, "192.0.2.12", LO4_OTHER, JR_LOOPBACK },
		{ PRIVATE, LO4, LO4_OTHER, JR_SRCADDR },
		{ PRIVATE, LO4, "127.0.0.1", JR_SRCADDR },
		{ PRIVATE, LO4, "203.0.113.1", JR_SRCADDR },
		{ PRIVATE, LO4_OTHER, LO4, JR_SRCADDR },
		{ PRIVATE, "127.0.0.1", "127.0.0.1", JR_SRCADDR },
		{ HOSTLO, "127.0.0.1", "127.0.0.1", JR_NONE },
		{ HOSTLO, "192.0.2.11", "127.0.0.1", JR_NONE },
		{ HOSTLO, "127.0.0.1", "203.0.113.1", JR_SRCADDR },
		{ HOSTLO, "192.0.2.11", LO4_OTHER, JR_LOOPBACK },
		{ HOSTLO, LO4_OTHER, LO4_OTHER, JR_SRCADDR },
	};

	(void)tc;
	check_packets(rows, NELEMS(rows), prison_output_ip4);
}

ATF_TC_WITHOUT_HEAD(input_needs_own_destination_and_loopback_own_source);
ATF_TC_BODY(input_needs_own_destination_and_loopback_own_source, tc)
{
	static const struct packet rows[] = {
		{ INHERIT, "203.0.113.1", "192.0.2.99", JR_NONE },
		{ INHERIT, "203.0.113.1", "224.0.0.1", JR_NONE },
		{ INHERIT, LO4, LO4, JR_DSTADDR },
		{ DISABLED, "203.0.113.1", "192.0.2.11", JR_NOFAMILY },
		{ ONE, "203.0.113.1", "192.0.2.11", JR_NONE },
		{ ONE, "203.0.113.1", "192.0.2.12", JR_DSTADDR },
		{ ONE, "203.0.113.1", "0.0.0.0", JR_DSTADDR },
		{ ONE, "203.0.113.1", "127.0.0.1", JR_DSTADDR },
		{ ONE, "203.0.113.1", "224.0.0.1", JR_DSTADDR },
		{ ONE, "203.0.113.1", "192.0.2.255", JR_DSTADDR },
		{ ONE, "203.0.113.1", "255.255.255.255", JR_DSTADDR },
		{ THREE, "203.0.113.1", "192.0.2.12", JR_NONE },
		{ THREE, "203.0.113.1", "198.51.100.7", JR_NONE },
		{ THREE, "203.0.113.1", "198.51.100.6", JR_DSTADDR },
		{ LOOPED, "127.0.0.1", "127.0.0.1", JR_NONE },
		{ LOOPED, "127.0.0.1", "127.0.0.2", JR_DSTADDR },
		{ PRIVATE, LO4, LO4, JR_NONE },
		{ PRIVATE, "192.0.2.11", LO4, JR_NONE },
		{ PRIVATE, "198.51.100.7", LO4, JR_NONE },
		{ PRIVATE, LO4, "192.0.2.12", JR_NONE },
		{ PRIVATE, "203.0.113.1", LO4, JR_DSTADDR },
		{ PRIVATE, "127.0.0.1", LO4, JR_DSTADDR },
		{ PRIVATE, LO4_OTHER, LO4, JR_DSTADDR },
		{ PRIVATE, "127.0.0.1", "127.0.0.1", JR_DSTADDR },
		{ PRIVATE, LO4_OTHER, LO4_OTHER, JR_DSTADDR },
		{ HOSTLO, "127.0.0.1", "127.0.0.1", JR_NONE },
		{ HOSTLO, "192.0.2.1", "127.0.0.1", JR_NONE },
		{ HOSTLO, LO4_OTHER, LO4_OTHER, JR_DSTADDR },
		{ HOSTLO, "203.0.113.1", "192.0.2.1", JR_DSTADDR },
	};

	(void)tc;
	check_packets(rows, NELEMS(rows), prison_input_ip4);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, check_knows_the_jails_own_addresses);
	ATF_TP_ADD_TC(tp, loopback_is_own_or_the_hosts_or_none);
	ATF_TP_ADD_TC(tp, loopback_is_the_primary_unless_private_or_the_hosts);
	ATF_TP_ADD_TC(tp, local_any_is_the_primary_and_loopback_the_jails);
	ATF_TP_ADD_TC(tp, remote_means_the_hosts_loopback_only_if_allowed);
	ATF_TP_ADD_TC(tp, saddrsel_takes_longest_prefix_else_primary);
	ATF_TP_ADD_TC(tp, source_on_loopback_reaches_the_jail_only);
	ATF_TP_ADD_TC(tp, output_needs_own_source_and_own_loopback);
	ATF_TP_ADD_TC(tp, input_needs_own_destination_and_loopback_own_source);
	return (atf_no_error());
}
