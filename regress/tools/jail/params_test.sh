# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# The parameters of jail(8), as they are seen from outside and inside.

# jailstate, which reads the kernel's tables itself, is a test program.
begin()
{
	"$@"
	PATH=$PATH:$(atf_get_srcdir)/../../lib/libjail
}

# Start a jail on the vnet's host and let it run; its pid is VNET_PID.
spawn()
{
	vnet_spawn host jail "$@"
}

has_line()
{
	[ -e "$2" ] && grep -q "$1" "$2"
}

atf_test_case name_is_changed_by_jid cleanup
name_is_changed_by_jid_body()
{
	begin vnet_instance
	atf_check -o ignore jail -c name=old persist
	atf_check -o inline:'new: modified\n' jail -m jid=1 name=new
	atf_check -o inline:'1 new\n' jls jid name
	atf_check -s exit:1 -e inline:'jail: jail "old" not found\n' \
	    jail -r old
	# The old name is free, the new one is not, and its own is no change.
	atf_check -o inline:'old: created\n' jail -c name=old persist
	atf_check -s exit:1 -e inline:'jail: jail "new" already exists\n' \
	    jail -m name=new jid=2
	atf_check -o inline:'new: modified\n' jail -m jid=1 name=new
	atf_check -o inline:'1: modified\n' jail -m jid=1 name=1
	atf_check -o inline:'1 1\n2 old\n' jls jid name
	atf_check jailstate -c
}
name_is_changed_by_jid_cleanup()
{
	vnet_cleanup
}

atf_test_case name_may_have_255_bytes cleanup
name_may_have_255_bytes_body()
{
	begin vnet_instance
	name=$(printf '%0254d' 0)x
	atf_check -o inline:"$name: created\n" jail -c name=$name persist
	atf_check -o inline:"$name: removed\n" jail -r $name
	atf_check -o inline:'a b-c_d,e/ü: created\n' \
	    jail -c name='a b-c_d,e/ü' persist
	atf_check jailstate -c
}
name_may_have_255_bytes_cleanup()
{
	vnet_cleanup
}

atf_test_case hostname_is_seen_inside cleanup
hostname_is_seen_inside_body()
{
	begin vnet_instance
	atf_check -o inline:'a\n' jail -q -c name=a command=hostname
	atf_check -o inline:'h.example\n' \
	    jail -q -c host.hostname=h.example command=hostname
	name=$(printf '%0254d' 0)x
	atf_check -o inline:"$(printf '%064d' 0)\n" jail -q -c name=$name \
	    command=hostname
	long=$(printf '%063d' 0)x
	atf_check -o inline:"$long\n" jail -q -c host.hostname=$long \
	    command=hostname
	atf_check -s exit:1 \
	    -e inline:'jail: host.hostname: longer than 64 bytes\n' \
	    jail -c host.hostname=x$long persist
}
hostname_is_seen_inside_cleanup()
{
	vnet_cleanup
}

atf_test_case hostname_is_changed_in_a_running_jail cleanup
hostname_is_changed_in_a_running_jail_body()
{
	begin vnet_init
	spawn -q -c name=a command=sh -c 'for i in $(seq 500); do
		hostname; sleep 0.02; done' >out
	host=$(hostname)
	wait_until has_line '^a$' out || atf_fail "the jail does not start"
	atf_check -o inline:'a: modified\n' jail -m name=a host.hostname=b.c
	wait_until has_line '^b.c$' out || atf_fail "it does not change"
	atf_check -o inline:'b.c\n' jls host.hostname
	# A change of something else leaves it, and the host's is its own.
	atf_check -o ignore jail -m name=a ip4.addr=192.0.2.5
	atf_check -o inline:'b.c\n' jexec a hostname
	atf_check -o inline:"$host\n" hostname
	atf_check -o ignore jail -r a
}
hostname_is_changed_in_a_running_jail_cleanup()
{
	vnet_cleanup
}

