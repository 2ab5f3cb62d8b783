# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# jailinit(8), pid 1 of jails with init=, and what jail(8) asks of it. The jails
# have busybox for programs; what they do they write to root/log.

# An instance of netjail, and a root for jails.
prepare()
{
	vnet_instance
	make_root
}

make_root()
{
	mkdir -p root/bin root/etc root/proc root/dev
	cp "$(command -v busybox)" "$(atf_get_srcdir)/reach" root/bin
	for name in sh sleep cat kill halt poweroff reboot ping; do
		ln -s busybox root/bin/$name
	done
	: >root/log
}

# Make a jail: start_jail name init [parameter ...]
start_jail()
{
	local name="$1" init="$2"

	shift 2
	atf_check -o ignore jail -c name="$name" path="$PWD/root" \
	    init="$init" "$@"
}

logged()
{
	[ "$(tr '\n' ' ' <root/log)" = "$* " ]
}

# The log is these words, one a line, before long.
check_log()
{
	wait_until logged "$@" || atf_fail "log is $(cat root/log), not $*"
}

is_status()
{
	jail --status a >status 2>&1 && grep -q "$1" status
}

check_status()
{
	wait_until is_status "$1" || atf_fail "$(cat status), not $1"
}

is_gone()
{
	! jls -j "$1" jid >/dev/null 2>&1
}

# As the host numbers it, a jail's pid 1.
pid_1()
{
	local dir jid=$(jls -j "$1" jid) pid

	for dir in /sys/fs/cgroup /sys/fs/cgroup/*; do
		dir=$dir/$JAIL_INSTANCE/$jid
		[ -e "$dir/cgroup.procs" ] || continue
		for pid in $(cat "$dir/cgroup.procs"); do
			! grep -q '^NSpid:.*	1$' "/proc/$pid/status" ||
			    echo "$pid"
		done
	done | head -n 1
}

# A start command that leaves a process behind which tells of SIGTERM.
TELLER='(trap "echo term >>/log; exit" TERM; echo ready >>/log
    sleep 1000 & wait) & echo start >>/log'
# One that ignores it.
DEAF='(trap "" TERM; echo ready >>/log; exec sleep 1000) & wait $!'

atf_test_case a_life_has_its_order cleanup
a_life_has_its_order_body()
{
	prepare
	echo "$TELLER; exit 4" >root/etc/rc
	echo 'echo stop >>/log' >root/etc/rc.shutdown
	start_jail a 'exec sh /etc/rc' stop.timeout=60
	wait_until grep -q ready root/log || atf_fail "does not start"
	check_status '^a: running, start command exited with 4, started 1 time$'
	atf_check -o inline:'exec sh /etc/rc 60\n' jls -j a init stop.timeout
	atf_check -o inline:'hello\n' -s exit:9 jail --run a \
	    'read word; echo $word; exit 9' <<-END
	hello
	END
	: >root/log
	atf_check -o inline:'a: ended\n' jail --shutdown a
	check_log stop term
	atf_check -o empty jls -q name
}
a_life_has_its_order_cleanup()
{
	vnet_cleanup
}

# Those whose parent has ended are children of pid 1.
no_zombie()
{
	! jail --run a 'cat /proc/[0-9]*/stat' | grep -q ') Z '
}

atf_test_case orphans_are_reaped cleanup
orphans_are_reaped_body()
{
	prepare
	start_jail a 'for i in 1 2 3; do (sh -c "echo x >>/log" &); done
	    sleep 1000'
	check_log x x x
	wait_until no_zombie || atf_fail "zombies stay"
	check_status 'starting, start command runs'
}
orphans_are_reaped_cleanup()
{
	vnet_cleanup
}

atf_test_case who_ignores_sigterm_is_killed cleanup
who_ignores_sigterm_is_killed_body()
{
	local begun

	prepare
	start_jail a "$DEAF; echo \$? >>/log" stop.timeout=1
	check_log ready
	atf_check -o inline:'a: rebooted\n' jail --reboot a
	check_log ready ready
	echo 'echo stop >>/log; sleep 1000' >root/etc/rc.shutdown
	: >root/log
	begun=$(date +%s%N)
	atf_check -s exit:3 -o inline:'a: ended: processes had to be killed\n' \
	    jail --shutdown a
	[ $((($(date +%s%N) - begun) / 1000000)) -ge 1990 ] ||
	    atf_fail "rc.shutdown and SIGTERM had no time"
	check_log stop
	atf_check -o empty jls -q name
}
who_ignores_sigterm_is_killed_cleanup()
{
	vnet_cleanup
}

