# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# jmkroot clone: roots that begin as another one is.

atf_test_case two_clones_of_a_base_are_independent cleanup
two_clones_of_a_base_are_independent_body()
{
	begin
	needs_overlay
	make_base
	chmod 751 base
	chown 3:4 base
	atf_check -o inline:"$PWD/one: made\n" jmkroot clone base one
	atf_check -o inline:"$PWD/two: made\n" jmkroot clone base two
	atf_check -o inline:'751 3:4\n' stat -c '%a %u:%g' one
	atf_check jail -q -c path=one command=/bin/sh -c \
	    'echo one >/who; echo changed >/etc/motd; rm /bin/touch'
	atf_check -s exit:1 -o inline:'hello\n' \
	    -e match:"can't open '/who'" jail -q -c path=two \
	    command=/bin/sh -c 'cat /etc/motd; ls /bin/touch >/tmp/ls; cat /who'
	atf_check -o inline:'hello\n' cat base/etc/motd
	atf_check test -e base/bin/touch -a ! -e base/who -a ! -e base/tmp/ls
	atf_check -o inline:'/bin/touch\n' cat two/tmp/ls
	atf_check -o ignore jmkroot remove one two base
	nothing_left
}
two_clones_of_a_base_are_independent_cleanup()
{
	finish
}

atf_test_case changes_outlast_unmounting cleanup
changes_outlast_unmounting_body()
{
	begin
	needs_overlay
	make_base
	atf_check jmkroot -q clone base one
	echo new >one/etc/new
	rm one/etc/motd
	atf_check -s exit:1 -e match:'one: is mounted already' \
	    jmkroot mount one
	atf_check -o inline:"$PWD/one: unmounted\n" jmkroot unmount one
	atf_check ls one
	atf_check -s exit:1 -e match:'one: is not mounted' \
	    jmkroot unmount one
	atf_check -o inline:"$PWD/one: mounted\n" jmkroot mount one
	atf_check -o inline:'new\n' ls one/etc
	atf_check -s exit:1 -e match:'neither a clone nor a view' \
	    jmkroot mount base
	# One that is not mounted, as after the machine was started, goes too.
	atf_check jmkroot -q unmount one
	atf_check jmkroot -q remove one base
	nothing_left
}
changes_outlast_unmounting_cleanup()
{
	finish
}

atf_test_case base_stays_while_it_has_clones cleanup
base_stays_while_it_has_clones_body()
{
	begin
	needs_overlay
	make_base
	atf_check jmkroot -q clone base one
	atf_check jmkroot -q clone base two
	for name in one two; do
		atf_check -s exit:1 \
		    -e match:"base: $PWD/(one|two) is a clone of it" \
		    jmkroot remove base
		atf_check test -e base/etc/motd
		atf_check jmkroot -q unmount $name
		atf_check -s exit:1 -e match:'is a clone of it' \
		    jmkroot remove base
		atf_check jmkroot -q remove $name
	done
	# A clone that others have deleted is none.
	atf_check jmkroot -q clone base one
	atf_check jmkroot -q unmount one
	rm -r one one.jmkroot
	atf_check jmkroot -q remove base
	nothing_left
}
base_stays_while_it_has_clones_cleanup()
{
	finish
}

refused()
{
	atf_check -s exit:1 -e match:"^jmkroot: .*$1" jmkroot clone "$2" "$3"
	[ ! -e "$3" ] || atf_fail "something is left: $1"
}

atf_test_case only_a_root_that_stays_is_a_base cleanup
only_a_root_that_stays_is_a_base_body()
{
	begin
	needs_overlay
	make_base
	mkdir dir
	atf_check jmkroot -q clone base one
	atf_check jmkroot -q host view
	refused 'is a clone itself' one two
	refused 'is a view of the host itself' view two
	refused 'dir: not a root that jmkroot made' dir two
	refused 'nowhere: not a root' nowhere two
	refused 'which overlayfs cannot have in a path' base 'a,b'
	refused 'which overlayfs cannot have in a path' base 'a:b'
	atf_check -o ignore jail -c name=a path=base persist
	refused 'base: jail "a" is in it' base two
	atf_check -o ignore jail -r a
	mv base moved
	refused 'base: the directory is gone' base two
	mkdir base
	refused 'is not the directory that jmkroot made' base two
	rmdir base
	mv moved base
	# Another base in its place is not the clone's.
	atf_check jmkroot -q unmount one
	rm -r base base.jmkroot
	atf_check jmkroot -q tar base.tar base
	atf_check -s exit:1 -e match:'is another root by now' \
	    jmkroot mount one
	atf_check jmkroot -q remove one view base
	nothing_left
}
only_a_root_that_stays_is_a_base_cleanup()
{
	finish
}

atf_init_test_cases()
{
	atf_add_test_case two_clones_of_a_base_are_independent
	atf_add_test_case changes_outlast_unmounting
	atf_add_test_case base_stays_while_it_has_clones
	atf_add_test_case only_a_root_that_stays_is_a_base
}
