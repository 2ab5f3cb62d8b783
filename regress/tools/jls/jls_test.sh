# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# jls(8): what it prints, and what it refuses.

# Two jails: one with addresses of both families, one with IPv6 alone.
make_jails()
{
	vnet_instance
	atf_check -o ignore jail -c name=web path=/ host.hostname=www \
	    ip4.addr=192.0.2.5,192.0.2.6 ip6.addr=2001:db8::5 \
	    allow.raw_sockets persist
	atf_check -o ignore jail -c name=mail path=/tmp \
	    host.hostname='a "$HOME" \ `name`' ip6.addr=2001:db8::6 persist
}

one_process()
{
	[ "$(jls processes)" = 1 ]
}

atf_test_case no_jails_give_the_header_alone cleanup
no_jails_give_the_header_alone_body()
{
	vnet_instance
	echo '   JID  IP Address      Hostname                      Path' >expout
	atf_check -o file:expout jls
	atf_check -o inline:'{"version": 1, "jails": []}\n' jls --json
	atf_check jls name
}
no_jails_give_the_header_alone_cleanup()
{
	vnet_cleanup
}

atf_test_case table_has_freebsds_columns cleanup
table_has_freebsds_columns_body()
{
	make_jails
	cat >expout <<-'END'
	   JID  IP Address      Hostname                      Path
	     1  192.0.2.5       www                           /
	     2  -               a "$HOME" \ `name`            /tmp
	END
	atf_check -o file:expout jls
	sed -i 3d expout
	atf_check -o file:expout jls -j web
	atf_check -o file:expout jls -d -j 1
}
table_has_freebsds_columns_cleanup()
{
	vnet_cleanup
}

atf_test_case option_N_shows_names_for_jids cleanup
option_N_shows_names_for_jids_body()
{
	make_jails
	cat >expout <<-'END'
	 JID             IP Address      Hostname                      Path
	 web             192.0.2.5       www                           /
	 mail            -               a "$HOME" \ `name`            /tmp
	END
	atf_check -o file:expout jls -N
}
option_N_shows_names_for_jids_cleanup()
{
	vnet_cleanup
}

atf_test_case verbose_shows_every_address_on_its_line cleanup
verbose_shows_every_address_on_its_line_body()
{
	make_jails
	cat >expout <<-'END'
	   JID  Hostname                      Path
	        Name                          State
	        CPU Shares
	        IP Address(es)
	     1  www                           /
	        web                           ACTIVE
	        100
	        192.0.2.5
	        192.0.2.6
	        2001:db8::5
	     2  a "$HOME" \ `name`            /tmp
	        mail                          ACTIVE
	        100
	        2001:db8::6
	END
	atf_check -o file:expout jls -v
	sed -i '5,10d' expout
	sed -i 's/^     2/  mail/' expout
	atf_check -o file:expout jls -v -N -j mail
}
verbose_shows_every_address_on_its_line_cleanup()
{
	vnet_cleanup
}

atf_test_case named_parameters_make_one_line_a_jail cleanup
named_parameters_make_one_line_a_jail_body()
{
	make_jails
	cat >expout <<-'END'
	name ip4.addr ip4 allow.raw_sockets
	web 192.0.2.5,192.0.2.6 new true
	mail - disable false
	END
	atf_check -o file:expout jls -h name ip4.addr ip4 allow.raw_sockets
	sed -i 1d expout
	atf_check -o file:expout jls name ip4.addr ip4 allow.raw_sockets
	atf_check -o inline:'mail 2001:db8::6\n' jls -j mail name ip6.addr
}
named_parameters_make_one_line_a_jail_cleanup()
{
	vnet_cleanup
}

atf_test_case empty_host_name_is_shown_as_quotes cleanup
empty_host_name_is_shown_as_quotes_body()
{
	vnet_instance
	atf_check -o ignore jail -c name=a path=/ host.hostname= persist
	atf_check -o inline:'"" a\n' jls host.hostname name
	atf_check -o inline:'host.hostname=""\n' jls -n host.hostname
}
empty_host_name_is_shown_as_quotes_cleanup()
{
	vnet_cleanup
}

