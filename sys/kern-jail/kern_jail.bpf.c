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

/* Refuse to make a socket. */
static __always_inline int
refuse_socket(const struct prison *pr, enum jail_reason reason, __u8 family,
    __u16 proto, int error)
{
	struct jail_event *e = refusal(pr, reason, JAIL_DIR_CALL, family);

	if (e != NULL) {
		e->je_has = JE_PROTO;
		e->je_proto = proto;
		event_by_task(e);
		event_send(e);
	}
	bpf_set_retval(-error);
	return (0);
}

/* Returns JR_NONE, or the reason why not and the errno that says it. */
static __always_inline enum jail_reason
check_socket(const struct prison *pr, int af, int type, int proto, int *error)
{
	*error = EPERM;
	if (pr == NULL)
		return (JR_NOPRISON);
	*error = prison_check_af(pr, af);
	if (*error != 0)
		return (JR_NOFAMILY);
	*error = prison_check_raw(pr, type);
	if (*error != 0)
		return (JR_RAWSOCK);
	*error = prison_check_proto(type, proto);
	return (*error != 0 ? JR_PROTO : JR_NONE);
}

/*
 * socket(2), IPv4 and IPv6: the only families that have this hook. The other
 * hooks judge a socket by the jail that made it, wherever it is passed on to.
 */
SEC("cgroup/sock_create")
int
kern_socreate(struct bpf_sock *sk)
{
	const struct prison *pr = prison_of_task();
	const int af = sk->family, proto = sk->protocol;
	enum jail_reason reason;
	int error;

	reason = check_socket(pr, af, sk->type, proto, &error);
	if (reason == JR_NONE)
		return (1);
	return (refuse_socket(pr, reason, family_of(af), proto, error));
}

static __always_inline int
refuse_device(const struct bpf_cgroup_dev_ctx *ctx)
{
	struct jail_event *e = refusal(prison_of_task(), JR_DEVICE,
	    JAIL_DIR_CALL, 0);

	if (e != NULL) {
		e->je_has = JE_DEVICE;
		e->je_what[0] = ctx->major;
		e->je_what[1] = ctx->minor;
		event_by_task(e);
		event_send(e);
	}
	bpf_set_retval(-EPERM);
	return (0);
}

SEC("cgroup/dev")
int
kern_dev(struct bpf_cgroup_dev_ctx *ctx)
{
	int type = ctx->access_type & 0xffff;

	if (prison_check_dev(type == BPF_DEVCG_DEV_CHAR, ctx->major,
	    ctx->minor) == 0)
		return (1);
	return (refuse_device(ctx));
}

SEC("cgroup/sysctl")
int
kern_sysctl(struct bpf_sysctl *ctx)
{
	if (!ctx->write)
		return (1);
	return (refuse_call(prison_of_task(), JR_SYSCTL, 0, EPERM));
}
