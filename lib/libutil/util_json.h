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

#endif /* !_UTIL_JSON_H_ */
