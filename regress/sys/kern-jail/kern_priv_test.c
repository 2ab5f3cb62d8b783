/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Decisions that are no matter of addresses: families, kinds of sockets,
 * ports, devices.
 */

#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <linux/mroute.h>	/* after <netinet/in.h> */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <kern-jail/kern_cap.h>
#include <kern-jail/kern_priv.h>

#include <atf-c.h>

#include "errname.h"

#define NELEMS(a) (sizeof(a) / sizeof((a)[0]))

ATF_TC_WITHOUT_HEAD(constants_are_those_of_libc);
ATF_TC_BODY(constants_are_those_of_libc, tc)
{
	(void)tc;
	ATF_CHECK_EQ(SOCK_RAW, JAIL_SOCK_RAW);
	ATF_CHECK_EQ(AF_INET, JAIL_AF_INET);
	ATF_CHECK_EQ(AF_INET6, JAIL_AF_INET6);
	ATF_CHECK_EQ(IPPORT_RESERVED, JAIL_PORT_RESERVED);
	ATF_CHECK_EQ(SOL_SOCKET, JAIL_SOL_SOCKET);
	ATF_CHECK_EQ(SO_REUSEADDR, JAIL_SO_REUSEADDR);
	ATF_CHECK_EQ(SO_REUSEPORT, JAIL_SO_REUSEPORT);
	ATF_CHECK_EQ(SO_BROADCAST, JAIL_SO_BROADCAST);
	ATF_CHECK_EQ(SO_MARK, JAIL_SO_MARK);
	ATF_CHECK_EQ(SO_ATTACH_FILTER, JAIL_SO_ATTACH_FILTER);
	ATF_CHECK_EQ(SO_DETACH_FILTER, JAIL_SO_DETACH_FILTER);
	ATF_CHECK_EQ(SOL_PACKET, JAIL_SOL_PACKET);
	ATF_CHECK_EQ(AF_PACKET, JAIL_AF_PACKET);
	ATF_CHECK_EQ(AF_UNIX, JAIL_AF_UNIX);
	ATF_CHECK_EQ(AF_NETLINK, JAIL_AF_NETLINK);
	ATF_CHECK_EQ(AF_RDS, JAIL_AF_RDS);
	ATF_CHECK_EQ(AF_PPPOX, JAIL_AF_PPPOX);
	ATF_CHECK_EQ(AF_RXRPC, JAIL_AF_RXRPC);
	ATF_CHECK_EQ(AF_SMC, JAIL_AF_SMC);
	ATF_CHECK_EQ(AF_XDP, JAIL_AF_XDP);
	ATF_CHECK_EQ(TCP_ESTABLISHED, JAIL_CONNECTED);
}

ATF_TC_WITHOUT_HEAD(family_that_carries_packets_is_for_nobody);
ATF_TC_BODY(family_that_carries_packets_is_for_nobody, tc)
{
	static const struct {
		int af;
		unsigned flags;	/* of which one is needed; 0: it is for all */
	} rows[] = {
		{ AF_UNIX, 0 },
		{ AF_INET, 0 },
		{ AF_INET6, 0 },
		{ AF_NETLINK, 0 },
		{ AF_PACKET, PR_ALLOW_PACKET_CAPTURE },
		{ AF_VSOCK, PR_ALLOW_SOCKET_AF | PR_ADOPTED },
		{ AF_ALG, PR_ALLOW_SOCKET_AF | PR_ADOPTED },
		{ 1000, PR_ALLOW_SOCKET_AF | PR_ADOPTED },
		{ AF_RDS, 1 },
		{ AF_PPPOX, 1 },
		{ AF_RXRPC, 1 },
		{ AF_SMC, 1 },
		{ AF_XDP, 1 },
	};
	const int refused = EAFNOSUPPORT;

	(void)tc;
	for (size_t i = 0; i < NELEMS(rows); i++) {
		for (unsigned bit = 2; bit != 0; bit <<= 1) {
			struct prison pr = { .pr_flags = bit };
			const int want = rows[i].flags == 0 ||
			    (rows[i].flags & bit) ? 0 : refused;

			ATF_CHECK_EQ_MSG(want, prison_check_family(&pr,
			    rows[i].af), "family %d, flags %#x", rows[i].af,
			    bit);
		}
	}
}

