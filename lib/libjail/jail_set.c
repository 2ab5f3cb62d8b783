/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * jail_set(3): make a jail or change one. All is checked before anything is
 * done, and what is done is in the journal first.
 */

#include <sys/stat.h>

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jail_set.h"

#define FLAGS_DEFAULT	(PR_IP4 | PR_IP6 | PR_IP4_SADDRSEL | \
	PR_IP6_SADDRSEL | PR_ALLOW_RESERVED_PORTS | PR_ALLOW_NETLINK)

/* Which jail is meant? Returns 1 if it is there, 0 if it is to be made. */
static int
find_target(struct session *s, struct change *c, int flags)
{
	const char *name = spec_string(&c->sp, P_NAME);
	int32_t jid = spec_int(&c->sp, P_JID, 0);
	char text[16];
	int found;

	if (jid < 0)
		return (jail_fail(EINVAL, "negative jid"));
	if (jid > JAIL_MAX)
		return (jail_fail(EINVAL, "jid is too large: the largest is %d",
		    JAIL_MAX));
	snprintf(text, sizeof(text), "%d", jid);
	if (jid == 0 && name == NULL)
		return ((flags & JAIL_CREATE) ? 0 : jail_fail(ENOENT,
		    "update specified no jail"));
	found = jail_find(s, jid != 0 ? text : name, &c->old) == 0;
	if (!found && errno != ENOENT)
		return (-1);
	if (found && !(flags & JAIL_UPDATE))
		return (jail_fail(EEXIST, "jail %s%s%s already exists",
		    jid != 0 ? "" : "\"", jid != 0 ? text : name,
		    jid != 0 ? "" : "\""));
	if (!found && !(flags & JAIL_CREATE))
		return (-1);
	return (found);
}

/* The jid after the one that was given out last, and not in use. */
static int
next_jid(struct session *s, uint32_t *ret_jid)
{
	struct prison_info pi;
	uint32_t jid = s->g.lastjid;

	for (int i = 0; i < JAIL_MAX; i++) {
		jid = jid >= JAIL_MAX ? 1 : jid + 1;
		if (kern_get(&s->k, KM_INFOS, &jid, &pi) == 0)
			continue;
		if (errno != ENOENT)
			return (-1);
		*ret_jid = s->g.lastjid = jid;
		return (0);
	}
	return (jail_fail(EAGAIN, "no available jail IDs"));
}

static bool
all_digits(const char *name)
{
	return (name[strspn(name, "0123456789")] == '\0');
}

/* A name is one line without a wild card, and each part of it has a byte. */
static int
check_form(const char *name)
{
	if (name[0] == '\0')
		return (jail_fail(EINVAL, "name is empty"));
	for (const char *p = name; *p != '\0'; p++) {
		if (iscntrl((unsigned char)*p) || *p == '*')
			return (jail_fail(EINVAL, "name: control characters "
			    "and * are not allowed"));
		if (*p == '.' && (p == name || p[1] == '.' || p[1] == '\0'))
			return (jail_fail(EINVAL, "name: \"%s\": nothing "
			    "before or behind a dot", name));
	}
	return (0);
}

/* It is not another jail's. */
static int
check_name(struct session *s, uint32_t jid, const char *name)
{
	const char *dot = strrchr(name, '.');
	const char *last = dot == NULL ? name : dot + 1;
	struct jail other;
	char text[16];

	snprintf(text, sizeof(text), "%u", jid);
	if (all_digits(last) && strcmp(last, text) != 0)
		return (jail_fail(EINVAL, "name cannot be numeric (unless it "
		    "is the jid)"));
	if (all_digits(name))
		return (0);
	if (jail_find(s, name, &other) == 0 && other.pi.pi_id != jid)
		return (jail_fail(EEXIST, "jail \"%s\" already exists", name));
	return (0);
}

static int
set_name(struct session *s, struct change *c)
{
	const char *name = spec_string(&c->sp, P_NAME);
	struct prison_info *pi = &c->new.pi;

	if (name == NULL && c->exists)
		return (0);
	memset(pi->pi_name, 0, sizeof(pi->pi_name));
	if (name == NULL) {
		snprintf(pi->pi_name, sizeof(pi->pi_name), "%u", pi->pi_id);
		return (0);
	}
	if (full_name(c, name, pi->pi_name) != 0 ||
	    check_name(s, pi->pi_id, pi->pi_name) != 0)
		return (-1);
	return (c->exists ? check_names_below(s, c) : 0);
}

