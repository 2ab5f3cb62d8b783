# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# jtrace(8) over three hosts in a line: host, peer and far. What it must do in a
# jail is the same with jexec(8) inside and with -j from outside.

FAR4=198.51.100.2
FAR6=2001:db8:1::2

# The peer routes to far, and refuses or swallows what is for other networks.
make_line()
{
	vnet_init
	far=$VNET_PEER-far
	ip netns add "$far" && vnet_quiet "$far" || atf_fail "no far host"
	for ns in "$VNET_PEER" "$far"; do
		ip netns exec "$ns" sh -e -c '
			cd /proc/sys/net
			echo 1 >ipv4/ip_forward
			echo 1 >ipv6/conf/all/forwarding
			echo 0 >ipv4/icmp_ratemask
			echo 0 >ipv6/icmp/ratemask'
	done
	ip -n "$VNET_PEER" -batch - <<-END || atf_fail "no router"
	link add far0 type veth peer name far1 netns $far
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
	vnet_up "$far" far1 $FAR4 $FAR6
	ip -n "$far" route add default via 198.51.100.1
	ip -n "$far" -6 route add default via 2001:db8:1::1
	wait_until vnet_ready "$VNET_PEER" far0 &&
	    wait_until vnet_ready "$far" far1 || atf_fail "the link is down"
}

end_line()
{
	local id

	id=$(cat vnet.id 2>/dev/null)
	[ ! -e "/run/netns/regress-$id-peer-far" ] ||
	    ip netns del "regress-$id-peer-far"
	vnet_cleanup
}

# The jail "web" on the host, and both ways to run jtrace in it.
make_jail()
{
	vnet_addr 192.0.2.11 2001:db8::11
	atf_check -o ignore vnet_host jail -c name=web path=/ \
	    ip4.addr=192.0.2.11 ip6.addr=2001:db8::11 allow.raw_sockets persist
}

ways()
{
	echo "jtrace -j $1"
	echo "jexec $1 $(command -v jtrace)"
}

# Numbers that differ from run to run.
normalize()
{
	sed 's/  [0-9.]* ms/  T/g'
}

# Give the same command to traceroute and to jtrace, which must say the same.
same_as_traceroute()
{
	vnet_host traceroute "$@" >traceroute.out ||
	    atf_fail "traceroute $*: exit status $?"
	normalize <traceroute.out >expout
	atf_check -o save:jtrace.out vnet_host jtrace "$@"
	normalize <jtrace.out >out
	diff -u expout out || atf_fail "jtrace $*: not what traceroute says"
}

watch_wire()
{
	vnet_spawn peer tcpdump -l -n -i "$VNET_PEERIF" "$@" >wire 2>wire.err
	wait_until grep -q "listening on" wire.err || atf_fail "no tcpdump"
}

# Whatever was sent before this is on the wire.
settle_wire()
{
	vnet_host ping -c 1 -s 333 $VNET_PEER4 >/dev/null
	wait_until grep -q 'length 341' wire || atf_fail "the wire is dead"
}

atf_test_case hops_are_shown_as_by_traceroute cleanup
hops_are_shown_as_by_traceroute_body()
{
	make_line
	for addr in $FAR4 $FAR6; do
		same_as_traceroute -n $addr
		same_as_traceroute -n -I $addr
		same_as_traceroute -n -q 1 $addr
		same_as_traceroute -n -q 10 -m 2 $addr
		same_as_traceroute -n -f 2 $addr
		same_as_traceroute -n -p 40000 $addr
	done
	same_as_traceroute -n $VNET_PEER4
	same_as_traceroute -n $VNET_HOST6
	same_as_traceroute -4 localhost
}
hops_are_shown_as_by_traceroute_cleanup()
{
	end_line
}

atf_test_case target_beyond_maxhops_exits_1 cleanup
target_beyond_maxhops_exits_1_body()
{
	make_line
	for addr in $FAR4 $FAR6; do
		for probe in -U -I; do
			atf_check -s exit:1 -o save:out \
			    vnet_host jtrace $probe -n -m 1 $addr
			atf_check_equal 2 "$(wc -l <out)"
			atf_check -o ignore vnet_host jtrace $probe -n -m 2 $addr
		done
	done
}
target_beyond_maxhops_exits_1_cleanup()
{
	end_line
}

atf_test_case refusals_are_annotated_and_end_the_trace cleanup
refusals_are_annotated_and_end_the_trace_body()
{
	make_line
	while read -r addr note; do
		atf_check -s exit:1 -o save:out \
		    vnet_host jtrace -n -q 1 $addr
		atf_check -o match:"^ 1  [^ ]+  [0-9.]+ ms $note\$" cat out
		atf_check_equal 2 "$(wc -l <out)"
	done <<-END
	203.0.113.1 !H
	203.0.113.65 !X
	2001:db8:2:1::1 !N
	2001:db8:2:2::1 !X
	END
}
refusals_are_annotated_and_end_the_trace_cleanup()
{
	end_line
}

