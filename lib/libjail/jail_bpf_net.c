/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The part of the kernel half that is attached to a network namespace, once for
 * each that has jails, and to the interfaces that are there. It goes with them;
 * the pins are cleared away when the next namespace comes.
 */

#include <sys/socket.h>

#include <net/if.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "jail_impl.h"
#include "netns.skel.h"

#define LAYER	"sk_lookup"
#define PREFIX	"in_"		/* of the names below, and of no others there */

/* BPF_TCX_INGRESS and BPF_TCX_EGRESS, which headers of Linux 6.1 lack. */
#define TCX_INGRESS ((enum bpf_attach_type)46)
#define TCX_EGRESS ((enum bpf_attach_type)47)

/* What is attached to interfaces; the names are also those of the programs. */
enum tap { STEER, LINK, NTAPS };

static const struct {
	const char *name;
	enum bpf_attach_type type;
} taps[NTAPS] = {
	[STEER] = { "steer", TCX_INGRESS },
	[LINK] = { "link", TCX_EGRESS },
};

/* The number of the network namespace that this thread is in. */
int
kern_net_cookie(uint64_t *ret_cookie)
{
	socklen_t len = sizeof(*ret_cookie);
	int error, s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (s == -1)
		return (jail_fail(errno, "socket: %s", strerror(errno)));
	error = getsockopt(s, SOL_SOCKET, SO_NETNS_COOKIE, ret_cookie, &len);
	if (error != 0)
		jail_fail(ENOSYS, "layer " LAYER ": network namespace: %s",
		    strerror(errno));
	close(s);
	return (error);
}

static int
lookup_path(char *path, size_t size, const char *pins, uint64_t cookie)
{
	char name[64];

	snprintf(name, sizeof(name), "lookup_%" PRIx64, cookie);
	return (kern_pin(path, size, pins, "links/" PREFIX, name));
}

static int
tap_path(char *path, size_t size, const char *pins, const char *sub,
    enum tap tap, uint64_t cookie, unsigned int ifindex)
{
	char name[64];

	snprintf(name, sizeof(name), "%s_%" PRIx64 "_%u", taps[tap].name,
	    cookie, ifindex);
	return (kern_pin(path, size, pins, sub, name));
}

bool
kern_net_active(const char *pins, uint64_t cookie)
{
	char path[PATH_MAX];

	return (lookup_path(path, sizeof(path), pins, cookie) == 0 &&
	    kern_attached(path));
}

bool
kern_has_tcx(void)
{
	uint32_t n = 0;

	return (bpf_prog_query(LO_IFINDEX, TCX_INGRESS, 0, NULL, NULL,
	    &n) == 0);
}

static bool
begins(const char *name, const char *prefix)
{
	return (strncmp(name, prefix, strlen(prefix)) == 0);
}

/* Forget the programs that are kept for a network namespace. */
static void
prune_programs(const char *pins, const char *cookie)
{
	char path[PATH_MAX], prog[NAME_MAX + 8];

	for (enum tap tap = 0; tap < NTAPS; tap++) {
		snprintf(prog, sizeof(prog), PREFIX "%s_%s_0", taps[tap].name,
		    cookie);
		if (kern_pin(path, sizeof(path), pins, "progs/", prog) == 0)
			unlink(path);
	}
}

/* Forget the link, and what is kept for its network namespace. */
static void
prune_link(const char *pins, const char *name)
{
	static const char lookup[] = PREFIX "lookup_";
	char path[PATH_MAX];

	if ((!begins(name, lookup) && !begins(name, PREFIX "steer_") &&
	    !begins(name, PREFIX "link_")) ||
	    kern_pin(path, sizeof(path), pins, "links/", name) != 0 ||
	    kern_attached(path))
		return;
	unlink(path);
	if (begins(name, lookup))
		prune_programs(pins, name + strlen(lookup));
}

static void
prune_links(const char *pins)
{
	char path[PATH_MAX];
	struct dirent *e;
	DIR *d;

	if (kern_pin(path, sizeof(path), pins, "links/", "") != 0 ||
	    (d = opendir(path)) == NULL)
		return;
	while ((e = readdir(d)) != NULL)
		prune_link(pins, e->d_name);
	closedir(d);
}

static int
attach_lookup(struct bpf_program *prog, const char *path)
{
	struct bpf_link *link;
	int error, fd;

	fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return (jail_fail(errno, "network namespace: %s",
		    strerror(errno)));
	link = bpf_program__attach_netns(prog, fd);
	error = errno;
	close(fd);
	if (link == NULL)
		return (jail_fail(ENOSYS, "layer " LAYER ": cannot be "
		    "attached: %s", strerror(error)));
	error = bpf_link__pin(link, path);
	bpf_link__destroy(link);
	return (error == 0 ? 0 : jail_fail(ENOSYS, "layer " LAYER ": cannot "
	    "be pinned: %s", strerror(-error)));
}

