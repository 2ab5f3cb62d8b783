/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Who may have a port of a jail: what the sockets of one jail do to each other,
 * as sockets of a host do.
 */

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "errname.h"
#include "server.h"

/* Other addresses of the host. */
#define HOST_SECOND4	"192.0.2.2"
#define HOST_SECOND6	"2001:db8::2"

#define SHARED4		"192.0.2.61"
#define SHARED6		"2001:db8::61"
#define OTHER6		"2001:db8::62"

enum addr { ANY, FIRST, SECOND };

/* Where a table is tried: a jail, or the host, where Linux has the say. */
struct place {
	const struct jailed *jd;
	const char *addrs[3];
};

/* One socket has the port; may another one? */
struct pair {
	enum addr first;
	int first_options;
	enum addr second;
	int second_options;
	int error;
};

#define RA	SV_REUSEADDR
#define RP	SV_REUSEPORT
#define LS	SV_LISTEN
#define NB	SV_NOBODY

static uint16_t port = 5000;

static void
try_pair(const struct place *pl, const struct pair *p, int type)
{
	struct server sv;
	int first, second;

	port++;
	first = server_start(pl->jd, type, p->first_options,
	    pl->addrs[p->first], port);
	sv = server_of(type, p->second_options, pl->addrs[p->second], port);
	second = server_open(pl->jd, &sv);
	ATF_CHECK_MSG(sv.error == p->error, "%s, type %d: options %#x on %s, "
	    "then %#x on %s: %s; should be %s", pl->jd == NULL ? "host" :
	    "jail", type, p->first_options, pl->addrs[p->first],
	    p->second_options, pl->addrs[p->second], errname(sv.error),
	    errname(p->error));
	close(first);
	if (second != -1)
		close(second);
	/* Nothing is left of them. */
	close(server_start(pl->jd, type, 0, pl->addrs[ANY], port));
}

static void
try_pairs(const atf_tc_t *tc, const struct pair *p, size_t n, int type)
{
	struct scene s;
	const struct place places[] = {
		{ NULL, { "0.0.0.0", VNET_HOST4, HOST_SECOND4 } },
		{ NULL, { "::", VNET_HOST6, HOST_SECOND6 } },
		{ &s.a, { "0.0.0.0", A_FIRST4, A_SECOND4 } },
		{ &s.a, { "::", A_FIRST6, A_SECOND6 } },
		{ &s.a, { "::ffff:0.0.0.0", "::ffff:" A_FIRST4,
		    "::ffff:" A_SECOND4 } },
	};

	server_init(&s, tc);
	vnet_addr(&s.vn, HOST_SECOND4);
	vnet_addr(&s.vn, HOST_SECOND6);
	for (; n > 0; n--, p++)
		for (size_t i = 0; i < NELEMS(places); i++)
			try_pair(&places[i], p, type);
}

/* Rows that hold for sockets of either type. */
#define EITHER								\
	{ FIRST, 0, FIRST, 0, EADDRINUSE },				\
	{ ANY, 0, ANY, 0, EADDRINUSE },					\
	{ ANY, 0, FIRST, 0, EADDRINUSE },				\
	{ ANY, 0, SECOND, 0, EADDRINUSE },				\
	{ FIRST, 0, ANY, 0, EADDRINUSE },				\
	{ SECOND, 0, ANY, 0, EADDRINUSE },				\
	{ FIRST, 0, SECOND, 0, 0 },					\
	{ SECOND, 0, FIRST, 0, 0 },					\
	{ ANY, RA, ANY, 0, EADDRINUSE },				\
	{ ANY, 0, SECOND, RA, EADDRINUSE },				\
	{ SECOND, 0, ANY, RA, EADDRINUSE },				\
	{ ANY, RA, ANY, RA, 0 },					\
	{ ANY, RA, SECOND, RA, 0 },					\
	{ SECOND, RA, ANY, RA, 0 },					\
	{ ANY, RP, ANY, 0, EADDRINUSE },				\
	{ ANY, 0, SECOND, RP, EADDRINUSE },				\
	{ ANY, RP, SECOND, RA, EADDRINUSE },				\
	{ ANY, RP, ANY, RP, 0 },					\
	{ ANY, RP, SECOND, RP, 0 },					\
	{ SECOND, RP, ANY, RP, 0 },					\
	{ ANY, RP, ANY, RP | NB, EADDRINUSE },				\
	{ ANY, RP, SECOND, RP | NB, EADDRINUSE },			\
	{ SECOND, RP | NB, ANY, RP, EADDRINUSE },			\
	{ ANY, RP | NB, ANY, RP | NB, 0 }

