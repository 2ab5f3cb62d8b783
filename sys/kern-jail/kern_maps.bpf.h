/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The maps of the contract. Each object that includes this has them all; the
 * linker makes them one (that is what __weak asks for).
 */

#ifndef _KERN_MAPS_BPF_H_
#define _KERN_MAPS_BPF_H_

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include <sys/jail.h>

/* Entries are allocated as they are made: most machines have few. */
#define JAIL_MAP(kind, entries, key_type, value_type)	\
	struct {						\
		__uint(type, BPF_MAP_TYPE_##kind);		\
		__uint(map_flags, BPF_F_NO_PREALLOC);		\
		__uint(max_entries, entries);			\
		__type(key, key_type);				\
		__type(value, value_type);			\
	}

JAIL_MAP(HASH, JAIL_NPRISONS, __u64, struct prison)
prisons __weak SEC(".maps");

JAIL_MAP(HASH, JAIL_NPRISONS, __u32, struct prison_info)
prison_infos __weak SEC(".maps");

JAIL_MAP(HASH, JAIL_NPRISONS, char[JAIL_NAMELEN], __u32)
prison_names __weak SEC(".maps");

JAIL_MAP(HASH, JAIL_NIPS, struct prison_ip4_key, struct prison_ip4)
prison_ip4s __weak SEC(".maps");

JAIL_MAP(HASH, JAIL_NIPS, struct prison_ip6_key, struct prison_ip6)
prison_ip6s __weak SEC(".maps");

JAIL_MAP(HASH, JAIL_NIPS, __be32, struct ip_owner)
ip4_owners __weak SEC(".maps");

JAIL_MAP(HASH, JAIL_NIPS, struct jail_in6, struct ip_owner)
ip6_owners __weak SEC(".maps");

JAIL_MAP(LPM_TRIE, JAIL_NIPS, struct ip4_net, struct ip4_source)
ip4_nets __weak SEC(".maps");

JAIL_MAP(LPM_TRIE, JAIL_NIPS, struct ip6_net, struct ip6_source)
ip6_nets __weak SEC(".maps");

JAIL_MAP(HASH, JAIL_NIPS, struct ip_alias_key, struct ip_alias)
ip_aliases __weak SEC(".maps");

JAIL_MAP(HASH, JAIL_NREFUSALS, struct refusal_key, __u64)
refusals __weak SEC(".maps");

JAIL_MAP(HASH, JAIL_NMARKS, struct signal_mark_key, struct signal_mark)
signal_marks __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct sock_bind);
} sock_binds __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct sock_groups);
} sock_groups __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);
} sock_noports __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);
} sock_reasons __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, JAIL_EVENTBYTES);
} events __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} event_readers __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} events_lost __weak SEC(".maps");

JAIL_MAP(HASH, JAIL_NPORTS, struct port_key, struct port)
ports __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, JAIL_NLISTENERS);
	__type(key, struct listener_key);
	__type(value, __u64);
} listeners __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, JAIL_NWIDE);
	__type(key, struct listener_key);
	__type(value, __u64);
} wide_udp __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct jail_globals);
} jail_globals __weak SEC(".maps");

#endif /* !_KERN_MAPS_BPF_H_ */