# A recorded pid may be another process's by now; that one is left alone.
atf_test_case hostname_of_a_jail_without_processes_is_nobody_elses cleanup
hostname_of_a_jail_without_processes_is_nobody_elses_body()
{
	begin vnet_instance
	atf_check -o inline:'host\n' unshare --uts --pid --fork --mount-proc \
	    sh -c '
		hostname host
		jail -q -c name=a persist command=true
		pid=$(ps -e -o pid= -o comm= | sed -n "s/ *jailinit//p")
		kill -KILL $pid
		for i in $(seq 100); do
			[ -e /proc/$((pid)) ] || break
			sleep 0.02
		done
		echo $((pid - 1)) >/proc/sys/kernel/ns_last_pid
		sleep 1000 &
		[ $! -eq $((pid)) ] || echo "the pid is not used again"
		jail -q -m name=a host.hostname=jail
		hostname
		jail -q -r a'
}
hostname_of_a_jail_without_processes_is_nobody_elses_cleanup()
{
	vnet_cleanup
}

atf_test_case path_is_the_root cleanup
path_is_the_root_body()
{
	begin vnet_instance
	mkdir dir
	ln -s dir link
	for path in dir ./dir/ link "$PWD/../$(basename "$PWD")/dir"; do
		atf_check jail -q -c name=a path="$path" persist
		atf_check -o inline:"$(realpath dir)\n" jls -j a path
		atf_check -o ignore jail -r a
	done
	atf_check jail -q -c name=a persist
	atf_check -o inline:'/\n' jls -j a path
	atf_check jail -q -m name=a path=/
	atf_check -s exit:1 \
	    -e inline:'jail: path cannot be changed after creation\n' \
	    jail -m name=a path=dir
}
path_is_the_root_cleanup()
{
	vnet_cleanup
}

# What a family of addresses is, by its parameters: the mode that jls shows, the
# addresses, and what a UDP socket in the jail gets.
check_family()
{
	local expect family

	family=$1
	expect=$2
	shift 2
	atf_check jail -q -c name=a persist "$@"
	atf_check -o inline:"$expect\n" jls -j a $family $family.addr
	atf_check -o ignore jail -r a
}

atf_test_case families_are_new_inherited_or_disabled cleanup
families_are_new_inherited_or_disabled_body()
{
	begin vnet_instance
	check_family ip4 'disable -'
	check_family ip4 'disable -' ip4=disable
	check_family ip4 'disable -' ip4=new
	check_family ip4 'disable -' ip4.addr=
	check_family ip4 'disable -' ip4=disable ip4.addr=
	check_family ip4 'inherit -' ip4=inherit
	check_family ip4 'new 192.0.2.5' ip4.addr=192.0.2.5
	check_family ip4 'new 192.0.2.5' ip4=new ip4.addr=192.0.2.5
	check_family ip6 'disable -' ip4.addr=192.0.2.5
	check_family ip6 'disable -' ip6=disable
	check_family ip6 'inherit -' ip6=inherit ip4=disable
	check_family ip6 'new 2001:db8::5' ip6.addr=2001:DB8:0::5
	check_family ip4 'new 192.0.2.9,192.0.2.5,192.0.2.7' \
	    ip4.addr=192.0.2.9,192.0.2.5,192.0.2.7
}
families_are_new_inherited_or_disabled_cleanup()
{
	vnet_cleanup
}

