# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# What a jail may use of the machine: each limit bites, early and late.

# needs controller file: where the file is for jail 1, in FILE.
needs()
{
	FILE=$(awk -v c="$1" '$3 == "cgroup" && $4 ~ "(^|,)" c "(,|$)" {
		print $2; exit }' /proc/mounts)
	if [ -z "$FILE" ]; then
		FILE=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
		grep -qw "$1" "$FILE/cgroup.controllers" ||
		    vnet_lacks "$1" "no controller, and no v1 hierarchy"
	fi
	FILE=$FILE/$JAIL_INSTANCE/1/$2
}

atf_test_case pids_max_keeps_a_jail_from_forking cleanup
pids_max_keeps_a_jail_from_forking_body()
{
	vnet_instance
	needs pids pids.current
	atf_check -o ignore jail -c name=a persist pids.max=5
	atf_check -s exit:0 jexec a sh -c 'sleep 0 & sleep 0 & wait'
	atf_check -s not-exit:0 -e match:'[Cc]annot fork' jexec a sh -c \
	    'for i in 1 2 3 4 5 6; do sleep 100 >/dev/null 2>&1 & done; wait'
	atf_check jailkill -s KILL a
	atf_check -o ignore jail -m name=a pids.max=0
	atf_check jexec a sh -c \
	    'for i in 1 2 3 4 5 6; do sleep 0 & done; wait'
}
pids_max_keeps_a_jail_from_forking_cleanup()
{
	vnet_cleanup
}

# Of what was in the jail before, too.
atf_test_case limit_is_for_processes_that_are_there cleanup
limit_is_for_processes_that_are_there_body()
{
	vnet_instance
	needs pids cgroup.procs
	jail -q -c name=a command=sh -c 'sleep 100 & sleep 100; :' &
	vnet_pid $!
	wait_until sh -c '[ "$(jls -j a processes)" = 3 ]' 2>/dev/null
	atf_check -o ignore jail -m name=a pids.max=4
	# And the one that keeps the jail.
	atf_check -o inline:'4\n' sh -c "wc -l <'$FILE'"
	atf_check -s not-exit:0 -e match:'[Cc]annot fork' jexec a sh -c \
	    'sleep 0 & sleep 0 & wait'
	# So it is when one who was killed has made the group and no more.
	needs cpuset cgroup.procs
	mkdir -p "${FILE%/*}"
	atf_check -o ignore jail -m name=a cpuset.cpus=0
	atf_check -o inline:'4\n' sh -c "wc -l <'$FILE'"
}
limit_is_for_processes_that_are_there_cleanup()
{
	vnet_cleanup
}

atf_test_case mem_max_ends_who_takes_more cleanup
mem_max_ends_who_takes_more_body()
{
	vnet_instance
	needs memory cgroup.procs
	atf_check -o ignore jail -c name=a persist mem.max=32m
	atf_check -o inline:'33554432\n' jls mem.max
	# A whole block at once is in memory.
	atf_check -s exit:137 -e ignore jexec a \
	    dd if=/dev/zero of=/dev/null bs=200M count=1
	atf_check -o ignore jail -m name=a mem.max=0
	atf_check -e ignore jexec a \
	    dd if=/dev/zero of=/dev/null bs=200M count=1
	atf_check -o match:'^[0-9][0-9]*$' jls mem.usage
}
mem_max_ends_who_takes_more_cleanup()
{
	vnet_cleanup
}

throttled()
{
	[ "$(awk '$1 == "nr_throttled" { print $2 }' "$FILE")" -gt 0 ]
}

atf_test_case cpu_max_holds_a_jail_back cleanup
cpu_max_holds_a_jail_back_body()
{
	vnet_instance
	needs cpu cpu.stat
	# So little that it is too little on a busy machine, too.
	atf_check -o ignore jail -c name=a persist cpu.max=2
	jexec a sh -c 'while :; do :; done' &
	vnet_pid $!
	wait_until throttled || atf_fail "it is not held back: $(cat "$FILE")"
	[ "$(jls cpu.usage)" -gt 0 ] || atf_fail "it has used nothing"
}
cpu_max_holds_a_jail_back_cleanup()
{
	vnet_cleanup
}

atf_test_case jails_weigh_alike_from_the_beginning cleanup
jails_weigh_alike_from_the_beginning_body()
{
	vnet_instance
	needs cpu .
	atf_check -o ignore jail -c name=a persist
	case $(cat "$FILE/cpu.shares" "$FILE/cpu.weight" 2>/dev/null) in
	1024|100)
		;;
	*)
		atf_fail "it has no weight: $(ls "$FILE")"
		;;
	esac
}
jails_weigh_alike_from_the_beginning_cleanup()
{
	vnet_cleanup
}

