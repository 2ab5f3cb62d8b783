/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Entry points that are no matter of addresses: a socket is made, a device is
 * opened, a sysctl is written.
 */

#include "kern_jail.bpf.h"
#include "kern_priv.h"

char _license[] SEC("license") = "Dual BSD/GPL";

static __always_inline __u8
family_of(int af)
{
	return (af == JAIL_AF_INET ? 4 : 6);
}

/*
 * socket(2), IPv4 and IPv6: the only families that have this hook. The socket
 * is marked with its jail here, so that the other hooks judge it by that jail
 * wherever it is passed on to; what listen(2) makes inherits the mark.
 */
SEC("cgroup/sock_create")
int
kern_socreate(struct bpf_sock *sk)
{
	__u64 id = bpf_get_current_cgroup_id();
	const struct prison *pr = bpf_map_lookup_elem(&prisons, &id);
	__u8 family = family_of(sk->family);
	int error;

	if (pr == NULL)
		return (refuse_call(pr, JR_NOPRISON, family, EPERM));
	if (prison_check_af(pr, sk->family) != 0)
		return (refuse_call(pr, JR_NOFAMILY, family, EPROTONOSUPPORT));
	error = prison_check_raw(pr, sk->type);
	if (error != 0)
		return (refuse_call(pr, JR_RAWSOCK, family, error));
	error = prison_check_proto(sk->type, sk->protocol);
	if (error != 0)
		return (refuse_call(pr, JR_PROTO, family, error));
	if (bpf_sk_storage_get(&sock_prisons, sk, &id,
	    BPF_SK_STORAGE_GET_F_CREATE) == NULL)
		return (refuse_call(pr, JR_NOPRISON, family, ENOBUFS));
	return (1);
}

SEC("cgroup/dev")
int
kern_dev(struct bpf_cgroup_dev_ctx *ctx)
{
	int type = ctx->access_type & 0xffff;

	if (prison_check_dev(type == BPF_DEVCG_DEV_CHAR, ctx->major,
	    ctx->minor) == 0)
		return (1);
	return (refuse_call(prison_of_task(), JR_DEVICE, 0, EPERM));
}

SEC("cgroup/sysctl")
int
kern_sysctl(struct bpf_sysctl *ctx)
{
	if (!ctx->write)
		return (1);
	return (refuse_call(prison_of_task(), JR_SYSCTL, 0, EPERM));
}