atf_test_case mode_of_a_family_cannot_be_changed cleanup
mode_of_a_family_cannot_be_changed_body()
{
	begin vnet_instance
	atf_check jail -q -c name=a ip4.addr=192.0.2.5 ip6=inherit persist
	atf_check -s exit:1 \
	    -e inline:'jail: ip4 cannot be changed after creation\n' \
	    jail -m name=a ip4=inherit
	for mode in new disable; do
		atf_check -s exit:1 \
		    -e inline:'jail: ip6 cannot be changed after creation\n' \
		    jail -m name=a ip6=$mode
	done
	atf_check -s exit:1 -e match:'^jail: ip6.addr: the jail has all' \
	    jail -m name=a ip6.addr=2001:db8::5
	atf_check -s exit:1 -e match:'^jail: ip4.addr: the jail has all' \
	    jail -c ip4=inherit ip4.addr=192.0.2.6 persist
	atf_check -s exit:1 -e match:'^jail: ip4.addr: .*ip4=disable' \
	    jail -c ip4=disable ip4.addr=192.0.2.6 persist
	atf_check jail -q -m name=a ip4=new ip6=inherit ip4.addr=192.0.2.6
	atf_check -o inline:'192.0.2.6 inherit\n' jls ip4.addr ip6
}
mode_of_a_family_cannot_be_changed_cleanup()
{
	vnet_cleanup
}

# In a shell in the jail a UDP socket connects to the peer: the local address
# that it gets, or no.
udp_source()
{
	cat <<-END
	exec 2>/dev/null
	exec 3<>/dev/udp/$1/4321 || { echo no; exit; }
	awk -v port=10E1 '\$3 ~ ":" port "\$" { print \$2 }' \
	    /proc/net/udp /proc/net/udp6 | cut -d: -f1
	END
}

hex4()
{
	local IFS

	IFS=.
	set -- $1
	printf '%02X%02X%02X%02X' $4 $3 $2 $1
}

check_source()
{
	atf_check -o inline:"$1\n" vnet_host jexec a bash -c \
	    "$(udp_source "$2")"
}

atf_test_case families_are_what_sockets_get cleanup
families_are_what_sockets_get_body()
{
	begin vnet_init
	vnet_addr 192.0.2.11 2001:db8::11
	jail -q -c name=a persist ip4.addr=192.0.2.11
	check_source $(hex4 192.0.2.11) $VNET_PEER4
	check_source no $VNET_PEER6
	jail -q -m name=a ip4.addr= ip6.addr=2001:db8::11
	check_source no $VNET_PEER4
	check_source B80D0120000000000000000011000000 $VNET_PEER6
	jail -q -r a
	jail -q -c name=a persist ip4=inherit
	check_source $(hex4 $VNET_HOST4) $VNET_PEER4
	check_source no $VNET_PEER6
}
families_are_what_sockets_get_cleanup()
{
	vnet_cleanup
}

atf_test_case saddrsel_prefers_the_address_on_the_destinations_network cleanup
saddrsel_prefers_the_address_on_the_destinations_network_body()
{
	begin vnet_init
	vnet_addr 192.0.2.11 192.0.2.12
	ip -n "$VNET_HOST" addr add 198.51.100.11/24 dev "$VNET_HOSTIF"
	vnet_host jail -q -c name=a persist \
	    ip4.addr=192.0.2.11,192.0.2.12,198.51.100.11
	check_source $(hex4 192.0.2.11) $VNET_PEER4
	check_source $(hex4 198.51.100.11) 198.51.100.254
	check_source $(hex4 192.0.2.11) 203.0.113.1
	jail -q -m name=a ip4.nosaddrsel
	check_source $(hex4 192.0.2.11) 198.51.100.254
	jail -q -m name=a ip4.saddrsel
	check_source $(hex4 198.51.100.11) 198.51.100.254
	jail -q -r a
	vnet_host jail -q -c name=a persist ip4.saddrsel=false \
	    ip4.addr=192.0.2.12,198.51.100.11
	check_source $(hex4 192.0.2.12) 198.51.100.254
}
saddrsel_prefers_the_address_on_the_destinations_network_cleanup()
{
	vnet_cleanup
}

