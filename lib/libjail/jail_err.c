/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Error texts, and reasons in words.
 */

#include <sys/socket.h>

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "jail_impl.h"

_Thread_local char jail_errmsg[JAIL_ERRMSGLEN];

int
jail_fail(int error, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(jail_errmsg, sizeof(jail_errmsg), fmt, ap);
	va_end(ap);
	for (char *p = jail_errmsg; *p != '\0'; p++) {
		if (iscntrl((unsigned char)*p))
			*p = '?';
	}
	errno = error;
	return (-1);
}

/* The rule in words, and what to do about it. */
static const char *const reasons[JR_MAX] = {
	[JR_NONE] = "not refused",
	[JR_NOPRISON] = "the jail is gone",
	[JR_NOFAMILY] = "the jail has no address of this family",
	[JR_LOCALADDR] = "local address is not the jail's",
	[JR_SRCADDR] = "source address is not the jail's",
	[JR_DSTADDR] = "destination address is not the jail's",
	[JR_LOOPBACK] = "destination is the host's loopback",
	[JR_RAWSOCK] = "raw sockets need allow.raw_sockets",
	[JR_PROTO] = "this protocol cannot be confined",
	[JR_RESVPORT] = "ports below 1024 need allow.reserved_ports",
	[JR_MALFORMED] = "not a whole IP packet",
	[JR_DEVICE] = "device is not one of the jail's /dev",
	[JR_SYSCTL] = "sysctls are read-only in a jail",
	[JR_FOREIGNSOCK] = "socket is of no jail, or of one that is gone",
	[JR_UNIXNAME] = "abstract UNIX name is not the jail's",
	[JR_NOBUFS] = "a table of the kernel half is full",
	[JR_SOCKOPT] = "socket option is not for a jail to set",
	[JR_LINK] = "packet sockets of a jail do not send",
	[JR_RAWPROTO] = "protocol that raw.protocols leaves out",
	[JR_ICMPTYPE] = "ICMP type not in raw.icmp_types or raw.icmp6_types",
	[JR_IPOPTION] = "source route or routing header",
	[JR_FRAGMENT] = "fragment of what is to be seen whole",
	[JR_NOLISTENER] = "no socket of the jail has the port",
};

static const char *const advice[JR_MAX] = {
	[JR_NONE] = "nothing is to be done",
	[JR_NOPRISON] = "make the jail anew and start the program in it",
	[JR_NOFAMILY] = "give the jail an address: ip4.addr or ip6.addr",
	[JR_LOCALADDR] = "bind to an address of the jail, or add this one to "
	    "ip4.addr or ip6.addr",
	[JR_SRCADDR] = "send from an address of the jail: ping -I, "
	    "traceroute -s, or jping and jtrace",
	[JR_DSTADDR] = "add the address to ip4.addr or ip6.addr; of groups, "
	    "set allow.multicast and join",
	[JR_LOOPBACK] = "use 127.0.0.1 or ::1, or set loopback=host",
	[JR_RAWSOCK] = "set allow.raw_sockets",
	[JR_PROTO] = "use TCP, UDP or ICMP",
	[JR_RESVPORT] = "set allow.reserved_ports, or use a port from 1024 up",
	[JR_MALFORMED] = "mend what made the packet",
	[JR_DEVICE] = "do without: a jail has null, zero, full, random, "
	    "urandom, tty, ptmx and pts",
	[JR_SYSCTL] = "set it on the host",
	[JR_FOREIGNSOCK] = "make the socket inside the jail",
	[JR_UNIXNAME] = "use a socket with a path, or put both into one jail",
	[JR_NOBUFS] = "close some sockets: the table is that of all jails",
	[JR_SOCKOPT] = "do without, or see allow.broadcast and "
	    "allow.multicast",
	[JR_LINK] = "send from a raw IP socket: allow.raw_sockets",
	[JR_RAWPROTO] = "run tunnels and routing daemons on the host, or add "
	    "to raw.protocols",
	[JR_ICMPTYPE] = "send what these have, or add the type",
	[JR_IPOPTION] = "leave the route to routers",
	[JR_FRAGMENT] = "have the kernel make fragments",
	[JR_NOLISTENER] = "listen in the jail, or let the host: "
	    "ip4.hostlisten, ip6.hostlisten",
};

static const char *
text_of(const char *const texts[JR_MAX], int reason)
{
	if (reason < 0 || reason >= JR_MAX || texts[reason] == NULL)
		return ("unknown reason");
	return (texts[reason]);
}

const char *
jail_strreason(int reason)
{
	return (text_of(reasons, reason));
}

const char *
jail_stradvice(int reason)
{
	return (text_of(advice, reason));
}

int
jail_reason(int s)
{
	int reason = JR_NONE;
	socklen_t len = sizeof(reason);

	if (getsockopt(s, SOL_SOCKET, JAIL_SO_REASON, &reason, &len) != 0 ||
	    len != sizeof(reason))
		return (JR_NONE);
	return (reason);
}
