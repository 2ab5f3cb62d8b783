# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# jmkroot host: what of the host is in a view of it.

# Run in the view what prints one line a question.
SCRIPT='
ls -A /media /mnt /srv /home /root /run /tmp /var/tmp 2>&1 | grep -v :
for dir in / /etc /usr /media /mnt /srv /var; do
	touch $dir/new 2>/dev/null && echo "$dir can be written"
done
for dir in /home /root /run /tmp /var/tmp; do
	touch $dir/new || echo "$dir cannot be written"
done
stat -c %a /root /tmp /var/tmp /home
id -u'

atf_test_case view_is_read_only_with_directories_of_its_own cleanup
view_is_read_only_with_directories_of_its_own_body()
{
	begin
	echo secret >secret
	atf_check -o inline:"$PWD/view: made\n" jmkroot host view
	atf_check -o inline:'700\n1777\n1777\n755\n0\n' \
	    -x "jail -q -c path=view command=/bin/sh -c '$SCRIPT' | grep ."
	# It is of the host, and what is written stays in it.
	atf_check cmp /etc/passwd view/etc/passwd
	atf_check -s exit:1 test -e "view$PWD/secret"
	atf_check test -e view/tmp/new -a ! -e /home/new -a ! -e /run/new
	atf_check -o match:' ro,nodev[, ]' grep " $PWD/view " /proc/self/mounts
	atf_check -s exit:1 -x \
	    "grep ' $PWD/view/' /proc/self/mounts | grep -v nosuid,nodev"
	# Nothing else that is mounted on the host is in it.
	atf_check -o empty ls view/proc
	atf_check -o empty ls view/sys
	atf_check jmkroot -q remove view
	nothing_left
}
view_is_read_only_with_directories_of_its_own_cleanup()
{
	finish
}

atf_test_case view_is_mounted_again_and_goes_as_a_whole cleanup
view_is_mounted_again_and_goes_as_a_whole_body()
{
	begin
	atf_check -o match:'^.*/view/home: its own$' \
	    -o match:'^.*/view/srv: empty$' jmkroot -v host view
	: >view/tmp/new
	atf_check jmkroot -q unmount view
	atf_check_equal "" "$(mounted)"
	atf_check ls view
	atf_check jmkroot -q mount view
	atf_check ls view/tmp
	# Whoever still looks at it does not keep it.
	(cd view/etc && exec sleep 1000) &
	vnet_pid $!
	mkdir other
	mount --bind other view/tmp
	atf_check -s exit:1 \
	    -e match:'view/tmp: is mounted, and not by jmkroot' \
	    jmkroot remove view
	umount view/tmp
	mount --bind other view/usr/bin
	atf_check -s exit:1 \
	    -e match:'view/usr/bin: is mounted, and not by jmkroot' \
	    jmkroot remove view
	umount view/usr/bin
	atf_check jmkroot -q remove view
	nothing_left
}
view_is_mounted_again_and_goes_as_a_whole_cleanup()
{
	finish
}

atf_init_test_cases()
{
	atf_add_test_case view_is_read_only_with_directories_of_its_own
	atf_add_test_case view_is_mounted_again_and_goes_as_a_whole
}