ATF_TC_WITHOUT_HEAD(family_without_addresses_is_refused);
ATF_TC_BODY(family_without_addresses_is_refused, tc)
{
	static const struct {
		unsigned flags, nip4, nip6;
		int af, error;
	} rows[] = {
		{ 0, 0, 0, AF_INET, 0 },
		{ 0, 0, 0, AF_INET6, 0 },
		{ PR_IP4, 0, 0, AF_INET, EAFNOSUPPORT },
		{ PR_IP4, 0, 0, AF_INET6, 0 },
		{ PR_IP6, 0, 0, AF_INET, 0 },
		{ PR_IP6, 0, 0, AF_INET6, EAFNOSUPPORT },
		{ PR_IP4 | PR_IP6, 1, 0, AF_INET, 0 },
		{ PR_IP4 | PR_IP6, 1, 0, AF_INET6, EAFNOSUPPORT },
		{ PR_IP4 | PR_IP6, 0, 1, AF_INET, EAFNOSUPPORT },
		{ PR_IP4 | PR_IP6, 0, 1, AF_INET6, 0 },
		{ PR_IP4 | PR_IP6, 65536, 65536, AF_INET, 0 },
		{ PR_IP4 | PR_IP6, 65536, 65536, AF_INET6, 0 },
		{ 0, 0, 0, AF_UNSPEC, EAFNOSUPPORT },
		{ 0, 0, 0, AF_UNIX, EAFNOSUPPORT },
		{ 0, 0, 0, AF_PACKET, EAFNOSUPPORT },
		{ 0, 0, 0, AF_VSOCK, EAFNOSUPPORT },
		{ 0, 0, 0, -1, EAFNOSUPPORT },
	};
	struct prison pr = { 0 };
	size_t i;
	int error;

	(void)tc;
	for (i = 0; i < NELEMS(rows); i++) {
		pr.pr_flags = rows[i].flags;
		pr.pr_nip4 = rows[i].nip4;
		pr.pr_nip6 = rows[i].nip6;
		error = prison_check_af(&pr, rows[i].af);
		ATF_CHECK_MSG(error == rows[i].error, "flags %#x, %u and %u "
		    "addresses, family %d: %s, should be %s", rows[i].flags,
		    rows[i].nip4, rows[i].nip6, rows[i].af, errname(error),
		    errname(rows[i].error));
	}
}

ATF_TC_WITHOUT_HEAD(raw_socket_needs_its_parameter);
ATF_TC_BODY(raw_socket_needs_its_parameter, tc)
{
	static const struct {
		unsigned flags;
		int type, error;
	} rows[] = {
		{ 0, SOCK_STREAM, 0 },
		{ 0, SOCK_DGRAM, 0 },
		{ 0, SOCK_RAW, EPERM },
		{ ~(unsigned)PR_ALLOW_RAW_SOCKETS, SOCK_RAW, EPERM },
		{ PR_ALLOW_RAW_SOCKETS, SOCK_RAW, 0 },
		{ PR_ALLOW_RAW_SOCKETS, SOCK_STREAM, 0 },
	};
	struct prison pr = { 0 };
	size_t i;
	int error;

	(void)tc;
	for (i = 0; i < NELEMS(rows); i++) {
		pr.pr_flags = rows[i].flags;
		error = prison_check_raw(&pr, rows[i].type);
		ATF_CHECK_MSG(error == rows[i].error, "flags %#x, type %d: %s,"
		    " should be %s", rows[i].flags, rows[i].type,
		    errname(error), errname(rows[i].error));
	}
}

