/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The parameters of a jail, one row each, and their raw values as jail_set(3)
 * takes them.
 */

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "jail_impl.h"

#define RAWLEN	4096
#define ALIASLEN	(1 << 24)	/* of any number of addresses */

const struct param params[P_MAX] = {
	[P_JID] = { "jid", JPT_INT, JP_CREATEONLY, 0, 0 },
	[P_NAME] = { "name", JPT_STRING, 0, 0, JAIL_NAMELEN },
	[P_PATH] = { "path", JPT_STRING, JP_CREATEONLY, 0, JAIL_PATHLEN },
	[P_CGROUP] = { "cgroup", JPT_STRING, JP_CREATEONLY, 0, JAIL_PATHLEN },
	[P_HOSTNAME] = { "host.hostname", JPT_STRING, 0, 0, 65 },
	[P_IP4] = { "ip4", JPT_JAILSYS, JP_CREATEONLY, 0, 0 },
	[P_IP6] = { "ip6", JPT_JAILSYS, JP_CREATEONLY, 0, 0 },
	[P_IP4_ADDR] = { "ip4.addr", JPT_IP4, 0, 0, 0 },
	[P_IP6_ADDR] = { "ip6.addr", JPT_IP6, 0, 0, 0 },
	[P_IP4_ALIAS] = { "ip4.alias", JPT_STRING, 0, 0, ALIASLEN },
	[P_IP6_ALIAS] = { "ip6.alias", JPT_STRING, 0, 0, ALIASLEN },
	[P_IP4_SADDRSEL] = { "ip4.saddrsel", JPT_BOOL, 0, PR_IP4_SADDRSEL, 0 },
	[P_IP6_SADDRSEL] = { "ip6.saddrsel", JPT_BOOL, 0, PR_IP6_SADDRSEL, 0 },
	[P_IP4_HOSTLISTEN] = { "ip4.hostlisten", JPT_BOOL, 0,
	    PR_IP4_HOSTLISTEN, 0 },
	[P_IP6_HOSTLISTEN] = { "ip6.hostlisten", JPT_BOOL, 0,
	    PR_IP6_HOSTLISTEN, 0 },
	[P_LOOPBACK] = { "loopback", JPT_LOOPBACK, JP_CREATEONLY, 0, 0 },
	[P_RAW_SOCKETS] = { "allow.raw_sockets", JPT_BOOL, 0,
	    PR_ALLOW_RAW_SOCKETS, 0 },
	[P_RESERVED_PORTS] = { "allow.reserved_ports", JPT_BOOL, 0,
	    PR_ALLOW_RESERVED_PORTS, 0 },
	[P_BROADCAST] = { "allow.broadcast", JPT_BOOL, 0,
	    PR_ALLOW_BROADCAST, 0 },
	[P_MULTICAST] = { "allow.multicast", JPT_BOOL, 0,
	    PR_ALLOW_MULTICAST, 0 },
	[P_PACKET_CAPTURE] = { "allow.packet_capture", JPT_BOOL, 0,
	    PR_ALLOW_PACKET_CAPTURE, 0 },
	[P_RAW_PROTOCOLS] = { "raw.protocols", JPT_STRING, 0, 0, RAWLEN },
	[P_RAW_ICMP] = { "raw.icmp_types", JPT_STRING, 0, 0, RAWLEN },
	[P_RAW_ICMP6] = { "raw.icmp6_types", JPT_STRING, 0, 0, RAWLEN },
	[P_NETLINK] = { "allow.netlink", JPT_BOOL, 0, PR_ALLOW_NETLINK, 0 },
	[P_CHFLAGS] = { "allow.chflags", JPT_BOOL, 0, PR_ALLOW_CHFLAGS, 0 },
	[P_MLOCK] = { "allow.mlock", JPT_BOOL, 0, PR_ALLOW_MLOCK, 0 },
	[P_READ_MSGBUF] = { "allow.read_msgbuf", JPT_BOOL, 0,
	    PR_ALLOW_READ_MSGBUF, 0 },
	[P_SET_HOSTNAME] = { "allow.set_hostname", JPT_BOOL, 0,
	    PR_ALLOW_SET_HOSTNAME, 0 },
	[P_SETTIME] = { "allow.settime", JPT_BOOL, 0, PR_ALLOW_SETTIME, 0 },
	[P_SOCKET_AF] = { "allow.socket_af", JPT_BOOL, 0,
	    PR_ALLOW_SOCKET_AF, 0 },
	[P_USERNS] = { "allow.userns", JPT_BOOL, 0, PR_ALLOW_USERNS, 0 },
	[P_CPU_SHARES] = { "cpu.shares", JPT_INT, 0, 0, 0 },
	[P_CPU_MAX] = { "cpu.max", JPT_INT, 0, 0, 0 },
	[P_CPUSET_CPUS] = { "cpuset.cpus", JPT_STRING, 0, 0, JAIL_CPUSLEN },
	[P_MEM_MAX] = { "mem.max", JPT_UINT64, 0, 0, 0 },
	[P_PIDS_MAX] = { "pids.max", JPT_INT, 0, 0, 0 },
	[P_CHILDREN_MAX] = { "children.max", JPT_INT, 0, 0, 0 },
	[P_PERSIST] = { "persist", JPT_BOOL, 0, PR_PERSIST, 0 },
	[P_INIT] = { "init", JPT_STRING, JP_CREATEONLY, 0, JAIL_INITLEN },
	[P_STOP_TIMEOUT] = { "stop.timeout", JPT_INT, JP_CREATEONLY, 0, 0 },
	[P_DYING] = { "dying", JPT_BOOL, JP_RDONLY, 0, 0 },
	[P_PARENT] = { "parent", JPT_INT, JP_RDONLY, 0, 0 },
	[P_CHILDREN_CUR] = { "children.cur", JPT_INT, JP_RDONLY, 0, 0 },
	[P_PROCESSES] = { "processes", JPT_INT, JP_RDONLY, 0, 0 },
	[P_CPU_USAGE] = { "cpu.usage", JPT_UINT64, JP_RDONLY, 0, 0 },
	[P_MEM_USAGE] = { "mem.usage", JPT_UINT64, JP_RDONLY, 0, 0 },
	[P_REFUSED] = { "refused", JPT_UINT64, JP_RDONLY, 0, 0 },
};

