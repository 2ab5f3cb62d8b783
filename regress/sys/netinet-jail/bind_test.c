/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * bind(2) in a jail, with real sockets: what it binds to, its errno, and the
 * reason that is counted.
 */

#include <sys/socket.h>

#include <netinet/in.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "errname.h"
#include "scene.h"

/* What is bound, in which kind of jail. */
enum kind { A, IP4ONLY, IP6ONLY, NOLOWPORTS, INHERIT, NKINDS };

static const char *const kinds[NKINDS] = {
	"A", "IPv4 only", "IPv6 only", "allow.noreserved_ports", "inherit"
};

enum option { NONE, FREEBIND, NOPORT, V6ONLY };

struct row {
	enum kind kind;
	int af;
	const char *addr;	/* "": AF_UNSPEC */
	uint16_t port;
	enum option option;
	int error;
	const char *bound;	/* NULL: addr itself */
	int reason;
};

struct bind_call {
	int af;
	int type;
	enum option option;
	union sockaddrs sa;
	socklen_t len;
	int error;
	union sockaddrs bound;
};

static int
set_option(int s, enum option option)
{
	int on = 1;

	switch (option) {
	case FREEBIND:
		return (setsockopt(s, IPPROTO_IP, IP_FREEBIND, &on,
		    sizeof(on)));
	case NOPORT:
		return (setsockopt(s, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
		    sizeof(on)));
	case V6ONLY:
		return (setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &on,
		    sizeof(on)));
	default:
		return (0);
	}
}

static int
do_bind(void *arg)
{
	struct bind_call *c = arg;
	socklen_t len = sizeof(c->bound);
	int s;

	s = socket(c->af, c->type, 0);
	if (s == -1 || set_option(s, c->option) == -1 ||
	    bind(s, &c->sa.sa, c->len) == -1 ||
	    getsockname(s, &c->bound.sa, &len) == -1)
		c->error = errno;
	if (s != -1)
		close(s);
	return (-1);
}

/* Port 0 asks for any, and with IP_BIND_ADDRESS_NO_PORT gets none yet. */
static bool
bound_as(const struct bind_call *c, const struct row *row, const char *bound)
{
	uint16_t port = ntohs(c->bound.sin.sin_port);
	union sockaddrs sa;

	sockaddr_of(&sa, bound, 0);
	if (row->port == 0 ? (port == 0) != (row->option == NOPORT) :
	    port != row->port)
		return (false);
	return (strcmp(sockaddr_text(&c->bound), sockaddr_text(&sa)) == 0);
}

static void
try_row(const struct jailed *jd, const struct row *row, int type)
{
	struct bind_call c = { .af = row->af, .type = type,
		.option = row->option };
	struct refusal want = { row->reason, JAIL_DIR_CALL,
		row->af == AF_INET ? 4 : 6 };
	const char *bound = row->bound != NULL ? row->bound : row->addr;
	uint64_t before = refusals_before(jd, &want);

	c.len = sockaddr_of(&c.sa, row->addr, row->port);
	jailed_call(jd, do_bind, &c, sizeof(c));
	ATF_CHECK_MSG(c.error == row->error && (c.error != 0 ||
	    bound_as(&c, row, bound)),
	    "jail %s, family %d, type %d, option %d, %s port %d: %s, bound to "
	    "%s port %d; should be %s, %s", kinds[row->kind], row->af, type,
	    row->option, row->addr, row->port, errname(c.error),
	    sockaddr_text(&c.bound), ntohs(c.bound.sin.sin_port),
	    errname(row->error), row->error == 0 ? bound : "-");
	ATF_CHECK_MSG(refused_once(jd, &want, before), "jail %s, family %d, "
	    "type %d, %s port %d: not counted as reason %d once",
	    kinds[row->kind], row->af, type, row->addr, row->port,
	    row->reason);
}

static void
run_rows(const atf_tc_t *tc, const struct row *rows, size_t n)
{
	struct jailed jd[NKINDS];
	struct scene s;

	scene_init(&s, tc);
	jd[A] = s.a;
	jd[IP4ONLY] = scene_jail("v4", "192.0.2.31", NULL, NULL);
	jd[IP6ONLY] = scene_jail("v6", NULL, "2001:db8::31", NULL);
	jd[INHERIT] = scene_jail("host", "inherit", "inherit", NULL);
	vnet_addr(&s.vn, "192.0.2.31");
	vnet_addr(&s.vn, "2001:db8::31");
	vnet_addr(&s.vn, "192.0.2.41");
	vnet_addr(&s.vn, "2001:db8::41");
	jd[NOLOWPORTS] = scene_jail("nolow", "192.0.2.41", "2001:db8::41",
	    "allow.noreserved_ports");
	for (; n > 0; n--, rows++) {
		try_row(&jd[rows->kind], rows, SOCK_STREAM);
		try_row(&jd[rows->kind], rows, SOCK_DGRAM);
	}
}