atf_test_case option_n_shows_names_and_negated_booleans cleanup
option_n_shows_names_and_negated_booleans_body()
{
	make_jails
	cat >expout <<-'END'
	name=mail ip4.addr= allow.noraw_sockets persist cpu.shares=100
	END
	atf_check -o file:expout \
	    jls -n -j mail name ip4.addr allow.raw_sockets persist cpu.shares
	atf_check -o match:'^jid=1 name=web path=/ ' \
	    -o match:' children.max=0 persist init="" stop.timeout=10 '\
'nodying parent=0 children.cur=0 '\
'processes=0 cpu.usage=0 mem.usage=0 refused=0$' jls -n -j web
}
option_n_shows_names_and_negated_booleans_cleanup()
{
	vnet_cleanup
}

atf_test_case option_q_quotes_for_a_shell cleanup
option_q_quotes_for_a_shell_body()
{
	make_jails
	atf_check -o inline:'"" "a \\"\\$HOME\\" \\\\ \\`name\\`"\n' \
	    jls -q -j mail ip4.addr host.hostname
	eval "$(jls -nq -j mail host.hostname | sed 's/^host.//')"
	[ "$hostname" = 'a "$HOME" \ `name`' ] || atf_fail "read back: $hostname"
}
option_q_quotes_for_a_shell_cleanup()
{
	vnet_cleanup
}

atf_test_case option_s_makes_the_same_jail_again cleanup
option_s_makes_the_same_jail_again_body()
{
	make_jails
	jls -s >before || atf_fail "jls -s"
	atf_check -o not-match:'dying|parent|children.cur|processes|refused' cat before
	atf_check -o match:'^jid=2 .*ip4=disable ip6=new ip6.addr' cat before
	atf_check -o not-match:'ip4.addr' sed -n 2p before
	atf_check -o ignore jail -r web mail
	while read -r params; do
		eval "jail -q -c $params" || atf_fail "jail -c $params"
	done <before
	atf_check -o file:before jls -s
}
option_s_makes_the_same_jail_again_cleanup()
{
	vnet_cleanup
}

atf_test_case jails_in_jails_are_shown_with_their_full_names cleanup
jails_in_jails_are_shown_with_their_full_names_body()
{
	make_jails
	atf_check jail -q -m name=web children.max=2
	atf_check jail -q -c name=web.db path=/ ip4.addr=192.0.2.6 \
	    children.max=1 persist
	atf_check jail -q -c name=web.db.log path=/ ip4=inherit persist
	cat >expout <<-'END'
	name parent children.cur children.max ip4 ip4.addr
	web 0 2 2 new 192.0.2.5,192.0.2.6
	mail 0 0 0 disable -
	web.db 1 1 1 new 192.0.2.6
	web.db.log 3 0 0 inherit 192.0.2.6
	END
	atf_check -o file:expout jls -h name parent children.cur children.max \
	    ip4 ip4.addr
	atf_check -o match:'^ web.db.log +192.0.2.6 +web.db.log' jls -N
	atf_check -o inline:'4 3\n' jls -j web.db.log jid parent
	atf_check jls -c -j web.db
	atf_check -s exit:1 jls -c -j db
	jls -s >before || atf_fail "jls -s"
	atf_check -o ignore jail -r web mail
	while read -r params; do
		eval "jail -q -c $params" || atf_fail "jail -c $params"
	done <before
	atf_check -o file:before jls -s
	atf_check -o file:expout jls -h name parent children.cur children.max \
	    ip4 ip4.addr
}
jails_in_jails_are_shown_with_their_full_names_cleanup()
{
	vnet_cleanup
}

