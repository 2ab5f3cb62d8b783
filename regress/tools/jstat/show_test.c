/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What jstat(8) makes of counters and events: rates, words, escapes. Natively,
 * without a jail; jid 0 is that of one that is gone.
 */

#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "jstat.h"

#define NELEMS(a) (sizeof(a) / sizeof((a)[0]))

static struct jail_in6
addr_of(const char *text)
{
	struct jail_in6 addr;

	ATF_REQUIRE_EQ(1, inet_pton(AF_INET6, text, &addr));
	return (addr);
}

ATF_TC_WITHOUT_HEAD(addresses_are_as_people_write_them);
ATF_TC_BODY(addresses_are_as_people_write_them, tc)
{
	static const struct {
		const char *addr;
		uint16_t port;
		const char *text;
	} rows[] = {
		{ "::ffff:192.0.2.1", 0, "192.0.2.1" },
		{ "::ffff:192.0.2.1", 80, "192.0.2.1:80" },
		{ "2001:db8::1", 0, "2001:db8::1" },
		{ "2001:db8::1", 65535, "[2001:db8::1]:65535" },
		{ "::", 7, "[::]:7" },
		{ "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 65535,
		    "[2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]:65535" },
	};
	char text[ADDR_LEN];

	(void)tc;
	for (size_t i = 0; i < NELEMS(rows); i++) {
		const struct jail_in6 addr = addr_of(rows[i].addr);

		ATF_CHECK_STREQ(rows[i].text, addr_text(&addr, rows[i].port,
		    text));
	}
}

ATF_TC_WITHOUT_HEAD(event_tells_what_it_has);
ATF_TC_BODY(event_tells_what_it_has, tc)
{
	struct jail_event e = {
		.je_src = addr_of("::ffff:192.0.2.1"), .je_sport = 53,
		.je_dst = addr_of("::ffff:192.0.2.2"), .je_dport = 99,
		.je_proto = IPPROTO_UDP, .je_what = { 8, 1 }
	};
	static const struct {
		uint32_t has;
		const char *text;
	} rows[] = {
		{ 0, "-" },
		{ JE_PROTO, "udp" },
		{ JE_PROTO | JE_SRC, "udp 192.0.2.1:53" },
		{ JE_PROTO | JE_SRC | JE_DST,
		    "udp 192.0.2.1:53 > 192.0.2.2:99" },
		{ JE_DEVICE, "device 8:1" },
		{ JE_OPTION, "level 8 option 1" },
	};
	char text[256];

	(void)tc;
	for (size_t i = 0; i < NELEMS(rows); i++) {
		e.je_has = rows[i].has;
		ATF_CHECK_STREQ(rows[i].text, what_text(&e, text,
		    sizeof(text)));
	}
	e.je_proto = 253;
	e.je_has = JE_PROTO;
	ATF_CHECK_STREQ("protocol 253", what_text(&e, text, sizeof(text)));
	e.je_proto = IPPROTO_ICMP;
	e.je_has = JE_PROTO | JE_ICMP | JE_SRC | JE_DST;
	e.je_sport = e.je_dport = 0;
	ATF_CHECK_STREQ("icmp type 8 code 1 192.0.2.1 > 192.0.2.2",
	    what_text(&e, text, sizeof(text)));
}

ATF_TC_WITHOUT_HEAD(name_of_a_process_steers_no_terminal);
ATF_TC_BODY(name_of_a_process_steers_no_terminal, tc)
{
	struct jail_event e = { .je_comm = "a\033[2J\n\377b" };
	char text[JAIL_COMMLEN];

	(void)tc;
	ATF_CHECK_STREQ("a?[2J??b", comm_text(&e, text));
	memset(e.je_comm, 'x', sizeof(e.je_comm));
	ATF_CHECK_STREQ("xxxxxxxxxxxxxxx", comm_text(&e, text));
}

ATF_TC_WITHOUT_HEAD(labels_are_escaped);
ATF_TC_BODY(labels_are_escaped, tc)
{
	char text[64];

	(void)tc;
	ATF_CHECK_STREQ("web", label_text("web", text, sizeof(text)));
	ATF_CHECK_STREQ("a\\\"b\\\\c\\nd", label_text("a\"b\\c\nd", text,
	    sizeof(text)));
	ATF_CHECK_STREQ("", label_text("", text, sizeof(text)));
	ATF_CHECK_STREQ("ab", label_text("ab\"", text, 4));
	ATF_CHECK_STREQ("\\\"", label_text("\"\"\"", text, 4));
}

