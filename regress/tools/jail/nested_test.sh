# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# jail(8) with jails in jails, as a user meets them.

# jailstate, which reads the kernel's tables itself, is a test program.
begin()
{
	vnet_instance
	PATH=$PATH:$(atf_get_srcdir)/../../lib/libjail
	atf_check jail -q -c name=web ip4.addr=192.0.2.5,192.0.2.6 \
	    ip6.addr=2001:db8::5 children.max=3 persist
}

# A command fails with this one line, and nothing has changed.
check_refused()
{
	local line

	line=$1
	shift
	jailstate >before
	atf_check -s exit:1 -e inline:"$line\n" "$@"
	atf_check -o file:before jailstate
	atf_check jailstate -c
}

is_gone()
{
	! jls -j "$1" jid >/dev/null 2>&1
}

has_one()
{
	[ "$(jls -j "$1" processes)" = 1 ]
}

atf_test_case dotted_name_makes_a_jail_in_a_jail cleanup
dotted_name_makes_a_jail_in_a_jail_body()
{
	begin
	atf_check -o inline:'web.db: created\n' \
	    jail -c name=web.db ip4.addr=192.0.2.6 persist
	atf_check -o inline:'web.db: modified\n' \
	    jail -cm name=web.db ip6=disable
	atf_check -o inline:'web.db: modified\n' \
	    jail -m name=web.db children.max=1
	atf_check -o inline:'web.db.log: created, jid 3\n' \
	    jail -v -c name=web.db.log ip4=inherit persist
	atf_check -o inline:'0 web 192.0.2.5,192.0.2.6\n1 web.db 192.0.2.6
2 web.db.log 192.0.2.6\n' jls parent name ip4.addr
	atf_check -o inline:'web.tmp: created\nit runs\n' \
	    jail -c name=web.tmp ip4=inherit command=/bin/echo it runs
	wait_until is_gone web.tmp || atf_fail 'web.tmp has not ended'
	atf_check -o match:'sk_lookup +active' jail -V
	atf_check jailstate -c
}
dotted_name_makes_a_jail_in_a_jail_cleanup()
{
	vnet_cleanup
}

atf_test_case what_the_parent_does_not_have_is_refused cleanup
what_the_parent_does_not_have_is_refused_body()
{
	begin
	check_refused 'jail: jail "no" not found, which "no.db" is to be in' \
	    jail -c name=no.db persist
	check_refused 'jail: jail "no.db" not found' jail -m name=no.db persist
	check_refused 'jail: ip4.addr: 192.0.2.7 is not an address of jail '\
'"web"' jail -c name=web.db ip4.addr=192.0.2.6,192.0.2.7 persist
	check_refused 'jail: ip6.addr: 2001:db8::6 is not an address of jail '\
'"web"' jail -c name=web.db ip6.addr=2001:db8::6 command=/bin/echo it runs
	check_refused 'jail: allow.raw_sockets: jail "web" does not have it' \
	    jail -c name=web.db allow.raw_sockets persist
	check_refused 'jail: children.max: 3 is not less than that of jail '\
'"web", 3' jail -c name=web.db children.max=3 persist
	check_refused 'jail: raw.protocols: 47: jail "web" does not have it' \
	    jail -c name=web.db raw.protocols=+gre persist
	atf_check jail -q -c name=web.db persist
	check_refused 'jail: prison limit exceeded: jail "web.db" may have 0 '\
'jails in it: raise its children.max' jail -c name=web.db.log persist
	check_refused 'jail: parent: is read-only' jail -m name=web.db parent=0
	check_refused 'jail: children.cur: is read-only' \
	    jail -m name=web.db children.cur=0
	check_refused 'jail: children.max: not a number: "x"' \
	    jail -m name=web children.max=x
}
what_the_parent_does_not_have_is_refused_cleanup()
{
	vnet_cleanup
}

