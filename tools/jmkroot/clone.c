/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * A clone: an overlay over a base, which stays as it is.
 */

#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "make.h"
#include "mounts.h"
#include "record.h"
#include "users.h"

#define OPTS_MAX	4096	/* a page, as mount(2) has it */

/* What overlayfs itself uses in its options cannot be in a path there. */
static int
check_path(const char *path)
{
	if (strpbrk(path, ",:\\\"") == NULL)
		return (0);
	return (failx("%s: has one of , : \\ \" in it, which overlayfs cannot "
	    "have in a path", path));
}

/* A base whose directory is gone, or another one, is none. */
static int
check_place(const struct root *base)
{
	int there = root_find_place(base);

	if (there == 0)
		return (failx("%s: the directory is gone: remove the root, and "
		    "make it again", base->path));
	return (there == 1 ? 0 : -1);
}

/* Is it the base that the clone was made of? Then it is so to the clone. */
static int
check_base(const struct root *r)
{
	const char *path = record_text(r->record, "base");
	struct root base;
	int error;

	error = root_open_whole(&base, path, LOCK_SH);
	if (error == 0)
		error = check_place(&base);
	if (error == 0 && strcmp(record_text(base.record, "id"),
	    record_text(r->record, "base_id")) != 0)
		error = failx("%s: its base, %s, is another root by now",
		    r->path, path);
	root_close(&base);
	return (error);
}

int
clone_mount(const struct root *r)
{
	char opts[OPTS_MAX];
	int len;

	if (check_base(r) != 0)
		return (-1);
	len = snprintf(opts, sizeof(opts),
	    "lowerdir=%s,upperdir=%s/upper,workdir=%s/work",
	    record_text(r->record, "base"), r->statepath, r->statepath);
	if (len >= OPTS_MAX) {
		errno = ENAMETOOLONG;
		return (fail("%s", r->path));
	}
	if (mount("jmkroot", r->path, "overlay", MS_NODEV, opts) != 0)
		return (fail("%s: overlay", r->path));
	return (0);
}

static int
make_dir(const struct root *r, const char *name)
{
	int fd = root_mkdir(r, name, 0700);

	if (fd != -1)
		close(fd);
	return (fd == -1 ? -1 : 0);
}

/*
 * The upper directory is the clone's root: it has the owner and the mode that
 * the base has.
 */
static int
make_dirs(const struct root *base, const struct root *r)
{
	struct stat st;

	if (make_dir(r, "work") != 0 || make_dir(r, "upper") != 0 ||
	    make_dir(r, "tree") != 0)
		return (-1);
	if (fstatat(base->parent, base->name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
	    fchownat(r->state, "upper", st.st_uid, st.st_gid, 0) != 0 ||
	    fchmodat(r->state, "upper", st.st_mode & 07777, 0) != 0)
		return (fail("%s/upper", r->statepath));
	return (0);
}

static int
set_base(const struct root *base, struct root *r)
{
	json_t *record = r->record;

	if (record_set(record, "base", json_string(base->path)) != 0 ||
	    record_set(record, "base_id", json_string(
	    record_text(base->record, "id"))) != 0)
		return (-1);
	return (record_write(r->state, r->statepath, record));
}

/* What is not in the state has to be undone here. */
static int
build(const struct root *base, struct root *r)
{
	if (check_path(r->path) != 0 || set_base(base, r) != 0 ||
	    users_add_clone(base, r) != 0)
		return (-1);
	if (make_dirs(base, r) == 0 && root_place(r) == 0 &&
	    clone_mount(r) == 0) {
		if (root_finish(r) == 0)
			return (0);
		mounts_undo(r);
	}
	users_drop_clone(r);
	return (-1);
}

static int
open_base(struct root *base, const char *dir)
{
	if (root_open_whole(base, dir, LOCK_SH) != 0)
		return (-1);
	if (record_is(base->record, "clone") || record_is(base->record, "host"))
		return (failx("%s: is a %s itself, which cannot be a base",
		    base->path, record_is(base->record, "host") ?
		    "view of the host" : "clone"));
	if (mounts_check(base) != 0 || check_place(base) != 0 ||
	    users_no_jails(base) != 0 || check_path(base->path) != 0)
		return (-1);
	return (0);
}

int
clone_make(const struct request *rq, const char *basedir, const char *dir)
{
	struct root base, r;
	int error;

	error = open_base(&base, basedir);
	if (error == 0)
		error = root_begin(&r, dir, "clone", base.path);
	if (error == 0)
		error = root_end(&r, build(&base, &r), rq, "made");
	root_close(&base);
	return (error);
}
