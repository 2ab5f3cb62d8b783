/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What a process in a jail may ask of the kernel: capabilities and system
 * calls. Both are given up for good.
 */

#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <kern-jail/kern_cap.h>
#include <kern-jail/kern_priv.h>

#include "jail_broker.h"

#define SOCK_TYPE_MASK	0xf
#define AF_LAST		255	/* above all that there are */
#define SYSLOG_LAST	10	/* SYSLOG_ACTION_SIZE_BUFFER */
#define NELEMS(a) (sizeof(a) / sizeof((a)[0]))

/*
 * System calls that lead out of a jail, whatever the caller's privileges. A
 * user namespace would give them all back; clone3(2) hides its flags behind a
 * pointer, and ENOSYS makes libraries use clone(2). io_uring makes sockets that
 * no filter of calls sees.
 */
static const struct {
	int call;
	int error;
} refused[] = {
	{ SCMP_SYS(bpf), EPERM },
	{ SCMP_SYS(clone3), ENOSYS },
	{ SCMP_SYS(setns), EPERM },
	{ SCMP_SYS(io_uring_setup), ENOSYS },
	{ SCMP_SYS(io_uring_enter), ENOSYS },
	{ SCMP_SYS(io_uring_register), ENOSYS },
	{ SCMP_SYS(add_key), EPERM },
	{ SCMP_SYS(request_key), EPERM },
	{ SCMP_SYS(keyctl), EPERM },
	{ SCMP_SYS(perf_event_open), EPERM },
	{ SCMP_SYS(open_by_handle_at), EPERM },
	{ SCMP_SYS(mount), EPERM },
	{ SCMP_SYS(umount2), EPERM },
	{ SCMP_SYS(pivot_root), EPERM },
	{ SCMP_SYS(fsopen), EPERM },
	{ SCMP_SYS(fsmount), EPERM },
	{ SCMP_SYS(fspick), EPERM },
	{ SCMP_SYS(open_tree), EPERM },
	{ SCMP_SYS(move_mount), EPERM },
	{ SCMP_SYS(mount_setattr), EPERM },
};

static int
drop_bounding(uint32_t prflags)
{
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++) {
		if (prison_priv_check(prflags, cap) != 0 &&
		    cap_drop_bound(cap) != 0)
			return (jail_fail(errno, "capability %d cannot be "
			    "dropped: %s", cap, strerror(errno)));
	}
	return (0);
}

/* The process's own sets: what it keeps, or nothing at all. */
static int
drop_sets(uint32_t prflags, bool all)
{
	cap_t caps = cap_init();
	cap_value_t cap;
	int error = 0;

	if (caps == NULL)
		return (jail_fail(ENOMEM, "out of memory"));
	for (cap = 0; cap < cap_max_bits(); cap++) {
		if (all || prison_priv_check(prflags, cap) != 0)
			continue;
		cap_set_flag(caps, CAP_PERMITTED, 1, &cap, CAP_SET);
		cap_set_flag(caps, CAP_EFFECTIVE, 1, &cap, CAP_SET);
	}
	if (cap_reset_ambient() != 0 || cap_set_proc(caps) != 0)
		error = jail_fail(errno, "capabilities cannot be dropped: %s",
		    strerror(errno));
	cap_free(caps);
	return (error);
}

/*
 * The families that a jail has not, but for PACKET, which is the last that it
 * may have unless it has others.
 */
static int
filter_families(scmp_filter_ctx ctx, const struct prison *pr)
{
	const uint32_t deny = SCMP_ACT_ERRNO(EAFNOSUPPORT);
	const int last = pr->pr_flags & PR_ALLOW_SOCKET_AF ? AF_LAST :
	    AF_PACKET;
	int error = 0;

	for (int af = AF_UNIX; af <= last; af++) {
		if (af != AF_PACKET && prison_check_family(pr, af) != 0)
			error |= seccomp_rule_add(ctx, deny, SCMP_SYS(socket),
			    1, SCMP_A0(SCMP_CMP_EQ, af, 0));
	}
	return (error | seccomp_rule_add(ctx, deny, SCMP_SYS(socket), 1,
	    SCMP_A0(SCMP_CMP_GT, last, 0)));
}

/*
 * Families: UNIX, INET, INET6 and, if it may, NETLINK_ROUTE, and PACKET, which
 * is the next after NETLINK, by the broker; others if it may. The filter
 * compares the whole register, so anything above the lowest 32 bits is refused
 * too. The kernel takes INET with SOCK_PACKET for PACKET.
 */
