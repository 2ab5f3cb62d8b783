/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The private loopback of a jail, with real sockets: who is reached by it, who
 * is not, and by which names.
 */

#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "errname.h"
#include "talk.h"

#define PORT	7000

/* What 127.0.0.1 and ::1 are to the kernel, in jails A and B. */
#define A_LO4	"127.64.0.1"
#define B_LO4	"127.64.0.2"
#define A_LO6	"fd6a:6169:6c6c:6f::1"
#define B_LO6	"fd6a:6169:6c6c:6f::2"

#define V6(addr) "::ffff:" addr

enum { IN_A, IN_B, IN_HOST, NPLACES };

struct stage {
	struct scene sc;
	struct place at[NPLACES];
};

/* Addresses, of the family or as an IPv6 socket has them. */
struct family {
	const char *lo, *zero, *first, *second, *other, *host, *peer, *absent;
};

static const struct family ip4 = {
	"127.0.0.1", "0.0.0.0", A_FIRST4, A_SECOND4, B_ADDR4, VNET_HOST4,
	VNET_PEER4, VNET_ABSENT4
};

static const struct family ip6 = {
	"::1", "::", A_FIRST6, A_SECOND6, B_ADDR6, VNET_HOST6, VNET_PEER6,
	VNET_ABSENT6
};

static const struct family mapped = {
	V6("127.0.0.1"), V6("0.0.0.0"), V6(A_FIRST4), V6(A_SECOND4),
	V6(B_ADDR4), V6(VNET_HOST4), V6(VNET_PEER4), V6(VNET_ABSENT4)
};

static void
stage_init(struct stage *s, const atf_tc_t *tc)
{
	scene_one_processor();
	scene_init(&s->sc, tc);
	s->at[IN_A] = (struct place){ "jail A", &s->sc.a };
	s->at[IN_B] = (struct place){ "jail B", &s->sc.b };
	s->at[IN_HOST] = (struct place){ "host", NULL };
}

static const char *
describe(const struct place *p, enum way way, const char *bound,
    const char *dst)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s, %s, from %s to %s", p->name,
	    ways[way], bound != NULL ? bound : "-", dst);
	return (text);
}

static int
must_wait(const struct place *p, enum way way, const char *addr)
{
	int s;

	s = talk_wait(p, way, addr, PORT, false);
	ATF_REQUIRE_MSG(s != -1, "%s: %s", describe(p, way, addr, "-"),
	    errname(errno));
	return (s);
}

/* Call dst: who waits must be reached, and told of from, the caller of to. */
static void
reach(const struct place *p, enum way way, int waiting, const char *bound,
    const char *dst, const char *from, const char *to)
{
	const char *what = describe(p, way, bound, dst);
	int s;

	s = talk_call(p, way, bound, dst, PORT);
	ATF_CHECK_MSG(s != -1, "%s: %s", what, errname(errno));
	if (s == -1)
		return;
	talk_check(way, waiting, s, from, to, what);
	close(s);
}

/* Call dst: nobody must be there. That no datagram comes is for later. */
static void
miss(const struct place *p, enum way way, const char *dst, int error)
{
	int s;

	s = talk_call(p, way, NULL, dst, PORT);
	if (way == TCP)
		ATF_CHECK_MSG(s == -1 && errno == error, "%s: %s, should be "
		    "%s", describe(p, way, NULL, dst),
		    errname(s == -1 ? errno : 0), errname(error));
	if (s != -1)
		close(s);
}

/* The reason is counted where the kernel asks: a mapped datagram is IPv4. */
static void
refuse(const struct stage *s, enum way way, const char *bound,
    const char *dst, int error, int reason)
{
	bool v4 = strchr(dst, ':') == NULL ||
	    (way == UDP_NAMED && strncmp(dst, "::ffff:", 7) == 0);
	struct refusal want = { reason, JAIL_DIR_CALL, v4 ? 4 : 6 };
	uint64_t before = refusals_before(&s->sc.a, &want);
	const char *what = describe(&s->at[IN_A], way, bound, dst);
	int call;

	call = talk_call(&s->at[IN_A], way, bound, dst, PORT);
	ATF_CHECK_MSG(call == -1 && errno == error, "%s: %s, should be %s",
	    what, errname(call == -1 ? errno : 0), errname(error));
	ATF_CHECK_MSG(refused_once(&s->sc.a, &want, before),
	    "%s: not counted as reason %d once", what, reason);
	if (call != -1)
		close(call);
}

