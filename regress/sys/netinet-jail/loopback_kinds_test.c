/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What loopback= makes of 127.0.0.1 and ::1, and what it takes on the loopback
 * interface.
 */

#include <sys/socket.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>

#include <errno.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "errname.h"
#include "errqueue.h"
#include "server.h"
#include "talk.h"

#define PORT	7000
#define ADDR4	"192.0.2.41"
#define ADDR6	"2001:db8::41"
#define B_LO4	"127.64.0.2"

static const struct place host = { "host", NULL };

static int
make_jail(const char *kind, const char *ip4, const char *ip6)
{
	int jid;

	jid = jail_setv(JAIL_CREATE, "name", "kind", "path", "/", "persist",
	    NULL, ip4 != NULL ? "ip4.addr" : "ip4", ip4 != NULL ? ip4 :
	    "disable", ip6 != NULL ? "ip6.addr" : "ip6", ip6 != NULL ? ip6 :
	    "disable", "loopback", kind, NULL);
	if (jid == -1)
		atf_tc_fail("loopback=%s: %s", kind, jail_errmsg);
	return (jid);
}

/* A scene, and a process in a jail of that kind. */
static struct jailed
kind_init(struct scene *s, const atf_tc_t *tc, const char *kind)
{
	scene_init(s, tc);
	vnet_addr(&s->vn, ADDR4);
	vnet_addr(&s->vn, ADDR6);
	return (jailed_start(make_jail(kind, ADDR4, ADDR6)));
}

static int
must_wait(const struct place *p, enum way way, const char *addr,
    uint16_t port)
{
	int s = talk_wait(p, way, addr, port, false);

	ATF_REQUIRE_MSG(s != -1, "%s, %s at %s: %s", p->name, ways[way], addr,
	    errname(errno));
	return (s);
}

/*
 * A conversation at dst, which both ends are to be told by these names. On the
 * host's loopback a port is in use for a while after it.
 */
static void
reach(const struct place *from, const struct place *to, enum way way,
    const char *addr, const char *dst, const char *caller, const char *callee)
{
	static uint16_t port = PORT;
	int call, waiting = must_wait(to, way, addr, ++port);
	char what[128];

	snprintf(what, sizeof(what), "%s to %s, %s, %s", from->name, to->name,
	    ways[way], dst);
	call = talk_call(from, way, NULL, dst, port);
	ATF_REQUIRE_MSG(call != -1, "%s: %s", what, errname(errno));
	talk_check(way, waiting, call, caller, callee, what);
	close(call);
	close(waiting);
}

VNET_CASE(loopback_primary_is_the_primary_address)
{
	static const struct place peer = { "peer", NULL };
	struct jailed jd;
	struct place in;
	struct scene s;
	int call, waiting;
	enum way way;

	jd = kind_init(&s, tc, "primary");
	in = (struct place){ "jail", &jd };
	for (way = 0; way < NWAYS; way++) {
		reach(&in, &in, way, "127.0.0.1", "127.0.0.1", ADDR4, ADDR4);
		reach(&in, &in, way, ADDR4, "0.0.0.0", ADDR4, ADDR4);
		reach(&in, &in, way, "::1", "::1", ADDR6, ADDR6);
		reach(&in, &in, way, ADDR6, "::", ADDR6, ADDR6);
		waiting = must_wait(&in, way, "127.0.0.1", PORT);
		talk_name(getsockname, waiting, ADDR4, ways[way]);
		ATF_REQUIRE_EQ(0, vnet_enter(s.vn.vn_peer));
		call = talk_call(&peer, way, NULL, ADDR4, PORT);
		ATF_REQUIRE_EQ(0, vnet_enter(s.vn.vn_host));
		ATF_REQUIRE_MSG(call != -1, "%s", errname(errno));
		talk_check(way, waiting, call, VNET_PEER4, ADDR4, "peer");
		close(call);
		close(waiting);
	}
}

