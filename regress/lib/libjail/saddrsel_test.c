/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Source address selection, natively: what is worked out for all destinations
 * in advance against the rules, applied to one destination after the other.
 */

#include <arpa/inet.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <atf-c.h>

#include <jail_saddrsel.c>

#define ROUNDS		3000
#define DESTINATIONS	200
#define NADDRS		12
#define NROUTES		12
#define NIFS		3

/* What the library gives to the file under test. */
int
jail_fail(int error, const char *fmt, ...)
{
	(void)fmt;
	errno = error;
	return (-1);
}

const struct hostaddr *
host_find(const struct host *h, const void *addr, size_t addrlen)
{
	for (size_t i = 0; i < h->naddrs; i++) {
		if (memcmp(h->addrs[i].addr, addr, addrlen) == 0)
			return (&h->addrs[i]);
	}
	return (NULL);
}

static const struct family fams[FAM_MAX] = {
	[FAM_IP4] = { .af = AF_INET, .addrlen = 4, .bits = 32 },
	[FAM_IP6] = { .af = AF_INET6, .addrlen = 16, .bits = 128 },
};

/* A host, and the addresses of a jail on it. */
struct site {
	const struct family *f;
	struct hostaddr addrs[NADDRS];
	struct hostroute routes[NROUTES];
	struct host h;
	uint8_t list[NADDRS * 16];
	struct addrlist l;
};

static bool
bit(const uint8_t *a, unsigned int n)
{
	return (a[n / 8] >> (7 - n % 8) & 1);
}

static unsigned int
same_bits(const uint8_t *a, const uint8_t *b, unsigned int max)
{
	unsigned int n = 0;

	while (n < max && bit(a, n) == bit(b, n))
		n++;
	return (n);
}

static void
parse(int af, const char *text, uint8_t addr[16])
{
	memset(addr, 0, 16);
	ATF_REQUIRE_EQ(1, inet_pton(af, text, addr));
}

/* RFC 6724, section 2.1. */
static int
oracle_label(const uint8_t *addr)
{
	static const struct {
		const char *net;
		unsigned int prefix;
		int label;
	} rows[] = {
		{ "::1", 128, 0 }, { "::ffff:0:0", 96, 4 }, { "::", 96, 3 },
		{ "2001::", 32, 5 }, { "2002::", 16, 2 },
		{ "3ffe::", 16, 12 }, { "fec0::", 10, 11 },
		{ "fc00::", 7, 13 }, { "::", 0, 1 },
	};
	uint8_t net[16];
	size_t i = 0;

	for (;; i++) {
		parse(AF_INET6, rows[i].net, net);
		if (same_bits(addr, net, 128) >= rows[i].prefix)
			return (rows[i].label);
	}
}

static int
oracle_scope(const uint8_t *a)
{
	if (a[0] == 0xff)
		return (a[1] & 15);
	if (a[0] == 0xfe && a[1] >= 0x80)
		return (a[1] < 0xc0 ? 2 : 5);
	return (14);
}

/* The route to a destination, or NULL; an interface's own network counts. */
static const struct hostroute *
oracle_route(const struct site *st, const uint8_t *dst,
    struct hostroute *connected)
{
	const struct hostroute *best = NULL, *r;
	const struct hostaddr *ha;
	int longest = -1;

	for (size_t i = 0; i < st->h.nroutes; i++) {
		r = &st->routes[i];
		if (same_bits(dst, r->dst, st->f->bits) >= r->prefix &&
		    (r->prefix > longest || (r->prefix == longest &&
		    r->metric < best->metric))) {
			best = r;
			longest = r->prefix;
		}
	}
	for (size_t i = 0; i < st->h.naddrs; i++) {
		ha = &st->addrs[i];
		if (ha->prefix < st->f->bits && ha->prefix > longest &&
		    same_bits(dst, ha->addr, st->f->bits) >= ha->prefix) {
			memset(connected, 0, sizeof(*connected));
			connected->ifindex = ha->ifindex;
			best = connected;
			longest = ha->prefix;
		}
	}
	return (best);
}

