/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What real sockets of a jail receive: nothing that is not for one of its
 * addresses, even where the kernel bound them to all that the host has.
 */

#include <sys/socket.h>

#include <net/if.h>
#include <netinet/in.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "errname.h"
#include "errqueue.h"
#include "server.h"

#define PORT	7000
#define WAIT_MS	10000
#define GROUP4	"239.1.2.3"
#define GROUP6	"ff15::1:2:3"

/* A socket that the jail leaves to the kernel to bind. */
struct open_call {
	int af;
	int type;
	union sockaddrs sa;	/* whom to send to */
	union sockaddrs group;	/* to be joined there: */
	unsigned ifindex;
	int error;
};

static int
give_up(struct open_call *c, int s)
{
	c->error = errno;
	if (s != -1)
		close(s);
	return (-1);
}

static uint16_t
bound_port(int s)
{
	union sockaddrs sa;
	socklen_t len = sizeof(sa);

	ATF_REQUIRE_EQ(0, getsockname(s, &sa.sa, &len));
	return (ntohs(sa.sin.sin_port));
}

/* Send to an address from the peer. */
static void
peer_sends(const struct vnet *vn, const char *dst, uint16_t port, char what)
{
	union sockaddrs sa;
	socklen_t len;
	int on = 1, s;

	ATF_REQUIRE_EQ(0, vnet_enter(vn->vn_peer));
	len = sockaddr_of(&sa, dst, port);
	s = socket(sa.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ATF_REQUIRE(s != -1);
	ATF_REQUIRE_EQ(0, setsockopt(s, SOL_SOCKET, SO_BROADCAST, &on,
	    sizeof(on)));
	ATF_REQUIRE_EQ(0, setsockopt(s, SOL_SOCKET, SO_BINDTODEVICE,
	    vn->vn_peerif, strlen(vn->vn_peerif)));
	ATF_REQUIRE_EQ_MSG(1, sendto(s, &what, 1, 0, &sa.sa, len), "%s: %s",
	    dst, strerror(errno));
	close(s);
	ATF_REQUIRE_EQ(0, vnet_enter(vn->vn_host));
}

/* The next datagram, '-' if there is none. */
static char
receive(int s)
{
	struct pollfd pfd = { .fd = s, .events = POLLIN };
	char byte;

	if (poll(&pfd, 1, WAIT_MS) != 1 || recv(s, &byte, 1, 0) != 1)
		return ('-');
	return (byte);
}

/* A datagram socket that has been bound by sending alone. */
static int
do_autobind(void *arg)
{
	struct open_call *c = arg;
	int s;

	s = socket(c->af, SOCK_DGRAM, 0);
	if (s == -1 || sendto(s, "", 0, 0, &c->sa.sa, sizeof(c->sa)) == -1)
		return (give_up(c, s));
	return (s);
}

/* What is for another jail is refused before this jail could count it. */
static void
autobound(const struct scene *sc, const char *peer, const char *host,
    const char *other, const char *own)
{
	int family = strchr(own, ':') != NULL ? 6 : 4, jid = sc->a.jd_jid, s;
	uint64_t before = jailed_refusals(jid, JR_DSTADDR, JAIL_DIR_IN, family);
	struct open_call c = { 0 };
	uint16_t port;

	sockaddr_of(&c.sa, peer, PORT);
	c.af = c.sa.sa.sa_family;
	s = jailed_call(&sc->a, do_autobind, &c, sizeof(c));
	ATF_REQUIRE_MSG(s != -1, "%s", errname(c.error));
	port = bound_port(s);
	peer_sends(&sc->vn, host, port, 'h');
	peer_sends(&sc->vn, other, port, 'b');
	peer_sends(&sc->vn, own, port, 'a');
	ATF_CHECK_EQ('a', receive(s));
	ATF_CHECK_EQ(before + 1, jailed_refusals(jid, JR_DSTADDR, JAIL_DIR_IN,
	    family));
	close(s);
}

VNET_CASE(autobound_datagram_socket_receives_own_only)
{
	struct scene s;

	scene_one_processor();
	scene_init(&s, tc);
	autobound(&s, VNET_PEER4, VNET_HOST4, B_ADDR4, A_SECOND4);
	autobound(&s, VNET_PEER6, VNET_HOST6, B_ADDR6, A_SECOND6);
}

/* A stream socket that has been bound by listening alone. */
static int
do_listen(void *arg)
{
	struct open_call *c = arg;
	int s;

	s = socket(c->af, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (s == -1 || listen(s, 8) == -1)
		return (give_up(c, s));
	return (s);
}

static int
peer_connects(const struct vnet *vn, const char *dst, uint16_t port)
{
	union sockaddrs sa;
	socklen_t len;
	int s;

	ATF_REQUIRE_EQ(0, vnet_enter(vn->vn_peer));
	len = sockaddr_of(&sa, dst, port);
	s = socket(sa.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0);
	ATF_REQUIRE(s != -1);
	if (connect(s, &sa.sa, len) == -1)
		ATF_REQUIRE_ERRNO(EINPROGRESS, true);
	ATF_REQUIRE_EQ(0, vnet_enter(vn->vn_host));
	return (s);
}

/* Connections to others' addresses are tried first, so they would be first. */
static void
listening(const struct scene *sc, const char *host, const char *other,
    const char *own)
{
	struct open_call c = { .af = strchr(own, ':') != NULL ? AF_INET6 :
		AF_INET };
	struct pollfd pfd = { .events = POLLIN };
	union sockaddrs local;
	socklen_t len = sizeof(local);
	int conn, s, try[3];
	uint16_t port;

	s = jailed_call(&sc->a, do_listen, &c, sizeof(c));
	ATF_REQUIRE_MSG(s != -1, "%s", errname(c.error));
	port = bound_port(s);
	try[0] = peer_connects(&sc->vn, host, port);
	try[1] = peer_connects(&sc->vn, other, port);
	try[2] = peer_connects(&sc->vn, own, port);
	pfd.fd = s;
	ATF_REQUIRE_EQ_MSG(1, poll(&pfd, 1, WAIT_MS), "nobody connects");
	conn = accept(s, NULL, NULL);
	ATF_REQUIRE(conn != -1);
	ATF_REQUIRE_EQ(0, getsockname(conn, &local.sa, &len));
	ATF_CHECK_STREQ(own, sockaddr_text(&local));
	ATF_CHECK_MSG(accept(s, NULL, NULL) == -1 && errno == EAGAIN,
	    "a connection to another's address was accepted");
	close(conn);
	close(s);
	for (s = 0; s < 3; s++)
		close(try[s]);
}

VNET_CASE(unbound_listener_accepts_own_only)
{
	struct scene s;

	scene_one_processor();
	scene_init(&s, tc);
	listening(&s, VNET_HOST4, B_ADDR4, A_SECOND4);
	listening(&s, VNET_HOST6, B_ADDR6, A_SECOND6);
}

/*
 * An autobound socket that joins a group; whatever the jail is told about the
 * group, nothing may come of it.
 */
static int
do_join(void *arg)
{
	struct open_call *c = arg;
	struct group_req req = { .gr_interface = c->ifindex };
	int s;

	s = do_autobind(c);
	memcpy(&req.gr_group, &c->group, sizeof(c->group));
	if (s != -1)
		setsockopt(s, c->af == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
		    MCAST_JOIN_GROUP, &req, sizeof(req));
	return (s);
}

static struct open_call
join_call(const struct scene *sc, const char *peer, const char *group)
{
	struct open_call c = { .ifindex = if_nametoindex(sc->vn.vn_hostif) };

	sockaddr_of(&c.sa, peer, PORT);
	sockaddr_of(&c.group, group, 0);
	c.af = c.sa.sa.sa_family;
	return (c);
}

static void
joined(const struct scene *sc, const char *peer, const char *group,
    const char *own)
{
	struct open_call c = join_call(sc, peer, group);
	uint16_t port;
	int s;

	s = jailed_call(&sc->a, do_join, &c, sizeof(c));
	ATF_REQUIRE_MSG(s != -1, "%s", errname(c.error));
	port = bound_port(s);
	peer_sends(&sc->vn, group, port, 'm');
	peer_sends(&sc->vn, own, port, 'a');
	ATF_CHECK_EQ_MSG('a', receive(s), "%s was received", group);
	close(s);
}

VNET_CASE(C4_multicast_and_broadcast_are_not_delivered)
{
	struct scene s;

	scene_one_processor();
	scene_init(&s, tc);
	joined(&s, VNET_PEER4, GROUP4, A_FIRST4);
	joined(&s, VNET_PEER6, GROUP6, A_FIRST6);
	joined(&s, VNET_PEER4, "192.0.2.255", A_FIRST4);
	joined(&s, VNET_PEER4, "255.255.255.255", A_FIRST4);
}

/* Send to each from the peer; each must be received. */
static void
all_received(const struct scene *sc, const char *peer, const char *group,
    const char *host)
{
	struct open_call c = join_call(sc, peer, group);
	uint16_t port;
	int s;

	s = do_join(&c);
	ATF_REQUIRE(s != -1);
	port = bound_port(s);
	peer_sends(&sc->vn, group, port, 'm');
	peer_sends(&sc->vn, host, port, 'h');
	ATF_CHECK_EQ('m', receive(s));
	ATF_CHECK_EQ('h', receive(s));
	close(s);
}

/* The same steps in no jail: what the cases above do not get does come. */
VNET_CASE(without_a_jail_all_of_it_is_delivered)
{
	struct scene s;

	scene_one_processor();
	scene_init(&s, tc);
	all_received(&s, VNET_PEER4, GROUP4, VNET_HOST4);
	all_received(&s, VNET_PEER6, GROUP6, VNET_HOST6);
	all_received(&s, VNET_PEER4, "192.0.2.255", VNET_HOST4);
	all_received(&s, VNET_PEER4, "255.255.255.255", VNET_HOST4);
}

static void
set_hostlisten(const struct jailed *jd, const char *param, const char *value)
{
	char jid[16];

	snprintf(jid, sizeof(jid), "%d", jd->jd_jid);
	if (jail_setv(JAIL_UPDATE, "jid", jid, param, value, NULL) == -1)
		atf_tc_fail("%s: %s", param, jail_errmsg);
}

/* A socket of the host; the jail has none. */
static void
jails_received(const struct scene *sc, const char *peer, const char *host,
    const char *jails, const char *param)
{
	struct open_call c = { 0 };
	uint16_t port;
	int s;

	sockaddr_of(&c.sa, peer, PORT);
	c.af = c.sa.sa.sa_family;
	s = do_autobind(&c);
	ATF_REQUIRE(s != -1);
	port = bound_port(s);
	peer_sends(&sc->vn, jails, port, 'x');
	peer_sends(&sc->vn, host, port, 'h');
	ATF_CHECK_EQ('h', receive(s));
	set_hostlisten(&sc->b, param, "true");
	peer_sends(&sc->vn, jails, port, 'b');
	ATF_CHECK_EQ('b', receive(s));
	set_hostlisten(&sc->b, param, "false");
	peer_sends(&sc->vn, jails, port, 'x');
	peer_sends(&sc->vn, host, port, 'h');
	ATF_CHECK_EQ('h', receive(s));
	close(s);
}

VNET_CASE(host_receives_what_is_for_a_jail_only_with_hostlisten)
{
	struct scene s;

	scene_one_processor();
	scene_init(&s, tc);
	jails_received(&s, VNET_PEER4, VNET_HOST4, B_ADDR4, "ip4.hostlisten");
	jails_received(&s, VNET_PEER6, VNET_HOST6, B_ADDR6, "ip6.hostlisten");
}

/* What a raw socket that is to be told of errors was before, and is then. */
enum fate { UNBOUND, BOUND, CONNECTED, DISCONNECTED, REBOUND, NFATES };

/* Take back, or try to, what made it harmless to be told. */
static int
let_go(int s, const struct open_call *c, enum fate fate)
{
	const struct sockaddr unspec = { .sa_family = AF_UNSPEC };
	union sockaddrs any = { .sa.sa_family = c->af };
	const int low = 100;	/* a number that is not the broker's */

	if (fate < DISCONNECTED)
		return (0);
	if (dup2(s, low) == -1)
		return (-1);
	if (bind(low, &any.sa, sizeof(any)) == 0 || errno != EINVAL)
		return (-1);
	if (connect(low, &unspec, sizeof(unspec)) != 0)
		return (-1);
	return (fate == REBOUND ? bind(low, &any.sa, sizeof(any)) : 0);
}

/* A raw socket that keeps the errors that the network reports. */
static int
do_errqueue(void *arg)
{
	struct open_call *c = arg;
	const enum fate fate = c->type;
	const socklen_t len = sizeof(c->sa);
	int s;

	s = socket(c->af, SOCK_RAW, IPPROTO_UDP);
	if (s == -1 ||
	    (fate >= BOUND && bind(s, &c->group.sa, len) != 0) ||
	    (fate >= CONNECTED && connect(s, &c->sa.sa, len) != 0) ||
	    errqueue_ask(s, c->af) != 0 || let_go(s, c, fate) != 0)
		return (give_up(c, s));
	return (s);
}

/* Is such a socket told of the host's errors, and of the jail's own? */
static void
check_errors(const struct jailed *jd, enum fate fate, const char *own,
    const char *peer)
{
	struct open_call c = { .type = fate };
	int s;

	sockaddr_of(&c.sa, peer, 0);
	sockaddr_of(&c.group, own, 0);
	c.af = c.sa.sa.sa_family;
	s = jailed_call(jd, do_errqueue, &c, sizeof(c));
	ATF_REQUIRE_MSG(s != -1, "%d: %s", fate, errname(c.error));
	errqueue_provoke(NULL, NULL, peer);
	ATF_CHECK_MSG(!errqueue_told(s), "%d: the host's packet was read",
	    fate);
	errqueue_provoke(jd, NULL, peer);
	ATF_CHECK_EQ_MSG(fate == CONNECTED, errqueue_told(s), "%d, %s", fate,
	    peer);
	close(s);
}

/* With the broker, and without: then it is not the jail's by itself. */
VNET_CASE(C2_errors_about_others_packets_are_not_seen)
{
	struct jailed bare;
	struct scene s;

	errqueue_init(&s, tc);
	bare = jailed_start_bare(s.b.jd_jid);
	for (int fate = 0; fate < NFATES; fate++) {
		check_errors(&s.b, fate, B_ADDR4, VNET_PEER4);
		check_errors(&s.b, fate, B_ADDR6, VNET_PEER6);
		check_errors(&bare, fate, B_ADDR4, VNET_PEER4);
		check_errors(&bare, fate, B_ADDR6, VNET_PEER6);
	}
}

/* The kernel would tell such a socket of all. */
VNET_CASE(C2_host_sees_errors_about_packets_of_jails)
{
	struct open_call c = { .type = UNBOUND, .af = AF_INET };
	struct scene s;
	int fd;

	scene_init(&s, tc);
	fd = do_errqueue(&c);
	ATF_REQUIRE(fd != -1);
	errqueue_provoke(&s.b, NULL, VNET_PEER4);
	ATF_CHECK(errqueue_told(fd));
	close(fd);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, autobound_datagram_socket_receives_own_only);
	ATF_TP_ADD_TC(tp, unbound_listener_accepts_own_only);
	ATF_TP_ADD_TC(tp, C4_multicast_and_broadcast_are_not_delivered);
	ATF_TP_ADD_TC(tp, C2_errors_about_others_packets_are_not_seen);
	ATF_TP_ADD_TC(tp, C2_host_sees_errors_about_packets_of_jails);
	ATF_TP_ADD_TC(tp, without_a_jail_all_of_it_is_delivered);
	ATF_TP_ADD_TC(tp,
	    host_receives_what_is_for_a_jail_only_with_hostlisten);
	return (atf_no_error());
}
