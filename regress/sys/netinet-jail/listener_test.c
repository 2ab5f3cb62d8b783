/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What becomes of a jail's listeners and of their connections: groups, ends,
 * and who else comes to the port.
 */

#include <sys/socket.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "errname.h"
#include "server.h"

static uint16_t port = 5000;

/* Connect n times; got counts what each of the three takes. */
static void
dial_group(const struct scene *s, const char *dst, const int server[3], int n,
    int got[3])
{
	int dialled, i;

	while (n-- > 0) {
		dialled = peer_dials(&s->vn, SOCK_STREAM, dst, port);
		ATF_REQUIRE_MSG(dialled != -1, "%s", strerror(errno));
		i = ready_one(server, 3);
		ATF_REQUIRE(i != -1);
		got[i]++;
		close(accept(server[i], NULL, NULL));
		close(dialled);
	}
}

/* By chance one of three gets none of 48 once in 10^8 times. */
static void
group(const struct scene *s, const char *bound, const char *dst)
{
	int got[3] = { 0 }, i, server[3];

	port++;
	for (i = 0; i < 3; i++)
		server[i] = server_start(&s->a, SOCK_STREAM,
		    SV_LISTEN | SV_REUSEPORT, bound, port);
	dial_group(s, dst, server, 48, got);
	ATF_CHECK_MSG(got[0] > 0 && got[1] > 0 && got[2] > 0, "%d, %d, %d",
	    got[0], got[1], got[2]);
	close(server[0]);
	server[0] = server[1];
	dial_group(s, dst, server, 16, got);
	close(server[1]);
	server[0] = server[1] = server[2];
	dial_group(s, dst, server, 16, got);
	close(server[2]);
}

VNET_CASE(group_of_listeners_shares_connections_and_outlives_the_first)
{
	struct scene s;

	server_init(&s, tc);
	group(&s, "0.0.0.0", A_FIRST4);
	group(&s, "::", A_SECOND6);
	group(&s, A_SECOND4, A_SECOND4);
}

/* A listener that the process keeps. */
static int
do_keep(void *arg)
{
	struct server *sv = arg;
	int s = socket(sv->sa.sa.sa_family, sv->type, 0);

	if (s == -1 || bind(s, &sv->sa.sa, sv->len) == -1 ||
	    (sv->type == SOCK_STREAM && listen(s, 8) == -1))
		sv->error = errno;
	return (-1);
}

static void
killed(const struct scene *s, int type, const char *bound, const char *dst)
{
	struct jailed jd = jailed_start(s->a.jd_jid);
	struct server sv = server_of(type, 0, bound, ++port);

	jailed_call(&jd, do_keep, &sv, sizeof(sv));
	ATF_REQUIRE_EQ_MSG(0, sv.error, "%s", errname(sv.error));
	ATF_CHECK(server_open(&s->a, &sv) == -1);
	ATF_CHECK_STREQ("EADDRINUSE", errname(sv.error));
	ATF_REQUIRE_EQ(0, kill(jd.jd_pid, SIGKILL));
	jailed_stop(&jd);
	dial_error(&s->vn, type, dst, port, ECONNREFUSED);
	close(server_start(&s->a, type, 0, bound, port));
}

VNET_CASE(port_is_free_when_its_process_is_killed)
{
	struct scene s;

	server_init(&s, tc);
	killed(&s, SOCK_STREAM, "0.0.0.0", A_FIRST4);
	killed(&s, SOCK_STREAM, "::", A_SECOND6);
	killed(&s, SOCK_DGRAM, "0.0.0.0", A_FIRST4);
}

static void
check_carries(int from, int to)
{
	char byte = '-';

	ATF_CHECK_EQ(1, send(from, "d", 1, MSG_NOSIGNAL));
	ATF_CHECK_EQ(1, recv(to, &byte, 1, 0));
	ATF_CHECK_EQ('d', byte);
}

