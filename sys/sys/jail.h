/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The contract between the kernel half (sys/) and the user half (lib/libjail).
 * Nothing else is shared. It is compiled for BPF and for user space.
 *
 * A jail is a cgroup (v2) directly below the netjail root cgroup, plus what the
 * maps below say about that cgroup. Maps are pinned by their names; the kernel
 * half only reads them, but for the last ones, from sock_binds on.
 *
 *	prisons		cgroup id -> struct prison	what a packet or a
 *							call is judged by
 *	prison_infos	jid -> struct prison_info	what only people read
 *	prison_names	name, NUL-padded -> jid
 *	prison_ip4s	struct prison_ip4_key -> struct prison_ip4
 *	prison_ip6s	struct prison_ip6_key -> struct prison_ip6
 *	ip4_owners	IPv4 address -> struct ip_owner
 *	ip6_owners	struct jail_in6 -> struct ip_owner
 *	ip4_nets	struct ip4_net -> struct ip4_source
 *	ip6_nets	struct ip6_net -> struct ip6_source
 *	ip_aliases	struct ip_alias_key -> struct ip_alias
 *	jail_globals	0 -> struct jail_globals
 *	event_readers	0 -> until when events are wanted, or 0
 *	sock_binds	socket -> struct sock_bind
 *	sock_groups	socket -> struct sock_groups
 *	sock_noports	socket -> is IP_BIND_ADDRESS_NO_PORT set?
 *	ports		struct port_key -> struct port
 *	listeners	struct listener_key -> TCP socket
 *	wide_udp	struct listener_key -> UDP socket
 *	refusals	struct refusal_key -> number of refusals
 *	sock_reasons	socket -> enum jail_reason, of what it was last refused
 *	events		struct jail_event after struct jail_event, a ring
 *	events_lost	0 -> number of those that found no room
 *	signal_marks	struct signal_mark_key -> struct signal_mark
 *
 * Byte order: every address is in network byte order, every other integer in
 * that of the host. An IPv4 address never appears as a v4-mapped IPv6 address.
 *
 * Address sets. A set is a number that was never used before; it is the first
 * part of the keys in prison_ip4s and prison_ip6s, and number 0 is the set that
 * has no member. A set does not change once a prison names it: to change a
 * jail's addresses, a new set is filled and then the prison is replaced, which
 * every packet sees either before or after. The first address of a set is the
 * primary; the others follow in the order in which they were given, each entry
 * naming the next one. A set of two or more has entries in ip4_nets or
 * ip6_nets, which say for every destination, by its longest prefix, which
 * member is the source; the first one is that of the prefix of length 0.
 *
 * Jails in jails. A jail's name is that of its parent, a dot and a last part;
 * its cgroup is beside its parent's. Its set is inside its parent's, if that is
 * restricted, or is that (PR_IP4_PARENT: it has the number of its parent's set,
 * and the ports). Of those who have an address, the innermost is the owner in
 * ip4_owners or ip6_owners; what it has no port for goes to its parent, and so
 * on outwards.
 *
 * Adopted cgroups. A jail may have a cgroup that somebody else made, with all
 * those below it (PR_ADOPTED): the programs are attached to that as well, and
 * its id is the key in prisons. It is confined to addresses, and not otherwise.
 *
 * Ports. Each jail, and the host, has a name space of ports of its own, for
 * each family; jails that share an address share it, unless one is in the
 * other. A TCP socket that asks for
 * a port is given another one of the kernel's, by which only the kernel knows
 * it. ports tells which, and who of the jail has the port; listeners has those
 * who listen, by the port that they asked for, and what comes for an address of
 * a jail is looked up there and nowhere else. A UDP socket has the port that it
 * asks for.
 *
 * Loopback. A jail's 127.0.0.1 and ::1 are, to the kernel, an address in 127/8
 * and one on the loopback interface that no other jail has, pr_lo4 and pr_lo6.
 * They have entries in ip4_owners and ip6_owners, but are in no set: a packet
 * that has one of them stays in the jail.
 *
 * Who writes: user space holds flock(2) on the netjail root cgroup's directory
 * around every change. A change of several steps is announced in jail_globals
 * before its first step and taken back from there after its last, so whoever
 * next gets the lock finds and clears what a killed process left.
 */

