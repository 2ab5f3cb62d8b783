/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What jail.conf(5) says, and what it makes of a jail. Natively, from texts.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <atf-c.h>

#include "conf_run.h"

#define NELEMS(a) (sizeof(a) / sizeof((a)[0]))

/* Of a tool that is linked here: jail.c has it. */
void
parse_params(struct request *rq, int argc, char **argv)
{
	(void)rq;
	(void)argc;
	(void)argv;
}

/* What a text says of a jail's parameter, with | between values. */
static void
get(const char *text, const char *jail, const char *name, char *buf,
    size_t size)
{
	const struct conf_param *p = NULL;
	const struct conf_name *n;
	struct conf_jail *j;
	struct conf conf;
	FILE *f = fmemopen(buf, size, "w");

	ATF_REQUIRE(f != NULL);
	conf_init(&conf);
	ATF_REQUIRE_MSG(conf_read_text(&conf, "text", text, strlen(text)) == 0,
	    "%s: %s", text, conf_error(&conf));
	n = conf_find_name(&conf, jail);
	ATF_REQUIRE_MSG(n != NULL, "%s: no jail %s", text, jail);
	j = conf_resolve(&conf, n);
	ATF_REQUIRE_MSG(j != NULL, "%s: %s", text, conf_error(&conf));
	p = conf_param(j, name);
	if (p == NULL)
		fprintf(f, "none");
	for (size_t i = 0; p != NULL && i < p->nvalues; i++)
		fprintf(f, "%s%s", i > 0 ? "|" : "", p->values[i]);
	fputc('\0', f);
	fclose(f);
	conf_jail_free(j);
	conf_free(&conf);
}

struct row {
	const char *text, *jail, *name, *value;
};

static void
check(const struct row *rows, size_t n)
{
	char buf[256];

	for (size_t i = 0; i < n; i++) {
		get(rows[i].text, rows[i].jail, rows[i].name, buf,
		    sizeof(buf));
		ATF_CHECK_MSG(strcmp(rows[i].value, buf) == 0,
		    "%s: %s of %s is %s, not %s", rows[i].text, rows[i].name,
		    rows[i].jail, buf, rows[i].value);
	}
}

#define CHECK(rows) check(rows, NELEMS(rows))

ATF_TC_WITHOUT_HEAD(words_are_bare_or_in_quotes);
ATF_TC_BODY(words_are_bare_or_in_quotes, tc)
{
	static const struct row rows[] = {
		{ "a { p = x; }", "a", "p", "x" },
		{ "'a' { \"p\" = 'x'\"y\"z; }", "a", "p", "xyz" },
		{ "a { p = '$x # // /* \"'; }", "a", "p", "$x # // /* \"" },
		{ "a { p = \"it's\"; }", "a", "p", "it's" },
		{ "a { p = 'a\\'b'; }", "a", "p", "a'b" },
		{ "a { p = \"\\\"\\$x\\\\\"; }", "a", "p", "\"$x\\" },
		{ "a { p = a\\ b\\;; }", "a", "p", "a b;" },
		{ "a { p = \"\\t\\x41\\101\\1018\"; }", "a", "p", "\tAAA8" },
		{ "a { p = 'two\nlines'; }", "a", "p", "two\nlines" },
		{ "a { p = 'one \\\nline'; }", "a", "p", "one line" },
		{ "a { p = ''; }", "a", "p", "" },
		{ "a { p = /; }", "a", "p", "/" },
		{ "a { p = fe80::1%eth0; }", "a", "p", "fe80::1%eth0" },
		{ "a { p = eth0|192.0.2.1/24; }", "a", "p",
		    "eth0|192.0.2.1/24" },
		{ "a { p = $ ; }", "a", "p", "$" },
		{ "a { p = \"a$\"; }", "a", "p", "a$" },
		{ "a { p = \303\244; }", "a", "p", "\303\244" },
		{ "a{p=x,y , z;q+=1;};", "a", "p", "x|y|z" },
	};

	CHECK(rows);
}

ATF_TC_WITHOUT_HEAD(comments_are_of_three_kinds);
ATF_TC_BODY(comments_are_of_three_kinds, tc)
{
	static const struct row rows[] = {
		{ "# a {\na { p = x; # y;\n}", "a", "p", "x" },
		{ "a { // }\n p = x//y\n ;}", "a", "p", "x" },
		{ "a { /* } * **/ p = /* \n */ x/**/; }", "a", "p", "x" },
		{ "a { p = a#b\n; }", "a", "p", "a" },
		{ "a { p = 'http://x'; } #", "a", "p", "http://x" },
	};

	CHECK(rows);
}

