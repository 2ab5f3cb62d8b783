# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# jifconfig(8): addresses of jails, with the interfaces of a vnet's host.

# The host has 192.0.2.11, 12 and 13, and 2001:db8::11 and 12. Jail a has some
# of each, and one of each that no interface has.
make_jails()
{
	vnet_init
	vnet_addr 192.0.2.11 192.0.2.12 192.0.2.13 2001:db8::11 2001:db8::12
	atf_check -o ignore vnet_host jail -c name=a path=/ \
	    ip4.addr=192.0.2.12,192.0.2.11,192.0.2.77 \
	    ip6.addr=2001:db8::11,2001:db8::77 persist
	atf_check -o ignore vnet_host jail -c name=b path=/ persist
}

# The interface's line: all flags that a veth has when it is up.
link_line()
{
	echo "$VNET_HOSTIF: flags=1043<UP,BROADCAST,RUNNING,MULTICAST> mtu 1500"
}

# On the host, jifconfig says so and fails: is_refused message argument ...
is_refused()
{
	echo "jifconfig: $1" >experr
	shift
	atf_check -s exit:1 -e file:experr vnet_host jifconfig "$@"
}

link_index()
{
	ip netns exec "$VNET_HOST" cat "/sys/class/net/$VNET_HOSTIF/ifindex"
}

# Does the jail say that it can?
can()
{
	[ "$(cat can)" = $1 ]
}

atf_test_case addresses_come_by_interface_then_in_their_order cleanup
addresses_come_by_interface_then_in_their_order_body()
{
	make_jails
	link_line >expout
	sed 's/^/	/' >>expout <<-'END'
	inet 192.0.2.12 netmask 0xffffff00
	inet 192.0.2.11 netmask 0xffffff00
	inet6 2001:db8::11 prefixlen 64 deprecated
	END
	echo '(no interface):' >>expout
	sed 's/^/	/' >>expout <<-'END'
	inet 192.0.2.77
	inet6 2001:db8::77
	END
	atf_check -o file:expout vnet_host jifconfig -j a
	atf_check -o file:expout vnet_host jifconfig -j 1
	atf_check vnet_host jifconfig -j b
}
addresses_come_by_interface_then_in_their_order_cleanup()
{
	vnet_cleanup
}

atf_test_case all_jails_have_a_heading cleanup
all_jails_have_a_heading_body()
{
	make_jails
	atf_check -o save:one vnet_host jifconfig -j a
	{ echo 'jail 1 (a):'; cat one; echo 'jail 2 (b):'; } >expout
	atf_check -o file:expout vnet_host jifconfig
	atf_check -o file:expout vnet_host jifconfig -a
}
all_jails_have_a_heading_cleanup()
{
	vnet_cleanup
}

atf_test_case broadcast_peer_and_scope_are_shown cleanup
broadcast_peer_and_scope_are_shown_body()
{
	vnet_init
	ip -n "$VNET_HOST" -batch - <<-END || atf_fail "addresses"
	addr add 198.51.100.1/26 broadcast 198.51.100.63 dev $VNET_HOSTIF
	addr add 203.0.113.1 peer 203.0.113.2/32 dev $VNET_HOSTIF
	addr add fe80::1234/10 dev $VNET_HOSTIF nodad
	END
	atf_check -o ignore vnet_host jail -c name=a path=/ \
	    ip4.addr=203.0.113.1,198.51.100.1 ip6.addr=fe80::1234 persist
	index=$(printf 0x%x "$(link_index)")
	link_line >expout
	sed 's/^/	/' >>expout <<-END
	inet 203.0.113.1 --> 203.0.113.2 netmask 0xffffffff
	inet 198.51.100.1 netmask 0xffffffc0 broadcast 198.51.100.63
	inet6 fe80::1234%$VNET_HOSTIF prefixlen 10 scopeid $index
	END
	atf_check -o file:expout vnet_host jifconfig -j a
}
broadcast_peer_and_scope_are_shown_cleanup()
{
	vnet_cleanup
}