static int
filter_sockets(scmp_filter_ctx ctx, const struct prison *pr, bool packet)
{
	const uint32_t deny = SCMP_ACT_ERRNO(EAFNOSUPPORT);
	int error = filter_families(ctx, pr);

	if (!(pr->pr_flags & PR_ALLOW_NETLINK))
		error |= seccomp_rule_add(ctx, deny, SCMP_SYS(socket), 1,
		    SCMP_A0(SCMP_CMP_EQ, AF_NETLINK, 0));
	error |= seccomp_rule_add(ctx, deny, SCMP_SYS(socket), 1,
	    SCMP_A0(SCMP_CMP_LT, AF_UNIX, 0));
	if (!packet)
		error |= seccomp_rule_add(ctx, deny, SCMP_SYS(socket), 1,
		    SCMP_A0(SCMP_CMP_EQ, AF_PACKET, 0));
	error |= seccomp_rule_add(ctx, deny, SCMP_SYS(socket), 2,
	    SCMP_A0(SCMP_CMP_EQ, AF_NETLINK, 0),
	    SCMP_A2(SCMP_CMP_NE, NETLINK_ROUTE, 0));
	error |= seccomp_rule_add(ctx, deny, SCMP_SYS(socket), 2,
	    SCMP_A0(SCMP_CMP_EQ, AF_INET, 0),
	    SCMP_A1(SCMP_CMP_MASKED_EQ, SOCK_TYPE_MASK, SOCK_PACKET));
	if (!(pr->pr_flags & PR_ALLOW_SOCKET_AF))
		error |= seccomp_rule_add(ctx, deny, SCMP_SYS(socketpair), 1,
		    SCMP_A0(SCMP_CMP_NE, AF_UNIX, 0));
	return (error);
}

/* No user namespace, unless it may. */
static int
filter_userns(scmp_filter_ctx ctx)
{
	const uint32_t deny = SCMP_ACT_ERRNO(EPERM);

	return (seccomp_rule_add(ctx, deny, SCMP_SYS(clone), 1,
	    SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER)) |
	    seccomp_rule_add(ctx, deny, SCMP_SYS(unshare), 1,
	    SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER)));
}

/*
 * The kernel's messages, which it may let anybody read. Who is permitted to
 * read them is not to take them from those who wait for them, nor to clear them
 * or silence the console (SYSLOG_ACTION_READ, and READ_CLEAR to CONSOLE_LEVEL).
 */
static int
filter_syslog(scmp_filter_ctx ctx, uint32_t prflags)
{
	static const int actions[] = { 2, 4, 5, 6, 7, 8 };
	const uint32_t deny = SCMP_ACT_ERRNO(EPERM);
	int error = 0;

	if (!(prflags & PR_ALLOW_READ_MSGBUF))
		return (seccomp_rule_add(ctx, deny, SCMP_SYS(syslog), 0));
	error |= seccomp_rule_add(ctx, deny, SCMP_SYS(syslog), 1,
	    SCMP_A0(SCMP_CMP_GT, SYSLOG_LAST, 0));
	for (size_t i = 0; i < NELEMS(actions); i++)
		error |= seccomp_rule_add(ctx, deny, SCMP_SYS(syslog), 1,
		    SCMP_A0(SCMP_CMP_EQ, actions[i], 0));
	return (error);
}

/* No keys into the terminal that jexec handed over. */
static int
filter_terminals(scmp_filter_ctx ctx)
{
	const uint32_t deny = SCMP_ACT_ERRNO(EPERM);

	return (seccomp_rule_add(ctx, deny, SCMP_SYS(ioctl), 1,
	    SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, TIOCSTI)) |
	    seccomp_rule_add(ctx, deny, SCMP_SYS(ioctl), 1,
	    SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, TIOCLINUX)));
}

/* Ask the broker about raw and "ping" sockets. */
static int
filter_raw(scmp_filter_ctx ctx)
{
	static const struct {
		int af, proto;
	} pings[] = {
		{ AF_INET, IPPROTO_ICMP }, { AF_INET, IPPROTO_ICMPV6 },
		{ AF_INET6, IPPROTO_ICMP }, { AF_INET6, IPPROTO_ICMPV6 },
	};
	static const int afs[] = { AF_INET, AF_INET6 };
	int error = 0;

	for (size_t i = 0; i < NELEMS(afs); i++)
		error |= seccomp_rule_add(ctx, SCMP_ACT_NOTIFY,
		    SCMP_SYS(socket), 2, SCMP_A0(SCMP_CMP_EQ, afs[i], 0),
		    SCMP_A1(SCMP_CMP_MASKED_EQ, SOCK_TYPE_MASK, SOCK_RAW));
	for (size_t i = 0; i < NELEMS(pings); i++)
		error |= seccomp_rule_add(ctx, SCMP_ACT_NOTIFY,
		    SCMP_SYS(socket), 3, SCMP_A0(SCMP_CMP_EQ, pings[i].af, 0),
		    SCMP_A1(SCMP_CMP_MASKED_EQ, SOCK_TYPE_MASK, SOCK_DGRAM),
		    SCMP_A2(SCMP_CMP_EQ, pings[i].proto, 0));
	return (error);
}

/*
 * And about what is done to those that it has made, which have numbers of their
 * own: where it depends on the destination what the source is, about each send,
 * and before a socket gets another number, by which it would not be asked.
 */
