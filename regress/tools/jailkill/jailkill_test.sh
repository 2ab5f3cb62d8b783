# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# jailkill(8): who gets the signal, and who does not.

# Jails that persist, so that they outlive their processes.
make_jails()
{
	local name

	vnet_instance
	for name; do
		atf_check -o ignore jail -c name=$name path=/ persist
	done
}

# Run a command in a jail until the cleanup ends it: spawn jail command ...
spawn()
{
	jexec "$@" &
	vnet_pid $!
	VNET_PID=$!
}

# Does the jail have so many processes?
has_processes()
{
	[ "$(jls -j "$1" processes)" = "$2" ]
}

has_some()
{
	[ "$(jls -j "$1" processes)" -gt 0 ]
}

# Is that child of a jexec stopped?
is_stopped()
{
	grep -q '^State:	T' "/proc/$(pgrep -P $1 -x "$2")/status"
}

is_over()
{
	! grep "^State:" "/proc/$1/status" 2>/dev/null | grep -v Z
}

# The status of jexec, which is that of its command.
check_status()
{
	local status

	wait_until is_over $1 || atf_fail "process $1 runs on"
	status=0
	wait $1 || status=$?
	[ $status -eq $2 ] || atf_fail "status $status, not $2"
}

atf_test_case default_signal_is_TERM cleanup
default_signal_is_TERM_body()
{
	make_jails a
	spawn a sleep 1000
	wait_until has_processes a 1 || atf_fail "it does not run"
	atf_check jailkill a
	check_status $VNET_PID 143
}
default_signal_is_TERM_cleanup()
{
	vnet_cleanup
}

atf_test_case signals_have_names_and_numbers cleanup
signals_have_names_and_numbers_body()
{
	make_jails a
	for sig in '-s HUP' '-s hup' '-s SIGHUP' '-s 1' -HUP -SIGHUP -sighup \
	    -1; do
		spawn a sleep 1000
		wait_until has_processes a 1 || atf_fail "it does not run"
		atf_check jailkill $sig a
		check_status $VNET_PID 129
	done
	for sig in -RTMIN+2 -RTMAX-28 -SIGRTMIN+2 '-s 36'; do
		spawn a sleep 1000
		wait_until has_processes a 1 || atf_fail "it does not run"
		atf_check jailkill $sig a
		check_status $VNET_PID 164
	done
}
signals_have_names_and_numbers_cleanup()
{
	vnet_cleanup
}

atf_test_case every_process_of_the_jail_gets_it cleanup
every_process_of_the_jail_gets_it_body()
{
	make_jails a
	spawn a sh -c 'for i in 1 2 3 4 5 6 7 8 9; do sleep 1000 & done; wait'
	wait_until has_processes a 10 || atf_fail "they do not run"
	atf_check jailkill a
	wait_until has_processes a 0 || atf_fail "some are left"
}
every_process_of_the_jail_gets_it_cleanup()
{
	vnet_cleanup
}

atf_test_case processes_of_other_jails_and_the_host_do_not_get_it cleanup
processes_of_other_jails_and_the_host_do_not_get_it_body()
{
	make_jails a b
	sleep 1000 &
	host=$!
	vnet_pid $host
	spawn b sleep 1000
	spawn a sleep 1000
	wait_until has_processes a 1 && wait_until has_processes b 1 ||
	    atf_fail "they do not run"
	atf_check jailkill -KILL a
	atf_check -o inline:'0\n' jls -j a processes
	atf_check -o inline:'1\n' jls -j b processes
	kill -0 $host || atf_fail "a process of the host was killed"
}
processes_of_other_jails_and_the_host_do_not_get_it_cleanup()
{
	vnet_cleanup
}

atf_test_case processes_forked_meanwhile_get_it cleanup
processes_forked_meanwhile_get_it_body()
{
	make_jails a
	# Each step starts the next and ends: 16 chains with 20,000 steps. The
	# last step would say that it was reached.
	cat >chain.sh <<-'END'
	[ $1 -lt 20000 ] || touch done
	[ $1 -ge 20000 ] || sh "$0" $(($1 + 1)) &
	END
	for sig in TERM USR1 KILL; do
		jexec -d "$PWD" a sh -c '
			for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
				sh "$PWD/chain.sh" 1 &
			done'
		wait_until has_some a || atf_fail "no chain runs"
		atf_check jailkill -$sig a
		wait_until has_processes a 0 || atf_fail "SIG$sig missed some"
		[ ! -e done ] || atf_fail "a chain came to its end"
	done
}
processes_forked_meanwhile_get_it_cleanup()
{
	vnet_cleanup
}

