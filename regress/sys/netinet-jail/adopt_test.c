/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Jails with a cgroup that somebody else made: processes in it, and in those
 * below it, have the jail's addresses, and are free otherwise.
 */

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "errname.h"
#include "scene.h"

#define SVC_FIRST4	"192.0.2.31"
#define SVC_SECOND4	"192.0.2.32"
#define SVC_FIRST6	"2001:db8::31"
#define PORT		8080
#define EMPTY_MS	5000

/* A service: its cgroup, and one below that. */
struct service {
	struct scene sc;
	char dir[2][PATH_MAX + 16];
	char name[256];		/* of the first, as cgroup= has it */
	int jid;
};

/* Removing what is not there is no failure. */
static void
remove_service(const char *instance)
{
	char path[600];

	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "/sys/fs/cgroup/%s%s.svc%s",
		    i < 2 ? "unified/" : "", instance, i % 2 == 0 ? "/sub" :
		    "");
		rmdir(path);
	}
}

#define SERVICE_CASE(name)						\
	ATF_TC_WITH_CLEANUP(name);					\
	ATF_TC_HEAD(name, tc)						\
	{								\
		atf_tc_set_md_var(tc, "require.user", "root");		\
	}								\
	ATF_TC_CLEANUP(name, tc)					\
	{								\
		char id[128] = "";					\
		FILE *f = fopen("svc.id", "r");				\
									\
		vnet_cleanup(tc);					\
		if (f != NULL && fscanf(f, "%127s", id) == 1)		\
			remove_service(id);				\
		if (f != NULL)						\
			fclose(f);					\
	}								\
	ATF_TC_BODY(name, tc)

static void
adopt(struct service *sv)
{
	sv->jid = jail_setv(JAIL_CREATE, "name", "svc", "cgroup", sv->name,
	    "ip4.addr", SVC_FIRST4 "," SVC_SECOND4, "ip6.addr", SVC_FIRST6,
	    NULL);
	ATF_REQUIRE_MSG(sv->jid != -1, "%s", jail_errmsg);
}

static void
service_init(struct service *sv, const atf_tc_t *tc)
{
	const char *instance;
	FILE *f = fopen("svc.id", "w");
	char *slash;

	scene_init(&sv->sc, tc);
	instance = getenv("JAIL_INSTANCE");
	fprintf(f, "%s\n", instance);
	fclose(f);
	vnet_addr(&sv->sc.vn, SVC_FIRST4);
	vnet_addr(&sv->sc.vn, SVC_SECOND4);
	vnet_addr(&sv->sc.vn, SVC_FIRST6);
	jailed_cgroup(sv->sc.a.jd_jid, sv->dir[0], PATH_MAX);
	slash = strstr(sv->dir[0], instance) + strlen(instance);
	strcpy(slash, ".svc");
	snprintf(sv->dir[1], sizeof(sv->dir[1]), "%.4000s/sub", sv->dir[0]);
	snprintf(sv->name, sizeof(sv->name), "/%s.svc", instance);
	for (int i = 0; i < 2; i++)
		ATF_REQUIRE_EQ(0, mkdir(sv->dir[i], 0755));
	adopt(sv);
}

static struct jailed
start_in(const struct service *sv, int where)
{
	struct jailed jd = jailed_start_cgroup(sv->jid, sv->dir[where]);

	vnet_pid(&sv->sc.vn, jd.jd_pid);
	return (jd);
}

struct socket_call {
	int type;
	union sockaddrs sa;
	socklen_t len;
	int error;
};

/* Passes the socket out. */
static int
do_bind(void *arg)
{
	struct socket_call *c = arg;
	int s = socket(c->sa.sa.sa_family, c->type, 0);
	const bool good = s != -1 && bind(s, &c->sa.sa, c->len) == 0 &&
	    (c->type == SOCK_DGRAM || listen(s, 4) == 0);

	c->error = good ? 0 : errno;
	return (keep_socket(s, good));
}

static int
do_connect(void *arg)
{
	struct socket_call *c = arg;
	int s = socket(c->sa.sa.sa_family, c->type, 0);
	const bool good = s != -1 && connect(s, &c->sa.sa, c->len) == 0;

	c->error = good ? 0 : errno;
	return (keep_socket(s, good));
}

/* In a process of the service, or, if that is NULL, here; errno or 0. */
static int
call(const struct jailed *jd, jailed_fn *fn, int type, const char *addr,
    int *ret_s)
{
	struct socket_call c = { .type = type };
	int s;

	c.len = sockaddr_of(&c.sa, addr, PORT);
	s = jd != NULL ? jailed_call(jd, fn, &c, sizeof(c)) : fn(&c);
	if (ret_s != NULL)
		*ret_s = s;
	else if (s != -1)
		close(s);
	return (c.error);
}

