/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Which layer stops an attack, and which one when that is off: no layer is
 * relied on in silence. A program is off while another one that permits all is
 * in its place; what the process gave up is off for a process that is in the
 * jail's cgroup alone.
 */

#include <sys/socket.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <netinet/in.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>

#include "attempt.h"
#include "errname.h"

#define PORT		7200
#define PROCESS		"process"	/* the layer that is no program */
#define NSTOPS		2

/* What an attack comes to if none of the layers before is there. */
struct stop {
	const char *layer;	/* NULL: none is left */
	struct verdict verdict;
};

struct row {
	const char *name;
	bool plain;		/* in a jail without raw sockets */
	const char *from, *to;	/* NULL: not bound; nothing is sent */
	struct attempt form;
	struct stop stops[NSTOPS];
};

static const struct row rows[] = {
	{ "A1: TCP from a foreign address", false, VNET_HOST4, VNET_PEER4,
	    { .type = SOCK_STREAM, .connect = true, .hurry = true }, {
	    { "in_bind4", { BIND, EADDRNOTAVAIL, JR_LOCALADDR,
	    JAIL_DIR_CALL } }, { "in_connect4", { CONNECT, EADDRNOTAVAIL,
	    JR_LOCALADDR, JAIL_DIR_CALL } } } },
	{ "A1: the same over IPv6", false, VNET_HOST6, VNET_PEER6,
	    { .type = SOCK_STREAM, .connect = true, .hurry = true }, {
	    { "in6_bind6", { BIND, EADDRNOTAVAIL, JR_LOCALADDR,
	    JAIL_DIR_CALL } }, { "in6_connect6", { CONNECT, EADDRNOTAVAIL,
	    JR_LOCALADDR, JAIL_DIR_CALL } } } },
	{ "A1: UDP from a foreign address", false, VNET_HOST4, VNET_PEER4,
	    { .type = SOCK_DGRAM, .send = true }, {
	    { "in_bind4", { BIND, EADDRNOTAVAIL, JR_LOCALADDR,
	    JAIL_DIR_CALL } }, { "in_sendmsg4", { SEND, EADDRNOTAVAIL,
	    JR_LOCALADDR, JAIL_DIR_CALL } } } },
	{ "A1: the same over IPv6", false, VNET_HOST6, VNET_PEER6,
	    { .type = SOCK_DGRAM, .send = true }, {
	    { "in6_bind6", { BIND, EADDRNOTAVAIL, JR_LOCALADDR,
	    JAIL_DIR_CALL } }, { "in6_sendmsg6", { SEND, EADDRNOTAVAIL,
	    JR_LOCALADDR, JAIL_DIR_CALL } } } },
	{ "A12: TCP to a loopback", false, NULL, "127.0.0.53",
	    { .type = SOCK_STREAM, .connect = true, .hurry = true }, {
	    { "in_connect4", { CONNECT, ENETUNREACH, JR_LOOPBACK,
	    JAIL_DIR_CALL } }, { "ip_output", { DONE, 0, JR_SRCADDR,
	    JAIL_DIR_OUT } } } },
	{ "A12: UDP to a loopback", false, NULL, "127.0.0.53",
	    { .type = SOCK_DGRAM, .send = true }, {
	    { "in_sendmsg4", { SEND, ENETUNREACH, JR_LOOPBACK,
	    JAIL_DIR_CALL } }, { "ip_output", { SEND, EPERM, JR_SRCADDR,
	    JAIL_DIR_OUT } } } },
	{ "A12: raw to a loopback", false, NULL, "127.0.0.53",
	    { .type = SOCK_RAW, .proto = 253, .send = true }, {
	    { "ip_output", { SEND, EPERM, JR_LOOPBACK, JAIL_DIR_OUT } } } },
	{ "A2: raw from a foreign address", false, VNET_HOST4, VNET_PEER4,
	    { .type = SOCK_RAW, .proto = 253, .send = true }, {
	    { PROCESS, { BIND, EADDRNOTAVAIL, 0, JAIL_DIR_OUT } },
	    { "ip_output", { SEND, EPERM, JR_SRCADDR, JAIL_DIR_OUT } } } },
	{ "B8: a tunnel", false, NULL, VNET_PEER4,
	    { .type = SOCK_RAW, .proto = IPPROTO_GRE, .send = true }, {
	    { "ip_output", { SEND, EPERM, JR_RAWPROTO, JAIL_DIR_OUT } } } },
	{ "B8: the same over IPv6", false, NULL, VNET_PEER6,
	    { .type = SOCK_RAW, .proto = IPPROTO_GRE, .send = true }, {
	    { "ip_output", { SEND, EPERM, JR_RAWPROTO, JAIL_DIR_OUT } } } },
	{ "B12: a packet socket", false, NULL, NULL,
	    { .af = AF_PACKET, .type = SOCK_RAW }, {
	    { PROCESS, { MAKE, EAFNOSUPPORT, 0, JAIL_DIR_CALL } } } },
	{ "A14: MPTCP", false, NULL, VNET_PEER4,
	    { .type = SOCK_STREAM, .proto = IPPROTO_MPTCP }, {
	    { "kern_socreate", { MAKE, EPROTONOSUPPORT, JR_PROTO,
	    JAIL_DIR_CALL } } } },
	{ "B1: raw without allow.raw_sockets", true, NULL, VNET_PEER4,
	    { .type = SOCK_RAW, .proto = 253 }, {
	    { PROCESS, { MAKE, EPERM, 0, JAIL_DIR_CALL } },
	    { "kern_socreate", { MAKE, EPERM, JR_RAWSOCK,
	    JAIL_DIR_CALL } } } },
	{ "F3: a mark", true, NULL, VNET_PEER4,
	    { .type = SOCK_DGRAM, .option4 = { SOL_SOCKET, SO_MARK } }, {
	    { "in_setsockopt", { OPTION, EPERM, UNKNOWN, JAIL_DIR_CALL } },
	    { PROCESS, { OPTION, EPERM, 0, JAIL_DIR_CALL } } } },
	{ "A8: a transparent socket", true, NULL, VNET_PEER4,
	    { .type = SOCK_DGRAM, .option4 = { IPPROTO_IP, IP_TRANSPARENT } }, {
	    { "in_setsockopt", { OPTION, EPERM, UNKNOWN, JAIL_DIR_CALL } },
	    { PROCESS, { OPTION, EPERM, 0, JAIL_DIR_CALL } } } },
};

