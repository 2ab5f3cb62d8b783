/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The root of a jail: the tree at path, without what the host has mounted in it
 * to manage itself, and with a /proc, /sys and /dev that show no more than the
 * jail may see. This runs in the jail's new mount and pid namespaces.
 */

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include <linux/mount.h>
#include <linux/openat2.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jail_impl.h"

#define PRUNE_MAX	10000	/* mounts below path */

/* File systems through which a host is managed: no jail sees them. */
static const char *const management[] = { "autofs", "binfmt_misc", "bpf",
	"cgroup", "cgroup2", "configfs", "debugfs", "devpts", "devtmpfs",
	"efivarfs", "fusectl", "hugetlbfs", "mqueue", "nsfs", "proc", "pstore",
	"rpc_pipefs", "securityfs", "selinuxfs", "sysfs", "tracefs", NULL };

/* Files of /proc and /sys that tell of, or change, the whole machine. */
static const char *const read_only[] = { "/proc/bus", "/proc/fs", "/proc/irq",
	"/proc/mtrr", "/proc/sys", "/proc/sysrq-trigger", NULL };
static const char *const hidden[] = { "/proc/acpi", "/proc/asound",
	"/proc/dynamic_debug", "/proc/kallsyms", "/proc/kcore", "/proc/keys",
	"/proc/latency_stats", "/proc/scsi", "/proc/sched_debug",
	"/proc/timer_list", "/proc/timer_stats", "/sys/firmware",
	"/sys/devices/virtual/powercap", NULL };

/* The devices of a jail; the cgroup/dev program knows the same ones. */
static const struct {
	const char *path;
	unsigned int major, minor;
} devices[] = {
	{ "/dev/null", 1, 3 },
	{ "/dev/zero", 1, 5 },
	{ "/dev/full", 1, 7 },
	{ "/dev/random", 1, 8 },
	{ "/dev/urandom", 1, 9 },
	{ "/dev/tty", 5, 0 },
};

static const struct {
	const char *target, *path;
} links[] = {
	{ "/proc/self/fd", "/dev/fd" },
	{ "/proc/self/fd/0", "/dev/stdin" },
	{ "/proc/self/fd/1", "/dev/stdout" },
	{ "/proc/self/fd/2", "/dev/stderr" },
	{ "pts/ptmx", "/dev/ptmx" },
};

static int
root_failed(const char *what)
{
	return (jail_fail(errno, "jail's root: %s: %s", what,
	    strerror(errno)));
}

static bool
is_dir(const char *path)
{
	struct stat st;

	return (lstat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

static bool
is_management(const char *type)
{
	for (int i = 0; management[i] != NULL; i++) {
		if (strcmp(type, management[i]) == 0)
			return (true);
	}
	return (false);
}

/*
 * Entering a mount namespace, even the one that we are in, sets the root to its
 * own: the caller's may be a chroot(2), which is no mount and cannot be left.
 */
static int
leave_chroot(void)
{
	int error = 0, fd;

	fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (fd == -1 || setns(fd, CLONE_NEWNS) != 0)
		error = root_failed("mount namespace");
	if (fd != -1)
		close(fd);
	return (error);
}

/*
 * A copy of the tree at path, with what is mounted in it, mounted nowhere. The
 * path had no symbolic link when the jail was made, and must have none now.
 */
static int
copy_tree(const char *path)
{
	struct mount_attr nodev = { .attr_set = MOUNT_ATTR_NODEV,
		.propagation = MS_PRIVATE };
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS };
	int dir, fd;

	dir = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	if (dir == -1)
		return (root_failed(path));
	fd = syscall(SYS_open_tree, dir, "", OPEN_TREE_CLONE |
	    OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_EMPTY_PATH);
	close(dir);
	if (fd == -1)
		return (root_failed(path));
	if (syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | AT_RECURSIVE,
	    &nodev, sizeof(nodev)) == 0)
		return (fd);
	root_failed("nodev");
	close(fd);
	return (-1);
}

/*
 * Put the copy where this mount namespace's root was. /proc serves as the place
 * to hang it: it is there, and it is about to be left behind.
 */
