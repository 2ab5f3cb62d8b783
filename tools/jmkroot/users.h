/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Who uses a root: jails, and clones. All functions that fail say why.
 */

#ifndef _USERS_H_
#define _USERS_H_

#include "root.h"

/* 0 if no jail of this instance of netjail has its root there or below. */
int users_no_jails(const struct root *r);

/* 0 if nothing is a clone of it. */
int users_no_clones(const struct root *r);

/* Enter a clone with its base, and take it out again. */
int users_add_clone(const struct root *base, const struct root *clone);
int users_drop_clone(const struct root *clone);

#endif /* !_USERS_H_ */
