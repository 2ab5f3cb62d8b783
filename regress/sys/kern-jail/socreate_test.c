/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * socket(2) in a jail: every kind of socket, its errno, and the reason that is
 * counted. Each row is tried twice: by a process that is in the jail wholly,
 * and by one that is in its cgroup alone, whose capabilities refuse nothing, so
 * that it must have been the kernel half.
 */

#include <sys/socket.h>

#include <linux/netlink.h>
#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <unistd.h>

#include <atf-c.h>

#include "errname.h"
#include "scene.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#define PROTO_SMC 256		/* IPPROTO_SMC, Linux 6.11 */

enum kind { RAW, NORAW, IP4ONLY, IP6ONLY, INHERIT, NKINDS };

static const char *const kinds[NKINDS] = {
	"allow.raw_sockets", "none", "IPv4 only", "IPv6 only", "inherit"
};

struct row {
	enum kind kind;
	int af, type, proto;
	int error;
	int reason;
};

struct pair {
	struct jailed whole;
	struct jailed bare;
};

/* errno of socket(2) in a jail, or here if jd is NULL; 0 for none. */
static int
socket_error(const struct jailed *jd, int af, int type, int proto)
{
	int s;

	s = jd == NULL ? socket(af, type, proto) :
	    jailed_socket(jd, af, type, proto);
	if (s == -1)
		return (errno);
	close(s);
	return (0);
}

static struct pair
start_pair(const char *name, const char *ip4, const char *ip6,
    const char *param)
{
	struct pair p;

	p.whole = scene_jail(name, ip4, ip6, param);
	p.bare = jailed_start_bare(p.whole.jd_jid);
	return (p);
}

static void
check_error(const struct row *row, const char *who, int error, int want)
{
	ATF_CHECK_MSG(error == want, "jail %s, %s: family %d, type %#x, "
	    "protocol %d: %s, should be %s", kinds[row->kind], who, row->af,
	    row->type, row->proto, errname(error), errname(want));
}

/* A kind of socket that this kernel does not have is refused by itself. */
static void
try_row(const struct pair *p, const struct row *row)
{
	int here = socket_error(NULL, row->af, row->type, row->proto);
	int error = here != 0 ? here : row->error;
	struct refusal want = { here != 0 ? JR_NONE : row->reason,
		JAIL_DIR_CALL, row->af == AF_INET ? 4 : 6 };
	uint64_t before;

	check_error(row, "whole", socket_error(&p->whole, row->af, row->type,
	    row->proto), error);
	before = refusals_before(&p->bare, &want);
	check_error(row, "bare", socket_error(&p->bare, row->af, row->type,
	    row->proto), error);
	ATF_CHECK_MSG(refused_once(&p->bare, &want, before), "jail %s: family "
	    "%d, type %#x, protocol %d: not counted as reason %d once",
	    kinds[row->kind], row->af, row->type, row->proto, want.reason);
}

static const struct row rows[] = {
	{ NORAW, AF_INET, SOCK_STREAM, 0, 0, 0 },
	{ NORAW, AF_INET, SOCK_DGRAM, 0, 0, 0 },
	{ NORAW, AF_INET6, SOCK_STREAM, IPPROTO_TCP, 0, 0 },
	{ NORAW, AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP, 0,
	    0 },
	{ NORAW, AF_INET, SOCK_RAW, IPPROTO_ICMP, EPERM, JR_RAWSOCK },
	{ NORAW, AF_INET, SOCK_RAW, IPPROTO_TCP, EPERM, JR_RAWSOCK },
	{ NORAW, AF_INET, SOCK_RAW, IPPROTO_RAW, EPERM, JR_RAWSOCK },
	{ NORAW, AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 253,
	    EPERM, JR_RAWSOCK },
	{ NORAW, AF_INET6, SOCK_RAW, IPPROTO_ICMPV6, EPERM,
	    JR_RAWSOCK },
	{ NORAW, AF_INET6, SOCK_RAW, 253, EPERM, JR_RAWSOCK },
	{ NORAW, AF_INET, SOCK_STREAM, IPPROTO_SCTP, EPROTONOSUPPORT,
	    JR_PROTO },
	{ NORAW, AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP,
	    EPROTONOSUPPORT, JR_PROTO },
	{ NORAW, AF_INET6, SOCK_SEQPACKET, IPPROTO_SCTP,
	    EPROTONOSUPPORT, JR_PROTO },
	{ NORAW, AF_INET, SOCK_STREAM, IPPROTO_MPTCP, EPROTONOSUPPORT,
	    JR_PROTO },
	{ NORAW, AF_INET6, SOCK_STREAM, IPPROTO_MPTCP,
	    EPROTONOSUPPORT, JR_PROTO },
	{ NORAW, AF_INET, SOCK_STREAM, PROTO_SMC, EPROTONOSUPPORT,
	    JR_PROTO },
	{ RAW, AF_INET, SOCK_RAW, IPPROTO_ICMP, 0, 0 },
	{ RAW, AF_INET, SOCK_RAW, IPPROTO_RAW, 0, 0 },
	{ RAW, AF_INET, SOCK_RAW, 253, 0, 0 },
	{ RAW, AF_INET6, SOCK_RAW, IPPROTO_ICMPV6, 0, 0 },
	{ RAW, AF_INET, SOCK_STREAM, IPPROTO_MPTCP, EPROTONOSUPPORT,
	    JR_PROTO },
	{ IP4ONLY, AF_INET, SOCK_STREAM, 0, 0, 0 },
	{ IP4ONLY, AF_INET6, SOCK_STREAM, 0, EAFNOSUPPORT,
	    JR_NOFAMILY },
	{ IP4ONLY, AF_INET6, SOCK_DGRAM, 0, EAFNOSUPPORT,
	    JR_NOFAMILY },
	{ IP6ONLY, AF_INET6, SOCK_DGRAM, 0, 0, 0 },
	{ IP6ONLY, AF_INET, SOCK_STREAM, 0, EAFNOSUPPORT,
	    JR_NOFAMILY },
	{ IP6ONLY, AF_INET, SOCK_DGRAM, 0, EAFNOSUPPORT,
	    JR_NOFAMILY },
	{ INHERIT, AF_INET, SOCK_STREAM, 0, 0, 0 },
	{ INHERIT, AF_INET6, SOCK_DGRAM, 0, 0, 0 },
	{ INHERIT, AF_INET, SOCK_RAW, IPPROTO_ICMP, EPERM,
	    JR_RAWSOCK },
	{ INHERIT, AF_INET, SOCK_STREAM, IPPROTO_MPTCP,
	    EPROTONOSUPPORT, JR_PROTO },
};

