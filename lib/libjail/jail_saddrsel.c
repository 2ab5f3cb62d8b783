/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Source address selection among the addresses of a jail, worked out for all
 * destinations in advance: prefixes that each have one answer, so that the
 * kernel half need only look for the longest one. IPv4 goes by the route, as
 * in_pcbladdr() of FreeBSD and inet_select_addr() of Linux do; IPv6 by RFC
 * 6724, section 5.
 */

#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "jail_impl.h"

/* Networks of one jail that are told apart; more have nothing of their own. */
#define CANDS_MAX	256

/* An address that may be the source, and what is decided by. */
struct cand {
	uint8_t net[16];	/* its network */
	uint8_t addr[16];
	size_t nth;		/* of the list */
	uint32_t ifindex;	/* 0: on no interface */
	uint8_t prefix;
	uint8_t scope, label;
	bool deprecated;
};

/* Destinations that are all answered alike, but for regions inside. */
struct region {
	uint8_t net[16];
	uint8_t prefix;
	struct hostroute route;	/* ifindex 0: that of what it is in */
	size_t nth;		/* the answer */
};

struct work {
	const struct family *f;
	const struct addrlist *l;
	const uint8_t **sorted;	/* the addresses of the list */
	struct cand *cands;
	size_t ncands;
	struct region *v;
	size_t n, room;
};

#define NOLABEL	0xff		/* a scope alone */

/* RFC 6724, section 2.1. */
static const struct policy {
	uint8_t net[16];
	uint8_t prefix;
	uint8_t label;
} policies[] = {
	{ { 0 }, 0, 1 },
	{ { [15] = 1 }, 128, 0 },
	{ { [10] = 0xff, [11] = 0xff }, 96, 4 },
	{ { 0x20, 0x02 }, 16, 2 },
	{ { 0x20, 0x01 }, 32, 5 },
	{ { 0xfc }, 7, 13 },
	{ { 0 }, 96, 3 },
	{ { 0xfe, 0xc0 }, 10, 11 },
	{ { 0x3f, 0xfe }, 16, 12 },
	{ { 0xfe, 0x80 }, 10, NOLABEL },
};

/* RFC 4291, section 2.7. */
enum { SCOPE_LINK = 2, SCOPE_SITE = 5, SCOPE_GLOBAL = 14 };

/* How many bits of two addresses are the same, of the first max. */
static unsigned int
common_bits(const uint8_t *a, const uint8_t *b, unsigned int max)
{
	unsigned int n = 0;

	while (n + 8 <= max && a[n / 8] == b[n / 8])
		n += 8;
	while (n < max && !((a[n / 8] ^ b[n / 8]) & 0x80 >> n % 8))
		n++;
	return (n);
}

static bool
within(const uint8_t *addr, unsigned int bits, const uint8_t *net,
    unsigned int prefix)
{
	return (bits >= prefix && common_bits(addr, net, prefix) == prefix);
}

static void
mask(uint8_t net[16], const uint8_t *addr, size_t addrlen, unsigned int prefix)
{
	memset(net, 0, 16);
	memcpy(net, addr, addrlen);
	for (unsigned int b = prefix; b < 8 * addrlen; b++)
		net[b / 8] &= ~(0x80 >> b % 8);
}

/* Of the first bits of an address, or of all those that begin so. */
static uint8_t
scope_of(const uint8_t *a, unsigned int bits)
{
	if (bits >= 16 && a[0] == 0xff)
		return (a[1] & 0x0f);
	if (bits >= 10 && a[0] == 0xfe && (a[1] & 0xc0) == 0x80)
		return (SCOPE_LINK);
	if (bits >= 10 && a[0] == 0xfe && (a[1] & 0xc0) == 0xc0)
		return (SCOPE_SITE);
	return (SCOPE_GLOBAL);
}

static uint8_t
label_of(const uint8_t *a, unsigned int bits)
{
	const struct policy *best = &policies[0];

	for (size_t i = 1; i < sizeof(policies) / sizeof(policies[0]); i++) {
		const struct policy *p = &policies[i];

		if (p->label != NOLABEL && p->prefix >= best->prefix &&
		    within(a, bits, p->net, p->prefix))
			best = p;
	}
	return (best->label);
}