# A process in a jail, and one in a jail in that: their pids are OUTER, INNER.
spawn_both()
{
	spawn a sleep 1000
	OUTER=$VNET_PID
	spawn a.b sleep 1000
	INNER=$VNET_PID
	wait_until has_processes a 1 && wait_until has_processes a.b 1 ||
	    atf_fail "they do not run"
}

atf_test_case jails_in_a_jail_get_it_too cleanup
jails_in_a_jail_get_it_too_body()
{
	make_jails a c
	atf_check jail -q -m name=a children.max=1
	atf_check jail -q -c name=a.b path=/ persist
	spawn c sleep 1000
	for sig in -TERM -KILL -RTMIN; do
		spawn_both
		atf_check jailkill $sig a
		wait $OUTER
		wait $INNER
		atf_check -o inline:'0\n' jls -j a.b processes
	done
	spawn a.b sleep 1000
	wait_until has_processes a.b 1 || atf_fail "it does not run"
	atf_check jailkill -0 a
	atf_check jailkill a
	check_status $VNET_PID 143
	atf_check -o inline:'1\n' jls -j c processes
	atf_check -s exit:1 -e inline:'jailkill: jail "a" has no process\n' \
	    jailkill a
}
jails_in_a_jail_get_it_too_cleanup()
{
	vnet_cleanup
}

atf_test_case option_x_spares_jails_in_a_jail cleanup
option_x_spares_jails_in_a_jail_body()
{
	make_jails a
	atf_check jail -q -m name=a children.max=1
	atf_check jail -q -c name=a.b path=/ persist
	for options in -x '-x -TERM' '-TERM -x' '-x -s TERM' '-s TERM -x --'; do
		spawn_both
		atf_check jailkill $options a
		check_status $OUTER 143
		atf_check -o inline:'1\n' jls -j a.b processes
		atf_check -s exit:1 \
		    -e inline:'jailkill: jail "a" has no process\n' \
		    jailkill -x a
		atf_check jailkill -x a.b
		check_status $INNER 143
	done
	for args in -x '-x -x a' '-TERM -KILL a' '-x --'; do
		atf_check -s exit:1 -e not-empty jailkill $args
	done
}
option_x_spares_jails_in_a_jail_cleanup()
{
	vnet_cleanup
}

atf_test_case stopped_jail_goes_on_with_CONT cleanup
stopped_jail_goes_on_with_CONT_body()
{
	make_jails a
	spawn a sh -c 'kill -STOP $$; exit 5'
	wait_until is_stopped $VNET_PID sh || atf_fail "it does not stop"
	atf_check jailkill -CONT a
	check_status $VNET_PID 5
}
stopped_jail_goes_on_with_CONT_cleanup()
{
	vnet_cleanup
}

atf_test_case signal_0_only_looks cleanup
signal_0_only_looks_body()
{
	make_jails a
	spawn a sleep 1000
	wait_until has_processes a 1 || atf_fail "it does not run"
	atf_check jailkill -0 a
	atf_check jailkill -s 0 a
	atf_check -o inline:'1\n' jls -j a processes
}
signal_0_only_looks_cleanup()
{
	vnet_cleanup
}

atf_test_case jail_without_processes_is_an_error cleanup
jail_without_processes_is_an_error_body()
{
	make_jails a
	for sig in -0 -TERM -KILL; do
		atf_check -s exit:1 \
		    -e inline:'jailkill: jail "a" has no process\n' \
		    jailkill $sig a
	done
}
jail_without_processes_is_an_error_cleanup()
{
	vnet_cleanup
}

atf_test_case one_failure_does_not_keep_the_others_from_it cleanup
one_failure_does_not_keep_the_others_from_it_body()
{
	make_jails a b
	spawn a sleep 1000
	pid=$VNET_PID
	spawn b sleep 1000
	wait_until has_processes a 1 && wait_until has_processes b 1 ||
	    atf_fail "they do not run"
	atf_check -s exit:1 -e inline:'jailkill: jail "nosuch" not found\n' \
	    jailkill -HUP a nosuch b
	check_status $pid 129
	check_status $VNET_PID 129
}
one_failure_does_not_keep_the_others_from_it_cleanup()
{
	vnet_cleanup
}

atf_test_case jail_may_be_a_jid cleanup
jail_may_be_a_jid_body()
{
	make_jails a
	spawn a sleep 1000
	wait_until has_processes a 1 || atf_fail "it does not run"
	atf_check jailkill -- 1
	check_status $VNET_PID 143
	atf_check -s exit:1 -e inline:'jailkill: jail "2" not found\n' \
	    jailkill 2
}
jail_may_be_a_jid_cleanup()
{
	vnet_cleanup
}

