# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# jstat(8): what it prints, live and in sum, and what it refuses.

# Two jails, of one address each.
make_jails()
{
	vnet_instance
	atf_check -o ignore jail -c name=web path=/ ip4.addr=192.0.2.5 persist
	atf_check -o ignore jail -c name=mail path=/ ip4.addr=192.0.2.6 \
	    ip6.addr=2001:db8::6 persist
}

# A jail tries in vain to bind to an address of nobody: refuse jail times
refuse()
{
	local i

	i=0
	while [ $i -lt "$2" ]; do
		atf_check -s exit:2 -e match:'not an address of this jail' \
		    jexec "$1" "$(command -v jping)" -c 1 -S 192.0.2.99 192.0.2.98
		i=$((i + 1))
	done
}

# jstat -e in the background, from when it reads: start_events [option ...]
start_events()
{
	jstat -e "$@" >events 2>events.err &
	VNET_PID=$!
	vnet_pid $VNET_PID
	wait_until test -s events || atf_fail "no jstat -e: $(cat events.err)"
}

is_past()
{
	[ "$(date +%s)" -ge "$1" ]
}

has_lines()
{
	[ "$(wc -l <"$1")" -ge "$2" ]
}

atf_test_case nothing_is_printed_of_no_jails cleanup
nothing_is_printed_of_no_jails_body()
{
	vnet_instance
	atf_check -o inline:'   JID  Jail            Dir  Fam       Refused  Reason\n' \
	    jstat
	atf_check -o inline:'{"version": 1, "refusals": []}\n' jstat --json
	atf_check -o match:'^# TYPE netjail_refusals_total counter$' \
	    -o not-match:'^[^#]' jstat --prometheus
	atf_check -s exit:1 -e inline:'jstat: no jail was made yet\n' jstat -e
}
nothing_is_printed_of_no_jails_cleanup()
{
	vnet_cleanup
}

atf_test_case counters_are_those_of_the_jail cleanup
counters_are_those_of_the_jail_body()
{
	make_jails
	refuse web 2
	refuse mail 1
	cat >expout <<-'END'
	   JID  Jail            Dir  Fam       Refused  Reason
	     1  web             call   4             2   3 local address is not the jail's
	     2  mail            call   4             1   3 local address is not the jail's
	END
	atf_check -o file:expout jstat
	sed -i 2d expout
	atf_check -o file:expout jstat -j mail
	atf_check -o match:'^     2  mail .*; bind to an address of the jail' \
	    jstat -v -j 2
	atf_check -o match:'"jid": 1, "jail": "web", "direction": "call", "family": 4, "reason": 3, "rule": "local address is not the jail.s", "advice": "[^"]*", "refused": 2\}' \
	    jstat --json
	atf_check -o match:'^netjail_refusals_total\{jid="1",jail="web",direction="call",family="4",reason="3",rule="local address is not the jail.s"\} 2$' \
	    -o not-match:mail jstat --prometheus -j web
}
counters_are_those_of_the_jail_cleanup()
{
	vnet_cleanup
}

atf_test_case option_w_shows_what_rose cleanup
option_w_shows_what_rose_body()
{
	make_jails
	refuse web 1
	atf_check -o match:'^     -  -               -      -         0\.0             -  -$' \
	    -o not-match:web jstat -w 0.2 -c 1
	jstat -w 0.1 >out &
	vnet_pid $!
	wait_until has_lines out 2 || atf_fail "no intervals"
	refuse mail 1
	wait_until grep -q '^     2  mail  *call   4  *[1-9][0-9]*\.[0-9]  *1   3 ' out ||
	    atf_fail "the counter does not rise"
	atf_check -s exit:1 grep web out
	atf_check -o match:'^\{"version": 1, "seconds": 0\.1[0-9]*, "refusals": \[\]\}$' \
	    jstat -w 0.1 -c 2 --json
}
option_w_shows_what_rose_cleanup()
{
	vnet_cleanup
}

atf_test_case option_e_shows_refusals_as_they_happen cleanup
option_e_shows_refusals_as_they_happen_body()
{
	make_jails
	start_events
	refuse web 1
	wait_until grep -q 'not the jail' events || atf_fail "no event"
	atf_check -o match:'^[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\.[0-9]{6} web call udp 192\.0\.2\.99 [^ ]+\[[0-9]+\]: local address is not the jail.s \(3\)$' \
	    cat events
	kill -TERM $VNET_PID
	wait $VNET_PID || atf_fail "it ends with $?"
	atf_check cat events.err
}
option_e_shows_refusals_as_they_happen_cleanup()
{
	vnet_cleanup
}