ATF_TC_WITHOUT_HEAD(protocols_that_hooks_do_not_see_are_refused);
ATF_TC_BODY(protocols_that_hooks_do_not_see_are_refused, tc)
{
	static const int good[] = {
		IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_ICMPV6
	};
	int error, proto, type, want;
	size_t i;

	(void)tc;
	for (type = SOCK_STREAM; type <= SOCK_SEQPACKET; type++)
		for (proto = 0; proto <= 263; proto++) {
			want = type == SOCK_RAW ? 0 : EPROTONOSUPPORT;
			for (i = 0; i < NELEMS(good); i++)
				if (proto == good[i])
					want = 0;
			error = prison_check_proto(type, proto);
			ATF_CHECK_MSG(error == want, "type %d, protocol %d: "
			    "%s, should be %s", type, proto, errname(error),
			    errname(want));
		}
}

/* Options, by the flags of the jail. */
static const struct {
	unsigned flags;
	int level, option, error;
} sockopts[] = {
	{ PR_IP4, IPPROTO_IP, IP_ADD_MEMBERSHIP, EPERM },
	{ PR_IP4, IPPROTO_IP, IP_ADD_SOURCE_MEMBERSHIP, EPERM },
	{ PR_IP4, IPPROTO_IP, MCAST_JOIN_GROUP, EPERM },
	{ PR_IP4, IPPROTO_IP, MCAST_JOIN_SOURCE_GROUP, EPERM },
	{ PR_IP4 | PR_ALLOW_MULTICAST, IPPROTO_IP, IP_ADD_MEMBERSHIP,
	    0 },
	{ PR_IP4 | PR_ALLOW_MULTICAST, IPPROTO_IP, MCAST_JOIN_GROUP,
	    0 },
	{ PR_IP6 | PR_ALLOW_MULTICAST, IPPROTO_IPV6, IPV6_JOIN_GROUP,
	    0 },
	{ PR_IP6 | PR_ALLOW_MULTICAST, IPPROTO_IPV6,
	    IPV6_JOIN_ANYCAST, EPERM },
	{ PR_IP4 | PR_ALLOW_MULTICAST, SOL_SOCKET, SO_BROADCAST,
	    EACCES },
	{ PR_IP4, IPPROTO_IP, IP_DROP_MEMBERSHIP, 0 },
	{ PR_IP4, IPPROTO_IP, IP_TOS, 0 },
	{ PR_IP6, IPPROTO_IP, IP_ADD_MEMBERSHIP, 0 },
	{ PR_IP6, IPPROTO_IPV6, IPV6_JOIN_GROUP, EPERM },
	{ PR_IP6, IPPROTO_IPV6, IPV6_JOIN_ANYCAST, EPERM },
	{ PR_IP6, IPPROTO_IPV6, MCAST_JOIN_GROUP, EPERM },
	{ PR_IP6, IPPROTO_IPV6, MCAST_JOIN_SOURCE_GROUP, EPERM },
	{ PR_IP6, IPPROTO_IPV6, IPV6_V6ONLY, 0 },
	{ PR_IP4, IPPROTO_IPV6, IPV6_JOIN_GROUP, 0 },
	{ PR_IP4, SOL_SOCKET, SO_BROADCAST, EACCES },
	{ 0, SOL_SOCKET, SO_BROADCAST, EACCES },
	{ PR_IP4 | PR_ALLOW_BROADCAST, SOL_SOCKET, SO_BROADCAST, 0 },
	{ PR_IP4, SOL_SOCKET, SO_MARK, EPERM },
	{ 0, SOL_SOCKET, SO_MARK, EPERM },
	{ PR_IP4, SOL_SOCKET, SO_REUSEADDR, 0 },
	{ PR_IP4, IPPROTO_TCP, SO_MARK, 0 },
	{ 0, IPPROTO_IP, IP_TRANSPARENT, EPERM },
	{ 0, IPPROTO_IPV6, IPV6_TRANSPARENT, EPERM },
	{ 0, IPPROTO_IP, MRT_INIT, EPERM },
	{ 0, IPPROTO_IP, MRT_ADD_MFC_PROXY, EPERM },
	{ 0, IPPROTO_IPV6, 200 /* MRT6_INIT */, EPERM },
	{ 0, IPPROTO_IP, IP_ROUTER_ALERT, EPERM },
	{ 0, IPPROTO_IPV6, IPV6_ROUTER_ALERT, EPERM },
	{ 0, IPPROTO_IPV6, IP_ROUTER_ALERT, 0 },
	{ 0, IPPROTO_TCP, MRT_INIT, 0 },
	{ 0, IPPROTO_UDP, UDP_ENCAP, EPERM },
	{ 0, IPPROTO_TCP, UDP_ENCAP, 0 },
	{ PR_IP4, IPPROTO_TCP, IP_TRANSPARENT, 0 },
	{ PR_IP4, IPPROTO_IPV6, IP_TRANSPARENT, 0 },
	{ PR_IP4, SOL_SOCKET, MCAST_JOIN_GROUP, 0 },
};

