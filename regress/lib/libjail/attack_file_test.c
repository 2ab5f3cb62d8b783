/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Ways out by files: descriptors from outside, devices, /proc, /sys, cgroups.
 */

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>

#include <linux/io_uring.h>
#include <netinet/in.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "jail.h"

#include "attack.h"
#include "common.h"
#include "state.h"
#include "vnet.h"

/* Open a file, and close it again without having used it. */
static int
try_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd == -1)
		return (errno);
	close(fd);
	return (0);
}

/* The descriptors of this process, but for the one that looks. */
static int
descriptors_are(void *arg)
{
	const char *expected = arg;
	char found[256] = "", number[16];
	struct dirent *e;
	DIR *d = opendir("/proc/self/fd");
	FILE *f = fmemopen(found, sizeof(found), "w");

	while (d != NULL && (e = readdir(d)) != NULL) {
		snprintf(number, sizeof(number), "%d", dirfd(d));
		if (e->d_name[0] != '.' && strcmp(e->d_name, number) != 0)
			fputs(e->d_name, f);
	}
	fclose(f);
	if (strcmp(found, expected) != 0)
		fprintf(stderr, "descriptors %s\n", found);
	return (strcmp(found, expected) != 0);
}

JAIL_TC(E1_descriptors_from_outside_are_closed, "all but 0, 1 and 2")
{
	struct state st;

	vnet_instance(tc);
	attack_jail("own-root");
	ATF_REQUIRE_EQ(0, state_open(&st));
	ATF_REQUIRE(open("/", O_RDONLY | O_DIRECTORY) != -1);
	ATF_REQUIRE(open(st.st_cgroup, O_RDONLY | O_DIRECTORY) != -1);
	ATF_REQUIRE_EQ(700, dup2(st.st_map[SM_IP4S], 700));
	ATF_CHECK(count_descriptors() > 6);
	for (int i = 0; i < 2; i++)
		ATF_CHECK_EQ(0, in_jail(attack_jail(attack_jails[i]),
		    descriptors_are, "012"));
}

/* Enter with a descriptor as standard input; the attack gives 0 or fails. */
static void
check_as_stdin(int fd, int (*attack)(void), const char *what)
{
	int jid = attack_jail("own-root");
	int saved = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	pid_t pid;

	dup2(fd, STDIN_FILENO);
	pid = jail_fork(jid);
	if (pid == 0)
		_exit(attack() == 0);
	dup2(saved, STDIN_FILENO);
	close(saved);
	if (pid != -1)
		ATF_CHECK_EQ_MSG(0, wait_child(pid), "%s: it works", what);
}

static int
walk_out(void)
{
	if (fchdir(STDIN_FILENO) != 0)
		return (errno);
	return (error_of(access("netjail-marker", F_OK)));
}

static int
reach_out(void)
{
	return (error_of(faccessat(STDIN_FILENO, "netjail-marker", F_OK, 0)));
}

JAIL_TC(E1_directory_as_standard_input_is_no_way_out, "as FreeBSD knows")
{
	static const int flags[] = { O_RDONLY, O_PATH };
	int fd;

	vnet_instance(tc);
	ATF_REQUIRE_EQ(0, close(open("netjail-marker", O_CREAT | O_WRONLY,
	    0644)));
	for (int i = 0; i < 2; i++) {
		fd = open(".", flags[i] | O_DIRECTORY | O_CLOEXEC);
		ATF_REQUIRE(fd != -1);
		check_as_stdin(fd, walk_out, "fchdir");
		check_as_stdin(fd, reach_out, "faccessat");
		close(fd);
	}
}

/* Who has it as standard input enters, or not; it is closed. */
static bool
enters_with(int fd)
{
	int jid = attack_jail("own-root"), saved;
	pid_t pid;

	ATF_REQUIRE_MSG(fd != -1, "%s", strerror(errno));
	saved = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	dup2(fd, STDIN_FILENO);
	close(fd);
	pid = jail_fork(jid);
	if (pid == 0)
		_exit(0);
	dup2(saved, STDIN_FILENO);
	close(saved);
	if (pid == -1)
		ATF_CHECK_EQ(EPERM, errno);
	else
		ATF_CHECK_EQ(0, wait_child(pid));
	return (pid != -1);
}

JAIL_TC(E1_socket_that_hears_the_host_stays_outside, "and services come in")
{
	vnet_instance(tc);
	ATF_CHECK(!enters_with(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)));
	ATF_CHECK(!enters_with(socket(AF_INET6, SOCK_RAW, IPPROTO_RAW)));
	ATF_CHECK(!enters_with(socket(AF_PACKET, SOCK_DGRAM, 0)));
	ATF_CHECK(!enters_with(socket(AF_NETLINK, SOCK_RAW, 0)));
	ATF_CHECK(enters_with(socket(AF_INET, SOCK_STREAM, 0)));
	ATF_CHECK(enters_with(socket(AF_INET6, SOCK_DGRAM, 0)));
	ATF_CHECK(enters_with(socket(AF_UNIX, SOCK_STREAM, 0)));
}