VNET_CASE(port_of_a_stream_socket_is_shared_as_on_a_host)
{
	static const struct pair rows[] = {
		EITHER,
		{ ANY, LS, ANY, LS, EADDRINUSE },
		{ FIRST, LS, SECOND, LS, 0 },
		{ FIRST, RA | LS, FIRST, RA, EADDRINUSE },
		{ ANY, RA | LS, ANY, RA, EADDRINUSE },
		{ ANY, RA | LS, SECOND, RA, EADDRINUSE },
		{ SECOND, RA | LS, ANY, RA, EADDRINUSE },
		{ FIRST, RA | LS, SECOND, RA | LS, 0 },
		{ ANY, RA, ANY, RA | LS, 0 },
		{ ANY, RP | LS, ANY, RP | LS, 0 },
		{ ANY, RP | LS, SECOND, RP | LS, 0 },
		{ ANY, RP | LS, ANY, RP | LS | NB, EADDRINUSE },
		{ SECOND, RP | LS | NB, SECOND, RP | LS, EADDRINUSE },
	};

	try_pairs(tc, rows, NELEMS(rows), SOCK_STREAM);
}

VNET_CASE(port_of_a_datagram_socket_is_shared_as_on_a_host)
{
	static const struct pair rows[] = {
		EITHER,
		{ ANY, RA, ANY, RA | NB, 0 },
	};

	try_pairs(tc, rows, NELEMS(rows), SOCK_DGRAM);
}

/* A port that listen(2) chose. */
static void
chosen(const struct jailed *jd, const char *wildcard, const char *one)
{
	int s = server_start(jd, SOCK_STREAM, SV_UNBOUND | LS, wildcard, 0);
	uint16_t held = name_port(s);
	struct server sv = server_of(SOCK_STREAM, 0, wildcard, held);

	ATF_CHECK(server_open(jd, &sv) == -1);
	ATF_CHECK_STREQ("EADDRINUSE", errname(sv.error));
	sv = server_of(SOCK_STREAM, SV_REUSEADDR, one, held);
	ATF_CHECK(server_open(jd, &sv) == -1);
	ATF_CHECK_STREQ("EADDRINUSE", errname(sv.error));
	close(s);
	close(server_start(jd, SOCK_STREAM, 0, wildcard, held));
}

VNET_CASE(port_that_listen_chooses_is_in_use)
{
	struct scene s;

	server_init(&s, tc);
	chosen(NULL, "0.0.0.0", VNET_HOST4);
	chosen(&s.a, "0.0.0.0", A_FIRST4);
	chosen(&s.a, "::", A_SECOND6);
}

/* Two that want to share a port may, until one of them listens. */
static void
second_listen(const struct jailed *jd, const char *addr, const char *other)
{
	int first, second;

	port++;
	first = server_start(jd, SOCK_STREAM, RA, addr, port);
	second = server_start(jd, SOCK_STREAM, RA, other, port);
	ATF_CHECK_EQ(0, listen(first, 1));
	ATF_CHECK_ERRNO(EADDRINUSE, listen(second, 1) == -1);
	close(first);
	ATF_CHECK_EQ(0, listen(second, 1));
	close(second);
}

VNET_CASE(second_listen_on_a_port_fails)
{
	struct scene s;

	server_init(&s, tc);
	second_listen(NULL, "0.0.0.0", "0.0.0.0");
	second_listen(NULL, "0.0.0.0", VNET_HOST4);
	second_listen(&s.a, "0.0.0.0", "0.0.0.0");
	second_listen(&s.a, "::", "::");
	second_listen(&s.a, A_SECOND4, A_SECOND4);
}

VNET_CASE(second_listen_on_all_or_one_address_fails)
{
	struct scene s;

	server_init(&s, tc);
	second_listen(NULL, VNET_HOST4, "0.0.0.0");
	atf_tc_expect_fail("to the kernel they have two ports");
	second_listen(&s.a, "0.0.0.0", A_FIRST4);
	second_listen(&s.a, "0.0.0.0", A_SECOND4);
	second_listen(&s.a, A_SECOND6, "::");
}

/* :: takes IPv4 too, as on a host, and then has the port there. */
static void
dual_stack(const struct jailed *jd, int options, const char *one,
    const char *other, int error)
{
	struct server sv;
	int first, second;

	port++;
	first = server_start(jd, SOCK_STREAM, options | LS, one, port);
	sv = server_of(SOCK_STREAM, LS, other, port);
	second = server_open(jd, &sv);
	ATF_CHECK_MSG(sv.error == error, "%s: %s, then %s: %s; should be %s",
	    jd == NULL ? "host" : "jail", one, other, errname(sv.error),
	    errname(error));
	close(first);
	if (second != -1)
		close(second);
}

VNET_CASE(port_of_ip6_alone_is_free_for_ip4)
{
	struct scene s;

	server_init(&s, tc);
	dual_stack(NULL, SV_V6ONLY, "::", "0.0.0.0", 0);
	dual_stack(&s.a, SV_V6ONLY, "::", "0.0.0.0", 0);
	dual_stack(&s.a, 0, A_FIRST6, A_FIRST4, 0);
}