VNET_CASE(only_kinds_that_hooks_confine_are_made)
{
	struct pair pairs[NKINDS];
	size_t i;

	vnet_instance(tc);
	pairs[RAW] = start_pair("raw", "192.0.2.11", "2001:db8::11",
	    "allow.raw_sockets");
	pairs[NORAW] = start_pair("noraw", "192.0.2.12", "2001:db8::12",
	    NULL);
	pairs[IP4ONLY] = start_pair("v4", "192.0.2.13", NULL, NULL);
	pairs[IP6ONLY] = start_pair("v6", NULL, "2001:db8::13", NULL);
	pairs[INHERIT] = start_pair("host", "inherit", "inherit", NULL);
	for (i = 0; i < NELEMS(rows); i++)
		try_row(&pairs[rows[i].kind], &rows[i]);
}

VNET_CASE(D4_families_but_four_are_refused)
{
	struct jailed jd;
	int af, error;

	vnet_instance(tc);
	jd = scene_jail("a", "192.0.2.11", "2001:db8::11",
	    "allow.raw_sockets");
	for (af = -1; af < 64; af++) {
		if (af == AF_UNIX || af == AF_INET || af == AF_INET6 ||
		    af == AF_NETLINK)
			continue;
		error = socket_error(&jd, af, SOCK_RAW, 0);
		ATF_CHECK_MSG(error == EAFNOSUPPORT, "family %d: %s", af,
		    errname(error));
		error = socket_error(&jd, af, SOCK_DGRAM, 0);
		ATF_CHECK_MSG(error == EAFNOSUPPORT, "family %d: %s", af,
		    errname(error));
	}
	ATF_CHECK_EQ(0, socket_error(&jd, AF_UNIX, SOCK_STREAM, 0));
	ATF_CHECK_EQ(0, socket_error(&jd, AF_UNIX, SOCK_SEQPACKET, 0));
	ATF_CHECK_EQ(0, socket_error(&jd, AF_NETLINK, SOCK_RAW,
	    NETLINK_ROUTE));
	for (af = NETLINK_ROUTE + 1; af < MAX_LINKS; af++)
		ATF_CHECK_STREQ("EAFNOSUPPORT", errname(socket_error(&jd,
		    AF_NETLINK, SOCK_RAW, af)));
}

VNET_CASE(C5_netlink_needs_its_parameter)
{
	struct jailed jd;

	vnet_instance(tc);
	jd = scene_jail("a", "192.0.2.11", NULL, "allow.nonetlink");
	ATF_CHECK_STREQ("EAFNOSUPPORT", errname(socket_error(&jd, AF_NETLINK,
	    SOCK_RAW, NETLINK_ROUTE)));
	ATF_CHECK_EQ(0, socket_error(&jd, AF_INET, SOCK_STREAM, 0));
}

struct option_call {
	int level, option;
	int error;
};

static int
do_setsockopt(void *arg)
{
	struct option_call *c = arg;
	struct group_req req = { .gr_group.ss_family = AF_INET };
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	inet_pton(AF_INET, "224.0.0.251",
	    &((struct sockaddr_in *)&req.gr_group)->sin_addr);
	if (setsockopt(s, c->level, c->option, &req, sizeof(req)) == -1)
		c->error = errno;
	close(s);
	return (-1);
}

