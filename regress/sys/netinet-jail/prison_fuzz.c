/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Random jails, addresses and packets for the decisions, each answer compared
 * with that of an oracle: one that knows no prison, no masks and no byte order,
 * only lists of addresses as strings of bytes, which it walks.
 */

#include <netinet-jail/ip_packet.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SET4	41
#define SET6	61
#define NADDRS	6
#define NNETS	4

struct addr {
	uint8_t b[16];
};

struct net {
	struct addr prefix;
	unsigned bits;
	struct addr src;
};

/* What a jail has of one family. */
struct family {
	size_t len;		/* bytes of an address */
	bool restricted;
	bool saddrsel;
	unsigned naddrs;
	struct addr addrs[NADDRS];
	unsigned nnets;
	struct net nets[NNETS];
};

struct input {
	const uint8_t *p;
	size_t left;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The questions to the maps have no other way to the jail at hand. */
static struct family in4, in6;

/* Addresses that mean something, as bytes. */
static const struct addr pool4[] = {
	{ { 192, 0, 2, 11 } }, { { 192, 0, 2, 12 } }, { { 198, 51, 100, 7 } },
	{ { 0, 0, 0, 0 } }, { { 127, 0, 0, 1 } }, { { 127, 0, 0, 2 } },
	{ { 127, 255, 255, 255 } }, { { 128, 0, 0, 1 } }, { { 224, 0, 0, 1 } },
	{ { 255, 255, 255, 255 } }, { { 1, 0, 0, 127 } }, { { 126, 0, 0, 1 } },
};

static const struct addr pool6[] = {
	{ { 0x20, 1, 0xd, 0xb8, [15] = 0x11 } },
	{ { 0x20, 1, 0xd, 0xb8, [15] = 0x12 } },
	{ { 0x20, 1, 0xd, 0xb8, [7] = 1, [15] = 0x11 } },
	{ { 0 } }, { { [15] = 1 } }, { { [15] = 2 } }, { { 1 } },
	{ { [10] = 0xff, 0xff, 192, 0, 2, 11 } },
	{ { [10] = 0xff, 0xff, 127, 0, 0, 1 } }, { { [12] = 127, 0, 0, 1 } },
	{ { 0xfe, 0x80, [15] = 1 } }, { { 0xff, 2, [15] = 1 } },
};

static uint8_t
take(struct input *in)
{
	if (in->left == 0)
		return (0);
	in->left--;
	return (*in->p++);
}

static struct addr
take_addr(struct input *in, size_t len)
{
	struct addr a = { { 0 } };
	uint8_t kind = take(in);
	size_t i;

	if (kind < 192)
		return (len == 4 ? pool4[kind % 12] : pool6[kind % 12]);
	for (i = 0; i < len; i++)
		a.b[i] = take(in);
	return (a);
}

static bool
same(const struct addr *a, const struct addr *b)
{
	return (memcmp(a, b, sizeof(*a)) == 0);
}

static struct family
take_family(struct input *in, size_t len)
{
	struct family f = { .len = len };
	uint8_t flags = take(in);
	unsigned i;

	f.restricted = flags % 8 != 0;
	f.saddrsel = flags & 8;
	f.naddrs = f.restricted ? (flags >> 4) % (NADDRS + 1) : 0;
	for (i = 0; i < f.naddrs; i++)
		f.addrs[i] = take_addr(in, len);
	f.nnets = f.naddrs != 0 ? take(in) % (NNETS + 1) : 0;
	for (i = 0; i < f.nnets; i++) {
		f.nets[i].prefix = take_addr(in, len);
		f.nets[i].bits = take(in) % (len * 8 + 1);
		f.nets[i].src = f.addrs[take(in) % f.naddrs];
	}
	return (f);
}

/* The maps, and the prison that user space would write. */

static bool
find_member(const struct family *f, const void *addr)
{
	unsigned i;

	for (i = 0; i < f->naddrs; i++)
		if (memcmp(f->addrs[i].b, addr, f->len) == 0)
			return (true);
	return (false);
}

static bool
bits_match(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned i;

	for (i = 0; i < bits; i++)
		if ((a[i / 8] ^ b[i / 8]) & (0x80 >> i % 8))
			return (false);
	return (true);
}

static bool
find_net(const struct family *f, const void *dst, void *src)
{
	const struct net *best = NULL;
	unsigned i;

	for (i = 0; i < f->nnets; i++)
		if (bits_match(f->nets[i].prefix.b, dst, f->nets[i].bits) &&
		    (best == NULL || f->nets[i].bits > best->bits))
			best = &f->nets[i];
	if (best == NULL)
		return (false);
	memcpy(src, best->src.b, f->len);
	return (true);
}

/* A look-up in a set that is not the jail's is a bug of its own. */
static void
must(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "broken rule: %s\n", what);
	abort();
}

static inline bool
prison_member_ip4(__u64 set, __be32 addr)
{
	must(set == SET4, "IPv4 look-up in the jail's own set");
	return (find_member(&in4, &addr));
}