static int
find_exact(const char *name, size_t prefix, const char *rest)
{
	for (int i = 0; i < P_MAX; i++) {
		if (strncmp(params[i].name, name, prefix) == 0 &&
		    strcmp(params[i].name + prefix, rest) == 0)
			return (i);
	}
	return (-1);
}

/*
 * Find a parameter. "nopersist" and "allow.noraw_sockets" are the negations of
 * boolean ones. Returns its number or -1.
 */
int
param_find(const char *name, bool *ret_negated)
{
	const char *dot = strrchr(name, '.');
	size_t prefix = dot == NULL ? 0 : (size_t)(dot + 1 - name);
	int id = find_exact(name, prefix, name + prefix);

	*ret_negated = false;
	if (id == -1 && strncmp(name + prefix, "no", 2) == 0) {
		id = find_exact(name, prefix, name + prefix + 2);
		if (id != -1 && params[id].type != JPT_BOOL)
			id = -1;
		*ret_negated = id != -1;
	}
	if (id == -1)
		return (jail_fail(EINVAL, "unknown parameter: %.100s", name));
	return (id);
}

static int
check_string(const struct param *p, const char *base, size_t len)
{
	if (len == 0 || memchr(base, '\0', len) != base + len - 1)
		return (jail_fail(EINVAL, "%s: not a string", p->name));
	if (len > p->maxlen)
		return (jail_fail(ENAMETOOLONG, "%s: longer than %zu bytes",
		    p->name, p->maxlen - 1));
	return (0);
}

