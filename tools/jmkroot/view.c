/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * A view of the host: its root file system, and those with more of its system,
 * all read-only, with directories of its own where the host's people and
 * programs keep what is theirs.
 */

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/mount.h>
#include <linux/openat2.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "make.h"
#include "mounts.h"
#include "record.h"

enum part {
	PART_HOST,		/* the host's, if something is mounted there */
	PART_OWN,		/* its own, in memory, which it can write */
	PART_EMPTY,
};

/* What may be mounted on another one comes after that. */
static const struct {
	const char *dir;
	enum part part;
	const char *mode;	/* of what is not the host's */
} parts[] = {
	{ "/etc", PART_HOST, NULL },
	{ "/opt", PART_HOST, NULL },
	{ "/usr", PART_HOST, NULL },
	{ "/usr/local", PART_HOST, NULL },
	{ "/var", PART_HOST, NULL },
	{ "/var/lib", PART_HOST, NULL },
	{ "/home", PART_OWN, "0755" },
	{ "/media", PART_EMPTY, "0755" },
	{ "/mnt", PART_EMPTY, "0755" },
	{ "/root", PART_OWN, "0700" },
	{ "/run", PART_OWN, "0755" },
	{ "/srv", PART_EMPTY, "0755" },
	{ "/tmp", PART_OWN, "1777" },
	{ "/var/tmp", PART_OWN, "1777" },
};

#define NPARTS	(sizeof(parts) / sizeof(parts[0]))

/* A copy of one mount of the host's, read-only. */
static int
copy_mount(const char *dir)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY |
		MOUNT_ATTR_NODEV, .propagation = MS_PRIVATE };
	int fd;

	fd = syscall(SYS_open_tree, AT_FDCWD, dir, OPEN_TREE_CLONE |
	    OPEN_TREE_CLOEXEC);
	if (fd == -1)
		return (fail("%s", dir));
	if (syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &attr,
	    sizeof(attr)) == 0)
		return (fd);
	fail("%s: read-only", dir);
	close(fd);
	return (-1);
}

static int
set_option(int fs, const char *key, const char *value)
{
	return (syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, key, value, 0));
}

/* In memory, of which it may take a tenth. */
static int
new_tmpfs(const char *mode, unsigned int attrs)
{
	int fd = -1, fs;

	fs = syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	if (fs == -1)
		return (fail("tmpfs"));
	if (set_option(fs, "source", "jmkroot") == 0 &&
	    set_option(fs, "mode", mode) == 0 &&
	    set_option(fs, "size", "10%") == 0 &&
	    syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		fd = syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attrs |
		    MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID);
	if (fd == -1)
		fail("tmpfs");
	close(fs);
	return (fd);
}

/* Mount it in the view, at a path that has no link in it. */
static int
attach(int fd, const struct root *r, const char *dir)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS };
	char path[2 * PATH_MAX];
	int at, error = 0;

	snprintf(path, sizeof(path), "%s%s", r->path, dir);
	at = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	if (at == -1 || syscall(SYS_move_mount, fd, "", at, "",
	    MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0)
		error = fail("%s", path);
	if (at != -1)
		close(at);
	close(fd);
	return (error);
}

/* 1 or 0; -1 with a message. */
static int
is_mount(const char *dir)
{
	struct statx st;

	if (statx(AT_FDCWD, dir, AT_SYMLINK_NOFOLLOW, 0, &st) != 0)
		return (fail("%s", dir));
	return ((st.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0);
}

/* Two names may be those of one directory. */
static bool
is_known(char *const dirs[], size_t n, const char *dir)
{
	for (size_t i = 0; i < n; i++) {
		if (dirs[i] != NULL && strcmp(dirs[i], dir) == 0)
			return (true);
	}
	return (false);
}

/* Where the host has the parts; NULL is one that it does not have. */
static int
find_parts(char *dirs[NPARTS])
{
	char *dir;

	for (size_t i = 0; i < NPARTS; i++) {
		dir = realpath(parts[i].dir, NULL);
		if (dir == NULL && errno != ENOENT)
			return (fail("%s", parts[i].dir));
		if (dir != NULL && (strcmp(dir, "/") == 0 ||
		    is_known(dirs, i, dir))) {
			free(dir);
			dir = NULL;
		}
		dirs[i] = dir;
	}
	return (0);
}

/*
 * What may be mounted is in the record before it is: so it can be undone,
 * whenever this ends, and no other mount ever is.
 */
static int
record_parts(struct root *r, char *const dirs[NPARTS])
{
	json_t *mounts = json_pack("[s]", "");

	if (mounts == NULL)
		return (failx("out of memory"));
	for (size_t i = 0; i < NPARTS; i++) {
		if (dirs[i] != NULL && json_array_append_new(mounts,
		    json_string(dirs[i])) != 0) {
			json_decref(mounts);
			return (failx("%s: is not UTF-8", dirs[i]));
		}
	}
	if (record_set(r->record, "mounts", mounts) != 0)
		return (-1);
	return (record_write(r->state, r->statepath, r->record));
}

/* -1 with a message, or -2 where the root file system has what there is. */
static int
open_part(size_t i, const char *dir)
{
	int mounted;

	if (parts[i].part == PART_HOST) {
		mounted = is_mount(dir);
		return (mounted == 1 ? copy_mount(dir) :
		    mounted == 0 ? -2 : -1);
	}
	return (new_tmpfs(parts[i].mode, parts[i].part == PART_EMPTY ?
	    MOUNT_ATTR_RDONLY : 0));
}

static int
add_part(const struct root *r, size_t i, const char *dir,
    const struct request *rq)
{
	static const char *const whose[] = { [PART_HOST] = "the host's",
		[PART_OWN] = "its own", [PART_EMPTY] = "empty" };
	int fd;

	fd = open_part(i, dir);
	if (fd < 0)
		return (fd == -2 ? 0 : -1);
	if (attach(fd, r, dir) != 0)
		return (-1);
	if (rq->verbose)
		printf("%s%s: %s\n", r->path, dir, whose[parts[i].part]);
	return (0);
}

static int
mount_parts(struct root *r, char *const dirs[NPARTS], const struct request *rq)
{
	int error, fd;

	if (record_parts(r, dirs) != 0)
		return (-1);
	fd = copy_mount("/");
	if (fd == -1 || attach(fd, r, "") != 0)
		return (-1);
	error = 0;
	for (size_t i = 0; error == 0 && i < NPARTS; i++) {
		if (dirs[i] != NULL)
			error = add_part(r, i, dirs[i], rq);
	}
	if (error != 0)
		umount2(r->path, MNT_DETACH | UMOUNT_NOFOLLOW);
	return (error);
}

int
view_mount(struct root *r, const struct request *rq)
{
	char *dirs[NPARTS] = { NULL };
	int error;

	error = find_parts(dirs);
	if (error == 0)
		error = mount_parts(r, dirs, rq);
	for (size_t i = 0; i < NPARTS; i++)
		free(dirs[i]);
	return (error);
}

static int
build(struct root *r, const struct request *rq)
{
	int fd;

	fd = root_mkdir(r, "tree", 0755);
	if (fd == -1)
		return (-1);
	close(fd);
	if (root_place(r) != 0 || view_mount(r, rq) != 0)
		return (-1);
	if (root_finish(r) == 0)
		return (0);
	mounts_undo(r);
	return (-1);
}

int
view_make(const struct request *rq, const char *dir)
{
	struct root r;

	if (root_begin(&r, dir, "host", "/") != 0)
		return (-1);
	return (root_end(&r, build(&r, rq), rq, "made"));
}
