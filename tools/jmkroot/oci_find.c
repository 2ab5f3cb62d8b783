/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Find an image in an OCI image layout.
 */

#include <sys/stat.h>
#include <sys/utsname.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blob.h"
#include "oci.h"
#include "place.h"

#define OCI		"application/vnd.oci.image."
#define DOCKER		"application/vnd.docker.distribution."
#define REF_NAME	"org.opencontainers.image.ref.name"
#define INDEX_DEPTH	4	/* of indexes in indexes */
#define LAYOUT_BYTES_MAX (4 * 1024 * 1024)

static const char *
text_of(const json_t *object, const char *key)
{
	return (json_string_value(json_object_get(object, key)));
}

int
image_descriptor(const json_t *desc, const char **ret_mediatype,
    const char **ret_digest, json_int_t *ret_size)
{
	json_t *size = json_object_get(desc, "size");

	*ret_mediatype = text_of(desc, "mediaType");
	*ret_digest = text_of(desc, "digest");
	*ret_size = json_integer_value(size);
	if (*ret_mediatype == NULL || *ret_digest == NULL ||
	    !json_is_integer(size) || *ret_size < 0)
		return (failx("a descriptor of the image lacks mediaType, "
		    "digest or size"));
	return (0);
}

/* A manifest without a platform is for any. */
static bool
fits(const json_t *desc, const char *arch)
{
	const json_t *platform = json_object_get(desc, "platform");
	const char *os = text_of(platform, "os");
	const char *its = text_of(platform, "architecture");

	return (platform == NULL || (os != NULL && its != NULL &&
	    strcmp(os, "linux") == 0 && strcmp(its, arch) == 0));
}

static const char *
tag_of(const json_t *desc)
{
	return (text_of(json_object_get(desc, "annotations"), REF_NAME));
}

static bool
has_tag(const json_t *desc, const char *tag)
{
	const char *its = tag_of(desc);

	return (tag == NULL || (its != NULL && strcmp(its, tag) == 0));
}

/* The tags that there are, for who named none of them. */
static void
list_tags(const json_t *manifests, char *list, size_t size)
{
	size_t i, len = 0;
	const char *tag;
	json_t *desc;
	char text[256];

	list[0] = '\0';
	json_array_foreach(manifests, i, desc) {
		tag = tag_of(desc);
		if (tag == NULL || len + strlen(tag) + 3 > size)
			continue;
		len += snprintf(list + len, size - len, "%s%s",
		    len > 0 ? ", " : "", name_text(tag, text));
	}
}

static const json_t *
none_fits(const json_t *manifests, size_t tagged, const char *tag,
    const char *arch)
{
	char list[512], text[256];

	list_tags(manifests, list, sizeof(list));
	if (tagged > 0)
		failx("the image is not for linux/%s", arch);
	else if (tag != NULL)
		failx("no image has the tag %s; there are: %s",
		    name_text(tag, text), list[0] != '\0' ? list : "none");
	else
		failx("the index names no image");
	return (NULL);
}

static bool
same_text(const char *a, const char *b)
{
	return (a == b || (a != NULL && b != NULL && strcmp(a, b) == 0));
}

/*
 * Are they two images, of which one has to be named? For several variants of a
 * platform, which have one tag or none, the first is meant.
 */
static bool
is_other(const json_t *a, const json_t *b)
{
	if (same_text(text_of(a, "digest"), text_of(b, "digest")))
		return (false);
	return (json_object_get(a, "platform") == NULL ||
	    json_object_get(b, "platform") == NULL ||
	    !same_text(tag_of(a), tag_of(b)));
}

const json_t *
image_choose(const json_t *index, const char *tag, const char *arch)
{
	json_t *manifests = json_object_get(index, "manifests"), *desc;
	const json_t *found = NULL;
	size_t i, tagged = 0;
	char list[512];

	json_array_foreach(manifests, i, desc) {
		if (!has_tag(desc, tag))
			continue;
		tagged++;
		if (!fits(desc, arch))
			continue;
		if (found == NULL)
			found = desc;
		if (is_other(found, desc)) {
			list_tags(manifests, list, sizeof(list));
			failx("there are several images: choose one by layout:"
			    "tag, of: %s", list[0] != '\0' ? list : "none");
			return (NULL);
		}
	}
	return (found != NULL ? found : none_fits(manifests, tagged, tag,
	    arch));
}

static bool
is_index(const char *mediatype)
{
	return (strcmp(mediatype, OCI "index.v1+json") == 0 ||
	    strcmp(mediatype, DOCKER "manifest.list.v2+json") == 0);
}