atf_test_case saddrsel_prefers_the_ipv6_address_too cleanup
saddrsel_prefers_the_ipv6_address_too_body()
{
	begin vnet_init
	vnet_addr 2001:db8::11
	ip -n "$VNET_HOST" addr add 2001:db8:1::11/64 dev "$VNET_HOSTIF" nodad
	vnet_host jail -q -c name=a persist \
	    ip6.addr=2001:db8::11,2001:db8:1::11
	check_source B80D0120000000000000000011000000 $VNET_PEER6
	check_source B80D0120000001000000000011000000 2001:db8:1::fe
	jail -q -m name=a ip6.nosaddrsel
	check_source B80D0120000000000000000011000000 2001:db8:1::fe
}
saddrsel_prefers_the_ipv6_address_too_cleanup()
{
	vnet_cleanup
}

# Has the jail been refused so many packets?
is_refused()
{
	[ "$(jls -j a refused)" -ge $1 ]
}

# From now on nothing comes back to the ping that writes this file.
check_silence()
{
	local refused replies

	refused=$(jls -j a refused)
	wait_until is_refused $((refused + 1)) || atf_fail "$1 goes on"
	replies=$(grep -c 'bytes from' $1)
	wait_until is_refused $((refused + 5)) || atf_fail "$1 goes on"
	atf_check -o inline:"$replies\n" grep -c 'bytes from' $1
}

# A process that is running gains and loses addresses at the next packet.
atf_test_case addresses_of_a_running_jail_change_at_once cleanup
addresses_of_a_running_jail_change_at_once_body()
{
	begin vnet_init
	vnet_addr 192.0.2.11 192.0.2.12 2001:db8::11 2001:db8::12
	spawn -q -c name=a allow.raw_sockets ip4.addr=192.0.2.11 \
	    ip6.addr=2001:db8::11 command=sh -c "
		cd '$PWD'
		ping -n -i 0.1 -W 1 -I 2001:db8::11 $VNET_PEER6 >>out6 2>&1 &
		exec ping -n -i 0.1 -W 1 -I 192.0.2.11 $VNET_PEER4 >>out4 2>&1"
	wait_until has_line 'bytes from' out4 || atf_fail "IPv4 does not start"
	wait_until has_line 'bytes from' out6 || atf_fail "IPv6 does not start"
	# (Each ping has asked to be told of errors, in vain, and that of IPv6 is
	# not told who solicits neighbours.)
	atf_check -o match:'^[2-9]$' jls -j a refused
	atf_check jail -q -m name=a ip4.addr=192.0.2.12
	check_silence out4
	# And back again, as the second of a set, while IPv6 goes on.
	: >out4
	: >out6
	atf_check jail -q -m name=a ip4.addr=192.0.2.12,192.0.2.11
	wait_until has_line 'bytes from' out4 || atf_fail "IPv4 stays away"
	wait_until has_line 'bytes from' out6 || atf_fail "IPv6 went too"
	atf_check jail -q -m name=a ip6.addr=2001:db8::12
	check_silence out6
	atf_check jail -q -r a
	atf_check jailstate -c
}
addresses_of_a_running_jail_change_at_once_cleanup()
{
	vnet_cleanup
}

atf_test_case raw_sockets_need_a_permission cleanup
raw_sockets_need_a_permission_body()
{
	local ping

	begin vnet_init
	vnet_addr 192.0.2.11
	# A copy has no file capabilities, without which it could not be run.
	cp "$(command -v ping)" ping
	ping="jexec a $PWD/ping -n -c 1 -W 5 -I 192.0.2.11 $VNET_PEER4"
	# Not even the ping socket that is open to all without a capability.
	vnet_host sysctl -q -w net.ipv4.ping_group_range='1 0'
	jail -q -c name=a persist ip4.addr=192.0.2.11
	atf_check -s exit:2 -e match:'not permitted' vnet_host $ping
	jail -q -m name=a allow.raw_sockets
	atf_check -o match:'1 received' vnet_host $ping
	jail -q -m name=a allow.raw_sockets=0
	atf_check -s exit:2 -e match:'not permitted' vnet_host $ping
	jail -q -m name=a allow.raw_sockets=true
	atf_check -o match:'1 received' vnet_host $ping
	jail -q -m name=a allow.noraw_sockets
	atf_check -s exit:2 -e match:'not permitted' vnet_host $ping
}
raw_sockets_need_a_permission_cleanup()
{
	vnet_cleanup
}

