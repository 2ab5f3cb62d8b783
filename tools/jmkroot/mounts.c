/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What is mounted at a root and below it.
 */

#include <sys/mount.h>

#include <errno.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mounts.h"
#include "record.h"

#define LINE_MAX_BYTES	(64 * 1024)

static bool
is_below(const char *dir, const char *path)
{
	size_t len = strlen(path);

	return (strncmp(dir, path, len) == 0 &&
	    (dir[len] == '/' || dir[len] == '\0'));
}

static int
add(struct mounted **list, int *n, const struct mntent *ent)
{
	struct mounted *m;

	m = reallocarray(*list, *n + 1, sizeof(*m));
	if (m == NULL)
		return (-1);
	*list = m;
	m += (*n)++;
	m->dir = strdup(ent->mnt_dir);
	m->type = strdup(ent->mnt_type);
	m->opts = strdup(ent->mnt_opts);
	return (m->dir == NULL || m->type == NULL || m->opts == NULL ? -1 : 0);
}

/* A line that does not fit loses its end, which makes nothing seem ours. */
static int
read_table(FILE *f, char *line, const char *path, struct mounted **list)
{
	struct mntent ent;
	int n = 0;

	while (getmntent_r(f, &ent, line, LINE_MAX_BYTES) != NULL) {
		if (is_below(ent.mnt_dir, path) && add(list, &n, &ent) != 0) {
			mounts_free(*list, n);
			return (-1);
		}
	}
	return (n);
}

int
mounts_read(const char *path, struct mounted **ret_list)
{
	char *line = malloc(LINE_MAX_BYTES);
	FILE *f = setmntent("/proc/self/mounts", "re");
	int n = -1;

	*ret_list = NULL;
	if (line != NULL && f != NULL)
		n = read_table(f, line, path, ret_list);
	if (n == -1)
		fail("mounts");
	if (f != NULL)
		endmntent(f);
	free(line);
	return (n);
}

void
mounts_free(struct mounted *list, int n)
{
	for (int i = 0; i < n; i++) {
		free(list[i].dir);
		free(list[i].type);
		free(list[i].opts);
	}
	free(list);
}

/* An overlay that writes to the root's own upper directory. */
static bool
is_clone(const struct root *r, const struct mounted *m)
{
	struct mntent ent = { .mnt_opts = m->opts };
	char wanted[PATH_MAX + 32];
	const char *opt;
	size_t len;

	snprintf(wanted, sizeof(wanted), "upperdir=%s/upper", r->statepath);
	len = strlen(wanted);
	opt = hasmntopt(&ent, "upperdir");
	return (strcmp(m->dir, r->path) == 0 &&
	    strcmp(m->type, "overlay") == 0 && opt != NULL &&
	    strncmp(opt, wanted, len) == 0 &&
	    (opt[len] == ',' || opt[len] == '\0'));
}

/* One of those that the record says are parts of the view. */
static bool
is_of_view(const struct root *r, const struct mounted *m)
{
	json_t *mounts = json_object_get(r->record, "mounts"), *dir;
	const char *below = m->dir + strlen(r->path);
	size_t i;

	if (!is_below(m->dir, r->path))
		return (false);
	json_array_foreach(mounts, i, dir) {
		if (json_is_string(dir) &&
		    strcmp(json_string_value(dir), below) == 0)
			return (true);
	}
	return (false);
}

static bool
is_ours(const struct root *r, const struct mounted *list, int i)
{
	/* Over the same directory there may be no second one. */
	for (int j = 0; j < i; j++) {
		if (strcmp(list[j].dir, list[i].dir) == 0)
			return (false);
	}
	if (record_is(r->record, "clone"))
		return (is_clone(r, &list[i]));
	return (record_is(r->record, "host") && is_of_view(r, &list[i]));
}

/* 1 if all that is mounted at path and below it is ours, 0 if nothing is. */
static int
check_below(const struct root *r, const char *path)
{
	struct mounted *list;
	char text[256];
	int n, status;

	n = mounts_read(path, &list);
	status = n > 0 ? 1 : n;
	for (int i = 0; i < n && status == 1; i++) {
		if (!is_ours(r, list, i))
			status = failx("%s: is mounted, and not by jmkroot: "
			    "unmount it first", name_text(list[i].dir, text));
	}
	mounts_free(list, n);
	return (status);
}

int
mounts_check(const struct root *r)
{
	if (check_below(r, r->statepath) != 0)
		return (-1);
	return (check_below(r, r->path));
}

/*
 * A view goes as a whole: nothing is deleted in it, so it does not matter who
 * still has a look at it. A clone must not be in use.
 */
int
mounts_undo(const struct root *r)
{
	int flags = UMOUNT_NOFOLLOW, mounted;

	mounted = mounts_check(r);
	if (mounted != 1)
		return (mounted);
	if (record_is(r->record, "host"))
		flags |= MNT_DETACH;
	if (umount2(r->path, flags) == 0)
		return (0);
	if (errno == EBUSY)
		return (failx("%s: is in use: end the processes that have "
		    "files of it open, see fuser -vm", r->path));
	return (fail("%s", r->path));
}