atf_test_case option_h_shows_all_parameters cleanup
option_h_shows_all_parameters_body()
{
	make_jails
	atf_check -o save:all jls -h
	echo jid name path cgroup host.hostname ip4 ip6 ip4.addr ip6.addr \
	    ip4.alias ip6.alias ip4.saddrsel ip6.saddrsel ip4.hostlisten \
	    ip6.hostlisten loopback \
	    allow.raw_sockets allow.reserved_ports allow.broadcast \
	    allow.multicast allow.packet_capture raw.protocols \
	    raw.icmp_types raw.icmp6_types allow.netlink allow.chflags \
	    allow.mlock allow.read_msgbuf allow.set_hostname allow.settime \
	    allow.socket_af allow.userns cpu.shares cpu.max \
	    cpuset.cpus mem.max pids.max children.max persist init \
	    stop.timeout dying parent children.cur processes cpu.usage \
	    mem.usage refused >expout
	atf_check -o file:expout head -n 1 all
	atf_check -o file:all jls -h all
	atf_check -o inline:'3\n' sed -n '$=' all
}
option_h_shows_all_parameters_cleanup()
{
	vnet_cleanup
}

atf_test_case json_is_typed cleanup
json_is_typed_body()
{
	make_jails
	cat >expout <<-'END'
	{"version": 1, "jails": [
	{"ip4": "new", "ip4.addr": ["192.0.2.5", "192.0.2.6"], "persist": true},
	{"ip4": "disable", "ip4.addr": [], "persist": true}
	]}
	END
	atf_check -o file:expout jls --json ip4 ip4.addr persist
	cat >expout <<-'END'
	{"version": 1, "jails": [
	{"jid": 2, "host.hostname": "a \"$HOME\" \\ `name`", "refused": 0}
	]}
	END
	atf_check -o file:expout \
	    jls --json -j mail jid host.hostname refused
	atf_check -o match:'"jid": 2, .*"dying": false, "parent": 0, '\
'"children.cur": 0, "processes": 0' \
	    jls --json -j mail
}
json_is_typed_cleanup()
{
	vnet_cleanup
}

atf_test_case json_stays_utf8_with_a_path_that_is_not cleanup
json_stays_utf8_with_a_path_that_is_not_body()
{
	vnet_instance
	dir=$(printf 'caf\351')
	mkdir "$dir"
	atf_check -o ignore jail -c name=a path="$dir" persist
	atf_check -o match:'caf\?"' jls --json path
}
json_stays_utf8_with_a_path_that_is_not_cleanup()
{
	vnet_cleanup
}

atf_test_case processes_are_counted cleanup
processes_are_counted_body()
{
	vnet_instance
	atf_check -o ignore jail -c name=a path=/ persist
	jexec a sleep 1000 &
	vnet_pid $!
	wait_until one_process || atf_fail "jls processes: $(jls processes)"
	atf_check jailkill -KILL a
	atf_check -o inline:'0\n' jls processes
}
processes_are_counted_cleanup()
{
	vnet_cleanup
}

atf_test_case jails_come_in_the_order_of_their_jids cleanup
jails_come_in_the_order_of_their_jids_body()
{
	vnet_instance
	for jid in 30 4 100 1; do
		atf_check -o ignore jail -c jid=$jid path=/ persist
	done
	atf_check -o inline:'1\n4\n30\n100\n' jls jid
}
jails_come_in_the_order_of_their_jids_cleanup()
{
	vnet_cleanup
}

atf_test_case option_c_is_silent_and_tells_by_its_status cleanup
option_c_is_silent_and_tells_by_its_status_body()
{
	make_jails
	atf_check jls -c -j web
	atf_check jls -cj 2
	atf_check -s exit:1 jls -c -j nosuch
	atf_check -s exit:1 jls -cj 3
}
option_c_is_silent_and_tells_by_its_status_cleanup()
{
	vnet_cleanup
}

