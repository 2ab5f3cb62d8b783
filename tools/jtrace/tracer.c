/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Sending probes whose hop limit grows. A hop that is silent does not hold up
 * the next one for long, but what is found is told in the order of hops.
 */

#include <sys/param.h>

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "jtrace.h"

#define MAX_WAITING	16	/* probes without an answer at one time */
#define HEADSTART	(PROBE_NSEC / 20)	/* of a hop before the next */
#define RETRY		(PROBE_NSEC / 100)
#define BURST		64	/* packets that are read before one is sent */

struct query {
	int64_t sent;
	bool settled;		/* answered, or waited for long enough */
	struct event ev;
};

struct tracer {
	const struct options *o;
	struct probe_sink *sink;
	struct probe_sock sock;
	struct probe_packet packet;
	uint8_t payload[PAYLOAD_SIZE];	/* begins with the cookie */
	uint16_t id;
	struct query *queries;	/* all hops', in their order */
	unsigned int n;		/* how many there will be */
	unsigned int nsent, nemitted;
	int64_t next;		/* when the next may be sent */
	bool interrupted;
};

static void
open_tracer(struct tracer *t)
{
	const struct options *o = t->o;

	t->n = (o->maxhops - o->first + 1) * o->nqueries;
	t->queries = calloc(t->n, sizeof(t->queries[0]));
	if (t->queries == NULL)
		err(PROBE_ERROR, NULL);
	for (size_t i = 0; i < sizeof(t->payload); i++)
		t->payload[i] = (uint8_t)(0x40 + i);
	probe_random(t->payload, PROBE_COOKIELEN);
	probe_random(&t->id, sizeof(t->id));
	probe_open(&t->sock, &o->target, o->port, !o->icmp);
}

static void
close_tracer(struct tracer *t)
{
	probe_close(&t->sock);
	probe_packet_free(&t->packet);
	free(t->queries);
}

static void
emit_start(struct tracer *t)
{
	struct event ev = { .kind = EVENT_START, .from = t->sock.src,
		.to = t->sock.dst };

	probe_emit(t->sink, &ev);
}

static unsigned int
hop_of(const struct tracer *t, unsigned int i)
{
	return (t->o->first + i / t->o->nqueries);
}

static void
build(struct tracer *t, unsigned int i)
{
	union probe_sa dst = t->sock.dst;

	if (t->o->icmp) {
		probe_build_echo(&t->packet, &t->sock.src, &dst, t->id,
		    (uint16_t)(i + 1), t->payload, sizeof(t->payload));
		return;
	}
	dst.sin.sin_port = htons((uint16_t)(t->o->port + i));
	probe_build_udp(&t->packet, &t->sock.src, &dst, t->payload,
	    sizeof(t->payload));
}

static void
send_query(struct tracer *t)
{
	unsigned int i = t->nsent;
	struct query *q = &t->queries[i];
	char why[PROBE_ERRLEN];
	int error;

	build(t, i);
	probe_set_ttl(&t->sock, (int)hop_of(t, i));
	q->sent = probe_now();
	q->ev = (struct event){ .kind = EVENT_PROBE, .hop = hop_of(t, i),
		.query = i % t->o->nqueries + 1 };
	error = probe_send(&t->sock, &t->packet);
	if (error == ENOBUFS || error == EAGAIN) {
		t->next = q->sent + RETRY;
		return;
	}
	if (error != 0)
		errx(PROBE_ERROR, "send: %s", probe_strerror(error,
		    t->sock.reason, why));
	t->nsent++;
	t->next = q->sent;
	if (t->nsent % t->o->nqueries == 0)
		t->next += HEADSTART;
}

/* The query that a packet answers, or NULL. */
static struct query *
find_query(struct tracer *t, const struct probe_rx *rx)
{
	const struct probe_answer *a = &rx->answer;
	uint16_t id = t->o->icmp ? t->id : ntohs(t->sock.src.sin.sin_port);
	uint16_t first = t->o->icmp ? 1 : t->o->port;
	unsigned int i = (uint16_t)(a->seq - first);

	if (!probe_is_ours(&t->sock, rx) || a->id != id ||
	    (a->proto == IPPROTO_UDP) == t->o->icmp || i >= t->nsent ||
	    memcmp(a->data, t->payload, MIN(a->datalen, PROBE_COOKIELEN)) != 0)
		return (NULL);
	return (&t->queries[i]);
}

/* Beyond a hop that lets nothing through, nothing is to be found. */
static void
take_answer(struct tracer *t, const struct probe_rx *rx, struct query *q)
{
	const struct probe_answer *a = &rx->answer;
	unsigned int hops = q->ev.hop - t->o->first + 1;

	if (q->settled)
		return;
	q->settled = true;
	q->ev.answered = 1;
	q->ev.answer = a->kind;
	q->ev.type = a->type;
	q->ev.code = a->code;
	q->ev.mtu = a->mtu;
	q->ev.rtt = MAX(rx->when - q->sent, 0);
	q->ev.from = rx->from;
	if (a->kind != PROBE_TIMEX)
		t->n = MIN(t->n, hops * t->o->nqueries);
}

static void
receive(struct tracer *t)
{
	struct probe_rx rx;
	struct query *q;

	for (int i = 0; i < BURST && probe_recv(&t->sock, &rx); i++) {
		q = find_query(t, &rx);
		if (q != NULL)
			take_answer(t, &rx, q);
	}
}

static void
expire(struct tracer *t, int64_t now)
{
	for (unsigned int i = t->nemitted; i < t->nsent; i++)
		if (now >= t->queries[i].sent + t->o->wait)
			t->queries[i].settled = true;
}

static void
emit_settled(struct tracer *t)
{
	while (t->nemitted < MIN(t->n, t->nsent) &&
	    t->queries[t->nemitted].settled)
		probe_emit(t->sink, &t->queries[t->nemitted++].ev);
}

static bool
may_send(const struct tracer *t)
{
	return (t->nsent < t->n && t->nsent - t->nemitted < MAX_WAITING);
}

/* The next hop's turn comes as soon as this one has answered. */
static int64_t
next_send(const struct tracer *t)
{
	return (t->nemitted == t->nsent ? 0 : t->next);
}

/* When there is something to do, if nothing is received. */
static int64_t
next_step(const struct tracer *t)
{
	int64_t when = INT64_MAX;

	if (may_send(t))
		when = next_send(t);
	for (unsigned int i = t->nemitted; i < t->nsent; i++)
		if (!t->queries[i].settled)
			when = MIN(when, t->queries[i].sent + t->o->wait);
	return (when);
}

static void
step(struct tracer *t)
{
	switch (probe_wait(t->sink, &t->sock, next_step(t))) {
	case PROBE_INTERRUPTED:
		t->interrupted = true;
		break;
	case PROBE_READABLE:
		receive(t);
		break;
	case PROBE_TIMEOUT:
		break;
	}
	expire(t, probe_now());
	emit_settled(t);
}

void
trace(const struct options *o, struct probe_sink *sink)
{
	struct tracer t = { .o = o, .sink = sink };

	open_tracer(&t);
	emit_start(&t);
	while (!t.interrupted && t.nemitted < t.n) {
		if (may_send(&t) && probe_now() >= next_send(&t))
			send_query(&t);
		step(&t);
	}
	close_tracer(&t);
}
