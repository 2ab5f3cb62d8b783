# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# The vnet helper itself: the network works, and nothing of it stays.

atf_test_case host_and_peer_reach_each_other cleanup
host_and_peer_reach_each_other_body()
{
	vnet_init
	vnet_addr 192.0.2.11 2001:db8::11
	for addr in $VNET_PEER4 $VNET_PEER6; do
		atf_check -o ignore vnet_host ping -n -c 1 -W 5 $addr
	done
	for addr in $VNET_HOST4 $VNET_HOST6 192.0.2.11 2001:db8::11; do
		atf_check -o ignore vnet_peer ping -n -c 1 -W 5 $addr
	done
	for addr in $VNET_ABSENT4 $VNET_ABSENT6; do
		atf_check -s exit:1 -o ignore vnet_peer ping -n -c 1 -W 1 $addr
	done
}
host_and_peer_reach_each_other_cleanup()
{
	vnet_cleanup
}

atf_test_case hosts_own_address_is_preferred cleanup
hosts_own_address_is_preferred_body()
{
	vnet_init
	vnet_addr 192.0.2.11 2001:db8::11 192.0.2.253 2001:db8::ff
	atf_check -o match:"src $VNET_HOST4 " \
	    vnet_host ip -4 route get $VNET_PEER4
	atf_check -o match:"src $VNET_HOST6 " \
	    vnet_host ip -6 route get $VNET_PEER6
}
hosts_own_address_is_preferred_cleanup()
{
	vnet_cleanup
}

atf_test_case cleanup_leaves_nothing_and_may_be_repeated
cleanup_leaves_nothing_and_may_be_repeated_body()
{
	vnet_init
	vnet_spawn peer sleep 1000
	pid=$VNET_PID
	vnet_cleanup
	[ ! -e "/run/netns/$VNET_HOST" ] || atf_fail "the host is left"
	[ ! -e "/run/netns/$VNET_PEER" ] || atf_fail "the peer is left"
	wait_until vnet_is_gone $pid || atf_fail "process $pid is left"
	vnet_cleanup
}

vnet_is_gone()
{
	! vnet_starttime "$1" >/dev/null || grep -q 'State:	Z' "/proc/$1/status"
}

atf_test_case cleanup_ends_no_process_that_took_a_pid_over
cleanup_ends_no_process_that_took_a_pid_over_body()
{
	vnet_instance
	sleep 1000 &
	echo "$! 1" >>vnet.pids
	vnet_cleanup
	kill -0 $! || atf_fail "a process that is not ours was ended"
	kill $!
}

atf_test_case cleanup_works_after_half_an_init
cleanup_works_after_half_an_init_body()
{
	vnet_instance
	atf_check ip netns add "$VNET_HOST"
	vnet_cleanup
	[ ! -e "/run/netns/$VNET_HOST" ] || atf_fail "the host is left"
}

atf_test_case cleanup_fails_if_something_is_left
cleanup_fails_if_something_is_left_body()
{
	vnet_instance
	left=/sys/fs/bpf/${JAIL_INSTANCE}_left
	atf_check mkdir "$left"
	if vnet_cleanup 2>stderr; then
		rmdir "$left"
		atf_fail "nobody noticed $left"
	fi
	atf_check rmdir "$left"
	atf_check -o match:"left: $left" cat stderr
	vnet_cleanup || atf_fail "nothing is left, but it fails"
}

atf_test_case wait_until_gives_up
wait_until_gives_up_body()
{
	start=$(date +%s)
	wait_until -t 1 false && atf_fail "false became true"
	[ $(($(date +%s) - start)) -le 5 ] || atf_fail "it took too long"
	atf_check true
}

atf_init_test_cases()
{
	atf_add_test_case host_and_peer_reach_each_other
	atf_add_test_case hosts_own_address_is_preferred
	atf_add_test_case cleanup_leaves_nothing_and_may_be_repeated
	atf_add_test_case cleanup_ends_no_process_that_took_a_pid_over
	atf_add_test_case cleanup_works_after_half_an_init
	atf_add_test_case cleanup_fails_if_something_is_left
	atf_add_test_case wait_until_gives_up
}
