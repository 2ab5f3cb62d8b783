# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# jmkroot tar: what comes out of an archive, and what does not get out of one.

atf_test_case jail_runs_in_what_was_in_the_archive cleanup
jail_runs_in_what_was_in_the_archive_body()
{
	begin
	make_src
	chown 12:34 src/etc
	chmod 2751 src/etc
	ln src/etc/motd src/etc/hard
	touch -d @1000000000 src/etc/motd src/etc
	ln -s /etc/motd src/link
	mkfifo src/fifo
	mknod src/dev/node c 1 3
	tar -C src -czf base.tgz .
	atf_check -o match:'^.*/base: made, [0-9]+ entries' \
	    -o match:'^.*/base: device nodes left out: 1$' \
	    jmkroot tar base.tgz base
	atf_check -o inline:'12:34 2751 1000000000\n' \
	    stat -c '%u:%g %a %Y' base/etc
	atf_check -o inline:'2 1000000000 root\n' \
	    stat -c '%h %Y %U' base/etc/motd
	atf_check -o inline:'fifo\n' stat -c %F base/fifo
	atf_check -s exit:1 test -e base/dev/node
	atf_check -o inline:'hello\n0\n' \
	    jail -q -c path=base command=/bin/sh -c 'cat /link; id -u'
	# Names that are UTF-8, and such as are not, in the other form.
	: >"base/caf$(printf '\303\251')"
	ln "base/caf$(printf '\303\251')" "base/not$(printf '\377\033')"
	tar --format=pax -C base -cf again.tar .
	# From standard input, without a word.
	atf_check jmkroot -q tar - again <again.tar
	atf_check diff -r --no-dereference -x fifo base again
	atf_check -o ignore jmkroot remove base again
	nothing_left
}
jail_runs_in_what_was_in_the_archive_cleanup()
{
	finish
}

# A root of such a list must be refused, with those words, and leave nothing.
refused()
{
	printf "$1" | mktar bad.tar || atf_fail "cannot make the archive"
	atf_check -s exit:1 -e match:"^jmkroot: bad.tar: .*$2" \
	    jmkroot tar bad.tar root
	[ ! -e root ] || atf_fail "something is left: $2"
	nothing_left
}

atf_test_case names_that_lead_out_are_refused cleanup
names_that_lead_out_are_refused_body()
{
	begin
	mkdir outside
	echo secret >outside/secret
	refused 'f ../outside/new text' 'new: leads out of the root'
	refused 'f a/../../outside/new' 'leads out of the root'
	refused 'd a\nf a/../b text' 'leads out of the root'
	refused 'f a text\nh b ../outside/secret' \
	    'entry b: is a link out of the root'
	refused "h b $PWD/outside/secret" 'No such file'
	refused 'h b .' 'is a link out of the root'
	refused 'f . text' 'would take the place of the root'
	refused 's / /etc' 'would take the place of the root'
	atf_check -o inline:'secret\n' ls outside
}
names_that_lead_out_are_refused_cleanup()
{
	finish
}

# Links are followed as the jail will follow them.
atf_test_case links_lead_nowhere_but_into_the_root cleanup
links_lead_nowhere_but_into_the_root_body()
{
	begin
	mkdir outside
	echo secret >outside/secret
	mktar base.tar <<-END
	d usr/lib
	d $PWD/outside
	s lib usr/lib
	s abs $PWD/outside
	s up ../../../../../../../../..$PWD/outside
	f lib/one text
	f abs/two text
	f up/three text
	f /slash/four text
	h five abs/two
	s usr/lib/deep ../../../../abs
	d lib/deep/six
	END
	atf_check -o ignore jmkroot tar base.tar base
	atf_check -o inline:'secret\n' ls outside
	atf_check test -f base/usr/lib/one
	atf_check -o inline:'six\nthree\ntwo\n' ls "base$PWD/outside"
	atf_check test -f base/slash/four
	atf_check test base/five -ef "base$PWD/outside/two"
	atf_check -o ignore jmkroot remove base
	refused 's loop loop\nf loop/a text' 'Too many levels'
	refused 's gone nowhere\nf gone/a text' 'No such file'
	refused 'f a text\nf a/b text' 'Not a directory'
}
links_lead_nowhere_but_into_the_root_cleanup()
{
	finish
}

# A directory's mode and times are set at the end: not through a link that has
# come in the place of what leads to it.
atf_test_case directory_that_becomes_a_link_takes_nothing_along cleanup
directory_that_becomes_a_link_takes_nothing_along_body()
{
	begin
	mkdir -p outside/b
	chmod 700 outside/b
	touch -d @1500000000 outside/b
	mktar base.tar <<-END
	d $PWD/outside/b
	d a 0755
	d a/b 0777
	f a/b/c text
	s a $PWD/outside
	f a/b/d text
	END
	atf_check -o ignore jmkroot tar base.tar base
	atf_check -o inline:'700 1500000000\n' stat -c '%a %Y' outside/b
	atf_check ls outside/b
	atf_check test -f "base$PWD/outside/b/d"
}
directory_that_becomes_a_link_takes_nothing_along_cleanup()
{
	finish
}

