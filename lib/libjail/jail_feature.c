/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What some kernels have and others have not. Each feature is a row of the
 * table, tried to find out whether it is there, and used where it is; where it
 * is not, its user does what the row says instead. No feature is needed for a
 * jail to be confined as jail(8) promises.
 *
 * Compiled with JAIL_TEST the library takes the features that JAIL_WITHOUT
 * names for absent, so that the other ways can be tested on any kernel.
 */

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jail_impl.h"

#define PROBE_TRIES	100

static int has_cgroup_kill(const struct machine *m);
static int has_bpf_lsm(const struct machine *m);
static int has_tcx(const struct machine *m);

static const struct feature_desc {
	const char *name;	/* in jail -V and JAIL_WITHOUT; for good */
	const char *what;
	const char *instead;
	int (*probe)(const struct machine *m);	/* -1: jail_errmsg says why */
	int opt;		/* enum kern_opt, or -1: it is no program */
} table[F_MAX] = {
	[F_CGROUP_KILL] = { "cgroup.kill", "removal kills all at once",
	    "each is killed, in a frozen jail", has_cgroup_kill, -1 },
	[F_SIGNAL] = { "bpf_send_signal_task", "signals without a stop",
	    "the jail is frozen meanwhile", NULL, KO_SIGNAL },
	[F_LSM] = { "lsm", "abstract UNIX names, families of sockets",
	    "jails share the names with all", has_bpf_lsm, KO_LSM },
	[F_DESTROY] = { "bpf_sock_destroy", "sockets of a jail that is gone",
	    "their packets are refused", NULL, KO_DESTROY },
	[F_TCX] = { "tcx", "UDP sockets at all addresses of the jail",
	    "they are at the primary one", has_tcx, -1 },
};

#ifdef JAIL_TEST
#define SWITCH	"JAIL_WITHOUT"
#define SWITCHED_OFF "switched off by " SWITCH

/* The next word of a list with commas, or NULL; its length. */
static const char *
next_word(const char **list, size_t *len)
{
	const char *word = *list;

	if (word == NULL || *word == '\0')
		return (NULL);
	*len = strcspn(word, ",");
	*list = word + *len + (word[*len] == ',');
	return (word);
}

static bool
is_name(enum feature f, const char *word, size_t len)
{
	return (strlen(table[f].name) == len &&
	    memcmp(table[f].name, word, len) == 0);
}

bool
feature_off(enum feature f)
{
	const char *list = getenv(SWITCH), *word;
	size_t len;

	while ((word = next_word(&list, &len)) != NULL) {
		if (is_name(f, word, len))
			return (true);
	}
	return (false);
}

int
features_check(void)
{
	const char *list = getenv(SWITCH), *word;
	size_t len;
	int f;

	while ((word = next_word(&list, &len)) != NULL) {
		for (f = 0; f < F_MAX && !is_name(f, word, len); f++)
			continue;
		if (f == F_MAX)
			return (jail_fail(EINVAL, SWITCH ": %.*s: there is no "
			    "such feature", (int)len, word));
	}
	return (0);
}
#else
#define SWITCHED_OFF "switched off"

bool
feature_off(enum feature f)
{
	(void)f;
	return (false);
}

int
features_check(void)
{
	return (0);
}
#endif

/*
 * The hierarchy's root does not have the file, so there must be a group below
 * it. Others may do the same at this time.
 */
static int
probe_group(const char *group)
{
	char path[PATH_MAX + 32];
	bool gone = true, has = false;

	snprintf(path, sizeof(path), "%s/cgroup.kill", group);
	for (int i = 0; i < PROBE_TRIES && gone && !has; i++) {
		if (mkdir(group, 0700) != 0 && errno != EEXIST)
			return (jail_fail(errno, "%s: %s", group,
			    strerror(errno)));
		has = access(path, F_OK) == 0;
		gone = access(group, F_OK) != 0;
		rmdir(group);
	}
	return (has ? 0 : jail_fail(ENOSYS, "the kernel lacks it"));
}

static int
has_cgroup_kill(const struct machine *m)
{
	char path[PATH_MAX + 16];

	if (m->cgroup[0] == '\0')
		return (jail_fail(ENOSYS, "there is no cgroup v2 hierarchy"));
	snprintf(path, sizeof(path), "%s/cgroup.kill", m->cgroup);
	if (access(path, F_OK) == 0)
		return (0);
	/* (A dot or an underscore is in the name of no instance.) */
	snprintf(path, sizeof(path), "%s_probe", m->cgroup);
	return (probe_group(path));
}

