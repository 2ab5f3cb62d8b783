/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Unpack archives.
 */

#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/openat2.h>

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unpack.h"

#define FLAGS	(ARCHIVE_EXTRACT_OWNER | ARCHIVE_EXTRACT_PERM |		\
		    ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_ACL |	\
		    ARCHIVE_EXTRACT_XATTR |				\
		    ARCHIVE_EXTRACT_SECURE_NODOTDOT |			\
		    ARCHIVE_EXTRACT_SECURE_SYMLINKS |			\
		    ARCHIVE_EXTRACT_SECURE_NOABSOLUTEPATHS)

/* What of an archive is to be done in one pass. */
enum pass {
	PASS_TAR,		/* everything */
	PASS_WHITEOUTS,		/* a layer: only what is taken away */
	PASS_ENTRIES,		/* a layer: all else */
};

struct reader {
	struct unpack *u;
	struct blob *blob;
	struct archive *in, *out;
	enum pass pass;
	char name[256];		/* of the entry, as it may be shown; or "" */
};

static int
entry_failed(const struct reader *r, const char *why)
{
	return (failx("%s: entry %s: %s", r->blob->name, r->name, why));
}

/*
 * The system's reason for a failure of libarchive's, unless it was said, or
 * there is none: for what is wrong in the archive it has EILSEQ and EINVAL.
 */
static const char *
system_reason(struct archive *a, const char *said)
{
	int error = archive_errno(a);

	if (error <= 0 || error == EILSEQ || error == EINVAL ||
	    strstr(said, strerror(error)) != NULL)
		return (NULL);
	return (strerror(error));
}

/*
 * A failure of libarchive's, unless a signal was meant. What it says has names
 * in it, and leaves the reason out where it could not make a file.
 */
static int
archive_failed(const struct reader *r, struct archive *a)
{
	const char *said = archive_error_string(a), *reason;
	char text[256], why[512];

	if (interrupted())
		return (-1);
	name_text(said != NULL ? said : "unknown error", text);
	reason = system_reason(a, text);
	snprintf(why, sizeof(why), "%s%s%s", text, reason != NULL ? ": " : "",
	    reason != NULL ? reason : "");
	if (r->name[0] != '\0')
		return (entry_failed(r, why));
	return (failx("%s: %s", r->blob->name, why));
}

static ssize_t
read_blob(struct archive *a, void *arg, const void **ret_bytes)
{
	ssize_t n = blob_read(arg, ret_bytes);

	if (n == -1)
		archive_set_error(a, errno, "%s", strerror(errno));
	return (n);
}

static void
forget_dir(struct unpack *u)
{
	if (u->dir != -1)
		close(u->dir);
	u->dir = -1;
}

/* A directory of the tree, with the tree as its root. */
static int
open_dir(const struct unpack *u, const char *path)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_XDEV |
		RESOLVE_NO_MAGICLINKS };

	return (syscall(SYS_openat2, u->tree, path[0] != '\0' ? path : ".",
	    &how, sizeof(how)));
}

