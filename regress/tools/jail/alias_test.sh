# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# jail(8): ip4.addr=interface|address/prefix, which puts an address there as
# long as the jail has it.

A4=192.0.2.31
B4=192.0.2.32
A6=2001:db8::31

begin()
{
	vnet_init
	PATH=$PATH:$(atf_get_srcdir)/../../lib/libjail
}

# What the host's interface has, addresses of jails alone.
aliases()
{
	ip -n "$VNET_HOST" -o addr show dev "${1:-$VNET_HOSTIF}" |
	    awk '{ print $4 }' | grep -E '^(192\.0\.2\.3|2001:db8::3|198)' |
	    sort | paste -sd' '
}

has()
{
	atf_check_equal "$1" "$(aliases $2)"
}

atf_test_case alias_is_there_as_long_as_the_jail cleanup
alias_is_there_as_long_as_the_jail_head()
{
	atf_set require.user root
}
alias_is_there_as_long_as_the_jail_body()
{
	begin
	atf_check vnet_host jail -q -c name=a persist \
	    "ip4.addr=$VNET_HOSTIF|$A4/24,$VNET_HOST4" \
	    "ip6.addr=$VNET_HOSTIF|$A6/64"
	has "$A4/24 $A6/64"
	atf_check -o inline:"$A4,$VNET_HOST4 $A6 $VNET_HOSTIF|$A4/24 $VNET_HOSTIF|$A6/64\n" \
	    vnet_host jls -j a ip4.addr ip6.addr ip4.alias ip6.alias
	atf_check -o match:deprecated ip -n "$VNET_HOST" addr show to $A6
	atf_check -o ignore vnet_peer ping -c 1 -w 5 $A4
	atf_check -o ignore vnet_peer ping -c 1 -w 5 $A6
	atf_check -o empty jailstate -c
	atf_check vnet_host jail -q -r a
	has ""
	atf_check -o match:"$VNET_HOST4" ip -n "$VNET_HOST" addr
}
alias_is_there_as_long_as_the_jail_cleanup()
{
	vnet_cleanup
}

atf_test_case alias_goes_with_the_last_process cleanup
alias_goes_with_the_last_process_head()
{
	atf_set require.user root
}
alias_goes_with_the_last_process_body()
{
	begin
	atf_check -o match:"$A4/32" vnet_host jail -q -c name=a \
	    "ip4.addr=$VNET_HOSTIF|$A4" command=ip addr show dev "$VNET_HOSTIF"
	has ""
}
alias_goes_with_the_last_process_cleanup()
{
	vnet_cleanup
}

atf_test_case what_was_there_before_stays cleanup
what_was_there_before_stays_head()
{
	atf_set require.user root
}
what_was_there_before_stays_body()
{
	begin
	vnet_addr $A4
	atf_check vnet_host jail -q -c name=a persist \
	    "ip4.addr=$VNET_HOSTIF|$A4/24,$VNET_HOSTIF|$B4/24"
	atf_check -o inline:"$VNET_HOSTIF|$B4/24\n" vnet_host jls -j a ip4.alias
	atf_check vnet_host jail -q -r a
	has "$A4/24"
}
what_was_there_before_stays_cleanup()
{
	vnet_cleanup
}

# Nothing of it is left, not the jail either.
refuse()
{
	atf_check -s exit:1 -e inline:"jail: $1\n" \
	    vnet_host jail -q -c name=a persist "$2"
	atf_check -s exit:1 -e ignore vnet_host jls -j a
	has ""
}

