# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# jping(8) inside a jail, where it is started by jexec(8), and from outside with
# -j. What it must do is the same both ways.

# The jail "web" has the second address of each family on the host.
make_jail()
{
	vnet_init
	vnet_addr 192.0.2.11 192.0.2.12 2001:db8::11 2001:db8::12
	atf_check -o ignore vnet_host jail -c name=web path="${1:-/}" \
	    ip4.addr=192.0.2.11,192.0.2.12 ip6.addr=2001:db8::11,2001:db8::12 \
	    allow.raw_sockets persist
}

# Both ways to run jping in a jail, by its name.
ways()
{
	echo "jping -j $1"
	echo "jexec $1 $(command -v jping)"
}

# Have the peer write down every packet that reaches it.
watch_wire()
{
	vnet_spawn peer tcpdump -l -n -i "$VNET_PEERIF" \
	    'icmp or (icmp6 and ip6[40] < 130)' >wire 2>wire.err
	wait_until grep -q "listening on" wire.err || atf_fail "no tcpdump"
}

# Whatever was sent before this is on the wire.
settle_wire()
{
	vnet_host ping -c 1 -p feed -s 333 $VNET_PEER4 >/dev/null
	wait_until grep -q 'length 341' wire || atf_fail "the wire is dead"
}

has_reply()
{
	grep -q "icmp_seq=$1" out
}

# The children of a process.
children()
{
	tr ' ' '\n' <"/proc/$1/task/$1/children" | grep .
}

is_jping()
{
	[ "$(cat "/proc/$1/comm")" = jping ]
}

# The process that jping -j has inside.
inner_pid()
{
	local pid

	for pid in $(children "$1"); do
		if is_jping "$pid"; then
			echo "$pid"
			return 0
		fi
	done
	return 1
}

# The number of a process's controlling terminal, or 0.
terminal()
{
	sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f 5
}

is_gone()
{
	[ ! -e "/proc/$1" ] || grep -q '^State:	Z' "/proc/$1/status"
}

atf_test_case source_is_the_jails_primary_address cleanup
source_is_the_jails_primary_address_body()
{
	make_jail
	watch_wire
	ways web | while read -r jping; do
		atf_check -o match:' 0% packet loss' \
		    vnet_host $jping -c 1 $VNET_PEER4
		atf_check -o match:' 0% packet loss' \
		    vnet_host $jping -c 1 $VNET_PEER6
	done || atf_fail "no answer"
	settle_wire
	sed -n -e '/length 341/d' \
	    -e 's/.* IP6* \([^ ]* > [^ ]*\): .*echo request.*/\1/p' wire >out
	cat >expout <<-END
	192.0.2.11 > $VNET_PEER4
	2001:db8::11 > $VNET_PEER6
	192.0.2.11 > $VNET_PEER4
	2001:db8::11 > $VNET_PEER6
	END
	atf_check -o file:expout cat out
}
source_is_the_jails_primary_address_cleanup()
{
	vnet_cleanup
}

atf_test_case other_addresses_of_the_jail_are_sources cleanup
other_addresses_of_the_jail_are_sources_body()
{
	make_jail
	ways web | while read -r jping; do
		atf_check -o match:'from 192.0.2.12 : ' -o match:' 0% packet' \
		    vnet_host $jping -c 1 -S 192.0.2.12 $VNET_PEER4
		atf_check -o match:'from 2001:db8::12: ' -o match:' 0% packet' \
		    vnet_host $jping -c 1 -S 2001:db8::12 $VNET_PEER6
	done || atf_fail "no answer"
}
other_addresses_of_the_jail_are_sources_cleanup()
{
	vnet_cleanup
}

atf_test_case foreign_source_is_refused_and_sends_nothing cleanup
foreign_source_is_refused_and_sends_nothing_body()
{
	make_jail
	watch_wire
	ways web | while read -r jping; do
		for addr in $VNET_HOST4 $VNET_ABSENT4; do
			atf_check -s exit:2 -e inline:"jping: $addr: not an address of this jail or host\n" \
			    vnet_host $jping -c 1 -S $addr $VNET_PEER4
		done
		for addr in $VNET_HOST6 $VNET_ABSENT6; do
			atf_check -s exit:2 -e inline:"jping: $addr: not an address of this jail or host\n" \
			    vnet_host $jping -c 1 -S $addr $VNET_PEER6
		done
	done || atf_fail "not refused"
	settle_wire
	atf_check -s exit:1 sh -c "grep -v 'length 341' wire"
}
foreign_source_is_refused_and_sends_nothing_cleanup()
{
	vnet_cleanup
}

