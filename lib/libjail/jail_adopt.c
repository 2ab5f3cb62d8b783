/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Jails with a cgroup that somebody else made and runs: a service of systemd, a
 * container on the host's network. Such a jail is addresses and nothing else;
 * nobody enters it through us, and its processes are not ours to signal. It is
 * there until it is removed or the cgroup is. (It has an empty cgroup of its
 * own beside the others' as well, so that no other file need make a
 * difference.)
 */

#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/openat2.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jail_set.h"

#define ROOT_ID		1	/* the hierarchy's root, as the kernel has it */
#define LEVELS		32	/* bits of jail_globals.adopted */

/* What only who is confined otherwise can be permitted. */
#define NO_USE	(PR_ALLOW & ~(PR_ALLOW_RAW_SOCKETS | PR_ALLOW_RESERVED_PORTS | \
	PR_ALLOW_BROADCAST | PR_ALLOW_MULTICAST | PR_ALLOW_NETLINK))

bool
is_adopted(const struct jail *j)
{
	return ((j->pr.pr_flags & PR_ADOPTED) != 0);
}

int
adopted_refuse(const struct jail *j)
{
	return (jail_fail(EOPNOTSUPP, "jail \"%s\" has the cgroup %s: whoever "
	    "made that starts and ends its processes", j->pi.pi_name,
	    j->pi.pi_path));
}

/* Where the hierarchy is mounted, for paths that begin there. */
static int
open_hierarchy(const struct session *s)
{
	char path[PATH_MAX];
	struct stat st;
	int fd;

	strcpy(path, s->m.cgroup);
	*strrchr(path, '/') = '\0';
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd != -1 && fstat(fd, &st) == 0 && st.st_ino == ROOT_ID)
		return (fd);
	if (fd != -1)
		close(fd);
	return (jail_fail(ENOTSUP, "cgroup: %s is not the whole hierarchy: "
	    "make such jails outside of the container", path));
}

/* Nothing but a cgroup below the root is found. */
static int
open_cgroup(const struct session *s, const char *path)
{
	struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
		RESOLVE_NO_XDEV };
	int root = open_hierarchy(s), fd;

	if (root == -1)
		return (-1);
	fd = syscall(SYS_openat2, root, path + 1, &how, sizeof(how));
	if (fd == -1)
		jail_fail(errno, "cgroup: %s: %s", path, strerror(errno));
	close(root);
	return (fd);
}

/* Write it with one slash before each part and none at the end. */
static int
tidy_path(const char *text, char path[JAIL_PATHLEN])
{
	const char *from = text;
	size_t len = 0;

	while (*from != '\0') {
		const size_t slashes = strspn(from, "/");
		const size_t part = strcspn(from + slashes, "/");

		if (from == text && slashes == 0)
			return (jail_fail(EINVAL, "cgroup: %s: has to begin "
			    "with /", text));
		if (part > 0 && part <= 2 &&
		    strspn(from + slashes, ".") >= part)
			return (jail_fail(EINVAL, "cgroup: %s: must not have "
			    "parts . and ..", text));
		if (len + part + 2 > JAIL_PATHLEN)
			return (jail_fail(ENAMETOOLONG, "cgroup: too long"));
		if (part > 0)
			len += sprintf(path + len, "/%.*s", (int)part,
			    from + slashes);
		from += slashes + part;
	}
	return (len > 0 ? 0 : jail_fail(EINVAL, "cgroup: %s: is the whole "
	    "machine", text));
}

/* Is one of them the other, or around it? */
static bool
overlap(const char *a, const char *b)
{
	const size_t la = strlen(a), lb = strlen(b), l = la < lb ? la : lb;

	return (strncmp(a, b, l) == 0 && (a[l] == '\0' || a[l] == '/') &&
	    (b[l] == '\0' || b[l] == '/'));
}

/* A process is to be in one jail alone. */
static int
check_free(struct session *s, const char *path)
{
	char own[JAIL_PATHLEN];
	struct jail other;
	uint32_t *jids;
	int error = 0;
	size_t n;

	snprintf(own, sizeof(own), "/%s", jail_instance());
	if (overlap(path, own))
		return (jail_fail(EINVAL, "cgroup: %s: is netjail's own",
		    path));
	if (kern_dump(&s->k, KM_INFOS, (void **)&jids, NULL, &n) != 0)
		return (-1);
	for (size_t i = 0; i < n && error == 0; i++) {
		if (jail_read(s, jids[i], &other) == 0 &&
		    is_adopted(&other) && overlap(path, other.pi.pi_path) &&
		    jail_live(s, &other) == 1)
			error = jail_fail(EBUSY, "cgroup: %s: jail \"%s\" has "
			    "%s", path, other.pi.pi_name, other.pi.pi_path);
	}
	free(jids);
	return (error);
}

