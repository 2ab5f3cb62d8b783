/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Servers of the host and of jails on one port: who gets what comes from
 * outside.
 */

#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "server.h"

#define C_ADDR4	"192.0.2.71"

/* Who has a server. */
enum who { HOST, JAIL_A, JAIL_B, NWHO };

/* What all of them are bound to, and by which addresses they are dialled. */
struct family {
	const char *bound;
	int options;
	const char *host, *first, *second, *b;
	const char *hostlisten;
};

#define IP4	VNET_HOST4, A_FIRST4, A_SECOND4, B_ADDR4, "ip4.hostlisten"
#define IP6	VNET_HOST6, A_FIRST6, A_SECOND6, B_ADDR6, "ip6.hostlisten"
#define MAPPED4	"::ffff:" VNET_HOST4, "::ffff:" A_FIRST4,		\
    "::ffff:" A_SECOND4, "::ffff:" B_ADDR4, "ip4.hostlisten"

static const struct family families[] = {
	{ "0.0.0.0", 0, IP4 },
	{ "0.0.0.0", 0, MAPPED4 },
	{ "::ffff:0.0.0.0", 0, IP4 },
	{ "::", SV_V6ONLY, IP6 },
	{ "::", 0, IP6 },
};

/* Servers that take both families, reached over IPv4. */
static const struct family dual[] = {
	{ "::", 0, IP4 },
	{ "::", 0, MAPPED4 },
};

static uint16_t port = 5000;

static const struct jailed *
jail_of(const struct scene *s, enum who who)
{
	return (who == HOST ? NULL : who == JAIL_A ? &s->a : &s->b);
}

static void
close_all(const int *s, int n)
{
	for (int i = 0; i < n; i++)
		close(s[i]);
}

static void
dial_all(const struct scene *s, const struct family *f, const int *server)
{
	const struct {
		const char *dst;
		enum who who;
	} all[] = {
		{ f->host, HOST }, { f->first, JAIL_A }, { f->b, JAIL_B },
		{ f->second, JAIL_A },
	};
	int conn[NELEMS(all)];
	size_t i;

	for (i = 0; i < NELEMS(all); i++)
		conn[i] = dial_expect(&s->vn, SOCK_STREAM, all[i].dst, port,
		    server, NWHO, all[i].who);
	close_all(conn, NELEMS(all));
}

/* Each gets its own, whoever comes first. */
static void
coexist(const struct scene *s, const struct family *f, int options)
{
	static const enum who orders[][NWHO] = {
		{ HOST, JAIL_A, JAIL_B }, { HOST, JAIL_B, JAIL_A },
		{ JAIL_A, HOST, JAIL_B }, { JAIL_B, JAIL_A, HOST },
	};
	int server[NWHO];
	size_t i, j;
	enum who who;

	for (i = 0; i < NELEMS(orders); i++) {
		port++;
		for (j = 0; j < NWHO; j++) {
			who = orders[i][j];
			server[who] = server_start(jail_of(s, who), SOCK_STREAM,
			    f->options | options | SV_LISTEN, f->bound, port);
			check_name(server[who], f->bound, port);
		}
		dial_all(s, f, server);
		close_all(server, NWHO);
	}
}

VNET_CASE(connection_goes_to_the_listener_of_the_addresss_owner)
{
	struct scene s;

	server_init(&s, tc);
	for (size_t i = 0; i < NELEMS(families); i++) {
		coexist(&s, &families[i], 0);
		coexist(&s, &families[i], SV_REUSEADDR);
	}
}

/* The jail begins to have the port that the host has, then ends to. */
static void
jail_too(const struct scene *s, const struct family *f, int type, int options,
    int host)
{
	int server[2] = { host };

	server[1] = server_start(&s->a, type, options, f->bound, port);
	close(dial_expect(&s->vn, type, f->first, port, server, 2, 1));
	close(server[1]);
	close(dial_expect(&s->vn, type, f->first, port, &host, 1, 0));
}