static bool
is_silent(int s)
{
	struct pollfd pfd = { .fd = s, .events = POLLIN };

	return (poll(&pfd, 1, 0) == 0);
}

/* All three have the same address and port, and each reaches its own. */
static void
have_own(const atf_tc_t *tc, const struct family *f)
{
	int i, j, waiting[NPLACES];
	struct stage s;
	enum way way;

	stage_init(&s, tc);
	for (way = 0; way < NWAYS; way++) {
		for (i = 0; i < NPLACES; i++) {
			waiting[i] = must_wait(&s.at[i], way, f->lo);
			talk_name(getsockname, waiting[i], f->lo,
			    s.at[i].name);
		}
		for (i = 0; i < NPLACES; i++) {
			reach(&s.at[i], way, waiting[i], NULL, f->lo, f->lo,
			    f->lo);
			for (j = 0; j < NPLACES; j++)
				ATF_CHECK_MSG(is_silent(waiting[j]), "%s has "
				    "heard %s", s.at[j].name, s.at[i].name);
		}
		for (i = 0; i < NPLACES; i++)
			close(waiting[i]);
	}
}

VNET_CASE(ip4_loopback_is_the_jails_own)
{
	have_own(tc, &ip4);
}

VNET_CASE(ip6_loopback_is_the_jails_own)
{
	have_own(tc, &ip6);
}

VNET_CASE(mapped_loopback_is_the_jails_own)
{
	have_own(tc, &mapped);
}

VNET_CASE(tcp_listener_on_all_addresses_is_on_loopback_too)
{
	static const struct {
		const char *addr, *lo;
	} rows[] = {
		{ "0.0.0.0", "127.0.0.1" },
		{ "::", "::1" },
		{ "::", V6("127.0.0.1") },
		{ V6("0.0.0.0"), V6("127.0.0.1") },
	};
	struct stage s;
	int waiting;
	size_t i;

	stage_init(&s, tc);
	for (i = 0; i < NELEMS(rows); i++) {
		waiting = must_wait(&s.at[IN_A], TCP, rows[i].addr);
		miss(&s.at[IN_B], TCP, rows[i].lo, ECONNREFUSED);
		miss(&s.at[IN_HOST], TCP, rows[i].lo, ECONNREFUSED);
		reach(&s.at[IN_A], TCP, waiting, NULL, rows[i].lo, rows[i].lo,
		    rows[i].lo);
		close(waiting);
	}
}

static void
call_from_peer(const struct stage *s, enum way way, const char *dst)
{
	static const struct place peer = { "peer", NULL };

	ATF_REQUIRE_EQ(0, vnet_enter(s->sc.vn.vn_peer));
	miss(&peer, way, dst, ECONNREFUSED);
	ATF_REQUIRE_EQ(0, vnet_enter(s->sc.vn.vn_host));
}

/* The last call is one that arrives: nothing must have come before it. */
static void
be_private(const atf_tc_t *tc, const struct family *f)
{
	const char *dst;
	struct stage s;
	enum way way;
	int i, waiting;

	stage_init(&s, tc);
	for (way = 0; way < NWAYS; way++) {
		waiting = must_wait(&s.at[IN_A], way, f->lo);
		for (i = 0; i < 2 * NPLACES; i++) {
			dst = i % 2 == 0 ? f->first : f->second;
			miss(&s.at[i / 2], way, dst, ECONNREFUSED);
			call_from_peer(&s, way, dst);
		}
		reach(&s.at[IN_A], way, waiting, NULL, f->lo, f->lo, f->lo);
		close(waiting);
	}
}

VNET_CASE(ip4_loopback_is_not_reached_by_public_addresses)
{
	be_private(tc, &ip4);
}

VNET_CASE(ip6_loopback_is_not_reached_by_public_addresses)
{
	be_private(tc, &ip6);
}

/*
 * To the kernel it is an address that the host may call, and have for a source,
 * as it may those of the jail.
 */
