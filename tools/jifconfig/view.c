/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * A jail's addresses, joined with the host's interfaces.
 */

#include <err.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"

void
view_init(struct jailparam jp[VP_MAX], const char *key)
{
	const char *const names[VP_MAX] = {
		[VP_KEY] = key,
		[VP_JID] = "jid",
		[VP_NAME] = "name",
		[VP_MODE] = "ip4",
		[VP_MODE6] = "ip6",
		[VP_ADDR] = "ip4.addr",
		[VP_ADDR6] = "ip6.addr",
		[VP_PARENT] = "parent",
	};

	for (int i = 0; i < VP_MAX; i++) {
		if (jailparam_init(&jp[i], names[i]) != 0)
			errx(1, "%s", jail_errmsg);
	}
}

static int
int_value(const struct jailparam *jp)
{
	int32_t value;

	memcpy(&value, jp->jp_value, sizeof(value));
	return (value);
}

static void
add_entry(struct view *v, const struct family *fam, const void *addr,
    const struct hostaddr *host, size_t order)
{
	struct entry *more;

	if (v->n == v->room) {
		v->room = v->room == 0 ? 16 : 2 * v->room;
		more = reallocarray(v->entries, v->room, sizeof(*more));
		if (more == NULL)
			err(1, "addresses");
		v->entries = more;
	}
	v->entries[v->n++] = (struct entry){ .fam = fam, .addr = addr,
		.host = host, .order = order };
}

/* The jail's own set: each address once for every interface that has it. */
static void
add_set(struct view *v, const struct host *h, const struct family *fam,
    const struct jailparam *jp)
{
	size_t found, n = jp->jp_valuelen / fam->addrlen;
	const uint8_t *addrs = jp->jp_value;
	const struct hostaddr *first;

	for (size_t i = 0; i < n; i++) {
		const uint8_t *addr = addrs + i * fam->addrlen;

		found = host_find(h, fam, addr, &first);
		for (size_t k = 0; k < found; k++)
			add_entry(v, fam, addr, &first[k], i);
		if (found == 0)
			add_entry(v, fam, addr, NULL, i);
	}
}

/* The parent of a jail that inherits, 0; -1: it does not, or is gone. */
static int
parent_of(int32_t jid, const char *mode)
{
	struct jailparam jp[3];
	int parent = -1;

	if (jailparam_init(&jp[0], "jid") != 0 ||
	    jailparam_init(&jp[1], mode) != 0 ||
	    jailparam_init(&jp[2], "parent") != 0 ||
	    jailparam_import_raw(&jp[0], &jid, sizeof(jid)) != 0)
		errx(1, "%s", jail_errmsg);
	if (jailparam_get(jp, 3, 0) != -1 &&
	    int_value(&jp[1]) == JAIL_SYS_INHERIT)
		parent = int_value(&jp[2]);
	jailparam_free(jp, 3);
	return (parent);
}

/* A jail that inherits has what the one around it has, and so on. */
bool
view_has_hosts(const struct jailparam jp[VP_MAX], int fam)
{
	const struct jailparam *mode = &jp[VP_MODE + fam];
	int at = int_value(&jp[VP_PARENT]);

	if (int_value(mode) != JAIL_SYS_INHERIT ||
	    jp[VP_ADDR + fam].jp_valuelen > 0)
		return (false);
	while (at > 0)
		at = parent_of(at, mode->jp_name);
	return (at == 0);
}

static void
add_hosts(struct view *v, const struct host *h, const struct family *fam)
{
	for (size_t i = 0; i < h->naddrs; i++) {
		const struct hostaddr *ha = &h->addrs[i];

		if (ha->fam == fam)
			add_entry(v, fam, ha->addr, ha, ha->order);
	}
}

static int
compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	unsigned int ix = x->host != NULL ? x->host->index : UINT_MAX;
	unsigned int iy = y->host != NULL ? y->host->index : UINT_MAX;

	if (ix != iy)
		return (ix < iy ? -1 : 1);
	if (x->fam != y->fam)
		return (x->fam < y->fam ? -1 : 1);
	return (x->order < y->order ? -1 : x->order > y->order);
}

void
view_make(struct view *v, const struct host *h,
    const struct jailparam jp[VP_MAX])
{
	*v = (struct view){ .jid = int_value(&jp[VP_JID]),
		.name = jp[VP_NAME].jp_value };
	for (int i = 0; i < FAM_MAX; i++) {
		if (view_has_hosts(jp, i))
			add_hosts(v, h, &inet_families[i]);
		else
			add_set(v, h, &inet_families[i], &jp[VP_ADDR + i]);
	}
	if (v->n > 0)
		qsort(v->entries, v->n, sizeof(*v->entries), compare_entries);
}

void
view_free(struct view *v)
{
	free(v->entries);
}

const struct link *
entry_link(const struct host *h, const struct entry *e)
{
	return (e->host == NULL ? NULL : host_link(h, e->host->index));
}