static const uint8_t *
nth_addr(const struct site *st, size_t i)
{
	return (st->list + i * st->f->addrlen);
}

static uint32_t
interface_of(const struct site *st, size_t i)
{
	const struct hostaddr *ha = host_find(&st->h, nth_addr(st, i),
	    st->f->addrlen);

	return (ha != NULL ? ha->ifindex : 0);
}

/* RFC 6724, section 5, rules 2, 3, 5, 6, 8: is a to be preferred to b? */
static bool
oracle_prefers(const struct site *st, size_t a, size_t b, const uint8_t *dst,
    uint32_t ifindex)
{
	const uint8_t *sa = nth_addr(st, a), *sb = nth_addr(st, b);
	const struct hostaddr *ha = host_find(&st->h, sa, 16);
	const struct hostaddr *hb = host_find(&st->h, sb, 16);
	const int scope_a = oracle_scope(sa), scope_b = oracle_scope(sb);
	const int label = oracle_label(dst), scope = oracle_scope(dst);
	const bool old_a = ha != NULL && ha->deprecated;
	const bool old_b = hb != NULL && hb->deprecated;

	if (scope_a < scope_b)
		return (scope_a >= scope);
	if (scope_b < scope_a)
		return (scope_b < scope);
	if (old_a != old_b)
		return (old_b);
	if (ifindex != 0 && (interface_of(st, a) == ifindex) !=
	    (interface_of(st, b) == ifindex))
		return (interface_of(st, a) == ifindex);
	if ((oracle_label(sa) == label) != (oracle_label(sb) == label))
		return (oracle_label(sa) == label);
	return (same_bits(sa, dst, ha != NULL ? ha->prefix : 128) >
	    same_bits(sb, dst, hb != NULL ? hb->prefix : 128));
}

/* On the interface, and there in the narrowest network of the next hop. */
static size_t
oracle_ip4(const struct site *st, const uint8_t *dst,
    const struct hostroute *r)
{
	const uint8_t *next = r != NULL && r->has_gateway ? r->gateway : dst;
	const struct hostaddr *ha;
	size_t best = 0;
	int rank, highest = -1;

	for (size_t i = 0; i < st->l.n && r != NULL; i++) {
		ha = host_find(&st->h, nth_addr(st, i), st->f->addrlen);
		if (ha == NULL || ha->ifindex != r->ifindex)
			continue;
		rank = ha->prefix < 32 &&
		    same_bits(ha->addr, next, 32) >= ha->prefix ?
		    1 + ha->prefix : 0;
		if (rank > highest) {
			best = i;
			highest = rank;
		}
	}
	return (best);
}

static size_t
oracle(const struct site *st, const uint8_t *dst)
{
	struct hostroute connected;
	const struct hostroute *r = oracle_route(st, dst, &connected);
	const uint32_t ifindex = r != NULL ? r->ifindex : 0;
	size_t best = 0;

	for (size_t i = 0; i < st->l.n && r != NULL && r->has_src; i++) {
		if (memcmp(nth_addr(st, i), r->src, st->f->addrlen) == 0)
			return (i);
	}
	if (st->f->af == AF_INET6) {
		for (size_t i = 1; i < st->l.n; i++) {
			if (oracle_prefers(st, i, best, dst, ifindex))
				best = i;
		}
		return (best);
	}
	return (oracle_ip4(st, dst, r));
}

/* What the kernel half would find. */
static size_t
answer_of(const struct site *st, const struct source *src, size_t n,
    const uint8_t *dst)
{
	size_t best = 0;

	ATF_REQUIRE(n > 0 && src[0].prefix == 0);
	for (size_t i = 1; i < n; i++) {
		if (src[i].prefix >= src[best].prefix &&
		    same_bits(src[i].net, dst, st->f->bits) >= src[i].prefix)
			best = i;
	}
	return (src[best].nth);
}

