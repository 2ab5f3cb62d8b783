/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Sending echo requests and making out which packet answers which. An answer
 * is ours if it has our identifier, the number of a probe that was sent, and
 * the random bytes with which every payload begins.
 */

#include <sys/param.h>

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "jping.h"

#define UDP_PORT	1025	/* to ask the way by; nothing is sent there */
#define MAX_SIZE4	65507	/* payload of the largest IPv4 packet */
#define NSEQ		65536	/* sequence numbers */
#define BURST		64	/* packets that are read before one is sent */
#define RETRY		(PROBE_NSEC / 100)

/* A probe that was sent; when is 0 if none was. */
struct sent {
	int64_t when;
	bool answered;		/* by a reply */
	bool settled;		/* by whatever: nothing is to be waited for */
};

struct pinger {
	const struct options *o;
	struct probe_sink *sink;
	struct probe_sock sock;
	struct probe_packet packet;
	struct sent *sent;	/* by sequence number */
	uint8_t *payload;
	uint16_t id;
	uint64_t transmitted, received, settled, errors;
	int64_t start, next, last;	/* begin; next and last probe */
	int64_t maxrtt;
	bool interrupted;
};

static void
fill_payload(struct pinger *p)
{
	size_t size = p->o->size;

	for (size_t i = 0; i < size; i++)
		p->payload[i] = (uint8_t)i;
	probe_random(p->payload, MIN(size, PROBE_COOKIELEN));
	probe_random(&p->id, sizeof(p->id));
}

static void
open_pinger(struct pinger *p)
{
	const struct options *o = p->o;

	p->sent = calloc(NSEQ, sizeof(p->sent[0]));
	p->payload = malloc(o->size + 1);
	if (p->sent == NULL || p->payload == NULL)
		err(PROBE_ERROR, NULL);
	fill_payload(p);
	probe_open(&p->sock, &o->target, UDP_PORT, false);
	if (p->sock.dst.sa.sa_family == AF_INET && o->size > MAX_SIZE4)
		errx(PROBE_ERROR, "size is too large: %zu", o->size);
	if (o->ttl != 0)
		probe_set_ttl(&p->sock, o->ttl);
}

static void
close_pinger(struct pinger *p)
{
	probe_close(&p->sock);
	probe_packet_free(&p->packet);
	free(p->sent);
	free(p->payload);
}

static void
emit_start(struct pinger *p)
{
	struct event ev = { .kind = EVENT_START, .when = p->start,
		.from = p->sock.src, .to = p->sock.dst };

	probe_emit(p->sink, &ev);
}

static void
settle(struct pinger *p, struct sent *sent)
{
	p->settled += !sent->settled;
	sent->settled = true;
}

static void
emit_sent(struct pinger *p, uint16_t seq, int error)
{
	struct event ev = { .kind = error ? EVENT_UNSENT : EVENT_SENT,
		.when = p->last, .seq = seq, .error = error };

	if (error != 0) {
		ev.reason = (uint8_t)p->sock.reason;
		p->errors++;
		settle(p, &p->sent[seq]);
	}
	probe_emit(p->sink, &ev);
}

static void
send_probe(struct pinger *p)
{
	uint16_t seq = (uint16_t)(p->transmitted + 1);
	int error;

	probe_build_echo(&p->packet, &p->sock.src, &p->sock.dst, p->id, seq,
	    p->payload, p->o->size);
	p->last = probe_now();
	p->sent[seq] = (struct sent){ .when = p->last };
	error = probe_send(&p->sock, &p->packet);
	if (error == ENOBUFS || error == EAGAIN) {
		p->sent[seq].when = 0;
		p->next = p->last + RETRY;
		return;
	}
	p->transmitted++;
	p->next += p->o->interval;
	if (p->next < p->last)
		p->next = p->last + p->o->interval;
	emit_sent(p, seq, error);
}