/* The path of such a directory below the tree, by which links are avoided. */
static int
real_path(const struct unpack *u, int dir, char path[PATH_MAX])
{
	size_t len = strlen(u->treepath);
	char link[64], real[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
	n = readlink(link, real, sizeof(real) - 1);
	if (n == -1)
		return (-1);
	real[n] = '\0';
	if (n == sizeof(real) - 1) {
		errno = ENAMETOOLONG;
		return (-1);
	}
	if (strncmp(real, u->treepath, len) != 0 ||
	    (real[len] != '/' && real[len] != '\0')) {
		errno = EXDEV;
		return (-1);
	}
	strcpy(path, real + len + (real[len] == '/'));
	return (0);
}

/*
 * Make what is missing of a directory, each part in the one before. A link that
 * leads nowhere is in the way of one.
 */
static int
make_dirs(const struct unpack *u, const char *path)
{
	int at = open_dir(u, "");
	char part[PATH_MAX];
	size_t dirlen, len = 0;

	while (at != -1 && path[len] != '\0') {
		len += strspn(path + len, "/");
		len += strcspn(path + len, "/");
		memcpy(part, path, len);
		part[len] = '\0';
		if (mkdirat(at, place_split(part, &dirlen), 0755) != 0 &&
		    errno != EEXIST) {
			close(at);
			return (-1);
		}
		close(at);
		at = open_dir(u, part);
	}
	return (at);
}

/*
 * Look the directory of an entry up, and make it if it is missing. Entries of
 * one mostly follow each other.
 */
static int
find_dir(struct unpack *u, const char *path, size_t len, bool make)
{
	if (u->dir != -1 && strlen(u->dirname) == len &&
	    memcmp(u->dirname, path, len) == 0)
		return (0);
	forget_dir(u);
	memcpy(u->dirname, path, len);
	u->dirname[len] = '\0';
	u->dir = open_dir(u, u->dirname);
	if (u->dir == -1 && errno == ENOENT && make)
		u->dir = make_dirs(u, u->dirname);
	if (u->dir == -1)
		return (-1);
	if (real_path(u, u->dir, u->realname) == 0)
		return (0);
	forget_dir(u);
	return (-1);
}

static int
begin_writing(struct reader *r)
{
	r->out = archive_write_disk_new();
	if (r->out == NULL)
		return (failx("out of memory"));
	if (archive_write_disk_set_options(r->out, FLAGS) != ARCHIVE_OK)
		return (archive_failed(r, r->out));
	return (0);
}

/* Modes and times of directories are set only now. */
static int
end_writing(struct reader *r)
{
	int error = 0;

	if (r->out == NULL)
		return (0);
	if (archive_write_close(r->out) != ARCHIVE_OK)
		error = archive_failed(r, r->out);
	archive_write_free(r->out);
	r->out = NULL;
	return (error);
}

/*
 * Take away what an entry takes the place of. If that is a directory,
 * libarchive may still have something to do in it, by path, and must not do it
 * in what comes there.
 */
static int
clear_place(struct reader *r, const char *last, bool is_dir)
{
	struct unpack *u = r->u;
	struct stat st;
	int error = 0;

	if (fstatat(u->dir, last, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return (errno == ENOENT ? 0 : entry_failed(r,
		    strerror(errno)));
	if (S_ISDIR(st.st_mode) && is_dir)
		return (0);
	if (S_ISDIR(st.st_mode) && r->out != NULL) {
		error = end_writing(r);
		if (error == 0)
			error = begin_writing(r);
	}
	if (error == 0)
		error = trash_put(&u->trash, u->dir, last);
	return (error);
}

/* A path below the tree of a name in the directory that was looked up. */
static int
join(const struct reader *r, const char *last, char path[PATH_MAX])
{
	const char *dir = r->u->realname;

	if (snprintf(path, PATH_MAX, "%s%s%s", dir, dir[0] != '\0' ? "/" : "",
	    last) >= PATH_MAX)
		return (entry_failed(r, strerror(ENAMETOOLONG)));
	return (0);
}

/* What a hard link is to is in the tree already. */
static int
place_link(struct reader *r, struct archive_entry *entry)
{
	const char *target = archive_entry_hardlink(entry), *last;
	char path[PATH_MAX], real[PATH_MAX];
	size_t len;

	if (target == NULL)
		return (0);
	if (!place_clean(target, path) || path[0] == '\0')
		return (entry_failed(r, "is a link out of the root"));
	last = place_split(path, &len);
	if (find_dir(r->u, path, len, false) != 0)
		return (entry_failed(r, strerror(errno)));
	if (join(r, last, real) != 0)
		return (-1);
	archive_entry_copy_hardlink(entry, real);
	return (0);
}

/*
 * Have the entry be made where the jail will find it. The root itself has to be
 * a directory.
 */
static int
place_entry(struct reader *r, struct archive_entry *entry, const char *path)
{
	bool is_dir = archive_entry_filetype(entry) == AE_IFDIR &&
	    archive_entry_hardlink(entry) == NULL;
	const char *last;
	char real[PATH_MAX];
	size_t len;

	if (path[0] == '\0') {
		archive_entry_copy_pathname(entry, ".");
		return (is_dir ? 0 : entry_failed(r, "would take the place of "
		    "the root"));
	}
	last = place_split(path, &len);
	if (place_link(r, entry) != 0)
		return (-1);
	if (find_dir(r->u, path, len, true) != 0)
		return (entry_failed(r, strerror(errno)));
	if (clear_place(r, last, is_dir) != 0 || join(r, last, real) != 0)
		return (-1);
	archive_entry_copy_pathname(entry, real);
	return (0);
}

/* Others are the host's, or tell overlayfs where to look for a file. */
static bool
is_kept(const char *xattr)
{
	return (strncmp(xattr, "user.", 5) == 0 ||
	    strcmp(xattr, "security.capability") == 0);
}

static void
copy_xattrs(struct archive_entry *to, struct archive_entry *from)
{
	const void *value;
	const char *name;
	size_t len;

	archive_entry_xattr_reset(from);
	while (archive_entry_xattr_next(from, &name, &value, &len) ==
	    ARCHIVE_OK) {
		if (is_kept(name))
			archive_entry_xattr_add_entry(to, name, value, len);
	}
}

static int
drop_xattrs(struct archive_entry *entry)
{
	struct archive_entry *kept;

	if (archive_entry_xattr_count(entry) == 0)
		return (0);
	kept = archive_entry_new();
	if (kept == NULL)
		return (failx("out of memory"));
	copy_xattrs(kept, entry);
	archive_entry_xattr_clear(entry);
	copy_xattrs(entry, kept);
	archive_entry_free(kept);
	return (0);
}

static int
write_entry(struct reader *r, struct archive_entry *entry, const char *path)
{
	int type = archive_entry_filetype(entry);

	if (archive_entry_hardlink(entry) == NULL &&
	    (type == AE_IFCHR || type == AE_IFBLK)) {
		r->u->devices++;
		return (0);
	}
	if (place_entry(r, entry, path) != 0 || drop_xattrs(entry) != 0)
		return (-1);
	if (archive_read_extract2(r->in, entry, r->out) != ARCHIVE_OK)
		return (archive_failed(r, r->in));
	r->u->entries++;
	return (progress_step(r->u->progress, 1, 0));
}

static int
apply_whiteout(struct reader *r, const char *path, enum whiteout what,
    const char *name)
{
	struct unpack *u = r->u;
	size_t len;
	int error;

	(void)place_split(path, &len);
	if (find_dir(u, path, len, false) != 0)
		return (errno == ENOENT || errno == ENOTDIR ? 0 :
		    entry_failed(r, strerror(errno)));
	error = what == WH_NAME ? trash_put(&u->trash, u->dir, name) :
	    trash_children(&u->trash, u->dir);
	if (error != 0)
		return (-1);
	return (progress_step(u->progress, 1, 0));
}

/* One entry of a layer, or of a tar archive, which has no whiteouts. */
static int
do_entry(struct reader *r, struct archive_entry *entry)
{
	const char *last, *name = NULL;
	enum whiteout what = WH_NONE;
	char path[PATH_MAX];
	size_t len;

	if (!place_clean(archive_entry_pathname(entry), path))
		return (entry_failed(r, errno == EINVAL ?
		    "leads out of the root" : strerror(errno)));
	last = place_split(path, &len);
	if (r->pass != PASS_TAR)
		what = place_whiteout(last, &name);
	if (what == WH_BAD)
		return (entry_failed(r, "takes away what cannot be named"));
	if (what == WH_NONE)
		return (r->pass == PASS_WHITEOUTS ? 0 :
		    write_entry(r, entry, path));
	if (what == WH_OTHER || r->pass != PASS_WHITEOUTS)
		return (0);
	return (apply_whiteout(r, path, what, name));
}

/* A name that is not UTF-8 is taken as it is, with a warning. */
static int
do_entries(struct reader *r)
{
	struct archive_entry *entry;
	int status, error = 0;

	while (error == 0) {
		r->name[0] = '\0';
		status = archive_read_next_header(r->in, &entry);
		if (status == ARCHIVE_EOF)
			return (0);
		if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
			return (archive_failed(r, r->in));
		if (archive_entry_pathname(entry) == NULL)
			return (failx("%s: an entry has a name that cannot be "
			    "read", r->blob->name));
		name_text(archive_entry_pathname(entry), r->name);
		error = do_entry(r, entry);
	}
	return (error);
}

static void
choose_filters(struct archive *in, int packing)
{
	if (packing == PACK_GZIP || packing == PACK_ANY)
		archive_read_support_filter_gzip(in);
	if (packing == PACK_ZSTD || packing == PACK_ANY)
		archive_read_support_filter_zstd(in);
	if (packing == PACK_ANY) {
		archive_read_support_filter_bzip2(in);
		archive_read_support_filter_lz4(in);
		archive_read_support_filter_xz(in);
	}
}

/* Once through the archive; the rest of the file may have to be verified. */
static int
do_pass(struct reader *r, int packing)
{
	int error;

	r->in = archive_read_new();
	if (r->in == NULL)
		return (failx("out of memory"));
	choose_filters(r->in, packing);
	archive_read_support_format_tar(r->in);
	r->name[0] = '\0';
	if (archive_read_open(r->in, r->blob, NULL, read_blob, NULL) !=
	    ARCHIVE_OK)
		error = archive_failed(r, r->in);
	else
		error = do_entries(r);
	archive_read_free(r->in);
	r->name[0] = '\0';
	if (error == 0)
		error = end_writing(r);
	if (error == 0)
		error = blob_verify(r->blob);
	if (r->out != NULL)
		archive_write_free(r->out);
	forget_dir(r->u);
	return (error);
}

static int
unpack(struct unpack *u, struct blob *b, int packing, enum pass pass)
{
	struct reader r = { .u = u, .blob = b, .pass = pass };

	if (pass != PASS_WHITEOUTS && begin_writing(&r) != 0)
		return (-1);
	return (do_pass(&r, packing));
}

int
unpack_begin(struct unpack *u, int tree, int state, struct progress *p)
{
	char link[64];
	ssize_t n;

	*u = (struct unpack){ .tree = tree, .progress = p, .dir = -1 };
	snprintf(link, sizeof(link), "/proc/self/fd/%d", tree);
	n = readlink(link, u->treepath, sizeof(u->treepath) - 1);
	if (n == -1 || n == sizeof(u->treepath) - 1)
		return (fail("%s", link));
	u->treepath[n] = '\0';
	if (fchdir(tree) != 0)
		return (fail("%s", u->treepath));
	umask(022);
	return (trash_open(&u->trash, state));
}

int
unpack_tar(struct unpack *u, struct blob *b, int packing)
{
	if (unpack(u, b, packing, PASS_TAR) != 0)
		return (-1);
	if (u->entries == 0)
		return (failx("%s: an archive without entries", b->name));
	return (0);
}

/*
 * Nothing of a layer is believed before its digest is known to be right. What
 * it takes away is of the layers below, wherever in it that is said: so that
 * comes first, in a pass of its own.
 */
int
unpack_layer(struct unpack *u, struct blob *b, int packing, bool above)
{
	if (blob_verify(b) != 0 || blob_rewind(b) != 0)
		return (-1);
	if (above && (unpack(u, b, packing, PASS_WHITEOUTS) != 0 ||
	    blob_rewind(b) != 0))
		return (-1);
	return (unpack(u, b, packing, PASS_ENTRIES));
}

void
unpack_end(struct unpack *u)
{
	forget_dir(u);
	trash_close(&u->trash);
}