static int
change_root(int tree)
{
	if (leave_chroot() != 0)
		return (-1);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return (root_failed("private mounts"));
	if (syscall(SYS_move_mount, tree, "", AT_FDCWD, "/proc",
	    MOVE_MOUNT_F_EMPTY_PATH) != 0)
		return (root_failed("move_mount"));
	if (fchdir(tree) != 0 || syscall(SYS_pivot_root, ".", ".") != 0)
		return (root_failed("pivot_root"));
	if (umount2(".", MNT_DETACH) != 0 || chdir("/") != 0)
		return (root_failed("the host's root"));
	return (0);
}

/* A new instance of a file system, mounted nowhere yet. */
static int
new_mount(const char *type, unsigned int attrs)
{
	int fs, fd = -1;

	fs = syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
	if (fs == -1)
		return (root_failed(type));
	if (syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		fd = syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attrs);
	if (fd == -1)
		root_failed(type);
	close(fs);
	return (fd);
}

/* The octal escapes of proc_pid_mountinfo(5), in place. */
static void
unescape(char *path)
{
	char *to = path;
	unsigned int byte;

	for (; *path != '\0'; to++) {
		if (sscanf(path, "\\%3o", &byte) == 1) {
			*to = byte;
			path += 4;
		} else
			*to = *path++;
	}
	*to = '\0';
}

/* Is it a mount of the host's management? Its path, and number. */
static bool
parse_mount(const char *line, char path[PATH_MAX], uint64_t *id)
{
	const char *rest = strstr(line, " - ");
	char type[32];

	if (rest == NULL || sscanf(rest, " - %31s", type) != 1 ||
	    !is_management(type) || sscanf(line, "%" SCNu64
	    " %*s %*s %*s %4095s", id, path) != 2)
		return (false);
	unescape(path);
	return (true);
}

/*
 * One that has another mount over it, or over what leads to it, is not. If that
 * cannot be known, it is.
 */
static bool
is_reached(const char *path, uint64_t id)
{
	struct statx st;

	if (strlen(path) == PATH_MAX - 1)
		return (true);
	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
	    STATX_MNT_ID, &st) != 0)
		return (errno != ENOENT && errno != ENOTDIR);
	return (st.stx_mnt_id == id);
}

/* Find one mount of the host's management that is seen; its path, or "". */
static int
find_management(int proc, char found[PATH_MAX])
{
	char path[PATH_MAX], *line = NULL;
	size_t size = 0;
	uint64_t id;
	int fd;
	FILE *f;

	fd = openat(proc, "self/mountinfo", O_RDONLY | O_CLOEXEC);
	f = fd == -1 ? NULL : fdopen(fd, "r");
	if (f == NULL)
		return (root_failed("mounts"));
	found[0] = '\0';
	while (getline(&line, &size, f) != -1) {
		if (parse_mount(line, path, &id) && is_reached(path, id))
			strcpy(found, path);
	}
	free(line);
	fclose(f);
	return (0);
}

/*
 * Unmount the host's management, the last mount first. One may go by itself, as
 * its place is deleted outside; whether it has is what the next look says.
 */
static int
prune(int proc)
{
	char path[PATH_MAX];

	for (int i = 0; i < PRUNE_MAX; i++) {
		if (find_management(proc, path) != 0)
			return (-1);
		if (path[0] == '\0')
			return (0);
		if (strcmp(path, "/") == 0)
			return (jail_fail(EINVAL, "jail's root: it is on a "
			    "file system that the host is managed by"));
		if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) != 0 &&
		    errno != ENOENT && errno != EINVAL)
			return (root_failed(path));
	}
	return (jail_fail(E2BIG, "jail's root: too many mounts"));
}

/* Mount what new_mount() made; a root without the directory goes without. */
static int
attach_mount(int fd, const char *path)
{
	int error = 0;

	if (is_dir(path) && syscall(SYS_move_mount, fd, "", AT_FDCWD, path,
	    MOVE_MOUNT_F_EMPTY_PATH) != 0)
		error = root_failed(path);
	close(fd);
	return (error);
}

static int
mount_new(const char *type, unsigned int attrs, const char *path)
{
	int fd;

	if (!is_dir(path))
		return (0);
	fd = new_mount(type, attrs);
	return (fd == -1 ? -1 : attach_mount(fd, path));
}

