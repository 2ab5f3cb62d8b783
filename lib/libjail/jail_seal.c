/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Keep a jail's hands off the program that enters it. In the jail the program
 * executes what the jail says, and if that is /proc/self/exe, or a script whose
 * interpreter is, then its own file can be opened from there, and be written to
 * by root (CVE-2019-5736 was such a hole). So it runs from a mount that nobody
 * can write through.
 */

#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include <linux/mount.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "jail_impl.h"

#define SELF	"/proc/self/exe"

/* Its own file, on a read-only mount that is nowhere else. */
static int
open_read_only(void)
{
	struct mount_attr ro = { .attr_set = MOUNT_ATTR_RDONLY };
	int fd;

	fd = syscall(SYS_open_tree, AT_FDCWD, SELF, OPEN_TREE_CLONE |
	    OPEN_TREE_CLOEXEC);
	if (fd != -1 && syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &ro,
	    sizeof(ro)) == 0)
		return (fd);
	jail_fail(errno, SELF ": %s", strerror(errno));
	if (fd != -1)
		close(fd);
	return (-1);
}

/* The kernel names a process that was executed by descriptor by its number. */
int
jail_seal(char *const argv[])
{
	struct statvfs fs;
	int fd;

	if (geteuid() != 0)
		return (jail_fail(EPERM, "must be root"));
	if (statvfs(SELF, &fs) != 0)
		return (jail_fail(errno, SELF ": %s", strerror(errno)));
	if (fs.f_flag & ST_RDONLY) {
		prctl(PR_SET_NAME, program_invocation_short_name);
		return (0);
	}
	fd = open_read_only();
	if (fd == -1)
		return (-1);
	execveat(fd, "", argv, environ, AT_EMPTY_PATH);
	jail_fail(errno, SELF ": %s", strerror(errno));
	close(fd);
	return (-1);
}