atf_test_case silence_is_a_star_and_exits_1 cleanup
silence_is_a_star_and_exits_1_body()
{
	make_line
	for addr in 203.0.113.129 2001:db8:2:3::1; do
		atf_check -s exit:1 -o save:out \
		    vnet_host jtrace -n -q 2 -m 3 -w 0.3 $addr
		sed 1d out >hops
		atf_check -o inline:' 1  * *\n 2  * *\n 3  * *\n' cat hops
	done
}
silence_is_a_star_and_exits_1_cleanup()
{
	end_line
}

# 30 hops of 3 queries, each waited for, would take 90 seconds.
atf_test_case silent_hops_are_waited_for_together cleanup
silent_hops_are_waited_for_together_body()
{
	make_line
	start=$(date +%s)
	atf_check -s exit:1 -o match:'^30  \* \* \*$' \
	    vnet_host jtrace -n -w 1 203.0.113.129
	[ $(($(date +%s) - start)) -lt 20 ] || atf_fail "it took too long"
}
silent_hops_are_waited_for_together_cleanup()
{
	end_line
}

atf_test_case every_probe_goes_out_as_asked cleanup
every_probe_goes_out_as_asked_body()
{
	make_line
	watch_wire -v 'udp or icmp[0] == 8'
	atf_check -o ignore vnet_host jtrace -n -q 2 -p 40000 $FAR4
	atf_check -o ignore vnet_host jtrace -n -I -q 2 $FAR4
	settle_wire
	sed -n 's/.* ttl \([0-9]*\),.* length \([0-9]*\))$/\1 \2/p' wire |
	    grep -v ' 361$' >out
	printf '1 60\n1 60\n2 60\n2 60\n1 60\n1 60\n2 60\n2 60\n' >expout
	atf_check -o file:expout cat out
	sed -n 's/.* > [0-9.]*\.\([0-9]*\): .*UDP, length 32$/\1/p' wire >out
	printf '40000\n40001\n40002\n40003\n' >expout
	atf_check -o file:expout cat out
	atf_check -s exit:1 grep -q 'bad\|wrong' wire
}
every_probe_goes_out_as_asked_cleanup()
{
	end_line
}

atf_test_case source_is_on_the_wire cleanup
source_is_on_the_wire_body()
{
	make_line
	vnet_addr 192.0.2.11 2001:db8::11
	watch_wire 'udp or icmp[0] == 8 or ip6[40] == 128'
	for probe in -U -I; do
		atf_check -o match:'from 192.0.2.11, 30 hops max' \
		    vnet_host jtrace -n $probe -S 192.0.2.11 $FAR4
		atf_check -o match:'from 2001:db8::11, 30 hops max' \
		    vnet_host jtrace -n $probe -S 2001:db8::11 $FAR6
	done
	settle_wire
	sed -n -e '/length 341/d' -e 's/.* IP \([0-9]*\.[0-9]*\.[0-9]*\.[0-9]*\).* > .*/\1/p' \
	    -e 's/.* IP6 \([0-9a-f:]*\).* > .*/\1/p' wire | uniq -c |
	    sed 's/^ *//' >out
	cat >expout <<-'END'
	6 192.0.2.11
	6 2001:db8::11
	6 192.0.2.11
	6 2001:db8::11
	END
	atf_check -o file:expout cat out
}
source_is_on_the_wire_cleanup()
{
	end_line
}

atf_test_case in_a_jail_the_source_is_the_jails cleanup
in_a_jail_the_source_is_the_jails_body()
{
	make_line
	make_jail
	watch_wire 'udp or icmp[0] == 8 or ip6[40] == 128'
	ways web | while read -r jtrace; do
		for addr in $FAR4 $FAR6; do
			for probe in -U -I; do
				atf_check -o match:"^ 2  $addr  [0-9.]+ ms" \
				    vnet_host $jtrace -n $probe $addr
			done
		done
	done || atf_fail "no trace"
	settle_wire
	sed -n -e '/length 341/d' -e 's/.* IP \([0-9]*\.[0-9]*\.[0-9]*\.[0-9]*\).* > .*/\1/p' \
	    -e 's/.* IP6 \([0-9a-f:]*\).* > .*/\1/p' wire | sort | uniq -c |
	    sed 's/^ *//' >out
	atf_check -o inline:'24 192.0.2.11\n24 2001:db8::11\n' cat out
}
in_a_jail_the_source_is_the_jails_cleanup()
{
	end_line
}

