/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The broker of raw sockets: what it gives, to whom, and what is without it.
 */

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>
#include <jail.h>

#include "errname.h"
#include "scene.h"
#include "server.h"

#define PROTO	253	/* RFC 3692: for experiments */
#define FIRST	768	/* of the numbers that the broker gives */
#define LAST	1023
#define LOW	100
#define NET2_HOST	"198.51.100.1"
#define NET2_JAIL	"198.51.100.12"
#define NET2_PEER	"198.51.100.254"
#define WAIT_MS		10000

/* What a socket is to be, and what it came to. */
struct raw {
	int type, proto;
	union sockaddrs local, remote;	/* family 0: none */
	bool connect;			/* else sendto(2) */
	bool low;			/* give it another number first */
	int number;			/* that it got */
	int error;
	char from[INET6_ADDRSTRLEN];	/* where it is bound, at the end */
};

static bool
is_comm(const char *pid, const char *name)
{
	char path[64], comm[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	f = fopen(path, "r");
	if (f == NULL)
		return (false);
	if (fgets(comm, sizeof(comm), f) == NULL)
		comm[0] = '\0';
	fclose(f);
	comm[strcspn(comm, "\n")] = '\0';
	return (strcmp(comm, name) == 0);
}

/* The brokers of a jail; *pid is one of them. */
static int
count_brokers(int jid, pid_t *pid)
{
	char path[4096], line[32];
	int n = 0;
	FILE *f;

	jailed_cgroup(jid, path, sizeof(path));
	strncat(path, "/cgroup.procs", sizeof(path) - strlen(path) - 1);
	f = fopen(path, "r");
	ATF_REQUIRE(f != NULL);
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (!is_comm(line, "jailbroker"))
			continue;
		*pid = atoi(line);
		n++;
	}
	fclose(f);
	return (n);
}

struct wanted {
	int jid, n;
};

static bool
has_brokers(void *arg)
{
	const struct wanted *w = arg;
	pid_t pid;

	return (count_brokers(w->jid, &pid) == w->n);
}

static void
wait_brokers(int jid, int n)
{
	struct wanted w = { jid, n };

	ATF_REQUIRE_MSG(wait_until(has_brokers, &w, WAIT_MS),
	    "jail %d has not %d brokers", jid, n);
}

static socklen_t
length(const union sockaddrs *sa)
{
	return (sa->sa.sa_family == AF_INET ? sizeof(sa->sin) :
	    sizeof(sa->sin6));
}

/* (Of ICMP it is an echo request, which is all that such a socket can send.) */
static int
use(int s, const struct raw *r)
{
	static const struct icmphdr echo4 = { .type = ICMP_ECHO };
	static const uint8_t echo6[8] = { 128 };
	const bool ip4 = r->remote.sa.sa_family == AF_INET;
	const void *data = ip4 ? (const void *)&echo4 : echo6;

	if (r->local.sa.sa_family != 0 &&
	    bind(s, &r->local.sa, length(&r->local)) != 0)
		return (-1);
	if (r->remote.sa.sa_family == 0)
		return (0);
	if (r->connect && connect(s, &r->remote.sa, length(&r->remote)) != 0)
		return (-1);
	return (sendto(s, data, 8, 0, r->connect ? NULL : &r->remote.sa,
	    r->connect ? 0 : length(&r->remote)) == 8 ? 0 : -1);
}

static int
do_raw(void *arg)
{
	struct raw *r = arg;
	const int af = r->remote.sa.sa_family != 0 ? r->remote.sa.sa_family :
	    r->local.sa.sa_family;
	union sockaddrs own;
	socklen_t len = sizeof(own);
	int s = socket(af, r->type, r->proto);

	r->number = s;
	if (s != -1 && r->low)
		s = dup2(s, LOW);
	r->error = s == -1 || use(s, r) != 0 ? errno : 0;
	if (s != -1 && getsockname(s, &own.sa, &len) == 0)
		strcpy(r->from, sockaddr_text(&own));
	if (r->number != -1)
		close(r->number);
	if (r->low)
		close(s);
	return (-1);
}

