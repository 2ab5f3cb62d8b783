/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * A root that is unpacked from archives.
 */

#ifndef _TREE_H_
#define _TREE_H_

#include "root.h"
#include "unpack.h"

struct tree {
	struct root root;
	struct unpack unpack;
	struct progress progress;
	int fd;
};

/* Begin one; -1 with a message, and nothing is left to end. */
int tree_begin(struct tree *t, const char *dir, const char *type,
    const char *source);

/*
 * It becomes the root, or after an error all of it goes. Returns whether all
 * went well.
 */
int tree_end(struct tree *t, int error, const struct request *rq);

#endif /* !_TREE_H_ */