/* The security modules in force, with commas; of no mount that anyone sees. */
static ssize_t
read_lsms(char *list, size_t size)
{
	int fs = syscall(SYS_fsopen, "securityfs", FSOPEN_CLOEXEC);
	int file = -1, mnt = -1;
	ssize_t len = -1;

	if (fs != -1 && syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL,
	    NULL, 0) == 0)
		mnt = syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
	if (mnt != -1)
		file = openat(mnt, "lsm", O_RDONLY | O_CLOEXEC);
	if (file != -1)
		len = read(file, list, size - 1);
	if (len >= 0)
		list[len] = '\0';
	for (size_t i = 0; i < 3; i++) {
		int fd = (int []){ fs, mnt, file }[i];

		if (fd != -1)
			close(fd);
	}
	return (len);
}

/*
 * Where "bpf" is not listed its programs load and attach, but never run. (On
 * the list a kernel may still refuse them.)
 */
static int
has_bpf_lsm(const struct machine *m)
{
	char list[512], *rest = list, *word;

	(void)m;
	if (read_lsms(list, sizeof(list)) < 0)
		return (jail_fail(ENOSYS, "security modules cannot be listed"));
	while ((word = strsep(&rest, ",\n")) != NULL) {
		if (strcmp(word, "bpf") == 0)
			return (0);
	}
	return (jail_fail(ENOSYS, "bpf is not among the security modules"));
}

static int
has_tcx(const struct machine *m)
{
	(void)m;
	return (kern_has_tcx() ? 0 : jail_fail(ENOSYS, "the kernel lacks it"));
}

/* May it be used, as far as can be told without loading programs? */
static int
check(enum feature f, const struct machine *m)
{
	if (feature_off(f))
		return (jail_fail(ENOSYS, SWITCHED_OFF));
	return (table[f].probe == NULL ? 0 : table[f].probe(m));
}

/* For features that are no program. */
bool
feature_has(enum feature f, const struct machine *m)
{
	return (check(f, m) == 0);
}

/* The programs to be loaded, if they can be. */
uint32_t
features_wanted(void)
{
	uint32_t wanted = 0;

	for (int f = 0; f < F_MAX; f++) {
		if (table[f].opt != -1 && check(f, NULL) == 0)
			wanted |= 1U << table[f].opt;
	}
	return (wanted);
}

/* Was it found when the kernel half was loaded? For features of programs. */
bool
feature_used(const struct session *s, enum feature f)
{
	return (!feature_off(f) && (s->g.features & 1U << table[f].opt) != 0);
}

const char *
feature_name(enum kern_opt opt)
{
	int f;

	for (f = 0; table[f].opt != (int)opt; f++)
		continue;
	return (table[f].name);
}

static void
absent(struct jail_layer *l, enum jail_layer_state state, const char *reason)
{
	l->jl_state = state;
	snprintf(l->jl_reason, sizeof(l->jl_reason), "%.*s",
	    (int)sizeof(l->jl_reason) - 1, reason);
}

/* Programs are loaded with the first jail, and then it is settled. */
static void
look_at_program(enum feature f, const struct machine *m, struct jail_layer *l)
{
	bool settled = access(m->pins, F_OK) == 0;
	uint32_t loaded = 0;

	if (settled && kern_opts_loaded(m->pins, &loaded) != 0)
		absent(l, JL_MISSING, jail_errmsg);
	else if (loaded & 1U << table[f].opt) {
		l->jl_state = JL_ACTIVE;
		if (!kern_opt_active(m->pins, table[f].opt))
			absent(l, JL_MISSING, "was detached");
	} else if (check(f, m) != 0 || kern_opt_try(table[f].opt) != 0)
		absent(l, JL_ABSENT, jail_errmsg);
	else if (settled)
		absent(l, JL_ABSENT, "could not be had when the first jail "
		    "was made");
	else
		l->jl_state = JL_READY;
}

static void
look_at_feature(enum feature f, const struct machine *m, struct jail_layer *l)
{
	l->jl_name = table[f].name;
	l->jl_what = table[f].what;
	l->jl_instead = table[f].instead;
	l->jl_state = JL_ACTIVE;
	if (table[f].opt != -1)
		look_at_program(f, m, l);
	else if (check(f, m) != 0)
		absent(l, JL_ABSENT, jail_errmsg);
}

size_t
feature_layers(const struct machine *m, struct jail_layer *layers, size_t max)
{
	size_t n;

	for (n = 0; n < F_MAX && n < max; n++)
		look_at_feature(n, m, &layers[n]);
	return (n);
}
