# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# jail -f: jails of a jail.conf(5), their steps and what these leave.

begin()
{
	PATH=$PATH:$(atf_get_srcdir)/../../lib/libjail
	vnet_instance
}

# A jail whose steps write to a file what they are, with file systems of all
# kinds: made here, bound, bound with what is in it, from a file.
begin_steps()
{
	begin
	mkdir -p root/tmp root/data root/dev root/proc root/bin root/lib \
	    root/lib64 root/usr mnt/data
	cat >steps.conf <<-END
	\$log = "$PWD/log";
	path = "$PWD/root";
	mount = "tmpfs tmp tmpfs rw,size=1m 0 0";
	mount += "/bin $PWD/root/bin nullfs ro", "/lib lib none bind";
	mount += "/usr usr none rbind,ro", "/nosuch lib64 none bind,noauto";
	mount.fstab = fstab;
	$(for step in prepare release prestart poststop created poststart \
	    prestop; do
		echo "exec.$step = \"echo $step \\\$JNAME \\\$JID >>\$log\";"
	done)
	exec.start = "echo start >>/data/log; sleep 1000 &";
	command = "echo command >>/data/log";
	exec.stop = "echo stop >>/data/log";
	stop.timeout = 5;
	END
	{
		echo "# a comment"
		[ ! -e /lib64 ] || echo "/lib64 lib64 none bind,ro 0 0"
		echo "$PWD data none bind"
		echo "none data/mnt/data tmpfs size=4k"
	} >fstab
}

# What is mounted goes with the case, whatever has failed.
end()
{
	vnet_cleanup
	awk -v dir="$PWD/" 'index($2, dir) == 1 { print $2 }' \
	    /proc/self/mounts | tac | while read -r dir; do
		umount -l "$dir"
	done
}

# Neither a jail nor a mount is there.
nothing_left()
{
	atf_check -o empty jls name
	atf_check -s exit:1 -o empty grep " $PWD/" /proc/self/mounts
}

# steps.conf and what is on stdin.
config()
{
	cat steps.conf - >jail.conf
}

# The log has these lines, and then becomes empty.
logged()
{
	printf '%s\n' "$@" >wanted
	sed -i 's/ *$//' log
	atf_check -o file:wanted cat log
	rm log
}

START='prepare web|prestart web|created web 1|start|command|poststart web 1'
STOP='prestop web 1|stop|poststop web 1|release web 1'

# The same with lines as in START.
logged_lines()
{
	IFS='|'
	set -- $*
	unset IFS
	logged "$@"
}

atf_test_case stop_steps_are_the_mirror_of_start_steps cleanup
stop_steps_are_the_mirror_of_start_steps_body()
{
	begin_steps
	echo 'web { }' | config
	atf_check -o inline:'web: created\n' jail -f jail.conf -c
	logged_lines "$START"
	atf_check -o match:'^tmpfs /tmp tmpfs .*size=1024k' \
	    -o match:' /bin .* ro[, ]' -o match:' /data/mnt/data tmpfs ' \
	    jexec web cat /proc/mounts
	atf_check -o inline:'web: removed\n' jail -f jail.conf -r web
	logged_lines "$STOP"
	nothing_left
	atf_check jailstate -c
}
stop_steps_are_the_mirror_of_start_steps_cleanup()
{
	end
}

# The jail has this setting, with which its start fails at a step; the log.
fails_at()
{
	local lines

	lines=$1
	echo "web { $2 }" | config
	atf_check -s exit:1 -e match:"^jail: web: $3" jail -f jail.conf -c
	logged_lines "$lines"
	nothing_left
}

