/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * A jail's addresses, joined with the host's interfaces. Functions end the
 * process when they fail.
 */

#ifndef _VIEW_H_
#define _VIEW_H_

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jail.h"

#include "host.h"

/* What a view is made of: parameters of the jail, in this order. */
enum {
	VP_KEY, VP_JID, VP_NAME, VP_MODE, VP_MODE6, VP_ADDR, VP_ADDR6,
	VP_PARENT, VP_MAX
};

struct entry {
	const struct family *fam;
	const uint8_t *addr;
	const struct hostaddr *host;	/* NULL: no interface has it */
	size_t order;			/* in its jail's set */
};

/*
 * By interface, then in the order of the jail's sets; addresses that no
 * interface has come last.
 */
struct view {
	int jid;
	const char *name;
	struct entry *entries;
	size_t n;
	size_t room;
};

/* The parameters, without values; key is the one that will find the jail. */
void view_init(struct jailparam jp[VP_MAX], const char *key);

/* Has the jail all that the host has of a family, not a set? */
bool view_has_hosts(const struct jailparam jp[VP_MAX], int fam);

/* The view points into the parameters and the host. */
void view_make(struct view *v, const struct host *h,
    const struct jailparam jp[VP_MAX]);
void view_free(struct view *v);

/* The interface of an entry, or NULL. */
const struct link *entry_link(const struct host *h, const struct entry *e);

/* show_text.c: in ifconfig's form, with a line for the jail if heading. */
void show_text(const struct view *v, const struct host *h, bool heading);

/* show_json.c: as an object. */
json_t *show_json(const struct view *v, const struct host *h);

#endif /* !_VIEW_H_ */
