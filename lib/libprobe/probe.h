/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What jping and jtrace share: names and addresses, building probes, sending
 * them from a jail's address, receiving and reading what comes back, and doing
 * that inside a jail from the host. Internal, not installed.
 *
 * What only a bug, the user or the machine can be blamed for ends the program,
 * with one line and PROBE_ERROR; everything the network does is a result.
 */

#ifndef _PROBE_H_
#define _PROBE_H_

#include <sys/socket.h>

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit status of both programs. */
enum { PROBE_ANSWERED = 0, PROBE_SILENT = 1, PROBE_ERROR = 2 };

#define nitems(x)	(sizeof(x) / sizeof((x)[0]))

#define PROBE_NSEC	1000000000LL	/* a second, in the unit of all times */
#define PROBE_MINTIME	(PROBE_NSEC / 1000)
#define PROBE_MAXTIME	(PROBE_NSEC * 86400)
#define PROBE_NADDRS	16		/* addresses of a name that are tried */
#define PROBE_ADDRLEN	(INET6_ADDRSTRLEN + 1 + 16)	/* with %interface */
#define PROBE_NAMELEN	256
#define PROBE_ERRLEN	128
#define PROBE_COOKIELEN	8

/* An address, with its port or its scope. */
union probe_sa {
	struct sockaddr sa;
	struct sockaddr_in sin;
	struct sockaddr_in6 sin6;
};

/* probe_time.c: clocks */
int64_t probe_now(void);
int64_t probe_realtime(void);
/* Of an option: PROBE_MINTIME to PROBE_MAXTIME, in seconds. */
int64_t probe_seconds(const char *what, const char *text);

/* probe_name.c: names and addresses */
struct probe_target {
	const char *name;	/* as the user gave it */
	bool numeric;		/* the name is an address */
	unsigned int naddrs;
	union probe_sa addrs[PROBE_NADDRS];	/* port 0 */
	bool has_source;	/* else from where the stack likes to */
	union probe_sa source;
};

/* The name that was found for an address last, as most are asked for again. */
struct probe_names {
	union probe_sa sa;
	bool found;
	char name[PROBE_NAMELEN];
};

/*
 * Look the target up, of either family if af is AF_UNSPEC, but of the source's
 * if there is one, which must be an address.
 */
void probe_resolve(struct probe_target *t, const char *name,
    const char *source, int af);
socklen_t probe_salen(const union probe_sa *sa);
bool probe_is_addr(const union probe_sa *sa);
bool probe_same_addr(const union probe_sa *a, const union probe_sa *b);
const char *probe_ntop(const union probe_sa *sa, char text[PROBE_ADDRLEN]);
/* NULL if the address has no name. Not for a process inside a jail. */
const char *probe_name(struct probe_names *names, const union probe_sa *sa);
/* "name (address)", or the address alone if numeric or without a name. */
void probe_print(struct probe_names *names, const union probe_sa *sa,
    bool numeric);

/* probe_build.c: probes, from libnet */
struct probe_packet {
	void *libnet;
	uint8_t *base;		/* as libnet gave it, with the IP header */
	const uint8_t *data;	/* from the ICMP or UDP header on */
	size_t len;
};

void probe_build_echo(struct probe_packet *p, const union probe_sa *src,
    const union probe_sa *dst, uint16_t id, uint16_t seq,
    const uint8_t *payload, size_t len);
/* The ports are those of src and dst. */
void probe_build_udp(struct probe_packet *p, const union probe_sa *src,
    const union probe_sa *dst, const uint8_t *payload, size_t len);
void probe_packet_free(struct probe_packet *p);
/* What tells a run's probes from those of others; at most 256 bytes. */
void probe_random(void *buf, size_t len);