atf_test_case address_on_two_interfaces_is_shown_twice cleanup
address_on_two_interfaces_is_shown_twice_body()
{
	make_jails
	atf_check ip -n "$VNET_HOST" addr add 192.0.2.11/32 dev lo
	cat >expout <<-END
	lo: flags=49<UP,LOOPBACK,RUNNING> mtu 65536
		inet 192.0.2.11 netmask 0xffffffff
	$(link_line)
	END
	sed -i 's/^inet/	inet/' expout
	atf_check -o save:out vnet_host jifconfig -j a
	atf_check -o file:expout head -n 3 out
	atf_check -o match:'inet 192.0.2.11 netmask 0xffffff00' sed 1,3d out
}
address_on_two_interfaces_is_shown_twice_cleanup()
{
	vnet_cleanup
}

atf_test_case inherited_family_is_all_that_the_host_has cleanup
inherited_family_is_all_that_the_host_has_body()
{
	vnet_init
	vnet_addr 192.0.2.11
	atf_check -o ignore vnet_host jail -c name=a path=/ ip4=inherit \
	    ip6.addr=$VNET_HOST6 persist
	cat >expout <<-END
	lo: flags=49<UP,LOOPBACK,RUNNING> mtu 65536
	inet 127.0.0.1 netmask 0xff000000
	$(link_line)
	inet $VNET_HOST4 netmask 0xffffff00
	inet 192.0.2.11 netmask 0xffffff00
	inet6 $VNET_HOST6 prefixlen 64
	END
	sed -i 's/^inet/	&/' expout
	atf_check -o file:expout vnet_host jifconfig -j a
}
inherited_family_is_all_that_the_host_has_cleanup()
{
	vnet_cleanup
}

atf_test_case jail_in_a_jail_inherits_what_that_has cleanup
jail_in_a_jail_inherits_what_that_has_body()
{
	vnet_init
	vnet_addr 192.0.2.11
	atf_check vnet_host jail -q -c name=a path=/ ip4.addr=192.0.2.11 \
	    children.max=2 persist
	atf_check vnet_host jail -q -c name=a.b path=/ ip4=inherit ip6=inherit \
	    children.max=1 persist
	atf_check vnet_host jail -q -c name=a.b.c path=/ ip4=inherit \
	    ip6=inherit persist
	printf '%s\n	inet 192.0.2.11 netmask 0xffffff00\n' "$(link_line)" \
	    >expout
	atf_check -o file:expout vnet_host jifconfig -j a.b
	atf_check -o file:expout vnet_host jifconfig -j a.b.c
	has="jail \"a.b.c\" has all of its parent's addresses (ip4=inherit)"
	is_refused "192.0.2.11: $has" -j a.b.c inet 192.0.2.11 -alias
}
jail_in_a_jail_inherits_what_that_has_cleanup()
{
	vnet_cleanup
}

atf_test_case json_has_what_the_text_has cleanup
json_has_what_the_text_has_body()
{
	make_jails
	tr -d '\n' >expout <<-END
	{"jid": 1, "name": "a", "interfaces": [{"name": "$VNET_HOSTIF",
	 "index": $(link_index), "flags": ["UP", "BROADCAST", "RUNNING", "MULTICAST"],
	 "mtu": 1500, "addresses": [
	{"family": "inet", "address": "192.0.2.12", "prefixlen": 24},
	 {"family": "inet", "address": "192.0.2.11", "prefixlen": 24},
	 {"family": "inet6", "address": "2001:db8::11", "prefixlen": 64}]}],
	 "no_interface": [{"family": "inet", "address": "192.0.2.77"},
	 {"family": "inet6", "address": "2001:db8::77"}]}
	END
	cp expout a
	{ echo '{"version": 1, "jails": ['; cat a; echo; echo ']}'; } >expout
	atf_check -o file:expout vnet_host jifconfig --json -j a
	{ echo '{"version": 1, "jails": ['; cat a; echo ,
	echo '{"jid": 2, "name": "b", "interfaces": [], "no_interface": []}'
	echo ']}'; } >expout
	atf_check -o file:expout vnet_host jifconfig --json
	atf_check -o ignore jail -r a b
	atf_check -o inline:'{"version": 1, "jails": []}\n' jifconfig --json
}
json_has_what_the_text_has_cleanup()
{
	vnet_cleanup
}

