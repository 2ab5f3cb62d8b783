/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The oracle that the decisions are compared with: it knows no prison, no masks
 * and no byte order, only lists of addresses as strings of bytes, which it
 * walks.
 */

#ifndef _ORACLE_H_
#define _ORACLE_H_

#include <sys/jail.h>

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define NADDRS	6
#define NNETS	4
#define NPOOL	14

/* What the loopback addresses are. */
enum lo { LO_PRIVATE, LO_PRIMARY, LO_HOST };

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
	enum lo kind;		/* alike in both families */
	struct addr lo;		/* LO_PRIVATE: what they are */
};

/* Addresses that mean something, as bytes. */
static const struct addr pool4[NPOOL] = {
	{ { 192, 0, 2, 11 } }, { { 192, 0, 2, 12 } }, { { 198, 51, 100, 7 } },
	{ { 0, 0, 0, 0 } }, { { 127, 0, 0, 1 } }, { { 127, 0, 0, 2 } },
	{ { 127, 255, 255, 255 } }, { { 128, 0, 0, 1 } }, { { 224, 0, 0, 1 } },
	{ { 255, 255, 255, 255 } }, { { 1, 0, 0, 127 } }, { { 126, 0, 0, 1 } },
	{ { 127, 64, 0, 7 } }, { { 127, 79, 255, 7 } },
};

static const struct addr pool6[NPOOL] = {
	{ { 0x20, 1, 0xd, 0xb8, [15] = 0x11 } },
	{ { 0x20, 1, 0xd, 0xb8, [15] = 0x12 } },
	{ { 0x20, 1, 0xd, 0xb8, [7] = 1, [15] = 0x11 } },
	{ { 0 } }, { { [15] = 1 } }, { { [15] = 2 } }, { { 1 } },
	{ { [10] = 0xff, 0xff, 192, 0, 2, 11 } },
	{ { [10] = 0xff, 0xff, 127, 0, 0, 1 } }, { { [12] = 127, 0, 0, 1 } },
	{ { 0xfe, 0x80, [15] = 1 } }, { { 0xff, 2, [15] = 1 } },
	{ { 0xfd, 'j', 'a', 'i', 'l', 'l', 0, 'o', [15] = 7 } },
	{ { 0xfd, 'j', 'a', 'i', 'l', 'l', 0, 'o', [13] = 1, [15] = 7 } },
};

static bool
same(const struct addr *a, const struct addr *b)
{
	return (memcmp(a, b, sizeof(*a)) == 0);
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

/* What these are in some jail. */
static bool
o_alias(const struct family *f, const struct addr *a)
{
	if (f->len == 4)
		return (a->b[0] == 127 && a->b[1] / 16 == 4);
	return (memcmp(a->b, "\xfdjaill\0o\0\0\0\0", 12) == 0);
}

/* No address to be routed. */
static bool
o_loopback(const struct family *f, const struct addr *a)
{
	return (f->len == 4 ? a->b[0] == 127 : o_self(f, a) || o_alias(f, a));
}

/* What these are in this jail, or on the host, if that is the same. */
static bool
o_mine(const struct family *f, const struct addr *a)
{
	if (f->naddrs == 0)
		return (false);
	if (f->kind == LO_HOST)
		return (o_loopback(f, a) && !o_alias(f, a));
	return (f->kind == LO_PRIVATE && same(a, &f->lo));
}

static struct addr
o_lo(const struct family *f)
{
	if (f->kind == LO_HOST)
		return (f->len == 4 ? pool4[4] : pool6[4]);
	return (f->kind == LO_PRIVATE ? f->lo : f->addrs[0]);
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
	if (!f->restricted)
		return (o_alias(f, a) ? EADDRNOTAVAIL : 0);
	if (o_own(f, a))
		return (0);
	return (f->naddrs == 0 ? EAFNOSUPPORT : EADDRNOTAVAIL);
}

static int
o_local(const struct family *f, struct addr *a)
{
	int error = o_check(f, a);

	if (error != EADDRNOTAVAIL)
		return (error);
	if (o_any(f, a))
		*a = f->addrs[0];
	else if (o_self(f, a))
		*a = o_lo(f);
	else if (f->kind != LO_HOST || !o_mine(f, a))
		return (error);
	return (0);
}

static int
o_remote(const struct family *f, struct addr *a)
{
	int error = o_check(f, a);

	if (error != EADDRNOTAVAIL)
		return (error);
	if (o_any(f, a) || o_self(f, a))
		*a = o_lo(f);
	else if (o_loopback(f, a) && !o_mine(f, a))
		return (ENETUNREACH);
	return (0);
}

static int
o_source(const struct family *f, const struct addr *src,
    const struct addr *dst)
{
	int error = o_check(f, src);

	if (error != EADDRNOTAVAIL || !o_mine(f, src))
		return (error);
	if (o_mine(f, dst) || o_check(f, dst) == 0)
		return (0);
	return (f->len == 4 ? EINVAL : EADDRNOTAVAIL);
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
	*a = o_mine(f, &dst) ? o_lo(f) : f->addrs[0];
	if (o_mine(f, &dst) || f->naddrs == 1 || !f->saddrsel)
		return (0);
	for (i = 0; i < f->naddrs; i++)
		if (memcmp(f->addrs[i].b, dst.b, f->len) == 0) {
			*a = dst;
			return (0);
		}
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
o_input(const struct family *f, const struct addr *from,
    const struct addr *to)
{
	if (o_mine(f, to) && f->restricted && (f->kind == LO_HOST ||
	    same(from, to) || o_own(f, from)))
		return (JR_NONE);
	return (o_reason(o_check(f, to), JR_DSTADDR));
}

static enum jail_reason
o_output(const struct family *f, const struct addr *from,
    const struct addr *to)
{
	enum jail_reason reason;

	reason = o_reason(o_source(f, from, to), JR_SRCADDR);
	if (reason == JR_NONE && (f->restricted || o_alias(f, to)) &&
	    o_loopback(f, to) && !o_mine(f, to) && !o_own(f, to))
		reason = JR_LOOPBACK;
	return (reason);
}

#endif /* !_ORACLE_H_ */
