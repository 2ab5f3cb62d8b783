/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The files of jail.conf(5), and what is wrong in them.
 */

#include <err.h>
#include <errno.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"

#define DEPTH_MAX	16	/* files that include each other */
#define SIZE_MAX_FILE	(16 << 20)

/* Its text is kept, to show lines of it. */
struct conf_file {
	STAILQ_ENTRY(conf_file) link;
	char *name;
	char *text;
	size_t len;
};

void *
conf_alloc(size_t size)
{
	void *p = calloc(1, size);

	if (p == NULL)
		errx(1, "out of memory");
	return (p);
}

char *
conf_strndup(const char *text, size_t len)
{
	char *copy = strndup(text, len);

	if (copy == NULL)
		errx(1, "out of memory");
	return (copy);
}

void
conf_init(struct conf *conf)
{
	*conf = (struct conf){ .block = "*" };
	STAILQ_INIT(&conf->files);
	STAILQ_INIT(&conf->names);
	STAILQ_INIT(&conf->patterns);
	STAILQ_INIT(&conf->sets);
}

void
conf_word_free(struct conf_word *word)
{
	struct conf_part *part;

	if (word == NULL)
		return;
	while ((part = STAILQ_FIRST(&word->parts)) != NULL) {
		STAILQ_REMOVE_HEAD(&word->parts, link);
		free(part->text);
		free(part);
	}
	free(word);
}

void
conf_words_free(struct conf_words *words)
{
	struct conf_word *word;

	while ((word = STAILQ_FIRST(words)) != NULL) {
		STAILQ_REMOVE_HEAD(words, link);
		conf_word_free(word);
	}
}

static void
free_names(struct conf_names *names)
{
	struct conf_name *name;

	while ((name = STAILQ_FIRST(names)) != NULL) {
		STAILQ_REMOVE_HEAD(names, link);
		free(name->name);
		free(name);
	}
}

void
conf_free(struct conf *conf)
{
	struct conf_file *file;
	struct conf_set *set;

	while ((set = STAILQ_FIRST(&conf->sets)) != NULL) {
		STAILQ_REMOVE_HEAD(&conf->sets, link);
		conf_words_free(&set->words);
		free(set->name);
		free(set);
	}
	while ((file = STAILQ_FIRST(&conf->files)) != NULL) {
		STAILQ_REMOVE_HEAD(&conf->files, link);
		free(file->name);
		free(file->text);
		free(file);
	}
	free_names(&conf->names);
	free_names(&conf->patterns);
	free(conf->error);
}

const char *
conf_error(const struct conf *conf)
{
	return (conf->error);
}

/* Where the line begins in the text. */
static const char *
find_line(const struct conf_file *file, int line)
{
	const char *p = file->text, *end = file->text + file->len;

	while (--line > 0 && p != NULL) {
		p = memchr(p, '\n', end - p);
		if (p != NULL)
			p++;
	}
	return (p != NULL ? p : end);
}

/* What a terminal would not show as one column is a question mark. */
static void
show_place(FILE *f, const struct conf_place *place)
{
	const char *line = find_line(place->file, place->line);
	const char *end = place->file->text + place->file->len;

	fprintf(f, "\n%5d | ", place->line);
	for (const char *p = line; p < end && *p != '\n'; p++) {
		if (*p == '\t' || (*p >= ' ' && *p <= '~'))
			putc(*p, f);
		else if (*p != '\r')
			putc('?', f);
	}
	fprintf(f, "\n      | ");
	for (int i = 0; i < place->column - 1; i++)
		putc(line + i < end && line[i] == '\t' ? '\t' : ' ', f);
	putc('^', f);
}

int
conf_fail(struct conf *conf, const struct conf_place *place,
    const char *format, ...)
{
	va_list args;
	size_t len;
	FILE *f;

	free(conf->error);
	conf->error = NULL;
	f = open_memstream(&conf->error, &len);
	if (f == NULL)
		errx(1, "out of memory");
	if (place != NULL)
		fprintf(f, "%s:%d:%d: ", place->file->name, place->line,
		    place->column);
	va_start(args, format);
	vfprintf(f, format, args);
	va_end(args);
	if (place != NULL)
		show_place(f, place);
	if (fclose(f) != 0)
		errx(1, "out of memory");
	return (-1);
}