ATF_TC_WITHOUT_HEAD(options_that_reach_others_are_refused);
ATF_TC_BODY(options_that_reach_others_are_refused, tc)
{
	struct prison pr = { 0 };
	int error;

	(void)tc;
	for (size_t i = 0; i < NELEMS(sockopts); i++) {
		pr.pr_flags = sockopts[i].flags;
		error = prison_check_sockopt(&pr, sockopts[i].level,
		    sockopts[i].option);
		ATF_CHECK_MSG(error == sockopts[i].error, "row %zu: %s; should "
		    "be %s", i, errname(error), errname(sockopts[i].error));
	}
}

ATF_TC_WITHOUT_HEAD(errors_are_for_connected_raw_sockets);
ATF_TC_BODY(errors_are_for_connected_raw_sockets, tc)
{
	(void)tc;
	ATF_CHECK_EQ(0, prison_check_recverr(SOCK_RAW, TCP_ESTABLISHED, 1));
	ATF_CHECK_EQ(EACCES, prison_check_recverr(SOCK_RAW, TCP_ESTABLISHED,
	    0));
	ATF_CHECK_EQ(EACCES, prison_check_recverr(SOCK_RAW, TCP_CLOSE, 1));
	ATF_CHECK_EQ(EACCES, prison_check_recverr(SOCK_DGRAM, TCP_ESTABLISHED,
	    1));
	ATF_CHECK(is_recverr(IPPROTO_IP, IP_RECVERR));
	ATF_CHECK(is_recverr(IPPROTO_IPV6, IPV6_RECVERR));
	ATF_CHECK(!is_recverr(IPPROTO_IPV6, IP_RECVERR));
	ATF_CHECK(!is_recverr(SOL_SOCKET, IP_RECVERR));
}

ATF_TC_WITHOUT_HEAD(packet_socket_is_for_hearing);
ATF_TC_BODY(packet_socket_is_for_hearing, tc)
{
	static const struct {
		int level, option, error;
	} rows[] = {
		{ SOL_SOCKET, SO_ATTACH_FILTER, EOPNOTSUPP },
		{ SOL_SOCKET, SO_DETACH_FILTER, EACCES },
		{ SOL_SOCKET, SO_RCVBUF, 0 },
		{ SOL_PACKET, PACKET_RX_RING, 0 },
		{ SOL_PACKET, PACKET_VERSION, 0 },
		{ SOL_PACKET, PACKET_ADD_MEMBERSHIP, EACCES },
		{ SOL_PACKET, PACKET_DROP_MEMBERSHIP, EACCES },
		{ SOL_PACKET, PACKET_TX_RING, EPERM },
		{ SOL_PACKET, PACKET_LOSS, EPERM },
		{ SOL_PACKET, PACKET_FANOUT, EPERM },
		{ SOL_PACKET, PACKET_FANOUT_DATA, EPERM },
		{ SOL_PACKET, PACKET_QDISC_BYPASS, EPERM },
		{ SOL_PACKET, 1000, EPERM },
		{ IPPROTO_IP, IP_TTL, EPERM },
	};

	(void)tc;
	for (size_t i = 0; i < NELEMS(rows); i++)
		ATF_CHECK_EQ_MSG(rows[i].error, prison_check_packetopt(
		    rows[i].level, rows[i].option), "row %zu", i);
}