#ifndef _SYS_JAIL_H_
#define _SYS_JAIL_H_

#include <linux/types.h>
#include <stddef.h>

/* Changes whenever anything below changes its form. */
#define JAIL_VERSION	9

/* Limits. They bound memory only; no path is slower when they are near. */
#define JAIL_MAX	999999	/* the largest jid; the smallest is 1 */
#define JAIL_NPRISONS	131072	/* jails at one time */
#define JAIL_DEPTH	8	/* a jail in the host has depth 1 */
#define JAIL_NIPS	262144	/* addresses of a family, in all jails */
#define JAIL_NPORTS	262144	/* ports that sockets have, two or three each */
#define JAIL_NLISTENERS	131072	/* sockets that listen, in all jails */
#define JAIL_NWIDE	16384	/* UDP sockets, sent fragments or errors */
#define JAIL_NSLOTS	64	/* of a SO_REUSEPORT group that are looked at */
#define JAIL_NGROUPS	20	/* groups of a socket, as many as on Linux */
#define JAIL_NREFUSALS	262144	/* different struct refusal_key */
#define JAIL_EVENTBYTES	262144	/* of the ring: a power of 2, whole pages */
#define JAIL_NMARKS	262144	/* processes that get one signal */
#define JAIL_NAMELEN	256	/* these six include the final NUL */
#define JAIL_HOSTLEN	72
#define JAIL_COMMLEN	16
#define JAIL_PATHLEN	1024
#define JAIL_CPUSLEN	128
#define JAIL_INITLEN	256
#define JAIL_NPIDS	4194304	/* the largest pids.max */

/* What jail_set(3) and jail_get(3) are asked to do; values are FreeBSD's. */
#define JAIL_CREATE	0x01	/* the jail must not exist yet ... */
#define JAIL_UPDATE	0x02	/* ... or must; with both, either will do */
#define JAIL_ATTACH	0x04	/* put the caller into the jail */
#define JAIL_DYING	0x08	/* accepted; a jail here is gone at once */
#define JAIL_ADDADDR	0x100	/* ip4.addr, ip6.addr: add to the set ... */
#define JAIL_DELADDR	0x200	/* ... or take out of it; not on FreeBSD */

/* How a jail gets a family of addresses: ip4=, ip6=. Values are FreeBSD's. */
#define JAIL_SYS_DISABLE 0	/* no address of the family, no sockets */
#define JAIL_SYS_NEW	 1	/* its own set */
#define JAIL_SYS_INHERIT 2	/* all that its parent, or the host, has */

/*
 * The addresses of private loopbacks, the jid in the last bits: 127.64.0.0/12
 * and, a locally assigned prefix of RFC 4193, fd6a:6169:6c6c:6f::/96. Halves of
 * that in host byte order.
 */
#define JAIL_LO4	0x7f400000
#define JAIL_LO6_0	0xfd6a6169
#define JAIL_LO6_1	0x6c6c006f

/*
 * The priority of what a jail sends to its own, the jid in the last bits. Who
 * has no privilege can set 0 to 6 (SO_PRIORITY in socket(7)).
 */
#define JAIL_LO_PRIORITY 0x6a000000

/* What 127.0.0.1 and ::1 are to a jail: loopback=. Not on FreeBSD. */
#define JAIL_LO_PRIVATE	0	/* the jail's own loopback */
#define JAIL_LO_PRIMARY	1	/* its primary address, as on FreeBSD */
#define JAIL_LO_HOST	2	/* the host's loopback */

