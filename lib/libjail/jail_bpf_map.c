/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The pinned maps: open, read and write them, and have programs share them.
 */

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jail_impl.h"

#define DUMP_CHUNK	4096	/* entries per bpf(2) call */

static const struct map_desc {
	const char *name;
	size_t keylen, valuelen;
} maps[KM_MAX] = {
	[KM_PRISONS] = { "prisons", 8, sizeof(struct prison) },
	[KM_INFOS] = { "prison_infos", 4, sizeof(struct prison_info) },
	[KM_NAMES] = { "prison_names", JAIL_NAMELEN, 4 },
	[KM_IP4S] = { "prison_ip4s", sizeof(struct prison_ip4_key),
	    sizeof(struct prison_ip4) },
	[KM_IP6S] = { "prison_ip6s", sizeof(struct prison_ip6_key),
	    sizeof(struct prison_ip6) },
	[KM_IP4_OWNERS] = { "ip4_owners", 4, sizeof(struct ip_owner) },
	[KM_IP6_OWNERS] = { "ip6_owners", 16, sizeof(struct ip_owner) },
	[KM_IP4_NETS] = { "ip4_nets", sizeof(struct ip4_net),
	    sizeof(struct ip4_source) },
	[KM_IP6_NETS] = { "ip6_nets", sizeof(struct ip6_net),
	    sizeof(struct ip6_source) },
	[KM_ALIASES] = { "ip_aliases", sizeof(struct ip_alias_key),
	    sizeof(struct ip_alias) },
	[KM_REFUSALS] = { "refusals", sizeof(struct refusal_key), 8 },
	[KM_MARKS] = { "signal_marks", sizeof(struct signal_mark_key),
	    sizeof(struct signal_mark) },
	[KM_PORTS] = { "ports", sizeof(struct port_key), sizeof(struct port) },
	[KM_GLOBALS] = { "jail_globals", 4, sizeof(struct jail_globals) },
};

static int
open_map(struct kern *k, const char *pins, enum kern_map map, uint32_t flags)
{
	LIBBPF_OPTS(bpf_obj_get_opts, opts, .file_flags = flags);
	char path[PATH_MAX];
	int error;

	if (kern_pin(path, sizeof(path), pins, "", maps[map].name) != 0)
		return (-1);
	k->map[map] = bpf_obj_get_opts(path, &opts);
	if (k->map[map] >= 0)
		return (0);
	error = -k->map[map];
	kern_close(k);
	return (jail_fail(error == ENOENT ? ENOSYS : error, "%s: %s", path,
	    strerror(error)));
}

int
kern_open(struct kern *k, const char *pins)
{
	for (int i = 0; i < KM_MAX; i++)
		k->map[i] = -1;
	if (access(pins, F_OK) != 0)
		return (jail_fail(ENOENT, "no jail was made yet"));
	for (int i = 0; i < KM_MAX; i++) {
		if (open_map(k, pins, i, 0) != 0)
			return (-1);
	}
	return (0);
}

int
kern_open_sets(struct kern *k, const char *pins)
{
	static const enum kern_map sets[] = { KM_PRISONS, KM_IP4S, KM_IP6S,
		KM_IP4_NETS, KM_IP6_NETS };

	for (int i = 0; i < KM_MAX; i++)
		k->map[i] = -1;
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		if (open_map(k, pins, sets[i], BPF_F_RDONLY) != 0)
			return (-1);
	}
	return (0);
}

void
kern_close(struct kern *k)
{
	for (int i = 0; i < KM_MAX; i++) {
		if (k->map[i] >= 0)
			close(k->map[i]);
		k->map[i] = -1;
	}
}

int
kern_share_maps(struct bpf_object *obj, const char *pins)
{
	char path[PATH_MAX];
	struct bpf_map *map;
	int error, fd;

	bpf_object__for_each_map(map, obj) {
		if (bpf_map__is_internal(map))
			continue;
		if (kern_pin(path, sizeof(path), pins, "",
		    bpf_map__name(map)) != 0)
			return (-1);
		fd = bpf_obj_get(path);
		error = fd < 0 ? fd : bpf_map__reuse_fd(map, fd);
		if (fd >= 0)
			close(fd);
		if (error != 0)
			return (jail_fail(ENOSYS, "%s: %s", path,
			    strerror(-error)));
	}
	return (0);
}

