/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What names in archives and images mean.
 */

#include <errno.h>
#include <string.h>

#include <atf-c.h>

#include "place.h"

ATF_TC_WITHOUT_HEAD(names_become_paths_below_the_root);
ATF_TC_BODY(names_become_paths_below_the_root, tc)
{
	static const struct {
		const char *name, *path;
	} rows[] = {
		{ "", "" },
		{ ".", "" },
		{ "./", "" },
		{ "/", "" },
		{ "//./.", "" },
		{ "a", "a" },
		{ "./a", "a" },
		{ "/a", "a" },
		{ "a/", "a" },
		{ "a//b/./c/.", "a/b/c" },
		{ "...", "..." },
		{ "..a/.b", "..a/.b" },
		{ "a/.. ", "a/.. " },
	};
	char path[PATH_MAX];

	(void)tc;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ATF_CHECK_MSG(place_clean(rows[i].name, path), "%s",
		    rows[i].name);
		ATF_CHECK_STREQ(rows[i].path, path);
	}
}

ATF_TC_WITHOUT_HEAD(names_that_lead_out_are_refused);
ATF_TC_BODY(names_that_lead_out_are_refused, tc)
{
	static const char *const names[] = { "..", "../a", "/..", "a/..",
		"a/../b", "./..", "a/b/../../..", "//..//" };
	char path[PATH_MAX];

	(void)tc;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		errno = 0;
		ATF_CHECK_MSG(!place_clean(names[i], path) && errno == EINVAL,
		    "%s", names[i]);
	}
}

ATF_TC_WITHOUT_HEAD(names_that_are_too_long_are_refused);
ATF_TC_BODY(names_that_are_too_long_are_refused, tc)
{
	char name[2 * PATH_MAX] = "", path[PATH_MAX];

	(void)tc;
	memset(name, 'a', NAME_MAX);
	ATF_CHECK(place_clean(name, path));
	name[NAME_MAX] = 'a';
	ATF_CHECK(!place_clean(name, path) && errno == ENAMETOOLONG);
	for (size_t i = 0; i + 2 < sizeof(name); i += 2)
		memcpy(name + i, "b/", 3);
	ATF_CHECK(!place_clean(name, path) && errno == ENAMETOOLONG);
	ATF_CHECK(strlen(path) < PATH_MAX);
	/* The longest one. */
	name[PATH_MAX - 1] = '\0';
	ATF_CHECK(place_clean(name, path));
	ATF_CHECK_EQ(PATH_MAX - 1, strlen(path));
}

ATF_TC_WITHOUT_HEAD(path_is_split_before_its_last_part);
ATF_TC_BODY(path_is_split_before_its_last_part, tc)
{
	size_t len;

	(void)tc;
	ATF_CHECK_STREQ("c", place_split("a/b/c", &len));
	ATF_CHECK_EQ(3, len);
	ATF_CHECK_STREQ("a", place_split("a", &len));
	ATF_CHECK_EQ(0, len);
}

ATF_TC_WITHOUT_HEAD(whiteouts_are_known_by_their_mark);
ATF_TC_BODY(whiteouts_are_known_by_their_mark, tc)
{
	static const struct {
		const char *last;
		enum whiteout what;
		const char *name;
	} rows[] = {
		{ "a", WH_NONE, NULL },
		{ ".wh", WH_NONE, NULL },
		{ "a.wh.b", WH_NONE, NULL },
		{ ".wh.a", WH_NAME, "a" },
		{ ".wh..a", WH_NAME, ".a" },
		{ ".wh....", WH_NAME, "..." },
		{ ".wh..wh..opq", WH_OPAQUE, NULL },
		{ ".wh..wh.plnk", WH_OTHER, NULL },
		{ ".wh..wh..opqa", WH_OTHER, NULL },
		{ ".wh.", WH_BAD, NULL },
		{ ".wh..", WH_BAD, NULL },
		{ ".wh...", WH_BAD, NULL },
	};
	const char *name;

	(void)tc;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		name = NULL;
		ATF_CHECK_MSG(place_whiteout(rows[i].last, &name) ==
		    rows[i].what, "%s", rows[i].last);
		if (rows[i].name != NULL)
			ATF_CHECK_STREQ(rows[i].name, name);
		else
			ATF_CHECK(name == NULL);
	}
}

#define HEX16	"0123456789abcdef"
#define HEX64	HEX16 HEX16 HEX16 HEX16

ATF_TC_WITHOUT_HEAD(digests_name_nothing_but_a_blob);
ATF_TC_BODY(digests_name_nothing_but_a_blob, tc)
{
	static const char *const bad[] = { "", "sha256:", "sha256:" HEX16,
		"sha256:" HEX64 "0", "sha512:" HEX64, "md5:" HEX16 HEX16,
		"sha256/" HEX64, "sha256:../" HEX64,
		"sha256:0123456789ABCDEF" HEX16 HEX16 HEX16,
		"sha256:../456789abcdef" HEX16 HEX16 HEX16 };
	const char *hex = NULL;

	(void)tc;
	ATF_CHECK(place_digest("sha256:" HEX64, &hex));
	ATF_CHECK_STREQ(HEX64, hex);
	ATF_CHECK(place_digest("sha512:" HEX64 HEX64, &hex));
	ATF_CHECK_STREQ(HEX64 HEX64, hex);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ATF_CHECK_MSG(!place_digest(bad[i], &hex), "%s", bad[i]);
}

ATF_TC_WITHOUT_HEAD(layers_and_machines_are_known_by_their_words);
ATF_TC_BODY(layers_and_machines_are_known_by_their_words, tc)
{
	const char *oci = "application/vnd.oci.image.layer.v1.tar+zstd";

	(void)tc;
	ATF_CHECK_EQ(PACK_ZSTD, place_packing(oci));
	ATF_CHECK_EQ(PACK_NONE,
	    place_packing("application/vnd.oci.image.layer.v1.tar"));
	ATF_CHECK_EQ(PACK_GZIP, place_packing(
	    "application/vnd.docker.image.rootfs.diff.tar.gzip"));
	ATF_CHECK_EQ(-1, place_packing(
	    "application/vnd.oci.image.layer.v1.tar+gzip+encrypted"));
	ATF_CHECK_STREQ("amd64", place_arch("x86_64"));
	ATF_CHECK_STREQ("arm64", place_arch("aarch64"));
	ATF_CHECK_STREQ("riscv64", place_arch("riscv64"));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, names_become_paths_below_the_root);
	ATF_TP_ADD_TC(tp, names_that_lead_out_are_refused);
	ATF_TP_ADD_TC(tp, names_that_are_too_long_are_refused);
	ATF_TP_ADD_TC(tp, path_is_split_before_its_last_part);
	ATF_TP_ADD_TC(tp, whiteouts_are_known_by_their_mark);
	ATF_TP_ADD_TC(tp, digests_name_nothing_but_a_blob);
	ATF_TP_ADD_TC(tp, layers_and_machines_are_known_by_their_words);
	return (atf_no_error());
}