static const char *
option_error(const struct jailed *jd, int level, int option)
{
	struct option_call c = { .level = level, .option = option };

	jailed_call(jd, do_setsockopt, &c, sizeof(c));
	return (errname(c.error));
}

VNET_CASE(B17_B18_options_that_reach_others_are_refused)
{
	struct jailed shut;
	uint64_t before;

	vnet_instance(tc);
	shut = scene_jail("a", "192.0.2.11", NULL, "allow.raw_sockets");
	before = jailed_refusals(shut.jd_jid, JR_SOCKOPT, JAIL_DIR_CALL, 0);
	ATF_CHECK_STREQ("EPERM", option_error(&shut, IPPROTO_IP,
	    MCAST_JOIN_GROUP));
	ATF_CHECK_STREQ("EPERM", option_error(&shut, SOL_SOCKET, SO_MARK));
	ATF_CHECK_STREQ("0", option_error(&shut, SOL_SOCKET, SO_REUSEADDR));
	ATF_CHECK_EQ(before + 2, jailed_refusals(shut.jd_jid, JR_SOCKOPT,
	    JAIL_DIR_CALL, 0));
}

/* Whoever uses it: a process of the host may set what it likes on its own. */
VNET_CASE(options_are_judged_by_the_jail_that_made_the_socket)
{
	struct jailed jd;
	int inside, on = 1, outside;

	vnet_instance(tc);
	jd = scene_jail("a", "192.0.2.11", NULL, NULL);
	inside = jailed_socket(&jd, AF_INET, SOCK_DGRAM, 0);
	outside = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ATF_REQUIRE(inside != -1 && outside != -1);
	ATF_CHECK_ERRNO(EPERM, setsockopt(inside, SOL_SOCKET, SO_MARK, &on,
	    sizeof(on)) == -1);
	ATF_CHECK_ERRNO(EPERM, setsockopt(inside, IPPROTO_IP, IP_TRANSPARENT,
	    &on, sizeof(on)) == -1);
	ATF_CHECK_EQ(0, setsockopt(inside, SOL_SOCKET, SO_REUSEADDR, &on,
	    sizeof(on)));
	ATF_CHECK_EQ(0, setsockopt(outside, SOL_SOCKET, SO_MARK, &on,
	    sizeof(on)));
	ATF_CHECK_EQ(0, setsockopt(outside, IPPROTO_IP, IP_TRANSPARENT, &on,
	    sizeof(on)));
	close(inside);
	close(outside);
}

/* Answer as a DHCP server does, having asked to be let. */
static int
do_broadcast(void *arg)
{
	struct option_call *c = arg;
	struct sockaddr_in from = { .sin_family = AF_INET,
		.sin_port = htons(67) };
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(68), .sin_addr.s_addr = INADDR_BROADCAST };
	int on = 1, s = socket(AF_INET, SOCK_DGRAM, 0);

	if (setsockopt(s, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)) == -1)
		c->option = errno;
	if (bind(s, (struct sockaddr *)&from, sizeof(from)) == -1 ||
	    sendto(s, "", 1, 0, (struct sockaddr *)&to, sizeof(to)) == -1)
		c->error = errno;
	close(s);
	return (-1);
}

VNET_CASE(B10_broadcast_needs_its_parameter)
{
	struct option_call c = { 0 };
	struct jailed may, shut;
	uint64_t before;
	struct vnet vn;

	vnet_init(&vn, tc);
	vnet_addr(&vn, "192.0.2.11");
	vnet_addr(&vn, "192.0.2.12");
	shut = scene_jail("a", "192.0.2.11", NULL, NULL);
	may = scene_jail("b", "192.0.2.12", NULL, "allow.broadcast");
	before = jailed_refusals(shut.jd_jid, JR_SOCKOPT, JAIL_DIR_CALL, 0);
	jailed_call(&shut, do_broadcast, &c, sizeof(c));
	ATF_CHECK_STREQ("0", errname(c.option));
	ATF_CHECK_STREQ("EACCES", errname(c.error));
	ATF_CHECK_EQ(before + 1, jailed_refusals(shut.jd_jid, JR_SOCKOPT,
	    JAIL_DIR_CALL, 0));
	c = (struct option_call){ 0 };
	jailed_call(&may, do_broadcast, &c, sizeof(c));
	ATF_CHECK_STREQ("0", errname(c.error));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, only_kinds_that_hooks_confine_are_made);
	ATF_TP_ADD_TC(tp, D4_families_but_four_are_refused);
	ATF_TP_ADD_TC(tp, C5_netlink_needs_its_parameter);
	ATF_TP_ADD_TC(tp, B17_B18_options_that_reach_others_are_refused);
	ATF_TP_ADD_TC(tp, options_are_judged_by_the_jail_that_made_the_socket);
	ATF_TP_ADD_TC(tp, B10_broadcast_needs_its_parameter);
	return (atf_no_error());
}