atf_test_case without_raw_sockets_it_says_what_to_set cleanup
without_raw_sockets_it_says_what_to_set_body()
{
	vnet_init
	atf_check -o ignore vnet_host jail -c name=noraw path=/ \
	    ip4.addr=$VNET_HOST4 persist
	ways noraw | while read -r jping; do
		atf_check -s exit:2 -e inline:'jping: raw socket refused: set allow.raw_sockets\n' \
		    vnet_host $jping -c 1 $VNET_PEER4
		atf_check -s exit:2 -e match:"^jping: $VNET_PEER6: IPv6 is disabled here\$" \
		    vnet_host $jping -c 1 $VNET_PEER6
	done || atf_fail "not refused"
}
without_raw_sockets_it_says_what_to_set_cleanup()
{
	vnet_cleanup
}

atf_test_case loopback_is_the_jail_itself cleanup
loopback_is_the_jail_itself_body()
{
	make_jail
	ways web | while read -r jping; do
		atf_check -o match:'^PING 127.0.0.1 \(127.64.0.1\)' \
		    -o match:'^64 bytes from 127.64.0.1: ' \
		    vnet_host $jping -c 1 127.0.0.1
		atf_check -o match:'^PING ::1\(fd6a:6169:6c6c:6f::1\)' \
		    -o match:'^64 bytes from fd6a:6169:6c6c:6f::1: ' \
		    vnet_host $jping -c 1 ::1
		atf_check -s exit:2 \
		    -e inline:"jping: 127.0.0.2: Network is unreachable: destination is the host's loopback\n" \
		    vnet_host $jping -c 1 127.0.0.2
	done || atf_fail "wrong target"
}
loopback_is_the_jail_itself_cleanup()
{
	vnet_cleanup
}

# Nothing can be opened in there, and no library of it could be loaded. Without
# a route, no name server keeps us waiting.
atf_test_case option_j_needs_nothing_of_the_jail cleanup
option_j_needs_nothing_of_the_jail_body()
{
	mkdir root
	make_jail "$PWD/root"
	ip -n "$VNET_HOST" route del default
	atf_check -o match:'^PING localhost \(127.64.0.1\)' \
	    -o match:' 0% packet loss' \
	    vnet_host jping -4 -j web -c 1 localhost
	atf_check -o match:'"type": "statistics", .*"received": 2, ' \
	    vnet_host jping --json -j web -c 2 -i 0.1 $VNET_PEER6
}
option_j_needs_nothing_of_the_jail_cleanup()
{
	vnet_cleanup
}

# It has what any process in the jail may take from it: two pipes, its sockets,
# and no terminal.
atf_test_case inner_process_has_nothing_from_outside cleanup
inner_process_has_nothing_from_outside_body()
{
	make_jail
	script -qec 'echo $$ >pid; exec vnet_host jping -j web -i 0.2 192.0.2.254' \
	    /dev/null >out </dev/null &
	vnet_pid $!
	wait_until has_reply 1 || atf_fail "no reply"
	outer=$(cat pid)
	pid=$(inner_pid "$outer") || atf_fail "no process inside"
	for fd in /proc/$pid/fd/*; do
		readlink "$fd" | sed 's/\[.*//'
	done | sort | uniq -c | sed 's/^ *//' >fds
	cat >expout <<-'END'
	1 anon_inode:
	3 pipe:
	2 socket:
	END
	atf_check -o file:expout cat fds
	[ "$(terminal "$outer")" != 0 ] || atf_fail "the outer has no terminal"
	atf_check_equal 0 "$(terminal "$pid")"
}
inner_process_has_nothing_from_outside_cleanup()
{
	vnet_cleanup
}

atf_test_case signals_reach_the_inner_process cleanup
signals_reach_the_inner_process_body()
{
	make_jail
	for sig in INT TERM; do
		vnet_spawn host jping -j web -i 0.2 $VNET_PEER4 >out
		wait_until has_reply 2 || atf_fail "no reply"
		kill -$sig $VNET_PID
		wait $VNET_PID || atf_fail "exit status $? after SIG$sig"
		atf_check -o match:' 0% packet loss' -o match:'^rtt min' cat out
	done
}
signals_reach_the_inner_process_cleanup()
{
	vnet_cleanup
}

# Root in the jail can stop a process, which is then deaf to the first signal.
atf_test_case second_signal_ends_the_run_in_any_case cleanup
second_signal_ends_the_run_in_any_case_body()
{
	make_jail
	vnet_spawn host jping -j web -i 0.2 $VNET_PEER4 >out 2>err
	wait_until has_reply 1 || atf_fail "no reply"
	inner_pid $VNET_PID >pid || atf_fail "no process inside"
	kill -STOP "$(cat pid)"
	kill -INT $VNET_PID
	wait_until grep -q '^SigPnd:.*[1-9a-f]\|^ShdPnd:.*[1-9a-f]' \
	    "/proc/$(cat pid)/status" || atf_fail "no signal was passed on"
	kill -INT $VNET_PID
	wait $VNET_PID
	atf_check_equal 2 $?
	atf_check -o match:'process was killed: Killed$' cat err
}
second_signal_ends_the_run_in_any_case_cleanup()
{
	vnet_cleanup
}

