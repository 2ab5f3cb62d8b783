/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The parameters of jail.conf(5): those that jail(8) itself acts by, and those
 * that it passes on to the jail.
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_run.h"

#define SECONDS_MAX	86400

/* What a parameter of ours may have. */
enum kind { COMMANDS, FLAG, LIST, ONE, SECONDS };

static const struct {
	const char *name;
	enum kind kind;
} own[] = {
	{ "command", COMMANDS },
	{ "depend", LIST },
	{ "exec.clean", FLAG },
	{ "exec.consolelog", ONE },
	{ "exec.created", COMMANDS },
	{ "exec.jail_user", ONE },
	{ "exec.poststart", COMMANDS },
	{ "exec.poststop", COMMANDS },
	{ "exec.prepare", COMMANDS },
	{ "exec.prestart", COMMANDS },
	{ "exec.prestop", COMMANDS },
	{ "exec.release", COMMANDS },
	{ "exec.start", COMMANDS },
	{ "exec.stop", COMMANDS },
	{ "exec.system_jail_user", FLAG },
	{ "exec.system_user", ONE },
	{ "exec.timeout", SECONDS },
	{ "interface", ONE },
	{ "mount", LIST },
	{ "mount.devfs", FLAG },
	{ "mount.fdescfs", FLAG },
	{ "mount.fstab", LIST },
	{ "mount.procfs", FLAG },
	{ "stop.timeout", SECONDS },
};

/* Parameters of FreeBSD that are not here, or what they begin with. */
static const char *const foreign[] = { "allow.dying", "allow.mount",
	"allow.sysvipc", "devfs_ruleset", "enforce_statfs", "exec.fib",
	"ip_hostname", "linux", "osreldate", "osrelease", "securelevel",
	"sysv", "vnet", "zfs." };

static bool
is_foreign(const char *name)
{
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		if (strncmp(foreign[i], name, strlen(foreign[i])) == 0)
			return (true);
	}
	return (false);
}

static int
find_own(const char *name)
{
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (strcmp(own[i].name, name) == 0)
			return (i);
	}
	return (-1);
}

/* true, false, or neither. */
static int
parse_flag(const char *text)
{
	if (strcmp(text, "true") == 0 || strcmp(text, "1") == 0)
		return (1);
	if (strcmp(text, "false") == 0 || strcmp(text, "0") == 0)
		return (0);
	return (-1);
}

bool
conf_flag(const struct conf_jail *jail, const char *name)
{
	const char *value = conf_value(jail, name);

	return (value != NULL && parse_flag(value) == 1);
}

int
conf_number(const struct conf_jail *jail, const char *name, int other)
{
	const char *value = conf_value(jail, name);

	return (value != NULL ? atoi(value) : other);
}

static int
check_own(struct conf *conf, const struct conf_param *p, enum kind kind)
{
	const char *value = p->values[0], *why;
	long long seconds;

	if (kind == FLAG) {
		if (p->nvalues != 1 || parse_flag(value) == -1)
			return (conf_fail(conf, &p->place, "%s: is true or "
			    "false", p->name));
		return (0);
	}
	if (p->bare)
		return (conf_fail(conf, &p->place, "%s: needs a value: %s = "
		    "...", p->name, p->name));
	if ((kind == ONE || kind == SECONDS) && p->nvalues != 1)
		return (conf_fail(conf, &p->place, "%s: has one value",
		    p->name));
	if (kind == SECONDS && !parse_number(value, 0, SECONDS_MAX, &seconds,
	    &why))
		return (conf_fail(conf, &p->place, "%s: %s is %s: a number of "
		    "seconds, at most %d", p->name, value, why, SECONDS_MAX));
	return (0);
}

static bool
is_addr(const struct jailparam *jp)
{
	return (jp->jp_type == JPT_IP4 || jp->jp_type == JPT_IP6);
}

/* Can its value have commas? */
static bool
is_list(const struct jailparam *jp)
{
	static const char *const texts[] = { "cgroup", "host.hostname", "name",
		"path" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcmp(jp->jp_name, texts[i]) == 0)
			return (false);
	}
	return (jp->jp_type == JPT_STRING || is_addr(jp));
}

/* The address alone of interface|address/prefix; without | it stays. */
static void
plain_addr(char *item)
{
	char *bar = strchr(item, '|');

	if (bar == NULL)
		return;
	memmove(item, bar + 1, strlen(bar));
	item[strcspn(item, "/")] = '\0';
}

