/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Address sets in the kernel half's maps. One code for both families: an
 * address is addrlen bytes, and struct family tells of the rest.
 */

#include <arpa/inet.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jail_impl.h"

#define KEYMAX	sizeof(struct prison_ip6_key)
#define VALUEMAX sizeof(struct prison_ip6)
#define SETLEN	sizeof(uint64_t)	/* a key begins with the set */

const struct family families[FAM_MAX] = {
	[FAM_IP4] = {
		.af = AF_INET, .addrlen = 4, .bits = 32,
		.keylen = sizeof(struct prison_ip4_key),
		.valuelen = sizeof(struct prison_ip4),
		.members = KM_IP4S, .owners = KM_IP4_OWNERS,
		.nets = KM_IP4_NETS, .restricted = PR_IP4,
		.inherited = PR_IP4_PARENT, .name = "ip4",
	},
	[FAM_IP6] = {
		.af = AF_INET6, .addrlen = 16, .bits = 128,
		.keylen = sizeof(struct prison_ip6_key),
		.valuelen = sizeof(struct prison_ip6),
		.members = KM_IP6S, .owners = KM_IP6_OWNERS,
		.nets = KM_IP6_NETS, .restricted = PR_IP6,
		.inherited = PR_IP6_PARENT, .name = "ip6",
	},
};

uint64_t
prison_set(const struct prison *pr, const struct family *f)
{
	return (f->af == AF_INET ? pr->pr_ip4s : pr->pr_ip6s);
}

/* The set if the jail has one of its own, or 0. */
uint64_t
prison_own_set(const struct prison *pr, const struct family *f)
{
	return ((pr->pr_flags & f->inherited) ? 0 : prison_set(pr, f));
}

uint64_t
prison_ports(const struct prison *pr, const struct family *f)
{
	return (f->af == AF_INET ? pr->pr_ports4 : pr->pr_ports6);
}

size_t
prison_naddrs(const struct prison *pr, const struct family *f)
{
	return (f->af == AF_INET ? pr->pr_nip4 : pr->pr_nip6);
}

const void *
prison_primary(const struct prison *pr, const struct family *f)
{
	return (f->af == AF_INET ? (const void *)&pr->pr_ip4 : &pr->pr_ip6);
}

const uint8_t *
addr_nth(const struct family *f, const struct addrlist *l, size_t i)
{
	return (l->addrs + i * f->addrlen);
}

const char *
addr_text(const struct family *f, const void *addr)
{
	static _Thread_local char text[INET6_ADDRSTRLEN];

	return (inet_ntop(f->af, addr, text, sizeof(text)));
}

static void
make_key(const struct family *f, uint64_t set, const void *addr,
    uint8_t key[KEYMAX])
{
	memset(key, 0, f->keylen);
	memcpy(key, &set, SETLEN);
	memcpy(key + SETLEN, addr, f->addrlen);
}

/*
 * As prison_valid_v4() and _v6() in FreeBSD's kern_jail.c, which let multicast
 * pass.
 */
static bool
valid(const struct family *f, const void *addr)
{
	static const uint8_t any[16], all[4] = { 255, 255, 255, 255 };
	uint8_t first = *(const uint8_t *)addr;

	if (memcmp(addr, any, f->addrlen) == 0)
		return (false);
	if (f->af == AF_INET6)
		return (first != 0xff);
	return (memcmp(addr, all, sizeof(all)) != 0 && (first & 0xf0) != 0xe0);
}

static bool
v4mapped(const struct family *f, const void *addr)
{
	return (f->af == AF_INET6 && IN6_IS_ADDR_V4MAPPED(
	    (const struct in6_addr *)addr));
}

/* 127/8 and ::1, or what the kernel has a jail's loopback by. */
static bool
is_loopback(const struct family *f, const void *addr)
{
	const uint32_t lo6[3] = { htonl(JAIL_LO6_0), htonl(JAIL_LO6_1), 0 };

	if (f->af == AF_INET)
		return (*(const uint8_t *)addr == IN_LOOPBACKNET);
	return (IN6_IS_ADDR_LOOPBACK((const struct in6_addr *)addr) ||
	    memcmp(addr, lo6, sizeof(lo6)) == 0);
}

