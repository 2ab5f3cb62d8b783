/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Files that are read once through, and verified.
 */

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blob.h"
#include "place.h"

#define JSON_BYTES_MAX	(4 * 1024 * 1024)

static int
begin(struct blob *b)
{
	const EVP_MD *type;

	b->done = 0;
	if (b->digest == NULL)
		return (0);
	if (b->md == NULL)
		b->md = EVP_MD_CTX_new();
	type = strncmp(b->digest, "sha512:", 7) == 0 ? EVP_sha512() :
	    EVP_sha256();
	if (b->md == NULL || EVP_DigestInit_ex(b->md, type, NULL) != 1)
		return (failx("%s: cannot compute a digest", b->name));
	return (0);
}

static int
setup(struct blob *b, struct progress *p)
{
	b->progress = p;
	b->buf = malloc(BLOB_BUFFER);
	if (b->buf == NULL)
		fail("%s", b->name);
	if (b->buf == NULL || begin(b) != 0) {
		blob_close(b);
		return (-1);
	}
	return (0);
}

int
blob_open(struct blob *b, const char *path, struct progress *p)
{
	*b = (struct blob){ .fd = -1, .name = path };
	if (strcmp(path, "-") == 0) {
		b->name = "standard input";
		b->fd = dup(STDIN_FILENO);
	} else
		b->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (b->fd == -1)
		return (fail("%s", b->name));
	return (setup(b, p));
}

/* A fifo in its place would keep us waiting. */
static int
open_blob(struct blob *b, int layout)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof(path), "blobs/%s", b->digest);
	*strchr(path, ':') = '/';
	b->fd = openat(layout, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (b->fd == -1 || fstat(b->fd, &st) != 0)
		return (fail("%s", path));
	if (!S_ISREG(st.st_mode))
		return (failx("%s: not a regular file", path));
	if ((uintmax_t)st.st_size != b->size)
		return (failx("%s: has %ju bytes, and not %ju as the image "
		    "says: it is not whole", path, (uintmax_t)st.st_size,
		    b->size));
	return (0);
}

int
blob_find(struct blob *b, int layout, const char *digest, uintmax_t size,
    struct progress *p)
{
	const char *hex;
	char text[256];

	*b = (struct blob){ .fd = -1, .name = digest, .digest = digest,
		.size = size };
	if (!place_digest(digest, &hex))
		return (failx("%s: neither a sha256 nor a sha512 digest",
		    name_text(digest, text)));
	if (open_blob(b, layout) != 0) {
		blob_close(b);
		return (-1);
	}
	return (setup(b, p));
}

ssize_t
blob_read(struct blob *b, const void **ret_bytes)
{
	ssize_t n;

	do {
		if (interrupted()) {
			errno = EINTR;
			return (-1);
		}
		n = read(b->fd, b->buf, BLOB_BUFFER);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return (-1);
	if (b->md != NULL && EVP_DigestUpdate(b->md, b->buf, n) != 1) {
		errno = EIO;
		return (-1);
	}
	b->done += n;
	if (b->progress != NULL && progress_step(b->progress, 0, n) != 0) {
		errno = EINTR;
		return (-1);
	}
	*ret_bytes = b->buf;
	return (n);
}

static int
compare(struct blob *b)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	char hex[2 * EVP_MAX_MD_SIZE + 1];
	const char *wanted;
	unsigned int len;

	if (EVP_DigestFinal_ex(b->md, md, &len) != 1)
		return (failx("%s: cannot compute the digest", b->name));
	for (unsigned int i = 0; i < len; i++)
		sprintf(hex + 2 * i, "%02x", md[i]);
	if (b->done != b->size || !place_digest(b->digest, &wanted) ||
	    strcmp(hex, wanted) != 0)
		return (failx("%s: has another digest: it is damaged, or "
		    "not what was meant", b->name));
	return (0);
}

int
blob_verify(struct blob *b)
{
	const void *bytes;
	ssize_t n;

	do {
		n = blob_read(b, &bytes);
	} while (n > 0);
	if (n == -1)
		return (interrupted() ? -1 : fail("%s", b->name));
	return (b->digest == NULL ? 0 : compare(b));
}

int
blob_rewind(struct blob *b)
{
	if (lseek(b->fd, 0, SEEK_SET) == -1)
		return (fail("%s", b->name));
	return (begin(b));
}

void
blob_close(struct blob *b)
{
	if (b->fd != -1)
		close(b->fd);
	EVP_MD_CTX_free(b->md);
	free(b->buf);
	*b = (struct blob){ .fd = -1 };
}

/* All of it; freed by the caller. */
static char *
read_all(struct blob *b)
{
	char *text = malloc(b->size + 1);
	const void *bytes;
	ssize_t n;

	if (text == NULL) {
		fail("%s", b->name);
		return (NULL);
	}
	while ((n = blob_read(b, &bytes)) > 0 && b->done <= b->size)
		memcpy(text + b->done - n, bytes, n);
	if (n == 0 && compare(b) == 0)
		return (text);
	if (n == -1 && !interrupted())
		fail("%s", b->name);
	if (n > 0)
		failx("%s: grows while it is read", b->name);
	free(text);
	return (NULL);
}

json_t *
blob_json(int layout, const char *digest, uintmax_t size)
{
	json_t *json = NULL;
	json_error_t error;
	struct blob b;
	char *text, shown[256];

	if (size > JSON_BYTES_MAX) {
		failx("%s: %ju bytes are too many for a manifest or a "
		    "configuration", name_text(digest, shown), size);
		return (NULL);
	}
	if (blob_find(&b, layout, digest, size, NULL) != 0)
		return (NULL);
	text = read_all(&b);
	if (text != NULL) {
		json = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
		if (json == NULL)
			failx("%s: not JSON: line %d: %s", digest, error.line,
			    name_text(error.text, shown));
	}
	free(text);
	blob_close(&b);
	return (json);
}
