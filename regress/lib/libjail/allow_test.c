/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The parameters that permit something beside the network: each gives root in
 * a jail what its line in jail(8) says, and nothing of the others.
 */

#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/wait.h>

#include <linux/fs.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "jail.h"

#include "attack.h"
#include "common.h"
#include "vnet.h"

static int
set_flag(int fd, int flag)
{
	return (error_of(ioctl(fd, FS_IOC_SETFLAGS, &flag)));
}

static int
make_immutable(void)
{
	char name[] = "/var/tmp/netjail-XXXXXX";
	int error, fd = mkstemp(name);

	if (fd == -1)
		return (errno);
	error = set_flag(fd, FS_IMMUTABLE_FL);
	set_flag(fd, 0);
	close(fd);
	unlink(name);
	return (error);
}

static int
lock_memory(void)
{
	const struct rlimit none = { 0, 0 };
	static char page[4096];

	setrlimit(RLIMIT_MEMLOCK, &none);
	/* (A sanitizer's mlock(2) does nothing.) */
	return (error_of(syscall(SYS_mlock, page, sizeof(page))));
}

static int
read_messages(void)
{
	char buf[256];

	return (error_of(syscall(SYS_syslog, 3, buf, (int)sizeof(buf))));
}

/* Anybody may ask for that where kernel.dmesg_restrict is 0. */
static int
count_messages(void)
{
	return (error_of(syscall(SYS_syslog, 10, NULL, 0)));
}

/* To what it is. */
static int
set_clock(void)
{
	struct timex tx = { .modes = 0 };

	if (adjtimex(&tx) == -1)
		return (errno);
	tx.modes = ADJ_FREQUENCY;
	return (error_of(adjtimex(&tx)));
}

static int
make_socket(int af, int type)
{
	int fd = socket(af, type, 0);

	if (fd != -1)
		close(fd);
	return (error_of(fd));
}

static int
other_family(void)
{
	return (make_socket(AF_VSOCK, SOCK_STREAM));
}

/* To what it is. */
static int
set_domainname(void)
{
	char name[65] = "";

	if (getdomainname(name, sizeof(name) - 1) != 0)
		return (errno);
	return (error_of(setdomainname(name, strlen(name))));
}

static int
user_namespace(void)
{
	return (error_of(unshare(CLONE_NEWUSER)));
}

static const struct {
	const char *param;
	int (*try)(void);
	int error;		/* without it */
} rows[] = {
	{ "allow.chflags", make_immutable, EPERM },
	{ "allow.mlock", lock_memory, EPERM },
	{ "allow.read_msgbuf", read_messages, EPERM },
	{ "allow.read_msgbuf", count_messages, EPERM },
	{ "allow.set_hostname", attack_set_hostname, EPERM },
	{ "allow.set_hostname", set_domainname, EPERM },
	{ "allow.settime", set_clock, EPERM },
	{ "allow.socket_af", other_family, EAFNOSUPPORT },
	{ "allow.userns", user_namespace, EPERM },
};

#define NROWS	(sizeof(rows) / sizeof(rows[0]))

static int
try_row(void *arg)
{
	return (rows[*(const size_t *)arg].try());
}

static int
try_as_user(void *arg)
{
	if (setgroups(0, NULL) != 0 || setgid(ATTACK_USER) != 0 ||
	    setuid(ATTACK_USER) != 0)
		return (254);
	return (try_row(arg));
}

/* Outside, as root: 0, or the kernel does not have it. */
static int
try_outside(size_t row)
{
	const struct attack at = { .at_try = rows[row].try };

	return (attack_outside(&at));
}

static int
jail_with(const char *param)
{
	return (make_jail(param + strlen("allow."), "path", "/", "ip4",
	    "disable", "ip6", "disable", param, "true", NULL));
}

JAIL_TC(each_permits_what_it_says_and_nothing_else, "as root and as a user")
{
	bool has[NROWS];
	int got, jid, want;

	vnet_instance(tc);
	for (size_t i = 0; i < NROWS; i++) {
		has[i] = try_outside(i) == 0;
		if (!has[i])
			printf("%s: not here\n", rows[i].param);
	}
	for (size_t i = 0; i < NROWS; i++) {
		if (i > 0 && strcmp(rows[i].param, rows[i - 1].param) == 0)
			continue;
		jid = jail_with(rows[i].param);
		for (size_t k = 0; k < NROWS; k++) {
			want = strcmp(rows[i].param, rows[k].param) == 0 ? 0 :
			    rows[k].error;
			got = in_jail(jid, try_row, &k);
			ATF_CHECK_MSG(got == want || (want == 0 && !has[k]),
			    "%s, row %zu: %s, not %s", rows[i].param, k,
			    strerror(got), strerror(want));
			got = in_jail(jid, try_as_user, &k);
			ATF_CHECK_MSG(want == 0 || got != 0,
			    "%s, row %zu, user: works", rows[i].param, k);
		}
	}
}

static int
take_messages(void *arg)
{
	char buf[64];

	(void)arg;
	for (int action = 2; action <= 11; action++) {
		if (action == 3 || action == 9 || action == 10)
			continue;
		if (error_of(syscall(SYS_syslog, action, buf,
		    (int)sizeof(buf))) != EPERM)
			return (action);
	}
	return (0);
}