/* A raw socket in the jail: from where does it send to there? */
static void
check_from(const struct jailed *jd, struct raw r, const char *local,
    const char *remote, const char *want, int error)
{
	if (local != NULL)
		sockaddr_of(&r.local, local, 0);
	if (remote != NULL)
		sockaddr_of(&r.remote, remote, 0);
	jailed_call(jd, do_raw, &r, sizeof(r));
	ATF_CHECK_MSG(r.error == error && strcmp(r.from, want) == 0,
	    "type %d, protocol %d, %s, from %s to %s: %s, from %s; should be "
	    "%s, from %s", r.type, r.proto, r.connect ? "connected" : "sent",
	    local != NULL ? local : "-", remote != NULL ? remote : "-",
	    errname(r.error), r.from, errname(error), want);
	ATF_CHECK_MSG(r.number >= FIRST && r.number <= LAST, "%d is not a "
	    "number of the broker's", r.number);
}

/* With a second network, where jail A gets an address. */
static void
begin(struct scene *s, const atf_tc_t *tc)
{
	scene_init(s, tc);
	vnet_addr(&s->vn, NET2_HOST);
	vnet_addr(&s->vn, NET2_JAIL);
	jailed_stop(&s->a);
	ATF_REQUIRE(jail_setv(JAIL_UPDATE, "name", "a", "ip4.addr",
	    A_FIRST4 "," A_SECOND4 "," NET2_JAIL, NULL) != -1);
	s->a = jailed_start(s->a.jd_jid);
	wait_brokers(s->a.jd_jid, 1);
	ATF_REQUIRE_EQ(0, vnet_enter(s->vn.vn_peer));
	ATF_REQUIRE_EQ(0, system("ip addr add " NET2_PEER "/24 dev "
	    "$(ip -o link | sed -n 's/.*: \\(vp[0-9]*\\)@.*/\\1/p')"));
	ATF_REQUIRE_EQ(0, vnet_enter(s->vn.vn_host));
}

static const struct raw kinds[] = {
	{ .type = SOCK_RAW, .proto = PROTO },
	{ .type = SOCK_RAW, .proto = PROTO, .connect = true },
};

VNET_CASE(source_is_chosen_as_for_udp)
{
	struct scene s;

	begin(&s, tc);
	for (size_t i = 0; i < NELEMS(kinds); i++) {
		check_from(&s.b, kinds[i], NULL, VNET_PEER4, B_ADDR4, 0);
		check_from(&s.b, kinds[i], NULL, VNET_PEER6, B_ADDR6, 0);
		check_from(&s.a, kinds[i], NULL, VNET_PEER4, A_FIRST4, 0);
		check_from(&s.a, kinds[i], NULL, VNET_PEER6, A_FIRST6, 0);
		check_from(&s.a, kinds[i], NULL, NET2_PEER, NET2_JAIL, 0);
		check_from(&s.a, kinds[i], "0.0.0.0", NET2_PEER, NET2_JAIL, 0);
		check_from(&s.b, kinds[i], "0.0.0.0", VNET_PEER4, B_ADDR4, 0);
		check_from(&s.b, kinds[i], "::", VNET_PEER6, B_ADDR6, 0);
	}
}

VNET_CASE(address_that_is_asked_for_stays)
{
	struct scene s;

	begin(&s, tc);
	for (size_t i = 0; i < NELEMS(kinds); i++) {
		check_from(&s.a, kinds[i], A_SECOND4, VNET_PEER4, A_SECOND4,
		    0);
		check_from(&s.a, kinds[i], A_SECOND6, VNET_PEER6, A_SECOND6,
		    0);
		check_from(&s.a, kinds[i], A_SECOND4, NET2_PEER, A_SECOND4, 0);
	}
}

/* It keeps what it had. */
VNET_CASE(foreign_address_is_refused_at_once)
{
	static const char *const foreign[] = { B_ADDR4, VNET_HOST4,
		VNET_ABSENT4 };
	struct scene s;

	begin(&s, tc);
	for (size_t i = 0; i < NELEMS(foreign); i++)
		check_from(&s.a, kinds[0], foreign[i], VNET_PEER4, "0.0.0.0",
		    EADDRNOTAVAIL);
	check_from(&s.a, kinds[0], B_ADDR6, VNET_PEER6, "::", EADDRNOTAVAIL);
	check_from(&s.b, kinds[0], A_FIRST4, VNET_PEER4, B_ADDR4,
	    EADDRNOTAVAIL);
}

