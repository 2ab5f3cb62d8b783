/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * jail_get(3): what a jail is, from the kernel half's maps.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jail_impl.h"

/* The n-th of the keys that a jail's refusals can have; false at the end. */
bool
refusal_nth(struct refusal_key *key, int n)
{
	static const uint8_t fams[] = { 0, 4, 6 };
	const int dirs = JAIL_DIR_IN + 1;

	key->family = fams[n % 3];
	key->dir = n / 3 % dirs;
	key->reason = 1 + n / 3 / dirs;
	return (key->reason < JR_MAX);
}

/* A raw value on its way to the caller. */
struct value {
	const void *base;
	size_t len;
	union {
		int32_t i;
		uint64_t u;
	} num;
	void *owned;		/* to be freed, or NULL */
};

static int
value_int(struct value *v, int32_t i)
{
	v->num.i = i;
	v->base = &v->num.i;
	v->len = sizeof(v->num.i);
	return (0);
}

static int
value_uint64(struct value *v, uint64_t u)
{
	v->num.u = u;
	v->base = &v->num.u;
	v->len = sizeof(v->num.u);
	return (0);
}

static int
value_string(struct value *v, const char *string)
{
	v->base = string;
	v->len = strlen(string) + 1;
	return (0);
}

static int
value_mode(struct value *v, const struct jail *j, const struct family *f)
{
	if (!(j->pr.pr_flags & f->restricted) ||
	    (j->pr.pr_flags & f->inherited))
		return (value_int(v, JAIL_SYS_INHERIT));
	return (value_int(v, prison_naddrs(&j->pr, f) > 0 ? JAIL_SYS_NEW :
	    JAIL_SYS_DISABLE));
}

static int
value_addrs(struct session *s, struct value *v, const struct jail *j,
    const struct family *f)
{
	struct addrlist l;

	if (addrs_read(s, f, &j->pr, &l) != 0)
		return (-1);
	v->base = v->owned = l.addrs;
	v->len = l.n * f->addrlen;
	return (0);
}

/* The text is given away; NULL: there was an error. */
static int
value_text(struct value *v, char *text)
{
	if (text == NULL)
		return (-1);
	v->base = v->owned = text;
	v->len = strlen(text) + 1;
	return (0);
}

/* One look-up for each key that there can be: far fewer than entries. */
static int
value_refused(struct session *s, struct value *v, const struct jail *j)
{
	struct refusal_key key = { .jid = j->pi.pi_id };
	uint64_t count, sum = 0;

	for (int i = 0; refusal_nth(&key, i); i++) {
		if (kern_get(&s->k, KM_REFUSALS, &key, &count) == 0)
			sum += count;
		else if (errno != ENOENT)
			return (-1);
	}
	return (value_uint64(v, sum));
}

static int
value_processes(struct session *s, struct value *v, const struct jail *j)
{
	int n = jail_processes(s, j);

	return (n < 0 ? -1 : value_int(v, n));
}

/* Those that have ended are gone when somebody looks. */
static int
value_children(struct session *s, struct value *v, const struct jail *j)
{
	struct jail now = *j;

	if (j->pr.pr_nchildren > 0 && (tree_reap(s, j) != 0 ||
	    jail_read(s, j->pi.pi_id, &now) != 0))
		return (-1);
	return (value_int(v, now.pr.pr_nchildren));
}

/* What it may use, and uses. */
static int
value_resource(struct session *s, struct value *v, const struct jail *j,
    int id)
{
	switch (id) {
	case P_CPU_SHARES:
		return (value_int(v, j->pi.pi_cpu_shares));
	case P_CPU_MAX:
		return (value_int(v, j->pi.pi_cpu_max));
	case P_CPUSET_CPUS:
		return (value_string(v, j->pi.pi_cpus));
	case P_MEM_MAX:
		return (value_uint64(v, j->pi.pi_mem_max));
	case P_PIDS_MAX:
		return (value_int(v, j->pi.pi_pids_max));
	case P_CPU_USAGE:
		return (value_uint64(v, resources_cpu_usage(s, j)));
	default: /* P_MEM_USAGE */
		return (value_uint64(v, resources_mem_usage(s, j)));
	}
}

