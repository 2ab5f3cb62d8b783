/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What names in archives and images mean.
 */

#include <errno.h>
#include <string.h>

#include "place.h"

#define MARK		".wh."
#define MARK_LEN	(sizeof(MARK) - 1)

#define OCI_LAYER	"application/vnd.oci.image.layer.v1.tar"
#define OCI_FOREIGN	\
	"application/vnd.oci.image.layer.nondistributable.v1.tar"
#define DOCKER_LAYER	"application/vnd.docker.image.rootfs.diff.tar"

static const struct {
	const char *mediatype;
	enum packing packing;
} packings[] = {
	{ OCI_LAYER, PACK_NONE },
	{ OCI_LAYER "+gzip", PACK_GZIP },
	{ OCI_LAYER "+zstd", PACK_ZSTD },
	{ OCI_FOREIGN, PACK_NONE },
	{ OCI_FOREIGN "+gzip", PACK_GZIP },
	{ OCI_FOREIGN "+zstd", PACK_ZSTD },
	{ DOCKER_LAYER, PACK_NONE },
	{ DOCKER_LAYER ".gzip", PACK_GZIP },
	{ DOCKER_LAYER ".zstd", PACK_ZSTD },
};

static const struct {
	const char *machine, *arch;
} arches[] = {
	{ "x86_64", "amd64" },
	{ "aarch64", "arm64" },
	{ "armv6l", "arm" },
	{ "armv7l", "arm" },
	{ "i386", "386" },
	{ "i486", "386" },
	{ "i586", "386" },
	{ "i686", "386" },
	{ "loongarch64", "loong64" },
};

/* Add a part to a path of len bytes. */
static bool
add_part(char path[PATH_MAX], size_t *len, const char *part, size_t n)
{
	if (n == 2 && memcmp(part, "..", 2) == 0) {
		errno = EINVAL;
		return (false);
	}
	if (n > NAME_MAX || *len + n + 2 > PATH_MAX) {
		errno = ENAMETOOLONG;
		return (false);
	}
	if (*len > 0)
		path[(*len)++] = '/';
	memcpy(path + *len, part, n);
	*len += n;
	path[*len] = '\0';
	return (true);
}

bool
place_clean(const char *name, char path[PATH_MAX])
{
	size_t len = 0, n;

	path[0] = '\0';
	for (; *name != '\0'; name += n) {
		name += strspn(name, "/");
		n = strcspn(name, "/");
		if (n == 0 || (n == 1 && name[0] == '.'))
			continue;
		if (!add_part(path, &len, name, n))
			return (false);
	}
	return (true);
}

const char *
place_split(const char *path, size_t *ret_len)
{
	const char *slash = strrchr(path, '/');

	*ret_len = slash == NULL ? 0 : slash - path;
	return (slash == NULL ? path : slash + 1);
}

enum whiteout
place_whiteout(const char *last, const char **ret_name)
{
	const char *name = last + MARK_LEN;

	if (strncmp(last, MARK, MARK_LEN) != 0)
		return (WH_NONE);
	if (strcmp(name, MARK ".opq") == 0)
		return (WH_OPAQUE);
	if (strncmp(name, MARK, MARK_LEN) == 0)
		return (WH_OTHER);
	if (name[0] == '\0' || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return (WH_BAD);
	*ret_name = name;
	return (WH_NAME);
}

bool
place_digest(const char *text, const char **ret_hex)
{
	const char *hex = text + 7;
	size_t len;

	if (strncmp(text, "sha256:", 7) == 0)
		len = 64;
	else if (strncmp(text, "sha512:", 7) == 0)
		len = 128;
	else
		return (false);
	if (strspn(hex, "0123456789abcdef") != len || hex[len] != '\0')
		return (false);
	*ret_hex = hex;
	return (true);
}

int
place_packing(const char *mediatype)
{
	for (size_t i = 0; i < sizeof(packings) / sizeof(packings[0]); i++) {
		if (strcmp(packings[i].mediatype, mediatype) == 0)
			return (packings[i].packing);
	}
	return (-1);
}

/* The others have the same word. */
const char *
place_arch(const char *machine)
{
	for (size_t i = 0; i < sizeof(arches) / sizeof(arches[0]); i++) {
		if (strcmp(arches[i].machine, machine) == 0)
			return (arches[i].arch);
	}
	return (machine);
}
