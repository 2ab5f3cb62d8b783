/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Which layers of the confinement are in force on this machine.
 */

#include <sys/prctl.h>
#include <sys/syscall.h>

#include <linux/seccomp.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jail_impl.h"

#define LAYERS_MAX	48

static void
add_layer(struct jail_layer *l, const char *name, const char *what,
    const char *reason)
{
	l->jl_name = name;
	l->jl_what = what;
	l->jl_state = reason == NULL ? JL_ACTIVE : JL_MISSING;
	snprintf(l->jl_reason, sizeof(l->jl_reason), "%.*s",
	    (int)sizeof(l->jl_reason) - 1, reason != NULL ? reason : "");
}

static const char *
missing_seccomp(void)
{
	uint32_t action = SECCOMP_RET_ERRNO;

	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0)
		return (NULL);
	return ("the kernel lacks CONFIG_SECCOMP_FILTER");
}

static const char *
missing_namespaces(void)
{
	static const char *const kinds[] = { "mnt", "pid", "uts", "ipc",
		"cgroup" };
	static _Thread_local char reason[64];
	char path[64];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[i]);
		if (access(path, F_OK) == 0)
			continue;
		snprintf(reason, sizeof(reason), "the kernel lacks %s "
		    "namespaces", kinds[i]);
		return (reason);
	}
	return (NULL);
}

static const char *
missing_btf(void)
{
	return (access("/sys/kernel/btf/vmlinux", R_OK) == 0 ||
	    access("/proc/1/root/sys/kernel/btf/vmlinux", R_OK) == 0 ? NULL :
	    "the kernel was built without CONFIG_DEBUG_INFO_BTF");
}

/* What is loaded or made to find out is gone again at the end. */
int
jail_layers(struct jail_layer **layers)
{
	struct jail_layer *l = calloc(LAYERS_MAX, sizeof(*l));
	struct machine m = { 0 };
	const char *cgroup;
	size_t n = 0;

	if (l == NULL)
		return (jail_fail(ENOMEM, "out of memory"));
	if (geteuid() != 0 || features_check() != 0) {
		free(l);
		return (geteuid() != 0 ? jail_fail(EPERM, "must be root") : -1);
	}
	cgroup = machine_find(&m) == 0 ? NULL : jail_errmsg;
	add_layer(&l[n++], "cgroup2", "which process is in which jail",
	    cgroup);
	add_layer(&l[n++], "btf", "the kernel's types", missing_btf());
	n += kern_layers(m.pins, l + n, LAYERS_MAX - n);
	kern_net_layer(m.pins, &l[n++]);
	add_layer(&l[n++], "namespaces", "processes, files, host name, IPC",
	    missing_namespaces());
	add_layer(&l[n++], "capabilities", "what root may do", NULL);
	add_layer(&l[n++], "seccomp", "system calls, socket families",
	    missing_seccomp());
	n += feature_layers(&m, l + n, LAYERS_MAX - n);
	*layers = l;
	return (n);
}