static int
pinned(const char *kind, const char *name)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "/sys/fs/bpf/%s/%s/%s",
	    getenv("JAIL_INSTANCE"), kind, name);
	fd = bpf_obj_get(path);
	ATF_REQUIRE_MSG(fd >= 0, "%s: %s", path, strerror(-fd));
	return (fd);
}

/* One that permits all, to be where that program is. */
static int
load_yes(int prog, enum bpf_attach_type attach)
{
	const struct bpf_insn yes[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = attach);
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);
	int fd;

	ATF_REQUIRE_EQ(0, bpf_obj_get_info_by_fd(prog, &info, &len));
	fd = bpf_prog_load(info.type, "yes", "GPL", yes, NELEMS(yes), &opts);
	ATF_REQUIRE_MSG(fd >= 0, "%s", strerror(-fd));
	return (fd);
}

static void
turn(const char *layer, bool on)
{
	struct bpf_link_info info = { 0 };
	uint32_t len = sizeof(info);
	int link, prog, yes;

	if (layer == NULL || strcmp(layer, PROCESS) == 0)
		return;
	link = pinned("links", layer);
	prog = pinned("progs", layer);
	ATF_REQUIRE_EQ(0, bpf_obj_get_info_by_fd(link, &info, &len));
	yes = load_yes(prog, info.cgroup.attach_type);
	ATF_REQUIRE_EQ(0, bpf_link_update(link, on ? prog : yes, NULL));
	close(yes);
	close(prog);
	close(link);
}

