/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What the host's interfaces have and where its routes lead, from rtnetlink(7).
 */

#include <sys/socket.h>

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>

#include "jail_impl.h"

/* A host whose addresses or routes are being read. */
struct reading {
	struct host *h;
	size_t addrlen;
	size_t room;
};

/* Room for one more than n of them. Returns false if there is none. */
static bool
make_room(struct reading *r, void **v, size_t n, size_t size)
{
	void *more;

	if (n < r->room)
		return (true);
	r->room = r->room == 0 ? 64 : 2 * r->room;
	more = reallocarray(*v, r->room, size);
	if (more != NULL)
		*v = more;
	return (more != NULL);
}

static void
forget_addrs(void *data)
{
	((struct reading *)data)->h->naddrs = 0;
}

static void
forget_routes(void *data)
{
	((struct reading *)data)->h->nroutes = 0;
}

/* An attribute of the length that it should have. */
static bool
is_sound(const struct nlattr *attr, size_t len)
{
	return (mnl_attr_get_payload_len(attr) == len);
}

/*
 * A deprecated address that will be there for ever is for jails: that keeps the
 * host from choosing it for itself.
 */
static bool
is_on_its_way_out(unsigned int flags)
{
	return ((flags & (IFA_F_DEPRECATED | IFA_F_PERMANENT)) ==
	    IFA_F_DEPRECATED);
}

static int
add_addr(const struct nlmsghdr *nlh, void *data)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	const void *local = NULL, *addr = NULL;
	struct reading *r = data;
	struct hostaddr *ha;
	struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(*ifa)) {
		if (!is_sound(attr, r->addrlen))
			continue;
		if (mnl_attr_get_type(attr) == IFA_LOCAL)
			local = mnl_attr_get_payload(attr);
		else if (mnl_attr_get_type(attr) == IFA_ADDRESS)
			addr = mnl_attr_get_payload(attr);
	}
	if (local == NULL && (local = addr) == NULL)
		return (MNL_CB_OK);
	if (!make_room(r, (void **)&r->h->addrs, r->h->naddrs, sizeof(*ha)))
		return (MNL_CB_ERROR);
	ha = &r->h->addrs[r->h->naddrs++];
	memset(ha, 0, sizeof(*ha));
	memcpy(ha->addr, local, r->addrlen);
	ha->prefix = ifa->ifa_prefixlen;
	ha->ifindex = ifa->ifa_index;
	ha->deprecated = is_on_its_way_out(ifa->ifa_flags);
	return (MNL_CB_OK);
}

static uint32_t
first_hop(const struct nlattr *attr)
{
	const struct rtnexthop *hop = mnl_attr_get_payload(attr);

	return (mnl_attr_get_payload_len(attr) >= sizeof(*hop) ?
	    (uint32_t)hop->rtnh_ifindex : 0);
}

static void
read_route(const struct nlmsghdr *nlh, size_t addrlen, struct hostroute *route)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct nlattr *attr;

	memset(route, 0, sizeof(*route));
	route->prefix = rtm->rtm_dst_len;
	mnl_attr_for_each(attr, nlh, sizeof(*rtm)) {
		const int type = mnl_attr_get_type(attr);

		if (type == RTA_DST && is_sound(attr, addrlen))
			memcpy(route->dst, mnl_attr_get_payload(attr), addrlen);
		else if (type == RTA_PREFSRC && is_sound(attr, addrlen)) {
			memcpy(route->src, mnl_attr_get_payload(attr), addrlen);
			route->has_src = true;
		} else if (type == RTA_GATEWAY && is_sound(attr, addrlen)) {
			memcpy(route->gateway, mnl_attr_get_payload(attr),
			    addrlen);
			route->has_gateway = true;
		} else if (type == RTA_OIF && is_sound(attr, 4))
			route->ifindex = mnl_attr_get_u32(attr);
		else if (type == RTA_PRIORITY && is_sound(attr, 4))
			route->metric = mnl_attr_get_u32(attr);
		else if (type == RTA_MULTIPATH)
			route->ifindex = first_hop(attr);
	}
}

static int
add_route(const struct nlmsghdr *nlh, void *data)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct reading *r = data;
	struct host *h = r->h;

	if (rtm->rtm_type != RTN_UNICAST || rtm->rtm_table != RT_TABLE_MAIN ||
	    rtm->rtm_src_len != 0 || rtm->rtm_tos != 0 ||
	    (rtm->rtm_flags & RTM_F_CLONED))
		return (MNL_CB_OK);
	if (!make_room(r, (void **)&h->routes, h->nroutes, sizeof(*h->routes)))
		return (MNL_CB_ERROR);
	read_route(nlh, r->addrlen, &h->routes[h->nroutes]);
	if (h->routes[h->nroutes].ifindex != 0)
		h->nroutes++;
	return (MNL_CB_OK);
}

static int
read_addrs(int af, struct host *h, size_t addrlen)
{
	struct reading r = { .h = h, .addrlen = addrlen };
	char buf[256];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifaddrmsg *ifa;

	nlh->nlmsg_type = RTM_GETADDR;
	ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	ifa->ifa_family = af;
	return (netlink_dump(nlh, add_addr, forget_addrs, &r));
}

/* The main table's, without those that the kernel copied from one. */
static int
read_routes(int af, struct host *h, size_t addrlen)
{
	struct reading r = { .h = h, .addrlen = addrlen };
	char buf[256];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct rtmsg *rtm;

	nlh->nlmsg_type = RTM_GETROUTE;
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	rtm->rtm_family = af;
	rtm->rtm_table = RT_TABLE_MAIN;
	return (netlink_dump(nlh, add_route, forget_routes, &r));
}

static _Thread_local size_t compare_len;

static int
compare(const void *a, const void *b)
{
	return (memcmp(a, b, compare_len));
}

/* The host in one family, to be freed, or NULL. */
struct host *
host_read(int af)
{
	const size_t addrlen = af == AF_INET ? 4 : 16;
	struct host *h = calloc(1, sizeof(*h));
	int error = h == NULL ? ENOMEM : read_addrs(af, h, addrlen);

	if (error == 0)
		error = read_routes(af, h, addrlen);
	if (error != 0) {
		host_free(h);
		jail_fail(error, "cannot read the host's addresses and routes: "
		    "%s", strerror(error));
		return (NULL);
	}
	compare_len = addrlen;
	if (h->naddrs > 0)
		qsort(h->addrs, h->naddrs, sizeof(*h->addrs), compare);
	return (h);
}

/* The address as an interface has it, or NULL. */
const struct hostaddr *
host_find(const struct host *h, const void *addr, size_t addrlen)
{
	compare_len = addrlen;
	return (h->naddrs == 0 ? NULL : bsearch(addr, h->addrs, h->naddrs,
	    sizeof(*h->addrs), compare));
}

void
host_free(struct host *h)
{
	if (h == NULL)
		return;
	free(h->addrs);
	free(h->routes);
	free(h);
}
