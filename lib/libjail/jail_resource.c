/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What a jail may use of the machine: one row for each parameter. Where its
 * controller is on a v1 hierarchy, the jail has a second cgroup there, of the
 * same name as that in cgroup v2: for cpu.shares from the beginning, so that
 * jails weigh alike, and for the others when they are first given, as each
 * takes time whenever a process enters.
 */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "jail_set.h"

#define SHARES_MAX	10000
#define V1_SHARES_DEFAULT 1024	/* cpu.shares of a v1 group */
#define PERIOD_US	100000	/* of cpu.max */
#define PERCENT_MAX	1000000
#define PIDS_OF_INIT	1	/* pid 1 is not for the jail to count */
#define PASSES		10	/* over processes that fork as they are moved */
#define FROZEN_PASSES	1000	/* over those that are ending */
#define DIGITS		"0123456789"
#define TEXT_MAX	(JAIL_CPUSLEN + 32)

const char *const controllers[CTL_MAX] = {
	[CTL_CPU] = "cpu",
	[CTL_CPUSET] = "cpuset",
	[CTL_MEMORY] = "memory",
	[CTL_PIDS] = "pids",
};

/* The text that the kernel takes for a value: on a v1 hierarchy, or not. */
typedef void value_text(const struct prison_info *pi, bool v1,
    char text[TEXT_MAX]);

static value_text shares_text, cpu_max_text, cpus_text, mem_max_text,
	pids_max_text;

static const struct resource {
	enum param_id id;
	enum controller ctl;
	const char *v2, *v1;	/* files */
	value_text *text;
} resources[] = {
	{ P_CPU_SHARES, CTL_CPU, "cpu.weight", "cpu.shares", shares_text },
	{ P_CPU_MAX, CTL_CPU, "cpu.max", "cpu.cfs_quota_us", cpu_max_text },
	{ P_CPUSET_CPUS, CTL_CPUSET, "cpuset.cpus", "cpuset.cpus", cpus_text },
	{ P_MEM_MAX, CTL_MEMORY, "memory.max", "memory.limit_in_bytes",
	    mem_max_text },
	{ P_PIDS_MAX, CTL_PIDS, "pids.max", "pids.max", pids_max_text },
};

#define NRESOURCES (sizeof(resources) / sizeof(resources[0]))

/* The v1 unit is such that its default stands for the v2 default. */
static void
shares_text(const struct prison_info *pi, bool v1, char text[TEXT_MAX])
{
	snprintf(text, TEXT_MAX, "%u", v1 ? pi->pi_cpu_shares *
	    V1_SHARES_DEFAULT / SHARES_DEFAULT : pi->pi_cpu_shares);
}

static void
cpu_max_text(const struct prison_info *pi, bool v1, char text[TEXT_MAX])
{
	const uint64_t quota = (uint64_t)pi->pi_cpu_max * PERIOD_US / 100;

	if (quota == 0)
		strcpy(text, v1 ? "-1" : "max");
	else if (v1)
		snprintf(text, TEXT_MAX, "%" PRIu64, quota);
	else
		snprintf(text, TEXT_MAX, "%" PRIu64 " %d", quota, PERIOD_US);
}

static void
cpus_text(const struct prison_info *pi, bool v1, char text[TEXT_MAX])
{
	(void)v1;
	strcpy(text, pi->pi_cpus);
}

static void
mem_max_text(const struct prison_info *pi, bool v1, char text[TEXT_MAX])
{
	if (pi->pi_mem_max == 0)
		strcpy(text, v1 ? "-1" : "max");
	else
		snprintf(text, TEXT_MAX, "%" PRIu64, (uint64_t)pi->pi_mem_max);
}

static void
pids_max_text(const struct prison_info *pi, bool v1, char text[TEXT_MAX])
{
	(void)v1;
	if (pi->pi_pids_max == 0)
		strcpy(text, "max");
	else
		snprintf(text, TEXT_MAX, "%u", pi->pi_pids_max +
		    PIDS_OF_INIT);
}

static int
failed(const struct resource *r, const char *what)
{
	return (jail_fail(errno, "%s: %s: %s", params[r->id].name, what,
	    strerror(errno)));
}

static bool
on_v1(const struct session *s, enum controller ctl)
{
	return (s->m.v1[ctl][0] != '\0');
}

static int
path_of(char path[PATH_MAX], const struct session *s, enum controller ctl,
    uint32_t jid, const char *file)
{
	const char *root = on_v1(s, ctl) ? s->m.v1[ctl] : s->m.cgroup;

	if (snprintf(path, PATH_MAX, "%s/%u/%s", root, jid, file) >= PATH_MAX)
		return (jail_fail(ENAMETOOLONG, "%s: path is too long", root));
	return (0);
}

