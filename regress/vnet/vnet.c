/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * vnet.subr for test cases in C: every function but wait_until() hands its work
 * to the script, so that there is one description of the network.
 */

#include <sys/types.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "vnet.h"

extern char **environ;

/* Call a function of vnet.subr with one argument or none; its exit status. */
static int
script(const atf_tc_t *tc, const char *function, const char *arg)
{
	char path[4096];
	char *argv[] = { "sh", path, (char *)function, (char *)arg, NULL };
	pid_t pid;
	int error, status;

	snprintf(path, sizeof(path), "%s/../../vnet/vnet.sh",
	    atf_tc_get_config_var(tc, "srcdir"));
	error = posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ);
	if (error != 0)
		atf_tc_fail("posix_spawn: %s", strerror(error));
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			atf_tc_fail("waitpid: %s", strerror(errno));
	return (WIFEXITED(status) ? WEXITSTATUS(status) : 255);
}

static void
read_id(char *id, size_t size)
{
	FILE *fp = fopen("vnet.id", "r");

	if (fp == NULL || fgets(id, size, fp) == NULL)
		atf_tc_fail("vnet.id: %s", strerror(errno));
	id[strcspn(id, "\n")] = '\0';
	fclose(fp);
}

static int
open_ns(const char *id, const char *side)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/regress-%s-%s", id, side);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		atf_tc_fail("%s: %s", path, strerror(errno));
	return (fd);
}

static void
set_instance(const char *id)
{
	char name[64];

	snprintf(name, sizeof(name), "regress-%s", id);
	setenv("JAIL_INSTANCE", name, 1);
}

void
vnet_instance(const atf_tc_t *tc)
{
	char id[32];

	if (script(tc, "vnet_instance", NULL) != 0)
		atf_tc_fail("vnet_instance failed");
	read_id(id, sizeof(id));
	set_instance(id);
}

void
vnet_init(struct vnet *vn, const atf_tc_t *tc)
{
	char id[32];
	long pid;

	if (script(tc, "vnet_init", NULL) != 0)
		atf_tc_fail("vnet_init failed");
	read_id(id, sizeof(id));
	set_instance(id);
	pid = strtol(id, NULL, 10);
	snprintf(vn->vn_hostif, sizeof(vn->vn_hostif), "vh%ld", pid);
	snprintf(vn->vn_peerif, sizeof(vn->vn_peerif), "vp%ld", pid);
	vn->vn_tc = tc;
	vn->vn_host = open_ns(id, "host");
	vn->vn_peer = open_ns(id, "peer");
	if (vnet_enter(vn->vn_host) == -1)
		atf_tc_fail("setns: %s", strerror(errno));
}

void
vnet_addr(const struct vnet *vn, const char *addr)
{
	if (script(vn->vn_tc, "vnet_addr", addr) != 0)
		atf_tc_fail("vnet_addr %s failed", addr);
}

void
vnet_ip(const struct vnet *vn, const char *args)
{
	if (script(vn->vn_tc, "vnet_ip", args) != 0)
		atf_tc_fail("ip %s failed", args);
}

int
vnet_enter(int ns)
{
	return (setns(ns, CLONE_NEWNET));
}

void
vnet_pid(const struct vnet *vn, pid_t pid)
{
	char arg[16];

	snprintf(arg, sizeof(arg), "%d", (int)pid);
	if (script(vn->vn_tc, "vnet_pid", arg) != 0)
		atf_tc_fail("vnet_pid failed");
}

void
vnet_cleanup(const atf_tc_t *tc)
{
	if (script(tc, "vnet_cleanup", NULL) != 0)
		errx(1, "the case left something behind");
}

bool
wait_until(bool (*done)(void *), void *arg, int ms)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	const char *patience = getenv("VNET_PATIENCE");
	struct timespec now, end;

	if (patience != NULL)
		ms *= atoi(patience);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += ms / 1000;
	end.tv_nsec += ms % 1000 * 1000000L;
	while (!done(arg)) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec > end.tv_sec || (now.tv_sec == end.tv_sec &&
		    now.tv_nsec > end.tv_nsec))
			return (false);
		nanosleep(&pause, NULL);
	}
	return (true);
}
