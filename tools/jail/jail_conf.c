/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * jail -c, -m, -r, -C and -e with jails of jail.conf(5): which ones are meant,
 * and what is to be done with them.
 */

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf_run.h"

#define INSTANCE	"jail"	/* unless JAIL_INSTANCE names another */

/* The jails of the file that are looked at, each resolved once. */
struct choice {
	const struct request *rq;
	char *path;		/* of the file */
	struct conf conf;
	struct conf_jail **jails;
	size_t njails;
	struct tasks stop, start;
	char **others;		/* what -r names and the file has not */
	int nothers;
	int status;
};

static _Noreturn void
fail(const struct choice *c)
{
	errx(1, "%s", conf_error(&c->conf));
}

/* What the file says of a jail, which has to be right. */
static const struct conf_jail *
look_at(struct choice *c, const struct conf_name *name)
{
	struct conf_jail *jail;

	for (size_t i = 0; i < c->njails; i++) {
		if (strcmp(c->jails[i]->name, name->name) == 0)
			return (c->jails[i]);
	}
	jail = conf_resolve(&c->conf, name);
	if (jail == NULL)
		fail(c);
	c->jails = reallocarray(c->jails, c->njails + 1, sizeof(*c->jails));
	if (c->jails == NULL)
		errx(1, "out of memory");
	c->jails[c->njails++] = jail;
	return (jail);
}

static const struct conf_jail *
look_at_right(struct choice *c, const struct conf_name *name)
{
	const struct conf_jail *jail = look_at(c, name);

	if (conf_check(&c->conf, jail) != 0)
		fail(c);
	return (jail);
}

/* The jid of a jail that is there, or -1. */
static int
running(const struct choice *c, const char *name)
{
	int jid;

	if (c->rq->dry_run)
		return (-1);
	jid = jail_getid(name);
	if (jid == -1 && errno != ENOENT)
		errx(1, "%s", jail_errmsg);
	return (jid);
}

/* A dry run knows nothing of what runs. */
static bool
runs(const struct choice *c, const char *name)
{
	return (c->rq->dry_run ? c->rq->remove : running(c, name) != -1);
}

static const struct conf_name *
need(struct choice *c, const struct conf_param *p, const char *name)
{
	const struct conf_name *n = conf_find_name(&c->conf, name);

	if (n == NULL) {
		conf_fail(&c->conf, &p->place, "%s: there is no jail \"%s\" "
		    "in the configuration", p->name, name);
		fail(c);
	}
	return (n);
}

/* With it, those that it depends on and that do not run. */
static void
add_start(struct choice *c, const struct conf_name *name)
{
	const struct conf_jail *jail;
	const struct conf_param *p;
	const char *dot;
	char *parent;

	if (tasks_have(&c->start, name->name))
		return;
	jail = look_at_right(c, name);
	tasks_add(&c->start, jail);
	p = conf_param(jail, "depend");
	for (size_t i = 0; p != NULL && i < p->nvalues; i++) {
		if (c->rq->dry_run || running(c, p->values[i]) == -1)
			add_start(c, need(c, p, p->values[i]));
	}
	dot = strrchr(name->name, '.');
	if (dot == NULL)
		return;
	parent = conf_strndup(name->name, dot - name->name);
	name = conf_find_name(&c->conf, parent);
	if (name != NULL && (c->rq->dry_run || running(c, parent) == -1))
		add_start(c, name);
	free(parent);
}

/* With it, those that are in it. */
static void
add_stop(struct choice *c, const struct conf_name *name)
{
	const size_t len = strlen(name->name);
	const struct conf_name *n;

	if (tasks_have(&c->stop, name->name))
		return;
	tasks_add(&c->stop, look_at_right(c, name));
	STAILQ_FOREACH(n, &c->conf.names, link) {
		if (strncmp(n->name, name->name, len) == 0 &&
		    n->name[len] == '.' && runs(c, n->name))
			add_stop(c, n);
	}
}

/*
 * What cannot change while the jail runs may be said all the same, if it is
 * what it is.
 */
static bool
is_as_said(const struct jailparam *jp, int jid)
{
	struct jailparam have[2];
	int32_t id = jid;
	bool same;

	if (jailparam_init(&have[0], "jid") != 0 ||
	    jailparam_init(&have[1], jp->jp_name) != 0 ||
	    jailparam_import_raw(&have[0], &id, sizeof(id)) != 0 ||
	    jailparam_get(have, 2, 0) == -1)
		errx(1, "%s", jail_errmsg);
	same = have[1].jp_valuelen == jp->jp_valuelen &&
	    memcmp(have[1].jp_value, jp->jp_value, jp->jp_valuelen) == 0;
	jailparam_free(have, 2);
	return (same);
}