/* A cpuset of v1 has nothing until it is given something. */
static int
inherit_cpuset(const char *group)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
	char above[PATH_MAX + 32], path[PATH_MAX + 16], text[TEXT_MAX];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(above, sizeof(above), "%s/../%s", group, files[i]);
		snprintf(path, sizeof(path), "%s/%s", group, files[i]);
		if (file_read(path, text, sizeof(text)) == 0 &&
		    text[0] != '\0')
			continue;
		if (file_read(above, text, sizeof(text)) != 0 ||
		    file_write(path, text) != 0)
			return (-1);
	}
	return (0);
}

/* One that is there already will do. */
static int
make_group(enum controller ctl, const char *group)
{
	if (mkdir(group, 0755) != 0 && errno != EEXIST)
		return (-1);
	return (ctl == CTL_CPUSET ? inherit_cpuset(group) : 0);
}

static int
compare_pids(const void *a, const void *b)
{
	const pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return ((x > y) - (x < y));
}

/*
 * Those of the jail that are not in the group; returns their number. The group
 * is read last: who was born since the jail was read is in it if the parent
 * was, and a parent that was not is found.
 */
static int
outside(struct session *s, uint32_t jid, const char *procs, pid_t **ret_pids)
{
	pid_t *pids, *in;
	int n, nin, left = 0;

	n = cgroup_pids(s, jid, &pids);
	if (n < 0)
		return (-1);
	nin = pids_read(procs, &in);
	if (nin < 0) {
		free(pids);
		return (-1);
	}
	if (nin > 0)
		qsort(in, nin, sizeof(*in), compare_pids);
	for (int i = 0; i < n; i++) {
		if (nin == 0 || bsearch(&pids[i], in, nin, sizeof(*in),
		    compare_pids) == NULL)
			pids[left++] = pids[i];
	}
	free(in);
	*ret_pids = pids;
	return (left);
}

/* One of another pid namespace is 0 here, which would move the caller. */
static int
move_one(const char *procs, pid_t pid)
{
	char text[16];

	if (pid == 0)
		return (jail_fail(ESRCH, "%s: a process of the jail is not in "
		    "this pid namespace: try again on the host", procs));
	snprintf(text, sizeof(text), "%d", pid);
	if (file_write(procs, text) != 0 && errno != ESRCH)
		return (jail_fail(errno, "%s: process %d: %s", procs, pid,
		    strerror(errno)));
	return (0);
}

/* Returns how many there were to move. */
static int
move_pass(struct session *s, uint32_t jid, const char *procs)
{
	int error = 0, n;
	pid_t *pids;

	n = outside(s, jid, procs, &pids);
	if (n < 0)
		return (-1);
	for (int i = 0; i < n && error == 0; i++)
		error = move_one(procs, pids[i]);
	free(pids);
	return (error == 0 ? n : -1);
}

/* Returns 0 when none is left, 1 when some may be. */
static int
move_passes(struct session *s, uint32_t jid, const char *procs, int passes)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	int n = 1;

	for (int i = 0; i < passes && n > 0; i++) {
		if (i > 0)
			nanosleep(&pause, NULL);
		n = move_pass(s, jid, procs);
	}
	return (n > 0 ? 1 : n);
}

/*
 * Those that fork faster than they are moved have to stand still. Who is killed
 * meanwhile leaves that to the journal, which has the jail go on.
 */
static int
move_all(struct session *s, enum controller ctl, uint32_t jid)
{
	char procs[PATH_MAX];
	int left;

	if (path_of(procs, s, ctl, jid, "cgroup.procs") != 0)
		return (-1);
	left = move_passes(s, jid, procs, PASSES);
	if (left <= 0)
		return (left);
	left = cgroup_freeze(s, jid, FREEZE_MS) == 0 ?
	    move_passes(s, jid, procs, FROZEN_PASSES) : -1;
	if (cgroup_freeze(s, jid, 0) != 0 || left == -1)
		return (-1);
	return (left == 0 ? 0 : jail_fail(EAGAIN, "%s: a process of the jail "
	    "does not move there: try again", procs));
}

/* The jail's group on a v1 hierarchy, with all of its processes in it. */
static int
group_v1(struct session *s, enum controller ctl, uint32_t jid)
{
	char group[PATH_MAX];

	if (path_of(group, s, ctl, jid, "") != 0)
		return (-1);
	if (make_group(ctl, s->m.v1[ctl]) != 0 || make_group(ctl, group) != 0)
		return (jail_fail(errno, "cgroup %s: %s", group,
		    strerror(errno)));
	return (move_all(s, ctl, jid));
}

