#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# What a guest does once it has its root file system: mount what Debian has
# mounted, with cgroup v2 alone, do the job that run.sh gave it, and end. What
# the job says goes to the second serial line, the rest to the first.

PATH=/usr/sbin:/usr/bin:/sbin:/bin
HOME=/root
VNET_PATIENCE=6
PARALLEL=2
export PATH HOME VNET_PATIENCE PARALLEL

# Mount a file system of the kernel: kernfs type path
kernfs()
{
	mkdir -p "$2" && mount -t "$1" "$1" "$2"
}

# Run cases: suite label objtop filter ... They may take longer than elsewhere.
suite()
{
	echo "suite $1"
	shift
	find "$1/regress" -name Kyuafile -exec \
	    sed -i 's/timeout=120/timeout=600/' {} +
	sh "$TOP/regress/run.sh" "$@"
}

kernfs proc /proc
kernfs sysfs /sys
kernfs devtmpfs /dev
kernfs devpts /dev/pts
kernfs tmpfs /dev/shm
kernfs tmpfs /run
kernfs securityfs /sys/kernel/security
kernfs cgroup2 /sys/fs/cgroup
kernfs bpf /sys/fs/bpf
mkdir -p /run/netns
ip link set lo up
stty -F /dev/ttyS1 raw
. /job >/dev/ttyS1 2>&1
echo "end" >/dev/ttyS1
stty -F /dev/ttyS1 | head -n 1	# which waits until all of it is out
echo o >/proc/sysrq-trigger
while :; do
	sleep 1
done
