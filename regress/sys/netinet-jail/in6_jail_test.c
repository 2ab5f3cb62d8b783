/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Decisions about IPv6 addresses: every kind of jail against every kind of
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
    int (*decide)(const struct prison *, struct jail_in6 *))
{
	char got[INET6_ADDRSTRLEN];
	struct jail_in6 addr, result;
	struct prison pr;
	const char *want;
	int error;

	for (; n > 0; n--, rows++) {
		pr = prison_of(rows->jail);
		addr = ip6(rows->addr);
		error = decide(&pr, &addr);
		want = rows->result != NULL ? rows->result : rows->addr;
		result = ip6(want);
		inet_ntop(AF_INET6, &addr, got, sizeof(got));
		ATF_CHECK_MSG(error == rows->error &&
		    memcmp(&addr, &result, sizeof(addr)) == 0,
		    "%s, %s: %s, %s; should be %s, %s", jail_names[rows->jail],
		    rows->addr, errname(error), got, errname(rows->error),
		    want);
	}
}

ATF_TC_WITHOUT_HEAD(kinds_of_address_are_told_apart);
ATF_TC_BODY(kinds_of_address_are_told_apart, tc)
{
	static const struct {
		const char *addr;
		bool unspecified, loopback, v4mapped, alias;
	} rows[] = {
		{ "::", true, false, false, false },
		{ "::1", false, true, false, false },
		{ "::2", false, false, false, false },
		{ "::1:0:1", false, false, false, false },
		{ "1::1", false, false, false, false },
		{ "1::", false, false, false, false },
		{ "0:1::", false, false, false, false },
		{ "::1:0:0:0:1", false, false, false, false },
		{ "::ffff:0.0.0.0", false, false, true, false },
		{ "::ffff:127.0.0.1", false, false, true, false },
		{ "::ffff:192.0.2.11", false, false, true, false },
		{ "::192.0.2.11", false, false, false, false },
		{ "::ffff:0:192.0.2.11", false, false, false, false },
		{ "::1:ffff:192.0.2.11", false, false, false, false },
		{ "1::ffff:192.0.2.11", false, false, false, false },
		{ "64:ff9b::192.0.2.11", false, false, false, false },
		{ "fe80::1", false, false, false, false },
		{ "ff02::1", false, false, false, false },
		{ LO6, false, false, false, true },
		{ LO6_OTHER, false, false, false, true },
		{ "fd6a:6169:6c6c:6f::", false, false, false, true },
		{ "fd6a:6169:6c6c:6f::1:0:7", false, false, false, false },
		{ "fd6a:6169:6c6c:6e::7", false, false, false, false },
		{ "fd6b:6169:6c6c:6f::7", false, false, false, false },
	};
	struct jail_in6 addr;
	size_t i;

	(void)tc;
	for (i = 0; i < NELEMS(rows); i++) {
		addr = ip6(rows[i].addr);
		ATF_CHECK_MSG(in6_unspecified(&addr) == rows[i].unspecified &&
		    in6_loopback(&addr) == rows[i].loopback &&
		    in6_v4mapped(&addr) == rows[i].v4mapped &&
		    in6_alias(&addr) == rows[i].alias, "%s: unspecified %d, "
		    "loopback %d, v4mapped %d, alias %d",
		    rows[i].addr, in6_unspecified(&addr), in6_loopback(&addr),
		    in6_v4mapped(&addr), in6_alias(&addr));
	}
}

static int
check_ip6(const struct prison *pr, struct jail_in6 *addr)
{
	return (prison_check_ip6(pr, addr));
}

