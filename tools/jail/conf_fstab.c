/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Lines of fstab(5).
 */

#include <string.h>

#include "conf_run.h"

/* getmntent_r(3) would cut a line that has no room, and its options with it. */
bool
fstab_parse(const char *line, struct mntent *m, char *buf, size_t size,
    const char **ret_why)
{
	struct mntent *found;
	FILE *f;

	*ret_why = NULL;
	if (strlen(line) + 1 >= size) {
		*ret_why = "is too long";
		return (false);
	}
	if (line[strspn(line, " \t\n")] == '\0')
		return (false);
	f = fmemopen((char *)line, strlen(line), "r");
	if (f == NULL) {
		*ret_why = "out of memory";
		return (false);
	}
	found = getmntent_r(f, m, buf, size);
	fclose(f);
	if (found == NULL)
		return (false);
	if (m->mnt_type[0] == '\0')
		*ret_why = "needs what to mount, a directory and a type";
	return (*ret_why == NULL);
}

const char *
fstab_inside(const char *dir, const char *path)
{
	size_t len = strlen(path);

	if (dir[0] == '/' && strcmp(path, "/") != 0) {
		if (strncmp(dir, path, len) != 0 || dir[len] != '/')
			return (NULL);
		dir += len;
	}
	dir += strspn(dir, "/");
	return (dir[0] != '\0' && strcmp(dir, ".") != 0 ? dir : NULL);
}
