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
		.nets = KM_IP4_NETS, .restricted = PR_IP4, .name = "ip4",
	},
	[FAM_IP6] = {
		.af = AF_INET6, .addrlen = 16, .bits = 128,
		.keylen = sizeof(struct prison_ip6_key),
		.valuelen = sizeof(struct prison_ip6),
		.members = KM_IP6S, .owners = KM_IP6_OWNERS,
		.nets = KM_IP6_NETS, .restricted = PR_IP6, .name = "ip6",
	},
};

uint64_t
prison_set(const struct prison *pr, const struct family *f)
{
	return (f->af == AF_INET ? pr->pr_ip4s : pr->pr_ip6s);
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

static const void *
primary_of(const struct prison *pr, const struct family *f)
{
	return (f->af == AF_INET ? (const void *)&pr->pr_ip4 : &pr->pr_ip6);
}

static const uint8_t *
nth(const struct family *f, const struct addrlist *l, size_t i)
{
	return (l->addrs + i * f->addrlen);
}

static const char *
text_of(const struct family *f, const void *addr)
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
			    f->name, text_of(f, sorted + i * f->addrlen));
	}
	free(sorted);
	return (error);
}

/* Is each an address that a jail can have, and is none there twice? */
int
addrs_check(const struct family *f, const struct addrlist *l)
{
	for (size_t i = 0; i < l->n; i++) {
		if (!valid(f, nth(f, l, i)))
			return (jail_fail(EINVAL, "%s.addr: %s cannot be a "
			    "jail's address", f->name,
			    text_of(f, nth(f, l, i))));
		if (v4mapped(f, nth(f, l, i)))
			return (jail_fail(EINVAL, "%s.addr: %s is an IPv4 "
			    "address: use ip4.addr", f->name,
			    text_of(f, nth(f, l, i))));
	}
	return (l->n > 1 ? find_twin(f, l) : 0);
}

/* Another jail that has this address alone; 0 if there is none. */
static int
find_sharer(struct session *s, const struct family *f, uint32_t jid,
    const void *addr, uint32_t *ret_jid)
{
	struct prison *prisons;
	void *ids;
	size_t n;

	*ret_jid = 0;
	if (kern_dump(&s->k, KM_PRISONS, &ids, (void **)&prisons, &n) != 0)
		return (-1);
	for (size_t i = 0; i < n && *ret_jid == 0; i++) {
		if (prisons[i].pr_id != jid &&
		    prison_naddrs(&prisons[i], f) == 1 &&
		    memcmp(primary_of(&prisons[i], f), addr, f->addrlen) == 0)
			*ret_jid = prisons[i].pr_id;
	}
	free(ids);
	free(prisons);
	return (0);
}

/*
 * The owner may keep its address if it is dead, or if both sets have just this
 * address.
 */
static int
owner_conflict(struct session *s, const struct family *f,
    const struct addrlist *l, const void *addr, uint32_t owner)
{
	struct jail j;
	int live;

	if (jail_read(s, owner, &j) != 0)
		return (errno == ENOENT ? 0 : -1);
	live = jail_live(s, &j);
	if (live <= 0)
		return (live);
	if (l->n == 1 && prison_naddrs(&j.pr, f) == 1)
		return (0);
	return (jail_fail(EADDRINUSE, "%s.addr: %s is an address of jail "
	    "\"%s\"", f->name, text_of(f, addr), j.pi.pi_name));
}

/* A set that is to have other members too cannot have one that is shared. */
static int
sharer_conflict(struct session *s, const struct family *f, uint32_t jid,
    const void *addr)
{
	struct jail j;
	uint32_t sharer;
	int live;

	do {
		if (find_sharer(s, f, jid, addr, &sharer) != 0)
			return (-1);
		if (sharer == 0)
			return (0);
		live = jail_read(s, sharer, &j) == 0 ? jail_live(s, &j) : -1;
	} while (live == 0);
	if (live == -1)
		return (-1);
	return (jail_fail(EADDRINUSE, "%s.addr: %s is an address of jail "
	    "\"%s\"", f->name, text_of(f, addr), j.pi.pi_name));
}