static struct conf_file *
add_file(struct conf *conf, const char *name)
{
	struct conf_file *file = conf_alloc(sizeof(*file));

	file->name = conf_strndup(name, strlen(name));
	STAILQ_INSERT_TAIL(&conf->files, file, link);
	return (file);
}

int
conf_read_text(struct conf *conf, const char *name, const char *text,
    size_t len)
{
	struct conf_file *file = add_file(conf, name);

	file->text = conf_alloc(len + 1);
	memcpy(file->text, text, len);
	file->len = len;
	return (conf_parse_file(conf, file, file->text, len));
}

/* All of a file; -1 with errno. */
static int
read_all(struct conf_file *file)
{
	FILE *f = fopen(file->name, "re");
	ssize_t len;
	size_t size = 0;

	if (f == NULL)
		return (-1);
	/* A file has no character 0, so this is all of it. */
	len = getdelim(&file->text, &size, '\0', f);
	if (len == -1 && (ferror(f) || file->text == NULL)) {
		fclose(f);
		return (-1);
	}
	file->len = len == -1 ? 0 : len;
	if (getc(f) != EOF || file->len > SIZE_MAX_FILE)
		errno = EFBIG;
	else
		errno = ferror(f) ? EIO : 0;
	fclose(f);
	return (errno == 0 ? 0 : -1);
}

/* place is that of its .include, if there is one. */
static int
read_file(struct conf *conf, const char *path, const struct conf_place *place)
{
	struct conf_file *file = add_file(conf, path);

	if (read_all(file) != 0)
		return (conf_fail(conf, place, "%s: %s", path,
		    strerror(errno)));
	return (conf_parse_file(conf, file, file->text, file->len));
}

int
conf_read(struct conf *conf, const char *path)
{
	return (read_file(conf, path, NULL));
}

/* The text of a word that has no variables; NULL if it has. */
static char *
plain_text(const struct conf_word *word)
{
	const struct conf_part *part;
	size_t len = 1;
	char *text, *end;

	STAILQ_FOREACH(part, &word->parts, link) {
		if (part->is_var)
			return (NULL);
		len += strlen(part->text);
	}
	text = end = conf_alloc(len);
	STAILQ_FOREACH(part, &word->parts, link)
		end = stpcpy(end, part->text);
	return (text);
}

/* A * is a whole part of the name, and the last one may be for several. */
static bool
is_pattern(const char *name)
{
	for (const char *p = strchr(name, '*'); p != NULL;
	    p = strchr(p + 1, '*')) {
		if ((p != name && p[-1] != '.') ||
		    (p[1] != '\0' && p[1] != '.'))
			return (false);
	}
	return (true);
}

bool
conf_matches(const char *pattern, const char *name)
{
	size_t plen, nlen;

	for (;;) {
		plen = strcspn(pattern, ".");
		nlen = strcspn(name, ".");
		if (strcmp(pattern, "*") == 0)
			return (nlen > 0);
		if (pattern[0] == '*' ? nlen == 0 : plen != nlen ||
		    strncmp(pattern, name, nlen) != 0)
			return (false);
		if (pattern[plen] == '\0' || name[nlen] == '\0')
			return (pattern[plen] == name[nlen]);
		pattern += plen + 1;
		name += nlen + 1;
	}
}

static const struct conf_name *
find_in(const struct conf_names *names, const char *name)
{
	const struct conf_name *n;

	STAILQ_FOREACH(n, names, link) {
		if (strcmp(n->name, name) == 0)
			return (n);
	}
	return (NULL);
}

const struct conf_name *
conf_find_name(const struct conf *conf, const char *name)
{
	return (find_in(&conf->names, name));
}