JAIL_TC(E1_descriptor_that_manages_the_host_stays_outside, "and files come in")
{
	vnet_instance(tc);
	ATF_CHECK(!enters_with(syscall(SYS_pidfd_open, getpid(), 0)));
	ATF_CHECK(!enters_with(open("/dev/kmsg", O_RDONLY)));
	ATF_CHECK(enters_with(open("/dev/null", O_RDWR)));
	ATF_CHECK(enters_with(open("/dev/zero", O_RDONLY)));
	ATF_CHECK(enters_with(posix_openpt(O_RDWR | O_NOCTTY)));
	ATF_CHECK(enters_with(open("/etc/passwd", O_RDONLY)));
}

/* Leave a directory that one has made one's root by the way one came. */
static int
climb_out(void *arg)
{
	const struct stat *host = arg;
	struct stat here;

	mkdir("/tmp/netjail-chroot", 0700);
	if (chroot("/tmp/netjail-chroot") != 0)
		return (1);
	for (int i = 0; i < 64; i++) {
		if (chdir("..") != 0)
			return (2);
	}
	if (stat(".", &here) != 0 || chroot(".") != 0)
		return (3);
	rmdir("/tmp/netjail-chroot");
	return (here.st_ino == host->st_ino && here.st_dev == host->st_dev ?
	    99 : 0);
}

JAIL_TC(chroot_within_the_jail_is_no_way_out, "whatever the way back")
{
	struct stat host;
	pid_t pid;

	vnet_instance(tc);
	ATF_REQUIRE_EQ(0, stat("/", &host));
	ATF_CHECK_EQ(0, in_jail(attack_jail("own-root"), climb_out, &host));
	/* Outside this is the way from the jail's root to the host's. */
	pid = fork();
	ATF_REQUIRE(pid != -1);
	if (pid == 0)
		_exit(chroot("root") == 0 ? climb_out(&host) : 98);
	ATF_CHECK_EQ(99, wait_child(pid));
}

/* Whoever opened it moves whoever writes to it. */
static int
move_by_stdin(void)
{
	return (error_of(write(STDIN_FILENO, "0", 1)));
}

JAIL_TC(E3_cgroup_file_as_standard_input_moves_nobody, "out of the jail")
{
	char path[PATH_MAX + 16];
	struct state st;
	int fd;

	vnet_instance(tc);
	attack_jail("own-root");
	ATF_REQUIRE_EQ(0, state_open(&st));
	snprintf(path, sizeof(path), "%s/cgroup.procs", st.st_cgroup);
	state_close(&st);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ATF_REQUIRE(fd != -1);
	check_as_stdin(fd, move_by_stdin, "cgroup.procs");
	close(fd);
}

/* What is put into the ring's memory a thread of the host's carries out. */
static int
map_ring(void)
{
	return (mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
	    STDIN_FILENO, IORING_OFF_SQES) == MAP_FAILED ? errno : 0);
}

JAIL_TC(E2_ring_as_standard_input_cannot_be_used, "its thread is outside")
{
	struct io_uring_params params = { .flags = IORING_SETUP_SQPOLL };
	int fd;

	vnet_instance(tc);
	attack_jail("own-root");
	fd = syscall(SYS_io_uring_setup, 8, &params);
	if (fd == -1)
		vnet_lacks("io_uring", "%s", strerror(errno));
	check_as_stdin(fd, map_ring, "the ring's memory");
	close(fd);
}

/* Files of /proc and /sys that can be opened for writing. */
static int writable;

static int
note_writable(const char *path, const struct stat *sb, int type,
    struct FTW *ftw)
{
	/* A process's own, and what the kernel asks a capability for. */
	static const char *const known[] = { "/proc/pressure/",
		"/proc/self", "/proc/thread-self", "/proc/net/" };

	(void)ftw;
	if (type != FTW_F || !S_ISREG(sb->st_mode) ||
	    (sb->st_mode & 0222) == 0)
		return (0);
	if (strncmp(path, "/proc/", 6) == 0 && path[6] >= '0' &&
	    path[6] <= '9')
		return (0);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strncmp(path, known[i], strlen(known[i])) == 0)
			return (0);
	}
	if (try_open(path, O_WRONLY) == 0) {
		fprintf(stderr, "%s can be written to\n", path);
		writable++;
	}
	return (0);
}

