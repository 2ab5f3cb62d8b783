# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# What a program that runs in a jail sees, with a root of its own and with the
# host's.

# Copy programs and what they need into root.
make_root()
{
	local file prog

	mkdir -p root/bin root/dev root/proc root/sys root/tmp root/run
	for prog; do
		prog=$(readlink -f "$(command -v "$prog")")
		cp "$prog" root/bin
		for file in $(ldd "$prog" | grep -o '/[^ ]*'); do
			mkdir -p "root/${file%/*}"
			cp -L "$file" "root/$file"
		done
	done
	ln -s dash root/bin/sh
}

# Both jails, own and host, and in each of them a command.
make_jails()
{
	vnet_instance
	make_root dash ls cat grep sleep readlink "$@"
	atf_check jail -q -c name=own path=root host.hostname=own persist
	atf_check jail -q -c name=host path=/ persist
}

atf_test_case root_is_the_jails_own cleanup
root_is_the_jails_own_body()
{
	make_jails
	echo host >marker
	atf_check -o inline:'bin\ndev\nlib\nlib64\nproc\nrun\nsys\ntmp\n' \
	    -x 'jexec own ls / | grep -v usr; [ -d root/lib64 ] ||
		echo lib64; [ -d root/lib ] || echo lib'
	for path in /.. /proc/1/.. /proc/self/root /tmp/../..; do
		atf_check -s exit:1 -o ignore jexec own \
		    sh -c "ls $path/ | grep -x etc"
		atf_check -s not-exit:0 -e match:'No such file' \
		    jexec own cat "$path$PWD/marker"
	done
	atf_check -o inline:'host\n' jexec host cat "$PWD/marker"
}
root_is_the_jails_own_cleanup()
{
	vnet_cleanup
}

atf_test_case E1_program_has_three_descriptors cleanup
E1_program_has_three_descriptors_body()
{
	make_jails
	for jail in own host; do
		atf_check -o inline:'0\n1\n2\n3\n' sh -c "
			exec 7</ 8>file 9<>/dev/null
			exec jexec $jail ls /proc/self/fd"
	done
	# The command of jail -c; 3 is what ls itself has.
	atf_check -o inline:'0\n1\n2\n3\n' sh -c '
		exec 5</proc 6</sys/fs/bpf
		exec jail -q -c path=root command=ls /proc/self/fd'
}
E1_program_has_three_descriptors_cleanup()
{
	vnet_cleanup
}

# CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP SYS_CHROOT, and
# NET_BIND_SERVICE; NET_RAW if it is allowed. Execution changes nothing of it.
atf_test_case program_of_root_has_few_capabilities cleanup
program_of_root_has_few_capabilities_body()
{
	make_jails
	for jail in own host; do
		for caps in 405fb 425fb; do
			atf_check -o inline:"CapInh:	0000000000000000
CapPrm:	00000000000$caps
CapEff:	00000000000$caps
CapBnd:	00000000000$caps
CapAmb:	0000000000000000
NoNewPrivs:	0
Seccomp:	2
" jexec $jail sh -c 'grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status'
			jail -q -m name=$jail allow.raw_sockets
		done
	done
}
program_of_root_has_few_capabilities_cleanup()
{
	vnet_cleanup
}

COMMS='for p in /proc/[0-9]*; do read -r comm <$p/comm; echo $comm; done'

# Has jexec(8) become what it executes?
sleeps_in()
{
	jexec "$1" sh -c "$COMMS" | grep -qx sleep
}

atf_test_case processes_of_a_jail_are_its_own cleanup
processes_of_a_jail_are_its_own_body()
{
	make_jails
	jexec host sleep 1000 &
	vnet_pid $!
	wait_until sleeps_in host || atf_fail "the sleeper does not start"
	atf_check -o inline:'jailinit\nsh\n' jexec own sh -c "$COMMS"
	atf_check -o inline:'jailinit\nsleep\nsh\n' jexec host sh -c "$COMMS"
}
processes_of_a_jail_are_its_own_cleanup()
{
	vnet_cleanup
}

# The host's sockets in /run are what it is managed by.
atf_test_case E15_run_of_the_host_is_not_seen cleanup
E15_run_of_the_host_is_not_seen_body()
{
	make_jails
	mkdir -p "/run/netjail-$VNET_ID"
	atf_check -o inline:"/run/netjail-$VNET_ID\n" \
	    ls -d "/run/netjail-$VNET_ID"
	atf_check jexec host ls -A /run
	rmdir "/run/netjail-$VNET_ID"
}
E15_run_of_the_host_is_not_seen_cleanup()
{
	if [ -e vnet.id ]; then
		rmdir "/run/netjail-$(cat vnet.id)" 2>/dev/null || :
	fi
	vnet_cleanup
}

