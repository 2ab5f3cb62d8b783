# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# Features of the kernel that netjail can do without: what jail -V says of them
# is so, and the switch for tests is in the library's test build only.

# Are these tools of the test build? Then every world names what it lacks.
is_test_build()
{
	[ -n "${JAIL_WITHOUT:-}" ]
}

# The state of a feature in jail -V.
state_of()
{
	jail -V | awk -v name="$1" '$1 == name { print $2 }'
}

check_state()
{
	[ "$(state_of "$1")" = "$2" ] ||
	    atf_fail "$1 is $(state_of "$1"), not $2"
}

# The feature's programs are pinned if, and only if, it is in force.
check_pins()
{
	local feature pin pins state

	feature=$1
	pins=/sys/fs/bpf/$JAIL_INSTANCE
	shift
	state=$(state_of $feature)
	for pin; do
		case $state in
		active)	atf_check test -e "$pins/$pin" ;;
		absent)	atf_check test ! -e "$pins/$pin" ;;
		*)	atf_fail "$feature is $state" ;;
		esac
	done
}

atf_test_case features_are_ready_and_then_active_or_absent cleanup
features_are_ready_and_then_active_or_absent_body()
{
	vnet_instance
	jail -V >before || atf_fail "a layer is missing"
	atf_check jail -q -c name=a persist
	jail -V >after || atf_fail "a layer is missing"
	sed 's/ ready   / active  /' before >wanted
	atf_check -o file:wanted cat after
	check_pins bpf_send_signal_task progs/kern_signal
	check_pins bpf_sock_destroy progs/kern_destroy_tcp progs/kern_destroy_udp
	check_pins lsm links/kern_unix_connect links/kern_unix_send \
	    links/kern_socket_create
	case $(state_of cgroup.kill) in
	active)	test -e "$(cgroup_of 1)/cgroup.kill" ;;
	*)	is_test_build || test ! -e "$(cgroup_of 1)/cgroup.kill" ;;
	esac || atf_fail "cgroup.kill is $(state_of cgroup.kill)"
}
features_are_ready_and_then_active_or_absent_cleanup()
{
	vnet_cleanup
}

# The jail's group in cgroup v2.
cgroup_of()
{
	awk -v jail="$JAIL_INSTANCE/$1" \
	    '$3 == "cgroup2" { print $2 "/" jail; exit }' /proc/mounts
}

atf_test_case absent_feature_says_why_and_what_is_done cleanup
absent_feature_says_why_and_what_is_done_body()
{
	vnet_instance
	jail -V | awk '$2 == "absent"' >absent
	atf_check -s ignore -o empty \
	    grep -v '^[a-z_.]*  *absent  *[^:]*: [^;]*; [a-z]' absent
	for feature in $(echo "${JAIL_WITHOUT:-}" | tr , ' '); do
		atf_check -o ignore \
		    grep "^$feature .*: switched off by JAIL_WITHOUT; " absent
	done
}
absent_feature_says_why_and_what_is_done_cleanup()
{
	vnet_cleanup
}

# A program that was there when the first jail was made must not go missing.
atf_test_case lost_program_is_told_and_nothing_is_done cleanup
lost_program_is_told_and_nothing_is_done_body()
{
	vnet_instance
	vnet_needs bpf_send_signal_task
	atf_check jail -q -c name=a persist
	rm "/sys/fs/bpf/$JAIL_INSTANCE/progs/kern_signal"
	check_state bpf_send_signal_task missing
	atf_check -s exit:1 -o ignore jail -V
	atf_check -s exit:1 -e match:'^jail: layer bpf_send_signal_task: was det' \
	    jail -c name=b persist
	atf_check -s exit:1 -e match:'was detached' jls
	atf_check jail --destroy
}
lost_program_is_told_and_nothing_is_done_cleanup()
{
	vnet_cleanup
}

atf_test_case switch_is_in_the_test_build_alone
switch_is_in_the_test_build_alone_body()
{
	local file

	set -- $(command -v jail jls jexec jailkill jifconfig jping jstat \
	    jtrace) \
	    "$(atf_get_srcdir)"/../../../lib/libjail/libjail.so.*
	for file; do
		[ -s "$file" ] || atf_fail "$file is not there"
		if is_test_build; then
			atf_check grep -q JAIL_WITHOUT "$file"
		else
			atf_check -s exit:1 grep -q JAIL_WITHOUT "$file"
		fi
	done
	if is_test_build; then
		atf_check -s exit:1 -e inline:'jail: JAIL_WITHOUT: nosuch: '\
'there is no such feature\n' env JAIL_WITHOUT=nosuch,cgroup.kill jail -V
		atf_check -s exit:1 -e match:'^jls: JAIL_WITHOUT: .*no such' \
		    env JAIL_WITHOUT=cgroup.kill,nosuch jls
	else
		atf_check -o not-match:JAIL_WITHOUT \
		    env JAIL_WITHOUT=cgroup.kill,nosuch jail -V
	fi
}

atf_init_test_cases()
{
	atf_add_test_case features_are_ready_and_then_active_or_absent
	atf_add_test_case absent_feature_says_why_and_what_is_done
	atf_add_test_case lost_program_is_told_and_nothing_is_done
	atf_add_test_case switch_is_in_the_test_build_alone
}
