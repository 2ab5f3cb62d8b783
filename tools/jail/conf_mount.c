/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * mount and mount.fstab of jail.conf(5): file systems that the host mounts in a
 * jail's tree before the jail is made, which takes them along. What is in the
 * tree is the jail's, and may be gone or a link at any time; so directories are
 * found from the descriptor of its root, and links are not followed.
 */

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/mount.h>
#include <linux/openat2.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf_run.h"

#define LINE_SIZE	4096

/* Options for the mount, not for the file system; no value: of neither. */
static const struct {
	const char *name;
	uint64_t set, clear;
} options[] = {
	{ "atime", 0, MOUNT_ATTR__ATIME },
	{ "auto", 0, 0 },
	{ "defaults", 0, 0 },
	{ "dev", 0, MOUNT_ATTR_NODEV },
	{ "diratime", 0, MOUNT_ATTR_NODIRATIME },
	{ "exec", 0, MOUNT_ATTR_NOEXEC },
	{ "late", 0, 0 },
	{ "noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME },
	{ "nodev", MOUNT_ATTR_NODEV, 0 },
	{ "nodiratime", MOUNT_ATTR_NODIRATIME, 0 },
	{ "noexec", MOUNT_ATTR_NOEXEC, 0 },
	{ "nosuid", MOUNT_ATTR_NOSUID, 0 },
	{ "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0 },
	{ "relatime", 0, MOUNT_ATTR__ATIME },
	{ "ro", MOUNT_ATTR_RDONLY, 0 },
	{ "rw", 0, MOUNT_ATTR_RDONLY },
	{ "strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME },
	{ "suid", 0, MOUNT_ATTR_NOSUID },
	{ "symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW },
};

/* A mount that is to be made; the options that are left are its own. */
struct plan {
	const struct mntent *m;
	uint64_t attrs;
	bool bind, recursive;
	char *rest[LINE_SIZE / 2];
	int nrest;
};

static int
mount_fail(const struct act *a, const struct mntent *m, const char *why)
{
	return (act_fail(a, "mount: %s on %s: %s", m->mnt_fsname, m->mnt_dir,
	    why));
}

static bool
take_attr(struct plan *p, const char *word)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (strcmp(options[i].name, word) == 0) {
			p->attrs &= ~options[i].clear;
			p->attrs |= options[i].set;
			return (true);
		}
	}
	return (false);
}

/* nullfs is what FreeBSD calls bind. The options are cut into words. */
static void
make_plan(struct plan *p, const struct mntent *m)
{
	char *rest = m->mnt_opts, *word;

	*p = (struct plan){ .m = m };
	p->bind = strcmp(m->mnt_type, "nullfs") == 0;
	while ((word = strsep(&rest, ",")) != NULL) {
		if (strcmp(word, "bind") == 0)
			p->bind = true;
		else if (strcmp(word, "rbind") == 0)
			p->bind = p->recursive = true;
		else if (*word != '\0' && !take_attr(p, word))
			p->rest[p->nrest++] = word;
	}
}

/* A bind mount, not attached yet. Nothing that is mounted in it goes back. */
static int
new_bind(const struct act *a, const struct plan *p)
{
	const unsigned int deep = p->recursive ? AT_RECURSIVE : 0;
	struct mount_attr attr = { .attr_set = p->attrs,
		.propagation = MS_PRIVATE };
	int fd;

	if (p->attrs & MOUNT_ATTR__ATIME)
		attr.attr_clr = MOUNT_ATTR__ATIME;
	if (p->nrest > 0)
		return (act_fail(a, "mount: %s on %s: unknown option %s",
		    p->m->mnt_fsname, p->m->mnt_dir, p->rest[0]));
	fd = syscall(SYS_open_tree, AT_FDCWD, p->m->mnt_fsname,
	    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | deep);
	if (fd == -1)
		return (mount_fail(a, p->m, strerror(errno)));
	if (syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | deep, &attr,
	    sizeof(attr)) == 0)
		return (fd);
	mount_fail(a, p->m, strerror(errno));
	close(fd);
	return (-1);
}

/* What the file system itself says is wrong, if it does: "e tmpfs: ...". */
static int
fs_fail(const struct act *a, const struct plan *p, int fs, int error)
{
	char text[256];
	ssize_t len = read(fs, text, sizeof(text) - 1);

	if (len <= 2)
		return (mount_fail(a, p->m, strerror(error)));
	text[len] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return (mount_fail(a, p->m, text + 2));
}

static int
configure(int fs, const struct plan *p)
{
	char *value;

	if (syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "source",
	    p->m->mnt_fsname, 0) != 0)
		return (-1);
	for (int i = 0; i < p->nrest; i++) {
		value = strchr(p->rest[i], '=');
		if (value != NULL)
			*value++ = '\0';
		if (syscall(SYS_fsconfig, fs, value != NULL ?
		    FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, p->rest[i], value,
		    0) != 0)
			return (-1);
	}
	if ((p->attrs & MOUNT_ATTR_RDONLY) != 0 &&
	    syscall(SYS_fsconfig, fs, FSCONFIG_SET_FLAG, "ro", NULL, 0) != 0)
		return (-1);
	return (syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
}

static int
new_fs(const struct act *a, const struct plan *p)
{
	int fd = -1, fs;

	fs = syscall(SYS_fsopen, p->m->mnt_type, FSOPEN_CLOEXEC);
	if (fs == -1 && errno == ENODEV)
		return (act_fail(a, "mount: %s on %s: the kernel has no file "
		    "system %s", p->m->mnt_fsname, p->m->mnt_dir,
		    p->m->mnt_type));
	if (fs == -1)
		return (mount_fail(a, p->m, strerror(errno)));
	if (configure(fs, p) == 0)
		fd = syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, p->attrs);
	if (fd == -1)
		fs_fail(a, p, fs, errno);
	close(fs);
	return (fd);
}