VNET_CASE(ip4_binds_to_own_address_only)
{
	static const struct row rows[] = {
		{ A, AF_INET, A_FIRST4, 0, NONE, 0, NULL, 0 },
		{ A, AF_INET, A_FIRST4, 5000, NONE, 0, NULL, 0 },
		{ A, AF_INET, A_SECOND4, 5000, NONE, 0, NULL, 0 },
		{ A, AF_INET, "0.0.0.0", 5000, NONE, 0, NULL, 0 },
		{ A, AF_INET, "127.0.0.1", 5000, NONE, 0, NULL, 0 },
		{ A, AF_INET, "", 5000, NONE, EAFNOSUPPORT, NULL, 0 },
		{ A, AF_INET, "0.0.0.0", 0, NOPORT, 0, NULL, 0 },
		{ A, AF_INET, B_ADDR4, 5000, NONE, EADDRNOTAVAIL, NULL,
		    JR_LOCALADDR },
		{ A, AF_INET, B_ADDR4, 0, NOPORT, EADDRNOTAVAIL, NULL,
		    JR_LOCALADDR },
		{ A, AF_INET, VNET_HOST4, 5000, NONE, EADDRNOTAVAIL, NULL,
		    JR_LOCALADDR },
		{ A, AF_INET, VNET_ABSENT4, 5000, NONE, EADDRNOTAVAIL, NULL,
		    JR_LOCALADDR },
		{ A, AF_INET, VNET_ABSENT4, 5000, FREEBIND, EADDRNOTAVAIL,
		    NULL, JR_LOCALADDR },
		{ A, AF_INET, "127.0.0.2", 5000, NONE, EADDRNOTAVAIL, NULL,
		    JR_LOCALADDR },
		{ A, AF_INET, "224.0.0.1", 5000, NONE, EADDRNOTAVAIL, NULL,
		    JR_LOCALADDR },
		{ A, AF_INET, "192.0.2.255", 5000, NONE, EADDRNOTAVAIL, NULL,
		    JR_LOCALADDR },
		{ A, AF_INET, "255.255.255.255", 5000, NONE, EADDRNOTAVAIL,
		    NULL, JR_LOCALADDR },
		{ IP4ONLY, AF_INET, "0.0.0.0", 5000, NONE, 0, NULL, 0 },
		{ IP4ONLY, AF_INET, A_FIRST4, 5000, NONE, EADDRNOTAVAIL, NULL,
		    JR_LOCALADDR },
		{ INHERIT, AF_INET, "0.0.0.0", 5000, NONE, 0, NULL, 0 },
		{ INHERIT, AF_INET, "127.0.0.1", 5000, NONE, 0, NULL, 0 },
		{ INHERIT, AF_INET, B_ADDR4, 5000, NONE, 0, NULL, 0 },
	};

	run_rows(tc, rows, NELEMS(rows));
}

VNET_CASE(ip6_binds_to_own_address_only)
{
	static const struct row rows[] = {
		{ A, AF_INET6, A_FIRST6, 5000, NONE, 0, NULL, 0 },
		{ A, AF_INET6, A_SECOND6, 5000, NONE, 0, NULL, 0 },
		{ A, AF_INET6, A_SECOND6, 5000, V6ONLY, 0, NULL, 0 },
		{ A, AF_INET6, "::", 5000, NONE, 0, NULL, 0 },
		{ A, AF_INET6, "::", 5000, V6ONLY, 0, NULL, 0 },
		{ A, AF_INET6, "::", 0, NOPORT, 0, NULL, 0 },
		{ A, AF_INET6, "::1", 5000, NONE, 0, NULL, 0 },
		{ A, AF_INET6, B_ADDR6, 5000, NONE, EADDRNOTAVAIL, NULL,
		    JR_LOCALADDR },
		{ A, AF_INET6, VNET_HOST6, 5000, NONE, EADDRNOTAVAIL, NULL,
		    JR_LOCALADDR },
		{ A, AF_INET6, VNET_ABSENT6, 5000, NONE, EADDRNOTAVAIL, NULL,
		    JR_LOCALADDR },
		{ A, AF_INET6, VNET_ABSENT6, 5000, FREEBIND, EADDRNOTAVAIL,
		    NULL, JR_LOCALADDR },
		{ A, AF_INET6, "::2", 5000, NONE, EADDRNOTAVAIL, NULL,
		    JR_LOCALADDR },
		{ A, AF_INET6, "ff02::1", 5000, NONE, EADDRNOTAVAIL, NULL,
		    JR_LOCALADDR },
		{ IP6ONLY, AF_INET6, "::", 5000, NONE, 0, NULL, 0 },
		{ INHERIT, AF_INET6, "::", 5000, NONE, 0, NULL, 0 },
		{ INHERIT, AF_INET6, "::1", 5000, NONE, 0, NULL, 0 },
		{ INHERIT, AF_INET6, B_ADDR6, 5000, NONE, 0, NULL, 0 },
	};

	run_rows(tc, rows, NELEMS(rows));
}