/* The first stop that is not off. */
static struct verdict
expected(const struct row *r, const char *off)
{
	const struct verdict done = { .step = DONE, .dir = JAIL_DIR_OUT };
	const struct stop *st;

	for (size_t i = 0; i < NSTOPS; i++) {
		st = &r->stops[i];
		if (st->layer != NULL && (off == NULL ||
		    strcmp(st->layer, off) != 0))
			return (st->verdict);
	}
	return (done);
}

/* The processes in a jail, whole and in its cgroup alone. */
struct pair {
	struct jailed whole, bare;
};

static void
try(const struct pair *p, const struct row *r, const char *off)
{
	const bool bare = off != NULL && strcmp(off, PROCESS) == 0;
	const struct verdict want = expected(r, off);
	const uint16_t port = r->form.type == SOCK_RAW ? 0 : PORT;
	struct attempt at = r->form;
	struct spot spot;
	char name[128];

	snprintf(name, sizeof(name), "%s, without %s", r->name,
	    off != NULL ? off : "nothing");
	spot = (struct spot){ name, bare ? &p->bare : &p->whole };
	if (r->from != NULL)
		attempt_from(&at, r->from, port);
	if (r->to != NULL)
		attempt_to(&at, r->to, port);
	turn(off, false);
	attempt_expect(&spot, &at, &want);
	turn(off, true);
}

VNET_CASE(each_layer_stops_what_it_should)
{
	struct jailed plain;
	struct pair raw, none;
	struct stage s;

	stage_init(&s, tc, 0);
	vnet_addr(&s.sc.vn, "192.0.2.31");
	plain = scene_jail("plain", "192.0.2.31", NULL, NULL);
	raw = (struct pair){ s.sc.b, jailed_start_bare(s.sc.b.jd_jid) };
	none = (struct pair){ plain, jailed_start_bare(plain.jd_jid) };
	for (size_t i = 0; i < NELEMS(rows); i++) {
		const struct pair *p = rows[i].plain ? &none : &raw;

		try(p, &rows[i], NULL);
		for (size_t j = 0; j < NSTOPS; j++) {
			if (rows[i].stops[j].layer != NULL)
				try(p, &rows[i], rows[i].stops[j].layer);
		}
	}
}

/* Does a raw socket of the jail hear a datagram from the peer to the host? */
static bool
overhears(const struct stage *s, const struct jailed *jd)
{
	int ear = jailed_socket(jd, AF_INET, SOCK_RAW, IPPROTO_UDP), mouth;
	union sockaddrs to;
	bool heard;

	ATF_REQUIRE_MSG(ear != -1, "%s", errname(errno));
	sockaddr_of(&to, VNET_HOST4, PORT);
	ATF_REQUIRE_EQ(0, vnet_enter(s->sc.vn.vn_peer));
	mouth = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ATF_REQUIRE_EQ(1, sendto(mouth, "C", 1, 0, &to.sa, sizeof(to.sin)));
	ATF_REQUIRE_EQ(0, vnet_enter(s->sc.vn.vn_host));
	heard = is_ready(ear, 200);
	close(mouth);
	close(ear);
	return (heard);
}

/* A whole process has a socket that the broker bound. */
VNET_CASE(C1_packets_of_others_are_kept_away_by_ip_input_alone)
{
	struct jailed bare;
	struct stage s;

	stage_init(&s, tc, 0);
	bare = jailed_start_bare(s.sc.b.jd_jid);
	ATF_CHECK(!overhears(&s, &s.sc.b));
	ATF_CHECK(!overhears(&s, &bare));
	turn("ip_input", false);
	ATF_CHECK(!overhears(&s, &s.sc.b));
	ATF_CHECK(overhears(&s, &bare));
	turn("ip_input", true);
	ATF_CHECK(!overhears(&s, &bare));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp,
	    C1_packets_of_others_are_kept_away_by_ip_input_alone);
	ATF_TP_ADD_TC(tp, each_layer_stops_what_it_should);
	return (atf_no_error());
}
