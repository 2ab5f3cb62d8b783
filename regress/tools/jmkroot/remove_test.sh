# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# jmkroot remove: what it deletes, and what it must not.

# It must be refused, with those words, and the root stay.
refused()
{
	atf_check -s exit:1 -e match:"^jmkroot: .*$1" jmkroot remove "$2"
}

atf_test_case only_what_jmkroot_made_is_removed cleanup
only_what_jmkroot_made_is_removed_body()
{
	begin
	make_base
	mkdir dir
	ln -s base link
	refused 'dir: not a root that jmkroot made: there is no dir.jmkroot' dir
	refused 'link: not a root' link
	refused 'base.jmkroot: what ends in .jmkroot' base.jmkroot
	refused 'etc: not a root' base/etc
	refused 'nowhere: not a root' nowhere
	# Another directory in its place, a link to it, a file.
	mv base moved
	mkdir base
	: >base/kept
	refused 'base: is not the directory that jmkroot made' base
	atf_check test -e base/kept
	rm -r base
	ln -s moved base
	refused 'is not the directory that jmkroot made' base
	rm base
	: >base
	refused 'is not the directory that jmkroot made' base
	rm base
	mv moved base
	# A record that others could have written, or of something else.
	chmod 666 base.jmkroot/root.json
	refused 'not a file that root alone can write' base
	chmod 600 base.jmkroot/root.json
	chmod 755 base.jmkroot
	refused 'not a directory that root alone can enter' base
	chmod 700 base.jmkroot
	cp base.jmkroot/root.json record
	# The number of the inode is given to another one, later.
	sed -i 's/"born": [0-9]*/"born": 1/' base.jmkroot/root.json
	refused 'is not the directory that jmkroot made' base
	cp record base.jmkroot/root.json
	sed -i 's/"version": 1/"version": 2/' base.jmkroot/root.json
	refused 'not of version 1' base
	echo '{' >base.jmkroot/root.json
	refused 'damaged, line 2' base
	cp record base.jmkroot/root.json
	atf_check -o inline:"$PWD/base: removed\n" jmkroot remove base
	nothing_left
}
only_what_jmkroot_made_is_removed_cleanup()
{
	finish
}

atf_test_case root_in_use_stays cleanup
root_in_use_stays_body()
{
	begin
	needs_overlay
	make_base
	atf_check jmkroot -q clone base one
	# A jail below it, one with a name that begins alike, and none.
	atf_check -o ignore jail -c name=a path=one/etc persist
	refused 'one: jail "a" is in it: remove that first' one
	atf_check -s exit:1 -e match:'one: jail "a" is in it' \
	    jmkroot unmount one
	atf_check -o ignore jail -r a
	mkdir one.d
	atf_check -o ignore jail -c name=b path=one.d persist
	(cd one/etc && exec sleep 1000) &
	vnet_pid $!
	wait_until has_cwd $! || atf_fail "the sleeper does not start"
	refused 'one: is in use: end the processes' one
	atf_check test -e one/etc/motd
	vnet_killall
	wait
	: >vnet.pids
	mkdir other
	: >other/kept
	mount --bind other one/tmp
	refused 'one/tmp: is mounted, and not by jmkroot' one
	mount --bind other base/tmp
	umount one/tmp
	atf_check jmkroot -q remove one
	refused 'base/tmp: is mounted, and not by jmkroot' base
	umount base/tmp
	mount --bind other base
	refused 'base: is mounted, and not by jmkroot' base
	umount base
	mkdir base.jmkroot/tree
	mount --bind other base.jmkroot/tree
	refused 'base.jmkroot/tree: is mounted, and not by jmkroot' base
	umount base.jmkroot/tree
	atf_check test -e other/kept -a -e base/etc/motd
	# One that fails does not keep the others.
	atf_check -s exit:1 -o inline:"$PWD/base: removed\n" \
	    -e match:'nowhere' jmkroot remove nowhere base
	nothing_left
}
root_in_use_stays_cleanup()
{
	finish
}

has_cwd()
{
	[ "$(readlink /proc/$1/cwd)" = "$PWD/one/etc" ]
}

# What a jail could have left behind to have something else deleted.
atf_test_case nothing_outside_is_deleted cleanup
nothing_outside_is_deleted_body()
{
	begin
	make_base
	mkdir outside
	: >outside/kept
	ln -s "$PWD/outside" base/abs
	ln -s ../../outside base/etc/up
	ln -s . base/self
	mkdir "base/a b" base/-rf base/..., 'base/*'
	printf 'text' >"base/new
line"
	chmod 0 base/etc
	atf_check jmkroot -q remove base
	atf_check -o inline:'kept\n' ls outside
	nothing_left
	atf_check -o inline:'base.tar\noutside\nsrc\nvnet.id\nvnet.pids\n' \
	    -x 'ls | grep -v ^check'
}
nothing_outside_is_deleted_cleanup()
{
	finish
}

# One that was killed before it wrote a record has left no more than this.
atf_test_case what_was_only_begun_is_removed cleanup
what_was_only_begun_is_removed_body()
{
	begin
	mkdir -m 700 a.jmkroot b.jmkroot b.jmkroot/trash
	atf_check jmkroot -q remove a b
	nothing_left
	mkdir -m 700 a.jmkroot a.jmkroot/other
	refused 'a.jmkroot: Directory not empty' a
	atf_check test -d a.jmkroot/other
	rmdir a.jmkroot/other
	mkdir a
	refused 'a: is not the directory that jmkroot made' a
	rmdir a
	atf_check jmkroot -q remove a
	nothing_left
}
what_was_only_begun_is_removed_cleanup()
{
	finish
}

# Interrupted half-way, it goes on when it is asked again.
atf_test_case removing_goes_on_where_it_was_stopped cleanup
removing_goes_on_where_it_was_stopped_body()
{
	begin
	make_base
	chattr +i base/etc/motd 2>/dev/null ||
	    atf_skip "no immutable files on this file system"
	atf_check -s exit:1 -e match:'motd: is immutable or append-only' \
	    jmkroot remove base
	atf_check -s exit:1 test -e base
	chattr -R -i base.jmkroot/trash
	atf_check jmkroot -q remove base
	nothing_left
}
removing_goes_on_where_it_was_stopped_cleanup()
{
	chattr -R -i base base.jmkroot 2>/dev/null
	finish
}

atf_init_test_cases()
{
	atf_add_test_case only_what_jmkroot_made_is_removed
	atf_add_test_case root_in_use_stays
	atf_add_test_case nothing_outside_is_deleted
	atf_add_test_case what_was_only_begun_is_removed
	atf_add_test_case removing_goes_on_where_it_was_stopped
}