/* What is at a path in the jail's tree; -1 with errno. */
static int
open_inside(const struct act *a, const char *path, int flags)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC | flags,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
		    RESOLVE_NO_MAGICLINKS };

	return (syscall(SYS_openat2, a->root, path, &how, sizeof(how)));
}

static int
attach(const struct act *a, const struct mntent *m, int fd)
{
	const char *inside = fstab_inside(m->mnt_dir, a->path);
	int dir;

	if (inside == NULL)
		return (act_fail(a, "mount: %s: is not in the jail's path %s",
		    m->mnt_dir, a->path));
	dir = open_inside(a, inside, 0);
	if (dir == -1)
		return (mount_fail(a, m, errno == ELOOP ? "the directory is, "
		    "or is behind, a symbolic link" : errno == EXDEV ?
		    "the directory is not in the jail's path" :
		    strerror(errno)));
	if (syscall(SYS_move_mount, fd, "", dir, "", MOVE_MOUNT_F_EMPTY_PATH |
	    MOVE_MOUNT_T_EMPTY_PATH) == 0) {
		close(dir);
		return (0);
	}
	mount_fail(a, m, strerror(errno));
	close(dir);
	return (-1);
}

static bool
is_noauto(const struct mntent *m)
{
	return (hasmntopt(m, "noauto") != NULL);
}

static int
mount_one(struct act *a, const struct mntent *m)
{
	struct plan p;
	int error, fd;

	if (is_noauto(m) || act_tell(a, "mount", "%s on %s type %s (%s)",
	    m->mnt_fsname, m->mnt_dir, m->mnt_type, m->mnt_opts))
		return (0);
	if (act_open_root(a) != 0)
		return (-1);
	make_plan(&p, m);
	fd = p.bind ? new_bind(a, &p) : new_fs(a, &p);
	if (fd == -1)
		return (-1);
	error = attach(a, m, fd);
	close(fd);
	return (error);
}

/* The type of a mount, by its number; false if it is not there. */
static bool
mount_type(uint64_t id, char type[64])
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL, *end;
	bool found = false;
	size_t size = 0;

	while (f != NULL && !found && getline(&line, &size, f) != -1) {
		end = strstr(line, " - ");
		found = strtoull(line, NULL, 10) == id && end != NULL &&
		    sscanf(end, " - %63s", type) == 1;
	}
	free(line);
	if (f != NULL)
		fclose(f);
	return (found);
}

/* Is a mount in this place, and is it what the line says? */
static bool
is_mounted(const struct act *a, const struct mntent *m, const char *inside)
{
	struct statx at, from;
	struct plan p;
	char type[64];
	int error, fd;

	fd = open_inside(a, inside, O_NOFOLLOW);
	if (fd == -1)
		return (false);
	error = statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID | STATX_INO, &at);
	close(fd);
	if (error != 0 || (at.stx_attributes & STATX_ATTR_MOUNT_ROOT) == 0)
		return (false);
	make_plan(&p, m);
	if (!p.bind)
		return (mount_type(at.stx_mnt_id, type) &&
		    strcmp(type, m->mnt_type) == 0);
	return (statx(AT_FDCWD, m->mnt_fsname, 0, STATX_INO, &from) == 0 &&
	    from.stx_ino == at.stx_ino &&
	    from.stx_dev_major == at.stx_dev_major &&
	    from.stx_dev_minor == at.stx_dev_minor);
}