static int
check_addr(const struct family *f, const void *addr)
{
	if (!valid(f, addr))
		return (jail_fail(EINVAL, "%s.addr: %s cannot be a jail's "
		    "address", f->name, addr_text(f, addr)));
	if (is_loopback(f, addr))
		return (jail_fail(EINVAL, "%s.addr: %s is a loopback address, "
		    "and every jail has its own loopback: leave it out",
		    f->name, addr_text(f, addr)));
	if (v4mapped(f, addr))
		return (jail_fail(EINVAL, "%s.addr: %s is an IPv4 address: use "
		    "ip4.addr", f->name, addr_text(f, addr)));
	return (0);
}

static _Thread_local size_t compare_len;

static int
compare_addrs(const void *a, const void *b)
{
	return (memcmp(a, b, compare_len));
}

static int
find_twin(const struct family *f, const struct addrlist *l)
{
	uint8_t *sorted;
	int error = 0;

	sorted = malloc(l->n * f->addrlen + 1);
	if (sorted == NULL)
		return (jail_fail(ENOMEM, "out of memory"));
	memcpy(sorted, l->addrs, l->n * f->addrlen);
	compare_len = f->addrlen;
	qsort(sorted, l->n, f->addrlen, compare_addrs);
	for (size_t i = 1; i < l->n && error == 0; i++) {
		if (memcmp(sorted + (i - 1) * f->addrlen,
		    sorted + i * f->addrlen, f->addrlen) == 0)
			error = jail_fail(EINVAL, "%s.addr: %s is listed twice",
			    f->name, addr_text(f, sorted + i * f->addrlen));
	}
	free(sorted);
	return (error);
}

/* Is each an address that a jail can have, and is none there twice? */
int
addrs_check(const struct family *f, const struct addrlist *l)
{
	for (size_t i = 0; i < l->n; i++) {
		if (check_addr(f, addr_nth(f, l, i)) != 0)
			return (-1);
	}
	return (l->n > 1 ? find_twin(f, l) : 0);
}

/* Has the jail the address? Returns 1, 0 or -1. */
int
prison_member(struct session *s, const struct family *f,
    const struct prison *pr, const void *addr)
{
	uint8_t key[KEYMAX], value[VALUEMAX];

	if (prison_naddrs(pr, f) == 0)
		return (0);
	if (memcmp(prison_primary(pr, f), addr, f->addrlen) == 0)
		return (1);
	make_key(f, prison_set(pr, f), addr, key);
	if (kern_get(&s->k, f->members, key, value) == 0)
		return (1);
	return (errno == ENOENT ? 0 : -1);
}

/*
 * Is a socket of the jail where it must not be? Of no concern are all addresses
 * together, groups, IPv4 inside IPv6, and the jail's loopback.
 */
bool
prison_lacks(struct session *s, const struct family *f,
    const struct prison *pr, const void *addr)
{
	const void *lo = f->af == AF_INET ? (const void *)&pr->pr_lo4 :
	    &pr->pr_lo6;

	if (!(pr->pr_flags & f->restricted) || !valid(f, addr) ||
	    v4mapped(f, addr) || memcmp(addr, lo, f->addrlen) == 0 ||
	    ((pr->pr_flags & PR_LO_HOST) && is_loopback(f, addr)))
		return (false);
	return (prison_member(s, f, pr, addr) == 0);
}

/*
 * The first of the list that the jail does not have; NULL in *ret_addr: it has
 * all.
 */
int
addrs_outside(struct session *s, const struct family *f,
    const struct prison *pr, const struct addrlist *l, const void **ret_addr)
{
	int member = 1;
	size_t i;

	for (i = 0; i < l->n && member == 1; i++)
		member = prison_member(s, f, pr, addr_nth(f, l, i));
	*ret_addr = member == 0 ? addr_nth(f, l, i - 1) : NULL;
	return (member == -1 ? -1 : 0);
}

/* What is in both, in the order of the first, to be freed. */
int
addrs_common(const struct family *f, const struct addrlist *l,
    const struct addrlist *other, struct addrlist *ret)
{
	uint8_t *sorted = malloc(other->n * f->addrlen + 1);
	uint8_t *both = malloc(l->n * f->addrlen + 1);
	size_t n = 0;

	if (sorted == NULL || both == NULL) {
		free(sorted);
		free(both);
		return (jail_fail(ENOMEM, "out of memory"));
	}
	memcpy(sorted, other->addrs, other->n * f->addrlen);
	compare_len = f->addrlen;
	qsort(sorted, other->n, f->addrlen, compare_addrs);
	for (size_t i = 0; i < l->n; i++) {
		if (bsearch(addr_nth(f, l, i), sorted, other->n, f->addrlen,
		    compare_addrs) != NULL)
			memcpy(both + n++ * f->addrlen, addr_nth(f, l, i),
			    f->addrlen);
	}
	free(sorted);
	ret->addrs = both;
	ret->n = n;
	return (0);
}

