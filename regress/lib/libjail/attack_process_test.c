/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Ways out by processes: those of the host, pid 1, those that are on their way
 * in, terminals, and what a process may do.
 */

#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <linux/capability.h>

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "jail.h"

#include "attack.h"
#include "common.h"
#include "vnet.h"

/* The number, in base 16 or 10, of a line of /proc/self/status. */
static uint64_t
status_of(const char *what, int base)
{
	char line[256];
	uint64_t value = ~0ULL;
	size_t len = strlen(what);
	FILE *f = fopen("/proc/self/status", "r");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, what, len) == 0 && line[len] == ':')
			value = strtoull(line + len + 1, NULL, base);
	}
	if (f != NULL)
		fclose(f);
	return (value);
}

#define CAP(cap)	(1ULL << (cap))

static const uint64_t always = CAP(CAP_CHOWN) | CAP(CAP_DAC_OVERRIDE) |
    CAP(CAP_FOWNER) | CAP(CAP_FSETID) | CAP(CAP_KILL) | CAP(CAP_SETGID) |
    CAP(CAP_SETUID) | CAP(CAP_SETPCAP) | CAP(CAP_SYS_CHROOT);

/* Which line it is that differs, from 1, or 0. */
static int
check_privileges(void *arg)
{
	uint64_t caps = *(const uint64_t *)arg;

	if (status_of("CapPrm", 16) != caps)
		return (1);
	if (status_of("CapEff", 16) != caps)
		return (2);
	if (status_of("CapBnd", 16) != caps)
		return (3);
	if (status_of("CapInh", 16) != 0 || status_of("CapAmb", 16) != 0)
		return (4);
	if (status_of("NoNewPrivs", 10) != 0)
		return (5);
	return (status_of("Seccomp", 10) == 2 ? 0 : 6);
}

JAIL_TC(capabilities_are_few_and_as_permitted, "NET_RAW if allowed, exactly")
{
	static const struct {
		const char *raw, *ports;
		uint64_t more;
	} rows[] = {
		{ "false", "false", 0 },
		{ "true", "false", CAP(CAP_NET_RAW) },
		{ "false", "true", CAP(CAP_NET_BIND_SERVICE) },
		{ "true", "true", CAP(CAP_NET_RAW) |
		    CAP(CAP_NET_BIND_SERVICE) },
	};
	uint64_t caps;
	int jid;

	vnet_instance(tc);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		caps = always | rows[i].more;
		jid = make_jail("a", "allow.raw_sockets", rows[i].raw,
		    "allow.reserved_ports", rows[i].ports, NULL);
		ATF_CHECK_EQ_MSG(0, in_jail(jid, check_privileges, &caps),
		    "row %zu", i);
		remove_jail("a");
	}
}

static int
same_namespaces(void *arg)
{
	static const char *const kinds[] = { "pid", "mnt", "uts", "ipc",
		"cgroup", "net" };
	const ino_t *host = arg;
	char path[64];
	struct stat st;
	int same = 0;

	for (size_t i = 0; i < 6; i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[i]);
		if (stat(path, &st) == 0 && st.st_ino == host[i])
			same |= 1 << i;
	}
	return (same);
}

static void
read_namespaces(ino_t inos[6])
{
	static const char *const kinds[] = { "pid", "mnt", "uts", "ipc",
		"cgroup", "net" };
	char path[64];
	struct stat st;

	for (size_t i = 0; i < 6; i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[i]);
		ATF_REQUIRE_EQ(0, stat(path, &st));
		inos[i] = st.st_ino;
	}
}

JAIL_TC(namespaces_are_the_jails_but_for_the_network, "which is the host's")
{
	ino_t inos[6];

	vnet_instance(tc);
	read_namespaces(inos);
	ATF_CHECK_EQ(63, same_namespaces(inos));
	for (int i = 0; i < 2; i++)
		ATF_CHECK_EQ(1 << 5, in_jail(attack_jail(attack_jails[i]),
		    same_namespaces, inos));
}

/* How many processes there are in /proc whose number is above 3. */
static int
count_strangers(void *arg)
{
	struct dirent *e;
	int n = 0;
	DIR *d = opendir("/proc");

	(void)arg;
	while (d != NULL && (e = readdir(d)) != NULL)
		n += isdigit(e->d_name[0]) && atoi(e->d_name) > 3;
	return (d == NULL ? 99 : n > 90 ? 90 : n);
}

static int
signal_pid(void *arg)
{
	return (error_of(kill(*(pid_t *)arg, 0)));
}