VNET_CASE(v4mapped_is_judged_as_ip4)
{
	static const struct row rows[] = {
		{ A, AF_INET6, "::ffff:" A_FIRST4, 5000, NONE, 0, NULL, 0 },
		{ A, AF_INET6, "::ffff:" A_SECOND4, 5000, NONE, 0, NULL, 0 },
		{ A, AF_INET6, "::ffff:0.0.0.0", 5000, NONE, 0, NULL, 0 },
		{ A, AF_INET6, "::ffff:127.0.0.1", 5000, NONE, 0, NULL, 0 },
		{ A, AF_INET6, "::ffff:127.0.0.2", 5000, NONE, EADDRNOTAVAIL,
		    NULL, JR_LOCALADDR },
		{ A, AF_INET6, "::ffff:" B_ADDR4, 5000, NONE, EADDRNOTAVAIL,
		    NULL, JR_LOCALADDR },
		{ A, AF_INET6, "::ffff:" VNET_HOST4, 5000, NONE,
		    EADDRNOTAVAIL, NULL, JR_LOCALADDR },
		{ IP6ONLY, AF_INET6, "::ffff:" A_FIRST4, 5000, NONE,
		    EAFNOSUPPORT, NULL, JR_NOFAMILY },
		{ IP6ONLY, AF_INET6, "::ffff:0.0.0.0", 5000, NONE,
		    EAFNOSUPPORT, NULL, JR_NOFAMILY },
		{ INHERIT, AF_INET6, "::ffff:" B_ADDR4, 5000, NONE, 0, NULL,
		    0 },
	};

	run_rows(tc, rows, NELEMS(rows));
}

VNET_CASE(reserved_port_needs_its_parameter)
{
	static const struct row rows[] = {
		{ NOLOWPORTS, AF_INET, "192.0.2.41", 1, NONE, EACCES, NULL,
		    JR_RESVPORT },
		{ NOLOWPORTS, AF_INET, "192.0.2.41", 80, NONE, EACCES, NULL,
		    JR_RESVPORT },
		{ NOLOWPORTS, AF_INET, "0.0.0.0", 1023, NONE, EACCES, NULL,
		    JR_RESVPORT },
		{ NOLOWPORTS, AF_INET, "0.0.0.0", 1024, NONE, 0, NULL, 0 },
		{ NOLOWPORTS, AF_INET, "0.0.0.0", 0, NONE, 0, NULL, 0 },
		{ NOLOWPORTS, AF_INET6, "::", 1023, NONE, EACCES, NULL,
		    JR_RESVPORT },
		{ NOLOWPORTS, AF_INET6, "::ffff:192.0.2.41", 80, NONE, EACCES,
		    NULL, JR_RESVPORT },
		{ NOLOWPORTS, AF_INET6, "::", 1024, NONE, 0, NULL, 0 },
		{ A, AF_INET, "0.0.0.0", 80, NONE, 0, NULL, 0 },
		{ A, AF_INET6, "::", 80, NONE, 0, NULL, 0 },
		{ A, AF_INET, B_ADDR4, 80, NONE, EADDRNOTAVAIL, NULL,
		    JR_LOCALADDR },
	};

	run_rows(tc, rows, NELEMS(rows));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, ip4_binds_to_own_address_only);
	ATF_TP_ADD_TC(tp, ip6_binds_to_own_address_only);
	ATF_TP_ADD_TC(tp, v4mapped_is_judged_as_ip4);
	ATF_TP_ADD_TC(tp, reserved_port_needs_its_parameter);
	return (atf_no_error());
}
