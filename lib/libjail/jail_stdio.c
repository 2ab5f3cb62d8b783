/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Descriptors 0, 1 and 2, which a process takes into a jail.
 */

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <linux/magic.h>
#include <linux/major.h>
#include <netinet/in.h>

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include "jail_impl.h"

#define PIDFS_MAGIC	0x50494446	/* pidfds, since Linux 6.9 */

/*
 * A socket goes on to be of where it was made. One of a connection or of a
 * service is for the program; one that hears or manages the host is not.
 */
static bool
socket_leads_out(int fd)
{
	int domain = -1, type = -1, proto = -1;
	socklen_t len = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) != 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) != 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &proto, &len) != 0)
		return (true);
	if (domain == AF_UNIX)
		return (false);
	return ((domain != AF_INET && domain != AF_INET6) ||
	    type == SOCK_RAW || proto == IPPROTO_ICMP ||
	    proto == IPPROTO_ICMPV6);
}

/* null, zero, full, random, urandom */
static bool
is_plain(dev_t dev)
{
	const unsigned int n = minor(dev);

	return (major(dev) == MEM_MAJOR && (n == 3 || n == 5 || (n >= 7 &&
	    n <= 9)));
}

/*
 * What leads out of a jail by itself: a directory, by openat(2); a descriptor
 * of no file, such as a ring of io_uring; a file that the host is managed by; a
 * device that is no terminal and that no jail has.
 */
static bool
leads_out(int fd)
{
	static const unsigned long management[] = { ANON_INODE_FS_MAGIC,
		BPF_FS_MAGIC, CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
		DEBUGFS_MAGIC, NSFS_MAGIC, PIDFS_MAGIC, PROC_SUPER_MAGIC,
		SECURITYFS_MAGIC, SYSFS_MAGIC, TRACEFS_MAGIC };
	struct statfs fs;
	struct stat st;

	if (fstat(fd, &st) != 0)
		return (false);
	if (S_ISSOCK(st.st_mode))
		return (socket_leads_out(fd));
	if (S_ISCHR(st.st_mode) && !is_plain(st.st_rdev) && !isatty(fd))
		return (true);
	if (S_ISDIR(st.st_mode) || S_ISBLK(st.st_mode) ||
	    fstatfs(fd, &fs) != 0)
		return (true);
	for (size_t i = 0; i < sizeof(management) / sizeof(management[0]);
	    i++) {
		if ((unsigned long)fs.f_type == management[i])
			return (true);
	}
	return (false);
}

int
stdio_check(void)
{
	for (int fd = 0; fd < 3; fd++) {
		if (leads_out(fd))
			return (jail_fail(EPERM, "descriptor %d would lead out "
			    "of the jail: a directory, a device, a raw socket, "
			    "or no file that a jail may have", fd));
	}
	return (0);
}
