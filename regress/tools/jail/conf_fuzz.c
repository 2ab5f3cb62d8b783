/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Random texts for jail.conf(5). What one says of a jail, written down anew
 * with all in quotes and no variables, has to say the same. The lines are read
 * as those of fstab(5), too.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "broken rule: %s\n", what);
	abort();
}

static void
print_quoted(FILE *f, const char *text)
{
	putc('\'', f);
	for (; *text != '\0'; text++) {
		if (*text == '\'' || *text == '\\')
			putc('\\', f);
		putc(*text, f);
	}
	putc('\'', f);
}

static void
print_param(FILE *f, const struct conf_param *p)
{
	if (p->is_var)
		fprintf(f, "${%s}", p->name);
	else
		print_quoted(f, p->name);
	for (size_t i = 0; i < p->nvalues; i++) {
		fputs(i == 0 ? " = " : ", ", f);
		print_quoted(f, p->values[i]);
	}
	fputs(";\n", f);
}

static char *
print_jail(const struct conf_jail *jail, size_t *ret_len)
{
	const struct conf_param *p;
	char *text = NULL;
	FILE *f = open_memstream(&text, ret_len);

	must(f != NULL, "memory");
	print_quoted(f, jail->name);
	fputs(" {\n", f);
	STAILQ_FOREACH(p, &jail->params, link)
		print_param(f, p);
	fputs("}\n", f);
	must(fclose(f) == 0, "memory");
	return (text);
}

static void
check_same(const struct conf_jail *one, const struct conf_jail *other)
{
	const struct conf_param *p, *q = STAILQ_FIRST(&other->params);

	STAILQ_FOREACH(p, &one->params, link) {
		must(q != NULL && strcmp(p->name, q->name) == 0 &&
		    p->is_var == q->is_var, "the same parameter");
		must(p->nvalues == q->nvalues && p->nvalues > 0,
		    "as many values");
		for (size_t i = 0; i < p->nvalues; i++)
			must(strcmp(p->values[i], q->values[i]) == 0,
			    "the same value");
		q = STAILQ_NEXT(q, link);
	}
	must(q == NULL, "no more parameters");
}

static void
check_jail(const struct conf_jail *jail)
{
	struct conf_jail *again;
	struct conf conf;
	size_t len;
	char *text = print_jail(jail, &len);

	conf_init(&conf);
	must(conf_read_text(&conf, "again", text, len) == 0,
	    "what was written is read");
	must(STAILQ_FIRST(&conf.names) != NULL, "a jail");
	again = conf_resolve(&conf, STAILQ_FIRST(&conf.names));
	must(again != NULL, "what was right is right again");
	check_same(jail, again);
	conf_jail_free(again);
	conf_free(&conf);
	free(text);
}

/* "text:line:column: why", the line, and a mark. */
static void
check_error(const char *error)
{
	int line = 0, column = 0, lines = 0;

	must(error != NULL && sscanf(error, "text:%d:%d: ", &line,
	    &column) == 2 && line > 0 && column > 0, "an error with a place");
	for (const char *p = error; *p != '\0'; p++)
		lines += *p == '\n';
	must(lines >= 2 && error[strlen(error) - 1] == '^', "a mark");
}

static void
check_fstab(char *text)
{
	char buf[128], *line;
	struct mntent m;
	const char *inside, *why;

	while ((line = strsep(&text, "\n")) != NULL) {
		if (!fstab_parse(line, &m, buf, sizeof(buf), &why))
			continue;
		must(why == NULL && m.mnt_type[0] != '\0', "a type");
		must(m.mnt_fsname >= buf && m.mnt_fsname < buf + sizeof(buf),
		    "what to mount");
		inside = fstab_inside(m.mnt_dir, "/j");
		must(inside == NULL || inside[0] != '/', "a path below");
		must(inside == NULL || m.mnt_dir[0] != '/' ||
		    strncmp(m.mnt_dir, "/j/", 3) == 0, "a path inside");
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct conf_name *name;
	struct conf_jail *jail;
	struct conf conf;
	char *text;

	conf_init(&conf);
	/* No file of this machine is included. */
	conf.depth = 1000;
	if (conf_read_text(&conf, "text", (const char *)data, size) != 0)
		check_error(conf_error(&conf));
	else STAILQ_FOREACH(name, &conf.names, link) {
		jail = conf_resolve(&conf, name);
		if (jail != NULL)
			check_jail(jail);
		else
			check_error(conf_error(&conf));
		conf_jail_free(jail);
	}
	conf_free(&conf);
	text = strndup((const char *)data, size);
	must(text != NULL, "memory");
	check_fstab(text);
	free(text);
	return (0);
}
