# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# jail(8): its options, and the life of a jail.

# jailstate, which reads the kernel's tables itself, is a test program.
begin()
{
	vnet_instance
	PATH=$PATH:$(atf_get_srcdir)/../../lib/libjail
}

is_gone()
{
	! jls -j "$1" jid >/dev/null 2>&1
}

# Start jail and let it run; its pid is VNET_PID.
spawn()
{
	env --default-signal=INT jail "$@" &
	VNET_PID=$!
	vnet_pid $VNET_PID
}

has_file()
{
	[ -e "$1" ]
}

atf_test_case help_is_printed_on_stdout
help_is_printed_on_stdout_body()
{
	for option in -h --help; do
		atf_check -o match:'^usage: jail .*-c' -o match:'--destroy' \
		    jail $option
	done
}

atf_test_case version_is_printed_on_stdout
version_is_printed_on_stdout_body()
{
	atf_check -o match:'^jail \(netjail\) [0-9]+\.[0-9]+$' jail --version
}

atf_test_case wrong_usage_is_told_on_stderr
wrong_usage_is_told_on_stderr_body()
{
	for args in '' -q 'name=a' '-rm name=a' '-cmr name=a' -R '-cC' \
	    '-f x -R a' '-f x -c name=a' '-C name=a' '-c -e ;' '-J x -V' \
	    '-f x -r name=a' '-l -c name=a' '--dry-run -c a=b'; do
		atf_check -s exit:1 -e match:'^usage: jail ' jail $args
	done
	for args in -c -m -r -cm -rc -C '-c a'; do
		JAIL_INSTANCE=regress-none atf_check -s exit:1 \
		    -e match:'^jail: /etc/regress-none.conf: No such file' \
		    jail $args
	done
	for limit in 0 1001 x; do
		atf_check -s exit:1 -e match:"^jail: limit is .*: $limit" \
		    jail -p $limit -c
	done
	atf_check -s exit:1 -e match:"invalid option -- 'x'" -e match:'^usage' \
	    jail -x
	atf_check -s exit:1 -e match:'unrecognized option' -e match:'^usage' \
	    jail --nothing
}

atf_test_case c_creates cleanup
c_creates_body()
{
	begin
	atf_check -o inline:'a: created\n' jail -c name=a persist
	atf_check -o inline:'b: created, jid 2\n' jail -v -c name=b persist
	atf_check jail -q -c name=c persist
	atf_check -o inline:'4\n' jail -i -c name=d persist
	atf_check -o inline:'5: created\n' jail -c persist
	atf_check -o inline:'1 a\n2 b\n3 c\n4 d\n5 5\n' jls jid name
	atf_check jailstate -c
}
c_creates_cleanup()
{
	vnet_cleanup
}

atf_test_case m_modifies_what_is_there cleanup
m_modifies_what_is_there_body()
{
	begin
	atf_check -o ignore jail -c name=a persist
	atf_check -o inline:'a: modified\n' jail -m name=a ip4.addr=192.0.2.5
	atf_check -o inline:'a: modified, jid 1\n' \
	    jail -v -m jid=1 ip6.addr=2001:db8::5
	atf_check jail -q -m name=a allow.raw_sockets
	atf_check -o inline:'1\n' jail -i -m name=a host.hostname=h
	atf_check -o inline:'192.0.2.5 2001:db8::5 true h\n' \
	    jls -j a ip4.addr ip6.addr allow.raw_sockets host.hostname
	atf_check -s exit:1 -e inline:'jail: jail "b" not found\n' \
	    jail -m name=b persist
	atf_check -s exit:1 -e inline:'jail: jail "7" not found\n' \
	    jail -m jid=7 persist
	atf_check -s exit:1 -e inline:'jail: update specified no jail\n' \
	    jail -m persist
}
m_modifies_what_is_there_cleanup()
{
	vnet_cleanup
}

