/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The host's interfaces and their addresses, in the network namespace of the
 * caller. Functions end the process when they fail.
 */

#ifndef _HOST_H_
#define _HOST_H_

#include <net/if.h>
#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A family of addresses. */
struct family {
	int af;
	size_t addrlen;
	int maxprefix;
	const char *word;	/* ifconfig's: "inet" */
	const char *name;	/* "IPv4" */
};

enum { FAM_INET, FAM_INET6, FAM_MAX };
extern const struct family inet_families[FAM_MAX];

struct link {
	unsigned int index;
	char name[IFNAMSIZ];
	unsigned int flags;	/* IFF_* */
	unsigned int mtu;
};

/* An address that an interface has. */
struct hostaddr {
	const struct family *fam;
	uint8_t addr[sizeof(struct in6_addr)];
	uint8_t peer[sizeof(struct in6_addr)];	/* other end of a link */
	struct in_addr broadcast;
	bool has_peer;
	bool has_broadcast;
	unsigned int index;	/* of the interface */
	unsigned int prefixlen;
	uint32_t flags;		/* IFA_F_* */
	size_t order;		/* in which the kernel lists them */
};

/* Interfaces by index; addresses by family, then by address. */
struct host {
	struct link *links;
	size_t nlinks;
	struct hostaddr *addrs;
	size_t naddrs;
};

void host_read(struct host *h);
void host_free(struct host *h);

/* NULL if it has gone meanwhile. */
const struct link *host_link(const struct host *h, unsigned int index);

/*
 * The interfaces' entries of an address, which follow each other. Returns their
 * number.
 */
size_t host_find(const struct host *h, const struct family *fam,
    const void *addr, const struct hostaddr **ret_first);

/* Names of IFF_* flags: flag_names[i] is that of bit i. */
#define NFLAGS	16
extern const char *const flag_names[NFLAGS];

#endif /* !_HOST_H_ */
