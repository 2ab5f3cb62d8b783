/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What stays confined: a socket that leaves its jail, a process whose jail has
 * lost every other one, a socket whose jail is gone.
 */

#include <sys/socket.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "errname.h"
#include "scene.h"

struct bind_call {
	union sockaddrs sa;
	int error;
};

/* A socket that a jail has made, for us to use. */
static int
socket_of(const struct jailed *jd, int af, int type, int proto)
{
	int s;

	s = jailed_socket(jd, af, type, proto);
	ATF_REQUIRE_MSG(s != -1, "%s", errname(errno));
	return (s);
}

static int
bind_error(int s, const char *addr)
{
	union sockaddrs sa;
	socklen_t len;

	len = sockaddr_of(&sa, addr, 0);
	return (bind(s, &sa.sa, len) == -1 ? errno : 0);
}

static int
send_error(int s, const char *addr)
{
	union sockaddrs sa;
	socklen_t len;

	len = sockaddr_of(&sa, addr, 9);
	return (sendto(s, "", 1, 0, &sa.sa, len) == -1 ? errno : 0);
}

/* bind(2) of a new socket, to be called in a jail. */
static int
do_bind(void *arg)
{
	struct bind_call *c = arg;
	int s;

	s = socket(c->sa.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	c->error = s == -1 || bind(s, &c->sa.sa, sizeof(c->sa)) == -1 ?
	    errno : 0;
	if (s != -1)
		close(s);
	return (-1);
}

static const char *
inside_bind_error(const struct jailed *jd, const char *addr)
{
	struct bind_call c = { .error = 0 };

	sockaddr_of(&c.sa, addr, 0);
	jailed_call(jd, do_bind, &c, sizeof(c));
	return (errname(c.error));
}

VNET_CASE(socket_passed_out_stays_confined)
{
	struct scene s;
	int raw, sock;

	scene_init(&s, tc);
	sock = socket_of(&s.a, AF_INET, SOCK_DGRAM, 0);
	ATF_CHECK_STREQ("EADDRNOTAVAIL", errname(bind_error(sock, B_ADDR4)));
	ATF_CHECK_STREQ("EADDRNOTAVAIL",
	    errname(bind_error(sock, VNET_HOST4)));
	ATF_CHECK_STREQ("0", errname(bind_error(sock, A_SECOND4)));
	ATF_CHECK_STREQ("ENETUNREACH", errname(send_error(sock, "127.0.0.2")));
	ATF_CHECK_STREQ("0", errname(send_error(sock, VNET_PEER4)));
	close(sock);
	sock = socket_of(&s.a, AF_INET6, SOCK_STREAM, 0);
	ATF_CHECK_STREQ("EADDRNOTAVAIL", errname(bind_error(sock, B_ADDR6)));
	ATF_CHECK_STREQ("0", errname(bind_error(sock, A_SECOND6)));
	close(sock);
	raw = socket_of(&s.a, AF_INET, SOCK_RAW, 253);
	ATF_CHECK_STREQ("0", errname(bind_error(raw, VNET_HOST4)));
	ATF_CHECK_STREQ("EPERM", errname(send_error(raw, VNET_PEER4)));
	ATF_CHECK_STREQ("0", errname(bind_error(raw, A_FIRST4)));
	ATF_CHECK_STREQ("0", errname(send_error(raw, VNET_PEER4)));
	close(raw);
}

/* Read the processes of a jail's cgroup; how many there are. */
static int
read_pids(int jid, pid_t *pids, int max)
{
	char path[4096];
	FILE *fp;
	int n, pid;

	jailed_cgroup(jid, path, sizeof(path));
	strncat(path, "/cgroup.procs", sizeof(path) - strlen(path) - 1);
	fp = fopen(path, "re");
	ATF_REQUIRE(fp != NULL);
	for (n = 0; n < max && fscanf(fp, "%d", &pid) == 1; n++)
		pids[n] = pid;
	fclose(fp);
	return (n);
}

/* Only those of us, as far as the jail can see. */
struct only {
	int jid;
	pid_t pid;	/* 0: nobody at all */
};

static bool
nobody_else(void *arg)
{
	const struct only *o = arg;
	pid_t pids[64];
	int i, n;

	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
	n = read_pids(o->jid, pids, NELEMS(pids));
	for (i = 0; i < n; i++)
		if (pids[i] != o->pid)
			return (false);
	return (true);
}

/* SIGKILL for all processes of a jail but one; all are its own. */
static void
kill_all_but(int jid, pid_t spared)
{
	struct only o = { jid, spared };
	pid_t pids[64];
	int i, n;

	n = read_pids(jid, pids, NELEMS(pids));
	ATF_REQUIRE(n > 0);
	for (i = 0; i < n; i++)
		if (pids[i] != spared)
			kill(pids[i], SIGKILL);
	ATF_REQUIRE(wait_until(nobody_else, &o, 10000));
}

VNET_CASE(confinement_outlives_every_netjail_process)
{
	struct jailed late, left;
	struct scene s;
	int sock;

	scene_init(&s, tc);
	left = jailed_start_bare(s.a.jd_jid);
	sock = socket_of(&s.a, AF_INET, SOCK_DGRAM, 0);
	kill_all_but(s.a.jd_jid, left.jd_pid);
	kill_all_but(s.b.jd_jid, 0);
	ATF_CHECK_STREQ("EADDRNOTAVAIL", inside_bind_error(&left, B_ADDR4));
	ATF_CHECK_STREQ("EADDRNOTAVAIL", inside_bind_error(&left, B_ADDR6));
	ATF_CHECK_STREQ("0", inside_bind_error(&left, A_FIRST4));
	ATF_CHECK_STREQ("EADDRNOTAVAIL", errname(bind_error(sock, B_ADDR4)));
	jailed_stop(&left);
	late = jailed_start_bare(s.a.jd_jid);
	ATF_CHECK_STREQ("EADDRNOTAVAIL", inside_bind_error(&late, VNET_HOST4));
	ATF_CHECK_STREQ("EADDRNOTAVAIL", inside_bind_error(&late, VNET_HOST6));
	ATF_CHECK_STREQ("0", inside_bind_error(&late, A_FIRST6));
	jailed_stop(&late);
	late = jailed_start(s.a.jd_jid);
	ATF_CHECK_STREQ("EADDRNOTAVAIL", inside_bind_error(&late, VNET_HOST4));
	ATF_CHECK_STREQ("0", inside_bind_error(&late, A_FIRST4));
	close(sock);
}

VNET_CASE(socket_of_a_removed_jail_is_of_no_use)
{
	struct scene s;
	int bound, raw, sock;

	scene_init(&s, tc);
	sock = socket_of(&s.a, AF_INET, SOCK_DGRAM, 0);
	bound = socket_of(&s.a, AF_INET, SOCK_DGRAM, 0);
	ATF_REQUIRE_EQ(0, bind_error(bound, A_FIRST4));
	raw = socket_of(&s.a, AF_INET, SOCK_RAW, 253);
	ATF_REQUIRE_EQ_MSG(0, jail_remove(s.a.jd_jid), "%s", jail_errmsg);
	ATF_CHECK_STREQ("EPERM", errname(bind_error(sock, A_FIRST4)));
	ATF_CHECK_STREQ("EPERM", errname(bind_error(sock, VNET_HOST4)));
	ATF_CHECK_STREQ("EPERM", errname(send_error(sock, VNET_PEER4)));
	ATF_CHECK_STREQ("EPERM", errname(send_error(bound, VNET_PEER4)));
	ATF_CHECK_STREQ("EPERM", errname(send_error(raw, VNET_PEER4)));
	close(bound);
	close(raw);
	close(sock);
}

#define ORPHAN_PORT	4001

static int
bind_port(int s, const char *addr, in_port_t port)
{
	union sockaddrs sa;
	socklen_t len;

	len = sockaddr_of(&sa, addr, port);
	return (bind(s, &sa.sa, len) == -1 ? errno : 0);
}

/* Connect a socket to one of the host's; the host's end. */
static int
connect_to_host(int s, in_port_t port)
{
	int end, lis = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	union sockaddrs sa;
	socklen_t len;

	ATF_REQUIRE_EQ(0, bind_port(lis, VNET_HOST4, port));
	ATF_REQUIRE_EQ(0, listen(lis, 5));
	len = sockaddr_of(&sa, VNET_HOST4, port);
	ATF_REQUIRE_MSG(connect(s, &sa.sa, len) == 0, "%s", errname(errno));
	end = accept(lis, NULL, NULL);
	ATF_REQUIRE(end != -1);
	close(lis);
	return (end);
}

/* Send more than the other end takes, so that the end is not reached. */
static void
send_too_much(int s)
{
	static const char data[65536];

	while (send(s, data, sizeof(data), MSG_DONTWAIT) > 0)
		continue;
	ATF_REQUIRE_EQ(EAGAIN, errno);
}

/* The kernel would go on sending what was written before close(2). */
VNET_CASE(connections_of_a_removed_jail_leave_its_addresses)
{
	int end, kept, kept_end, other, s;
	struct jailed heir;
	struct scene sc;

	scene_init(&sc, tc);
	vnet_needs("bpf_sock_destroy");
	s = socket_of(&sc.a, AF_INET, SOCK_STREAM, 0);
	ATF_REQUIRE_EQ(0, bind_port(s, A_FIRST4, ORPHAN_PORT));
	end = connect_to_host(s, 4002);
	send_too_much(s);
	close(s);
	kept = socket_of(&sc.a, AF_INET, SOCK_STREAM, 0);
	kept_end = connect_to_host(kept, 4003);
	other = socket_of(&sc.b, AF_INET, SOCK_DGRAM, 0);
	ATF_REQUIRE_EQ(0, bind_error(other, B_ADDR4));
	ATF_REQUIRE_EQ_MSG(0, jail_remove(sc.a.jd_jid), "%s", jail_errmsg);
	heir = scene_jail("heir", A_FIRST4, NULL, NULL);
	s = socket_of(&heir, AF_INET, SOCK_STREAM, 0);
	ATF_CHECK_STREQ("0", errname(bind_port(s, A_FIRST4, ORPHAN_PORT)));
	ATF_CHECK_EQ(-1, send(kept, "", 1, MSG_NOSIGNAL));
	ATF_CHECK_STREQ("ECONNABORTED", errname(errno));
	ATF_CHECK_STREQ("0", errname(send_error(other, VNET_PEER4)));
	close(s);
	close(end);
	close(kept);
	close(kept_end);
	close(other);
}

/* Sockets that are bound to two of the jail's addresses, and to all. */
struct sockets {
	int kept, lost, udp_lost, anywhere;
	int kept_end, lost_end;
};

static struct sockets
bind_sockets(const struct jailed *jd)
{
	struct sockets s = {
		.kept = socket_of(jd, AF_INET, SOCK_STREAM, 0),
		.lost = socket_of(jd, AF_INET, SOCK_STREAM, 0),
		.udp_lost = socket_of(jd, AF_INET, SOCK_DGRAM, 0),
		.anywhere = socket_of(jd, AF_INET, SOCK_STREAM, 0),
	};

	ATF_REQUIRE_EQ(0, bind_error(s.kept, A_SECOND4));
	ATF_REQUIRE_EQ(0, bind_error(s.lost, A_FIRST4));
	ATF_REQUIRE_EQ(0, bind_error(s.udp_lost, A_FIRST4));
	ATF_REQUIRE_EQ(0, bind_port(s.anywhere, "0.0.0.0", ORPHAN_PORT));
	ATF_REQUIRE_EQ(0, listen(s.anywhere, 5));
	s.kept_end = connect_to_host(s.kept, 4004);
	s.lost_end = connect_to_host(s.lost, 4005);
	return (s);
}

/* A listener at all addresses is at those that are left. */
static void
must_listen(const char *addr)
{
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	union sockaddrs sa;
	socklen_t len = sockaddr_of(&sa, addr, ORPHAN_PORT);

	ATF_CHECK_MSG(connect(s, &sa.sa, len) == 0, "%s", errname(errno));
	close(s);
}

VNET_CASE(sockets_at_a_lost_address_are_destroyed)
{
	struct sockets s;
	struct scene sc;

	scene_init(&sc, tc);
	vnet_needs("bpf_sock_destroy");
	s = bind_sockets(&sc.a);
	ATF_REQUIRE_MSG(jail_setv(JAIL_UPDATE, "name", "a", "ip4.addr",
	    A_SECOND4, NULL) != -1, "%s", jail_errmsg);
	ATF_CHECK_EQ(-1, send(s.lost, "", 1, MSG_NOSIGNAL));
	ATF_CHECK_STREQ("ECONNABORTED", errname(errno));
	ATF_CHECK_EQ(-1, recv(s.udp_lost, &(char){ 0 }, 1, MSG_DONTWAIT));
	ATF_CHECK_STREQ("ECONNABORTED", errname(errno));
	ATF_CHECK_EQ(1, send(s.kept, "", 1, MSG_NOSIGNAL));
	must_listen(A_SECOND4);
	close(s.kept);
	close(s.lost);
	close(s.udp_lost);
	close(s.anywhere);
	close(s.kept_end);
	close(s.lost_end);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, socket_passed_out_stays_confined);
	ATF_TP_ADD_TC(tp, confinement_outlives_every_netjail_process);
	ATF_TP_ADD_TC(tp, socket_of_a_removed_jail_is_of_no_use);
	ATF_TP_ADD_TC(tp, connections_of_a_removed_jail_leave_its_addresses);
	ATF_TP_ADD_TC(tp, sockets_at_a_lost_address_are_destroyed);
	return (atf_no_error());
}