SERVICE_CASE(processes_have_the_addresses_of_the_jail)
{
	static const struct {
		const char *addr;
		int error;
	} rows[] = {
		{ "0.0.0.0", 0 },
		{ "::", 0 },
		{ SVC_FIRST4, 0 },
		{ SVC_SECOND4, 0 },
		{ SVC_FIRST6, 0 },
		{ "127.0.0.1", 0 },
		{ VNET_HOST4, EADDRNOTAVAIL },
		{ VNET_HOST6, EADDRNOTAVAIL },
		{ A_FIRST4, EADDRNOTAVAIL },
		{ A_FIRST6, EADDRNOTAVAIL },
	};
	struct service sv;
	struct jailed jd;
	int error;

	service_init(&sv, tc);
	for (int where = 0; where < 2; where++) {
		jd = start_in(&sv, where);
		for (size_t i = 0; i < 2 * NELEMS(rows); i++) {
			error = call(&jd, do_bind, i % 2 == 0 ? SOCK_STREAM :
			    SOCK_DGRAM, rows[i / 2].addr, NULL);
			ATF_CHECK_MSG(error == rows[i / 2].error, "%s: %s: "
			    "%s", sv.dir[where], rows[i / 2].addr,
			    errname(error));
		}
		jailed_stop(&jd);
	}
}

/* Where does what the service sends come from? */
SERVICE_CASE(source_is_the_jails_primary_address)
{
	int from, s, listener;
	union sockaddrs peer;
	socklen_t len;
	struct service sv;
	struct jailed jd;

	service_init(&sv, tc);
	ATF_REQUIRE_EQ(0, call(NULL, do_bind, SOCK_STREAM, VNET_HOST4,
	    &listener));
	for (int where = 0; where < 2; where++) {
		jd = start_in(&sv, where);
		ATF_REQUIRE_EQ(0, call(&jd, do_connect, SOCK_STREAM,
		    VNET_HOST4, &s));
		len = sizeof(peer);
		from = accept(listener, &peer.sa, &len);
		ATF_REQUIRE(from != -1);
		ATF_CHECK_STREQ(SVC_FIRST4, sockaddr_text(&peer));
		close(from);
		close(s);
		jailed_stop(&jd);
	}
}

/* Does a connection to the address come to the listener? */
static bool
comes_to(int listener, const char *addr)
{
	int from, s;

	if (call(NULL, do_connect, SOCK_STREAM, addr, &s) != 0)
		return (false);
	from = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	close(s);
	if (from != -1)
		close(from);
	return (from != -1);
}

SERVICE_CASE(server_on_all_addresses_is_beside_that_of_the_host)
{
	int host, own;
	struct service sv;
	struct jailed jd;

	service_init(&sv, tc);
	ATF_REQUIRE_EQ(0, call(NULL, do_bind, SOCK_STREAM, "0.0.0.0", &host));
	jd = start_in(&sv, 1);
	ATF_REQUIRE_EQ(0, call(&jd, do_bind, SOCK_STREAM, "0.0.0.0", &own));
	ATF_REQUIRE_EQ(0, fcntl(host, F_SETFL, O_NONBLOCK));
	ATF_REQUIRE_EQ(0, fcntl(own, F_SETFL, O_NONBLOCK));
	ATF_CHECK(comes_to(own, SVC_FIRST4));
	ATF_CHECK(comes_to(own, SVC_SECOND4));
	ATF_CHECK(comes_to(host, VNET_HOST4));
	ATF_CHECK(!comes_to(host, SVC_FIRST4));
}

static bool
is_attached(const struct service *sv)
{
	char path[256];

	snprintf(path, sizeof(path), "/sys/fs/bpf/%s/adopted/%d",
	    getenv("JAIL_INSTANCE"), sv->jid);
	return (access(path, F_OK) == 0);
}

/* With a socket that stays: nothing of it is in the way of those to come. */
SERVICE_CASE(removal_gives_the_cgroup_back)
{
	struct service sv;
	struct jailed jd, next;
	int s;

	service_init(&sv, tc);
	jd = start_in(&sv, 1);
	ATF_REQUIRE_EQ(0, call(&jd, do_bind, SOCK_STREAM, "0.0.0.0", &s));
	ATF_CHECK(is_attached(&sv));
	ATF_REQUIRE_EQ(0, jail_remove(sv.jid));
	ATF_CHECK(!is_attached(&sv));
	ATF_CHECK_EQ(0, call(&jd, do_bind, SOCK_STREAM, VNET_HOST4, NULL));
	adopt(&sv);
	next = start_in(&sv, 0);
	ATF_CHECK_EQ(EADDRNOTAVAIL, call(&next, do_bind, SOCK_STREAM,
	    VNET_HOST4, NULL));
	ATF_CHECK_EQ(0, call(&next, do_bind, SOCK_STREAM, "0.0.0.0", NULL));
}

static bool
is_gone(void *arg)
{
	return (rmdir(arg) == 0 || errno == ENOENT);
}

