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

#include "kern_sock.bpf.h"

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
