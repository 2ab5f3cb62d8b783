/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The sources of a set in ip4_nets or ip6_nets: a chain of prefixes, the first
 * of which is that of length 0.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "jail_impl.h"

#define NETMAX	sizeof(struct ip6_net)
#define VALUEMAX sizeof(struct ip6_source)
#define SETBITS	64
#define SETAT	sizeof(uint32_t)	/* where a key has the set, */
#define ADDRAT	(SETAT + SETBITS / 8)	/* and the prefix */

static void
make_net(const struct family *f, uint64_t set, const void *addr,
    uint32_t prefix, uint8_t key[NETMAX])
{
	const uint32_t bits = SETBITS + prefix;

	memset(key, 0, NETMAX);
	memcpy(key, &bits, sizeof(bits));
	memcpy(key + SETAT, &set, sizeof(set));
	memcpy(key + ADDRAT, addr, f->addrlen);
}

/* The value of one, with the key of the next if there is one. */
static void
make_value(const struct family *f, const struct addrlist *l,
    const struct source *src, const struct source *next,
    uint8_t value[VALUEMAX])
{
	uint32_t nextlen = next != NULL ? next->prefix : JAIL_NOPREFIX;

	memset(value, 0, VALUEMAX);
	memcpy(value, l->addrs + src->nth * f->addrlen, f->addrlen);
	if (next != NULL)
		memcpy(value + f->addrlen, next->net, f->addrlen);
	memcpy(value + 2 * f->addrlen, &nextlen, sizeof(nextlen));
}

/* From the last to the first: what the first leads to is there. */
static int
put_all(struct session *s, const struct family *f, uint64_t set,
    const struct addrlist *l, const struct source *src, size_t n)
{
	uint8_t key[NETMAX], value[VALUEMAX];

	for (size_t i = n; i-- > 0;) {
		make_net(f, set, src[i].net, src[i].prefix, key);
		make_value(f, l, &src[i], i + 1 < n ? &src[i + 1] : NULL,
		    value);
		if (kern_put_new(&s->k, f->nets, key, value) != 0)
			return (-1);
	}
	return (0);
}

/* The sources of a set that is in the list, for what the host is like now. */
int
nets_add(struct session *s, const struct family *f, uint64_t set,
    const struct addrlist *l)
{
	struct source *src = NULL;
	struct host *h;
	int error = -1;
	size_t n;

	h = host_read(f->af);
	if (h != NULL && saddrsel(f, l, h, &src, &n) == 0)
		error = put_all(s, f, set, l, src, n);
	host_free(h);
	free(src);
	return (error);
}

/* The keys of a chain, to be freed. */
static int
read_chain(struct session *s, const struct family *f, uint64_t set,
    uint8_t **ret_keys, size_t *ret_n)
{
	uint8_t key[NETMAX], value[VALUEMAX] = { 0 }, *keys = NULL, *more;
	uint32_t prefix = 0;
	size_t n = 0;

	for (; prefix <= f->bits; n++) {
		make_net(f, set, n == 0 ? value : value + f->addrlen, prefix,
		    key);
		if (kern_get(&s->k, f->nets, key, value) != 0)
			break;
		if ((n & (n - 1)) == 0) {
			more = reallocarray(keys, n == 0 ? 1 : 2 * n, NETMAX);
			if (more == NULL) {
				jail_fail(ENOMEM, "out of memory");
				break;
			}
			keys = more;
		}
		memcpy(keys + n * NETMAX, key, NETMAX);
		memcpy(&prefix, value + 2 * f->addrlen, sizeof(prefix));
	}
	*ret_keys = keys;
	*ret_n = n;
	if (prefix > f->bits || errno == ENOENT)
		return (0);
	free(keys);
	return (-1);
}

/* Forget the sources of a set, the first one last. */
int
nets_drop(struct session *s, const struct family *f, uint64_t set)
{
	int error = 0;
	uint8_t *keys;
	size_t n;

	if (set == 0)
		return (0);
	if (read_chain(s, f, set, &keys, &n) != 0)
		return (-1);
	while (n-- > 0 && error == 0)
		error = kern_del(&s->k, f->nets, keys + n * NETMAX);
	free(keys);
	return (error);
}

/* Forget them if nobody knows how far they were written. */
int
nets_purge(struct session *s, const struct family *f, uint64_t set)
{
	const size_t keylen = ADDRAT + f->addrlen;
	int error = 0;
	uint8_t *keys;
	size_t n;

	if (kern_dump(&s->k, f->nets, (void **)&keys, NULL, &n) != 0)
		return (-1);
	for (size_t i = 0; i < n && error == 0; i++) {
		if (memcmp(keys + i * keylen + SETAT, &set, sizeof(set)) == 0)
			error = kern_del(&s->k, f->nets, keys + i * keylen);
	}
	free(keys);
	return (error);
}