atf_test_case cm_creates_or_modifies cleanup
cm_creates_or_modifies_body()
{
	begin
	atf_check -o inline:'a: created\n' jail -cm name=a persist
	atf_check -o inline:'a: modified\n' \
	    jail -cm name=a persist ip4.addr=192.0.2.5
	atf_check -o inline:'a: modified\n' jail -cm name=a \
	    ip4.addr=192.0.2.6 command=/bin/echo not run
	atf_check -o inline:'a 192.0.2.6\n' jls name ip4.addr
	atf_check -o inline:'b: created\nrun\n' jail -cm name=b \
	    command=/bin/echo run
	atf_check -o inline:'1 a\n' jls jid name
}
cm_creates_or_modifies_cleanup()
{
	vnet_cleanup
}

atf_test_case rc_removes_and_creates cleanup
rc_removes_and_creates_body()
{
	begin
	atf_check -o inline:'a: created\n' jail -rc name=a persist \
	    ip4.addr=192.0.2.5
	atf_check -o inline:'a: removed\na: created\n' jail -rc name=a persist \
	    ip6.addr=2001:db8::5
	atf_check -o inline:'2 a - 2001:db8::5\n' jls jid name ip4.addr ip6.addr
	atf_check -o inline:'2: removed\nb: created\n' jail -rc jid=2 name=b \
	    persist
	atf_check -o inline:'2 b\n' jls jid name
	atf_check -s exit:1 -e inline:'jail: which jail? give name= or jid=\n' \
	    jail -rc persist
	atf_check jailstate -c
}
rc_removes_and_creates_cleanup()
{
	vnet_cleanup
}

atf_test_case r_removes_by_name_jid_and_pattern cleanup
r_removes_by_name_jid_and_pattern_body()
{
	begin
	for name in a b c web1 web2 w; do
		atf_check -o ignore jail -c name=$name persist
	done
	atf_check -o inline:'a: removed\n' jail -r a
	atf_check -o inline:'2: removed\n' jail -r 2
	atf_check -o inline:'c: removed, and all its processes\n' \
	    jail -v -r name=c
	atf_check -o inline:'web1: removed\nweb2: removed\n' jail -r 'web*'
	atf_check jail -r 'nobody*'
	atf_check jail -q -r jid=6
	atf_check jls jid name
	atf_check jail -r '*'
	atf_check jailstate -c
}
r_removes_by_name_jid_and_pattern_cleanup()
{
	vnet_cleanup
}

atf_test_case r_of_what_is_not_there_fails cleanup
r_of_what_is_not_there_fails_body()
{
	begin
	for jail in a 1 999999 1000000 name=a jid=1; do
		atf_check -s exit:1 \
		    -e inline:"jail: jail \"${jail#*=}\" not found\n" \
		    jail -r $jail
	done
}
r_of_what_is_not_there_fails_cleanup()
{
	vnet_cleanup
}

atf_test_case r_of_one_that_fails_does_not_keep_the_others cleanup
r_of_one_that_fails_does_not_keep_the_others_body()
{
	begin
	atf_check -o ignore jail -c name=a persist
	atf_check -o ignore jail -c name=b persist
	atf_check -s exit:1 -o inline:'a: removed\nb: removed\n' \
	    -e inline:'jail: jail "nobody" not found\n' jail -r a nobody b
	atf_check jls jid name
}
r_of_one_that_fails_does_not_keep_the_others_cleanup()
{
	vnet_cleanup
}

atf_test_case r_kills_all_processes cleanup
r_kills_all_processes_body()
{
	local pid

	begin
	spawn -c name=a command=/bin/sh -c \
	    'trap "" TERM INT; setsid sleep 1000 & echo up >/tmp/up.'$$'; wait'
	wait_until has_file /tmp/up.$$ || atf_fail "the command does not start"
	rm /tmp/up.$$
	pid=$VNET_PID
	atf_check -o inline:'2\n' jls -j a processes
	atf_check -o inline:'a: removed\n' jail -r a
	wait $pid
	[ $? -eq 137 ] || atf_fail "the command was not killed"
	atf_check jailstate -c
}
r_kills_all_processes_cleanup()
{
	vnet_cleanup
}

