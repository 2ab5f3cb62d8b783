/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Ways out by system calls: bpf, io_uring, namespaces, mounts, keys.
 */

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <linux/sched.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <atf-c.h>

#include "jail.h"

#include "attack.h"
#include "common.h"
#include "vnet.h"

static int
call_bpf(int command, union bpf_attr *attr)
{
	return (error_of(syscall(SYS_bpf, command, attr, sizeof(*attr))));
}

/* Open the table that tells which jail has which address. */
static int
open_pinned_map(void)
{
	union bpf_attr attr = { 0 };
	char path[128];

	snprintf(path, sizeof(path), "/sys/fs/bpf/%s/prison_ip4s",
	    getenv("JAIL_INSTANCE"));
	attr.pathname = (uintptr_t)path;
	return (call_bpf(BPF_OBJ_GET, &attr));
}

/* The permissions of files are all that is asked for, so uid 0 is enough. */
static int
open_pinned_map_without_capability(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 } };

	if (syscall(SYS_capset, &header, none) != 0)
		return (99);
	return (open_pinned_map());
}

static int
make_map(void)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4,
		.value_size = 4, .max_entries = 1 };

	return (call_bpf(BPF_MAP_CREATE, &attr));
}

static int
walk_maps(void)
{
	union bpf_attr attr = { .start_id = 0 };

	return (call_bpf(BPF_MAP_GET_NEXT_ID, &attr));
}

static int
unlink_link(void)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/fs/bpf/%s/links",
	    getenv("JAIL_INSTANCE"));
	return (error_of(access(path, F_OK)));
}

static int
mount_bpffs(void)
{
	return (error_of(mount("bpf", "/tmp", "bpf", 0, NULL)));
}

JAIL_TC(E12_jail_cannot_reach_the_kernel_half, "bpf(2), the BPF file system")
{
	static const struct attack attacks[] = {
		{ "open a pinned map", open_pinned_map, 0, EPERM },
		{ "the same without any capability",
		    open_pinned_map_without_capability, 0, EPERM },
		{ "make a map", make_map, 0, EPERM },
		{ "walk all maps", walk_maps, 0, EPERM },
		{ "see a link's pin", unlink_link, 0, ENOENT },
		{ "mount the BPF file system", mount_bpffs, 0, EPERM },
	};

	vnet_instance(tc);
	attack_jail("host-root");
	ATTACK_ALL(attacks);
}

static int
set_up_ring(void)
{
	char params[120] = { 0 };

	return (error_of(syscall(SYS_io_uring_setup, 1, params)));
}

static int
enter_ring(void)
{
	return (error_of(syscall(SYS_io_uring_enter, 0, 0, 0, 0, NULL, 0)));
}

static int
register_ring(void)
{
	return (error_of(syscall(SYS_io_uring_register, 0, 0, NULL, 0)));
}

JAIL_TC(E2_jail_cannot_use_io_uring, "neither a ring of its own nor another's")
{
	static const struct attack attacks[] = {
		{ "set a ring up", set_up_ring, UNKNOWN, ENOSYS },
		{ "enter a ring", enter_ring, UNKNOWN, ENOSYS },
		{ "register with a ring", register_ring, UNKNOWN, ENOSYS },
	};

	vnet_instance(tc);
	ATTACK_ALL(attacks);
}

static int
unshare_user(void)
{
	return (error_of(unshare(CLONE_NEWUSER)));
}

static int
unshare_user_and_more(void)
{
	return (error_of(unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_FS)));
}

static int
unshare_net(void)
{
	return (error_of(unshare(CLONE_NEWNET)));
}

static int
unshare_mounts(void)
{
	return (error_of(unshare(CLONE_NEWNS)));
}

static int
unshare_cgroup(void)
{
	return (error_of(unshare(CLONE_NEWCGROUP)));
}

/* Fork by clone(2) with namespace flags; the child does nothing. */
static int
clone_with(unsigned long flags)
{
	long pid = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	if (pid != -1)
		waitpid(pid, NULL, 0);
	return (error_of(pid));
}

static int
clone_user(void)
{
	return (clone_with(CLONE_NEWUSER));
}

static int
clone_user_and_net(void)
{
	return (clone_with(CLONE_NEWUSER | CLONE_NEWNET));
}

static int
clone_net(void)
{
	return (clone_with(CLONE_NEWNET));
}

static int
clone_plain(void)
{
	return (clone_with(0));
}

static int
clone3_user(void)
{
	struct clone_args args = { .flags = CLONE_NEWUSER,
		.exit_signal = SIGCHLD };
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (pid == 0)
		_exit(0);
	if (pid != -1)
		waitpid(pid, NULL, 0);
	return (error_of(pid));
}

static int
setns_own(void)
{
	int fd = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);

	return (fd == -1 ? errno : error_of(setns(fd, CLONE_NEWUTS)));
}

