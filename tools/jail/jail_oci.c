/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * jail --oci-hook: a container on the host's network is a jail as long as it
 * runs. An OCI runtime says on the standard input of its hooks which container
 * it is about (runtime-spec, "State"); the annotations netjail.* are the jail's
 * parameters.
 */

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "jail_tool.h"

#define PREFIX	"netjail."
#define CGROUP_MAX	4096

static _Noreturn void
out_of_memory(void)
{
	errx(1, "out of memory");
}

static char *
param(const char *name, const char *value)
{
	char *word;

	if (asprintf(&word, "%s=%s", name, value) == -1)
		out_of_memory();
	return (word);
}

static const char *
string(const json_t *state, const char *key)
{
	const char *value = json_string_value(json_object_get(state, key));

	if (value == NULL)
		errx(1, "--oci-hook: standard input: no \"%s\": is it the "
		    "state of a container?", key);
	return (value);
}

/* The annotation of that name; it must be text. */
static const char *
annotation(const char *name, const json_t *value)
{
	if (!json_is_string(value))
		errx(1, "--oci-hook: annotation %s: is not a string", name);
	return (json_string_value(value));
}

/* A dot in a jail's name would put it into another jail. */
static char *
name_of(const json_t *state, const json_t *notes)
{
	const json_t *own = json_object_get(notes, PREFIX "name");
	char *name = strdup(own != NULL ? annotation(PREFIX "name", own) :
	    string(state, "id"));

	if (name == NULL)
		out_of_memory();
	for (char *p = name; own == NULL && *p != '\0'; p++) {
		if (*p == '.')
			*p = '_';
	}
	return (name);
}

/* Where the runtime has put the container's first process. */
static char *
cgroup_of(const json_t *state)
{
	const json_int_t pid = json_integer_value(json_object_get(state,
	    "pid"));
	char line[CGROUP_MAX], path[64], *found = NULL;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%" JSON_INTEGER_FORMAT "/cgroup",
	    pid);
	f = pid > 0 ? fopen(path, "re") : NULL;
	while (f != NULL && found == NULL &&
	    fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "0::", 3) == 0)
			found = param("cgroup", line + 3);
	}
	if (f != NULL)
		fclose(f);
	if (found == NULL)
		errx(1, "--oci-hook: process %" JSON_INTEGER_FORMAT ": is in "
		    "no cgroup of cgroup v2", pid);
	return (found);
}

static bool
is_ours(const char *key)
{
	return (strncmp(key, PREFIX, strlen(PREFIX)) == 0);
}

static bool
any_of_ours(json_t *notes)
{
	const char *key;
	json_t *value;

	json_object_foreach(notes, key, value) {
		if (is_ours(key))
			return (true);
	}
	return (false);
}

/*
 * That it has ended with its cgroup is found when somebody looks. (Nothing is
 * removed by name: hooks of containers that could not be made run, too.)
 */
static int
look_at(const char *name)
{
	if (jail_getid(name) == -1 && errno != ENOENT)
		errx(1, "%s", jail_errmsg);
	return (0);
}

/* The words of a jail -c. */
static char **
words_of(const json_t *state, json_t *notes, const char *name, int *ret_n)
{
	char **words = calloc(json_object_size(notes) + 2, sizeof(*words));
	const char *key;
	json_t *value;
	int n = 0;

	if (words == NULL)
		out_of_memory();
	words[n++] = param("name", name);
	words[n++] = cgroup_of(state);
	json_object_foreach(notes, key, value) {
		if (strcmp(key, PREFIX "command") == 0)
			errx(1, "command: not for a jail with a cgroup=");
		if (is_ours(key) && strcmp(key, PREFIX "name") != 0)
			words[n++] = param(key + strlen(PREFIX),
			    annotation(key, value));
	}
	*ret_n = n;
	return (words);
}

static int
create(struct request *rq, const json_t *state, json_t *notes,
    const char *name)
{
	char **words;
	int n, status;

	words = words_of(state, notes, name, &n);
	parse_params(rq, n, words);
	status = start_jail(rq);
	for (int i = 0; i < n; i++)
		free(words[i]);
	free(words);
	return (status);
}

/* A container without such annotations is none of ours. */
int
oci_hook(struct request *rq)
{
	json_error_t error;
	json_t *notes, *state = json_loadf(stdin, 0, &error);
	int status = 0;
	char *name;

	if (state == NULL)
		errx(1, "--oci-hook: standard input: line %d: %s", error.line,
		    error.text);
	notes = json_object_get(state, "annotations");
	rq->quiet = true;
	if (any_of_ours(notes)) {
		name = name_of(state, notes);
		status = strcmp(string(state, "status"), "stopped") == 0 ?
		    look_at(name) : create(rq, state, notes, name);
		free(name);
	}
	json_decref(state);
	return (status);
}
