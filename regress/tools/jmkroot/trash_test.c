/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Deleting trees: deep ones, wide ones, such as lead elsewhere. A case works in
 * its own directory, and has a mount namespace of its own.
 */

#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <linux/fs.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include <atf-c.h>

#include "trash.h"

#define CASE(name)							\
	ATF_TC(name);							\
	ATF_TC_HEAD(name, tc)						\
	{								\
		atf_tc_set_md_var(tc, "require.user", "root");		\
	}								\
	ATF_TC_BODY(name, tc)

/* Put "tree" into the trash, and empty that; returns what the latter did. */
static int
delete_tree(struct progress *p)
{
	struct trash t;
	int error;

	progress_begin(p, "deleted");
	ATF_REQUIRE(mkdir("trash", 0700) == 0 || errno == EEXIST);
	ATF_REQUIRE_EQ(0, trash_open(&t, AT_FDCWD));
	ATF_REQUIRE_EQ(0, trash_put(&t, AT_FDCWD, "tree"));
	ATF_REQUIRE(access("tree", F_OK) == -1 && errno == ENOENT);
	error = trash_empty(&t, AT_FDCWD, p);
	trash_close(&t);
	return (error);
}

static void
require_gone(void)
{
	ATF_REQUIRE_EQ(0, rmdir("trash"));
}

static void
make_file(int dir, const char *name)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL, 0600);

	ATF_REQUIRE_MSG(fd != -1, "%s: %m", name);
	close(fd);
}

/* Work in memory: what is tested is not the disk. */
static void
use_memory(void)
{
	ATF_REQUIRE_EQ(0, unshare(CLONE_NEWNS));
	ATF_REQUIRE_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ATF_REQUIRE_EQ(0, mkdir("memory", 0755));
	ATF_REQUIRE_EQ(0, mount("tmpfs", "memory", "tmpfs", 0, NULL));
	ATF_REQUIRE_EQ(0, chdir("memory"));
}

/* A directory in a directory ... so deep, with a file at the end. */
static void
make_deep(int depth)
{
	int at = open(".", O_RDONLY | O_DIRECTORY), next;

	ATF_REQUIRE_EQ(0, mkdirat(at, "tree", 0755));
	next = openat(at, "tree", O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < depth; i++) {
		close(at);
		at = next;
		ATF_REQUIRE_EQ(0, mkdirat(at, "d", 0755));
		next = openat(at, "d", O_RDONLY | O_DIRECTORY);
		ATF_REQUIRE(next != -1);
	}
	make_file(next, "end");
	close(at);
	close(next);
}

CASE(deep_tree_needs_few_descriptors)
{
	struct rlimit few = { 16, 16 };
	struct progress p;

	(void)tc;
	use_memory();
	make_deep(30000);
	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	ATF_REQUIRE_EQ(0, delete_tree(&p));
	ATF_CHECK(p.entries >= 30002);
	require_gone();
}

CASE(wide_tree_is_deleted_to_the_last_entry)
{
	char name[64];
	struct progress p;
	int fd;

	(void)tc;
	use_memory();
	ATF_REQUIRE_EQ(0, mkdir("tree", 0755));
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "tree/%d", i);
		ATF_REQUIRE_EQ(0, mkdir(name, 0));
		fd = open(name, O_RDONLY | O_DIRECTORY);
		for (int j = 0; j < 200; j++) {
			snprintf(name, sizeof(name), "%d", j);
			make_file(fd, name);
		}
		close(fd);
	}
	ATF_REQUIRE_EQ(0, delete_tree(&p));
	ATF_CHECK(p.entries >= 20101);
	require_gone();
}

CASE(names_are_not_looked_into)
{
	static const char *const names[] = { "-rf", " ", "*", "\n", "\\", "\"",
		"a\033[31m", "\377\376", "...", ".wh.a", "0", "1", "$(id)" };
	struct progress p;
	int fd;

	(void)tc;
	ATF_REQUIRE_EQ(0, mkdir("tree", 0755));
	fd = open("tree", O_RDONLY | O_DIRECTORY);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ATF_REQUIRE_EQ(0, mkdirat(fd, names[i], 0700));
		ATF_REQUIRE_EQ(0, symlinkat("..", openat(fd, names[i],
		    O_RDONLY | O_DIRECTORY), names[i]));
	}
	ATF_REQUIRE_EQ(0, delete_tree(&p));
	require_gone();
}

