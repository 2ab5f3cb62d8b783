/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Parameters as text: jailparam_*(3).
 */

#include <arpa/inet.h>

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jail_impl.h"

#define GET_TRIES	10	/* a set may grow between size and value */
#define ADDRS_USUAL	64

#define NWORDS	3

/* The words of the types that are words, in the order of their numbers. */
static const char *const modes[NWORDS] = { "disable", "new", "inherit" };
static const char *const loopbacks[NWORDS] = { "private", "primary", "host" };

void
jailparam_free(struct jailparam *jp, unsigned int njp)
{
	for (unsigned int i = 0; i < njp; i++) {
		free(jp[i].jp_name);
		free(jp[i].jp_value);
		memset(&jp[i], 0, sizeof(jp[i]));
	}
}

static int
out_of_memory(void)
{
	return (jail_fail(ENOMEM, "out of memory"));
}

static int
set_raw(struct jailparam *jp, const void *value, size_t len)
{
	void *copy = malloc(len + 1);

	if (copy == NULL)
		return (out_of_memory());
	memcpy(copy, value, len);
	free(jp->jp_value);
	jp->jp_value = copy;
	jp->jp_valuelen = len;
	return (0);
}

static int
set_int(struct jailparam *jp, int32_t value)
{
	return (set_raw(jp, &value, sizeof(value)));
}

int
jailparam_init(struct jailparam *jp, const char *name)
{
	bool lastjid = strcmp(name, "lastjid") == 0, negated = false;
	int id = lastjid ? P_JID : param_find(name, &negated);

	memset(jp, 0, sizeof(*jp));
	if (id == -1)
		return (-1);
	jp->jp_name = strdup(lastjid ? name : params[id].name);
	if (jp->jp_name == NULL)
		return (out_of_memory());
	jp->jp_type = params[id].type;
	jp->jp_flags = params[id].flags;
	if (!negated)
		return (0);
	jp->jp_flags |= JP_NOBOOL;
	if (set_int(jp, 0) != 0) {
		jailparam_free(jp, 1);
		return (-1);
	}
	return (0);
}

int
jailparam_all(struct jailparam **jpp)
{
	struct jailparam *jp = calloc(P_MAX, sizeof(*jp));

	if (jp == NULL)
		return (out_of_memory());
	for (int i = 0; i < P_MAX; i++) {
		if (jailparam_init(&jp[i], params[i].name) != 0) {
			jailparam_free(jp, i);
			free(jp);
			return (-1);
		}
	}
	*jpp = jp;
	return (P_MAX);
}

static int
bad_value(const struct jailparam *jp, const char *what, const char *value)
{
	return (jail_fail(EINVAL, "%s: %s: \"%.100s\"", jp->jp_name, what,
	    value));
}

static int
import_int(struct jailparam *jp, const char *value)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(value, &end, 10);
	if (end == value || *end != '\0')
		return (bad_value(jp, "not a number", value));
	if (errno != 0 || n > INT_MAX || n < INT_MIN)
		return (bad_value(jp, "number is too large", value));
	return (set_int(jp, n));
}

/* With k, m, g or t as many 1024s, or 1024s of these, and so on. */
static int
import_size(struct jailparam *jp, const char *value)
{
	static const char units[] = "kmgt";
	unsigned long long n;
	const char *unit;
	int shift = 0;
	uint64_t size;
	char *end;

	errno = 0;
	n = strtoull(value, &end, 10);
	unit = end != value && *end != '\0' ? strchr(units, *end | 0x20) : NULL;
	if (unit != NULL) {
		shift = 10 * (int)(unit - units + 1);
		end++;
	}
	if (value[0] < '0' || value[0] > '9' || *end != '\0')
		return (bad_value(jp, "not a number, with k, m, g or t behind",
		    value));
	size = n << shift;
	if (errno != 0 || size >> shift != n || size > INT64_MAX)
		return (bad_value(jp, "number is too large", value));
	return (set_raw(jp, &size, sizeof(size)));
}

static int
import_bool(struct jailparam *jp, const char *value)
{
	if (strcmp(value, "true") == 0 || strcmp(value, "1") == 0)
		return (set_int(jp, 1));
	if (strcmp(value, "false") == 0 || strcmp(value, "0") == 0)
		return (set_int(jp, 0));
	return (bad_value(jp, "neither true nor false", value));
}

static int
import_word(struct jailparam *jp, const char *const words[NWORDS],
    const char *value)
{
	char what[64];

	for (int i = 0; i < NWORDS; i++) {
		if (strcmp(value, words[i]) == 0)
			return (set_int(jp, i));
	}
	snprintf(what, sizeof(what), "not %s, %s or %s", words[0], words[1],
	    words[2]);
	return (bad_value(jp, what, value));
}