static struct counter
counter_of(uint32_t jid, uint16_t reason, uint64_t count)
{
	return ((struct counter){ .r = { .jid = jid, .reason = reason,
	    .dir = JAIL_DIR_OUT, .family = 4, .count = count } });
}

ATF_TC_WITHOUT_HEAD(rise_is_since_the_sample_before);
ATF_TC_BODY(rise_is_since_the_sample_before, tc)
{
	struct counter before[] = { counter_of(1, 3, 10), counter_of(2, 3, 5),
		counter_of(2, 4, 7), counter_of(4, 4, 100) };
	struct counter after[] = { counter_of(1, 3, 15), counter_of(2, 4, 7),
		counter_of(3, 4, 2), counter_of(4, 4, 30) };
	static const uint64_t rise[] = { 5, 0, 2, 30 };
	const struct sample b = { .c = before, .n = NELEMS(before) };
	const struct sample none = { .c = before, .n = 0 };
	struct sample a = { .c = after, .n = NELEMS(after) };

	(void)tc;
	sample_compare(&a, &b);
	for (size_t i = 0; i < a.n; i++)
		ATF_CHECK_EQ_MSG(rise[i], after[i].rise, "%zu", i);
	ATF_CHECK_EQ(37, sample_rise(&a));
	sample_compare(&a, &none);
	ATF_CHECK_EQ(15 + 7 + 2 + 30, sample_rise(&a));
}