static int
find_writable(void *arg)
{
	(void)arg;
	if (nftw("/proc", note_writable, 16, FTW_PHYS) != 0 ||
	    nftw("/sys", note_writable, 16, FTW_PHYS) != 0)
		return (errno);
	fflush(stderr);
	return (writable > 100 ? 100 : writable);
}

JAIL_TC(E14_nothing_in_proc_and_sys_can_be_written, "but a process's own")
{
	vnet_instance(tc);
	for (int i = 0; i < 2; i++)
		ATF_CHECK_EQ(0, in_jail(attack_jail(attack_jails[i]),
		    find_writable, NULL));
}

static int
write_core_pattern(void)
{
	return (try_open("/proc/sys/kernel/core_pattern", O_WRONLY));
}

static int
write_forwarding(void)
{
	return (try_open("/proc/sys/net/ipv4/ip_forward", O_WRONLY));
}

static int
trigger_sysrq(void)
{
	return (try_open("/proc/sysrq-trigger", O_WRONLY));
}

static int
write_uevent(void)
{
	return (try_open("/sys/class/net/lo/uevent", O_WRONLY));
}

/* 0 if the file has anything to be read. */
static int
read_byte(const char *path)
{
	char byte;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd == -1)
		return (errno);
	len = read(fd, &byte, 1);
	close(fd);
	return (len == 1 ? 0 : len == 0 ? ENODATA : errno);
}

static int
read_kcore(void)
{
	return (read_byte("/proc/kcore"));
}

static int
read_keys(void)
{
	return (read_byte("/proc/keys"));
}

static int
read_timers(void)
{
	return (read_byte("/proc/timer_list"));
}

static int
read_uptime(void)
{
	return (read_byte("/proc/uptime"));
}

static int
read_flags_of_pages(void)
{
	return (read_byte("/proc/kpageflags"));
}