/* Bit n: root in a jail with these flags keeps capability n. */
static __u64
caps_kept(__u32 flags)
{
	__u64 kept = 0;

	for (unsigned cap = 0; cap < 64; cap++) {
		if (prison_priv_check(flags, cap) == 0)
			kept |= 1ULL << cap;
	}
	return (kept);
}

ATF_TC_WITHOUT_HEAD(capability_needs_its_parameter);
ATF_TC_BODY(capability_needs_its_parameter, tc)
{
	static const struct {
		__u32 flag;
		int cap;
	} rows[] = {
		{ PR_ALLOW_CHFLAGS, CAP_LINUX_IMMUTABLE },
		{ PR_ALLOW_RESERVED_PORTS, CAP_NET_BIND_SERVICE },
		{ PR_ALLOW_RAW_SOCKETS, CAP_NET_RAW },
		{ PR_ALLOW_PACKET_CAPTURE, CAP_NET_RAW },
		{ PR_ALLOW_MLOCK, CAP_IPC_LOCK },
		{ PR_ALLOW_READ_MSGBUF, CAP_SYSLOG },
		{ PR_ALLOW_SETTIME, CAP_SYS_TIME },
	};
	const __u64 always = 1ULL << CAP_CHOWN | 1ULL << CAP_DAC_OVERRIDE |
	    1ULL << CAP_FOWNER | 1ULL << CAP_FSETID | 1ULL << CAP_KILL |
	    1ULL << CAP_SETGID | 1ULL << CAP_SETUID | 1ULL << CAP_SETPCAP |
	    1ULL << CAP_SYS_CHROOT;
	__u32 others = ~0U;

	(void)tc;
	for (size_t i = 0; i < NELEMS(rows); i++) {
		ATF_CHECK_EQ(always | 1ULL << rows[i].cap,
		    caps_kept(rows[i].flag));
		others &= ~rows[i].flag;
	}
	ATF_CHECK_EQ(always, caps_kept(0));
	ATF_CHECK_EQ(always, caps_kept(others));
}

ATF_TC_WITHOUT_HEAD(reserved_port_needs_its_parameter);
ATF_TC_BODY(reserved_port_needs_its_parameter, tc)
{
	struct prison no = { .pr_flags = ~(__u32)PR_ALLOW_RESERVED_PORTS };
	struct prison yes = { .pr_flags = PR_ALLOW_RESERVED_PORTS };
	int error, port, want;

	(void)tc;
	for (port = 0; port <= 65535; port++) {
		want = port >= 1 && port <= 1023 ? EACCES : 0;
		error = prison_check_port(&no, port);
		ATF_CHECK_MSG(error == want, "port %d: %s, should be %s", port,
		    errname(error), errname(want));
		error = prison_check_port(&yes, port);
		ATF_CHECK_MSG(error == 0, "port %d, allowed: %s", port,
		    errname(error));
	}
}