ATF_TC_WITHOUT_HEAD(check_knows_the_jails_own_addresses);
ATF_TC_BODY(check_knows_the_jails_own_addresses, tc)
{
	static const struct row rows[] = {
		{ INHERIT, "2001:db8::11", 0, NULL },
		{ INHERIT, "::", 0, NULL },
		{ INHERIT, "::1", 0, NULL },
		{ INHERIT, "ff02::1", 0, NULL },
		{ INHERIT, LO6, EADDRNOTAVAIL, NULL },
		{ DISABLED, "2001:db8::11", EAFNOSUPPORT, NULL },
		{ DISABLED, "::", EAFNOSUPPORT, NULL },
		{ DISABLED, "::1", EAFNOSUPPORT, NULL },
		{ ONE, "2001:db8::11", 0, NULL },
		{ ONE, "2001:db8::10", EADDRNOTAVAIL, NULL },
		{ ONE, "2001:db8::1:0:11", EADDRNOTAVAIL, NULL },
		{ ONE, "2001:db8:0:1::11", EADDRNOTAVAIL, NULL },
		{ ONE, "2001:db9::11", EADDRNOTAVAIL, NULL },
		{ ONE, "::", EADDRNOTAVAIL, NULL },
		{ ONE, "::1", EADDRNOTAVAIL, NULL },
		{ ONE, "fe80::11", EADDRNOTAVAIL, NULL },
		{ ONE, "ff02::1", EADDRNOTAVAIL, NULL },
		{ ONE, "::ffff:192.0.2.11", EADDRNOTAVAIL, NULL },
		{ THREE, "2001:db8::11", 0, NULL },
		{ THREE, "2001:db8::12", 0, NULL },
		{ THREE, "2001:db8:1::7", 0, NULL },
		{ THREE, "2001:db8::7", EADDRNOTAVAIL, NULL },
		{ THREE, "2001:db8:1::11", EADDRNOTAVAIL, NULL },
		{ THREE, "::", EADDRNOTAVAIL, NULL },
		{ LOOPED, "::1", 0, NULL },
		{ LOOPED, "::2", EADDRNOTAVAIL, NULL },
		{ PRIVATE, "::1", EADDRNOTAVAIL, NULL },
		{ PRIVATE, LO6, EADDRNOTAVAIL, NULL },
		{ HOSTLO, "::1", EADDRNOTAVAIL, NULL },
	};

	(void)tc;
	check_rows(rows, NELEMS(rows), check_ip6);
}

ATF_TC_WITHOUT_HEAD(loopback_is_own_or_the_hosts_or_none);
ATF_TC_BODY(loopback_is_own_or_the_hosts_or_none, tc)
{
	static const struct {
		enum jail jail;
		const char *addr;
		bool loopback;
	} rows[] = {
		{ ONE, "::1", false },
		{ ONE, "2001:db8::11", false },
		{ ONE, "::", false },
		{ PRIVATE, LO6, true },
		{ PRIVATE, LO6_OTHER, false },
		{ PRIVATE, "::1", false },
		{ PRIVATE, "::", false },
		{ PRIVATE, "2001:db8::11", false },
		{ HOSTLO, "::1", true },
		{ HOSTLO, LO6_OTHER, false },
		{ HOSTLO, "::", false },
		{ HOSTLO, "2001:db8::11", false },
	};
	struct jail_in6 addr;
	struct prison pr;
	size_t i;

	(void)tc;
	for (i = 0; i < NELEMS(rows); i++) {
		pr = prison_of(rows[i].jail);
		addr = ip6(rows[i].addr);
		ATF_CHECK_MSG(prison_loopback_ip6(&pr, &addr) ==
		    rows[i].loopback, "%s, %s: should be %d",
		    jail_names[rows[i].jail], rows[i].addr, rows[i].loopback);
	}
}

static int
lo6(const struct prison *pr, struct jail_in6 *addr)
{
	*addr = prison_lo6(pr);
	return (0);
}

ATF_TC_WITHOUT_HEAD(loopback_is_the_primary_unless_private_or_the_hosts);
ATF_TC_BODY(loopback_is_the_primary_unless_private_or_the_hosts, tc)
{
	static const struct row rows[] = {
		{ ONE, "::", 0, "2001:db8::11" },
		{ THREE, "::", 0, "2001:db8::11" },
		{ PRIVATE, "::", 0, LO6 },
		{ HOSTLO, "::", 0, "::1" },
	};

	(void)tc;
	check_rows(rows, NELEMS(rows), lo6);
}