# Give a list, and have it said in the shorter one of its two forms.
list_is()
{
	atf_check jail -q -m name=a "$1=$2"
	atf_check -o inline:"$3\n" jls -j a "$1"
	atf_check jail -q -m name=a "$1=$3"
	atf_check -o inline:"$3\n" jls -j a "$1"
}

list_is_bad()
{
	atf_check -s exit:1 -e inline:"jail: $1: $3\n" \
	    jail -q -m name=a "$1=$2"
	atf_check -o inline:"default\n" jls -j a "$1"
}

atf_test_case raw_policy_is_a_list_or_a_change cleanup
raw_policy_is_a_list_or_a_change_body()
{
	begin vnet_instance
	atf_check jail -q -c name=a persist
	atf_check -o inline:'default default default\n' \
	    jls -j a raw.protocols raw.icmp_types raw.icmp6_types
	list_is raw.protocols +gre,+41,-sctp +41,+47,-132
	list_is raw.protocols icmp,tcp,6-8,17 1,6-8,17
	list_is raw.protocols 0-255 0-255
	list_is raw.protocols none none
	list_is raw.protocols -0-255 none
	list_is raw.protocols default default
	list_is raw.icmp_types 8 8
	list_is raw.icmp_types +0-20,-8 0-7,9-20
	list_is raw.icmp_types 0,8,13 default
	list_is raw.icmp6_types +135 +135
	list_is raw.icmp6_types default default
	why="not a number from 0 to 255, or two with - between"
	for item in 256 1000 100200 x 1-256 7-3 1- 1-2-3 -1 1x 0x1 99999999999 echo; do
		list_is_bad raw.icmp_types "3,$item" "\"$item\": $why"
	done
	list_is_bad raw.icmp_types '3,' "\"\": $why"
	list_is_bad raw.icmp_types '' "\"\": $why"
	list_is_bad raw.icmp_types '+3,4' '"4" has no sign, but others have'
	list_is_bad raw.protocols nosuch "\"nosuch\": not a protocol's name,"\
' a number from 0 to 255, or two with - between'
	atf_check jailstate -c
}
raw_policy_is_a_list_or_a_change_cleanup()
{
	vnet_cleanup
}

# Where the instance's cpu cgroups are, and the file that has the weight.
find_cpu()
{
	CPU=$(awk '$3 == "cgroup" && $4 ~ /(^|,)cpu(,|$)/ { print $2; exit }' \
	    /proc/mounts)/$JAIL_INSTANCE
	WEIGHT=cpu.shares
	UNIT=1024
	if [ "$CPU" = "/$JAIL_INSTANCE" ]; then
		CPU=$(awk '$3 == "cgroup2" { print $2; exit }' \
		    /proc/mounts)/$JAIL_INSTANCE
		WEIGHT=cpu.weight
		UNIT=100
		grep -q cpu "${CPU%/*}/cgroup.controllers" ||
		    vnet_lacks cpu-v2 "no controller, and no v1 hierarchy"
	fi
}

