# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# jping(8) outside of jails: options, output, exit status.

# Let the peer be a router that answers for FAR networks in its own ways.
make_router()
{
	vnet_init
	vnet_peer sh -e -c '
		cd /proc/sys/net
		echo 1 >ipv4/ip_forward
		echo 1 >ipv6/conf/all/forwarding
		echo 0 >ipv4/icmp_ratemask
		echo 0 >ipv6/icmp/ratemask'
	ip -n "$VNET_PEER" -batch - <<-END || atf_fail "no router"
	link add far0 type veth peer name far1
	link set far0 up
	addr add 198.51.100.1/24 dev far0
	addr add 2001:db8:1::1/64 dev far0 nodad
	route add unreachable 203.0.113.0/26
	route add prohibit 203.0.113.64/26
	route add blackhole 203.0.113.128/25
	route add unreachable 2001:db8:2:1::/64
	route add prohibit 2001:db8:2:2::/64
	route add blackhole 2001:db8:2:3::/64
	END
}

# Numbers that differ from run to run, and a space that versions of ping differ
# in.
normalize()
{
	sed -e 's/time=[0-9.]* ms/time=T/' -e 's/time [0-9]*ms/time T/' \
	    -e 's/= [0-9./]* ms.*/= T/' -e '1s/ *(/ (/'
}

# Give the same command to ping and to jping; the exit status and what they say
# must be the same.
same_as_ping()
{
	local want

	vnet_host ping "$@" >ping.out
	want=$?
	normalize <ping.out >expout
	[ -s expout ] || atf_fail "ping $*: no output"
	atf_check -s exit:$want -o save:jping.out vnet_host jping "$@"
	normalize <jping.out >out
	diff -u expout out || atf_fail "jping $*: not what ping says"
}

has_reply()
{
	grep -q "icmp_seq=$1" out
}

atf_test_case answers_are_shown_as_by_ping cleanup
answers_are_shown_as_by_ping_body()
{
	vnet_init
	for addr in $VNET_PEER4 $VNET_PEER6; do
		same_as_ping -c 3 -i 0.2 $addr
		same_as_ping -c 1 -s 1000 -t 7 $addr
		same_as_ping -q -c 2 -i 0.2 $addr
	done
	same_as_ping -c 1 -s 65507 $VNET_PEER4
	same_as_ping -c 1 127.0.0.1
	same_as_ping -c 1 ::1
}
answers_are_shown_as_by_ping_cleanup()
{
	vnet_cleanup
}

atf_test_case errors_are_shown_as_by_ping cleanup
errors_are_shown_as_by_ping_body()
{
	make_router
	same_as_ping -c 1 -t 1 198.51.100.9
	same_as_ping -c 1 203.0.113.1
	same_as_ping -c 1 203.0.113.65
	same_as_ping -c 1 -t 1 2001:db8:1::9
	same_as_ping -c 1 2001:db8:2:1::1
	same_as_ping -c 1 2001:db8:2:2::1
	same_as_ping -c 1 -t 1 -s 4000 198.51.100.9
	same_as_ping -c 1 -t 1 -s 4000 2001:db8:1::9
}
errors_are_shown_as_by_ping_cleanup()
{
	vnet_cleanup
}

atf_test_case silence_exits_1 cleanup
silence_exits_1_body()
{
	make_router
	for addr in 203.0.113.129 2001:db8:2:3::1; do
		same_as_ping -c 2 -i 0.2 -W 0.3 $addr
		atf_check -s exit:1 -o match:'2 packets transmitted, 0 received, 100% packet loss' \
		    vnet_host jping -c 2 -i 0.2 -W 0.3 $addr
	done
}
silence_exits_1_cleanup()
{
	vnet_cleanup
}

atf_test_case every_size_goes_out_and_comes_back cleanup
every_size_goes_out_and_comes_back_body()
{
	vnet_init
	for size in 0 1 7 8 9 15 1472 1473 65507; do
		for addr in $VNET_PEER4 $VNET_PEER6; do
			atf_check -o match:"^$((size + 8)) bytes from $addr: icmp_seq=1 ttl=64 time=[0-9.]+ ms$" \
			    vnet_host jping -c 1 -s $size $addr
		done
	done
	atf_check -o match:'^65535 bytes from' \
	    vnet_host jping -c 1 -s 65527 $VNET_PEER6
	atf_check -s exit:2 -e inline:'jping: size is too large: 65508\n' \
	    vnet_host jping -c 1 -s 65508 $VNET_PEER4
}
every_size_goes_out_and_comes_back_cleanup()
{
	vnet_cleanup
}