/* Addresses with commas between them; an empty text is an empty list. */
static int
import_addrs(struct jailparam *jp, int af, size_t addrlen, const char *value)
{
	const char *what = strchr(value, '/') != NULL ?
	    "a prefix length goes with an interface, interface|address/prefix" :
	    af == AF_INET ? "not an IPv4 address" : "not an IPv6 address";
	char *copy = strdup(value), *rest = copy, *one;
	uint8_t *addrs = malloc((strlen(value) / 2 + 1) * addrlen);
	size_t n = 0;
	int error = 0;

	if (copy == NULL || addrs == NULL)
		error = out_of_memory();
	while (error == 0 && value[0] != '\0' &&
	    (one = strsep(&rest, ",")) != NULL) {
		if (one[0] == '\0')
			error = bad_value(jp, "a comma too many", value);
		else if (inet_pton(af, one, addrs + n++ * addrlen) != 1)
			error = bad_value(jp, what, one);
	}
	if (error == 0)
		error = set_raw(jp, addrs, n * addrlen);
	free(copy);
	free(addrs);
	return (error);
}

int
jailparam_import(struct jailparam *jp, const char *value)
{
	if (jp->jp_flags & JP_NOBOOL)
		return (bad_value(jp, "its negation takes no value", value));
	switch (jp->jp_type) {
	case JPT_BOOL:
		return (import_bool(jp, value));
	case JPT_JAILSYS:
		return (import_word(jp, modes, value));
	case JPT_LOOPBACK:
		return (import_word(jp, loopbacks, value));
	case JPT_STRING:
		return (set_raw(jp, value, strlen(value) + 1));
	case JPT_UINT64:
		return (import_size(jp, value));
	case JPT_IP4:
		return (import_addrs(jp, AF_INET, 4, value));
	case JPT_IP6:
		return (import_addrs(jp, AF_INET6, 16, value));
	default:
		return (import_int(jp, value));
	}
}

int
jailparam_import_raw(struct jailparam *jp, const void *value, size_t valuelen)
{
	return (set_raw(jp, value, valuelen));
}

static char *
export_addrs(const struct jailparam *jp, int af, size_t addrlen)
{
	size_t n = jp->jp_valuelen / addrlen, len = 0;
	char *text = malloc(n * INET6_ADDRSTRLEN + 1);

	if (text == NULL) {
		out_of_memory();
		return (NULL);
	}
	text[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			text[len++] = ',';
		inet_ntop(af, (char *)jp->jp_value + i * addrlen, text + len,
		    INET6_ADDRSTRLEN);
		len += strlen(text + len);
	}
	return (text);
}

static char *
export_number(const struct jailparam *jp)
{
	uint64_t big = 0;
	int32_t small = 0;
	char *text = NULL;

	if (jp->jp_type == JPT_UINT64) {
		memcpy(&big, jp->jp_value, sizeof(big));
		if (asprintf(&text, "%" PRIu64, big) == -1)
			text = NULL;
	} else {
		memcpy(&small, jp->jp_value, sizeof(small));
		if (asprintf(&text, "%d", small) == -1)
			text = NULL;
	}
	return (text);
}

static char *
export_word(const struct jailparam *jp, const char *const words[NWORDS])
{
	int32_t n = 0;

	memcpy(&n, jp->jp_value, sizeof(n));
	return (strdup(n >= 0 && n < NWORDS ? words[n] : "unknown"));
}

static char *
export_bool(const struct jailparam *jp)
{
	int32_t on = 0;

	memcpy(&on, jp->jp_value, sizeof(on));
	return (strdup(on != 0 ? "true" : "false"));
}

char *
jailparam_export(const struct jailparam *jp)
{
	char *text;

	if (jp->jp_value == NULL) {
		jail_fail(EINVAL, "%s: has no value", jp->jp_name);
		return (NULL);
	}
	switch (jp->jp_type) {
	case JPT_BOOL:
		text = export_bool(jp);
		break;
	case JPT_JAILSYS:
		text = export_word(jp, modes);
		break;
	case JPT_LOOPBACK:
		text = export_word(jp, loopbacks);
		break;
	case JPT_STRING:
		text = strndup(jp->jp_value, jp->jp_valuelen);
		break;
	case JPT_IP4:
		return (export_addrs(jp, AF_INET, 4));
	case JPT_IP6:
		return (export_addrs(jp, AF_INET6, 16));
	default:
		text = export_number(jp);
		break;
	}
	if (text == NULL)
		out_of_memory();
	return (text);
}

/* Pairs of names and raw values; the names count their NUL. */
static struct iovec *
make_iov(struct jailparam *jp, unsigned int njp)
{
	struct iovec *iov = calloc(2 * njp + 1, sizeof(*iov));

	if (iov == NULL) {
		out_of_memory();
		return (NULL);
	}
	for (unsigned int i = 0; i < njp; i++) {
		iov[2 * i].iov_base = jp[i].jp_name;
		iov[2 * i].iov_len = strlen(jp[i].jp_name) + 1;
		iov[2 * i + 1].iov_base = jp[i].jp_value;
		iov[2 * i + 1].iov_len = jp[i].jp_valuelen;
	}
	return (iov);
}

