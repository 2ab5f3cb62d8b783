/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Does what is in the kernel belong together?
 */

#include <sys/jail.h>
#include <sys/stat.h>

#include <arpa/inet.h>

#include <ctype.h>
#include <dirent.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "state.h"

#define SETLEN	sizeof(uint64_t)	/* a member's key begins with its set */

struct check {
	struct state *st;
	FILE *out;
	int faults;
	const struct fam *fam;	/* the family that is checked */
	size_t members;		/* of it, in the sets of all jails */
	size_t nets;		/* the same */
};

/* A family: addresses are addrlen bytes, and so on. */
static const struct fam {
	int af;
	size_t addrlen;
	enum state_map members, owners, nets;
} fams[] = {
	{ AF_INET, 4, SM_IP4S, SM_IP4_OWNERS, SM_IP4_NETS },
	{ AF_INET6, 16, SM_IP6S, SM_IP6_OWNERS, SM_IP6_NETS },
};

static void __attribute__((format(printf, 2, 3)))
fault(struct check *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(c->out, fmt, ap);
	va_end(ap);
	fputc('\n', c->out);
	c->faults++;
}

static const char *
text_of(const struct fam *f, const void *addr)
{
	static char text[INET6_ADDRSTRLEN];

	return (inet_ntop(f->af, addr, text, sizeof(text)));
}

static uint64_t
set_of(const struct fam *f, const struct prison *pr)
{
	return (f->af == AF_INET ? pr->pr_ip4s : pr->pr_ip6s);
}

static size_t
number_of(const struct fam *f, const struct prison *pr)
{
	return (f->af == AF_INET ? pr->pr_nip4 : pr->pr_nip6);
}

/* Has it a set of its own? */
static bool
has_list(const struct fam *f, const struct prison *pr)
{
	uint32_t ip4 = pr->pr_flags & (PR_IP4 | PR_IP4_PARENT);
	uint32_t ip6 = pr->pr_flags & (PR_IP6 | PR_IP6_PARENT);

	return (f->af == AF_INET ? ip4 == PR_IP4 : ip6 == PR_IP6);
}

static bool
is_restricted(const struct fam *f, const struct prison *pr)
{
	return (pr->pr_flags & (f->af == AF_INET ? PR_IP4 : PR_IP6));
}

static const void *
primary_of(const struct fam *f, const struct prison *pr)
{
	return (f->af == AF_INET ? (const void *)&pr->pr_ip4 : &pr->pr_ip6);
}

/* What 127.0.0.1 or ::1 is; not a member of the set. */
static const void *
loopback_of(const struct fam *f, const struct prison *pr)
{
	return (f->af == AF_INET ? (const void *)&pr->pr_lo4 : &pr->pr_lo6);
}

static uint64_t
ports_of(const struct fam *f, const struct prison *pr)
{
	return (f->af == AF_INET ? pr->pr_ports4 : pr->pr_ports6);
}

static bool
find_prison(const struct check *c, uint32_t jid, struct prison *pr)
{
	struct prison_info pi;

	return (state_lookup(c->st, SM_INFOS, &jid, &pi) &&
	    state_lookup(c->st, SM_PRISONS, &pi.pi_cgroup, pr));
}

static bool
find_member(const struct check *c, uint64_t set, const void *addr,
    void *value)
{
	uint8_t key[sizeof(struct prison_ip6_key)] = { 0 };

	memcpy(key, &set, SETLEN);
	memcpy(key + SETLEN, addr, c->fam->addrlen);
	return (state_lookup(c->st, c->fam->members, key, value));
}