/* probe_parse.c: what was received. Pure functions. */
enum probe_kind {
	PROBE_OTHER,		/* nothing that a probe brings about */
	PROBE_REPLY,		/* echo reply */
	PROBE_UNREACH,
	PROBE_TIMEX,		/* time exceeded */
	PROBE_TOOBIG,		/* ICMPv6 packet too big */
	PROBE_PARAM,		/* parameter problem */
	PROBE_NKINDS
};

/*
 * An answer, in host byte order. Of an error, proto and all below describe the
 * packet it quotes.
 */
struct probe_answer {
	enum probe_kind kind;
	uint8_t type, code;	/* ICMP's */
	uint8_t ttl;		/* IPv4 only; see struct probe_rx */
	uint32_t mtu;		/* of the link that was too narrow, or 0 */
	size_t len;		/* of the ICMP message */
	uint8_t proto;		/* IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_UDP */
	uint8_t src[16], dst[16];	/* of the quoted packet */
	uint16_t id;		/* echo identifier, or UDP source port */
	uint16_t seq;		/* echo sequence, or UDP destination port */
	const uint8_t *data;	/* payload, as far as it is there */
	size_t datalen;
};

/* An IPv4 packet from its IP header on; an ICMPv6 message from its own. */
void probe_parse4(struct probe_answer *a, const uint8_t *buf, size_t len);
void probe_parse6(struct probe_answer *a, const uint8_t *buf, size_t len);

/* probe_sock.c: the sockets of a run */
struct probe_sock {
	union probe_sa src, dst;	/* src: with a port that is ours */
	int port;		/* UDP, connected: holds src's port */
	int icmp;		/* raw: receives, and sends echo requests */
	int udp;		/* raw: sends UDP probes; -1 without */
	int reason;		/* JR_*: why probe_send() failed, in a jail */
	uint8_t *buf;		/* what was received last */
};

/* A packet as it was received. */
struct probe_rx {
	union probe_sa from;
	int64_t when;		/* on the clock of probe_now() */
	uint8_t ttl;
	struct probe_answer answer;	/* points into the socket's buffer */
};

/* Open to the first address of the target that the stack has a way to. */
void probe_open(struct probe_sock *s, const struct probe_target *t,
    uint16_t port, bool udp);
void probe_close(struct probe_sock *s);
void probe_set_ttl(struct probe_sock *s, int ttl);
/* 0, or the errno of what kept the probe from leaving. */
int probe_send(struct probe_sock *s, const struct probe_packet *p);
/* "Operation not permitted: source address is not the jail's" */
const char *probe_strerror(int error, int reason, char text[PROBE_ERRLEN]);
/* False if there is nothing to receive, as yet. */
bool probe_recv(struct probe_sock *s, struct probe_rx *rx);
/* Does this answer a probe from and to these addresses? */
bool probe_is_ours(const struct probe_sock *s, const struct probe_rx *rx);

/* probe_run.c: probing, here or inside a jail */
struct probe_task;

/* The way from what probes to what prints. */
struct probe_sink {
	const struct probe_task *task;
	int fd;			/* in a jail: the pipe; otherwise -1 */
	int signals;		/* signalfd: SIGINT and SIGTERM */
};

struct probe_task {
	/* Probe, and emit events. Opens what it needs by itself. */
	void (*probe)(void *arg, struct probe_sink *sink);
	/* Print an event. It may come from a jail: believe nothing in it. */
	void (*event)(void *arg, const void *event);
	size_t eventsize;
	void *arg;
};

/*
 * Run the task, with jail NULL in this process. 0, or PROBE_ERROR if the task
 * ended before its time, after it said why.
 */
int probe_run(const struct probe_task *task, const char *jail);
void probe_emit(struct probe_sink *sink, const void *event);

enum probe_wakeup { PROBE_TIMEOUT, PROBE_READABLE, PROBE_INTERRUPTED };

/* Wait for a packet, a signal, or until that time. */
enum probe_wakeup probe_wait(struct probe_sink *sink, struct probe_sock *s,
    int64_t until);

#endif /* !_PROBE_H_ */