static int
get_value(struct session *s, const struct jail *j, int id, struct value *v)
{
	memset(v, 0, sizeof(*v));
	if (params[id].prflag != 0)
		return (value_int(v, (j->pr.pr_flags & params[id].prflag) !=
		    0));
	switch (id) {
	case P_JID:
		return (value_int(v, j->pi.pi_id));
	case P_NAME:
		return (value_string(v, j->pi.pi_name));
	case P_PATH:
		return (value_string(v, is_adopted(j) ? "/" : j->pi.pi_path));
	case P_CGROUP:
		return (value_string(v, is_adopted(j) ? j->pi.pi_path : ""));
	case P_HOSTNAME:
		return (value_string(v, j->pi.pi_hostname));
	case P_IP4:
		return (value_mode(v, j, &families[FAM_IP4]));
	case P_IP6:
		return (value_mode(v, j, &families[FAM_IP6]));
	case P_IP4_ADDR:
		return (value_addrs(s, v, j, &families[FAM_IP4]));
	case P_IP6_ADDR:
		return (value_addrs(s, v, j, &families[FAM_IP6]));
	case P_IP4_ALIAS:
		return (value_text(v, aliases_text(s, &families[FAM_IP4],
		    &j->pr)));
	case P_IP6_ALIAS:
		return (value_text(v, aliases_text(s, &families[FAM_IP6],
		    &j->pr)));
	case P_RAW_PROTOCOLS:
	case P_RAW_ICMP:
	case P_RAW_ICMP6:
		return (value_text(v, raw_text(&j->pr, id)));
	case P_LOOPBACK:
		return (value_int(v, loopback_kind(&j->pr)));
	case P_INIT:
		return (value_string(v, j->pi.pi_init));
	case P_STOP_TIMEOUT:
		return (value_int(v, j->pi.pi_stop_timeout));
	case P_CHILDREN_MAX:
		return (value_int(v, j->pr.pr_childmax));
	case P_PARENT:
		return (value_int(v, j->pi.pi_parent));
	case P_CHILDREN_CUR:
		return (value_children(s, v, j));
	case P_PROCESSES:
		return (value_processes(s, v, j));
	case P_REFUSED:
		return (value_refused(s, v, j));
	case P_DYING:
		return (value_int(v, 0));
	default:
		return (value_resource(s, v, j, id));
	}
}

/* Copy a value to where the caller wants it, or tell its length. */
static int
put_value(struct iovec *iov, const char *name, const struct value *v,
    bool negated)
{
	int32_t flipped;

	if (iov->iov_base == NULL) {
		iov->iov_len = v->len;
		return (0);
	}
	if (iov->iov_len < v->len)
		return (jail_fail(EINVAL, "%s: %zu bytes are too few for the "
		    "value", name, iov->iov_len));
	memcpy(iov->iov_base, v->base, v->len);
	iov->iov_len = v->len;
	if (negated) {
		flipped = !v->num.i;
		memcpy(iov->iov_base, &flipped, sizeof(flipped));
	}
	return (0);
}

/* The pair of that name, or NULL if it is not there or has no value. */
static struct iovec *
find_pair(struct iovec *iov, unsigned int niov, const char *name)
{
	for (unsigned int i = 0; i + 1 < niov; i += 2) {
		if (iov[i].iov_base != NULL &&
		    strcmp(iov[i].iov_base, name) == 0)
			return (iov[i + 1].iov_base != NULL ? &iov[i + 1] :
			    NULL);
	}
	return (NULL);
}

/* The int32_t in the pair of that name, or -1. */
static int32_t
key_int(struct iovec *iov, unsigned int niov, const char *name)
{
	const struct iovec *pair = find_pair(iov, niov, name);
	int32_t value;

	if (pair == NULL || pair->iov_len < sizeof(value))
		return (-1);
	memcpy(&value, pair->iov_base, sizeof(value));
	return (value);
}

/*
 * Which jail is meant: lastjid, else a jid that is not 0, else a name. The pair
 * that says it (ret_key) keeps its value; there may be another for what was
 * found.
 */
static int
find_key(struct session *s, struct iovec *iov, unsigned int niov,
    struct jail *j, const struct iovec **ret_key)
{
	int32_t lastjid = key_int(iov, niov, "lastjid");
	int32_t jid = key_int(iov, niov, "jid");
	const struct iovec *name = find_pair(iov, niov, "name");
	char text[16];

