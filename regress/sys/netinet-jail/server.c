/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Servers in jails and in the host.
 */

#include <sys/socket.h>

#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "errname.h"
#include "server.h"

#define MAPPED	"::ffff:"
#define NOBODY	65534

void
write_sysctl(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	ATF_REQUIRE_MSG(fd != -1, "%s: %s", path, strerror(errno));
	ATF_REQUIRE_EQ((ssize_t)strlen(value), write(fd, value,
	    strlen(value)));
	close(fd);
}

/* What no mask names is under neither limit, to one peer or to all together. */
void
report_all(void)
{
	write_sysctl("/proc/sys/net/ipv4/icmp_ratemask", "0");
	write_sysctl("/proc/sys/net/ipv6/icmp/ratemask", "0");
}

void
server_init(struct scene *s, const atf_tc_t *tc)
{
	scene_init(s, tc);
	report_all();
}

struct server
server_of(int type, int options, const char *addr, uint16_t port)
{
	struct server sv = { .type = type, .options = options };

	sv.len = sockaddr_of(&sv.sa, addr, port);
	return (sv);
}

static int
set_options(int s, int options)
{
	static const struct {
		int option, level, name;
	} all[] = {
		{ SV_REUSEADDR, SOL_SOCKET, SO_REUSEADDR },
		{ SV_REUSEPORT, SOL_SOCKET, SO_REUSEPORT },
		{ SV_V6ONLY, IPPROTO_IPV6, IPV6_V6ONLY },
		{ SV_NOPORT, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT },
	};
	int on = 1;

	for (size_t i = 0; i < NELEMS(all); i++)
		if ((options & all[i].option) && setsockopt(s, all[i].level,
		    all[i].name, &on, sizeof(on)) == -1)
			return (-1);
	return (0);
}