static int
list_firmware(void)
{
	struct dirent *e;
	int n = 0;
	DIR *d = opendir("/sys/firmware");

	while (d != NULL && (e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	return (n > 0 ? 0 : ENOENT);
}

JAIL_TC(E6_jail_cannot_write_sysctls, "uid 0 would do without the mount")
{
	static const struct attack attacks[] = {
		{ "ip_forward", write_forwarding, 0, EROFS },
		{ "core_pattern", write_core_pattern, 0, EROFS },
	};

	vnet_instance(tc);
	ATTACK_ALL(attacks);
}

JAIL_TC(E14_files_of_the_whole_machine_are_hidden, "or cannot be written")
{
	static const struct attack attacks[] = {
		{ "sysrq-trigger", trigger_sysrq, UNKNOWN, EITHER },
		{ "uevent", write_uevent, 0, EROFS },
		{ "kcore", read_kcore, UNKNOWN, EITHER },
		{ "keys", read_keys, UNKNOWN, EITHER },
		{ "timer_list", read_timers, UNKNOWN, EITHER },
		{ "kpageflags", read_flags_of_pages, UNKNOWN, EITHER },
		{ "firmware", list_firmware, UNKNOWN, ENOENT },
		{ "uptime, which is for all", read_uptime, 0, 0 },
	};

	vnet_instance(tc);
	ATTACK_ALL(attacks);
}

/* The devices of a jail, and nothing else of /dev. */
static int
list_dev(void *arg)
{
	static const char *const known[] = { "fd", "full", "mqueue", "null",
		"ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout",
		"tty", "urandom", "zero" };
	struct dirent *e;
	int extra = 0, found;
	DIR *d = opendir("/dev");

	(void)arg;
	while (d != NULL && (e = readdir(d)) != NULL) {
		found = e->d_name[0] == '.';
		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			found |= strcmp(e->d_name, known[i]) == 0;
		if (!found)
			fprintf(stderr, "/dev/%s\n", e->d_name);
		extra += !found;
	}
	fflush(stderr);
	return (d == NULL || extra > 0);
}

static int
use_devices(void *arg)
{
	char byte = 'x';
	int fd = open("/dev/null", O_RDWR);

	(void)arg;
	if (fd == -1 || write(fd, "x", 1) != 1)
		return (1);
	fd = open("/dev/zero", O_RDONLY);
	if (fd == -1 || read(fd, &byte, 1) != 1 || byte != '\0')
		return (2);
	if (read_byte("/dev/random") != 0 || read_byte("/dev/urandom") != 0)
		return (3);
	fd = open("/dev/full", O_WRONLY);
	if (fd == -1 || write(fd, "x", 1) != -1 || errno != ENOSPC)
		return (4);
	if (posix_openpt(O_RDWR | O_NOCTTY) == -1)
		return (5);
	fd = open("/dev/shm/netjail", O_CREAT | O_EXCL | O_RDWR, 0600);
	return (fd == -1 ? 6 : error_of(unlink("/dev/shm/netjail")));
}

JAIL_TC(E13_dev_has_the_jails_devices_alone, "and they work")
{
	vnet_instance(tc);
	for (int i = 0; i < 2; i++) {
		ATF_CHECK_EQ(0, in_jail(attack_jail(attack_jails[i]),
		    list_dev, NULL));
		ATF_CHECK_EQ(0, in_jail(attack_jail(attack_jails[i]),
		    use_devices, NULL));
	}
}

/* Nodes that the host made in the jail's root: memory and the kernel log. */
static const struct {
	const char *name;
	unsigned int major, minor;
} nodes[] = {
	{ "mem", 1, 1 }, { "kmsg", 1, 11 }, { "null", 1, 3 },
};

static int
open_node(void *arg)
{
	char path[64];

	snprintf(path, sizeof(path), "/tmp/%s", (const char *)arg);
	return (try_open(path, O_RDONLY));
}

JAIL_TC(E13_device_files_in_the_root_do_not_work, "whoever made them")
{
	char path[64];
	int jid;

	vnet_instance(tc);
	jid = attack_jail("own-root");
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		snprintf(path, sizeof(path), "root/tmp/%s", nodes[i].name);
		ATF_REQUIRE_EQ(0, mknod(path, S_IFCHR | 0666,
		    makedev(nodes[i].major, nodes[i].minor)));
		ATF_CHECK_EQ_MSG(EACCES, in_jail(jid, open_node,
		    (void *)nodes[i].name), "%s", nodes[i].name);
	}
	ATF_CHECK_EQ(0, try_open("root/tmp/null", O_RDONLY));
}

/*
 * Only in the jail's cgroup, without namespaces, mounts or filters: the
 * programs alone keep these.
 */
static int
use_bare(const char *procs)
{
	int fd = open(procs, O_WRONLY | O_CLOEXEC);

	if (fd == -1 || write(fd, "0", 1) != 1)
		return (1);
	if (try_open("/dev/kmsg", O_RDONLY) != EPERM)
		return (2);
	if (try_open("/dev/null", O_RDWR) != 0)
		return (3);
	if (error_of(mknod("kmsg", S_IFCHR | 0600, makedev(1, 11))) != EPERM)
		return (4);
	fd = open("/proc/sys/net/ipv4/ip_default_ttl", O_RDWR | O_CLOEXEC);
	if (fd == -1 || write(fd, "65", 2) != -1 || errno != EPERM)
		return (5);
	return (read_byte("/proc/sys/net/ipv4/ip_default_ttl"));
}

JAIL_TC(E6_E13_programs_alone_keep_sysctls_and_devices, "one layer of two")
{
	char procs[PATH_MAX + 32];
	struct state st;
	struct vnet vn;
	pid_t pid;
	int jid;

	vnet_init(&vn, tc);
	jid = make_jail("a", NULL);
	ATF_REQUIRE_EQ(0, state_open(&st));
	snprintf(procs, sizeof(procs), "%s/%d/cgroup.procs", st.st_cgroup,
	    jid);
	state_close(&st);
	ATF_REQUIRE_EQ(0, try_open("/proc/sys/net/ipv4/ip_default_ttl",
	    O_RDWR));
	pid = fork();
	ATF_REQUIRE(pid != -1);
	if (pid == 0)
		_exit(use_bare(procs));
	ATF_CHECK_EQ(0, wait_child(pid));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, E1_descriptors_from_outside_are_closed);
	ATF_TP_ADD_TC(tp, E1_directory_as_standard_input_is_no_way_out);
	ATF_TP_ADD_TC(tp, E1_socket_that_hears_the_host_stays_outside);
	ATF_TP_ADD_TC(tp, E1_descriptor_that_manages_the_host_stays_outside);
	ATF_TP_ADD_TC(tp, chroot_within_the_jail_is_no_way_out);
	ATF_TP_ADD_TC(tp, E2_ring_as_standard_input_cannot_be_used);
	ATF_TP_ADD_TC(tp, E3_cgroup_file_as_standard_input_moves_nobody);
	ATF_TP_ADD_TC(tp, E6_jail_cannot_write_sysctls);
	ATF_TP_ADD_TC(tp, E6_E13_programs_alone_keep_sysctls_and_devices);
	ATF_TP_ADD_TC(tp, E13_dev_has_the_jails_devices_alone);
	ATF_TP_ADD_TC(tp, E13_device_files_in_the_root_do_not_work);
	ATF_TP_ADD_TC(tp, E14_nothing_in_proc_and_sys_can_be_written);
	ATF_TP_ADD_TC(tp, E14_files_of_the_whole_machine_are_hidden);
	return (atf_no_error());
}