atf_test_case step_that_fails_undoes_what_was_done cleanup
step_that_fails_undoes_what_was_done_body()
{
	local false up down

	begin_steps
	# The jids are the next ones each time, so the steps do not tell them.
	sed -i 's/ \\$JID//; s/ \$JID//' steps.conf
	false='exit status 1: false'
	down='poststop web|release web'
	fails_at 'prepare web|release web' \
	    'exec.prepare += false;' "exec.prepare: $false"
	fails_at 'prepare web|release web' \
	    'mount += "tmpfs nosuch tmpfs";' 'mount: tmpfs on nosuch: No such'
	fails_at 'prepare web|release web' \
	    'mount += "tmpfs tmp tmpfs bad=1";' 'mount: tmpfs on tmp: .*bad'
	echo 'tmpfs' >bad
	fails_at 'prepare web|release web' 'mount.fstab += bad;' 'bad:1: needs'
	fails_at "prepare web|prestart web|$down" \
	    'exec.prestart += "kill -9 \$\$";' 'exec.prestart: killed by'
	fails_at "prepare web|prestart web|$down" \
	    'children.max = 5000000;' 'children.max'
	up='prepare web|prestart web|created web'
	fails_at "$up|$down" 'exec.created += false; exec.stop = "";' \
	    "exec.created: $false"
	fails_at "$up|start|stop|$down" 'exec.start += false;' \
	    "exec.start: $false"
	fails_at "$up|start|command|stop|$down" 'command += nosuch;' \
	    'command: exit status 127: nosuch'
	fails_at "$up|start|command|poststart web|prestop web|stop|$down" \
	    'exec.poststart += false;' "exec.poststart: $false"
	atf_check jailstate -c
}
step_that_fails_undoes_what_was_done_cleanup()
{
	end
}

atf_test_case stop_that_fails_leaves_the_jail cleanup
stop_that_fails_leaves_the_jail_body()
{
	begin_steps
	echo 'web { exec.stop += false; exec.stop += "echo no >>/data/log"; }' |
	    config
	atf_check jail -q -f jail.conf -c
	rm log
	atf_check -s exit:1 -e match:'^jail: web: exec.stop: exit status 1' \
	    -e match:'is not removed; jail -R' jail -q -f jail.conf -r
	logged 'prestop web 1' stop
	atf_check -o inline:'web\n' jls name
	atf_check -s exit:1 -e match:'"web" is running: use -r' \
	    jail -f jail.conf -C web
	atf_check -o inline:'web: removed\n' jail -R web
	atf_check test ! -e log
	atf_check -o match:"$PWD/root/tmp" cat /proc/self/mounts
	atf_check jail -f jail.conf -C
	logged 'poststop web' 'release web'
	nothing_left
}
stop_that_fails_leaves_the_jail_cleanup()
{
	end
}

atf_test_case dry_run_prints_the_steps_and_does_none cleanup
dry_run_prints_the_steps_and_does_none_body()
{
	begin_steps
	echo 'web { depend = db; } db { ip4.addr = 192.0.2.1, 192.0.2.2; }' |
	    config
	sed -i '/^exec\.[a-z]*st[ao]/d' jail.conf
	: >fstab
	cat >wanted <<-END
	db: exec.prepare: echo prepare \$JNAME \$JID >>$PWD/log
	db: mount: tmpfs on tmp type tmpfs (rw,size=1m)
	db: mount: /bin on $PWD/root/bin type nullfs (ro)
	db: mount: /lib on lib type none (bind)
	db: mount: /usr on usr type none (rbind,ro)
	db: create: path=$PWD/root ip4.addr=192.0.2.1,192.0.2.2 name=db
	db: exec.created: echo created \$JNAME \$JID >>$PWD/log
	db: command: echo command >>/data/log
	END
	atf_check -o save:out jail -f jail.conf --dry-run -c web
	sed '/prestart\|poststart/d; /^web/d' out >db
	atf_check -o file:wanted cat db
	atf_check -o match:"^$(($(grep -c '^db' out) + 1)):web: exec.prepare" \
	    grep -n '^web' out
	atf_check -o match:'^web: remove$' -o match:'^web: unmount: tmp$' \
	    jail -f jail.conf --dry-run -r web
	atf_check test ! -e log
	nothing_left
}
dry_run_prints_the_steps_and_does_none_cleanup()
{
	end
}

atf_test_case what_takes_too_long_is_ended_with_its_children cleanup
what_takes_too_long_is_ended_with_its_children_body()
{
	begin
	cat >jail.conf <<-END
	path = /;
	late {
		exec.timeout = 1;
		exec.prestart = "sleep 1001 & echo \\\$! >$PWD/pid; wait";
	}
	deaf {
		stop.timeout = 1;
		exec.start = "trap '' TERM; sleep 1002 & :";
	}
	kill {
		stop.timeout = 0;
		exec.start = "(trap 'sleep 0.5; echo TERM >$PWD/term; exit' TERM;
		    while :; do sleep 0.05; done) &";
	}
	END
	atf_check -s exit:1 -e match:'^jail: late: exec.prestart: took longer' \
	    jail -f jail.conf -c late
	wait_until sh -c '! kill -0 "$(cat pid)" 2>/dev/null' ||
	    atf_fail "a child of it goes on"
	atf_check -o empty jls name
	atf_check -o ignore jail -f jail.conf -c deaf kill
	atf_check -o ignore jail -f jail.conf -r deaf kill
	atf_check -o empty jls name
	atf_check test ! -e term
	sed -i 's/stop.timeout = 0/stop.timeout = 9/' jail.conf
	atf_check -o ignore jail -f jail.conf -c kill
	atf_check -o ignore jail -f jail.conf -r kill
	atf_check -o inline:'TERM\n' cat term
	atf_check jailstate -c
}
what_takes_too_long_is_ended_with_its_children_cleanup()
{
	end
}

