/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What the broker answers: to socket(2) of a raw or "ping" socket, a socket
 * that has an address; to bind(2) and connect(2) of such a socket, what they
 * would do to another one of the jail's; to sethostname(2), what it would do
 * for root outside. It works on the socket itself, with a copy of the address,
 * so it does not matter if the program changes that.
 */

#include <sys/ioctl.h>

#include <linux/if_packet.h>
#include <linux/seccomp.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "jail_broker.h"

#define SOCK_TYPE_MASK	0xf
#define NAME_MAX_UTS	64	/* __NEW_UTS_LEN */

/* A call that is to be answered. */
struct call {
	struct broker *b;
	const struct seccomp_notif *req;
	struct caller who;
	struct known *sock;	/* what it is about; NULL: none yet */
	int result;		/* what it returns if it does not fail */
};

static int
argument(const struct call *c, int n)
{
	return ((int)c->req->data.args[n]);
}

/* May the program make such a socket? As inet_create() and ping_init_sock(). */
static int
check_kind(const struct call *c)
{
	if ((argument(c, 1) & SOCK_TYPE_MASK) == SOCK_RAW)
		return (c->who.net_raw ? 0 : EPERM);
	return (c->who.ping ? 0 : EACCES);
}

/*
 * Bind a socket to the primary address. One that the machine does not have is
 * no reason to refuse what was asked for.
 */
static void
settle(const struct call *c, int s, int af)
{
	union sockaddrs sa;
	struct prison pr;

	if (broker_prison(c->b, &pr) == 0 &&
	    broker_primary(&pr, af, &sa) == 0)
		bind(s, &sa.sa, sizeof(sa));
}

/*
 * Hand out a socket, as the result of the call; 0 or an errno. (The flag by
 * which the kernel would answer in the same step is not for a process that may
 * be frozen in it: then the call is answered, with 0, and the socket lost.)
 */
