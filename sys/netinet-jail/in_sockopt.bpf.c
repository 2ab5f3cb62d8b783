/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Entry point for setsockopt(2), of sockets of any family and also by io_uring.
 */

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/tcp.h>

#include <kern-jail/kern_jail.bpf.h>
#include <kern-jail/kern_priv.h>

#include "in_mcast.bpf.h"
#include "in_sets.bpf.h"
#include "ip_packet.h"

char _license[] SEC("license") = "Dual BSD/GPL";

#define GROUP_AT	8	/* in struct group_req and group_source_req */
#define MREQ_SIZE	8	/* of struct ip_mreq */

/* The group of an option whose argument begins with it. */
static __always_inline bool
group_first(const struct bpf_sockopt *ctx, struct jail_in6 *group)
{
	const struct jail_in6 *ip6 = ctx->optval;
	const __be32 *ip4 = ctx->optval;

	if (ctx->level == IPPROTO_IP) {
		if ((void *)(ip4 + 1) > ctx->optval_end)
			return (false);
		*group = in6_map(*ip4);
		return (true);
	}
	if ((void *)(ip6 + 1) > ctx->optval_end)
		return (false);
	__builtin_memcpy(group, ip6, sizeof(*group));
	return (true);
}

/* The group of an option for either family, which has a socket address. */
static __always_inline bool
group_sockaddr(const struct bpf_sockopt *ctx, struct jail_in6 *group)
{
	const struct sockaddr_in6 *sin6 = ctx->optval + GROUP_AT;
	const struct sockaddr_in *sin = ctx->optval + GROUP_AT;

	if ((void *)(sin + 1) > ctx->optval_end)
		return (false);
	if (sin->sin_family == JAIL_AF_INET) {
		*group = in6_map(sin->sin_addr.s_addr);
		return (true);
	}
	if ((void *)(sin6 + 1) > ctx->optval_end)
		return (false);
	__builtin_memcpy(group, &sin6->sin6_addr, sizeof(*group));
	return (true);
}

/* (What is malformed the kernel refuses.) */
static __always_inline int
change_groups(struct bpf_sockopt *ctx)
{
	const bool join = is_join(ctx->level, ctx->optname);
	struct jail_in6 group;

	if (!join && !is_leave(ctx->level, ctx->optname))
		return (0);
	if (ctx->optname >= MCAST_JOIN_GROUP ?
	    !group_sockaddr(ctx, &group) : !group_first(ctx, &group))
		return (0);
	if (join)
		return (group_join(ctx->sk, &group));
	group_leave(ctx->sk, &group);
	return (0);
}

/*
 * Note the address that is to be the source of what goes to groups: in struct
 * ip_mreqn and struct ip_mreq the second, else the only one.
 */
static __always_inline void
note_from(struct bpf_sockopt *ctx)
{
	const __be32 *addr = ctx->optval;

	if ((void *)(addr + 2) <= ctx->optval_end)
		group_from(ctx->sk, addr[ctx->optlen < MREQ_SIZE ? 0 : 1]);
}

/* Note that bind(2) is to leave the port alone, for who asks for one. */
static __always_inline void
note_noport(struct bpf_sockopt *ctx)
{
	const __u8 *byte = ctx->optval;
	const int *on = ctx->optval;
	__u32 *noport, value;

	if (ctx->sk->protocol != IPPROTO_TCP ||
	    (void *)(byte + 1) > ctx->optval_end)
		return;
	value = *byte;
	if ((void *)(on + 1) <= ctx->optval_end)
		value = *on;
	noport = bpf_sk_storage_get(&sock_noports, ctx->sk, NULL,
	    BPF_SK_STORAGE_GET_F_CREATE);
	if (noport != NULL)
		*noport = value;
}

/* May a TCP socket become one of that kind? SMC would bind behind the hooks. */
static __always_inline int
check_ulp(const struct bpf_sockopt *ctx)
{
	const char *name = ctx->optval;

	return ((void *)(name + 3) <= ctx->optval_end && name[0] == 't' &&
	    name[1] == 'l' && name[2] == 's' ? 0 : EPERM);
}

/* Is the address that the socket has one of the jail's, and not the host's? */
static __always_inline bool
is_own(const struct bpf_sock *sk, const struct prison *pr)
{
	const struct jail_in6 ip6 = { { sk->src_ip6[0], sk->src_ip6[1],
	    sk->src_ip6[2], sk->src_ip6[3] } };
	const __be32 ip4 = sk->src_ip4;
	const struct jail_in6 mapped = in6_map(ip4);

	if (sk->family == JAIL_AF_INET)
		return (prison_source_ip4(pr, ip4, ip4) == 0 &&
		    !prison_hosts_loopback(pr, &mapped));
	return (prison_source_ip6(pr, &ip6, &ip6) == 0 &&
	    !prison_hosts_loopback(pr, &ip6));
}