static int
pin_tap(const struct bpf_program *prog, const char *pins, enum tap tap,
    uint64_t cookie)
{
	char path[PATH_MAX];
	int error;

	if (tap_path(path, sizeof(path), pins, "progs/" PREFIX, tap, cookie,
	    0) != 0)
		return (-1);
	unlink(path);
	error = bpf_obj_pin(bpf_program__fd(prog), path);
	return (error == 0 ? 0 : jail_fail(-error, "%s: %s", path,
	    strerror(-error)));
}

/* Its links come last: who finds them finds the rest. */
static int
load(const char *pins, uint64_t cookie, const char *path)
{
	struct netns_bpf *skel = netns_bpf__open();
	const bool tcx = kern_has_tcx();
	int error = -1;

	if (skel == NULL)
		return (jail_fail(ENOSYS, "layer " LAYER ": %s",
		    kern_complaint(errno)));
	skel->rodata->netns = cookie;
	bpf_program__set_autoload(skel->progs.in_steer, tcx);
	bpf_program__set_autoload(skel->progs.in_link, tcx);
	if (kern_share_maps(skel->obj, pins) == 0) {
		error = netns_bpf__load(skel);
		if (error != 0)
			jail_fail(ENOSYS, "layer " LAYER ": cannot be loaded: "
			    "%s", kern_complaint(-error));
	}
	if (error == 0 && tcx)
		error = pin_tap(skel->progs.in_steer, pins, STEER, cookie);
	if (error == 0 && tcx)
		error = pin_tap(skel->progs.in_link, pins, LINK, cookie);
	if (error == 0)
		error = attach_lookup(skel->progs.in_lookup, path);
	netns_bpf__destroy(skel);
	return (error == 0 ? 0 : -1);
}

/* One that is gone by now is none to us. */
static int
tap_interface(int prog, enum tap tap, unsigned int ifindex, const char *path)
{
	int error, link = bpf_link_create(prog, ifindex, taps[tap].type, NULL);

	if (link < 0)
		return (link == -ENODEV ? 0 : jail_fail(-link, "feature tcx: "
		    "interface %u: %s", ifindex, strerror(-link)));
	error = bpf_obj_pin(link, path);
	close(link);
	return (error == 0 ? 0 : jail_fail(-error, "%s: %s", path,
	    strerror(-error)));
}

static int
tap_interfaces(const char *pins, uint64_t cookie, int prog, enum tap tap)
{
	struct if_nameindex *all = if_nameindex();
	char path[PATH_MAX];
	int error = 0;

	if (all == NULL)
		return (jail_fail(errno, "interfaces: %s", strerror(errno)));
	for (struct if_nameindex *i = all; i->if_index != 0 && error == 0;
	    i++) {
		error = tap_path(path, sizeof(path), pins, "links/" PREFIX,
		    tap, cookie, i->if_index);
		if (error == 0 && !kern_attached(path)) {
			unlink(path);
			error = tap_interface(prog, tap, i->if_index, path);
		}
	}
	if_freenameindex(all);
	return (error);
}

static int
tap_all(const char *pins, uint64_t cookie, enum tap tap)
{
	char path[PATH_MAX];
	int error, prog;

	if (tap_path(path, sizeof(path), pins, "progs/" PREFIX, tap, cookie,
	    0) != 0)
		return (-1);
	prog = bpf_obj_get(path);
	if (prog < 0)
		return (jail_fail(-prog, "%s: %s", path, strerror(-prog)));
	error = tap_interfaces(pins, cookie, prog, tap);
	close(prog);
	return (error);
}

/* In force here, or as soon as a jail is. */
void
kern_net_layer(const char *pins, struct jail_layer *l)
{
	int has = libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_SK_LOOKUP, NULL);
	uint64_t cookie;

	l->jl_name = LAYER;
	l->jl_what = "who gets what is for a jail's address";
	l->jl_reason[0] = '\0';
	l->jl_state = JL_READY;
	if (has <= 0) {
		l->jl_state = JL_MISSING;
		snprintf(l->jl_reason, sizeof(l->jl_reason), "%s", has < 0 ?
		    strerror(-has) : "the kernel lacks this program type");
	} else if (kern_net_cookie(&cookie) == 0 &&
	    kern_net_active(pins, cookie))
		l->jl_state = JL_ACTIVE;
}

int
kern_net_attach(const char *pins, bool tcx, bool capture,
    uint64_t *ret_cookie)
{
	char path[PATH_MAX];

	if (kern_net_cookie(ret_cookie) != 0 ||
	    lookup_path(path, sizeof(path), pins, *ret_cookie) != 0)
		return (-1);
	if (!kern_attached(path)) {
		prune_links(pins);
		kern_complaint(0);
		if (load(pins, *ret_cookie, path) != 0)
			return (-1);
	}
	if (tcx && tap_all(pins, *ret_cookie, STEER) != 0)
		return (-1);
	return (capture ? tap_all(pins, *ret_cookie, LINK) : 0);
}
