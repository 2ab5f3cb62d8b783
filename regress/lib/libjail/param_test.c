/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * jailparam_*(3): parameters between text and raw values.
 */

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <atf-c.h>

#include "jail.h"

/* A text and the raw value that it stands for, and the text made of that. */
struct conversion {
	const char *param, *text;
	const void *raw;
	size_t len;
	const char *back;
};

#define INT(i)		(&(const int32_t){ (i) }), 4
#define BYTES(b)	(b), sizeof(b) - 1

static const struct conversion conversions[] = {
	{ "jid", "1", INT(1), "1" },
	{ "jid", "999999", INT(999999), "999999" },
	{ "jid", "-1", INT(-1), "-1" },
	{ "jid", "2147483647", INT(2147483647), "2147483647" },
	{ "persist", "true", INT(1), "true" },
	{ "persist", "1", INT(1), "true" },
	{ "persist", "false", INT(0), "false" },
	{ "persist", "0", INT(0), "false" },
	{ "ip4", "disable", INT(JAIL_SYS_DISABLE), "disable" },
	{ "ip4", "new", INT(JAIL_SYS_NEW), "new" },
	{ "ip6", "inherit", INT(JAIL_SYS_INHERIT), "inherit" },
	{ "name", "", BYTES("\0"), "" },
	{ "name", "a b\n", BYTES("a b\n\0"), "a b\n" },
	{ "ip4.addr", "", "", 0, "" },
	{ "ip4.addr", "192.0.2.1", BYTES("\xc0\0\2\1"), "192.0.2.1" },
	{ "ip4.addr", "192.0.2.9,0.0.0.0,255.255.255.255,192.0.2.9",
	    BYTES("\xc0\0\2\x9\0\0\0\0\xff\xff\xff\xff\xc0\0\2\x9"),
	    "192.0.2.9,0.0.0.0,255.255.255.255,192.0.2.9" },
	{ "ip6.addr", "::", BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "::" },
	{ "ip6.addr", "2001:0DB8:0:0::1,::1",
	    BYTES("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
	    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"), "2001:db8::1,::1" },
};

static void
check_conversion(const struct conversion *c)
{
	struct jailparam jp;
	char *back;

	ATF_REQUIRE_EQ(0, jailparam_init(&jp, c->param));
	ATF_REQUIRE_MSG(jailparam_import(&jp, c->text) == 0, "%s=%s: %s",
	    c->param, c->text, jail_errmsg);
	ATF_CHECK_MSG(jp.jp_valuelen == c->len && memcmp(jp.jp_value, c->raw,
	    c->len) == 0, "%s=%s: wrong value of %zu bytes", c->param,
	    c->text, jp.jp_valuelen);
	back = jailparam_export(&jp);
	ATF_CHECK_STREQ(c->back, back);
	free(back);
	ATF_CHECK_EQ(0, jailparam_import_raw(&jp, c->raw, c->len));
	back = jailparam_export(&jp);
	ATF_CHECK_STREQ(c->back, back);
	free(back);
	jailparam_free(&jp, 1);
	ATF_CHECK(jp.jp_name == NULL && jp.jp_value == NULL);
	jailparam_free(&jp, 1);
}

ATF_TC_WITHOUT_HEAD(values_become_raw_and_text_again);
ATF_TC_BODY(values_become_raw_and_text_again, tc)
{
	(void)tc;
	for (size_t i = 0; i < sizeof(conversions) / sizeof(conversions[0]);
	    i++)
		check_conversion(&conversions[i]);
}

ATF_TC_WITHOUT_HEAD(bad_text_is_refused_and_told_of);
ATF_TC_BODY(bad_text_is_refused_and_told_of, tc)
{
	static const struct {
		const char *param, *text, *errmsg;
	} bad[] = {
		{ "jid", "", "jid: not a number: \"\"" },
		{ "jid", "1x", "jid: not a number: \"1x\"" },
		{ "jid", "99999999999",
		    "jid: number is too large: \"99999999999\"" },
		{ "persist", "yes",
		    "persist: neither true nor false: \"yes\"" },
		{ "ip4", "old", "ip4: not disable, new or inherit: \"old\"" },
		{ "ip4.addr", "192.0.2",
		    "ip4.addr: not an IPv4 address: \"192.0.2\"" },
		{ "ip4.addr", "192.0.2.1,,192.0.2.2",
		    "ip4.addr: a comma too many: "
		    "\"192.0.2.1,,192.0.2.2\"" },
		{ "ip6.addr", "192.0.2.1",
		    "ip6.addr: not an IPv6 address: \"192.0.2.1\"" },
	};
	struct jailparam jp;

	(void)tc;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ATF_REQUIRE_EQ(0, jailparam_init(&jp, bad[i].param));
		ATF_CHECK_ERRNO(EINVAL, jailparam_import(&jp, bad[i].text) ==
		    -1);
		ATF_CHECK_STREQ(bad[i].errmsg, jail_errmsg);
		ATF_CHECK(jp.jp_value == NULL);
		jailparam_free(&jp, 1);
	}
}

ATF_TC_WITHOUT_HEAD(name_without_value_is_a_yes_and_no_is_a_no);
ATF_TC_BODY(name_without_value_is_a_yes_and_no_is_a_no, tc)
{
	static const struct {
		const char *name, *param, *value;
	} names[] = {
		{ "persist", "persist", NULL },
		{ "nopersist", "persist", "false" },
		{ "allow.raw_sockets", "allow.raw_sockets", NULL },
		{ "allow.noraw_sockets", "allow.raw_sockets", "false" },
		{ "ip6.nosaddrsel", "ip6.saddrsel", "false" },
		{ "ip4.nohostlisten", "ip4.hostlisten", "false" },
	};
	struct jailparam jp;
	char *value;

	(void)tc;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ATF_REQUIRE_EQ(0, jailparam_init(&jp, names[i].name));
		ATF_CHECK_STREQ(names[i].param, jp.jp_name);
		value = jailparam_export(&jp);
		ATF_CHECK((value == NULL) == (names[i].value == NULL));
		if (value != NULL)
			ATF_CHECK_STREQ(names[i].value, value);
		free(value);
		jailparam_free(&jp, 1);
	}
}

