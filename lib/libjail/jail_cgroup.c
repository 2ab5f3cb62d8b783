/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The cgroup of a jail: <cgroup2>/<instance>/<jid>.
 */

#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "jail_impl.h"

#define EMPTY_MS	10000	/* patience with dying processes */
#define ROUND_MS	500	/* and until they are sought again */
#define FIRST_TRY_MS	5	/* and with who is to freeze, at first */

static int
path_of(char path[PATH_MAX], const char *root, uint32_t jid, const char *file)
{
	if (snprintf(path, PATH_MAX, "%s/%u/%s", root, jid, file) >= PATH_MAX)
		return (jail_fail(ENAMETOOLONG, "%s: path is too long", root));
	return (0);
}

int
file_write(const char *path, const char *text)
{
	int fd;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd == -1)
		return (-1);
	if (write(fd, text, strlen(text)) == -1) {
		int saved = errno;

		close(fd);
		errno = saved;
		return (-1);
	}
	close(fd);
	return (0);
}

static int
file_failed(const char *path)
{
	return (jail_fail(errno, "%s: %s", path, strerror(errno)));
}

/* The first line, without its end. */
int
file_read(const char *path, char *text, size_t size)
{
	int error = 0, fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd == -1)
		return (-1);
	len = read(fd, text, size - 1);
	if (len == -1)
		error = -1;
	else
		text[len] = '\0';
	if (error == 0)
		text[strcspn(text, "\n")] = '\0';
	close(fd);
	return (error);
}

/* A descriptor for CLONE_INTO_CGROUP. */
int
cgroup_open(struct session *s, uint32_t jid)
{
	char path[PATH_MAX];
	int fd;

	if (path_of(path, s->m.cgroup, jid, "") != 0)
		return (-1);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return (fd != -1 ? fd : file_failed(path));
}

/* The pids in a file as the caller sees them; returns their number. */
int
pids_read(const char *path, pid_t **ret_pids)
{
	pid_t *pids = NULL, *more;
	int n = 0, pid;
	FILE *f;

	f = fopen(path, "re");
	if (f == NULL)
		return (file_failed(path));
	while (fscanf(f, "%d", &pid) == 1) {
		if (n % 64 == 0) {
			more = reallocarray(pids, n + 64, sizeof(*pids));
			if (more == NULL) {
				fclose(f);
				free(pids);
				return (jail_fail(ENOMEM, "out of memory"));
			}
			pids = more;
		}
		pids[n++] = pid;
	}
	fclose(f);
	*ret_pids = pids;
	return (n);
}

/* Those in the jail. */
int
cgroup_pids(struct session *s, uint32_t jid, pid_t **ret_pids)
{
	char path[PATH_MAX];

	if (path_of(path, s->m.cgroup, jid, "cgroup.procs") != 0)
		return (-1);
	return (pids_read(path, ret_pids));
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (ts.tv_sec * 1000 + ts.tv_nsec / 1000000);
}

/* Wait until the line is in cgroup.events, which poll(2) tells of. */
static int
wait_event(struct session *s, uint32_t jid, const char *line, int ms)
{
	int64_t deadline = now_ms() + ms, left;
	char path[PATH_MAX], text[256];
	struct pollfd pfd;
	bool seen = false;
	ssize_t len;

	if (path_of(path, s->m.cgroup, jid, "cgroup.events") != 0)
		return (-1);
	pfd.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (pfd.fd == -1)
		return (file_failed(path));
	pfd.events = POLLPRI;
	for (;;) {
		len = pread(pfd.fd, text, sizeof(text) - 1, 0);
		text[len > 0 ? len : 0] = '\0';
		seen = strstr(text, line) != NULL;
		left = deadline - now_ms();
		if (seen || left <= 0)
			break;
		poll(&pfd, 1, left);
	}
	close(pfd.fd);
	return (seen ? 0 : jail_fail(ETIMEDOUT, "jail %u: no \"%s\" within "
	    "%d ms", jid, line, ms));
}

/*
 * Who is being answered by the broker waits for that and does not freeze
 * (SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV), but the broker may have. So let all
 * go on for a moment and try again, with more patience after every third time;
 * the last half of the time is for one try, as many processes need it.
 */
static int
freeze(struct session *s, uint32_t jid, const char *path, int ms)
{
	const int64_t deadline = now_ms() + ms;
	int error, patience = FIRST_TRY_MS;
	int64_t left;

	for (int tries = 1;; tries++) {
		if (file_write(path, "1") != 0)
			return (file_failed(path));
		left = deadline - now_ms();
		if (left < ms / 2)
			patience = left;
		error = wait_event(s, jid, "frozen 1", patience);
		if (error == 0 || errno != ETIMEDOUT)
			return (error);
		if (patience >= left)
			return (jail_fail(ETIMEDOUT, "jail %u does not stand "
			    "still within %d ms: a process of it is stuck in "
			    "the kernel", jid, ms));
		if (file_write(path, "0") != 0)
			return (file_failed(path));
		poll(NULL, 0, 1 + patience / 4);
		if (tries % 3 == 0)
			patience *= 2;
	}
}