atf_test_case cpuset_is_what_programs_see cleanup
cpuset_is_what_programs_see_body()
{
	vnet_instance
	needs cpuset cpuset.cpus
	cpus=$(awk '/^Cpus_allowed_list/ { print $2 }' /proc/self/status)
	first=${cpus%%[,-]*}
	seen='s/^Cpus_allowed_list:[[:space:]]*//p'
	atf_check -o ignore jail -c name=a persist cpuset.cpus="$first"
	atf_check -o inline:"$first\n" jexec a sed -n "$seen" /proc/self/status
	atf_check -o ignore jail -m name=a cpuset.cpus=
	atf_check -o not-inline:"\n" jexec a sed -n "$seen" /proc/self/status
}
cpuset_is_what_programs_see_cleanup()
{
	vnet_cleanup
}

refused()
{
	atf_check -s exit:1 -e inline:"jail: $1\n" jail -m name=a $2
}

atf_test_case change_that_fails_leaves_the_old_limits cleanup
change_that_fails_leaves_the_old_limits_body()
{
	vnet_instance
	needs cpuset cpuset.cpus
	needs pids pids.max
	atf_check -o ignore jail -c name=a persist pids.max=9
	cp "$FILE" before
	atf_check -s exit:1 -e match:'^jail: cpuset.cpus: 9999: ' \
	    jail -m name=a pids.max=100 cpuset.cpus=9999
	atf_check -o file:before cat "$FILE"
	atf_check -s exit:1 -e match:'^jail: cpuset.cpus: 9999: ' \
	    jail -c name=b persist pids.max=100 cpuset.cpus=9999
	refused 'cpu.max: -1 is not between 0 and 1000000' cpu.max=-1
	refused 'cpu.max: not a number: "1.5"' cpu.max=1.5
	refused 'pids.max: -1 is not between 0 and 4194304' pids.max=-1
	for cpus in all , -; do
		refused "cpuset.cpus: $cpus: numbers of processors with , \
and - between, like 0-3,5" cpuset.cpus=$cpus
	done
	for size in 1x k 1mm -1 1.5g; do
		refused "mem.max: not a number, with k, m, g or t behind: \
\"$size\"" mem.max=$size
	done
	for size in 99999999999999999999 9999999t; do
		refused "mem.max: number is too large: \"$size\"" mem.max=$size
	done
	atf_check -o inline:'a 0 "" 0 9\n' \
	    jls name cpu.max cpuset.cpus mem.max pids.max
	atf_check jailstate -c
}
change_that_fails_leaves_the_old_limits_cleanup()
{
	vnet_cleanup
}

# Its pids are those of others there, or none.
atf_test_case other_pid_namespace_moves_nobody cleanup
other_pid_namespace_moves_nobody_body()
{
	vnet_instance
	needs pids cgroup.procs
	grep -q '^[^ ]* [^ ]* cgroup .*pids' /proc/mounts ||
	    vnet_lacks pids "on cgroup v2 nobody is moved"
	jail -q -c name=a command=sleep 100 &
	vnet_pid $!
	wait_until sh -c '[ "$(jls -j a processes)" = 1 ]' 2>/dev/null
	atf_check -s exit:1 -e match:'^jail: .* not in this pid namespace: ' \
	    unshare -pf --mount-proc jail -m name=a pids.max=9
	atf_check -o inline:'0\n' jls -j a pids.max
	atf_check -o ignore jail -m name=a pids.max=9
	atf_check -o inline:'2\n' sh -c "wc -l <'$FILE'"
}
other_pid_namespace_moves_nobody_cleanup()
{
	vnet_cleanup
}

# (vnet_cleanup looks at all hierarchies.)
atf_test_case nothing_is_left_on_any_hierarchy cleanup
nothing_is_left_on_any_hierarchy_body()
{
	vnet_instance
	for controller in cpu cpuset memory pids; do
		needs $controller x
	done
	atf_check -o ignore jail -c name=a persist cpu.max=100 mem.max=1g \
	    pids.max=100 cpuset.cpus=0
	atf_check jexec a true
	atf_check -o ignore jail -r a
	atf_check find /sys/fs/cgroup -path "*/$JAIL_INSTANCE/1"
}
nothing_is_left_on_any_hierarchy_cleanup()
{
	vnet_cleanup
}

atf_init_test_cases()
{
	PATH=$PATH:$(atf_get_srcdir)/../../lib/libjail
	atf_add_test_case pids_max_keeps_a_jail_from_forking
	atf_add_test_case limit_is_for_processes_that_are_there
	atf_add_test_case mem_max_ends_who_takes_more
	atf_add_test_case cpu_max_holds_a_jail_back
	atf_add_test_case jails_weigh_alike_from_the_beginning
	atf_add_test_case cpuset_is_what_programs_see
	atf_add_test_case change_that_fails_leaves_the_old_limits
	atf_add_test_case other_pid_namespace_moves_nobody
	atf_add_test_case nothing_is_left_on_any_hierarchy
}