	if (lastjid >= 0) {
		*ret_key = find_pair(iov, niov, "lastjid");
		return (jail_next(s, lastjid, j));
	}
	if (jid > 0) {
		*ret_key = find_pair(iov, niov, "jid");
		snprintf(text, sizeof(text), "%d", jid);
		if (jail_find(s, text, j) != 0)
			return (errno == ENOENT ? jail_fail(ENOENT,
			    "jail %d not found", jid) : -1);
		return (0);
	}
	if (name == NULL || strnlen(name->iov_base, name->iov_len) ==
	    name->iov_len)
		return (jail_fail(EINVAL, "no jail specified"));
	*ret_key = name;
	return (jail_find(s, name->iov_base, j));
}

static int
fill_in(struct session *s, const struct jail *j, struct iovec *iov,
    unsigned int niov, const struct iovec *key)
{
	const char *name;
	struct value v;
	bool negated;
	int error, id;

	for (unsigned int i = 0; i < niov; i += 2) {
		name = iov[i].iov_base;
		if (&iov[i + 1] == key || strcmp(name, "errmsg") == 0 ||
		    strcmp(name, "lastjid") == 0)
			continue;
		id = param_find(name, &negated);
		if (id == -1 || get_value(s, j, id, &v) != 0)
			return (-1);
		error = put_value(&iov[i + 1], name, &v, negated);
		free(v.owned);
		if (error != 0)
			return (-1);
	}
	return (0);
}

static int
check_pairs(const struct iovec *iov, unsigned int niov, int flags)
{
	if (niov % 2 != 0 || (flags & ~JAIL_DYING) != 0)
		return (jail_fail(EINVAL, "no valid operation"));
	for (unsigned int i = 0; i < niov; i += 2) {
		if (iov[i].iov_base == NULL)
			return (jail_fail(EINVAL, "a parameter has no name"));
	}
	return (0);
}

int
jail_get(struct iovec *iov, unsigned int niov, int flags)
{
	const struct iovec *key = NULL;
	struct session s;
	struct jail j;
	int error;

	if (check_pairs(iov, niov, flags) != 0)
		return (-1);
	error = session_open(&s, false);
	if (error == 0) {
		error = find_key(&s, iov, niov, &j, &key);
		if (error == 0)
			error = fill_in(&s, &j, iov, niov, key);
		session_close(&s);
	}
	if (error != 0) {
		param_give_errmsg(iov, niov);
		return (-1);
	}
	jail_errmsg[0] = '\0';
	return (j.pi.pi_id);
}

int
jail_getid(const char *name)
{
	struct session s;
	struct jail j;
	int error;

	if (session_open(&s, false) != 0)
		return (-1);
	error = jail_find(&s, name, &j);
	session_close(&s);
	return (error == 0 ? (int)j.pi.pi_id : -1);
}

char *
jail_getname(int jid)
{
	char text[16], *name = NULL;
	struct session s;
	struct jail j;

	snprintf(text, sizeof(text), "%d", jid);
	if (session_open(&s, false) != 0)
		return (NULL);
	if (jail_find(&s, text, &j) == 0) {
		name = strdup(j.pi.pi_name);
		if (name == NULL)
			jail_fail(ENOMEM, "out of memory");
	}
	session_close(&s);
	return (name);
}

static int
convert_refusals(struct jail_refusal **ret, int jid,
    const struct refusal_key *keys, const uint64_t *counts, size_t n)
{
	struct jail_refusal *r = calloc(n + 1, sizeof(*r));
	int found = 0;

	if (r == NULL)
		return (jail_fail(ENOMEM, "out of memory"));
	for (size_t i = 0; i < n; i++) {
		if (jid != -1 && keys[i].jid != (uint32_t)jid)
			continue;
		r[found++] = (struct jail_refusal) { .jid = keys[i].jid,
		    .reason = keys[i].reason, .dir = keys[i].dir,
		    .family = keys[i].family, .count = counts[i] };
	}
	*ret = r;
	return (found);
}

int
jail_refusals(int jid, struct jail_refusal **refusals)
{
	struct refusal_key *keys = NULL;
	uint64_t *counts = NULL;
	struct session s;
	size_t n = 0;
	int found = -1;

	if (session_open(&s, false) != 0)
		return (-1);
	if (!s.loaded || kern_dump(&s.k, KM_REFUSALS, (void **)&keys,
	    (void **)&counts, &n) == 0)
		found = convert_refusals(refusals, jid, keys, counts, n);
	session_close(&s);
	free(keys);
	free(counts);
	return (found);
}