CASE(links_are_not_followed)
{
	struct progress p;

	(void)tc;
	ATF_REQUIRE_EQ(0, mkdir("outside", 0755));
	make_file(AT_FDCWD, "outside/kept");
	ATF_REQUIRE_EQ(0, mkdir("tree", 0755));
	ATF_REQUIRE_EQ(0, mkdir("tree/dir", 0755));
	ATF_REQUIRE_EQ(0, symlink("../outside", "tree/link"));
	ATF_REQUIRE_EQ(0, symlink("../../outside", "tree/dir/link"));
	ATF_REQUIRE_EQ(0, symlink("/nonexistent", "tree/dir/dangling"));
	ATF_REQUIRE_EQ(0, link("outside/kept", "tree/hard"));
	ATF_REQUIRE_EQ(0, delete_tree(&p));
	ATF_CHECK_EQ(0, access("outside/kept", F_OK));
	/* The same for what is a link itself. */
	ATF_REQUIRE_EQ(0, symlink("outside", "tree"));
	ATF_REQUIRE_EQ(0, delete_tree(&p));
	ATF_CHECK_EQ(0, access("outside/kept", F_OK));
	require_gone();
}

CASE(signal_stops_it_and_it_goes_on_later)
{
	struct progress p;
	struct trash t;

	(void)tc;
	progress_init(true);
	ATF_REQUIRE_EQ(0, mkdir("tree", 0755));
	make_file(AT_FDCWD, "tree/a");
	make_file(AT_FDCWD, "tree/b");
	ATF_REQUIRE_EQ(0, raise(SIGTERM));
	ATF_CHECK_EQ(-1, delete_tree(&p));
	ATF_CHECK_EQ(1, p.entries);
	ATF_CHECK_EQ(SIGTERM, interrupted());
	progress_forget();
	ATF_CHECK_EQ(0, interrupted());
	ATF_CHECK_EQ(SIGTERM, progress_obeyed());
	ATF_REQUIRE_EQ(0, trash_open(&t, AT_FDCWD));
	ATF_CHECK_EQ(0, trash_empty(&t, AT_FDCWD, &p));
	require_gone();
}

/* Of the same file system, so that no device number tells. */
CASE(mounts_are_not_entered)
{
	struct progress p;

	(void)tc;
	ATF_REQUIRE_EQ(0, unshare(CLONE_NEWNS));
	ATF_REQUIRE_EQ(0, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	ATF_REQUIRE_EQ(0, mkdir("outside", 0755));
	make_file(AT_FDCWD, "outside/kept");
	ATF_REQUIRE_EQ(0, mkdir("tree", 0755));
	ATF_REQUIRE_EQ(0, mkdir("tree/dir", 0755));
	ATF_REQUIRE_EQ(0, mkdir("tree/dir/mount", 0755));
	ATF_REQUIRE_EQ(0, mount("outside", "tree/dir/mount", NULL, MS_BIND,
	    NULL));
	ATF_CHECK_EQ(-1, delete_tree(&p));
	ATF_CHECK_EQ(0, access("outside/kept", F_OK));
	/* And one that is in the trash already. */
	ATF_REQUIRE_EQ(0, mkdir("tree", 0755));
	ATF_REQUIRE_EQ(0, mkdir("trash/mount", 0755));
	ATF_REQUIRE_EQ(0, mount("outside", "trash/mount", NULL, MS_BIND,
	    NULL));
	ATF_CHECK_EQ(-1, delete_tree(&p));
	ATF_CHECK_EQ(0, access("outside/kept", F_OK));
}

static bool
set_immutable(const char *path, bool on)
{
	int fd = open(path, O_RDONLY), flags = 0;
	bool done;

	if (fd == -1 || ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0)
		return (false);
	flags = on ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
	done = ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;
	close(fd);
	return (done);
}

ATF_TC_WITH_CLEANUP(immutable_file_stops_it_until_it_is_none);
ATF_TC_HEAD(immutable_file_stops_it_until_it_is_none, tc)
{
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(immutable_file_stops_it_until_it_is_none, tc)
{
	struct progress p;
	struct trash t;

	(void)tc;
	ATF_REQUIRE_EQ(0, mkdir("tree", 0755));
	make_file(AT_FDCWD, "tree/file");
	if (!set_immutable("tree/file", true))
		atf_tc_skip("no immutable files on this file system");
	ATF_CHECK_EQ(-1, delete_tree(&p));
	ATF_CHECK(set_immutable("trash/0/file", false));
	ATF_REQUIRE_EQ(0, trash_open(&t, AT_FDCWD));
	ATF_CHECK_EQ(0, trash_empty(&t, AT_FDCWD, &p));
	require_gone();
}
ATF_TC_CLEANUP(immutable_file_stops_it_until_it_is_none, tc)
{
	(void)tc;
	set_immutable("tree/file", false);
	set_immutable("trash/0/file", false);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, deep_tree_needs_few_descriptors);
	ATF_TP_ADD_TC(tp, wide_tree_is_deleted_to_the_last_entry);
	ATF_TP_ADD_TC(tp, names_are_not_looked_into);
	ATF_TP_ADD_TC(tp, links_are_not_followed);
	ATF_TP_ADD_TC(tp, signal_stops_it_and_it_goes_on_later);
	ATF_TP_ADD_TC(tp, mounts_are_not_entered);
	ATF_TP_ADD_TC(tp, immutable_file_stops_it_until_it_is_none);
	return (atf_no_error());
}