int
jailparam_set(struct jailparam *jp, unsigned int njp, int flags)
{
	struct iovec *iov = make_iov(jp, njp);
	int jid;

	if (iov == NULL)
		return (-1);
	jid = jail_set(iov, 2 * njp, flags);
	free(iov);
	return (jid);
}

/* Make a jail and a process in it under one lock. */
static pid_t
start_locked(struct session *s, const struct iovec *iov, unsigned int niov,
    int flags, int *ret_jid)
{
	char reason[JAIL_ERRMSGLEN];
	struct jail j;
	pid_t pid;
	int error, made;

	made = jail_set_locked(s, iov, niov, flags | JAIL_FORK, &j);
	if (made == -1)
		return (-1);
	pid = jail_fork_locked(s, &j);
	if (pid == -1) {
		error = errno;
		strcpy(reason, jail_errmsg);
		if (made == 1)
			jail_remove_locked(s, &j);
		return (jail_fail(error, "%s", reason));
	}
	*ret_jid = j.pi.pi_id;
	return (pid);
}

pid_t
jailparam_start(struct jailparam *jp, unsigned int njp, int flags,
    int *ret_jid)
{
	struct iovec *iov = make_iov(jp, njp);
	struct session s;
	pid_t pid;

	if (iov == NULL)
		return (-1);
	if (session_open(&s, true) != 0) {
		free(iov);
		return (-1);
	}
	pid = start_locked(&s, iov, 2 * njp, flags, ret_jid);
	if (pid != 0)
		session_close(&s);
	free(iov);
	return (pid);
}

/* Room for a value that is most often enough. */
static size_t
usual_size(const struct jailparam *jp)
{
	switch (jp->jp_type) {
	case JPT_STRING:
		return (JAIL_PATHLEN);
	case JPT_IP4:
	case JPT_IP6:
		return (ADDRS_USUAL * sizeof(struct in6_addr));
	default:
		return (sizeof(uint64_t));
	}
}

static void
free_values(struct iovec *iov, unsigned int njp)
{
	for (unsigned int i = 0; i < njp; i++) {
		free(iov[2 * i + 1].iov_base);
		iov[2 * i + 1].iov_base = NULL;
	}
}

/* Make room for the values: iov_len bytes, or what is usual. */
static int
alloc_values(const struct jailparam *jp, struct iovec *iov, unsigned int njp,
    bool usual)
{
	for (unsigned int i = 0; i < njp; i++) {
		struct iovec *value = &iov[2 * i + 1];

		if (usual)
			value->iov_len = usual_size(&jp[i]);
		value->iov_base = calloc(1, value->iov_len + 1);
		if (value->iov_base == NULL) {
			free_values(iov, njp);
			return (out_of_memory());
		}
	}
	return (0);
}

static void
take_values(struct jailparam *jp, const struct iovec *iov, unsigned int njp)
{
	for (unsigned int i = 0; i < njp; i++) {
		if (strcmp(jp[i].jp_name, "lastjid") == 0) {
			free(iov[2 * i + 1].iov_base);
			continue;
		}
		free(jp[i].jp_value);
		jp[i].jp_value = iov[2 * i + 1].iov_base;
		jp[i].jp_valuelen = iov[2 * i + 1].iov_len;
	}
}

/* The first pair of iov finds the jail, the others are to be filled in. */
static int
get_values(struct jailparam *jp, unsigned int njp, struct iovec *iov,
    int flags)
{
	int jid = -1;

	if (alloc_values(jp, iov + 2, njp, true) != 0)
		return (-1);
	jid = jail_get(iov, 2 * njp + 2, flags);
	for (int i = 0; i < GET_TRIES && jid == -1 && errno == EINVAL; i++) {
		free_values(iov + 2, njp);
		if (jail_get(iov, 2 * njp + 2, flags) == -1 ||
		    alloc_values(jp, iov + 2, njp, false) != 0)
			return (-1);
		jid = jail_get(iov, 2 * njp + 2, flags);
	}
	if (jid == -1)
		free_values(iov + 2, njp);
	else
		take_values(jp, iov + 2, njp);
	return (jid);
}

static bool
is_key(const char *name)
{
	return (strcmp(name, "lastjid") == 0 || strcmp(name, "jid") == 0 ||
	    strcmp(name, "name") == 0);
}

int
jailparam_get(struct jailparam *jp, unsigned int njp, int flags)
{
	struct iovec *iov = calloc(2 * njp + 2, sizeof(*iov));
	int jid = -1;

	if (iov == NULL)
		return (out_of_memory());
	for (unsigned int i = 0; i < njp; i++) {
		iov[2 * i + 2].iov_base = jp[i].jp_name;
		if (jp[i].jp_value == NULL || iov[0].iov_base != NULL ||
		    !is_key(jp[i].jp_name))
			continue;
		iov[0].iov_base = jp[i].jp_name;
		iov[1].iov_base = jp[i].jp_value;
		iov[1].iov_len = jp[i].jp_valuelen;
	}
	if (iov[0].iov_base == NULL)
		jail_fail(EINVAL, "no jail specified");
	else
		jid = get_values(jp, njp, iov, flags);
	free(iov);
	return (jid);
}
