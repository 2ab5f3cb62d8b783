/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Ways out of a jail. Each is tried by root outside, where it works and shows
 * that it is one, and then by root and by a user in jails that have raw sockets
 * and all addresses: in one whose root is the host's and in one with a root of
 * its own.
 */

#ifndef _ATTACK_H_
#define _ATTACK_H_

#include <errno.h>
#include <stddef.h>

struct attack {
	const char *at_name;
	int (*at_try)(void);	/* 0 if it works, else the errno */
	int at_outside;		/* what it is to give outside, ... */
	int at_inside;		/* ... and inside; EITHER: any error */
};

/* Something may be missing in a kernel: outside, any result will do. */
#define UNKNOWN	(-1)
#define EITHER	(-2)

#define ATTACK_USER	65534	/* uid and gid */

/*
 * Try one in a jail, by its number in attack_jails, or outside if that is -1;
 * what differs fails the case, and is told with its row.
 */
void attack_one(const struct attack *at, int where);

/* How one ends outside: its status, or 128 and the signal. */
int attack_outside(const struct attack *at);

/* Try them all everywhere. */
void attack_all(const struct attack *attacks, size_t n);

#define ATTACK_ALL(attacks) \
	attack_all(attacks, sizeof(attacks) / sizeof((attacks)[0]))

/* Set the host name, to what it is. */
int attack_set_hostname(void);

/* The jails in which attacks are tried, made by attack_all() if not before. */
extern const char *const attack_jails[2];
int attack_jail(const char *name);

/* The errno of a system call that returned -1, else 0. */
static inline int
error_of(long result)
{
	return (result == -1 ? errno : 0);
}

#endif /* !_ATTACK_H_ */
