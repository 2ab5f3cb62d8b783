/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * jail.conf(5): what its files say, and what that makes of one jail. This half
 * does nothing but read; it knows no parameter but name, jid and depend.
 *
 * A file is a list of settings in its order. Those outside of any block are for
 * the jails that "*" matches. A jail has the settings of all blocks that match
 * its name, the later ones in the place of earlier ones or, with +=, added to
 * them; then variables are replaced, by what they are for this jail in the end.
 */

#ifndef _CONF_H_
#define _CONF_H_

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>

struct conf_file;

/* Where something was said: line and column from 1, a tab is one column. */
struct conf_place {
	const struct conf_file *file;
	int line;
	int column;
};

/* A piece of a word: text, or the name of a variable or parameter. */
struct conf_part {
	STAILQ_ENTRY(conf_part) link;
	bool is_var;
	char *text;
};

struct conf_word {
	STAILQ_ENTRY(conf_word) link;
	STAILQ_HEAD(, conf_part) parts;
	struct conf_place place;
};

STAILQ_HEAD(conf_words, conf_word);

/* name = word, word; or name += word; or name alone, without words. */
struct conf_set {
	STAILQ_ENTRY(conf_set) link;
	const char *block;		/* name of its block, or "*" */
	char *name;			/* without the $ of a variable */
	bool is_var;
	bool append;
	struct conf_words words;
	struct conf_place place;
};

STAILQ_HEAD(conf_sets, conf_set);

/* The name in front of a block. */
struct conf_name {
	STAILQ_ENTRY(conf_name) link;
	char *name;
	struct conf_place place;
};

STAILQ_HEAD(conf_names, conf_name);
STAILQ_HEAD(conf_files, conf_file);

struct conf {
	struct conf_files files;
	struct conf_names names;	/* of jails, without wildcards */
	struct conf_names patterns;	/* of blocks with a wildcard */
	struct conf_sets sets;		/* in the order of the files */
	const char *block;		/* that is being read */
	int depth;			/* of files that include each other */
	char *error;			/* see conf_error() */
};

/* A parameter or variable of one jail. */
struct conf_param {
	STAILQ_ENTRY(conf_param) link;
	const char *name;
	bool is_var;
	bool bare;			/* named without a value */
	bool preset;			/* by the name of the block */
	struct conf_place place;	/* of what set it last */
	const struct conf_word **words;	/* as they were said */
	size_t nwords;
	char **values;			/* with variables replaced */
	size_t nvalues;
	int state;			/* of the replacing */
};

struct conf_jail {
	char *name;			/* that of its block */
	struct conf_place place;
	size_t size;			/* of all values */
	STAILQ_HEAD(, conf_param) params;
};

void conf_init(struct conf *conf);
void conf_free(struct conf *conf);

/*
 * Add what a file says, or a text of that name. Returns 0, or -1 with
 * conf_error() set.
 */
int conf_read(struct conf *conf, const char *path);
int conf_read_text(struct conf *conf, const char *name, const char *text,
    size_t len);

/*
 * What is wrong: "file:line:column: why", and on two more lines what is there,
 * and a mark below the column.
 */
const char *conf_error(const struct conf *conf);

/* Say that; returns -1. */
int conf_fail(struct conf *conf, const struct conf_place *place,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Does a name with * for parts of it match that of a jail? */
bool conf_matches(const char *pattern, const char *name);

/* The block of that name, or NULL. */
const struct conf_name *conf_find_name(const struct conf *conf,
    const char *name);

/* What the files say of the jail with that block; NULL with conf_error(). */
struct conf_jail *conf_resolve(struct conf *conf,
    const struct conf_name *name);
void conf_jail_free(struct conf_jail *jail);

/* A parameter that the jail has, or NULL. */
const struct conf_param *conf_param(const struct conf_jail *jail,
    const char *name);

/* Its first value, or NULL. */
const char *conf_value(const struct conf_jail *jail, const char *name);

/* For conf_lex.l and conf_parse.y alone. */
struct conf_scan {
	struct conf *conf;
	const struct conf_file *file;
	int line, column;		/* of what comes next */
	struct conf_place start;	/* of the token */
	struct conf_word *word;		/* that is being read, or NULL */
};

int conf_parse_file(struct conf *conf, const struct conf_file *file,
    const char *text, size_t len);
void conf_word_free(struct conf_word *word);
void conf_words_free(struct conf_words *words);
int conf_begin_block(struct conf *conf, struct conf_word *word);
int conf_add_set(struct conf *conf, struct conf_word *name, bool append,
    struct conf_words *words);
int conf_include(struct conf *conf, const struct conf_word *word,
    const struct conf_word *pattern);

/* Memory, or the end of the process. */
void *conf_alloc(size_t size);
char *conf_strndup(const char *text, size_t len);

#endif /* !_CONF_H_ */