atf_test_case jail_that_does_not_persist_ends_with_its_processes cleanup
jail_that_does_not_persist_ends_with_its_processes_body()
{
	vnet_instance
	jail -q -c name=a path=/ command=sleep 1000 &
	pid=$!
	vnet_pid $pid
	wait_until has_processes a 1 || atf_fail "it does not run"
	atf_check jailkill -KILL a
	check_status $pid 137
	atf_check jls jid
}
jail_that_does_not_persist_ends_with_its_processes_cleanup()
{
	vnet_cleanup
}

atf_test_case jail_can_be_used_after_KILL cleanup
jail_can_be_used_after_KILL_body()
{
	make_jails a
	for i in 1 2 3; do
		spawn a sleep 1000
		wait_until has_processes a 1 || atf_fail "it does not run"
		atf_check jailkill -KILL a
		check_status $VNET_PID 137
		atf_check -o inline:'0\n' jls processes
		atf_check -o inline:'again\n' jexec a echo again
	done
}
jail_can_be_used_after_KILL_cleanup()
{
	vnet_cleanup
}

atf_test_case unknown_signal_is_an_error cleanup
unknown_signal_is_an_error_body()
{
	make_jails a
	for sig in FOO SIG 65 -1 999999999999999999999 RTMIN+31 RTMIN-1 \
	    RTMAX+1 RTMIN+x; do
		atf_check -s exit:1 \
		    -e inline:"jailkill: unknown signal: $sig; jailkill -l lists them\n" \
		    jailkill -s "$sig" a
	done
}
unknown_signal_is_an_error_cleanup()
{
	vnet_cleanup
}

atf_test_case option_l_lists_signals
option_l_lists_signals_body()
{
	atf_check -o match:'^HUP INT QUIT ILL ' -o match:' RTMIN RTMAX$' \
	    -o match:' KILL ' -o not-match:'.{73}' jailkill -l
}

atf_test_case wrong_words_are_a_usage_error
wrong_words_are_a_usage_error_body()
{
	for args in '' -s '-s TERM' -TERM -- '-l a' --nosuch '--nosuch a' \
	    '- a'; do
		atf_check -s exit:1 -e match:'^usage: jailkill ' jailkill $args
	done
}

atf_test_case help_and_version_go_to_stdout
help_and_version_go_to_stdout_body()
{
	for option in -h --help; do
		atf_check -o match:'^usage: jailkill \[-x] \[-s signal' \
		    jailkill $option
	done
	atf_check -o match:'^jailkill \(netjail\) [0-9]' jailkill --version
}

atf_test_case output_that_cannot_be_written_is_an_error
output_that_cannot_be_written_is_an_error_body()
{
	for option in -l --help --version; do
		atf_check -s exit:1 -e match:'^jailkill: standard output: No' \
		    sh -c "exec jailkill $option >/dev/full"
	done
}

atf_test_case only_root_may_signal_jails cleanup
only_root_may_signal_jails_body()
{
	make_jails a
	atf_check -s exit:1 -e inline:'jailkill: must be root\n' \
	    setpriv --reuid 65534 --clear-groups "$(command -v jailkill)" a
}
only_root_may_signal_jails_cleanup()
{
	vnet_cleanup
}

atf_init_test_cases()
{
	atf_add_test_case default_signal_is_TERM
	atf_add_test_case signals_have_names_and_numbers
	atf_add_test_case every_process_of_the_jail_gets_it
	atf_add_test_case processes_of_other_jails_and_the_host_do_not_get_it
	atf_add_test_case processes_forked_meanwhile_get_it
	atf_add_test_case jails_in_a_jail_get_it_too
	atf_add_test_case option_x_spares_jails_in_a_jail
	atf_add_test_case stopped_jail_goes_on_with_CONT
	atf_add_test_case signal_0_only_looks
	atf_add_test_case jail_without_processes_is_an_error
	atf_add_test_case one_failure_does_not_keep_the_others_from_it
	atf_add_test_case jail_may_be_a_jid
	atf_add_test_case jail_that_does_not_persist_ends_with_its_processes
	atf_add_test_case jail_can_be_used_after_KILL
	atf_add_test_case unknown_signal_is_an_error
	atf_add_test_case option_l_lists_signals
	atf_add_test_case wrong_words_are_a_usage_error
	atf_add_test_case help_and_version_go_to_stdout
	atf_add_test_case output_that_cannot_be_written_is_an_error
	atf_add_test_case only_root_may_signal_jails
}
