/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What jansson leaves to its users.
 */

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