static int
no_use(enum param_id id)
{
	return (jail_fail(EINVAL, "%s: not for a jail with a cgroup=",
	    params[id].name));
}

static int
check_flags(const struct change *c)
{
	for (int id = 0; id < P_MAX; id++) {
		if ((params[id].prflag & NO_USE) && spec_int(&c->sp, id, 0))
			return (no_use(id));
	}
	/* (What keeps a jail from it is its filter of system calls.) */
	return (spec_int(&c->sp, P_NETLINK, 1) ? 0 : no_use(P_NETLINK));
}

/* What such a jail has no use for is to be as it is by itself. */
static int
check_others(const struct change *c)
{
	static const enum param_id none[] = { P_CHILDREN_MAX, P_CPU_MAX,
		P_PIDS_MAX };
	const char *path = spec_string(&c->sp, P_PATH);
	const char *cpus = spec_string(&c->sp, P_CPUSET_CPUS);
	const char *host = spec_string(&c->sp, P_HOSTNAME);

	if (c->flags & (JAIL_ATTACH | JAIL_FORK))
		return (jail_fail(EINVAL, "command: not for a jail with a "
		    "cgroup=: whoever made that starts its processes"));
	if (c->nested)
		return (jail_fail(EINVAL, "cgroup: not for a jail that is in "
		    "another one"));
	if (path != NULL && strcmp(path, "/") != 0)
		return (no_use(P_PATH));
	if (host != NULL && strcmp(host, c->new.pi.pi_name) != 0)
		return (no_use(P_HOSTNAME));
	if (spec_int(&c->sp, P_CPU_SHARES, SHARES_DEFAULT) != SHARES_DEFAULT)
		return (no_use(P_CPU_SHARES));
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		if (spec_int(&c->sp, none[i], 0) != 0)
			return (no_use(none[i]));
	}
	if (spec_uint64(&c->sp, P_MEM_MAX, 0) != 0)
		return (no_use(P_MEM_MAX));
	if (cpus != NULL && cpus[0] != '\0')
		return (no_use(P_CPUSET_CPUS));
	if (spec_string(&c->sp, P_INIT) != NULL &&
	    spec_string(&c->sp, P_INIT)[0] != '\0')
		return (no_use(P_INIT));
	return (check_flags(c));
}

static int
level_of(const char *path)
{
	int level = 0;

	for (; *path != '\0'; path++)
		level += *path == '/';
	return (level);
}

int
set_cgroup(struct session *s, struct change *c)
{
	const char *text = spec_string(&c->sp, P_CGROUP);
	struct prison_info *pi = &c->new.pi;
	char path[JAIL_PATHLEN];
	int fd;

	if (is_adopted(&c->new) && check_others(c) != 0)
		return (-1);
	if (text == NULL || (text[0] == '\0' && !is_adopted(&c->new)))
		return (0);
	if (text[0] != '\0' && tidy_path(text, path) != 0)
		return (-1);
	if (c->exists)
		return (is_adopted(&c->old) && text[0] != '\0' &&
		    strcmp(path, pi->pi_path) == 0 ? 0 : jail_fail(EINVAL,
		    "cgroup cannot be changed after creation"));
	if (check_others(c) != 0 || check_free(s, path) != 0)
		return (-1);
	fd = open_cgroup(s, path);
	if (fd == -1)
		return (-1);
	close(fd);
	if (level_of(path) >= LEVELS)
		return (jail_fail(ENOTSUP, "cgroup: %s: deeper than %d levels",
		    path, LEVELS - 1));
	memset(pi->pi_path, 0, sizeof(pi->pi_path));
	strcpy(pi->pi_path, path);
	c->new.pr.pr_flags |= PR_ADOPTED;
	s->g.adopted |= 1U << level_of(path);
	return (0);
}

/* Attach to it; its id is the jail's from then on. */
int
adopt(struct session *s, struct prison_info *pi)
{
	int error = 0, fd = open_cgroup(s, pi->pi_path);
	struct stat st;

	if (fd == -1)
		return (-1);
	if (fstat(fd, &st) != 0)
		error = jail_fail(errno, "cgroup: %s: %s", pi->pi_path,
		    strerror(errno));
	if (error == 0)
		error = kern_adopt(s->m.pins, pi->pi_id, fd);
	if (error == 0)
		pi->pi_cgroup = st.st_ino;
	close(fd);
	return (error);
}