atf_test_case source_is_on_the_wire cleanup
source_is_on_the_wire_body()
{
	vnet_init
	vnet_addr 192.0.2.11 2001:db8::11
	vnet_spawn peer tcpdump -l -n -i "$VNET_PEERIF" \
	    'icmp[0] == 8 or ip6[40] == 128' >wire 2>wire.err
	wait_until grep -q "listening on" wire.err || atf_fail "no tcpdump"
	atf_check -o match:'^PING 192.0.2.254 \(192.0.2.254\) from 192.0.2.11 : 56' \
	    vnet_host jping -c 1 -S 192.0.2.11 $VNET_PEER4
	atf_check -o match:'^PING 2001:db8::fe\(2001:db8::fe\) from 2001:db8::11: 56' \
	    vnet_host jping -c 1 -S 2001:db8::11 $VNET_PEER6
	atf_check -o ignore vnet_host jping -c 1 $VNET_PEER4
	wait_until grep -q "$VNET_HOST4 > $VNET_PEER4" wire ||
	    atf_fail "the last request is not on the wire"
	sed -n 's/.* IP6* \([^ ]* > [^ ]*\): .*echo request.*/\1/p' wire >out
	cat >expout <<-END
	192.0.2.11 > $VNET_PEER4
	2001:db8::11 > $VNET_PEER6
	$VNET_HOST4 > $VNET_PEER4
	END
	atf_check -o file:expout cat out
}
source_is_on_the_wire_cleanup()
{
	vnet_cleanup
}

