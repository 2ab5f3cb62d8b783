/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Multicast groups: who may join one, and who then gets what is sent to it.
 */

#include <sys/socket.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "errname.h"
#include "server.h"

#define GROUP4	"239.1.2.3"
#define GROUP6	"ff15::1:2:3"
#define OTHER4	"239.1.2.4"
#define OTHER6	"ff15::1:2:4"
#define M_FIRST4	"192.0.2.71"
#define M_SECOND4	"192.0.2.72"
#define M_FIRST6	"2001:db8::71"
#define M_SECOND6	"2001:db8::72"
#define N_ADDR4		"192.0.2.81"
#define N_ADDR6		"2001:db8::81"

enum { JOIN, JOIN_OLD, JOIN_LEAVE, JOIN_SOURCE, STAY_OUT };

/* A socket to open, and what it is to do about a group. */
struct member {
	union sockaddrs sa;
	socklen_t len;
	union sockaddrs group;
	unsigned ifindex;
	int how;
	int error;
};

static uint16_t port = 6000;

/* By the options of the family alone, which are older. */
static int
join_old(int s, const struct member *m)
{
	struct ipv6_mreq mreq6 = { .ipv6mr_interface = m->ifindex,
		.ipv6mr_multiaddr = m->group.sin6.sin6_addr };
	struct ip_mreqn mreq = { .imr_ifindex = m->ifindex,
		.imr_multiaddr = m->group.sin.sin_addr };

	if (m->group.sa.sa_family == AF_INET)
		return (setsockopt(s, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq,
		    sizeof(mreq)));
	return (setsockopt(s, IPPROTO_IPV6, IPV6_JOIN_GROUP, &mreq6,
	    sizeof(mreq6)));
}

static int
join_source(int s, const struct member *m, int level)
{
	struct group_source_req req = { .gsr_interface = m->ifindex };
	union sockaddrs peer;

	sockaddr_of(&peer, level == IPPROTO_IP ? VNET_PEER4 : VNET_PEER6, 0);
	memcpy(&req.gsr_group, &m->group, sizeof(m->group));
	memcpy(&req.gsr_source, &peer, sizeof(peer));
	return (setsockopt(s, level, MCAST_JOIN_SOURCE_GROUP, &req,
	    sizeof(req)));
}

static int
join(int s, const struct member *m)
{
	const int level = m->group.sa.sa_family == AF_INET ? IPPROTO_IP :
	    IPPROTO_IPV6;
	struct group_req req = { .gr_interface = m->ifindex };

	memcpy(&req.gr_group, &m->group, sizeof(m->group));
	if (m->how == STAY_OUT)
		return (0);
	if (m->how == JOIN_OLD)
		return (join_old(s, m));
	if (m->how == JOIN_SOURCE)
		return (join_source(s, m, level));
	if (setsockopt(s, level, MCAST_JOIN_GROUP, &req, sizeof(req)) != 0)
		return (-1);
	return (m->how == JOIN ? 0 : setsockopt(s, level, MCAST_LEAVE_GROUP,
	    &req, sizeof(req)));
}

static int
do_member(void *arg)
{
	struct member *m = arg;
	int on = 1, s;

	s = socket(m->sa.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s != -1 && setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on,
	    sizeof(on)) == 0 && bind(s, &m->sa.sa, m->len) == 0 &&
	    join(s, m) == 0)
		return (s);
	m->error = errno;
	if (s != -1)
		close(s);
	return (-1);
}

/* A socket of a jail, or of the host if jd is NULL. */
static int
member(const struct vnet *vn, const struct jailed *jd, const char *addr,
    const char *group, int how, int error)
{
	struct member m = { .how = how,
		.ifindex = if_nametoindex(vn->vn_hostif) };
	int s;

	m.len = sockaddr_of(&m.sa, addr, port);
	sockaddr_of(&m.group, group, 0);
	s = jd != NULL ? jailed_call(jd, do_member, &m, sizeof(m)) :
	    do_member(&m);
	ATF_CHECK_MSG(m.error == error, "%s at %s: %s; should be %s", group,
	    addr, errname(m.error), errname(error));
	return (s);
}

