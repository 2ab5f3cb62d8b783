/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What leaves by an interface and comes from a packet socket of a jail: nothing
 * does. No other hook sees it.
 */

#include <linux/if_packet.h>
#include <linux/pkt_cls.h>

#include <kern-jail/kern_jail.bpf.h>
#include <kern-jail/kern_priv.h>

#include "in_event.bpf.h"

char _license[] SEC("license") = "Dual BSD/GPL";

SEC("tc")
int
in_link(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;
	const struct prison *pr;

	if (sk == NULL || sk->family != JAIL_AF_PACKET)
		return (TC_ACT_UNSPEC);
	pr = prison_of_skb(skb);
	if (pr == NULL)
		return (TC_ACT_UNSPEC);
	refuse_packet(skb, pr, JR_LINK, JAIL_DIR_OUT, 0);
	return (TC_ACT_SHOT);
}
