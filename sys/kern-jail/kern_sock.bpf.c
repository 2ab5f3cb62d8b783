/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Where a socket was made. The kernel notes it (cgroup_sk_alloc()), and for
 * what listen(2) makes, too; but what a program is given for a socket does not
 * say it, so we look at the kernel's own.
 */

#include <linux/bpf.h>
#include <linux/version.h>

#include <bpf/bpf_helpers.h>

#include "kern_maps.bpf.h"
#include "kern_sock.bpf.h"

#define LEVELS	32	/* bits of jail_globals.adopted */

/* (Under names of our own: others know other members of them.) */
#pragma clang attribute push(__attribute__((preserve_access_index)), \
    apply_to = record)

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct task_struct___cgroup {
	struct css_set *cgroups;
};

#pragma clang attribute pop

extern int LINUX_KERNEL_VERSION __kconfig;

const void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym __weak;

/* (Linux 6.1 has to be asked word by word, and where the pointer is first.) */
__hidden __u64
sock_cgroup(struct bpf_sock *bsk)
{
	const struct sock *sk = NULL;

	if (LINUX_KERNEL_VERSION >= KERNEL_VERSION(6, 2, 0)) {
		sk = bpf_rdonly_cast(bsk, bpf_core_type_id_kernel(struct sock));
		return (sk->sk_cgrp_data.cgroup->kn->id);
	}
	bpf_probe_read_kernel(&sk, sizeof(sk), &bsk);
	return (cgroup_of(sk));
}

/* The levels of cgroups that jails have adopted, a bit each; mostly none. */
static __always_inline __u32
adopted_levels(void)
{
	const __u32 zero = 0;
	const struct jail_globals *g = bpf_map_lookup_elem(&jail_globals,
	    &zero);

	return (g != NULL ? g->adopted : 0);
}

__u64
cgroup_adopted(__u64 cgroup)
{
	const struct cgroup *cg = (const struct cgroup *)cgroup, *at = NULL;
	const __u32 levels = adopted_levels();
	__u64 id;
	int level;

	if (levels == 0)
		return (0);
	level = BPF_CORE_READ(cg, level);
	for (int i = 1; i < LEVELS && i <= level; i++) {
		if (!(levels & 1U << i))
			continue;
		bpf_core_read(&at, sizeof(at), &cg->ancestors[i]);
		id = BPF_CORE_READ(at, kn, id);
		if (bpf_map_lookup_elem(&prisons, &id) != NULL)
			return (id);
	}
	return (0);
}

__hidden __u64
sock_adopted(struct bpf_sock *bsk)
{
	const struct sock *sk = NULL;

	bpf_probe_read_kernel(&sk, sizeof(sk), &bsk);
	return (cgroup_adopted((__u64)BPF_CORE_READ(sk,
	    sk_cgrp_data.cgroup)));
}

__u64
skb_adopted(struct __sk_buff *skb)
{
	const __u32 levels = adopted_levels();
	__u64 id;

	if (levels == 0)
		return (0);
	for (int i = 1; i < LEVELS; i++) {
		if (!(levels & 1U << i))
			continue;
		id = bpf_skb_ancestor_cgroup_id(skb, i);
		if (bpf_map_lookup_elem(&prisons, &id) != NULL)
			return (id);
	}
	return (0);
}

__hidden __u64
task_adopted(void)
{
	const struct task_struct___cgroup *t = (void *)bpf_get_current_task();

	return (cgroup_adopted((__u64)BPF_CORE_READ(t, cgroups, dfl_cgrp)));
}