atf_test_case alias_adds_at_the_end cleanup
alias_adds_at_the_end_body()
{
	make_jails
	atf_check vnet_host jifconfig -j a inet 192.0.2.13/24 alias
	atf_check vnet_host jifconfig -j 1 inet6 2001:db8::12 add
	atf_check vnet_host jifconfig -j b inet6 2001:db8::99/64 alias
	atf_check -o inline:'192.0.2.12,192.0.2.11,192.0.2.77,192.0.2.13\n' \
	    jls -j a ip4.addr
	atf_check -o inline:'2001:db8::11,2001:db8::77,2001:db8::12\n' \
	    jls -j a ip6.addr
	atf_check -o inline:'- 2001:db8::99\n' jls -j b ip4.addr ip6.addr
}
alias_adds_at_the_end_cleanup()
{
	vnet_cleanup
}

atf_test_case minus_alias_removes_and_keeps_the_order cleanup
minus_alias_removes_and_keeps_the_order_body()
{
	make_jails
	atf_check vnet_host jifconfig -j a inet 192.0.2.11 -alias
	atf_check -o inline:'192.0.2.12,192.0.2.77\n' jls -j a ip4.addr
	atf_check vnet_host jifconfig -j a inet 192.0.2.12/24 delete
	atf_check -o inline:'192.0.2.77\n' jls -j a ip4.addr
	atf_check vnet_host jifconfig -j a inet 192.0.2.77 remove
	atf_check vnet_host jifconfig -j a inet6 2001:db8::11 -alias
	atf_check -o inline:'- 2001:db8::77\n' jls -j a ip4.addr ip6.addr
}
minus_alias_removes_and_keeps_the_order_cleanup()
{
	vnet_cleanup
}

atf_test_case change_is_in_force_at_once cleanup
change_is_in_force_at_once_body()
{
	make_jails
	atf_check vnet_host jifconfig -j b inet 192.0.2.13 alias
	cat >pings.sh <<-'END'
	while [ ! -e stop ]; do
		if ping -q -n -c 1 -W 1 -I 192.0.2.13 192.0.2.254; then
			echo yes >can
		else
			echo no >can
		fi
		sleep 0.05
	done
	END
	atf_check -o ignore jail -m name=b allow.raw_sockets
	vnet_spawn host jexec -d "$PWD" b sh pings.sh >/dev/null 2>&1
	wait_until can yes || atf_fail "the jail's address does not work"
	atf_check vnet_host jifconfig -j b inet 192.0.2.13 -alias
	wait_until can no || atf_fail "the address is in force still"
	atf_check vnet_host jifconfig -j b inet 192.0.2.13 alias
	wait_until can yes || atf_fail "the address is not in force again"
	touch stop
}
change_is_in_force_at_once_cleanup()
{
	vnet_cleanup
}

atf_test_case hosts_interfaces_are_left_alone cleanup
hosts_interfaces_are_left_alone_body()
{
	make_jails
	ip -n "$VNET_HOST" addr >before
	atf_check vnet_host jifconfig -j a inet 192.0.2.13/24 alias
	atf_check vnet_host jifconfig -j a inet 192.0.2.98/24 alias
	atf_check vnet_host jifconfig -j a inet 192.0.2.11 -alias
	atf_check -o file:before ip -n "$VNET_HOST" addr
}
hosts_interfaces_are_left_alone_cleanup()
{
	vnet_cleanup
}

