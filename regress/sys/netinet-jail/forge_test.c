/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Forged packets: nothing foreign leaves a jail, and nothing foreign is
 * delivered to one, whatever the protocol and however the packet was made. The
 * verdicts are in forge_table.c.
 *
 * Who sends is in the jail's cgroup alone: no filter of system calls and no
 * broker helps, or hides what the packet layer does.
 *
 * All runs on one processor, so that a marker sent after a packet also arrives
 * after it.
 */

#include <sys/socket.h>

#include <arpa/inet.h>
#include <net/if.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>
#include <jail.h>

#include "errname.h"
#include "forge_table.h"
#include "scene.h"
#include "witness.h"

#define FIRST_TAG	1000
#define LAST_TAG	30000	/* below all ports that the kernel picks */

struct stage {
	struct scene sc;
	struct witnesses w;
	uint16_t tag;		/* the next one */
	int ifindex;		/* of the peer's interface */
	unsigned watch;		/* AT(place) | ...: what is compared */
};

/* A packet to be sent in a jail, and what came of it. */
struct send_call {
	struct flow flow;
	struct outcome outcome;
};

/* What became of a packet. */
struct result {
	struct outcome outcome;
	struct seen seen[NPLACES];
	bool counted;		/* the refusal was, once, or there was none */
};

static const char *const addrs[NWHO][2] = {
	[OWN] = { A_FIRST4, A_FIRST6 },
	[OWN2] = { A_SECOND4, A_SECOND6 },
	[OTHER] = { B_ADDR4, B_ADDR6 },
	[HOST] = { VNET_HOST4, VNET_HOST6 },
	[ABSENT] = { VNET_ABSENT4, VNET_ABSENT6 },
	[ANY] = { "0.0.0.0", "::" },
	[PEER] = { VNET_PEER4, VNET_PEER6 },
	[LOOP] = { "127.0.0.1", "::1" },
	[OWNLO] = { "127.64.0.1", "fd6a:6169:6c6c:6f::1" },
	[OTHERLO] = { "127.64.0.2", "fd6a:6169:6c6c:6f::2" },
	[GROUP] = { "224.0.0.1", "ff02::1" },
	[SUBNET] = { "192.0.2.255", "::" },
	[EVERYONE] = { "255.255.255.255", "::" },
};

static const char *const modes[NMODES] = {
	"socket, bound", "socket, cmsg", "raw socket, bound",
	"raw socket, cmsg", "header included"
};

static const char *const protos[NPROTOS] = { "tcp", "udp", "icmp", "253" };

/* Where markers for a place are sent to. */
static const enum who marker_dst[NPLACES] = {
	[WIRE] = PEER, [IN_A] = OWN, [IN_B] = OTHER, [IN_HOST] = HOST
};

static const char *
text(int af, enum who who)
{
	return (addrs[who][af == AF_INET6]);
}

static union ipaddr
address(int af, enum who who)
{
	union ipaddr addr = { .bytes = { 0 } };

	ATF_REQUIRE_EQ(1, inet_pton(af, text(af, who), &addr));
	return (addr);
}

/* Ping sockets are for no group unless this says so. */
static void
allow_ping_sockets(void)
{
	static const char all[] = "0 2147483647";
	int fd;

	fd = open("/proc/sys/net/ipv4/ping_group_range", O_WRONLY);
	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ((ssize_t)strlen(all), write(fd, all, strlen(all)));
	close(fd);
}

static void
enter(int ns)
{
	if (vnet_enter(ns) == -1)
		atf_tc_fail("setns: %s", strerror(errno));
}

static void
stage_init(struct stage *s, const atf_tc_t *tc)
{
	memset(s, 0, sizeof(*s));
	s->tag = FIRST_TAG;
	s->watch = ~0U;
	scene_one_processor();
	scene_init(&s->sc, tc);
	s->sc.a = jailed_start_bare(s->sc.a.jd_jid);
	s->sc.b = jailed_start_bare(s->sc.b.jd_jid);
	ATF_REQUIRE(jail_setv(JAIL_UPDATE, "name", "a", "allow.broadcast",
	    NULL, NULL) != -1);
	allow_ping_sockets();
	witness_jail(&s->w, IN_A, &s->sc.a);
	witness_jail(&s->w, IN_B, &s->sc.b);
	witness_jail(&s->w, IN_HOST, NULL);
	enter(s->sc.vn.vn_peer);
	s->ifindex = if_nametoindex(s->sc.vn.vn_peerif);
	witness_wire(&s->w, s->sc.vn.vn_peerif);
	ATF_REQUIRE(system("ip -6 route add fd6a:6169:6c6c:6f::/96 via "
	    VNET_HOST6) == 0);
	enter(s->sc.vn.vn_host);
}

