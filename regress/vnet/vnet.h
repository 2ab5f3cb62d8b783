/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Private networks for test cases in C; vnet.subr, which does the work, says
 * what a vnet is. A function that fails fails the case, unless it says
 * otherwise. Only the case's own process may call them, not its children.
 */

#ifndef _VNET_H_
#define _VNET_H_

#include <sys/types.h>

#include <stdbool.h>

#include <atf-c.h>

#define VNET_HOST4	"192.0.2.1"
#define VNET_HOST6	"2001:db8::1"
#define VNET_PEER4	"192.0.2.254"
#define VNET_PEER6	"2001:db8::fe"
#define VNET_ABSENT4	"192.0.2.99"
#define VNET_ABSENT6	"2001:db8::99"

struct vnet {
	const atf_tc_t *vn_tc;
	char vn_hostif[16];	/* the interface in the host ... */
	char vn_peerif[16];	/* ... and the one at the peer */
	int vn_host;		/* descriptors of the namespaces */
	int vn_peer;
};

/* A case that uses a vnet; its body follows, with tc as in ATF_TC_BODY(). */
#define VNET_CASE(name)							\
	ATF_TC_WITH_CLEANUP(name);					\
	ATF_TC_HEAD(name, tc)						\
	{								\
		atf_tc_set_md_var(tc, "require.user", "root");		\
	}								\
	ATF_TC_CLEANUP(name, tc)					\
	{								\
		vnet_cleanup(tc);					\
	}								\
	ATF_TC_BODY(name, tc)

/* Make a vnet and an instance of netjail, and go into the host. */
void vnet_init(struct vnet *vn, const atf_tc_t *tc);

/* An instance of netjail alone. */
void vnet_instance(const atf_tc_t *tc);

/* Add an address to the host. */
void vnet_addr(const struct vnet *vn, const char *addr);

/* Have ip(8) do something to the host: "route add 10.0.0.0/8 dev lo". */
void vnet_ip(const struct vnet *vn, const char *args);

/*
 * Put the calling thread into a namespace of the vnet. A child may call this;
 * it returns -1 with errno set if it cannot.
 */
int vnet_enter(int ns);

/* Have the cleanup end a process that this case started. */
void vnet_pid(const struct vnet *vn, pid_t pid);

/* Remove all; the cleanup of a case that called vnet_init(). */
void vnet_cleanup(const atf_tc_t *tc);

/*
 * Skip the case, since the kernel lacks something: what and why, or the feature
 * of jail -V that the case needs, if that is absent.
 */
void vnet_lacks(const char *feature, const char *fmt, ...)
    __attribute__((noreturn, format(printf, 2, 3)));
void vnet_needs(const char *feature);

/*
 * Poll until done(arg) says so, for ms milliseconds at most, or VNET_PATIENCE
 * times as many where all is slower; what it said.
 */
bool wait_until(bool (*done)(void *), void *arg, int ms);

#endif /* !_VNET_H_ */
