/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Random names of entries: none may lead out of the root, and a path that was
 * made of one stays what it is.
 */

#include "place.c"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "broken rule: %s\n", what);
	abort();
}

/* Every part is the name of something in the directory before. */
static void
check_path(const char *path)
{
	size_t n;

	must(path[0] != '/', "no slash in front");
	for (; *path != '\0'; path += n) {
		if (*path == '/')
			path++;
		n = strcspn(path, "/");
		must(n > 0 && n <= NAME_MAX, "a length that a name can have");
		must(strncmp(path, ".", n) != 0, "no .");
		must(n != 2 || strncmp(path, "..", n) != 0, "no ..");
	}
}

static void
check_last(const char *path)
{
	const char *last, *name = "x", *hex;
	size_t len;

	last = place_split(path, &len);
	must(strchr(last, '/') == NULL, "a last part without a slash");
	must(last == path || path[len] == '/', "the rest before a slash");
	if (place_whiteout(last, &name) == WH_NAME)
		check_path(name);
	if (place_digest(path, &hex))
		must(strpbrk(hex, "/.") == NULL, "a digest of digits");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *name = malloc(size + 1), path[PATH_MAX], again[PATH_MAX];

	memcpy(name, data, size);
	name[size] = '\0';
	if (place_clean(name, path)) {
		check_path(path);
		must(place_clean(path, again) && strcmp(path, again) == 0,
		    "the same path again");
		check_last(path);
	}
	free(name);
	return (0);
}