/* umount2(2) follows all links but the last; so it is given no other name. */
static int
unmount_at(const struct act *a, char *inside)
{
	char *slash, *base = inside;
	int dir, error, here;

	while (inside[0] != '\0' && inside[strlen(inside) - 1] == '/')
		inside[strlen(inside) - 1] = '\0';
	slash = strrchr(inside, '/');
	if (slash != NULL) {
		*slash = '\0';
		base = slash + 1;
	}
	dir = open_inside(a, slash != NULL ? inside : ".", O_DIRECTORY);
	if (dir == -1)
		return (-1);
	here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	error = here != -1 ? fchdir(dir) : -1;
	if (error == 0)
		error = umount2(base, MNT_DETACH | UMOUNT_NOFOLLOW);
	if (here != -1 && fchdir(here) != 0)
		error = -1;
	close(here);
	close(dir);
	return (error);
}

/* One that is not there, or not ours, is left as it is. */
static int
unmount_one(struct act *a, const struct mntent *m)
{
	const char *inside;
	char *copy;
	int error = 0;

	if (is_noauto(m) || act_tell(a, "unmount", "%s", m->mnt_dir))
		return (0);
	if (act_open_root(a) != 0)
		return (-1);
	inside = fstab_inside(m->mnt_dir, a->path);
	if (inside == NULL || !is_mounted(a, m, inside))
		return (0);
	copy = conf_strndup(inside, strlen(inside));
	if (unmount_at(a, copy) != 0)
		error = act_fail(a, "unmount: %s: %s", m->mnt_dir,
		    strerror(errno));
	free(copy);
	return (error);
}

static int
do_line(struct act *a, const char *where, const char *line,
    int (*what)(struct act *, const struct mntent *))
{
	char buf[LINE_SIZE];
	struct mntent m;
	const char *why;

	if (fstab_parse(line, &m, buf, sizeof(buf), &why))
		return (what(a, &m));
	return (why == NULL ? 0 : act_fail(a, "%s: %s", where, why));
}

int
mount_list(struct act *a)
{
	const struct conf_param *p = conf_param(a->jail, "mount");

	for (size_t i = 0; p != NULL && i < p->nvalues; i++) {
		if (do_line(a, "mount", p->values[i], mount_one) != 0)
			return (-1);
	}
	return (0);
}

int
unmount_list(struct act *a)
{
	const struct conf_param *p = conf_param(a->jail, "mount");
	int error = 0;

	for (size_t i = p != NULL ? p->nvalues : 0; i > 0; i--)
		error |= do_line(a, "mount", p->values[i - 1], unmount_one);
	return (error);
}

/* The lines of a file, to be freed with them; -1 if it cannot be read. */
static int
read_lines(const struct act *a, const char *path, char ***ret_lines)
{
	char **lines = NULL, *line = NULL;
	size_t size = 0;
	int n = 0;
	FILE *f = fopen(path, "re");

	if (f == NULL)
		return (act_fail(a, "mount.fstab: %s: %s", path,
		    strerror(errno)));
	while (getline(&line, &size, f) != -1) {
		lines = reallocarray(lines, n + 1, sizeof(*lines));
		if (lines == NULL)
			errx(1, "out of memory");
		lines[n++] = line;
		line = NULL;
		size = 0;
	}
	free(line);
	fclose(f);
	*ret_lines = lines;
	return (n);
}

static int
do_file(struct act *a, const char *path, bool mount)
{
	char **lines = NULL, where[LINE_SIZE];
	int error = 0, i, n;

	n = read_lines(a, path, &lines);
	if (n == -1)
		return (-1);
	for (int k = 0; k < n; k++) {
		i = mount ? k : n - 1 - k;
		snprintf(where, sizeof(where), "%s:%d", path, i + 1);
		if (!mount || error == 0)
			error |= do_line(a, where, lines[i], mount ?
			    mount_one : unmount_one);
	}
	for (i = 0; i < n; i++)
		free(lines[i]);
	free(lines);
	return (error);
}

int
mount_files(struct act *a)
{
	const struct conf_param *p = conf_param(a->jail, "mount.fstab");

	for (size_t i = 0; p != NULL && i < p->nvalues; i++) {
		if (p->values[i][0] != '\0' &&
		    do_file(a, p->values[i], true) != 0)
			return (-1);
	}
	return (0);
}

int
unmount_files(struct act *a)
{
	const struct conf_param *p = conf_param(a->jail, "mount.fstab");
	int error = 0;

	for (size_t i = p != NULL ? p->nvalues : 0; i > 0; i--) {
		if (p->values[i - 1][0] != '\0')
			error |= do_file(a, p->values[i - 1], false);
	}
	return (error);
}
