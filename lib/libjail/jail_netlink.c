/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Requests to rtnetlink(7).
 */

#include <sys/socket.h>

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include <errno.h>

#include <libmnl/libmnl.h>

#include "jail_impl.h"

#define DUMP_TRIES	10

static int
send_to(struct mnl_socket *nl, struct nlmsghdr *nlh, int flags)
{
	static _Atomic unsigned int last;

	nlh->nlmsg_flags |= NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++last;
	return (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0 ? -1 : 0);
}

static int
dump_once(struct mnl_socket *nl, struct nlmsghdr *nlh, mnl_cb_t cb, void *data)
{
	char buf[32768];
	ssize_t len;
	int more;

	if (send_to(nl, nlh, NLM_F_DUMP) != 0)
		return (-1);
	do {
		len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (len < 0)
			return (-1);
		more = mnl_cb_run(buf, len, nlh->nlmsg_seq,
		    mnl_socket_get_portid(nl), cb, data);
	} while (more > MNL_CB_STOP);
	return (more);
}

/*
 * What is dumped goes to cb; a change meanwhile makes the kernel mark a dump as
 * interrupted: then forget is called, and it begins anew.
 *
 * Returns 0 or an errno.
 */
int
netlink_dump(struct nlmsghdr *nlh, mnl_cb_t cb, void (*forget)(void *),
    void *data)
{
	struct mnl_socket *nl;
	int error = -1, on = 1;

	nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (nl == NULL)
		return (errno);
	/* Without it, what is asked for is no filter. */
	mnl_socket_setsockopt(nl, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) == 0) {
		errno = EINTR;
		for (int i = 0; i < DUMP_TRIES && error != 0 &&
		    errno == EINTR; i++) {
			forget(data);
			error = dump_once(nl, nlh, cb, data) < 0 ? -1 : 0;
		}
	}
	error = error == 0 ? 0 : errno;
	mnl_socket_close(nl);
	return (error);
}

/* Ask for a change. Returns 0 or an errno. */
static int
change(struct nlmsghdr *nlh)
{
	struct mnl_socket *nl;
	char buf[4096];
	ssize_t len;
	int error;

	nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (nl == NULL)
		return (errno);
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    send_to(nl, nlh, NLM_F_ACK) != 0 ||
	    (len = mnl_socket_recvfrom(nl, buf, sizeof(buf))) < 0 ||
	    mnl_cb_run(buf, len, nlh->nlmsg_seq, mnl_socket_get_portid(nl),
	    NULL, NULL) < 0)
		error = errno;
	else
		error = 0;
	mnl_socket_close(nl);
	return (error);
}

/*
 * Put an address on an interface, or take it from there, by RTM_NEWADDR or
 * RTM_DELADDR. One of IPv6 is deprecated, so that it is not the host's choice
 * for its own.
 *
 * Returns 0 or an errno.
 */
int
netlink_address(int type, int af, const void *addr, const struct ip_alias *a)
{
	const struct ifa_cacheinfo ci = { .ifa_valid = UINT32_MAX };
	const size_t len = af == AF_INET ? 4 : 16;
	char buf[256];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifaddrmsg *ifa;

	nlh->nlmsg_type = type;
	if (type == RTM_NEWADDR)
		nlh->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
	ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));
	ifa->ifa_family = af;
	ifa->ifa_prefixlen = a->prefix;
	ifa->ifa_flags = IFA_F_PERMANENT | (af == AF_INET ? 0 : IFA_F_NODAD);
	ifa->ifa_index = a->ifindex;
	mnl_attr_put(nlh, IFA_LOCAL, len, addr);
	mnl_attr_put(nlh, IFA_ADDRESS, len, addr);
	if (type == RTM_NEWADDR && af == AF_INET6)
		mnl_attr_put(nlh, IFA_CACHEINFO, sizeof(ci), &ci);
	return (change(nlh));
}