static void
keep_away(const struct stage *s, enum way way, const char *lo,
    const char *alias, const char *own)
{
	const char *const from[] = { NULL, alias, own };
	int caller, error, waiting = must_wait(&s->at[IN_A], way, lo);
	size_t i;

	for (i = 0; i < NELEMS(from); i++) {
		caller = talk_call(&s->at[IN_HOST], way, from[i], alias, PORT);
		error = errno;
		ATF_CHECK_MSG(way != TCP || (caller == -1 &&
		    error == EINPROGRESS), "%s: %s", describe(&s->at[IN_HOST],
		    way, from[i], alias), errname(error));
		if (caller != -1)
			close(caller);
	}
	reach(&s->at[IN_A], way, waiting, NULL, lo, lo, lo);
	reach(&s->at[IN_A], way, waiting, own, lo, own, lo);
	close(waiting);
}

VNET_CASE(ip4_loopback_is_not_reached_by_the_host)
{
	struct stage s;
	enum way way;

	stage_init(&s, tc);
	for (way = 0; way < NWAYS; way++)
		keep_away(&s, way, "127.0.0.1", A_LO4, A_FIRST4);
}

VNET_CASE(ip6_loopback_is_not_reached_by_the_host)
{
	struct stage s;
	enum way way;

	stage_init(&s, tc);
	for (way = 0; way < NWAYS; way++)
		keep_away(&s, way, "::1", A_LO6, A_FIRST6);
}

/* The host may have what is for the jail's addresses, but not for that. */
static void
be_open(const atf_tc_t *tc, const struct family *f, const char *param)
{
	struct stage s;
	enum way way;
	int waiting;

	stage_init(&s, tc);
	ATF_REQUIRE_MSG(jail_setv(JAIL_UPDATE, "name", "a", param, NULL,
	    NULL) != -1, "%s", jail_errmsg);
	for (way = 0; way < NWAYS; way++) {
		waiting = must_wait(&s.at[IN_HOST], way, f->zero);
		miss(&s.at[IN_A], way, f->lo, ECONNREFUSED);
		miss(&s.at[IN_A], way, f->zero, ECONNREFUSED);
		reach(&s.at[IN_HOST], way, waiting, NULL, f->lo, f->lo, f->lo);
		close(waiting);
	}
}

VNET_CASE(ip4_loopback_is_not_the_hosts_with_hostlisten)
{
	be_open(tc, &ip4, "ip4.hostlisten");
}

VNET_CASE(ip6_loopback_is_not_the_hosts_with_hostlisten)
{
	be_open(tc, &ip6, "ip6.hostlisten");
}

VNET_CASE(mapped_loopback_is_not_the_hosts_with_hostlisten)
{
	be_open(tc, &mapped, "ip4.hostlisten");
}

/* A jail with all of the host's addresses does not have that. */
VNET_CASE(loopback_is_not_reached_by_a_jail_that_inherits)
{
	static const char *const aliases[] = { A_LO4, A_LO6,
		("::ffff:" A_LO4) };
	struct jailed jd;
	struct place p = { "heir", &jd };
	struct stage s;
	enum way way;
	size_t i;

	stage_init(&s, tc);
	jd = scene_jail("heir", "inherit", "inherit", NULL);
	for (i = 0; i < NELEMS(aliases) * NWAYS; i++) {
		way = i % NWAYS;
		ATF_CHECK_EQ(-1, talk_wait(&p, way, aliases[i / NWAYS], PORT,
		    false));
		ATF_CHECK_STREQ("EADDRNOTAVAIL", errname(errno));
		ATF_CHECK_EQ(-1, talk_call(&p, way, NULL, aliases[i / NWAYS],
		    PORT));
		ATF_CHECK_STREQ("ENETUNREACH", errname(errno));
	}
}

VNET_CASE(no_address_is_the_jails_loopback)
{
	static const struct family *const fams[] = { &ip4, &ip6, &mapped };
	const struct family *f;
	int hosts, waiting;
	struct stage s;
	enum way way;
	size_t i;

	stage_init(&s, tc);
	for (i = 0; i < NELEMS(fams) * NWAYS; i++) {
		f = fams[i / NWAYS];
		way = i % NWAYS;
		hosts = must_wait(&s.at[IN_HOST], way, f->lo);
		waiting = must_wait(&s.at[IN_A], way, f->lo);
		reach(&s.at[IN_A], way, waiting, NULL, f->zero, f->lo, f->lo);
		ATF_CHECK(is_silent(hosts));
		close(hosts);
		close(waiting);
	}
}