static int
set_path(struct change *c)
{
	const char *path = spec_string(&c->sp, P_PATH);
	char real[PATH_MAX];
	struct stat st;

	if ((path == NULL && c->exists) || is_adopted(&c->new))
		return (0);
	if (path == NULL)
		path = "/";
	if (realpath(path, real) == NULL || stat(real, &st) != 0)
		return (jail_fail(errno, "path: %s: %s", path,
		    strerror(errno)));
	if (!S_ISDIR(st.st_mode))
		return (jail_fail(ENOTDIR, "path: %s: not a directory", path));
	if (strlen(real) >= JAIL_PATHLEN)
		return (jail_fail(ENAMETOOLONG, "path: %s: too long", path));
	if (c->exists && strcmp(real, c->old.pi.pi_path) != 0)
		return (jail_fail(EINVAL, "path cannot be changed after "
		    "creation"));
	memset(c->new.pi.pi_path, 0, sizeof(c->new.pi.pi_path));
	strcpy(c->new.pi.pi_path, real);
	return (0);
}

/* A jail that is given no host name goes by its own. */
static int
set_hostname(struct change *c)
{
	const char *hostname = spec_string(&c->sp, P_HOSTNAME);
	struct prison_info *pi = &c->new.pi;

	if (hostname == NULL && c->exists)
		return (0);
	if (hostname == NULL)
		hostname = pi->pi_name;
	memset(pi->pi_hostname, 0, sizeof(pi->pi_hostname));
	memcpy(pi->pi_hostname, hostname, strnlen(hostname,
	    params[P_HOSTNAME].maxlen - 1));
	return (0);
}

static int
set_bools(struct change *c)
{
	uint32_t *flags = &c->new.pr.pr_flags;

	for (int id = 0; id < P_MAX; id++) {
		if (params[id].prflag == 0 || !c->sp.v[id].given)
			continue;
		if (spec_int(&c->sp, id, 0))
			*flags |= params[id].prflag;
		else
			*flags &= ~params[id].prflag;
	}
	return (check_allowed(c));
}

static int
set_loopback(struct change *c)
{
	int32_t kind = spec_int(&c->sp, P_LOOPBACK, JAIL_LO_PRIVATE);

	if (!c->sp.v[P_LOOPBACK].given)
		return (0);
	if (c->exists && kind != loopback_kind(&c->old.pr))
		return (jail_fail(EINVAL, "loopback cannot be changed after "
		    "creation"));
	return (loopback_set(&c->new.pr, kind));
}

/* A new jail, before it is given anything. */
static int
prepare_new(struct session *s, struct change *c)
{
	struct jail *j = &c->new;

	j->pr.pr_version = j->pi.pi_version = JAIL_VERSION;
	j->pr.pr_flags = FLAGS_DEFAULT;
	if (c->nested)
		j->pr.pr_flags &= c->parent.pr.pr_flags | ~PR_ALLOW;
	j->pi.pi_id = spec_int(&c->sp, P_JID, 0);
	if (j->pi.pi_id == 0 && next_jid(s, &j->pi.pi_id) != 0)
		return (-1);
	j->pr.pr_id = j->pi.pi_id;
	return (0);
}

/* Work out what the jail is to be; nothing has changed if this fails. */
static int
prepare(struct session *s, struct change *c)
{
	const char *name = spec_string(&c->sp, P_NAME);

	if (c->exists)
		c->new = c->old;
	if ((name != NULL && check_form(name) != 0) || set_parent(s, c) != 0 ||
	    (!c->exists && prepare_new(s, c) != 0))
		return (-1);
	if (set_name(s, c) != 0 || set_cgroup(s, c) != 0 || set_path(c) != 0 ||
	    set_hostname(c) != 0 ||
	    set_bools(c) != 0 || set_raw(c) != 0 || set_loopback(c) != 0 ||
	    set_childmax(c) != 0 || set_resources(s, c) != 0 ||
	    set_init(c) != 0)
		return (-1);
	for (int f = 0; f < FAM_MAX; f++) {
		if (set_addrs(s, c, f) != 0)
			return (-1);
	}
	for (int f = 0; f < FAM_MAX; f++) {
		if (choose_set(s, c, f) != 0)
			return (-1);
	}
	loopback_choose(&c->new.pr);
	return (c->exists ? find_gains(s, c) : netns_settle(s, &c->new.pr));
}

static int
add_addrs(struct session *s, struct change *c)
{
	for (int f = 0; f < FAM_MAX; f++) {
		if (c->newlist[f] && (addrs_add(s, &families[f], &c->new.pr,
		    &c->list[f]) != 0 || aliases_add(s, c, f) != 0))
			return (-1);
	}
	return (loopback_own(s, &c->new.pr));
}

