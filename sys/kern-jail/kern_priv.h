/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What a jail may do that is no matter of addresses: kinds of sockets, ports,
 * devices. Decisions only; compiled for BPF and for native tests.
 */

#ifndef _KERN_PRIV_H_
#define _KERN_PRIV_H_

#include <linux/errno.h>
#include <linux/if_packet.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/types.h>
#include <linux/udp.h>

#include <sys/jail.h>

#define JAIL_SOCK_RAW	3	/* SOCK_RAW, from no header that BPF can use */
#define JAIL_CONNECTED	1	/* TCP_ESTABLISHED, whatever the protocol */
#define JAIL_AF_UNIX	1
#define JAIL_AF_INET	2
#define JAIL_AF_INET6	10
#define JAIL_AF_NETLINK	16
#define JAIL_AF_PACKET	17
#define JAIL_AF_RDS	21
#define JAIL_AF_PPPOX	24
#define JAIL_AF_RXRPC	33
#define JAIL_AF_SMC	43
#define JAIL_AF_XDP	44

/* Socket options, from no header that BPF can use beside <linux/in.h>. */
#define JAIL_SOL_SOCKET		1
#define JAIL_SO_REUSEADDR	2
#define JAIL_SO_BROADCAST	6
#define JAIL_SO_REUSEPORT	15
#define JAIL_SO_ATTACH_FILTER	26
#define JAIL_SO_DETACH_FILTER	27
#define JAIL_SO_MARK		36
#define JAIL_SOL_PACKET		263
#define JAIL_MRT_BASE		200	/* MRT_BASE and MRT6_BASE */

#define JAIL_PORT_RESERVED 1024	/* IPPORT_RESERVED */

/*
 * May the jail have a socket of this family?
 *
 * Returns 0, or EAFNOSUPPORT if the family is disabled or is none of IPv4 and
 * IPv6 (no other family comes here: seccomp has refused the rest).
 */
static inline int
prison_check_af(const struct prison *pr, int af)
{
	if (af == JAIL_AF_INET)
		return ((pr->pr_flags & PR_IP4) && pr->pr_nip4 == 0 ?
		    EAFNOSUPPORT : 0);
	if (af == JAIL_AF_INET6)
		return ((pr->pr_flags & PR_IP6) && pr->pr_nip6 == 0 ?
		    EAFNOSUPPORT : 0);
	return (EAFNOSUPPORT);
}

/*
 * May the jail have a socket of this family, of all that there are? Families
 * that carry IP packets in their own way know no jail; packet sockets are
 * confined where the broker makes them, and a jail with an adopted cgroup has
 * none.
 *
 * Returns 0 or EAFNOSUPPORT.
 */
static inline int
prison_check_family(const struct prison *pr, int family)
{
	switch (family) {
	case JAIL_AF_UNIX:
	case JAIL_AF_INET:
	case JAIL_AF_INET6:
	case JAIL_AF_NETLINK:
		return (0);
	case JAIL_AF_PACKET:
		return (pr->pr_flags & PR_ALLOW_PACKET_CAPTURE ? 0 :
		    EAFNOSUPPORT);
	case JAIL_AF_RDS:
	case JAIL_AF_PPPOX:
	case JAIL_AF_RXRPC:
	case JAIL_AF_SMC:
	case JAIL_AF_XDP:
		return (EAFNOSUPPORT);
	default:
		return (pr->pr_flags & (PR_ALLOW_SOCKET_AF | PR_ADOPTED) ? 0 :
		    EAFNOSUPPORT);
	}
}

/*
 * May the jail have a raw socket?
 *
 * Returns 0 or EPERM.
 */
static inline int
prison_check_raw(const struct prison *pr, int type)
{
	if (type == JAIL_SOCK_RAW && !(pr->pr_flags & PR_ALLOW_RAW_SOCKETS))
		return (EPERM);
	return (0);
}

/*
 * Do hooks see all that a socket of this kind can do? SCTP, MPTCP and SMC bind
 * and connect behind them, UDP-Lite connects. Raw sockets are judged by their
 * packets.
 *
 * Returns 0 or EPROTONOSUPPORT.
 */
static inline int
prison_check_proto(int type, int proto)
{
	if (type == JAIL_SOCK_RAW)
		return (0);
	switch (proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return (0);
	default:
		return (EPROTONOSUPPORT);
	}
}

/*
 * Is it an option to become a member of a group? The kernel tells the network
 * of that with an address of the host.
 */
static inline int
is_join(int level, int option)
{
	if (option == MCAST_JOIN_GROUP || option == MCAST_JOIN_SOURCE_GROUP)
		return (level == IPPROTO_IP || level == IPPROTO_IPV6);
	if (level == IPPROTO_IP)
		return (option == IP_ADD_MEMBERSHIP ||
		    option == IP_ADD_SOURCE_MEMBERSHIP);
	return (level == IPPROTO_IPV6 && option == IPV6_ADD_MEMBERSHIP);
}

/* Is it an option to be a member of a group no longer, whatever the source? */
static inline int
is_leave(int level, int option)
{
	if (option == MCAST_LEAVE_GROUP)
		return (level == IPPROTO_IP || level == IPPROTO_IPV6);
	return (level == IPPROTO_IP ? option == IP_DROP_MEMBERSHIP :
	    level == IPPROTO_IPV6 && option == IPV6_DROP_MEMBERSHIP);
}

/*
 * Is it an option by which the host would route, or not route, packets of
 * others? The kernel lets whoever has a raw socket be the multicast router
 * (MRT_INIT, MRT6_INIT and what follows), or take what bears a router alert out
 * of what is forwarded.
 */
