/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Load the kernel half, and look whether it is in force. Only this file and
 * others named jail_bpf_*.c call libbpf.
 */

#include <sys/stat.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jail_impl.h"
#include "netjail.skel.h"

/*
 * The programs, each a layer of its own. Those from NADDRPROGS on are about
 * something else than addresses.
 */
static const struct prog_desc {
	const char *name, *section, *what;
} progs[] = {
	{ "ip_output", "cgroup_skb/egress", "source of every packet" },
	{ "ip_input", "cgroup_skb/ingress", "destination of every packet" },
	{ "kern_socreate", "cgroup/sock_create", "families, raw sockets" },
	{ "in_bind4", "cgroup/bind4", "bind to an IPv4 address" },
	{ "in6_bind6", "cgroup/bind6", "bind to an IPv6 address" },
	{ "in_connect4", "cgroup/connect4", "connect over IPv4" },
	{ "in6_connect6", "cgroup/connect6", "connect over IPv6" },
	{ "in_sendmsg4", "cgroup/sendmsg4", "datagrams over IPv4" },
	{ "in6_sendmsg6", "cgroup/sendmsg6", "datagrams over IPv6" },
	{ "in_bound4", "cgroup/post_bind4", "ports of IPv4 sockets" },
	{ "in_bound6", "cgroup/post_bind6", "ports of IPv6 sockets" },
	{ "in_getsockname4", "cgroup/getsockname4", "own names over IPv4" },
	{ "in_getsockname6", "cgroup/getsockname6", "own names over IPv6" },
	{ "in_getpeername4", "cgroup/getpeername4", "peers over IPv4" },
	{ "in_getpeername6", "cgroup/getpeername6", "peers over IPv6" },
	{ "in_recvmsg4", "cgroup/recvmsg4", "senders over IPv4" },
	{ "in_recvmsg6", "cgroup/recvmsg6", "senders over IPv6" },
	{ "in_release", "cgroup/sock_release", "ports that are free again" },
	{ "in_sockops", "sockops", "TCP sockets that listen" },
	{ "in_setsockopt", "cgroup/setsockopt", "options of sockets" },
	{ "in_getsockopt", "cgroup/getsockopt", "reasons of refusals" },
	{ "kern_dev", "cgroup/dev", "devices" },
	{ "kern_sysctl", "cgroup/sysctl", "writes to sysctls" },
};

#define NPROGS	(sizeof(progs) / sizeof(progs[0]))
#define NADDRPROGS (NPROGS - 2)

/* The first thing that libbpf complained of, on one line. */
static _Thread_local char complaint[256];

static int
keep_complaint(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (level != LIBBPF_WARN || complaint[0] != '\0')
		return (0);
	vsnprintf(complaint, sizeof(complaint), fmt, ap);
	complaint[strcspn(complaint, "\n")] = '\0';
	return (0);
}

const char *
kern_complaint(int error)
{
	static const char mark[] = "libbpf: ";

	if (error == 0) {
		complaint[0] = '\0';
		libbpf_set_print(keep_complaint);
	}
	if (strncmp(complaint, mark, strlen(mark)) == 0)
		return (complaint + strlen(mark));
	return (complaint[0] != '\0' ? complaint : strerror(error));
}

int
kern_pin(char *path, size_t size, const char *dir, const char *sub,
    const char *name)
{
	if ((size_t)snprintf(path, size, "%s/%s%s", dir, sub, name) >= size)
		return (jail_fail(ENAMETOOLONG, "%s: path is too long", dir));
	return (0);
}

int
kern_open_pin(const char *pins, const char *sub, const char *name)
{
	char path[PATH_MAX];
	int fd;

	if (kern_pin(path, sizeof(path), pins, sub, name) != 0)
		return (-1);
	fd = bpf_obj_get(path);
	return (fd >= 0 ? fd : jail_fail(-fd, "%s: %s", path, strerror(-fd)));
}