/* Nobody is asked about such a number, so it sends from the primary one. */
VNET_CASE(socket_of_another_number_has_an_address_too)
{
	struct raw low = { .type = SOCK_RAW, .proto = PROTO, .low = true };
	struct scene s;

	begin(&s, tc);
	check_from(&s.a, low, NULL, VNET_PEER4, A_FIRST4, 0);
	check_from(&s.a, low, NULL, VNET_PEER6, A_FIRST6, 0);
	check_from(&s.b, low, NULL, VNET_PEER4, B_ADDR4, 0);
}

/* The kernel has 127.0.0.1 and ::1 of jail 1 there, and calls them so. */
VNET_CASE(loopback_is_the_jails)
{
	struct raw to = { .type = SOCK_RAW, .proto = PROTO, .connect = true };
	struct scene s;

	begin(&s, tc);
	check_from(&s.b, to, NULL, "127.0.0.1", "127.0.0.1", 0);
	check_from(&s.b, to, NULL, "::1", "::1", 0);
	check_from(&s.b, to, NULL, "127.0.0.2", B_ADDR4, ENETUNREACH);
	check_from(&s.b, to, "127.0.0.1", "127.0.0.1", "127.0.0.1", 0);
}

/* What was the answer of socket(2) to a user without capabilities? */
static int
do_user(void *arg)
{
	struct raw *r = arg;

	if (setegid(65534) != 0 || seteuid(65534) != 0)
		r->error = -1;
	else
		do_raw(r);
	if (seteuid(0) != 0 || setegid(0) != 0)
		r->error = -1;
	return (-1);
}

static void
user_gets(int jid, int type, int proto, const char *to, int error)
{
	struct raw r = { .type = type, .proto = proto };
	struct jailed jd = jailed_start(jid);

	sockaddr_of(&r.remote, to, 0);
	jailed_call(&jd, do_user, &r, sizeof(r));
	jailed_stop(&jd);
	ATF_CHECK_MSG(r.error == error, "type %d, protocol %d: %s; should be "
	    "%s", type, proto, errname(r.error), errname(error));
}

static void
set_ping_groups(const char *range)
{
	FILE *f = fopen("/proc/sys/net/ipv4/ping_group_range", "w");

	ATF_REQUIRE(f != NULL);
	fputs(range, f);
	ATF_REQUIRE_EQ(0, fclose(f));
}

VNET_CASE(who_may_not_have_a_socket_gets_none)
{
	struct scene s;

	begin(&s, tc);
	user_gets(s.b.jd_jid, SOCK_RAW, IPPROTO_ICMP, VNET_PEER4, EPERM);
	user_gets(s.b.jd_jid, SOCK_RAW, IPPROTO_ICMPV6, VNET_PEER6, EPERM);
	user_gets(s.b.jd_jid, SOCK_DGRAM, IPPROTO_ICMP, VNET_PEER4, EACCES);
	set_ping_groups("0 100");
	user_gets(s.b.jd_jid, SOCK_DGRAM, IPPROTO_ICMP, VNET_PEER4, EACCES);
	set_ping_groups("65534 65534");
	user_gets(s.b.jd_jid, SOCK_DGRAM, IPPROTO_ICMP, VNET_PEER4, 0);
	user_gets(s.b.jd_jid, SOCK_DGRAM, IPPROTO_ICMPV6, VNET_PEER6, 0);
	user_gets(s.b.jd_jid, SOCK_RAW, IPPROTO_ICMP, VNET_PEER4, EPERM);
}

VNET_CASE(jail_without_raw_sockets_has_no_broker)
{
	struct jailed none;
	struct scene s;
	pid_t pid;

	begin(&s, tc);
	ATF_CHECK_EQ(1, count_brokers(s.a.jd_jid, &pid));
	none = scene_jail("none", "192.0.2.31", NULL, NULL);
	ATF_CHECK_EQ(0, count_brokers(none.jd_jid, &pid));
	ATF_CHECK_EQ(-1, jailed_socket(&none, AF_INET, SOCK_RAW, PROTO));
	ATF_CHECK_STREQ("EPERM", errname(errno));
}

VNET_CASE(broker_ends_with_those_it_is_for)
{
	struct jailed more;
	struct scene s;

	begin(&s, tc);
	more = jailed_start(s.a.jd_jid);
	wait_brokers(s.a.jd_jid, 2);
	jailed_stop(&more);
	wait_brokers(s.a.jd_jid, 1);
	check_from(&s.a, kinds[0], NULL, VNET_PEER4, A_FIRST4, 0);
}

