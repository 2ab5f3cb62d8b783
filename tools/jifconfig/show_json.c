/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * A jail's addresses as a JSON object.
 */

#include <sys/socket.h>

#include <arpa/inet.h>
#include <err.h>

#include "util_json.h"

#include "view.h"

static void
set(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) != 0)
		errx(1, "out of memory");
}

static void
append(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) != 0)
		errx(1, "out of memory");
}

static json_t *
addr_text(const struct family *fam, const void *addr)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(fam->af, addr, text, sizeof(text));
	return (json_string(text));
}

static json_t *
addr_object(const struct entry *e)
{
	const struct hostaddr *ha = e->host;
	json_t *object = json_object();

	set(object, "family", json_string(e->fam->word));
	set(object, "address", addr_text(e->fam, e->addr));
	if (ha == NULL)
		return (object);
	set(object, "prefixlen", json_integer(ha->prefixlen));
	if (ha->has_broadcast)
		set(object, "broadcast", addr_text(e->fam, &ha->broadcast));
	if (ha->has_peer)
		set(object, "peer", addr_text(e->fam, ha->peer));
	return (object);
}

static json_t *
link_object(const struct link *l)
{
	json_t *object = json_object(), *flags = json_array();

	for (unsigned int i = 0; i < NFLAGS; i++) {
		if (l->flags & (1U << i))
			append(flags, json_string(flag_names[i]));
	}
	set(object, "name", json_text(l->name));
	set(object, "index", json_integer(l->index));
	set(object, "flags", flags);
	set(object, "mtu", json_integer(l->mtu));
	set(object, "addresses", json_array());
	return (object);
}

json_t *
show_json(const struct view *v, const struct host *h)
{
	json_t *jail = json_object(), *links = json_array();
	json_t *none = json_array(), *addrs = NULL;
	const struct link *l, *last = NULL;

	for (size_t i = 0; i < v->n; i++) {
		l = entry_link(h, &v->entries[i]);
		if (l == NULL)
			addrs = none;
		else if (l != last) {
			append(links, link_object(l));
			addrs = json_object_get(json_array_get(links,
			    json_array_size(links) - 1), "addresses");
		}
		append(addrs, addr_object(&v->entries[i]));
		last = l;
	}
	set(jail, "jid", json_integer(v->jid));
	set(jail, "name", json_text(v->name));
	set(jail, "interfaces", links);
	set(jail, "no_interface", none);
	return (jail);
}