int
cgroup_freeze(struct session *s, uint32_t jid, int ms)
{
	char path[PATH_MAX];

	if (path_of(path, s->m.cgroup, jid, "cgroup.freeze") != 0)
		return (-1);
	if (ms > 0)
		return (freeze(s, jid, path, ms));
	return (file_write(path, "0") == 0 ? 0 : file_failed(path));
}

/* Is the process that has the pid now in the jail? */
static bool
in_cgroup(uint32_t jid, pid_t pid)
{
	char path[64], line[PATH_MAX], tail[64];
	bool found = false;
	size_t len, want;
	FILE *f;

	want = snprintf(tail, sizeof(tail), "/%s/%u\n", jail_instance(), jid);
	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	f = fopen(path, "re");
	if (f == NULL)
		return (false);
	while (!found && fgets(line, sizeof(line), f) != NULL) {
		len = strlen(line);
		found = strncmp(line, "0::", 3) == 0 && len > want &&
		    strcmp(line + len - want, tail) == 0;
	}
	fclose(f);
	return (found);
}

/*
 * Send a signal to a process of the jail. The descriptor is opened before the
 * question is asked, so that a process which was given the pid of a dead one is
 * not hit.
 */
int
cgroup_signal(uint32_t jid, pid_t pid, int sig)
{
	int error = 0, fd;

	fd = syscall(SYS_pidfd_open, pid, 0);
	if (fd == -1)
		return (errno == ESRCH ? 0 : jail_fail(errno, "process %d: %s",
		    pid, strerror(errno)));
	if (in_cgroup(jid, pid) &&
	    syscall(SYS_pidfd_send_signal, fd, sig, NULL, 0) != 0 &&
	    errno != ESRCH)
		error = jail_fail(errno, "process %d: %s", pid,
		    strerror(errno));
	close(fd);
	return (error);
}

static int
kill_frozen(struct session *s, uint32_t jid)
{
	pid_t *pids;
	int n;

	n = cgroup_pids(s, jid, &pids);
	for (int i = 0; i < n; i++)
		cgroup_signal(jid, pids[i], SIGKILL);
	if (n >= 0)
		free(pids);
	return (cgroup_freeze(s, jid, 0));
}

/*
 * Without cgroup.kill. A jail that does not freeze, since a process is stuck in
 * the kernel, may fork meanwhile; what it does is found the next time.
 */
static int
kill_each(struct session *s, uint32_t jid)
{
	int64_t deadline = now_ms() + EMPTY_MS;

	do {
		cgroup_freeze(s, jid, FREEZE_MS);
		if (kill_frozen(s, jid) != 0)
			return (-1);
		if (wait_event(s, jid, "populated 0", ROUND_MS) == 0)
			return (0);
	} while (now_ms() < deadline);
	return (jail_fail(ETIMEDOUT, "jail %u: no \"populated 0\" within %d ms",
	    jid, EMPTY_MS));
}

/* Kill all and wait until none is left. */
static int
kill_all(struct session *s, uint32_t jid)
{
	char path[PATH_MAX];

	if (path_of(path, s->m.cgroup, jid, "cgroup.kill") != 0)
		return (-1);
	if (feature_off(F_CGROUP_KILL) || access(path, F_OK) != 0)
		return (kill_each(s, jid));
	if (file_write(path, "1") != 0)
		return (file_failed(path));
	return (wait_event(s, jid, "populated 0", EMPTY_MS));
}

/* A group whose last process is just leaving is busy for a moment. */
int
cgroup_remove_dir(const char *path)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	for (int i = 0; i < EMPTY_MS; i++) {
		if (rmdir(path) == 0 || errno == ENOENT)
			return (0);
		if (errno != EBUSY)
			break;
		nanosleep(&pause, NULL);
	}
	return (file_failed(path));
}

/* Remove the jail's groups, killing what is in them; none may be there. */
int
cgroup_remove(struct session *s, uint32_t jid)
{
	char path[PATH_MAX];

	if (path_of(path, s->m.cgroup, jid, "") != 0)
		return (-1);
	if (access(path, F_OK) == 0 &&
	    (kill_all(s, jid) != 0 || cgroup_remove_dir(path) != 0))
		return (-1);
	return (resources_end(s, jid));
}

/* One that is there already was left by a jail that no record tells of. */
int
cgroup_make(struct session *s, uint32_t jid, uint64_t *ret_id)
{
	char path[PATH_MAX];
	struct stat st;

	if (path_of(path, s->m.cgroup, jid, "") != 0)
		return (-1);
	if (access(path, F_OK) == 0 && cgroup_remove(s, jid) != 0)
		return (-1);
	if (mkdir(path, 0755) != 0 || stat(path, &st) != 0)
		return (file_failed(path));
	*ret_id = st.st_ino;
	return (resources_begin(s, jid));
}
