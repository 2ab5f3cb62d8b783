/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The filter for packet sockets of a jail: loaded for each broker, and kept by
 * it and by the sockets.
 */

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "capture.skel.h"
#include "jail_impl.h"

int
kern_capture_load(const char *pins, uint64_t cgroup)
{
	struct capture_bpf *skel;
	int error = -1, fd = -1;

	kern_complaint(0);
	skel = capture_bpf__open();
	if (skel == NULL)
		return (jail_fail(ENOSYS, "layer capture: %s",
		    kern_complaint(errno)));
	skel->rodata->cgroup = cgroup;
	if (kern_share_maps(skel->obj, pins) == 0) {
		error = capture_bpf__load(skel);
		if (error != 0)
			jail_fail(ENOSYS, "layer capture: cannot be loaded: "
			    "%s", kern_complaint(-error));
	}
	if (error == 0) {
		fd = fcntl(bpf_program__fd(skel->progs.in_capture),
		    F_DUPFD_CLOEXEC, 3);
		if (fd == -1)
			jail_fail(errno, "layer capture: %s", strerror(errno));
	}
	capture_bpf__destroy(skel);
	return (fd);
}
