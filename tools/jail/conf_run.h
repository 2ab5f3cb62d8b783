/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Jails of a jail.conf(5): start them, step by step, and stop them.
 */

#ifndef _CONF_RUN_H_
#define _CONF_RUN_H_

#include <mntent.h>
#include <signal.h>
#include <stdio.h>

#include "conf.h"
#include "jail_tool.h"
#include "util_user.h"

/*
 * One jail, for the process that starts or stops it. Functions that fail have
 * said why, and return -1.
 */
struct act {
	const struct request *rq;
	const struct conf_jail *jail;
	int jid;		/* 0: it is not there */
	int last_jid;		/* that it has, or had; 0: none yet */
	int root;		/* its path, which no step changes; -1: none */
	char *path;
	struct user users[2];	/* for these: */
	const struct user *user_outside;	/* NULL: who we are */
	const struct user *user_inside;		/* NULL: by the jail's files */
	bool undoing;		/* nothing that fails is fatal */
	bool stopping;		/* a jail that is gone has been stopped */
	bool interrupted;	/* and this is not told yet */
	sigset_t signals;	/* what we wait for */
	sigset_t inherited;	/* the signal mask that commands get */
};

/* conf_param.c */

/* Are all parameters known, and of the right form? -1 with conf_error(). */
int conf_check(struct conf *conf, const struct conf_jail *jail);

bool conf_flag(const struct conf_jail *jail, const char *name);
int conf_number(const struct conf_jail *jail, const char *name, int other);

/* What the kernel is to know, as words for jail -c; to be freed. */
char **conf_words(const struct conf_jail *jail, int *ret_n);
void conf_free_words(char **words, int n);

/* conf_fstab.c: file systems, as fstab(5) has them. */

/* A line; false if it is a comment. NULL in *ret_why, or what is wrong. */
bool fstab_parse(const char *line, struct mntent *m, char *buf, size_t size,
    const char **ret_why);

/*
 * The part of dir that is in the jail: what is behind the path, or all of it if
 * it is relative. NULL if there is none.
 */
const char *fstab_inside(const char *dir, const char *path);

/* conf_mount.c */
int mount_list(struct act *a);
int unmount_list(struct act *a);
int mount_files(struct act *a);
int unmount_files(struct act *a);

/* conf_exec.c: run the commands of a parameter, in the jail or on the host. */
int exec_inside(struct act *a, const char *param);
int exec_outside(struct act *a, const char *param);

/* Before any step: a user who is not known ends the process. */
void exec_find_users(struct act *a);

/* Wait a while, or until a signal comes; false if that interrupts. */
bool act_sleep(struct act *a, int milliseconds);

/* conf_steps.c: all of it; the exit status of the process. */
int steps_start(struct act *a);
int steps_stop(struct act *a);
int steps_clean(struct act *a);
int steps_undo(struct act *a);

/* A start that has failed, and has undone what it did. */
#define EXIT_UNDONE	3

/* Open the path, if it is not open; the path is without links then. */
int act_open_root(struct act *a);

/* Tell of a step, if it is to be told of; true if that is all. */
bool act_tell(const struct act *a, const char *step, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What is wrong, with the name of the jail in front; returns -1. */
int act_fail(const struct act *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* conf_run.c: do something with several jails, each in a process of its own. */
struct task;

struct tasks {
	const struct request *rq;
	int (*steps)(struct act *);
	bool reverse;		/* who depends on another comes first */
	struct task *task;
	size_t n;
};

void tasks_add(struct tasks *t, const struct conf_jail *jail);
bool tasks_have(const struct tasks *t, const char *name);

/* Does one need the other, by depend or by being in it? */
bool conf_needs(const struct conf_jail *jail, const char *other);

/* One of those that need each other in a circle, or NULL. */
const struct conf_jail *tasks_circle(const struct tasks *t);

/* Returns the exit status. There must be no circle. */
int tasks_run(struct tasks *t);
void tasks_free(struct tasks *t);

#endif /* !_CONF_RUN_H_ */