ATF_TC_WITHOUT_HEAD(later_settings_win);
ATF_TC_BODY(later_settings_win, tc)
{
	static const struct row rows[] = {
		{ "p = 1; a { p = 2; }", "a", "p", "2" },
		{ "a { p = 2; } p = 1;", "a", "p", "1" },
		{ "p = 1; a { p = 2; } * { p = 3; }", "a", "p", "3" },
		{ "* { p = 1; } a { } b { p = 2; }", "a", "p", "1" },
		{ "a { p = 1; } a { p += 2; }", "a", "p", "1|2" },
		{ "p = 1; a { p += 2, 3; } p += 4;", "a", "p", "1|2|3|4" },
		{ "p = 1; a { p = 2; p = 3; }", "a", "p", "3" },
		{ "a { p; p = x; }", "a", "p", "x" },
		{ "a { p = x, y; p; }", "a", "p", "true" },
		{ "a { p; p += x; }", "a", "p", "x" },
	};

	CHECK(rows);
}

ATF_TC_WITHOUT_HEAD(flags_are_true_or_have_a_no);
ATF_TC_BODY(flags_are_true_or_have_a_no, tc)
{
	static const struct row rows[] = {
		{ "a { persist; }", "a", "persist", "true" },
		{ "persist; a { nopersist; }", "a", "persist", "false" },
		{ "mount.devfs; a { mount.nodevfs; }", "a", "mount.devfs",
		    "false" },
		{ "mount.nodevfs; a { mount.devfs = 1; }", "a",
		    "mount.devfs", "1" },
		{ "a { nopersist = x; }", "a", "nopersist", "x" },
	};

	CHECK(rows);
}

ATF_TC_WITHOUT_HEAD(patterns_match_parts_of_names);
ATF_TC_BODY(patterns_match_parts_of_names, tc)
{
	static const struct {
		const char *pattern, *name;
		bool matches;
	} rows[] = {
		{ "*", "a", true }, { "*", "a.b", true },
		{ "a.*", "a", false }, { "a.*", "a.b", true },
		{ "a.*", "a.b.c", true }, { "a.*", "ab.c", false },
		{ "*.b", "a.b", true }, { "*.b", "b", false },
		{ "*.b", "a.a.b", false }, { "*.*", "a", false },
		{ "*.*", "a.b", true }, { "a.*.c", "a.b.c", true },
		{ "a.*.c", "a.b.d", false }, { "a", "a", true },
		{ "a", "a.b", false }, { "a.b", "a", false },
	};

	for (size_t i = 0; i < NELEMS(rows); i++)
		ATF_CHECK_EQ_MSG(rows[i].matches, conf_matches(rows[i].pattern,
		    rows[i].name), "%s, %s", rows[i].pattern, rows[i].name);
}

ATF_TC_WITHOUT_HEAD(variables_are_what_they_are_for_the_jail);
ATF_TC_BODY(variables_are_what_they_are_for_the_jail, tc)
{
	static const struct row rows[] = {
		{ "p = /j/$name; a { }", "a", "p", "/j/a" },
		{ "p = \"/j/${name}x\"; a.b { }", "a.b", "p", "/j/a.bx" },
		{ "p = $v; $v = 1; a { $v = 2; }", "a", "p", "2" },
		{ "$v = 1; a { p = $w; $w = \"$v$v\"; }", "a", "p", "11" },
		{ "a { h.n = x; p = ${h.n}.$name; }", "a", "p", "x.a" },
		{ "a { h.n = x; p = $h.n; $h = y; }", "a", "p", "y.n" },
		{ "a { $q = 1; q = 2; p = $q; }", "a", "p", "1" },
		{ "$l = x, y; a { p = 0, $l, z; }", "a", "p", "0|x|y|z" },
		{ "$l = x, y; $l += z; a { p = $l; }", "a", "p", "x|y|z" },
		{ "a { p = '$name'; }", "a", "p", "$name" },
		{ "a { f; p = $f; }", "a", "p", "true" },
		{ "$v = 1; a { }", "a", "v", "none" },
	};

	CHECK(rows);
}

ATF_TC_WITHOUT_HEAD(number_in_front_of_a_block_is_a_jid);
ATF_TC_BODY(number_in_front_of_a_block_is_a_jid, tc)
{
	static const struct row rows[] = {
		{ "5 { }", "5", "jid", "5" },
		{ "5 { }", "5", "name", "5" },
		{ "5 { name = a; p = $name; }", "5", "p", "a" },
		{ "a { }", "a", "jid", "none" },
		{ "a { jid = 5; p = $jid; }", "a", "p", "5" },
		{ "5a { }", "5a", "jid", "none" },
	};

	CHECK(rows);
}

