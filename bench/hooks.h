/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The kernel's hooks that an instance of netjail is attached to.
 */

#ifndef _HOOKS_H_
#define _HOOKS_H_

#include <linux/bpf.h>

/* Call fn for each: with its link, which is closed after it. */
void hooks_each(const char *instance,
    void (*fn)(int fd, const struct bpf_link_info *info, void *arg),
    void *arg);

/*
 * Have programs there that do nothing: what the instance costs then is what the
 * kernel takes to call any.
 */
void hooks_empty(const char *instance);

#endif /* !_HOOKS_H_ */