VNET_CASE(loopback_host_is_the_hosts)
{
	static const char *const los[] = { "127.0.0.1", "::1",
		"::ffff:127.0.0.1" };
	struct jailed jd;
	struct place in;
	struct scene s;
	enum way way;
	size_t i;

	jd = kind_init(&s, tc, "host");
	in = (struct place){ "jail", &jd };
	for (i = 0; i < NELEMS(los); i++)
		for (way = 0; way < NWAYS; way++) {
			reach(&in, &host, way, los[i], los[i], los[i], los[i]);
			reach(&host, &in, way, los[i], los[i], los[i], los[i]);
			reach(&in, &in, way, los[i], los[i], los[i], los[i]);
		}
	reach(&in, &host, TCP, "127.0.0.53", "127.0.0.53", "127.0.0.1",
	    "127.0.0.53");
	reach(&in, &host, TCP, "::1", "::", "::1", "::1");
}

/* The next datagram's last byte; '-': there is none. */
static char
overhear(int s)
{
	char buf[2048];
	ssize_t len = recv(s, buf, sizeof(buf), MSG_DONTWAIT);

	return (len > 0 ? buf[len - 1] : '-');
}

static int
do_post(void *arg)
{
	const char *addr = arg;
	union sockaddrs sa;
	socklen_t len = sockaddr_of(&sa, addr, PORT);
	int s = socket(sa.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	sendto(s, addr, strlen(addr), 0, &sa.sa, len);
	close(s);
	return (-1);
}

/* What the host says to itself, and the jail to itself at its address. */
static void
listen_in(const struct jailed *jd, int af, int type, int proto, char *lo,
    char *own)
{
	int s = jailed_socket(jd, af, type, proto);

	ATF_REQUIRE_MSG(s != -1, "family %d: %s", af, errname(errno));
	do_post(lo);
	ATF_CHECK_EQ_MSG('-', overhear(s), "family %d: %s", af, lo);
	jailed_call(jd, do_post, own, strlen(own) + 1);
	ATF_CHECK_EQ_MSG('1', overhear(s), "family %d: %s", af, own);
	close(s);
}

VNET_CASE(C1_C3_loopback_host_is_not_overheard)
{
	char lo4[] = "127.0.0.1", lo6[] = "::1", own4[] = ADDR4, own6[] = ADDR6;
	struct jailed jd;
	struct scene s;
	int jid;

	scene_one_processor();
	scene_init(&s, tc);
	vnet_addr(&s.vn, ADDR4);
	vnet_addr(&s.vn, ADDR6);
	jid = make_jail("host", ADDR4, ADDR6);
	jd.jd_jid = jid;
	jail_param(&jd, "allow.raw_sockets", "true");
	jail_param(&jd, "allow.packet_capture", "true");
	jd = jailed_start(jid);
	listen_in(&jd, AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP), lo4, own4);
	listen_in(&jd, AF_PACKET, SOCK_DGRAM, htons(ETH_P_IPV6), lo6, own6);
	jd = jailed_start_bare(jid);
	listen_in(&jd, AF_INET, SOCK_RAW, IPPROTO_UDP, lo4, own4);
	listen_in(&jd, AF_INET6, SOCK_RAW, IPPROTO_UDP, lo6, own6);
}

/* Is a raw socket there told of an error about what the host sends? */
static bool
is_told(const struct jailed *jd, const char *lo)
{
	union sockaddrs sa;
	socklen_t len = sockaddr_of(&sa, lo, 0);
	const int af = sa.sa.sa_family;
	int s = jd != NULL ? jailed_socket(jd, af, SOCK_RAW, IPPROTO_UDP) :
	    socket(af, SOCK_RAW, IPPROTO_UDP);
	bool told;

	ATF_REQUIRE_EQ(0, bind(s, &sa.sa, len));
	ATF_REQUIRE_EQ(0, connect(s, &sa.sa, len));
	ATF_REQUIRE_EQ(0, errqueue_ask(s, af));
	errqueue_provoke(NULL, lo, lo);
	told = errqueue_told(s);
	close(s);
	return (told);
}

