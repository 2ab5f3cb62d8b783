# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# jail --oci-hook, with a real container of runc(8).

# bundle annotations command: of a container on the vnet's host's network.
bundle()
{
	mkdir -p bundle/rootfs/bin bundle/rootfs/proc
	cp "$(command -v busybox)" bundle/rootfs/bin
	for applet in sh nc httpd; do
		ln -sf busybox bundle/rootfs/bin/$applet
	done
	cat >bundle/config.json <<END
{
	"ociVersion": "1.0.2",
	"process": {
		"user": { "uid": 0, "gid": 0 },
		"args": [ "/bin/sh", "-c", "$2" ],
		"env": [ "PATH=/bin" ],
		"cwd": "/"
	},
	"root": { "path": "rootfs" },
	"mounts": [
		{ "destination": "/proc", "type": "proc", "source": "proc" }
	],
	"linux": {
		"namespaces": [ { "type": "pid" }, { "type": "mount" } ],
		"cgroupsPath": "/$JAIL_INSTANCE.svc/web"
	},
	"annotations": { $1 },
	"hooks": {
		"createRuntime": [ $(hook) ],
		"poststop": [ $(hook) ]
	}
}
END
}

hook()
{
	printf '{ "path": "%s", "args": [ "jail", "--oci-hook" ],
		"env": [ "JAIL_INSTANCE=%s", "PATH=%s" ] }' \
	    "$(command -v jail)" "$JAIL_INSTANCE" "$PATH"
}

begin()
{
	vnet_init
	vnet_addr 192.0.2.5
}

# What runc leaves of the path that it made.
end()
{
	local dir

	vnet_cleanup
	[ ! -d state ] || runc --root "$PWD/state" delete --force \
	    "$JAIL_INSTANCE" 2>/dev/null
	for dir in /sys/fs/cgroup/*/"$JAIL_INSTANCE.svc" \
	    /sys/fs/cgroup/"$JAIL_INSTANCE.svc"; do
		[ ! -d "$dir" ] || rmdir "$dir"
	done
}

# A command that runs the container. (vnet_host hides cgroups.)
container()
{
	echo nsenter --net="/run/netns/$VNET_HOST" runc --root "$PWD/state" run \
	    --bundle bundle "$JAIL_INSTANCE"
}

answers()
{
	[ "$(echo | vnet_host busybox nc -w 1 192.0.2.5 8080)" = hello ]
}

atf_test_case container_is_a_jail_while_it_runs cleanup
container_is_a_jail_while_it_runs_body()
{
	begin
	bundle '"netjail.ip4.addr": "192.0.2.5", "netjail.name": "web",
	    "netjail.allow.raw_sockets": "true"' \
	    'httpd -f -p 192.0.2.1:8081; echo $?; echo hello | nc -l -p 8080'
	$(container) >out 2>err &
	wait_until -t 60 answers || atf_fail "no answer: $(cat out err)"
	wait $! || atf_fail "runc failed: $(cat err)"
	atf_check -o inline:'1\n\n' cat out
	atf_check -o match:'bind: Cannot assign requested' cat err
	atf_check jls name
}
container_is_a_jail_while_it_runs_cleanup()
{
	end
}

atf_test_case container_that_cannot_be_a_jail_does_not_start cleanup
container_that_cannot_be_a_jail_does_not_start_body()
{
	begin
	atf_check -o ignore jail -c name=other ip4.addr=192.0.2.5,192.0.2.6 \
	    persist
	bundle '"netjail.ip4.addr": "192.0.2.5"' 'echo started'
	atf_check -s not-exit:0 -o empty \
	    -e match:'ip4.addr: 192.0.2.5 is an address of jail' $(container)
	bundle '"netjail.nonesuch": "1"' 'echo started'
	atf_check -s not-exit:0 -o empty \
	    -e match:'unknown parameter: nonesuch' $(container)
	atf_check -o inline:'other\n' jls name
}
container_that_cannot_be_a_jail_does_not_start_cleanup()
{
	end
}

atf_test_case container_without_annotations_is_left_alone cleanup
container_without_annotations_is_left_alone_body()
{
	begin
	bundle '"other.ip4.addr": "192.0.2.5"' 'echo started'
	atf_check -o inline:'started\n' $(container)
	atf_check jls name
}
container_without_annotations_is_left_alone_cleanup()
{
	end
}

atf_test_case state_that_is_none_is_an_error cleanup
state_that_is_none_is_an_error_body()
{
	vnet_instance
	hook="jail: --oci-hook:"
	for row in \
	    "nonsense|standard input: line 1: .*" \
	    '{"annotations": {"netjail.a": "1"}}|standard input: no "id".*' \
	    '{"id": "x", "annotations": {"netjail.a": "1"}}|.*no "status".*' \
	    '{"id": "x", "status": "creating", "annotations":
	    {"netjail.a": "1"}}|process 0: is in no cgroup.*' \
	    '{"id": "x", "annotations":
	    {"netjail.name": 1}}|annotation netjail.name: is not a string'; do
		echo "${row%|*}" >state
		atf_check -s exit:1 -e match:"^$hook ${row##*|}$" \
		    jail --oci-hook <state
	done
	echo '{"id": "x", "status": "stopped", "annotations":
	    {"netjail.a": "1"}}' | atf_check jail --oci-hook
	# Whoever is named, it was not made for the container.
	atf_check -o ignore jail -c name=other jid=7 persist
	for name in other '*' 7; do
		echo '{"id": "x", "status": "stopped", "annotations":
		    {"netjail.name": "'"$name"'"}}' | atf_check jail --oci-hook
	done
	atf_check -o inline:'other\n' jls name
	echo '{}' | atf_check jail --oci-hook
}
state_that_is_none_is_an_error_cleanup()
{
	vnet_cleanup
}

atf_init_test_cases()
{
	atf_add_test_case container_is_a_jail_while_it_runs
	atf_add_test_case container_that_cannot_be_a_jail_does_not_start
	atf_add_test_case container_without_annotations_is_left_alone
	atf_add_test_case state_that_is_none_is_an_error
}