atf_test_case option_e_shows_one_jails_and_so_many cleanup
option_e_shows_one_jails_and_so_many_body()
{
	make_jails
	start_events --json -j mail -c 1
	atf_check -o inline:'{"type": "start", "version": 1}\n' cat events
	refuse web 1
	refuse mail 1
	wait $VNET_PID || atf_fail "it ends with $?"
	atf_check -o match:'^\{"jid": 2, "jail": "mail", ' \
	    -o match:'"type": "refusal", "time_us": [0-9]{16}, ' \
	    -o not-match:web sed 1d events
	atf_check -o inline:'2\n' sh -c 'wc -l <events'
}
option_e_shows_one_jails_and_so_many_cleanup()
{
	vnet_cleanup
}

atf_test_case one_reader_at_a_time_and_one_who_is_killed_is_none cleanup
one_reader_at_a_time_and_one_who_is_killed_is_none_body()
{
	make_jails
	start_events
	atf_check -s exit:1 -e inline:'jstat: events: another process reads them\n' \
	    jstat -e
	kill -KILL $VNET_PID
	wait $VNET_PID
	refuse web 1
	start_events
	refuse mail 1
	wait_until grep -q mail events || atf_fail "no event"
	atf_check -s exit:1 grep web events
}
one_reader_at_a_time_and_one_who_is_killed_is_none_cleanup()
{
	vnet_cleanup
}

atf_test_case what_is_lost_is_told cleanup
what_is_lost_is_told_body()
{
	make_jails
	start_events --json
	kill -STOP $VNET_PID
	end=$(($(date +%s) + 5))
	wait_until is_past $end
	refuse web 1
	kill -CONT $VNET_PID
	wait_until grep -q '"type": "lost", "count": [1-9]' events ||
	    atf_fail "nothing was lost: $(cat events)"
}
what_is_lost_is_told_cleanup()
{
	vnet_cleanup
}

atf_test_case unloading_ends_it cleanup
unloading_ends_it_body()
{
	make_jails
	start_events
	atf_check -o ignore jail --destroy
	wait $VNET_PID
	atf_check_equal 1 $?
	atf_check -o inline:'jstat: the kernel half was unloaded\n' \
	    cat events.err
}
unloading_ends_it_cleanup()
{
	vnet_cleanup
}

atf_test_case mistakes_are_told_in_a_line cleanup
mistakes_are_told_in_a_line_body()
{
	make_jails
	atf_check -s exit:1 -e match:'^jstat: jail "nosuch" not found$' \
	    jstat -j nosuch
	for w in x 1x '' nan; do
		atf_check -s exit:1 -e inline:"jstat: interval is invalid: $w\n" \
		    jstat -w "$w"
	done
	for w in 0 -1 0.001; do
		atf_check -s exit:1 -e inline:"jstat: interval is too small: $w\n" \
		    jstat -w "$w"
	done
	atf_check -s exit:1 -e inline:'jstat: interval is too large: 1e9\n' \
	    jstat -w 1e9
	atf_check -s exit:1 -e inline:'jstat: count is too small: 0\n' \
	    jstat -w 1 -c 0
	for args in '-c 1' '-e -w 1' '-e --prometheus' '--prometheus --json' \
	    '--prometheus -w 1' '--prometheus -v' 'web' '-x'; do
		atf_check -s exit:1 -e match:'^usage: jstat ' jstat $args
	done
	atf_check -s exit:1 -e match:'^jstat: standard output: ' \
	    sh -c 'jstat >/dev/full'
	atf_check -s exit:1 -e match:'^jstat: standard output: ' \
	    sh -c 'jstat -w 0.1 >/dev/full'
	atf_check -s exit:1 -e match:'^jstat: standard output: ' \
	    sh -c 'jstat -e >/dev/full'
}
mistakes_are_told_in_a_line_cleanup()
{
	vnet_cleanup
}

atf_test_case help_and_version_never_fail
help_and_version_never_fail_body()
{
	atf_check -o match:'^usage: jstat ' jstat -h
	atf_check -o match:'^usage: jstat ' jstat --help
	atf_check -o match:'^jstat \(netjail\) ' jstat --version
}

atf_test_case needs_root cleanup
needs_root_body()
{
	make_jails
	atf_check -s exit:1 -e inline:'jstat: must be root\n' \
	    setpriv --reuid 65534 --clear-groups "$(command -v jstat)"
	atf_check -s exit:1 -e inline:'jstat: must be root\n' \
	    setpriv --reuid 65534 --clear-groups "$(command -v jstat)" -e
}
needs_root_cleanup()
{
	vnet_cleanup
}

atf_init_test_cases()
{
	atf_add_test_case nothing_is_printed_of_no_jails
	atf_add_test_case counters_are_those_of_the_jail
	atf_add_test_case option_w_shows_what_rose
	atf_add_test_case option_e_shows_refusals_as_they_happen
	atf_add_test_case option_e_shows_one_jails_and_so_many
	atf_add_test_case one_reader_at_a_time_and_one_who_is_killed_is_none
	atf_add_test_case what_is_lost_is_told
	atf_add_test_case unloading_ends_it
	atf_add_test_case mistakes_are_told_in_a_line
	atf_add_test_case help_and_version_never_fail
	atf_add_test_case needs_root
}
