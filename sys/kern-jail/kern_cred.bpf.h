/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What the task that makes a system call may do by itself, for where the kernel
 * no longer asks: it sees another port than that which was asked for.
 */

#ifndef _KERN_CRED_BPF_H_
#define _KERN_CRED_BPF_H_

#include <stdbool.h>

#include <linux/capability.h>
#include <linux/types.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), \
    apply_to = record)

struct user_namespace;

/* (A struct of another form in older kernels, but as large.) */
struct cap_set {
	__u64 val;
};

struct cred {
	struct cap_set cap_effective;
	struct user_namespace *user_ns;
};

struct netns_ipv4 {
	int sysctl_ip_prot_sock;
};

struct net {
	struct user_namespace *user_ns;
	struct netns_ipv4 ipv4;
};

struct nsproxy {
	struct net *net_ns;
};

struct task_struct {
	const struct cred *cred;
	struct nsproxy *nsproxy;
};

#pragma clang attribute pop

/* As inet_port_requires_bind_service() and ns_capable() of the kernel. */
static __always_inline bool
task_may_bind(__u16 port)
{
	const struct task_struct *t = (void *)bpf_get_current_task();
	const struct cred *cred = BPF_CORE_READ(t, cred);
	const struct net *net = BPF_CORE_READ(t, nsproxy, net_ns);
	__u64 caps = 0;

	if (port == 0 || port >= BPF_CORE_READ(net, ipv4.sysctl_ip_prot_sock))
		return (true);
	if (BPF_CORE_READ(cred, user_ns) != BPF_CORE_READ(net, user_ns))
		return (false);
	bpf_core_read(&caps, sizeof(caps), &cred->cap_effective);
	return ((caps & 1ULL << CAP_NET_BIND_SERVICE) != 0);
}

#endif /* !_KERN_CRED_BPF_H_ */