static void
not_told_apart(const struct jailed *jd, int type)
{
	int s = jailed_socket(jd, AF_INET, type, 0);

	ATF_CHECK_MSG(s != -1, "type %d: %s", type, errname(errno));
	if (s != -1)
		close(s);
}

/* All but raw sockets goes on without it, and nothing leaks. */
VNET_CASE(without_the_broker_there_are_no_raw_sockets)
{
	struct jailed again;
	struct server sv;
	struct scene s;
	pid_t pid = -1;

	begin(&s, tc);
	ATF_REQUIRE_EQ(1, count_brokers(s.b.jd_jid, &pid));
	ATF_REQUIRE_EQ(0, kill(pid, SIGKILL));
	wait_brokers(s.b.jd_jid, 0);
	ATF_CHECK_EQ(-1, jailed_socket(&s.b, AF_INET, SOCK_RAW, PROTO));
	ATF_CHECK_STREQ("ENOSYS", errname(errno));
	ATF_CHECK_EQ(-1, jailed_socket(&s.b, AF_INET6, SOCK_RAW, PROTO));
	not_told_apart(&s.b, SOCK_STREAM);
	not_told_apart(&s.b, SOCK_DGRAM);
	sv = server_of(SOCK_STREAM, SV_LISTEN, "0.0.0.0", 8080);
	ATF_CHECK(server_open(&s.b, &sv) != -1);
	again = jailed_start(s.b.jd_jid);
	check_from(&again, kinds[0], NULL, VNET_PEER4, B_ADDR4, 0);
}

/* jailkill(8) reaches all, and it is to help those who stay. */
VNET_CASE(broker_outlives_signals_but_sigkill)
{
	struct scene s;
	pid_t pid = -1;

	begin(&s, tc);
	ATF_REQUIRE_EQ(1, count_brokers(s.b.jd_jid, &pid));
	for (int sig = 1; sig < SIGRTMIN; sig++) {
		if (sig != SIGKILL && sig != SIGSTOP)
			ATF_REQUIRE_EQ(0, kill(pid, sig));
	}
	check_from(&s.b, kinds[0], NULL, VNET_PEER4, B_ADDR4, 0);
	ATF_REQUIRE_EQ(0, kill(pid, SIGKILL));
	wait_brokers(s.b.jd_jid, 0);
}

static int
status_value(pid_t pid, const char *name, unsigned long long *value)
{
	char path[64], line[256];
	FILE *f;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "r");
	ATF_REQUIRE(f != NULL);
	while (n != 1 && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, name, strlen(name)) == 0)
			n = sscanf(line + strlen(name), " %llx", value);
	fclose(f);
	return (n == 1 ? 0 : -1);
}

static int
count_descriptors(pid_t pid)
{
	char path[64];
	struct dirent *e;
	int n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	d = opendir(path);
	ATF_REQUIRE(d != NULL);
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	closedir(d);
	return (n);
}

/* CAP_NET_RAW and CAP_SYS_PTRACE; /dev/null, maps, /proc, where it is asked. */
/* Whether the jail is frozen, as its cgroup says. */
static bool
is_frozen(void *arg)
{
	char path[4096], text[256] = "";
	FILE *f;

	jailed_cgroup(*(int *)arg, path, sizeof(path));
	strncat(path, "/cgroup.events", sizeof(path) - strlen(path) - 1);
	f = fopen(path, "r");
	ATF_REQUIRE(f != NULL && fread(text, 1, sizeof(text) - 1, f) > 0);
	fclose(f);
	return (strstr(text, "frozen 1") != NULL);
}

VNET_CASE(broker_outlives_freezing)
{
	char path[4096];
	struct scene s;
	int fd;

	scene_init(&s, tc);
	jailed_cgroup(s.a.jd_jid, path, sizeof(path));
	strncat(path, "/cgroup.freeze", sizeof(path) - strlen(path) - 1);
	write_sysctl(path, "1");
	ATF_REQUIRE(wait_until(is_frozen, &s.a.jd_jid, WAIT_MS));
	write_sysctl(path, "0");
	fd = jailed_socket(&s.a, AF_INET, SOCK_RAW, PROTO);
	ATF_CHECK_MSG(fd != -1, "%s", errname(errno));
	close(fd);
}

