/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The kinds of roots, and how each is made. All functions return 0, or -1 with
 * a message and with nothing left of what they began.
 */

#ifndef _MAKE_H_
#define _MAKE_H_

#include "root.h"

int debian_make(const struct request *rq, const char *suite, const char *dir,
    char *const packages[]);
int tar_make(const struct request *rq, const char *archive, const char *dir);
int oci_make(const struct request *rq, const char *image, const char *dir);
int view_make(const struct request *rq, const char *dir);
int clone_make(const struct request *rq, const char *base, const char *dir);

/* Mount one that is made; mounts_undo() is the opposite. */
int view_mount(struct root *r, const struct request *rq);
int clone_mount(const struct root *r);

/* What is done with a root that there is. */
int remove_root(const struct request *rq, const char *dir);
int mount_root(const struct request *rq, const char *dir);
int unmount_root(const struct request *rq, const char *dir);
int show_root(const struct request *rq, const char *dir);

#endif /* !_MAKE_H_ */