ATF_TC_WITHOUT_HEAD(unknown_names_are_refused);
ATF_TC_BODY(unknown_names_are_refused, tc)
{
	static const char *const names[] = { "", "x", "nojid", "noname", "no",
		"ip4.", ".addr", "ip4.noaddr", "PERSIST", "nonopersist",
		"errmsg", "persist " };
	struct jailparam jp;

	(void)tc;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ATF_CHECK_ERRNO(EINVAL, jailparam_init(&jp, names[i]) == -1);
		ATF_CHECK(strstr(jail_errmsg, "unknown parameter: ") ==
		    jail_errmsg);
	}
}

static const struct {
	const char *name;
	int type, flags;
} expected[] = {
	{ "jid", JPT_INT, JP_CREATEONLY },
	{ "name", JPT_STRING, 0 },
	{ "path", JPT_STRING, JP_CREATEONLY },
	{ "cgroup", JPT_STRING, JP_CREATEONLY },
	{ "host.hostname", JPT_STRING, 0 },
	{ "ip4", JPT_JAILSYS, JP_CREATEONLY },
	{ "ip6", JPT_JAILSYS, JP_CREATEONLY },
	{ "ip4.addr", JPT_IP4, 0 },
	{ "ip6.addr", JPT_IP6, 0 },
	{ "ip4.alias", JPT_STRING, 0 },
	{ "ip6.alias", JPT_STRING, 0 },
	{ "ip4.saddrsel", JPT_BOOL, 0 },
	{ "ip6.saddrsel", JPT_BOOL, 0 },
	{ "ip4.hostlisten", JPT_BOOL, 0 },
	{ "ip6.hostlisten", JPT_BOOL, 0 },
	{ "loopback", JPT_LOOPBACK, JP_CREATEONLY },
	{ "allow.raw_sockets", JPT_BOOL, 0 },
	{ "allow.reserved_ports", JPT_BOOL, 0 },
	{ "allow.broadcast", JPT_BOOL, 0 },
	{ "allow.multicast", JPT_BOOL, 0 },
	{ "allow.packet_capture", JPT_BOOL, 0 },
	{ "raw.protocols", JPT_STRING, 0 },
	{ "raw.icmp_types", JPT_STRING, 0 },
	{ "raw.icmp6_types", JPT_STRING, 0 },
	{ "allow.netlink", JPT_BOOL, 0 },
	{ "allow.chflags", JPT_BOOL, 0 },
	{ "allow.mlock", JPT_BOOL, 0 },
	{ "allow.read_msgbuf", JPT_BOOL, 0 },
	{ "allow.set_hostname", JPT_BOOL, 0 },
	{ "allow.settime", JPT_BOOL, 0 },
	{ "allow.socket_af", JPT_BOOL, 0 },
	{ "allow.userns", JPT_BOOL, 0 },
	{ "cpu.shares", JPT_INT, 0 },
	{ "cpu.max", JPT_INT, 0 },
	{ "cpuset.cpus", JPT_STRING, 0 },
	{ "mem.max", JPT_UINT64, 0 },
	{ "pids.max", JPT_INT, 0 },
	{ "children.max", JPT_INT, 0 },
	{ "persist", JPT_BOOL, 0 },
	{ "init", JPT_STRING, JP_CREATEONLY },
	{ "stop.timeout", JPT_INT, JP_CREATEONLY },
	{ "dying", JPT_BOOL, JP_RDONLY },
	{ "parent", JPT_INT, JP_RDONLY },
	{ "children.cur", JPT_INT, JP_RDONLY },
	{ "processes", JPT_INT, JP_RDONLY },
	{ "cpu.usage", JPT_UINT64, JP_RDONLY },
	{ "mem.usage", JPT_UINT64, JP_RDONLY },
	{ "refused", JPT_UINT64, JP_RDONLY },
};

