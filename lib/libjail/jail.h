/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * libjail: make, find, change, enter and remove jails. See jail(3).
 *
 * Unless it says otherwise a function returns 0 (or a jid) when it did what it
 * was asked, and -1 with errno and jail_errmsg set when it did nothing. No
 * function prints; only a process that fails on its way into a jail, and so
 * cannot return, tells why on descriptor 2. All need root, in the host's user
 * namespace.
 */

#ifndef _JAIL_H_
#define _JAIL_H_

#include <sys/types.h>
#include <sys/jail.h>
#include <sys/uio.h>

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What went wrong in this thread's last failed call, without a full stop. */
#define JAIL_ERRMSGLEN	1024
#ifdef __cplusplus
extern thread_local char jail_errmsg[JAIL_ERRMSGLEN];
#else
extern _Thread_local char jail_errmsg[JAIL_ERRMSGLEN];
#endif

/* A parameter with its value, as FreeBSD's struct jailparam. */
struct jailparam {
	char *jp_name;		/* "ip4.addr"; "nopersist" becomes "persist" */
	void *jp_value;		/* raw: see enum jailparam_type; NULL: none */
	size_t jp_valuelen;	/* bytes of jp_value */
	int jp_type;		/* enum jailparam_type */
	int jp_flags;		/* JP_* */
};

#define JP_RDONLY	0x01	/* jail_get only */
#define JP_CREATEONLY	0x02	/* cannot change while the jail exists */
#define JP_NOBOOL	0x04	/* was named by its negation: takes no value */

/* The raw value of a parameter of that type, and its text. */
enum jailparam_type {
	JPT_INT,		/* int32_t; decimal */
	JPT_BOOL,		/* int32_t 0 or 1; "true", "false" */
	JPT_JAILSYS,		/* int32_t JAIL_SYS_*; "disable", "new", ... */
	JPT_STRING,		/* char[], NUL included; itself */
	JPT_IP4,		/* struct in_addr[]; comma-separated */
	JPT_IP6,		/* struct in6_addr[]; comma-separated */
	JPT_UINT64,		/* uint64_t; decimal */
	JPT_LOOPBACK,		/* int32_t JAIL_LO_*; "private", ... */
};

/*
 * jail_set(2) and jail_get(2) of FreeBSD: pairs of a name (a string with its
 * NUL) and a raw value. A value with iov_base NULL stands for true; in
 * jail_get() it asks for the length, which iov_len then has. Names that
 * jailparam_all() does not list: "lastjid" (jail_get() only: the jail with the
 * lowest jid above this int32_t) and "errmsg" (a buffer that gets the text).
 * Return the jid. flags: JAIL_*. With JAIL_UPDATE and JAIL_ADDADDR or
 * JAIL_DELADDR the lists of addresses are added to the sets or taken out of
 * them, which no other change can come between.
 *
 * Errors of both: EPERM not root; EINVAL a value or an unknown name; ENOENT no
 * such jail; ENOSYS a layer of the confinement is missing; ETIMEDOUT another
 * process holds the lock. Of jail_set(): EPERM what its parent does not have,
 * or has as many of as it may; EEXIST, ENAMETOOLONG, EADDRINUSE an address is
 * in another jail's set, EADDRNOTAVAIL one is not in the jail's, ENOTDIR,
 * EAGAIN no jid is free, ENOSPC a limit of <sys/jail.h>, ENOTSUP a
 * limit without its controller; EAGAIN, ESRCH, ETIMEDOUT a process cannot be
 * brought under it; what the kernel says to its value.
 */
int jail_set(struct iovec *iov, unsigned int niov, int flags);
int jail_get(struct iovec *iov, unsigned int niov, int flags);

/* The same with text: name, value, ... NULL. A NULL value stands for true. */
int jail_setv(int flags, ...);

/*
 * Put the calling process into a jail, for good: root, host name, namespaces,
 * capabilities, system calls, sockets made from now on. The caller's own pid
 * does not change; its children are inside wholly. Every descriptor but 0, 1
 * and 2 is closed. Single-threaded callers only (EBUSY). A failure half-way
 * leaves the caller outside or makes it _exit(2). EINVAL: no such jail.
 */
int jail_attach(int jid);

/*
 * For a program that is to execute what a jail says: begin anew from a mount of
 * its own file that is read-only, so that the jail cannot write to that through
 * /proc/self/exe. Call it first thing in main(); it returns 0 the second time.
 * EPERM; what open_tree(2), mount_setattr(2) and execveat(2) say.
 */
int jail_seal(char *const argv[]);

/*
 * fork(2) whose child is inside wholly, as a child of jail_attach() is. It has
 * a process group of its own: no kill(2) of the jail's reaches the host's.
 */
pid_t jail_fork(int jid);

/*
 * Requests to the init of a jail that has one (parameter init). Errors of all:
 * EINVAL no such jail; ENXIO it has no init; ESRCH its init has ended;
 * EOPNOTSUPP its init is a program of its own (init=exec:...), which can only
 * be shut down and waited for; ETIMEDOUT the init does not answer, or what was
 * asked for took longer than it may; ECONNRESET it died; EAGAIN too many
 * requests; ESHUTDOWN it is about to end.
 */
enum jail_state {
	JAIL_STARTING,		/* the start command runs */
	JAIL_RUNNING,		/* it has ended */
	JAIL_STOPPING
};

