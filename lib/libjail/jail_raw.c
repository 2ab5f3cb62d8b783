/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What raw sockets of a jail send and get: raw.protocols, raw.icmp_types,
 * raw.icmp6_types. To the kernel these are bits, by numbers; as text, the list
 * of them, or what makes the difference to what a jail begins with.
 */

#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jail_set.h"

#define NUMBERS	256
#define WORDS	(NUMBERS / 64)

/* The numbers of one of the parameters. */
struct numbers {
	uint64_t bits[WORDS];
};

static const struct raw_policy initial = RAW_POLICY_DEFAULT;
static const struct numbers none;

static const struct {
	enum param_id id;
	size_t offset;
} fields[] = {
	{ P_RAW_PROTOCOLS, offsetof(struct raw_policy, rp_protocols) },
	{ P_RAW_ICMP, offsetof(struct raw_policy, rp_icmp4) },
	{ P_RAW_ICMP6, offsetof(struct raw_policy, rp_icmp6) },
};

#define NFIELDS	(sizeof(fields) / sizeof(fields[0]))

static struct numbers
get(const struct raw_policy *rp, size_t field)
{
	struct numbers n;

	memcpy(&n, (const char *)rp + fields[field].offset, sizeof(n));
	return (n);
}

static void
put(struct raw_policy *rp, size_t field, const struct numbers *n)
{
	memcpy((char *)rp + fields[field].offset, n, sizeof(*n));
}

static bool
has(const struct numbers *n, int i)
{
	return (n->bits[i / 64] & RAW_BIT(i));
}

static void
change(struct numbers *n, int from, int to, bool on)
{
	for (int i = from; i <= to; i++) {
		if (on)
			n->bits[i / 64] |= RAW_BIT(i);
		else
			n->bits[i / 64] &= ~RAW_BIT(i);
	}
}

static int
bad_item(enum param_id id, const char *item)
{
	return (jail_fail(EINVAL, "%s: \"%.100s\": not %s from 0 to 255, or "
	    "two with - between", params[id].name, item,
	    id == P_RAW_PROTOCOLS ? "a protocol's name, a number" :
	    "a number"));
}

/* A number, or two; the name of a protocol. */
static int
parse_item(enum param_id id, const char *item, int *from, int *to)
{
	const struct protoent *proto;
	char rest;
	int n;

	if (id == P_RAW_PROTOCOLS && isalpha((unsigned char)item[0])) {
		proto = getprotobyname(item);
		*from = *to = proto != NULL ? proto->p_proto : NUMBERS;
	} else {
		n = strspn(item, "0123456789-") == strlen(item) ?
		    sscanf(item, "%3d-%3d%c", from, to, &rest) : 0;
		if (n == 1 && strchr(item, '-') == NULL && strlen(item) <= 3)
			*to = *from;
		else if (n != 2)
			return (bad_item(id, item));
	}
	return (*from >= 0 && *from <= *to && *to < NUMBERS ? 0 :
	    bad_item(id, item));
}

/*
 * Items with commas between them. Each has a sign if the first has one, and
 * then changes what a jail begins with.
 */
static int
parse_list(enum param_id id, const char *text, const struct numbers *begin,
    struct numbers *ret)
{
	const bool signs = text[0] == '+' || text[0] == '-';
	char *copy = strdup(text), *rest = copy, *item;
	int error = 0, from, to;
	bool on = true;

	if (copy == NULL)
		return (jail_fail(ENOMEM, "out of memory"));
	*ret = signs ? *begin : none;
	while (error == 0 && (item = strsep(&rest, ",")) != NULL) {
		if (signs && item[0] != '+' && item[0] != '-')
			error = jail_fail(EINVAL, "%s: \"%.100s\" has no sign, "
			    "but others have", params[id].name, item);
		else if (signs)
			on = *item++ == '+';
		if (error == 0)
			error = parse_item(id, item, &from, &to);
		if (error == 0)
			change(ret, from, to, on);
	}
	free(copy);
	return (error);
}