# What comes to be mounted outside later is not seen inside.
atf_test_case later_mounts_are_not_seen cleanup
later_mounts_are_not_seen_body()
{
	make_jails
	atf_check jexec own ls /tmp
	mount -t tmpfs none root/tmp || atf_fail "cannot mount"
	: >root/tmp/late
	seen=$(jexec own ls /tmp)
	umount root/tmp
	[ -z "$seen" ] || atf_fail "$seen is seen"
}
later_mounts_are_not_seen_cleanup()
{
	umount root/tmp 2>/dev/null
	vnet_cleanup
}

# Many mounts that a jail has to be rid of, and their end: deleting its place
# unmounts one in every mount namespace.
mount_namespaces()
{
	for n in $(seq 100); do
		: >"ns$n"
		mount --bind /proc/self/ns/net "ns$n" ||
		    atf_fail "cannot mount a namespace"
	done
}

unmount_namespaces()
{
	umount ns* 2>/dev/null
	rm -f ns*
}

atf_test_case mounts_may_go_as_a_jail_starts cleanup
mounts_may_go_as_a_jail_starts_body()
{
	vnet_instance
	for i in $(seq 20); do
		mount_namespaces
		unmount_namespaces &
		atf_check jail -q -c command=/bin/true
		wait
	done
}
mounts_may_go_as_a_jail_starts_cleanup()
{
	unmount_namespaces
	vnet_cleanup
}

# It can be reached by nobody, and be unmounted by nobody either.
atf_test_case mount_may_be_under_another cleanup
mount_may_be_under_another_body()
{
	vnet_instance
	mkdir 'a b'
	mount -t tmpfs none 'a b' || atf_fail "cannot mount"
	: >'a b/ns'
	mount --bind /proc/self/ns/net 'a b/ns' ||
	    atf_fail "cannot mount a namespace"
	atf_check -o not-match:nsfs jail -q -c command=/bin/cat /proc/mounts
	mount -t tmpfs none 'a b' || atf_fail "cannot mount"
	atf_check jail -q -c command=/bin/true
	: >'a b/ns'
	atf_check jail -q -c command=/bin/true
	umount 'a b'
	atf_check -o not-match:nsfs jail -q -c command=/bin/cat /proc/mounts
}
mount_may_be_under_another_cleanup()
{
	while umount 'a b/ns' 2>/dev/null || umount 'a b' 2>/dev/null; do
		:
	done
	vnet_cleanup
}

atf_test_case tools_do_not_work_inside cleanup
tools_do_not_work_inside_body()
{
	make_jails jail jls jexec
	for jail in own host; do
		for command in jls 'jail -c name=inner persist' 'jail -r own' \
		    'jail --destroy' 'jexec own ls' 'jexec host ls'; do
			atf_check -s exit:1 -e save:message \
			    jexec $jail $command
			atf_check -o inline:'1\n' -x 'wc -l <message'
		done
	done
	atf_check -o inline:'host\nown\n' -x 'jls name | sort'
}
tools_do_not_work_inside_cleanup()
{
	vnet_cleanup
}

# The same path twice, and a root below another's.
atf_test_case roots_may_be_shared cleanup
roots_may_be_shared_body()
{
	make_jails
	atf_check jail -q -c name=second path=root host.hostname=second persist
	atf_check jexec own sh -c 'echo text >/tmp/file'
	atf_check -o inline:'text\n' jexec second cat /tmp/file
	# But neither its devices nor its shared memory.
	atf_check jexec own sh -c ': >/dev/shm/file'
	atf_check jexec second ls /dev/shm
}
roots_may_be_shared_cleanup()
{
	vnet_cleanup
}

atf_init_test_cases()
{
	atf_add_test_case root_is_the_jails_own
	atf_add_test_case E1_program_has_three_descriptors
	atf_add_test_case program_of_root_has_few_capabilities
	atf_add_test_case processes_of_a_jail_are_its_own
	atf_add_test_case E15_run_of_the_host_is_not_seen
	atf_add_test_case later_mounts_are_not_seen
	atf_add_test_case mounts_may_go_as_a_jail_starts
	atf_add_test_case mount_may_be_under_another
	atf_add_test_case tools_do_not_work_inside
	atf_add_test_case roots_may_be_shared
}