/* Remove a directory of pins: its entries are objects and directories. */
static int
remove_pins(const char *dir)
{
	char path[PATH_MAX];
	struct dirent *e;
	DIR *d;

	d = opendir(dir);
	if (d == NULL)
		return (errno == ENOENT ? 0 :
		    jail_fail(errno, "%s: %s", dir, strerror(errno)));
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.' ||
		    kern_pin(path, sizeof(path), dir, "", e->d_name) != 0)
			continue;
		if (unlink(path) != 0 && (errno == EISDIR || errno == EPERM))
			remove_pins(path);
	}
	closedir(d);
	if (rmdir(dir) != 0)
		return (jail_fail(errno, "%s: %s", dir, strerror(errno)));
	return (0);
}

static int
make_pin_dirs(const char *dir)
{
	static const char *const subs[] = { "", "progs", "links" };
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(subs) / sizeof(subs[0]); i++) {
		if (kern_pin(path, sizeof(path), dir, subs[i], "") != 0)
			return (-1);
		if (mkdir(path, 0700) != 0)
			return (jail_fail(errno, "%s: %s", path,
			    strerror(errno)));
	}
	return (0);
}

static int
pin_map(struct bpf_object *obj, const struct bpf_map *map, const char *dir)
{
	char path[PATH_MAX];
	int error;

	(void)obj;
	if (kern_pin(path, sizeof(path), dir, "", bpf_map__name(map)) != 0)
		return (-1);
	error = bpf_obj_pin(bpf_map__fd(map), path);
	if (error != 0)
		return (jail_fail(-error, "map %s cannot be pinned: %s",
		    bpf_map__name(map), strerror(-error)));
	return (0);
}

/* The program and its link are pinned, so they outlive this process. */
static int
attach_prog(struct bpf_object *obj, const struct prog_desc *pd,
    const char *dir, int cgroupfd)
{
	struct bpf_program *prog;
	struct bpf_link *link;
	char path[PATH_MAX];
	int error;

	prog = bpf_object__find_program_by_name(obj, pd->name);
	if (prog == NULL)
		return (jail_fail(ENOSYS, "layer %s: not built in",
		    pd->section));
	link = bpf_program__attach_cgroup(prog, cgroupfd);
	if (link == NULL)
		return (jail_fail(ENOSYS, "layer %s: cannot be attached: %s",
		    pd->section, strerror(errno)));
	error = kern_pin(path, sizeof(path), dir, "progs/", pd->name);
	if (error == 0)
		error = bpf_obj_pin(bpf_program__fd(prog), path);
	if (error == 0)
		error = kern_pin(path, sizeof(path), dir, "links/", pd->name);
	if (error == 0)
		error = bpf_link__pin(link, path);
	bpf_link__destroy(link);
	if (error != 0)
		return (jail_fail(ENOSYS, "layer %s: cannot be pinned: %s",
		    pd->section, strerror(-error)));
	return (0);
}

static int
write_globals(struct bpf_object *obj, uint64_t cgroup, uint32_t features)
{
	struct jail_globals g = {
		.version = JAIL_VERSION, .cgroup = cgroup, .nextset = 1,
		.features = features
	};
	uint32_t zero = 0;
	int fd = bpf_object__find_map_fd_by_name(obj, "jail_globals");
	int error;

	error = bpf_map_update_elem(fd, &zero, &g, BPF_ANY);
	if (error != 0)
		return (jail_fail(-error, "map jail_globals: %s",
		    strerror(-error)));
	return (0);
}

/* Could the layer be loaded? If not, the reason. */
static const char *
layer_missing(const struct prog_desc *pd)
{
	enum bpf_attach_type attach;
	enum bpf_prog_type type;
	int has;

	if (libbpf_prog_type_by_name(pd->section, &type, &attach) != 0)
		return ("libbpf does not know it");
	has = libbpf_probe_bpf_prog_type(type, NULL);
	if (has < 0)
		return (strerror(-has));
	return (has == 0 ? "the kernel lacks this program type" : NULL);
}

