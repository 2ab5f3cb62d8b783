/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What the files of libjail share; not installed. Functions return 0 (or what
 * their comment says) and -1 with errno and jail_errmsg set.
 */

#ifndef _JAIL_IMPL_H_
#define _JAIL_IMPL_H_

#include <sys/types.h>
#include <sys/jail.h>
#include <sys/uio.h>

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jail.h"
#include "jail_bpf.h"

struct nlmsghdr;

/* A family of addresses: its maps, its flags, the sizes of its keys. */
struct family {
	int af;
	size_t addrlen;
	size_t keylen;		/* of struct prison_ip4_key or _ip6_key */
	size_t valuelen;	/* of struct prison_ip4 or _ip6 */
	unsigned int bits;	/* of an address */
	enum kern_map members, owners, nets;
	uint32_t restricted;	/* PR_IP4 or PR_IP6 */
	uint32_t inherited;	/* PR_IP4_PARENT or PR_IP6_PARENT */
	const char *name;	/* "ip4" */
};

enum { FAM_IP4, FAM_IP6, FAM_MAX };
extern const struct family families[FAM_MAX];

/* Addresses of one family in their order. */
struct addrlist {
	uint8_t *addrs;		/* n times addrlen bytes */
	size_t n;
};

/* Controllers of cgroups that parameters are for, and their names. */
enum controller { CTL_CPU, CTL_CPUSET, CTL_MEMORY, CTL_PIDS, CTL_MAX };
extern const char *const controllers[CTL_MAX];

/* Where the machine has what jails need. */
struct machine {
	char pins[PATH_MAX];	/* <bpffs>/<instance> */
	char cgroup[PATH_MAX];	/* <cgroup2>/<instance> */
	char v1[CTL_MAX][PATH_MAX]; /* <v1 controller>/<instance>, or "" */
};

/*
 * The right to read or change the jails of this machine, from session_open() to
 * session_close(): the lock is held and an unfinished change is cleared away.
 */
struct session {
	struct machine m;
	struct kern k;
	struct jail_globals g;
	int lock;
	uint64_t cgroup;	/* id of the netjail root cgroup */
	bool loaded;		/* false: there are no jails */
	bool made, fresh;	/* this session made the root, loaded it */
	bool changed;		/* there was reason to */
	bool recovering;	/* a change that somebody else began */
};

/* A jail, read whole. */
struct jail {
	struct prison pr;
	struct prison_info pi;
};