/* prison.pr_flags */
#define PR_PERSIST		0x0001	/* stays without processes */
#define PR_IP4			0x0002	/* IPv4 restricted to pr_ip4s */
#define PR_IP6			0x0004	/* IPv6 restricted to pr_ip6s */
#define PR_IP4_SADDRSEL		0x0008	/* source by ip4_nets, not primary */
#define PR_IP6_SADDRSEL		0x0010
#define PR_ALLOW_RAW_SOCKETS	0x0020
#define PR_ALLOW_RESERVED_PORTS	0x0040	/* ports below IPPORT_RESERVED */
#define PR_IP4_HOSTLISTEN	0x0080	/* where the jail does not listen, */
#define PR_IP6_HOSTLISTEN	0x0100	/* the host may */
#define PR_LO_PRIMARY		0x0200	/* loopback=primary */
#define PR_LO_HOST		0x0400	/* loopback=host */
#define PR_ALLOW_BROADCAST	0x0800	/* SO_BROADCAST */
#define PR_ALLOW_NETLINK	0x1000	/* NETLINK_ROUTE, to read */
#define PR_ALLOW_MULTICAST	0x2000	/* groups, for UDP and raw sockets */
#define PR_IP4_PARENT		0x4000	/* with PR_IP4: its parent's set */
#define PR_IP6_PARENT		0x8000
#define PR_ALLOW_PACKET_CAPTURE	0x10000	/* packet sockets, to hear */
#define PR_RAW_NARROW		0x20000	/* pr_raw is without TCP or UDP */
#define PR_ALLOW_CHFLAGS	0x40000	/* immutable files */
#define PR_ALLOW_MLOCK		0x80000	/* memory beyond RLIMIT_MEMLOCK */
#define PR_ALLOW_READ_MSGBUF	0x100000 /* the kernel's messages */
#define PR_ALLOW_SETTIME	0x200000 /* the machine's clock */
#define PR_ALLOW_SOCKET_AF	0x400000 /* families that carry no IP */
#define PR_ALLOW_USERNS		0x800000 /* user namespaces */
#define PR_ALLOW_SET_HOSTNAME	0x1000000 /* its own host name */
#define PR_ADOPTED		0x2000000 /* its cgroup is somebody else's */

/* What a jail cannot have if its parent has not. */
#define PR_ALLOW	(PR_ALLOW_RAW_SOCKETS | PR_ALLOW_RESERVED_PORTS | \
	PR_ALLOW_BROADCAST | PR_ALLOW_MULTICAST | PR_ALLOW_NETLINK | \
	PR_ALLOW_PACKET_CAPTURE | PR_ALLOW_CHFLAGS | PR_ALLOW_MLOCK | \
	PR_ALLOW_READ_MSGBUF | PR_ALLOW_SETTIME | PR_ALLOW_SOCKET_AF | \
	PR_ALLOW_USERNS | PR_ALLOW_SET_HOSTNAME)

/* An IPv6 address. */
struct jail_in6 {
	__be32 s6[4];
};

/*
 * What raw sockets of a jail send and get: bit n is protocol n, or type n of
 * ICMP. Of that, errors and replies come in anyway.
 */
struct raw_policy {
	__u64 rp_protocols[4];
	__u64 rp_icmp4[4];
	__u64 rp_icmp6[4];
};

/*
 * What a jail begins with: no protocol that carries packets of its own, or by
 * which routers and switches agree (IGMP, IPIP, EGP, IGP, IPv6, RSVP, GRE, ESP,
 * AH, MOBILE; EIGRP, OSPF, MTP, ETHERIP, ENCAP, PIM, VRRP, L2TP, IS-IS;
 * mobility, MPLS); echo with its replies, and timestamps.
 */
#define RAW_BIT(n)	(1ULL << ((n) & 63))
#define RAW_POLICY_DEFAULT { \
	.rp_protocols = { \
		~(RAW_BIT(2) | RAW_BIT(4) | RAW_BIT(8) | RAW_BIT(9) | \
		RAW_BIT(41) | RAW_BIT(46) | RAW_BIT(47) | RAW_BIT(50) | \
		RAW_BIT(51) | RAW_BIT(55)), \
		~(RAW_BIT(88) | RAW_BIT(89) | RAW_BIT(92) | RAW_BIT(94) | \
		RAW_BIT(97) | RAW_BIT(98) | RAW_BIT(103) | RAW_BIT(108) | \
		RAW_BIT(112) | RAW_BIT(115) | RAW_BIT(124)), \
		~(RAW_BIT(131) | RAW_BIT(135) | RAW_BIT(137) | \
		RAW_BIT(143) | RAW_BIT(144)), \
		~0ULL, \
	}, \
	.rp_icmp4 = { RAW_BIT(0) | RAW_BIT(8) | RAW_BIT(13) }, \
	.rp_icmp6 = { 0, 0, RAW_BIT(128) | RAW_BIT(129) }, \
}