/* Why is it that this kernel does not load the programs? */
static int
explain_load(int error)
{
	const char *reason;

	for (size_t i = 0; i < NPROGS; i++) {
		reason = layer_missing(&progs[i]);
		if (reason != NULL)
			return (jail_fail(ENOSYS, "layer %s: %s",
			    progs[i].section, reason));
	}
	return (jail_fail(ENOSYS, "the kernel half cannot be loaded: %s%s%s",
	    strerror(error), complaint[0] != '\0' ? ": " : "", complaint));
}

static int
pin_all(struct bpf_object *obj, const char *dir, int cgroupfd,
    uint64_t cgroup, uint32_t wanted)
{
	const struct bpf_map *map;
	uint32_t features;

	if (make_pin_dirs(dir) != 0)
		return (-1);
	bpf_object__for_each_map(map, obj) {
		if (bpf_map__is_internal(map))
			continue;
		if (pin_map(obj, map, dir) != 0)
			return (-1);
	}
	for (size_t i = 0; i < NPROGS; i++) {
		if (attach_prog(obj, &progs[i], dir, cgroupfd) != 0)
			return (-1);
	}
	if (kern_opts_load(dir, wanted, &features) != 0)
		return (-1);
	return (write_globals(obj, cgroup, features));
}

/* Where pins are made. (A dot is not allowed in names there.) */
static int
new_pins(char *dir, size_t size, const char *pins)
{
	if ((size_t)snprintf(dir, size, "%s_new", pins) >= size)
		return (jail_fail(ENAMETOOLONG, "%s: path is too long", pins));
	return (0);
}

/*
 * Everything is pinned in a directory beside the real one, which it becomes
 * when it is whole: a process that is killed here leaves nothing in force, and
 * the next one clears it away.
 */
int
kern_load(const char *pins, int cgroupfd, uint64_t cgroup, uint32_t wanted)
{
	char dir[PATH_MAX];
	struct netjail_bpf *skel;
	int error;

	if (new_pins(dir, sizeof(dir), pins) != 0)
		return (-1);
	kern_complaint(0);
	if (access("/sys/kernel/btf/vmlinux", R_OK) != 0)
		return (jail_fail(ENOSYS, "the kernel has no BTF: one built "
		    "with CONFIG_DEBUG_INFO_BTF is needed"));
	skel = netjail_bpf__open_and_load();
	if (skel == NULL)
		return (explain_load(errno));
	error = pin_all(skel->obj, dir, cgroupfd, cgroup, wanted);
	netjail_bpf__destroy(skel);
	if (error == 0 && rename(dir, pins) != 0)
		error = jail_fail(errno, "%s: %s", pins, strerror(errno));
	if (error != 0) {
		int saved = errno;

		remove_pins(dir);
		errno = saved;
	}
	return (error);
}

static int
adopt_prog(const char *pins, const char *dir, const struct prog_desc *pd,
    int cgroupfd)
{
	const int prog = kern_open_pin(pins, "progs/", pd->name);
	enum bpf_attach_type attach;
	enum bpf_prog_type type;
	char path[PATH_MAX];
	int error, link;

	if (prog == -1 || kern_pin(path, sizeof(path), dir, "", pd->name) != 0)
		return (-1);
	error = libbpf_prog_type_by_name(pd->section, &type, &attach);
	link = error == 0 ? bpf_link_create(prog, cgroupfd, attach, NULL) :
	    error;
	error = link < 0 ? link : bpf_obj_pin(link, path);
	if (link >= 0)
		close(link);
	close(prog);
	return (error == 0 ? 0 : jail_fail(ENOSYS, "layer %s: cannot be "
	    "attached to the cgroup: %s", pd->section, strerror(-error)));
}

static int
adopted_dir(char *dir, size_t size, const char *pins, uint32_t jid)
{
	char name[32] = "";

	if (jid != 0)
		snprintf(name, sizeof(name), "/%u", jid);
	return (kern_pin(dir, size, pins, "adopted", name));
}