ATF_TC_WITHOUT_HEAD(all_lists_every_parameter_with_its_type);
ATF_TC_BODY(all_lists_every_parameter_with_its_type, tc)
{
	struct jailparam *jp;
	int n = jailparam_all(&jp);

	(void)tc;
	ATF_REQUIRE_EQ((int)(sizeof(expected) / sizeof(expected[0])), n);
	for (int i = 0; i < n; i++) {
		ATF_CHECK_STREQ(expected[i].name, jp[i].jp_name);
		ATF_CHECK_EQ(expected[i].type, jp[i].jp_type);
		ATF_CHECK_EQ_MSG(expected[i].flags, jp[i].jp_flags, "%s",
		    expected[i].name);
		ATF_CHECK(jp[i].jp_value == NULL);
		ATF_CHECK(jailparam_export(&jp[i]) == NULL);
	}
	jailparam_free(jp, n);
	free(jp);
}

ATF_TC_WITHOUT_HEAD(every_reason_has_words);
ATF_TC_BODY(every_reason_has_words, tc)
{
	(void)tc;
	for (int reason = 0; reason < JR_MAX; reason++) {
		ATF_CHECK_MSG(strcmp(jail_strreason(reason),
		    "unknown reason") != 0, "reason %d", reason);
		for (int other = 0; other < reason; other++)
			ATF_CHECK(strcmp(jail_strreason(reason),
			    jail_strreason(other)) != 0);
		ATF_CHECK_MSG(strcmp(jail_stradvice(reason),
		    "unknown reason") != 0, "reason %d", reason);
	}
	ATF_CHECK_STREQ("unknown reason", jail_strreason(JR_MAX));
	ATF_CHECK_STREQ("unknown reason", jail_strreason(-1));
	ATF_CHECK_STREQ("unknown reason", jail_stradvice(JR_MAX));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, values_become_raw_and_text_again);
	ATF_TP_ADD_TC(tp, bad_text_is_refused_and_told_of);
	ATF_TP_ADD_TC(tp, name_without_value_is_a_yes_and_no_is_a_no);
	ATF_TP_ADD_TC(tp, unknown_names_are_refused);
	ATF_TP_ADD_TC(tp, all_lists_every_parameter_with_its_type);
	ATF_TP_ADD_TC(tp, every_reason_has_words);
	return (atf_no_error());
}
