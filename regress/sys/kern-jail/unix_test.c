/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Abstract UNIX names: from a jail only the same jail's can be reached. D1 of
 * the attacks. It needs BPF LSM; without it such names are everyone's.
 */

#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <atf-c.h>
#include <jail.h>

#include "errname.h"
#include "scene.h"

enum who { HOST, A, A_TOO, B, NWHO };
enum kind { ABSTRACT, PATH };

static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM };

struct world {
	struct jailed in[NWHO];	/* none in HOST */
	char dir[64];
};

struct call {
	struct sockaddr_un sun;
	socklen_t len;
	int type, fd, error;
	bool send;		/* no connect(2) before */
};

static const struct row {
	enum who from, to;
	enum kind kind;
	int error;
} rows[] = {
	{ A, B, ABSTRACT, ECONNREFUSED },
	{ B, A, ABSTRACT, ECONNREFUSED },
	{ A, HOST, ABSTRACT, ECONNREFUSED },
	{ B, HOST, ABSTRACT, ECONNREFUSED },
	{ A, A, ABSTRACT, 0 },
	{ A, A_TOO, ABSTRACT, 0 },
	{ A_TOO, A, ABSTRACT, 0 },
	{ HOST, A, ABSTRACT, 0 },
	{ HOST, B, ABSTRACT, 0 },
	{ HOST, HOST, ABSTRACT, 0 },
	{ A, B, PATH, 0 },
	{ A, HOST, PATH, 0 },
	{ HOST, A, PATH, 0 },
	{ A, A_TOO, PATH, 0 },
};

static void
set_name(const struct world *w, struct call *c, enum kind kind)
{
	static int serial;
	char *name = c->sun.sun_path;

	c->sun.sun_family = AF_UNIX;
	snprintf(name, sizeof(c->sun.sun_path), "%s/%d", w->dir, ++serial);
	c->len = offsetof(struct sockaddr_un, sun_path) + strlen(name);
	if (kind == ABSTRACT)
		name[0] = '\0';
}

static int
do_listen(void *arg)
{
	struct call *c = arg;
	int s = socket(AF_UNIX, c->type | SOCK_CLOEXEC, 0);

	c->error = 0;
	if (s == -1 || bind(s, (struct sockaddr *)&c->sun, c->len) != 0 ||
	    (c->type != SOCK_DGRAM && listen(s, 5) != 0))
		c->error = errno;
	return (s);
}

static int
do_connect(void *arg)
{
	struct call *c = arg;
	int s = c->fd != -1 ? c->fd : socket(AF_UNIX, c->type, 0);
	const struct sockaddr *sa = (struct sockaddr *)&c->sun;

	c->error = 0;
	if (s == -1 || (c->send ? sendto(s, "", 1, 0, sa, c->len) != 1 :
	    connect(s, sa, c->len) != 0))
		c->error = errno;
	if (s != c->fd)
		close(s);
	return (-1);
}

static int
call(const struct world *w, enum who who, jailed_fn *fn, struct call *c)
{
	if (who == HOST)
		return (fn(c));
	return (jailed_call(&w->in[who], fn, c, sizeof(*c)));
}

static void
world_init(struct world *w, const atf_tc_t *tc)
{
	vnet_instance(tc);
	vnet_needs("lsm");
	ATF_REQUIRE(getcwd(w->dir, sizeof(w->dir)) != NULL);
	w->in[A] = scene_jail("a", NULL, NULL, NULL);
	w->in[A_TOO] = jailed_start(w->in[A].jd_jid);
	w->in[B] = scene_jail("b", NULL, NULL, NULL);
}

static uint64_t
refusals(const struct world *w, enum who who)
{
	return (who == HOST ? 0 : jailed_refusals(w->in[who].jd_jid,
	    JR_UNIXNAME, JAIL_DIR_CALL, 0));
}

/* One who connects, or sends, to one who listens. */
static void
check_reach(const struct world *w, const struct row *r, struct call *c)
{
	uint64_t before = refusals(w, r->from);
	int s;

	set_name(w, c, r->kind);
	s = call(w, r->to, do_listen, c);
	ATF_REQUIRE_MSG(s != -1 && c->error == 0, "%s", errname(c->error));
	call(w, r->from, do_connect, c);
	ATF_CHECK_MSG(c->error == r->error, "type %d, %d to %d, kind %d: %s",
	    c->type, r->from, r->to, r->kind, errname(c->error));
	ATF_CHECK_EQ(before + (r->error != 0), refusals(w, r->from));
	close(s);
}