atf_test_case jid_is_the_one_after_the_last cleanup
jid_is_the_one_after_the_last_body()
{
	begin
	atf_check -o inline:'1\n' jail -i -c persist
	atf_check -o inline:'2\n' jail -i -c persist
	atf_check -o inline:'2: removed\n' jail -r 2
	atf_check -o inline:'3\n' jail -i -c persist
	# One that is in use is left out, whoever chose it.
	atf_check -o inline:'4\n' jail -i -c jid=4 persist
	atf_check -o inline:'6\n' jail -i -c jid=6 name=six persist
	atf_check -o inline:'5\n' jail -i -c persist
	atf_check -o inline:'7\n' jail -i -c persist
	atf_check -o inline:'999999\n' jail -i -c jid=999999 persist
	atf_check -o inline:'8\n' jail -i -c persist
	atf_check -s exit:1 -e inline:'jail: jail 6 already exists\n' \
	    jail -c jid=6 persist
}
jid_is_the_one_after_the_last_cleanup()
{
	vnet_cleanup
}

atf_test_case destroy_leaves_nothing cleanup
destroy_leaves_nothing_body()
{
	begin
	atf_check jail --destroy
	atf_check -o ignore jail -c name=a ip4.addr=192.0.2.5 persist
	spawn -q -c name=b ip4.addr=192.0.2.6 command=/bin/sleep 1000
	wait_until jls -j b jid >b.jid 2>/dev/null || atf_fail "b does not start"
	atf_check -o match:"^pin .*/$JAIL_INSTANCE/links/" \
	    -o match:"^cgroup2 .*/$JAIL_INSTANCE/2" jailstate
	atf_check jail --destroy
	atf_check jailstate
	wait $VNET_PID
	[ $? -eq 137 ] || atf_fail "the command was not killed"
	atf_check jail --destroy
}
destroy_leaves_nothing_cleanup()
{
	vnet_cleanup
}

# The command of a jail.

atf_test_case exit_status_is_the_commands cleanup
exit_status_is_the_commands_body()
{
	begin
	for status in 0 3 126 255; do
		atf_check -s exit:$status jail -q -c command=/bin/sh -c \
		    "exit $status"
	done
	atf_check -s exit:137 jail -q -c command=/bin/sh -c 'kill -9 $$'
	atf_check -s exit:143 jail -q -c command=/bin/sh -c 'kill $$'
	atf_check -s exit:127 \
	    -e inline:'jail: /nonexistent: No such file or directory\n' \
	    jail -q -c command=/nonexistent
	atf_check -s exit:126 -e inline:'jail: /etc: Permission denied\n' \
	    jail -q -c command=/etc
	atf_check jls jid name
	atf_check jailstate -c
}
exit_status_is_the_commands_cleanup()
{
	vnet_cleanup
}

# A command may be over before jail(8) gets to say that it was started.
atf_test_case command_may_be_short cleanup
command_may_be_short_body()
{
	begin
	for i in $(seq 15); do
		atf_check -o inline:"$i: created\n" jail -c command=/bin/true
		atf_check -o inline:"a: created\n" jail -c jid=999 name=a \
		    command=/bin/true
	done
	atf_check jls jid name
}
command_may_be_short_cleanup()
{
	vnet_cleanup
}

atf_test_case command_has_descriptors_arguments_and_environment cleanup
command_has_descriptors_arguments_and_environment_body()
{
	begin
	echo text >input
	atf_check -o inline:'text\na  b|c\nvalue\n/\n0\n' -e inline:'error\n' \
	    env VARIABLE=value sh -c 'jail -q -c command=/bin/sh -c "
		cat; echo \"\$1|\$2\"; echo \$VARIABLE; pwd; id -u
		echo error >&2" sh "a  b" c <input'
	atf_check -o inline:'command=x\n' jail -q -c command=echo command=x
	atf_check -o inline:'a: created, jid 1\nx: not a word of jail\n' \
	    -x 'jail -v -c jid=1 name=a command=echo x: not a word of jail |
		grep -v running'
	atf_check -s exit:1 -e inline:'jail: command: is empty\n' \
	    jail -c command=
	atf_check -s exit:1 \
	    -e inline:'jail: command: belongs to -c; use jexec(8)\n' \
	    jail -m name=a command=x
}
command_has_descriptors_arguments_and_environment_cleanup()
{
	vnet_cleanup
}

