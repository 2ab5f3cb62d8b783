/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Where the machine has its BPF file system and its cgroups. A process under
 * ip-netns(8) has a /sys of its own in which they are missing, so they are
 * looked for in the mount namespace of pid 1, or, where that may not be looked
 * at, of the oldest ancestor that may.
 */

#include <sys/mount.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include <linux/magic.h>

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jail_impl.h"

#define BPFFS	"/sys/fs/bpf"
#define NAMEMAX	32
#define ANCESTORS_MAX 64

/* A set of jails and kernel half of its own, for tests: see jail(8). */
const char *
jail_instance(void)
{
	const char *name = getenv("JAIL_INSTANCE");
	size_t len;

	if (name == NULL || name[0] == '\0')
		return ("jail");
	len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
	if (name[len] != '\0' || len > NAMEMAX)
		return (NULL);
	return (name);
}

static pid_t
parent_of(pid_t pid)
{
	char path[64], line[256];
	pid_t parent = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	if (f == NULL)
		return (0);
	while (fgets(line, sizeof(line), f) != NULL &&
	    sscanf(line, "PPid: %d", &parent) != 1)
		continue;
	fclose(f);
	return (parent);
}

/* May the process's mount namespace be looked at, and is it another one? */
static int
look_at(pid_t pid, bool *ret_other)
{
	char path[64], own[64], its[64];
	ssize_t len, ownlen;

	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	len = readlink(path, its, sizeof(its));
	ownlen = readlink("/proc/self/ns/mnt", own, sizeof(own));
	if (len == -1 || ownlen == -1)
		return (-1);
	*ret_other = len != ownlen || memcmp(own, its, len) != 0;
	return (0);
}

/*
 * The process whose mount namespace is the machine's; 0 if it is the same as
 * this one's.
 */
static pid_t
machine_pid(void)
{
	pid_t found = 0, pid;
	bool other;

	if (look_at(1, &other) == 0)
		return (other ? 1 : 0);
	pid = getpid();
	for (int i = 0; i < ANCESTORS_MAX && pid > 1; i++) {
		pid = parent_of(pid);
		if (pid > 1 && look_at(pid, &other) == 0)
			found = other ? pid : 0;
	}
	return (found);
}

/* A mount that is looked for: of that type, with that option if it is given. */
struct wanted {
	const char *type, *opt;
	char *path;		/* PATH_MAX bytes; "" until it is found */
};

/* If it is that one and can be reached, note its path. */
static void
take_mount(struct wanted *w, const struct mntent *m, const char *root)
{
	if (w->path[0] != '\0' || strcmp(m->mnt_type, w->type) != 0 ||
	    (w->opt != NULL && hasmntopt(m, w->opt) == NULL))
		return;
	if (snprintf(w->path, PATH_MAX, "%s%s", root, m->mnt_dir) >=
	    PATH_MAX - 2 * NAMEMAX || access(w->path, R_OK | X_OK) != 0)
		w->path[0] = '\0';
}

/* Find mounts, the first of each, with their paths as this process has them. */
static void
find_mounts(pid_t pid, struct wanted *wanted, size_t n)
{
	char table[64], root[64] = "", line[2 * PATH_MAX];
	struct mntent *m, ent;
	FILE *f;

	for (size_t i = 0; i < n; i++)
		wanted[i].path[0] = '\0';
	snprintf(table, sizeof(table), "/proc/self/mounts");
	if (pid != 0) {
		snprintf(table, sizeof(table), "/proc/%d/mounts", pid);
		snprintf(root, sizeof(root), "/proc/%d/root", pid);
	}
	f = setmntent(table, "re");
	if (f == NULL)
		return;
	while ((m = getmntent_r(f, &ent, line, sizeof(line))) != NULL) {
		for (size_t i = 0; i < n; i++)
			take_mount(&wanted[i], m, root);
	}
	endmntent(f);
}

/* The usual place only: elsewhere is somebody's own. */
static int
find_bpffs(pid_t pid, char path[PATH_MAX])
{
	struct statfs fs;

	if (pid == 0)
		strcpy(path, BPFFS);
	else
		snprintf(path, PATH_MAX, "/proc/%d/root" BPFFS, pid);
	return (statfs(path, &fs) == 0 && fs.f_type == BPF_FS_MAGIC ? 0 : -1);
}

/* Returns 0 or an errno. */
static int
mount_in(pid_t pid)
{
	char path[64];
	int fd;

	if (pid != 0) {
		snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd == -1 || setns(fd, CLONE_NEWNS) != 0)
			return (errno);
	}
	if (mount("bpf", BPFFS, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC,
	    "mode=0700") != 0)
		return (errno);
	return (0);
}

/*
 * Mount the BPF file system where it belongs, for the whole machine: a child
 * does it, since it may have to enter another mount namespace.
 */
int
machine_mount_bpffs(void)
{
	int status;
	pid_t pid;

	pid = fork();
	if (pid == -1)
		return (jail_fail(errno, "fork: %s", strerror(errno)));
	if (pid == 0)
		_exit(mount_in(machine_pid()));
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return (jail_fail(ENOSYS, "no BPF file system, and none can be "
		    "mounted at " BPFFS ": %s", WIFEXITED(status) ?
		    strerror(WEXITSTATUS(status)) : "child died"));
	return (0);
}

static void
append_instance(char path[PATH_MAX], const char *instance)
{
	strcat(path, "/");
	strcat(path, instance);
}

/* pins is left empty if there is no BPF file system yet. */
int
machine_find(struct machine *m)
{
	const char *instance = jail_instance();
	struct wanted wanted[CTL_MAX + 1];
	pid_t pid = machine_pid();

	if (instance == NULL)
		return (jail_fail(EINVAL, "JAIL_INSTANCE: at most %d of a-z, "
		    "0-9 and -", NAMEMAX));
	for (int ctl = 0; ctl < CTL_MAX; ctl++)
		wanted[ctl] = (struct wanted){ "cgroup", controllers[ctl],
			m->v1[ctl] };
	wanted[CTL_MAX] = (struct wanted){ "cgroup2", NULL, m->cgroup };
	find_mounts(pid, wanted, CTL_MAX + 1);
	if (m->cgroup[0] == '\0')
		return (jail_fail(ENOSYS, "no cgroup v2 hierarchy is mounted "
		    "(nor is one ever seen inside a jail)"));
	append_instance(m->cgroup, instance);
	for (int ctl = 0; ctl < CTL_MAX; ctl++) {
		if (m->v1[ctl][0] != '\0')
			append_instance(m->v1[ctl], instance);
	}
	if (find_bpffs(pid, m->pins) == 0)
		append_instance(m->pins, instance);
	else
		m->pins[0] = '\0';
	return (0);
}
