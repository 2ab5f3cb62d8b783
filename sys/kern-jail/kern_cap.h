/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What root in a jail keeps of root's privileges. A decision only; compiled for
 * BPF and for the user half, which has the bounding set after it.
 */

#ifndef _KERN_CAP_H_
#define _KERN_CAP_H_

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/types.h>

#include <sys/jail.h>

#define PRIV_KEPT	(~0U)	/* whatever the jail's parameters are */

/*
 * By capability, the flags of which a jail has one to keep it; what has no row
 * is lost. FreeBSD's jailed root keeps two more: to trace the processes of
 * others (CAP_SYS_PTRACE), by which one could get hold of a process that is
 * just entering, and of what it has open; and to exceed limits of resources
 * (CAP_SYS_RESOURCE), which is also what keeps the OOM killer away.
 */
static const __u32 priv_caps[] = {
	[CAP_CHOWN] = PRIV_KEPT,
	[CAP_DAC_OVERRIDE] = PRIV_KEPT,
	[CAP_FOWNER] = PRIV_KEPT,
	[CAP_FSETID] = PRIV_KEPT,
	[CAP_KILL] = PRIV_KEPT,
	[CAP_SETGID] = PRIV_KEPT,
	[CAP_SETUID] = PRIV_KEPT,
	[CAP_SETPCAP] = PRIV_KEPT,
	[CAP_SYS_CHROOT] = PRIV_KEPT,
	[CAP_LINUX_IMMUTABLE] = PR_ALLOW_CHFLAGS,
	[CAP_NET_BIND_SERVICE] = PR_ALLOW_RESERVED_PORTS,
	[CAP_NET_RAW] = PR_ALLOW_RAW_SOCKETS | PR_ALLOW_PACKET_CAPTURE,
	[CAP_IPC_LOCK] = PR_ALLOW_MLOCK,
	[CAP_SYS_TIME] = PR_ALLOW_SETTIME,
	[CAP_SYSLOG] = PR_ALLOW_READ_MSGBUF,
};

/*
 * Does root in a jail with these PR_* flags keep the capability?
 *
 * Returns 0 or EPERM.
 */
static inline int
prison_priv_check(__u32 prflags, unsigned int cap)
{
	if (cap >= sizeof(priv_caps) / sizeof(priv_caps[0]))
		return (EPERM);
	return (priv_caps[cap] & prflags || priv_caps[cap] == PRIV_KEPT ? 0 :
	    EPERM);
}

#endif /* !_KERN_CAP_H_ */