/*
 * A jail as the kernel half sees it. PR_IP4 set and pr_nip4 zero means that the
 * family is disabled; the same for IPv6. Replaced whole, never written in
 * place. A packet needs the first cache line alone.
 */
struct prison {
	__u32 pr_version;	/* JAIL_VERSION */
	__u32 pr_id;		/* jid */
	__u32 pr_flags;		/* PR_* */
	__be32 pr_ip4;		/* primary address, 0 if none */
	__u64 pr_ip4s;		/* set, or 0 */
	__u64 pr_ip6s;		/* set, or 0 */
	__u32 pr_nip4;		/* members of pr_ip4s */
	__u32 pr_nip6;		/* members of pr_ip6s */
	struct jail_in6 pr_ip6;	/* primary address, :: if none */
	__be32 pr_lo4;		/* what 127.0.0.1 is, 0: not private */
	__u32 pr_pad;
	__u64 pr_netns;		/* SO_NETNS_COOKIE of where it is */
	__u64 pr_ports4;	/* name space of its ports, as a set a number */
	__u64 pr_ports6;	/* that was never used before */
	struct jail_in6 pr_lo6;	/* what ::1 is, ::: not private */
	__u64 pr_parent;	/* key in prisons of its parent, 0: the host */
	__u32 pr_nchildren;	/* jails in it, and in these, and so on */
	__u32 pr_childmax;	/* no more than so many */
	struct raw_policy pr_raw;
};

/* What a jail is beside that. Strings end in NUL and are padded with NUL. */
struct prison_info {
	__u32 pi_version;	/* JAIL_VERSION */
	__u32 pi_id;		/* jid */
	__u64 pi_cgroup;	/* key in prisons */
	__u32 pi_initpid;	/* host's pid of its pid 1; 0: none yet */
	__u32 pi_cpu_shares;	/* weight 1..10000 */
	__u32 pi_parent;	/* jid of its parent, 0: the host */
	__u32 pi_cpu_max;	/* percent of a processor; 0, also below: */
	__u64 pi_mem_max;	/* bytes; ... no limit */
	__u32 pi_pids_max;	/* processes and threads */
	__u32 pi_stop_timeout;	/* seconds that its init has to stop it */
	char pi_cpus[JAIL_CPUSLEN]; /* processors, "0-3,5"; "": all */
	char pi_name[JAIL_NAMELEN];
	char pi_hostname[JAIL_HOSTLEN];
	char pi_path[JAIL_PATHLEN]; /* its root; PR_ADOPTED: its cgroup */
	char pi_init[JAIL_INITLEN]; /* what its pid 1 starts, "": nothing */
};

struct prison_ip4_key {
	__u64 set;
	__be32 addr;
	__u32 pad;		/* 0 */
};

struct prison_ip4 {
	__be32 next;		/* next address of the set, 0 at the end */
};

struct prison_ip6_key {
	__u64 set;
	struct jail_in6 addr;
};

struct prison_ip6 {
	struct jail_in6 next;	/* next address of the set, :: at the end */
};

/*
 * Which jail has an address. Several may, if each of them has this address
 * alone or is in another; jid is then one of the innermost, and shared stays
 * set while there was one that is neither in it nor around it.
 */
struct ip_owner {
	__u32 jid;
	__u16 shared;		/* 0 or 1 */
	__u16 nested;		/* 1: its parent has the address too */
	__u64 ports;		/* the owner's pr_ports4 or pr_ports6 */
};

/*
 * Source address by longest prefix (BPF_MAP_TYPE_LPM_TRIE): prefixlen counts
 * the bits of set, all 64, and those of addr.
 */
struct ip4_net {
	__u32 prefixlen;
	__u32 set[2];		/* the halves of the number, as in memory */
	__be32 addr;
};

struct ip6_net {
	__u32 prefixlen;
	__u32 set[2];
	struct jail_in6 addr;
};

/* The member, and the set's next prefix. */
struct ip4_source {
	__be32 addr;
	__be32 next;
	__u32 nextlen;		/* its length, JAIL_NOPREFIX at the end */
};