static int
check_info(void *arg, const void *key, const void *value)
{
	const struct prison_info *pi = value;
	uint32_t jid = *(const uint32_t *)key, named;
	struct check *c = arg;
	char path[PATH_MAX + 16];
	struct prison pr;
	struct stat sb;

	if (pi->pi_id != jid || pi->pi_version != JAIL_VERSION)
		fault(c, "info %u: is of jail %u", jid, pi->pi_id);
	if (!find_prison(c, jid, &pr) || pr.pr_id != jid)
		fault(c, "info %u: has no prison", jid);
	if (!state_lookup(c->st, SM_NAMES, pi->pi_name, &named) ||
	    named != jid)
		fault(c, "info %u: name %s is not its own", jid, pi->pi_name);
	snprintf(path, sizeof(path), "%s/%u", c->st->st_cgroup, jid);
	if (stat(path, &sb) != 0 || (sb.st_ino == pi->pi_cgroup) ==
	    !!(pr.pr_flags & PR_ADOPTED))
		fault(c, "info %u: has no cgroup", jid);
	snprintf(path, sizeof(path), "%s/%u", c->st->st_cpu, jid);
	if (c->st->st_cpu[0] != '\0' && access(path, F_OK) != 0)
		fault(c, "info %u: has no cpu cgroup", jid);
	return (0);
}

static int
check_name(void *arg, const void *key, const void *value)
{
	uint32_t jid = *(const uint32_t *)value;
	struct prison_info pi;
	struct check *c = arg;

	if (!state_lookup(c->st, SM_INFOS, &jid, &pi) ||
	    memcmp(pi.pi_name, key, JAIL_NAMELEN) != 0)
		fault(c, "name %.*s: jail %u does not have it",
		    JAIL_NAMELEN, (const char *)key, jid);
	return (0);
}

/* Walk a set from its primary address; each member must have an owner. */
static void
check_set(struct check *c, const struct prison *pr)
{
	uint8_t addr[16] = { 0 }, value[sizeof(struct prison_ip6)];
	size_t n = number_of(c->fam, pr);
	struct ip_owner owner;

	memcpy(addr, primary_of(c->fam, pr), c->fam->addrlen);
	for (size_t i = 0; i < n; i++) {
		if (!find_member(c, set_of(c->fam, pr), addr, value)) {
			fault(c, "jail %u: address %zu of %zu is missing",
			    pr->pr_id, i + 1, n);
			return;
		}
		if (!state_lookup(c->st, c->fam->owners, addr, &owner))
			fault(c, "jail %u: %s has no owner", pr->pr_id,
			    text_of(c->fam, addr));
		c->members += has_list(c->fam, pr);
		memcpy(addr, value, c->fam->addrlen);
	}
	memset(value, 0, sizeof(value));
	if (memcmp(addr, value, c->fam->addrlen) != 0 && n > 0)
		fault(c, "jail %u: a set goes on after its end", pr->pr_id);
}

/* Walk the prefixes of a set from that of length 0. */
static void
check_nets(struct check *c, uint64_t set)
{
	struct ip6_net key = { .prefixlen = 64 };
	uint8_t value[sizeof(struct ip6_source)] = { 0 };
	const size_t addrlen = c->fam->addrlen;
	uint32_t prefix = 0;

	memcpy(key.set, &set, SETLEN);
	while (prefix <= 8 * addrlen) {
		key.prefixlen = 64 + prefix;
		memcpy(&key.addr, value + addrlen, addrlen);
		if (!state_lookup(c->st, c->fam->nets, &key, value)) {
			fault(c, "set %llu: prefix %s/%u is missing",
			    (unsigned long long)set,
			    text_of(c->fam, &key.addr), prefix);
			return;
		}
		c->nets++;
		memcpy(&prefix, value + 2 * addrlen, sizeof(prefix));
	}
}

/* The jail around it; false: the host. */
static bool
find_parent(const struct check *c, const struct prison *pr,
    struct prison *parent)
{
	if (pr->pr_parent == 0)
		return (false);
	if (state_lookup(c->st, SM_PRISONS, &pr->pr_parent, parent))
		return (true);
	fprintf(c->out, "jail %u: has no parent\n", pr->pr_id);
	return (false);
}

/* What it has its parent has. */
static void
check_outside(struct check *c, const struct prison *pr)
{
	uint8_t addr[16] = { 0 }, value[sizeof(struct prison_ip6)];
	uint8_t ignored[sizeof(struct prison_ip6)];
	struct prison parent;

	if (!find_parent(c, pr, &parent) || !is_restricted(c->fam, &parent))
		return;
	if (!is_restricted(c->fam, pr))
		fault(c, "jail %u: its parent is restricted", pr->pr_id);
	memcpy(addr, primary_of(c->fam, pr), c->fam->addrlen);
	for (size_t i = 0; i < number_of(c->fam, pr); i++) {
		if (!find_member(c, set_of(c->fam, &parent), addr, ignored))
			fault(c, "jail %u: %s is not its parent's", pr->pr_id,
			    text_of(c->fam, addr));
		if (!find_member(c, set_of(c->fam, pr), addr, value))
			return;
		memcpy(addr, value, c->fam->addrlen);
	}
}