/* The path of a jail is without links. */
static void
real_path(struct jailparam *jp)
{
	char *path = realpath(jp->jp_value, NULL);

	if (path != NULL && jailparam_import(jp, path) != 0)
		errx(1, "%s", jail_errmsg);
	free(path);
}

static void
leave_out(struct request *rq, int jid)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < rq->njp; i++) {
		if (strcmp(rq->jp[i].jp_name, "path") == 0)
			real_path(&rq->jp[i]);
		if ((rq->jp[i].jp_flags & JP_CREATEONLY) != 0 &&
		    strcmp(rq->jp[i].jp_name, "jid") != 0 &&
		    is_as_said(&rq->jp[i], jid))
			jailparam_free(&rq->jp[i], 1);
		else
			rq->jp[n++] = rq->jp[i];
	}
	rq->njp = n;
}

static void
modify(struct choice *c, const struct conf_name *name, int jid)
{
	const struct conf_jail *jail = look_at_right(c, name);
	struct request rq = { 0 };
	char **words;
	int n;

	words = conf_words(jail, &n);
	if (conf_param(jail, "jid") == NULL &&
	    asprintf(&words[n++], "jid=%d", jid) == -1)
		errx(1, "out of memory");
	if (asprintf(&words[n], "persist=%d", conf_flag(jail, "persist")) ==
	    -1)
		errx(1, "out of memory");
	if (c->rq->dry_run)
		printf("%s: modify\n", jail->name);
	else {
		parse_params(&rq, n + 1, words);
		leave_out(&rq, jid);
		if (jailparam_set(rq.jp, rq.njp, JAIL_UPDATE) == -1) {
			warnx("%s: %s", jail->name, jail_errmsg);
			c->status = 1;
		} else
			say_name(c->rq, jail->name, jid, "modified");
		jailparam_free(rq.jp, rq.njp);
		free(rq.jp);
	}
	conf_free_words(words, n + 1);
}

/*
 * Do with a jail of the file what is asked for. One that is named has to be as
 * that needs; of several that a pattern or nothing names, those are left out
 * that are not.
 */
static void
choose(struct choice *c, const struct conf_name *name, bool named)
{
	const struct request *rq = c->rq;
	const bool there = runs(c, name->name);

	if (rq->separator != NULL)
		look_at(c, name);
	else if (rq->cleanup && there && named)
		errx(1, "jail \"%s\" is running: use -r", name->name);
	else if (rq->cleanup) {
		if (!there)
			tasks_add(&c->stop, look_at_right(c, name));
	} else if (rq->modify && (there || !rq->create)) {
		if (!there && named)
			errx(1, "jail \"%s\" not found", name->name);
		if (there)
			modify(c, name, running(c, name->name));
	} else if (rq->create && !rq->remove && there && named)
		errx(1, "jail \"%s\" already exists", name->name);
	else {
		if (rq->remove && there)
			add_stop(c, name);
		if (rq->create && (rq->remove || !there))
			add_start(c, name);
	}
}

/* jail -r of what is not in the file is what it always is. */
static void
remove_other(void *arg, int jid, const char *name)
{
	struct choice *c = arg;

	if (conf_find_name(&c->conf, name) == NULL)
		c->status |= remove_one(c->rq, name, true);
	(void)jid;
}

/* A jid names the jail that has it, too. */
static const struct conf_name *
find_name(const struct choice *c, const char *word)
{
	const struct conf_name *name = conf_find_name(&c->conf, word);
	char *own;
	int jid;

	if (name != NULL || c->rq->dry_run || c->rq->separator != NULL)
		return (name);
	jid = jail_getid(word);
	own = jid != -1 ? jail_getname(jid) : NULL;
	if (own != NULL)
		name = conf_find_name(&c->conf, own);
	free(own);
	return (name);
}

static void
choose_by_word(struct choice *c, char *word)
{
	const struct conf_name *name;

	if (strchr(word, '*') != NULL) {
		STAILQ_FOREACH(name, &c->conf.names, link) {
			if (fnmatch(word, name->name, 0) == 0)
				choose(c, name, false);
		}
		c->others[c->nothers++] = word;
		return;
	}
	name = find_name(c, word);
	if (name != NULL)
		choose(c, name, true);
	else if (!c->rq->remove || c->rq->create || c->rq->dry_run)
		errx(1, "jail \"%s\" is not in %s", word, c->path);
	else
		c->others[c->nothers++] = word;
}