JAIL_TC(E4_jail_cannot_make_or_join_namespaces, "a user namespace above all")
{
	static const struct attack attacks[] = {
		{ "unshare user", unshare_user, UNKNOWN, EPERM },
		{ "unshare user, net", unshare_user_and_more, UNKNOWN, EPERM },
		{ "unshare net", unshare_net, 0, EPERM },
		{ "unshare mounts", unshare_mounts, 0, EPERM },
		{ "unshare cgroup", unshare_cgroup, 0, EPERM },
		{ "clone user", clone_user, UNKNOWN, EPERM },
		{ "clone user, net", clone_user_and_net, UNKNOWN, EPERM },
		{ "clone net", clone_net, 0, EPERM },
		{ "clone nothing", clone_plain, 0, 0 },
		{ "clone3 user", clone3_user, UNKNOWN, ENOSYS },
		{ "join a namespace", setns_own, 0, EPERM },
	};

	vnet_instance(tc);
	ATTACK_ALL(attacks);
}

static int
add_key(void)
{
	return (error_of(syscall(SYS_add_key, "user", "netjail", "x", 1,
	    -2 /* KEY_SPEC_PROCESS_KEYRING */)));
}

static int
read_session_keys(void)
{
	return (error_of(syscall(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */,
	    -3 /* KEY_SPEC_SESSION_KEYRING */, 1)));
}

static int
request_key(void)
{
	return (error_of(syscall(SYS_request_key, "user", "netjail", NULL,
	    -2)));
}

static int
open_perf(void)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr), .config = PERF_COUNT_SW_CPU_CLOCK };

	return (error_of(syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0)));
}

static int
set_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (error_of(clock_settime(CLOCK_REALTIME, &now)));
}

static int
make_device(void)
{
	int error;

	unlink("/tmp/netjail-device");
	error = error_of(mknod("/tmp/netjail-device", S_IFCHR | 0600,
	    makedev(1, 11)));
	unlink("/tmp/netjail-device");
	return (error);
}

static int
make_fifo(void)
{
	int error;

	unlink("/tmp/netjail-fifo");
	error = error_of(mkfifo("/tmp/netjail-fifo", 0600));
	unlink("/tmp/netjail-fifo");
	return (error);
}

JAIL_TC(E16_jail_has_no_keys_counters_or_clock, "what root may do besides")
{
	static const struct attack attacks[] = {
		{ "add a key", add_key, UNKNOWN, EPERM },
		{ "find the session's keys", read_session_keys, UNKNOWN,
		    EPERM },
		{ "request a key", request_key, UNKNOWN, EPERM },
		{ "count events", open_perf, UNKNOWN, EPERM },
		{ "set the clock", set_clock, UNKNOWN, EPERM },
		{ "set the host name", attack_set_hostname, 0, EPERM },
	};

	vnet_instance(tc);
	ATTACK_ALL(attacks);
}

JAIL_TC(E13_jail_cannot_make_devices, "but other files")
{
	static const struct attack attacks[] = {
		{ "make a device", make_device, 0, EPERM },
		{ "make a fifo", make_fifo, 0, 0 },
	};

	vnet_instance(tc);
	ATTACK_ALL(attacks);
}

#ifdef __x86_64__
/* getpid(2) by the gate of 32-bit programs, and by that of x32. */
static int
call_32_bit(void)
{
	long result;

	signal(SIGSEGV, SIG_DFL);	/* a sanitizer has its own way */
	__asm__ volatile ("int $0x80" : "=a" (result) : "a" (20) : "memory",
	    "r8", "r9", "r10", "r11");
	return (result == getpid() ? 0 : ENOSYS);
}

static int
call_x32(void)
{
	return (syscall(0x40000000 + SYS_getpid) == getpid() ? 0 : ENOSYS);
}

JAIL_TC(other_abis_are_killed, "their arguments are not what they seem")
{
	struct attack attacks[] = {
		{ "32 bits", call_32_bit, UNKNOWN, 128 + SIGSYS },
		{ "x32", call_x32, UNKNOWN, 128 + SIGSYS },
	};

	vnet_instance(tc);
	/* (Some virtual machines have no such gate.) */
	if (attack_outside(&attacks[0]) == 128 + SIGSEGV)
		attacks[0].at_inside = 128 + SIGSEGV;
	ATTACK_ALL(attacks);
}
#endif

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, E12_jail_cannot_reach_the_kernel_half);
	ATF_TP_ADD_TC(tp, E2_jail_cannot_use_io_uring);
	ATF_TP_ADD_TC(tp, E4_jail_cannot_make_or_join_namespaces);
	ATF_TP_ADD_TC(tp, E16_jail_has_no_keys_counters_or_clock);
	ATF_TP_ADD_TC(tp, E13_jail_cannot_make_devices);
#ifdef __x86_64__
	ATF_TP_ADD_TC(tp, other_abis_are_killed);
#endif
	return (atf_no_error());
}
