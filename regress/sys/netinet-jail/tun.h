/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * An interface without Ethernet, whose other end is the case itself.
 */

#ifndef _TUN_H_
#define _TUN_H_

#include <sys/types.h>

#include "vnet.h"

/* What is there, whatever the case makes of it. */
#define TUN_FAR4	"203.0.113.1"
#define TUN_FAR6	"2001:db8:3::1"

/*
 * Make it in the host, with routes to both; a jail that is made afterwards has
 * netjail take notice of it. A write to the descriptor is a packet that comes,
 * a read one that leaves.
 */
int tun_open(const struct vnet *vn);

#endif /* !_TUN_H_ */