VNET_CASE(port_of_both_families_is_in_use_for_ip4)
{
	struct scene s;

	server_init(&s, tc);
	dual_stack(NULL, 0, "::", "0.0.0.0", EADDRINUSE);
	dual_stack(NULL, 0, "0.0.0.0", "::", EADDRINUSE);
	dual_stack(&s.a, 0, "::", "0.0.0.0", EADDRINUSE);
	dual_stack(&s.a, 0, "::", A_SECOND4, EADDRINUSE);
	dual_stack(&s.a, 0, "0.0.0.0", "::", EADDRINUSE);
}

/* What two processes do at the same time, in memory that they share. */
struct contest {
	struct server sv;
	atomic_int holders, clashes, had, fault;
};

#define CONTESTS	3

static void
contend(struct contest *c)
{
	struct server sv = c->sv;
	int s;

	for (int i = 0; i < 20000; i++) {
		s = server_open(NULL, &sv);
		if (s == -1) {
			if (sv.error != EADDRINUSE)
				c->fault = sv.error;
			continue;
		}
		c->clashes += c->holders++ > 0;
		c->had++;
		c->holders--;
		close(s);
	}
}

static int
do_contest(void *arg)
{
	struct contest *c = *(struct contest **)arg;
	pid_t pid = fork();

	contend(c);
	if (pid == 0)
		_exit(0);
	if (pid == -1 || waitpid(pid, NULL, 0) == -1)
		c->clashes = -1;
	return (-1);
}

/* Returns whether the port is free after it. */
static bool
hold_contest(const struct jailed *jd, struct contest *c, int type,
    const char *addr)
{
	int s;

	memset(c, 0, sizeof(*c));
	c->sv = server_of(type, 0, addr, ++port);
	jailed_call(jd, do_contest, &c, sizeof(c));
	ATF_CHECK_MSG(c->clashes == 0 && c->had > 0 && c->fault == 0,
	    "type %d, %s: had %d times, %d times twice; other error: %s", type,
	    addr, c->had, c->clashes, errname(c->fault));
	s = server_open(jd, &c->sv);
	if (s != -1)
		close(s);
	return (s != -1);
}

/*
 * The kernel does not run sock_release programs for every socket: about one in
 * 60 million was missed by a program that did nothing but count them.
 */
static void
contest(const struct jailed *jd, struct contest *c, int type, const char *addr)
{
	for (int i = 0; i < CONTESTS; i++) {
		if (hold_contest(jd, c, type, addr))
			return;
	}
	atf_tc_fail_nonfatal("type %d, %s: the port stays in use", type, addr);
}

