/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The broker of raw sockets, and of the host name. A raw or "ping" socket that
 * is not bound sends from an address of the host, and no hook of the kernel
 * sees one bind; and a host name is set by who may do much more. So the filter
 * of system calls asks a small process, one for all that descend from a process
 * that enters a jail: it is in the jail's cgroup and network namespace, where
 * its sockets are the jail's, but in no other of its namespaces, unless it is
 * to name it. It only helps. Whatever it does, and without it, every packet is
 * judged; and without it there are no raw sockets (ENOSYS).
 */

#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/seccomp.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jail_broker.h"

#define LINK	3	/* descriptor: who enters the jail */

/* Since Linux 6.6; headers of 6.1 lack them. */
#define NOTIF_SET_FLAGS		SECCOMP_IOW(4, __u64)
#define NOTIF_SYNC_WAKE_UP	1UL

/* What the broker says when it has what it needs, or cannot have it. */
struct broker_report {
	int error;
	char text[JAIL_ERRMSGLEN];
};

/*
 * Capabilities: to make raw sockets, and to look at who asks for them; the last
 * one to set the host name, only where that is to be.
 */
static const cap_value_t caps_kept[] = { CAP_NET_RAW, CAP_SYS_PTRACE,
	CAP_SYS_ADMIN };

static const int calls_kept[] = {
	SCMP_SYS(ppoll), SCMP_SYS(poll), SCMP_SYS(ioctl), SCMP_SYS(read),
	SCMP_SYS(close), SCMP_SYS(socket), SCMP_SYS(bind), SCMP_SYS(connect),
	SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(getsockname),
	SCMP_SYS(getpeername),
	SCMP_SYS(pidfd_open), SCMP_SYS(pidfd_getfd),
	SCMP_SYS(process_vm_readv), SCMP_SYS(openat), SCMP_SYS(bpf),
	SCMP_SYS(sendto), SCMP_SYS(exit_group), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(restart_syscall),	/* after the jail was frozen */
	SCMP_SYS(sethostname), SCMP_SYS(setdomainname),
#ifdef __SANITIZE_ADDRESS__	/* what that has memory by */
	SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mprotect),
	SCMP_SYS(madvise), SCMP_SYS(sigaltstack), SCMP_SYS(sched_yield),
#endif
};

static int
drop_capabilities(const struct broker *b)
{
	const int n = sizeof(caps_kept) / sizeof(caps_kept[0]) - !b->hostname;
	cap_t caps = cap_init();
	int error = 0;

	if (caps == NULL)
		return (jail_fail(ENOMEM, "out of memory"));
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++)
		error |= cap_drop_bound(cap);
	error |= cap_set_flag(caps, CAP_PERMITTED, n, caps_kept, CAP_SET);
	error |= cap_set_flag(caps, CAP_EFFECTIVE, n, caps_kept, CAP_SET);
	error |= cap_set_proc(caps);
	cap_free(caps);
	return (error == 0 ? 0 : jail_fail(errno, "capabilities cannot be "
	    "dropped: %s", strerror(errno)));
}

static int
drop_calls(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int error = 0;

	if (ctx == NULL)
		return (jail_fail(ENOMEM, "out of memory"));
	for (size_t i = 0; i < sizeof(calls_kept) / sizeof(calls_kept[0]); i++)
		error |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls_kept[i],
		    0);
	if (error == 0)
		error = seccomp_load(ctx);
	seccomp_release(ctx);
	return (error == 0 ? 0 : jail_fail(ENOSYS, "its filter of system "
	    "calls cannot be set"));
}

/* The descriptors of whoever starts a jail are not the broker's. */
static int
drop_descriptors(int link)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null == -1)
		return (jail_fail(errno, "/dev/null: %s", strerror(errno)));
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	if (dup2(link, LINK) == -1)
		return (jail_fail(errno, "descriptors: %s", strerror(errno)));
	syscall(SYS_close_range, LINK + 1, ~0U, 0);
	return (0);
}

/* jailkill(8) is for the jail's processes; SIGKILL is for everyone. */
static void
ignore_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

/* The kernel asks for one of those groups, whatever the capabilities. */
static int
join_ping_groups(const struct broker *b)
{
	const struct groups g = broker_ping_groups(b);

	if (g.first > g.last || setresgid(g.first, g.first, g.first) == 0)
		return (0);
	return (jail_fail(errno, "group %u: %s", g.first, strerror(errno)));
}

