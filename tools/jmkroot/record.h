/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The record of a root: what it is, where it comes from, and what is needed to
 * mount and to remove it.
 *
 *	version		1
 *	type		"debian", "tar", "oci", "host" or "clone"
 *	source		what it was made from
 *	made		when, UTC
 *	complete	false as long as it is being made
 *	inode, born	of the directory that is the root, or that it is mounted
 *			at: no other one is ever removed
 *	id		random; by this a base knows its clones
 *	base, base_id	of a clone: the path and the id of its base
 *	mounts		of a view of the host: below what paths of it
 *	digest, config	of an image
 */

#ifndef _RECORD_H_
#define _RECORD_H_

#include <jansson.h>
#include <stdbool.h>

/* NULL on failure, which is told; path is for the message. */
json_t *record_new(const char *type, const char *source);
json_t *record_read(int state, const char *path);
int record_write(int state, const char *path, const json_t *record);

/* Texts and numbers that may be missing: "" and 0. */
const char *record_text(const json_t *record, const char *key);
bool record_is(const json_t *record, const char *type);
json_int_t record_number(const json_t *record, const char *key);
bool record_complete(const json_t *record);

/* Set a member; the value is given away. -1 without memory, with a message. */
int record_set(json_t *record, const char *key, json_t *value);

#endif /* !_RECORD_H_ */