static uint16_t
next_tag(struct stage *s)
{
	ATF_REQUIRE(s->tag < LAST_TAG);
	return (s->tag++);
}

/* A packet from the host, or from the peer, that every witness lets pass. */
static void
send_marker(const struct flow *f, enum place place, uint16_t tag,
    enum who from)
{
	struct flow m = { .af = f->af, .proto = f->proto, .mode = RAW_BIND,
		.tag = tag };
	struct outcome o;

	m.src = address(m.af, from);
	m.dst = address(m.af, marker_dst[place]);
	o = forge_send(&m);
	if (o.socket != 0 || o.bind != 0 || o.send != 0)
		atf_tc_fail("marker to place %d: %s", place,
		    strerror(o.socket + o.bind + o.send));
}

/* Ask all places about a packet that was sent before. */
static void
ask_all(struct stage *s, const struct flow *f, enum place first,
    enum who from, struct seen *seen)
{
	uint16_t marker = next_tag(s);
	enum place place;

	for (place = first; place < NPLACES; place++)
		send_marker(f, place, marker, from);
	if (from == PEER)
		enter(s->sc.vn.vn_host);
	for (place = first; place < NPLACES; place++)
		seen[place] = witness_ask(&s->w, place, f, marker);
}

static void
print_result(char *buf, size_t size, const struct result *r, int af)
{
	char src[INET6_ADDRSTRLEN] = "";
	enum place place;

	for (place = 0; place < NPLACES; place++)
		if (r->seen[place].n != 0)
			inet_ntop(af, &r->seen[place].src, src, sizeof(src));
	snprintf(buf, size, "bind %s, send %s, seen on the wire %d, in A %d, "
	    "in B %d, in the host %d%s%s%s", errname(r->outcome.bind),
	    errname(r->outcome.send), r->seen[WIRE].n, r->seen[IN_A].n,
	    r->seen[IN_B].n, r->seen[IN_HOST].n, src[0] != '\0' ? ", from " :
	    "", src, r->counted ? "" : ", refusal not counted as it should");
}

static bool
same_result(const struct result *a, const struct result *b, int af,
    unsigned watch)
{
	enum place place;

	if (a->counted != b->counted ||
	    a->outcome.socket != b->outcome.socket ||
	    a->outcome.bind != b->outcome.bind ||
	    a->outcome.send != b->outcome.send)
		return (false);
	for (place = 0; place < NPLACES; place++)
		if ((watch & AT(place)) &&
		    (a->seen[place].n != b->seen[place].n ||
		    memcmp(&a->seen[place].src, &b->seen[place].src,
		    forge_addrlen(af)) != 0))
			return (false);
	return (true);
}

static void
compare(const struct stage *s, const struct flow *f,
    const struct result *got, const struct result *want)
{
	char dst[INET6_ADDRSTRLEN], src[INET6_ADDRSTRLEN];
	char gottext[256], wanttext[256];

	if (same_result(got, want, f->af, s->watch))
		return;
	inet_ntop(f->af, &f->src, src, sizeof(src));
	inet_ntop(f->af, &f->dst, dst, sizeof(dst));
	print_result(gottext, sizeof(gottext), got, f->af);
	print_result(wanttext, sizeof(wanttext), want, f->af);
	atf_tc_fail_nonfatal("%s, %s, from %s to %s: socket %s, %s; "
	    "should be: %s", modes[f->mode], protos[f->proto], src, dst,
	    errname(got->outcome.socket), gottext, wanttext);
}

/* Where a packet that is let go is seen, and with which source. */
static struct result
expected(const struct flow *f, const struct verdict *v, enum who src,
    enum who dst)
{
	struct result r = { .outcome = { 0, v->bind, v->send },
		.counted = true };
	struct seen once = { .n = 1 };

	if (!v->arrives)
		return (r);
	once.src = address(f->af, src != ANY ? src :
	    dst == LOOP || dst == OWNLO ? OWNLO : OWN);
	if (dst == PEER || dst == GROUP)
		r.seen[WIRE] = once;
	if (dst != PEER)
		r.seen[IN_HOST] = once;
	if (dst == OTHER)
		r.seen[IN_B] = once;
	if (dst == LOOP || dst == OWNLO)
		r.seen[IN_A] = once;
	return (r);
}