atf_test_case foreign_source_is_refused cleanup
foreign_source_is_refused_body()
{
	vnet_init
	for addr in $VNET_ABSENT4 $VNET_ABSENT6; do
		atf_check -s exit:2 \
		    -e inline:"jping: $addr: not an address of this jail or host\n" \
		    vnet_host jping -c 1 -S $addr $([ ${addr#*:} != $addr ] &&
			echo $VNET_PEER6 || echo $VNET_PEER4)
	done
}
foreign_source_is_refused_cleanup()
{
	vnet_cleanup
}

# Both ends of the link answer to all nodes, so each probe has two answers.
atf_test_case duplicates_are_marked_and_counted cleanup
duplicates_are_marked_and_counted_body()
{
	vnet_init
	atf_check -o save:out vnet_host \
	    jping -c 2 -i 0.3 "ff02::1%$VNET_HOSTIF"
	atf_check -o match:'icmp_seq=1 ttl=64 time=[0-9.]+ ms \(DUP!\)$' \
	    -o match:'^2 packets transmitted, 2 received, \+[12] duplicates, 0% packet loss' \
	    cat out
}
duplicates_are_marked_and_counted_cleanup()
{
	vnet_cleanup
}

# ping is told jping's identifier, and has the same sequence numbers.
atf_test_case answers_to_others_are_not_ours cleanup
answers_to_others_are_not_ours_body()
{
	vnet_init
	vnet_spawn peer tcpdump -l -n -i "$VNET_PEERIF" icmp >wire 2>wire.err
	wait_until grep -q "listening on" wire.err || atf_fail "no tcpdump"
	vnet_spawn host jping -c 4 -i 0.5 $VNET_PEER4 >out
	jping=$VNET_PID
	wait_until grep -q 'echo request' wire || atf_fail "no request"
	id=$(sed -n 's/.*echo request, id \([0-9]*\),.*/\1/p;T;q' wire)
	vnet_host ping -q -e "$id" -c 4 -i 0.2 $VNET_PEER4 >ping.out ||
	    atf_fail "ping has no answer"
	wait $jping || atf_fail "jping has no answer"
	atf_check -o match:'^4 packets transmitted, 4 received, 0% packet loss' \
	    -o not-match:DUP cat out
	n=$(grep -c "echo reply, id $id" wire)
	[ "$n" -ge 7 ] || atf_fail "only $n answers with identifier $id"
}
answers_to_others_are_not_ours_cleanup()
{
	vnet_cleanup
}

atf_test_case flood_waits_for_no_clock cleanup
flood_waits_for_no_clock_body()
{
	vnet_init
	start=$(date +%s)
	atf_check -o match:'^1009 packets transmitted, 1009 received, 0% packet loss' \
	    vnet_host jping -q -f -c 1009 $VNET_PEER4
	[ $(($(date +%s) - start)) -lt 8 ] || atf_fail "it took too long"
	printf '.\b \b.\b \b' >expout
	vnet_host jping -f -c 2 $VNET_PEER6 | sed -n 2p | tr -d '\n' >out
	atf_check -o file:expout cat out
}
flood_waits_for_no_clock_cleanup()
{
	vnet_cleanup
}

atf_test_case deadline_ends_the_run cleanup
deadline_ends_the_run_body()
{
	make_router
	atf_check -s exit:1 -o match:'^3 packets transmitted, 3 received' \
	    vnet_host jping -w 1 -i 0.4 -c 9 $VNET_PEER4
	atf_check -o match:'^2 packets transmitted, 2 received' \
	    vnet_host jping -w 60 -i 0.1 -c 2 $VNET_PEER4
	atf_check -s exit:1 -o match:'^1 packets transmitted, 0 received, \+1 errors' \
	    vnet_host jping -w 60 203.0.113.1
	atf_check -s exit:1 -o match:'^[34] packets transmitted, 0 received' \
	    vnet_host jping -w 1 -i 0.3 -c 1 203.0.113.129
}
deadline_ends_the_run_cleanup()
{
	vnet_cleanup
}

atf_test_case timestamps_are_the_present_time cleanup
timestamps_are_the_present_time_body()
{
	vnet_init
	atf_check -o save:out vnet_host jping -D -c 1 $VNET_PEER4
	now=$(date +%s)
	then=$(sed -n 's/^\[\([0-9]*\)\.[0-9]\{6\}\] 64 bytes from.*/\1/p' out)
	[ -n "$then" ] || atf_fail "no timestamp: $(cat out)"
	[ $((now - then)) -ge 0 ] && [ $((now - then)) -le 5 ] ||
	    atf_fail "$then is not the time, which is $now"
}
timestamps_are_the_present_time_cleanup()
{
	vnet_cleanup
}

atf_test_case a_name_is_looked_up_both_ways cleanup
a_name_is_looked_up_both_ways_body()
{
	vnet_init
	same_as_ping -4 -c 1 localhost
	atf_check -o match:'^64 bytes from 127.0.0.1: icmp_seq=1' \
	    vnet_host jping -4 -n -c 1 localhost
}
a_name_is_looked_up_both_ways_cleanup()
{
	vnet_cleanup
}

atf_test_case signals_end_the_run_with_statistics cleanup
signals_end_the_run_with_statistics_body()
{
	vnet_init
	for sig in INT TERM; do
		vnet_spawn host jping -i 0.2 $VNET_PEER4 >out
		wait_until has_reply 2 || atf_fail "no reply"
		kill -$sig $VNET_PID
		wait $VNET_PID || atf_fail "exit status $? after SIG$sig"
		atf_check -o match:' 0% packet loss' -o match:'^rtt min' cat out
	done
	vnet_spawn host jping -i 0.2 $VNET_ABSENT4 >out
	wait_until grep -q ^PING out || atf_fail "no header"
	kill -INT $VNET_PID
	wait $VNET_PID
	atf_check_equal 1 $?
}
signals_end_the_run_with_statistics_cleanup()
{
	vnet_cleanup
}

atf_test_case json_has_an_object_a_line cleanup
json_has_an_object_a_line_body()
{
	make_router
	num='[0-9]+\.[0-9]+'
	atf_check -o save:out vnet_host jping --json -c 2 -i 0.1 $VNET_PEER6
	atf_check_equal 4 "$(wc -l <out)"
	atf_check \
	    -o match:"^\{\"type\": \"start\", \"version\": 1, \"target\": \"$VNET_PEER6\", \"address\": \"$VNET_PEER6\", \"source\": \"$VNET_HOST6\", \"data_bytes\": 56\}$" \
	    -o match:"^\{\"type\": \"reply\", \"time_us\": [0-9]{16}, \"seq\": 2, \"from\": \"$VNET_PEER6\", \"bytes\": 64, \"ttl\": 64, \"rtt_ms\": $num, \"duplicate\": false, \"truncated\": false, \"altered\": false\}$" \
	    -o match:"^\{\"type\": \"statistics\", \"target\": \"$VNET_PEER6\", \"address\": \"$VNET_PEER6\", \"source\": \"$VNET_HOST6\", \"transmitted\": 2, \"received\": 2, \"duplicates\": 0, \"errors\": 0, \"loss_percent\": 0.0, \"time_ms\": $num, \"rtt_min_ms\": $num, \"rtt_avg_ms\": $num, \"rtt_max_ms\": $num, \"rtt_mdev_ms\": $num\}$" \
	    cat out
	atf_check -s exit:1 \
	    -o match:"^\{\"type\": \"error\", \"time_us\": [0-9]{16}, \"seq\": 1, \"from\": \"$VNET_PEER4\", \"icmp_type\": 11, \"icmp_code\": 0, \"text\": \"Time to live exceeded\"\}$" \
	    -o match:'"loss_percent": 100.0, .*"rtt_min_ms": null, "rtt_avg_ms": null, "rtt_max_ms": null, "rtt_mdev_ms": null\}$' \
	    vnet_host jping --json -t 1 -c 1 198.51.100.9
}
json_has_an_object_a_line_cleanup()
{
	vnet_cleanup
}

atf_test_case bad_usage_exits_2
bad_usage_exits_2_body()
{
	atf_check -s exit:2 -e match:'^usage: jping \[-46Dfnq\]' jping
	atf_check -s exit:2 -e match:'^usage: jping' jping a b
	atf_check -s exit:2 -e match:"^jping: invalid option -- 'x'" \
	    -e match:'^usage: jping' jping -x a
	while read -r option value why; do
		atf_check -s exit:2 -e inline:"jping: $why: $value\n" \
		    jping $option $value 127.0.0.1
	done <<-END
	-c 0 count is too small
	-c 99999999999999999999 count is too large
	-c 1x count is invalid
	-i 0 interval is too small
	-i 86401 interval is too large
	-i nan interval is invalid
	-i -1 interval is invalid
	-s -1 size is too small
	-s 65528 size is too large
	-t 0 ttl is too small
	-t 256 ttl is too large
	-W 0 timeout is too small
	-w 1s deadline is invalid
	END
}

atf_test_case bad_target_exits_2 cleanup
bad_target_exits_2_body()
{
	vnet_init
	while read -r args why; do
		atf_check -s exit:2 -e inline:"jping: $why\n" \
		    vnet_host jping -c 1 $(echo "$args" | tr , ' ')
	done <<-END
	-4,::1 ::1: not an IPv4 address
	-6,127.0.0.1 127.0.0.1: not an IPv6 address
	-6,::ffff:127.0.0.1 ::ffff:127.0.0.1: not an IPv6 address
	-S,::1,127.0.0.1 127.0.0.1: not an IPv6 address
	-S,x,127.0.0.1 x: not an IP address
	fe80::1 fe80::1: which interface? add %interface
	192.0.2.255 192.0.2.255: a broadcast address
	END
	ip -n "$VNET_HOST" route del default
	atf_check -s exit:2 -e match:'^jping: no.such.name.invalid: ' \
	    vnet_host jping -c 1 no.such.name.invalid
	atf_check -s exit:2 \
	    -e inline:'jping: 203.0.113.1: Network is unreachable\n' \
	    vnet_host jping -c 1 203.0.113.1
}
bad_target_exits_2_cleanup()
{
	vnet_cleanup
}

atf_test_case help_and_version_exit_0
help_and_version_exit_0_body()
{
	for option in -h --help; do
		atf_check -o match:'^usage: jping \[-46Dfnq\]' jping $option
	done
	for option in -V --version; do
		atf_check -o match:'^jping \(netjail\) [0-9.]+$' jping $option
	done
}

atf_test_case full_stdout_exits_2 cleanup
full_stdout_exits_2_body()
{
	vnet_init
	for option in -n --json; do
		vnet_host jping $option -c 1 $VNET_PEER4 >/dev/full 2>err
		atf_check_equal 2 $?
		atf_check -o match:'^jping: (standard output|json: .*stdout is full)' cat err
	done
}
full_stdout_exits_2_cleanup()
{
	vnet_cleanup
}

atf_test_case without_privilege_it_says_so cleanup
without_privilege_it_says_so_body()
{
	vnet_init
	cp "$(command -v jping)" ./jping && chmod 755 . jping ||
	    atf_fail "no copy of jping"
	atf_check -s exit:2 -e inline:'jping: raw socket refused: not root\n' \
	    vnet_host setpriv --reuid 65534 --clear-groups \
	    ./jping -c 1 $VNET_PEER4
}
without_privilege_it_says_so_cleanup()
{
	vnet_cleanup
}

atf_init_test_cases()
{
	atf_add_test_case answers_are_shown_as_by_ping
	atf_add_test_case errors_are_shown_as_by_ping
	atf_add_test_case silence_exits_1
	atf_add_test_case every_size_goes_out_and_comes_back
	atf_add_test_case source_is_on_the_wire
	atf_add_test_case foreign_source_is_refused
	atf_add_test_case duplicates_are_marked_and_counted
	atf_add_test_case answers_to_others_are_not_ours
	atf_add_test_case flood_waits_for_no_clock
	atf_add_test_case deadline_ends_the_run
	atf_add_test_case timestamps_are_the_present_time
	atf_add_test_case a_name_is_looked_up_both_ways
	atf_add_test_case signals_end_the_run_with_statistics
	atf_add_test_case json_has_an_object_a_line
	atf_add_test_case bad_usage_exits_2
	atf_add_test_case bad_target_exits_2
	atf_add_test_case help_and_version_exit_0
	atf_add_test_case full_stdout_exits_2
	atf_add_test_case without_privilege_it_says_so
}