/* What a function prints, in a static buffer. */
static const char *
printed(void (*print)(void))
{
	static char text[4096];
	int out = dup(STDOUT_FILENO);
	FILE *f = tmpfile();
	size_t n;

	ATF_REQUIRE(f != NULL && out != -1);
	fflush(stdout);
	ATF_REQUIRE(dup2(fileno(f), STDOUT_FILENO) != -1);
	print();
	fflush(stdout);
	dup2(out, STDOUT_FILENO);
	close(out);
	rewind(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return (text);
}

static const struct options plain = { .jid = -1 };
static const struct options wordy = { .jid = -1, .verbose = true };
static struct counter shown[] = { { .r = { 0, JR_SRCADDR, JAIL_DIR_OUT, 6,
	1234 }, .rise = 5 }, { .r = { 0, JR_DEVICE, JAIL_DIR_CALL, 0, 1 } } };
static const struct sample one = { .c = shown, .n = 2 };
static const struct sample empty = { .c = shown, .n = 0 };

static void
print_table(void)
{
	format_text.counters(&wordy, &one, 0);
}

static void
print_rates(void)
{
	format_text.counters(&plain, &one, 2);
	format_text.counters(&plain, &empty, 2);
}

ATF_TC_WITHOUT_HEAD(table_has_totals);
ATF_TC_BODY(table_has_totals, tc)
{
	(void)tc;
	ATF_CHECK_STREQ(
	    "   JID  Jail            Dir  Fam       Refused  Reason\n"
	    "     0  -               out    6          1234   4 source address "
	    "is not the jail's; send from an address of the jail: ping -I, "
	    "traceroute -s, or jping and jtrace\n"
	    "     0  -               call   -             1  11 device is not "
	    "one of the jail's /dev; do without: a jail has null, zero, full, "
	    "random, urandom, tty, ptmx and pts\n", printed(print_table));
}

ATF_TC_WITHOUT_HEAD(table_of_an_interval_has_rates);
ATF_TC_BODY(table_of_an_interval_has_rates, tc)
{
	(void)tc;
	ATF_CHECK_STREQ(
	    "   JID  Jail            Dir  Fam          /s       Refused  "
	    "Reason\n"
	    "     0  -               out    6         2.5          1234   4 "
	    "source address is not the jail's\n"
	    "     -  -               -      -         0.0             -  -\n",
	    printed(print_rates));
}

static void
print_prom(void)
{
	format_prom.counters(&plain, &one, 0);
}

ATF_TC_WITHOUT_HEAD(prometheus_has_a_line_a_counter);
ATF_TC_BODY(prometheus_has_a_line_a_counter, tc)
{
	(void)tc;
	ATF_CHECK_STREQ("# HELP netjail_refusals_total What was refused to "
	    "jails, by direction, family and reason.\n"
	    "# TYPE netjail_refusals_total counter\n"
	    "netjail_refusals_total{jid=\"0\",jail=\"-\",direction=\"out\","
	    "family=\"6\",reason=\"4\",rule=\"source address is not the "
	    "jail's\"} 1234\n"
	    "netjail_refusals_total{jid=\"0\",jail=\"-\",direction=\"call\","
	    "family=\"\",reason=\"11\",rule=\"device is not one of the "
	    "jail's /dev\"} 1\n", printed(print_prom));
}

static void
print_json(void)
{
	format_json.counters(&plain, &one, 2);
}

ATF_TC_WITHOUT_HEAD(json_of_an_interval_is_a_line);
ATF_TC_BODY(json_of_an_interval_is_a_line, tc)
{
	(void)tc;
	ATF_CHECK_STREQ("{\"version\": 1, \"seconds\": 2.0, \"refusals\": "
	    "[{\"jid\": 0, \"jail\": \"-\", \"direction\": \"out\", "
	    "\"family\": 6, \"reason\": 4, \"rule\": \"source address is not "
	    "the jail's\", \"advice\": \"send from an address of the jail: "
	    "ping -I, traceroute -s, or jping and jtrace\", \"refused\": 1234, "
	    "\"rise\": 5, \"per_second\": 2.5}]}\n", printed(print_json));
}

static const struct jail_event told = { .je_reason = JR_SRCADDR,
	.je_dir = JAIL_DIR_OUT, .je_family = 4, .je_pid = 4711,
	.je_has = JE_PROTO | JE_ICMP, .je_proto = IPPROTO_ICMP,
	.je_what = { 8, 0 }, .je_comm = "p\n" };

static void
print_event(void)
{
	format_text.begin(&plain);
	format_text.event(&plain, &told, 1234567 * JSTAT_NSEC + 8901000);
	format_text.lost(7);
}

static void
print_json_event(void)
{
	format_json.begin(&plain);
	format_json.event(&plain, &told, 1234567 * JSTAT_NSEC + 8901000);
	format_json.lost(7);
}

ATF_TC_WITHOUT_HEAD(event_is_a_line);
ATF_TC_BODY(event_is_a_line, tc)
{
	(void)tc;
	setenv("TZ", "UTC", 1);
	ATF_CHECK_STREQ("Time            Jail Dir What Process: Reason (its "
	    "number)\n"
	    "06:56:07.008901 - out icmp type 8 code 0 p?[4711]: source address "
	    "is not the jail's (4)\n(7 events were lost)\n",
	    printed(print_event));
	ATF_CHECK_STREQ("{\"type\": \"start\", \"version\": 1}\n"
	    "{\"jid\": 0, \"jail\": \"-\", \"direction\": \"out\", "
	    "\"family\": 4, \"reason\": 4, \"rule\": \"source address is not "
	    "the jail's\", \"advice\": \"send from an address of the jail: "
	    "ping -I, traceroute -s, or jping and jtrace\", \"type\": "
	    "\"refusal\", \"time_us\": 1234567008901, \"protocol\": 1, "
	    "\"source\": null, \"source_port\": null, \"destination\": null, "
	    "\"destination_port\": null, \"icmp_type\": 8, \"icmp_code\": 0, "
	    "\"pid\": 4711, \"process\": \"p?\"}\n"
	    "{\"type\": \"lost\", \"count\": 7}\n",
	    printed(print_json_event));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, addresses_are_as_people_write_them);
	ATF_TP_ADD_TC(tp, event_is_a_line);
	ATF_TP_ADD_TC(tp, event_tells_what_it_has);
	ATF_TP_ADD_TC(tp, json_of_an_interval_is_a_line);
	ATF_TP_ADD_TC(tp, labels_are_escaped);
	ATF_TP_ADD_TC(tp, name_of_a_process_steers_no_terminal);
	ATF_TP_ADD_TC(tp, prometheus_has_a_line_a_counter);
	ATF_TP_ADD_TC(tp, rise_is_since_the_sample_before);
	ATF_TP_ADD_TC(tp, table_has_totals);
	ATF_TP_ADD_TC(tp, table_of_an_interval_has_rates);
	return (atf_no_error());
}