atf_test_case in_a_jail_a_foreign_source_is_refused cleanup
in_a_jail_a_foreign_source_is_refused_body()
{
	make_line
	make_jail
	watch_wire 'udp or icmp[0] == 8 or ip6[40] == 128'
	ways web | while read -r jtrace; do
		for addr in $VNET_HOST4 $VNET_ABSENT4; do
			atf_check -s exit:2 -e inline:"jtrace: $addr: not an address of this jail or host\n" \
			    vnet_host $jtrace -n -S $addr $FAR4
		done
		for addr in $VNET_HOST6 $VNET_ABSENT6; do
			atf_check -s exit:2 -e inline:"jtrace: $addr: not an address of this jail or host\n" \
			    vnet_host $jtrace -n -S $addr $FAR6
		done
	done || atf_fail "not refused"
	settle_wire
	atf_check -s exit:1 sh -c "grep -v 'length 341' wire"
}
in_a_jail_a_foreign_source_is_refused_cleanup()
{
	end_line
}

# The jail loses its family meanwhile.
atf_test_case in_a_jail_refused_probe_says_why cleanup
in_a_jail_refused_probe_says_why_body()
{
	make_line
	make_jail
	ways web | while read -r jtrace; do
		vnet_spawn host $jtrace -n -q 1 -m 255 -w 0.2 203.0.113.129 \
		    >out 2>err
		wait_until grep -q '^ 3 ' out || atf_fail "no trace"
		atf_check -o ignore vnet_host jail -m name=web ip4=disable
		wait $VNET_PID
		atf_check_equal 2 $?
		atf_check -o inline:'jtrace: send: Operation not permitted: the jail has no address of this family\n' \
		    cat err
		atf_check -o ignore vnet_host jail -m name=web \
		    ip4.addr=192.0.2.11
	done || atf_fail "not refused"
}
in_a_jail_refused_probe_says_why_cleanup()
{
	end_line
}

atf_test_case without_raw_sockets_it_says_what_to_set cleanup
without_raw_sockets_it_says_what_to_set_body()
{
	make_line
	atf_check -o ignore vnet_host jail -c name=noraw path=/ \
	    ip4.addr=$VNET_HOST4 persist
	ways noraw | while read -r jtrace; do
		for probe in -U -I; do
			atf_check -s exit:2 -e inline:'jtrace: raw socket refused: set allow.raw_sockets\n' \
			    vnet_host $jtrace $probe $FAR4
		done
	done || atf_fail "not refused"
}
without_raw_sockets_it_says_what_to_set_cleanup()
{
	end_line
}

# Nothing can be opened in there, and no library of it could be loaded. Without
# a route, no name server keeps us waiting.
atf_test_case option_j_looks_names_up_outside cleanup
option_j_looks_names_up_outside_body()
{
	vnet_init
	vnet_addr 192.0.2.11
	ip -n "$VNET_HOST" route del default
	mkdir root
	atf_check -o ignore vnet_host jail -c name=web path="$PWD/root" \
	    ip4.addr=192.0.2.11 allow.raw_sockets persist
	atf_check -o match:'^traceroute to localhost \(127.64.0.1\), 30 hops' \
	    -o match:'^ 1  127.64.0.1  [0-9.]+ ms' \
	    vnet_host jtrace -4 -n -j web localhost
	atf_check -o match:'^ 1  192.0.2.11 \(192.0.2.11\)  [0-9.]+ ms' \
	    vnet_host jtrace -j web 192.0.2.11
	atf_check -o match:'"name": null' \
	    vnet_host jtrace --json -j web 192.0.2.11
}
option_j_looks_names_up_outside_cleanup()
{
	vnet_cleanup
}

atf_test_case names_are_shown_unless_n cleanup
names_are_shown_unless_n_body()
{
	vnet_init
	atf_check -o match:'^ 1  localhost \(127.0.0.1\)  [0-9.]+ ms' \
	    vnet_host jtrace 127.0.0.1
	atf_check -o match:'^ 1  127.0.0.1  [0-9.]+ ms' \
	    vnet_host jtrace -n 127.0.0.1
	atf_check -o match:'"from": "127.0.0.1", "name": "localhost", ' \
	    vnet_host jtrace --json 127.0.0.1
	atf_check -o match:'"from": "127.0.0.1", "name": null, ' \
	    vnet_host jtrace --json -n 127.0.0.1
}
names_are_shown_unless_n_cleanup()
{
	vnet_cleanup
}