atf_test_case prefix_must_be_that_of_the_interface cleanup
prefix_must_be_that_of_the_interface_body()
{
	make_jails
	has="$VNET_HOSTIF has this address with prefix length"
	is_refused "192.0.2.13/25: $has 24" -j b inet 192.0.2.13/25 alias
	is_refused "2001:db8::12/128: $has 64" \
	    -j b inet6 2001:db8::12/128 alias
	atf_check -o inline:'- -\n' jls -j b ip4.addr ip6.addr
	atf_check ip -n "$VNET_HOST" addr add 192.0.2.13/25 dev lo
	atf_check vnet_host jifconfig -j a inet 192.0.2.13/25 alias
}
prefix_must_be_that_of_the_interface_cleanup()
{
	vnet_cleanup
}

atf_test_case address_must_be_there_to_be_removed_and_not_to_be_added cleanup
address_must_be_there_to_be_removed_and_not_to_be_added_body()
{
	make_jails
	is_refused \
	    '192.0.2.13: not in jail "a": Cannot assign requested address' \
	    -j a inet 192.0.2.13 -alias
	is_refused '2001:DB8::0:11: already in jail "a": File exists' \
	    -j a inet6 2001:DB8::0:11 alias
}
address_must_be_there_to_be_removed_and_not_to_be_added_cleanup()
{
	vnet_cleanup
}

atf_test_case inherited_family_is_not_changed cleanup
inherited_family_is_not_changed_body()
{
	vnet_init
	atf_check -o ignore vnet_host jail -c name=a path=/ ip4=inherit persist
	has="jail \"a\" has all of the host's addresses (ip4=inherit)"
	for word in alias -alias; do
		is_refused "$VNET_HOST4: $has" -j a inet $VNET_HOST4 $word
	done
}
inherited_family_is_not_changed_cleanup()
{
	vnet_cleanup
}

atf_test_case other_jails_address_is_refused cleanup
other_jails_address_is_refused_body()
{
	make_jails
	atf_check -s exit:1 -o empty \
	    -e match:'^jifconfig: .*192.0.2.11.* jail "a"' \
	    vnet_host jifconfig -j b inet 192.0.2.11 alias
	atf_check -o inline:'-\n' jls -j b ip4.addr
}
other_jails_address_is_refused_cleanup()
{
	vnet_cleanup
}

atf_test_case address_that_is_none_is_an_error cleanup
address_that_is_none_is_an_error_body()
{
	make_jails
	for addr in 192.0.2 192.0.2.300 2001:db8::5 '' 010.1.1.1 x; do
		is_refused "$addr: not an IPv4 address" \
		    -j b inet "$addr" alias
	done
	for addr in 192.0.2.5 2001:db8:::5 fe80::1%lo 1::2::3; do
		is_refused "$addr: not an IPv6 address" \
		    -j b inet6 "$addr" alias
	done
	for addr in 0.0.0.0 255.255.255.255; do
		atf_check -s exit:1 -e match:"^jifconfig: .*$addr" \
		    jifconfig -j b inet $addr alias
	done
	atf_check -s exit:1 -e match:'^jifconfig: .*::' \
	    jifconfig -j b inet6 :: alias
	atf_check -o inline:'- -\n' jls -j b ip4.addr ip6.addr
}
address_that_is_none_is_an_error_cleanup()
{
	vnet_cleanup
}

atf_test_case prefix_that_is_none_is_an_error cleanup
prefix_that_is_none_is_an_error_body()
{
	make_jails
	for why in 'too large: 33' 'too small: -1' 'invalid: x' 'invalid: ' \
	    'invalid: 24/24' 'too large: 99999999999999999999'; do
		is_refused "prefix length is $why" \
		    -j b inet "192.0.2.98/${why#*: }" alias
	done
	is_refused 'prefix length is too large: 129' \
	    -j b inet6 2001:db8::98/129 alias
}
prefix_that_is_none_is_an_error_cleanup()
{
	vnet_cleanup
}

