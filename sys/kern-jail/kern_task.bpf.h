/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What the kernel has for processes: the members that we read of its types, by
 * their names (libbpf finds where they are), and its functions.
 */

#ifndef _KERN_TASK_BPF_H_
#define _KERN_TASK_BPF_H_

#include <linux/types.h>
#include <bpf/bpf_helpers.h>

#define PF_EXITING		0x00000004
#define SIGNAL_GROUP_EXIT	0x00000004
#define CSS_TASK_ITER_PROCS	(1U << 0)
#define CSS_TASK_ITER_THREADED	(1U << 1)
#define BPF_TASK_ITER_ALL_PROCS	0
#define BPF_TASK_ITER_PROC_THREADS 2

enum pid_type {
	PIDTYPE_PID, PIDTYPE_TGID
};

#pragma clang attribute push(__attribute__((preserve_access_index)), \
    apply_to = record)

struct list_head {
	struct list_head *next, *prev;
};

struct hlist_node {
	struct hlist_node *next, **pprev;
};

struct hlist_head {
	struct hlist_node *first;
};

struct signal_struct {
	struct {
		int counter;
	} live;				/* threads that have not exited */
	unsigned int flags;		/* SIGNAL_* */
	struct hlist_head multiprocess;	/* forks under way */
};

struct task_struct {
	unsigned int flags;		/* PF_* */
	int pid, tgid;
	__u64 start_boottime;
	struct task_struct *real_parent, *group_leader;
	struct signal_struct *signal;
	struct list_head cg_list;	/* in its cgroup, or empty */
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
};

struct cgroup {
	struct cgroup_subsys_state self;
};

#pragma clang attribute pop

struct bpf_iter_css_task {
	__u64 opaque[1];
} __attribute__((aligned(8)));

struct bpf_iter_task {
	__u64 opaque[3];
} __attribute__((aligned(8)));

void bpf_rcu_read_lock(void) __ksym;
void bpf_rcu_read_unlock(void) __ksym;

struct task_struct *bpf_task_acquire(struct task_struct *t) __ksym;
struct task_struct *bpf_task_from_vpid(int vpid) __ksym;
void bpf_task_release(struct task_struct *t) __ksym;
int bpf_send_signal_task(struct task_struct *t, int sig, enum pid_type type,
    __u64 value) __ksym;

int bpf_iter_task_new(struct bpf_iter_task *it, struct task_struct *t,
    unsigned int flags) __ksym;
struct task_struct *bpf_iter_task_next(struct bpf_iter_task *it) __ksym;
void bpf_iter_task_destroy(struct bpf_iter_task *it) __ksym;

struct cgroup *bpf_cgroup_from_id(__u64 id) __ksym;
void bpf_cgroup_release(struct cgroup *cgrp) __ksym;
int bpf_iter_css_task_new(struct bpf_iter_css_task *it,
    struct cgroup_subsys_state *css, unsigned int flags) __ksym;
struct task_struct *bpf_iter_css_task_next(struct bpf_iter_css_task *it)
    __ksym;
void bpf_iter_css_task_destroy(struct bpf_iter_css_task *it) __ksym;

#endif /* !_KERN_TASK_BPF_H_ */