/* jail_err.c: fill in errno and jail_errmsg; returns -1. */
int jail_fail(int error, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* jail_machine.c */
const char *jail_instance(void);
int machine_find(struct machine *m);
int machine_mount_bpffs(void);

/* jail_feature.c: what kernels may lack; see there */
enum feature { F_CGROUP_KILL, F_SIGNAL, F_LSM, F_DESTROY, F_TCX, F_MAX };
int features_check(void);
bool feature_off(enum feature f);
bool feature_has(enum feature f, const struct machine *m);
bool feature_used(const struct session *s, enum feature f);
uint32_t features_wanted(void);
const char *feature_name(enum kern_opt opt);
size_t feature_layers(const struct machine *m, struct jail_layer *layers,
    size_t max);

/* jail_session.c */
int session_open(struct session *s, bool change);
void session_close(struct session *s);
int lock_cgroup(const char *path);
void unlock_cgroup(int fd);
int journal_begin(struct session *s, uint32_t op, uint32_t jid,
    const __u64 set[4]);
int journal_commit(struct session *s, const struct jail *j);
int journal_end(struct session *s);
int globals_write(struct session *s);
int journal_recover(struct session *s);

/* jail_adopt.c: jails with a cgroup that somebody else made */
bool is_adopted(const struct jail *j);
int adopt(struct session *s, struct prison_info *pi);
bool adopted_lives(const struct session *s, const struct jail *j);
int adopted_disown(struct session *s, uint32_t jid, const struct jail *j);
int adopted_path(const struct session *s, const struct jail *j,
    const char *file, char path[PATH_MAX]);
typedef void pid_fn(pid_t pid, void *arg);
int adopted_each(const struct session *s, const struct jail *j, pid_fn *fn,
    void *arg);
int adopted_processes(const struct session *s, const struct jail *j);
int adopted_refuse(const struct jail *j);

/* jail_cgroup.c: the cgroup of a jail, by jid */
int cgroup_make(struct session *s, uint32_t jid, uint64_t *ret_id);
int cgroup_open(struct session *s, uint32_t jid);
int pids_read(const char *path, pid_t **ret_pids);
int cgroup_pids(struct session *s, uint32_t jid, pid_t **ret_pids);
int cgroup_signal(uint32_t jid, pid_t pid, int sig);
/* Wait no longer than that until it has; 0: let it go on. */
#define FREEZE_MS	10000	/* a fork bomb takes a while */
int cgroup_freeze(struct session *s, uint32_t jid, int ms);
int cgroup_remove(struct session *s, uint32_t jid);
int cgroup_remove_dir(const char *path);

/* -1 with errno alone */
int file_write(const char *path, const char *text);
int file_read(const char *path, char *text, size_t size);

/* jail_resource.c: what a jail may use; its groups on v1 hierarchies */
int resources_begin(struct session *s, uint32_t jid);
int resources_end(struct session *s, uint32_t jid);
int resources_open(struct session *s, uint32_t jid, int fds[CTL_MAX]);
int resources_join(const int fds[CTL_MAX]);
void resources_restore(struct session *s, const struct jail *j);
uint64_t resources_cpu_usage(struct session *s, const struct jail *j);
uint64_t resources_mem_usage(struct session *s, const struct jail *j);

/* jail_addr.c: address sets */
int addrs_check(const struct family *f, const struct addrlist *l);
int addrs_outside(struct session *s, const struct family *f,
    const struct prison *pr, const struct addrlist *l, const void **ret_addr);
int addrs_common(const struct family *f, const struct addrlist *l,
    const struct addrlist *other, struct addrlist *ret);
int addrs_read(struct session *s, const struct family *f,
    const struct prison *pr, struct addrlist *ret);
int addrs_add(struct session *s, const struct family *f,
    const struct prison *pr, const struct addrlist *l);
int addrs_drop(struct session *s, const struct family *f, uint32_t jid,
    uint64_t set, uint64_t kept, const struct addrlist *l);
int addrs_purge(struct session *s, const struct family *f, uint32_t jid,
    uint64_t set, uint64_t kept);
const uint8_t *addr_nth(const struct family *f, const struct addrlist *l,
    size_t i);
const char *addr_text(const struct family *f, const void *addr);
uint64_t prison_set(const struct prison *pr, const struct family *f);
uint64_t prison_own_set(const struct prison *pr, const struct family *f);
uint64_t prison_ports(const struct prison *pr, const struct family *f);
size_t prison_naddrs(const struct prison *pr, const struct family *f);
const void *prison_primary(const struct prison *pr, const struct family *f);
int prison_member(struct session *s, const struct family *f,
    const struct prison *pr, const void *addr);
bool prison_lacks(struct session *s, const struct family *f,
    const struct prison *pr, const void *addr);

/* jail_owner.c: who has an address, if several have it */
int addrs_conflict(struct session *s, const struct family *f,
    const struct prison *pr, const struct addrlist *l);
int addrs_ports(struct session *s, const struct family *f,
    const struct prison *pr, const struct addrlist *l, uint64_t *ret_ports);
int addrs_take(struct session *s, const struct family *f,
    const struct prison *pr, const struct addrlist *l);
int owner_shared(struct session *s, const struct family *f,
    const struct prison *pr, const void *addr);
int owner_give(struct session *s, const struct family *f, uint32_t jid,
    const void *addr);

/* jail_tree.c: jails in jails */
int tree_parent(struct session *s, const struct prison *pr,
    struct prison *ret);
int tree_within(struct session *s, const struct prison *pr, uint32_t jid);
int tree_related(struct session *s, const struct prison *a,
    const struct prison *b);
int tree_depth(struct session *s, const struct prison *pr);
ssize_t tree_below(struct session *s, const struct jail *j,
    uint32_t **ret_jids);
int tree_count(struct session *s, const struct prison *pr, int change);
int tree_recount(struct session *s);
int tree_reap(struct session *s, const struct jail *j);
int tree_follow(struct session *s, const struct jail *j);

/* jail_alias.c: addresses that are on interfaces because jails have them */
int aliases_drop(struct session *s, const struct family *f, uint64_t set,
    uint64_t kept);
int aliases_leave(struct session *s, const struct prison *pr);
int aliases_sweep(struct session *s);
void aliases_clear(struct session *s);
char *aliases_text(struct session *s, const struct family *f,
    const struct prison *pr);

/* jail_netns.c */
int netns_settle(struct session *s, struct prison *pr);
int netns_move(struct session *s, struct jail *j);
int netns_check(struct session *s, const struct jail *j);

/* jail_loopback.c */
#define LO_IFINDEX	1	/* of the loopback interface, everywhere */
int32_t loopback_kind(const struct prison *pr);
int loopback_set(struct prison *pr, int32_t kind);
void loopback_choose(struct prison *pr);
int loopback_own(struct session *s, const struct prison *pr);
int loopback_drop(struct session *s, uint32_t jid);
int loopback_up(const struct prison *pr);
int loopback_follow(const struct prison *old, const struct prison *new);
void loopback_down(uint32_t jid);
bool loopback_has6(const struct prison *pr);

/* jail_netlink.c */
int netlink_dump(struct nlmsghdr *nlh,
    int (*cb)(const struct nlmsghdr *, void *), void (*forget)(void *),
    void *data);
int netlink_address(int type, int af, const void *addr,
    const struct ip_alias *a);

/* jail_host.c: what the host has in one family */
struct hostaddr {
	uint8_t addr[16];
	uint32_t ifindex;
	uint8_t prefix;
	bool deprecated;
};

struct hostroute {
	uint8_t dst[16];
	uint8_t src[16];
	uint8_t gateway[16];
	uint32_t ifindex;
	uint32_t metric;
	uint8_t prefix;
	bool has_src, has_gateway;
};

struct host {
	struct hostaddr *addrs;	/* sorted by address */
	size_t naddrs;
	struct hostroute *routes;
	size_t nroutes;
};

struct host *host_read(int af);
const struct hostaddr *host_find(const struct host *h, const void *addr,
    size_t addrlen);
void host_free(struct host *h);

/* jail_saddrsel.c: the address of the list that is the source to a prefix */
struct source {
	uint8_t net[16];
	uint8_t prefix;
	size_t nth;
};

int saddrsel(const struct family *f, const struct addrlist *l,
    const struct host *h, struct source **ret_sources, size_t *ret_n);

/* jail_nets.c: the sources of a set */
int nets_add(struct session *s, const struct family *f, uint64_t set,
    const struct addrlist *l);
int nets_drop(struct session *s, const struct family *f, uint64_t set);
int nets_purge(struct session *s, const struct family *f, uint64_t set);

/* jail_find.c */
int jail_read(struct session *s, uint32_t jid, struct jail *j);
int jail_read_given(struct session *s, int jid, struct jail *j);
int jail_find(struct session *s, const char *name, struct jail *j);
int jail_live(struct session *s, struct jail *j);
int jail_next(struct session *s, uint32_t lastjid, struct jail *j);
int jail_processes(struct session *s, const struct jail *j);

/* jail_get.c */
bool refusal_nth(struct refusal_key *key, int n);

/* jail_param.c: the table of parameters */
enum param_id {
	P_JID, P_NAME, P_PATH, P_CGROUP, P_HOSTNAME, P_IP4, P_IP6,
	P_IP4_ADDR, P_IP6_ADDR, P_IP4_ALIAS, P_IP6_ALIAS, P_IP4_SADDRSEL,
	P_IP6_SADDRSEL, P_IP4_HOSTLISTEN, P_IP6_HOSTLISTEN, P_LOOPBACK,
	P_RAW_SOCKETS,
	P_RESERVED_PORTS, P_BROADCAST, P_MULTICAST, P_PACKET_CAPTURE,
	P_RAW_PROTOCOLS, P_RAW_ICMP, P_RAW_ICMP6, P_NETLINK, P_CHFLAGS,
	P_MLOCK, P_READ_MSGBUF, P_SET_HOSTNAME, P_SETTIME, P_SOCKET_AF,
	P_USERNS, P_CPU_SHARES, P_CPU_MAX, P_CPUSET_CPUS, P_MEM_MAX,
	P_PIDS_MAX, P_CHILDREN_MAX, P_PERSIST, P_INIT, P_STOP_TIMEOUT,
	P_DYING, P_PARENT, P_CHILDREN_CUR, P_PROCESSES, P_CPU_USAGE,
	P_MEM_USAGE, P_REFUSED, P_MAX
};

/* What jail_set() was given, checked for type and size. */
struct spec {
	struct {
		const void *base;
		size_t len;
		bool given;
	} v[P_MAX];
};

struct param {
	const char *name;
	enum jailparam_type type;
	int flags;		/* JP_* */
	uint32_t prflag;	/* JPT_BOOL: the flag in pr_flags */
	size_t maxlen;		/* JPT_STRING: with the NUL */
};

extern const struct param params[P_MAX];
int param_find(const char *name, bool *ret_negated);
int spec_parse(struct spec *sp, const struct iovec *iov, unsigned int niov);
int32_t spec_int(const struct spec *sp, enum param_id id, int32_t dflt);
uint64_t spec_uint64(const struct spec *sp, enum param_id id, uint64_t dflt);
const char *spec_string(const struct spec *sp, enum param_id id);
void param_give_errmsg(struct iovec *iov, unsigned int niov);

/* jail_raw.c */
void raw_narrow(struct prison *pr, const struct prison *around);
char *raw_text(const struct prison *pr, enum param_id id);

/* jail_raw_lost.c */
void raw_silence_lost(struct session *s, uint32_t jid);

/* For jail_set_locked() alone: the caller forks into the new jail at once. */
#define JAIL_FORK	0x10000

/* jail_set.c, jail_remove.c: with the lock held */
int jail_set_locked(struct session *s, const struct iovec *iov,
    unsigned int niov, int flags, struct jail *ret);
int jail_destroy(struct session *s, uint32_t jid, const struct jail *j,
    const __u64 set[4]);
void jail_destroy_lost(struct session *s, uint32_t jid);
void jail_sweep(struct session *s, uint32_t jid);
int jail_remove_locked(struct session *s, const struct jail *j);

/* jail_attach.c: with the lock held */
pid_t jail_fork_locked(struct session *s, struct jail *j);
int jail_attach_locked(struct session *s, struct jail *j);
int jail_start_locked(struct session *s, struct jail *j);

/* jail_init.c: pid 1, and one that does more than to keep the jail */
bool has_init(const struct jail *j);
bool execs_init(const struct jail *j);
int init_open(const struct jail *j, int *ret_program);
int init_drop(const struct jail *j, int go);
int init_execute(const struct jail *j, int program, int report);
int init_find(struct session *s, const struct jail *j);
int jail_set_hostname(struct session *s, const struct jail *j);

/* jail_root.c, jail_priv.c: for a process on its way into a jail */
int root_enter(const char *path);
int priv_drop(const struct prison *pr, bool init, int *notify);

/* jail_stdio.c: would a descriptor that it takes along lead out? (EPERM) */
int stdio_check(void);

/* jail_broker.c: who makes raw sockets for a process that enters a jail */
bool broker_asks_sends(const struct prison *pr);
int broker_start(const struct session *s, const struct jail *j, int cgroup,
    int init);
int broker_hand_over(int link, int notify);

/* jail_process.c: processes of the library's own */
pid_t clone_into(int cgroup, uint64_t flags);
void process_name(const char *name);
int descriptor_send(int link, int fd);
int descriptor_receive(int link);

#endif /* !_JAIL_IMPL_H_ */
