/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What the files of jail_set(3) share.
 */

#ifndef _JAIL_SET_H_
#define _JAIL_SET_H_

#include "jail_impl.h"

#define SHARES_DEFAULT	100	/* cpu.shares */

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
	bool nested;		/* it is in a jail, parent */
	struct jail old, new, parent;
	struct addrlist oldlist[FAM_MAX], list[FAM_MAX];
	bool newlist[FAM_MAX];	/* list[] is to replace oldlist[] */
	struct aliaslist aliases[FAM_MAX];	/* of list[] */
	bool gains;		/* there is an address that it had not */
};

/* jail_set.c */
int change_carry_out(struct session *s, struct change *c);
void change_free(struct change *c);

/* jail_set_addr.c, by family: what the list is to be, and which set it is. */
int set_addrs(struct session *s, struct change *c, int f);
int choose_set(struct session *s, struct change *c, int f);

/* jail_resource.c */
int set_resources(struct session *s, struct change *c);
int resources_apply(struct session *s, const struct change *c);

/* jail_adopt.c */
int set_cgroup(struct session *s, struct change *c);

/* jail_init.c */
int set_init(struct change *c);

/* jail_raw.c */
int set_raw(struct change *c);

/* jail_alias.c */
int set_aliases(struct session *s, struct change *c, int f, const char *text);
int aliases_add(struct session *s, const struct change *c, int f);

/* jail_set_tree.c: what its parent has to say, and those that are in it */
int set_parent(struct session *s, struct change *c);
int full_name(const struct change *c, const char *name,
    char full[JAIL_NAMELEN]);
int check_names_below(struct session *s, const struct change *c);
int set_childmax(struct change *c);
int check_allowed(const struct change *c);
int check_inside(struct session *s, const struct change *c, int f);
void inherit_set(struct prison *pr, const struct prison *around, int f);
int find_gains(struct session *s, struct change *c);
int narrow_below(struct session *s, const struct change *c);

#endif /* !_JAIL_SET_H_ */
