/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Who uses a root.
 */

#include <sys/file.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "jail.h"

#include "record.h"
#include "users.h"

/* The jail after lastjid, and its path; -1 and ENOENT after the last one. */
static int
next_jail(struct jailparam jp[3], int lastjid)
{
	if (jailparam_import_raw(&jp[0], &lastjid, sizeof(lastjid)) != 0)
		return (-1);
	return (jailparam_get(jp, 3, 0));
}

static bool
is_in(const char *path, const struct root *r)
{
	size_t len = strlen(r->path);

	return (strncmp(path, r->path, len) == 0 &&
	    (path[len] == '/' || path[len] == '\0'));
}

static int
check_jails(struct jailparam jp[3], const struct root *r)
{
	int jid = 0;

	while ((jid = next_jail(jp, jid)) != -1) {
		if (is_in(jp[2].jp_value, r))
			return (failx("%s: jail \"%s\" is in it: remove that "
			    "first, with jail -r", r->path,
			    (const char *)jp[1].jp_value));
	}
	return (errno == ENOENT ? 0 : failx("%s", jail_errmsg));
}

int
users_no_jails(const struct root *r)
{
	struct jailparam jp[3] = { 0 };
	int error;

	if (jailparam_init(&jp[0], "lastjid") != 0 ||
	    jailparam_init(&jp[1], "name") != 0 ||
	    jailparam_init(&jp[2], "path") != 0)
		error = failx("%s", jail_errmsg);
	else
		error = check_jails(jp, r);
	jailparam_free(jp, 3);
	return (error);
}

/*
 * Is that link one to a clone that there is? Its record says so. One that is
 * gone altogether was removed by other means.
 */
static int
check_clone(const struct root *r, int clones, const char *id)
{
	char path[PATH_MAX], state[PATH_MAX + sizeof(STATE_SUFFIX)];
	json_t *record;
	ssize_t n;
	int fd, error = 0;

	n = readlinkat(clones, id, path, sizeof(path) - 1);
	if (n == -1)
		return (fail("%s/clones/%s", r->statepath, id));
	path[n] = '\0';
	snprintf(state, sizeof(state), "%s" STATE_SUFFIX, path);
	fd = open(state, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return (errno == ENOENT ? 0 : fail("%s", state));
	record = record_read(fd, state);
	if (record == NULL)
		error = -1;
	else if (strcmp(record_text(record, "id"), id) == 0)
		error = failx("%s: %s is a clone of it: remove that first",
		    r->path, path);
	json_decref(record);
	close(fd);
	return (error);
}

int
users_no_clones(const struct root *r)
{
	struct dirent *de;
	int fd, error = 0;
	DIR *d;

	fd = openat(r->state, "clones", O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC);
	if (fd == -1)
		return (errno == ENOENT ? 0 : fail("%s/clones", r->statepath));
	d = fdopendir(fd);
	if (d == NULL) {
		close(fd);
		return (fail("%s/clones", r->statepath));
	}
	while (error == 0 && (de = readdir(d)) != NULL) {
		if (de->d_name[0] != '.')
			error = check_clone(r, dirfd(d), de->d_name);
	}
	closedir(d);
	return (error);
}

int
users_add_clone(const struct root *base, const struct root *clone)
{
	const char *id = record_text(clone->record, "id");
	int error = 0, fd;

	fd = root_mkdir(base, "clones", 0700);
	if (fd == -1)
		return (-1);
	if (symlinkat(clone->path, fd, id) != 0)
		error = fail("%s/clones/%s", base->statepath, id);
	close(fd);
	return (error);
}

/* A base that is gone, or is another one by now, knows nothing of it. */
int
users_drop_clone(const struct root *clone)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s" STATE_SUFFIX "/clones/%s",
	    record_text(clone->record, "base"),
	    record_text(clone->record, "id"));
	if (unlink(path) != 0 && errno != ENOENT && errno != ENOTDIR)
		return (fail("%s", path));
	return (0);
}
