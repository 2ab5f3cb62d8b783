/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Error texts.
 */

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

const char *
jail_strreason(int reason)
{
	static const char *const text[JR_MAX] = {
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
		[JR_FOREIGNSOCK] = "socket was not made in a jail",
		[JR_UNIXNAME] = "abstract UNIX name is not the jail's",
		[JR_SOCKOPT] = "socket option is not for a jail to set",
		[JR_LINK] = "packet sockets of a jail do not send",
		[JR_RAWPROTO] = "protocol of tunnels or routers",
		[JR_ICMPTYPE] = "ICMP message that is not for a jail",
		[JR_IPOPTION] = "source route or routing header",
		[JR_FRAGMENT] = "fragment of what is to be seen whole",
		[JR_NOBUFS] = "a table of the kernel half is full",
	};

	if (reason < 0 || reason >= JR_MAX || text[reason] == NULL)
		return ("unknown reason");
	return (text[reason]);
}