atf_test_case jail_that_is_not_there_is_an_error cleanup
jail_that_is_not_there_is_an_error_body()
{
	vnet_instance
	for args in '' --json 'inet 192.0.2.5 alias' 'inet6 ::5 -alias'; do
		atf_check -s exit:1 \
		    -e inline:'jifconfig: jail "nosuch" not found\n' \
		    jifconfig -j nosuch $args
	done
}
jail_that_is_not_there_is_an_error_cleanup()
{
	vnet_cleanup
}

atf_test_case wrong_words_are_a_usage_error
wrong_words_are_a_usage_error_body()
{
	for args in '-a -j a' '-j a inet' '-j a inet 192.0.2.5' \
	    '-j a inet 192.0.2.5 frob' '-j a inet 192.0.2.5 alias x' \
	    '-j a ether 192.0.2.5 alias' 'inet 192.0.2.5 alias' \
	    '-a inet 192.0.2.5 alias' '--json -j a inet 192.0.2.5 alias' \
	    -j -x --nosuch a; do
		atf_check -s exit:1 -e match:'^usage: jifconfig ' \
		    jifconfig $args
	done
}

atf_test_case help_and_version_go_to_stdout
help_and_version_go_to_stdout_body()
{
	for option in -h --help; do
		atf_check -o match:'^usage: jifconfig \[--json\]' \
		    jifconfig $option
	done
	atf_check -o match:'^jifconfig \(netjail\) [0-9]' jifconfig --version
}

atf_test_case output_that_cannot_be_written_is_an_error cleanup
output_that_cannot_be_written_is_an_error_body()
{
	vnet_instance
	atf_check -o ignore jail -c name=a path=/ ip4.addr=192.0.2.5 persist
	for args in '' --json '-j a' --help; do
		atf_check -s exit:1 -e match:'^jifconfig: standard output: No' \
		    sh -c "exec jifconfig $args >/dev/full"
	done
}
output_that_cannot_be_written_is_an_error_cleanup()
{
	vnet_cleanup
}

atf_test_case only_root_may_see_and_change_addresses cleanup
only_root_may_see_and_change_addresses_body()
{
	vnet_instance
	for args in '' '-j a inet 192.0.2.5 alias'; do
		atf_check -s exit:1 -e inline:'jifconfig: must be root\n' \
		    setpriv --reuid 65534 --clear-groups \
		    "$(command -v jifconfig)" $args
	done
}
only_root_may_see_and_change_addresses_cleanup()
{
	vnet_cleanup
}

atf_init_test_cases()
{
	atf_add_test_case addresses_come_by_interface_then_in_their_order
	atf_add_test_case all_jails_have_a_heading
	atf_add_test_case broadcast_peer_and_scope_are_shown
	atf_add_test_case address_on_two_interfaces_is_shown_twice
	atf_add_test_case inherited_family_is_all_that_the_host_has
	atf_add_test_case jail_in_a_jail_inherits_what_that_has
	atf_add_test_case json_has_what_the_text_has
	atf_add_test_case alias_adds_at_the_end
	atf_add_test_case minus_alias_removes_and_keeps_the_order
	atf_add_test_case change_is_in_force_at_once
	atf_add_test_case hosts_interfaces_are_left_alone
	atf_add_test_case prefix_must_be_that_of_the_interface
	atf_add_test_case address_must_be_there_to_be_removed_and_not_to_be_added
	atf_add_test_case inherited_family_is_not_changed
	atf_add_test_case other_jails_address_is_refused
	atf_add_test_case address_that_is_none_is_an_error
	atf_add_test_case prefix_that_is_none_is_an_error
	atf_add_test_case jail_that_is_not_there_is_an_error
	atf_add_test_case wrong_words_are_a_usage_error
	atf_add_test_case help_and_version_go_to_stdout
	atf_add_test_case output_that_cannot_be_written_is_an_error
	atf_add_test_case only_root_may_see_and_change_addresses
}