/* Addresses that often have many bits in common. */
static void
draw_addr(const struct site *st, uint8_t addr[16])
{
	static const char *const nets6[] = {
		"2001:db8::", "2001:db8:0:100::", "2001:db8:8000::", "fd00::",
		"fe80::", "fec0::", "2002:c000:200::", "2001::", "ff02::",
		"ff05::", "ff0e::", "::192.0.2.0", "3ffe::", "::"
	};
	static const char *const nets4[] = {
		"192.0.2.0", "192.0.3.0", "198.51.100.0", "10.0.0.0"
	};

	if (st->f->af == AF_INET6) {
		parse(AF_INET6, nets6[random() % 14], addr);
		addr[7] |= random() % 4;
		addr[8 + random() % 7] |= 1 << random() % 8;
		addr[15] |= random() % 8;
	} else {
		parse(AF_INET, nets4[random() % 4], addr);
		addr[random() % 4] |= 1 << random() % 8;
		addr[3] |= random() % 8;
	}
}

static uint8_t
draw_prefix(const struct family *f)
{
	static const uint8_t usual[] = { 0, 8, 16, 24, 32, 64, 128 };
	uint8_t prefix = random() % 2 ? usual[random() % 7] :
	    random() % (f->bits + 1);

	return (prefix < f->bits ? prefix : f->bits);
}

static void
clear_tail(uint8_t *addr, unsigned int prefix, unsigned int bits)
{
	for (unsigned int n = prefix; n < bits; n++)
		addr[n / 8] &= ~(0x80 >> n % 8);
}

static void
draw_host(struct site *st)
{
	struct hostroute *r;

	st->h = (struct host){ st->addrs, random() % NADDRS, st->routes,
	    random() % NROUTES };
	for (size_t i = 0; i < st->h.naddrs; i++) {
		draw_addr(st, st->addrs[i].addr);
		st->addrs[i].prefix = draw_prefix(st->f);
		/* A network is one interface's. */
		st->addrs[i].ifindex = 1 + st->addrs[i].prefix % NIFS;
		st->addrs[i].deprecated = random() % 4 == 0;
	}
	for (size_t i = 0; i < st->h.nroutes; i++) {
		r = &st->routes[i];
		draw_addr(st, r->dst);
		r->prefix = draw_prefix(st->f);
		clear_tail(r->dst, r->prefix, st->f->bits);
		r->ifindex = 1 + random() % NIFS;
		r->metric = i;
		r->has_src = random() % 3 == 0;
		if (r->has_src && st->h.naddrs > 0)
			memcpy(r->src, st->addrs[random() %
			    st->h.naddrs].addr, 16);
		r->has_gateway = random() % 3 == 0;
		draw_addr(st, r->gateway);
	}
}

/* Some of the host's addresses, and some that nobody has; none twice. */
static void
draw_list(struct site *st)
{
	size_t want = 2 + random() % (NADDRS - 2);
	uint8_t addr[16], *to;

	st->l = (struct addrlist){ st->list, 0 };
	while (st->l.n < want) {
		if (st->h.naddrs > 0 && random() % 4 != 0)
			memcpy(addr, st->addrs[random() %
			    st->h.naddrs].addr, 16);
		else
			draw_addr(st, addr);
		to = st->list + st->l.n * st->f->addrlen;
		memcpy(to, addr, st->f->addrlen);
		for (size_t i = 0; i <= st->l.n; i++) {
			if (i == st->l.n) {
				st->l.n++;
				break;
			}
			if (memcmp(nth_addr(st, i), to, st->f->addrlen) == 0)
				break;
		}
		want -= random() % 16 == 0 && want > st->l.n && want > 2;
	}
}

