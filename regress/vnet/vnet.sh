#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Call a function of vnet.subr, for vnet.c: vnet.sh function [arg ...]

here=$(dirname "$0")

atf_fail()
{
	echo "vnet: $*" >&2
	exit 1
}

. "$here/vnet.subr"

if [ -e vnet.id ]; then
	VNET_ID=$(cat vnet.id)
	vnet_names
fi
"$@"
