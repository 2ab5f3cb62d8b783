/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Unpack tar archives, and the layers of images, into a tree that nobody else
 * uses. No name leads out of it: where an entry goes is looked up with the tree
 * as the root, as the jail will see it, and libarchive is given a path of what
 * was found, without links and dots.
 */

#ifndef _UNPACK_H_
#define _UNPACK_H_

#include <limits.h>

#include "blob.h"
#include "place.h"
#include "trash.h"

/* Any compression that there is; others as in enum packing. */
#define PACK_ANY	(-1)

struct unpack {
	int tree;
	char treepath[PATH_MAX];
	struct trash trash;
	struct progress *progress;
	uintmax_t entries;
	uintmax_t devices;	/* left out */

	/* What was looked up last: a directory, and its path below the tree. */
	int dir;
	char dirname[PATH_MAX];
	char realname[PATH_MAX];
};

/* 0, or -1 with a message. The working directory becomes the tree. */
int unpack_begin(struct unpack *u, int tree, int state, struct progress *p);
int unpack_tar(struct unpack *u, struct blob *b, int packing);

/* A layer of an image, above others or not, which has to have its digest. */
int unpack_layer(struct unpack *u, struct blob *b, int packing, bool above);
void unpack_end(struct unpack *u);

#endif /* !_UNPACK_H_ */
