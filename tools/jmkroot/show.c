/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What a root is.
 */

#include <sys/file.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "make.h"
#include "mounts.h"
#include "record.h"
#include "util_json.h"

static void
show_line(const char *key, const char *value)
{
	char text[256];

	if (value[0] != '\0')
		printf("%-11s %s\n", key, name_text(value, text));
}

/* A list of an image's configuration, a line each. */
static void
show_list(const json_t *config, const char *member, const char *key)
{
	json_t *list = json_object_get(config, member), *item;
	size_t i;

	json_array_foreach(list, i, item) {
		if (json_is_string(item))
			show_line(i == 0 ? key : "", json_string_value(item));
	}
}

static const char *
state_of(const struct root *r, int mounted)
{
	if (!record_complete(r->record))
		return ("not finished");
	if (record_is(r->record, "clone") || record_is(r->record, "host"))
		return (mounted == 1 ? "mounted" : "not mounted");
	return ("ready");
}

static void
show_text(const struct root *r, const char *state)
{
	const json_t *config = json_object_get(r->record, "config");

	show_line("path", r->path);
	show_line("type", record_text(r->record, "type"));
	show_line("source", record_text(r->record, "source"));
	show_line("made", record_text(r->record, "made"));
	show_line("state", state);
	show_line("digest", record_text(r->record, "digest"));
	show_list(config, "Entrypoint", "entrypoint");
	show_list(config, "Cmd", "command");
	show_list(config, "Env", "environment");
	show_line("directory", record_text(config, "WorkingDir"));
	show_line("user", record_text(config, "User"));
}

/* The record, but for what only removing needs. */
static int
show_json(const struct root *r, const char *state)
{
	static const char *const members[] = { "type", "source", "made",
		"digest", "config" };
	json_t *json, *member;

	json = json_pack("{s:i, s:o, s:s}", "version", 1, "path",
	    json_text(r->path), "state", state);
	for (size_t i = 0; json != NULL && i < sizeof(members) /
	    sizeof(members[0]); i++) {
		member = json_object_get(r->record, members[i]);
		if (member != NULL)
			json_object_set(json, members[i], member);
	}
	if (json == NULL || json_dumpf(json, stdout, 0) != 0)
		return (failx("%s: cannot be shown", r->path));
	printf("\n");
	json_decref(json);
	return (0);
}

int
show_root(const struct request *rq, const char *dir)
{
	struct root r;
	int error, mounted;

	error = root_open(&r, dir, LOCK_SH);
	if (error == 0) {
		mounted = mounts_check(&r);
		if (rq->json)
			error = show_json(&r, state_of(&r, mounted));
		else
			show_text(&r, state_of(&r, mounted));
		if (mounted == -1)
			error = -1;
	}
	root_close(&r);
	return (error);
}