atf_test_case inner_process_does_not_outlive_the_outer cleanup
inner_process_does_not_outlive_the_outer_body()
{
	make_jail
	vnet_spawn host jping -j web -i 600 $VNET_PEER4 >out
	wait_until has_reply 1 || atf_fail "no reply"
	inner_pid $VNET_PID >pid || atf_fail "no process inside"
	kill -KILL $VNET_PID
	wait_until is_gone "$(cat pid)" || atf_fail "it is left"
}
inner_process_does_not_outlive_the_outer_cleanup()
{
	vnet_cleanup
}

atf_test_case removing_the_jail_ends_the_run cleanup
removing_the_jail_ends_the_run_body()
{
	make_jail
	vnet_spawn host jping -j web -i 0.2 $VNET_PEER4 >out 2>err
	wait_until has_reply 2 || atf_fail "no reply"
	atf_check -o ignore vnet_host jail -r web
	wait $VNET_PID
	atf_check_equal 2 $?
	atf_check -o match:'^jping: jail web: the probing process was killed: ' \
	    cat err
	atf_check -o match:'packets transmitted' cat out
}
removing_the_jail_ends_the_run_cleanup()
{
	vnet_cleanup
}

atf_test_case losing_the_address_ends_the_run cleanup
losing_the_address_ends_the_run_body()
{
	make_jail
	ways web | while read -r jping; do
		: >out
		vnet_spawn host $jping -i 0.2 -S 192.0.2.11 $VNET_PEER4 \
		    >out 2>err
		wait_until has_reply 2 || atf_fail "no reply"
		atf_check -o ignore vnet_host \
		    jail -m name=web ip4.addr=192.0.2.12
		wait $VNET_PID
		atf_check_equal 2 $?
		atf_check -o inline:'jping: 192.0.2.11: not an address of this jail or host\n' \
		    cat err
		atf_check -o ignore vnet_host \
		    jail -m name=web ip4.addr=192.0.2.11,192.0.2.12
	done || atf_fail "it went on"
}
losing_the_address_ends_the_run_cleanup()
{
	vnet_cleanup
}

# The jail loses its family meanwhile, which is not the source's fault alone.
atf_test_case refused_probe_says_why cleanup
refused_probe_says_why_body()
{
	make_jail
	ways web | while read -r jping; do
		: >out
		vnet_spawn host $jping -i 0.2 $VNET_PEER4 >out 2>err
		wait_until has_reply 2 || atf_fail "no reply"
		atf_check -o ignore vnet_host jail -m name=web ip4=disable
		wait_until grep -q '^jping: icmp_seq=[0-9]* not sent: Operation not permitted: the jail has no address of this family$' err ||
		    atf_fail "it does not say why: $(cat err)"
		kill -INT $VNET_PID
		wait $VNET_PID
		atf_check -o ignore vnet_host \
		    jail -m name=web ip4.addr=192.0.2.11,192.0.2.12
		vnet_spawn host $jping --json -i 0.2 $VNET_PEER4 >out 2>err
		wait_until grep -q reply out || atf_fail "no reply"
		atf_check -o ignore vnet_host jail -m name=web ip4=disable
		wait_until grep -q '"type": "unsent", .*"text": "Operation not permitted: the jail has no address of this family", "reason": 2}$' out ||
		    atf_fail "it does not say why: $(cat out)"
		kill -INT $VNET_PID
		wait $VNET_PID
		atf_check -o ignore vnet_host \
		    jail -m name=web ip4.addr=192.0.2.11,192.0.2.12
	done || atf_fail "not refused"
}
refused_probe_says_why_cleanup()
{
	vnet_cleanup
}

atf_test_case unknown_jail_exits_2 cleanup
unknown_jail_exits_2_body()
{
	vnet_init
	atf_check -s exit:2 -e match:'^jping: jail "nosuch" not found' \
	    vnet_host jping -c 1 -j nosuch $VNET_PEER4
}
unknown_jail_exits_2_cleanup()
{
	vnet_cleanup
}

atf_init_test_cases()
{
	atf_add_test_case source_is_the_jails_primary_address
	atf_add_test_case other_addresses_of_the_jail_are_sources
	atf_add_test_case foreign_source_is_refused_and_sends_nothing
	atf_add_test_case without_raw_sockets_it_says_what_to_set
	atf_add_test_case loopback_is_the_jail_itself
	atf_add_test_case option_j_needs_nothing_of_the_jail
	atf_add_test_case inner_process_has_nothing_from_outside
	atf_add_test_case signals_reach_the_inner_process
	atf_add_test_case second_signal_ends_the_run_in_any_case
	atf_add_test_case inner_process_does_not_outlive_the_outer
	atf_add_test_case removing_the_jail_ends_the_run
	atf_add_test_case losing_the_address_ends_the_run
	atf_add_test_case refused_probe_says_why
	atf_add_test_case unknown_jail_exits_2
}