/* What is said of a text that is wrong, in its first line. */
static void
check_wrong(const char *text, const char *wanted)
{
	const struct conf_name *n;
	struct conf_jail *j = NULL;
	struct conf conf;
	int error;
	char *said;

	conf_init(&conf);
	error = conf_read_text(&conf, "f", text, strlen(text));
	STAILQ_FOREACH(n, &conf.names, link) {
		if (error == 0)
			j = conf_resolve(&conf, n);
		if (j != NULL)
			error = conf_check(&conf, j);
		conf_jail_free(j);
		j = NULL;
	}
	ATF_REQUIRE_MSG(conf_error(&conf) != NULL, "%.80s: is right", text);
	said = strdup(conf_error(&conf));
	said[strcspn(said, "\n")] = '\0';
	ATF_CHECK_MSG(strcmp(said, wanted) == 0, "%.80s: %s, not %s", text,
	    said, wanted);
	free(said);
	conf_free(&conf);
}

ATF_TC_WITHOUT_HEAD(mistakes_have_a_place);
ATF_TC_BODY(mistakes_have_a_place, tc)
{
	static const struct {
		const char *text, *wanted;
	} rows[] = {
		{ "a {\n\tp = x\n}", "f:3:1: syntax error, unexpected '}', "
		    "expecting ';' or ','" },
		{ "a { p = ; }", "f:1:9: syntax error, unexpected ';', "
		    "expecting word" },
		{ "a { p = 'x; }", "f:1:9: string without an end" },
		{ "a { p = x\"y; }", "f:1:9: string without an end" },
		{ "a { /* }", "f:1:5: comment without an end" },
		{ "a { p = ${x\n; }", "f:1:9: ${ without a name and }" },
		{ "a { p = ${}; }", "f:1:9: ${ without a name and }" },
		{ "a { p = \\0; }", "f:1:9: no character 0 can be in a word" },
		{ "a { p = \001; }", "f:1:9: a character that has to be in "
		    "quotes" },
		{ "p x;", "f:1:3: there has to be = or += in front of a "
		    "value" },
		{ "a { b { } }", "f:1:7: syntax error, unexpected '{', "
		    "expecting += or ';' or '='" },
		{ "a$v { }", "f:1:1: the name of a jail can have no "
		    "variable" },
		{ "we* { }", "f:1:1: no name of a jail, and no pattern: a * "
		    "stands for a whole part of it" },
		{ ".include $v;", "f:1:10: .include can have no variable" },
		{ ".include nosuch;", "f:1:10: nosuch: No such file or "
		    "directory" },
		{ "p$v = x;", "f:1:1: no name of a parameter or variable" },
		{ "$v;", "f:1:1: $v: needs a value: = ..." },
		{ "a { $v = x$w; $w = y$v; }", "f:1:20: $v: is made of "
		    "itself" },
		{ "a { p = $v; }", "f:1:9: $v: is not set for jail \"a\"" },
		{ "$l = x, y; a { p = z$l; }", "f:1:20: $l: has several "
		    "values, so it can only be a word by itself" },
		{ "a { name = b; }", "f:1:5: name: is \"a\" by the name of "
		    "the block" },
		{ "5 { jid = 6; }", "f:1:5: jid: is \"5\" by the name of the "
		    "block" },
		{ "a { vnet; }", "f:1:5: vnet: is of FreeBSD and not known "
		    "here: take it out, see jail.conf(5)" },
		{ "a { exec.clean = maybe; }", "f:1:5: exec.clean: is true or "
		    "false" },
		{ "a { exec.start; }", "f:1:5: exec.start: needs a value: "
		    "exec.start = ..." },
		{ "a { interface = x, y; }", "f:1:5: interface: has one "
		    "value" },
		{ "a { path = x, y; }", "f:1:5: path: has one value" },
		{ "a { ip4; }", "f:1:5: ip4: needs a value: ip4 = ..." },
		{ "a { processes = 5; }", "f:1:5: processes: can only be "
		    "read" },
		{ "a { nopersist = 1; }", "f:1:5: nopersist: takes no "
		    "value" },
		{ "a { stop.timeout = -1; }", "f:1:5: stop.timeout: -1 is too "
		    "small: a number of seconds, at most 86400" },
	};

	for (size_t i = 0; i < NELEMS(rows); i++)
		check_wrong(rows[i].text, rows[i].wanted);
}

