/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Ways out by mounts: making them, and those that are there.
 */

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "jail.h"

#include "attack.h"
#include "common.h"
#include "state.h"
#include "vnet.h"

static int
mount_tmpfs(void)
{
	return (error_of(mount("none", "/tmp", "tmpfs", 0, NULL)));
}

static int
mount_cgroup2(void)
{
	return (error_of(mount("none", "/tmp", "cgroup2", 0, NULL)));
}

static int
mount_proc(void)
{
	return (error_of(mount("none", "/tmp", "proc", 0, NULL)));
}

static int
bind_root(void)
{
	return (error_of(mount("/", "/tmp", NULL, MS_BIND, NULL)));
}

static int
remount_sys(void)
{
	return (error_of(mount(NULL, "/sys", NULL, MS_REMOUNT | MS_BIND,
	    NULL)));
}

static int
unmount_proc_sys(void)
{
	return (error_of(umount2("/proc/sys", MNT_DETACH)));
}

static int
open_fs(void)
{
	return (error_of(syscall(SYS_fsopen, "cgroup2", 0)));
}

static int
copy_tree(void)
{
	return (error_of(syscall(SYS_open_tree, AT_FDCWD, "/",
	    OPEN_TREE_CLONE)));
}

static int
pick_fs(void)
{
	return (error_of(syscall(SYS_fspick, AT_FDCWD, "/sys", 0)));
}

static int
set_attributes(void)
{
	struct mount_attr attr = { .attr_clr = MOUNT_ATTR_RDONLY };

	return (error_of(syscall(SYS_mount_setattr, AT_FDCWD, "/sys", 0,
	    &attr, sizeof(attr))));
}

static int
move_sys(void)
{
	return (error_of(syscall(SYS_move_mount, AT_FDCWD, "/sys", AT_FDCWD,
	    "/tmp", 0)));
}

static int
pivot(void)
{
	return (error_of(syscall(SYS_pivot_root, ".", ".")));
}

static int
open_handle(void)
{
	struct { struct file_handle h; char bytes[128]; } fh = {
		.h = { .handle_bytes = 8, .handle_type = 1 } };
	int root = open("/", O_RDONLY | O_DIRECTORY);
	int fd = open_by_handle_at(root, &fh.h, O_RDONLY);

	return (error_of(fd));
}

JAIL_TC(E3_jail_cannot_mount_or_unmount, "old calls and new")
{
	static const struct attack attacks[] = {
		{ "mount tmpfs", mount_tmpfs, 0, EPERM },
		{ "mount cgroup2", mount_cgroup2, 0, EPERM },
		{ "mount proc", mount_proc, 0, EPERM },
		{ "bind /", bind_root, 0, EPERM },
		{ "remount /sys", remount_sys, 0, EPERM },
		{ "unmount /proc/sys", unmount_proc_sys, UNKNOWN, EPERM },
		{ "fsopen", open_fs, 0, EPERM },
		{ "open_tree", copy_tree, 0, EPERM },
		{ "fspick", pick_fs, 0, EPERM },
		{ "mount_setattr", set_attributes, 0, EPERM },
		{ "move_mount", move_sys, UNKNOWN, EPERM },
		{ "pivot_root", pivot, UNKNOWN, EPERM },
		{ "open_by_handle_at", open_handle, UNKNOWN, EPERM },
	};

	vnet_instance(tc);
	ATTACK_ALL(attacks);
}

/*
 * What needs a capability that a jail does not have is refused by the filter as
 * well, before the kernel looks at arguments that it would complain of first.
 */
static int
mount_at_nothing(void)
{
	return (error_of(syscall(SYS_mount, 1, 1, 1, 0, 0)));
}

static int
unmount_with_unknown_flags(void)
{
	return (error_of(umount2("/", ~0)));
}

static int
open_tree_with_unknown_flags(void)
{
	return (error_of(syscall(SYS_open_tree, AT_FDCWD, "/", ~0)));
}

static int
set_attributes_with_unknown_flags(void)
{
	return (error_of(syscall(SYS_mount_setattr, AT_FDCWD, "/", ~0, NULL,
	    0)));
}

static int
join_no_namespace(void)
{
	return (error_of(setns(-1, 0)));
}

JAIL_TC(E3_filter_refuses_before_the_kernel_does, "one layer of two")
{
	static const struct attack attacks[] = {
		{ "mount", mount_at_nothing, EFAULT, EPERM },
		{ "umount2", unmount_with_unknown_flags, EINVAL, EPERM },
		{ "open_tree", open_tree_with_unknown_flags, EINVAL, EPERM },
		{ "mount_setattr", set_attributes_with_unknown_flags, EINVAL,
		    EPERM },
		{ "setns", join_no_namespace, EBADF, EPERM },
	};

	vnet_instance(tc);
	ATTACK_ALL(attacks);
}