static bool
is_manifest(const char *mediatype)
{
	return (strcmp(mediatype, OCI "manifest.v1+json") == 0 ||
	    strcmp(mediatype, DOCKER "manifest.v2+json") == 0);
}

/* Follow a descriptor to a manifest, by indexes of several platforms. */
static int
follow(struct image *im, const json_t *desc, const char *arch, int depth)
{
	const char *mediatype, *digest;
	json_t *json;
	json_int_t size;
	char text[256];
	int error;

	if (desc == NULL ||
	    image_descriptor(desc, &mediatype, &digest, &size) != 0)
		return (-1);
	if (!is_index(mediatype) && !is_manifest(mediatype))
		return (failx("media type %s: neither an index nor a manifest",
		    name_text(mediatype, text)));
	if (depth == 0)
		return (failx("too many indexes in indexes"));
	json = blob_json(im->dir, digest, size);
	if (json == NULL)
		return (-1);
	if (is_manifest(mediatype)) {
		im->manifest = json;
		im->digest = strdup(digest);
		return (im->digest != NULL ? 0 : fail("%s", im->layout));
	}
	error = follow(im, image_choose(json, NULL, arch), arch, depth - 1);
	json_decref(json);
	return (error);
}

/* A file of the layout itself, which nothing verifies. */
static json_t *
read_file(const struct image *im, const char *name)
{
	json_error_t error;
	json_t *json = NULL;
	struct stat st;
	int fd;

	fd = openat(im->dir, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1 || fstat(fd, &st) != 0)
		fail("%s/%s: not an OCI image layout", im->layout, name);
	else if (!S_ISREG(st.st_mode) || st.st_size > LAYOUT_BYTES_MAX)
		failx("%s/%s: not a file of an OCI image layout", im->layout,
		    name);
	else {
		json = json_loadfd(fd, JSON_REJECT_DUPLICATES, &error);
		if (json == NULL)
			failx("%s/%s: not JSON: line %d", im->layout, name,
			    error.line);
	}
	if (fd != -1)
		close(fd);
	return (json);
}

static int
check_version(const struct image *im)
{
	json_t *json = read_file(im, "oci-layout");
	const char *version;
	char text[256];
	int error = 0;

	if (json == NULL)
		return (-1);
	version = text_of(json, "imageLayoutVersion");
	if (version == NULL || strncmp(version, "1.", 2) != 0)
		error = failx("%s: layout version %s: only 1 is known",
		    im->layout, name_text(version != NULL ? version : "none",
		    text));
	json_decref(json);
	return (error);
}

/* A directory may have a colon in its name. */
static int
open_layout(struct image *im, const char *name)
{
	char *colon;

	im->layout = strdup(name);
	if (im->layout == NULL)
		return (fail("%s", name));
	im->dir = open(im->layout, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	colon = strrchr(im->layout, ':');
	if (im->dir == -1 && errno == ENOENT && colon != NULL) {
		*colon = '\0';
		im->tag = colon + 1;
		im->dir = open(im->layout, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (im->dir == -1)
		return (fail("%s", im->layout));
	return (check_version(im));
}

/* An image's platform is said by its configuration, if by nothing else. */
static int
read_config(struct image *im, const char *arch)
{
	const char *mediatype, *digest, *os, *its;
	json_int_t size;
	char text[256];

	if (image_descriptor(json_object_get(im->manifest, "config"),
	    &mediatype, &digest, &size) != 0)
		return (-1);
	im->config = blob_json(im->dir, digest, size);
	if (im->config == NULL)
		return (-1);
	os = text_of(im->config, "os");
	its = text_of(im->config, "architecture");
	if (os == NULL || its == NULL || strcmp(os, "linux") != 0 ||
	    strcmp(its, arch) != 0)
		return (failx("%s: the image is for %s, and this is linux/%s",
		    im->layout, name_text(its != NULL ? its : "nothing", text),
		    arch));
	return (0);
}

int
image_open(struct image *im, const char *name)
{
	struct utsname machine;
	const char *arch;
	json_t *index;
	int error;

	*im = (struct image){ .dir = -1 };
	uname(&machine);
	arch = place_arch(machine.machine);
	if (open_layout(im, name) != 0)
		return (-1);
	index = read_file(im, "index.json");
	if (index == NULL)
		return (-1);
	error = follow(im, image_choose(index, im->tag, arch), arch,
	    INDEX_DEPTH);
	json_decref(index);
	return (error != 0 ? -1 : read_config(im, arch));
}

void
image_close(struct image *im)
{
	if (im->dir != -1)
		close(im->dir);
	json_decref(im->manifest);
	json_decref(im->config);
	free(im->layout);
	free(im->digest);
}
