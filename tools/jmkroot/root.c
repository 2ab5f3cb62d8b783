/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * A root, and the directory beside it with what belongs to it.
 */

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record.h"
#include "root.h"
#include "trash.h"

#define SUFFIX_LEN	(sizeof(STATE_SUFFIX) - 1)

static bool
has_suffix(const char *name)
{
	size_t len = strlen(name);

	return (len >= SUFFIX_LEN &&
	    strcmp(name + len - SUFFIX_LEN, STATE_SUFFIX) == 0);
}

/* The last part of a path of a directory, cut off from it; NULL: not ours. */
static const char *
cut_name(char *dir)
{
	char *slash;

	for (size_t len = strlen(dir); len > 1 && dir[len - 1] == '/'; len--)
		dir[len - 1] = '\0';
	slash = strrchr(dir, '/');
	if (slash != NULL)
		*slash = '\0';
	return (slash != NULL ? slash + 1 : dir);
}

static int
check_name(const char *dir, const char *name)
{
	char text[256];

	name_text(dir, text);
	if (name[0] == '\0' || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return (failx("%s: end it with the name of the root", text));
	if (has_suffix(name))
		return (failx("%s: what ends in " STATE_SUFFIX " belongs to a "
		    "root, and is none", text));
	if (strlen(name) + SUFFIX_LEN > NAME_MAX) {
		errno = ENAMETOOLONG;
		return (fail("%s", text));
	}
	for (const char *p = dir; *p != '\0'; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return (failx("%s: has control characters", text));
	}
	return (0);
}

/*
 * Whoever can rename what is in the directory could have jmkroot delete
 * something else.
 */
static int
open_parent(struct root *r, const char *path)
{
	struct stat st;

	r->parent = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->parent == -1 || fstat(r->parent, &st) != 0)
		return (fail("%s", path));
	if (st.st_uid != geteuid() || ((st.st_mode & S_IWOTH) != 0 &&
	    (st.st_mode & S_ISVTX) == 0))
		return (failx("%s: others than root can rename what is in it: "
		    "use a directory of root's", path));
	return (0);
}

static int
set_paths(struct root *r, const char *parent, const char *name)
{
	int len;

	len = snprintf(r->path, PATH_MAX, "%s/%s", parent[1] == '\0' ? "" :
	    parent, name);
	if (len >= PATH_MAX - (int)SUFFIX_LEN) {
		errno = ENAMETOOLONG;
		return (fail("%s", name));
	}
	r->name = r->path + len - strlen(name);
	snprintf(r->statepath, PATH_MAX, "%.*s" STATE_SUFFIX, len, r->path);
	r->statename = r->statepath + (r->name - r->path);
	return (0);
}

static int
find_root(struct root *r, const char *dir)
{
	char *copy = strdup(dir), real[PATH_MAX];
	const char *name, *parent;
	int error;

	*r = (struct root){ .parent = -1, .state = -1 };
	if (copy == NULL)
		return (fail("%s", dir));
	name = cut_name(copy);
	parent = name == copy ? "." : copy[0] == '\0' ? "/" : copy;
	error = check_name(dir, name);
	if (error == 0 && realpath(parent, real) == NULL)
		error = fail("%s", parent);
	if (error == 0)
		error = open_parent(r, real);
	if (error == 0)
		error = set_paths(r, real, name);
	free(copy);
	return (error);
}

void
root_close(struct root *r)
{
	if (r->parent != -1)
		close(r->parent);
	if (r->state != -1)
		close(r->state);
	json_decref(r->record);
	*r = (struct root){ .parent = -1, .state = -1 };
}

static int
check_state(const struct root *r, const struct stat *st)
{
	if (st->st_uid == geteuid() && (st->st_mode & 077) == 0)
		return (0);
	return (failx("%s: not a directory that root alone can enter: jmkroot "
	    "did not make it", r->statepath));
}

/*
 * Open the state, and lock it. One that was removed while we did is none any
 * more.
 */
static int
open_state(struct root *r, int operation)
{
	struct stat st, now;

	r->state = openat(r->parent, r->statename, O_RDONLY | O_DIRECTORY |
	    O_NOFOLLOW | O_CLOEXEC);
	if (r->state == -1 && errno == ENOENT)
		return (failx("%s: not a root that jmkroot made: there is no "
		    "%s", r->path, r->statename));
	if (r->state == -1)
		return (fail("%s", r->statepath));
	if (flock(r->state, operation | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK)
			return (failx("%s: another jmkroot works with it: wait "
			    "until it is done", r->path));
		return (fail("%s", r->statepath));
	}
	if (fstat(r->state, &st) != 0 || fstatat(r->parent, r->statename, &now,
	    AT_SYMLINK_NOFOLLOW) != 0)
		return (fail("%s", r->statepath));
	if (st.st_ino != now.st_ino || st.st_dev != now.st_dev)
		return (failx("%s: was removed meanwhile", r->path));
	return (check_state(r, &st));
}

/* The record goes last but for the directory: until then this can go on. */
static int
erase_state(const struct root *r)
{
	if ((unlinkat(r->state, "trash", AT_REMOVEDIR) != 0 &&
	    errno != ENOENT) ||
	    (unlinkat(r->state, "root.json.new", 0) != 0 && errno != ENOENT) ||
	    (unlinkat(r->state, "root.json", 0) != 0 && errno != ENOENT) ||
	    unlinkat(r->parent, r->statename, AT_REMOVEDIR) != 0)
		return (fail("%s", r->statepath));
	return (0);
}