static void
outlive(const struct scene *s, const char *bound, const char *dst)
{
	int a, conn, dialled, host;

	port++;
	a = server_start(&s->a, SOCK_STREAM, SV_LISTEN, bound, port);
	dialled = peer_dials(&s->vn, SOCK_STREAM, dst, port);
	ATF_REQUIRE(dialled != -1);
	conn = accept4(a, NULL, NULL, SOCK_CLOEXEC);
	ATF_REQUIRE(conn != -1);
	host = server_start(NULL, SOCK_STREAM, SV_LISTEN | SV_REUSEADDR, bound,
	    port);
	check_carries(dialled, conn);
	close(a);
	check_carries(conn, dialled);
	dial_error(&s->vn, SOCK_STREAM, dst, port, ECONNREFUSED);
	close(host);
	check_carries(dialled, conn);
	close(server_start(&s->a, SOCK_STREAM, SV_LISTEN, bound, port));
	check_carries(conn, dialled);
	close(dialled);
	close(conn);
}

VNET_CASE(connections_outlive_their_listener_and_let_the_host_listen)
{
	struct scene s;

	server_init(&s, tc);
	outlive(&s, "0.0.0.0", A_FIRST4);
	outlive(&s, "::", A_SECOND6);
}

static void
connects(const struct scene *s, int type, const char *bound, const char *own,
    const char *peer)
{
	union sockaddrs sa;
	socklen_t len = sockaddr_of(&sa, peer, ++port);
	int a, server;

	ATF_REQUIRE_EQ(0, vnet_enter(s->vn.vn_peer));
	server = server_start(NULL, type, type == SOCK_STREAM ? SV_LISTEN : 0,
	    peer, port);
	ATF_REQUIRE_EQ(0, vnet_enter(s->vn.vn_host));
	a = server_start(&s->a, type, bound[0] == ':' ? SV_V6ONLY : 0, bound,
	    port);
	ATF_REQUIRE_EQ_MSG(0, connect(a, &sa.sa, len), "%s", strerror(errno));
	check_name(a, own, port);
	close(a);
	close(server);
}

VNET_CASE(bound_socket_that_connects_keeps_its_port_by_name)
{
	struct scene s;

	server_init(&s, tc);
	connects(&s, SOCK_STREAM, "0.0.0.0", A_FIRST4, VNET_PEER4);
	connects(&s, SOCK_STREAM, A_SECOND4, A_SECOND4, VNET_PEER4);
	connects(&s, SOCK_STREAM, "::", A_FIRST6, VNET_PEER6);
	connects(&s, SOCK_DGRAM, "0.0.0.0", A_FIRST4, VNET_PEER4);
	connects(&s, SOCK_DGRAM, "::", A_FIRST6, VNET_PEER6);
}

static void
try_device(const struct scene *s, const char *bound, const char *dst)
{
	int conn, sv = server_start(&s->a, SOCK_STREAM, SV_LISTEN, bound, 7000);

	ATF_REQUIRE_EQ(0, setsockopt(sv, SOL_SOCKET, SO_BINDTODEVICE, "lo",
	    sizeof("lo")));
	dial_error(&s->vn, SOCK_STREAM, dst, 7000, ECONNREFUSED);
	ATF_REQUIRE_EQ(0, setsockopt(sv, SOL_SOCKET, SO_BINDTODEVICE,
	    s->vn.vn_hostif, sizeof(s->vn.vn_hostif)));
	conn = dial_expect(&s->vn, SOCK_STREAM, dst, 7000, &sv, 1, 0);
	close(conn);
	close(sv);
}

/* The peer comes by another one than lo. */
VNET_CASE(listener_at_an_interface_is_not_reached_by_another)
{
	struct scene s;

	server_init(&s, tc);
	try_device(&s, "0.0.0.0", A_SECOND4);
	try_device(&s, "::", A_FIRST6);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp,
	    group_of_listeners_shares_connections_and_outlives_the_first);
	ATF_TP_ADD_TC(tp, port_is_free_when_its_process_is_killed);
	ATF_TP_ADD_TC(tp,
	    connections_outlive_their_listener_and_let_the_host_listen);
	ATF_TP_ADD_TC(tp, listener_at_an_interface_is_not_reached_by_another);
	ATF_TP_ADD_TC(tp, bound_socket_that_connects_keeps_its_port_by_name);
	return (atf_no_error());
}
