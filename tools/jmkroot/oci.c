/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * A root from the layers of an image.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "make.h"
#include "oci.h"
#include "record.h"
#include "tree.h"
#include "util_json.h"

static int
add_layer(struct tree *t, const struct image *im, const json_t *desc,
    bool above, const struct request *rq)
{
	const char *mediatype, *digest;
	struct blob b;
	json_int_t size;
	char text[256];
	int error, packing;

	if (image_descriptor(desc, &mediatype, &digest, &size) != 0)
		return (-1);
	packing = place_packing(mediatype);
	if (packing == -1)
		return (failx("media type %s: not a layer that is known",
		    name_text(mediatype, text)));
	if (blob_find(&b, im->dir, digest, size, &t->progress) != 0)
		return (-1);
	error = unpack_layer(&t->unpack, &b, packing, above);
	if (error == 0 && rq->verbose)
		printf("%s: layer %s\n", t->root.path, digest);
	blob_close(&b);
	return (error);
}

static int
add_layers(struct tree *t, const struct image *im, const struct request *rq)
{
	json_t *layers = json_object_get(im->manifest, "layers"), *desc;
	size_t i;

	if (json_array_size(layers) == 0)
		return (failx("%s: the image has no layers", im->layout));
	json_array_foreach(layers, i, desc) {
		if (add_layer(t, im, desc, i > 0, rq) != 0)
			return (-1);
	}
	return (0);
}

/* What the image says of its command is kept for who starts a jail in it. */
static int
record_image(struct root *r, const struct image *im)
{
	json_t *config = json_object_get(im->config, "config");

	if (record_set(r->record, "digest", json_string(im->digest)) != 0)
		return (-1);
	return (config == NULL ? 0 : record_set(r->record, "config",
	    json_incref(config)));
}

int
oci_make(const struct request *rq, const char *name, const char *dir)
{
	struct image im;
	struct tree t;
	int error;

	error = image_open(&im, name);
	if (error == 0)
		error = tree_begin(&t, dir, "oci", name);
	if (error == 0) {
		error = record_image(&t.root, &im);
		if (error == 0)
			error = add_layers(&t, &im, rq);
		error = tree_end(&t, error, rq);
	}
	image_close(&im);
	return (error);
}
