/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * jls: list jails. See jls(8).
 */

#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jail.h"
#include "util.h"

#include "jls.h"

static const char usage[] =
    "jls [-dhNnqsv] [-j jail] [--json] [parameter ...]\n"
    "       jls -c -j jail";

static const struct option options[] = {
	COMMON_OPTIONS,
	{ "json", no_argument, NULL, OPT_TOOL },
	{ NULL, 0, NULL, 0 }
};

/* What the options say, other than how to print. */
struct request {
	const char *jail;	/* -j */
	bool check;		/* -c */
	bool json;
	bool verbose;
};

static void
parse_options(int argc, char *argv[], struct jls *j, struct request *r)
{
	int c;

	while ((c = getopt_long(argc, argv, "+cdhj:Nnqsv", options, NULL)) !=
	    -1) {
		switch (c) {
		case 'c':
			r->check = true;
			break;
		case 'd':
			/* No jail is ever dying. */
			break;
		case 'h':
			j->header = true;
			break;
		case 'j':
			r->jail = optarg;
			break;
		case 'N':
			j->names = true;
			break;
		case 'n':
			j->nameval = true;
			break;
		case 'q':
			j->quoted = true;
			break;
		case 's':
			j->nameval = j->quoted = j->skip = true;
			break;
		case 'v':
			r->verbose = true;
			break;
		case OPT_TOOL:
			r->json = true;
			break;
		default:
			common_option(c, usage, 1);
		}
	}
}

/* Are there options or parameters that mean nothing together? */
static bool
contradicts(const struct jls *j, const struct request *r, int nparams)
{
	bool text = j->header || j->names || j->nameval || j->quoted ||
	    r->verbose;

	if (r->check)
		return (r->jail == NULL || r->json || text || nparams > 0);
	return (r->json && text);
}

static struct jailparam *
add_param(struct jls *j, const char *name)
{
	struct jailparam *jp;

	jp = reallocarray(j->jp, j->njp + 1, sizeof(*jp));
	if (jp == NULL)
		err(1, "%s", name);
	j->jp = jp;
	if (jailparam_init(&jp[j->njp], name) != 0)
		errx(1, "%s", jail_errmsg);
	return (&jp[j->njp++]);
}

static void
add_all(struct jls *j)
{
	struct jailparam *all;
	int n;

	n = jailparam_all(&all);
	if (n == -1)
		errx(1, "%s", jail_errmsg);
	for (int i = 0; i < n; i++)
		add_param(j, all[i].jp_name);
	jailparam_free(all, n);
	free(all);
}

/* The parameters of the two forms that are not lists. */
static void
add_columns(struct jls *j, int last)
{
	static const char *const names[COL_MAX] = {
		[COL_LABEL] = "jid",
		[COL_IP4] = "ip4.addr",
		[COL_HOSTNAME] = "host.hostname",
		[COL_PATH] = "path",
		[COL_NAME] = "name",
		[COL_DYING] = "dying",
		[COL_SHARES] = "cpu.shares",
		[COL_IP6] = "ip6.addr",
	};

	add_param(j, j->names ? "name" : names[COL_LABEL]);
	for (int i = COL_LABEL + 1; i <= last; i++)
		add_param(j, names[i]);
}

static void
add_named(struct jls *j, char *const names[])
{
	for (; *names != NULL; names++) {
		if (strcmp(*names, "all") == 0)
			add_all(j);
		else if (strcmp(*names, "lastjid") == 0)
			errx(1, "unknown parameter: %s", *names);
		else
			add_param(j, *names);
	}
}

/* Decide on the form and what it needs, as FreeBSD's jls does. */
static void
choose_form(struct jls *j, const struct request *r, char *const names[])
{
	j->form = r->json ? FORM_JSON : FORM_LIST;
	if (*names != NULL)
		add_named(j, names);
	else if (j->header || j->nameval || r->json)
		add_all(j);
	else {
		j->form = r->verbose ? FORM_VERBOSE : FORM_TABLE;
		add_columns(j, r->verbose ? COL_IP6 : COL_PATH);
	}
	j->nshown = j->njp - 1;
	if (j->skip) {
		add_param(j, "ip4");
		add_param(j, "ip6");
	}
}

static void
begin(struct jls *j)
{
	if (j->form == FORM_JSON)
		json_list_begin(&j->list, "jails");
	else
		text_begin(j);
}

static void
show(struct jls *j)
{
	if (j->form == FORM_JSON)
		json_list_add(&j->list, json_jail(j));
	else
		text_jail(j);
}

static void
show_one(struct jls *j, const char *name)
{
	if (jailparam_import(&j->jp[0], name) != 0 ||
	    jailparam_get(j->jp, j->njp, 0) == -1)
		errx(1, "%s", jail_errmsg);
	begin(j);
	show(j);
}

/* The jid of the jail after jid, which is then in j, or -1. */
static int32_t
next_jail(struct jls *j, int32_t jid)
{
	if (jailparam_import_raw(&j->jp[0], &jid, sizeof(jid)) != 0)
		errx(1, "%s", jail_errmsg);
	jid = jailparam_get(j->jp, j->njp, 0);
	if (jid == -1 && errno != ENOENT)
		errx(1, "%s", jail_errmsg);
	return (jid);
}

static void
show_all(struct jls *j)
{
	int32_t jid = next_jail(j, 0);

	begin(j);
	for (; jid != -1; jid = next_jail(j, jid))
		show(j);
}

/* -c: nothing is printed, whether or not there is such a jail. */
static int
check(const char *name)
{
	if (jail_getid(name) != -1)
		return (0);
	if (errno != ENOENT)
		warnx("%s", jail_errmsg);
	return (1);
}

static void
list(struct jls *j, const char *jail)
{
	if (jail != NULL)
		show_one(j, jail);
	else
		show_all(j);
	if (j->form == FORM_JSON)
		json_list_end(&j->list);
}

int
main(int argc, char *argv[])
{
	struct request r = { 0 };
	struct jls j = { 0 };

	tool_begin(1);
	parse_options(argc, argv, &j, &r);
	if (contradicts(&j, &r, argc - optind))
		usage_error(usage, 1);
	if (r.check)
		return (check(r.jail));
	add_param(&j, r.jail != NULL ? "name" : "lastjid");
	choose_form(&j, &r, argv + optind);
	list(&j, r.jail);
	jailparam_free(j.jp, j.njp);
	free(j.jp);
	return (0);
}