atf_test_case commands_have_the_environment_that_is_asked_for cleanup
commands_have_the_environment_that_is_asked_for_body()
{
	begin
	cat >jail.conf <<-END
	path = /;
	persist;
	exec.consolelog = "$PWD/console";
	exec.start = "env | sort; id -un >&2; pwd; cat";
	clean { exec.clean; exec.jail_user = nobody; }
	same { exec.prestart = "env"; }
	link { exec.consolelog = "$PWD/link"; }
	END
	TERM=dumb PATH=$PATH OTHER=1 \
	    atf_check -o inline:'clean: created\n' jail -f jail.conf -c clean
	cat >wanted <<-END
	HOME=$(awk -F: '$1 == "nobody" { print $6 }' /etc/passwd)
	PATH=/bin:/usr/bin
	PWD=/
	SHELL=$(awk -F: '$1 == "nobody" { print $7 }' /etc/passwd)
	TERM=dumb
	USER=nobody
	nobody
	/
	END
	atf_check -o file:wanted cat console
	rm console
	OTHER=1 atf_check -o match:'^JPATH=/$' -o match:'^JNAME=same' \
	    -o match:'^OTHER=1' jail -f jail.conf -c same
	atf_check -o match:'^JID=2$' -o match:'^JNAME=same' \
	    -o match:'^OTHER=1' -o not-match:'^JPATH=' cat console
	OTHER=1 atf_check -o ignore jail -q -l -f jail.conf -rc same
	atf_check -o not-match:'^OTHER=1' -e ignore tail -n 9 console
	ln -s /etc/passwd link
	atf_check -s exit:1 -e match:'^jail: link: exec.consolelog: .*/link: is' \
	    jail -f jail.conf -c link
	atf_check -o inline:'clean\nsame\n' jls name
}
commands_have_the_environment_that_is_asked_for_cleanup()
{
	end
}

# A jail that makes links in its tree is given no mount elsewhere.
atf_test_case mounts_stay_in_the_path cleanup
mounts_stay_in_the_path_body()
{
	local why

	begin
	mkdir -p root/sub victim/sub
	for dir in tmp ../victim "$PWD/victim" "$PWD/root/../victim" / . \
	    "$PWD/rootx"; do
		echo "web { path = '$PWD/root'; persist;
		    mount = 'tmpfs $dir tmpfs'; }" >jail.conf
		ln -sfn ../victim root/tmp
		atf_check -s exit:1 -e match:'^jail: web: mount: ' \
		    jail -f jail.conf -c
	done
	# It becomes a link while it is mounted; the mount of others stays.
	echo "web { path = '$PWD/root'; persist;
	    mount = 'tmpfs sub tmpfs'; }" >jail.conf
	atf_check -o ignore jail -f jail.conf -c
	mount -t tmpfs tmpfs victim
	umount root/sub
	rmdir root/sub
	ln -s ../victim root/sub
	atf_check -o ignore jail -f jail.conf -r
	rm root/sub
	mkdir root/sub
	mount --bind victim root/sub
	echo "web { path = '$PWD/root'; mount = 'proc sub proc'; }" >jail.conf
	atf_check -o ignore jail -f jail.conf -C
	atf_check_equal 2 "$(grep -c " $PWD/" /proc/self/mounts)"
}
mounts_stay_in_the_path_cleanup()
{
	end
}

# Wait for a file, end a process, wait for jail, and see what it left.
interrupted()
{
	rm -f log up
	jail -q -f jail.conf -c >out 2>&1 &
	pid=$!
	vnet_pid $pid
	wait_until test -e up || atf_fail "the step does not begin"
	"$@" || atf_fail "cannot end it"
	wait $pid && atf_fail "the start did not fail"
	wait_until grep -q release log || atf_fail "nothing was undone"
	atf_check -o inline:'start\npoststop\nrelease\n' cat log
	nothing_left
}

