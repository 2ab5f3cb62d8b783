# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# Stock programs that use raw sockets, as they come, in jails that may have
# them. The host's own primary address is none of the jails'. Jail two has
# addresses in two networks, one has only one of each family.

NET2=198.51.100

begin()
{
	vnet_init
	vnet_addr 192.0.2.11 2001:db8::11 192.0.2.12 2001:db8::12 \
	    $NET2.1 $NET2.12
	ip -n "$VNET_PEER" addr add $NET2.254/24 dev "$VNET_PEERIF"
	atf_check vnet_host jail -q -c name=one persist allow.raw_sockets \
	    path=/ ip4.addr=192.0.2.11 ip6.addr=2001:db8::11
	atf_check vnet_host jail -q -c name=two persist allow.raw_sockets \
	    path=/ ip4.addr=192.0.2.12,$NET2.12 ip6.addr=2001:db8::12
}

# Watch what comes to the peer, from when this returns.
watch()
{
	vnet_peer tcpdump -n -l -i "$VNET_PEERIF" -Q in "$1" >seen 2>log &
	watcher=$!
	vnet_pid $watcher
	wait_until grep -q '^listening' log || atf_fail "tcpdump: $(cat log)"
}

# What came from any other than these?
check_sources()
{
	wait_until grep -q . seen || atf_fail "nothing came to the peer"
	kill $watcher
	wait $watcher || :
	grep -v '^$' seen | awk '{ print $3 }' >sources
	for own; do
		sed -i "/^$own\(\.[0-9]*\)\{0,1\}\$/d" sources
	done
	atf_check cat sources
}

# Run a program in both jails; each must print the line.
runs()
{
	local line jail

	line=$1
	shift
	for jail in one two; do
		atf_check -o match:"$line" -e ignore timeout 30 \
		    vnet_host jexec $jail "$@"
	done
}

# ping, to both families and with each option that asks for something special.
pings()
{
	runs ' 0% packet loss' "$@" -c 2 -i 0.2 -q $VNET_PEER4
	runs ' 0% packet loss' "$@" -c 20 -f -q $VNET_PEER4
	runs ' 0% packet loss' "$@" -c 1 -R -q $VNET_PEER4
	runs ' 0% packet loss' "$@" -c 1 -T tsonly -q $VNET_PEER4
	runs ' 0% packet loss' "$@" -c 1 -M do -q $VNET_PEER4
	runs ' 0% packet loss' "$@" -c 1 -s 8000 -q $VNET_PEER4
	runs ' 0% packet loss' "$@" -6 -c 2 -i 0.2 -q $VNET_PEER6
	runs ' 0% packet loss' "$@" -6 -c 1 -s 8000 -q $VNET_PEER6
}

atf_test_case ping cleanup
ping_body()
{
	begin
	watch 'icmp or icmp6 and icmp6[0] = 128'
	pings ping
	check_sources 192.0.2.11 192.0.2.12 2001:db8::11 2001:db8::12
	for jail in one/192.0.2.11 two/$NET2.12; do
		atf_check -o match:' 0% packet loss' vnet_host \
		    jexec ${jail%/*} ping -c 1 -q -I ${jail#*/} $VNET_PEER4
	done
	atf_check -s not-exit:0 -e match:'Cannot assign requested address' \
	    vnet_host jexec one ping -c 1 -I 192.0.2.12 $VNET_PEER4
}
ping_cleanup()
{
	vnet_cleanup
}

# A user has no raw socket, but the other kind if the host says so.
atf_test_case ping_of_a_user cleanup
ping_of_a_user_body()
{
	begin
	cp "$(command -v ping)" ping
	chmod 755 ping
	for jail in one two; do
		atf_check -s not-exit:0 -e match:'Operation not permitted' \
		    vnet_host jexec -U nobody $jail "$PWD/ping" -c 1 $VNET_PEER4
	done
	vnet_host sysctl -qw net.ipv4.ping_group_range='0 2147483647'
	watch 'icmp or icmp6 and icmp6[0] = 128'
	for jail in one two; do
		for to in $VNET_PEER4 $VNET_PEER6; do
			atf_check -o match:' 0% packet loss' vnet_host jexec \
			    -U nobody $jail "$PWD/ping" -c 2 -i 0.2 -q $to
		done
	done
	atf_check -o match:' 0% packet loss' vnet_host jexec -U nobody two \
	    "$PWD/ping" -c 1 -q -I $NET2.12 $VNET_PEER4
	check_sources 192.0.2.11 192.0.2.12 2001:db8::11 2001:db8::12 $NET2.12
}
ping_of_a_user_cleanup()
{
	vnet_cleanup
}

# The source depends on where to, as for UDP.
atf_test_case source_is_that_of_the_network cleanup
source_is_that_of_the_network_body()
{
	begin
	watch "icmp and dst $NET2.254"
	for program in 'ping -q -c 1' 'traceroute -n -I -q 1 -m 2' \
	    'mtr -n -r -c 1'; do
		atf_check -o ignore -e ignore timeout 30 vnet_host jexec two \
		    $program $NET2.254
	done
	check_sources $NET2.12
}
source_is_that_of_the_network_cleanup()
{
	vnet_cleanup
}

