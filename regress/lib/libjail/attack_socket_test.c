/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Ways out by sockets of families that no hook sees.
 */

#include <sys/socket.h>
#include <sys/syscall.h>

#include <linux/if_ether.h>
#include <linux/netlink.h>

#include <arpa/inet.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include <atf-c.h>

#include "jail.h"

#include "attack.h"
#include "common.h"
#include "vnet.h"

/* socket(2), with a number above those that the C library passes on. */
static int
make_socket(unsigned long family, int type, int protocol)
{
	long fd = syscall(SYS_socket, family, type, protocol);

	if (fd != -1)
		close(fd);
	return (error_of(fd));
}

/*
 * Every family and, of netlink, every protocol: prints those that differ. The
 * kernel may lack some; it looks at the flags in the type before that, but the
 * filter does not.
 */
static int
try_families(void *arg)
{
	int bad = 0, error, expected, flags;

	(void)arg;
	for (int af = 0; af <= 50; af++) {
		bool has = af == AF_UNIX || af == AF_INET || af == AF_INET6 ||
		    af == AF_NETLINK;

		expected = has ? 0 : EAFNOSUPPORT;
		error = make_socket(af, SOCK_DGRAM, 0);
		flags = make_socket(af, SOCK_DGRAM | 0x1000, 0);
		if (error == expected &&
		    flags == (has ? EINVAL : EAFNOSUPPORT))
			continue;
		fprintf(stderr, "family %d: %d, %d\n", af, error, flags);
		bad++;
	}
	for (int protocol = 0; protocol < 32; protocol++) {
		expected = protocol == NETLINK_ROUTE ? 0 : EAFNOSUPPORT;
		error = make_socket(AF_NETLINK, SOCK_RAW, protocol);
		if (error != expected)
			fprintf(stderr, "netlink %d: %d\n", protocol, error);
		bad += error != expected;
	}
	fflush(stderr);
	return (bad != 0);
}

JAIL_TC(jail_has_four_socket_families, "of all, and one protocol of netlink")
{
	vnet_instance(tc);
	for (int i = 0; i < 2; i++)
		ATF_CHECK_EQ(0, in_jail(attack_jail(attack_jails[i]),
		    try_families, NULL));
}

static int
packet_socket(void)
{
	return (make_socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)));
}

/* The kernel takes this old form for a packet socket as well. */
static int
old_packet_socket(void)
{
	return (make_socket(AF_INET, 10 /* SOCK_PACKET */, htons(ETH_P_ALL)));
}

static int
old_packet_socket_with_flags(void)
{
	return (make_socket(AF_INET, 10 | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    htons(ETH_P_ALL)));
}

static int
packet_socket_above_32_bits(void)
{
	return (make_socket(AF_PACKET | 1UL << 32, SOCK_RAW,
	    htons(ETH_P_ALL)));
}

static int
diag_socket(void)
{
	return (make_socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG));
}

static int
pair_of_inet(void)
{
	int fds[2];

	return (error_of(socketpair(AF_INET, SOCK_STREAM, 0, fds)));
}

static int
pair_of_unix(void)
{
	int fds[2];

	return (error_of(socketpair(AF_UNIX, SOCK_STREAM, 0, fds)));
}

static int
raw_socket(void)
{
	return (make_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}

JAIL_TC(C3_jail_cannot_see_packets_of_others, "by no form of packet socket")
{
	static const struct attack attacks[] = {
		{ "AF_PACKET", packet_socket, 0, EAFNOSUPPORT },
		{ "SOCK_PACKET", old_packet_socket, 0, EITHER },
		{ "SOCK_PACKET, flags", old_packet_socket_with_flags, 0,
		    EITHER },
		{ "AF_PACKET + 2^32", packet_socket_above_32_bits, UNKNOWN,
		    EAFNOSUPPORT },
		{ "socket diagnosis", diag_socket, 0, EAFNOSUPPORT },
		{ "socketpair INET", pair_of_inet, UNKNOWN, EAFNOSUPPORT },
		{ "socketpair UNIX", pair_of_unix, 0, 0 },
		{ "raw socket, which is allowed", raw_socket, 0, 0 },
	};

	vnet_instance(tc);
	ATTACK_ALL(attacks);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, jail_has_four_socket_families);
	ATF_TP_ADD_TC(tp, C3_jail_cannot_see_packets_of_others);
	return (atf_no_error());
}
