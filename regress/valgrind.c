/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Preloaded into a tool that valgrind runs, this makes the system calls that
 * valgrind 3.19 does not know: behind its back, on the real processor. It then
 * tells memcheck what the kernel wrote, of which bpf(2) alone matters, and has
 * it look at what the kernel is to read. The broker's filter of system calls,
 * which would end valgrind, is left out. There are two things it imitates:
 * clone3(2), because only valgrind can fork a process that it runs, and a tool
 * on a read-only mount (jail_seal.c), because one that executes itself again
 * gets away from valgrind.
 */

#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include <linux/bpf.h>
#include <linux/sched.h>
#include <linux/seccomp.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <valgrind/memcheck.h>

#define NARGS	6
#define PAGE	4096

struct call {
	long nr;
	long args[NARGS];
};

static const long unknown[] = { SYS_bpf, SYS_fsconfig, SYS_fsmount, SYS_fsopen,
	SYS_mount_setattr, SYS_move_mount, SYS_open_tree, SYS_openat2,
	SYS_pidfd_getfd, SYS_pidfd_open, SYS_pidfd_send_signal, SYS_pivot_root,
	SYS_seccomp };

/* What the tool executes has nothing to do with this; valgrind itself has. */
__attribute__((constructor)) static void
begin(void)
{
	if (RUNNING_ON_VALGRIND)
		unsetenv("LD_PRELOAD");
}

/* On the real processor, where there is no errno: the tool's is elsewhere. */
static long
raw_call(const struct call *c)
{
#if defined(__x86_64__)
	register long a3 __asm__("r10") = c->args[3];
	register long a4 __asm__("r8") = c->args[4];
	register long a5 __asm__("r9") = c->args[5];
	long ret;

	__asm__ volatile ("syscall" : "=a" (ret) : "a" (c->nr),
	    "D" (c->args[0]), "S" (c->args[1]), "d" (c->args[2]), "r" (a3),
	    "r" (a4), "r" (a5) : "rcx", "r11", "memory");
	return (ret);
#elif defined(__aarch64__)
	register long nr __asm__("x8") = c->nr;
	register long a0 __asm__("x0") = c->args[0];
	register long a1 __asm__("x1") = c->args[1];
	register long a2 __asm__("x2") = c->args[2];
	register long a3 __asm__("x3") = c->args[3];
	register long a4 __asm__("x4") = c->args[4];
	register long a5 __asm__("x5") = c->args[5];

	__asm__ volatile ("svc #0" : "+r" (a0) : "r" (nr), "r" (a1), "r" (a2),
	    "r" (a3), "r" (a4), "r" (a5) : "memory");
	return (a0);
#else
#error "how are system calls made here?"
#endif
}

static long
native_call(uintptr_t thread, const struct call *c)
{
	(void)thread;
	return (raw_call(c));
}

static long
behind_its_back(const struct call *c)
{
	return (VALGRIND_NON_SIMD_CALL1(native_call, c));
}

static void
map_sizes(int fd, struct bpf_map_info *info)
{
	union bpf_attr attr;
	struct call c = { SYS_bpf, { BPF_OBJ_GET_INFO_BY_FD, (long)&attr,
		sizeof(attr) } };

	memset(info, 0, sizeof(*info));
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = fd;
	attr.info.info = (uintptr_t)info;
	attr.info.info_len = sizeof(*info);
	behind_its_back(&c);
}

static void
defined(uint64_t at, size_t size)
{
	if (at != 0)
		VALGRIND_MAKE_MEM_DEFINED((void *)(uintptr_t)at, size);
}

static void
must_be_defined(uint64_t at, size_t size)
{
	if (at != 0)
		VALGRIND_CHECK_MEM_IS_DEFINED((void *)(uintptr_t)at, size);
}

/* What the kernel reads of an element. */
static void
bpf_reads(int command, const union bpf_attr *a)
{
	struct bpf_map_info info;

	if (command < BPF_MAP_LOOKUP_ELEM ||
	    command > BPF_MAP_GET_NEXT_KEY)
		return;
	map_sizes(a->map_fd, &info);
	must_be_defined(a->key, info.key_size);
	if (command == BPF_MAP_UPDATE_ELEM)
		must_be_defined(a->value, info.value_size);
}

