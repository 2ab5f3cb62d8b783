/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What jail.conf(5) says of one jail: its settings put together, and variables
 * replaced. A few lines can ask for values without end, so their depth and
 * their size are limited; each is made once.
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"

#define DEPTH_MAX	64		/* variables in variables */
#define JAIL_SIZE_MAX	(16 << 20)	/* bytes of all values of a jail */

enum { NEW, BUSY, DONE };

static struct conf_param *
find_param(const struct conf_jail *jail, const char *name, bool is_var)
{
	struct conf_param *p;

	STAILQ_FOREACH(p, &jail->params, link) {
		if (p->is_var == is_var && strcmp(p->name, name) == 0)
			return (p);
	}
	return (NULL);
}

const struct conf_param *
conf_param(const struct conf_jail *jail, const char *name)
{
	return (find_param(jail, name, false));
}

const char *
conf_value(const struct conf_jail *jail, const char *name)
{
	const struct conf_param *p = find_param(jail, name, false);

	return (p != NULL && p->nvalues > 0 ? p->values[0] : NULL);
}

static void
param_free(struct conf_param *p)
{
	for (size_t i = 0; i < p->nvalues; i++)
		free(p->values[i]);
	free(p->values);
	free(p->words);
	free((char *)p->name);
	free(p);
}

void
conf_jail_free(struct conf_jail *jail)
{
	struct conf_param *p;

	if (jail == NULL)
		return;
	while ((p = STAILQ_FIRST(&jail->params)) != NULL) {
		STAILQ_REMOVE_HEAD(&jail->params, link);
		param_free(p);
	}
	free(jail->name);
	free(jail);
}

/* Room for so many more, in an array that doubles. */
static void *
grow(void *array, size_t n, size_t more, size_t size)
{
	size_t room = 1;

	while (room < n)
		room *= 2;
	if (array != NULL && n + more <= room)
		return (array);
	while (room < n + more)
		room *= 2;
	array = reallocarray(array, room, size);
	if (array == NULL)
		errx(1, "out of memory");
	return (array);
}

static int
add_value(struct conf *conf, struct conf_jail *jail, struct conf_param *p,
    const struct conf_place *place, const char *value)
{
	jail->size += strlen(value) + sizeof(value);
	if (jail->size > JAIL_SIZE_MAX)
		return (conf_fail(conf, place, "the values of this jail are "
		    "too large"));
	p->values = grow(p->values, p->nvalues, 1, sizeof(*p->values));
	p->values[p->nvalues++] = conf_strndup(value, strlen(value));
	return (0);
}

static struct conf_param *
add_param(struct conf_jail *jail, const char *name, bool is_var)
{
	struct conf_param *p = find_param(jail, name, is_var);

	if (p != NULL)
		return (p);
	p = conf_alloc(sizeof(*p));
	p->name = conf_strndup(name, strlen(name));
	p->is_var = is_var;
	STAILQ_INSERT_TAIL(&jail->params, p, link);
	return (p);
}

/* "mount.nodevfs" alone is mount.devfs = false. */
static char *
without_no(const char *name, bool *ret_negated)
{
	const char *dot = strrchr(name, '.');
	size_t prefix = dot == NULL ? 0 : (size_t)(dot + 1 - name);
	char *plain;

	*ret_negated = strncmp(name + prefix, "no", 2) == 0;
	if (asprintf(&plain, "%.*s%s", (int)prefix, name, name + prefix +
	    (*ret_negated ? 2 : 0)) == -1)
		errx(1, "out of memory");
	return (plain);
}

static int
apply_flag(struct conf *conf, struct conf_jail *jail,
    const struct conf_set *set)
{
	struct conf_param *p;
	bool negated;
	char *name = without_no(set->name, &negated);

	p = add_param(jail, name, false);
	free(name);
	while (p->nvalues > 0)
		free(p->values[--p->nvalues]);
	p->nwords = 0;
	p->bare = true;
	p->place = set->place;
	return (add_value(conf, jail, p, &set->place, negated ? "false" :
	    "true"));
}

static int
apply(struct conf *conf, struct conf_jail *jail, const struct conf_set *set)
{
	const struct conf_word *word;
	struct conf_param *p;

	if (STAILQ_EMPTY(&set->words))
		return (apply_flag(conf, jail, set));
	p = add_param(jail, set->name, set->is_var);
	while (p->nvalues > 0)
		free(p->values[--p->nvalues]);
	p->bare = false;
	p->place = set->place;
	if (!set->append)
		p->nwords = 0;
	STAILQ_FOREACH(word, &set->words, link) {
		p->words = grow(p->words, p->nwords, 1, sizeof(*p->words));
		p->words[p->nwords++] = word;
	}
	return (0);
}

static int expand(struct conf *conf, struct conf_jail *jail,
    struct conf_param *p, const struct conf_place *place, int depth);

/* What $name is here, with its values made. */
static const struct conf_param *
look_up(struct conf *conf, struct conf_jail *jail, const char *name,
    const struct conf_place *place, int depth)
{
	struct conf_param *p = find_param(jail, name, true);

	if (p == NULL)
		p = find_param(jail, name, false);
	if (p == NULL)
		conf_fail(conf, place, "$%s: is not set for jail \"%s\"", name,
		    jail->name);
	else if (expand(conf, jail, p, place, depth + 1) == 0)
		return (p);
	return (NULL);
}

