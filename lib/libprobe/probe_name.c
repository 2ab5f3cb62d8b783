/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * From names to addresses and back.
 */

#include <err.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "probe.h"

static const char *
family_name(int af)
{
	return (af == AF_INET ? "an IPv4" : af == AF_INET6 ? "an IPv6" :
	    "an IP");
}

/* A v4-mapped address stands for an IPv4 one, and probes leave as such. */
static void
unmap(union probe_sa *sa)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };

	if (sa->sa.sa_family != AF_INET6 ||
	    !IN6_IS_ADDR_V4MAPPED(&sa->sin6.sin6_addr))
		return;
	memcpy(&sin.sin_addr, &sa->sin6.sin6_addr.s6_addr[12], 4);
	sa->sin = sin;
}

static void
take_addresses(struct probe_target *t, const struct addrinfo *ai, int af)
{
	union probe_sa *sa;

	for (; ai != NULL && t->naddrs < PROBE_NADDRS; ai = ai->ai_next) {
		if (ai->ai_addrlen > sizeof(*sa))
			continue;
		sa = &t->addrs[t->naddrs];
		memset(sa, 0, sizeof(*sa));
		memcpy(sa, ai->ai_addr, ai->ai_addrlen);
		unmap(sa);
		if (probe_is_addr(sa) &&
		    (af == AF_UNSPEC || sa->sa.sa_family == af))
			t->naddrs++;
	}
}

/* What getaddrinfo(3) says of the text; 0 or an EAI_ value. */
static int
look_up(struct probe_target *t, const char *text, int af, int flags)
{
	struct addrinfo hints = {
		.ai_family = af, .ai_socktype = SOCK_DGRAM, .ai_flags = flags
	};
	struct addrinfo *ai;
	int error;

	memset(t, 0, sizeof(*t));
	t->name = text;
	error = getaddrinfo(text, NULL, &hints, &ai);
	if (error != 0)
		return (error);
	take_addresses(t, ai, af);
	freeaddrinfo(ai);
	return (t->naddrs > 0 ? 0 : EAI_NODATA);
}

static void
read_address(union probe_sa *sa, const char *text, int af)
{
	struct probe_target t;

	if (look_up(&t, text, AF_UNSPEC, AI_NUMERICHOST) != 0 ||
	    (af != AF_UNSPEC && t.addrs[0].sa.sa_family != af))
		errx(PROBE_ERROR, "%s: not %s address", text, family_name(af));
	*sa = t.addrs[0];
}

static void
find_addresses(struct probe_target *t, const char *name, int af)
{
	int error;

	if (look_up(t, name, AF_UNSPEC, AI_NUMERICHOST) == 0) {
		read_address(&t->addrs[0], name, af);
		t->numeric = true;
		return;
	}
	error = look_up(t, name, af, 0);
	if (error != 0)
		errx(PROBE_ERROR, "%s: %s", name, gai_strerror(error));
}

void
probe_resolve(struct probe_target *t, const char *name, const char *source,
    int af)
{
	union probe_sa sa;

	if (source != NULL) {
		read_address(&sa, source, af);
		af = sa.sa.sa_family;
	}
	find_addresses(t, name, af);
	if (source != NULL) {
		t->has_source = true;
		t->source = sa;
	}
}

socklen_t
probe_salen(const union probe_sa *sa)
{
	return (sa->sa.sa_family == AF_INET ? sizeof(sa->sin) :
	    sizeof(sa->sin6));
}

bool
probe_is_addr(const union probe_sa *sa)
{
	return (sa->sa.sa_family == AF_INET || sa->sa.sa_family == AF_INET6);
}

bool
probe_same_addr(const union probe_sa *a, const union probe_sa *b)
{
	if (a->sa.sa_family != b->sa.sa_family)
		return (false);
	if (a->sa.sa_family == AF_INET)
		return (a->sin.sin_addr.s_addr == b->sin.sin_addr.s_addr);
	return (IN6_ARE_ADDR_EQUAL(&a->sin6.sin6_addr, &b->sin6.sin6_addr));
}

const char *
probe_ntop(const union probe_sa *sa, char text[PROBE_ADDRLEN])
{
	if (getnameinfo(&sa->sa, probe_salen(sa), text, PROBE_ADDRLEN, NULL, 0,
	    NI_NUMERICHOST) != 0)
		snprintf(text, PROBE_ADDRLEN, "?");
	return (text);
}

const char *
probe_name(struct probe_names *names, const union probe_sa *sa)
{
	if (!probe_same_addr(&names->sa, sa)) {
		names->sa = *sa;
		names->found = getnameinfo(&sa->sa, probe_salen(sa),
		    names->name, sizeof(names->name), NULL, 0,
		    NI_NAMEREQD) == 0;
	}
	return (names->found ? names->name : NULL);
}

void
probe_print(struct probe_names *names, const union probe_sa *sa, bool numeric)
{
	char text[PROBE_ADDRLEN];
	const char *name = numeric ? NULL : probe_name(names, sa);

	probe_ntop(sa, text);
	if (name != NULL)
		printf("%s (%s)", name, text);
	else
		printf("%s", text);
}