atf_test_case without_a_timeout_all_are_killed cleanup
without_a_timeout_all_are_killed_body()
{
	prepare
	echo 'echo stop >>/log' >root/etc/rc.shutdown
	start_jail a "$TELLER" stop.timeout=0
	wait_until grep -q ready root/log || atf_fail "does not start"
	: >root/log
	atf_check -o inline:'a: removed\n' jail -r a
	atf_check -o empty cat root/log
}
without_a_timeout_all_are_killed_cleanup()
{
	vnet_cleanup
}

atf_test_case a_reboot_keeps_the_jail cleanup
a_reboot_keeps_the_jail_body()
{
	local jid pid

	prepare
	start_jail a "$TELLER"
	wait_until grep -q ready root/log || atf_fail "does not start"
	jid=$(jls -j a jid)
	pid=$(pid_1 a)
	: >root/log
	atf_check -o inline:'a: rebooted\n' jail --reboot a
	wait_until grep -q ready root/log || atf_fail "does not start"
	atf_check -o match:'^term$' cat root/log
	check_status 'running, .*started 2 times$'
	atf_check_equal "$jid" "$(jls -j a jid)"
	atf_check_equal "$pid" "$(pid_1 a)"
}
a_reboot_keeps_the_jail_cleanup()
{
	vnet_cleanup
}

atf_test_case a_jail_halts_and_reboots_itself cleanup
a_jail_halts_and_reboots_itself_body()
{
	local how

	prepare
	for how in halt poweroff 'kill -37 1' 'kill -38 1' 'kill -PWR 1'; do
		start_jail a "sleep 1000"
		if [ "$how" = halt ]; then
			atf_check -s ignore jexec a reboot
			check_status 'started 2 times'
			atf_check -s ignore jexec a kill -INT 1
			check_status 'started 3 times'
		fi
		atf_check -s ignore jexec a sh -c "$how"
		wait_until is_gone a || atf_fail "$how does not end it"
	done
}
a_jail_halts_and_reboots_itself_cleanup()
{
	vnet_cleanup
}

atf_test_case signals_from_the_host_end_it cleanup
signals_from_the_host_end_it_body()
{
	prepare
	start_jail a 'trap "echo hup >>/log" HUP; echo ready >>/log
	    while :; do sleep 0.1; done'
	check_log ready
	kill -HUP "$(pid_1 a)"
	check_log ready hup
	kill -TERM "$(pid_1 a)"
	wait_until is_gone a || atf_fail "SIGTERM does not end it"
}
signals_from_the_host_end_it_cleanup()
{
	vnet_cleanup
}

# Does somebody wait for it? It has one descriptor more then.
has_waiter()
{
	[ "$(ls "/proc/$(pid_1 a)/fd" | wc -l)" -gt 6 ]
}

# The start command ends with a status: check_end status exit said
check_end()
{
	local waiter status=0

	start_jail a "until [ -e /go ]; do sleep 0.02; done; exit $1"
	jail --wait a >said &
	waiter=$!
	wait_until has_waiter || atf_fail "nobody waits"
	: >root/go
	wait $waiter || status=$?
	atf_check_equal "$2" $status
	atf_check_equal "$3" "$(cat said)"
	rm root/go
}

atf_test_case it_ends_with_its_processes cleanup
it_ends_with_its_processes_body()
{
	prepare
	check_end 0 0 'a: ended'
	check_end 5 2 'a: ended: the start command failed'
	atf_check -s exit:2 -o match:'^a: ended: the start command failed$' \
	    jail -c --wait name=a path="$PWD/root" init='exit 5'
	atf_check -s exit:1 -e match:'--wait: belongs to -c with init' \
	    jail -c --wait name=a persist
	start_jail a 'exit 5' persist
	check_status 'running, start command exited with 5'
	atf_check -o inline:'a: ended\n' jail --shutdown a
	atf_check -s exit:1 -e match:'its init has ended' jail --status a
	atf_check jexec a sh -c :
	check_status 'running, .*started 1 time$'
}
it_ends_with_its_processes_cleanup()
{
	vnet_cleanup
}

atf_test_case nobody_inside_reaches_it cleanup
nobody_inside_reaches_it_body()
{
	local allow
	local all='descriptor\nfd\nexe\nmem\nreadv\ntrace\n'

	prepare
	for allow in allow.noraw_sockets allow.raw_sockets; do
		start_jail a 'sleep 1000' $allow
		atf_check -o inline:"$all" jexec a reach 0
		atf_check jexec a reach 1
		atf_check -o inline:"$all" jail --run a 'reach 0'
		atf_check jail --run a 'reach 1'
		atf_check jexec a kill -KILL 1
		atf_check jexec a kill -STOP 1
		check_status 'starting'
		atf_check -o ignore jail -r a
	done
}
nobody_inside_reaches_it_cleanup()
{
	vnet_cleanup
}

