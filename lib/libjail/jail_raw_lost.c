/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Raw and "ping" sockets at an address that their jail has lost. What such a
 * socket sends and gets is judged packet by packet; but the kernel tells one
 * that is connected of ICMP errors, with what they are about, and asks nobody.
 * (One that is not connected has no IP_RECVERR, see prison_check_recverr().)
 * No kernel destroys raw sockets for BPF, and not every one for sock_diag(7).
 * So the sockets are sought where the jail's processes have them, and
 * disconnected: that takes a raw one out of the kernel's table for good. One
 * that another jail made, and this one was given, goes with them.
 */

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <netinet/in.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jail_impl.h"

#ifndef PIDFD_THREAD
#define PIDFD_THREAD	O_EXCL	/* since Linux 6.9 */
#endif

#define CONNECTED	1	/* TCP_ESTABLISHED, whatever the protocol */
#define ENTRY_TAIL ":%*x %*[0-9A-F]:%*x %x %*x:%*x %*x:%*x %*x %*u %*d %lu"
#define WALKS_MAX	16	/* programs may pass sockets on meanwhile */

/* Where the kernel lists those of this network namespace. */
static const struct table {
	const char *path;
	int family;		/* FAM_* */
} tables[] = {
	{ "/proc/thread-self/net/raw", FAM_IP4 },
	{ "/proc/thread-self/net/icmp", FAM_IP4 },
	{ "/proc/thread-self/net/raw6", FAM_IP6 },
	{ "/proc/thread-self/net/icmp6", FAM_IP6 },
};

struct entry {
	uint32_t addr[4];	/* its own, in network byte order */
	unsigned int state;
	ino_t inode;
};

/* A jail, and the sockets of anybody that are not at its addresses. */
struct search {
	struct session *s;
	struct jail j;
	ino_t *inodes;
	size_t n;
};

/* "0: 0B0200C0:0011 FE0200C0:0000 01 ...", or with 32 digits for an address. */
static bool
parse_entry(const char *line, int family, struct entry *e)
{
	unsigned long inode;
	int n;

	if (family == FAM_IP4)
		n = 3 + sscanf(line, "%*d: %8x" ENTRY_TAIL, &e->addr[0],
		    &e->state, &inode);
	else
		n = sscanf(line, "%*d: %8x%8x%8x%8x" ENTRY_TAIL, &e->addr[0],
		    &e->addr[1], &e->addr[2], &e->addr[3], &e->state, &inode);
	e->inode = inode;
	return (n == 6);
}

static void
note(struct search *q, ino_t inode)
{
	ino_t *more;

	if (q->n % 64 == 0) {
		more = reallocarray(q->inodes, q->n + 64, sizeof(*more));
		if (more == NULL)
			return;
		q->inodes = more;
	}
	q->inodes[q->n++] = inode;
}

static void
read_table(struct search *q, const struct table *t)
{
	FILE *f = fopen(t->path, "re");
	struct entry e;
	char line[512];

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (parse_entry(line, t->family, &e) &&
		    e.state == CONNECTED && prison_lacks(q->s,
		    &families[t->family], &q->j.pr, e.addr))
			note(q, e.inode);
	}
	if (f != NULL)
		fclose(f);
}

static bool
is_sought(const struct search *q, ino_t inode)
{
	for (size_t i = 0; i < q->n; i++) {
		if (q->inodes[i] == inode)
			return (true);
	}
	return (false);
}

/* The option after the rest: that forgets what the socket was told. */
static void
silence(int sock)
{
	const struct sockaddr unspec = { .sa_family = AF_UNSPEC };
	const int off = 0;

	connect(sock, &unspec, sizeof(unspec));
	setsockopt(sock, IPPROTO_IP, IP_RECVERR, &off, sizeof(off));
	setsockopt(sock, IPPROTO_IPV6, IPV6_RECVERR, &off, sizeof(off));
}

/*
 * A thread may have descriptors that are not those of its process. An older
 * kernel gives what the process has by the number, which may be anything.
 */
static int
open_thread(pid_t pid, pid_t tid)
{
	int pidfd = syscall(SYS_pidfd_open, tid, PIDFD_THREAD);

	return (pidfd == -1 && errno == EINVAL ?
	    syscall(SYS_pidfd_open, pid, 0) : pidfd);
}

/* Silence what has the number there, if it is the socket still. */
static bool
silence_one(int pidfd, int number, ino_t inode)
{
	int sock = syscall(SYS_pidfd_getfd, pidfd, number, 0);
	struct stat st;
	bool found;

	if (sock == -1)
		return (false);
	found = fstat(sock, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    st.st_ino == inode;
	if (found)
		silence(sock);
	close(sock);
	return (found);
}

/* Returns how many were silenced, as those that follow. */
static int
walk_descriptors(const struct search *q, int pidfd, DIR *d)
{
	unsigned long inode;
	struct dirent *e;
	char link[64];
	ssize_t len;
	int n = 0;

	while ((e = readdir(d)) != NULL) {
		len = readlinkat(dirfd(d), e->d_name, link, sizeof(link) - 1);
		link[len > 0 ? len : 0] = '\0';
		if (sscanf(link, "socket:[%lu]", &inode) == 1 &&
		    is_sought(q, inode))
			n += silence_one(pidfd, atoi(e->d_name), inode);
	}
	return (n);
}

static int
walk_thread(const struct search *q, pid_t pid, pid_t tid)
{
	int pidfd = open_thread(pid, tid), n = 0;
	char path[64];
	DIR *d;

	if (pidfd == -1)
		return (0);
	snprintf(path, sizeof(path), "/proc/%d/task/%d/fd", pid, tid);
	d = opendir(path);
	if (d != NULL) {
		n = walk_descriptors(q, pidfd, d);
		closedir(d);
	}
	close(pidfd);
	return (n);
}

static int
walk_process(const struct search *q, pid_t pid)
{
	struct dirent *e;
	char path[64];
	int n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	d = opendir(path);
	while (d != NULL && (e = readdir(d)) != NULL) {
		if (e->d_name[0] != '.')
			n += walk_thread(q, pid, atoi(e->d_name));
	}
	if (d != NULL)
		closedir(d);
	return (n);
}

/* (Most often there is no such socket, and nobody's descriptors are read.) */
static int
walk_jail(struct search *q)
{
	int n = 0, npids = 0;
	pid_t *pids = NULL;

	q->n = 0;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		read_table(q, &tables[i]);
	if (q->n > 0)
		npids = cgroup_pids(q->s, q->j.pi.pi_id, &pids);
	for (int i = 0; i < npids; i++)
		n += walk_process(q, pids[i]);
	free(npids >= 0 ? pids : NULL);
	return (n);
}

/* Those of the jail in this network namespace, by the addresses it has now. */
void
raw_silence_lost(struct session *s, uint32_t jid)
{
	struct search q = { .s = s };

	if (jail_read(s, jid, &q.j) != 0)
		return;
	for (int i = 0; i < WALKS_MAX && walk_jail(&q) > 0; i++)
		continue;
	free(q.inodes);
}