struct ip6_source {
	struct jail_in6 addr;
	struct jail_in6 next;
	__u32 nextlen;
};

#define JAIL_NOPREFIX	0xffffffff

/*
 * A member that netjail has put on an interface, and is to take from there. The
 * kernel half does not look. If that could not be done, since it was elsewhere,
 * JAIL_ORPHAN and the network namespace stand for the set.
 */
#define JAIL_ORPHAN	(1ULL << 63)

struct ip_alias_key {
	__u64 set;
	struct jail_in6 addr;	/* an IPv4 address is v4-mapped here */
};

struct ip_alias {
	__u64 netns;		/* SO_NETNS_COOKIE */
	__u32 ifindex;
	__u32 prefix;		/* length */
};

/*
 * A port that a socket of a jail asked for, or was given because it asked for
 * any: once with the address that it asked for, :: and ::ffff:0.0.0.0 among
 * them, and once with PORT_TOTAL for all addresses of the family. The kernel's
 * port of a TCP socket is there with PORT_KERNELS.
 */
struct port_key {
	__u64 netns;		/* SO_NETNS_COOKIE */
	__u64 ports;		/* pr_ports4 or pr_ports6 */
	struct jail_in6 addr;	/* an IPv4 address is v4-mapped here */
	__u16 port;
	__u8 proto;		/* IPPROTO_TCP, IPPROTO_UDP */
	__u8 kind;		/* PORT_*; addr is :: but with PORT_ADDR */
	__u32 family;		/* 4 or 6 */
};

#define PORT_ADDR	0
#define PORT_TOTAL	1
#define PORT_KERNELS	2
#define PORT_KINDS	3

/*
 * Sockets that have the port. How many there are, and how many of them are so,
 * is in one word, to change at once: PORT_SOCKETS and the other fields of 12
 * bits. PORT_LIFE, of 16, is a number at random that tells this entry from the
 * next one in the same memory. It is PORT_DEAD while the entry is dropped.
 */
struct port {
	__u64 count;
	__u32 uid;		/* SO_REUSEPORT: the first one's user */
	__u32 real;		/* the kernel's port; with PORT_ADDR */
	struct jail_in6 bound;	/* its address, the first one's; the same */
};

#define PORT_SOCKETS	0	/* shifts */
#define PORT_REUSE	12	/* SO_REUSEADDR */
#define PORT_REUSEPORT	24	/* SO_REUSEPORT */
#define PORT_LISTEN	36	/* listening */
#define PORT_LIFE	48
#define PORT_FIELD	0xfff
#define PORT_DEAD	0xffffffffffffffffULL

/* What a socket asked for in bind(2). */
struct sock_bind {
	struct port_key key;	/* PORT_ADDR */
	__u32 flags;		/* SB_* */
	__u32 uid;
	__u64 ports4;		/* IPv6: pr_ports4 */
	__u32 real;		/* SB_HELD: the kernel's port */
	__u32 pad;
};

#define SB_HELD		0x01	/* it is counted in ports */
#define SB_REUSE	0x02
#define SB_REUSEPORT	0x04
#define SB_LISTEN	0x08
#define SB_ANY		0x10	/* it asked for no address in particular */
#define SB_DUAL		0x20	/* an IPv6 one, which takes IPv4 too */

/* Groups that a socket has joined; an IPv4 one is v4-mapped, :: is none. */
struct sock_groups {
	struct jail_in6 group[JAIL_NGROUPS];
	__be32 from;		/* IP_MULTICAST_IF, 0: it names no address */
};

/*
 * Sockets that listen on one address, or on all (:: or ::ffff:0.0.0.0), have
 * numbers from 0 in no order: those of a SO_REUSEPORT group. One is enough to
 * find, the kernel chooses among the group. An IPv6 socket that takes IPv4 too
 * is there twice. UDP sockets on all addresses are in wide_udp, with number 0,
 * if they are known to be sent fragments, or errors.
 */
struct listener_key {
	__u64 netns;
	__u64 ports;
	struct jail_in6 addr;
	__u16 port;
	__u16 slot;
	__u32 pad;		/* 0 */
};

