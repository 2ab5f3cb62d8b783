/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * A jail as a JSON object.
 */

#include <sys/socket.h>

#include <netinet/in.h>

#include <arpa/inet.h>
#include <err.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "jls.h"

static json_t *
json_number(const struct jailparam *jp)
{
	uint64_t big;
	int32_t small;

	if (jp->jp_type == JPT_UINT64) {
		memcpy(&big, jp->jp_value, sizeof(big));
		return (json_integer(big));
	}
	memcpy(&small, jp->jp_value, sizeof(small));
	if (jp->jp_type == JPT_BOOL)
		return (json_boolean(small));
	return (json_integer(small));
}

static json_t *
json_addrs(const struct jailparam *jp, int af, size_t addrlen)
{
	const char *addrs = jp->jp_value;
	json_t *array = json_array();
	char text[INET6_ADDRSTRLEN];

	for (size_t i = 0; i + addrlen <= jp->jp_valuelen; i += addrlen) {
		inet_ntop(af, addrs + i, text, sizeof(text));
		if (json_array_append_new(array, json_string(text)) != 0)
			errx(1, "out of memory");
	}
	return (array);
}

static json_t *
json_exported(const struct jailparam *jp)
{
	char *text = jailparam_export(jp);
	json_t *json;

	if (text == NULL)
		errx(1, "%s", jail_errmsg);
	json = json_text(text);
	free(text);
	return (json);
}

static json_t *
json_value(const struct jailparam *jp)
{
	switch (jp->jp_type) {
	case JPT_INT:
	case JPT_BOOL:
	case JPT_UINT64:
		return (json_number(jp));
	case JPT_IP4:
		return (json_addrs(jp, AF_INET, sizeof(struct in_addr)));
	case JPT_IP6:
		return (json_addrs(jp, AF_INET6, sizeof(struct in6_addr)));
	default:
		return (json_exported(jp));
	}
}

json_t *
json_jail(const struct jls *j)
{
	json_t *jail = json_object();

	for (unsigned int i = 1; i <= j->nshown; i++) {
		if (json_object_set_new(jail, j->jp[i].jp_name,
		    json_value(&j->jp[i])) != 0)
			errx(1, "out of memory");
	}
	return (jail);
}
