/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The host's interfaces and their addresses, from rtnetlink(7).
 */

#include <sys/socket.h>

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>

#include "host.h"

#define DUMP_TRIES	10	/* a change in the midst of a dump spoils it */

const struct family inet_families[FAM_MAX] = {
	[FAM_INET] = { AF_INET, sizeof(struct in_addr), 32, "inet", "IPv4" },
	[FAM_INET6] = { AF_INET6, sizeof(struct in6_addr), 128, "inet6",
	    "IPv6" },
};

const char *const flag_names[NFLAGS] = { "UP", "BROADCAST", "DEBUG",
	"LOOPBACK", "POINTOPOINT", "NOTRAILERS", "RUNNING", "NOARP", "PROMISC",
	"ALLMULTI", "MASTER", "SLAVE", "MULTICAST", "PORTSEL", "AUTOMEDIA",
	"DYNAMIC" };

/* One more element at the end of an array, all zero. */
static void *
append(void *arrayp, size_t *n, size_t size)
{
	void **array = arrayp;
	char *more;

	/* The room doubles whenever the number is a power of two. */
	if ((*n & (*n - 1)) == 0) {
		more = reallocarray(*array, *n == 0 ? 1 : 2 * *n, size);
		if (more == NULL)
			err(1, "interfaces");
		*array = more;
	}
	more = (char *)*array + (*n)++ * size;
	memset(more, 0, size);
	return (more);
}

static int
add_link(const struct nlmsghdr *nlh, void *data)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	struct host *h = data;
	struct link *l;

	l = append(&h->links, &h->nlinks, sizeof(*l));
	l->index = ifi->ifi_index;
	l->flags = ifi->ifi_flags;
	mnl_attr_for_each(attr, nlh, sizeof(*ifi)) {
		if (mnl_attr_get_type(attr) == IFLA_IFNAME)
			strncpy(l->name, mnl_attr_get_str(attr),
			    sizeof(l->name) - 1);
		else if (mnl_attr_get_type(attr) == IFLA_MTU)
			l->mtu = mnl_attr_get_u32(attr);
	}
	return (MNL_CB_OK);
}

static const struct family *
find_family(int af)
{
	for (int i = 0; i < FAM_MAX; i++) {
		if (inet_families[i].af == af)
			return (&inet_families[i]);
	}
	return (NULL);
}

/*
 * IFA_LOCAL is the interface's own address; then IFA_ADDRESS is that of the
 * other end, or the same. An interface without IFA_LOCAL has IFA_ADDRESS.
 */
static void
set_addr(struct hostaddr *ha, const void *local, const void *address)
{
	size_t len = ha->fam->addrlen;

	memcpy(ha->addr, local != NULL ? local : address, len);
	ha->has_peer = local != NULL && address != NULL &&
	    memcmp(local, address, len) != 0;
	if (ha->has_peer)
		memcpy(ha->peer, address, len);
}

static int
add_addr(const struct nlmsghdr *nlh, void *data)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	const struct family *fam = find_family(ifa->ifa_family);
	const void *a[IFA_MAX + 1] = { NULL };
	const struct nlattr *attr;
	struct host *h = data;
	struct hostaddr *ha;

	mnl_attr_for_each(attr, nlh, sizeof(*ifa)) {
		if (mnl_attr_get_type(attr) <= IFA_MAX)
			a[mnl_attr_get_type(attr)] =
			    mnl_attr_get_payload(attr);
	}
	if (fam == NULL || (a[IFA_LOCAL] == NULL && a[IFA_ADDRESS] == NULL))
		return (MNL_CB_OK);
	ha = append(&h->addrs, &h->naddrs, sizeof(*ha));
	ha->fam = fam;
	ha->index = ifa->ifa_index;
	ha->prefixlen = ifa->ifa_prefixlen;
	ha->flags = ifa->ifa_flags;
	ha->order = h->naddrs;
	if (a[IFA_FLAGS] != NULL)
		memcpy(&ha->flags, a[IFA_FLAGS], sizeof(ha->flags));
	set_addr(ha, a[IFA_LOCAL], a[IFA_ADDRESS]);
	ha->has_broadcast = a[IFA_BROADCAST] != NULL && fam->af == AF_INET;
	if (ha->has_broadcast)
		memcpy(&ha->broadcast, a[IFA_BROADCAST], 4);
	return (MNL_CB_OK);
}