/* Is an address of the list in another jail's set? */
int
addrs_conflict(struct session *s, const struct family *f, uint32_t jid,
    const struct addrlist *l)
{
	struct ip_owner owner;
	int error;

	for (size_t i = 0; i < l->n; i++) {
		if (kern_get(&s->k, f->owners, nth(f, l, i), &owner) != 0) {
			if (errno != ENOENT)
				return (-1);
			continue;
		}
		if (owner.jid != jid)
			error = owner_conflict(s, f, l, nth(f, l, i),
			    owner.jid);
		else
			error = owner.shared && l->n > 1 ? sharer_conflict(s,
			    f, jid, nth(f, l, i)) : 0;
		if (error != 0)
			return (-1);
	}
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
	memcpy(addrs, primary_of(pr, f), n > 0 ? f->addrlen : 0);
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
		make_key(f, set, nth(f, l, i), keys + i * f->keylen);
		if (i + 1 < l->n)
			memcpy(values + i * f->valuelen, nth(f, l, i + 1),
			    f->addrlen);
	}
	error = kern_put_many(&s->k, f->members, keys, values, l->n);
out:
	free(keys);
	free(values);
	return (error);
}

/*
 * The name space of ports of those who have the address of the list, if there
 * is just one in it; 0: there is nobody.
 */
int
addrs_ports(struct session *s, const struct family *f, uint32_t jid,
    const struct addrlist *l, uint64_t *ret_ports)
{
	struct ip_owner owner;
	struct jail j;

	*ret_ports = 0;
	if (l->n != 1)
		return (0);
	if (kern_get(&s->k, f->owners, l->addrs, &owner) != 0)
		return (errno == ENOENT ? 0 : -1);
	if (owner.jid != jid && jail_read(s, owner.jid, &j) != 0)
		return (errno == ENOENT ? 0 : -1);
	*ret_ports = owner.ports;
	return (0);
}

/* Become the owner of an address, or one of its owners. */
static int
take_addr(struct session *s, const struct family *f, const struct prison *pr,
    const void *addr)
{
	const uint32_t jid = pr->pr_id;
	struct ip_owner owner = { .jid = jid, .ports = prison_ports(pr, f) };

	if (kern_put_new(&s->k, f->owners, addr, &owner) == 0)
		return (0);
	if (errno != EEXIST ||
	    kern_get(&s->k, f->owners, addr, &owner) != 0)
		return (-1);
	if (owner.jid != jid)
		owner.shared = 1;
	owner.ports = prison_ports(pr, f);
	return (kern_put(&s->k, f->owners, addr, &owner));
}

/* Make the jail the owner of addresses that it has. */
int
addrs_take(struct session *s, const struct family *f, const struct prison *pr,
    const struct addrlist *l)
{
	for (size_t i = 0; i < l->n; i++) {
		if (take_addr(s, f, pr, nth(f, l, i)) != 0)
			return (-1);
	}
	return (0);
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

/* Stop being an owner of an address. */
static int
give_addr(struct session *s, const struct family *f, uint32_t jid,
    const void *addr)
{
	struct ip_owner owner;
	uint32_t heir = 0;

	if (kern_get(&s->k, f->owners, addr, &owner) != 0)
		return (errno == ENOENT ? 0 : -1);
	if (owner.jid != jid)
		return (0);
	if (owner.shared && find_sharer(s, f, jid, addr, &heir) != 0)
		return (-1);
	if (heir == 0)
		return (kern_del(&s->k, f->owners, addr));
	owner.jid = heir;
	return (kern_put(&s->k, f->owners, addr, &owner));
}

/* Forget one member of a set; it stays the jail's if it is in the set kept. */
static int
drop_member(struct session *s, const struct family *f, uint32_t jid,
    uint64_t set, uint64_t kept, const void *addr)
{
	uint8_t key[KEYMAX], value[VALUEMAX];

	make_key(f, kept, addr, key);
	if (kern_get(&s->k, f->members, key, value) != 0) {
		if (errno != ENOENT || give_addr(s, f, jid, addr) != 0)
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
		if (drop_member(s, f, jid, set, kept, nth(f, l, i)) != 0)
			return (-1);
	}
	return (nets_drop(s, f, set) == 0 ? aliases_drop(s, set, kept) : -1);
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
	    aliases_drop(s, set, kept) : -1);
}
