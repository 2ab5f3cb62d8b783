# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# What jail(8) does where a layer of the confinement is missing: it says which,
# makes no jail, and leaves nothing behind.

# jailstate, which reads the kernel's tables itself, and without, which takes a
# type of program away, are test programs.
begin()
{
	PATH=$PATH:$(atf_get_srcdir)/../../lib/libjail:$(atf_get_srcdir)
	vnet_instance
}

atf_test_case layers_are_ready_and_then_active cleanup
layers_are_ready_and_then_active_body()
{
	begin
	jail -V >out
	atf_check -o inline:"netjail $(jail --version | sed 's/.* //'), \
$(uname -srm)\n" head -n 1 out
	atf_check -o inline:'24\n' -x \
	    'sed 1d out | grep "^cgroup[_/]\|^sockops\|^sk_lookup" |
	    grep -c " ready "'
	atf_check -s exit:1 grep -w missing out
	atf_check jailstate
	atf_check -o ignore jail -c name=a persist
	jail -V >out || atf_fail "a layer is missing"
	atf_check -s exit:1 grep -w -e missing -e ready out
	for layer in cgroup2 btf cgroup_skb/egress cgroup_skb/ingress \
	    cgroup/sock_create cgroup/bind4 cgroup/bind6 cgroup/connect4 \
	    cgroup/connect6 cgroup/sendmsg4 cgroup/sendmsg6 \
	    cgroup/post_bind4 cgroup/post_bind6 cgroup/getsockname4 \
	    cgroup/getsockname6 cgroup/getpeername4 cgroup/getpeername6 \
	    cgroup/recvmsg4 cgroup/recvmsg6 cgroup/sock_release sockops \
	    cgroup/setsockopt cgroup/getsockopt cgroup/dev cgroup/sysctl \
	    sk_lookup namespaces capabilities seccomp; do
		atf_check -o ignore grep "^$layer  *active  *[A-Za-z]" out
	done
}
layers_are_ready_and_then_active_cleanup()
{
	vnet_cleanup
}

# A command fails with one line that begins so.
check_refused()
{
	local line

	line=$1
	shift
	atf_check -s exit:1 -e save:message "$@"
	atf_check -o ignore grep "^$line" message
	atf_check -o inline:'1\n' -x 'wc -l <message'
}

# What a machine says of which this script takes something away.
check_machine()
{
	local machine

	machine='unshare --mount --pid --fork --mount-proc sh -e -c'
	check_refused "jail: $1" $machine \
	    "$2; exec jail -c name=a ip4.addr=192.0.2.5 persist"
	atf_check jailstate
	check_refused "jail: $1" $machine \
	    "$2; exec jail -c command=/bin/echo it runs"
	atf_check jailstate
	atf_check -s exit:1 -o match:"^$3 +missing .*: $4" \
	    $machine "$2; jail -V"
}

atf_test_case cgroup_v2_is_needed cleanup
cgroup_v2_is_needed_body()
{
	begin
	check_machine 'no cgroup v2 hierarchy is mounted' \
	    'umount -a -t cgroup2' cgroup2 'no cgroup v2'
}
cgroup_v2_is_needed_cleanup()
{
	vnet_cleanup
}

atf_test_case btf_is_needed cleanup
btf_is_needed_body()
{
	begin
	check_machine 'the kernel has no BTF' \
	    'mount -t tmpfs none /sys/kernel/btf' btf 'the kernel'
}
btf_is_needed_cleanup()
{
	vnet_cleanup
}

atf_test_case bpffs_is_mounted_if_it_is_not cleanup
bpffs_is_mounted_if_it_is_not_body()
{
	begin
	atf_check -o inline:'a: created\n1 a\nbpf\n' \
	    unshare --mount --pid --fork --mount-proc sh -e -c '
		umount -a -t bpf
		jail -c name=a persist
		jls jid name
		stat -f -c %T /sys/fs/bpf | sed s/_fs//
		jail --destroy'
}
bpffs_is_mounted_if_it_is_not_cleanup()
{
	vnet_cleanup
}