/* Have the peer send to all, and look which byte comes first; '-': none. */
static char
first_of(const struct vnet *vn, int s, const char *group, const char *own)
{
	struct pollfd pfd = { .fd = s, .events = POLLIN };
	const char *const to[] = { group, own };
	union sockaddrs sa;
	socklen_t len;
	char byte;
	int out;

	ATF_REQUIRE_EQ(0, vnet_enter(vn->vn_peer));
	for (size_t i = 0; i < 2; i++) {
		len = sockaddr_of(&sa, to[i], port);
		out = socket(sa.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		ATF_REQUIRE_EQ(0, setsockopt(out, SOL_SOCKET, SO_BINDTODEVICE,
		    vn->vn_peerif, strlen(vn->vn_peerif)));
		ATF_REQUIRE_EQ_MSG(1, sendto(out, i == 0 ? "g" : "o", 1, 0,
		    &sa.sa, len), "%s: %s", to[i], strerror(errno));
		close(out);
	}
	ATF_REQUIRE_EQ(0, vnet_enter(vn->vn_host));
	if (poll(&pfd, 1, SERVER_WAIT_MS) != 1 || recv(s, &byte, 1, 0) != 1)
		return ('-');
	return (byte);
}

static struct jailed
begin(struct scene *s, const atf_tc_t *tc)
{
	static const char *const addrs[] = { M_FIRST4, M_SECOND4, M_FIRST6,
		M_SECOND6, N_ADDR4, N_ADDR6 };

	scene_one_processor();
	server_init(s, tc);
	for (size_t i = 0; i < NELEMS(addrs); i++)
		vnet_addr(&s->vn, addrs[i]);
	return (scene_jail("m", M_FIRST4 "," M_SECOND4,
	    M_FIRST6 "," M_SECOND6, "allow.multicast"));
}

VNET_CASE(B11_group_is_joined_only_with_the_parameter)
{
	static const int hows[] = { JOIN, JOIN_OLD, JOIN_SOURCE };
	struct jailed m;
	struct scene s;

	m = begin(&s, tc);
	for (size_t i = 0; i < NELEMS(hows); i++) {
		port++;
		member(&s.vn, &s.a, "0.0.0.0", GROUP4, hows[i], EPERM);
		member(&s.vn, &s.a, "::", GROUP6, hows[i], EPERM);
		close(member(&s.vn, &m, "0.0.0.0", GROUP4, hows[i], 0));
		close(member(&s.vn, &m, "::", GROUP6, hows[i], 0));
	}
	port++;
	member(&s.vn, &s.a, GROUP4, GROUP4, STAY_OUT, EADDRNOTAVAIL);
	member(&s.vn, &s.a, GROUP6, GROUP6, STAY_OUT, EADDRNOTAVAIL);
	close(member(&s.vn, &m, GROUP4, GROUP4, STAY_OUT, 0));
	close(member(&s.vn, &m, GROUP6, GROUP6, STAY_OUT, 0));
}

/* What comes first, of what was sent to the group and to an address. */
static void
try_member(const struct vnet *vn, const struct jailed *jd, const char *addr,
    const char *group, int how, const char *own, char want)
{
	char got;
	int s;

	port++;
	s = member(vn, jd, addr, group, how, 0);
	got = first_of(vn, s, group, own);
	ATF_CHECK_MSG(got == want, "%s at %s, as %d: got '%c' first, should be "
	    "'%c'", group, addr, how, got, want);
	close(s);
}

VNET_CASE(what_was_joined_is_received)
{
	static const int hows[] = { JOIN, JOIN_OLD, JOIN_SOURCE };
	struct jailed m;
	struct scene s;

	m = begin(&s, tc);
	for (size_t i = 0; i < NELEMS(hows); i++) {
		try_member(&s.vn, &m, "0.0.0.0", GROUP4, hows[i], M_FIRST4,
		    'g');
		try_member(&s.vn, &m, GROUP4, GROUP4, hows[i], M_FIRST4, 'g');
		try_member(&s.vn, &m, "::", GROUP6, hows[i], M_FIRST6, 'g');
		try_member(&s.vn, &m, GROUP6, GROUP6, hows[i], M_FIRST6, 'g');
	}
}

VNET_CASE(unicast_comes_to_all_addresses_as_well)
{
	struct jailed m;
	struct scene s;

	m = begin(&s, tc);
	try_member(&s.vn, &m, "0.0.0.0", OTHER4, STAY_OUT, M_FIRST4, 'o');
	try_member(&s.vn, &m, "0.0.0.0", OTHER4, STAY_OUT, M_SECOND4, 'o');
	try_member(&s.vn, &m, "::", OTHER6, STAY_OUT, M_FIRST6, 'o');
	try_member(&s.vn, &m, "::", OTHER6, STAY_OUT, M_SECOND6, 'o');
	try_member(&s.vn, &m, "::", OTHER4, STAY_OUT, M_SECOND4, 'o');
}

/* A datagram to a group, by the interface that has the address. */
struct sending {
	const char *from;	/* text in the parent's memory too */
	int form;		/* how the option names the address */
	bool connected;
	uint16_t port;
	int error;
};

enum { ADDRESS, MREQ, MREQN, FORMS };

static int
send_by(int s, const struct sending *m)
{
	struct ip_mreqn mreqn = { .imr_multiaddr.s_addr = inet_addr(GROUP4),
		.imr_address.s_addr = inet_addr(m->from) };
	union sockaddrs to;
	const socklen_t len = sockaddr_of(&to, GROUP4, m->port);
	const void *value = m->form == ADDRESS ? (void *)&mreqn.imr_address :
	    (void *)&mreqn;
	static const socklen_t sizes[] = { sizeof(struct in_addr),
		sizeof(struct ip_mreq), sizeof(struct ip_mreqn) };

	if (setsockopt(s, IPPROTO_IP, IP_MULTICAST_IF, value,
	    sizes[m->form]) != 0)
		return (-1);
	if (!m->connected)
		return (sendto(s, "m", 1, 0, &to.sa, len) == 1 ? 0 : -1);
	return (connect(s, &to.sa, len) == 0 && send(s, "m", 1, 0) == 1 ? 0 :
	    -1);
}

static int
do_send(void *arg)
{
	struct sending *m = arg;
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	m->error = send_by(s, m) == 0 ? 0 : errno;
	close(s);
	return (-1);
}

/* Does the group, at the peer, get it with that source? */
static void
check_source(const struct jailed *m, int at_peer, struct sending *to,
    const char *want)
{
	struct pollfd pfd = { .fd = at_peer, .events = POLLIN };
	union sockaddrs from;
	socklen_t len = sizeof(from);
	char byte;

	to->port = port;
	jailed_call(m, do_send, to, sizeof(*to));
	ATF_REQUIRE_EQ_MSG(0, to->error, "form %d: %s", to->form,
	    errname(to->error));
	ATF_REQUIRE_EQ(1, poll(&pfd, 1, SERVER_WAIT_MS));
	ATF_REQUIRE_EQ(1, recvfrom(at_peer, &byte, 1, 0, &from.sa, &len));
	ATF_CHECK_MSG(strcmp(want, sockaddr_text(&from)) == 0, "form %d, %s: "
	    "from %s", to->form, to->connected ? "connected" : "not connected",
	    sockaddr_text(&from));
}

static int
peer_member(const struct vnet *vn)
{
	struct member m = { .how = JOIN };
	int s;

	port++;
	ATF_REQUIRE_EQ(0, vnet_enter(vn->vn_peer));
	m.ifindex = if_nametoindex(vn->vn_peerif);
	m.len = sockaddr_of(&m.sa, "0.0.0.0", port);
	sockaddr_of(&m.group, GROUP4, 0);
	s = do_member(&m);
	ATF_REQUIRE_EQ(0, vnet_enter(vn->vn_host));
	ATF_REQUIRE_EQ_MSG(0, m.error, "%s", errname(m.error));
	return (s);
}

VNET_CASE(B4_source_is_what_the_interface_option_names)
{
	struct jailed m;
	struct scene s;
	int at_peer;

	m = begin(&s, tc);
	at_peer = peer_member(&s.vn);
	for (int i = 0; i < 2 * FORMS; i++) {
		struct sending own = { M_SECOND4, i % FORMS, i >= FORMS,
			0, 0 };
		struct sending foreign = { VNET_HOST4, i % FORMS, i >= FORMS,
			0, 0 };

		check_source(&m, at_peer, &own, M_SECOND4);
		check_source(&m, at_peer, &foreign, M_FIRST4);
	}
	close(at_peer);
}

/* The kernel would deliver it: somebody of the host is a member. */
VNET_CASE(C4_what_others_joined_is_not_received)
{
	struct jailed m;
	struct scene s;
	int host4, host6;

	m = begin(&s, tc);
	host4 = member(&s.vn, NULL, "0.0.0.0", GROUP4, JOIN, 0);
	host6 = member(&s.vn, NULL, "::", GROUP6, JOIN, 0);
	try_member(&s.vn, NULL, "0.0.0.0", GROUP4, STAY_OUT, VNET_HOST4, 'g');
	try_member(&s.vn, &m, "0.0.0.0", GROUP4, STAY_OUT, M_FIRST4, 'o');
	try_member(&s.vn, &m, "0.0.0.0", GROUP4, JOIN_LEAVE, M_FIRST4, 'o');
	try_member(&s.vn, &m, "::", GROUP6, STAY_OUT, M_FIRST6, 'o');
	try_member(&s.vn, &m, "::", GROUP6, JOIN_LEAVE, M_FIRST6, 'o');
	close(host4);
	close(host6);
}

static void
share(const struct scene *s, const struct jailed *m, const struct jailed *n,
    const char *any, const char *group)
{
	const struct jailed *const who[] = { m, NULL, n };
	int member_of[3];
	char byte;

	port++;
	for (size_t i = 0; i < 3; i++)
		member_of[i] = member(&s->vn, who[i], any, group, JOIN, 0);
	ATF_CHECK_EQ('g', first_of(&s->vn, member_of[0], group, VNET_HOST4));
	for (size_t i = 1; i < 3; i++) {
		struct pollfd pfd = { .fd = member_of[i], .events = POLLIN };

		ATF_CHECK_EQ(1, poll(&pfd, 1, SERVER_WAIT_MS));
		ATF_CHECK_EQ(1, recv(member_of[i], &byte, 1, MSG_DONTWAIT));
		ATF_CHECK_EQ('g', byte);
	}
	for (size_t i = 0; i < 3; i++)
		close(member_of[i]);
}

VNET_CASE(jails_and_the_host_are_members_side_by_side)
{
	struct jailed m, n;
	struct scene s;

	m = begin(&s, tc);
	n = scene_jail("n", N_ADDR4, N_ADDR6, "allow.multicast");
	share(&s, &m, &n, "0.0.0.0", GROUP4);
	share(&s, &m, &n, "::", GROUP6);
}

VNET_CASE(parameter_that_is_turned_off_is_off_at_once)
{
	struct jailed m;
	struct scene s;
	int s4;

	m = begin(&s, tc);
	s4 = member(&s.vn, &m, "0.0.0.0", GROUP4, JOIN, 0);
	ATF_CHECK_EQ('g', first_of(&s.vn, s4, GROUP4, VNET_HOST4));
	jail_param(&m, "allow.multicast", "false");
	ATF_CHECK_EQ('o', first_of(&s.vn, s4, GROUP4, M_FIRST4));
	close(s4);
}

/* The host's and the jail's are at the same place in the kernel. */
static void
check_apart(const struct scene *s, const struct jailed *m, bool host_first,
    const char *any, const char *group, const char *dst)
{
	int host = -1, jail;
	char got;

	port++;
	if (host_first)
		host = member(&s->vn, NULL, any, group, JOIN, 0);
	jail = member(&s->vn, m, any, group, JOIN, 0);
	if (!host_first)
		host = member(&s->vn, NULL, any, group, JOIN, 0);
	close(peer_dials(&s->vn, SOCK_DGRAM, dst, port));
	got = first_of(&s->vn, host, group, VNET_HOST4);
	ATF_CHECK_MSG(got == 'g', "%s, host %s: the host has got what was for "
	    "%s ('%c')", any, host_first ? "first" : "last", dst, got);
	close(host);
	close(jail);
}

VNET_CASE(host_does_not_get_what_is_for_the_jail)
{
	struct jailed m;
	struct scene s;

	vnet_needs("tcx");
	m = begin(&s, tc);
	for (int first = 0; first < 2; first++) {
		check_apart(&s, &m, first, "0.0.0.0", GROUP4, M_FIRST4);
		check_apart(&s, &m, first, "0.0.0.0", GROUP4, M_SECOND4);
		check_apart(&s, &m, first, "::", GROUP6, M_FIRST6);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, B11_group_is_joined_only_with_the_parameter);
	ATF_TP_ADD_TC(tp, what_was_joined_is_received);
	ATF_TP_ADD_TC(tp, unicast_comes_to_all_addresses_as_well);
	ATF_TP_ADD_TC(tp, B4_source_is_what_the_interface_option_names);
	ATF_TP_ADD_TC(tp, C4_what_others_joined_is_not_received);
	ATF_TP_ADD_TC(tp, jails_and_the_host_are_members_side_by_side);
	ATF_TP_ADD_TC(tp, parameter_that_is_turned_off_is_off_at_once);
	ATF_TP_ADD_TC(tp, host_does_not_get_what_is_for_the_jail);
	return (atf_no_error());
}
