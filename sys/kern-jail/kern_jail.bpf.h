/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Who is in which jail, and how a refusal is counted and told. For entry points
 * only; decisions see a struct prison and know nothing of sockets and tasks.
 */

#ifndef _KERN_JAIL_BPF_H_
#define _KERN_JAIL_BPF_H_

#include "kern_event.bpf.h"
#include "kern_maps.bpf.h"
#include "kern_sock.bpf.h"

/* A jail by the id of its cgroup; 0 is no jail's. */
static __always_inline const struct prison *
prison_by_id(__u64 id)
{
	return (id != 0 ? bpf_map_lookup_elem(&prisons, &id) : NULL);
}

/* The jail of the socket that a packet leaves from or is delivered to. */
static __always_inline const struct prison *
prison_of_skb(struct __sk_buff *skb)
{
	const struct prison *pr = prison_by_id(bpf_skb_cgroup_id(skb));

	return (pr != NULL ? pr : prison_by_id(skb_adopted(skb)));
}

/* The jail that made a socket, whoever uses it now. */
static __always_inline const struct prison *
prison_of_sock(struct bpf_sock *sk)
{
	const struct prison *pr;

	if (sk == NULL)
		return (NULL);
	pr = prison_by_id(sock_cgroup(sk));
	return (pr != NULL ? pr : prison_by_id(sock_adopted(sk)));
}

/* The jail of the task that makes a system call. */
static __always_inline const struct prison *
prison_of_task(void)
{
	const struct prison *pr = prison_by_id(bpf_get_current_cgroup_id());

	return (pr != NULL ? pr : prison_by_id(task_adopted()));
}

/* A jail that has an address. */
static __always_inline const struct prison *
prison_of_owner(const struct ip_owner *owner)
{
	const struct prison_info *pi;

	pi = bpf_map_lookup_elem(&prison_infos, &owner->jid);
	if (pi == NULL)
		return (NULL);
	return (bpf_map_lookup_elem(&prisons, &pi->pi_cgroup));
}

static __always_inline void
count_refusal(const struct refusal_key *key)
{
	__u64 one = 1, *n;

	n = bpf_map_lookup_elem(&refusals, key);
	if (n == NULL) {
		if (bpf_map_update_elem(&refusals, key, &one,
		    BPF_NOEXIST) == 0)
			return;
		n = bpf_map_lookup_elem(&refusals, key);
		if (n == NULL)
			return;
	}
	__sync_fetch_and_add(n, 1);
}

/*
 * Count a refusal. Returns the event of it, to be filled in and sent; NULL:
 * nobody wants it.
 */
static __always_inline struct jail_event *
refusal(const struct prison *pr, enum jail_reason reason, __u8 dir,
    __u8 family)
{
	const struct refusal_key key = {
		.jid = pr != NULL ? pr->pr_id : 0,
		.reason = reason,
		.dir = dir,
		.family = family,
	};

	count_refusal(&key);
	return (event_begin(&key));
}

/* Let the socket say why, by JAIL_SO_REASON. */
static __always_inline void
note_reason(struct bpf_sock *sk, enum jail_reason reason)
{
	__u32 *last;

	if (sk == NULL)
		return;
	last = bpf_sk_storage_get(&sock_reasons, sk, NULL,
	    BPF_SK_STORAGE_GET_F_CREATE);
	if (last != NULL)
		*last = reason;
}

/* Count and tell that the task's call is refused. */
static __always_inline void
tell_call(const struct prison *pr, enum jail_reason reason, __u8 family)
{
	struct jail_event *e = refusal(pr, reason, JAIL_DIR_CALL, family);

	if (e != NULL) {
		event_by_task(e);
		event_send(e);
	}
}

/* Refuse a system call with errno error; this is the hook's return value. */
static __always_inline int
refuse_call(const struct prison *pr, enum jail_reason reason, __u8 family,
    int error)
{
	tell_call(pr, reason, family);
	bpf_set_retval(-error);
	return (0);
}

#endif /* !_KERN_JAIL_BPF_H_ */