VNET_CASE(C2_loopback_host_is_not_told_of_errors_either)
{
	static const char *const los[] = { "127.0.0.1", "::1" };
	struct jailed jd;
	struct scene s;
	int jid;

	errqueue_init(&s, tc);
	vnet_addr(&s.vn, ADDR4);
	vnet_addr(&s.vn, ADDR6);
	jid = make_jail("host", ADDR4, ADDR6);
	jd = (struct jailed){ .jd_jid = jid };
	jail_param(&jd, "allow.raw_sockets", "true");
	jd = jailed_start_bare(jid);
	for (size_t i = 0; i < NELEMS(los); i++) {
		ATF_CHECK_MSG(is_told(NULL, los[i]), "%s: host", los[i]);
		ATF_CHECK_MSG(!is_told(&jd, los[i]), "%s: jail", los[i]);
	}
}

VNET_CASE(loopback_host_has_its_ports_in_common_with_the_host)
{
	struct jailed jd;
	struct place in;
	struct scene s;
	int waiting;

	jd = kind_init(&s, tc, "host");
	in = (struct place){ "jail", &jd };
	waiting = must_wait(&host, TCP, "127.0.0.1", PORT);
	ATF_CHECK_EQ(-1, talk_wait(&in, TCP, "127.0.0.1", PORT, false));
	ATF_CHECK_STREQ("EADDRINUSE", errname(errno));
	close(waiting);
}

VNET_CASE(loopback_host_is_no_way_to_another_jails)
{
	struct jailed jd;
	struct place in, b;
	struct scene s;
	int waiting;
	enum way way;

	jd = kind_init(&s, tc, "host");
	in = (struct place){ "jail", &jd };
	b = (struct place){ "jail B", &s.b };
	for (way = 0; way < NWAYS; way++) {
		waiting = must_wait(&b, way, "127.0.0.1", PORT);
		ATF_CHECK_EQ(-1, talk_call(&in, way, NULL, B_LO4, PORT));
		ATF_CHECK_STREQ("ENETUNREACH", errname(errno));
		ATF_CHECK_EQ(-1, talk_call(&in, way, B_LO4, B_LO4, PORT));
		ATF_CHECK_STREQ("EADDRNOTAVAIL", errname(errno));
		close(waiting);
	}
}

/* Is what ::1 is in that jail on the loopback interface? */
static bool
has_alias(int jid)
{
	struct ifaddrs *all, *ifa;
	struct in6_addr want;
	bool found = false;

	ATF_REQUIRE_EQ(1, inet_pton(AF_INET6, "fd6a:6169:6c6c:6f::", &want));
	want.s6_addr32[3] = htonl(jid);
	ATF_REQUIRE_EQ(0, getifaddrs(&all));
	for (ifa = all; ifa != NULL; ifa = ifa->ifa_next)
		found |= ifa->ifa_addr != NULL &&
		    ifa->ifa_addr->sa_family == AF_INET6 &&
		    strcmp(ifa->ifa_name, "lo") == 0 &&
		    memcmp(&((struct sockaddr_in6 *)(void *)ifa->ifa_addr)->
		    sin6_addr, &want, sizeof(want)) == 0;
	freeifaddrs(all);
	return (found);
}

static void
check_alias(const char *kind, const char *ip4, const char *ip6, bool want)
{
	int jid = make_jail(kind, ip4, ip6);

	ATF_CHECK_MSG(has_alias(jid) == want, "loopback=%s, %s: should be %d",
	    kind, ip6 != NULL ? ip6 : "no IPv6", want);
	ATF_REQUIRE_EQ(0, jail_remove(jid));
	ATF_CHECK_MSG(!has_alias(jid), "loopback=%s: it is left", kind);
}

VNET_CASE(ip6_loopback_is_on_the_interface_while_the_jail_is_there)
{
	struct vnet vn;

	vnet_init(&vn, tc);
	vnet_addr(&vn, ADDR4);
	vnet_addr(&vn, ADDR6);
	check_alias("private", NULL, ADDR6, true);
	check_alias("private", ADDR4, ADDR6, true);
	check_alias("private", ADDR4, NULL, false);
	check_alias("primary", ADDR4, ADDR6, false);
	check_alias("host", ADDR4, ADDR6, false);
}