/* The probe that a packet answers, or NULL. */
static struct sent *
find_sent(struct pinger *p, const struct probe_rx *rx)
{
	const struct probe_answer *a = &rx->answer;
	size_t cookielen = MIN(p->o->size, PROBE_COOKIELEN);
	struct sent *sent = &p->sent[a->seq];

	if (!probe_is_ours(&p->sock, rx) || a->proto == IPPROTO_UDP ||
	    a->id != p->id || sent->when == 0)
		return (NULL);
	/* An error need not quote the payload. */
	if (a->kind == PROBE_REPLY && a->datalen < cookielen)
		return (NULL);
	if (memcmp(a->data, p->payload, MIN(a->datalen, cookielen)) != 0)
		return (NULL);
	return (sent);
}

static void
take_reply(struct pinger *p, const struct probe_rx *rx, struct sent *sent)
{
	const struct probe_answer *a = &rx->answer;
	struct event ev = { .kind = EVENT_REPLY, .when = rx->when,
		.seq = a->seq, .from = rx->from, .bytes = (uint32_t)a->len,
		.ttl = rx->ttl, .duplicate = sent->answered };

	ev.rtt = MAX(rx->when - sent->when, 0);
	ev.truncated = a->datalen < p->o->size;
	ev.altered = memcmp(a->data, p->payload,
	    MIN(a->datalen, p->o->size)) != 0;
	p->received += !sent->answered;
	p->maxrtt = MAX(p->maxrtt, ev.rtt);
	sent->answered = true;
	settle(p, sent);
	if (p->o->flood)
		p->next = MIN(p->next, probe_now());
	probe_emit(p->sink, &ev);
}

static void
take_error(struct pinger *p, const struct probe_rx *rx, struct sent *sent)
{
	const struct probe_answer *a = &rx->answer;
	struct event ev = { .kind = EVENT_ERROR, .when = rx->when,
		.seq = a->seq, .from = rx->from, .answer = a->kind,
		.type = a->type, .code = a->code, .mtu = a->mtu };

	p->errors++;
	settle(p, sent);
	probe_emit(p->sink, &ev);
}

static void
receive(struct pinger *p)
{
	struct probe_rx rx;
	struct sent *sent;

	for (int i = 0; i < BURST && probe_recv(&p->sock, &rx); i++) {
		sent = find_sent(p, &rx);
		if (sent == NULL)
			continue;
		if (rx.answer.kind == PROBE_REPLY)
			take_reply(p, &rx, sent);
		else
			take_error(p, &rx, sent);
	}
}

/* With a deadline it is answers that are counted. */
static bool
more_to_send(const struct pinger *p)
{
	const struct options *o = p->o;

	return (o->count == 0 || o->deadline != 0 || p->transmitted < o->count);
}

/* When to give up on answers, after the last probe. */
static int64_t
give_up(const struct pinger *p)
{
	if (p->received == 0)
		return (p->last + p->o->timeout);
	return (p->last + MAX(2 * p->maxrtt, p->o->interval));
}

/* When there is something to do, if nothing is received. */
static int64_t
next_step(const struct pinger *p)
{
	int64_t t = more_to_send(p) ? p->next : give_up(p);

	if (p->o->deadline != 0)
		t = MIN(t, p->start + p->o->deadline);
	return (t);
}

static bool
finished(const struct pinger *p, int64_t now)
{
	const struct options *o = p->o;

	if (p->interrupted || (o->count != 0 && p->received >= o->count))
		return (true);
	if (o->deadline != 0)
		return (p->errors > 0 || now >= p->start + o->deadline);
	return (!more_to_send(p) &&
	    (p->settled >= p->transmitted || now >= give_up(p)));
}

static void
step(struct pinger *p)
{
	switch (probe_wait(p->sink, &p->sock, next_step(p))) {
	case PROBE_INTERRUPTED:
		p->interrupted = true;
		break;
	case PROBE_READABLE:
		receive(p);
		break;
	case PROBE_TIMEOUT:
		break;
	}
}

void
ping(const struct options *o, struct probe_sink *sink)
{
	struct pinger p = { .o = o, .sink = sink };
	int64_t now;

	open_pinger(&p);
	now = p.start = p.next = probe_now();
	emit_start(&p);
	while (!finished(&p, now)) {
		if (more_to_send(&p) && now >= p.next)
			send_probe(&p);
		step(&p);
		now = probe_now();
	}
	close_pinger(&p);
}
