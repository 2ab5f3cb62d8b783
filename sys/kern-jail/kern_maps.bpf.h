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

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, JAIL_NPRISONS);
	__type(key, __u64);
	__type(value, struct prison);
} prisons __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, JAIL_NPRISONS);
	__type(key, __u32);
	__type(value, struct prison_info);
} prison_infos __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, JAIL_NPRISONS);
	__uint(key_size, JAIL_NAMELEN);
	__uint(value_size, sizeof(__u32));
} prison_names __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, JAIL_NIPS);
	__type(key, struct prison_ip4_key);
	__type(value, struct prison_ip4);
} prison_ip4s __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, JAIL_NIPS);
	__type(key, struct prison_ip6_key);
	__type(value, struct prison_ip6);
} prison_ip6s __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, JAIL_NIPS);
	__type(key, __be32);
	__type(value, struct ip_owner);
} ip4_owners __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, JAIL_NIPS);
	__type(key, struct jail_in6);
	__type(value, struct ip_owner);
} ip6_owners __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, JAIL_NIPS);
	__type(key, struct ip4_net);
	__type(value, __be32);
} ip4_nets __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, JAIL_NIPS);
	__type(key, struct ip6_net);
	__type(value, struct jail_in6);
} ip6_nets __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, __u64);
} sock_prisons __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, JAIL_NREFUSALS);
	__type(key, struct refusal_key);
	__type(value, __u64);
} refusals __weak SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct jail_globals);
} jail_globals __weak SEC(".maps");

#endif /* !_KERN_MAPS_BPF_H_ */
