/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What is told of a refusal, beside that it is counted: an event in a ring,
 * while somebody reads. What finds no room there is counted as lost, and nobody
 * waits.
 */

#ifndef _KERN_EVENT_BPF_H_
#define _KERN_EVENT_BPF_H_

#include <stdbool.h>

#include <bpf/bpf_core_read.h>

#include "kern_maps.bpf.h"

/* (By names of their own: the files that include this have others.) */
#pragma clang attribute push(__attribute__((preserve_access_index)), \
    apply_to = record)

struct kernfs_node___event {
	__u64 id;
};

struct cgroup___event {
	struct kernfs_node___event *kn;
};

struct css_set___event {
	struct cgroup___event *dfl_cgrp;
};

struct task_struct___event {
	int tgid;
	char comm[JAIL_COMMLEN];
	struct css_set___event *cgroups;
};

#pragma clang attribute pop

static __always_inline void
event_lose(void)
{
	const __u32 zero = 0;
	__u64 *lost = bpf_map_lookup_elem(&events_lost, &zero);

	if (lost != NULL)
		__sync_fetch_and_add(lost, 1);
}

/* A reader who has been stopped for long misses events, and is to know. */
static __always_inline bool
event_wanted(void)
{
	const __u32 zero = 0;
	const __u64 *until = bpf_map_lookup_elem(&event_readers, &zero);

	if (until == NULL || *until == 0)
		return (false);
	if (bpf_ktime_get_boot_ns() < *until)
		return (true);
	event_lose();
	return (false);
}

/* An event that tells no more than the counter, to be sent; NULL: none. */
static __always_inline struct jail_event *
event_begin(const struct refusal_key *key)
{
	struct jail_event *e;

	if (!event_wanted())
		return (NULL);
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (e == NULL) {
		event_lose();
		return (NULL);
	}
	__builtin_memset(e, 0, sizeof(*e));
	e->je_time = bpf_ktime_get_boot_ns();
	e->je_jid = key->jid;
	e->je_reason = key->reason;
	e->je_dir = key->dir;
	e->je_family = key->family;
	return (e);
}

static __always_inline void
event_send(struct jail_event *e)
{
	bpf_ringbuf_submit(e, 0);
}

/* It is the doing of the task that runs now. */
static __always_inline void
event_by_task(struct jail_event *e)
{
	const struct task_struct___event *t = (void *)bpf_get_current_task();

	e->je_pid = BPF_CORE_READ(t, tgid);
	bpf_core_read(e->je_comm, sizeof(e->je_comm), &t->comm);
}

/* The same if that task is in the cgroup: another is only interrupted. */
static __always_inline void
event_by_member(struct jail_event *e, __u64 cgroup)
{
	const struct task_struct___event *t = (void *)bpf_get_current_task();

	if (BPF_CORE_READ(t, cgroups, dfl_cgrp, kn, id) == cgroup)
		event_by_task(e);
}

#endif /* !_KERN_EVENT_BPF_H_ */