static int
drop_addrs(struct session *s, struct change *c)
{
	for (int f = 0; f < FAM_MAX; f++) {
		const struct family *fam = &families[f];

		if (c->newlist[f] && addrs_drop(s, fam, c->new.pi.pi_id,
		    prison_set(&c->old.pr, fam), prison_set(&c->new.pr, fam),
		    &c->oldlist[f]) != 0)
			return (-1);
	}
	return (0);
}

static int
create(struct session *s, struct change *c)
{
	struct prison_info *pi = &c->new.pi;
	const __u64 set[4] = {
		prison_own_set(&c->new.pr, &families[FAM_IP4]),
		prison_own_set(&c->new.pr, &families[FAM_IP6]),
	};
	uint64_t cgroup;

	if (journal_begin(s, JAIL_OP_CREATE, pi->pi_id, set) != 0 ||
	    kern_put_new(&s->k, KM_NAMES, pi->pi_name, &pi->pi_id) != 0 ||
	    cgroup_make(s, pi->pi_id, &cgroup) != 0)
		return (-1);
	pi->pi_cgroup = cgroup;
	if (is_adopted(&c->new) && adopt(s, pi) != 0)
		return (-1);
	if (kern_put_new(&s->k, KM_INFOS, &pi->pi_id, pi) != 0 ||
	    add_addrs(s, c) != 0 || resources_apply(s, c) != 0 ||
	    kern_put_new(&s->k, KM_PRISONS, &pi->pi_cgroup, &c->new.pr) != 0 ||
	    tree_count(s, &c->new.pr, 1) != 0)
		return (-1);
	return (journal_end(s));
}

/* (Who only adds to the end, or gives the same list again, takes nothing.) */
static bool
takes_addrs(const struct change *c)
{
	for (int f = 0; f < FAM_MAX; f++) {
		const struct addrlist *l = &c->list[f], *old = &c->oldlist[f];

		if (c->newlist[f] && (l->n < old->n || memcmp(l->addrs,
		    old->addrs, old->n * families[f].addrlen) != 0))
			return (true);
	}
	return (false);
}

/*
 * From here on the jail is the new one, and those in it are what that makes
 * them. If it only loses, they lose first. (Some of them may have ended since
 * they were counted.)
 */
static int
commit(struct session *s, struct change *c)
{
	struct jail now, lesser = { .pr = c->new.pr, .pi = c->old.pi };

	if (jail_read(s, c->new.pi.pi_id, &now) != 0)
		return (-1);
	lesser.pr.pr_nchildren = now.pr.pr_nchildren;
	c->new.pr.pr_nchildren = now.pr.pr_nchildren;
	if (!c->gains && tree_follow(s, &lesser) != 0)
		return (-1);
	if (journal_commit(s, &c->new) != 0)
		return (-1);
	return (tree_follow(s, &c->new));
}

int
change_carry_out(struct session *s, struct change *c)
{
	const struct family *ip4 = &families[FAM_IP4];
	const struct family *ip6 = &families[FAM_IP6];
	const struct prison *o = &c->old.pr, *n = &c->new.pr;
	const __u64 set[4] = { prison_own_set(o, ip4), prison_own_set(o, ip6),
	    prison_own_set(n, ip4), prison_own_set(n, ip6) };
	struct prison_info *pi = &c->new.pi;
	bool renamed = strcmp(c->old.pi.pi_name, pi->pi_name) != 0;
	bool newlists = c->newlist[FAM_IP4] || c->newlist[FAM_IP6];

	if (journal_begin(s, JAIL_OP_UPDATE, pi->pi_id, set) != 0 ||
	    (renamed && kern_put_new(&s->k, KM_NAMES, pi->pi_name,
	    &pi->pi_id) != 0) ||
	    add_addrs(s, c) != 0 || resources_apply(s, c) != 0 ||
	    commit(s, c) != 0)
		return (-1);
	if (takes_addrs(c))
		jail_destroy_lost(s, pi->pi_id);
	if (newlists && kern_wait() != 0)
		return (-1);
	if ((renamed && kern_del(&s->k, KM_NAMES, c->old.pi.pi_name) != 0) ||
	    drop_addrs(s, c) != 0 || journal_end(s) != 0)
		return (-1);
	if (newlists)
		jail_sweep(s, pi->pi_id);
	if (loopback_follow(&c->old.pr, &c->new.pr) != 0)
		return (-1);
	if (c->sp.v[P_HOSTNAME].given)
		return (jail_set_hostname(s, &c->new));
	return (0);
}