static int
make_read_only(const char *path)
{
	struct mount_attr ro = { .attr_set = MOUNT_ATTR_RDONLY |
		MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };

	if (access(path, F_OK) != 0)
		return (0);
	if (mount(path, path, NULL, MS_BIND, NULL) != 0 ||
	    syscall(SYS_mount_setattr, AT_FDCWD, path, 0, &ro,
	    sizeof(ro)) != 0)
		return (root_failed(path));
	return (0);
}

/*
 * The host's /dev/null, to cover files with: taken along as a mount of its own,
 * which covers the first file and is bound from there to the others.
 */
struct cover {
	int null;
	const char *covered;
};

/* A directory becomes an empty one, a file /dev/null. */
static int
hide(const char *path, struct cover *c)
{
	if (access(path, F_OK) != 0)
		return (0);
	if (is_dir(path))
		return (mount_new("tmpfs", MOUNT_ATTR_RDONLY, path));
	if (c->covered != NULL) {
		if (mount(c->covered, path, NULL, MS_BIND, NULL) != 0)
			return (root_failed(path));
		return (0);
	}
	if (syscall(SYS_move_mount, c->null, "", AT_FDCWD, path,
	    MOVE_MOUNT_F_EMPTY_PATH) != 0)
		return (root_failed(path));
	c->covered = path;
	return (0);
}

static int
make_devices(void)
{
	mode_t mask = umask(0);
	int error = 0;

	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		if (mknod(devices[i].path, S_IFCHR | 0666, makedev(
		    devices[i].major, devices[i].minor)) != 0)
			error = root_failed(devices[i].path);
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (symlink(links[i].target, links[i].path) != 0)
			error = root_failed(links[i].path);
	}
	if (mkdir("/dev/pts", 0755) != 0 || mkdir("/dev/shm", 01777) != 0 ||
	    mkdir("/dev/mqueue", 01777) != 0)
		error = root_failed("/dev");
	umask(mask);
	return (error);
}

static int
mount_dev(void)
{
	if (!is_dir("/dev"))
		return (0);
	if (mount("tmpfs", "/dev", "tmpfs", MS_NOSUID | MS_NOEXEC,
	    "mode=0755,size=64k,nr_inodes=64") != 0)
		return (root_failed("/dev"));
	if (make_devices() != 0)
		return (-1);
	if (mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
	    "newinstance,ptmxmode=0666,mode=0620,gid=5") != 0)
		return (root_failed("/dev/pts"));
	if (mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV,
	    "mode=1777") != 0)
		return (root_failed("/dev/shm"));
	return (0);
}

/*
 * The host's sockets are in /run, among them those by which it is managed. A
 * jail whose root is the host's has one of its own.
 */
static int
mount_run(const char *path)
{
	if (strcmp(path, "/") != 0 || !is_dir("/run"))
		return (0);
	if (mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV,
	    "mode=0755") != 0)
		return (root_failed("/run"));
	return (0);
}

static int
protect(struct cover *c)
{
	for (int i = 0; read_only[i] != NULL; i++) {
		if (make_read_only(read_only[i]) != 0)
			return (-1);
	}
	for (int i = 0; hidden[i] != NULL; i++) {
		if (hide(hidden[i], c) != 0)
			return (-1);
	}
	return (0);
}

/* Clear the new root of the host's management, and give it its own. */
static int
furnish(const char *path)
{
	const unsigned int attrs = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
	    MOUNT_ATTR_NOEXEC;
	int proc;

	proc = new_mount("proc", attrs);
	if (proc == -1)
		return (-1);
	if (prune(proc) != 0) {
		close(proc);
		return (-1);
	}
	if (attach_mount(proc, "/proc") != 0 || mount_dev() != 0 ||
	    mount_new("sysfs", attrs | MOUNT_ATTR_RDONLY, "/sys") != 0)
		return (-1);
	return (mount_run(path));
}

/* Make path, as the host sees it, the root of this mount namespace. */
int
root_enter(const char *path)
{
	struct cover c = { .covered = NULL };
	int error, tree;

	c.null = syscall(SYS_open_tree, AT_FDCWD, "/dev/null",
	    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (c.null == -1)
		return (root_failed("/dev/null"));
	tree = copy_tree(path);
	error = tree == -1 ? -1 : change_root(tree);
	if (error == 0)
		error = furnish(path);
	if (error == 0)
		error = protect(&c);
	if (tree != -1)
		close(tree);
	close(c.null);
	return (error);
}