/* It has a list, or what its parent has. */
static void
check_inherited(struct check *c, const struct prison *pr)
{
	struct prison parent;

	if (!find_parent(c, pr, &parent) ||
	    !is_restricted(c->fam, &parent) || has_list(c->fam, pr))
		return;
	if (set_of(c->fam, pr) != set_of(c->fam, &parent) ||
	    number_of(c->fam, pr) != number_of(c->fam, &parent) ||
	    ports_of(c->fam, pr) != ports_of(c->fam, &parent))
		fault(c, "jail %u: has not the set of its parent", pr->pr_id);
}

/* A jail that has addresses has a loopback, if that is to be private. */
static void
check_loopback(struct check *c, const struct prison *pr)
{
	static const uint8_t none[16];
	const void *addr = loopback_of(c->fam, pr);
	bool has = memcmp(addr, none, c->fam->addrlen) != 0;
	struct ip_owner owner;

	if (has != (number_of(c->fam, pr) > 0 &&
	    (pr->pr_flags & (PR_LO_PRIMARY | PR_LO_HOST)) == 0))
		fault(c, "jail %u: loopback is %s", pr->pr_id,
		    text_of(c->fam, addr));
	if (has && (!state_lookup(c->st, c->fam->owners, addr, &owner) ||
	    owner.jid != pr->pr_id || owner.shared != 0))
		fault(c, "jail %u: %s is not its own", pr->pr_id,
		    text_of(c->fam, addr));
}

static int
check_prison(void *arg, const void *key, const void *value)
{
	const struct prison *pr = value;
	struct prison_info pi;
	struct check *c = arg;

	if (!state_lookup(c->st, SM_INFOS, &pr->pr_id, &pi) ||
	    pi.pi_cgroup != *(const uint64_t *)key)
		fault(c, "prison %u: has no info", pr->pr_id);
	check_set(c, pr);
	if (number_of(c->fam, pr) > 1 && has_list(c->fam, pr))
		check_nets(c, set_of(c->fam, pr));
	check_outside(c, pr);
	check_inherited(c, pr);
	check_loopback(c, pr);
	return (0);
}

/* The jails in one, and what is around each of all. */
struct count {
	struct check *c;
	const struct prison *around;
	uint32_t n;
};

static int
count_inside(void *arg, const void *key, const void *value)
{
	struct prison at = *(const struct prison *)value, next;
	struct count *n = arg;

	(void)key;
	while (find_parent(n->c, &at, &next)) {
		n->n += next.pr_id == n->around->pr_id;
		at = next;
	}
	return (0);
}

/* Its name is that of its parent and more, and it counts what is in it. */
static int
check_tree(void *arg, const void *key, const void *value)
{
	const struct prison *pr = value;
	struct check *c = arg;
	struct count n = { .c = c, .around = pr };
	struct prison_info pi, around = { .pi_id = 0 };
	struct prison parent;
	size_t len;

	(void)key;
	if (find_parent(c, pr, &parent) && parent.pr_nchildren == 0)
		fault(c, "jail %u: its parent counts none", pr->pr_id);
	if (pr->pr_nchildren > 0)
		state_walk(c->st, SM_PRISONS, count_inside, &n);
	if (n.n != pr->pr_nchildren)
		fault(c, "jail %u: counts %u jails in it, not %u", pr->pr_id,
		    pr->pr_nchildren, n.n);
	if (!state_lookup(c->st, SM_INFOS, &pr->pr_id, &pi))
		return (0);
	if (pi.pi_parent != 0)
		state_lookup(c->st, SM_INFOS, &pi.pi_parent, &around);
	len = strlen(around.pi_name);
	if (pr->pr_parent != (pi.pi_parent == 0 ? 0 : around.pi_cgroup))
		fault(c, "jail %u: has two parents", pr->pr_id);
	else if (strncmp(pi.pi_name, around.pi_name, len) != 0 ||
	    (strrchr(pi.pi_name, '.') != (len > 0 ? pi.pi_name + len : NULL)))
		fault(c, "jail %u: name %s is not in %s", pr->pr_id,
		    pi.pi_name, around.pi_name);
	return (0);
}