/* Have a v2 controller at work for jails: in the root's groups, and in ours. */
static int
enable_v2(const struct session *s, enum controller ctl)
{
	char path[PATH_MAX + 32], word[32];

	snprintf(word, sizeof(word), "+%s", controllers[ctl]);
	snprintf(path, sizeof(path), "%s", s->m.cgroup);
	strcpy(strrchr(path, '/'), "/cgroup.subtree_control");
	if (file_write(path, word) != 0)
		return (-1);
	snprintf(path, sizeof(path), "%s/cgroup.subtree_control", s->m.cgroup);
	return (file_write(path, word));
}

/* Can it be had? */
static int
check_controller(const struct session *s, const struct resource *r)
{
	if (on_v1(s, r->ctl) || enable_v2(s, r->ctl) == 0)
		return (0);
	if (errno != ENOENT && errno != EINVAL)
		return (jail_fail(ENOTSUP, "%s: the %s controller of cgroup v2 "
		    "cannot be put to work: %s", params[r->id].name,
		    controllers[r->ctl], strerror(errno)));
	return (jail_fail(ENOTSUP, "%s: no %s controller, neither on cgroup v2 "
	    "nor on a v1 hierarchy", params[r->id].name,
	    controllers[r->ctl]));
}

/*
 * All processors are those of the group around, by their list: there is no
 * taking it back while there are processes.
 */
static int
all_cpus(const struct session *s, char text[TEXT_MAX])
{
	const bool v1 = on_v1(s, CTL_CPUSET);
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", v1 ? s->m.v1[CTL_CPUSET] :
	    s->m.cgroup, v1 ? "cpuset.cpus" : "cpuset.cpus.effective");
	return (file_read(path, text, TEXT_MAX));
}

static int
write_value(struct session *s, const struct resource *r,
    const struct prison_info *pi)
{
	const bool v1 = on_v1(s, r->ctl);
	char path[PATH_MAX], text[TEXT_MAX];

	if (v1 && group_v1(s, r->ctl, pi->pi_id) != 0)
		return (-1);
	if (path_of(path, s, r->ctl, pi->pi_id, v1 ? r->v1 : r->v2) != 0)
		return (-1);
	r->text(pi, v1, text);
	if (text[0] == '\0' && all_cpus(s, text) != 0)
		return (failed(r, "the host's"));
	return (file_write(path, text) == 0 ? 0 : failed(r, text));
}

static int
set_number(const struct spec *sp, enum param_id id, uint32_t min,
    uint32_t max, __u32 *number)
{
	int32_t value = spec_int(sp, id, *number);

	if (value < (int32_t)min || value > (int32_t)max)
		return (jail_fail(EINVAL, "%s: %d is not between %u and %u",
		    params[id].name, value, min, max));
	*number = value;
	return (0);
}

/* As the kernel reads it: "0-3,5". */
static int
set_cpus(const struct spec *sp, struct prison_info *pi)
{
	const char *text = spec_string(sp, P_CPUSET_CPUS);

	if (text == NULL)
		return (0);
	if (text[strspn(text, DIGITS ",-")] != '\0' ||
	    (text[0] != '\0' && strpbrk(text, DIGITS) == NULL))
		return (jail_fail(EINVAL, "cpuset.cpus: %s: numbers of "
		    "processors with , and - between, like 0-3,5", text));
	memset(pi->pi_cpus, 0, sizeof(pi->pi_cpus));
	strcpy(pi->pi_cpus, text);
	return (0);
}

/* What is to be used; nothing has changed if it cannot be. */
int
set_resources(struct session *s, struct change *c)
{
	struct prison_info *pi = &c->new.pi;

	if (!c->exists)
		pi->pi_cpu_shares = SHARES_DEFAULT;
	if (set_number(&c->sp, P_CPU_SHARES, 1, SHARES_MAX,
	    &pi->pi_cpu_shares) != 0 ||
	    set_number(&c->sp, P_CPU_MAX, 0, PERCENT_MAX,
	    &pi->pi_cpu_max) != 0 ||
	    set_number(&c->sp, P_PIDS_MAX, 0, JAIL_NPIDS,
	    &pi->pi_pids_max) != 0 ||
	    set_cpus(&c->sp, pi) != 0)
		return (-1);
	pi->pi_mem_max = spec_uint64(&c->sp, P_MEM_MAX, pi->pi_mem_max);
	for (size_t i = 0; i < NRESOURCES; i++) {
		if (c->sp.v[resources[i].id].given &&
		    check_controller(s, &resources[i]) != 0)
			return (-1);
	}
	return (0);
}

int
resources_apply(struct session *s, const struct change *c)
{
	for (size_t i = 0; i < NRESOURCES; i++) {
		if (c->sp.v[resources[i].id].given &&
		    write_value(s, &resources[i], &c->new.pi) != 0)
			return (-1);
	}
	return (0);
}

