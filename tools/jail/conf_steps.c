/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The steps by which a jail of jail.conf(5) starts and stops. It stops by the
 * same table as it starts, from its end; and so does a start that fails, from
 * the step which failed: that may have been done in part.
 */

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf_run.h"

#define STOP_SECONDS	10	/* if stop.timeout does not say */
#define STOP_POLL_MS	50

static int create(struct act *a);
static int stop_and_remove(struct act *a);

/* A step runs the commands of a parameter, or does something of its own. */
struct step {
	const char *start, *stop;	/* parameters, or NULL */
	int (*exec)(struct act *, const char *);
	int (*do_it)(struct act *);
	int (*undo)(struct act *);
};

static const struct step steps[] = {
	{ "exec.prepare", "exec.release", exec_outside, NULL, NULL },
	{ NULL, NULL, NULL, mount_list, unmount_list },
	{ NULL, NULL, NULL, mount_files, unmount_files },
	{ "exec.prestart", "exec.poststop", exec_outside, NULL, NULL },
	{ NULL, NULL, NULL, create, stop_and_remove },
	{ "exec.created", NULL, exec_outside, NULL, NULL },
	{ "exec.start", "exec.stop", exec_inside, NULL, NULL },
	{ "command", NULL, exec_inside, NULL, NULL },
	{ "exec.poststart", "exec.prestop", exec_outside, NULL, NULL },
};

#define NSTEPS	((int)(sizeof(steps) / sizeof(steps[0])))
#define CREATE	4		/* the step that makes the jail */

int
act_fail(const struct act *a, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) == -1)
		text = NULL;
	va_end(args);
	warnx("%s: %s", a->jail->name, text != NULL ? text : "out of memory");
	free(text);
	return (-1);
}

bool
act_tell(const struct act *a, const char *step, const char *format, ...)
{
	va_list args;

	if (a->rq->dry_run || a->rq->verbose) {
		printf("%s: %s: ", a->jail->name, step);
		va_start(args, format);
		vprintf(format, args);
		va_end(args);
		printf("\n");
	}
	return (a->rq->dry_run);
}

static int
do_step(struct act *a, const struct step *s)
{
	if (s->exec != NULL)
		return (s->exec(a, s->start));
	return (s->do_it(a));
}

static int
undo_step(struct act *a, const struct step *s)
{
	if (s->exec != NULL)
		return (s->stop != NULL ? s->exec(a, s->stop) : 0);
	return (s->undo(a));
}

/* From a step down to the first; whatever fails, the others are undone. */
static int
undo_from(struct act *a, int i)
{
	int error = 0;

	a->undoing = a->stopping = true;
	for (; i >= 0; i--)
		error |= undo_step(a, &steps[i]);
	return (error);
}

static void
print_words(const struct act *a, char **words, int n)
{
	printf("%s: create:", a->jail->name);
	for (int i = 0; i < n; i++)
		printf(" %s", words[i]);
	printf("\n");
}

/* The jail persists until all steps are done. */
static int
create(struct act *a)
{
	struct request rq = { 0 };
	char **words;
	int n;

	words = conf_words(a->jail, &n);
	if (a->rq->dry_run || a->rq->verbose)
		print_words(a, words, n);
	if (!a->rq->dry_run) {
		words[n++] = conf_strndup("persist=true", 12);
		parse_params(&rq, n, words);
		a->jid = jailparam_set(rq.jp, rq.njp, JAIL_CREATE);
		jailparam_free(rq.jp, rq.njp);
		free(rq.jp);
	}
	conf_free_words(words, n);
	if (a->jid == -1) {
		a->jid = 0;
		return (act_fail(a, "%s", jail_errmsg));
	}
	a->last_jid = a->jid;
	return (0);
}

/* How many processes there are; 0 also if the jail is gone. */
static int
count_processes(int jid)
{
	struct jailparam jp[2];
	int32_t id = jid;
	int n = 0;

	if (jailparam_init(&jp[0], "jid") != 0 ||
	    jailparam_init(&jp[1], "processes") != 0)
		return (0);
	if (jailparam_import_raw(&jp[0], &id, sizeof(id)) == 0 &&
	    jailparam_get(jp, 2, 0) == jid)
		n = *(int32_t *)jp[1].jp_value;
	jailparam_free(jp, 2);
	return (n);
}

/*
 * Have all processes end by themselves, but not wait for long. An init is asked
 * first, and sees to that.
 */
static int
terminate(struct act *a)
{
	int ms = conf_number(a->jail, "stop.timeout", STOP_SECONDS) * 1000;

	stop_jail(a->jid, a->jail->name);
	if (ms == 0 || count_processes(a->jid) == 0)
		return (0);
	if (jail_kill_only(a->jid, SIGTERM) != 0 && errno != ESRCH)
		return (0);
	for (; ms > 0 && count_processes(a->jid) > 0; ms -= STOP_POLL_MS) {
		if (act_sleep(a, STOP_POLL_MS))
			continue;
		a->interrupted = false;
		return (a->undoing ? 0 : act_fail(a, "interrupted"));
	}
	return (0);
}