/* Is the cgroup still there, and not another one of that name? */
bool
adopted_lives(const struct session *s, const struct jail *j)
{
	int fd = open_cgroup(s, j->pi.pi_path);
	struct stat st;
	bool lives;

	if (fd == -1)
		return (false);
	lives = fstat(fd, &st) == 0 && st.st_ino == j->pi.pi_cgroup;
	close(fd);
	return (lives);
}

/* Its sockets outlive the jail, and nobody will see them closed. */
static int
drop_ports(struct session *s, const struct prison *pr)
{
	struct port_key *keys;
	size_t n;

	if (kern_dump(&s->k, KM_PORTS, (void **)&keys, NULL, &n) != 0)
		return (-1);
	for (size_t i = 0; i < n; i++) {
		if (keys[i].ports == pr->pr_ports4 ||
		    keys[i].ports == pr->pr_ports6)
			kern_del(&s->k, KM_PORTS, &keys[i]);
	}
	free(keys);
	return (0);
}

/* The levels that the others have. */
static int
forget_level(struct session *s, uint32_t jid)
{
	uint32_t *jids, levels = 0;
	struct jail j;
	size_t n;

	if (kern_dump(&s->k, KM_INFOS, (void **)&jids, NULL, &n) != 0)
		return (-1);
	for (size_t i = 0; i < n; i++) {
		if (jids[i] != jid && jail_read(s, jids[i], &j) == 0 &&
		    is_adopted(&j))
			levels |= 1U << level_of(j.pi.pi_path);
	}
	free(jids);
	s->g.adopted = levels;
	return (0);
}

/*
 * Give the cgroup back, if the jail has one; j is NULL if it is not whole. The
 * end of the journal writes what has changed of the globals.
 */
int
adopted_disown(struct session *s, uint32_t jid, const struct jail *j)
{
	if (kern_disown(s->m.pins, jid) != 0)
		return (-1);
	if (s->g.adopted == 0 || (j != NULL && !is_adopted(j)))
		return (0);
	if (forget_level(s, jid) != 0)
		return (-1);
	return (j != NULL ? drop_ports(s, &j->pr) : 0);
}

/* A file of the cgroup; ENAMETOOLONG alone. */
int
adopted_path(const struct session *s, const struct jail *j, const char *file,
    char path[PATH_MAX])
{
	const int root = strrchr(s->m.cgroup, '/') - s->m.cgroup;

	return (snprintf(path, PATH_MAX, "%.*s%s/%s", root, s->m.cgroup,
	    j->pi.pi_path, file) < PATH_MAX ? 0 : -1);
}

static void
each_in(int dir, pid_fn *fn, void *arg)
{
	int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC), pid;
	FILE *f = fd == -1 ? NULL : fdopen(fd, "r");

	while (f != NULL && fscanf(f, "%d", &pid) == 1)
		fn(pid, arg);
	if (f != NULL)
		fclose(f);
	else if (fd != -1)
		close(fd);
}

/* The directory is closed. What goes meanwhile has no processes. */
static void
each_below(int dir, int depth, pid_fn *fn, void *arg)
{
	struct dirent *e;
	DIR *d;
	int fd;

	each_in(dir, fn, arg);
	d = fdopendir(dir);
	if (d == NULL) {
		close(dir);
		return;
	}
	while (depth < LEVELS && (e = readdir(d)) != NULL) {
		if (e->d_type != DT_DIR || e->d_name[0] == '.')
			continue;
		fd = openat(dirfd(d), e->d_name, O_RDONLY | O_DIRECTORY |
		    O_NOFOLLOW | O_CLOEXEC);
		if (fd != -1)
			each_below(fd, depth + 1, fn, arg);
	}
	closedir(d);
}

/* For all of its processes, those of the cgroups in it too. */
int
adopted_each(const struct session *s, const struct jail *j, pid_fn *fn,
    void *arg)
{
	int fd = open_cgroup(s, j->pi.pi_path);

	if (fd == -1)
		return (-1);
	each_below(fd, 0, fn, arg);
	return (0);
}

static void
count(pid_t pid, void *arg)
{
	int *n = arg;

	(void)pid;
	++*n;
}

int
adopted_processes(const struct session *s, const struct jail *j)
{
	int n = 0;

	return (adopted_each(s, j, count, &n) == 0 ? n : -1);
}
