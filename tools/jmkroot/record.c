/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The record of a root.
 */

#include <sys/random.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"
#include "record.h"
#include "util_json.h"

#define FILE_NAME	"root.json"
#define FILE_NEW	"root.json.new"
#define VERSION		1

static int
new_id(char id[17])
{
	uint64_t bits;

	if (getrandom(&bits, sizeof(bits), 0) != sizeof(bits))
		return (fail("random id"));
	snprintf(id, 17, "%016jx", (uintmax_t)bits);
	return (0);
}

json_t *
record_new(const char *type, const char *source)
{
	char id[17], made[32];
	time_t now = time(NULL);
	json_t *record;
	struct tm tm;

	if (new_id(id) != 0)
		return (NULL);
	strftime(made, sizeof(made), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	record = json_pack("{s:i, s:s, s:o, s:s, s:s, s:b}", "version",
	    VERSION, "type", type, "source", json_text(source), "made", made,
	    "id", id, "complete", 0);
	if (record == NULL)
		failx("out of memory");
	return (record);
}

/* What others could have written is not believed. */
static int
check_file(int fd, const char *path)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return (fail("%s/" FILE_NAME, path));
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & 022) != 0)
		return (failx("%s/" FILE_NAME ": not a file that root alone "
		    "can write: jmkroot did not make this", path));
	return (0);
}

static json_t *
parse_file(int fd, const char *path)
{
	json_error_t error;
	json_t *record;

	record = json_loadfd(fd, JSON_REJECT_DUPLICATES, &error);
	if (record == NULL) {
		failx("%s/" FILE_NAME ": damaged, line %d: %s", path,
		    error.line, error.text);
		return (NULL);
	}
	if (record_number(record, "version") == VERSION &&
	    record_text(record, "type")[0] != '\0')
		return (record);
	failx("%s/" FILE_NAME ": not of version %d: use the jmkroot that made "
	    "it", path, VERSION);
	json_decref(record);
	return (NULL);
}

json_t *
record_read(int state, const char *path)
{
	json_t *record = NULL;
	int fd;

	fd = openat(state, FILE_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
	    O_CLOEXEC);
	if (fd == -1) {
		fail("%s/" FILE_NAME, path);
		return (NULL);
	}
	if (check_file(fd, path) == 0)
		record = parse_file(fd, path);
	close(fd);
	return (record);
}

int
record_write(int state, const char *path, const json_t *record)
{
	int error, fd;

	fd = openat(state, FILE_NEW, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	if (fd == -1)
		return (fail("%s/" FILE_NEW, path));
	errno = 0;
	error = json_dumpfd(record, fd, JSON_INDENT(1));
	if (error == 0 && write(fd, "\n", 1) != 1)
		error = -1;
	if (close(fd) != 0 || error != 0 ||
	    renameat(state, FILE_NEW, state, FILE_NAME) != 0)
		return (fail("%s/" FILE_NAME, path));
	return (0);
}

const char *
record_text(const json_t *record, const char *key)
{
	const char *text = json_string_value(json_object_get(record, key));

	return (text != NULL ? text : "");
}

bool
record_is(const json_t *record, const char *type)
{
	return (strcmp(record_text(record, "type"), type) == 0);
}

json_int_t
record_number(const json_t *record, const char *key)
{
	return (json_integer_value(json_object_get(record, key)));
}

bool
record_complete(const json_t *record)
{
	return (json_is_true(json_object_get(record, "complete")));
}

int
record_set(json_t *record, const char *key, json_t *value)
{
	if (json_object_set_new(record, key, value) != 0)
		return (failx("out of memory"));
	return (0);
}