static int
write_procs(void)
{
	char path[PATH_MAX + 16];
	struct state st;
	int fd;

	if (state_open(&st) != 0)
		return (ENOENT);
	snprintf(path, sizeof(path), "%s/cgroup.procs", st.st_cgroup);
	state_close(&st);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	return (fd == -1 ? errno : error_of(close(fd)));
}

/* Is there a mount of a type by which the host is managed? */
static int
find_mount(const char *type)
{
	struct mntent *m;
	bool found = false;
	FILE *f = setmntent("/proc/self/mounts", "re");

	if (f == NULL)
		return (errno);
	while (!found && (m = getmntent(f)) != NULL)
		found = strcmp(m->mnt_type, type) == 0;
	endmntent(f);
	return (found ? 0 : ENOENT);
}

static int
find_cgroup2(void)
{
	return (find_mount("cgroup2"));
}

static int
find_cgroup(void)
{
	return (find_mount("cgroup"));
}

static int
find_bpf(void)
{
	return (find_mount("bpf"));
}

static int
find_debugfs(void)
{
	return (find_mount("debugfs"));
}

static int
find_tracefs(void)
{
	return (find_mount("tracefs"));
}

static int
find_securityfs(void)
{
	return (find_mount("securityfs"));
}

JAIL_TC(E3_jail_sees_no_cgroups_and_no_management, "in its table of mounts")
{
	static const struct attack attacks[] = {
		{ "open cgroup.procs", write_procs, 0, ENOENT },
		{ "find cgroup2", find_cgroup2, 0, ENOENT },
		{ "find cgroup", find_cgroup, UNKNOWN, ENOENT },
		{ "find bpf", find_bpf, 0, ENOENT },
		{ "find debugfs", find_debugfs, UNKNOWN, ENOENT },
		{ "find tracefs", find_tracefs, UNKNOWN, ENOENT },
		{ "find securityfs", find_securityfs, UNKNOWN, ENOENT },
	};

	vnet_instance(tc);
	attack_jail("host-root");
	ATTACK_ALL(attacks);
}

/* What somebody mounted in the jail's root, as far as the kernel has it. */
static const char *const managed[] = { "bpf", "cgroup2", "debugfs", "devtmpfs",
	"proc", "securityfs", "sysfs", "tracefs" };

static int
find_in_tmp(void *arg)
{
	struct mntent *m;
	int n = 0;
	FILE *f = setmntent("/proc/self/mounts", "re");

	while (f != NULL && (m = getmntent(f)) != NULL) {
		if (strncmp(m->mnt_dir, "/tmp", 4) != 0 ||
		    strcmp(m->mnt_type, "tmpfs") == 0)
			continue;
		fprintf(stderr, "%s is mounted\n", m->mnt_type);
		n++;
	}
	(void)arg;
	fflush(stderr);
	return (f == NULL ? 99 : n);
}

JAIL_TC(E3_E12_management_mounted_in_the_root_is_left_out, "and only that")
{
	char path[64];
	int jid, mounted = 0;

	vnet_instance(tc);
	jid = attack_jail("own-root");
	ATF_REQUIRE(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL,
	    MS_REC | MS_PRIVATE, NULL) == 0);
	ATF_REQUIRE_EQ(0, mount("none", "root/tmp", "tmpfs", 0, NULL));
	for (size_t i = 0; i < sizeof(managed) / sizeof(managed[0]); i++) {
		snprintf(path, sizeof(path), "root/tmp/%s", managed[i]);
		ATF_REQUIRE_EQ(0, mkdir(path, 0755));
		mounted += mount("none", path, managed[i], 0, NULL) == 0;
	}
	ATF_REQUIRE_MSG(mounted >= 4, "only %d can be mounted", mounted);
	ATF_CHECK_EQ(0, in_jail(jid, find_in_tmp, NULL));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, E3_jail_cannot_mount_or_unmount);
	ATF_TP_ADD_TC(tp, E3_filter_refuses_before_the_kernel_does);
	ATF_TP_ADD_TC(tp, E3_jail_sees_no_cgroups_and_no_management);
	ATF_TP_ADD_TC(tp, E3_E12_management_mounted_in_the_root_is_left_out);
	return (atf_no_error());
}