static int
parse(enum param_id id, const char *text, const struct numbers *begin,
    struct numbers *ret)
{
	if (strcmp(text, "default") == 0)
		*ret = *begin;
	else if (strcmp(text, "none") == 0)
		*ret = none;
	else
		return (parse_list(id, text, begin, ret));
	return (0);
}

/* What its parent does not have, a jail cannot have. */
static int
check_parent(const struct change *c, size_t field, const struct numbers *n)
{
	const struct numbers around = get(&c->parent.pr.pr_raw, field);

	for (int i = 0; i < NUMBERS && c->nested; i++) {
		if (has(n, i) && !has(&around, i))
			return (jail_fail(EPERM, "%s: %d: jail \"%s\" does "
			    "not have it", params[fields[field].id].name, i,
			    c->parent.pi.pi_name));
	}
	return (0);
}

/* The kernel half looks at what is TCP or UDP only if it has to. */
static void
settle(struct prison *pr)
{
	const struct numbers n = get(&pr->pr_raw, 0);

	pr->pr_flags &= ~PR_RAW_NARROW;
	if (!has(&n, IPPROTO_TCP) || !has(&n, IPPROTO_UDP))
		pr->pr_flags |= PR_RAW_NARROW;
}

int
set_raw(struct change *c)
{
	struct raw_policy *rp = &c->new.pr.pr_raw;
	struct numbers begin, n;
	const char *text;

	if (!c->exists)
		*rp = c->nested ? c->parent.pr.pr_raw : initial;
	for (size_t i = 0; i < NFIELDS; i++) {
		text = spec_string(&c->sp, fields[i].id);
		if (text == NULL)
			continue;
		begin = get(&initial, i);
		if (parse(fields[i].id, text, &begin, &n) != 0 ||
		    check_parent(c, i, &n) != 0)
			return (-1);
		put(rp, i, &n);
	}
	settle(&c->new.pr);
	return (0);
}

/* Have no more than the jail around it has. */
void
raw_narrow(struct prison *pr, const struct prison *around)
{
	struct numbers n, outer;

	for (size_t i = 0; i < NFIELDS; i++) {
		n = get(&pr->pr_raw, i);
		outer = get(&around->pr_raw, i);
		for (int word = 0; word < WORDS; word++)
			n.bits[word] &= outer.bits[word];
		put(&pr->pr_raw, i, &n);
	}
	settle(pr);
}

static char *
print_list(const struct numbers *n)
{
	char *text = NULL;
	int from, to;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	for (from = 0; from < NUMBERS && out != NULL; from = to + 1) {
		to = from;
		if (!has(n, from))
			continue;
		while (to + 1 < NUMBERS && has(n, to + 1))
			to++;
		fprintf(out, "%s%d", ftell(out) > 0 ? "," : "", from);
		if (to > from)
			fprintf(out, "-%d", to);
	}
	if (out != NULL)
		fclose(out);
	return (text);
}

static char *
print_change(const struct numbers *n, const struct numbers *begin)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	for (int i = 0; i < NUMBERS && out != NULL; i++) {
		if (has(n, i) != has(begin, i))
			fprintf(out, "%s%c%d", ftell(out) > 0 ? "," : "",
			    has(n, i) ? '+' : '-', i);
	}
	if (out != NULL)
		fclose(out);
	return (text);
}

/* Of two texts the shorter one; the other is freed. */
static char *
shorter(char *a, char *b)
{
	if (a != NULL && (b == NULL || strlen(a) <= strlen(b))) {
		free(b);
		return (a);
	}
	free(a);
	return (b);
}

/* The numbers as text, to be freed. */
char *
raw_text(const struct prison *pr, enum param_id id)
{
	struct numbers begin, n;
	size_t i = 0;
	char *text;

	while (fields[i].id != id)
		i++;
	n = get(&pr->pr_raw, i);
	begin = get(&initial, i);
	if (memcmp(&n, &begin, sizeof(n)) == 0)
		text = strdup("default");
	else if (memcmp(&n, &none, sizeof(n)) == 0)
		text = strdup("none");
	else
		text = shorter(print_list(&n), print_change(&n, &begin));
	if (text == NULL)
		jail_fail(ENOMEM, "out of memory");
	return (text);
}