JAIL_TC(host_processes_are_neither_seen_nor_signalled, "pid namespace")
{
	pid_t host = getpid();

	vnet_instance(tc);
	ATF_REQUIRE(host > 100);
	for (int i = 0; i < 2; i++) {
		ATF_CHECK_EQ(0, in_jail(attack_jail(attack_jails[i]),
		    count_strangers, NULL));
		ATF_CHECK_EQ(ESRCH, in_jail(attack_jail(attack_jails[i]),
		    signal_pid, &host));
	}
}

static volatile sig_atomic_t signalled;

static void
note_signal(int sig)
{
	signalled = sig;
}

static int
signal_group(void *arg)
{
	(void)arg;
	signal(SIGUSR1, SIG_IGN);
	return (error_of(kill(0, SIGUSR1)));
}

/* A process group has members in any namespace. */
JAIL_TC(host_processes_are_not_of_the_jails_group, "kill(0, sig)")
{
	vnet_instance(tc);
	attack_jail("host-root");
	setpgid(0, 0);
	signal(SIGUSR1, note_signal);
	ATF_CHECK_EQ(0, signal_group(NULL));
	signal(SIGUSR1, note_signal);
	ATF_CHECK_EQ(0, in_jail(attack_jail("host-root"), signal_group, NULL));
	ATF_CHECK_EQ(0, signalled);
}

static int
find_memory(void *arg)
{
	return (error_of(shmget(*(key_t *)arg, 0, 0)));
}

JAIL_TC(shared_memory_of_the_host_is_not_seen, "ipc namespace")
{
	key_t key = 0x4e4a0000 + getpid() % 0x10000;
	int id, jid;

	vnet_instance(tc);
	jid = attack_jail("host-root");
	id = shmget(key, 4096, IPC_CREAT | IPC_EXCL | 0600);
	ATF_REQUIRE(id != -1);
	ATF_CHECK_EQ(0, find_memory(&key));
	ATF_CHECK_EQ(ENOENT, in_jail(jid, find_memory, &key));
	ATF_REQUIRE_EQ(0, shmctl(id, IPC_RMID, NULL));
}

/* Does a file have anything to read, a directory an entry, a link a target? */
static bool
shows_something(const char *path)
{
	char text[256];
	struct dirent *e;
	bool shows;
	DIR *d = opendir(path);
	int fd;

	if (d != NULL) {
		while ((e = readdir(d)) != NULL && e->d_name[0] == '.')
			continue;
		closedir(d);
		return (e != NULL);
	}
	if (readlink(path, text, sizeof(text)) != -1)
		return (true);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	shows = fd != -1 && read(fd, text, 1) == 1;
	if (fd != -1)
		close(fd);
	return (shows);
}

/* What would tell of a process's memory, root, files or environment. */
static int
inspect(pid_t pid)
{
	static const char *const files[] = { "environ", "mem", "maps", "auxv",
		"fd/0", "map_files", "fdinfo/0", "root", "cwd", "io", "stack",
		"syscall", "personality", "ns/mnt", "exe" };
	char path[64];
	int bad = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, files[i]);
		if (!shows_something(path))
			continue;
		fprintf(stderr, "%s can be looked at\n", path);
		bad++;
	}
	fflush(stderr);
	return (bad);
}

static int
inspect_pid(void *arg)
{
	pid_t pid = *(const pid_t *)arg;
	char byte;
	struct iovec local = { &byte, 1 }, remote = { (void *)&inspect, 1 };
	int bad = inspect(pid);

	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) == 0)
		return (50);
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0)
		return (51);
	if (process_vm_readv(pid, &local, 1, &remote, 1, 0) == 1)
		return (52);
	if (syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, pid, 0), 0, 0) !=
	    -1)
		return (53);
	return (bad);
}

static int
inspect_child(void *arg)
{
	int result;
	pid_t pid = fork();

	(void)arg;
	if (pid == 0) {
		pause();
		_exit(0);
	}
	result = inspect_pid(&pid);
	kill(pid, SIGKILL);
	return (result);
}

