/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Reading an instance's pins, maps and cgroups.
 */

#include <sys/jail.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <mntent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "state.h"

#define BPFFS	"/sys/fs/bpf"
#define KEYMAX	JAIL_NAMELEN
#define CHUNK	4096

static const struct {
	const char *name;
	size_t keylen, valuelen;
} maps[SM_MAX] = {
	[SM_PRISONS] = { "prisons", 8, sizeof(struct prison) },
	[SM_INFOS] = { "prison_infos", 4, sizeof(struct prison_info) },
	[SM_NAMES] = { "prison_names", JAIL_NAMELEN, 4 },
	[SM_IP4S] = { "prison_ip4s", sizeof(struct prison_ip4_key),
	    sizeof(struct prison_ip4) },
	[SM_IP6S] = { "prison_ip6s", sizeof(struct prison_ip6_key),
	    sizeof(struct prison_ip6) },
	[SM_IP4_OWNERS] = { "ip4_owners", 4, sizeof(struct ip_owner) },
	[SM_IP6_OWNERS] = { "ip6_owners", 16, sizeof(struct ip_owner) },
	[SM_IP4_NETS] = { "ip4_nets", sizeof(struct ip4_net),
	    sizeof(struct ip4_source) },
	[SM_IP6_NETS] = { "ip6_nets", sizeof(struct ip6_net),
	    sizeof(struct ip6_source) },
	[SM_ALIASES] = { "ip_aliases", sizeof(struct ip_alias_key),
	    sizeof(struct ip_alias) },
	[SM_PORTS] = { "ports", sizeof(struct port_key), sizeof(struct port) },
	[SM_REFUSALS] = { "refusals", sizeof(struct refusal_key), 8 },
	[SM_MARKS] = { "signal_marks", sizeof(struct signal_mark_key),
	    sizeof(struct signal_mark) },
	[SM_GLOBALS] = { "jail_globals", 4, sizeof(struct jail_globals) },
};

static const char *
instance(void)
{
	const char *name = getenv("JAIL_INSTANCE");

	return (name != NULL ? name : "jail");
}

/* Where the instance is on a file system of that type, of that controller. */
static int
find_instance(const char *type, const char *opt, char path[PATH_MAX])
{
	struct mntent *m;
	int error = -1;
	FILE *f;

	path[0] = '\0';
	f = setmntent("/proc/self/mounts", "re");
	if (f == NULL)
		return (-1);
	while (error != 0 && (m = getmntent(f)) != NULL) {
		if (strcmp(m->mnt_type, type) != 0 ||
		    (opt != NULL && hasmntopt(m, opt) == NULL))
			continue;
		snprintf(path, PATH_MAX, "%.2000s/%s", m->mnt_dir,
		    instance());
		error = 0;
	}
	endmntent(f);
	return (error);
}

static int
open_maps(struct state *st)
{
	char path[PATH_MAX + 32];

	for (int i = 0; i < SM_MAX; i++) {
		snprintf(path, sizeof(path), "%s/%s", st->st_pins,
		    maps[i].name);
		st->st_map[i] = bpf_obj_get(path);
		if (st->st_map[i] < 0) {
			errno = -st->st_map[i];
			return (-1);
		}
	}
	return (0);
}

int
state_open(struct state *st)
{
	memset(st, 0, sizeof(*st));
	for (int i = 0; i < SM_MAX; i++)
		st->st_map[i] = -1;
	snprintf(st->st_pins, sizeof(st->st_pins), BPFFS "/%s", instance());
	if (find_instance("cgroup2", NULL, st->st_cgroup) != 0)
		return (-1);
	find_instance("cgroup", "cpu", st->st_cpu);
	st->st_loaded = access(st->st_pins, F_OK) == 0;
	if (st->st_loaded && open_maps(st) != 0) {
		state_close(st);
		return (-1);
	}
	return (0);
}

void
state_close(struct state *st)
{
	for (int i = 0; i < SM_MAX; i++) {
		if (st->st_map[i] >= 0)
			close(st->st_map[i]);
		st->st_map[i] = -1;
	}
}

bool
state_lookup(const struct state *st, enum state_map map, const void *key,
    void *value)
{
	return (bpf_map_lookup_elem(st->st_map[map], key, value) == 0);
}

/* The next entries of a map, and the kernel's mark of where it stands. */
struct chunk {
	uint8_t *keys, *values;
	uint32_t n;
	uint8_t mark[KEYMAX];
	bool begun, last;
};

static int
next_chunk(const struct state *st, enum state_map map, struct chunk *c)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	int error;

	c->n = CHUNK;
	error = bpf_map_lookup_batch(st->st_map[map], c->begun ? c->mark :
	    NULL, c->mark, c->keys, c->values, &c->n, &opts);
	c->begun = true;
	c->last = error == -ENOENT;
	return (error == 0 || c->last ? 0 : -1);
}

