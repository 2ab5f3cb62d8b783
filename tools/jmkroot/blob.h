/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * A file that is read from its beginning to its end, once or more often, and
 * that may have to have a digest. All functions that fail say why.
 */

#ifndef _BLOB_H_
#define _BLOB_H_

#include <sys/types.h>

#include <openssl/evp.h>

#include <jansson.h>
#include <stdint.h>

#include "progress.h"

#define BLOB_BUFFER	(256 * 1024)

struct blob {
	int fd;
	const char *name;	/* for messages */
	const char *digest;	/* NULL: any */
	uintmax_t size;		/* which it is to have with a digest */
	uintmax_t done;		/* bytes read */
	EVP_MD_CTX *md;
	struct progress *progress;
	char *buf;
};

/* A plain file; "-" is standard input. */
int blob_open(struct blob *b, const char *path, struct progress *p);

/* That of a digest, in an image layout. */
int blob_find(struct blob *b, int layout, const char *digest, uintmax_t size,
    struct progress *p);

/* The next bytes, as many as there are; 0 at the end. */
ssize_t blob_read(struct blob *b, const void **ret_bytes);

/* Read what is left; is the whole what the digest says? */
int blob_verify(struct blob *b);

/* Begin anew. */
int blob_rewind(struct blob *b);
void blob_close(struct blob *b);

/* A small one that is JSON, verified; NULL on failure. */
json_t *blob_json(int layout, const char *digest, uintmax_t size);

#endif /* !_BLOB_H_ */