atf_test_case cpu_shares_are_the_cgroups_weight cleanup
cpu_shares_are_the_cgroups_weight_body()
{
	begin vnet_instance
	find_cpu
	atf_check jail -q -c name=a persist cpu.shares=200
	atf_check -o inline:"$((2 * UNIT))\n" cat "$CPU/1/$WEIGHT"
	for shares in 1 100 10000; do
		atf_check jail -q -m name=a cpu.shares=$shares
		atf_check -o inline:"$((shares * UNIT / 100))\n" \
		    cat "$CPU/1/$WEIGHT"
		atf_check -o inline:"$shares\n" jls cpu.shares
	done
	for shares in 0 10001 -1; do
		atf_check -s exit:1 -e inline:"jail: cpu.shares: $shares is \
not between 1 and 10000\n" jail -m name=a cpu.shares=$shares
	done
	atf_check -s exit:1 \
	    -e inline:'jail: cpu.shares: not a number: "1x"\n' \
	    jail -m name=a cpu.shares=1x
	# A jail that asks for nothing has what the kernel gives to a group.
	atf_check jail -q -c name=b persist
	atf_check -o inline:'10000\n100\n' jls cpu.shares
	atf_check -o inline:"$UNIT\n" cat "$CPU/2/$WEIGHT"
}
cpu_shares_are_the_cgroups_weight_cleanup()
{
	vnet_cleanup
}

# The time that a process has had, in nanoseconds.
cpu_time()
{
	cut -d ' ' -f 1 "/proc/$1/schedstat"
}

# The pid, as the host has it, of what runs in a jail beside its pid 1.
pid_in()
{
	local pid

	for pid in $(cat "$CPU/$1/cgroup.procs"); do
		grep -q jailinit "/proc/$pid/comm" || echo "$pid"
	done
}

is_busy()
{
	pid=$(pid_in $1)
	[ -n "$pid" ] && grep -q '^sh$' "/proc/$pid/comm" 2>/dev/null
}

# One processor and two jails, one of which has thrice the weight.
atf_test_case cpu_shares_are_the_processors_time cleanup
cpu_shares_are_the_processors_time_body()
{
	local before1 before2 cpu ratio

	begin vnet_init
	find_cpu
	cpu=$(taskset -c -p $$ | sed 's/.*: \([0-9]*\).*/\1/')
	for jail in '1 name=light cpu.shares=100' '2 name=heavy cpu.shares=300'
	do
		spawn -q -c ${jail#* } command=taskset -c $cpu \
		    sh -c 'while :; do :; done'
		wait_until is_busy ${jail%% *} || atf_fail "$jail is not busy"
	done
	before1=$(cpu_time $(pid_in 1))
	before2=$(cpu_time $(pid_in 2))
	sleep 2
	ratio=$(echo "$(cpu_time $(pid_in 1)) $(cpu_time $(pid_in 2))" | awk \
	    "{ print int(100 * (\$2 - $before2) / (\$1 - $before1)) }")
	jail -q -r light heavy
	echo "the heavy one had $ratio percent of the light one's time"
	[ $ratio -gt 200 ] && [ $ratio -lt 450 ] || atf_fail "$ratio percent"
}
cpu_shares_are_the_processors_time_cleanup()
{
	vnet_cleanup
}

atf_init_test_cases()
{
	atf_add_test_case name_is_changed_by_jid
	atf_add_test_case name_may_have_255_bytes
	atf_add_test_case hostname_is_seen_inside
	atf_add_test_case hostname_is_changed_in_a_running_jail
	atf_add_test_case hostname_of_a_jail_without_processes_is_nobody_elses
	atf_add_test_case path_is_the_root
	atf_add_test_case families_are_new_inherited_or_disabled
	atf_add_test_case mode_of_a_family_cannot_be_changed
	atf_add_test_case families_are_what_sockets_get
	atf_add_test_case \
	    saddrsel_prefers_the_address_on_the_destinations_network
	atf_add_test_case saddrsel_prefers_the_ipv6_address_too
	atf_add_test_case addresses_of_a_running_jail_change_at_once
	atf_add_test_case raw_sockets_need_a_permission
	atf_add_test_case raw_policy_is_a_list_or_a_change
	atf_add_test_case cpu_shares_are_the_cgroups_weight
	atf_add_test_case cpu_shares_are_the_processors_time
}
