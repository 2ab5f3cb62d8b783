/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The addresses of the host's interfaces, from rtnetlink(7).
 */

#include <sys/socket.h>

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>

#include "jail_impl.h"

#define DUMP_TRIES	10

struct hostaddr {
	uint8_t addr[16];
	uint8_t prefix;
};

struct hostaddrs {
	struct hostaddr *v;	/* sorted */
	size_t n, room;
	size_t addrlen;
};

static int
compare(const void *a, const void *b)
{
	return (memcmp(a, b, sizeof(((struct hostaddr *)0)->addr)));
}

static int
add_addr(const struct nlmsghdr *nlh, void *data)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	const void *local = NULL, *addr = NULL;
	struct hostaddrs *h = data;
	struct hostaddr *more;
	struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(*ifa)) {
		if (mnl_attr_get_payload_len(attr) != h->addrlen)
			continue;
		if (mnl_attr_get_type(attr) == IFA_LOCAL)
			local = mnl_attr_get_payload(attr);
		else if (mnl_attr_get_type(attr) == IFA_ADDRESS)
			addr = mnl_attr_get_payload(attr);
	}
	if (local == NULL && (local = addr) == NULL)
		return (MNL_CB_OK);
	if (h->n == h->room) {
		h->room = h->room == 0 ? 64 : 2 * h->room;
		more = reallocarray(h->v, h->room, sizeof(*h->v));
		if (more == NULL)
			return (MNL_CB_ERROR);
		h->v = more;
	}
	memset(&h->v[h->n], 0, sizeof(h->v[0]));
	memcpy(h->v[h->n].addr, local, h->addrlen);
	h->v[h->n++].prefix = ifa->ifa_prefixlen;
	return (MNL_CB_OK);
}

static int
dump_addrs(struct mnl_socket *nl, int af, struct hostaddrs *h)
{
	char buf[32768];
	struct ifaddrmsg *ifa;
	struct nlmsghdr *nlh;
	static _Atomic unsigned int last;
	unsigned int seq = ++last;
	ssize_t len;
	int more;

	nlh = mnl_nlmsg_put_header(buf);
	nlh->nlmsg_type = RTM_GETADDR;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nlh->nlmsg_seq = seq;
	ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	ifa->ifa_family = af;
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return (-1);
	do {
		len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (len < 0)
			return (-1);
		more = mnl_cb_run(buf, len, seq, mnl_socket_get_portid(nl),
		    add_addr, h);
	} while (more > MNL_CB_STOP);
	return (more);
}

/* A change meanwhile makes the kernel mark a dump as interrupted: EINTR. */
static int
dump_whole(struct mnl_socket *nl, int af, struct hostaddrs *h)
{
	int error = -1;

	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		return (-1);
	for (int i = 0; i < DUMP_TRIES && error < 0; i++) {
		h->n = 0;
		error = dump_addrs(nl, af, h);
		if (error < 0 && errno != EINTR)
			break;
	}
	return (error);
}

/* All addresses of a family, or NULL. */
struct hostaddrs *
hostaddrs_read(int af)
{
	struct hostaddrs *h;
	struct mnl_socket *nl;

	h = calloc(1, sizeof(*h));
	nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (h != NULL)
		h->addrlen = af == AF_INET ? 4 : 16;
	if (h == NULL || nl == NULL || dump_whole(nl, af, h) < 0) {
		jail_fail(errno, "cannot read the host's addresses: %s",
		    strerror(errno));
		hostaddrs_free(h);
		h = NULL;
	} else if (h->n > 0)
		qsort(h->v, h->n, sizeof(*h->v), compare);
	if (nl != NULL)
		mnl_socket_close(nl);
	return (h);
}

/* The prefix length of an address; 0 if no interface has it. */
unsigned int
hostaddrs_prefix(const struct hostaddrs *h, const void *addr)
{
	const struct hostaddr *found;
	struct hostaddr key = { .prefix = 0 };

	if (h->n == 0)
		return (0);
	memcpy(key.addr, addr, h->addrlen);
	found = bsearch(&key, h->v, h->n, sizeof(*h->v), compare);
	return (found != NULL ? found->prefix : 0);
}

void
hostaddrs_free(struct hostaddrs *h)
{
	if (h == NULL)
		return;
	free(h->v);
	free(h);
}