VNET_CASE(abstract_names_of_others_are_refused)
{
	struct world w;
	size_t i, t;

	world_init(&w, tc);
	for (i = 0; i < NELEMS(rows); i++) {
		for (t = 0; t < NELEMS(types); t++)
			check_reach(&w, &rows[i], &(struct call){
			    .type = types[t], .fd = -1 });
		check_reach(&w, &rows[i], &(struct call){ .type = SOCK_DGRAM,
		    .fd = -1, .send = true });
	}
}

/* It is judged by the jail that made it, and by the one that uses it. */
VNET_CASE(socket_passed_on_is_judged_by_both_jails)
{
	struct call c = { .type = SOCK_DGRAM, .send = true };
	struct jailed bare;
	struct world w;
	int s;

	world_init(&w, tc);
	c.fd = jailed_socket(&w.in[A], AF_UNIX, SOCK_DGRAM, 0);
	set_name(&w, &c, ABSTRACT);
	s = call(&w, HOST, do_listen, &c);
	do_connect(&c);
	ATF_CHECK_STREQ("ECONNREFUSED", errname(c.error));
	close(s);
	close(c.fd);
	/* The child inherits a socket of the host. */
	c.fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	bare = jailed_start_bare(w.in[A].jd_jid);
	set_name(&w, &c, ABSTRACT);
	s = call(&w, HOST, do_listen, &c);
	jailed_call(&bare, do_connect, &c, sizeof(c));
	ATF_CHECK_STREQ("ECONNREFUSED", errname(c.error));
	do_connect(&c);
	ATF_CHECK_STREQ("0", errname(c.error));
	close(s);
	jailed_stop(&bare);
}

VNET_CASE(refused_name_is_told_with_the_process)
{
	struct call c = { .type = SOCK_STREAM, .fd = -1 };
	struct jail_event e = { 0 };
	struct jail_events *ev;
	struct world w;
	int s;

	world_init(&w, tc);
	set_name(&w, &c, ABSTRACT);
	s = call(&w, HOST, do_listen, &c);
	ev = jail_events_open();
	ATF_REQUIRE_MSG(ev != NULL, "%s", jail_errmsg);
	call(&w, A, do_connect, &c);
	ATF_CHECK_STREQ("ECONNREFUSED", errname(c.error));
	ATF_REQUIRE_EQ(1, jail_events_read(ev, &e));
	ATF_CHECK_EQ(JR_UNIXNAME, e.je_reason);
	ATF_CHECK_EQ(JAIL_DIR_CALL, e.je_dir);
	ATF_CHECK_EQ(w.in[A].jd_jid, (int)e.je_jid);
	ATF_CHECK_EQ(w.in[A].jd_pid, (pid_t)e.je_pid);
	ATF_CHECK_EQ(0, e.je_has);
	jail_events_close(ev);
	close(s);
}

/* Sockets without a name have nothing that could be refused. */
static int
do_pair(void *arg)
{
	struct call *c = arg;
	int sv[2];

	c->error = socketpair(AF_UNIX, c->type, 0, sv) != 0 ||
	    send(sv[0], "", 1, 0) != 1 ? errno : 0;
	close(sv[0]);
	return (sv[1]);
}

VNET_CASE(pairs_of_sockets_work_across_jails)
{
	struct world w;
	struct call c;
	char byte;
	size_t t;
	int s;

	world_init(&w, tc);
	for (t = 0; t < NELEMS(types); t++) {
		c = (struct call){ .type = types[t] };
		s = call(&w, A, do_pair, &c);
		ATF_CHECK_EQ_MSG(0, c.error, "%s", errname(c.error));
		ATF_CHECK_EQ(1, recv(s, &byte, 1, 0));
		close(s);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, abstract_names_of_others_are_refused);
	ATF_TP_ADD_TC(tp, socket_passed_on_is_judged_by_both_jails);
	ATF_TP_ADD_TC(tp, pairs_of_sockets_work_across_jails);
	ATF_TP_ADD_TC(tp, refused_name_is_told_with_the_process);
	return (atf_no_error());
}