static int
give(struct call *c, int s, int number)
{
	struct seccomp_notif_addfd add = {
		.id = c->req->id, .srcfd = s,
		.newfd_flags = argument(c, 1) & SOCK_CLOEXEC,
	};

	if (number != -1) {
		add.flags |= SECCOMP_ADDFD_FLAG_SETFD;
		add.newfd = number;
	}
	c->result = ioctl(c->b->notify, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
	return (c->result >= 0 ? 0 : errno);
}

/* Who may have no number that large gets a socket with any. */
static int
give_any(struct call *c, int s)
{
	const int number = caller_free_number(c->b, &c->who);
	int error = give(c, s, number);

	if (error == EBADF && number != -1)
		error = give(c, s, -1);
	return (error);
}

/* Have it hear what the jail may hear, for good, and then hear at all. */
static int
filter_packets(const struct call *c, int s)
{
	const struct sockaddr_ll all = { .sll_family = AF_PACKET,
		.sll_protocol = argument(c, 2) };
	const int on = 1;

	if (setsockopt(s, SOL_SOCKET, SO_ATTACH_BPF, &c->b->filter,
	    sizeof(c->b->filter)) != 0 || setsockopt(s, SOL_SOCKET,
	    SO_LOCK_FILTER, &on, sizeof(on)) != 0)
		return (errno);
	if (all.sll_protocol == 0)
		return (0);
	return (bind(s, (const struct sockaddr *)&all, sizeof(all)) == 0 ? 0 :
	    errno);
}

/* As packet_create(): SOCK_PACKET, which is of old, is not known here. */
static int
answer_packet(struct call *c)
{
	const int type = argument(c, 1) & SOCK_TYPE_MASK;
	struct prison pr;
	int error, s;

	if (!c->who.net_raw || broker_prison(c->b, &pr) != 0 ||
	    !(pr.pr_flags & PR_ALLOW_PACKET_CAPTURE))
		return (EPERM);
	if (type != SOCK_RAW && type != SOCK_DGRAM)
		return (ESOCKTNOSUPPORT);
	s = socket(AF_PACKET, argument(c, 1) | SOCK_CLOEXEC, 0);
	if (s == -1)
		return (errno);
	error = filter_packets(c, s);
	if (error == 0)
		error = give(c, s, -1);
	close(s);
	return (error);
}

/*
 * Of what is sent to an IPv4 group the machine's own sockets get a copy before
 * the packet is judged, so there is to be none.
 *
 * Returns 0: the program has it, by the number in c->result, or an errno.
 */
static int
answer_socket(struct call *c)
{
	const int af = argument(c, 0), type = argument(c, 1), off = 0;
	int error, s;

	if (af == AF_PACKET)
		return (answer_packet(c));
	error = check_kind(c);
	if (error != 0)
		return (error);
	s = socket(af, type | SOCK_CLOEXEC, argument(c, 2));
	if (s == -1)
		return (errno);
	if (af == AF_INET)
		setsockopt(s, IPPROTO_IP, IP_MULTICAST_LOOP, &off, sizeof(off));
	if (!c->b->several)
		settle(c, s, af);
	error = give_any(c, s);
	close(s);
	return (error);
}

static int
option(int s, int name)
{
	socklen_t len = sizeof(int);
	int value = -1;

	return (getsockopt(s, SOL_SOCKET, name, &value, &len) == 0 ? value :
	    -1);
}

static uint64_t
cookie(int s)
{
	uint64_t value = 0;
	socklen_t len = sizeof(value);

	getsockopt(s, SOL_SOCKET, SO_COOKIE, &value, &len);
	return (value);
}

/* Is it of a kind that the broker makes? */
static bool
look_at(int s, struct known *k)
{
	const int proto = option(s, SO_PROTOCOL);

	k->af = option(s, SO_DOMAIN);
	k->type = option(s, SO_TYPE);
	return ((k->af == AF_INET || k->af == AF_INET6) &&
	    (k->type == SOCK_RAW || proto == IPPROTO_ICMP ||
	    proto == IPPROTO_ICMPV6));
}

/* The one to be forgotten: what a program has bound itself, only if all are. */
static struct known *
oldest(struct broker *b)
{
	struct known *k;

	for (int i = 0; i < BROKER_NKNOWN; i++) {
		k = &b->known[b->nknown++ % BROKER_NKNOWN];
		if (!k->bound)
			break;
	}
	return (k);
}

/*
 * What there is to know of a socket; NULL: it is none of the broker's. Each
 * option that is asked for costs as much as a packet: ask once.
 */
static struct known *
know(struct broker *b, int s)
{
	struct known new = { .cookie = cookie(s) }, *k;

	for (k = b->known; k < b->known + BROKER_NKNOWN; k++) {
		if (new.cookie != 0 && k->cookie == new.cookie)
			return (k);
	}
	if (!look_at(s, &new))
		return (NULL);
	k = oldest(b);
	*k = new;
	return (k);
}

static bool
is_any(const union sockaddrs *sa)
{
	return (sa->sa.sa_family == AF_INET ?
	    sa->sin.sin_addr.s_addr == INADDR_ANY :
	    IN6_IS_ADDR_UNSPECIFIED(&sa->sin6.sin6_addr));
}

/* Is it a whole address of the socket's family? If not, the kernel says so. */
static bool
is_whole(const struct call *c, const union sockaddrs *sa, socklen_t len)
{
	if (sa->sa.sa_family != c->sock->af)
		return (false);
	return (len >= (sa->sa.sa_family == AF_INET ? sizeof(sa->sin) :
	    sizeof(sa->sin6)));
}

static int
copy_address(const struct call *c, uint64_t from, uint64_t len,
    union sockaddrs *sa)
{
	memset(sa, 0, sizeof(*sa));
	return (caller_copy(&c->who, from, sa, len < sizeof(*sa) ? len :
	    sizeof(*sa)));
}

static bool
is_connected(int s)
{
	union sockaddrs sa;
	socklen_t len = sizeof(sa);

	return (getpeername(s, &sa.sa, &len) == 0);
}

/*
 * A "ping" socket cannot be bound twice (EINVAL), and has been once by the
 * broker; but it can be after it was disconnected, connected or not.
 */
static int
do_bind(const struct call *c, int s, const union sockaddrs *sa, socklen_t len)
{
	const struct sockaddr unspec = { .sa_family = AF_UNSPEC };

	if (bind(s, &sa->sa, len) == 0)
		return (0);
	if (errno != EINVAL)
		return (errno);
	if (c->sock->type != SOCK_DGRAM || c->sock->bound || is_connected(s) ||
	    connect(s, &unspec, sizeof(unspec)) != 0)
		return (EINVAL);
	return (bind(s, &sa->sa, len) == 0 ? 0 : errno);
}

/*
 * To be at all addresses is to be at the only one, which is a source as well.
 * If there are several, a source is chosen when there is need of it.
 */
static int
answer_bind(const struct call *c, int s, union sockaddrs *sa, socklen_t len)
{
	struct prison pr;
	bool any;
	int error;

	/* (raw_bind() does not look at the family.) */
	if (sa->sa.sa_family == AF_UNSPEC && c->sock->af == AF_INET)
		sa->sa.sa_family = AF_INET;
	any = is_whole(c, sa, len) && is_any(sa);
	if (!is_whole(c, sa, len) || (any && c->b->several)) {
		c->sock->bound = false;
		return (do_bind(c, s, sa, len));
	}
	error = broker_prison(c->b, &pr);
	if (error == 0)
		error = broker_local(c->b, &pr, sa);
	if (error == 0)
		error = do_bind(c, s, sa, len);
	if (error == 0)
		c->sock->bound = !any;
	return (error);
}

static bool
is_same(const union sockaddrs *a, const union sockaddrs *b)
{
	if (a->sa.sa_family == AF_INET)
		return (a->sin.sin_addr.s_addr == b->sin.sin_addr.s_addr);
	return (IN6_ARE_ADDR_EQUAL(&a->sin6.sin6_addr, &b->sin6.sin6_addr));
}

/* (What a loopback is called here does not matter: then it is bound again.) */
static bool
is_at(int s, const union sockaddrs *addr)
{
	union sockaddrs own;
	socklen_t len = sizeof(own);

	return (getsockname(s, &own.sa, &len) == 0 && is_same(&own, addr));
}

/*
 * Give a socket the source that is called for, unless the program gave it one,
 * or it is connected: then it has one, and cannot be bound (EINVAL).
 */
static int
settle_source(const struct call *c, int s, const struct prison *pr,
    const union sockaddrs *dst)
{
	union sockaddrs src;
	int error;

	if (c->sock->bound)
		return (0);
	error = broker_source(c->b, pr, dst, &src);
	if (error == 0 && !is_at(s, &src))
		error = do_bind(c, s, &src, sizeof(src));
	return (error == ENOENT || error == EINVAL ? 0 : error);
}

static int
answer_connect(const struct call *c, int s, union sockaddrs *sa, socklen_t len)
{
	struct prison pr;
	int error = 0;

	if (is_whole(c, sa, len)) {
		error = broker_prison(c->b, &pr);
		if (error == 0)
			error = broker_remote(c->b, &pr, sa);
		if (error == 0)
			error = settle_source(c, s, &pr, sa);
	}
	if (error != 0)
		return (error);
	return (connect(s, &sa->sa, len) == 0 ? 0 : errno);
}

/* The kernel sends it, from the address that the socket has now. */
static void
prepare_send(const struct call *c, int s, union sockaddrs *sa, socklen_t len)
{
	struct prison pr;

	if (is_whole(c, sa, len) && broker_prison(c->b, &pr) == 0 &&
	    broker_remote(c->b, &pr, sa) == 0)
		settle_source(c, s, &pr, sa);
}

/* What is sent by a number that is not the broker's does not come here. */
static void
prepare_number(const struct call *c, int s)
{
	union sockaddrs own;
	socklen_t len = sizeof(own);

	if (!c->sock->bound && getsockname(s, &own.sa, &len) == 0 &&
	    is_any(&own))
		settle(c, s, own.sa.sa_family);
}

static bool
is_send(int nr)
{
	return (nr == SCMP_SYS(sendto) || nr == SCMP_SYS(sendmsg) ||
	    nr == SCMP_SYS(sendmmsg));
}

/* Where a send goes; false: where the socket is connected to. */
static bool
destination(const struct call *c, uint64_t *ret_from, uint64_t *ret_len)
{
	const __u64 *args = c->req->data.args;
	struct msghdr msg;

	if (c->req->data.nr == SCMP_SYS(sendto)) {
		*ret_from = args[4];
		*ret_len = args[5];
	} else {
		if (caller_copy(&c->who, args[1], &msg, sizeof(msg)) != 0)
			return (false);
		*ret_from = (uintptr_t)msg.msg_name;
		*ret_len = msg.msg_namelen;
	}
	return (*ret_from != 0 && *ret_len != 0);
}

/* A call on a socket: 0, an errno, or -1 to let the kernel do it. */
static int
answer_on(struct call *c, int s)
{
	const int nr = c->req->data.nr;
	uint64_t from = c->req->data.args[1], len = c->req->data.args[2];
	union sockaddrs sa;

	c->sock = know(c->b, s);
	if (c->sock == NULL)
		return (-1);
	if (is_send(nr)) {
		if (destination(c, &from, &len) &&
		    copy_address(c, from, len, &sa) == 0)
			prepare_send(c, s, &sa, len);
		return (-1);
	}
	if (nr != SCMP_SYS(bind) && nr != SCMP_SYS(connect)) {
		prepare_number(c, s);
		return (-1);
	}
	if ((int)len < (int)sizeof(sa_family_t) ||
	    (int)len > (int)sizeof(struct sockaddr_storage))
		return (EINVAL);
	if (copy_address(c, from, len, &sa) != 0)
		return (EFAULT);
	if (len > sizeof(sa))
		len = sizeof(sa);
	return (nr == SCMP_SYS(bind) ? answer_bind(c, s, &sa, len) :
	    answer_connect(c, s, &sa, len));
}

/* As sethostname(2) and setdomainname(2), for root in the jail. */
static int
answer_name(const struct call *c)
{
	int (*set)(const char *, size_t) =
	    c->req->data.nr == SCMP_SYS(sethostname) ? sethostname :
	    setdomainname;
	const int len = argument(c, 1);
	char name[NAME_MAX_UTS];
	struct prison pr;

	if (!c->who.root || broker_prison(c->b, &pr) != 0 ||
	    !(pr.pr_flags & PR_ALLOW_SET_HOSTNAME))
		return (EPERM);
	if (len < 0 || len > NAME_MAX_UTS)
		return (EINVAL);
	if (caller_copy(&c->who, c->req->data.args[0], name, len) != 0)
		return (EFAULT);
	return (set(name, len) == 0 ? 0 : errno);
}

/* A call that is about no socket yet. */
static int
answer_new(struct call *c)
{
	int error = caller_read(c->b, c->req->pid, &c->who);

	if (error != 0)
		return (error);
	return (c->req->data.nr == SCMP_SYS(socket) ? answer_socket(c) :
	    answer_name(c));
}

static bool
is_new(int nr)
{
	return (nr == SCMP_SYS(socket) || nr == SCMP_SYS(sethostname) ||
	    nr == SCMP_SYS(setdomainname));
}

static int
answer(struct call *c)
{
	int error, s;

	if (is_new(c->req->data.nr))
		return (answer_new(c));
	s = caller_descriptor(c->b, &c->who, argument(c, 0));
	if (s == -1)
		return (-1);
	/* (Who asked may be gone, and his pid be another's by now.) */
	error = seccomp_notify_id_valid(c->b->notify, c->req->id) == 0 ?
	    answer_on(c, s) : -1;
	close(s);
	return (error);
}

void
broker_answer(struct broker *b, const struct seccomp_notif *req,
    struct seccomp_notif_resp *resp)
{
	struct call c = { .b = b, .req = req, .who.tid = req->pid };
	int error = answer(&c);

	resp->id = req->id;
	resp->val = error == 0 ? c.result : 0;
	resp->error = error > 0 ? -error : 0;
	resp->flags = error < 0 ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0;
}