atf_test_case bad_aliases_are_refused cleanup
bad_aliases_are_refused_head()
{
	atf_set require.user root
}
bad_aliases_are_refused_body()
{
	begin
	refuse "\"nosuch|$B4/24\": no such interface" \
	    "ip4.addr=$VNET_HOSTIF|$A4/24,nosuch|$B4/24"
	refuse "\"lo|$VNET_HOST4/24\": is on another interface already" \
	    "ip4.addr=lo|$VNET_HOST4/24"
	for prefix in 0 33 x 24x -1 ''; do
		refuse "\"lo|$A4/$prefix\": the prefix length is not from"\
" 1 to 32" "ip4.addr=lo|$A4/$prefix"
	done
	atf_check vnet_host jail -q -c name=b persist \
	    "ip4.addr=$VNET_HOSTIF|$B4/24"
	atf_check -s exit:1 -e inline:"jail: \"$VNET_HOSTIF|$B4/25\": is there"\
" with another prefix length: take it away first\n" \
	    vnet_host jail -q -m name=b "ip4.addr=$VNET_HOSTIF|$B4/25"
	atf_check vnet_host jail -q -r b
	refuse "\"|$A4\": is not interface|address/prefix" "ip4.addr=|$A4"
	refuse "ip6.addr: not an IPv6 address: \"$A4\"" "ip6.addr=lo|$A4/24"
	refuse "\"$A4\": is not interface|address/prefix" \
	    "ip4.alias=$A4"
	refuse "\"lo|$A4/32\": is no address of the jail" \
	    "ip4.alias=lo|$A4/32"
}
bad_aliases_are_refused_cleanup()
{
	vnet_cleanup
}

atf_test_case aliases_follow_the_addresses cleanup
aliases_follow_the_addresses_head()
{
	atf_set require.user root
}
aliases_follow_the_addresses_body()
{
	begin
	atf_check vnet_host jail -q -c name=a persist \
	    "ip4.addr=$VNET_HOSTIF|$A4/24,$VNET_HOSTIF|$B4/24"
	has "$A4/24 $B4/24"
	atf_check vnet_host jail -q -m name=a ip4.addr=$B4,$VNET_HOST4
	has "$B4/24"
	atf_check vnet_host jail -q -m name=a host.hostname=b
	has "$B4/24"
	atf_check vnet_host jail -q -m name=a \
	    "ip4.addr=$VNET_HOSTIF|$A4/24,$VNET_HOSTIF|$B4/24"
	has "$A4/24 $B4/24"
	atf_check vnet_host jail -q -m name=a ip4.alias=
	has ""
	atf_check -o inline:"$A4,$B4\n" vnet_host jls -j a ip4.addr
	atf_check vnet_host jail -q -m name=a "ip4.alias=lo|$A4/32"
	has "$A4/32" lo
	atf_check -o empty jailstate -c
	atf_check vnet_host jail -q -m name=a ip4.addr=
	has "" lo
}
aliases_follow_the_addresses_cleanup()
{
	vnet_cleanup
}

# The first address of a network takes the others with it, if it may.
atf_test_case others_of_the_network_stay cleanup
others_of_the_network_stay_head()
{
	atf_set require.user root
}
others_of_the_network_stay_body()
{
	begin
	sysctl=net.ipv4.conf.$VNET_HOSTIF.promote_secondaries
	vnet_host sysctl -q -w $sysctl=0
	atf_check vnet_host jail -q -c name=a persist \
	    "ip4.addr=$VNET_HOSTIF|198.51.100.1/24"
	atf_check vnet_host jail -q -c name=b persist \
	    "ip4.addr=$VNET_HOSTIF|198.51.100.2/24"
	ip -n "$VNET_HOST" addr add 198.51.100.3/24 dev "$VNET_HOSTIF"
	atf_check vnet_host jail -q -r a
	has "198.51.100.2/24 198.51.100.3/24"
	atf_check vnet_host jail -q -r b
	has "198.51.100.3/24"
	atf_check -o inline:"0\n" vnet_host sysctl -n $sysctl
}
others_of_the_network_stay_cleanup()
{
	vnet_cleanup
}

atf_test_case alias_that_is_shared_goes_last cleanup
alias_that_is_shared_goes_last_head()
{
	atf_set require.user root
}
alias_that_is_shared_goes_last_body()
{
	begin
	for name in a b; do
		atf_check vnet_host jail -q -c name=$name persist \
		    "ip4.addr=$VNET_HOSTIF|$A4/24"
	done
	atf_check vnet_host jail -q -r a
	has "$A4/24"
	atf_check -o inline:"$VNET_HOSTIF|$A4/24\n" vnet_host jls -j b ip4.alias
	atf_check vnet_host jail -q -r b
	has ""
}
alias_that_is_shared_goes_last_cleanup()
{
	vnet_cleanup
}

