/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Random jails, addresses and packets for the decisions, each answer compared
 * with that of an oracle.
 */

#include <netinet-jail/ip_packet.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle.h"

#define SET4	41
#define SET6	61

struct input {
	const uint8_t *p;
	size_t left;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The questions to the maps have no other way to the jail at hand. */
static struct family in4, in6;

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
		return (len == 4 ? pool4[kind % NPOOL] :
		    pool6[kind % NPOOL]);
	for (i = 0; i < len; i++)
		a.b[i] = take(in);
	return (a);
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

/* The jail's own loopback is an address that no other has. */
static void
take_loopback(struct input *in, struct family *f, enum lo kind)
{
	f->kind = kind;
	if (kind != LO_PRIVATE || f->naddrs == 0)
		return;
	f->lo = (f->len == 4 ? pool4 : pool6)[NPOOL - 2];
	f->lo.b[f->len - 1] = take(in) % 16;
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
	if (in4.kind != LO_PRIVATE)
		pr.pr_flags |= in4.kind == LO_HOST ? PR_LO_HOST :
		    PR_LO_PRIMARY;
	memcpy(&pr.pr_lo4, in4.lo.b, sizeof(pr.pr_lo4));
	memcpy(&pr.pr_lo6, in6.lo.b, sizeof(pr.pr_lo6));
	pr.pr_nip4 = in4.naddrs;
	pr.pr_nip6 = in6.naddrs;
	pr.pr_ip4s = in4.naddrs != 0 ? SET4 : 0;
	pr.pr_ip6s = in6.naddrs != 0 ? SET6 : 0;
	memcpy(&pr.pr_ip4, in4.addrs[0].b, sizeof(pr.pr_ip4));
	memcpy(&pr.pr_ip6, in6.addrs[0].b, sizeof(pr.pr_ip6));
	return (pr);
}

/* The comparison. */

/* way: 0 out, 1 in from elsewhere, 2 in from this machine. */
static enum jail_reason
o_packet(unsigned ethertype, const uint8_t *p, size_t len, int way)
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
	if (way == 0)
		return (o_output(f, &from, &to));
	reason = o_input(f, &from, &to);
	if (reason != JR_NONE || way == 2)
		return (reason);
	if (o_alias(f, &from))
		return (JR_SRCADDR);
	return (o_alias(f, &to) ? JR_DSTADDR : JR_NONE);
}

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
		must(o_own(f, a) || o_mine(f, a) || !o_loopback(f, a),
		    "no way to another loopback");
	else
		must(o_own(f, a) || o_mine(f, a),
		    "a local address is the jail's own");
}

static int
ask_source(const struct prison *pr, const struct family *f,
    const struct addr *src, const struct addr *dst)
{
	struct jail_in6 src6, dst6;
	__be32 src4, dst4;

	memcpy(&src4, src->b, sizeof(src4));
	memcpy(&dst4, dst->b, sizeof(dst4));
	memcpy(&src6, src->b, sizeof(src6));
	memcpy(&dst6, dst->b, sizeof(dst6));
	return (f->len == 4 ? prison_source_ip4(pr, src4, dst4) :
	    prison_source_ip6(pr, &src6, &dst6));
}

/* What is bound to a loopback sends to the jail alone. */
static void
compare_source(const struct prison *pr, const struct family *f,
    const struct addr *src, const struct addr *dst)
{
	int error = ask_source(pr, f, src, dst);

	must(error == o_source(f, src, dst), "source");
	if (f->restricted && error == 0 && o_loopback(f, src) &&
	    !o_own(f, src))
		must(o_own(f, dst) || o_mine(f, dst),
		    "loopback does not leave the jail");
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
	static const enum packet_way ways[] = {
		PACKET_OUT, PACKET_IN, PACKET_LOOPED
	};
	uint8_t *p = malloc(len != 0 ? len : 1);
	int way;

	must(p != NULL, "memory");
	memcpy(p, data, len);
	for (way = 0; way < 3; way++)
		must(prison_check_packet(pr, ethertype, p, p + len,
		    ways[way]) == o_packet(ethertype, p, len, way), "packet");
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

static void
compare_family(struct input *in, const struct prison *pr,
    const struct family *f)
{
	struct addr a = take_addr(in, f->len), b = take_addr(in, f->len);

	compare_addr(pr, f, &a);
	compare_source(pr, f, &a, &b);
	compare_source(pr, f, &b, &a);
	compare_source(pr, f, &f->lo, &a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .p = data, .left = size };
	struct prison pr;
	enum lo kind;
	int i;

	in4 = take_family(&in, 4);
	in6 = take_family(&in, 16);
	kind = take(&in) % 3;
	take_loopback(&in, &in4, kind);
	take_loopback(&in, &in6, kind);
	pr = make_prison();
	for (i = 0; i < 4; i++) {
		compare_family(&in, &pr, &in4);
		compare_family(&in, &pr, &in6);
		take_packet(&in, &pr);
	}
	return (0);
}
