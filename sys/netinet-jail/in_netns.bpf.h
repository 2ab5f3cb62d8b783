/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Where the programs of a network namespace are: they are loaded for it.
 */

#ifndef _IN_NETNS_BPF_H_
#define _IN_NETNS_BPF_H_

#include <linux/types.h>

extern const volatile __u64 netns;	/* SO_NETNS_COOKIE */

#endif /* !_IN_NETNS_BPF_H_ */
