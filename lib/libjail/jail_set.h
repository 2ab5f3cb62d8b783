/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What the files of jail_set(3) share.
 */

#ifndef _JAIL_SET_H_
#define _JAIL_SET_H_

#include "jail_impl.h"

/* A change: the jail as it was (if it was), as it is to be, and its lists. */
struct change {
	struct spec sp;
	int flags;		/* JAIL_* */
	bool exists;
	struct jail old, new;
	struct addrlist oldlist[FAM_MAX], list[FAM_MAX];
	bool newlist[FAM_MAX];	/* list[] is to replace oldlist[] */
};

/* jail_set_addr.c, by family: what the list is to be, and which set it is. */
int set_addrs(struct session *s, struct change *c, int f);
int choose_set(struct session *s, struct change *c, int f);

#endif /* !_JAIL_SET_H_ */
