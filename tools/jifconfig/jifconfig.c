/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * jifconfig: show and change the addresses of jails. See jifconfig(8).
 */

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jail.h"
#include "util.h"
#include "util_json.h"

#include "change.h"
#include "host.h"
#include "view.h"

static const char usage[] =
    "jifconfig [--json] [-a | -j jail]\n"
    "       jifconfig -j jail inet|inet6 address[/prefixlen] "
    "alias|-alias";

static const struct option options[] = {
	COMMON_OPTIONS,
	{ "json", no_argument, NULL, OPT_TOOL },
	{ NULL, 0, NULL, 0 }
};

struct request {
	const char *jail;	/* NULL: all */
	bool all;		/* -a */
	bool json;
};

static void
parse_options(int argc, char *argv[], struct request *r)
{
	int c;

	while ((c = getopt_long(argc, argv, "+ahj:", options, NULL)) != -1) {
		switch (c) {
		case 'a':
			r->all = true;
			break;
		case 'h':
			print_usage(usage);
		case 'j':
			r->jail = optarg;
			break;
		case OPT_TOOL:
			r->json = true;
			break;
		default:
			common_option(c, usage, 1);
		}
	}
}

static void
show_jail(const struct request *r, const struct host *h,
    const struct jailparam *jp, struct json_list *list)
{
	struct view v;

	view_make(&v, h, jp);
	if (r->json)
		json_list_add(list, show_json(&v, h));
	else
		show_text(&v, h, r->jail == NULL);
	view_free(&v);
}

static void
show_one(const struct request *r, const struct host *h, struct jailparam *jp,
    struct json_list *list)
{
	if (jailparam_import(&jp[VP_KEY], r->jail) != 0 ||
	    jailparam_get(jp, VP_MAX, 0) == -1)
		errx(1, "%s", jail_errmsg);
	if (r->json)
		json_list_begin(list, "jails");
	show_jail(r, h, jp, list);
}

/* The jid of the jail after jid, which is then in jp, or -1. */
static int32_t
next_jail(struct jailparam *jp, int32_t jid)
{
	if (jailparam_import_raw(&jp[VP_KEY], &jid, sizeof(jid)) != 0)
		errx(1, "%s", jail_errmsg);
	jid = jailparam_get(jp, VP_MAX, 0);
	if (jid == -1 && errno != ENOENT)
		errx(1, "%s", jail_errmsg);
	return (jid);
}

static void
show_all(const struct request *r, const struct host *h, struct jailparam *jp,
    struct json_list *list)
{
	int32_t jid = next_jail(jp, 0);

	if (r->json)
		json_list_begin(list, "jails");
	for (; jid != -1; jid = next_jail(jp, jid))
		show_jail(r, h, jp, list);
}

static void
show(const struct request *r)
{
	struct jailparam jp[VP_MAX];
	struct json_list list;
	struct host h;

	host_read(&h);
	view_init(jp, r->jail != NULL ? "name" : "lastjid");
	if (r->jail != NULL)
		show_one(r, &h, jp, &list);
	else
		show_all(r, &h, jp, &list);
	if (r->json)
		json_list_end(&list);
	jailparam_free(jp, VP_MAX);
	host_free(&h);
}

int
main(int argc, char *argv[])
{
	struct request r = { 0 };
	struct change c;

	tool_begin(1);
	parse_options(argc, argv, &r);
	argc -= optind;
	argv += optind;
	if (r.all && r.jail != NULL)
		usage_error(usage, 1);
	if (argc == 0) {
		show(&r);
		return (0);
	}
	if (argc != 3 || r.jail == NULL || r.json || !change_parse(&c, argv))
		usage_error(usage, 1);
	change_make(&c, r.jail);
	return (0);
}
