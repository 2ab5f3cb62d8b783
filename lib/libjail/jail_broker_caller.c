/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The thread that asks the broker for a socket: what it may have, and what it
 * has. All of this may change while we look. That does no harm: every packet is
 * judged by the jail of its socket, and the kernel checks what it does itself.
 */

#include <sys/syscall.h>
#include <sys/uio.h>

#include <linux/capability.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jail_broker.h"

#define STATUS_SIZE	16384	/* of proc_pid_status(5), most of it groups */

/* What follows the name at the beginning of a line; NULL: there is none. */
static const char *
field(const char *status, const char *name)
{
	const size_t len = strlen(name);

	for (const char *line = status; line != NULL;
	    line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, len) == 0)
			return (line + len);
	}
	return (NULL);
}

/* Is one of the numbers up to the end of the line in the range? */
static bool
any_within(const char *numbers, struct groups range)
{
	char *end;

	for (;;) {
		while (*numbers == ' ' || *numbers == '\t')
			numbers++;
		if (*numbers < '0' || *numbers > '9')
			return (false);
		const unsigned long n = strtoul(numbers, &end, 10);

		if (n >= range.first && n <= range.last)
			return (true);
		numbers = end;
	}
}

/*
 * The kernel looks at the effective group and the supplementary ones
 * (ping_init_sock()).
 */
static bool
in_groups(const char *status, struct groups range)
{
	const char *gid = field(status, "Gid:");
	const char *more = field(status, "Groups:");
	unsigned int effective;

	if (gid != NULL && sscanf(gid, "%*u %u", &effective) == 1 &&
	    effective >= range.first && effective <= range.last)
		return (true);
	return (more != NULL && any_within(more, range));
}

/* Fill in the caller from the text of its status. ESRCH: it is not whole. */
int
caller_parse(const char *status, struct groups may_ping, struct caller *c)
{
	const char *tgid = field(status, "Tgid:");
	const char *uids = field(status, "Uid:");
	const char *caps = field(status, "CapEff:");
	unsigned long long effective;
	unsigned int uid;

	if (tgid == NULL || sscanf(tgid, "%d", &c->tgid) != 1 ||
	    c->tgid <= 0 || uids == NULL ||
	    sscanf(uids, "%*u %u", &uid) != 1 || caps == NULL ||
	    sscanf(caps, "%16llx", &effective) != 1)
		return (ESRCH);
	c->root = uid == 0;
	c->net_raw = (effective & 1ULL << CAP_NET_RAW) != 0;
	c->ping = in_groups(status, may_ping);
	return (0);
}

/* A file below /proc, as a string, cut off if it is too large. */
static int
read_file(const struct broker *b, const char *name, char *buf, size_t size)
{
	int fd = openat(b->proc, name, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd == -1)
		return (errno);
	len = read(fd, buf, size - 1);
	close(fd);
	if (len < 0)
		return (EIO);
	buf[len] = '\0';
	return (0);
}

/* Who may have ping sockets; none, in a kernel that cannot say. */
struct groups
broker_ping_groups(const struct broker *b)
{
	struct groups range = { 1, 0 };
	char text[64];

	if (read_file(b, "sys/net/ipv4/ping_group_range", text,
	    sizeof(text)) != 0 ||
	    sscanf(text, "%u %u", &range.first, &range.last) != 2)
		range = (struct groups){ 1, 0 };
	return (range);
}

int
caller_read(const struct broker *b, pid_t tid, struct caller *c)
{
	char name[32], status[STATUS_SIZE];
	int error;

	snprintf(name, sizeof(name), "%d/status", tid);
	c->tid = tid;
	error = read_file(b, name, status, sizeof(status));
	return (error != 0 ? error : caller_parse(status,
	    broker_ping_groups(b), c));
}

/* Copy from its memory, all or nothing. */
int
caller_copy(const struct caller *c, uint64_t from, void *to, size_t len)
{
	const struct iovec own = { to, len };
	const struct iovec its = { (void *)(uintptr_t)from, len };
	ssize_t n = process_vm_readv(c->tid, &own, 1, &its, 1, 0);

	return (n == (ssize_t)len ? 0 : EFAULT);
}

/*
 * Most threads that ask are the first of their process, and ask again. That
 * one's number is nobody else's while the process is there.
 */
static bool
reopen_process(struct broker *b, const struct caller *c)
{
	struct caller whole;

	if (b->process != -1)
		close(b->process);
	b->process = syscall(SYS_pidfd_open, c->tid, 0);
	b->last = b->process != -1 ? c->tid : -1;
	if (b->process == -1 && caller_read(b, c->tid, &whole) == 0)
		b->process = syscall(SYS_pidfd_open, whole.tgid, 0);
	return (b->process != -1);
}

/* A duplicate of one of its descriptors; -1: it has none of that number. */
int
caller_descriptor(struct broker *b, const struct caller *c, int fd)
{
	int dup = -1;

	errno = ESRCH;
	if (b->last == c->tid)
		dup = syscall(SYS_pidfd_getfd, b->process, fd, 0);
	if (dup == -1 && errno == ESRCH && reopen_process(b, c))
		dup = syscall(SYS_pidfd_getfd, b->process, fd, 0);
	return (dup);
}

/* A number of the broker's that is free there; -1: all are taken. */
int
caller_free_number(struct broker *b, const struct caller *c)
{
	int dup;

	for (int fd = RAWFD_FIRST; fd < RAWFD_END; fd++) {
		dup = caller_descriptor(b, c, fd);
		if (dup == -1)
			return (errno == EBADF ? fd : -1);
		close(dup);
	}
	return (-1);
}