/* The members of the prison's set in their order, to be freed. */
int
addrs_read(struct session *s, const struct family *f, const struct prison *pr,
    struct addrlist *ret)
{
	size_t n = prison_naddrs(pr, f);
	uint8_t key[KEYMAX], value[VALUEMAX], *addrs;

	addrs = malloc(n * f->addrlen + 1);
	if (addrs == NULL)
		return (jail_fail(ENOMEM, "out of memory"));
	memcpy(addrs, prison_primary(pr, f), n > 0 ? f->addrlen : 0);
	for (size_t i = 1; i < n; i++) {
		make_key(f, prison_set(pr, f), addrs + (i - 1) * f->addrlen,
		    key);
		if (kern_get(&s->k, f->members, key, value) != 0) {
			free(addrs);
			return (-1);
		}
		memcpy(addrs + i * f->addrlen, value, f->addrlen);
	}
	ret->addrs = addrs;
	ret->n = n;
	return (0);
}

static int
put_members(struct session *s, const struct family *f, uint64_t set,
    const struct addrlist *l)
{
	uint8_t *keys, *values;
	int error = -1;

	keys = calloc(l->n, f->keylen);
	values = calloc(l->n, f->valuelen);
	if (keys == NULL || values == NULL) {
		error = jail_fail(ENOMEM, "out of memory");
		goto out;
	}
	for (size_t i = 0; i < l->n; i++) {
		make_key(f, set, addr_nth(f, l, i), keys + i * f->keylen);
		if (i + 1 < l->n)
			memcpy(values + i * f->valuelen, addr_nth(f, l, i + 1),
			    f->addrlen);
	}
	error = kern_put_many(&s->k, f->members, keys, values, l->n);
out:
	free(keys);
	free(values);
	return (error);
}

/* Fill a new set, and make the jail the owner of its members. */
int
addrs_add(struct session *s, const struct family *f, const struct prison *pr,
    const struct addrlist *l)
{
	if (l->n == 0)
		return (0);
	if (put_members(s, f, prison_set(pr, f), l) != 0 ||
	    (l->n > 1 && nets_add(s, f, prison_set(pr, f), l) != 0))
		return (-1);
	return (addrs_take(s, f, pr, l));
}

/* Forget one member of a set; it stays the jail's if it is in the set kept. */
static int
drop_member(struct session *s, const struct family *f, uint32_t jid,
    uint64_t set, uint64_t kept, const void *addr)
{
	uint8_t key[KEYMAX], value[VALUEMAX];

	make_key(f, kept, addr, key);
	if (kern_get(&s->k, f->members, key, value) != 0) {
		if (errno != ENOENT || owner_give(s, f, jid, addr) != 0)
			return (-1);
	}
	make_key(f, set, addr, key);
	return (kern_del(&s->k, f->members, key) == 0 || errno == ENOENT ?
	    0 : -1);
}

/* Forget a set whose members are known. */
int
addrs_drop(struct session *s, const struct family *f, uint32_t jid,
    uint64_t set, uint64_t kept, const struct addrlist *l)
{
	for (size_t i = 0; i < l->n; i++) {
		if (drop_member(s, f, jid, set, kept, addr_nth(f, l, i)) != 0)
			return (-1);
	}
	return (nets_drop(s, f, set) == 0 ? aliases_drop(s, f, set, kept) :
	    -1);
}

/* Forget a set of which nobody knows how far it was filled. */
int
addrs_purge(struct session *s, const struct family *f, uint32_t jid,
    uint64_t set, uint64_t kept)
{
	int error = 0;
	uint8_t *keys;
	size_t n;

	if (set == 0)
		return (0);
	if (kern_dump(&s->k, f->members, (void **)&keys, NULL, &n) != 0)
		return (-1);
	for (size_t i = 0; i < n && error == 0; i++) {
		if (memcmp(keys + i * f->keylen, &set, SETLEN) == 0)
			error = drop_member(s, f, jid, set, kept,
			    keys + i * f->keylen + SETLEN);
	}
	free(keys);
	return (error == 0 && nets_purge(s, f, set) == 0 ?
	    aliases_drop(s, f, set, kept) : -1);
}