# How much memory of its own it has asked for: its mappings.
mappings()
{
	grep -v vvar "/proc/$(pid_1 a)/maps"
}

atf_test_case it_needs_little cleanup
it_needs_little_body()
{
	local allowed='close dup2 fcntl fork kill poll read send write
	    access clock_gettime execve getopt getpid getsockopt memcpy
	    optarg optind environ prctl recvmsg setsid sigemptyset
	    sigfillset signalfd sigprocmask strlen syscall waitpid atoi
	    _exit __errno_location __libc_current_sigrtmin strtol'

	prepare
	start_jail a 'sleep 1000'
	atf_check -o inline:'CapPrm:	0000000000000020\n' \
	    grep CapPrm "/proc/$(pid_1 a)/status"
	atf_check -o inline:'CapEff:	0000000000000020\n' \
	    grep CapEff "/proc/$(pid_1 a)/status"
	mappings >before
	for i in 1 2 3 4 5; do
		atf_check jail --run a 'cat /dev/null'
	done
	atf_check -o ignore jail --reboot a
	check_status 'started 2 times'
	mappings >after
	atf_check cmp before after
	atf_check -s exit:1 -e match:'not a dynamic' ldd "$JAILINIT"
	# Of installed tools there is no more to be seen.
	[ -e "${JAILINIT%/*}/init.o" ] && command -v nm >/dev/null || return 0
	nm -u "${JAILINIT%/*}"/*.o | sed -n 's/^ *U //p' |
	    grep -vE '^_GLOBAL|^(init|request|signal|spawn)(_|$)' | sort -u >used
	echo $allowed | tr ' ' '\n' | sort >allowed
	atf_check -o not-match:. comm -23 used allowed
}
it_needs_little_cleanup()
{
	vnet_cleanup
}

atf_test_case a_crash_ends_the_jail cleanup
a_crash_ends_the_jail_body()
{
	local waiter

	prepare
	start_jail a 'sleep 1000'
	jail --wait a 2>waited &
	waiter=$!
	wait_until has_waiter || atf_fail "nobody waits"
	kill -KILL "$(pid_1 a)"
	wait_until is_gone a || atf_fail "it is still there"
	wait $waiter && atf_fail "who waits believes that it ended well"
	atf_check -o match:'its init died' cat waited
	start_jail a 'echo ready >>/log; sleep 1000' persist
	check_log ready
	kill -KILL "$(pid_1 a)"
	wait_until has_no_init || atf_fail "it is still there"
	atf_check jexec a sh -c :
	check_log ready ready
}
a_crash_ends_the_jail_cleanup()
{
	vnet_cleanup
}

has_no_init()
{
	[ -z "$(pid_1 a)" ]
}

atf_test_case who_hangs_is_removed cleanup
who_hangs_is_removed_body()
{
	prepare
	start_jail a 'sleep 1000'
	kill -STOP "$(pid_1 a)"
	# It is there without any other process: its init has yet to know.
	atf_check jailkill -KILL a
	atf_check -o inline:'a\n' jls -q name
	atf_check -o inline:'a: removed\n' -e match:'does not answer' \
	    jail -r a
	atf_check -o empty jls -q name
}
who_hangs_is_removed_cleanup()
{
	vnet_cleanup
}

# One that ends in order by a signal of its kind: own_init signal
own_init()
{
	cat >root/bin/init <<-END
	#!/bin/sh
	trap 'echo end >>/log; exit' $1
	echo \$\$ \$container \$# >>/log
	while :; do sleep 0.1; done
	END
	chmod +x root/bin/init
}

atf_test_case a_jail_has_an_init_of_its_own cleanup
a_jail_has_an_init_of_its_own_body()
{
	local sig

	prepare
	for sig in 37 PWR USR2 TERM; do
		own_init $sig
		: >root/log
		atf_check -o ignore jail -c name=a path="$PWD/root" \
		    init=exec:/bin/init stop.timeout=60
		check_log 1 netjail 0
		atf_check -s exit:1 -e match:'its init is its own' \
		    jail --status a
		atf_check -o inline:'a: ended\n' jail --shutdown a
		check_log 1 netjail 0 end
		atf_check -o empty jls -q name
	done
	own_init HUP
	atf_check -o ignore jail -c name=a path="$PWD/root" \
	    init=exec:/bin/init stop.timeout=1
	atf_check -o inline:'a: removed\n' -e match:'its init does not end' \
	    jail -r a
	atf_check -s exit:1 -e match:'init: /bin/none: No such file' \
	    jail -c name=a path="$PWD/root" init=exec:/bin/none
	atf_check -o empty jls -q name
}
a_jail_has_an_init_of_its_own_cleanup()
{
	vnet_cleanup
}

atf_test_case raw_sockets_are_for_all_that_it_starts cleanup
raw_sockets_are_for_all_that_it_starts_body()
{
	vnet_init
	vnet_addr 192.0.2.11
	make_root
	atf_check -o ignore vnet_host jail -c name=a path="$PWD/root" \
	    ip4.addr=192.0.2.11 allow.raw_sockets \
	    init="ping -c 1 -W 5 $VNET_PEER4 >/out && echo pong >>/log
	    sleep 1000"
	check_log pong
	atf_check -o match:' 1 packets received' vnet_host jail --run a \
	    ping -c 1 -W 5 $VNET_PEER4
}
raw_sockets_are_for_all_that_it_starts_cleanup()
{
	vnet_cleanup
}

atf_test_case the_innermost_is_shut_down_first cleanup
the_innermost_is_shut_down_first_body()
{
	local script='trap "echo NAME >>/log; exit" TERM
	    echo ready >>/log; while :; do sleep 0.1; done'

	prepare
	start_jail a "$(echo "$script" | sed s/NAME/outer/)" children.max=1
	check_log ready
	start_jail a.b "$(echo "$script" | sed s/NAME/inner/)"
	check_log ready ready
	: >root/log
	atf_check -o ignore jail -r a
	check_log inner outer
	atf_check -o empty jls -q name
}
the_innermost_is_shut_down_first_cleanup()
{
	vnet_cleanup
}

atf_test_case refusals_say_why cleanup
refusals_say_why_body()
{
	prepare
	atf_check -o ignore jail -c name=b path="$PWD/root" persist
	atf_check -s exit:1 -e match:'stop.timeout: -1 is not between' \
	    jail -c name=a init=: stop.timeout=-1
	atf_check -s exit:1 -e match:'init: longer than 255 bytes' \
	    jail -c name=a init="$(printf %0300d 0)"
	atf_check -s exit:1 -e match:'behind exec: is the path' \
	    jail -c name=a init=exec:init
	JAILINIT=/nonexistent atf_check -s exit:1 \
	    -e match:'init: /nonexistent: No such file' jail -c name=a init=:
	JAILINIT=/bin/true atf_check -s exit:1 \
	    -e match:"pid 1 died as it started" jail -c name=a init=:
	atf_check -o inline:'b\n' jls -q name
	start_jail a 'sleep 1000'
	atf_check -s exit:1 -e match:'init cannot be changed' \
	    jail -m name=a init=:
	atf_check -s exit:1 -e match:'stop.timeout cannot be changed' \
	    jail -m name=a stop.timeout=5
	atf_check -o ignore jail -m name=a init='sleep 1000' stop.timeout=10
	atf_check -s exit:1 -e match:'command: longer than 4095 bytes' \
	    jail --run a "$(printf %05000d 0)"
	atf_check -s exit:1 -e match:'descriptor 0 would lead out' \
	    jail --run a : </
	for what in status reboot shutdown wait; do
		atf_check -s exit:1 -e match:'jail "b" has no init' \
		    jail --$what b
	done
	atf_check -s exit:1 -e match:'jail "c" not found' jail --shutdown c
	atf_check -s exit:1 -e match:usage jail --shutdown --reboot a
	atf_check -s exit:1 -e match:usage jail --run a
	atf_check -s exit:1 -e match:'not pid 1 of a jail' "$JAILINIT" :
	atf_check -o match:usage "$JAILINIT" -h
}
refusals_say_why_cleanup()
{
	vnet_cleanup
}

atf_init_test_cases()
{
	atf_add_test_case a_life_has_its_order
	atf_add_test_case orphans_are_reaped
	atf_add_test_case who_ignores_sigterm_is_killed
	atf_add_test_case without_a_timeout_all_are_killed
	atf_add_test_case a_reboot_keeps_the_jail
	atf_add_test_case a_jail_halts_and_reboots_itself
	atf_add_test_case signals_from_the_host_end_it
	atf_add_test_case it_ends_with_its_processes
	atf_add_test_case nobody_inside_reaches_it
	atf_add_test_case it_needs_little
	atf_add_test_case a_crash_ends_the_jail
	atf_add_test_case who_hangs_is_removed
	atf_add_test_case a_jail_has_an_init_of_its_own
	atf_add_test_case raw_sockets_are_for_all_that_it_starts
	atf_add_test_case the_innermost_is_shut_down_first
	atf_add_test_case refusals_say_why
}
