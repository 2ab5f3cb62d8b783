/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Ending a program at a system call of one's choice.
 */

#include <sys/types.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/bpf.h>
#include <linux/ptrace.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "traced.h"

#define SYSCALL_STOP	(SIGTRAP | 0x80)	/* PTRACE_O_TRACESYSGOOD */

static bool
is_one_of(unsigned long long call, const long *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (call == (unsigned long long)calls[i])
			return (true);
	}
	return (false);
}

/* Does the call change what is there for others, if this program dies too? */
static bool
changes(unsigned long long call, unsigned long long command)
{
	static const long calls[] = { SYS_clone, SYS_clone3, SYS_execveat,
		SYS_exit_group, SYS_flock, SYS_kill, SYS_mkdirat, SYS_mount,
		SYS_renameat2, SYS_setns, SYS_umount2, SYS_unlinkat, SYS_write,
#ifdef SYS_mkdir
		SYS_fork, SYS_mkdir, SYS_rename, SYS_rmdir, SYS_unlink,
#endif
	};
	static const long commands[] = { BPF_MAP_UPDATE_ELEM,
		BPF_MAP_DELETE_ELEM, BPF_OBJ_PIN, BPF_PROG_ATTACH,
		BPF_MAP_UPDATE_BATCH, BPF_MAP_DELETE_BATCH, BPF_LINK_CREATE };

	if (call == SYS_bpf)
		return (is_one_of(command, commands,
		    sizeof(commands) / sizeof(commands[0])));
	return (is_one_of(call, calls, sizeof(calls) / sizeof(calls[0])));
}

/* Is it a call by which a program waits for what it started? */
static bool
waits(unsigned long long call)
{
	return (call == SYS_wait4 || call == SYS_waitid ||
	    call == SYS_rt_sigtimedwait || call == SYS_rt_sigsuspend);
}

static pid_t
start(char *const argv[])
{
	int fd, status;
	pid_t pid = fork();

	if (pid == -1)
		atf_tc_fail("fork: %s", strerror(errno));
	if (pid == 0) {
		fd = open("/dev/null", O_RDWR);
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		/* It would trace the program; that cannot be done twice. */
		setenv("LSAN_OPTIONS", "detect_leaks=0", 1);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execvp(argv[0], argv);
		_exit(127);
	}
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	if (!WIFSTOPPED(status))
		atf_tc_fail("%s cannot be run", argv[0]);
	ATF_REQUIRE_EQ(0, ptrace(PTRACE_SETOPTIONS, pid, NULL,
	    PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL));
	return (pid);
}

/* Does the program stand at the beginning of a call? */
static bool
at_call(pid_t pid, struct ptrace_syscall_info *info)
{
	return (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(*info), info) !=
	    -1 && info->op == PTRACE_SYSCALL_INFO_ENTRY);
}

static bool
counts(const struct traced *tr, const struct ptrace_syscall_info *info)
{
	return (tr->tr_calls == CALLS_ALL || changes(info->entry.nr,
	    info->entry.args[0]));
}

/* Let the program run to its next stop; false if it has ended. */
static bool
next_stop(struct traced *tr, pid_t pid, int sig)
{
	ptrace(PTRACE_SYSCALL, pid, NULL, sig);
	ATF_REQUIRE_EQ(pid, waitpid(pid, &tr->tr_status, 0));
	return (WIFSTOPPED(tr->tr_status));
}

/* The signal that it was stopped by and is to get, or 0. */
static int
signal_of(const struct traced *tr)
{
	int sig = WSTOPSIG(tr->tr_status);

	return (sig == SYSCALL_STOP || tr->tr_status >> 16 != 0 ? 0 : sig);
}

int
traced_step(void)
{
	const char *step = getenv("TRACED_STEP");

	return (step != NULL ? atoi(step) : 1);
}

void
traced_run(struct traced *tr, char *const argv[], int n)
{
	pid_t pid = start(argv);
	struct ptrace_syscall_info info;
	int count = 0, sig = 0;

	tr->tr_more = false;
	while (next_stop(tr, pid, sig)) {
		sig = signal_of(tr);
		if (sig != 0 || !at_call(pid, &info))
			continue;
		if (tr->tr_serves && waits(info.entry.nr)) {
			tr->tr_more = false;
			kill(pid, SIGKILL);
		} else if (counts(tr, &info) && ++count == n) {
			tr->tr_more = true;
			kill(pid, tr->tr_sig);
		}
	}
}