end_worker()
{
	kill -KILL "$(cat /proc/$pid/task/$pid/children)"
}

end_all()
{
	local worker

	worker=$(echo $(cat /proc/$pid/task/$pid/children))
	kill -KILL $pid
}

interrupted_twice()
{
	rm -f log up
	jail -q -f jail.conf -c >out 2>&1 &
	pid=$!
	vnet_pid $pid
	wait_until test -e up || atf_fail "the step does not begin"
	kill -TERM $pid
	wait_until test -e stuck || atf_fail "nothing is undone"
	kill -TERM $pid
	wait $pid && atf_fail "the start did not fail"
	atf_check -o inline:'start\nrelease\n' cat log
	atf_check -o match:'exec.poststop: interrupted' cat out
	nothing_left
}

atf_test_case start_that_is_interrupted_is_undone cleanup
start_that_is_interrupted_is_undone_body()
{
	begin
	mkdir -p root/tmp
	cat >jail.conf <<-END
	web {
		path = /;
		mount = "tmpfs $PWD/root/tmp tmpfs";
		exec.start = "echo start >$PWD/log; : >$PWD/up; sleep 1003";
		exec.poststop = "echo poststop >>$PWD/log";
		exec.release = "echo release >>$PWD/log";
	}
	END
	interrupted eval 'kill -HUP $pid'
	atf_check -o match:'exec.start: interrupted' cat out
	interrupted eval 'kill -TERM $pid'
	interrupted end_worker
	interrupted end_all
	# A second signal ends a command that would keep it from being undone.
	sed -i "s|exec.poststop = \"|&: >$PWD/stuck; sleep 1004; |" jail.conf
	interrupted_twice
}
start_that_is_interrupted_is_undone_cleanup()
{
	end
}

atf_test_case jail_that_nobody_is_in_has_ended cleanup
jail_that_nobody_is_in_has_ended_body()
{
	begin
	mkdir -p root/tmp
	cat >jail.conf <<-END
	web {
		path = /;
		mount = "tmpfs $PWD/root/tmp tmpfs";
		command = "echo once";
		exec.release = "echo release";
	}
	END
	atf_check -o inline:'once\nweb: created\nweb: ended: no process is in it\nrelease\n' \
	    jail -f jail.conf -c
	nothing_left
}
jail_that_nobody_is_in_has_ended_cleanup()
{
	end
}

atf_test_case init_is_shut_down_first cleanup
init_is_shut_down_first_body()
{
	begin
	cat >jail.conf <<-END
	web {
		path = /;
		init = "trap 'echo TERM >>$PWD/log; exit' TERM
		    echo init >>$PWD/log; while :; do sleep 0.05; done";
		stop.timeout = 7;
		exec.start = "echo start >>$PWD/log";
		exec.stop = "echo stop >>$PWD/log";
		exec.poststop = "echo poststop >>$PWD/log";
	}
	END
	atf_check -o ignore jail -f jail.conf -c
	wait_until grep -q init log || atf_fail "the init does not run"
	atf_check -o inline:'7\n' jls -j web stop.timeout
	atf_check -o inline:'web: modified\n' jail -f jail.conf -m web
	atf_check -o inline:'web: removed\n' jail -f jail.conf -r
	atf_check -o inline:'init\nstart\nstop\nTERM\npoststop\n' sh -c \
	    'head -n 2 log | sort; tail -n +3 log'
}
init_is_shut_down_first_cleanup()
{
	end
}

atf_init_test_cases()
{
	atf_add_test_case stop_steps_are_the_mirror_of_start_steps
	atf_add_test_case step_that_fails_undoes_what_was_done
	atf_add_test_case stop_that_fails_leaves_the_jail
	atf_add_test_case dry_run_prints_the_steps_and_does_none
	atf_add_test_case what_takes_too_long_is_ended_with_its_children
	atf_add_test_case commands_have_the_environment_that_is_asked_for
	atf_add_test_case mounts_stay_in_the_path
	atf_add_test_case start_that_is_interrupted_is_undone
	atf_add_test_case jail_that_nobody_is_in_has_ended
	atf_add_test_case init_is_shut_down_first
}
