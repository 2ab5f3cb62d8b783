/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Attempts with raw and packet sockets, and the mark that tells where in the
 * capture an attempt ends.
 */

#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <netpacket/packet.h>

#include <arpa/inet.h>
#include <err.h>
#include <libnet.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "try.h"

#define ETHERTYPE_MARK	0x88b5	/* IEEE's for local experiments */
#define MESSAGE_MAX	2048
#define HEAR_MS		10000

/* A datagram in which nothing but the addresses matters. */
static const uint8_t payload[] = "try";

static void
build(libnet_t *l, const char *source, const char *target)
{
	const uint16_t len = LIBNET_UDP_H + sizeof(payload);
	bool ip4 = strchr(source, ':') == NULL;

	libnet_build_udp(TRY_PORT, TRY_DISCARD, len, 0, payload,
	    sizeof(payload), l, 0);
	if (ip4)
		libnet_build_ipv4(LIBNET_IPV4_H + len, 0, 1, 0, 64,
		    IPPROTO_UDP, 0, libnet_name2addr4(l, (char *)source,
		    LIBNET_DONT_RESOLVE), libnet_name2addr4(l, (char *)target,
		    LIBNET_DONT_RESOLVE), NULL, 0, l, 0);
	else
		libnet_build_ipv6(0, 0, len, IPPROTO_UDP, 64,
		    libnet_name2addr6(l, source, LIBNET_DONT_RESOLVE),
		    libnet_name2addr6(l, target, LIBNET_DONT_RESOLVE), NULL,
		    0, l, 0);
}

/* Write the IP header ourselves, source and all. */
const char *
try_raw(char **args)
{
	char text[LIBNET_ERRBUF_SIZE];
	union addr source;
	libnet_t *l;

	parse_addr(&source, args[0], 0);
	l = libnet_init(source.sa.sa_family == AF_INET ? LIBNET_RAW4 :
	    LIBNET_RAW6, NULL, text);
	if (l == NULL)
		errx(2, "libnet: %s", text);
	build(l, args[0], args[1]);
	if (*libnet_geterror(l) != '\0')
		errx(2, "libnet: %s", libnet_geterror(l));
	return (libnet_write(l) != -1 ? "sent" : NULL);
}

/* The type of the ICMP message in what a raw socket read. */
static int
icmp_type(int af, const uint8_t *message, ssize_t len)
{
	const struct iphdr *ip = (const struct iphdr *)message;
	ssize_t skip = 0;

	if (af == AF_INET)
		skip = len < (ssize_t)sizeof(*ip) ? len : ip->ihl * 4;
	return (len > skip ? message[skip] : -1);
}

static int
count_replies(int fd, int af)
{
	const int reply = af == AF_INET ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY;
	uint8_t message[MESSAGE_MAX];
	ssize_t len;
	int n = 0;

	while ((len = recv(fd, message, sizeof(message), MSG_DONTWAIT)) != -1)
		n += icmp_type(af, message, len) == reply;
	return (n);
}

/*
 * Count the echo replies that a raw socket, bound to no address, is given until
 * standard input ends. Says when it listens.
 */
const char *
try_hear(char **args)
{
	static char text[32];
	int af = strcmp(args[0], "inet") == 0 ? AF_INET : AF_INET6;
	struct pollfd in = { .fd = 0, .events = POLLIN };
	int fd;

	fd = socket(af, SOCK_RAW, af == AF_INET ? IPPROTO_ICMP :
	    IPPROTO_ICMPV6);
	if (fd == -1)
		return (NULL);
	puts("ready");
	fflush(stdout);
	if (poll(&in, 1, HEAR_MS) != 1)
		errx(2, "standard input does not end");
	snprintf(text, sizeof(text), "%d heard", count_replies(fd, af));
	return (text);
}

const char *
try_packet(char **args)
{
	(void)args;
	return (socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)) != -1 ?
	    "opened" : NULL);
}

/* A frame that has no IP address in it. */
const char *
try_mark(char **args)
{
	struct sockaddr_ll sll = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETHERTYPE_MARK), .sll_halen = ETH_ALEN,
		.sll_addr = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };
	int fd = socket(AF_PACKET, SOCK_DGRAM, 0);

	sll.sll_ifindex = if_nametoindex(args[0]);
	if (fd == -1 || sll.sll_ifindex == 0)
		err(2, "%s", args[0]);
	if (sendto(fd, payload, sizeof(payload), 0, (struct sockaddr *)&sll,
	    sizeof(sll)) == -1)
		err(2, "%s", args[0]);
	return ("marked");
}
