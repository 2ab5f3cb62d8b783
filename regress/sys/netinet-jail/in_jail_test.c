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
	};

	(void)tc;
	check_rows(rows, NELEMS(rows), check_ip4);
}

ATF_TC_WITHOUT_HEAD(local_any_and_loopback_become_the_primary);
ATF_TC_BODY(local_any_and_loopback_become_the_primary, tc)
{
	static const struct row rows[] = {
		{ INHERIT, "0.0.0.0", 0, NULL },
		{ INHERIT, "127.0.0.1", 0, NULL },
		{ INHERIT, "192.0.2.99", 0, NULL },
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
	};

	(void)tc;
	check_rows(rows, NELEMS(rows), prison_local_ip4);
}

ATF_TC_WITHOUT_HEAD(remote_never_means_the_hosts_loopback);
ATF_TC_BODY(remote_never_means_the_hosts_loopback, tc)
{
	static const struct row rows[] = {
		{ INHERIT, "0.0.0.0", 0, NULL },
		{ INHERIT, "127.0.0.1", 0, NULL },
		{ INHERIT, "127.0.0.2", 0, NULL },
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
	};

	(void)tc;
	check_rows(rows, NELEMS(rows), saddrsel_ip4);
}

ATF_TC_WITHOUT_HEAD(output_needs_own_source_and_no_loopback);
ATF_TC_BODY(output_needs_own_source_and_no_loopback, tc)
{
	static const struct {
		enum jail jail;
		const char *src, *dst;
		enum jail_reason reason;
	} rows[] = {
		{ INHERIT, "192.0.2.99", "203.0.113.1", JR_NONE },
		{ INHERIT, "127.0.0.1", "127.0.0.1", JR_NONE },
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
	};
	enum jail_reason reason;
	struct prison pr;
	size_t i;

	(void)tc;
	for (i = 0; i < NELEMS(rows); i++) {
		pr = prison_of(rows[i].jail);
		reason = prison_output_ip4(&pr, ip4(rows[i].src),
		    ip4(rows[i].dst));
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
		{ INHERIT, "192.0.2.99", JR_NONE },
		{ INHERIT, "224.0.0.1", JR_NONE },
		{ DISABLED, "192.0.2.11", JR_NOFAMILY },
		{ ONE, "192.0.2.11", JR_NONE },
		{ ONE, "192.0.2.12", JR_DSTADDR },
		{ ONE, "0.0.0.0", JR_DSTADDR },
		{ ONE, "127.0.0.1", JR_DSTADDR },
		{ ONE, "224.0.0.1", JR_DSTADDR },
		{ ONE, "192.0.2.255", JR_DSTADDR },
		{ ONE, "255.255.255.255", JR_DSTADDR },
		{ THREE, "192.0.2.12", JR_NONE },
		{ THREE, "198.51.100.7", JR_NONE },
		{ THREE, "198.51.100.6", JR_DSTADDR },
		{ LOOPED, "127.0.0.1", JR_NONE },
		{ LOOPED, "127.0.0.2", JR_DSTADDR },
	};
	enum jail_reason reason;
	struct prison pr;
	size_t i;

	(void)tc;
	for (i = 0; i < NELEMS(rows); i++) {
		pr = prison_of(rows[i].jail);
		reason = prison_input_ip4(&pr, ip4(rows[i].dst));
		ATF_CHECK_MSG(reason == rows[i].reason,
		    "%s, to %s: reason %d, should be %d",
		    jail_names[rows[i].jail], rows[i].dst, reason,
		    rows[i].reason);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, check_knows_the_jails_own_addresses);
	ATF_TP_ADD_TC(tp, local_any_and_loopback_become_the_primary);
	ATF_TP_ADD_TC(tp, remote_never_means_the_hosts_loopback);
	ATF_TP_ADD_TC(tp, saddrsel_takes_longest_prefix_else_primary);
	ATF_TP_ADD_TC(tp, output_needs_own_source_and_no_loopback);
	ATF_TP_ADD_TC(tp, input_needs_own_destination);
	return (atf_no_error());
}
