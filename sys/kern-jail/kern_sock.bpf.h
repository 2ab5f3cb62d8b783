/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What the kernel has for sockets: the members that we read of its types, by
 * their names (libbpf finds where they are).
 */

#ifndef _KERN_SOCK_BPF_H_
#define _KERN_SOCK_BPF_H_

#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include <sys/jail.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), \
    apply_to = record)

struct kernfs_node {
	__u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
	int level;
	struct cgroup *ancestors[0];	/* the last one is it itself */
};

struct sock_cgroup_data {
	struct cgroup *cgroup;		/* in which the socket was made */
};

struct sock_common {
	unsigned short skc_family;
	unsigned char skc_state;
	unsigned char skc_ipv6only:1;
	__be32 skc_rcv_saddr;
	struct jail_in6 skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	struct sock_cgroup_data sk_cgrp_data;
};

struct socket {
	struct sock *sk;
};

struct sockaddr_un {
	char sun_path[108];
};

struct unix_address {
	struct sockaddr_un name[0];
};

struct unix_sock {
	struct unix_address *addr;	/* NULL: it has no name */
};

#pragma clang attribute pop

/* The id of the cgroup in which a socket was made. */
__hidden __u64 sock_cgroup(struct bpf_sock *bsk);

/* The same of the kernel's own socket. */
static __always_inline __u64
cgroup_of(const struct sock *sk)
{
	return (BPF_CORE_READ(sk, sk_cgrp_data.cgroup, kn, id));
}

/*
 * The key in prisons of the jail that adopted a cgroup around that of a socket,
 * a packet's socket, or the task; 0: there is none. (That of the third one is a
 * struct cgroup, but no pointer to the verifier.)
 */
__hidden __u64 sock_adopted(struct bpf_sock *bsk);
__u64 skb_adopted(struct __sk_buff *skb);
__hidden __u64 task_adopted(void);
__u64 cgroup_adopted(__u64 cgroup);

#endif /* !_KERN_SOCK_BPF_H_ */