static _Thread_local size_t compare_len;

static int
compare_addr(const void *a, const void *b)
{
	return (memcmp(*(const uint8_t *const *)a, *(const uint8_t *const *)b,
	    compare_len));
}

/* Where an address is in the list; false if it is not. */
static bool
in_list(const struct work *w, const uint8_t *addr, size_t *ret_nth)
{
	const uint8_t **found;

	compare_len = w->f->addrlen;
	found = bsearch(&addr, w->sorted, w->l->n, sizeof(*w->sorted),
	    compare_addr);
	if (found != NULL)
		*ret_nth = (*found - w->l->addrs) / w->f->addrlen;
	return (found != NULL);
}

static int
sort_list(struct work *w)
{
	w->sorted = calloc(w->l->n, sizeof(*w->sorted));
	if (w->sorted == NULL)
		return (jail_fail(ENOMEM, "out of memory"));
	for (size_t i = 0; i < w->l->n; i++)
		w->sorted[i] = w->l->addrs + i * w->f->addrlen;
	compare_len = w->f->addrlen;
	qsort(w->sorted, w->l->n, sizeof(*w->sorted), compare_addr);
	return (0);
}

/* Candidates between which nothing decides but their order stand together. */
static int
compare_cands(const void *a, const void *b)
{
	const struct cand *x = a, *y = b;
	int order;

	if (x->ifindex != y->ifindex)
		return (x->ifindex < y->ifindex ? -1 : 1);
	if (x->deprecated != y->deprecated)
		return (x->deprecated - y->deprecated);
	if (x->prefix != y->prefix)
		return (x->prefix - y->prefix);
	order = memcmp(x->net, y->net, sizeof(x->net));
	if (order == 0)
		order = x->scope - y->scope;
	return (order != 0 ? order : x->label - y->label);
}

static int
compare_all(const void *a, const void *b)
{
	const struct cand *x = a, *y = b;
	int order = compare_cands(a, b);

	return (order != 0 ? order : x->nth < y->nth ? -1 : x->nth > y->nth);
}

static int
compare_nth(const void *a, const void *b)
{
	const struct cand *x = a, *y = b;

	return (x->nth < y->nth ? -1 : x->nth > y->nth);
}

static void
fill_cand(const struct work *w, const struct host *h, size_t nth,
    struct cand *c)
{
	const uint8_t *addr = w->l->addrs + nth * w->f->addrlen;
	const struct hostaddr *ha = host_find(h, addr, w->f->addrlen);

	memset(c, 0, sizeof(*c));
	c->nth = nth;
	c->ifindex = ha != NULL ? ha->ifindex : 0;
	memcpy(c->addr, addr, w->f->addrlen);
	c->prefix = ha != NULL ? ha->prefix : w->f->bits;
	mask(c->net, addr, w->f->addrlen, c->prefix);
	if (w->f->af == AF_INET)
		return;
	c->deprecated = ha != NULL && ha->deprecated;
	c->scope = scope_of(addr, w->f->bits);
	c->label = label_of(addr, w->f->bits);
}

/* The first of each network of each interface, in their order. */
static int
find_cands(struct work *w, const struct host *h)
{
	size_t n = 0;

	w->cands = calloc(w->l->n, sizeof(*w->cands));
	if (w->cands == NULL)
		return (jail_fail(ENOMEM, "out of memory"));
	for (size_t i = 0; i < w->l->n; i++)
		fill_cand(w, h, i, &w->cands[i]);
	qsort(w->cands, w->l->n, sizeof(*w->cands), compare_all);
	for (size_t i = 0; i < w->l->n; i++) {
		if (n == 0 || compare_cands(&w->cands[n - 1],
		    &w->cands[i]) != 0)
			w->cands[n++] = w->cands[i];
	}
	qsort(w->cands, n, sizeof(*w->cands), compare_nth);
	w->ncands = n < CANDS_MAX ? n : CANDS_MAX;
	return (0);
}

