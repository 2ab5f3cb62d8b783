#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Run the tests of a build with AddressSanitizer and UBSan: sanitize.sh objdir
# [filter ...]. Reports are files, because a case may expect a command to fail
# and not look at what it says; a status that no tool has by itself tells the
# others, and is all that gcc's UBSan has for a case that does not look. Leaks
# are looked for in jails too, where a process may still trace its own threads;
# but see traced.c of lib/libjail.

set -u

# What takes long and brings what is built with sanitizers nowhere new: ends at
# each system call, thousands of jails, and what the kernel half does, for which
# libjail only makes jails. check has all of it.
LEFT_OUT='lib/libjail/attack_
lib/libjail/kill_test:
lib/libjail/load_test:
lib/libjail/hierarchy_kill_test:
lib/libjail/scale_test:
lib/libjail/signal_test:each_
lib/libjail/signal_test:fork_
mk/
sys/kern-jail/confined_test:
sys/kern-jail/priv_test:
sys/kern-jail/socreate_test:
sys/kern-jail/unix_test:
sys/netinet-jail/adopt_test:
sys/netinet-jail/attack_
sys/netinet-jail/bind_test:
sys/netinet-jail/connect_test:
sys/netinet-jail/datagram_test:
sys/netinet-jail/forge_test:
sys/netinet-jail/input_test:
sys/netinet-jail/listener_test:
sys/netinet-jail/loopback_
sys/netinet-jail/mcast_test:
sys/netinet-jail/nested_test:
sys/netinet-jail/ports_test:
sys/netinet-jail/random_test:
sys/netinet-jail/raw_policy_test:
sys/netinet-jail/raw_tools_test:
sys/netinet-jail/sendmsg_test:
sys/netinet-jail/servers_test:
sys/netinet-jail/udp_
sys/netinet-jail/wildcard_test:
tools/jail/oci_test:
tools/jmkroot/debian_test:
vm/'

cases()
{
	cd "$1/regress"
	HOME=$1/regress kyua --config=none --logfile="$1/regress/log" list |
	    grep -vF -e "$LEFT_OUT"
}

here=$(cd "$(dirname "$0")" && pwd)
REPORTS=$1/regress/reports
common=exitcode=99:log_path=$REPORTS/report
ASAN_OPTIONS=$common:detect_leaks=1:strict_string_checks=1
UBSAN_OPTIONS=$common:print_stacktrace=1
LSAN_OPTIONS=suppressions=$here/lsan.supp:print_suppressions=0
export ASAN_OPTIONS LSAN_OPTIONS REPORTS UBSAN_OPTIONS
obj=$1
shift
[ $# -gt 0 ] || set -- $(cases "$obj")
PARALLEL=2 exec sh "$here/run.sh" "$obj" "$@"
