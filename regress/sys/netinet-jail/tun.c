/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * An interface without Ethernet: see tun.h.
 */

#include <sys/ioctl.h>

#include <linux/if_tun.h>
#include <net/if.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <atf-c.h>

#include "tun.h"

int
tun_open(const struct vnet *vn)
{
	struct ifreq ifr = { .ifr_name = "tun0",
		.ifr_flags = IFF_TUN | IFF_NO_PI };
	int tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (tun == -1)
		vnet_lacks("tun", "/dev/net/tun: %s", strerror(errno));
	ATF_REQUIRE_EQ(0, ioctl(tun, TUNSETIFF, &ifr));
	vnet_ip(vn, "link set tun0 up");
	vnet_ip(vn, "route add " TUN_FAR4 " dev tun0");
	vnet_ip(vn, "route add " TUN_FAR6 " dev tun0");
	return (tun);
}