static void
host_alone(const struct scene *s, const struct family *f, int type)
{
	int options = f->options | (type == SOCK_STREAM ? SV_LISTEN : 0), host;

	port++;
	host = server_start(NULL, type, options | SV_REUSEADDR, f->bound,
	    port);
	dial_error(&s->vn, type, f->first, port, ECONNREFUSED);
	dial_error(&s->vn, type, f->second, port, ECONNREFUSED);
	dial_error(&s->vn, type, f->b, port, ECONNREFUSED);
	jail_param(&s->a, f->hostlisten, "true");
	close(dial_expect(&s->vn, type, f->first, port, &host, 1, 0));
	close(dial_expect(&s->vn, type, f->second, port, &host, 1, 0));
	dial_error(&s->vn, type, f->b, port, ECONNREFUSED);
	jail_too(s, f, type, options, host);
	jail_param(&s->a, f->hostlisten, "false");
	dial_error(&s->vn, type, f->first, port, ECONNREFUSED);
	close(host);
}

VNET_CASE(host_listens_on_a_jails_address_only_with_hostlisten)
{
	struct scene s;

	server_init(&s, tc);
	for (size_t i = 0; i < NELEMS(families); i++)
		host_alone(&s, &families[i], SOCK_STREAM);
}

/* Without tcx the jail's socket for both families is not found by IPv6. */
VNET_CASE(host_gets_a_jails_datagrams_only_with_hostlisten)
{
	struct scene s;

	server_init(&s, tc);
	vnet_needs("tcx");
	for (size_t i = 0; i < NELEMS(families); i++)
		host_alone(&s, &families[i], SOCK_DGRAM);
}

VNET_CASE(listener_of_both_families_gets_ip4_too)
{
	struct scene s;

	server_init(&s, tc);
	for (size_t i = 0; i < NELEMS(dual); i++) {
		coexist(&s, &dual[i], 0);
		host_alone(&s, &dual[i], SOCK_STREAM);
	}
}

VNET_CASE(datagram_socket_of_both_families_gets_ip4_too)
{
	struct scene s;

	server_init(&s, tc);
	host_alone(&s, &dual[0], SOCK_DGRAM);
}

/* Whether the host may listen or not: it does not. */
static void
hidden(const struct scene *s, const char *bound, const char *dst,
    const char *hostlisten)
{
	uint16_t kernels;
	int a;

	port++;
	a = server_start(&s->a, SOCK_STREAM, SV_LISTEN, bound, port);
	kernels = kernel_port(strchr(bound, ':') != NULL ? 6 : 4);
	ATF_REQUIRE(kernels != port);
	dial_error(&s->vn, SOCK_STREAM, dst, kernels, ECONNREFUSED);
	jail_param(&s->a, hostlisten, "true");
	dial_error(&s->vn, SOCK_STREAM, dst, kernels, ECONNREFUSED);
	jail_param(&s->a, hostlisten, "false");
	close(a);
}

VNET_CASE(kernels_port_of_a_listener_is_not_reached)
{
	struct scene s;

	server_init(&s, tc);
	hidden(&s, "0.0.0.0", A_FIRST4, "ip4.hostlisten");
	hidden(&s, A_SECOND4, A_SECOND4, "ip4.hostlisten");
	hidden(&s, "::", A_FIRST6, "ip6.hostlisten");
}

/* Whom does a connection to one of two listeners of the jail reach? */
static void
one_address(const struct scene *s, const struct family *f)
{
	int server[2];

	port++;
	server[0] = server_start(&s->a, SOCK_STREAM, SV_LISTEN, f->first,
	    port);
	dial_error(&s->vn, SOCK_STREAM, f->second, port, ECONNREFUSED);
	server[1] = server_start(&s->a, SOCK_STREAM, SV_LISTEN, f->second,
	    port);
	close(dial_expect(&s->vn, SOCK_STREAM, f->first, port, server, 2, 0));
	close(dial_expect(&s->vn, SOCK_STREAM, f->second, port, server, 2, 1));
	close(server[0]);
	dial_error(&s->vn, SOCK_STREAM, f->first, port, ECONNREFUSED);
	close(server[1]);
}