/* What it wrote; the last batch comes with an error. */
static void
bpf_wrote(int command, union bpf_attr *a, size_t size, bool failed)
{
	struct bpf_map_info info;

	defined((uintptr_t)a, size);
	if (failed && command != BPF_MAP_LOOKUP_BATCH)
		return;
	switch (command) {
	case BPF_MAP_LOOKUP_ELEM:
		map_sizes(a->map_fd, &info);
		defined(a->value, info.value_size);
		break;
	case BPF_MAP_GET_NEXT_KEY:
		map_sizes(a->map_fd, &info);
		defined(a->next_key, info.key_size);
		break;
	case BPF_MAP_LOOKUP_BATCH:
		map_sizes(a->batch.map_fd, &info);
		defined(a->batch.out_batch, info.key_size);
		defined(a->batch.keys, (size_t)info.key_size * a->batch.count);
		defined(a->batch.values,
		    (size_t)info.value_size * a->batch.count);
		break;
	case BPF_OBJ_GET_INFO_BY_FD:
		defined(a->info.info, a->info.info_len);
		break;
	}
}

/* Be where clone3(2) would have put a child. */
static void
join(const struct clone_args *args)
{
	int fd = openat(args->cgroup, "cgroup.procs", O_WRONLY);

	if (fd == -1 || write(fd, "0", 1) != 1 ||
	    unshare(args->flags & ~(CLONE_NEWPID | CLONE_INTO_CGROUP)) != 0)
		_exit(127);
	close(fd);
}

/* As clone3(2) with these flags; the parent goes on when the child is there. */
static long
imitate_clone3(const struct clone_args *args)
{
	int own, there[2];
	char byte;
	pid_t pid;

	own = open("/proc/thread-self/ns/pid_for_children",
	    O_RDONLY | O_CLOEXEC);
	if (own == -1 || pipe2(there, O_CLOEXEC) != 0 ||
	    ((args->flags & CLONE_NEWPID) != 0 && unshare(CLONE_NEWPID) != 0))
		return (-1);
	pid = fork();
	if (pid == 0)
		join(args);
	else if ((args->flags & CLONE_NEWPID) != 0)
		setns(own, CLONE_NEWPID);
	close(own);
	close(there[1]);
	while (pid > 0 && read(there[0], &byte, 1) == -1 && errno == EINTR)
		continue;
	close(there[0]);
	return (pid);
}

/* A filter, set by the broker? The jail's is set under another name. */
static bool
is_brokers_filter(const struct call *c)
{
	char name[16] = "";

	return (c->nr == SYS_seccomp && c->args[0] == SECCOMP_SET_MODE_FILTER &&
	    c->args[2] != 0 && prctl(PR_GET_NAME, name) == 0 &&
	    strcmp(name, "jailbroker") == 0);
}

static bool
is_unknown(long nr)
{
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		if (unknown[i] == nr)
			return (true);
	}
	return (false);
}

static long
make_call(const struct call *c)
{
	union bpf_attr *attr = (void *)c->args[1];
	long ret;

	if (c->nr == SYS_bpf)
		bpf_reads(c->args[0], attr);
	ret = behind_its_back(c);
	if (c->nr == SYS_bpf)
		bpf_wrote(c->args[0], attr, c->args[2], ret < 0);
	if (ret >= 0 || ret < -4095)
		return (ret);
	errno = -ret;
	return (-1);
}

/* Calls that valgrind knows go the usual way. */
long
syscall(long nr, ...)
{
	struct call c = { .nr = nr };
	long (*libc)(long, ...);
	va_list ap;

	va_start(ap, nr);
	for (int i = 0; i < NARGS; i++)
		c.args[i] = va_arg(ap, long);
	va_end(ap);
	if (is_brokers_filter(&c))
		return (0);
	if (nr == SYS_clone3)
		return (imitate_clone3((void *)c.args[0]));
	if (is_unknown(nr))
		return (make_call(&c));
	libc = (long (*)(long, ...))(uintptr_t)dlsym(RTLD_NEXT, "syscall");
	return (libc(nr, c.args[0], c.args[1], c.args[2], c.args[3], c.args[4],
	    c.args[5]));
}

int
pidfd_open(pid_t pid, unsigned int flags)
{
	return (syscall(SYS_pidfd_open, pid, flags));
}

/*
 * The kernel gives its BTF, of megabytes, by the page. The libc would ask for
 * all the rest each time, and memcheck look at as much of the buffer.
 */
size_t
fread(void *buf, size_t size, size_t n, FILE *fp)
{
	size_t got, want, done = 0;

	do {
		want = size * n - done < PAGE ? size * n - done : PAGE;
		got = fread_unlocked((char *)buf + done, 1, want, fp);
		done += got;
	} while (got == PAGE);
	return (size > 0 ? done / size : 0);
}

int
statvfs(const char *path, struct statvfs *fs)
{
	int (*libc)(const char *, struct statvfs *);
	int error;

	libc = (int (*)(const char *, struct statvfs *))(uintptr_t)
	    dlsym(RTLD_NEXT, "statvfs");
	error = libc(path, fs);
	if (error == 0 && strcmp(path, "/proc/self/exe") == 0)
		fs->f_flag |= ST_RDONLY;
	return (error);
}
