/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What jansson leaves to its users.
 */

#ifndef _UTIL_JSON_H_
#define _UTIL_JSON_H_

#include <jansson.h>

/*
 * A JSON string of any text. JSON is UTF-8, names of files need not be: in a
 * text that is not, every byte above 127 becomes a question mark. NULL if there
 * is no memory.
 */
json_t *json_text(const char *text);

/*
 * The document {"version": 1, key: [...]} on stdout, written one item a line,
 * so that the memory this takes does not grow with their number. Items are
 * given away. What cannot be written is found when stdout is closed; without
 * memory the process ends.
 */
struct json_list {
	unsigned int nitems;
};

void json_list_begin(struct json_list *list, const char *key);
void json_list_add(struct json_list *list, json_t *item);
void json_list_end(const struct json_list *list);

#endif /* !_UTIL_JSON_H_ */