atf_test_case jail_that_is_not_there_is_an_error cleanup
jail_that_is_not_there_is_an_error_body()
{
	make_jails
	atf_check -s exit:1 -e inline:'jls: jail "nosuch" not found\n' \
	    jls -j nosuch
	atf_check -s exit:1 -e inline:'jls: jail "nosuch" not found\n' \
	    jls --json -j nosuch
	atf_check -s exit:1 -e inline:'jls: jail "99" not found\n' jls -v -j 99
}
jail_that_is_not_there_is_an_error_cleanup()
{
	vnet_cleanup
}

atf_test_case parameter_that_is_not_there_is_an_error cleanup
parameter_that_is_not_there_is_an_error_body()
{
	make_jails
	for name in nosuch lastjid ip4. noip4 ''; do
		atf_check -s exit:1 -e inline:"jls: unknown parameter: $name\n" \
		    jls name "$name"
	done
}
parameter_that_is_not_there_is_an_error_cleanup()
{
	vnet_cleanup
}

atf_test_case contradicting_options_are_a_usage_error
contradicting_options_are_a_usage_error_body()
{
	for args in -c '-c -j a name' '-c -j a --json' '--json -v' '--json -h' \
	    '--json -n' '--json -q' '--json -s' '--json -N' -x --nosuch -j; do
		atf_check -s exit:1 -e match:'^usage: jls ' jls $args
	done
}

atf_test_case help_and_version_go_to_stdout
help_and_version_go_to_stdout_body()
{
	atf_check -o match:'^usage: jls \[-dhNnqsv\] \[-j jail\]' jls --help
	atf_check -o match:'^jls \(netjail\) [0-9]' jls --version
}

atf_test_case output_that_cannot_be_written_is_an_error cleanup
output_that_cannot_be_written_is_an_error_body()
{
	make_jails
	for args in '' -v -n --json name --help; do
		atf_check -s exit:1 -e match:'^jls: standard output: No space' \
		    sh -c "exec jls $args >/dev/full"
	done
	atf_check -s exit:1 -e match:'^jls: standard output: Bad file' \
	    sh -c 'exec jls >&-'
}
output_that_cannot_be_written_is_an_error_cleanup()
{
	vnet_cleanup
}

atf_test_case only_root_may_list_jails cleanup
only_root_may_list_jails_body()
{
	make_jails
	atf_check -s exit:1 -e inline:'jls: must be root\n' \
	    setpriv --reuid 65534 --clear-groups "$(command -v jls)"
}
only_root_may_list_jails_cleanup()
{
	vnet_cleanup
}

atf_init_test_cases()
{
	atf_add_test_case no_jails_give_the_header_alone
	atf_add_test_case table_has_freebsds_columns
	atf_add_test_case option_N_shows_names_for_jids
	atf_add_test_case verbose_shows_every_address_on_its_line
	atf_add_test_case named_parameters_make_one_line_a_jail
	atf_add_test_case empty_host_name_is_shown_as_quotes
	atf_add_test_case option_n_shows_names_and_negated_booleans
	atf_add_test_case option_q_quotes_for_a_shell
	atf_add_test_case option_s_makes_the_same_jail_again
	atf_add_test_case jails_in_jails_are_shown_with_their_full_names
	atf_add_test_case option_h_shows_all_parameters
	atf_add_test_case json_is_typed
	atf_add_test_case json_stays_utf8_with_a_path_that_is_not
	atf_add_test_case processes_are_counted
	atf_add_test_case jails_come_in_the_order_of_their_jids
	atf_add_test_case option_c_is_silent_and_tells_by_its_status
	atf_add_test_case jail_that_is_not_there_is_an_error
	atf_add_test_case parameter_that_is_not_there_is_an_error
	atf_add_test_case contradicting_options_are_a_usage_error
	atf_add_test_case help_and_version_go_to_stdout
	atf_add_test_case output_that_cannot_be_written_is_an_error
	atf_add_test_case only_root_may_list_jails
}