static int
setup(struct broker *b, const char *pins, int link)
{
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NAME, "jailbroker");
	process_name("jailbroker");
	ignore_signals();
	setsid();
	if (chdir("/") != 0)
		return (jail_fail(errno, "/: %s", strerror(errno)));
	if (setns(b->init, CLONE_NEWNET | (b->hostname ? CLONE_NEWUTS : 0)) !=
	    0)
		return (jail_fail(errno, "namespaces: %s", strerror(errno)));
	if (drop_descriptors(link) != 0 || kern_open_sets(&b->k, pins) != 0)
		return (-1);
	if (b->capture) {
		b->filter = kern_capture_load(pins, b->cgroup);
		if (b->filter == -1)
			return (-1);
	}
	b->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (b->proc == -1)
		return (jail_fail(errno, "/proc: %s", strerror(errno)));
	if (join_ping_groups(b) != 0)
		return (-1);
	b->notify = descriptor_receive(LINK);
	if (b->notify == -1)
		return (-1);
	if (seccomp_notify_alloc(&b->req, &b->resp) != 0)
		return (jail_fail(ENOMEM, "out of memory"));
	return (drop_capabilities(b) == 0 ? drop_calls() : -1);
}

/* Who asked may be gone by now (ENOENT), as it may be when it is answered. */
static bool
answer_one(struct broker *b)
{
	memset(b->req, 0, sizeof(*b->req));
	if (seccomp_notify_receive(b->notify, b->req) != 0)
		return (errno == ENOENT || errno == EINTR);
	broker_answer(b, b->req, b->resp);
	seccomp_notify_respond(b->notify, b->resp);
	return (true);
}

/* Until there is no process left with the filter. */
static void
serve(struct broker *b)
{
	struct pollfd pfd = { .fd = b->notify, .events = POLLIN };

	/* (Only to be faster: who asks waits, and lends its processor.) */
	ioctl(b->notify, NOTIF_SET_FLAGS, NOTIF_SYNC_WAKE_UP);
	while (poll(&pfd, 1, -1) == 1 && (pfd.revents & POLLIN) &&
	    answer_one(b))
		continue;
}

static _Noreturn void
broker_main(struct broker *b, const char *pins, int link)
{
	struct broker_report r = { 0 };

	if (setup(b, pins, link) != 0) {
		r.error = errno;
		snprintf(r.text, sizeof(r.text), "%s", jail_errmsg);
	}
	if (send(LINK, &r, sizeof(r), MSG_NOSIGNAL) != sizeof(r) ||
	    r.error != 0)
		_exit(1);
	close(LINK);
	serve(b);
	_exit(0);
}

/* The caller's children are its own affair, so the broker is none of them. */
static int
fork_apart(struct broker *b, const char *pins, int cgroup, int link)
{
	pid_t pid = clone_into(cgroup, 0);

	if (pid == 0) {
		pid = fork();
		if (pid == 0)
			broker_main(b, pins, link);
		_exit(pid == -1);
	}
	if (pid == -1)
		return (jail_fail(errno, "layer broker: %s", strerror(errno)));
	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		continue;
	return (0);
}

/* Is there a choice of addresses, so that the source depends on where to? */
bool
broker_asks_sends(const struct prison *pr)
{
	return (((pr->pr_flags & PR_IP4) && pr->pr_nip4 > 1) ||
	    ((pr->pr_flags & PR_IP6) && pr->pr_nip6 > 1));
}

int
broker_start(const struct session *s, const struct jail *j, int cgroup,
    int init)
{
	struct broker b = { .cgroup = j->pi.pi_cgroup, .filter = -1,
		.last = -1, .process = -1,
		.init = init,
		.several = broker_asks_sends(&j->pr),
		.capture = (j->pr.pr_flags & PR_ALLOW_PACKET_CAPTURE) != 0,
		.hostname = (j->pr.pr_flags & PR_ALLOW_SET_HOSTNAME) != 0 };
	int error, link[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, link) != 0)
		return (jail_fail(errno, "layer broker: %s", strerror(errno)));
	error = fork_apart(&b, s->m.pins, cgroup, link[1]);
	close(link[1]);
	if (error == 0)
		return (link[0]);
	close(link[0]);
	return (-1);
}

int
broker_hand_over(int link, int notify)
{
	struct broker_report r;
	ssize_t len = -1;

	if (descriptor_send(link, notify) == 0)
		len = recv(link, &r, sizeof(r), 0);
	if (len != sizeof(r))
		return (jail_fail(EPIPE, "layer broker: it died as it "
		    "started"));
	if (r.error != 0)
		return (jail_fail(r.error, "layer broker: %s", r.text));
	return (0);
}