/* Is the address in the list of a jail that is in the one? */
struct inner {
	struct check *c;
	const struct prison *owner;
	const void *addr;
};

static int
is_inner(void *arg, const void *key, const void *value)
{
	uint8_t ignored[sizeof(struct prison_ip6)];
	struct prison at = *(const struct prison *)value, next;
	struct inner *in = arg;

	(void)key;
	if (!has_list(in->c->fam, &at) || number_of(in->c->fam, &at) == 0 ||
	    !find_member(in->c, set_of(in->c->fam, &at), in->addr, ignored))
		return (0);
	while (find_parent(in->c, &at, &next)) {
		if (next.pr_id == in->owner->pr_id)
			return (1);
		at = next;
	}
	return (0);
}

/* The owner is the innermost, and knows whether others are around it. */
static void
check_innermost(struct check *c, const struct ip_owner *owner,
    const struct prison *pr, const void *addr)
{
	struct inner in = { .c = c, .owner = pr, .addr = addr };
	struct prison at = *pr, next;
	bool nested = false;

	if (pr->pr_nchildren > 0 &&
	    state_walk(c->st, SM_PRISONS, is_inner, &in) != 0)
		fault(c, "owner of %s: jail %u has one in it that has it",
		    text_of(c->fam, addr), pr->pr_id);
	while (!nested && find_parent(c, &at, &next)) {
		nested = has_list(c->fam, &next);
		at = next;
	}
	if (!has_list(c->fam, pr) || owner->nested != nested)
		fault(c, "owner of %s: jail %u, nested %u", text_of(c->fam,
		    addr), pr->pr_id, owner->nested);
}

static int
check_owner(void *arg, const void *key, const void *value)
{
	uint8_t ignored[sizeof(struct prison_ip6)];
	const struct ip_owner *owner = value;
	struct check *c = arg;
	struct prison pr;
	bool lo;

	if (!find_prison(c, owner->jid, &pr)) {
		fault(c, "owner of %s: there is no jail %u",
		    text_of(c->fam, key), owner->jid);
		return (0);
	}
	lo = memcmp(loopback_of(c->fam, &pr), key, c->fam->addrlen) == 0;
	if (!lo && !find_member(c, set_of(c->fam, &pr), key, ignored))
		fault(c, "owner of %s: jail %u does not have it",
		    text_of(c->fam, key), owner->jid);
	else if (owner->ports != ports_of(c->fam, &pr))
		fault(c, "owner of %s: ports are not those of jail %u",
		    text_of(c->fam, key), owner->jid);
	else if (!lo)
		check_innermost(c, owner, &pr, key);
	return (0);
}

/* Is the set that of a prison? */
struct search {
	const struct fam *fam;
	uint64_t set;
};

static int
same_set(void *arg, const void *key, const void *value)
{
	const struct search *s = arg;

	(void)key;
	return (set_of(s->fam, value) == s->set);
}

/* A network's key holds, behind its length, the set and an address. */
static int
check_net(void *arg, const void *key, const void *value)
{
	uint8_t ignored[sizeof(struct prison_ip6)];
	struct check *c = arg;
	struct search s = { .fam = c->fam };

	memcpy(&s.set, (const uint8_t *)key + 4, SETLEN);
	if (state_walk(c->st, SM_PRISONS, same_set, &s) == 0)
		fault(c, "network of %s: set %llu is no jail's",
		    text_of(c->fam, value), (unsigned long long)s.set);
	else if (!find_member(c, s.set, value, ignored))
		fault(c, "network of %s: is not in its set",
		    text_of(c->fam, value));
	return (0);
}