int
root_erase(struct root *r, struct progress *p)
{
	static const char *const parts[] = { "tree", "upper", "work",
		"clones" };
	struct trash t;
	int error;

	/* It is there, unless a jmkroot was killed before or after all else. */
	if (mkdirat(r->state, "trash", 0700) != 0 && errno != EEXIST)
		return (fail("%s/trash", r->statepath));
	error = trash_open(&t, r->state);
	for (size_t i = 0; error == 0 && i < sizeof(parts) / sizeof(parts[0]);
	    i++)
		error = trash_put(&t, r->state, parts[i]);
	if (error == 0)
		error = trash_empty(&t, r->state, p);
	trash_close(&t);
	if (error != 0)
		return (-1);
	return (erase_state(r));
}

/* What a directory is known by; numbers of inodes are used again. */
struct identity {
	json_int_t inode, born;
};

static int
identify(int dir, const char *name, struct identity *id)
{
	struct statx st;

	*id = (struct identity){ 0 };
	if (statx(dir, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
	    STATX_TYPE | STATX_INO | STATX_BTIME, &st) != 0)
		return (-1);
	if (!S_ISDIR(st.stx_mode))
		return (0);
	id->inode = st.stx_ino;
	if ((st.stx_mask & STATX_BTIME) != 0)
		id->born = st.stx_btime.tv_sec * 1000000000LL +
		    st.stx_btime.tv_nsec;
	return (0);
}

int
root_find_place(const struct root *r)
{
	struct identity id;

	if (identify(r->parent, r->name, &id) != 0)
		return (errno == ENOENT ? 0 : fail("%s", r->path));
	if (id.inode != 0 && id.inode == record_number(r->record, "inode") &&
	    id.born == record_number(r->record, "born"))
		return (1);
	return (failx("%s: is not the directory that jmkroot made: move it "
	    "away first", r->path));
}

int
root_take_place(const struct root *r)
{
	int there = root_find_place(r), error;
	struct trash t;

	if (there != 1)
		return (there);
	error = trash_open(&t, r->state);
	if (error == 0)
		error = trash_put(&t, r->parent, r->name);
	trash_close(&t);
	return (error);
}

/* To be asked to end does not keep us from cleaning up. */
static void
undo(struct root *r)
{
	struct progress p;

	if (r->state == -1)
		return;
	progress_forget();
	progress_begin(&p, "deleted");
	if ((record_number(r->record, "inode") != 0 &&
	    root_take_place(r) != 0) || root_erase(r, &p) != 0)
		failx("%s: is left: remove %s", r->statepath, r->path);
	progress_end();
}

static int
make_state(struct root *r, const char *type, const char *source)
{
	r->record = record_new(type, source);
	if (r->record == NULL)
		return (-1);
	if (faccessat(r->parent, r->name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return (failx("%s: exists: choose another name, or remove it "
		    "first", r->path));
	if (mkdirat(r->parent, r->statename, 0700) != 0) {
		if (errno == EEXIST)
			return (failx("%s: exists: %s is being made, or was "
			    "not finished: remove it", r->statepath, r->name));
		return (fail("%s", r->statepath));
	}
	if (open_state(r, LOCK_EX) != 0)
		return (-1);
	if (mkdirat(r->state, "trash", 0700) != 0)
		fail("%s/trash", r->statepath);
	else if (record_write(r->state, r->statepath, r->record) == 0)
		return (0);
	erase_state(r);
	return (-1);
}

void
root_say(const struct root *r, const struct request *rq, const char *what)
{
	if (!rq->quiet)
		printf("%s: %s\n", r->path, what);
}

int
root_begin(struct root *r, const char *dir, const char *type,
    const char *source)
{
	if (find_root(r, dir) == 0 && make_state(r, type, source) == 0)
		return (0);
	root_close(r);
	return (-1);
}

int
root_end(struct root *r, int error, const struct request *rq, const char *what)
{
	if (error == 0)
		root_say(r, rq, what);
	else
		undo(r);
	root_close(r);
	return (error);
}

/* One that was begun, and no more than that, has no record yet. */
int
root_open(struct root *r, const char *dir, int operation)
{
	if (find_root(r, dir) != 0 || open_state(r, operation) != 0)
		return (-1);
	if (faccessat(r->state, "root.json", F_OK, AT_SYMLINK_NOFOLLOW) != 0 &&
	    errno == ENOENT)
		r->record = record_new("unknown", "");
	else
		r->record = record_read(r->state, r->statepath);
	return (r->record == NULL ? -1 : 0);
}

int
root_open_whole(struct root *r, const char *dir, int operation)
{
	if (root_open(r, dir, operation) != 0)
		return (-1);
	if (record_complete(r->record))
		return (0);
	return (failx("%s: was not finished: remove it, and make it again",
	    r->path));
}

int
root_mkdir(const struct root *r, const char *name, mode_t mode)
{
	int fd;

	if (mkdirat(r->state, name, mode) != 0 && errno != EEXIST)
		return (fail("%s/%s", r->statepath, name));
	fd = openat(r->state, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC);
	if (fd == -1)
		return (fail("%s/%s", r->statepath, name));
	return (fd);
}

/*
 * The directory gets its place when the record knows it: so whenever this ends,
 * what is there is known to be ours.
 */
int
root_place(struct root *r)
{
	struct identity id;

	if (identify(r->state, "tree", &id) != 0)
		return (fail("%s/tree", r->statepath));
	if (record_set(r->record, "inode", json_integer(id.inode)) != 0 ||
	    record_set(r->record, "born", json_integer(id.born)) != 0 ||
	    record_write(r->state, r->statepath, r->record) != 0)
		return (-1);
	if (syscall(SYS_renameat2, r->state, "tree", r->parent, r->name,
	    RENAME_NOREPLACE) != 0)
		return (fail("%s", r->path));
	return (0);
}

int
root_finish(struct root *r)
{
	if (record_set(r->record, "complete", json_true()) != 0)
		return (-1);
	return (record_write(r->state, r->statepath, r->record));
}
