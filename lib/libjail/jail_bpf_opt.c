/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Programs of features that a kernel may lack. Those of a feature are an object
 * of their own, so that a kernel which does not take them takes the rest. They
 * share the maps of the rest, and are pinned with it.
 */

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "jail_impl.h"
#include "opt_destroy.skel.h"
#include "opt_lsm.skel.h"
#include "opt_signal.skel.h"

#define PROGS_MAX	3

static const struct opt_desc {
	const char *name;
	const void *(*elf)(size_t *size);
	bool attached;		/* else run when there is need */
	const char *progs[PROGS_MAX];
} opts[KO_MAX] = {
	[KO_SIGNAL] = { "opt_signal", opt_signal_bpf__elf_bytes, false,
	    { "kern_signal" } },
	[KO_LSM] = { "opt_lsm", opt_lsm_bpf__elf_bytes, true,
	    { "kern_unix_connect", "kern_unix_send",
	    "kern_socket_create" } },
	[KO_DESTROY] = { "opt_destroy", opt_destroy_bpf__elf_bytes, false,
	    { "kern_destroy_tcp", "kern_destroy_udp" } },
};

static struct bpf_object *
open_object(enum kern_opt opt)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts_open,
	    .object_name = opts[opt].name);
	size_t size;
	const void *elf = opts[opt].elf(&size);
	struct bpf_object *obj = bpf_object__open_mem(elf, size, &opts_open);

	if (obj == NULL)
		jail_fail(ENOSYS, "%s", kern_complaint(errno));
	return (obj);
}

/*
 * The feature's object, loaded, with the maps that are pinned or its own; NULL:
 * jail_errmsg says why it cannot be.
 */
static struct bpf_object *
load_object(enum kern_opt opt, const char *pins)
{
	struct bpf_object *obj;
	int error;

	kern_complaint(0);
	obj = open_object(opt);
	if (obj == NULL)
		return (NULL);
	error = pins != NULL ? kern_share_maps(obj, pins) : 0;
	if (error == 0) {
		error = bpf_object__load(obj);
		if (error != 0)
			jail_fail(ENOSYS, "%s", kern_complaint(-error));
	}
	if (error == 0)
		return (obj);
	bpf_object__close(obj);
	return (NULL);
}

/* With maps of its own, which go again with the rest. */
int
kern_opt_try(enum kern_opt opt)
{
	struct bpf_object *obj = load_object(opt, NULL);

	if (obj == NULL)
		return (-1);
	bpf_object__close(obj);
	return (0);
}

static int
pin_link(struct bpf_program *prog, const char *dir)
{
	struct bpf_link *link;
	char path[PATH_MAX];
	int error;

	if (kern_pin(path, sizeof(path), dir, "links/",
	    bpf_program__name(prog)) != 0)
		return (-1);
	link = bpf_program__attach(prog);
	if (link == NULL)
		return (jail_fail(errno, "%s: cannot be attached: %s",
		    bpf_program__name(prog), strerror(errno)));
	error = bpf_link__pin(link, path);
	bpf_link__destroy(link);
	return (error == 0 ? 0 : jail_fail(-error, "%s: %s", path,
	    strerror(-error)));
}

static int
pin_programs(const struct opt_desc *od, struct bpf_object *obj,
    const char *dir)
{
	struct bpf_program *prog;
	char path[PATH_MAX];
	int error;

	bpf_object__for_each_program(prog, obj) {
		if (kern_pin(path, sizeof(path), dir, "progs/",
		    bpf_program__name(prog)) != 0)
			return (-1);
		error = bpf_obj_pin(bpf_program__fd(prog), path);
		if (error != 0)
			return (jail_fail(-error, "%s: %s", path,
			    strerror(-error)));
		if (od->attached && pin_link(prog, dir) != 0)
			return (-1);
	}
	return (0);
}

/*
 * Load what is wanted and can be had; returns that. What loads but cannot be
 * pinned or attached is an error, not a feature that the kernel lacks.
 */
int
kern_opts_load(const char *dir, uint32_t wanted, uint32_t *ret_loaded)
{
	struct bpf_object *obj;
	int error;

	*ret_loaded = 0;
	for (int opt = 0; opt < KO_MAX; opt++) {
		if ((wanted & 1U << opt) == 0 ||
		    (obj = load_object(opt, dir)) == NULL)
			continue;
		error = pin_programs(&opts[opt], obj, dir);
		bpf_object__close(obj);
		if (error != 0)
			return (-1);
		*ret_loaded |= 1U << opt;
	}
	return (0);
}

static bool
is_pinned(const char *pins, const char *sub, const char *name)
{
	char path[PATH_MAX];

	return (kern_pin(path, sizeof(path), pins, sub, name) == 0 &&
	    access(path, F_OK) == 0);
}

/* A link of these kinds is attached as long as there is one. */
bool
kern_opt_active(const char *pins, enum kern_opt opt)
{
	const struct opt_desc *od = &opts[opt];

	for (int i = 0; i < PROGS_MAX && od->progs[i] != NULL; i++) {
		if (!is_pinned(pins, od->attached ? "links/" : "progs/",
		    od->progs[i]))
			return (false);
	}
	return (true);
}

int
kern_opts_loaded(const char *pins, uint32_t *ret_loaded)
{
	struct jail_globals g;
	uint32_t zero = 0;
	int error, fd = kern_open_pin(pins, "", "jail_globals");

	if (fd == -1)
		return (-1);
	error = bpf_map_lookup_elem(fd, &zero, &g);
	close(fd);
	if (error != 0)
		return (jail_fail(-error, "map jail_globals: %s",
		    strerror(-error)));
	*ret_loaded = g.features;
	return (0);
}

int
kern_signal(const char *pins, struct jail_signal *js)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = js,
	    .ctx_size_in = sizeof(*js));
	int error, fd = kern_open_pin(pins, "progs/",
	    opts[KO_SIGNAL].progs[0]);

	if (fd == -1)
		return (-1);
	js->js_sent = js->js_left = js->js_forks = 0;
	error = bpf_prog_test_run_opts(fd, &run);
	close(fd);
	return (error == 0 ? 0 : jail_fail(-error, "program kern_signal: %s",
	    strerror(-error)));
}

/* What an iterator prints is nothing, but reading it is what makes it run. */
static int
run_iterator(const char *pins, const char *name)
{
	int prog = kern_open_pin(pins, "progs/", name);
	int error = 0, iter = -1, link;
	char byte;

	if (prog == -1)
		return (-1);
	link = bpf_link_create(prog, 0, BPF_TRACE_ITER, NULL);
	if (link >= 0)
		iter = bpf_iter_create(link);
	if (iter < 0 || read(iter, &byte, 1) == -1)
		error = jail_fail(errno, "program %s: %s", name,
		    strerror(errno));
	if (iter >= 0)
		close(iter);
	if (link >= 0)
		close(link);
	close(prog);
	return (error);
}

int
kern_destroy_sockets(const char *pins)
{
	const struct opt_desc *od = &opts[KO_DESTROY];

	for (int i = 0; i < PROGS_MAX && od->progs[i] != NULL; i++) {
		if (run_iterator(pins, od->progs[i]) != 0)
			return (-1);
	}
	return (0);
}