atf_test_case json_is_one_object cleanup
json_is_one_object_body()
{
	make_line
	num='[0-9]+\.[0-9]+'
	atf_check -o save:out vnet_host jtrace --json -n -q 1 $FAR4
	atf_check_equal 1 "$(wc -l <out)"
	atf_check -o match:"^\{\"version\": 1, \"target\": \"$FAR4\", \"address\": \"$FAR4\", \"source\": \"$VNET_HOST4\", \"protocol\": \"udp\", \"max_hops\": 30, \"packet_bytes\": 60, \"hops\": \[\{\"hop\": 1, \"probes\": \[\{\"from\": \"$VNET_PEER4\", \"name\": null, \"rtt_ms\": $num, \"icmp_type\": 11, \"icmp_code\": 0, \"note\": \"\"\}\]\}, \{\"hop\": 2, \"probes\": \[\{\"from\": \"$FAR4\", \"name\": null, \"rtt_ms\": $num, \"icmp_type\": 3, \"icmp_code\": 3, \"note\": \"\"\}\]\}\], \"reached\": true\}$" \
	    cat out
	atf_check -s exit:1 -o match:'"protocol": "icmp", .*"packet_bytes": 80, .*"note": "!N".*"reached": false\}$' \
	    vnet_host jtrace --json -I -n 2001:db8:2:1::1
	atf_check -s exit:1 -o match:'\[\{"from": null, "name": null, "rtt_ms": null, "icmp_type": null, "icmp_code": null, "note": null\}\]' \
	    vnet_host jtrace --json -w 0.1 -q 1 -m 1 203.0.113.129
}
json_is_one_object_cleanup()
{
	end_line
}

atf_test_case signals_end_the_trace cleanup
signals_end_the_trace_body()
{
	make_line
	make_jail
	for option in '' '-j web'; do
		for sig in INT TERM; do
			: >out
			vnet_spawn host jtrace $option -n -w 60 -m 5 \
			    203.0.113.129 >out
			wait_until grep -q ^traceroute out ||
			    atf_fail "no header"
			kill -$sig $VNET_PID
			wait $VNET_PID
			atf_check_equal 1 $?
		done
	done
}
signals_end_the_trace_cleanup()
{
	end_line
}

atf_test_case bad_usage_exits_2
bad_usage_exits_2_body()
{
	atf_check -s exit:2 -e match:'^usage: jtrace \[-46InU\]' jtrace
	atf_check -s exit:2 -e match:"^jtrace: invalid option -- 'x'" \
	    -e match:'^usage: jtrace' jtrace -x a
	while read -r option value why; do
		atf_check -s exit:2 -e inline:"jtrace: $why: $value\n" \
		    jtrace $option $value 127.0.0.1
	done <<-END
	-f 0 first is too small
	-f 256 first is too large
	-m 0 maxhops is too small
	-m 256 maxhops is too large
	-m x maxhops is invalid
	-p 0 port is too small
	-p 65536 port is too large
	-q 0 nqueries is too small
	-q 11 nqueries is too large
	-w 0 wait is too small
	-w x wait is invalid
	END
	atf_check -s exit:2 \
	    -e inline:'jtrace: first is too large: 9, with maxhops 8\n' \
	    jtrace -f 9 -m 8 127.0.0.1
	atf_check -s exit:2 -e inline:'jtrace: port is too large: 65500, as the last probe would have 65589\n' \
	    jtrace -p 65500 127.0.0.1
}

atf_test_case help_and_version_exit_0
help_and_version_exit_0_body()
{
	for option in -h --help; do
		atf_check -o match:'^usage: jtrace \[-46InU\]' jtrace $option
	done
	for option in -V --version; do
		atf_check -o match:'^jtrace \(netjail\) [0-9.]+$' \
		    jtrace $option
	done
}

atf_test_case full_stdout_exits_2 cleanup
full_stdout_exits_2_body()
{
	vnet_init
	for option in '' --json; do
		vnet_host jtrace -n $option $VNET_PEER4 >/dev/full 2>err
		atf_check_equal 2 $?
		atf_check -o match:'^jtrace: standard output' cat err
	done
}
full_stdout_exits_2_cleanup()
{
	vnet_cleanup
}

atf_init_test_cases()
{
	atf_add_test_case hops_are_shown_as_by_traceroute
	atf_add_test_case target_beyond_maxhops_exits_1
	atf_add_test_case refusals_are_annotated_and_end_the_trace
	atf_add_test_case silence_is_a_star_and_exits_1
	atf_add_test_case silent_hops_are_waited_for_together
	atf_add_test_case every_probe_goes_out_as_asked
	atf_add_test_case source_is_on_the_wire
	atf_add_test_case in_a_jail_the_source_is_the_jails
	atf_add_test_case in_a_jail_a_foreign_source_is_refused
	atf_add_test_case in_a_jail_refused_probe_says_why
	atf_add_test_case without_raw_sockets_it_says_what_to_set
	atf_add_test_case option_j_looks_names_up_outside
	atf_add_test_case names_are_shown_unless_n
	atf_add_test_case json_is_one_object
	atf_add_test_case signals_end_the_trace
	atf_add_test_case bad_usage_exits_2
	atf_add_test_case help_and_version_exit_0
	atf_add_test_case full_stdout_exits_2
}