static inline bool
prison_net_ip4(__u64 set, __be32 dst, __be32 *src)
{
	must(set == SET4, "IPv4 prefix look-up in the jail's own set");
	return (find_net(&in4, &dst, src));
}

static inline bool
prison_member_ip6(__u64 set, const struct jail_in6 *addr)
{
	must(set == SET6, "IPv6 look-up in the jail's own set");
	return (find_member(&in6, addr));
}

static inline bool
prison_net_ip6(__u64 set, const struct jail_in6 *dst, struct jail_in6 *src)
{
	must(set == SET6, "IPv6 prefix look-up in the jail's own set");
	return (find_net(&in6, dst, src));
}

static struct prison
make_prison(void)
{
	struct prison pr = { .pr_version = JAIL_VERSION, .pr_id = 1 };

	if (in4.restricted)
		pr.pr_flags |= PR_IP4 | (in4.saddrsel ? PR_IP4_SADDRSEL : 0);
	if (in6.restricted)
		pr.pr_flags |= PR_IP6 | (in6.saddrsel ? PR_IP6_SADDRSEL : 0);
	pr.pr_nip4 = in4.naddrs;
	pr.pr_nip6 = in6.naddrs;
	pr.pr_ip4s = in4.naddrs != 0 ? SET4 : 0;
	pr.pr_ip6s = in6.naddrs != 0 ? SET6 : 0;
	memcpy(&pr.pr_ip4, in4.addrs[0].b, sizeof(pr.pr_ip4));
	memcpy(&pr.pr_ip6, in6.addrs[0].b, sizeof(pr.pr_ip6));
	return (pr);
}

/* The oracle. */

static bool
o_any(const struct family *f, const struct addr *a)
{
	return (same(a, f->len == 4 ? &pool4[3] : &pool6[3]));
}

/* 127.0.0.1 or ::1, which stand for the jail itself. */
static bool
o_self(const struct family *f, const struct addr *a)
{
	return (same(a, f->len == 4 ? &pool4[4] : &pool6[4]));
}

static bool
o_loopback(const struct family *f, const struct addr *a)
{
	return (f->len == 4 ? a->b[0] == 127 : o_self(f, a));
}

static bool
o_own(const struct family *f, const struct addr *a)
{
	const struct addr *p;

	for (p = f->addrs; p < f->addrs + f->naddrs; p++)
		if (same(p, a))
			return (true);
	return (false);
}

static int
o_check(const struct family *f, const struct addr *a)
{
	if (!f->restricted || o_own(f, a))
		return (0);
	return (f->naddrs == 0 ? EAFNOSUPPORT : EADDRNOTAVAIL);
}

static int
o_local(const struct family *f, struct addr *a)
{
	int error = o_check(f, a);

	if (error == EADDRNOTAVAIL && (o_any(f, a) || o_self(f, a))) {
		*a = f->addrs[0];
		error = 0;
	}
	return (error);
}

static int
o_remote(const struct family *f, struct addr *a)
{
	int error = o_check(f, a);

	if (error != EADDRNOTAVAIL)
		return (error);
	if (o_any(f, a) || o_self(f, a))
		*a = f->addrs[0];
	else if (o_loopback(f, a))
		return (ENETUNREACH);
	return (0);
}

/* *a is the destination before and the source after. */
static int
o_saddrsel(const struct family *f, struct addr *a)
{
	struct addr dst = *a;
	unsigned bits, i;

	memset(a, 0, sizeof(*a));
	if (!f->restricted)
		return (0);
	if (f->naddrs == 0)
		return (EAFNOSUPPORT);
	*a = f->addrs[0];
	if (f->naddrs == 1 || !f->saddrsel)
		return (0);
	for (bits = f->len * 8 + 1; bits-- > 0;)
		for (i = 0; i < f->nnets; i++)
			if (f->nets[i].bits == bits && bits_match(dst.b,
			    f->nets[i].prefix.b, bits)) {
				*a = f->nets[i].src;
				return (0);
			}
	return (0);
}

static enum jail_reason
o_reason(int error, enum jail_reason foreign)
{
	switch (error) {
	case 0:
		return (JR_NONE);
	case EAFNOSUPPORT:
		return (JR_NOFAMILY);
	default:
		return (foreign);
	}
}

static enum jail_reason
o_packet(unsigned ethertype, const uint8_t *p, size_t len, bool out)
{
	const struct family *f = ethertype == 0x0800 ? &in4 : &in6;
	size_t src = f->len == 4 ? 12 : 8, dst = src + f->len;
	struct addr from = { { 0 } }, to = { { 0 } };
	enum jail_reason reason;

	if ((ethertype != 0x0800 && ethertype != 0x86dd) ||
	    len < dst + f->len || p[0] / 16 != (f->len == 4 ? 4 : 6))
		return (JR_MALFORMED);
	memcpy(from.b, p + src, f->len);
	memcpy(to.b, p + dst, f->len);
	if (!out)
		return (o_reason(o_check(f, &to), JR_DSTADDR));
	reason = o_reason(o_check(f, &from), JR_SRCADDR);
	if (reason == JR_NONE && f->restricted && o_loopback(f, &to) &&
	    !o_own(f, &to))
		reason = JR_LOOPBACK;
	return (reason);
}