/*
 * Why the kernel half said no. A number keeps its meaning for ever; a reason
 * that is no longer given leaves its number unused.
 */
enum jail_reason {
	JR_NONE = 0,
	JR_NOPRISON = 1,	/* the socket's or the task's jail is gone */
	JR_NOFAMILY = 2,	/* the jail has no address of this family */
	JR_LOCALADDR = 3,	/* bind or cmsg: address not in the set */
	JR_SRCADDR = 4,		/* packet out: source not in the set */
	JR_DSTADDR = 5,		/* packet in: destination not in the set */
	JR_LOOPBACK = 6,	/* destination is the host's loopback */
	JR_RAWSOCK = 7,		/* raw socket without allow.raw_sockets */
	JR_PROTO = 8,		/* protocol that hooks cannot confine */
	JR_RESVPORT = 9,	/* port without allow.reserved_ports */
	JR_MALFORMED = 10,	/* not an IP packet, or a truncated one */
	JR_DEVICE = 11,		/* device outside the jail's /dev */
	JR_SYSCTL = 12,		/* write to a sysctl */
	JR_FOREIGNSOCK = 13,	/* socket of no jail, or no more */
	JR_UNIXNAME = 14,	/* abstract UNIX name outside the jail */
	JR_NOBUFS = 15,		/* a map of the kernel half is full */
	JR_SOCKOPT = 16,	/* socket option that a jail may not set */
	JR_LINK = 17,		/* packet out: from a packet socket */
	JR_RAWPROTO = 18,	/* protocol of tunnels and routers */
	JR_ICMPTYPE = 19,	/* ICMP message of another type */
	JR_IPOPTION = 20,	/* source route, or routing header */
	JR_FRAGMENT = 21,	/* fragment of what is to be seen whole */
	JR_NOLISTENER = 22,	/* packet in: no socket of the jail wants it */
	JR_MAX
};

/* refusal_key.dir */
#define JAIL_DIR_CALL	0	/* a system call */
#define JAIL_DIR_OUT	1	/* a packet that was to leave */
#define JAIL_DIR_IN	2	/* a packet that was to be delivered */

struct refusal_key {
	__u32 jid;		/* 0 with JR_NOPRISON */
	__u16 reason;		/* enum jail_reason */
	__u8 dir;		/* JAIL_DIR_* */
	__u8 family;		/* 4, 6, or 0 for what has no family */
};

/*
 * A refusal as it happened. It is built only while somebody reads, which the
 * reader says in event_readers and has to say again before that time comes, so
 * that one who is killed is soon forgotten. An IPv4 address is v4-mapped here.
 * What je_has does not name is 0.
 */
struct jail_event {
	__u64 je_time;		/* ns from boot */
	__u32 je_jid;		/* these four as in struct refusal_key */
	__u16 je_reason;
	__u8 je_dir;
	__u8 je_family;
	__u32 je_pid;		/* process, as the host numbers it; 0: none */
	__u32 je_has;		/* JE_* */
	__u16 je_proto;		/* IPPROTO_* */
	__u16 je_sport, je_dport;
	__u16 je_pad;
	__u32 je_what[2];	/* JE_ICMP: type, code; JE_DEVICE: major, */
				/* minor; JE_OPTION: level, option */
	struct jail_in6 je_src, je_dst;
	char je_comm[JAIL_COMMLEN];	/* the process's name */
};

#define JE_PROTO	0x01
#define JE_SRC		0x02	/* je_src, je_sport */
#define JE_DST		0x04	/* je_dst, je_dport */
#define JE_ICMP		0x08
#define JE_DEVICE	0x10
#define JE_OPTION	0x20

/*
 * getsockopt(2) at level SOL_SOCKET, in a jail: the enum jail_reason, an int,
 * of what the socket was last refused.
 */
#define JAIL_SO_REASON	0x4a524541

/*
 * A signal for all processes of a jail, the argument of the program that sends
 * it. That program makes one pass; the signal has reached everyone when a pass
 * that left and counted nothing is followed by one that left and sent nothing.
 */