static int
add_region(struct work *w, const uint8_t *addr, unsigned int prefix,
    const struct hostroute *route)
{
	struct region *more;

	if (w->n == w->room) {
		w->room = w->room == 0 ? 64 : 2 * w->room;
		more = reallocarray(w->v, w->room, sizeof(*w->v));
		if (more == NULL)
			return (jail_fail(ENOMEM, "out of memory"));
		w->v = more;
	}
	memset(&w->v[w->n], 0, sizeof(*w->v));
	mask(w->v[w->n].net, addr, w->f->addrlen, prefix);
	w->v[w->n].prefix = prefix;
	if (route != NULL)
		w->v[w->n].route = *route;
	w->n++;
	return (0);
}

/* Interfaces reach their networks, even while there is no route to one. */
static int
add_routes(struct work *w, const struct host *h)
{
	struct hostroute connected = { .metric = UINT32_MAX };
	const struct hostaddr *ha;

	for (size_t i = 0; i < h->nroutes; i++) {
		if (add_region(w, h->routes[i].dst, h->routes[i].prefix,
		    &h->routes[i]) != 0)
			return (-1);
	}
	for (size_t i = 0; i < h->naddrs; i++) {
		ha = &h->addrs[i];
		connected.ifindex = ha->ifindex;
		if (ha->prefix < w->f->bits && add_region(w, ha->addr,
		    ha->prefix, &connected) != 0)
			return (-1);
	}
	return (0);
}

/*
 * Where rule 8 may prefer a candidate to an earlier one: where it is alone, or
 * goes on where the other ends.
 */
static int
add_parting(struct work *w, const struct cand *c, const struct cand *earlier)
{
	const unsigned int end = c->prefix < earlier->prefix ? c->prefix :
	    earlier->prefix;
	const unsigned int bits = common_bits(c->net, earlier->net, end) + 1;

	return (bits <= c->prefix ? add_region(w, c->net, bits, NULL) : 0);
}

static int
add_rules(struct work *w)
{
	uint8_t multicast[16] = { 0xff };

	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		if (add_region(w, policies[i].net, policies[i].prefix,
		    NULL) != 0)
			return (-1);
	}
	for (int i = 0; i <= 0xff; i++) {
		multicast[1] = i;	/* flags and scope */
		if (add_region(w, multicast, 16, NULL) != 0)
			return (-1);
	}
	for (size_t i = 0; i < w->ncands; i++) {
		for (size_t j = 0; j < i; j++) {
			if (add_parting(w, &w->cands[i], &w->cands[j]) != 0)
				return (-1);
		}
	}
	return (0);
}

/* Wider ones first; of the same, the one with the best route. */
static int
compare_regions(const void *a, const void *b)
{
	const struct region *x = a, *y = b;
	int order = memcmp(x->net, y->net, sizeof(x->net));

	if (order == 0)
		order = x->prefix - y->prefix;
	if (order == 0)
		order = (x->route.ifindex == 0) - (y->route.ifindex == 0);
	if (order == 0 && x->route.metric != y->route.metric)
		order = x->route.metric < y->route.metric ? -1 : 1;
	return (order);
}

static void
sort_regions(struct work *w)
{
	size_t n = 1;

	qsort(w->v, w->n, sizeof(*w->v), compare_regions);
	for (size_t i = 1; i < w->n; i++) {
		if (w->v[i].prefix != w->v[n - 1].prefix ||
		    memcmp(w->v[i].net, w->v[n - 1].net,
		    sizeof(w->v[i].net)) != 0)
			w->v[n++] = w->v[i];
	}
	w->n = n;
}

static unsigned int
matching(const struct cand *c, const struct region *r)
{
	return (common_bits(c->addr, r->net, c->prefix < r->prefix ?
	    c->prefix : r->prefix));
}

/* Is a better than b? Rules 2, 3, 5, 6 and 8; the others do not tell. */
static bool
is_better(const struct cand *a, const struct cand *b, const struct region *r,
    uint8_t scope, uint8_t label)
{
	if (a->scope != b->scope)
		return ((a->scope < b->scope) == ((a->scope < b->scope ?
		    a->scope : b->scope) >= scope));
	if (a->deprecated != b->deprecated)
		return (b->deprecated);
	if (r->route.ifindex != 0 && a->ifindex != b->ifindex &&
	    (a->ifindex == r->route.ifindex || b->ifindex == r->route.ifindex))
		return (a->ifindex == r->route.ifindex);
	if ((a->label == label) != (b->label == label))
		return (a->label == label);
	return (matching(a, r) > matching(b, r));
}