static int
stop_and_remove(struct act *a)
{
	if (a->rq->dry_run) {
		printf("%s: remove\n", a->jail->name);
		return (0);
	}
	if (a->jid == 0)
		return (0);
	if (terminate(a) != 0)
		return (-1);
	if (jail_remove(a->jid) != 0 && errno != EINVAL)
		return (act_fail(a, "%s", jail_errmsg));
	return (0);
}

/*
 * Before the first step. The path may be there only when exec.prepare is done;
 * until then it is what the file says.
 */
static void
prepare(struct act *a)
{
	const char *path = conf_value(a->jail, "path");

	if (path == NULL)
		path = "/";
	exec_find_users(a);
	a->path = realpath(path, NULL);
	if (a->path == NULL)
		a->path = conf_strndup(path, strlen(path));
}

int
act_open_root(struct act *a)
{
	char *path;

	if (a->root != -1)
		return (0);
	path = realpath(a->path, NULL);
	if (path != NULL)
		a->root = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW |
		    O_CLOEXEC);
	if (a->root == -1) {
		act_fail(a, "path: %s: %s", a->path, strerror(errno));
		free(path);
		return (-1);
	}
	free(a->path);
	a->path = path;
	return (0);
}

static void
say(const struct act *a, const char *what)
{
	if (!a->rq->dry_run)
		say_name(a->rq, a->jail->name, a->jid, what);
}

/*
 * The jail is on its own from here on. If nobody is in it, it is over, and what
 * was done for it is undone. Returns the exit status.
 */
static int
let_go(struct act *a)
{
	char jid[16];

	if (a->rq->dry_run || conf_flag(a->jail, "persist"))
		return (0);
	snprintf(jid, sizeof(jid), "%d", a->jid);
	if (jail_setv(JAIL_UPDATE, "jid", jid, "persist", "false", NULL) ==
	    -1) {
		act_fail(a, "%s", jail_errmsg);
		return (1);
	}
	if (count_processes(a->jid) > 0 || jail_getid(jid) != -1 ||
	    errno != ENOENT)
		return (0);
	a->jid = 0;
	if (!a->rq->quiet && !a->rq->only_jid)
		printf("%s: ended: no process is in it\n", a->jail->name);
	return (undo_from(a, CREATE - 1) == 0 ? 0 : EXIT_UNDONE);
}

/* The line that -J wants: one write(2), as others write to the file, too. */
static int
write_jidfile(const struct act *a)
{
	char *line;
	int error = 0, fd, len;

	if (a->rq->jidfile == NULL || a->rq->dry_run)
		return (0);
	fd = open(a->rq->jidfile, O_WRONLY | O_APPEND | O_CLOEXEC);
	len = asprintf(&line, "%d %s\n", a->jid, a->jail->name);
	if (len == -1)
		errx(1, "out of memory");
	if (fd == -1 || write(fd, line, len) != len)
		error = act_fail(a, "-J: %s: %s", a->rq->jidfile,
		    strerror(errno));
	if (fd != -1)
		close(fd);
	free(line);
	return (error);
}

static int
do_all(struct act *a, int *ret_step)
{
	for (int i = 0; i < NSTEPS; i++) {
		*ret_step = i;
		if (do_step(a, &steps[i]) != 0)
			return (-1);
	}
	return (write_jidfile(a));
}

int
steps_start(struct act *a)
{
	int last;

	prepare(a);
	if (do_all(a, &last) != 0) {
		undo_from(a, last);
		return (EXIT_UNDONE);
	}
	say(a, "created");
	return (let_go(a));
}

/*
 * A step that fails while the jail is still there leaves it there. After that
 * the rest is done as well as it can be.
 */
int
steps_stop(struct act *a)
{
	int i;

	prepare(a);
	a->stopping = true;
	for (i = NSTEPS - 1; i >= CREATE; i--) {
		if (undo_step(a, &steps[i]) != 0) {
			act_fail(a, "is not removed; jail -R does that "
			    "without steps");
			return (1);
		}
	}
	say(a, "removed");
	a->jid = 0;
	return (undo_from(a, i) != 0);
}

int
steps_clean(struct act *a)
{
	prepare(a);
	a->jid = 0;
	return (undo_from(a, CREATE - 1) != 0);
}

/* What a start that was ended half-way has left. */
int
steps_undo(struct act *a)
{
	prepare(a);
	return (undo_from(a, NSTEPS - 1) != 0);
}