static int
make_server(struct server *sv)
{
	int s = socket(sv->sa.sa.sa_family, sv->type | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(sv->name);

	s = keep_socket(s, s != -1 && set_options(s, sv->options) == 0 &&
	    ((sv->options & SV_UNBOUND) ||
	    bind(s, &sv->sa.sa, sv->len) == 0) &&
	    (!(sv->options & SV_LISTEN) || listen(s, 64) == 0) &&
	    getsockname(s, &sv->name.sa, &len) == 0);
	if (s == -1)
		sv->error = errno;
	return (s);
}

/* The saved user id stays root's, to come back by. */
static int
do_open(void *arg)
{
	struct server *sv = arg;
	int s;

	sv->error = 0;
	if ((sv->options & SV_NOBODY) && setresuid(NOBODY, NOBODY, 0) == -1) {
		sv->error = errno;
		return (-1);
	}
	s = make_server(sv);
	if ((sv->options & SV_NOBODY) && setresuid(0, 0, 0) == -1)
		_exit(1);
	return (s);
}

int
server_open(const struct jailed *jd, struct server *sv)
{
	return (jd == NULL ? do_open(sv) :
	    jailed_call(jd, do_open, sv, sizeof(*sv)));
}

int
server_start(const struct jailed *jd, int type, int options, const char *addr,
    uint16_t port)
{
	struct server sv = server_of(type, options, addr, port);
	int s = server_open(jd, &sv);

	ATF_REQUIRE_MSG(s != -1, "%s: type %d, options %#x, %s port %d: %s",
	    jd == NULL ? "host" : "jail", type, options, addr, port,
	    errname(sv.error));
	return (s);
}

uint16_t
name_port(int s)
{
	union sockaddrs sa;
	socklen_t len = sizeof(sa);

	ATF_REQUIRE_EQ(0, getsockname(s, &sa.sa, &len));
	return (ntohs(sa.sin.sin_port));
}

/* An IPv4 address looks different to an IPv6 socket. */
static const char *
unmapped(const char *addr)
{
	return (strncmp(addr, MAPPED, strlen(MAPPED)) == 0 &&
	    strchr(addr, '.') != NULL ? addr + strlen(MAPPED) : addr);
}

void
check_name(int s, const char *addr, uint16_t port)
{
	union sockaddrs sa;
	socklen_t len = sizeof(sa);

	ATF_REQUIRE_EQ(0, getsockname(s, &sa.sa, &len));
	ATF_CHECK_MSG(strcmp(unmapped(addr), unmapped(sockaddr_text(&sa))) ==
	    0 && ntohs(sa.sin.sin_port) == port, "name is %s port %d; should "
	    "be %s port %d", sockaddr_text(&sa), ntohs(sa.sin.sin_port), addr,
	    port);
}

/* In state 0A, "0: 0B0200C0:1388 ... 0A". */
uint16_t
kernel_port(int family)
{
	FILE *fp = fopen(family == 4 ? "/proc/thread-self/net/tcp" :
	    "/proc/thread-self/net/tcp6", "r");
	unsigned int listener = 0, port, state;
	char line[256];

	ATF_REQUIRE(fp != NULL);
	while (fgets(line, sizeof(line), fp) != NULL)
		if (sscanf(line, " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x",
		    &port, &state) == 2 && state == 0x0a) {
			ATF_REQUIRE_EQ_MSG(0, listener, "two listeners");
			listener = port;
		}
	fclose(fp);
	ATF_REQUIRE(listener != 0);
	return (listener);
}

static int
connect_error(int s, const union sockaddrs *sa, socklen_t len)
{
	struct timeval tv = { .tv_sec = SERVER_WAIT_MS / 1000 };

	setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
	return (connect(s, &sa->sa, len) == -1 ? errno : 0);
}

int
peer_dials(const struct vnet *vn, int type, const char *dst, uint16_t port)
{
	union sockaddrs sa;
	socklen_t len = sockaddr_of(&sa, dst, port);
	int error, s;

	ATF_REQUIRE_EQ(0, vnet_enter(vn->vn_peer));
	s = socket(sa.sa.sa_family, type | SOCK_CLOEXEC, 0);
	ATF_REQUIRE(s != -1);
	ATF_REQUIRE_EQ(0, vnet_enter(vn->vn_host));
	error = connect_error(s, &sa, len);
	if (error == 0 && (type == SOCK_STREAM || send(s, "?", 1, 0) == 1))
		return (s);
	close(s);
	errno = error;
	return (-1);
}

int
ready_one(const int *s, int n)
{
	struct pollfd pfd[8];
	int i;

	ATF_REQUIRE(n <= (int)NELEMS(pfd));
	for (i = 0; i < n; i++)
		pfd[i] = (struct pollfd){ .fd = s[i], .events = POLLIN };
	if (poll(pfd, n, SERVER_WAIT_MS) <= 0)
		return (-1);
	for (i = 0; (pfd[i].revents & POLLIN) == 0; i++)
		continue;
	return (i);
}

/* Take what came: the connection, or -1 and the datagram. */
static int
take(int s, int type)
{
	char byte = '-';

	if (type == SOCK_STREAM)
		return (accept4(s, NULL, NULL, SOCK_CLOEXEC));
	ATF_CHECK_EQ(1, recv(s, &byte, 1, 0));
	ATF_CHECK_EQ('?', byte);
	return (-1);
}

int
dial_expect(const struct vnet *vn, int type, const char *dst, uint16_t port,
    const int *s, int n, int want)
{
	int got, conn, dialled;

	dialled = peer_dials(vn, type, dst, port);
	ATF_CHECK_MSG(dialled != -1, "type %d, %s port %d: %s", type, dst,
	    port, errname(errno));
	if (dialled == -1)
		return (-1);
	got = ready_one(s, n);
	ATF_CHECK_MSG(got == want, "type %d, %s port %d: server %d, should be "
	    "%d", type, dst, port, got, want);
	conn = got == -1 ? -1 : take(s[got], type);
	if (conn != -1)
		check_name(conn, dst, port);
	close(dialled);
	return (conn);
}

/* The error that the network reports for a datagram. */
static int
datagram_error(int s)
{
	struct pollfd pfd = { .fd = s };
	int error = 0;
	socklen_t len = sizeof(error);

	poll(&pfd, 1, SERVER_WAIT_MS);
	getsockopt(s, SOL_SOCKET, SO_ERROR, &error, &len);
	return (error);
}

void
dial_error(const struct vnet *vn, int type, const char *dst, uint16_t port,
    int error)
{
	int s = peer_dials(vn, type, dst, port);
	int got = s == -1 ? errno : type == SOCK_STREAM ? 0 :
	    datagram_error(s);

	ATF_CHECK_MSG(got == error, "type %d, %s port %d: %s; should be %s",
	    type, dst, port, errname(got), errname(error));
	if (s != -1)
		close(s);
}

void
jail_param(const struct jailed *jd, const char *param, const char *value)
{
	char jid[16];

	snprintf(jid, sizeof(jid), "%d", jd->jd_jid);
	if (jail_setv(JAIL_UPDATE, "jid", jid, param, value, NULL) == -1)
		atf_tc_fail("%s: %s", param, jail_errmsg);
}