static int
do_send(void *arg)
{
	struct send_call *c = arg;

	c->outcome = forge_send(&c->flow);
	return (-1);
}

static void
try_out(struct stage *s, const struct out_row *row, enum who src, enum who dst)
{
	const struct verdict *v = &row->verdict[src];
	struct send_call c = { .flow = { .af = row->af, .proto = row->proto,
		.mode = row->mode, .tag = next_tag(s) } };
	struct refusal refusal = { v->reason, v->reason == JR_LOCALADDR ?
		JAIL_DIR_CALL : JAIL_DIR_OUT, row->af == AF_INET ? 4 : 6 };
	uint64_t before = refusals_before(&s->sc.a, &refusal);
	struct result got, want;

	c.flow.src = address(row->af, src);
	c.flow.dst = address(row->af, dst);
	if (dst == GROUP)
		c.flow.ifindex = if_nametoindex(s->sc.vn.vn_hostif);
	jailed_call(&s->sc.a, do_send, &c, sizeof(c));
	got.outcome = c.outcome;
	got.counted = refused_once(&s->sc.a, &refusal, before);
	ask_all(s, &c.flow, WIRE, HOST, got.seen);
	want = expected(&c.flow, v, src, dst);
	compare(s, &c.flow, &got, &want);
}

static void
run_out(const atf_tc_t *tc, enum mode mode, int af, unsigned dsts,
    unsigned watch)
{
	const struct out_row *row;
	struct stage s;
	enum who dst, src;
	int n = 0;

	stage_init(&s, tc);
	s.watch = watch;
	for (row = out_rows; row < out_rows + nout_rows; row++) {
		if (row->mode != mode || row->af != af)
			continue;
		for (dst = 0; dst < NWHO; dst++)
			for (src = 0; src < NSOURCES; src++)
				if (row->dst & dsts & DST(dst)) {
					try_out(&s, row, src, dst);
					n++;
				}
	}
	ATF_REQUIRE(n > 0);
	witness_close(&s.w);
}

static void
try_in(struct stage *s, const struct in_row *row, enum proto proto)
{
	struct result got = { 0 }, want = { 0 };
	struct flow f = { .af = row->af, .proto = proto, .mode = HDRINCL,
		.tag = next_tag(s), .ifindex = s->ifindex };
	enum place place;

	f.src = address(f.af, row->src);
	f.dst = address(f.af, row->dst);
	enter(s->sc.vn.vn_peer);
	got.outcome = forge_send(&f);
	ask_all(s, &f, IN_A, PEER, got.seen);
	for (place = IN_A; place < NPLACES; place++)
		if (row->places & AT(place)) {
			want.seen[place].n = 1;
			want.seen[place].src = f.src;
		}
	compare(s, &f, &got, &want);
}

static void
run_in(const atf_tc_t *tc, int af)
{
	const struct in_row *row;
	enum proto proto;
	struct stage s;
	int n = 0;

	stage_init(&s, tc);
	for (row = in_rows; row < in_rows + nin_rows; row++)
		for (proto = 0; proto < NPROTOS; proto++)
			if (row->af == af) {
				try_in(&s, row, proto);
				n++;
			}
	ATF_REQUIRE(n > 0);
	witness_close(&s.w);
}

#define ALL	(~0U)

static void
to_one(const atf_tc_t *tc, enum mode mode, int af)
{
	run_out(tc, mode, af, ~DST(GROUP), ALL);
}

static void
to_group(const atf_tc_t *tc, enum mode mode, int af, unsigned watch)
{
	run_out(tc, mode, af, DST(GROUP), watch);
}

/*
 * Of a packet to a group the kernel makes a copy for its own sockets before a
 * hook sees it, if it is one of IPv4: what is here in the cgroup alone is
 * stopped by nobody. Raw sockets of a jail are the broker's, who has switched
 * the copy off (broker_call_test).
 */
static void
known_copy(const atf_tc_t *tc, enum mode mode)
{
	atf_tc_expect_fail("without the broker the host gets a copy of a "
	    "refused packet");
	to_group(tc, mode, AF_INET, AT(IN_HOST));
}

#define FORGE_CASE(name, call)						\
	VNET_CASE(name)							\
	{								\
		call;							\
	}