struct jail_init {
	int ji_state;		/* enum jail_state */
	int ji_start;		/* the start command's status, as waitpid(2) */
				/* has it; -1: it has not ended */
	unsigned int ji_starts;	/* how often it was begun: 1 and reboots */
};

int jail_status(int jid, struct jail_init *init);

/* How a jail ended: also the exit status of jailinit(8). */
enum jail_end {
	JAIL_END_DONE = 0,	/* as it was asked, or with its processes */
	JAIL_END_START = 2,	/* the start command failed, nothing was left */
	JAIL_END_KILLED = 3	/* it was shut down; processes were killed */
};

/*
 * Shut a jail down and wait for that, at most for twice its stop.timeout and a
 * little; those in it that have an init first. What does not persist is gone
 * then; jail_remove(3) removes the rest. Returns enum jail_end.
 */
int jail_shutdown(int jid);

/* Shut it down, but keep its pid 1, and begin anew. */
int jail_reboot(int jid);

/*
 * Run a command line by the jail's /bin/sh, as a child of pid 1, with the
 * caller's descriptors 0, 1 and 2. Returns its status, as waitpid(2) has it.
 */
int jail_run(int jid, const char *command);

/* Wait until it ends. Returns enum jail_end. */
int jail_wait(int jid);

/*
 * Kill every process of the jail, wait for that, and remove it. EINVAL. The
 * jails in it are removed first, the innermost before all.
 */
int jail_remove(int jid);

/* Remove all jails, detach and unload the kernel half. */
int jail_unload(void);

/*
 * Send a signal to every process of the jail and of those in it, also to what
 * is forked meanwhile. Signal 0 only looks. ESRCH: there is no process. The
 * second one spares the jails in it.
 */
int jail_kill(int jid, int sig);
int jail_kill_only(int jid, int sig);

/* The jid of a name, or of a jid in decimal; ENOENT. */
int jail_getid(const char *name);

/* The name of a jid, to be freed; NULL with ENOENT. */
char *jail_getname(int jid);

/* Names of all parameters in their order; returns their number. */
int jailparam_all(struct jailparam **jpp);
int jailparam_init(struct jailparam *jp, const char *name);
int jailparam_import(struct jailparam *jp, const char *value);
int jailparam_import_raw(struct jailparam *jp, const void *value,
    size_t valuelen);
/* The value as text, to be freed; NULL on error. */
char *jailparam_export(const struct jailparam *jp);
int jailparam_set(struct jailparam *jp, unsigned int njp, int flags);
/*
 * Make a jail and jail_fork(3) into it in one step, so that it need not
 * persist; nothing is left of it if that fails. Returns as fork(2) does.
 */
pid_t jailparam_start(struct jailparam *jp, unsigned int njp, int flags,
    int *ret_jid);
/*
 * Fill in every jp. The first jid, name or lastjid that has a value says which
 * jail is meant. Returns the jid.
 */
int jailparam_get(struct jailparam *jp, unsigned int njp, int flags);
void jailparam_free(struct jailparam *jp, unsigned int njp);

/*
 * One layer of confinement, or a feature of the kernel that is used where it is
 * there: in force for every jail, or why it is not.
 */
enum jail_layer_state {
	JL_MISSING,		/* no jail can be made */
	JL_READY,		/* the first jail puts it in force */
	JL_ACTIVE,
	JL_ABSENT,		/* a feature: jl_instead is done */
};

struct jail_layer {
	const char *jl_name;	/* "cgroup/bind4", "seccomp", ... */
	const char *jl_what;	/* what it does, in a few words */
	int jl_state;		/* enum jail_layer_state */
	const char *jl_instead;	/* without the feature; NULL: a layer */
	char jl_reason[160];	/* JL_MISSING, JL_ABSENT: why */
};

/* The layers as they are now, loading nothing; to be freed. Their number. */
int jail_layers(struct jail_layer **layers);

/*
 * Refusals of the kernel half, most recent state; to be freed. jid -1: of all
 * jails. Returns how many entries.
 */
struct jail_refusal {
	uint32_t jid;
	uint16_t reason;	/* enum jail_reason */
	uint8_t dir;		/* JAIL_DIR_* */
	uint8_t family;		/* 4, 6 or 0 */
	uint64_t count;
};
int jail_refusals(int jid, struct jail_refusal **refusals);

/* A reason in words: "source address is not the jail's". */
const char *jail_strreason(int reason);

/* What to do about it: "set allow.raw_sockets". */
const char *jail_stradvice(int reason);

/*
 * What a socket was last refused, since this was last asked, and JR_NONE if
 * nothing or if it is not of a jail. For programs inside; anybody may call it.
 */
int jail_reason(int s);

/*
 * Refusals as they happen, from when this is called until it is closed, to one
 * process at a time. Whoever reads has to call jail_events_read() once a
 * second, whether or not there is something. EBUSY another process reads;
 * ENOENT no jail was made yet.
 */
struct jail_events;
struct jail_events *jail_events_open(void);
void jail_events_close(struct jail_events *events);

/* Readable when there is something, for poll(2). */
int jail_events_fd(const struct jail_events *events);

/* Returns 1, 0 if there is none, or -1. ENOENT: jail_unload() was called. */
int jail_events_read(struct jail_events *events, struct jail_event *event);

/* How many found no room, or came while the reader did not call. */
int jail_events_lost(struct jail_events *events, uint64_t *lost);

#ifdef __cplusplus
}
#endif

#endif /* !_JAIL_H_ */