atf_test_case parent_takes_along_what_it_loses cleanup
parent_takes_along_what_it_loses_body()
{
	begin
	atf_check jail -q -m name=web allow.broadcast
	atf_check jail -q -c name=web.a ip4.addr=192.0.2.6,192.0.2.5 \
	    allow.broadcast persist
	atf_check jail -q -c name=web.b ip4=inherit ip6=inherit persist
	atf_check jail -q -m name=web raw.protocols=+47 raw.icmp_types=8
	atf_check jail -q -c name=web.c raw.icmp_types=none persist
	atf_check -o inline:'+47 none\n' jls -j web.c raw.protocols raw.icmp_types
	atf_check jail -q -m name=web raw.protocols=-6
	atf_check -o inline:'-6 none\n' jls -j web.c raw.protocols raw.icmp_types
	atf_check -o inline:'-6 8\n' \
	    jls -j web.a raw.protocols raw.icmp_types
	atf_check jail -q -r web.c
	atf_check -o inline:'web: modified\n' jail -m name=web \
	    ip4.addr=192.0.2.5 ip6.addr=2001:db8::7 allow.nobroadcast
	atf_check -o inline:'web 192.0.2.5 2001:db8::7 false
web.a 192.0.2.5 - false\nweb.b 192.0.2.5 2001:db8::7 false\n' \
	    jls name ip4.addr ip6.addr allow.broadcast
	atf_check jailstate -c
}
parent_takes_along_what_it_loses_cleanup()
{
	vnet_cleanup
}

atf_test_case new_name_of_a_parent_is_that_of_all cleanup
new_name_of_a_parent_is_that_of_all_body()
{
	begin
	atf_check jail -q -c name=web.db children.max=1 persist
	atf_check jail -q -c name=web.db.log persist
	atf_check -o inline:'www: modified\n' jail -m jid=1 name=www
	atf_check -o inline:'base: modified\n' jail -m jid=2 name=base
	atf_check -o inline:'www.base.log: modified\n' \
	    jail -m jid=3 name=www.base.log
	atf_check -o inline:'1 www\n2 www.base\n3 www.base.log\n' jls jid name
	check_refused 'jail: name: "x.base": a jail cannot be put into another'\
' one' jail -m jid=2 name=x.base
	check_refused 'jail: name: "www.x": a jail cannot be put into another'\
' one' jail -m jid=1 name=www.x
}
new_name_of_a_parent_is_that_of_all_cleanup()
{
	vnet_cleanup
}

atf_test_case r_removes_the_jails_in_a_jail cleanup
r_removes_the_jails_in_a_jail_body()
{
	begin
	atf_check jail -q -c name=web.db children.max=1 ip4=inherit persist
	atf_check jail -q -c name=web.db.log ip4.addr=192.0.2.6 persist
	atf_check jail -q -c name=webby persist
	jexec web.db.log sleep 1000 &
	pid=$!
	vnet_pid $pid
	wait_until has_one web.db.log || atf_fail "it does not run"
	atf_check -o inline:'web: removed\n' jail -r web
	atf_check -o inline:'webby\n' jls name
	status=0
	wait $pid || status=$?
	[ $status -eq 137 ] || atf_fail "status $status, not 137"
	atf_check jailstate -c
	atf_check jail -q -c name=web children.max=1 persist
	atf_check jail -q -c name=web.db persist
	atf_check -o inline:'web: removed\nweb: created\n' \
	    jail -rc name=web persist
	atf_check -o inline:'webby\nweb\n' jls name
	atf_check jail -q -m name=web children.max=1
	atf_check jail -q -c name=web.db persist
	atf_check jail --destroy
	atf_check jls name
}
r_removes_the_jails_in_a_jail_cleanup()
{
	vnet_cleanup
}

atf_test_case pattern_takes_dots_as_other_characters cleanup
pattern_takes_dots_as_other_characters_body()
{
	begin
	atf_check jail -q -c name=web.a persist
	atf_check jail -q -c name=web.b persist
	atf_check -o inline:'web.a: removed\nweb.b: removed\n' jail -r 'web.*'
	atf_check jail -q -c name=web.a persist
	atf_check -o inline:'web: removed\n' jail -r '*'
	atf_check jls name
}
pattern_takes_dots_as_other_characters_cleanup()
{
	vnet_cleanup
}

atf_init_test_cases()
{
	atf_add_test_case dotted_name_makes_a_jail_in_a_jail
	atf_add_test_case what_the_parent_does_not_have_is_refused
	atf_add_test_case parent_takes_along_what_it_loses
	atf_add_test_case new_name_of_a_parent_is_that_of_all
	atf_add_test_case r_removes_the_jails_in_a_jail
	atf_add_test_case pattern_takes_dots_as_other_characters
}
