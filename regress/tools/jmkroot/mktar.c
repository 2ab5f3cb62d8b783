/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Write the archives that no tar(1) would write: mktar file <list. A line of
 * the list is an entry: its type, its name and, for some types, one word more:
 *
 *	d name [mode]		a directory
 *	f name [text]		a file with that text
 *	s name target		a symbolic link
 *	h name target		a hard link
 *	c name			a character device, 1:3
 *	x name attribute	an empty file with that extended attribute
 *
 * The compression is what the name of the file ends in. mktar -l file ... lists
 * the extended attributes of files, and then prints an empty line.
 */

#include <sys/xattr.h>

#include <archive.h>
#include <archive_entry.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
set_type(struct archive_entry *e, char type, const char *word)
{
	static const char types[] = "dscfhx";
	static const int filetypes[] = { AE_IFDIR, AE_IFLNK, AE_IFCHR, AE_IFREG,
		AE_IFREG, AE_IFREG };
	const char *found = strchr(types, type);

	if (found == NULL)
		errx(1, "%c: no type", type);
	archive_entry_set_filetype(e, filetypes[found - types]);
	archive_entry_set_perm(e, type == 'd' ? 0755 : 0644);
	if (type == 'd' && word[0] != '\0')
		archive_entry_set_perm(e, strtoul(word, NULL, 8));
	if (type == 's')
		archive_entry_set_symlink(e, word);
	if (type == 'h')
		archive_entry_set_hardlink(e, word);
	if (type == 'c') {
		archive_entry_set_rdevmajor(e, 1);
		archive_entry_set_rdevminor(e, 3);
	}
	if (type == 'x')
		archive_entry_xattr_add_entry(e, word, "v", 1);
}

static void
write_entry(struct archive *a, char type, const char *name, const char *word)
{
	struct archive_entry *e = archive_entry_new();
	size_t len = type == 'f' ? strlen(word) : 0;

	archive_entry_set_pathname(e, name);
	archive_entry_set_size(e, len);
	archive_entry_set_mtime(e, 1000000000, 0);
	set_type(e, type, word);
	if (archive_write_header(a, e) != ARCHIVE_OK)
		errx(1, "%s: %s", name, archive_error_string(a));
	if (len > 0 && archive_write_data(a, word, len) != (ssize_t)len)
		errx(1, "%s: %s", name, archive_error_string(a));
	archive_entry_free(e);
}

static int
list_xattrs(char *const files[])
{
	char list[4096];
	ssize_t len;

	for (; *files != NULL; files++) {
		len = llistxattr(*files, list, sizeof(list));
		if (len == -1)
			err(1, "%s", *files);
		for (ssize_t i = 0; i < len; i += strlen(list + i) + 1)
			puts(list + i);
	}
	puts("");
	return (0);
}

int
main(int argc, char *argv[])
{
	struct archive *a;
	char line[8192], name[4096], word[4096], type;

	if (argc > 1 && strcmp(argv[1], "-l") == 0)
		return (list_xattrs(argv + 2));
	if (argc != 2)
		errx(1, "usage: mktar file");
	a = archive_write_new();
	if (strstr(argv[1], ".gz") != NULL)
		archive_write_add_filter_gzip(a);
	if (strstr(argv[1], ".zst") != NULL)
		archive_write_add_filter_zstd(a);
	archive_write_set_format_pax_restricted(a);
	if (archive_write_open_filename(a, argv[1]) != ARCHIVE_OK)
		errx(1, "%s: %s", argv[1], archive_error_string(a));
	while (fgets(line, sizeof(line), stdin) != NULL) {
		word[0] = '\0';
		if (sscanf(line, "%c %4095s %4095s", &type, name, word) < 2)
			errx(1, "not an entry: %s", line);
		write_entry(a, type, name, word);
	}
	if (archive_write_close(a) != ARCHIVE_OK)
		errx(1, "%s: %s", argv[1], archive_error_string(a));
	archive_write_free(a);
	return (0);
}