/* After the jails of the file, the others that -r names. */
static void
remove_others(struct choice *c)
{
	if (!c->rq->remove || c->rq->create || c->rq->dry_run)
		return;
	for (int i = 0; i < c->nothers; i++) {
		if (strchr(c->others[i], '*') != NULL)
			each_running(c->others[i], remove_other, c);
		else
			c->status |= remove_one(c->rq, c->others[i], true);
	}
}

static void
print_quoted(const char *value)
{
	if (value[0] != '\0' &&
	    value[strcspn(value, " \t\n'\"\\$`*?[]#&;|<>(){}~!")] == '\0') {
		fputs(value, stdout);
		return;
	}
	putchar('\'');
	for (; *value != '\0'; value++) {
		if (*value == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*value);
	}
	putchar('\'');
}

/* -e: name=value for each parameter, and the separator in between. */
static void
print_jail(const struct conf_jail *jail, const char *separator)
{
	const struct conf_param *p;

	printf("name=");
	print_quoted(conf_value(jail, "name"));
	STAILQ_FOREACH(p, &jail->params, link) {
		if (p->is_var || strcmp(p->name, "name") == 0)
			continue;
		for (size_t i = 0; i < p->nvalues; i++) {
			printf("%s%s=", separator, p->name);
			print_quoted(p->values[i]);
		}
	}
	printf("\n");
}

/* Each instance has a file of its own, that of the usual one is jail.conf. */
static char *
conf_path(const struct request *rq)
{
	const char *instance = getenv("JAIL_INSTANCE");
	char *path;

	if (rq->conf != NULL)
		return (conf_strndup(rq->conf, strlen(rq->conf)));
	if (instance == NULL)
		instance = INSTANCE;
	/* The library says what is wrong with it. */
	if (strchr(instance, '/') != NULL && jail_getid(INSTANCE) == -1)
		errx(1, "%s", jail_errmsg);
	if (asprintf(&path, "/etc/%s.conf", instance) == -1)
		errx(1, "out of memory");
	return (path);
}

/* A file that nobody named need not be there when jails are named to remove. */
static void
read_conf(struct choice *c, bool all)
{
	conf_init(&c->conf);
	c->path = conf_path(c->rq);
	if (c->rq->conf == NULL && c->rq->remove && !c->rq->create && !all &&
	    access(c->path, F_OK) != 0 && errno == ENOENT)
		return;
	if (conf_read(&c->conf, c->path) != 0)
		fail(c);
}

static void
check_circle(struct choice *c, const struct tasks *t)
{
	const struct conf_jail *jail = tasks_circle(t);
	const struct conf_param *p;

	if (jail == NULL)
		return;
	p = conf_param(jail, "depend");
	conf_fail(&c->conf, p != NULL ? &p->place : &jail->place, "depend: "
	    "jail \"%s\" needs itself, by way of others", jail->name);
	fail(c);
}

static void
make_jidfile(const struct request *rq)
{
	int fd;

	if (rq->jidfile == NULL || rq->dry_run)
		return;
	fd = open(rq->jidfile, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd == -1)
		err(1, "-J: %s", rq->jidfile);
	close(fd);
}

static void
act_on(struct choice *c)
{
	check_circle(c, &c->stop);
	check_circle(c, &c->start);
	make_jidfile(c->rq);
	c->status |= tasks_run(&c->stop);
	remove_others(c);
	if (c->status == 0 || !c->rq->remove)
		c->status |= tasks_run(&c->start);
}

int
conf_main(const struct request *rq, int argc, char **argv)
{
	struct choice c = { .rq = rq,
		.stop = { .rq = rq, .reverse = true,
		    .steps = rq->cleanup ? steps_clean : steps_stop },
		.start = { .rq = rq, .steps = steps_start } };
	const struct conf_name *name;

	if (rq->separator == NULL && !rq->dry_run && jail_seal(rq->argv) != 0)
		errx(1, "%s", jail_errmsg);
	read_conf(&c, argc == 0);
	c.others = conf_alloc((argc + 1) * sizeof(*c.others));
	for (int i = 0; i < argc; i++)
		choose_by_word(&c, argv[i]);
	STAILQ_FOREACH(name, &c.conf.names, link) {
		if (argc == 0)
			choose(&c, name, false);
	}
	for (size_t i = 0; rq->separator != NULL && i < c.njails; i++)
		print_jail(c.jails[i], rq->separator);
	act_on(&c);
	for (size_t i = 0; i < c.njails; i++)
		conf_jail_free(c.jails[i]);
	free(c.jails);
	tasks_free(&c.stop);
	tasks_free(&c.start);
	conf_free(&c.conf);
	free(c.others);
	free(c.path);
	return (c.status);
}
