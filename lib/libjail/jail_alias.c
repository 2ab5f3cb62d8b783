/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Addresses that are on an interface as long as the jail has them: ip4.alias,
 * ip6.alias. What was there before is none of ours, and stays.
 */

#include <sys/socket.h>

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jail_set.h"

static struct jail_in6
map_addr(const struct family *f, const void *addr)
{
	struct jail_in6 mapped = { { 0, 0, htonl(0xffff), 0 } };

	if (f->af == AF_INET)
		memcpy(&mapped.s6[3], addr, f->addrlen);
	else
		memcpy(&mapped, addr, f->addrlen);
	return (mapped);
}

/* The address in a key, by its family. */
static const void *
addr_of(const struct ip_alias_key *key, bool ip4)
{
	return (ip4 ? (const void *)&key->addr.s6[3] : &key->addr);
}

static bool
is_ip4(const struct ip_alias_key *key)
{
	return (IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)&key->addr));
}

/* Put an alias on its interface, or take it from there; 0 or an errno. */
static int
change_interface(int type, const struct ip_alias_key *key,
    const struct ip_alias *a)
{
	const bool ip4 = is_ip4(key);

	return (netlink_address(type, ip4 ? AF_INET : AF_INET6,
	    addr_of(key, ip4), a));
}

/* The switch by which other addresses survive the first one of a network. */
static int
open_promotion(uint32_t ifindex)
{
	char name[IF_NAMESIZE], path[128];

	if (if_indextoname(ifindex, name) == NULL)
		return (-1);
	snprintf(path, sizeof(path),
	    "/proc/sys/net/ipv4/conf/%s/promote_secondaries", name);
	return (open(path, O_RDWR | O_CLOEXEC));
}

static void
take_down(const struct ip_alias_key *key, const struct ip_alias *a)
{
	int fd = is_ip4(key) ? open_promotion(a->ifindex) : -1;
	char was = '1';
	bool off;

	off = fd != -1 && pread(fd, &was, 1, 0) == 1 && was == '0' &&
	    pwrite(fd, "1", 1, 0) == 1;
	change_interface(RTM_DELADDR, key, a);
	if (off && pwrite(fd, &was, 1, 0) != 1)
		off = false;	/* it had to be tried */
	if (fd != -1)
		close(fd);
}

/* Another jail's set that has the address, or 0; -1. */
static int
find_heir(struct session *s, const struct ip_alias_key *key, uint64_t kept,
    uint64_t *ret_set)
{
	const struct family *f = &families[is_ip4(key) ? FAM_IP4 : FAM_IP6];
	struct ip_owner owner;
	struct jail j;

	*ret_set = 0;
	if (kern_get(&s->k, f->owners, addr_of(key, is_ip4(key)),
	    &owner) != 0 || jail_read(s, owner.jid, &j) != 0)
		return (errno == ENOENT ? 0 : -1);
	if (prison_set(&j.pr, f) != kept)
		*ret_set = prison_set(&j.pr, f);
	return (0);
}

/*
 * All of them. Most machines have none, and there is room for so many that
 * finding that out would take longer than the rest of a command.
 */
static int
dump(struct session *s, struct ip_alias_key **keys, struct ip_alias **values,
    size_t *n)
{
	*keys = NULL;
	*values = NULL;
	*n = 0;
	if (!s->g.aliased)
		return (0);
	if (kern_dump(&s->k, KM_ALIASES, (void **)keys, (void **)values,
	    n) != 0)
		return (-1);
	s->g.aliased = *n > 0;
	return (0);
}

/* There is about to be one. */
static int
announce(struct session *s)
{
	if (s->g.aliased)
		return (0);
	s->g.aliased = 1;
	return (globals_write(s));
}

/* Whoever else has the address now keeps the alias; else it goes. */
static int
let_go(struct session *s, const struct ip_alias_key *key,
    const struct ip_alias *a, uint64_t kept)
{
	struct ip_alias_key heir = *key;
	uint64_t set;

	if (find_heir(s, key, kept, &set) != 0)
		return (-1);
	if (set == 0) {
		take_down(key, a);
		return (0);
	}
	heir.set = set;
	return (kern_put(&s->k, KM_ALIASES, &heir, a));
}

static int
compare_aliases(const void *a, const void *b)
{
	const struct alias *x = a, *y = b;

	return (memcmp(&x->key.addr, &y->key.addr, sizeof(x->key.addr)));
}

