/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Giving a jail an address, and taking one away.
 */

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "jail.h"
#include "util.h"

#include "change.h"
#include "view.h"

static const struct {
	const char *word;
	bool remove;
} keywords[] = {
	{ "alias", false },
	{ "add", false },
	{ "-alias", true },
	{ "delete", true },
	{ "remove", true },
};

static bool
parse_keyword(struct change *c, const char *word)
{
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		if (strcmp(keywords[i].word, word) == 0) {
			c->remove = keywords[i].remove;
			return (true);
		}
	}
	return (false);
}

/* An address, or an address and a prefix length. The word is cut in two. */
static void
parse_addr(struct change *c, char *word)
{
	char *slash = strchr(word, '/');

	if (slash != NULL)
		*slash = '\0';
	c->text = word;
	if (inet_pton(c->fam->af, word, c->addr) != 1)
		errx(1, "%s: not an %s address", word, c->fam->name);
	c->prefixlen = slash == NULL ? -1 : number_arg("prefix length",
	    slash + 1, 0, c->fam->maxprefix, 1);
}

bool
change_parse(struct change *c, char *const words[3])
{
	*c = (struct change){ .fam = NULL };
	for (int i = 0; i < FAM_MAX; i++) {
		if (strcmp(words[0], inet_families[i].word) == 0)
			c->fam = &inet_families[i];
	}
	if (c->fam == NULL || !parse_keyword(c, words[2]))
		return (false);
	parse_addr(c, words[1]);
	return (true);
}

/* The host's interfaces stay as they are, so nothing else can be meant. */
static void
check_prefix(const struct change *c)
{
	const struct hostaddr *first;
	const struct link *l;
	struct host h;
	size_t found;
	bool same = false;

	host_read(&h);
	found = host_find(&h, c->fam, c->addr, &first);
	for (size_t i = 0; i < found; i++)
		same |= first[i].prefixlen == (unsigned int)c->prefixlen;
	if (found > 0 && !same) {
		l = host_link(&h, first->index);
		errx(1, "%s/%d: %s has this address with prefix length %u",
		    c->text, c->prefixlen, l != NULL ? l->name :
		    "an interface", first->prefixlen);
	}
	host_free(&h);
}

/* Where the address is in the list, or -1. */
static ssize_t
find_addr(const struct change *c, const struct jailparam *list)
{
	const uint8_t *addrs = list->jp_value;
	size_t len = c->fam->addrlen;

	for (size_t i = 0; i + len <= list->jp_valuelen; i += len) {
		if (memcmp(addrs + i, c->addr, len) == 0)
			return (i);
	}
	return (-1);
}

static void
check_list(const struct change *c, const char *jail,
    const struct jailparam *list)
{
	bool found = find_addr(c, list) != -1;

	if (found == c->remove)
		return;
	errno = found ? EEXIST : EADDRNOTAVAIL;
	err(1, "%s: %s jail \"%s\"", c->text, found ? "already in" :
	    "not in", jail);
}

/* What an inheriting jail has is in no list that could be changed. */
static void
check_mode(const struct change *c, const char *jail,
    const struct jailparam jp[VP_MAX], int fam)
{
	const struct jailparam *mode = &jp[VP_MODE + fam];
	int32_t value;

	memcpy(&value, mode->jp_value, sizeof(value));
	if (value == JAIL_SYS_INHERIT)
		errx(1, "%s: jail \"%s\" has all of %s addresses "
		    "(%s=inherit)", c->text, jail, view_has_hosts(jp, fam) ?
		    "the host's" : "its parent's", mode->jp_name);
}

void
change_make(const struct change *c, const char *jail)
{
	int fam = c->fam - inet_families;
	struct jailparam jp[VP_MAX], set[2];

	view_init(jp, "name");
	if (jailparam_import(&jp[VP_KEY], jail) != 0 ||
	    jailparam_get(jp, VP_MAX, 0) == -1)
		errx(1, "%s", jail_errmsg);
	check_mode(c, jail, jp, fam);
	check_list(c, jail, &jp[VP_ADDR + fam]);
	if (!c->remove && c->prefixlen != -1)
		check_prefix(c);
	set[0] = jp[VP_JID];
	set[1] = jp[VP_ADDR + fam];
	if (jailparam_import_raw(&set[1], c->addr, c->fam->addrlen) != 0 ||
	    jailparam_set(set, 2, JAIL_UPDATE | (c->remove ? JAIL_DELADDR :
	    JAIL_ADDADDR)) == -1)
		errx(1, "%s", jail_errmsg);
	jp[VP_ADDR + fam] = set[1];
	jailparam_free(jp, VP_MAX);
}