static int
check_alias(void *arg, const void *key, const void *value)
{
	uint8_t ignored[sizeof(struct prison_ip6)];
	const struct ip_alias_key *ak = key;
	const struct ip_alias *a = value;
	struct check *c = arg;
	struct search s = { .set = ak->set };
	bool ip4 = ak->addr.s6[2] == htonl(0xffff);

	c->fam = s.fam = &fams[ip4 ? 0 : 1];
	if (!(ak->set & JAIL_ORPHAN) &&
	    (state_walk(c->st, SM_PRISONS, same_set, &s) == 0 ||
	    !find_member(c, ak->set, ip4 ? (const void *)&ak->addr.s6[3] :
	    &ak->addr, ignored)))
		fault(c, "alias in set %llu: is no jail's",
		    (unsigned long long)ak->set);
	if (a->ifindex == 0 || a->prefix == 0)
		fault(c, "alias in set %llu: is on no interface",
		    (unsigned long long)ak->set);
	return (0);
}

static int
check_refusal(void *arg, const void *key, const void *value)
{
	const struct refusal_key *rk = key;
	struct check *c = arg;
	struct prison pr;

	(void)value;
	if (rk->jid != 0 && !find_prison(c, rk->jid, &pr))
		fault(c, "refusals: of jail %u, which is gone", rk->jid);
	return (0);
}

static void
check_family(struct check *c, const struct fam *f)
{
	c->fam = f;
	c->members = c->nets = 0;
	state_walk(c->st, SM_PRISONS, check_prison, c);
	if (state_count(c->st, f->members) != c->members)
		fault(c, "%zu addresses are in sets, %zu of them in those of "
		    "jails", state_count(c->st, f->members), c->members);
	if (state_count(c->st, f->nets) != c->nets)
		fault(c, "%zu prefixes are in sets, %zu of them in those of "
		    "jails", state_count(c->st, f->nets), c->nets);
	state_walk(c->st, f->owners, check_owner, c);
	state_walk(c->st, f->nets, check_net, c);
}

static void
check_cgroups(struct check *c, const char *root)
{
	struct dirent *e;
	struct prison pr;
	DIR *d = opendir(root);

	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		if (e->d_type == DT_DIR && e->d_name[0] != '.' &&
		    !find_prison(c, atoi(e->d_name), &pr))
			fault(c, "cgroup %s/%s: is no jail's", root,
			    e->d_name);
	}
	closedir(d);
}

static int
check_op(void *arg, const void *key, const void *value)
{
	const struct jail_globals *g = value;

	(void)key;
	if (g->op != JAIL_OP_NONE)
		fault(arg, "journal: change %u of jail %u is unfinished",
		    g->op, g->jid);
	return (0);
}

static void
check_pins(struct check *c)
{
	char path[PATH_MAX + 8];

	snprintf(path, sizeof(path), "%s_new", c->st->st_pins);
	if (access(path, F_OK) == 0)
		fault(c, "pins: %s is left", path);
}

int
state_check(struct state *st, FILE *out)
{
	struct check c = { .st = st, .out = out };

	check_pins(&c);
	state_walk(st, SM_GLOBALS, check_op, &c);
	state_walk(st, SM_INFOS, check_info, &c);
	state_walk(st, SM_NAMES, check_name, &c);
	state_walk(st, SM_PRISONS, check_tree, &c);
	for (size_t i = 0; i < sizeof(fams) / sizeof(fams[0]); i++)
		check_family(&c, &fams[i]);
	state_walk(st, SM_ALIASES, check_alias, &c);
	state_walk(st, SM_REFUSALS, check_refusal, &c);
	check_cgroups(&c, st->st_cgroup);
	check_cgroups(&c, st->st_cpu);
	return (c.faults);
}

static int
is_outside(void *arg, const void *key, const void *value)
{
	(void)key;
	check_outside(arg, value);
	return (0);
}

int
state_outside(struct state *st, FILE *out)
{
	struct check c = { .st = st, .out = out };

	for (size_t i = 0; i < sizeof(fams) / sizeof(fams[0]); i++) {
		c.fam = &fams[i];
		state_walk(st, SM_PRISONS, is_outside, &c);
	}
	return (c.faults);
}