static inline int
is_router(int level, int option)
{
	if (level != IPPROTO_IP && level != IPPROTO_IPV6)
		return (0);
	return (option >= JAIL_MRT_BASE || option ==
	    (level == IPPROTO_IP ? IP_ROUTER_ALERT : IPV6_ROUTER_ALERT));
}

/* Is it an option to be told of ICMP errors, whatever they are about? */
static inline int
is_recverr(int level, int option)
{
	return (level == IPPROTO_IP ? option == IP_RECVERR :
	    level == IPPROTO_IPV6 && option == IPV6_RECVERR);
}

/*
 * May a raw or "ping" socket of a jail be told of errors? The kernel asks no
 * hook before it tells, so only one that is connected, from an address of the
 * jail: it cannot be bound then, and one that was disconnected gets nothing any
 * more (__udp_disconnect() takes it out of the table of raw sockets). That is
 * not so of a "ping" socket. If the jail loses the address, the user half
 * disconnects it.
 *
 * Returns 0, or EACCES: it is to have no effect.
 */
static inline int
prison_check_recverr(int type, int state, int own)
{
	return (type == JAIL_SOCK_RAW && state == JAIL_CONNECTED && own ? 0 :
	    EACCES);
}

/*
 * May the jail set this option of a socket? Memberships are the host's business
 * where its addresses are not the jail's; SO_MARK is for the host's rules of
 * routing and filtering, and sockets with the addresses of others are for its
 * proxies; what comes for UDP_ENCAP the host's IPsec takes before the packet is
 * judged. SO_BROADCAST is set by many who never broadcast.
 *
 * Returns 0, EPERM, or EACCES: it is to have no effect, so that what it is for
 * fails with that.
 */
static inline int
prison_check_sockopt(const struct prison *pr, int level, int option)
{
	const __u32 restricted = pr->pr_flags &
	    (level == IPPROTO_IP ? PR_IP4 : PR_IP6);

	if (is_join(level, option) && restricted &&
	    !(pr->pr_flags & PR_ALLOW_MULTICAST))
		return (EPERM);
	if (level == IPPROTO_IPV6 && option == IPV6_JOIN_ANYCAST && restricted)
		return (EPERM);
	if (level == IPPROTO_IP ? option == IP_TRANSPARENT :
	    level == IPPROTO_IPV6 && option == IPV6_TRANSPARENT)
		return (EPERM);
	if (is_router(level, option) ||
	    (level == IPPROTO_UDP && option == UDP_ENCAP))
		return (EPERM);
	if (level != JAIL_SOL_SOCKET)
		return (0);
	if (option == JAIL_SO_BROADCAST &&
	    !(pr->pr_flags & PR_ALLOW_BROADCAST))
		return (EACCES);
	return (option == JAIL_SO_MARK ? EPERM : 0);
}

/*
 * May the jail set this option of a packet socket, which the broker gave it?
 * Its filter stays, so a program is to filter for itself; others have their
 * part of what an interface hears whatever this one does, and nothing is sent.
 *
 * Returns 0, EPERM, EOPNOTSUPP: so that the program does it itself; or EACCES:
 * it is to have no effect.
 */
static inline int
prison_check_packetopt(int level, int option)
{
	if (level == JAIL_SOL_SOCKET)
		return (option == JAIL_SO_ATTACH_FILTER ? EOPNOTSUPP :
		    option == JAIL_SO_DETACH_FILTER ? EACCES : 0);
	if (level != JAIL_SOL_PACKET)
		return (EPERM);
	switch (option) {
	case PACKET_ADD_MEMBERSHIP:
	case PACKET_DROP_MEMBERSHIP:
		return (EACCES);
	case PACKET_RX_RING:
	case PACKET_COPY_THRESH:
	case PACKET_AUXDATA:
	case PACKET_ORIGDEV:
	case PACKET_VERSION:
	case PACKET_HDRLEN:
	case PACKET_RESERVE:
	case PACKET_VNET_HDR:
	case PACKET_TIMESTAMP:
	case PACKET_IGNORE_OUTGOING:
		return (0);
	default:
		return (EPERM);
	}
}

/*
 * May a UNIX socket of the jail maker, used in the jail user, reach one of the
 * jail target by an abstract name? Jid 0 is the host, which may.
 *
 * Returns 0 or ECONNREFUSED, as if the name were not there.
 */
static inline int
prison_check_unix(__u32 maker, __u32 user, __u32 target)
{
	if (maker != 0 && maker != target)
		return (ECONNREFUSED);
	if (user != 0 && user != target)
		return (ECONNREFUSED);
	return (0);
}

/*
 * May the jail bind to this port (host byte order)? Port 0 asks for any.
 *
 * Returns 0 or EACCES.
 */
static inline int
prison_check_port(const struct prison *pr, __u16 port)
{
	if (port != 0 && port < JAIL_PORT_RESERVED &&
	    !(pr->pr_flags & PR_ALLOW_RESERVED_PORTS))
		return (EACCES);
	return (0);
}

/*
 * Is a device, to be made, read or written, one of those that every jail's
 * /dev has: null, zero, full, random, urandom, tty, ptmx, pts?
 *
 * Returns 0 or EPERM.
 */
static inline int
prison_check_dev(int ischr, __u32 major, __u32 minor)
{
	if (!ischr)
		return (EPERM);
	switch (major) {
	case 1:
		return (minor == 3 || minor == 5 || minor == 7 || minor == 8 ||
		    minor == 9 ? 0 : EPERM);
	case 5:
		return (minor == 0 || minor == 2 ? 0 : EPERM);
	case 136:
		return (0);
	default:
		return (EPERM);
	}
}

#endif /* !_KERN_PRIV_H_ */
