# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# cgroup=: a jail for what somebody else started.

# A cgroup beside the instance's, with one below; SVC is its name.
begin()
{
	vnet_instance
	PATH=$PATH:$(atf_get_srcdir)/../../lib/libjail
	SVC=/$JAIL_INSTANCE.svc
	MNT=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
	echo "$MNT$SVC" >service
	mkdir "$MNT$SVC" "$MNT$SVC/sub" || atf_fail "no cgroup"
	ip addr add 192.0.2.5/32 dev lo 2>/dev/null
}

# Processes of the service end with it.
end()
{
	local dir

	vnet_cleanup
	read -r dir <service || return 0
	echo 1 >"$dir/cgroup.kill"
	wait_until rmdir "$dir/sub"
	wait_until rmdir "$dir"
}

# Run a command in the service, in the background.
serve()
{
	sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$MNT$SVC/sub" "$@" &
}

refused()
{
	local why

	why=$1
	shift
	atf_check -s exit:1 -e inline:"$why\n" "$@"
}

atf_test_case jail_has_the_cgroup_until_it_is_removed cleanup
jail_has_the_cgroup_until_it_is_removed_body()
{
	begin
	atf_check -o ignore jail -c name=other persist
	jailstate >before
	# As systemd does before it starts a service: from inside.
	atf_check -o inline:'web: created\n' sh -c \
	    'echo $$ >"$0/cgroup.procs" && exec "$@"' "$MNT$SVC" \
	    jail -cm name=web cgroup="$SVC/" ip4.addr=192.0.2.5
	serve busybox nc -l -p 8080
	pid=$!
	wait_until sh -c "ss -Hltn | grep -q 192.0.2.5:" ||
	    atf_fail "nobody listens"
	atf_check -o inline:"web $SVC / 1\n" \
	    jls -j web name cgroup path processes
	[ "$(jls -j web cpu.usage)" -gt 0 ] || atf_fail "it has used nothing"
	[ "$(jls -j web mem.usage)" -gt 0 ] || atf_fail "it has no memory"
	atf_check jailstate -c
	atf_check -o inline:'web: removed\n' jail -r web
	kill -0 $pid || atf_fail "the service is gone"
	jailstate >after
	atf_check -o ignore diff before after
}
jail_has_the_cgroup_until_it_is_removed_cleanup()
{
	end
}

atf_test_case jls_s_makes_the_same_jail_again cleanup
jls_s_makes_the_same_jail_again_body()
{
	begin
	atf_check -o ignore jail -c name=web cgroup="$SVC" ip4.addr=192.0.2.5
	jls -s -j web >first
	atf_check -o ignore jail -r web
	atf_check -o ignore sh -c 'eval "jail -c $(cat first)"'
	atf_check -o file:first jls -s -j web
}
jls_s_makes_the_same_jail_again_cleanup()
{
	end
}

atf_test_case processes_are_those_of_somebody_else cleanup
processes_are_those_of_somebody_else_body()
{
	begin
	atf_check -o ignore jail -c name=web cgroup="$SVC"
	what="jail \"web\" has the cgroup $SVC: whoever made that starts and"
	what="$what ends its processes"
	refused "jexec: $what" jexec web true
	refused "jailkill: $what" jailkill web
	refused "jail: command: not for a jail with a cgroup=: whoever made\
 that starts its processes" jail -c name=new cgroup="$SVC" command=true
	atf_check -o inline:'web\n' jls name
}
processes_are_those_of_somebody_else_cleanup()
{
	end
}

atf_test_case cgroup_that_cannot_be_had_is_an_error cleanup
cgroup_that_cannot_be_had_is_an_error_body()
{
	begin
	atf_check -o ignore jail -c name=web cgroup="$SVC" \
	    ip4.addr=192.0.2.5
	refused "jail: cgroup: $SVC/sub: jail \"web\" has $SVC" \
	    jail -c name=new cgroup="$SVC/sub"
	refused "jail: cgroup: /$JAIL_INSTANCE/1: is netjail's own" \
	    jail -c name=new cgroup="/$JAIL_INSTANCE/1"
	refused 'jail: cgroup: //: is the whole machine' \
	    jail -c name=new cgroup=//
	refused 'jail: cgroup: a/b: has to begin with /' \
	    jail -c name=new cgroup=a/b
	refused 'jail: cgroup: /a/../b: must not have parts . and ..' \
	    jail -c name=new cgroup=/a/../b
	refused 'jail: cgroup: /nonesuch: No such file or directory' \
	    jail -c name=new cgroup=/nonesuch
	refused 'jail: path: not for a jail with a cgroup=' \
	    jail -c name=new cgroup="$SVC" path=/tmp
	refused 'jail: host.hostname: not for a jail with a cgroup=' \
	    jail -c name=new cgroup="$SVC" host.hostname=other
	refused 'jail: children.max: not for a jail with a cgroup=' \
	    jail -c name=new cgroup="$SVC" children.max=1
	refused 'jail: cpu.shares: not for a jail with a cgroup=' \
	    jail -c name=new cgroup="$SVC" cpu.shares=10
	refused 'jail: allow.packet_capture: not for a jail with a cgroup=' \
	    jail -m name=web allow.packet_capture
	refused 'jail: cpu.shares: not for a jail with a cgroup=' \
	    jail -m name=web cpu.shares=10
	refused 'jail: allow.netlink: not for a jail with a cgroup=' \
	    jail -m name=web allow.nonetlink
	refused 'jail: cgroup cannot be changed after creation' \
	    jail -m name=web cgroup=/a
	atf_check -o inline:'web: modified\n' jail -m name=web cgroup="$SVC"
	atf_check -o inline:'web\n' jls name
}
cgroup_that_cannot_be_had_is_an_error_cleanup()
{
	end
}

atf_init_test_cases()
{
	atf_add_test_case jail_has_the_cgroup_until_it_is_removed
	atf_add_test_case jls_s_makes_the_same_jail_again
	atf_add_test_case processes_are_those_of_somebody_else
	atf_add_test_case cgroup_that_cannot_be_had_is_an_error
}
