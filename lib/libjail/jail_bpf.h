/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The bridge to the kernel half: load it, open its maps, read and write them.
 */

#ifndef _JAIL_BPF_H_
#define _JAIL_BPF_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jail.h"

/* The pinned maps that user space uses, see <sys/jail.h>. */
enum kern_map {
	KM_PRISONS, KM_INFOS, KM_NAMES, KM_IP4S, KM_IP6S, KM_IP4_OWNERS,
	KM_IP6_OWNERS, KM_IP4_NETS, KM_IP6_NETS, KM_ALIASES, KM_REFUSALS,
	KM_MARKS, KM_PORTS, KM_GLOBALS, KM_MAX
};

/* Programs that a kernel may lack; 1 << n is their JAIL_FEATURE_*. */
enum kern_opt {
	KO_SIGNAL, KO_LSM, KO_DESTROY, KO_MAX
};

struct kern {
	int map[KM_MAX];
};

struct bpf_object;

/*
 * Load all programs, attach them to the cgroup, and pin everything below pins;
 * all of it or nothing, but for the optional ones: of those that are wanted
 * what can be had. ENOSYS: the kernel lacks something, and the text says what.
 */
int kern_load(const char *pins, int cgroupfd, uint64_t cgroup,
    uint32_t wanted);

/*
 * Attach what deals with addresses to a jail's adopted cgroup as well; detach
 * it, which may have been done before.
 */
int kern_adopt(const char *pins, uint32_t jid, int cgroupfd);
int kern_disown(const char *pins, uint32_t jid);

/* Clear away what a kern_load() that was killed left. */
int kern_sweep(const char *pins);

/* Detach and forget everything below pins. */
int kern_unload(const char *pins);

/* The path of what is pinned below pins: sub is "", "progs/" or "links/". */
int kern_pin(char *path, size_t size, const char *pins, const char *sub,
    const char *name);

/* A descriptor of it. */
int kern_open_pin(const char *pins, const char *sub, const char *name);

/* Open the maps. ENOENT: nothing is loaded. ENOSYS: a map was taken away. */
int kern_open(struct kern *k, const char *pins);
void kern_close(struct kern *k);

/* Open, to read, those alone that say what addresses a jail has. */
int kern_open_sets(struct kern *k, const char *pins);

/* Is a link pinned there, and attached to what is there still? */
bool kern_attached(const char *path);

/* Is every layer in force? ENOSYS: one was taken away. */
int kern_check_links(const char *pins, uint32_t features);

/* Say that a layer was taken away; returns -1. */
int kern_detached(const char *layer);

/*
 * Have the part of the kernel half that is of a network namespace in force in
 * this one, and tell its number. With tcx also at each interface, and with
 * capture so that packet sockets of jails do not send there. ENOSYS.
 */
int kern_net_attach(const char *pins, bool tcx, bool capture,
    uint64_t *ret_cookie);
bool kern_has_tcx(void);
void kern_net_layer(const char *pins, struct jail_layer *l);
int kern_net_cookie(uint64_t *ret_cookie);

/* Is it, in that one? */
bool kern_net_active(const char *pins, uint64_t cookie);

/* Keys and values are of the sizes in <sys/jail.h>. ENOENT, EEXIST, ENOSPC. */
int kern_get(const struct kern *k, enum kern_map map, const void *key,
    void *value);
int kern_put(const struct kern *k, enum kern_map map, const void *key,
    const void *value);
int kern_put_new(const struct kern *k, enum kern_map map, const void *key,
    const void *value);
int kern_put_many(const struct kern *k, enum kern_map map, const void *keys,
    const void *values, size_t n);
int kern_del(const struct kern *k, enum kern_map map, const void *key);
int kern_clear(const struct kern *k, enum kern_map map);

/* Wait until every program that runs now, with what the maps had, has ended. */
int kern_wait(void);

/* All entries of a map, keys and values one after the other, to be freed. */
int kern_dump(const struct kern *k, enum kern_map map, void **ret_keys,
    void **ret_values, size_t *ret_n);

/* Have an object use the maps that are pinned, before it is loaded. ENOSYS. */
int kern_share_maps(struct bpf_object *obj, const char *pins);

/* The filter for packet sockets of the jail with that cgroup. ENOSYS. */
int kern_capture_load(const char *pins, uint64_t cgroup);

/* Could the optional program be loaded? -1: jail_errmsg says why not. */
int kern_opt_try(enum kern_opt opt);

/* Is it in force, or ready to be run? */
bool kern_opt_active(const char *pins, enum kern_opt opt);

/* Those that were loaded with the rest, as they were then. */
int kern_opts_loaded(const char *pins, uint32_t *ret_loaded);

/* For kern_load(). */
int kern_opts_load(const char *dir, uint32_t wanted, uint32_t *ret_loaded);

/* What libbpf complained of first since kern_complaint(0), or the errno. */
const char *kern_complaint(int error);

/* Run KO_DESTROY over the sockets of this network namespace. */
int kern_destroy_sockets(const char *pins);

/* Make a pass of KO_SIGNAL. */
int kern_signal(const char *pins, struct jail_signal *js);

/* Fill in the layers that the kernel half is; returns their number. */
size_t kern_layers(const char *pins, struct jail_layer *layers, size_t max);

#endif /* !_JAIL_BPF_H_ */
