/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Deleting trees that nobody may be trusted to have made well: of any depth and
 * size, with any names. What goes is first moved into one directory, the trash,
 * and so is every directory in it that is not empty: paths are never longer
 * than two names, ".." is never used, and two descriptors are enough. Nothing
 * that is mounted is entered, and no symbolic link followed.
 */

#ifndef _TRASH_H_
#define _TRASH_H_

#include <stdint.h>

#include "progress.h"

struct trash {
	int fd;			/* the directory; -1: not open */
	uintmax_t next;		/* the name for what comes next */
};

/*
 * All return 0, or -1 with a message. The trash is there from the beginning: on
 * a file system that is full no directory can be made.
 */
int trash_open(struct trash *t, int state);

/* Take away what has that name in a directory, whatever it is, if it is. */
int trash_put(struct trash *t, int dir, const char *name);

/* The same for all that is in a directory, which stays. */
int trash_children(struct trash *t, int dir);

/* Delete what is in the trash. */
int trash_empty(struct trash *t, int state, struct progress *p);
void trash_close(struct trash *t);

#endif /* !_TRASH_H_ */