/* Is a raw value of the size that its type has? */
static int
check_raw(const struct param *p, const void *base, size_t len)
{
	size_t unit;

	switch (p->type) {
	case JPT_STRING:
		return (check_string(p, base, len));
	case JPT_IP4:
		unit = sizeof(struct in_addr);
		break;
	case JPT_IP6:
		unit = sizeof(struct in6_addr);
		break;
	default:
		unit = p->type == JPT_UINT64 ? sizeof(uint64_t) :
		    sizeof(int32_t);
		if (len != unit)
			return (jail_fail(EINVAL, "%s: value has the wrong "
			    "size", p->name));
		break;
	}
	if (len % unit != 0)
		return (jail_fail(EINVAL, "%s: value has the wrong size",
		    p->name));
	return (0);
}

static int
spec_add(struct spec *sp, const char *name, const struct iovec *value)
{
	static const int32_t no = 0, yes = 1;
	bool negated;
	int id;

	id = param_find(name, &negated);
	if (id == -1)
		return (-1);
	if (params[id].flags & JP_RDONLY)
		return (jail_fail(EINVAL, "%s: is read-only", name));
	if (sp->v[id].given)
		return (jail_fail(EINVAL, "%s: is given twice",
		    params[id].name));
	sp->v[id].given = true;
	sp->v[id].base = value->iov_base;
	sp->v[id].len = value->iov_len;
	if (params[id].type == JPT_BOOL && (negated ||
	    value->iov_base == NULL)) {
		sp->v[id].base = negated ? &no : &yes;
		sp->v[id].len = sizeof(no);
	} else if (value->iov_base == NULL && value->iov_len != 0)
		return (jail_fail(EINVAL, "%s: has no value", name));
	return (check_raw(&params[id], sp->v[id].base, sp->v[id].len));
}

static bool
is_name(const struct iovec *iov)
{
	return (iov->iov_base != NULL && iov->iov_len > 0 &&
	    ((char *)iov->iov_base)[iov->iov_len - 1] == '\0');
}

/* Read the pairs that jail_set() is given. */
int
spec_parse(struct spec *sp, const struct iovec *iov, unsigned int niov)
{
	memset(sp, 0, sizeof(*sp));
	if (niov % 2 != 0)
		return (jail_fail(EINVAL, "a parameter without a value"));
	for (unsigned int i = 0; i < niov; i += 2) {
		if (!is_name(&iov[i]))
			return (jail_fail(EINVAL, "a parameter's name is not "
			    "a string"));
		if (strcmp(iov[i].iov_base, "errmsg") == 0)
			continue;
		if (spec_add(sp, iov[i].iov_base, &iov[i + 1]) != 0)
			return (-1);
	}
	return (0);
}

int32_t
spec_int(const struct spec *sp, enum param_id id, int32_t dflt)
{
	int32_t value;

	if (!sp->v[id].given)
		return (dflt);
	memcpy(&value, sp->v[id].base, sizeof(value));
	return (value);
}

uint64_t
spec_uint64(const struct spec *sp, enum param_id id, uint64_t dflt)
{
	uint64_t value;

	if (!sp->v[id].given)
		return (dflt);
	memcpy(&value, sp->v[id].base, sizeof(value));
	return (value);
}

/* The string, or NULL if it was not given. */
const char *
spec_string(const struct spec *sp, enum param_id id)
{
	return (sp->v[id].given ? sp->v[id].base : NULL);
}

/* Copy the text of an error to where the caller asked for it. */
void
param_give_errmsg(struct iovec *iov, unsigned int niov)
{
	for (unsigned int i = 0; i + 1 < niov; i += 2) {
		if (iov[i].iov_base != NULL && iov[i + 1].iov_len > 0 &&
		    iov[i + 1].iov_base != NULL &&
		    strcmp(iov[i].iov_base, "errmsg") == 0)
			snprintf(iov[i + 1].iov_base, iov[i + 1].iov_len,
			    "%s", jail_errmsg);
	}
}