SERVICE_CASE(jail_ends_with_its_cgroup)
{
	struct service sv;
	struct jailed jd;

	service_init(&sv, tc);
	jd = start_in(&sv, 1);
	ATF_CHECK_EQ(sv.jid, jail_getid("svc"));
	jailed_stop(&jd);
	ATF_CHECK_EQ(sv.jid, jail_getid("svc"));
	ATF_REQUIRE(wait_until(is_gone, sv.dir[1], EMPTY_MS));
	ATF_REQUIRE(wait_until(is_gone, sv.dir[0], EMPTY_MS));
	ATF_CHECK_EQ(-1, jail_getid("svc"));
	ATF_CHECK_EQ(ENOENT, errno);
	ATF_CHECK(!is_attached(&sv));
	ATF_CHECK_MSG(jail_setv(JAIL_CREATE, "name", "heir", "ip4.addr",
	    SVC_FIRST4, "persist", NULL, NULL) != -1, "%s", jail_errmsg);
}

/* What a jail may not; the first that cannot be done is told. */
static int
use_freedom(void *arg)
{
	const struct sockaddr_un name = { .sun_family = AF_UNIX,
		.sun_path = "\0netjail-adopt" };
	int *failed = arg, fd, s = socket(AF_UNIX, SOCK_STREAM, 0);

	*failed = connect(s, (const struct sockaddr *)&name, sizeof(name)) !=
	    0 ? 1 : 0;
	close(s);
	if (*failed == 0 && unshare(CLONE_NEWNS | CLONE_NEWUTS) != 0)
		*failed = 2;
	fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	if (*failed == 0 && fd == -1)
		*failed = 3;
	if (fd != -1)
		close(fd);
	return (-1);
}

SERVICE_CASE(nothing_else_is_confined)
{
	const struct sockaddr_un name = { .sun_family = AF_UNIX,
		.sun_path = "\0netjail-adopt" };
	struct service sv;
	struct jailed jd;
	int failed = -1, s;

	service_init(&sv, tc);
	s = socket(AF_UNIX, SOCK_STREAM, 0);
	ATF_REQUIRE_EQ(0, bind(s, (const struct sockaddr *)&name,
	    sizeof(name)));
	ATF_REQUIRE_EQ(0, listen(s, 4));
	for (int where = 0; where < 2; where++) {
		jd = start_in(&sv, where);
		jailed_call(&jd, use_freedom, &failed, sizeof(failed));
		ATF_CHECK_EQ_MSG(0, failed, "%d", failed);
		jailed_stop(&jd);
	}
}

/* Whoever uses the socket, which was made in the cgroup. */
SERVICE_CASE(raw_sockets_and_routing_marks_are_refused)
{
	const int mark = 1;
	struct service sv;
	struct jailed jd;
	int s;

	service_init(&sv, tc);
	for (int where = 0; where < 2; where++) {
		jd = start_in(&sv, where);
		ATF_CHECK_EQ(-1, jailed_socket(&jd, AF_INET, SOCK_RAW,
		    IPPROTO_ICMP));
		ATF_CHECK_EQ(EPERM, errno);
		s = jailed_socket(&jd, AF_INET, SOCK_DGRAM, 0);
		ATF_REQUIRE(s != -1);
		ATF_CHECK_EQ(-1, setsockopt(s, SOL_SOCKET, SO_MARK, &mark,
		    sizeof(mark)));
		ATF_CHECK_EQ(EPERM, errno);
		close(s);
		jailed_stop(&jd);
	}
}

/* Also by a process of a jail that has no filter of system calls. */
SERVICE_CASE(families_that_carry_packets_are_refused)
{
	static const int afs[] = { AF_PACKET, AF_XDP, AF_SMC, AF_RDS };
	struct jailed jd[3];
	struct service sv;
	int s;

	service_init(&sv, tc);
	vnet_needs("lsm");
	jd[0] = start_in(&sv, 0);
	jd[1] = start_in(&sv, 1);
	jd[2] = jailed_start_bare(sv.sc.a.jd_jid);
	s = socket(AF_PACKET, SOCK_RAW, 0);
	ATF_CHECK(s != -1);
	for (size_t i = 0; i < NELEMS(afs) * NELEMS(jd); i++) {
		s = jailed_socket(&jd[i / NELEMS(afs)], afs[i % NELEMS(afs)],
		    SOCK_RAW, 0);
		ATF_CHECK_EQ(-1, s);
		ATF_CHECK_EQ_MSG(EAFNOSUPPORT, errno, "%zu: %s", i,
		    errname(errno));
	}
	ATF_CHECK(jailed_refusals(sv.jid, JR_PROTO, JAIL_DIR_CALL, 0) > 0);
	/* (Each has the ends of those before it.) */
	for (size_t i = NELEMS(jd); i > 0; i--)
		jailed_stop(&jd[i - 1]);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, processes_have_the_addresses_of_the_jail);
	ATF_TP_ADD_TC(tp, source_is_the_jails_primary_address);
	ATF_TP_ADD_TC(tp, server_on_all_addresses_is_beside_that_of_the_host);
	ATF_TP_ADD_TC(tp, removal_gives_the_cgroup_back);
	ATF_TP_ADD_TC(tp, jail_ends_with_its_cgroup);
	ATF_TP_ADD_TC(tp, nothing_else_is_confined);
	ATF_TP_ADD_TC(tp, raw_sockets_and_routing_marks_are_refused);
	ATF_TP_ADD_TC(tp, families_that_carry_packets_are_refused);
	return (atf_no_error());
}