/* A word that is a variable and nothing else has all of its values. */
static int
expand_list(struct conf *conf, struct conf_jail *jail, struct conf_param *p,
    const struct conf_word *word, int depth)
{
	const struct conf_part *part = STAILQ_FIRST(&word->parts);
	const struct conf_param *other;

	other = look_up(conf, jail, part->text, &word->place, depth);
	if (other == NULL)
		return (-1);
	for (size_t i = 0; i < other->nvalues; i++) {
		if (add_value(conf, jail, p, &word->place,
		    other->values[i]) != 0)
			return (-1);
	}
	return (0);
}

static int
print_part(struct conf *conf, struct conf_jail *jail,
    const struct conf_word *word, const struct conf_part *part, int depth,
    FILE *f)
{
	const struct conf_param *other;

	if (!part->is_var) {
		fputs(part->text, f);
		return (0);
	}
	other = look_up(conf, jail, part->text, &word->place, depth);
	if (other == NULL)
		return (-1);
	if (other->nvalues != 1)
		return (conf_fail(conf, &word->place, "$%s: has several "
		    "values, so it can only be a word by itself",
		    part->text));
	fputs(other->values[0], f);
	if (ftell(f) <= JAIL_SIZE_MAX)
		return (0);
	return (conf_fail(conf, &word->place, "the values of this jail are too "
	    "large"));
}

static int
expand_text(struct conf *conf, struct conf_jail *jail, struct conf_param *p,
    const struct conf_word *word, int depth)
{
	const struct conf_part *part;
	char *text = NULL;
	int error = 0;
	size_t len;
	FILE *f;

	f = open_memstream(&text, &len);
	if (f == NULL)
		errx(1, "out of memory");
	STAILQ_FOREACH(part, &word->parts, link) {
		error = print_part(conf, jail, word, part, depth, f);
		if (error != 0)
			break;
	}
	if (fclose(f) != 0)
		errx(1, "out of memory");
	if (error == 0)
		error = add_value(conf, jail, p, &word->place, text);
	free(text);
	return (error);
}

static int
expand_word(struct conf *conf, struct conf_jail *jail, struct conf_param *p,
    const struct conf_word *word, int depth)
{
	const struct conf_part *part = STAILQ_FIRST(&word->parts);

	if (part != NULL && part->is_var && STAILQ_NEXT(part, link) == NULL)
		return (expand_list(conf, jail, p, word, depth));
	return (expand_text(conf, jail, p, word, depth));
}

static int
expand(struct conf *conf, struct conf_jail *jail, struct conf_param *p,
    const struct conf_place *place, int depth)
{
	if (p->state == DONE)
		return (0);
	if (p->state == BUSY)
		return (conf_fail(conf, place, "%s%s: is made of itself",
		    p->is_var ? "$" : "", p->name));
	if (depth > DEPTH_MAX)
		return (conf_fail(conf, place, "more than %d variables in each "
		    "other", DEPTH_MAX));
	p->state = BUSY;
	for (size_t i = 0; i < p->nwords; i++) {
		if (expand_word(conf, jail, p, p->words[i], depth) != 0)
			return (-1);
	}
	p->state = DONE;
	return (0);
}

static bool
is_number(const char *text)
{
	return (text[0] != '\0' && text[strspn(text, "0123456789")] == '\0');
}

/* What the name of the block says, the settings in it must not contradict. */
static int
preset(struct conf *conf, struct conf_jail *jail, const char *name)
{
	const struct conf_param *set = find_param(jail, name, false);
	struct conf_param *p;

	if (set == NULL) {
		p = add_param(jail, name, false);
		p->preset = true;
		p->place = jail->place;
		return (add_value(conf, jail, p, &jail->place, jail->name));
	}
	if (expand(conf, jail, (struct conf_param *)set, &set->place, 0) != 0)
		return (-1);
	if (set->nvalues == 1 && strcmp(set->values[0], jail->name) == 0)
		return (0);
	return (conf_fail(conf, &set->place, "%s: is \"%s\" by the name of the "
	    "block", name, jail->name));
}

/* A number is a jid, and the name is that too unless another one is set. */
static int
preset_names(struct conf *conf, struct conf_jail *jail)
{
	if (!is_number(jail->name))
		return (preset(conf, jail, "name"));
	if (preset(conf, jail, "jid") != 0)
		return (-1);
	return (find_param(jail, "name", false) != NULL ? 0 :
	    preset(conf, jail, "name"));
}

static int
resolve(struct conf *conf, struct conf_jail *jail)
{
	const struct conf_set *set;
	struct conf_param *p;

	STAILQ_FOREACH(set, &conf->sets, link) {
		if (conf_matches(set->block, jail->name) &&
		    apply(conf, jail, set) != 0)
			return (-1);
	}
	if (preset_names(conf, jail) != 0)
		return (-1);
	STAILQ_FOREACH(p, &jail->params, link) {
		if (expand(conf, jail, p, &p->place, 0) != 0)
			return (-1);
	}
	return (0);
}

struct conf_jail *
conf_resolve(struct conf *conf, const struct conf_name *name)
{
	struct conf_jail *jail = conf_alloc(sizeof(*jail));

	STAILQ_INIT(&jail->params);
	jail->name = conf_strndup(name->name, strlen(name->name));
	jail->place = name->place;
	if (resolve(conf, jail) == 0)
		return (jail);
	conf_jail_free(jail);
	return (NULL);
}