VNET_CASE(broker_has_no_more_than_it_needs)
{
	unsigned long long value;
	struct scene s;
	pid_t pid = -1;

	begin(&s, tc);
	ATF_REQUIRE_EQ(1, count_brokers(s.b.jd_jid, &pid));
	ATF_REQUIRE_EQ(0, status_value(pid, "CapEff:", &value));
	ATF_CHECK_EQ(1ULL << 13 | 1ULL << 19, value);
	ATF_REQUIRE_EQ(0, status_value(pid, "CapPrm:", &value));
	ATF_CHECK_EQ(1ULL << 13 | 1ULL << 19, value);
	ATF_REQUIRE_EQ(0, status_value(pid, "CapBnd:", &value));
	ATF_CHECK_EQ(0, value);
	ATF_REQUIRE_EQ(0, status_value(pid, "NoNewPrivs:", &value));
	ATF_CHECK_EQ(1, value);
	ATF_REQUIRE_EQ(0, status_value(pid, "Seccomp:", &value));
	ATF_CHECK_EQ(2, value);
	ATF_CHECK_EQ(3 + 5 + 1 + 1, count_descriptors(pid));
}

/* It is in no namespace of the jail's, so nothing there sees it. */
static int
do_look(void *arg)
{
	struct dirent *e;
	DIR *d = opendir("/proc");

	*(int *)arg = 0;
	while (d != NULL && (e = readdir(d)) != NULL)
		*(int *)arg += is_comm(e->d_name, "jailbroker");
	closedir(d);
	return (-1);
}

/* Where sockets that were made in the jail are: the cookie of that. */
static uint64_t
netns_of(const struct jailed *jd, int type, int proto)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);
	int s = jailed_socket(jd, AF_INET, type, proto);

	ATF_REQUIRE_MSG(s != -1, "type %d: %s", type, errname(errno));
	ATF_REQUIRE_EQ(0, getsockopt(s, SOL_SOCKET, SO_NETNS_COOKIE, &cookie,
	    &len));
	close(s);
	return (cookie);
}

VNET_CASE(socket_is_where_the_jail_is_and_not_who_enters_it)
{
	struct jailed late;
	uint64_t netns;
	struct scene s;

	scene_init(&s, tc);
	jail_param(&s.a, "allow.packet_capture", "true");
	netns = netns_of(&s.a, SOCK_STREAM, 0);
	ATF_REQUIRE_EQ(0, vnet_enter(s.vn.vn_peer));
	late = jailed_start(s.a.jd_jid);
	ATF_REQUIRE_EQ(0, vnet_enter(s.vn.vn_host));
	ATF_CHECK_EQ(netns, netns_of(&late, SOCK_STREAM, 0));
	ATF_CHECK_EQ(netns, netns_of(&late, SOCK_RAW, PROTO));
	ATF_CHECK_EQ(netns, netns_of(&late, SOCK_RAW, IPPROTO_ICMP));
}

VNET_CASE(broker_is_not_seen_in_the_jail)
{
	struct scene s;
	int n = -1;

	begin(&s, tc);
	jailed_call(&s.b, do_look, &n, sizeof(n));
	ATF_CHECK_EQ(0, n);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, source_is_chosen_as_for_udp);
	ATF_TP_ADD_TC(tp, address_that_is_asked_for_stays);
	ATF_TP_ADD_TC(tp, foreign_address_is_refused_at_once);
	ATF_TP_ADD_TC(tp, socket_of_another_number_has_an_address_too);
	ATF_TP_ADD_TC(tp, loopback_is_the_jails);
	ATF_TP_ADD_TC(tp, who_may_not_have_a_socket_gets_none);
	ATF_TP_ADD_TC(tp, jail_without_raw_sockets_has_no_broker);
	ATF_TP_ADD_TC(tp, broker_ends_with_those_it_is_for);
	ATF_TP_ADD_TC(tp, without_the_broker_there_are_no_raw_sockets);
	ATF_TP_ADD_TC(tp, broker_outlives_signals_but_sigkill);
	ATF_TP_ADD_TC(tp, broker_outlives_freezing);
	ATF_TP_ADD_TC(tp, broker_has_no_more_than_it_needs);
	ATF_TP_ADD_TC(tp, socket_is_where_the_jail_is_and_not_who_enters_it);
	ATF_TP_ADD_TC(tp, broker_is_not_seen_in_the_jail);
	return (atf_no_error());
}