/* Blocks of the same name are one. */
int
conf_begin_block(struct conf *conf, struct conf_word *word)
{
	struct conf_names *names = &conf->names;
	const struct conf_name *known;
	struct conf_name *new;
	char *text = plain_text(word);

	if (text == NULL || *text == '\0' || !is_pattern(text)) {
		free(text);
		return (conf_fail(conf, &word->place, text == NULL ?
		    "the name of a jail can have no variable" :
		    "no name of a jail, and no pattern: a * stands for a "
		    "whole part of it"));
	}
	if (strchr(text, '*') != NULL)
		names = &conf->patterns;
	known = find_in(names, text);
	if (known != NULL) {
		free(text);
		conf->block = known->name;
		return (0);
	}
	new = conf_alloc(sizeof(*new));
	new->name = text;
	new->place = word->place;
	STAILQ_INSERT_TAIL(names, new, link);
	conf->block = new->name;
	return (0);
}

/* The words are taken over, whatever comes of it; so is the name. */
int
conf_add_set(struct conf *conf, struct conf_word *name, bool append,
    struct conf_words *words)
{
	const struct conf_part *first = STAILQ_FIRST(&name->parts);
	struct conf_set *set = conf_alloc(sizeof(*set));

	STAILQ_INIT(&set->words);
	STAILQ_CONCAT(&set->words, words);
	STAILQ_INSERT_TAIL(&conf->sets, set, link);
	set->block = conf->block;
	set->append = append;
	set->place = name->place;
	set->is_var = first != NULL && first->is_var;
	if (set->is_var && STAILQ_NEXT(first, link) == NULL)
		set->name = conf_strndup(first->text, strlen(first->text));
	else
		set->name = plain_text(name);
	conf_word_free(name);
	if (set->name == NULL || set->name[0] == '\0')
		return (conf_fail(conf, &set->place, "no name of a parameter "
		    "or variable"));
	if (set->is_var && STAILQ_EMPTY(&set->words))
		return (conf_fail(conf, &set->place, "$%s: needs a value: = "
		    "...", set->name));
	return (0);
}

/* A path without / in front is one beside the file that names it. */
static char *
beside(const struct conf_file *file, const char *pattern)
{
	const char *slash = strrchr(file->name, '/');
	char *path;

	if (asprintf(&path, "%.*s%s", pattern[0] == '/' || slash == NULL ? 0 :
	    (int)(slash + 1 - file->name), file->name, pattern) == -1)
		errx(1, "out of memory");
	return (path);
}

static int
include_all(struct conf *conf, const struct conf_place *place,
    const char *pattern)
{
	int error;
	glob_t found;

	error = glob(pattern, GLOB_NOMAGIC, NULL, &found);
	if (error == GLOB_NOMATCH)
		return (0);
	if (error != 0)
		return (conf_fail(conf, place, "%s: %s", pattern,
		    error == GLOB_NOSPACE ? "out of memory" :
		    "cannot be searched"));
	conf->depth++;
	for (size_t i = 0; error == 0 && i < found.gl_pathc; i++)
		error = read_file(conf, found.gl_pathv[i], place);
	conf->depth--;
	globfree(&found);
	return (error);
}

int
conf_include(struct conf *conf, const struct conf_word *word,
    const struct conf_word *pattern)
{
	char *what = plain_text(word), *path = plain_text(pattern);
	char *full = NULL;
	int error;

	if (what == NULL || strcmp(what, ".include") != 0)
		error = conf_fail(conf, &pattern->place, "there has to be = "
		    "or += in front of a value");
	else if (path == NULL)
		error = conf_fail(conf, &pattern->place, ".include can have "
		    "no variable");
	else if (conf->depth >= DEPTH_MAX)
		error = conf_fail(conf, &pattern->place, "more than %d files "
		    "include each other", DEPTH_MAX);
	else {
		full = beside(pattern->place.file, path);
		error = include_all(conf, &pattern->place, full);
	}
	free(what);
	free(path);
	free(full);
	return (error);
}
