/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * A signal for every process of a jail, without stopping it. This program makes
 * one pass over the jail's processes and is run again until a pass finds that
 * nobody was missed, see struct jail_signal. Linux 6.13.
 *
 * What is hard is fork(2). A child does not inherit what is sent to its parent
 * once copy_process() has looked for signals, and is on no list of its cgroup
 * before cgroup_post_fork(). Until the child is attached its fork shows in the
 * parent's signal->multiprocess; from then on it is on the list of all
 * processes, and until it is in its cgroup its cg_list is empty. So the signal
 * is sent when the first is empty, and after a pass that finds no process of
 * the second kind the next one sees every child that was forked before its
 * parent got the signal. A child that was forked after that, by a parent who
 * knows of the signal, gets none.
 */

#include <stdbool.h>

#include "kern_maps.bpf.h"
#include "kern_task.bpf.h"

char _license[] SEC("license") = "Dual BSD/GPL";

#define JAIL_EPERM	1
#define JAIL_SIGKILL	9

/* A process stays the same if another of its threads becomes its leader. */
static __always_inline void
key_of(const struct task_struct *leader, struct signal_mark_key *key)
{
	key->born = leader->start_boottime;
	key->tgid = leader->tgid;
	key->pad = 0;
}

static __always_inline bool
is_dying(const struct task_struct *t)
{
	return ((t->signal->flags & SIGNAL_GROUP_EXIT) ||
	    t->signal->live.counter == 0);
}

/* A leader that has exited gets none, but another thread takes it for all. */
static __always_inline int
signal_threads(struct task_struct *leader, int sig)
{
	struct bpf_iter_task it;
	struct task_struct *t, *live;
	int error = -JAIL_EPERM;

	bpf_rcu_read_lock();
	bpf_iter_task_new(&it, leader, BPF_TASK_ITER_PROC_THREADS);
	while (error != 0 && (t = bpf_iter_task_next(&it)) != NULL) {
		if (t->flags & PF_EXITING)
			continue;
		live = bpf_task_acquire(t);
		if (live == NULL)
			continue;
		error = bpf_send_signal_task(live, sig, PIDTYPE_TGID, 0);
		bpf_task_release(live);
	}
	bpf_iter_task_destroy(&it);
	bpf_rcu_read_unlock();
	return (error);
}

static __always_inline struct signal_mark *
mark_of(const struct task_struct *leader)
{
	struct signal_mark none = { 0 }, *mark;
	struct signal_mark_key key;

	key_of(leader, &key);
	mark = bpf_map_lookup_elem(&signal_marks, &key);
	if (mark != NULL)
		return (mark);
	bpf_map_update_elem(&signal_marks, &key, &none, BPF_ANY);
	return (bpf_map_lookup_elem(&signal_marks, &key));
}

static __always_inline bool
is_forking(const struct task_struct *t)
{
	return (t->signal->multiprocess.first != NULL);
}

/*
 * Did its parent know of the signal when it forked? A fork that was under way
 * then is the first that is found of one thread; several may overtake it.
 */
static __always_inline bool
forked_after(const struct task_struct *t, __u64 number)
{
	const struct task_struct *parent = t->real_parent->group_leader;
	struct signal_mark_key key;
	struct signal_mark *mark;

	key_of(parent, &key);
	mark = bpf_map_lookup_elem(&signal_marks, &key);
	if (mark == NULL || mark->number != number ||
	    t->start_boottime <= mark->time)
		return (false);
	if (!mark->owes)
		return (true);
	if (parent->signal->live.counter == 1)
		mark->owes = 0;
	return (false);
}

/* Returns 0 or an errno, negative. */
static __always_inline int
send(struct task_struct *t, int sig)
{
	int error = bpf_send_signal_task(t, sig, PIDTYPE_TGID, 0);

	return (error == -JAIL_EPERM ? signal_threads(t, sig) : error);
}

/*
 * A fork that begins just before the signal is sent is under way after it, or
 * its child is attached by then. (SIGKILL puts an end to a fork.)
 */
static __always_inline void
signal_process(struct task_struct *t, struct jail_signal *js)
{
	struct signal_mark *mark = mark_of(t);
	__u64 now;

	if (mark == NULL) {
		js->js_left++;
		return;
	}
	if (mark->number == js->js_number) {
		js->js_forks += mark->owes && is_forking(t);
		return;
	}
	now = t->start_boottime;
	mark->owes = 0;
	if (!forked_after(t, js->js_number)) {
		if (js->js_sig != JAIL_SIGKILL && is_forking(t)) {
			js->js_left++;
			return;
		}
		if (send(t, js->js_sig) != 0) {
			js->js_left += !is_dying(t);
			return;
		}
		mark->owes = is_forking(t);
		now = bpf_ktime_get_boot_ns();
		js->js_forks += mark->owes;
		js->js_sent++;
	}
	mark->time = now;
	mark->number = js->js_number;
}

static __always_inline void
signal_cgroup(struct cgroup *cgrp, struct jail_signal *js, int spared)
{
	struct bpf_iter_css_task it;
	struct task_struct *t;

	bpf_iter_css_task_new(&it, &cgrp->self, CSS_TASK_ITER_PROCS |
	    CSS_TASK_ITER_THREADED);
	while ((t = bpf_iter_css_task_next(&it)) != NULL) {
		if (t->tgid != spared)
			signal_process(t, js);
	}
	bpf_iter_css_task_destroy(&it);
}

/* Processes of whatever cgroup that are in none yet. (Idle ones never are.) */
static __always_inline __u32
count_unlisted(void)
{
	struct bpf_iter_task it;
	struct task_struct *t;
	__u32 n = 0;

	bpf_rcu_read_lock();
	bpf_iter_task_new(&it, NULL, BPF_TASK_ITER_ALL_PROCS);
	while ((t = bpf_iter_task_next(&it)) != NULL) {
		if (t->pid != 0 && t->cg_list.next == &t->cg_list &&
		    !(t->flags & PF_EXITING))
			n++;
	}
	bpf_iter_task_destroy(&it);
	bpf_rcu_read_unlock();
	return (n);
}

SEC("syscall")
int
kern_signal(struct jail_signal *js)
{
	struct task_struct *init;
	struct cgroup *cgrp;
	int spared = 0;

	if (js->js_spared != 0) {
		init = bpf_task_from_vpid(js->js_spared);
		if (init != NULL) {
			spared = init->tgid;
			bpf_task_release(init);
		}
	}
	cgrp = bpf_cgroup_from_id(js->js_cgroup);
	if (cgrp == NULL)
		return (0);
	signal_cgroup(cgrp, js, spared);
	bpf_cgroup_release(cgrp);
	js->js_forks += count_unlisted();
	return (0);
}
