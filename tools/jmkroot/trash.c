/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Deleting trees.
 */

#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/openat2.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "trash.h"

/* A directory that is no mount; ENOTDIR, ELOOP if it is no directory. */
static int
open_dir(int dir, const char *name)
{
	struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
		O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
		RESOLVE_NO_XDEV };

	return (syscall(SYS_openat2, dir, name, &how, sizeof(how)));
}

int
trash_open(struct trash *t, int state)
{
	*t = (struct trash){ .fd = -1 };
	t->fd = open_dir(state, "trash");
	if (t->fd == -1)
		return (fail("trash"));
	return (0);
}

void
trash_close(struct trash *t)
{
	if (t->fd != -1)
		close(t->fd);
	t->fd = -1;
}

static bool
is_flagged(int dir, const char *name)
{
	const uint64_t flags = STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND;
	struct statx st;

	return (statx(dir, name, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, 0,
	    &st) == 0 && (st.stx_attributes & flags) != 0);
}

static int
put_failed(int dir, const char *name)
{
	char text[256];
	int error = errno;

	if (error == EPERM && (is_flagged(dir, name) || is_flagged(dir, "")))
		return (failx("%s: is immutable or append-only, or what it is "
		    "in: clear that with chattr -R -ia", name_text(name,
		    text)));
	errno = error;
	if (error == EBUSY || error == EXDEV)
		return (fail("%s: something is mounted there",
		    name_text(name, text)));
	return (fail("%s", name_text(name, text)));
}

/* Into the trash, under a number that is free. */
static int
move_in(struct trash *t, int dir, const char *name)
{
	char number[32];

	do {
		snprintf(number, sizeof(number), "%ju", t->next++);
		if (syscall(SYS_renameat2, dir, name, t->fd, number,
		    RENAME_NOREPLACE) == 0)
			return (0);
	} while (errno == EEXIST);
	return (-1);
}

/* Linux says EISDIR of a directory; POSIX has EPERM. */
int
trash_put(struct trash *t, int dir, const char *name)
{
	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return (0);
	if (errno != EISDIR && errno != EPERM)
		return (put_failed(dir, name));
	if (unlinkat(dir, name, AT_REMOVEDIR) == 0)
		return (0);
	if (errno == ENOTDIR)
		errno = EPERM;
	else if (errno == ENOTEMPTY || errno == EEXIST) {
		if (move_in(t, dir, name) == 0)
			return (0);
	}
	return (put_failed(dir, name));
}

/*
 * Do that with all that is in a directory. Deleting moves the place where
 * readdir(3) is, so look again until nothing is left. Closes fd.
 */
static int
clear_dir(struct trash *t, int fd, struct progress *p,
    int (*clear)(struct trash *, int, const char *, struct progress *))
{
	struct dirent *de;
	int error = 0;
	uintmax_t n;
	DIR *d;

	d = fdopendir(fd);
	if (d == NULL) {
		close(fd);
		return (fail("directory"));
	}
	do {
		n = 0;
		rewinddir(d);
		while (error == 0 && (de = readdir(d)) != NULL) {
			if (strcmp(de->d_name, ".") == 0 ||
			    strcmp(de->d_name, "..") == 0)
				continue;
			error = clear(t, dirfd(d), de->d_name, p);
			n++;
		}
	} while (error == 0 && n > 0);
	closedir(d);
	return (error);
}

static int
clear_entry(struct trash *t, int dir, const char *name, struct progress *p)
{
	if (trash_put(t, dir, name) != 0)
		return (-1);
	return (progress_step(p, 1, 0));
}

int
trash_children(struct trash *t, int dir)
{
	struct progress p;
	int fd = open_dir(dir, ".");

	if (fd == -1)
		return (fail("directory"));
	progress_begin(&p, "took away");
	return (clear_dir(t, fd, &p, clear_entry));
}

/* One of the trash's own. */
static int
clear_number(struct trash *t, int dir, const char *name, struct progress *p)
{
	int fd;

	fd = open_dir(dir, name);
	if (fd == -1 && (errno == ENOTDIR || errno == ELOOP)) {
		if (unlinkat(dir, name, 0) != 0)
			return (put_failed(dir, name));
		return (progress_step(p, 1, 0));
	}
	if (fd == -1)
		return (put_failed(dir, name));
	if (clear_dir(t, fd, p, clear_entry) != 0)
		return (-1);
	if (unlinkat(dir, name, AT_REMOVEDIR) != 0)
		return (put_failed(dir, name));
	return (progress_step(p, 1, 0));
}

int
trash_empty(struct trash *t, int state, struct progress *p)
{
	int fd;

	fd = open_dir(state, "trash");
	if (fd == -1)
		return (fail("trash"));
	return (clear_dir(t, fd, p, clear_number));
}
