#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Run a command in a side of the case's vnet and wait for it: installed as
# vnet_host and vnet_peer. See vnet.subr.

case $0 in
*vnet_host)	ns=${VNET_HOST:?} ;;
*)		ns=${VNET_PEER:?} ;;
esac
exec ip netns exec "$ns" "$@"