/* Those of a set, sorted by their addresses, to be freed. */
static int
read_aliases(struct session *s, const struct family *f, uint64_t set,
    struct aliaslist *al)
{
	struct ip_alias_key *keys;
	struct ip_alias *values;
	size_t n;

	*al = (struct aliaslist){ NULL, 0 };
	if (dump(s, &keys, &values, &n) != 0)
		return (-1);
	al->v = calloc(n + 1, sizeof(*al->v));
	for (size_t i = 0; i < n && al->v != NULL; i++) {
		if (keys[i].set == set && is_ip4(&keys[i]) ==
		    (f->af == AF_INET))
			al->v[al->n++] = (struct alias){ keys[i], values[i],
			    true };
	}
	free(keys);
	free(values);
	if (al->v == NULL)
		return (jail_fail(ENOMEM, "out of memory"));
	qsort(al->v, al->n, sizeof(*al->v), compare_aliases);
	return (0);
}

/* It is elsewhere: whoever comes there next is to take it down. */
static int
orphan(struct session *s, const struct ip_alias_key *key,
    const struct ip_alias *a)
{
	const struct ip_alias_key left = { JAIL_ORPHAN | a->netns, key->addr };

	return (announce(s) == 0 ? kern_put(&s->k, KM_ALIASES, &left, a) : -1);
}

/*
 * Forget the aliases of a set whose addresses have been forgotten. What is not
 * in the set that is kept goes from its interface.
 */
int
aliases_drop(struct session *s, const struct family *f, uint64_t set,
    uint64_t kept)
{
	struct ip_alias_key other = { .set = kept };
	struct ip_alias ignored;
	struct aliaslist al;
	uint64_t here = 0;
	int error = 0;

	if (set == 0)
		return (0);
	if (read_aliases(s, f, set, &al) != 0)
		return (-1);
	if (al.n > 0)
		error = kern_net_cookie(&here);
	for (size_t i = 0; i < al.n && error == 0; i++) {
		const struct alias *a = &al.v[i];

		other.addr = a->key.addr;
		if (kept == 0 || kern_get(&s->k, KM_ALIASES, &other,
		    &ignored) != 0)
			error = a->alias.netns == here ?
			    let_go(s, &a->key, &a->alias, kept) :
			    orphan(s, &a->key, &a->alias);
		if (error == 0)
			error = kern_del(&s->k, KM_ALIASES, &a->key);
	}
	free(al.v);
	return (error);
}

/* The ::1 of a jail that is gone is on the loopback interface elsewhere. */
int
aliases_leave(struct session *s, const struct prison *pr)
{
	const struct ip_alias a = { pr->pr_netns, LO_IFINDEX, 128 };
	struct ip_alias_key key = { 0, pr->pr_lo6 };
	uint64_t here;

	if (!loopback_has6(pr))
		return (0);
	if (kern_net_cookie(&here) != 0)
		return (-1);
	return (here == pr->pr_netns ? 0 : orphan(s, &key, &a));
}

/* Take down what could not be where it was given up, but is here. */
int
aliases_sweep(struct session *s)
{
	struct ip_alias_key *keys;
	struct ip_alias *values;
	uint64_t here = 0;
	int error = 0;
	size_t n;

	if (dump(s, &keys, &values, &n) != 0)
		return (-1);
	for (size_t i = 0; i < n && error == 0; i++) {
		if (!(keys[i].set & JAIL_ORPHAN))
			continue;
		if (here == 0)
			error = kern_net_cookie(&here);
		if (error == 0 && values[i].netns == here) {
			take_down(&keys[i], &values[i]);
			error = kern_del(&s->k, KM_ALIASES, &keys[i]);
		}
	}
	free(keys);
	free(values);
	return (error);
}

/* Take down all that are here; of no use is anything that fails. */
void
aliases_clear(struct session *s)
{
	struct ip_alias_key *keys;
	struct ip_alias *values;
	uint64_t here;
	size_t n;

	if (kern_net_cookie(&here) != 0 || kern_dump(&s->k, KM_ALIASES,
	    (void **)&keys, (void **)&values, &n) != 0)
		return;
	for (size_t i = 0; i < n; i++) {
		if (values[i].netns == here)
			take_down(&keys[i], &values[i]);
	}
	free(keys);
	free(values);
}

static int
bad_alias(int error, const char *word, const char *why)
{
	return (jail_fail(error, "\"%.100s\": %s", word, why));
}