atf_test_case destroy_takes_aliases_away cleanup
destroy_takes_aliases_away_head()
{
	atf_set require.user root
}
destroy_takes_aliases_away_body()
{
	begin
	atf_check vnet_host jail -q -c name=a persist \
	    "ip4.addr=$VNET_HOSTIF|$A4/24" "ip6.addr=$VNET_HOSTIF|$A6/64"
	has "$A4/24 $A6/64"
	atf_check vnet_host jail --destroy
	has ""
}
destroy_takes_aliases_away_cleanup()
{
	vnet_cleanup
}

# In another network namespace, where the interface's number is another's.
atf_test_case alias_elsewhere_is_left_alone cleanup
alias_elsewhere_is_left_alone_head()
{
	atf_set require.user root
}
alias_elsewhere_is_left_alone_body()
{
	begin
	ip -n "$VNET_PEER" addr add $A4/32 dev lo
	atf_check vnet_host jail -q -c name=a persist "ip4.addr=lo|$A4/32"
	atf_check -o match:"^1\\|$A4/32\$" vnet_peer jls -j a ip4.alias
	atf_check vnet_peer jail -q -r a
	has "$A4/32" lo
	atf_check -o match:"$A4/32" ip -n "$VNET_PEER" addr show dev lo
	# Whoever comes there next takes it down.
	atf_check -o ignore vnet_host jls
	has "" lo
	atf_check -o match:"$A4/32" ip -n "$VNET_PEER" addr show dev lo
}
alias_elsewhere_is_left_alone_cleanup()
{
	vnet_cleanup
}

# There is a process that leads there.
atf_test_case alias_of_a_running_jail_goes_from_anywhere cleanup
alias_of_a_running_jail_goes_from_anywhere_head()
{
	atf_set require.user root
}
alias_of_a_running_jail_goes_from_anywhere_body()
{
	begin
	atf_check vnet_host jail -q -c name=a persist \
	    "ip4.addr=$VNET_HOSTIF|$A4/24,$VNET_HOSTIF|$B4/24" command=true
	has "$A4/24 $B4/24"
	atf_check vnet_peer jail -q -m name=a ip4.addr=$A4
	has "$A4/24"
	atf_check vnet_peer jail -q -r a
	has ""
}
alias_of_a_running_jail_goes_from_anywhere_cleanup()
{
	vnet_cleanup
}

# So with ::1 of a jail that never had a process.
atf_test_case loopback_that_is_elsewhere_goes_later cleanup
loopback_that_is_elsewhere_goes_later_head()
{
	atf_set require.user root
}
loopback_that_is_elsewhere_goes_later_body()
{
	begin
	atf_check vnet_host jail -q -c name=a persist ip6.addr=$VNET_HOST6
	atf_check -o match:'inet6 fd6a:' ip -n "$VNET_HOST" addr show dev lo
	atf_check vnet_peer jail -q -r a
	atf_check -o ignore vnet_host jls
	atf_check -o not-match:'inet6 fd6a:' \
	    ip -n "$VNET_HOST" addr show dev lo
}
loopback_that_is_elsewhere_goes_later_cleanup()
{
	vnet_cleanup
}

atf_init_test_cases()
{
	atf_add_test_case alias_is_there_as_long_as_the_jail
	atf_add_test_case alias_goes_with_the_last_process
	atf_add_test_case what_was_there_before_stays
	atf_add_test_case bad_aliases_are_refused
	atf_add_test_case aliases_follow_the_addresses
	atf_add_test_case others_of_the_network_stay
	atf_add_test_case alias_that_is_shared_goes_last
	atf_add_test_case destroy_takes_aliases_away
	atf_add_test_case alias_elsewhere_is_left_alone
	atf_add_test_case alias_of_a_running_jail_goes_from_anywhere
	atf_add_test_case loopback_that_is_elsewhere_goes_later
}
