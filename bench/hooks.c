/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Hooks and programs without effect: see hooks.h.
 */

#include <linux/pkt_cls.h>

#include <bpf/bpf.h>

#include <dirent.h>
#include <err.h>
#include <stdio.h>
#include <unistd.h>

#include "hooks.h"

static void
call(const char *path, void (*fn)(int, const struct bpf_link_info *, void *),
    void *arg)
{
	struct bpf_link_info info = { 0 };
	__u32 len = sizeof(info);
	int fd = bpf_obj_get(path);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len) != 0)
		err(1, "%s", path);
	fn(fd, &info, arg);
	close(fd);
}

void
hooks_each(const char *instance,
    void (*fn)(int, const struct bpf_link_info *, void *), void *arg)
{
	char dir[256], path[512];
	struct dirent *e;
	DIR *d;

	snprintf(dir, sizeof(dir), "/sys/fs/bpf/%s/links", instance);
	d = opendir(dir);
	if (d == NULL)
		err(1, "%s", dir);
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		call(path, fn, arg);
	}
	closedir(d);
}

static enum bpf_attach_type
attach_type_of(const struct bpf_link_info *info)
{
	switch (info->type) {
	case BPF_LINK_TYPE_CGROUP:
		return (info->cgroup.attach_type);
	case BPF_LINK_TYPE_NETNS:
		return (info->netns.attach_type);
	default:
		return (0);
	}
}

static struct bpf_prog_info
prog_of(const struct bpf_link_info *info)
{
	struct bpf_prog_info prog = { 0 };
	__u32 len = sizeof(prog);
	int fd = bpf_prog_get_fd_by_id(info->prog_id);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &prog, &len) != 0)
		err(1, "program %u", info->prog_id);
	close(fd);
	return (prog);
}

/* A program of the same name that says what lets all pass. */
static int
load_empty(const struct bpf_prog_info *prog, enum bpf_attach_type attach_type)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0,
		    .imm = prog->type == BPF_PROG_TYPE_SCHED_CLS ?
		    TC_ACT_UNSPEC : 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts,
	    .expected_attach_type = attach_type);
	int fd;

	fd = bpf_prog_load(prog->type, prog->name, "BSD-2-Clause", insns,
	    sizeof(insns) / sizeof(insns[0]), &opts);
	if (fd < 0)
		err(1, "an empty %s", prog->name);
	return (fd);
}

static void
empty_one(int link, const struct bpf_link_info *info, void *arg)
{
	struct bpf_prog_info prog;
	int fd;

	(void)arg;
	if (info->type == BPF_LINK_TYPE_TRACING)
		return;		/* of BPF LSM: it cannot be replaced */
	prog = prog_of(info);
	fd = load_empty(&prog, attach_type_of(info));
	if (bpf_link_update(link, fd, NULL) != 0)
		err(1, "link %u", info->id);
	close(fd);
}

void
hooks_empty(const char *instance)
{
	hooks_each(instance, empty_one, NULL);
}
