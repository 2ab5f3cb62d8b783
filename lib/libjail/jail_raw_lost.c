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

#include <linux/kcmp.h>
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

#define PAUSE_MS	200	/* who is stuck in the kernel does not freeze */
#define CONNECTED	1	/* TCP_ESTABLISHED, whatever the protocol */
#define ENTRY_TAIL ":%*x %*[0-9A-F]:%*x %x %*x:%*x %*x:%*x %*x %*u %*d %lu"

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

/* A thread of the jail. */
struct thread {
	pid_t pid, tid;
};

/* A jail, the sockets of anybody that are not at its addresses, its threads. */
struct search {
	struct session *s;
	struct jail j;
	ino_t *inodes;
	size_t n;
	struct thread *threads;
	size_t nthreads;
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

/* Make room for one more of so many; *array stays if there is none. */
static bool
grow(void *array, size_t n, size_t size)
{
	void **ret = array, *more = *ret;

	if (n % 64 == 0)
		more = reallocarray(*ret, n + 64, size);
	if (more == NULL)
		return (false);
	*ret = more;
	return (true);
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
		    &families[t->family], &q->j.pr, e.addr) &&
		    grow(&q->inodes, q->n, sizeof(*q->inodes)))
			q->inodes[q->n++] = e.inode;
	}
	if (f != NULL)
		fclose(f);
}

static int
compare_inodes(const void *a, const void *b)
{
	ino_t x = *(const ino_t *)a, y = *(const ino_t *)b;

	return (x < y ? -1 : x > y);
}

static bool
is_sought(const struct search *q, ino_t inode)
{
	return (bsearch(&inode, q->inodes, q->n, sizeof(inode),
	    compare_inodes) != NULL);
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
static void
silence_one(int pidfd, int number, ino_t inode)
{
	int sock = syscall(SYS_pidfd_getfd, pidfd, number, 0);
	struct stat st;

	if (sock == -1)
		return;
	if (fstat(sock, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    st.st_ino == inode)
		silence(sock);
	close(sock);
}

static void
walk_descriptors(const struct search *q, int pidfd, DIR *d)
{
	unsigned long inode;
	struct dirent *e;
	char link[64];
	ssize_t len;

	while ((e = readdir(d)) != NULL) {
		len = readlinkat(dirfd(d), e->d_name, link, sizeof(link) - 1);
		link[len > 0 ? len : 0] = '\0';
		if (sscanf(link, "socket:[%lu]", &inode) == 1 &&
		    is_sought(q, inode))
			silence_one(pidfd, atoi(e->d_name), inode);
	}
}

static void
walk_thread(const struct search *q, const struct thread *t)
{
	int pidfd = open_thread(t->pid, t->tid);
	char path[64];
	DIR *d;

	if (pidfd == -1)
		return;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/fd", t->pid, t->tid);
	d = opendir(path);
	if (d != NULL) {
		walk_descriptors(q, pidfd, d);
		closedir(d);
	}
	close(pidfd);
}

static void
note_threads(struct search *q, pid_t pid)
{
	struct dirent *e;
	char path[64];
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	d = opendir(path);
	while (d != NULL && (e = readdir(d)) != NULL) {
		if (e->d_name[0] != '.' && grow(&q->threads, q->nthreads,
		    sizeof(*q->threads)))
			q->threads[q->nthreads++] = (struct thread){ pid,
			    atoi(e->d_name) };
	}
	if (d != NULL)
		closedir(d);
}

/* The kernel has an order of tables of descriptors, kcmp(2). */
static int
compare_files(const void *a, const void *b)
{
	const struct thread *x = a, *y = b;
	long order = syscall(SYS_kcmp, x->tid, y->tid, KCMP_FILES, 0, 0);

	return (order == 0 ? 0 : order == 1 ? -1 : 1);
}

/* Each table once, however many threads have it. */
static void
walk_threads(struct search *q)
{
	pid_t *pids = NULL;
	int npids = cgroup_pids(q->s, q->j.pi.pi_id, &pids);

	for (int i = 0; i < npids; i++)
		note_threads(q, pids[i]);
	free(npids >= 0 ? pids : NULL);
	if (q->nthreads > 0)
		qsort(q->threads, q->nthreads, sizeof(*q->threads),
		    compare_files);
	for (size_t i = 0; i < q->nthreads; i++) {
		if (i == 0 || compare_files(&q->threads[i - 1],
		    &q->threads[i]) != 0)
			walk_thread(q, &q->threads[i]);
	}
}

/*
 * Those of the jail in this network namespace, by the addresses it has now.
 * Most often there is none, and nobody's descriptors are read. If there is, the
 * jail stands still, so that none moves meanwhile.
 */
void
raw_silence_lost(struct session *s, uint32_t jid)
{
	struct search q = { .s = s };

	if (jail_read(s, jid, &q.j) != 0)
		return;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		read_table(&q, &tables[i]);
	if (q.n > 0) {
		qsort(q.inodes, q.n, sizeof(*q.inodes), compare_inodes);
		cgroup_freeze(s, jid, PAUSE_MS);
		walk_threads(&q);
	}
	if (q.n > 0 || s->recovering)
		cgroup_freeze(s, jid, 0);
	free(q.inodes);
	free(q.threads);
}