ATF_TC_WITHOUT_HEAD(local_any_is_the_primary_and_loopback_the_jails);
ATF_TC_BODY(local_any_is_the_primary_and_loopback_the_jails, tc)
{
	static const struct row rows[] = {
		{ INHERIT, "::", 0, NULL },
		{ INHERIT, "::1", 0, NULL },
		{ INHERIT, "2001:db8::99", 0, NULL },
		{ INHERIT, LO6, EADDRNOTAVAIL, NULL },
		{ DISABLED, "::", EAFNOSUPPORT, NULL },
		{ DISABLED, "::1", EAFNOSUPPORT, NULL },
		{ DISABLED, "2001:db8::11", EAFNOSUPPORT, NULL },
		{ ONE, "::", 0, "2001:db8::11" },
		{ ONE, "::1", 0, "2001:db8::11" },
		{ ONE, "2001:db8::11", 0, NULL },
		{ ONE, "::2", EADDRNOTAVAIL, NULL },
		{ ONE, "1::", EADDRNOTAVAIL, NULL },
		{ ONE, "2001:db8::12", EADDRNOTAVAIL, NULL },
		{ ONE, "fe80::1", EADDRNOTAVAIL, NULL },
		{ ONE, "ff02::1", EADDRNOTAVAIL, NULL },
		{ THREE, "::", 0, "2001:db8::11" },
		{ THREE, "::1", 0, "2001:db8::11" },
		{ THREE, "2001:db8:1::7", 0, NULL },
		{ THREE, "2001:db8:1::8", EADDRNOTAVAIL, NULL },
		{ LOOPED, "::1", 0, NULL },
		{ LOOPED, "::", 0, "2001:db8::11" },
		{ PRIVATE, "::", 0, "2001:db8::11" },
		{ PRIVATE, "::1", 0, LO6 },
		{ PRIVATE, "2001:db8::12", 0, NULL },
		{ PRIVATE, LO6, EADDRNOTAVAIL, NULL },
		{ PRIVATE, LO6_OTHER, EADDRNOTAVAIL, NULL },
		{ HOSTLO, "::", 0, "2001:db8::11" },
		{ HOSTLO, "::1", 0, NULL },
		{ HOSTLO, LO6_OTHER, EADDRNOTAVAIL, NULL },
		{ HOSTLO, "2001:db8::1", EADDRNOTAVAIL, NULL },
	};

	(void)tc;
	check_rows(rows, NELEMS(rows), prison_local_ip6);
}

ATF_TC_WITHOUT_HEAD(remote_means_the_hosts_loopback_only_if_allowed);
ATF_TC_BODY(remote_means_the_hosts_loopback_only_if_allowed, tc)
{
	static const struct row rows[] = {
		{ INHERIT, "::", 0, NULL },
		{ INHERIT, "::1", 0, NULL },
		{ DISABLED, "::", EAFNOSUPPORT, NULL },
		{ DISABLED, "::1", EAFNOSUPPORT, NULL },
		{ DISABLED, "2001:db8:9::1", EAFNOSUPPORT, NULL },
		{ ONE, "::", 0, "2001:db8::11" },
		{ ONE, "::1", 0, "2001:db8::11" },
		{ ONE, "::2", 0, NULL },
		{ ONE, "1::1", 0, NULL },
		{ ONE, "2001:db8::11", 0, NULL },
		{ ONE, "2001:db8::1", 0, NULL },
		{ ONE, "fe80::1", 0, NULL },
		{ ONE, "ff02::1", 0, NULL },
		{ THREE, "::", 0, "2001:db8::11" },
		{ THREE, "::1", 0, "2001:db8::11" },
		{ THREE, "2001:db8:1::7", 0, NULL },
		{ LOOPED, "::1", 0, NULL },
		{ LOOPED, "::", 0, "2001:db8::11" },
		{ ONE, LO6_OTHER, ENETUNREACH, NULL },
		{ PRIVATE, "::", 0, LO6 },
		{ PRIVATE, "::1", 0, LO6 },
		{ PRIVATE, LO6, 0, NULL },
		{ PRIVATE, LO6_OTHER, ENETUNREACH, NULL },
		{ PRIVATE, "2001:db8::12", 0, NULL },
		{ PRIVATE, "2001:db8:9::1", 0, NULL },
		{ HOSTLO, "::", 0, "::1" },
		{ HOSTLO, "::1", 0, NULL },
		{ HOSTLO, LO6_OTHER, ENETUNREACH, NULL },
		{ HOSTLO, "2001:db8:9::1", 0, NULL },
	};

	(void)tc;
	check_rows(rows, NELEMS(rows), prison_remote_ip6);
}