int
kern_adopt(const char *pins, uint32_t jid, int cgroupfd)
{
	char dir[PATH_MAX];

	if (adopted_dir(dir, sizeof(dir), pins, 0) != 0)
		return (-1);
	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return (jail_fail(errno, "%s: %s", dir, strerror(errno)));
	if (adopted_dir(dir, sizeof(dir), pins, jid) != 0)
		return (-1);
	if (mkdir(dir, 0700) != 0)
		return (jail_fail(errno, "%s: %s", dir, strerror(errno)));
	for (size_t i = 0; i < NADDRPROGS; i++) {
		if (adopt_prog(pins, dir, &progs[i], cgroupfd) != 0)
			return (-1);
	}
	return (0);
}

int
kern_disown(const char *pins, uint32_t jid)
{
	char dir[PATH_MAX];

	if (adopted_dir(dir, sizeof(dir), pins, jid) != 0)
		return (-1);
	if (access(dir, F_OK) == 0 && remove_pins(dir) != 0)
		return (-1);
	if (adopted_dir(dir, sizeof(dir), pins, 0) == 0)
		rmdir(dir);
	return (0);
}

int
kern_sweep(const char *pins)
{
	char dir[PATH_MAX];

	if (new_pins(dir, sizeof(dir), pins) != 0)
		return (-1);
	return (access(dir, F_OK) == 0 ? remove_pins(dir) : 0);
}

int
kern_unload(const char *pins)
{
	return (kern_sweep(pins) == 0 ? remove_pins(pins) : -1);
}

/* (Of tcx the first member is that of netns; libbpf may not know it.) */
bool
kern_attached(const char *path)
{
	struct bpf_link_info info = { 0 };
	uint32_t len = sizeof(info);
	int fd = bpf_obj_get(path);
	bool attached;

	if (fd < 0)
		return (false);
	attached = bpf_obj_get_info_by_fd(fd, &info, &len) == 0 &&
	    (info.type == BPF_LINK_TYPE_CGROUP ? info.cgroup.cgroup_id != 0 :
	    info.netns.netns_ino != 0);
	close(fd);
	return (attached);
}

static bool
layer_attached(const char *pins, const struct prog_desc *pd)
{
	char path[PATH_MAX];

	return (kern_pin(path, sizeof(path), pins, "links/", pd->name) == 0 &&
	    kern_attached(path));
}

int
kern_detached(const char *layer)
{
	return (jail_fail(ENOSYS, "layer %s: was detached: jail --destroy, "
	    "then begin anew", layer));
}

/* A layer that somebody took away must not be missed in silence. */
int
kern_check_links(const char *pins, uint32_t features)
{
	for (size_t i = 0; i < NPROGS; i++) {
		if (!layer_attached(pins, &progs[i]))
			return (kern_detached(progs[i].section));
	}
	for (int opt = 0; opt < KO_MAX; opt++) {
		if ((features & 1U << opt) && !kern_opt_active(pins, opt))
			return (kern_detached(feature_name(opt)));
	}
	return (0);
}

static void
look_at_layer(const char *pins, const struct prog_desc *pd,
    struct jail_layer *l)
{
	const char *reason;

	l->jl_name = pd->section;
	l->jl_what = pd->what;
	l->jl_reason[0] = '\0';
	l->jl_state = JL_ACTIVE;
	if (layer_attached(pins, pd))
		return;
	reason = access(pins, F_OK) == 0 ? "was detached" : layer_missing(pd);
	l->jl_state = reason != NULL ? JL_MISSING : JL_READY;
	if (reason != NULL)
		snprintf(l->jl_reason, sizeof(l->jl_reason), "%s", reason);
}

size_t
kern_layers(const char *pins, struct jail_layer *layers, size_t max)
{
	size_t n;

	kern_complaint(0);
	for (n = 0; n < NPROGS && n < max; n++)
		look_at_layer(pins, &progs[n], &layers[n]);
	return (n);
}