/* 2^30 times 2 bytes, and 1000 variables one in the other. */
ATF_TC_WITHOUT_HEAD(values_cannot_grow_without_end);
ATF_TC_BODY(values_cannot_grow_without_end, tc)
{
	char text[65536], *end;

	end = text + sprintf(text, "a { $v0 = xy; ");
	for (int i = 1; i <= 30; i++)
		end += sprintf(end, "$v%d = $v%d$v%d; ", i, i - 1, i - 1);
	sprintf(end, "}");
	check_wrong(text, "f:1:350: the values of this jail are too large");
	end = text + sprintf(text, "a { $v0 = xy; ");
	for (int i = 1; i <= 30; i++)
		end += sprintf(end, "$v%d = $v%d, $v%d; ", i, i - 1, i - 1);
	sprintf(end, "}");
	check_wrong(text, "f:1:360: the values of this jail are too large");
	end = text + sprintf(text, "a { p = $v1; ");
	for (int i = 1; i <= 1000; i++)
		end += sprintf(end, "$v%d = $v%d; ", i, i + 1);
	sprintf(end, "}");
	check_wrong(text, "f:1:823: more than 64 variables in each other");
}

ATF_TC_WITHOUT_HEAD(lines_of_fstab_are_whole_or_refused);
ATF_TC_BODY(lines_of_fstab_are_whole_or_refused, tc)
{
	char buf[64], text[128];
	struct mntent m;
	const char *why;

	ATF_CHECK(fstab_parse("/a\\040b  c\ttmpfs ro,x=1 0 0\n", &m, buf,
	    sizeof(buf), &why));
	ATF_CHECK_STREQ("/a b", m.mnt_fsname);
	ATF_CHECK_STREQ("c", m.mnt_dir);
	ATF_CHECK_STREQ("tmpfs", m.mnt_type);
	ATF_CHECK_STREQ("ro,x=1", m.mnt_opts);
	ATF_CHECK(!fstab_parse("# a b c", &m, buf, sizeof(buf), &why));
	ATF_CHECK(why == NULL);
	ATF_CHECK(!fstab_parse(" \n", &m, buf, sizeof(buf), &why));
	ATF_CHECK(why == NULL);
	ATF_CHECK(!fstab_parse("a b", &m, buf, sizeof(buf), &why));
	ATF_CHECK_STREQ("needs what to mount, a directory and a type", why);
	snprintf(text, sizeof(text), "a b tmpfs %070d,ro", 0);
	ATF_CHECK(!fstab_parse(text, &m, buf, sizeof(buf), &why));
	ATF_CHECK_STREQ("is too long", why);
}

ATF_TC_WITHOUT_HEAD(directory_is_in_the_path_or_nowhere);
ATF_TC_BODY(directory_is_in_the_path_or_nowhere, tc)
{
	ATF_CHECK_STREQ("tmp", fstab_inside("tmp", "/j"));
	ATF_CHECK_STREQ("tmp", fstab_inside("/j/tmp", "/j"));
	ATF_CHECK_STREQ("tmp", fstab_inside("/j//tmp", "/j"));
	ATF_CHECK_STREQ("tmp", fstab_inside("/tmp", "/"));
	ATF_CHECK(fstab_inside("/jj/tmp", "/j") == NULL);
	ATF_CHECK(fstab_inside("/j", "/j") == NULL);
	ATF_CHECK(fstab_inside("/j/", "/j") == NULL);
	ATF_CHECK(fstab_inside("/", "/") == NULL);
	ATF_CHECK(fstab_inside("", "/j") == NULL);
	ATF_CHECK(fstab_inside(".", "/j") == NULL);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, words_are_bare_or_in_quotes);
	ATF_TP_ADD_TC(tp, comments_are_of_three_kinds);
	ATF_TP_ADD_TC(tp, later_settings_win);
	ATF_TP_ADD_TC(tp, flags_are_true_or_have_a_no);
	ATF_TP_ADD_TC(tp, patterns_match_parts_of_names);
	ATF_TP_ADD_TC(tp, variables_are_what_they_are_for_the_jail);
	ATF_TP_ADD_TC(tp, number_in_front_of_a_block_is_a_jid);
	ATF_TP_ADD_TC(tp, mistakes_have_a_place);
	ATF_TP_ADD_TC(tp, values_cannot_grow_without_end);
	ATF_TP_ADD_TC(tp, lines_of_fstab_are_whole_or_refused);
	ATF_TP_ADD_TC(tp, directory_is_in_the_path_or_nowhere);
	return (atf_no_error());
}