/* *addr is the destination before and the source after. */
static int
saddrsel_ip6(const struct prison *pr, struct jail_in6 *addr)
{
	struct jail_in6 dst = *addr, src = ip6("ffff:ffff::ffff:ffff");
	int error;

	error = prison_saddrsel_ip6(pr, &dst, &src);
	*addr = src;
	return (error);
}

ATF_TC_WITHOUT_HEAD(saddrsel_takes_longest_prefix_else_primary);
ATF_TC_BODY(saddrsel_takes_longest_prefix_else_primary, tc)
{
	static const struct row rows[] = {
		{ INHERIT, "2001:db8:1::1", 0, "::" },
		{ DISABLED, "2001:db8:1::1", EAFNOSUPPORT, "::" },
		{ ONE, "2001:db8:1::1", 0, "2001:db8::11" },
		{ ONE, "2001:db8:9::1", 0, "2001:db8::11" },
		{ THREE, "2001:db8:1::1", 0, "2001:db8::11" },
		{ THREE, "2001:db8:9::1", 0, "2001:db8::11" },
		{ NETS, "2001:db8:1::1", 0, "2001:db8:1::7" },
		{ NETS, "2001:db8:1:1::1", 0, "2001:db8::11" },
		{ NETS, "2001:db8::7fff", 0, "2001:db8::11" },
		{ NETS, "2001:db8::8000", 0, "2001:db8::12" },
		{ NETS, "2001:db8::ffff", 0, "2001:db8::12" },
		{ NETS, "2001:db8::1:8000", 0, "2001:db8::11" },
		{ NETS, "2001:db8:9::1", 0, "2001:db8::11" },
		{ NETS, "::", 0, "2001:db8::11" },
		{ NETS, "ff02::1", 0, "2001:db8::11" },
		{ PRIVATE, LO6, 0, LO6 },
		{ PRIVATE, "2001:db8:1::1", 0, "2001:db8:1::7" },
		{ PRIVATE, "2001:db8::12", 0, "2001:db8::12" },
		{ HOSTLO, "::1", 0, "::1" },
		{ HOSTLO, "2001:db8:1::1", 0, "2001:db8:1::7" },
	};

	(void)tc;
	check_rows(rows, NELEMS(rows), saddrsel_ip6);
}