/* The command line and the name of pid 1 tell of nothing outside. */
static int
name_pid_1(void *arg)
{
	char text[256] = "";
	int fd = open("/proc/1/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, text, sizeof(text) - 1);

	(void)arg;
	if (fd == -1 || len < 8 || strcmp(text, "jailinit") != 0)
		return (1);
	for (ssize_t i = 8; i < len; i++) {
		if (text[i] != '\0')
			return (2);
	}
	return (error_of(kill(1, SIGKILL)));
}

static int
is_alive(void *arg)
{
	(void)arg;
	return (getpid() < 4 ? 99 : error_of(kill(1, 0)));
}

JAIL_TC(E15_pid_1_cannot_be_inspected, "but a jail's own processes can")
{
	pid_t init = 1;
	int jid;

	vnet_instance(tc);
	for (int i = 0; i < 2; i++) {
		jid = attack_jail(attack_jails[i]);
		ATF_CHECK_EQ(0, in_jail(jid, inspect_pid, &init));
		ATF_CHECK_EQ(0, in_jail(jid, name_pid_1, NULL));
		/* It is the same one still: pids go on. */
		ATF_CHECK_EQ(0, in_jail(jid, is_alive, NULL));
	}
	/* Outside an own child is open to all of this, so it is a test. */
	ATF_CHECK(inspect_child(NULL) >= 10);
}

/*
 * A process that has entered and not yet executed anything has memory of the
 * host's. It waits here for as long as the jail looks at it.
 */
JAIL_TC(E15_process_on_its_way_in_cannot_be_inspected, "before execve(2)")
{
	pid_t entering, seen;
	int jid, status;

	vnet_instance(tc);
	for (int i = 0; i < 2; i++) {
		jid = attack_jail(attack_jails[i]);
		entering = jail_fork(jid);
		ATF_REQUIRE_MSG(entering != -1, "%s", jail_errmsg);
		if (entering == 0) {
			pause();
			_exit(0);
		}
		seen = 2;
		status = in_jail(jid, inspect_pid, &seen);
		ATF_CHECK_EQ_MSG(0, status, "%s: %d", attack_jails[i], status);
		ATF_REQUIRE_EQ(0, kill(entering, SIGKILL));
		wait_child(entering);
	}
}

/* Push a byte into the terminal that is standard input, as if it were typed. */
static int
type_into_stdin(unsigned long request)
{
	char byte = 'x';

	return (error_of(syscall(SYS_ioctl, STDIN_FILENO, request, &byte)));
}

/* In a session of its own, whose terminal standard input becomes. */
static int
push_input_by(unsigned long request)
{
	pid_t pid = fork();

	if (pid == 0) {
		setsid();
		if (ioctl(STDIN_FILENO, TIOCSCTTY, 0) != 0)
			_exit(99);
		_exit(type_into_stdin(request));
	}
	return (wait_child(pid));
}

static int
push_input(void)
{
	return (push_input_by(TIOCSTI));
}

static int
push_input_above_32_bits(void)
{
	return (push_input_by(TIOCSTI | 1UL << 32));
}

static int
paste_selection(void)
{
	return (type_into_stdin(TIOCLINUX));
}

static int
ask_for_size(void)
{
	struct winsize ws;

	return (error_of(ioctl(STDIN_FILENO, TIOCGWINSZ, &ws)));
}

/* Put a new terminal in the place of standard input; its other end. */
static int
new_terminal(void)
{
	int other, own = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	ATF_REQUIRE(own != -1 && grantpt(own) == 0 && unlockpt(own) == 0);
	other = open(ptsname(own), O_RDWR | O_NOCTTY | O_CLOEXEC);
	ATF_REQUIRE(other != -1);
	dup2(other, STDIN_FILENO);
	return (own);
}

/* Each try has a terminal of its own: the last process of one hangs it up. */
JAIL_TC(E16_terminal_takes_no_input_from_the_jail, "TIOCSTI, TIOCLINUX")
{
	static const struct attack attacks[] = {
		{ "TIOCSTI", push_input, UNKNOWN, EPERM },
		{ "TIOCSTI + 2^32", push_input_above_32_bits, UNKNOWN,
		    EPERM },
		{ "TIOCLINUX", paste_selection, UNKNOWN, EPERM },
		{ "TIOCGWINSZ, which is harmless", ask_for_size, 0, 0 },
	};
	size_t n = sizeof(attacks) / sizeof(attacks[0]);
	int own;

	vnet_instance(tc);
	for (size_t i = 0; i < n; i++) {
		for (int j = -1; j < 2; j++) {
			own = new_terminal();
			attack_one(&attacks[i], j);
			close(own);
		}
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, capabilities_are_few_and_as_permitted);
	ATF_TP_ADD_TC(tp, namespaces_are_the_jails_but_for_the_network);
	ATF_TP_ADD_TC(tp, host_processes_are_neither_seen_nor_signalled);
	ATF_TP_ADD_TC(tp, host_processes_are_not_of_the_jails_group);
	ATF_TP_ADD_TC(tp, shared_memory_of_the_host_is_not_seen);
	ATF_TP_ADD_TC(tp, E15_pid_1_cannot_be_inspected);
	ATF_TP_ADD_TC(tp, E15_process_on_its_way_in_cannot_be_inspected);
	ATF_TP_ADD_TC(tp, E16_terminal_takes_no_input_from_the_jail);
	return (atf_no_error());
}