/* After a change that was taken back: as the record has it. */
void
resources_restore(struct session *s, const struct jail *j)
{
	char path[PATH_MAX];

	cgroup_freeze(s, j->pi.pi_id, 0);
	for (size_t i = 0; i < NRESOURCES; i++) {
		const struct resource *r = &resources[i];

		if (path_of(path, s, r->ctl, j->pi.pi_id, on_v1(s, r->ctl) ?
		    r->v1 : r->v2) == 0 && access(path, F_OK) == 0)
			write_value(s, r, &j->pi);
	}
}

/*
 * That by which jails weigh alike: a new jail's group on v1; on v2 all have it
 * from the first one on, where there is the controller.
 */
int
resources_begin(struct session *s, uint32_t jid)
{
	if (!on_v1(s, CTL_CPU) && s->fresh)
		enable_v2(s, CTL_CPU);
	return (on_v1(s, CTL_CPU) ? group_v1(s, CTL_CPU, jid) : 0);
}

/* Remove its groups; they are empty. */
int
resources_end(struct session *s, uint32_t jid)
{
	char path[PATH_MAX];

	for (int ctl = 0; ctl < CTL_MAX; ctl++) {
		if (on_v1(s, ctl) && (path_of(path, s, ctl, jid, "") != 0 ||
		    cgroup_remove_dir(path) != 0))
			return (-1);
	}
	return (0);
}

/* Where a process writes 0 to move itself to each group that there is. */
int
resources_open(struct session *s, uint32_t jid, int fds[CTL_MAX])
{
	char path[PATH_MAX];

	for (int ctl = 0; ctl < CTL_MAX; ctl++) {
		if (!on_v1(s, ctl) ||
		    path_of(path, s, ctl, jid, "cgroup.procs") != 0)
			continue;
		fds[ctl] = open(path, O_WRONLY | O_CLOEXEC);
		if (fds[ctl] == -1 && errno != ENOENT)
			return (jail_fail(errno, "%s: %s", path,
			    strerror(errno)));
	}
	return (0);
}

int
resources_join(const int fds[CTL_MAX])
{
	for (int ctl = 0; ctl < CTL_MAX; ctl++) {
		if (fds[ctl] >= 0 && write(fds[ctl], "0", 1) != 1)
			return (jail_fail(errno, "%s cgroup: %s",
			    controllers[ctl], strerror(errno)));
	}
	return (0);
}

/* The number after a word in a file; 0 if there is none. */
static uint64_t
number_after(const char *path, const char *word)
{
	const size_t len = strlen(word);
	uint64_t number = 0;
	char line[256];
	FILE *f;

	f = fopen(path, "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, word, len) == 0)
			number = strtoull(line + len, NULL, 10);
	}
	if (f != NULL)
		fclose(f);
	return (number);
}

/* Of all that have been in the jail, in microseconds. */
uint64_t
resources_cpu_usage(struct session *s, const struct jail *j)
{
	char path[PATH_MAX + 32];

	if (!is_adopted(j))
		snprintf(path, sizeof(path), "%s/%u/cpu.stat", s->m.cgroup,
		    j->pi.pi_id);
	else if (adopted_path(s, j, "cpu.stat", path) != 0)
		return (0);
	return (number_after(path, "usage_usec "));
}

/* What the kernel accounts for the jail: for one with a cgroup= by v2 alone. */
static bool
mem_accounted(struct session *s, const struct jail *j, uint64_t *ret_usage)
{
	char path[PATH_MAX], text[32];
	int error;

	if (is_adopted(j))
		error = adopted_path(s, j, "memory.current", path);
	else
		error = path_of(path, s, CTL_MEMORY, j->pi.pi_id,
		    on_v1(s, CTL_MEMORY) ? "memory.usage_in_bytes" :
		    "memory.current");
	if (error != 0 || file_read(path, text, sizeof(text)) != 0)
		return (false);
	*ret_usage = strtoull(text, NULL, 10);
	return (true);
}

static void
add_pss(pid_t pid, void *arg)
{
	uint64_t *sum = arg;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	*sum += number_after(path, "Pss:") * 1024;
}

/*
 * In bytes: where the kernel accounts for the jail, what that says; or else
 * what its processes have, each a part of what they share.
 */
uint64_t
resources_mem_usage(struct session *s, const struct jail *j)
{
	uint64_t sum = 0;
	pid_t *pids;
	int n;

	if (mem_accounted(s, j, &sum))
		return (sum);
	if (is_adopted(j)) {
		adopted_each(s, j, add_pss, &sum);
		return (sum);
	}
	n = cgroup_pids(s, j->pi.pi_id, &pids);
	for (int i = 0; i < n; i++)
		add_pss(pids[i], &sum);
	if (n >= 0)
		free(pids);
	return (sum);
}
