/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * A root from a tar archive; and the tree that all roots from archives are
 * unpacked into.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "make.h"
#include "tree.h"

int
tree_begin(struct tree *t, const char *dir, const char *type,
    const char *source)
{
	*t = (struct tree){ .fd = -1, .unpack.dir = -1, .unpack.trash.fd = -1 };
	if (root_begin(&t->root, dir, type, source) != 0)
		return (-1);
	progress_begin(&t->progress, "unpacked");
	t->fd = root_mkdir(&t->root, "tree", 0755);
	if (t->fd != -1 && unpack_begin(&t->unpack, t->fd, t->root.state,
	    &t->progress) == 0)
		return (0);
	return (tree_end(t, -1, NULL));
}

int
tree_end(struct tree *t, int error, const struct request *rq)
{
	char what[64];

	if (error == 0)
		error = trash_empty(&t->unpack.trash, t->root.state,
		    &t->progress);
	unpack_end(&t->unpack);
	if (t->fd != -1)
		close(t->fd);
	if (error == 0)
		error = root_place(&t->root);
	if (error == 0)
		error = root_finish(&t->root);
	progress_end();
	if (error == 0 && t->unpack.devices > 0 && !rq->quiet)
		printf("%s: device nodes left out: %ju\n", t->root.path,
		    t->unpack.devices);
	snprintf(what, sizeof(what), "made, %ju entries", t->unpack.entries);
	return (root_end(&t->root, error, rq, what));
}

int
tar_make(const struct request *rq, const char *archive, const char *dir)
{
	char real[PATH_MAX];
	struct blob b;
	struct tree t;
	int error;

	if (blob_open(&b, archive, NULL) != 0)
		return (-1);
	if (realpath(archive, real) == NULL)
		strcpy(real, b.name);
	error = tree_begin(&t, dir, "tar", real);
	if (error == 0) {
		b.progress = &t.progress;
		error = unpack_tar(&t.unpack, &b, PACK_ANY);
		error = tree_end(&t, error, rq);
	}
	blob_close(&b);
	return (error);
}