static int
update(struct session *s, struct change *c)
{
	return (narrow_below(s, c) == 0 ? change_carry_out(s, c) : -1);
}

/* Take back or carry through what failed; the reason stays as it was. */
static void
clean_up(struct session *s)
{
	char reason[JAIL_ERRMSGLEN];
	int error = errno;

	strcpy(reason, jail_errmsg);
	if (journal_recover(s) == 0)
		s->changed = false;
	jail_fail(error, "%s", reason);
}

void
change_free(struct change *c)
{
	for (int f = 0; f < FAM_MAX && c != NULL; f++) {
		free(c->list[f].addrs);
		free(c->oldlist[f].addrs);
		free(c->aliases[f].v);
	}
	free(c);
}

static int
carry_out(struct session *s, struct change *c, int flags)
{
	int error, found;

	if (!(flags & (JAIL_CREATE | JAIL_UPDATE)) ||
	    ((flags & JAIL_CREATE) && (flags & (JAIL_ADDADDR |
	    JAIL_DELADDR))))
		return (jail_fail(EINVAL, "no valid operation (create or "
		    "update)"));
	c->flags = flags;
	found = find_target(s, c, flags);
	if (found == -1)
		return (-1);
	c->exists = found == 1;
	if (prepare(s, c) != 0)
		return (-1);
	if (!c->exists && !(c->new.pr.pr_flags & (PR_PERSIST | PR_ADOPTED)) &&
	    !has_init(&c->new) && !(flags & (JAIL_ATTACH | JAIL_FORK)))
		return (jail_fail(EINVAL, "new jail must persist or attach: "
		    "give persist, init=... or command=..."));
	error = c->exists ? update(s, c) : create(s, c);
	if (error != 0) {
		clean_up(s);
		return (-1);
	}
	return (c->exists ? 0 : 1);
}

/* Returns 1 if the jail was made, 0 if it was changed. */
int
jail_set_locked(struct session *s, const struct iovec *iov, unsigned int niov,
    int flags, struct jail *ret)
{
	struct change *c;
	int made;

	c = calloc(1, sizeof(*c));
	if (c == NULL)
		return (jail_fail(ENOMEM, "out of memory"));
	made = spec_parse(&c->sp, iov, niov);
	if (made == 0)
		made = carry_out(s, c, flags);
	if (made != -1)
		*ret = c->new;
	change_free(c);
	return (made);
}

/*
 * A jail that was made to be entered, or to live by itself, goes again if that
 * fails.
 */
static int
begin(struct session *s, struct jail *j, bool made,
    int (*fn)(struct session *, struct jail *))
{
	char reason[JAIL_ERRMSGLEN];
	int error;

	if (fn(s, j) == 0)
		return (0);
	error = errno;
	strcpy(reason, jail_errmsg);
	if (made)
		jail_remove_locked(s, j);
	return (jail_fail(error, "%s", reason));
}

int
jail_set(struct iovec *iov, unsigned int niov, int flags)
{
	struct session s;
	struct jail j;
	int error, made;

	if (session_open(&s, flags & JAIL_CREATE) != 0) {
		param_give_errmsg(iov, niov);
		return (-1);
	}
	error = made = jail_set_locked(&s, iov, niov, flags, &j);
	if (made != -1 && (flags & JAIL_ATTACH))
		error = begin(&s, &j, made == 1, jail_attach_locked);
	else if (made == 1 && has_init(&j))
		error = begin(&s, &j, true, jail_start_locked);
	else if (made != -1)
		error = jail_live(&s, &j) >= 0 ? 0 : -1;
	session_close(&s);
	if (error != 0) {
		param_give_errmsg(iov, niov);
		return (-1);
	}
	jail_errmsg[0] = '\0';
	return (j.pi.pi_id);
}

/* The text interface: pairs of strings up to a NULL name. */
int
jail_setv(int flags, ...)
{
	struct jailparam jp[P_MAX];
	const char *name, *value;
	unsigned int n = 0;
	va_list ap;
	int jid = -1;

	va_start(ap, flags);
	while (n < P_MAX && (name = va_arg(ap, const char *)) != NULL) {
		value = va_arg(ap, const char *);
		if (jailparam_init(&jp[n], name) != 0)
			goto out;
		n++;
		if (value != NULL && jailparam_import(&jp[n - 1], value) != 0)
			goto out;
	}
	jid = jailparam_set(jp, n, flags);
out:
	va_end(ap);
	jailparam_free(jp, n);
	return (jid);
}
