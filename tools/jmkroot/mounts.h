/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What is mounted at a root and below it. All functions that fail say why.
 */

#ifndef _MOUNTS_H_
#define _MOUNTS_H_

#include <stdbool.h>
#include <stddef.h>

#include "root.h"

struct mounted {
	char *dir;
	char *type;
	char *opts;
};

/* Returns how many there are; to be freed. -1 on failure. */
int mounts_read(const char *path, struct mounted **ret_list);
void mounts_free(struct mounted *list, int n);

/*
 * Is the root mounted? A root that is not one to be mounted never is. -1 with a
 * message if something else is mounted there.
 */
int mounts_check(const struct root *r);

/* Unmount it, if it is mounted. */
int mounts_undo(const struct root *r);

#endif /* !_MOUNTS_H_ */