static int
walk_chunks(const struct state *st, enum state_map map, struct chunk *c,
    state_entry *fn, void *arg)
{
	int error = 0;

	while (error == 0 && !c->last) {
		error = next_chunk(st, map, c);
		for (uint32_t i = 0; i < c->n && error == 0; i++)
			error = fn(arg, c->keys + i * maps[map].keylen,
			    c->values + i * maps[map].valuelen);
	}
	return (error);
}

int
state_walk(const struct state *st, enum state_map map, state_entry *fn,
    void *arg)
{
	struct chunk c = { .last = !st->st_loaded };
	int error = -1;

	c.keys = calloc(CHUNK, maps[map].keylen);
	c.values = calloc(CHUNK, maps[map].valuelen);
	if (c.keys != NULL && c.values != NULL)
		error = walk_chunks(st, map, &c, fn, arg);
	free(c.keys);
	free(c.values);
	return (error);
}

static int
count_one(void *arg, const void *key, const void *value)
{
	size_t *n = arg;

	(void)key;
	(void)value;
	++*n;
	return (0);
}

size_t
state_count(const struct state *st, enum state_map map)
{
	size_t n = 0;

	state_walk(st, map, count_one, &n);
	return (n);
}

/* Lines, to be sorted. */
struct dump {
	char **lines;
	size_t n, room;
	size_t keylen, valuelen;	/* of the map that is dumped */
	const char *map;
};

static void
add_line(struct dump *d, char *line)
{
	if (d->n == d->room) {
		d->room = 2 * d->room + 64;
		d->lines = reallocarray(d->lines, d->room, sizeof(*d->lines));
	}
	if (d->lines == NULL || line == NULL)
		abort();
	d->lines[d->n++] = line;
}

/* Without the zeros at the end, of which names and paths have many. */
static void
put_hex(FILE *f, const void *data, size_t len)
{
	const uint8_t *bytes = data;

	fputc(' ', f);
	while (len > 0 && bytes[len - 1] == 0)
		len--;
	for (size_t i = 0; i < len; i++)
		fprintf(f, "%02x", bytes[i]);
}

static int
dump_entry(void *arg, const void *key, const void *value)
{
	struct dump *d = arg;
	char *line = NULL;
	size_t size;
	FILE *f = open_memstream(&line, &size);

	if (f == NULL)
		return (-1);
	fprintf(f, "%s", d->map);
	put_hex(f, key, d->keylen);
	put_hex(f, value, d->valuelen);
	fclose(f);
	add_line(d, line);
	return (0);
}

/* A line for each file, of directories that are no deeper than depth. */
static void
dump_dir(struct dump *d, const char *what, const char *path, int depth)
{
	char sub[PATH_MAX], *line;
	struct dirent *e;
	struct stat st;
	DIR *dir = opendir(path);

	if (dir == NULL)
		return;
	if (asprintf(&line, "%s %s", what, path) == -1)
		abort();
	add_line(d, line);
	while ((e = readdir(dir)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(sub, sizeof(sub), "%s/%.255s", path, e->d_name);
		if (lstat(sub, &st) == 0 && S_ISDIR(st.st_mode)) {
			if (depth > 0)
				dump_dir(d, what, sub, depth - 1);
		} else if (strcmp(what, "pin") == 0) {
			if (asprintf(&line, "%s %s", what, sub) == -1)
				abort();
			add_line(d, line);
		}
	}
	closedir(dir);
}

static int
compare_lines(const void *a, const void *b)
{
	return (strcmp(*(char *const *)a, *(char *const *)b));
}

static void
print_lines(struct dump *d, FILE *out)
{
	if (d->n > 0)
		qsort(d->lines, d->n, sizeof(*d->lines), compare_lines);
	for (size_t i = 0; i < d->n; i++) {
		fprintf(out, "%s\n", d->lines[i]);
		free(d->lines[i]);
	}
	free(d->lines);
}

int
state_dump(struct state *st, FILE *out)
{
	char new_pins[PATH_MAX + 8];
	struct dump d = { .lines = NULL };
	int error = 0;

	for (int i = 0; i < SM_GLOBALS && error == 0; i++) {
		d.map = maps[i].name;
		d.keylen = maps[i].keylen;
		d.valuelen = maps[i].valuelen;
		error = state_walk(st, i, dump_entry, &d);
	}
	snprintf(new_pins, sizeof(new_pins), "%s_new", st->st_pins);
	dump_dir(&d, "pin", st->st_pins, 2);
	dump_dir(&d, "pin", new_pins, 2);
	dump_dir(&d, "cgroup2", st->st_cgroup, 2);
	if (st->st_cpu[0] != '\0')
		dump_dir(&d, "cpu", st->st_cpu, 2);
	print_lines(&d, out);
	return (error);
}