ATF_TC_WITHOUT_HEAD(source_on_loopback_reaches_the_jail_only);
ATF_TC_BODY(source_on_loopback_reaches_the_jail_only, tc)
{
	static const struct {
		enum jail jail;
		const char *src, *dst;
		int error;
	} rows[] = {
		{ INHERIT, "::1", "2001:db8:9::1", 0 },
		{ INHERIT, LO6, LO6, EADDRNOTAVAIL },
		{ DISABLED, "::1", "::1", EAFNOSUPPORT },
		{ ONE, "2001:db8::11", "2001:db8:9::1", 0 },
		{ ONE, "2001:db8::12", "2001:db8:9::1", EADDRNOTAVAIL },
		{ ONE, "::1", "2001:db8::11", EADDRNOTAVAIL },
		{ PRIVATE, "2001:db8::12", "2001:db8:9::1", 0 },
		{ PRIVATE, "2001:db8::12", LO6, 0 },
		{ PRIVATE, LO6, LO6, 0 },
		{ PRIVATE, LO6, "2001:db8::11", 0 },
		{ PRIVATE, LO6, "2001:db8:1::7", 0 },
		{ PRIVATE, LO6, "2001:db8:9::1", EADDRNOTAVAIL },
		{ PRIVATE, LO6, "2001:db8::1", EADDRNOTAVAIL },
		{ PRIVATE, LO6, "ff02::1", EADDRNOTAVAIL },
		{ PRIVATE, LO6, LO6_OTHER, EADDRNOTAVAIL },
		{ PRIVATE, LO6_OTHER, LO6, EADDRNOTAVAIL },
		{ PRIVATE, "::1", LO6, EADDRNOTAVAIL },
		{ HOSTLO, "::1", "::1", 0 },
		{ HOSTLO, "::1", "2001:db8::11", 0 },
		{ HOSTLO, "::1", "2001:db8:9::1", EADDRNOTAVAIL },
		{ HOSTLO, "::1", LO6_OTHER, EADDRNOTAVAIL },
		{ HOSTLO, LO6_OTHER, LO6_OTHER, EADDRNOTAVAIL },
	};
	struct jail_in6 src, dst;
	struct prison pr;
	size_t i;
	int error;

	(void)tc;
	for (i = 0; i < NELEMS(rows); i++) {
		pr = prison_of(rows[i].jail);
		src = ip6(rows[i].src);
		dst = ip6(rows[i].dst);
		error = prison_source_ip6(&pr, &src, &dst);
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
    enum jail_reason (*decide)(const struct prison *, const struct jail_in6 *,
    const struct jail_in6 *))
{
	struct jail_in6 src, dst;
	enum jail_reason reason;
	struct prison pr;

	for (; n > 0; n--, p++) {
		pr = prison_of(p->jail);
		src = ip6(p->src);
		dst = ip6(p->dst);
		reason = decide(&pr, &src, &dst);
		ATF_CHECK_MSG(reason == p->reason, "%s, %s to %s: reason %d, "
		    "should be %d", jail_names[p->jail], p->src, p->dst,
		    reason, p->reason);
	}
}

ATF_TC_WITHOUT_HEAD(output_needs_own_source_and_own_loopback);
ATF_TC_BODY(output_needs_own_source_and_own_loopback, tc)
{
	static const struct packet rows[] = {
		{ INHERIT, "2001:db8::99", "2001:db8:9::1", JR_NONE },
		{ INHERIT, "::1", "::1", JR_NONE },
		{ INHERIT, "::1", LO6, JR_LOOPBACK },
		{ DISABLED, "2001:db8::11", "2001:db8:9::1", JR_NOFAMILY },
		{ DISABLED, "::", "::1", JR_NOFAMILY },
		{ ONE, "2001:db8::11", "2001:db8:9::1", JR_NONE },
		{ ONE, "2001:db8::11", "2001:db8::11", JR_NONE },
		{ ONE, "2001:db8::11", "ff02::1", JR_NONE },
		{ ONE, "2001:db8::11", "fe80::1", JR_NONE },
		{ ONE, "2001:db8::11", "::1", JR_LOOPBACK },
		{ ONE, "2001:db8::12", "2001:db8:9::1", JR_SRCADDR },
		{ ONE, "::", "2001:db8:9::1", JR_SRCADDR },
		{ ONE, "::", "ff02::16", JR_SRCADDR },
		{ ONE, "::1", "2001:db8:9::1", JR_SRCADDR },
		{ ONE, "fe80::1", "ff02::1", JR_SRCADDR },
		{ ONE, "2001:db8:9::1", "2001:db8::11", JR_SRCADDR },
		{ ONE, "2001:db8::12", "::1", JR_SRCADDR },
		{ THREE, "2001:db8:1::7", "2001:db8:9::1", JR_NONE },
		{ THREE, "2001:db8:1::8", "2001:db8:9::1", JR_SRCADDR },
		{ THREE, "2001:db8::12", "::1", JR_LOOPBACK },
		{ LOOPED, "::1", "::1", JR_NONE },
		{ ONE, "2001:db8::11", LO6_OTHER, JR_LOOPBACK },
		{ PRIVATE, LO6, LO6, JR_NONE },
		{ PRIVATE, LO6, "2001:db8::12", JR_NONE },
		{ PRIVATE, "2001:db8::12", LO6, JR_NONE },
		{ PRIVATE, "2001:db8::12", "::1", JR_LOOPBACK },
		{ PRIVATE, "2001:db8::12", LO6_OTHER, JR_LOOPBACK },
		{ PRIVATE, LO6, LO6_OTHER, JR_SRCADDR },
		{ PRIVATE, LO6, "::1", JR_SRCADDR },
		{ PRIVATE, LO6, "2001:db8:9::1", JR_SRCADDR },
		{ PRIVATE, LO6_OTHER, LO6, JR_SRCADDR },
		{ PRIVATE, "::1", "::1", JR_SRCADDR },
		{ HOSTLO, "::1", "::1", JR_NONE },
		{ HOSTLO, "2001:db8::11", "::1", JR_NONE },
		{ HOSTLO, "::1", "2001:db8:9::1", JR_SRCADDR },
		{ HOSTLO, "2001:db8::11", LO6_OTHER, JR_LOOPBACK },
		{ HOSTLO, LO6_OTHER, LO6_OTHER, JR_SRCADDR },
	};

	(void)tc;
	check_packets(rows, NELEMS(rows), prison_output_ip6);
}

ATF_TC_WITHOUT_HEAD(input_needs_own_destination_and_loopback_own_source);
ATF_TC_BODY(input_needs_own_destination_and_loopback_own_source, tc)
{
	static const struct packet rows[] = {
		{ INHERIT, "2001:db8:9::1", "2001:db8::99", JR_NONE },
		{ INHERIT, "2001:db8:9::1", "ff02::1", JR_NONE },
		{ DISABLED, "2001:db8:9::1", "2001:db8::11", JR_NOFAMILY },
		{ ONE, "2001:db8:9::1", "2001:db8::11", JR_NONE },
		{ ONE, "2001:db8:9::1", "2001:db8::12", JR_DSTADDR },
		{ ONE, "2001:db8:9::1", "::", JR_DSTADDR },
		{ ONE, "2001:db8:9::1", "::1", JR_DSTADDR },
		{ ONE, "2001:db8:9::1", "fe80::11", JR_DSTADDR },
		{ ONE, "2001:db8:9::1", "ff02::1", JR_DSTADDR },
		{ ONE, "2001:db8:9::1", "ff02::1:ff00:11", JR_DSTADDR },
		{ THREE, "2001:db8:9::1", "2001:db8::12", JR_NONE },
		{ THREE, "2001:db8:9::1", "2001:db8:1::7", JR_NONE },
		{ THREE, "2001:db8:9::1", "2001:db8:1::6", JR_DSTADDR },
		{ LOOPED, "::1", "::1", JR_NONE },
		{ PRIVATE, LO6, LO6, JR_NONE },
		{ PRIVATE, "2001:db8::11", LO6, JR_NONE },
		{ PRIVATE, "2001:db8:1::7", LO6, JR_NONE },
		{ PRIVATE, LO6, "2001:db8::12", JR_NONE },
		{ PRIVATE, "2001:db8:9::1", LO6, JR_DSTADDR },
		{ PRIVATE, "::1", LO6, JR_DSTADDR },
		{ PRIVATE, LO6_OTHER, LO6, JR_DSTADDR },
		{ PRIVATE, "::1", "::1", JR_DSTADDR },
		{ PRIVATE, LO6_OTHER, LO6_OTHER, JR_DSTADDR },
		{ HOSTLO, "::1", "::1", JR_NONE },
		{ HOSTLO, "2001:db8::1", "::1", JR_NONE },
		{ HOSTLO, LO6_OTHER, LO6_OTHER, JR_DSTADDR },
		{ HOSTLO, "2001:db8:9::1", "2001:db8::1", JR_DSTADDR },
	};

	(void)tc;
	check_packets(rows, NELEMS(rows), prison_input_ip6);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, kinds_of_address_are_told_apart);
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