FORGE_CASE(socket_bound_sends_own_ip4_only, to_one(tc, SOCK_BIND, AF_INET))
FORGE_CASE(socket_bound_sends_own_ip6_only, to_one(tc, SOCK_BIND, AF_INET6))
FORGE_CASE(B2_socket_cmsg_sends_own_ip4_only, to_one(tc, SOCK_CMSG, AF_INET))
FORGE_CASE(B2_socket_cmsg_sends_own_ip6_only, to_one(tc, SOCK_CMSG, AF_INET6))
FORGE_CASE(raw_bound_sends_own_ip4_only, to_one(tc, RAW_BIND, AF_INET))
FORGE_CASE(raw_bound_sends_own_ip6_only, to_one(tc, RAW_BIND, AF_INET6))
FORGE_CASE(B3_raw_cmsg_sends_own_ip4_only, to_one(tc, RAW_CMSG, AF_INET))
FORGE_CASE(B3_raw_cmsg_sends_own_ip6_only, to_one(tc, RAW_CMSG, AF_INET6))
FORGE_CASE(B1_hdrincl_sends_own_ip4_only, to_one(tc, HDRINCL, AF_INET))
FORGE_CASE(B1_hdrincl_sends_own_ip6_only, to_one(tc, HDRINCL, AF_INET6))
FORGE_CASE(socket_bound_sends_own_ip4_only_to_a_group,
    to_group(tc, SOCK_BIND, AF_INET, ALL))
FORGE_CASE(raw_bound_sends_own_ip4_only_to_a_group,
    to_group(tc, RAW_BIND, AF_INET, ~AT(IN_HOST)))
FORGE_CASE(B5_raw_bound_shows_the_host_own_ip4_only_in_a_group,
    known_copy(tc, RAW_BIND))
FORGE_CASE(B1_hdrincl_sends_own_ip4_only_to_a_group,
    to_group(tc, HDRINCL, AF_INET, ~AT(IN_HOST)))
FORGE_CASE(B5_hdrincl_shows_the_host_own_ip4_only_in_a_group,
    known_copy(tc, HDRINCL))
FORGE_CASE(socket_bound_sends_own_ip6_only_to_a_group,
    to_group(tc, SOCK_BIND, AF_INET6, ALL))
FORGE_CASE(raw_bound_sends_own_ip6_only_to_a_group,
    to_group(tc, RAW_BIND, AF_INET6, ALL))
FORGE_CASE(B1_hdrincl_sends_own_ip6_only_to_a_group,
    to_group(tc, HDRINCL, AF_INET6, ALL))
FORGE_CASE(C1_receives_own_ip4_only, run_in(tc, AF_INET))
FORGE_CASE(C1_receives_own_ip6_only, run_in(tc, AF_INET6))

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, socket_bound_sends_own_ip4_only);
	ATF_TP_ADD_TC(tp, socket_bound_sends_own_ip6_only);
	ATF_TP_ADD_TC(tp, B2_socket_cmsg_sends_own_ip4_only);
	ATF_TP_ADD_TC(tp, B2_socket_cmsg_sends_own_ip6_only);
	ATF_TP_ADD_TC(tp, raw_bound_sends_own_ip4_only);
	ATF_TP_ADD_TC(tp, raw_bound_sends_own_ip6_only);
	ATF_TP_ADD_TC(tp, B3_raw_cmsg_sends_own_ip4_only);
	ATF_TP_ADD_TC(tp, B3_raw_cmsg_sends_own_ip6_only);
	ATF_TP_ADD_TC(tp, B1_hdrincl_sends_own_ip4_only);
	ATF_TP_ADD_TC(tp, B1_hdrincl_sends_own_ip6_only);
	ATF_TP_ADD_TC(tp, socket_bound_sends_own_ip4_only_to_a_group);
	ATF_TP_ADD_TC(tp, raw_bound_sends_own_ip4_only_to_a_group);
	ATF_TP_ADD_TC(tp, B5_raw_bound_shows_the_host_own_ip4_only_in_a_group);
	ATF_TP_ADD_TC(tp, B1_hdrincl_sends_own_ip4_only_to_a_group);
	ATF_TP_ADD_TC(tp, B5_hdrincl_shows_the_host_own_ip4_only_in_a_group);
	ATF_TP_ADD_TC(tp, socket_bound_sends_own_ip6_only_to_a_group);
	ATF_TP_ADD_TC(tp, raw_bound_sends_own_ip6_only_to_a_group);
	ATF_TP_ADD_TC(tp, B1_hdrincl_sends_own_ip6_only_to_a_group);
	ATF_TP_ADD_TC(tp, C1_receives_own_ip4_only);
	ATF_TP_ADD_TC(tp, C1_receives_own_ip6_only);
	return (atf_no_error());
}