atf_test_case busybox cleanup
busybox_body()
{
	begin
	watch icmp
	runs ' 0% packet loss' busybox ping -c 2 $VNET_PEER4
	runs " 1  $VNET_PEER4 " busybox traceroute -n -q 1 -w 1 -m 3 \
	    $VNET_PEER4
	check_sources 192.0.2.11 192.0.2.12
}
busybox_cleanup()
{
	vnet_cleanup
}

atf_test_case traceroute cleanup
traceroute_body()
{
	begin
	watch 'dst host 192.0.2.254 and not arp'
	for kind in '' -I -T -U; do
		runs " 1  $VNET_PEER4 " traceroute -n -q 1 -w 2 -m 3 $kind \
		    $VNET_PEER4
	done
	check_sources 192.0.2.11 192.0.2.12
	for kind in -I -T; do
		runs " 1  $VNET_PEER6 " traceroute -n -6 -q 1 -w 2 -m 3 $kind \
		    $VNET_PEER6
	done
}
traceroute_cleanup()
{
	vnet_cleanup
}

# By its socket for both families, see BUGS in jail(8).
atf_test_case traceroute6_by_datagrams cleanup
traceroute6_by_datagrams_body()
{
	begin
	atf_expect_fail "a socket that is bound to :: cannot be given an" \
	    "address as it connects"
	runs " 1  $VNET_PEER6 " traceroute -n -6 -q 1 -w 2 -m 3 $VNET_PEER6
}
traceroute6_by_datagrams_cleanup()
{
	vnet_cleanup
}

atf_test_case mtr_and_tracepath cleanup
mtr_and_tracepath_body()
{
	begin
	watch 'icmp or udp'
	runs "$VNET_PEER4  *0\.0%" mtr -n --report -c 2 -i 0.2 $VNET_PEER4
	runs "$VNET_PEER4 .*reached" tracepath -n $VNET_PEER4
	runs "$VNET_PEER6 .*reached" tracepath -n $VNET_PEER6
	check_sources 192.0.2.11 192.0.2.12 2001:db8::11 2001:db8::12
}
mtr_and_tracepath_cleanup()
{
	vnet_cleanup
}

# Have everyone send, and then the jail to the port 9.
everyone_sends()
{
	for who in 'jexec one' 'jexec two' ''; do
		atf_check -o ignore vnet_host $who ping -c 1 -q $VNET_PEER4
		atf_check -o ignore vnet_host $who ping -c 1 -q $VNET_PEER6
	done
	atf_check -o ignore vnet_peer ping -c 1 -q 192.0.2.11
	atf_check -o ignore vnet_peer ping -c 1 -q 192.0.2.12
	atf_check -o ignore vnet_peer ping -c 1 -q $VNET_HOST4
}

# All that tcpdump prints is of the jail: captured filter interface
captured()
{
	vnet_host jexec one tcpdump -n -l -i $2 $1 >heard 2>log &
	watcher=$!
	vnet_pid $watcher
	wait_until grep -q '^listening' log || atf_fail "tcpdump: $(cat log)"
	everyone_sends
	wait_until eval '[ $(grep -c "echo re" heard) -eq '$3' ]' ||
	    atf_fail "$1 on $2: $(grep -c . heard) lines"
	vnet_host jailkill one INT
	wait $watcher || :
	atf_check -s exit:1 grep -v -e 192.0.2.11 -e 2001:db8::11 -e '^$' heard
	atf_check -s exit:1 grep -i -e warning -e error log
}

atf_test_case tcpdump cleanup
tcpdump_body()
{
	vnet_needs tcx
	begin
	atf_check -s not-exit:0 -e match:'not supported' \
	    vnet_host jexec one tcpdump -n -i any
	atf_check vnet_host jail -q -m name=one allow.packet_capture
	captured '' any 6
	captured '' "$VNET_HOSTIF" 6
	captured icmp any 4
	captured icmp6 "$VNET_HOSTIF" 2
}
tcpdump_cleanup()
{
	vnet_cleanup
}

# It is of the link, where the neighbours are the host's.
atf_test_case arping_is_refused cleanup
arping_is_refused_body()
{
	begin
	for jail in one two; do
		atf_check -s not-exit:0 -o ignore \
		    -e match:'Address family not supported' \
		    vnet_host jexec $jail arping -c 1 $VNET_PEER4
	done
}
arping_is_refused_cleanup()
{
	vnet_cleanup
}

atf_init_test_cases()
{
	atf_add_test_case ping
	atf_add_test_case ping_of_a_user
	atf_add_test_case source_is_that_of_the_network
	atf_add_test_case busybox
	atf_add_test_case traceroute
	atf_add_test_case traceroute6_by_datagrams
	atf_add_test_case mtr_and_tracepath
	atf_add_test_case tcpdump
	atf_add_test_case arping_is_refused
}
