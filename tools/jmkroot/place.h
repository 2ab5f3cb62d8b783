/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What names in archives and images mean. Pure: nothing is looked up.
 */

#ifndef _PLACE_H_
#define _PLACE_H_

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * An entry's name as a path below the root, without a slash at either end and
 * without empty parts and dots; "" is the root itself. False with EINVAL if a
 * part is "..", with ENAMETOOLONG if it is longer than path.
 */
bool place_clean(const char *name, char path[PATH_MAX]);

/* The last part of such a path; what is before it has *ret_len bytes. */
const char *place_split(const char *path, size_t *ret_len);

/* What the last part of a name in a layer of an image says. */
enum whiteout {
	WH_NONE,		/* it is an entry */
	WH_NAME,		/* takes away the name behind the mark */
	WH_OPAQUE,		/* takes away all that the directory had */
	WH_OTHER,		/* bookkeeping of who made the layer */
	WH_BAD,			/* takes away what cannot be named */
};

enum whiteout place_whiteout(const char *last, const char **ret_name);

/*
 * Is a text algorithm:hex, of sha256 or sha512? Then *ret_hex is the latter.
 * (What is not could name any file.)
 */
bool place_digest(const char *text, const char **ret_hex);

/* The compression of a layer of that media type, or -1 if it is none. */
enum packing {
	PACK_NONE,
	PACK_GZIP,
	PACK_ZSTD,
};

int place_packing(const char *mediatype);

/* An image's word for a machine as uname(2) has it. */
const char *place_arch(const char *machine);

#endif /* !_PLACE_H_ */