/* The comparison. */

enum question { CHECK, LOCAL, REMOTE, SADDRSEL, NQUESTIONS };

static const char *const questions[NQUESTIONS] = {
	"check", "local", "remote", "saddrsel"
};

static int
ask_ip4(const struct prison *pr, enum question q, struct addr *a)
{
	__be32 addr, dst;
	int error;

	memcpy(&addr, a->b, sizeof(addr));
	dst = addr;
	if (q == CHECK)
		error = prison_check_ip4(pr, addr);
	else if (q == LOCAL)
		error = prison_local_ip4(pr, &addr);
	else if (q == REMOTE)
		error = prison_remote_ip4(pr, &addr);
	else
		error = prison_saddrsel_ip4(pr, dst, &addr);
	memcpy(a->b, &addr, sizeof(addr));
	return (error);
}

static int
ask_ip6(const struct prison *pr, enum question q, struct addr *a)
{
	struct jail_in6 addr, dst;
	int error;

	memcpy(&addr, a->b, sizeof(addr));
	dst = addr;
	if (q == CHECK)
		error = prison_check_ip6(pr, &addr);
	else if (q == LOCAL)
		error = prison_local_ip6(pr, &addr);
	else if (q == REMOTE)
		error = prison_remote_ip6(pr, &addr);
	else
		error = prison_saddrsel_ip6(pr, &dst, &addr);
	memcpy(a->b, &addr, sizeof(addr));
	return (error);
}

static int
ask_oracle(const struct family *f, enum question q, struct addr *a)
{
	switch (q) {
	case CHECK:
		return (o_check(f, a));
	case LOCAL:
		return (o_local(f, a));
	case REMOTE:
		return (o_remote(f, a));
	default:
		return (o_saddrsel(f, a));
	}
}

/* What the jail ends up with must be its own, whatever the oracle says. */
static void
check_own(const struct family *f, enum question q, int error,
    const struct addr *a)
{
	if (!f->restricted || error != 0)
		return;
	if (q == REMOTE)
		must(o_own(f, a) || !o_loopback(f, a), "no way to loopback");
	else
		must(o_own(f, a), "a local address is the jail's own");
}

static void
compare_addr(const struct prison *pr, const struct family *f,
    const struct addr *a)
{
	struct addr got, want;
	enum question q;
	int error;

	for (q = 0; q < NQUESTIONS; q++) {
		got = want = *a;
		error = f->len == 4 ? ask_ip4(pr, q, &got) :
		    ask_ip6(pr, q, &got);
		must(error == ask_oracle(f, q, &want), questions[q]);
		must(same(&got, &want), questions[q]);
		check_own(f, q, error, &got);
	}
}

/* The packet is a copy of its own length, which the sanitizer guards. */
static void
compare_packet(const struct prison *pr, unsigned ethertype,
    const uint8_t *data, size_t len)
{
	uint8_t *p = malloc(len != 0 ? len : 1);
	int out;

	must(p != NULL, "memory");
	memcpy(p, data, len);
	for (out = 0; out <= 1; out++)
		must(prison_check_packet(pr, ethertype, p, p + len, out) ==
		    o_packet(ethertype, p, len, out), "packet");
	free(p);
}

/* A packet of the input's own addresses, version and length. */
static void
take_packet(struct input *in, const struct prison *pr)
{
	static const unsigned types[] = { 0x0800, 0x86dd, 0x0806, 0x8100 };
	unsigned type = types[take(in) % 4];
	size_t addrlen = type == 0x0800 ? 4 : 16;
	size_t off = addrlen == 4 ? 12 : 8;
	uint8_t p[64] = { 0 }, kind = take(in);
	struct addr src = take_addr(in, addrlen), dst = take_addr(in, addrlen);

	p[0] = kind < 224 ? (addrlen == 4 ? 0x45 : 0x60) : kind << 4;
	memcpy(p + off, src.b, addrlen);
	memcpy(p + off + addrlen, dst.b, addrlen);
	compare_packet(pr, type, p, kind % 4 != 0 ? 64 : take(in) % 64);
	compare_packet(pr, type, in->p, in->left);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .p = data, .left = size };
	struct prison pr;
	struct addr a;
	int i;

	in4 = take_family(&in, 4);
	in6 = take_family(&in, 16);
	pr = make_prison();
	for (i = 0; i < 4; i++) {
		a = take_addr(&in, 4);
		compare_addr(&pr, &in4, &a);
		a = take_addr(&in, 16);
		compare_addr(&pr, &in6, &a);
		take_packet(&in, &pr);
	}
	return (0);
}
