/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * An image in an OCI image layout on disk, as skopeo, buildah and others write
 * it. All functions that fail say why.
 */

#ifndef _OCI_H_
#define _OCI_H_

#include <jansson.h>

struct image {
	char *layout;		/* its path ... */
	const char *tag;	/* ... and what was asked for of it, or NULL */
	int dir;		/* the layout */
	char *digest;		/* of the manifest */
	json_t *manifest;
	json_t *config;
};

/*
 * Find that image, of the machine's kind, by "layout" or "layout:tag", and read
 * and verify all of it but the layers. To be closed, also after a failure.
 */
int image_open(struct image *im, const char *name);
void image_close(struct image *im);

/* Choose one of an index's manifests, of that tag unless it is NULL. */
const json_t *image_choose(const json_t *index, const char *tag,
    const char *arch);

/* The members of a descriptor; -1 if they are missing or of other types. */
int image_descriptor(const json_t *desc, const char **ret_mediatype,
    const char **ret_digest, json_int_t *ret_size);

#endif /* !_OCI_H_ */