static int
map_failed(enum kern_map map, int error)
{
	if (error == E2BIG)
		return (jail_fail(ENOSPC, "map %s is full", maps[map].name));
	return (jail_fail(error, "map %s: %s", maps[map].name,
	    strerror(error)));
}

int
kern_get(const struct kern *k, enum kern_map map, const void *key, void *value)
{
	int error = -bpf_map_lookup_elem(k->map[map], key, value);

	return (error == 0 ? 0 : map_failed(map, error));
}

int
kern_put(const struct kern *k, enum kern_map map, const void *key,
    const void *value)
{
	int error = -bpf_map_update_elem(k->map[map], key, value, BPF_ANY);

	return (error == 0 ? 0 : map_failed(map, error));
}

int
kern_put_new(const struct kern *k, enum kern_map map, const void *key,
    const void *value)
{
	int error = -bpf_map_update_elem(k->map[map], key, value, BPF_NOEXIST);

	return (error == 0 ? 0 : map_failed(map, error));
}

int
kern_put_many(const struct kern *k, enum kern_map map, const void *keys,
    const void *values, size_t n)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	uint32_t count = n;
	int error;

	if (n == 0)
		return (0);
	error = -bpf_map_update_batch(k->map[map], keys, values, &count, &opts);
	return (error == 0 ? 0 : map_failed(map, error));
}

int
kern_del(const struct kern *k, enum kern_map map, const void *key)
{
	int error = -bpf_map_delete_elem(k->map[map], key);

	return (error == 0 ? 0 : map_failed(map, error));
}

/* Where a dump stands: what came so far, and the kernel's place mark. */
struct dump {
	uint8_t *keys, *values;
	size_t n;
	uint8_t mark[64];
	bool begun;
};

/* Append the next chunk. Returns 1 if there may be more, 0 at the end, -1. */
static int
dump_chunk(const struct kern *k, enum kern_map map, struct dump *d)
{
	const struct map_desc *md = &maps[map];
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	uint32_t count = DUMP_CHUNK;
	uint8_t *keys, *values;
	int error;

	keys = realloc(d->keys, (d->n + count) * md->keylen);
	if (keys != NULL)
		d->keys = keys;
	values = realloc(d->values, (d->n + count) * md->valuelen);
	if (values != NULL)
		d->values = values;
	if (keys == NULL || values == NULL)
		return (jail_fail(ENOMEM, "out of memory"));
	error = -bpf_map_lookup_batch(k->map[map], d->begun ? d->mark : NULL,
	    d->mark, keys + d->n * md->keylen, values + d->n * md->valuelen,
	    &count, &opts);
	if (error != 0 && error != ENOENT)
		return (map_failed(map, error));
	d->n += count;
	d->begun = true;
	return (error == 0);
}

int
kern_dump(const struct kern *k, enum kern_map map, void **ret_keys,
    void **ret_values, size_t *ret_n)
{
	struct dump d = { 0 };
	int more;

	do
		more = dump_chunk(k, map, &d);
	while (more == 1);
	if (more < 0) {
		free(d.keys);
		free(d.values);
		return (-1);
	}
	*ret_keys = d.keys;
	*ret_n = d.n;
	if (ret_values != NULL)
		*ret_values = d.values;
	else
		free(d.values);
	return (0);
}

/* Delete all entries. */
int
kern_clear(const struct kern *k, enum kern_map map)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts);
	uint32_t count;
	void *keys;
	int error = 0;
	size_t n;

	if (kern_dump(k, map, &keys, NULL, &n) != 0)
		return (-1);
	count = n;
	if (n > 0)
		error = -bpf_map_delete_batch(k->map[map], keys, &count, &opts);
	free(keys);
	return (error == 0 ? 0 : map_failed(map, error));
}

/*
 * A change of a map of maps returns when no program has the old one any more:
 * maybe_wait_bpf_programs() of the kernel's syscall.c.
 */
int
kern_wait(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts);
	int inner, outer = -1, error;

	inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "wait_inner", 4, 4, 1, NULL);
	opts.inner_map_fd = inner;
	error = inner;
	if (inner >= 0)
		error = outer = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS,
		    "wait_outer", 4, 4, 1, &opts);
	if (outer >= 0)
		error = bpf_map_update_elem(outer, &(uint32_t){ 0 }, &inner, 0);
	if (outer >= 0)
		close(outer);
	if (inner >= 0)
		close(inner);
	return (error >= 0 ? 0 : jail_fail(-error, "a map of maps: %s",
	    strerror(-error)));
}