/* A host may have its addresses on the loopback interface, too. */
VNET_CASE(ip6_loopback_is_no_source_of_the_host)
{
	union sockaddrs sa;
	socklen_t len = sizeof(sa);
	char command[256];
	struct vnet vn;
	int s;

	vnet_init(&vn, tc);
	vnet_addr(&vn, ADDR6);
	snprintf(command, sizeof(command), "ip -6 addr flush dev %s scope "
	    "global; ip addr add fd12:1::7/128 dev lo && "
	    "ip route add fd6b::/16 dev %s", vn.vn_hostif, vn.vn_hostif);
	ATF_REQUIRE_EQ(0, system(command));
	ATF_REQUIRE(scene_jail("other", NULL, ADDR6, NULL).jd_jid != -1);
	s = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	sockaddr_of(&sa, "fd6b::1", PORT);
	ATF_REQUIRE_EQ(0, connect(s, &sa.sa, sizeof(sa.sin6)));
	ATF_REQUIRE_EQ(0, getsockname(s, &sa.sa, &len));
	ATF_CHECK_STREQ("fd12:1::7", sockaddr_text(&sa));
	close(s);
}

VNET_CASE(ip6_loopback_goes_with_a_jail_that_has_processes)
{
	struct jailed jd;
	struct scene s;

	jd = kind_init(&s, tc, "private");
	ATF_CHECK(has_alias(s.a.jd_jid));
	ATF_CHECK(has_alias(jd.jd_jid));
	ATF_REQUIRE_EQ(0, jail_remove(jd.jd_jid));
	ATF_CHECK(!has_alias(jd.jd_jid));
	ATF_CHECK(has_alias(s.a.jd_jid));
	jailed_stop(&jd);
}

/* Also if somebody who is elsewhere takes that away. */
VNET_CASE(ip6_loopback_goes_with_the_instance)
{
	struct jailed jd;
	struct scene s;

	jd = kind_init(&s, tc, "private");
	ATF_REQUIRE_EQ(0, vnet_enter(s.vn.vn_peer));
	ATF_REQUIRE_EQ_MSG(0, jail_unload(), "%s", jail_errmsg);
	ATF_REQUIRE_EQ(0, vnet_enter(s.vn.vn_host));
	ATF_CHECK(!has_alias(jd.jd_jid));
	ATF_CHECK(!has_alias(s.a.jd_jid));
}

/* A jail whose addresses are changed from one list to another; its jid. */
static int
change_addrs(const atf_tc_t *tc, const char *from, const char *to)
{
	struct vnet vn;
	int jid;

	vnet_init(&vn, tc);
	vnet_addr(&vn, ADDR4);
	vnet_addr(&vn, ADDR6);
	jid = make_jail("private", ADDR4, from);
	ATF_REQUIRE_MSG(jail_setv(JAIL_UPDATE, "name", "kind", "ip6.addr", to,
	    NULL) != -1, "%s", jail_errmsg);
	return (jid);
}

VNET_CASE(ip6_loopback_goes_with_the_last_address)
{
	ATF_CHECK(!has_alias(change_addrs(tc, ADDR6, "")));
}

VNET_CASE(ip6_loopback_comes_with_the_first_address)
{
	ATF_CHECK(has_alias(change_addrs(tc, "", ADDR6)));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, loopback_primary_is_the_primary_address);
	ATF_TP_ADD_TC(tp, loopback_host_is_the_hosts);
	ATF_TP_ADD_TC(tp, C1_C3_loopback_host_is_not_overheard);
	ATF_TP_ADD_TC(tp, C2_loopback_host_is_not_told_of_errors_either);
	ATF_TP_ADD_TC(tp,
	    loopback_host_has_its_ports_in_common_with_the_host);
	ATF_TP_ADD_TC(tp, loopback_host_is_no_way_to_another_jails);
	ATF_TP_ADD_TC(tp,
	    ip6_loopback_is_on_the_interface_while_the_jail_is_there);
	ATF_TP_ADD_TC(tp, ip6_loopback_is_no_source_of_the_host);
	ATF_TP_ADD_TC(tp, ip6_loopback_goes_with_a_jail_that_has_processes);
	ATF_TP_ADD_TC(tp, ip6_loopback_goes_with_the_instance);
	ATF_TP_ADD_TC(tp, ip6_loopback_goes_with_the_last_address);
	ATF_TP_ADD_TC(tp, ip6_loopback_comes_with_the_first_address);
	return (atf_no_error());
}