static size_t
best_of(const struct work *w, const struct region *r)
{
	const uint8_t scope = scope_of(r->net, r->prefix);
	const uint8_t label = label_of(r->net, r->prefix);
	const struct cand *best = &w->cands[0];

	for (size_t i = 1; i < w->ncands; i++) {
		if (is_better(&w->cands[i], best, r, scope, label))
			best = &w->cands[i];
	}
	return (best->nth);
}

/* Is the candidate in one network with where the route's packets go next? */
static bool
is_neighbour(const struct work *w, const struct cand *c,
    const struct region *r)
{
	if (c->prefix == w->f->bits)
		return (false);
	if (r->route.has_gateway)
		return (within(r->route.gateway, w->f->bits, c->net,
		    c->prefix));
	return (within(r->net, r->prefix, c->net, c->prefix));
}

/*
 * Of those on the route's interface the one in the narrowest network that the
 * destination or the router is in, or the first.
 */
static size_t
best_on(const struct work *w, const struct region *r)
{
	const struct cand *best = NULL, *c;
	bool near = false;

	for (size_t i = 0; i < w->ncands && r->route.ifindex != 0; i++) {
		c = &w->cands[i];
		if (c->ifindex != r->route.ifindex)
			continue;
		if (is_neighbour(w, c, r) &&
		    (!near || c->prefix > best->prefix)) {
			best = c;
			near = true;
		} else if (best == NULL)
			best = c;
	}
	return (best != NULL ? best->nth : 0);
}

static size_t
choose(const struct work *w, const struct region *r)
{
	size_t nth;

	if (r->route.has_src && in_list(w, r->route.src, &nth))
		return (nth);
	return (w->f->af == AF_INET ? best_on(w, r) : best_of(w, r));
}

/* Answer all; what says the same as that which it is in is not needed. */
static size_t
answer(const struct work *w, struct source *sources)
{
	struct region in[129], r;
	size_t depth = 0, n = 0;

	for (size_t i = 0; i < w->n; i++) {
		r = w->v[i];
		while (depth > 0 && !within(r.net, r.prefix,
		    in[depth - 1].net, in[depth - 1].prefix))
			depth--;
		if (depth > 0 && r.route.ifindex == 0)
			r.route = in[depth - 1].route;
		r.nth = choose(w, &r);
		if (depth == 0 || r.nth != in[depth - 1].nth) {
			memcpy(sources[n].net, r.net, sizeof(r.net));
			sources[n].prefix = r.prefix;
			sources[n++].nth = r.nth;
		}
		in[depth++] = r;
	}
	return (n);
}

static int
find_regions(struct work *w, const struct host *h)
{
	static const uint8_t any[16];

	if (add_region(w, any, 0, NULL) != 0 || add_routes(w, h) != 0 ||
	    (w->f->af == AF_INET6 && add_rules(w) != 0))
		return (-1);
	sort_regions(w);
	return (0);
}

/*
 * For a list of two or more addresses: the sources of the prefixes, to be
 * freed, of which the first one is that of all.
 */
int
saddrsel(const struct family *f, const struct addrlist *l,
    const struct host *h, struct source **ret_sources, size_t *ret_n)
{
	struct work w = { .f = f, .l = l };
	int error = -1;

	*ret_sources = NULL;
	if (sort_list(&w) == 0 && find_cands(&w, h) == 0 &&
	    find_regions(&w, h) == 0) {
		*ret_sources = calloc(w.n, sizeof(**ret_sources));
		error = *ret_sources != NULL ? 0 :
		    jail_fail(ENOMEM, "out of memory");
	}
	if (error == 0)
		*ret_n = answer(&w, *ret_sources);
	free(w.sorted);
	free(w.cands);
	free(w.v);
	return (error);
}