static void
draw_dst(const struct site *st, uint8_t dst[16])
{
	unsigned int n;

	draw_addr(st, dst);
	if (random() % 2 == 0)
		return;
	memset(dst, 0, 16);
	memcpy(dst, nth_addr(st, random() % st->l.n), st->f->addrlen);
	n = random() % st->f->bits;
	dst[n / 8] ^= 0x80 >> n % 8;
}

static void
check_site(const struct site *st, int round)
{
	char text[INET6_ADDRSTRLEN];
	struct source *src;
	uint8_t dst[16];
	size_t n;

	ATF_REQUIRE_EQ(0, saddrsel(st->f, &st->l, &st->h, &src, &n));
	for (int i = 0; i < DESTINATIONS; i++) {
		draw_dst(st, dst);
		inet_ntop(st->f->af, dst, text, sizeof(text));
		ATF_REQUIRE_EQ_MSG(oracle(st, dst),
		    answer_of(st, src, n, dst), "round %d: to %s: address %zu, "
		    "should be %zu", round, text, answer_of(st, src, n, dst),
		    oracle(st, dst));
	}
	free(src);
}

static void
run_rounds(const struct family *f)
{
	static struct site st;

	srandom(1);
	for (int i = 0; i < ROUNDS; i++) {
		memset(&st, 0, sizeof(st));
		st.f = f;
		draw_host(&st);
		draw_list(&st);
		check_site(&st, i);
	}
}

ATF_TC_WITHOUT_HEAD(ip4_source_is_what_the_route_calls_for);
ATF_TC_BODY(ip4_source_is_what_the_route_calls_for, tc)
{
	(void)tc;
	run_rounds(&fams[FAM_IP4]);
}

ATF_TC_WITHOUT_HEAD(ip6_source_is_that_of_rfc_6724);
ATF_TC_BODY(ip6_source_is_that_of_rfc_6724, tc)
{
	(void)tc;
	run_rounds(&fams[FAM_IP6]);
}

/* Many addresses on one network are one candidate, and routes cost little. */
ATF_TC_WITHOUT_HEAD(what_says_nothing_new_is_left_out);
ATF_TC_BODY(what_says_nothing_new_is_left_out, tc)
{
	enum { MANY = 65536 };
	struct hostroute *routes = calloc(MANY, sizeof(*routes));
	struct hostaddr *addrs = calloc(1, sizeof(*addrs));
	uint8_t *list = calloc(MANY, 4);
	const struct addrlist l = { list, MANY };
	const struct host h = { addrs, 1, routes, MANY };
	struct source *src;
	size_t n;

	(void)tc;
	ATF_REQUIRE(routes != NULL && addrs != NULL && list != NULL);
	for (uint32_t i = 0; i < MANY; i++) {
		const uint32_t net = htonl(0x0a000000 + (i << 8));
		const uint32_t addr = htonl(0xc0000000 + i);

		memcpy(routes[i].dst, &net, 4);
		routes[i].prefix = 24;
		routes[i].ifindex = 2;
		memcpy(list + 4 * i, &addr, 4);
	}
	memcpy(addrs[0].addr, list + 4 * 7, 4);
	addrs[0].ifindex = 2;
	addrs[0].prefix = 16;
	ATF_REQUIRE_EQ(0, saddrsel(&fams[FAM_IP4], &l, &h, &src, &n));
	ATF_CHECK_EQ(MANY + 2, n);
	for (uint32_t i = 0; i < MANY; i++)
		routes[i].ifindex = 3;
	free(src);
	ATF_REQUIRE_EQ(0, saddrsel(&fams[FAM_IP4], &l, &h, &src, &n));
	ATF_CHECK_EQ(2, n);
	free(src);
	free(routes);
	free(addrs);
	free(list);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, ip4_source_is_what_the_route_calls_for);
	ATF_TP_ADD_TC(tp, ip6_source_is_that_of_rfc_6724);
	ATF_TP_ADD_TC(tp, what_says_nothing_new_is_left_out);
	return (atf_no_error());
}
