/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The scene of cases that use sockets.
 */

#include <sys/socket.h>

#include <arpa/inet.h>

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "scene.h"

struct jailed
scene_jail(const char *name, const char *ip4, const char *ip6,
    const char *param)
{
	bool all4 = ip4 != NULL && strcmp(ip4, "inherit") == 0;
	bool all6 = ip6 != NULL && strcmp(ip6, "inherit") == 0;
	int jid;

	jid = jail_setv(JAIL_CREATE, "name", name, "path", "/", "persist",
	    NULL, ip4 == NULL || all4 ? "ip4" : "ip4.addr",
	    ip4 == NULL ? "disable" : ip4,
	    ip6 == NULL || all6 ? "ip6" : "ip6.addr",
	    ip6 == NULL ? "disable" : ip6, param, NULL, NULL);
	if (jid == -1)
		atf_tc_fail("jail %s: %s", name, jail_errmsg);
	return (jailed_start(jid));
}

void
scene_init(struct scene *s, const atf_tc_t *tc)
{
	static const char *const addrs[] = {
		A_FIRST4, A_FIRST6, A_SECOND4, A_SECOND6, B_ADDR4, B_ADDR6
	};
	size_t i;

	vnet_init(&s->vn, tc);
	for (i = 0; i < NELEMS(addrs); i++)
		vnet_addr(&s->vn, addrs[i]);
	s->a = scene_jail("a", A_FIRST4 "," A_SECOND4,
	    A_FIRST6 "," A_SECOND6, "allow.raw_sockets");
	s->b = scene_jail("b", B_ADDR4, B_ADDR6, "allow.raw_sockets");
}

void
scene_one_processor(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	ATF_REQUIRE_EQ(0, sched_setaffinity(0, sizeof(set), &set));
}

socklen_t
sockaddr_of(union sockaddrs *sa, const char *addr, uint16_t port)
{
	memset(sa, 0, sizeof(*sa));
	if (inet_pton(AF_INET, addr, &sa->sin.sin_addr) == 1) {
		sa->sin.sin_family = AF_INET;
		sa->sin.sin_port = htons(port);
	} else if (inet_pton(AF_INET6, addr, &sa->sin6.sin6_addr) == 1) {
		sa->sin6.sin6_family = AF_INET6;
		sa->sin6.sin6_port = htons(port);
	} else if (addr[0] != '\0')
		abort();
	return (sa->sa.sa_family == AF_INET6 ? sizeof(sa->sin6) :
	    sizeof(sa->sin));
}

void
name_source(struct msghdr *msg, union source *ctl, const union sockaddrs *src)
{
	const bool ip4 = src->sa.sa_family == AF_INET;
	const struct in6_pktinfo info6 = { .ipi6_addr = src->sin6.sin6_addr };
	const struct in_pktinfo info4 = { .ipi_spec_dst = src->sin.sin_addr };
	const size_t len = ip4 ? sizeof(info4) : sizeof(info6);

	memset(ctl, 0, sizeof(*ctl));
	ctl->hdr.cmsg_level = ip4 ? IPPROTO_IP : IPPROTO_IPV6;
	ctl->hdr.cmsg_type = ip4 ? IP_PKTINFO : IPV6_PKTINFO;
	ctl->hdr.cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(&ctl->hdr), ip4 ? (const void *)&info4 : &info6, len);
	msg->msg_control = ctl;
	msg->msg_controllen = CMSG_SPACE(len);
}

const char *
sockaddr_text(const union sockaddrs *sa)
{
	static char buf[2][INET6_ADDRSTRLEN];
	static int turn;

	turn = !turn;
	if (sa->sa.sa_family == AF_INET)
		return (inet_ntop(AF_INET, &sa->sin.sin_addr, buf[turn],
		    sizeof(buf[turn])));
	if (sa->sa.sa_family == AF_INET6)
		return (inet_ntop(AF_INET6, &sa->sin6.sin6_addr, buf[turn],
		    sizeof(buf[turn])));
	return ("-");
}

int
keep_socket(int s, bool good)
{
	int error = errno;

	if (good || s == -1)
		return (s);
	close(s);
	errno = error;
	return (-1);
}

static uint64_t
refusals_any(int jid, int dir)
{
	struct jail_refusal *r;
	uint64_t count = 0;
	int i, n;

	n = jail_refusals(jid, &r);
	if (n == -1)
		atf_tc_fail("jail_refusals: %s", jail_errmsg);
	for (i = 0; i < n; i++)
		if (r[i].dir == dir)
			count += r[i].count;
	free(r);
	return (count);
}

uint64_t
refusals_before(const struct jailed *jd, const struct refusal *want)
{
	if (want->reason == JR_NONE)
		return (refusals_any(jd->jd_jid, want->dir));
	return (jailed_refusals(jd->jd_jid, want->reason, want->dir,
	    want->family));
}

bool
refused_once(const struct jailed *jd, const struct refusal *want,
    uint64_t before)
{
	return (refusals_before(jd, want) ==
	    before + (want->reason != JR_NONE));
}