/* Is it a socket whose calls no hook sees? */
static __always_inline bool
is_raw(const struct bpf_sock *sk)
{
	return (sk->type == JAIL_SOCK_RAW || sk->protocol == IPPROTO_ICMP ||
	    sk->protocol == IPPROTO_ICMPV6);
}

/* (Nobody is kept from hearing less.) */
static __always_inline int
check_recverr(const struct bpf_sockopt *ctx, const struct prison *pr)
{
	const struct bpf_sock *sk = ctx->sk;
	const int *on = ctx->optval;

	if (!is_raw(sk) || ((void *)(on + 1) <= ctx->optval_end && *on == 0))
		return (0);
	return (prison_check_recverr(sk->type, sk->state, is_own(sk, pr)));
}

/* The copy for the machine's own sockets is made before a packet is judged. */
static __always_inline int
check_loop(const struct bpf_sockopt *ctx)
{
	const __u8 *on = ctx->optval;

	return (is_raw(ctx->sk) && ((void *)(on + 1) > ctx->optval_end ||
	    *on != 0) ? EACCES : 0);
}

/* Returns 0 or an errno, as prison_check_sockopt(). */
static __always_inline int
check_value(struct bpf_sockopt *ctx, const struct prison *pr)
{
	if (ctx->level == IPPROTO_TCP && ctx->optname == TCP_ULP)
		return (check_ulp(ctx));
	if (ctx->sk == NULL)
		return (EPERM);
	if (is_recverr(ctx->level, ctx->optname))
		return (check_recverr(ctx, pr));
	if (ctx->level == IPPROTO_IP && ctx->optname == IP_MULTICAST_LOOP)
		return (check_loop(ctx));
	if (ctx->level == IPPROTO_IP && ctx->optname == IP_MULTICAST_IF)
		note_from(ctx);
	if (ctx->level == IPPROTO_IP && ctx->optname == IP_BIND_ADDRESS_NO_PORT)
		note_noport(ctx);
	return (pr->pr_flags & PR_ALLOW_MULTICAST ? change_groups(ctx) : 0);
}

static __always_inline int
check_option(struct bpf_sockopt *ctx, const struct prison *pr)
{
	int error = prison_check_sockopt(pr, ctx->level, ctx->optname);

	if (error != 0)
		return (error);
	if (ctx->sk != NULL && ctx->sk->family == JAIL_AF_PACKET)
		return (prison_check_packetopt(ctx->level, ctx->optname));
	return (check_value(ctx, pr));
}

/* Count and tell. */
static __always_inline void
refuse_option(const struct bpf_sockopt *ctx, const struct prison *pr,
    enum jail_reason reason)
{
	struct jail_event *e = refusal(pr, reason, JAIL_DIR_CALL, 0);

	if (e == NULL)
		return;
	e->je_has = JE_OPTION;
	e->je_what[0] = ctx->level;
	e->je_what[1] = ctx->optname;
	event_by_task(e);
	event_send(e);
}

SEC("cgroup/setsockopt")
int
in_setsockopt(struct bpf_sockopt *ctx)
{
	const struct prison *pr = ctx->sk == NULL ? prison_of_task() :
	    prison_of_sock(ctx->sk);
	int error;

	if (pr == NULL)
		return (1);
	error = check_option(ctx, pr);
	if (error == 0)
		return (1);
	refuse_option(ctx, pr, error == ENOBUFS ? JR_NOBUFS : JR_SOCKOPT);
	if (error == EACCES) {
		ctx->optlen = -1;	/* done, as far as the kernel goes */
		return (1);
	}
	bpf_set_retval(-error);
	return (0);
}

/* A socket's last reason, which is then taken from it, as SO_ERROR is. */
static __always_inline void
give_reason(struct bpf_sockopt *ctx)
{
	int *reason = ctx->optval;
	__u32 *last = NULL;

	if ((void *)(reason + 1) > ctx->optval_end)
		return;
	if (ctx->sk != NULL)
		last = bpf_sk_storage_get(&sock_reasons, ctx->sk, NULL, 0);
	*reason = JR_NONE;
	if (last != NULL) {
		*reason = *last;
		*last = JR_NONE;
	}
	ctx->optlen = sizeof(*reason);
	barrier();	/* the verifier wants one after the other */
	ctx->retval = 0;
}

SEC("cgroup/getsockopt")
int
in_getsockopt(struct bpf_sockopt *ctx)
{
	if (ctx->level == JAIL_SOL_SOCKET && ctx->optname == JAIL_SO_REASON)
		give_reason(ctx);
	else
		ctx->optlen = 0;	/* what the kernel said, of any size */
	return (1);
}