VNET_CASE(listener_on_one_address_is_not_reached_by_another)
{
	struct scene s;

	server_init(&s, tc);
	one_address(&s, &families[0]);
	one_address(&s, &families[1]);
	one_address(&s, &families[3]);
}

/* Of a group, so that both may be there; chance must not hide a mistake. */
static void
beats_wildcard(const struct scene *s, const struct family *f, const char *addr,
    const char *other)
{
	const int options = SV_LISTEN | SV_REUSEPORT;
	int server[2];

	port++;
	server[0] = server_start(&s->a, SOCK_STREAM, options, f->bound, port);
	server[1] = server_start(&s->a, SOCK_STREAM, options, addr, port);
	for (int i = 0; i < 12; i++)
		close(dial_expect(&s->vn, SOCK_STREAM, addr, port, server, 2,
		    1));
	close(dial_expect(&s->vn, SOCK_STREAM, other, port, server, 2, 0));
	close(server[1]);
	close(dial_expect(&s->vn, SOCK_STREAM, addr, port, server, 1, 0));
	close(server[0]);
}

VNET_CASE(listener_on_one_address_beats_that_on_all)
{
	struct scene s;

	server_init(&s, tc);
	beats_wildcard(&s, &families[0], A_SECOND4, A_FIRST4);
	beats_wildcard(&s, &families[3], A_SECOND6, A_FIRST6);
}

VNET_CASE(listener_on_the_primary_address_beats_that_on_all)
{
	struct scene s;

	server_init(&s, tc);
	beats_wildcard(&s, &families[0], A_FIRST4, A_SECOND4);
	beats_wildcard(&s, &families[3], A_FIRST6, A_SECOND6);
}

/* A listener whose port the kernel chooses. */
static void
any_port(const struct scene *s, const struct family *f, int options)
{
	int a = server_start(&s->a, SOCK_STREAM,
	    f->options | options | SV_LISTEN, f->bound, 0);
	uint16_t chosen = name_port(a);

	check_name(a, f->bound, chosen);
	close(dial_expect(&s->vn, SOCK_STREAM, f->first, chosen, &a, 1, 0));
	close(dial_expect(&s->vn, SOCK_STREAM, f->second, chosen, &a, 1, 0));
	dial_error(&s->vn, SOCK_STREAM, f->b, chosen, ECONNREFUSED);
	close(a);
}

VNET_CASE(port_that_is_chosen_is_reached_on_all_addresses)
{
	struct scene s;

	server_init(&s, tc);
	for (size_t i = 0; i < NELEMS(families); i++) {
		any_port(&s, &families[i], 0);
		/* A v4-mapped address cannot be had without bind(2). */
		if (strcmp(families[i].bound, "::ffff:0.0.0.0") != 0)
			any_port(&s, &families[i], SV_UNBOUND);
	}
	any_port(&s, &dual[0], SV_UNBOUND);
	any_port(&s, &dual[1], SV_UNBOUND);
}

/* IP_BIND_ADDRESS_NO_PORT leaves a port that is not asked for to listen(2). */
static void
no_port(const struct scene *s, const struct family *f, uint16_t asked)
{
	int a = server_start(&s->a, SOCK_STREAM, f->options | SV_NOPORT,
	    f->bound, asked);
	uint16_t chosen;

	check_name(a, f->bound, asked);
	ATF_REQUIRE_EQ(0, listen(a, 1));
	chosen = name_port(a);
	if (asked != 0)
		ATF_CHECK_EQ(asked, chosen);
	check_name(a, f->bound, chosen);
	close(dial_expect(&s->vn, SOCK_STREAM, f->first, chosen, &a, 1, 0));
	close(dial_expect(&s->vn, SOCK_STREAM, f->second, chosen, &a, 1, 0));
	close(a);
}