static int
bad_prefix(const struct family *f, const char *word)
{
	return (bad_alias(EINVAL, word, f->af == AF_INET ?
	    "the prefix length is not from 1 to 32" :
	    "the prefix length is not from 1 to 128"));
}

/* One interface|address/prefix, of which the prefix may be missing. */
static int
parse_alias(const struct family *f, const char *word, struct ip_alias_key *key,
    struct ip_alias *a)
{
	char copy[IF_NAMESIZE + INET6_ADDRSTRLEN + 8], *addr, *prefix, *end;
	uint8_t raw[16];

	if (strlen(word) >= sizeof(copy))
		return (bad_alias(EINVAL, word, "is too long"));
	strcpy(copy, word);
	addr = strchr(copy, '|');
	if (addr == NULL || addr == copy)
		return (bad_alias(EINVAL, word, "is not "
		    "interface|address/prefix"));
	*addr++ = '\0';
	prefix = strchr(addr, '/');
	if (prefix != NULL)
		*prefix++ = '\0';
	if (inet_pton(f->af, addr, raw) != 1)
		return (bad_alias(EINVAL, word, f->af == AF_INET ?
		    "not an IPv4 address" : "not an IPv6 address"));
	key->addr = map_addr(f, raw);
	a->prefix = prefix != NULL ? strtoul(prefix, &end, 10) : f->bits;
	if (prefix != NULL && (prefix[0] < '0' || prefix[0] > '9' ||
	    *end != '\0' || a->prefix == 0 || a->prefix > f->bits))
		return (bad_prefix(f, word));
	a->ifindex = if_nametoindex(copy);
	return (a->ifindex != 0 ? 0 : bad_alias(ENXIO, word,
	    "no such interface"));
}

/* Is the alias to be put there by us? Returns 1, 0 if the host has it, -1. */
static int
is_new(const struct family *f, const struct host *h, const char *word,
    const struct ip_alias_key *key, const struct ip_alias *a)
{
	const struct hostaddr *ha = host_find(h, addr_of(key,
	    f->af == AF_INET), f->addrlen);

	if (ha == NULL)
		return (1);
	if (ha->ifindex == a->ifindex)
		return (0);
	return (bad_alias(EADDRINUSE, word, "is on another interface "
	    "already"));
}

static bool
is_listed(const struct family *f, const struct addrlist *l,
    const struct ip_alias_key *key)
{
	for (size_t i = 0; i < l->n; i++) {
		if (memcmp(l->addrs + i * f->addrlen, addr_of(key,
		    f->af == AF_INET), f->addrlen) == 0)
			return (true);
	}
	return (false);
}

/* Append an alias that is to be, if it is not in the list yet. */
static int
append(struct aliaslist *al, const struct ip_alias_key *key,
    const struct ip_alias *a, bool old)
{
	struct alias *more;

	for (size_t i = 0; i < al->n; i++) {
		if (memcmp(&al->v[i].key.addr, &key->addr,
		    sizeof(key->addr)) == 0)
			return (0);
	}
	more = reallocarray(al->v, al->n + 1, sizeof(*al->v));
	if (more == NULL)
		return (jail_fail(ENOMEM, "out of memory"));
	al->v = more;
	al->v[al->n++] = (struct alias){ *key, *a, old };
	return (0);
}

/* Those of the old set whose addresses stay. */
static int
keep_old(struct session *s, struct change *c, int f)
{
	const struct family *fam = &families[f];
	const uint64_t set = prison_set(&c->old.pr, fam);
	struct aliaslist old;
	int error = 0;

	if (!c->exists || set == 0)
		return (0);
	if (read_aliases(s, fam, set, &old) != 0)
		return (-1);
	for (size_t i = 0; i < old.n && error == 0; i++) {
		if (is_listed(fam, &c->list[f], &old.v[i].key))
			error = append(&c->aliases[f], &old.v[i].key,
			    &old.v[i].alias, true);
	}
	free(old.v);
	return (error);
}