static int
filter_numbers(scmp_filter_ctx ctx, bool sends)
{
	static const int calls[] = { SCMP_SYS(bind), SCMP_SYS(connect),
		SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(sendmmsg),
		SCMP_SYS(dup), SCMP_SYS(dup2), SCMP_SYS(dup3) };
	static const int cmds[] = { F_DUPFD, F_DUPFD_CLOEXEC };
	const struct scmp_arg_cmp own = SCMP_A0(SCMP_CMP_MASKED_EQ,
	    RAWFD_MASK, RAWFD_FIRST);
	int error = 0;

	for (size_t i = 0; i < (sends ? NELEMS(calls) : 2); i++)
		error |= seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, calls[i], 1,
		    own);
	for (size_t i = 0; sends && i < NELEMS(cmds); i++)
		error |= seccomp_rule_add(ctx, SCMP_ACT_NOTIFY,
		    SCMP_SYS(fcntl), 2, own, SCMP_A1(SCMP_CMP_EQ, cmds[i],
		    0));
	return (error);
}

/* Ask the broker about what it is there for. */
static int
filter_asking(scmp_filter_ctx ctx, const struct prison *pr)
{
	int error = 0;

	if (pr->pr_flags & BROKER_SOCKETS)
		error |= filter_raw(ctx) |
		    filter_numbers(ctx, broker_asks_sends(pr));
	if (pr->pr_flags & PR_ALLOW_PACKET_CAPTURE)
		error |= seccomp_rule_add(ctx, SCMP_ACT_NOTIFY,
		    SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_PACKET, 0));
	if (pr->pr_flags & PR_ALLOW_SET_HOSTNAME)
		error |= seccomp_rule_add(ctx, SCMP_ACT_NOTIFY,
		    SCMP_SYS(sethostname), 0) | seccomp_rule_add(ctx,
		    SCMP_ACT_NOTIFY, SCMP_SYS(setdomainname), 0);
	return (error);
}

static int
filter_all(scmp_filter_ctx ctx, const struct prison *pr, bool broker)
{
	const bool packet = broker &&
	    (pr->pr_flags & PR_ALLOW_PACKET_CAPTURE);
	int error = 0;

	for (size_t i = 0; i < NELEMS(refused); i++)
		error |= seccomp_rule_add(ctx, SCMP_ACT_ERRNO(
		    refused[i].error), refused[i].call, 0);
	error |= filter_sockets(ctx, pr, packet);
	error |= filter_terminals(ctx);
	if (!(pr->pr_flags & PR_ALLOW_USERNS))
		error |= filter_userns(ctx);
	error |= filter_syslog(ctx, pr->pr_flags);
	return (broker ? error | filter_asking(ctx, pr) : error);
}

/*
 * Load a filter that asks the broker. Once he has heard the question, nothing
 * but a signal that kills keeps the program from his answer: libseccomp 2.5
 * cannot say so.
 *
 * Returns 0 with *notify set, or an errno below 0.
 */
static int
load_asking(scmp_filter_ctx ctx, int *notify)
{
	const int fd = memfd_create("filter", MFD_CLOEXEC);
	struct sock_fprog prog;
	int error = fd == -1 ? -errno : seccomp_export_bpf(ctx, fd);
	const size_t len = error == 0 ? lseek(fd, 0, SEEK_END) : 1;
	void *insns = MAP_FAILED;

	if (error == 0)
		insns = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (insns != MAP_FAILED) {
		prog.len = len / sizeof(*prog.filter);
		prog.filter = insns;
		*notify = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		    SECCOMP_FILTER_FLAG_NEW_LISTENER |
		    SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &prog);
	}
	if (error == 0 && (insns == MAP_FAILED || *notify == -1))
		error = -errno;
	if (insns != MAP_FAILED)
		munmap(insns, len);
	if (fd != -1)
		close(fd);
	return (error);
}

/*
 * Programs of another ABI are killed: their arguments cannot be read. Sets
 * *notify, if it is given, to where the filter asks the broker.
 */
static int
load_filter(const struct prison *pr, int *notify)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int error = 0;

	if (ctx == NULL)
		return (jail_fail(ENOMEM, "layer seccomp: out of memory"));
	error |= seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0);
	error |= seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH,
	    SCMP_ACT_KILL_PROCESS);
	error |= filter_all(ctx, pr, notify != NULL);
	if (error != 0) {
		seccomp_release(ctx);
		return (jail_fail(ENOSYS, "layer seccomp: the filter cannot "
		    "be built"));
	}
	error = notify != NULL ? load_asking(ctx, notify) : seccomp_load(ctx);
	seccomp_release(ctx);
	if (error != 0)
		return (jail_fail(ENOSYS, "layer seccomp: %s",
		    strerror(-error)));
	return (0);
}

/*
 * Give up what a jail's process does not have. The session keyring is the
 * host's, so a new one is joined first; a kernel without keyrings is as good.
 */
int
priv_drop(const struct prison *pr, bool init, int *notify)
{
	if (syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, NULL) ==
	    -1 && errno != ENOSYS)
		return (jail_fail(errno, "session keyring: %s",
		    strerror(errno)));
	if (drop_bounding(pr->pr_flags) != 0 || load_filter(pr, notify) != 0 ||
	    drop_sets(pr->pr_flags, init) != 0)
		return (-1);
	return (0);
}