ATF_TC_WITHOUT_HEAD(only_the_devices_of_every_jail_are_allowed);
ATF_TC_BODY(only_the_devices_of_every_jail_are_allowed, tc)
{
	static const struct {
		int ischr;
		unsigned major, minor;
		int error;
		const char *what;
	} rows[] = {
		{ 1, 1, 3, 0, "null" },
		{ 1, 1, 5, 0, "zero" },
		{ 1, 1, 7, 0, "full" },
		{ 1, 1, 8, 0, "random" },
		{ 1, 1, 9, 0, "urandom" },
		{ 1, 5, 0, 0, "tty" },
		{ 1, 5, 2, 0, "ptmx" },
		{ 1, 136, 0, 0, "pts/0" },
		{ 1, 136, 1048575, 0, "pts/1048575" },
		{ 1, 1, 0, EPERM, "1:0" },
		{ 1, 1, 1, EPERM, "mem" },
		{ 1, 1, 2, EPERM, "kmem" },
		{ 1, 1, 4, EPERM, "port" },
		{ 1, 1, 6, EPERM, "core" },
		{ 1, 1, 10, EPERM, "aio" },
		{ 1, 1, 11, EPERM, "kmsg" },
		{ 1, 1, 259, EPERM, "1:259" },
		{ 1, 4, 0, EPERM, "tty0" },
		{ 1, 4, 64, EPERM, "ttyS0" },
		{ 1, 5, 1, EPERM, "console" },
		{ 1, 5, 3, EPERM, "ttyprintk" },
		{ 1, 10, 200, EPERM, "net/tun" },
		{ 1, 10, 223, EPERM, "uinput" },
		{ 1, 10, 229, EPERM, "fuse" },
		{ 1, 10, 232, EPERM, "kvm" },
		{ 1, 128, 0, EPERM, "ptm/0" },
		{ 1, 137, 0, EPERM, "137:0" },
		{ 1, 0, 0, EPERM, "0:0" },
		{ 0, 1, 3, EPERM, "ram3" },
		{ 0, 8, 0, EPERM, "sda" },
		{ 0, 136, 0, EPERM, "block 136:0" },
		{ 0, 253, 0, EPERM, "vda" },
	};
	size_t i;
	int error;

	(void)tc;
	for (i = 0; i < NELEMS(rows); i++) {
		error = prison_check_dev(rows[i].ischr, rows[i].major,
		    rows[i].minor);
		ATF_CHECK_MSG(error == rows[i].error, "%s: %s, should be %s",
		    rows[i].what, errname(error), errname(rows[i].error));
	}
}

ATF_TC_WITHOUT_HEAD(unix_name_is_reached_from_its_jail_and_the_host);
ATF_TC_BODY(unix_name_is_reached_from_its_jail_and_the_host, tc)
{
	static const struct {
		unsigned int maker, user, target;	/* jids, 0: the host */
		int error;
	} rows[] = {
		{ 0, 0, 0, 0 },
		{ 0, 0, 7, 0 },
		{ 7, 7, 7, 0 },
		{ 7, 0, 7, 0 },
		{ 0, 7, 7, 0 },
		{ 7, 7, 8, ECONNREFUSED },
		{ 7, 7, 0, ECONNREFUSED },
		{ 7, 0, 8, ECONNREFUSED },
		{ 7, 0, 0, ECONNREFUSED },
		{ 0, 7, 8, ECONNREFUSED },
		{ 0, 7, 0, ECONNREFUSED },
		{ 7, 8, 7, ECONNREFUSED },
		{ 7, 8, 8, ECONNREFUSED },
		{ 7, 8, 0, ECONNREFUSED },
	};
	size_t i;

	(void)tc;
	for (i = 0; i < NELEMS(rows); i++)
		ATF_CHECK_EQ_MSG(rows[i].error, prison_check_unix(rows[i].maker,
		    rows[i].user, rows[i].target), "row %zu", i);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, constants_are_those_of_libc);
	ATF_TP_ADD_TC(tp, family_that_carries_packets_is_for_nobody);
	ATF_TP_ADD_TC(tp, family_without_addresses_is_refused);
	ATF_TP_ADD_TC(tp, raw_socket_needs_its_parameter);
	ATF_TP_ADD_TC(tp, protocols_that_hooks_do_not_see_are_refused);
	ATF_TP_ADD_TC(tp, options_that_reach_others_are_refused);
	ATF_TP_ADD_TC(tp, errors_are_for_connected_raw_sockets);
	ATF_TP_ADD_TC(tp, packet_socket_is_for_hearing);
	ATF_TP_ADD_TC(tp, capability_needs_its_parameter);
	ATF_TP_ADD_TC(tp, reserved_port_needs_its_parameter);
	ATF_TP_ADD_TC(tp, only_the_devices_of_every_jail_are_allowed);
	ATF_TP_ADD_TC(tp, unix_name_is_reached_from_its_jail_and_the_host);
	return (atf_no_error());
}
