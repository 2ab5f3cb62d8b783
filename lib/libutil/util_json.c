/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What jansson leaves to its users.
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util_json.h"

json_t *
json_text(const char *text)
{
	json_t *json = json_string(text);
	char *copy;

	if (json != NULL)
		return (json);
	copy = strdup(text);
	if (copy == NULL)
		return (NULL);
	for (char *p = copy; *p != '\0'; p++) {
		if ((unsigned char)*p > 127)
			*p = '?';
	}
	json = json_string(copy);
	free(copy);
	return (json);
}

void
json_list_begin(struct json_list *list, const char *key)
{
	list->nitems = 0;
	printf("{\"version\": 1, \"%s\": [", key);
}

void
json_list_add(struct json_list *list, json_t *item)
{
	fputs(list->nitems++ > 0 ? ",\n" : "\n", stdout);
	if (json_dumpf(item, stdout, 0) != 0 && !ferror(stdout))
		errx(1, "out of memory");
	json_decref(item);
}

void
json_list_end(const struct json_list *list)
{
	puts(list->nitems > 0 ? "\n]}" : "]}");
}
