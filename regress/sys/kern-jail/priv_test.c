/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Devices and sysctls in a jail. A process that is in the jail wholly has
 * several guards against each; one that is in its cgroup alone has only the
 * kernel half.
 */

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "errname.h"
#include "scene.h"

#define SYSCTL	"/proc/sys/net/ipv4/ip_default_ttl"

struct file_call {
	char path[1024];
	int flags;
	mode_t mode;
	unsigned major, minor;
	int error;
};

static int
do_open(void *arg)
{
	struct file_call *c = arg;
	int fd;

	fd = open(c->path, c->flags | O_CLOEXEC);
	c->error = fd == -1 ? errno : 0;
	if (fd != -1)
		close(fd);
	return (-1);
}

static int
do_mknod(void *arg)
{
	struct file_call *c = arg;

	c->error = mknod(c->path, c->mode | 0600,
	    makedev(c->major, c->minor)) == -1 ? errno : 0;
	return (-1);
}

/* Write back what the file says already, so that nothing changes. */
static int
do_rewrite(void *arg)
{
	struct file_call *c = arg;
	char buf[64];
	ssize_t len = 0;
	int fd;

	fd = open(c->path, O_RDONLY | O_CLOEXEC);
	if (fd != -1) {
		len = read(fd, buf, sizeof(buf));
		close(fd);
	}
	fd = open(c->path, O_WRONLY | O_CLOEXEC);
	c->error = fd == -1 || write(fd, buf, len) != len ? errno : 0;
	if (fd != -1)
		close(fd);
	return (-1);
}

struct device {
	const char *name;
	mode_t mode;
	unsigned major, minor;
	int error;
};

static const struct device devices[] = {
	{ "null", S_IFCHR, 1, 3, 0 },
	{ "zero", S_IFCHR, 1, 5, 0 },
	{ "urandom", S_IFCHR, 1, 9, 0 },
	{ "mem", S_IFCHR, 1, 1, EPERM },
	{ "kmsg", S_IFCHR, 1, 11, EPERM },
	{ "tun", S_IFCHR, 10, 200, EPERM },
	{ "loop0", S_IFBLK, 7, 0, EPERM },
	{ "ram3", S_IFBLK, 1, 3, EPERM },
	{ "vda", S_IFBLK, 253, 0, EPERM },
};

static struct file_call
device_call(const struct device *d, const char *prefix)
{
	struct file_call c = { .flags = O_RDONLY, .mode = d->mode,
		.major = d->major, .minor = d->minor };
	char dir[768];

	ATF_REQUIRE(getcwd(dir, sizeof(dir)) != NULL);
	snprintf(c.path, sizeof(c.path), "%s/%s%s", dir, prefix, d->name);
	return (c);
}

static struct jailed
start_jail(const atf_tc_t *tc)
{
	vnet_instance(tc);
	return (scene_jail("a", "192.0.2.11", NULL, NULL));
}

static void
check_call(const struct jailed *jd, jailed_fn *fn, struct file_call *c,
    int error, const char *what)
{
	struct refusal want = { error == 0 ? JR_NONE : JR_DEVICE,
		JAIL_DIR_CALL, 0 };
	uint64_t before = refusals_before(jd, &want);

	jailed_call(jd, fn, c, sizeof(*c));
	ATF_CHECK_MSG(c->error == error, "%s: %s, should be %s", what,
	    errname(c->error), errname(error));
	ATF_CHECK_MSG(refused_once(jd, &want, before),
	    "%s: not counted as reason %d once", what, want.reason);
}

VNET_CASE(cgroup_alone_confines_devices)
{
	struct jailed whole = start_jail(tc);
	struct jailed jd = jailed_start_bare(whole.jd_jid);
	const struct device *d;
	struct file_call c;

	for (d = devices; d < devices + NELEMS(devices); d++) {
		c = device_call(d, "ours-");
		do_mknod(&c);
		ATF_REQUIRE_MSG(c.error == 0, "%s: %s", c.path,
		    errname(c.error));
		check_call(&jd, do_open, &c, d->error, d->name);
		c = device_call(d, "theirs-");
		check_call(&jd, do_mknod, &c, d->error, d->name);
	}
}

VNET_CASE(B13_whole_jail_has_no_host_devices)
{
	static const char *const paths[] = {
		"/dev/mem", "/dev/kmsg", "/dev/net/tun", "/dev/kvm",
		"/dev/fuse", "/dev/vda", "/dev/sda", "/dev/loop0"
	};
	struct jailed jd = start_jail(tc);
	struct file_call c;
	size_t i;

	for (i = 0; i < NELEMS(paths); i++) {
		memset(&c, 0, sizeof(c));
		snprintf(c.path, sizeof(c.path), "%s", paths[i]);
		jailed_call(&jd, do_open, &c, sizeof(c));
		ATF_CHECK_MSG(c.error == ENOENT, "%s: %s", paths[i],
		    errname(c.error));
	}
	for (i = 0; i < NELEMS(devices); i++) {
		c = device_call(&devices[i], "theirs-");
		jailed_call(&jd, do_mknod, &c, sizeof(c));
		ATF_CHECK_MSG(c.error == EPERM, "mknod %s: %s",
		    devices[i].name, errname(c.error));
	}
	memset(&c, 0, sizeof(c));
	c.flags = O_RDWR;
	strcpy(c.path, "/dev/null");
	jailed_call(&jd, do_open, &c, sizeof(c));
	ATF_CHECK_STREQ("0", errname(c.error));
}

VNET_CASE(cgroup_alone_refuses_to_write_a_sysctl)
{
	struct jailed whole = start_jail(tc);
	struct jailed jd = jailed_start_bare(whole.jd_jid);
	struct refusal want = { JR_SYSCTL, JAIL_DIR_CALL, 0 };
	struct file_call c = { .path = SYSCTL };
	uint64_t before = refusals_before(&jd, &want);

	do_rewrite(&c);
	ATF_REQUIRE_MSG(c.error == 0, "outside: %s", errname(c.error));
	jailed_call(&jd, do_rewrite, &c, sizeof(c));
	ATF_CHECK_STREQ("EPERM", errname(c.error));
	ATF_CHECK(refused_once(&jd, &want, before));
	c.flags = O_RDONLY;
	jailed_call(&jd, do_open, &c, sizeof(c));
	ATF_CHECK_STREQ("0", errname(c.error));
}

VNET_CASE(whole_jail_cannot_write_a_sysctl)
{
	static const char *const paths[] = {
		SYSCTL, "/proc/sys/kernel/core_pattern",
		"/proc/sys/kernel/modprobe", "/proc/sysrq-trigger"
	};
	struct jailed jd = start_jail(tc);
	struct file_call c;
	size_t i;
	int want;

	for (i = 0; i < NELEMS(paths); i++) {
		memset(&c, 0, sizeof(c));
		snprintf(c.path, sizeof(c.path), "%s", paths[i]);
		c.flags = O_WRONLY;
		jailed_call(&jd, do_open, &c, sizeof(c));
		want = access(paths[i], F_OK) == 0 ? EROFS : ENOENT;
		ATF_CHECK_MSG(c.error == want, "%s: %s, should be %s",
		    paths[i], errname(c.error), errname(want));
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, cgroup_alone_confines_devices);
	ATF_TP_ADD_TC(tp, B13_whole_jail_has_no_host_devices);
	ATF_TP_ADD_TC(tp, cgroup_alone_refuses_to_write_a_sysctl);
	ATF_TP_ADD_TC(tp, whole_jail_cannot_write_a_sysctl);
	return (atf_no_error());
}