/* Ask for all of one kind. The header that follows has its family first. */
static int
request(struct mnl_socket *nl, int type, unsigned int seq)
{
	char buf[MNL_NLMSG_HDRLEN + MNL_ALIGN(sizeof(struct ifinfomsg))];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nlh->nlmsg_seq = seq;
	mnl_nlmsg_put_extra_header(nlh, type == RTM_GETLINK ?
	    sizeof(struct ifinfomsg) : sizeof(struct ifaddrmsg));
	return (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len));
}

static int
receive(struct mnl_socket *nl, unsigned int seq, mnl_cb_t add, struct host *h)
{
	char buf[32768];
	ssize_t len;
	int more;

	do {
		len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (len < 0)
			return (-1);
		more = mnl_cb_run(buf, len, seq, mnl_socket_get_portid(nl),
		    add, h);
	} while (more > MNL_CB_STOP);
	return (more);
}

static int
dump(struct host *h)
{
	struct mnl_socket *nl;
	int error = -1;

	nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (nl == NULL)
		return (-1);
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) == 0 &&
	    request(nl, RTM_GETLINK, 1) >= 0 &&
	    receive(nl, 1, add_link, h) >= 0 &&
	    request(nl, RTM_GETADDR, 2) >= 0 &&
	    receive(nl, 2, add_addr, h) >= 0)
		error = 0;
	mnl_socket_close(nl);
	return (error);
}

static int
compare_links(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	return (x->index < y->index ? -1 : x->index > y->index);
}

static int
compare_keys(const struct hostaddr *x, const struct hostaddr *y)
{
	if (x->fam != y->fam)
		return (x->fam < y->fam ? -1 : 1);
	return (memcmp(x->addr, y->addr, x->fam->addrlen));
}

static int
compare_addrs(const void *a, const void *b)
{
	const struct hostaddr *x = a, *y = b;
	int cmp = compare_keys(x, y);

	return (cmp != 0 ? cmp : x->order < y->order ? -1 :
	    x->order > y->order);
}

void
host_read(struct host *h)
{
	int error = -1;

	for (int i = 0; i < DUMP_TRIES && error != 0; i++) {
		*h = (struct host){ .nlinks = 0 };
		error = dump(h);
		if (error == 0)
			break;
		host_free(h);
		if (errno != EINTR)
			break;
	}
	if (error != 0)
		err(1, "interfaces");
	if (h->nlinks > 0)
		qsort(h->links, h->nlinks, sizeof(*h->links), compare_links);
	if (h->naddrs > 0)
		qsort(h->addrs, h->naddrs, sizeof(*h->addrs), compare_addrs);
}

void
host_free(struct host *h)
{
	free(h->links);
	free(h->addrs);
}

const struct link *
host_link(const struct host *h, unsigned int index)
{
	const struct link key = { .index = index };

	if (h->nlinks == 0)
		return (NULL);
	return (bsearch(&key, h->links, h->nlinks, sizeof(*h->links),
	    compare_links));
}

size_t
host_find(const struct host *h, const struct family *fam, const void *addr,
    const struct hostaddr **ret_first)
{
	struct hostaddr key = { .fam = fam };
	size_t first = 0, end = h->naddrs, mid;

	memcpy(key.addr, addr, fam->addrlen);
	while (first < end) {
		mid = first + (end - first) / 2;
		if (compare_keys(&h->addrs[mid], &key) < 0)
			first = mid + 1;
		else
			end = mid;
	}
	for (end = first; end < h->naddrs &&
	    compare_keys(&h->addrs[end], &key) == 0; end++)
		continue;
	*ret_first = &h->addrs[first];
	return (end - first);
}
