# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# jmkroot(8): its options, what it shows, and where it makes nothing.

atf_test_case help_and_version_are_on_stdout
help_and_version_are_on_stdout_body()
{
	for option in -h --help; do
		atf_check -o match:'^usage: jmkroot .*debian' jmkroot $option
	done
	atf_check -o match:'^jmkroot \(netjail\) [0-9]+\.[0-9]+$' \
	    jmkroot --version
}

atf_test_case wrong_usage_is_told_on_stderr
wrong_usage_is_told_on_stderr_body()
{
	for args in '' -q nothing tar 'tar a' 'tar a b c' 'debian sid' \
	    'host' 'host a b' 'clone a' mount unmount remove show \
	    '-m mirror tar a b' '--variant=apt tar a b' '--json tar a b' \
	    '-q -v host a'; do
		atf_check -s exit:1 -e match:'^usage: jmkroot ' jmkroot $args
	done
	atf_check -s exit:1 -e match:"invalid option -- 'x'" -e match:'^usage' \
	    jmkroot -x
}

atf_test_case only_root_can
only_root_can_body()
{
	atf_check -s exit:1 -e inline:'jmkroot: must be root\n' \
	    setpriv --reuid=65534 --regid=65534 --clear-groups \
	    "$(command -v jmkroot)" host view
}

refused()
{
	atf_check -s exit:1 -e match:"^jmkroot: .*$1" jmkroot tar base.tar "$2"
}

atf_test_case root_is_made_where_nothing_is cleanup
root_is_made_where_nothing_is_body()
{
	begin
	echo "f file text" | mktar base.tar
	mkdir dir link.dir public
	: >file
	ln -s link.dir link
	ln -s nowhere dangling
	chmod 777 public
	for name in dir file link dangling ./dir// "$PWD/dir"; do
		refused 'exists: choose another name' "$name"
	done
	for name in . .. dir/.. / "$PWD/."; do
		refused 'end it with the name of the root' "$name"
	done
	refused 'belongs to a root, and is none' x.jmkroot
	refused 'has control characters' "a
b"
	refused 'others than root can rename what is in it' public/root
	refused 'nowhere: No such file' nowhere/root
	refused 'File name too long' "$(printf %0255d 0)"
	nothing_left
	# Through a link to where it is to be, it is known by where it is.
	atf_check -o match:"^$PWD/link.dir/new: made, 1 entries" \
	    jmkroot tar base.tar link/new
	atf_check -o inline:"$PWD/link.dir/new: removed\n" \
	    jmkroot remove ./link/new/
	nothing_left
}
root_is_made_where_nothing_is_cleanup()
{
	finish
}

atf_test_case show_says_what_a_root_is cleanup
show_says_what_a_root_is_body()
{
	begin
	needs_overlay
	echo "f file text" | mktar base.tar
	atf_check jmkroot -q tar base.tar base
	atf_check jmkroot -q clone base one
	atf_check -o match:"^path +$PWD/base$" -o match:'^type +tar$' \
	    -o match:"^source +$PWD/base.tar$" -o match:'^state +ready$' \
	    -o match:'^made +20[0-9]{2}-.*Z$' jmkroot show base
	atf_check -o match:'^type +clone$' -o match:"^source +$PWD/base$" \
	    -o match:'^state +mounted$' jmkroot show one
	atf_check -o match:'"path": "[^"]*/one", "state": "mounted"' \
	    -o match:'^\{"version": 1,' jmkroot --json show base one
	atf_check jmkroot -q unmount one
	atf_check -o match:'^state +not mounted$' jmkroot show one
	atf_check -s exit:1 -o match:'^type +tar' \
	    -e match:'nothing: not a root that jmkroot made' \
	    jmkroot show nothing base
}
show_says_what_a_root_is_cleanup()
{
	finish
}

atf_init_test_cases()
{
	atf_add_test_case help_and_version_are_on_stdout
	atf_add_test_case wrong_usage_is_told_on_stderr
	atf_add_test_case only_root_can
	atf_add_test_case root_is_made_where_nothing_is
	atf_add_test_case show_says_what_a_root_is
}
