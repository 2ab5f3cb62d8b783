/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Mount, unmount and remove a root that there is.
 */

#include <sys/file.h>

#include "make.h"
#include "mounts.h"
#include "record.h"
#include "users.h"

static bool
is_mounted_type(const struct root *r)
{
	return (record_is(r->record, "clone") || record_is(r->record, "host"));
}

/* Refuse what must not be removed, before anything is done. */
static int
check(const struct root *r)
{
	int mounted;

	if (users_no_jails(r) != 0 || users_no_clones(r) != 0)
		return (-1);
	mounted = mounts_check(r);
	if (mounted != 0)
		return (mounted == 1 ? 0 : -1);
	return (root_find_place(r) == -1 ? -1 : 0);
}

static int
remove_all(struct root *r, struct progress *p)
{
	if (check(r) != 0 || mounts_undo(r) != 0 || root_take_place(r) != 0)
		return (-1);
	if (record_is(r->record, "clone") && users_drop_clone(r) != 0)
		return (-1);
	return (root_erase(r, p));
}

int
remove_root(const struct request *rq, const char *dir)
{
	struct progress p;
	struct root r;
	int error;

	progress_begin(&p, "deleted");
	error = root_open(&r, dir, LOCK_EX);
	if (error == 0)
		error = remove_all(&r, &p);
	progress_end();
	if (error == 0)
		root_say(&r, rq, "removed");
	root_close(&r);
	return (error);
}

static int
open_mounted_type(struct root *r, const char *dir)
{
	if (root_open_whole(r, dir, LOCK_EX) != 0)
		return (-1);
	if (!is_mounted_type(r))
		return (failx("%s: is neither a clone nor a view of the host: "
		    "it is always there", r->path));
	return (mounts_check(r));
}

static int
mount_at_place(struct root *r, const struct request *rq)
{
	int there = root_find_place(r);

	if (there == 0)
		return (failx("%s: the directory is gone: remove the root, and "
		    "make it again", r->path));
	if (there == -1)
		return (-1);
	return (record_is(r->record, "clone") ? clone_mount(r) :
	    view_mount(r, rq));
}

int
mount_root(const struct request *rq, const char *dir)
{
	struct root r;
	int status;

	status = open_mounted_type(&r, dir);
	if (status == 1)
		status = failx("%s: is mounted already", r.path);
	else if (status == 0)
		status = mount_at_place(&r, rq);
	if (status == 0)
		root_say(&r, rq, "mounted");
	root_close(&r);
	return (status);
}

int
unmount_root(const struct request *rq, const char *dir)
{
	struct root r;
	int status;

	status = open_mounted_type(&r, dir);
	if (status == 0)
		status = failx("%s: is not mounted", r.path);
	else if (status == 1)
		status = users_no_jails(&r) == 0 ? mounts_undo(&r) : -1;
	if (status == 0)
		root_say(&r, rq, "unmounted");
	root_close(&r);
	return (status);
}