static int
add_word(struct session *s, struct change *c, int f, const struct host *h,
    const char *word)
{
	const struct family *fam = &families[f];
	const uint64_t set = prison_set(&c->old.pr, fam);
	struct ip_alias_key key = { .set = set }, *k = &key;
	struct ip_alias a = { 0 }, old;
	uint64_t here;
	int new;

	if (kern_net_cookie(&here) != 0 || parse_alias(fam, word, k, &a) != 0)
		return (-1);
	a.netns = here;
	if (!is_listed(fam, &c->list[f], k))
		return (bad_alias(EINVAL, word, "is no address of the jail"));
	if (set != 0 && kern_get(&s->k, KM_ALIASES, k, &old) == 0 &&
	    old.ifindex == a.ifindex && old.netns == a.netns)
		return (old.prefix == a.prefix ? append(&c->aliases[f], k,
		    &old, true) : bad_alias(EINVAL, word, "is there with "
		    "another prefix length: take it away first"));
	new = is_new(fam, h, word, k, &a);
	return (new == 1 ? append(&c->aliases[f], k, &a, false) : new);
}

/* Work out which aliases there are to be; what is not asked for stays. */
int
set_aliases(struct session *s, struct change *c, int f, const char *text)
{
	char *copy, *rest, *word;
	struct host *h;
	int error = 0;

	if ((text == NULL || (c->flags & JAIL_ADDADDR)) &&
	    keep_old(s, c, f) != 0)
		return (-1);
	if (text == NULL || text[0] == '\0')
		return (0);
	h = host_read(families[f].af);
	copy = rest = strdup(text);
	if (h == NULL || copy == NULL)
		error = h == NULL ? -1 : jail_fail(ENOMEM, "out of memory");
	while (error == 0 && (word = strsep(&rest, ",")) != NULL)
		error = add_word(s, c, f, h, word);
	host_free(h);
	free(copy);
	return (error);
}

/* Somebody may have put it there just now: then it is his. */
static int
put_up(struct session *s, const struct ip_alias_key *key,
    const struct ip_alias *a)
{
	char text[INET6_ADDRSTRLEN] = "", name[IF_NAMESIZE] = "";
	const bool ip4 = is_ip4(key);
	int error = change_interface(RTM_NEWADDR, key, a);

	if (error == 0)
		return (0);
	kern_del(&s->k, KM_ALIASES, key);
	if (error == EEXIST)
		return (0);
	inet_ntop(ip4 ? AF_INET : AF_INET6, addr_of(key, ip4), text,
	    sizeof(text));
	if_indextoname(a->ifindex, name);
	return (jail_fail(error, "%s.alias: %s cannot be put on %s: %s",
	    ip4 ? "ip4" : "ip6", text, name, strerror(error)));
}

/* Put the aliases of the new set up. */
int
aliases_add(struct session *s, const struct change *c, int f)
{
	const struct aliaslist *al = &c->aliases[f];
	struct ip_alias_key key;

	if (al->n > 0 && announce(s) != 0)
		return (-1);
	for (size_t i = 0; i < al->n; i++) {
		key = al->v[i].key;
		key.set = prison_set(&c->new.pr, &families[f]);
		if (kern_put_new(&s->k, KM_ALIASES, &key,
		    &al->v[i].alias) != 0 ||
		    (!al->v[i].old && put_up(s, &key, &al->v[i].alias) != 0))
			return (-1);
	}
	return (0);
}

/* (An interface that is elsewhere has no name here.) */
static void
print_alias(FILE *out, const struct family *f, const struct alias *a,
    uint64_t here)
{
	char addr[INET6_ADDRSTRLEN], name[IF_NAMESIZE];

	inet_ntop(f->af, addr_of(&a->key, f->af == AF_INET), addr,
	    sizeof(addr));
	if (a->alias.netns != here ||
	    if_indextoname(a->alias.ifindex, name) == NULL)
		snprintf(name, sizeof(name), "%u", a->alias.ifindex);
	fprintf(out, "%s%s|%s/%u", ftell(out) > 0 ? "," : "", name, addr,
	    a->alias.prefix);
}

/* The aliases of a jail as text, to be freed: what ip4.alias was given. */
char *
aliases_text(struct session *s, const struct family *f,
    const struct prison *pr)
{
	struct aliaslist al;
	char *text = NULL;
	uint64_t here;
	size_t len;
	FILE *out;

	if (kern_net_cookie(&here) != 0 ||
	    read_aliases(s, f, prison_set(pr, f), &al) != 0)
		return (NULL);
	out = open_memstream(&text, &len);
	for (size_t i = 0; i < al.n && out != NULL; i++)
		print_alias(out, f, &al.v[i], here);
	free(al.v);
	if (out == NULL || fclose(out) != 0) {
		jail_fail(ENOMEM, "out of memory");
		return (NULL);
	}
	return (text);
}