/* The jail's process has the memory if that is older. */
VNET_CASE(port_is_had_by_one_process_at_a_time)
{
	struct contest *c = mmap(NULL, sizeof(*c), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct scene s;

	ATF_REQUIRE(c != MAP_FAILED);
	server_init(&s, tc);
	contest(&s.a, c, SOCK_DGRAM, "0.0.0.0");
	contest(&s.a, c, SOCK_DGRAM, A_SECOND6);
	contest(&s.a, c, SOCK_STREAM, "0.0.0.0");
	contest(&s.a, c, SOCK_STREAM, A_SECOND6);
}

static void
reserved(const struct jailed *jd, int type, int options, const char *addr,
    int error)
{
	struct server sv = server_of(type, options, addr, 80);
	int s = server_open(jd, &sv);

	ATF_CHECK_MSG(sv.error == error, "type %d, options %#x, %s: %s; "
	    "should be %s", type, options, addr, errname(sv.error),
	    errname(error));
	if (s != -1)
		close(s);
}

VNET_CASE(reserved_port_needs_its_capability)
{
	static const char *const addrs[] = { "0.0.0.0", "::", A_SECOND4,
		"::ffff:0.0.0.0" };
	struct scene s;

	server_init(&s, tc);
	for (size_t i = 0; i < NELEMS(addrs); i++) {
		reserved(&s.a, SOCK_STREAM, NB, addrs[i], EACCES);
		reserved(&s.a, SOCK_DGRAM, NB, addrs[i], EACCES);
		reserved(&s.a, SOCK_STREAM, 0, addrs[i], 0);
		reserved(&s.a, SOCK_DGRAM, 0, addrs[i], 0);
	}
}

static void
check_shared(const struct jailed *one, const struct jailed *other, int type,
    const char *addr, const char *wildcard)
{
	struct server sv;
	int first;

	port++;
	first = server_start(one, type, 0, wildcard, port);
	sv = server_of(type, 0, wildcard, port);
	ATF_CHECK(server_open(other, &sv) == -1);
	ATF_CHECK_STREQ("EADDRINUSE", errname(sv.error));
	sv = server_of(type, 0, addr, port);
	ATF_CHECK(server_open(other, &sv) == -1);
	ATF_CHECK_STREQ("EADDRINUSE", errname(sv.error));
	close(first);
	close(server_start(other, type, 0, wildcard, port));
}

/* They share the IPv4 address, and have an IPv6 one each. */
VNET_CASE(jails_that_share_an_address_share_its_ports)
{
	struct jailed one, other;
	int first, second;
	struct scene s;

	server_init(&s, tc);
	vnet_addr(&s.vn, SHARED4);
	vnet_addr(&s.vn, SHARED6);
	vnet_addr(&s.vn, OTHER6);
	one = scene_jail("one", SHARED4, SHARED6, NULL);
	other = scene_jail("other", SHARED4, OTHER6, NULL);
	check_shared(&one, &other, SOCK_STREAM, SHARED4, "0.0.0.0");
	check_shared(&one, &other, SOCK_DGRAM, SHARED4, "0.0.0.0");
	first = server_start(&one, SOCK_STREAM, LS, "0.0.0.0", port);
	second = server_start(&other, SOCK_STREAM, LS | SV_V6ONLY, "::", port);
	close(dial_expect(&s.vn, SOCK_STREAM, SHARED4, port, &first, 1, 0));
	close(dial_expect(&s.vn, SOCK_STREAM, OTHER6, port, &second, 1, 0));
	dial_error(&s.vn, SOCK_STREAM, SHARED6, port, ECONNREFUSED);
	close(first);
	close(second);
	first = server_start(&one, SOCK_DGRAM, SV_V6ONLY, "::", port);
	second = server_start(&other, SOCK_DGRAM, SV_V6ONLY, "::", port);
	close(first);
	close(second);
}

#define MANY	900	/* sockets; a process can have 1024 descriptors */

/* Bind so many to any port, at one address and at another in turn. */
struct many {
	int type;
	const char *addrs[2];
	int refused, other;
};

static int
do_many(void *arg)
{
	struct many *m = arg;
	union sockaddrs sa;
	socklen_t len;
	int s[MANY];

	for (int i = 0; i < MANY; i++) {
		len = sockaddr_of(&sa, m->addrs[i % 2], 0);
		s[i] = socket(sa.sa.sa_family, m->type, 0);
		if (bind(s[i], &sa.sa, len) == 0)
			continue;
		m->refused += errno == EADDRINUSE;
		m->other += errno != EADDRINUSE;
	}
	for (int i = 0; i < MANY; i++)
		close(s[i]);
	return (-1);
}

/* A port that the kernel chooses may be one that the jail has elsewhere. */
VNET_CASE(port_that_is_chosen_is_not_in_use)
{
	static const struct many rows[] = {
		{ SOCK_DGRAM, { "0.0.0.0", "0.0.0.0" }, 0, 0 },
		{ SOCK_DGRAM, { "::", "::" }, 0, 0 },
		{ SOCK_STREAM, { "0.0.0.0", "127.0.0.1" }, 0, 0 },
		{ SOCK_STREAM, { "::", "::1" }, 0, 0 },
		{ SOCK_STREAM, { "0.0.0.0", A_SECOND4 }, 0, 0 },
	};
	struct scene s;
	struct many m;

	server_init(&s, tc);
	for (size_t i = 0; i < NELEMS(rows); i++) {
		m = rows[i];
		jailed_call(&s.a, do_many, &m, sizeof(m));
		ATF_CHECK_MSG(m.refused == 0 && m.other == 0, "row %zu: %d of "
		    "%d refused, %d failed otherwise", i, m.refused, MANY,
		    m.other);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, port_of_a_stream_socket_is_shared_as_on_a_host);
	ATF_TP_ADD_TC(tp, port_of_a_datagram_socket_is_shared_as_on_a_host);
	ATF_TP_ADD_TC(tp, port_that_listen_chooses_is_in_use);
	ATF_TP_ADD_TC(tp, port_that_is_chosen_is_not_in_use);
	ATF_TP_ADD_TC(tp, second_listen_on_a_port_fails);
	ATF_TP_ADD_TC(tp, second_listen_on_all_or_one_address_fails);
	ATF_TP_ADD_TC(tp, port_of_ip6_alone_is_free_for_ip4);
	ATF_TP_ADD_TC(tp, port_of_both_families_is_in_use_for_ip4);
	ATF_TP_ADD_TC(tp, port_is_had_by_one_process_at_a_time);
	ATF_TP_ADD_TC(tp, reserved_port_needs_its_capability);
	ATF_TP_ADD_TC(tp, jails_that_share_an_address_share_its_ports);
	return (atf_no_error());
}