atf_test_case signals_are_passed_on_to_the_command cleanup
signals_are_passed_on_to_the_command_body()
{
	begin
	for signal in HUP INT TERM USR1; do
		rm -f up
		spawn -q -c command=/bin/sh -c \
		    "trap 'exit 42' $signal; >$PWD/up; while :; do sleep 0.02
		    done"
		wait_until has_file up || atf_fail "the command does not start"
		kill -$signal $VNET_PID
		wait $VNET_PID
		[ $? -eq 42 ] || atf_fail "SIG$signal was not passed on"
	done
}
signals_are_passed_on_to_the_command_cleanup()
{
	vnet_cleanup
}

atf_test_case jail_ends_with_its_last_process cleanup
jail_ends_with_its_last_process_body()
{
	begin
	atf_check -o inline:'a: created\n' jail -c name=a ip4.addr=192.0.2.5 \
	    command=/bin/true
	atf_check jls jid name
	# The command leaves a daemon behind.
	atf_check -o inline:'b: created\n' jail -c name=b ip4.addr=192.0.2.5 \
	    command=/bin/sh -c 'setsid sleep 1000 >/dev/null 2>&1 </dev/null &'
	atf_check -o inline:'2 b 1\n' jls jid name processes
	atf_check jailkill b
	wait_until is_gone b || atf_fail "b outlives its last process"
	# Its name and its address are free.
	atf_check -o inline:'b: created\n' jail -c name=b ip4.addr=192.0.2.5 \
	    persist
	atf_check jailstate -c
}
jail_ends_with_its_last_process_cleanup()
{
	vnet_cleanup
}

# The pids of jail 1 whose program has that name, without a look by any tool.
pids_of()
{
	local pid

	for pid in $(cat "$CGROUP/1/cgroup.procs" 2>/dev/null); do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" != "$1" ] ||
		    echo "$pid"
	done
}

has_started()
{
	[ -n "$(pids_of jailinit)" ] && [ -n "$(pids_of sleep)" ]
}

has_ended()
{
	[ -z "$(pids_of jailinit)" ] && [ -z "$(pids_of sleep)" ]
}

atf_test_case process_1_ends_with_the_last_process cleanup
process_1_ends_with_the_last_process_body()
{
	begin
	CGROUP=$(awk '$3 == "cgroup2" { print $2; exit }' \
	    /proc/mounts)/$JAIL_INSTANCE
	atf_check jail -q -c name=a command=sh -c \
	    'setsid sleep 1000 >/dev/null 2>&1 </dev/null &'
	wait_until has_started || atf_fail "the jail does not start"
	kill -KILL $(pids_of sleep)
	wait_until has_ended || atf_fail "process 1 stays"
	atf_check jls jid
	atf_check jailstate -c
}
process_1_ends_with_the_last_process_cleanup()
{
	vnet_cleanup
}

atf_test_case persist_keeps_a_jail cleanup
persist_keeps_a_jail_body()
{
	begin
	atf_check -o inline:'a: created\n' jail -c name=a persist \
	    command=/bin/true
	atf_check -o inline:'1 a\n' jls jid name
	atf_check -o inline:'a: modified\n' jail -m name=a nopersist
	atf_check jls jid name
	atf_check -o inline:'b: created\n' jail -c name=b persist \
	    ip4.addr=192.0.2.5
	atf_check -o inline:'2: modified\n' jail -m jid=2 persist=false
	atf_check jls jid name
	atf_check jailstate -c
}
persist_keeps_a_jail_cleanup()
{
	vnet_cleanup
}

