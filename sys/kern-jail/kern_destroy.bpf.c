/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Sockets whose jail is gone, such as connections that the kernel still closes
 * and what was passed out, are destroyed, so that others can have the addresses
 * at once. The programs run over all sockets of a network namespace, TCP and
 * UDP. Linux 6.5.
 */

#include <stdbool.h>

#include "kern_maps.bpf.h"

char _license[] SEC("license") = "Dual BSD/GPL";

#define TCP_TIME_WAIT	6
#define TCP_NEW_SYN_RECV 12

#pragma clang attribute push(__attribute__((preserve_access_index)), \
    apply_to = record)

struct sock_common {
	unsigned char skc_state;
};

struct udp_sock;

struct bpf_iter__tcp {
	struct sock_common *sk_common;
};

struct bpf_iter__udp {
	struct udp_sock *udp_sk;
};

#pragma clang attribute pop

int bpf_sock_destroy(struct sock_common *sk) __ksym;

/* Was it made in a jail of ours that there is no more? */
static __always_inline bool
is_left(void *sk)
{
	__u64 *id = bpf_sk_storage_get(&sock_prisons, sk, NULL, 0);

	return (id != NULL && bpf_map_lookup_elem(&prisons, id) == NULL);
}

/*
 * What waits for a connection's stray packets, or for its last handshake, is no
 * whole socket: it has no mark, and cannot be destroyed by this function.
 */
SEC("iter/tcp")
int
kern_destroy_tcp(struct bpf_iter__tcp *ctx)
{
	struct sock_common *sk = ctx->sk_common;

	if (sk == NULL || sk->skc_state == TCP_TIME_WAIT ||
	    sk->skc_state == TCP_NEW_SYN_RECV)
		return (0);
	if (is_left(sk))
		bpf_sock_destroy(sk);
	return (0);
}

SEC("iter/udp")
int
kern_destroy_udp(struct bpf_iter__udp *ctx)
{
	struct udp_sock *sk = ctx->udp_sk;

	if (sk != NULL && is_left(sk))
		bpf_sock_destroy((struct sock_common *)sk);
	return (0);
}