atf_test_case every_type_of_program_is_needed cleanup
every_type_of_program_is_needed_body()
{
	local command layer type

	begin
	for pair in cgroup_skb=cgroup_skb/egress \
	    cgroup_sock=cgroup/sock_create cgroup_sock_addr=cgroup/bind4 \
	    cgroup_device=cgroup/dev cgroup_sysctl=cgroup/sysctl; do
		type=${pair%=*}
		layer=${pair#*=}
		for command in persist 'command=/bin/echo it runs'; do
			check_refused "jail: .*$layer" \
			    without $type jail -c $command
			atf_check jailstate
		done
		atf_check -s exit:1 -o match:"^$layer +missing .*: \
the kernel lacks this program type" without $type jail -V
	done
	# The tool that takes them away does not make everything fail.
	atf_check -o ignore without cgroup_skb jail -r '*'
	atf_check -o ignore jail -c name=a persist
	atf_check -o inline:'b: created\n' without cgroup_skb \
	    jail -c name=b persist
}
every_type_of_program_is_needed_cleanup()
{
	vnet_cleanup
}

atf_test_case lost_link_is_told_and_nothing_is_done cleanup
lost_link_is_told_and_nothing_is_done_body()
{
	local pins

	begin
	pins=/sys/fs/bpf/$JAIL_INSTANCE
	for pair in in_bind4=cgroup/bind4 ip_output=cgroup_skb/egress \
	    kern_socreate=cgroup/sock_create kern_sysctl=cgroup/sysctl \
	    in_bound4=cgroup/post_bind4 in_sockops=sockops; do
		link=${pair%=*}
		layer=${pair#*=}
		atf_check jail -q -c name=a ip4.addr=192.0.2.5 persist
		rm "$pins/links/$link"
		jailstate >before
		for args in '-c name=b persist' '-c command=/bin/echo it runs' \
		    '-m name=a persist' '-r a'; do
			check_refused "jail: layer $layer: was detached" \
			    jail $args
		done
		check_refused "jls: layer $layer: was detached" jls
		check_refused "jexec: layer $layer: was detached" jexec a true
		atf_check -o file:before jailstate
		atf_check -s exit:1 -o match:"^$layer +missing .*: was det" \
		    jail -V
		atf_check jail --destroy
		atf_check jailstate
	done
	atf_check -o inline:'a: created\n' jail -c name=a persist
}
lost_link_is_told_and_nothing_is_done_cleanup()
{
	vnet_cleanup
}

atf_test_case lost_table_is_told_and_nothing_is_done cleanup
lost_table_is_told_and_nothing_is_done_body()
{
	local pins

	begin
	pins=/sys/fs/bpf/$JAIL_INSTANCE
	for table in prisons ip4_owners jail_globals; do
		atf_check jail -q -c name=a ip4.addr=192.0.2.5 persist
		rm "$pins/$table"
		for args in '-c name=b persist' '-m name=a persist' '-r a'; do
			check_refused "jail: $pins/$table: " jail $args
		done
		atf_check jail --destroy
		atf_check jailstate
	done
}
lost_table_is_told_and_nothing_is_done_cleanup()
{
	vnet_cleanup
}

# Somebody removed the cgroups by hand, and the pins tell of jails that are no
# more.
atf_test_case lost_cgroups_are_forgotten cleanup
lost_cgroups_are_forgotten_body()
{
	local cgroup

	begin
	cgroup=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	atf_check jail -q -c name=a ip4.addr=192.0.2.5 persist
	atf_check rmdir "$cgroup/$JAIL_INSTANCE/1"
	atf_check -e ignore -o ignore -s ignore jls
	atf_check rmdir "$cgroup/$JAIL_INSTANCE"
	atf_check jls jid
	atf_check -o inline:'a: created\n' jail -c name=a persist \
	    ip4.addr=192.0.2.5
	atf_check jailstate -c
}
lost_cgroups_are_forgotten_cleanup()
{
	vnet_cleanup
}

# A first jail that is refused loads nothing.
atf_test_case first_jail_that_is_refused_leaves_nothing cleanup
first_jail_that_is_refused_leaves_nothing_body()
{
	begin
	for args in 'ip4.addr=0.0.0.0 persist' 'name=17 persist' \
	    'path=/nonexistent persist' 'name=a' 'jid=-1 command=/bin/true'; do
		check_refused 'jail: ' jail -c $args
		atf_check jailstate
	done
	check_refused 'jail: ' jail -cm name=17 persist
	atf_check jailstate
	check_refused 'jail: ' jail -m name=a persist
	check_refused 'jail: ' jail -r a
	atf_check jls jid
	atf_check jailstate
}
first_jail_that_is_refused_leaves_nothing_cleanup()
{
	vnet_cleanup
}

atf_test_case jails_are_the_same_under_ip_netns_and_nsenter cleanup
jails_are_the_same_under_ip_netns_and_nsenter_body()
{
	local netns

	begin
	vnet_init
	vnet_addr 192.0.2.11
	netns=/run/netns/$VNET_HOST
	# The first one also loads the kernel half from there.
	atf_check jail --destroy
	atf_check -o inline:'a: created\n' vnet_host \
	    jail -c name=a ip4.addr=192.0.2.11 persist
	atf_check -o inline:'b: created\n' nsenter --net="$netns" \
	    jail -c name=b ip4.addr=192.0.2.12 persist
	atf_check -o inline:'c: created\n' jail -c name=c persist
	for prefix in '' vnet_host "nsenter --net=$netns"; do
		atf_check -o inline:'a\nb\nc\n' $prefix jls name
		atf_check -o not-match:'missing|ready' $prefix jail -V
	done
	atf_check -s exit:1 -e match:'is an address of jail "a"' \
	    nsenter --net="$netns" jail -c ip4.addr=192.0.2.11,192.0.2.5 persist
	# A command's network is that of its jail(8).
	for prefix in vnet_host "nsenter --net=$netns"; do
		atf_check -o inline:"$(readlink /proc/self/ns/mnt | wc -l)\n" \
		    -x "$prefix jail -q -c command=readlink /proc/self/ns/net |
			grep -cxF \"\$($prefix readlink /proc/self/ns/net)\""
	done
	atf_check -o inline:'a: removed\n' vnet_host jail -r a
	atf_check nsenter --net="$netns" jail --destroy
	atf_check jailstate
}
jails_are_the_same_under_ip_netns_and_nsenter_cleanup()
{
	vnet_cleanup
}

# A weight needs a cpu controller: here neither the v1 hierarchy is mounted,
# nor can v2 have what v1 has.
atf_test_case cpu_shares_need_a_controller cleanup
cpu_shares_need_a_controller_body()
{
	begin
	grep -q 'cgroup .*[, ]cpu[, ]' /proc/mounts ||
	    vnet_lacks cpu-v1 "the hierarchy is not mounted"
	atf_check -o inline:'a: created\n' \
	    -e inline:'jail: cpu.shares: no cpu controller, neither on cgroup '\
'v2 nor on a v1 hierarchy\n' unshare --mount --pid --fork --mount-proc sh -e -c '
		awk "\$3 == \"cgroup\" && \$4 ~ /(^|,)cpu(,|\$)/ {
			print \$2 }" /proc/mounts | xargs umount
		jail -c name=a persist
		jail -m name=a cpu.shares=200 && echo "it can be had"
		jail --destroy'
}
cpu_shares_need_a_controller_cleanup()
{
	vnet_cleanup
}

atf_init_test_cases()
{
	atf_add_test_case layers_are_ready_and_then_active
	atf_add_test_case cgroup_v2_is_needed
	atf_add_test_case btf_is_needed
	atf_add_test_case bpffs_is_mounted_if_it_is_not
	atf_add_test_case every_type_of_program_is_needed
	atf_add_test_case lost_link_is_told_and_nothing_is_done
	atf_add_test_case lost_table_is_told_and_nothing_is_done
	atf_add_test_case lost_cgroups_are_forgotten
	atf_add_test_case first_jail_that_is_refused_leaves_nothing
	atf_add_test_case jails_are_the_same_under_ip_netns_and_nsenter
	atf_add_test_case cpu_shares_need_a_controller
}