atf_test_case later_entry_takes_the_place_of_an_earlier_one cleanup
later_entry_takes_the_place_of_an_earlier_one_body()
{
	begin
	mktar base.tar <<-END
	f a one
	f a two
	f b one
	d b
	f b/in text
	d c/d/e
	f c/d/e/f text
	f c text
	d g 0700
	f g/kept text
	d g 0711
	s l g
	d l
	END
	atf_check -o ignore jmkroot tar base.tar base
	atf_check -o inline:'two' cat base/a
	atf_check test -f base/b/in
	atf_check -o inline:'text' cat base/c
	atf_check -o inline:'711\n' stat -c %a base/g
	atf_check test -f base/g/kept
	atf_check -o inline:'directory\n' stat -c %F base/l
	atf_check -o inline:'root.json\ntrash\n' ls -A base.jmkroot
	atf_check ls -A base.jmkroot/trash
}
later_entry_takes_the_place_of_an_earlier_one_cleanup()
{
	finish
}

# What overlayfs believes would show a clone what is not in its base.
atf_test_case only_harmless_attributes_are_taken cleanup
only_harmless_attributes_are_taken_body()
{
	begin
	mktar base.tar <<-END
	x a trusted.overlay.redirect
	x b security.selinux
	x c security.other
	d d
	END
	atf_check -o ignore jmkroot tar base.tar base
	atf_check -o inline:'\n' "$(atf_get_srcdir)/mktar" -l base/a base/b base/c
	echo 'x a user.kept' | mktar base2.tar
	atf_check -o ignore jmkroot tar base2.tar base2
	atf_check -o inline:'user.kept\n\n' "$(atf_get_srcdir)/mktar" -l base2/a
}
only_harmless_attributes_are_taken_cleanup()
{
	finish
}

atf_test_case what_is_no_archive_makes_nothing cleanup
what_is_no_archive_makes_nothing_body()
{
	begin
	: >empty.tar
	echo "not an archive, but a text that is long enough" >text.tar
	dd if=/dev/zero of=zero.tar bs=1024 count=10 2>/dev/null
	make_src
	tar -C src -czf whole.tar .
	head -c 300000 whole.tar >half.tar
	mkdir dir.tar
	for file in empty text zero half dir nowhere; do
		atf_check -s exit:1 -e match:"^jmkroot: $file.tar: " \
		    jmkroot tar $file.tar root
		[ ! -e root ] || atf_fail "$file.tar: something is left"
		nothing_left
	done
}
what_is_no_archive_makes_nothing_cleanup()
{
	finish
}

# Wherever in the work there is no room any more. (A directory is an inode.)
atf_test_case full_file_system_leaves_nothing cleanup
full_file_system_leaves_nothing_body()
{
	begin
	mktar base.tar <<-END
	f a one
	d b
	f b/c text
	f a two
	END
	mkdir small
	for inodes in 2 3 4 5 6 7 8; do
		mount -t tmpfs -o nr_inodes=$inodes tmpfs small
		atf_check -s exit:1 -e match:'No space left on device' \
		    jmkroot tar base.tar small/root
		atf_check ls -A small
		umount small
	done
	mount -t tmpfs -o nr_inodes=9 tmpfs small
	atf_check jmkroot -q tar base.tar small/root
	umount small
	make_src
	tar -C src -cf base.tar .
	mount -t tmpfs -o size=600k tmpfs small
	atf_check -s exit:1 -e match:'entry .*: No space left on device' \
	    jmkroot tar base.tar small/root
	atf_check ls -A small
}
full_file_system_leaves_nothing_cleanup()
{
	finish
}

has_begun()
{
	[ -e root.jmkroot/tree/etc/motd ]
}

# Standard input stays open, so that it waits for more.
atf_test_case signal_ends_it_and_leaves_nothing cleanup
signal_ends_it_and_leaves_nothing_body()
{
	begin
	make_src
	(cd src && tar -cf ../base.tar etc bin)
	for signal in TERM INT HUP; do
		mkfifo pipe
		env --default-signal=INT jmkroot tar - root <pipe 2>errors &
		vnet_pid $!
		exec 9>pipe
		cat base.tar >&9 &
		wait_until has_begun || atf_fail "it does not begin"
		kill -$signal $(awk 'END { print $1 }' vnet.pids)
		wait $(awk 'END { print $1 }' vnet.pids)
		atf_check_equal 1 $?
		exec 9>&-
		atf_check -o match:'^jmkroot: interrupted: ' cat errors
		[ ! -e root ] || atf_fail "it is left"
		nothing_left
		rm pipe
	done
	# Of one that is killed, the next one says what is to be done.
	mkfifo pipe
	jmkroot tar - root <pipe &
	vnet_pid $!
	exec 9>pipe
	cat base.tar >&9 &
	wait_until has_begun || atf_fail "it does not begin"
	atf_check -s exit:1 -e match:'another jmkroot works with it' \
	    jmkroot remove root
	kill -KILL $(awk 'END { print $1 }' vnet.pids)
	exec 9>&-
	wait
	atf_check -s exit:1 -e match:'was not finished: remove it' \
	    jmkroot tar base.tar root
	atf_check -o match:'^state +not finished' jmkroot show root
	atf_check -s exit:1 -e match:'was not finished' jmkroot clone root one
	atf_check -o match:'removed' jmkroot remove root
	nothing_left
}
signal_ends_it_and_leaves_nothing_cleanup()
{
	finish
}

atf_init_test_cases()
{
	atf_add_test_case jail_runs_in_what_was_in_the_archive
	atf_add_test_case names_that_lead_out_are_refused
	atf_add_test_case links_lead_nowhere_but_into_the_root
	atf_add_test_case directory_that_becomes_a_link_takes_nothing_along
	atf_add_test_case later_entry_takes_the_place_of_an_earlier_one
	atf_add_test_case only_harmless_attributes_are_taken
	atf_add_test_case what_is_no_archive_makes_nothing
	atf_add_test_case full_file_system_leaves_nothing
	atf_add_test_case signal_ends_it_and_leaves_nothing
}
