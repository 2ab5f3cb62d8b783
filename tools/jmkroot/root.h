/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * A root that jmkroot made, and beside it, in a directory with the same name
 * and .jmkroot, all that belongs to it:
 *
 *	root.json	its record: see record.h
 *	tree		what is being made; it becomes the root in the end
 *	upper, work	what a clone has of its own
 *	clones		a link to each clone of it, named by the clone's id
 *	trash		what is being deleted
 *
 * Who works with a root has that directory locked. All functions that fail say
 * why.
 */

#ifndef _ROOT_H_
#define _ROOT_H_

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>

#include "progress.h"

#define STATE_SUFFIX	".jmkroot"

struct root {
	char path[PATH_MAX];	/* without links */
	char statepath[PATH_MAX];
	const char *name;	/* the last part of path */
	const char *statename;
	int parent;		/* the directory that both are in */
	int state;		/* the state directory; -1: not open */
	json_t *record;
};

/* What the command line says of all commands. */
struct request {
	bool quiet;
	bool verbose;
	bool json;
	const char *variant;	/* of mmdebstrap */
	const char **mirrors;
	int nmirrors;
};

/*
 * Begin to make a root of that type, from that source. Nothing may be in its
 * place. After a failure there is nothing to end.
 */
int root_begin(struct root *r, const char *dir, const char *type,
    const char *source);

/*
 * It was made, which is said, as root_say() does; or there was an error: then
 * all of it goes. Returns error.
 */
int root_end(struct root *r, int error, const struct request *rq,
    const char *what);

/*
 * Find one; operation is LOCK_EX, or LOCK_SH if it stays as it is. Whatever
 * becomes of it, root_close() is to be called.
 */
int root_open(struct root *r, const char *dir, int operation);

/* The same, of a root that is whole. */
int root_open_whole(struct root *r, const char *dir, int operation);
void root_close(struct root *r);

/* An empty directory of the state, opened; or one that is there. */
int root_mkdir(const struct root *r, const char *name, mode_t mode);

/* What is "tree" in the state becomes the root, or what it is mounted at. */
int root_place(struct root *r);

/* It is whole. */
int root_finish(struct root *r);

/* 1 if that directory is at path, 0 if nothing is, -1 if something else is. */
int root_find_place(const struct root *r);

/* Take it away in one step; deleting it takes its time. */
int root_take_place(const struct root *r);

/* Delete the state, and with it what is left of the root. */
int root_erase(struct root *r, struct progress *p);

/* Say that something was done: "/srv/jail/web: removed". */
void root_say(const struct root *r, const struct request *rq,
    const char *what);

#endif /* !_ROOT_H_ */