JAIL_TC(messages_can_be_read_but_not_taken, "from those who wait for them")
{
	vnet_instance(tc);
	ATF_CHECK_EQ(0, in_jail(jail_with("allow.read_msgbuf"), take_messages,
	    NULL));
}

/* Families that carry IP packets, and the numbers above all families. */
static int
carriers(void *arg)
{
	static const int afs[] = { AF_PACKET, AF_PPPOX, AF_RDS, AF_RXRPC,
		AF_SMC, AF_XDP };

	(void)arg;
	for (size_t i = 0; i < sizeof(afs) / sizeof(afs[0]); i++) {
		if (make_socket(afs[i], SOCK_RAW) != EAFNOSUPPORT)
			return (afs[i]);
	}
	return (error_of(syscall(SYS_socket, AF_PACKET | 1UL << 32, SOCK_RAW,
	    0)) == EAFNOSUPPORT ? 0 : 1);
}

JAIL_TC(families_that_carry_ip_are_for_nobody, "whatever is permitted")
{
	vnet_instance(tc);
	ATF_CHECK_EQ(0, in_jail(jail_with("allow.socket_af"), carriers, NULL));
}

/* With all capabilities over namespaces of its own. */
static int
use_namespace(void *arg)
{
	(void)arg;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) != 0)
		return (1);
	if (error_of(syscall(SYS_mount, "x", "/tmp", "tmpfs", 0, NULL)) !=
	    EPERM)
		return (2);
	if (error_of(syscall(SYS_setns, 0, 0)) != EPERM)
		return (3);
	return (error_of(syscall(SYS_bpf, 0, NULL, 0)) == EPERM ? 0 : 4);
}

JAIL_TC(user_namespace_leads_nowhere, "mounts, other namespaces, bpf")
{
	vnet_instance(tc);
	ATF_CHECK_EQ(0, in_jail(jail_with("allow.userns"), use_namespace,
	    NULL));
}

static int
rename_host(void *arg)
{
	const char *name = arg;

	return (error_of(sethostname(name, strlen(name))));
}

static int
is_named(void *arg)
{
	char name[65] = "";

	gethostname(name, sizeof(name) - 1);
	return (strcmp(name, arg) != 0);
}

/* Kernel functions fail in the same way: sethostname(2). */
static int
name_badly(void *arg)
{
	char name[65] = "";

	(void)arg;
	if (error_of(syscall(SYS_sethostname, name, 65)) != EINVAL ||
	    error_of(syscall(SYS_sethostname, name, -1)) != EINVAL)
		return (1);
	return (error_of(syscall(SYS_sethostname, NULL, 3)) == EFAULT ? 0 : 2);
}

JAIL_TC(jail_names_itself_and_nobody_else, "whatever it is called by others")
{
	int jid, other;
	char *name;

	vnet_instance(tc);
	jid = jail_with("allow.set_hostname");
	other = make_jail("other", "host.hostname", "other", NULL);
	ATF_REQUIRE_EQ(0, in_jail(jid, rename_host, "renamed"));
	ATF_CHECK_EQ(0, in_jail(jid, is_named, "renamed"));
	ATF_CHECK_EQ(0, in_jail(other, is_named, "other"));
	ATF_CHECK(is_named("renamed") != 0);
	ATF_CHECK_EQ(jid, jail_getid("set_hostname"));
	name = jail_getname(jid);
	ATF_CHECK_STREQ("set_hostname", name);
	free(name);
	ATF_CHECK_EQ(0, in_jail(jid, name_badly, NULL));
}

/* Who tells it is at the other end of descriptor 0. */
static int
rename_when_told(void)
{
	char byte;

	if (write(0, "", 1) != 1 || read(0, &byte, 1) != 1)
		return (254);
	return (rename_host("late"));
}

JAIL_TC(jail_that_may_no_longer_cannot_at_once, "its processes of before, too")
{
	int jid, pair[2], status;
	char byte;
	pid_t pid;

	vnet_instance(tc);
	jid = jail_with("allow.set_hostname");
	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	ATF_REQUIRE_EQ(0, dup2(pair[1], 0));
	pid = jail_fork(jid);
	ATF_REQUIRE(pid != -1);
	if (pid == 0)
		_exit(rename_when_told());
	close(0);
	close(pair[1]);
	ATF_REQUIRE_EQ(1, read(pair[0], &byte, 1));
	ATF_REQUIRE(jail_setv(JAIL_UPDATE, "name", "set_hostname",
	    "allow.noset_hostname", NULL, NULL) != -1);
	ATF_REQUIRE_EQ(1, write(pair[0], "", 1));
	status = wait_child(pid);
	ATF_CHECK_EQ_MSG(EPERM, status, "%d", status);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, each_permits_what_it_says_and_nothing_else);
	ATF_TP_ADD_TC(tp, messages_can_be_read_but_not_taken);
	ATF_TP_ADD_TC(tp, families_that_carry_ip_are_for_nobody);
	ATF_TP_ADD_TC(tp, user_namespace_leads_nowhere);
	ATF_TP_ADD_TC(tp, jail_names_itself_and_nobody_else);
	ATF_TP_ADD_TC(tp, jail_that_may_no_longer_cannot_at_once);
	return (atf_no_error());
}