atf_test_case persist_may_be_changed_while_a_process_runs cleanup
persist_may_be_changed_while_a_process_runs_body()
{
	begin
	for persist in persist nopersist; do
		rm -f up
		spawn -q -c name=$persist command=/bin/sh -c \
		    ">$PWD/up; exec sleep 1000"
		wait_until has_file up || atf_fail "the command does not start"
		atf_check -o ignore jail -m name=$persist persist
		atf_check -o ignore jail -m name=$persist $persist
		atf_check jailkill $persist
		wait $VNET_PID
	done
	atf_check -o inline:'1 persist\n' jls jid name
}
persist_may_be_changed_while_a_process_runs_cleanup()
{
	vnet_cleanup
}

# Several at the same time.

atf_test_case one_of_many_gets_a_name_or_an_address cleanup
one_of_many_gets_a_name_or_an_address_body()
{
	begin
	for i in 1 2 3 4 5 6 7 8; do
		jail -q -c name=same persist 2>>errors &
		jail -q -c name=a$i ip4.addr=192.0.2.5,192.0.2.1$i persist \
		    2>>errors &
	done
	wait
	atf_check -o inline:'14\n' -x 'wc -l <errors'
	atf_check -o inline:'7\n' grep -c '"same" already exists' errors
	atf_check -o inline:'7\n' \
	    grep -c '192.0.2.5 is an address of jail "a' errors
	atf_check -o inline:'2\n' -x 'jls jid | wc -l'
	atf_check jailstate -c
}
one_of_many_gets_a_name_or_an_address_cleanup()
{
	vnet_cleanup
}

atf_test_case many_come_and_go_at_the_same_time cleanup
many_come_and_go_at_the_same_time_body()
{
	local pids

	begin
	pids=
	for i in 1 2 3 4; do
		(
			for n in 1 2 3 4 5 6; do
				jail -q -c name=j$i ip4.addr=192.0.2.$i \
				    command=/bin/sleep 0.01 &&
				jail -q -c name=j$i persist \
				    ip4.addr=192.0.2.$i,192.0.2.1$i &&
				jail -q -m name=j$i ip6.addr=2001:db8::$i &&
				jail -q -r j$i || exit 1
			done
		) &
		pids="$pids $!"
	done
	for pid in $pids; do
		wait $pid || atf_fail "a jail could not be made or removed"
	done
	atf_check jls jid name
	atf_check jailstate -c
}
many_come_and_go_at_the_same_time_cleanup()
{
	vnet_cleanup
}

atf_init_test_cases()
{
	atf_add_test_case help_is_printed_on_stdout
	atf_add_test_case version_is_printed_on_stdout
	atf_add_test_case wrong_usage_is_told_on_stderr
	atf_add_test_case c_creates
	atf_add_test_case m_modifies_what_is_there
	atf_add_test_case cm_creates_or_modifies
	atf_add_test_case rc_removes_and_creates
	atf_add_test_case r_removes_by_name_jid_and_pattern
	atf_add_test_case r_of_what_is_not_there_fails
	atf_add_test_case r_of_one_that_fails_does_not_keep_the_others
	atf_add_test_case r_kills_all_processes
	atf_add_test_case jid_is_the_one_after_the_last
	atf_add_test_case destroy_leaves_nothing
	atf_add_test_case exit_status_is_the_commands
	atf_add_test_case command_may_be_short
	atf_add_test_case command_has_descriptors_arguments_and_environment
	atf_add_test_case signals_are_passed_on_to_the_command
	atf_add_test_case jail_ends_with_its_last_process
	atf_add_test_case process_1_ends_with_the_last_process
	atf_add_test_case persist_keeps_a_jail
	atf_add_test_case persist_may_be_changed_while_a_process_runs
	atf_add_test_case one_of_many_gets_a_name_or_an_address
	atf_add_test_case many_come_and_go_at_the_same_time
}
