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
		bool unspecified, loopback, v4mapped;
	} rows[] = {
		{ "::", true, false, false },
		{ "::1", false, true, false },
		{ "::2", false, false, false },
		{ "::1:0:1", false, false, false },
		{ "1::1", false, false, false },
		{ "1::", false, false, false },
		{ "0:1::", false, false, false },
		{ "::1:0:0:0:1", false, false, false },
		{ "::ffff:0.0.0.0", false, false, true },
		{ "::ffff:127.0.0.1", false, false, true },
		{ "::ffff:192.0.2.11", false, false, true },
		{ "::192.0.2.11", false, false, false },
		{ "::ffff:0:192.0.2.11", false, false, false },
		{ "::1:ffff:192.0.2.11", false, false, false },
		{ "1::ffff:192.0.2.11", false, false, false },
		{ "64:ff9b::192.0.2.11", false, false, false },
		{ "fe80::1", false, false, false },
		{ "ff02::1", false, false, false },
	};
	struct jail_in6 addr;
	size_t i;

	(void)tc;
	for (i = 0; i < NELEMS(rows); i++) {
		addr = ip6(rows[i].addr);
		ATF_CHECK_MSG(in6_unspecified(&addr) == rows[i].unspecified &&
		    in6_loopback(&addr) == rows[i].loopback &&
		    in6_v4mapped(&addr) == rows[i].v4mapped,
		    "%s: unspecified %d, loopback %d, v4mapped %d",
		    rows[i].addr, in6_unspecified(&addr), in6_loopback(&addr),
		    in6_v4mapped(&addr));
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
	};

	(void)tc;
	check_rows(rows, NELEMS(rows), check_ip6);
}

ATF_TC_WITHOUT_HEAD(local_any_and_loopback_become_the_primary);
ATF_TC_BODY(local_any_and_loopback_become_the_primary, tc)
{
	static const struct row rows[] = {
		{ INHERIT, "::", 0, NULL },
		{ INHERIT, "::1", 0, NULL },
		{ INHERIT, "2001:db8::99", 0, NULL },
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
	};

	(void)tc;
	check_rows(rows, NELEMS(rows), prison_local_ip6);
}

ATF_TC_WITHOUT_HEAD(remote_never_means_the_hosts_loopback);
ATF_TC_BODY(remote_never_means_the_hosts_loopback, tc)
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
	};

	(void)tc;
	check_rows(rows, NELEMS(rows), saddrsel_ip6);
}

ATF_TC_WITHOUT_HEAD(output_needs_own_source_and_no_loopback);
ATF_TC_BODY(output_needs_own_source_and_no_loopback, tc)
{
	static const struct {
		enum jail jail;
		const char *src, *dst;
		enum jail_reason reason;
	} rows[] = {
		{ INHERIT, "2001:db8::99", "2001:db8:9::1", JR_NONE },
		{ INHERIT, "::1", "::1", JR_NONE },
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
	};
	struct jail_in6 src, dst;
	enum jail_reason reason;
	struct prison pr;
	size_t i;

	(void)tc;
	for (i = 0; i < NELEMS(rows); i++) {
		pr = prison_of(rows[i].jail);
		src = ip6(rows[i].src);
		dst = ip6(rows[i].dst);
		reason = prison_output_ip6(&pr, &src, &dst);
		ATF_CHECK_MSG(reason == rows[i].reason,
		    "%s, %s to %s: reason %d, should be %d",
		    jail_names[rows[i].jail], rows[i].src, rows[i].dst, reason,
		    rows[i].reason);
	}
}

ATF_TC_WITHOUT_HEAD(input_needs_own_destination);
ATF_TC_BODY(input_needs_own_destination, tc)
{
	static const struct {
		enum jail jail;
		const char *dst;
		enum jail_reason reason;
	} rows[] = {
		{ INHERIT, "2001:db8::99", JR_NONE },
		{ INHERIT, "ff02::1", JR_NONE },
		{ DISABLED, "2001:db8::11", JR_NOFAMILY },
		{ ONE, "2001:db8::11", JR_NONE },
		{ ONE, "2001:db8::12", JR_DSTADDR },
		{ ONE, "::", JR_DSTADDR },
		{ ONE, "::1", JR_DSTADDR },
		{ ONE, "fe80::11", JR_DSTADDR },
		{ ONE, "ff02::1", JR_DSTADDR },
		{ ONE, "ff02::1:ff00:11", JR_DSTADDR },
		{ THREE, "2001:db8::12", JR_NONE },
		{ THREE, "2001:db8:1::7", JR_NONE },
		{ THREE, "2001:db8:1::6", JR_DSTADDR },
		{ LOOPED, "::1", JR_NONE },
	};
	enum jail_reason reason;
	struct jail_in6 dst;
	struct prison pr;
	size_t i;

	(void)tc;
	for (i = 0; i < NELEMS(rows); i++) {
		pr = prison_of(rows[i].jail);
		dst = ip6(rows[i].dst);
		reason = prison_input_ip6(&pr, &dst);
		ATF_CHECK_MSG(reason == rows[i].reason,
		    "%s, to %s: reason %d, should be %d",
		    jail_names[rows[i].jail], rows[i].dst, reason,
		    rows[i].reason);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, kinds_of_address_are_told_apart);
	ATF_TP_ADD_TC(tp, check_knows_the_jails_own_addresses);
	ATF_TP_ADD_TC(tp, local_any_and_loopback_become_the_primary);
	ATF_TP_ADD_TC(tp, remote_never_means_the_hosts_loopback);
	ATF_TP_ADD_TC(tp, saddrsel_takes_longest_prefix_else_primary);
	ATF_TP_ADD_TC(tp, output_needs_own_source_and_no_loopback);
	ATF_TP_ADD_TC(tp, input_needs_own_destination);
	return (atf_no_error());
}