VNET_CASE(port_that_listen_chooses_is_reached_on_all_addresses)
{
	struct scene s;

	server_init(&s, tc);
	no_port(&s, &families[0], 0);
	no_port(&s, &families[0], 5000);
	no_port(&s, &families[3], 0);
	no_port(&s, &families[3], 5000);
	no_port(&s, &families[4], 5000);
}

/* An address that the jail has and the host does not. */
VNET_CASE(bind_that_fails_leaves_no_name)
{
	struct server sv;
	struct jailed jd;
	struct scene s;
	uint16_t chosen;
	int fd;

	server_init(&s, tc);
	jd = scene_jail("c", C_ADDR4 "," VNET_ABSENT4, NULL, NULL);
	vnet_addr(&s.vn, C_ADDR4);
	fd = server_start(&jd, SOCK_STREAM, SV_UNBOUND, "0.0.0.0", 0);
	sv = server_of(SOCK_STREAM, 0, VNET_ABSENT4, port);
	ATF_REQUIRE_ERRNO(EADDRNOTAVAIL, bind(fd, &sv.sa.sa, sv.len) == -1);
	ATF_REQUIRE_EQ(0, listen(fd, 1));
	chosen = name_port(fd);
	ATF_CHECK(chosen != port);
	close(dial_expect(&s.vn, SOCK_STREAM, C_ADDR4, chosen, &fd, 1, 0));
	dial_error(&s.vn, SOCK_STREAM, C_ADDR4, port, ECONNREFUSED);
	close(fd);
}

VNET_CASE(v6only_listener_gets_no_ip4)
{
	struct scene s;
	int server[2];

	server_init(&s, tc);
	server[0] = server_start(&s.a, SOCK_STREAM, SV_LISTEN | SV_V6ONLY,
	    "::", port);
	dial_error(&s.vn, SOCK_STREAM, A_FIRST4, port, ECONNREFUSED);
	server[1] = server_start(&s.a, SOCK_STREAM, SV_LISTEN, "0.0.0.0",
	    port);
	close(dial_expect(&s.vn, SOCK_STREAM, A_SECOND4, port, server, 2, 1));
	close(dial_expect(&s.vn, SOCK_STREAM, A_SECOND6, port, server, 2, 0));
	close_all(server, 2);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp,
	    connection_goes_to_the_listener_of_the_addresss_owner);
	ATF_TP_ADD_TC(tp,
	    host_listens_on_a_jails_address_only_with_hostlisten);
	ATF_TP_ADD_TC(tp, host_gets_a_jails_datagrams_only_with_hostlisten);
	ATF_TP_ADD_TC(tp, listener_of_both_families_gets_ip4_too);
	ATF_TP_ADD_TC(tp, datagram_socket_of_both_families_gets_ip4_too);
	ATF_TP_ADD_TC(tp, kernels_port_of_a_listener_is_not_reached);
	ATF_TP_ADD_TC(tp, listener_on_one_address_is_not_reached_by_another);
	ATF_TP_ADD_TC(tp, listener_on_one_address_beats_that_on_all);
	ATF_TP_ADD_TC(tp, listener_on_the_primary_address_beats_that_on_all);
	ATF_TP_ADD_TC(tp, port_that_is_chosen_is_reached_on_all_addresses);
	ATF_TP_ADD_TC(tp,
	    port_that_listen_chooses_is_reached_on_all_addresses);
	ATF_TP_ADD_TC(tp, bind_that_fails_leaves_no_name);
	ATF_TP_ADD_TC(tp, v6only_listener_gets_no_ip4);
	return (atf_no_error());
}