struct jail_signal {
	__u64 js_cgroup;	/* of the jail */
	__u64 js_number;	/* of this signal: no other has it */
	__u32 js_sig;		/* 0: only look */
	__u32 js_spared;	/* a pid of the caller's that gets none, or 0 */
	__u32 js_sent;		/* so many got it in this pass, */
	__u32 js_left;		/* so many could not yet, */
	__u32 js_forks;		/* so many forks may have gone unseen */
	__u32 js_spare;
};

/* Which process has got a signal already, or need not get it. */
struct signal_mark_key {
	__u64 born;		/* its start, in ns from boot */
	__u32 tgid;
	__u32 pad;		/* 0 */
};

struct signal_mark {
	__u64 number;		/* js_number */
	__u64 time;		/* what it forks from then on is spared, ... */
	__u64 owes;		/* ... if this is 0: no fork was under way */
};

/* jail_globals.features: optional programs that were loaded with the rest. */
#define JAIL_FEATURE_SIGNAL	0x1
#define JAIL_FEATURE_LSM	0x2
#define JAIL_FEATURE_DESTROY	0x4

/* jail_globals.op: a change that was begun and has not ended. */
#define JAIL_OP_NONE	0
#define JAIL_OP_CREATE	1	/* take it back */
#define JAIL_OP_UPDATE	2	/* take it back: drop the sets not in use */
#define JAIL_OP_COMMIT	3	/* carry it through: write pr and pi */
#define JAIL_OP_REMOVE	4	/* carry it through */
#define JAIL_OP_FREEZE	5	/* take it back: thaw the jail's processes */

struct jail_globals {
	__u32 version;		/* JAIL_VERSION */
	__u32 lastjid;		/* the jid that was given out last */
	__u64 cgroup;		/* the netjail root cgroup, attached to */
	__u64 nextset;		/* no set has this number or a larger one */
	__u32 op;		/* JAIL_OP_* */
	__u32 jid;		/* the jail that op is about */
	__u64 set[4];		/* sets of which op leaves or makes garbage */
	__u32 features;		/* JAIL_FEATURE_* */
	__u32 adopted;		/* bit n: a jail's cgroup is on level n */
	__u32 aliased;		/* 0: ip_aliases is empty */
	__u32 spare;
	struct prison pr;	/* JAIL_OP_COMMIT: the jail as it is to be */
	struct prison_info pi;
};

#ifndef __cplusplus
_Static_assert(sizeof(struct prison) == 216, "no padding");
_Static_assert(offsetof(struct prison, pr_netns) == 64, "one for packets");
_Static_assert(sizeof(struct prison_info) == 1784, "no padding");
_Static_assert(sizeof(struct prison_ip4_key) == 16, "no padding");
_Static_assert(sizeof(struct prison_ip4) == 4, "no padding");
_Static_assert(sizeof(struct prison_ip6_key) == 24, "no padding");
_Static_assert(sizeof(struct prison_ip6) == 16, "no padding");
_Static_assert(sizeof(struct ip_owner) == 16, "no padding");
_Static_assert(sizeof(struct ip4_net) == 16, "no padding");
_Static_assert(sizeof(struct ip6_net) == 28, "no padding");
_Static_assert(sizeof(struct ip4_source) == 12, "no padding");
_Static_assert(sizeof(struct ip6_source) == 36, "no padding");
_Static_assert(sizeof(struct ip_alias_key) == 24, "no padding");
_Static_assert(sizeof(struct ip_alias) == 16, "no padding");
_Static_assert(sizeof(struct port_key) == 40, "no padding");
_Static_assert(sizeof(struct port) == 32, "no padding");
_Static_assert(sizeof(struct sock_bind) == 64, "no padding");
_Static_assert(sizeof(struct sock_groups) == 324, "no padding");
_Static_assert(sizeof(struct listener_key) == 40, "no padding");
_Static_assert(sizeof(struct refusal_key) == 8, "no padding");
_Static_assert(sizeof(struct jail_event) == 88, "no padding");
_Static_assert(sizeof(struct jail_signal) == 40, "no padding");
_Static_assert(sizeof(struct signal_mark_key) == 16, "no padding");
_Static_assert(sizeof(struct signal_mark) == 24, "no padding");
_Static_assert(sizeof(struct jail_globals) == 80 + 216 + 1784, "no padding");
#endif

#endif /* !_SYS_JAIL_H_ */