VNET_CASE(other_loopback_addresses_are_unreachable)
{
	static const char *const dsts[] = {
		"127.0.0.2", "127.255.255.255", B_LO4, "127.79.0.1",
		V6("127.0.0.2"), V6(B_LO4), B_LO6, "fd6a:6169:6c6c:6f::ffff"
	};
	struct stage s;
	enum way way;
	size_t i;

	stage_init(&s, tc);
	for (i = 0; i < NELEMS(dsts); i++)
		for (way = 0; way < NWAYS; way++)
			refuse(&s, way, NULL, dsts[i], ENETUNREACH,
			    JR_LOOPBACK);
}

static void
stay_inside(const struct stage *s, const struct family *f, enum way way)
{
	const char *const dsts[] = { f->other, f->host, f->peer, f->absent };
	const int error = f == &ip6 ? EADDRNOTAVAIL : EINVAL;
	int waiting;
	size_t i;

	for (i = 0; i < NELEMS(dsts); i++)
		refuse(s, way, f->lo, dsts[i], error, JR_LOCALADDR);
	waiting = must_wait(&s->at[IN_A], way, f->first);
	reach(&s->at[IN_A], way, waiting, f->lo, f->first, f->lo, f->first);
	close(waiting);
	waiting = must_wait(&s->at[IN_A], way, f->second);
	reach(&s->at[IN_A], way, waiting, f->lo, f->second, f->lo, f->second);
	close(waiting);
}

VNET_CASE(socket_bound_to_loopback_reaches_the_jail_only)
{
	struct stage s;
	enum way way;

	stage_init(&s, tc);
	for (way = 0; way < NWAYS; way++) {
		stay_inside(&s, &ip4, way);
		stay_inside(&s, &ip6, way);
		stay_inside(&s, &mapped, way);
	}
}

static void
show_public(const struct stage *s, const struct family *f, enum way way)
{
	int waiting = must_wait(&s->at[IN_A], way, f->lo);

	reach(&s->at[IN_A], way, waiting, f->first, f->lo, f->first, f->lo);
	reach(&s->at[IN_A], way, waiting, f->second, f->lo, f->second, f->lo);
	reach(&s->at[IN_A], way, waiting, f->lo, f->lo, f->lo, f->lo);
	close(waiting);
}

VNET_CASE(socket_bound_to_a_public_address_reaches_loopback_with_it)
{
	struct stage s;
	enum way way;

	stage_init(&s, tc);
	for (way = 0; way < NWAYS; way++) {
		show_public(&s, &ip4, way);
		show_public(&s, &ip6, way);
		show_public(&s, &mapped, way);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, ip4_loopback_is_the_jails_own);
	ATF_TP_ADD_TC(tp, ip6_loopback_is_the_jails_own);
	ATF_TP_ADD_TC(tp, mapped_loopback_is_the_jails_own);
	ATF_TP_ADD_TC(tp, tcp_listener_on_all_addresses_is_on_loopback_too);
	ATF_TP_ADD_TC(tp, ip4_loopback_is_not_reached_by_public_addresses);
	ATF_TP_ADD_TC(tp, ip6_loopback_is_not_reached_by_public_addresses);
	ATF_TP_ADD_TC(tp, ip4_loopback_is_not_reached_by_the_host);
	ATF_TP_ADD_TC(tp, ip6_loopback_is_not_reached_by_the_host);
	ATF_TP_ADD_TC(tp, ip4_loopback_is_not_the_hosts_with_hostlisten);
	ATF_TP_ADD_TC(tp, ip6_loopback_is_not_the_hosts_with_hostlisten);
	ATF_TP_ADD_TC(tp, mapped_loopback_is_not_the_hosts_with_hostlisten);
	ATF_TP_ADD_TC(tp, loopback_is_not_reached_by_a_jail_that_inherits);
	ATF_TP_ADD_TC(tp, no_address_is_the_jails_loopback);
	ATF_TP_ADD_TC(tp, other_loopback_addresses_are_unreachable);
	ATF_TP_ADD_TC(tp, socket_bound_to_loopback_reaches_the_jail_only);
	ATF_TP_ADD_TC(tp,
	    socket_bound_to_a_public_address_reaches_loopback_with_it);
	return (atf_no_error());
}
