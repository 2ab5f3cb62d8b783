/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What the files of jail_set(3) share.
 */

#ifndef _JAIL_SET_H_
#define _JAIL_SET_H_

#include "jail_impl.h"

/* An address that is to be on an interface, and whether it is already. */
struct alias {
	struct ip_alias_key key;
	struct ip_alias alias;
	bool old;
};

struct aliaslist {
	struct alias *v;
	size_t n;
};

/* A change: the jail as it was (if it was), as it is to be, and its lists. */
struct change {
	struct spec sp;
	int flags;		/* JAIL_* */
	bool exists;
	struct jail old, new;
	struct addrlist oldlist[FAM_MAX], list[FAM_MAX];
	bool newlist[FAM_MAX];	/* list[] is to replace oldlist[] */
	struct aliaslist aliases[FAM_MAX];	/* of list[] */
};

/* jail_set_addr.c, by family: what the list is to be, and which set it is. */
int set_addrs(struct session *s, struct change *c, int f);
int choose_set(struct session *s, struct change *c, int f);

/* jail_alias.c */
int set_aliases(struct session *s, struct change *c, int f, const char *text);
int aliases_add(struct session *s, const struct change *c, int f);

#endif /* !_JAIL_SET_H_ */
