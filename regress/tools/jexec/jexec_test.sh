# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# jexec(8), without a terminal; jexec_tty_test.c has one.

# A jail named a. Its root is the host's, or a directory with so few programs.
make_jail()
{
	vnet_instance
	if [ $# -gt 0 ]; then
		make_root "$@"
		atf_check -o ignore jail -c name=a path="$PWD/root" persist
	else
		atf_check -o ignore jail -c name=a path=/ host.hostname=inside \
		    persist
	fi
}

# Copy programs and what they need into root; its user data base has a user
# that the host does not have.
make_root()
{
	local file prog

	mkdir -p root/bin root/etc root/home/pilot root/proc
	for prog; do
		prog=$(readlink -f "/bin/$prog")
		cp "$prog" root/bin
		for file in $(ldd "$prog" | grep -o '/[^ ]*'); do
			mkdir -p "root/${file%/*}"
			cp -L "$file" "root/$file"
		done
	done
	ln -s dash root/bin/sh
	cat >root/etc/passwd <<-'END'
	nonsense
	root:x:0:0::/root:/bin/sh
	pilot:x:1234:1235::/home/pilot:/bin/echo
	END
	cat >root/etc/group <<-'END'
	pilot:x:1235:
	crew:x:1236:somebody,pilot
	others:x:1237:pilots
	END
}

# Start jexec and let it run; its pid is VNET_PID.
spawn()
{
	jexec "$@" &
	VNET_PID=$!
	vnet_pid $VNET_PID
}

has_processes()
{
	[ "$(jls -j a processes)" = "$1" ]
}

is_over()
{
	! grep "^State:" "/proc/$1/status" 2>/dev/null | grep -v Z
}

# The exit status of a jexec that was started so.
check_status()
{
	local status

	wait_until is_over $1 || atf_fail "process $1 runs on"
	status=0
	wait $1 || status=$?
	[ $status -eq $2 ] || atf_fail "status $status, not $2"
}

atf_test_case command_runs_in_the_jail cleanup
command_runs_in_the_jail_body()
{
	make_jail
	atf_check -o inline:'inside\n' jexec a hostname
	atf_check -o inline:'inside\n' jexec 1 hostname
	atf_check -o inline:'/\n' jexec a pwd
	atf_check -o match:'^ *1 jailinit' jexec a ps -e -o pid= -o comm= \
	    --no-headers
	atf_check -o inline:'a  b\n' jexec a printf '%s\n' 'a  b'
}
command_runs_in_the_jail_cleanup()
{
	vnet_cleanup
}

atf_test_case stdin_stdout_and_stderr_are_the_commands cleanup
stdin_stdout_and_stderr_are_the_commands_body()
{
	make_jail
	echo text >input
	atf_check -o inline:'text\n' -e inline:'error\n' \
	    sh -c 'jexec a sh -c "cat; echo error >&2" <input'
}
stdin_stdout_and_stderr_are_the_commands_cleanup()
{
	vnet_cleanup
}

atf_test_case exit_status_is_the_commands cleanup
exit_status_is_the_commands_body()
{
	make_jail
	for status in 0 1 7 126 255; do
		atf_check -s exit:$status jexec a sh -c "exit $status"
	done
}
exit_status_is_the_commands_cleanup()
{
	vnet_cleanup
}

atf_test_case command_that_a_signal_killed_gives_128_and_its_number cleanup
command_that_a_signal_killed_gives_128_and_its_number_body()
{
	make_jail
	for sig in 2 9 11 15; do
		atf_check -s exit:$((128 + sig)) \
		    jexec a sh -c "ulimit -c 0; kill -$sig \$\$"
	done
}
command_that_a_signal_killed_gives_128_and_its_number_cleanup()
{
	vnet_cleanup
}

atf_test_case command_that_cannot_run_gives_127_or_126 cleanup
command_that_cannot_run_gives_127_or_126_body()
{
	make_jail
	atf_check -s exit:127 \
	    -e inline:'jexec: nosuch: No such file or directory\n' \
	    jexec a nosuch
	atf_check -s exit:127 \
	    -e inline:'jexec: /etc/passwd/x: Not a directory\n' \
	    jexec a /etc/passwd/x
	for file in /etc/passwd /etc; do
		atf_check -s exit:126 \
		    -e inline:"jexec: $file: Permission denied\n" \
		    jexec a $file
	done
}
command_that_cannot_run_gives_127_or_126_cleanup()
{
	vnet_cleanup
}

atf_test_case command_comes_from_the_jails_root cleanup
command_comes_from_the_jails_root_body()
{
	make_jail dash
	atf_check -o inline:'bin etc home lib lib64 proc\n' \
	    jexec a sh -c 'cd /; echo *'
	atf_check -s exit:127 -e match:'^jexec: hostname: No such file' \
	    jexec a hostname
}
command_comes_from_the_jails_root_cleanup()
{
	vnet_cleanup
}

atf_test_case jail_that_is_not_there_is_an_error cleanup
jail_that_is_not_there_is_an_error_body()
{
	make_jail
	atf_check -s exit:1 -e inline:'jexec: jail "nosuch" not found\n' \
	    jexec nosuch true
	atf_check -s exit:1 -e inline:'jexec: jail "99" not found\n' \
	    jexec 99 true
}
jail_that_is_not_there_is_an_error_cleanup()
{
	vnet_cleanup
}

atf_test_case only_descriptors_0_1_and_2_go_in cleanup
only_descriptors_0_1_and_2_go_in_body()
{
	make_jail
	# 3 is the descriptor by which ls reads the directory.
	atf_check -o inline:'0\n1\n2\n3\n' \
	    sh -c 'exec 7</ 9</dev/null; exec jexec a ls /proc/self/fd'
}
only_descriptors_0_1_and_2_go_in_cleanup()
{
	vnet_cleanup
}

atf_test_case closed_descriptors_become_null_devices cleanup
closed_descriptors_become_null_devices_body()
{
	make_jail
	cat >expout <<-'END'
	0 /dev/null
	1 /dev/null
	2 /dev/null
	END
	cat >list.sh <<-'END'
	for fd in 0 1 2; do
		list="$list$fd $(readlink /proc/$$/fd/$fd)\n"
	done
	printf "$list" >list
	END
	atf_check sh -c 'exec <&- >&- 2>&-; exec jexec -d "$PWD" a sh list.sh'
	atf_check -o file:expout cat list
}
closed_descriptors_become_null_devices_cleanup()
{
	vnet_cleanup
}

atf_test_case option_U_takes_the_user_from_the_jail cleanup
option_U_takes_the_user_from_the_jail_body()
{
	make_jail dash id echo pwd
	atf_check -o inline:'1234\n' jexec -U pilot a id -u
	atf_check -o inline:'1235\n' jexec -U pilot a id -g
	atf_check -o inline:'1235 1236\n' jexec -U pilot a id -G
	atf_check -o inline:'pilot /home/pilot /bin/echo\n' \
	    jexec -U pilot a sh -c 'echo $USER $HOME $SHELL'
	atf_check -s exit:1 \
	    -e inline:"jexec: user daemon: not in the jail's /etc/passwd\n" \
	    jexec -U daemon a id
}
option_U_takes_the_user_from_the_jail_cleanup()
{
	vnet_cleanup
}

atf_test_case option_u_takes_the_user_from_the_host cleanup
option_u_takes_the_user_from_the_host_body()
{
	make_jail dash id echo
	atf_check -o inline:"$(id -u daemon)\n" jexec -u daemon a id -u
	atf_check -o inline:"$(id -G daemon)\n" jexec -u daemon a id -G
	atf_check -o inline:'daemon\n' jexec -u daemon a sh -c 'echo $USER'
	atf_check -s exit:1 \
	    -e inline:'jexec: user pilot: no such user on the host\n' \
	    jexec -u pilot a id
}
option_u_takes_the_user_from_the_host_cleanup()
{
	vnet_cleanup
}

atf_test_case user_cannot_become_root_again cleanup
user_cannot_become_root_again_body()
{
	make_jail
	atf_check -o match:'^CapEff:	0000000000000000$' \
	    -o match:'^Uid:	65534	65534	65534	65534$' \
	    -o match:'^Gid:	65534	65534	65534	65534$' \
	    jexec -u nobody a cat /proc/self/status
}
user_cannot_become_root_again_cleanup()
{
	vnet_cleanup
}

atf_test_case user_data_base_that_is_no_file_does_not_block cleanup
user_data_base_that_is_no_file_does_not_block_body()
{
	make_jail dash
	rm root/etc/passwd
	for make in mkfifo mkdir; do
		$make root/etc/passwd
		atf_check -s exit:1 -e match:'^jexec: user pilot: not in' \
		    timeout 10 jexec -U pilot a true
		rm -d root/etc/passwd
	done
}
user_data_base_that_is_no_file_does_not_block_cleanup()
{
	vnet_cleanup
}

atf_test_case option_l_leaves_six_variables cleanup
option_l_leaves_six_variables_body()
{
	make_jail dash env
	cat >expout <<-'END'
	HOME=/root
	PATH=/bin:/usr/bin
	SHELL=/bin/sh
	TERM=vt100
	USER=root
	END
	export TERM=vt100 SECRET=secret
	atf_check -o file:expout sh -c 'jexec -l a env | sort'
	sed -i -e 's,root$,pilot,' -e 's,/pilot,/home/pilot,' \
	    -e 's,/sh,/echo,' expout
	atf_check -o file:expout sh -c 'jexec -l -U pilot a env | sort'
	unset TERM
	sed -i /TERM/d expout
	atf_check -o file:expout sh -c 'jexec -l -U pilot a env | sort'
}
option_l_leaves_six_variables_cleanup()
{
	vnet_cleanup
}

atf_test_case option_l_works_without_a_user_data_base cleanup
option_l_works_without_a_user_data_base_body()
{
	make_jail dash env
	rm root/etc/passwd root/etc/group
	atf_check -o match:'^HOME=/$' -o match:'^SHELL=/bin/sh$' \
	    -o match:'^USER=root$' jexec -l a env
}
option_l_works_without_a_user_data_base_cleanup()
{
	vnet_cleanup
}

atf_test_case environment_is_passed_without_option_l cleanup
environment_is_passed_without_option_l_body()
{
	make_jail
	export KEPT=kept
	atf_check -o inline:'kept\n' jexec a sh -c 'echo $KEPT'
	atf_check -o inline:'kept\n' jexec -u nobody a sh -c 'echo $KEPT'
}
environment_is_passed_without_option_l_cleanup()
{
	vnet_cleanup
}

atf_test_case option_e_sets_variables cleanup
option_e_sets_variables_body()
{
	make_jail
	export A=outside
	atf_check -o inline:'x=y|b|\n' \
	    jexec -e A=x=y -e B=a -e B=b -e C= a sh -c 'echo "$A|$B|$C"'
	atf_check -o inline:'/usr/bin HOME\n' \
	    jexec -l -e PATH=/usr/bin -e HOME=HOME a sh -c 'echo $PATH $HOME'
	for bad in A =b ''; do
		atf_check -s exit:1 \
		    -e inline:"jexec: -e $bad: not of the form name=value\n" \
		    jexec -e "$bad" a true
	done
}
option_e_sets_variables_cleanup()
{
	vnet_cleanup
}

atf_test_case option_d_is_the_working_directory cleanup
option_d_is_the_working_directory_body()
{
	make_jail
	atf_check -o inline:'/usr\n' jexec -d /usr a pwd
	atf_check -o inline:'/usr\n' jexec -d usr a pwd
	atf_check -o inline:'/\n' jexec -l a pwd
	atf_check -o inline:"$(getent passwd daemon | cut -d : -f 6)\n" \
	    jexec -l -u daemon a pwd
	atf_check -o inline:'/usr\n' jexec -l -u daemon -d /usr a pwd
	atf_check -s exit:1 \
	    -e inline:'jexec: /nosuch: No such file or directory\n' \
	    jexec -d /nosuch a pwd
}
option_d_is_the_working_directory_cleanup()
{
	vnet_cleanup
}

atf_test_case directory_is_entered_as_the_user cleanup
directory_is_entered_as_the_user_body()
{
	make_jail
	mkdir -m 700 "$PWD/closed"
	atf_check -s exit:1 -e match:'^jexec: .*/closed: Permission denied' \
	    jexec -u nobody -d "$PWD/closed" a pwd
	atf_check -o ignore jexec -d "$PWD/closed" a pwd
}
directory_is_entered_as_the_user_cleanup()
{
	vnet_cleanup
}

atf_test_case without_a_command_it_is_the_users_shell cleanup
without_a_command_it_is_the_users_shell_body()
{
	make_jail dash echo
	atf_check -o inline:'-i\n' jexec -U pilot a
	export SHELL=/bin/echo
	atf_check -o inline:'-i\n' jexec a
	unset SHELL
	echo 'echo hello; exit 3' >input
	atf_check -s exit:3 -o inline:'hello\n' -e ignore \
	    sh -c 'jexec a <input'
}
without_a_command_it_is_the_users_shell_cleanup()
{
	vnet_cleanup
}

atf_test_case signals_are_passed_on cleanup
signals_are_passed_on_body()
{
	make_jail
	for sig in HUP TERM USR1 USR2; do
		spawn a sleep 1000
		wait_until has_processes 1 || atf_fail "it does not run"
		kill -$sig $VNET_PID
		check_status $VNET_PID $((128 + $(kill -l $sig)))
		has_processes 0 || atf_fail "sleep is left"
	done
}
signals_are_passed_on_cleanup()
{
	vnet_cleanup
}

atf_test_case command_decides_about_a_signal cleanup
command_decides_about_a_signal_body()
{
	make_jail
	spawn -d "$PWD" a sh -c \
	    'trap "exit 9" TERM; touch ready; while :; do sleep 0.1; done'
	wait_until [ -e ready ] || atf_fail "it does not run"
	kill $VNET_PID
	check_status $VNET_PID 9
}
command_decides_about_a_signal_cleanup()
{
	vnet_cleanup
}

atf_test_case command_ends_with_jexec cleanup
command_ends_with_jexec_body()
{
	make_jail
	spawn -u nobody a sleep 1000
	wait_until pgrep -P $VNET_PID -x sleep >/dev/null ||
	    atf_fail "it does not run"
	kill -KILL $VNET_PID
	wait_until has_processes 0 || atf_fail "sleep is left"
}
command_ends_with_jexec_cleanup()
{
	vnet_cleanup
}

atf_test_case command_cannot_signal_its_starters_group cleanup
command_cannot_signal_its_starters_group_body()
{
	make_jail
	for sig in TERM KILL; do
		status=$((128 + $(kill -l $sig)))
		atf_check -o inline:"$status\nthe script goes on\n" \
		    setsid -w sh -c "
			jexec a sh -c 'kill -$sig 0'
			echo \$?
			echo the script goes on"
	done
}
command_cannot_signal_its_starters_group_cleanup()
{
	vnet_cleanup
}

atf_test_case file_of_jexec_cannot_be_written_to cleanup
file_of_jexec_cannot_be_written_to_body()
{
	make_jail
	spawn a sleep 1000
	wait_until has_processes 1 || atf_fail "it does not run"
	[ -w "$(command -v jexec)" ] || atf_skip "read-only file system"
	[ ! -w /proc/$VNET_PID/exe ] || atf_fail "it can be written to"
}
file_of_jexec_cannot_be_written_to_cleanup()
{
	vnet_cleanup
}

atf_test_case wrong_words_are_a_usage_error
wrong_words_are_a_usage_error_body()
{
	for args in '' -l '-u a' '-u a -U b c' -x '-x a' -e -d --nosuch; do
		atf_check -s exit:1 -e match:'^usage: jexec ' jexec $args
	done
}

atf_test_case help_and_version_go_to_stdout
help_and_version_go_to_stdout_body()
{
	for option in -h --help; do
		atf_check -o match:'^usage: jexec \[-l\]' jexec $option
	done
	atf_check -o match:'^jexec \(netjail\) [0-9]' jexec --version
}

atf_test_case output_that_cannot_be_written_is_an_error
output_that_cannot_be_written_is_an_error_body()
{
	for option in --help --version; do
		atf_check -s exit:1 -e match:'^jexec: standard output: No' \
		    sh -c "exec jexec $option >/dev/full"
	done
}

atf_test_case only_root_may_enter_jails cleanup
only_root_may_enter_jails_body()
{
	make_jail
	atf_check -s exit:1 -e inline:'jexec: must be root\n' \
	    setpriv --reuid 65534 --clear-groups "$(command -v jexec)" a id
}
only_root_may_enter_jails_cleanup()
{
	vnet_cleanup
}

atf_init_test_cases()
{
	atf_add_test_case command_runs_in_the_jail
	atf_add_test_case stdin_stdout_and_stderr_are_the_commands
	atf_add_test_case exit_status_is_the_commands
	atf_add_test_case command_that_a_signal_killed_gives_128_and_its_number
	atf_add_test_case command_that_cannot_run_gives_127_or_126
	atf_add_test_case command_comes_from_the_jails_root
	atf_add_test_case jail_that_is_not_there_is_an_error
	atf_add_test_case only_descriptors_0_1_and_2_go_in
	atf_add_test_case closed_descriptors_become_null_devices
	atf_add_test_case option_U_takes_the_user_from_the_jail
	atf_add_test_case option_u_takes_the_user_from_the_host
	atf_add_test_case user_cannot_become_root_again
	atf_add_test_case user_data_base_that_is_no_file_does_not_block
	atf_add_test_case option_l_leaves_six_variables
	atf_add_test_case option_l_works_without_a_user_data_base
	atf_add_test_case environment_is_passed_without_option_l
	atf_add_test_case option_e_sets_variables
	atf_add_test_case option_d_is_the_working_directory
	atf_add_test_case directory_is_entered_as_the_user
	atf_add_test_case without_a_command_it_is_the_users_shell
	atf_add_test_case signals_are_passed_on
	atf_add_test_case command_decides_about_a_signal
	atf_add_test_case command_ends_with_jexec
	atf_add_test_case command_cannot_signal_its_starters_group
	atf_add_test_case file_of_jexec_cannot_be_written_to
	atf_add_test_case wrong_words_are_a_usage_error
	atf_add_test_case help_and_version_go_to_stdout
	atf_add_test_case output_that_cannot_be_written_is_an_error
	atf_add_test_case only_root_may_enter_jails
}