static int
import(struct jailparam *jp, const char *value)
{
	char *copy, *rest, *item;
	int error = 0;

	if (!is_addr(jp) || *value == '\0')
		return (jailparam_import(jp, value));
	copy = rest = conf_strndup(value, strlen(value));
	while (error == 0 && (item = strsep(&rest, ",")) != NULL) {
		plain_addr(item);
		error = jailparam_import(jp, item);
	}
	free(copy);
	return (error);
}

static int
check_param(struct conf *conf, const struct conf_param *p,
    struct jailparam *jp)
{
	if (p->bare && jp->jp_type != JPT_BOOL)
		return (conf_fail(conf, &p->place, "%s: needs a value: %s = "
		    "...", p->name, p->name));
	if (jp->jp_flags & JP_NOBOOL)
		return (conf_fail(conf, &p->place, "%s: takes no value",
		    p->name));
	if (p->nvalues != 1 && !is_list(jp))
		return (conf_fail(conf, &p->place, "%s: has one value",
		    p->name));
	for (size_t i = 0; i < p->nvalues; i++) {
		if (import(jp, p->values[i]) != 0)
			return (conf_fail(conf, &p->place, "%s", jail_errmsg));
	}
	return (0);
}

static int
check_jailparam(struct conf *conf, const struct conf_param *p)
{
	struct jailparam jp = { 0 };
	int error;

	if (jailparam_init(&jp, p->name) != 0 && is_foreign(p->name))
		return (conf_fail(conf, &p->place, "%s: is of FreeBSD and not "
		    "known here: take it out, see jail.conf(5)", p->name));
	if (jp.jp_name == NULL)
		return (conf_fail(conf, &p->place, "%s", jail_errmsg));
	if (jp.jp_flags & JP_RDONLY)
		error = conf_fail(conf, &p->place, "%s: can only be read",
		    p->name);
	else
		error = check_param(conf, p, &jp);
	jailparam_free(&jp, 1);
	return (error);
}

int
conf_check(struct conf *conf, const struct conf_jail *jail)
{
	const struct conf_param *p;
	int error, i;

	STAILQ_FOREACH(p, &jail->params, link) {
		if (p->is_var || p->preset)
			continue;
		i = find_own(p->name);
		error = i != -1 ? check_own(conf, p, own[i].kind) :
		    check_jailparam(conf, p);
		if (error != 0)
			return (-1);
	}
	return (0);
}

/* Addresses without an interface get that of the jail. */
static void
print_addrs(FILE *f, const char *interface, const char *value)
{
	char *copy = conf_strndup(value, strlen(value)), *rest = copy, *item;

	while ((item = strsep(&rest, ",")) != NULL)
		fprintf(f, "%s%s%s%s", interface != NULL && *item != '\0' &&
		    strchr(item, '|') == NULL ? interface : "",
		    interface != NULL && *item != '\0' &&
		    strchr(item, '|') == NULL ? "|" : "", item,
		    rest != NULL ? "," : "");
	free(copy);
}

static char *
word_of(const struct conf_jail *jail, const struct conf_param *p)
{
	const bool addr = strcmp(p->name, "ip4.addr") == 0 ||
	    strcmp(p->name, "ip6.addr") == 0;
	char *word = NULL;
	size_t len;
	FILE *f;

	f = open_memstream(&word, &len);
	if (f == NULL)
		errx(1, "out of memory");
	fprintf(f, "%s=", p->name);
	for (size_t i = 0; i < p->nvalues; i++) {
		if (i > 0)
			putc(',', f);
		print_addrs(f, addr ? conf_value(jail, "interface") : NULL,
		    p->values[i]);
	}
	if (fclose(f) != 0)
		errx(1, "out of memory");
	return (word);
}

/* A jail persists while its steps run. An init knows stop.timeout, too. */
static bool
is_passed_on(const struct conf_jail *jail, const struct conf_param *p)
{
	if (p->is_var || strcmp(p->name, "persist") == 0)
		return (false);
	if (strcmp(p->name, "stop.timeout") == 0)
		return (conf_param(jail, "init") != NULL);
	return (find_own(p->name) == -1);
}

char **
conf_words(const struct conf_jail *jail, int *ret_n)
{
	const struct conf_param *p;
	char **words;
	int n = 0;

	STAILQ_FOREACH(p, &jail->params, link)
		n++;
	words = conf_alloc((n + 2) * sizeof(*words));
	n = 0;
	STAILQ_FOREACH(p, &jail->params, link) {
		if (is_passed_on(jail, p))
			words[n++] = word_of(jail, p);
	}
	*ret_n = n;
	return (words);
}

void
conf_free_words(char **words, int n)
{
	for (int i = 0; i < n; i++)
		free(words[i]);
	free(words);
}
