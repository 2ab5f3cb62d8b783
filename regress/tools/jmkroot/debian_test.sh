# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# jmkroot debian: what mmdebstrap makes of a repository that the case writes
# itself, so that no network is needed. Its package has all that a jail runs, and
# is only unpacked: to configure it would take a dpkg of its own.

begin_debian()
{
	begin
	command -v mmdebstrap >/dev/null || atf_skip "mmdebstrap is not there"
}

# A package with a name and the files of src: package name [depends]
package()
{
	mkdir -p src/DEBIAN
	cat >src/DEBIAN/control <<-END
	Package: $1
	Version: 1
	Architecture: all
	Maintainer: Nobody <nobody@invalid>
	Depends: $2
	Description: for a test
	END
	[ -n "$2" ] || sed -i /^Depends/d src/DEBIAN/control
	dpkg-deb -Zxz --build --root-owner-group src "repo/$1.deb" >/dev/null
	{
		dpkg-deb -f "repo/$1.deb"
		echo "Filename: ./$1.deb"
		echo "Size: $(stat -c %s "repo/$1.deb")"
		echo "SHA256: $(sha256sum <"repo/$1.deb" | cut -d ' ' -f 1)"
		echo
	} >>repo/Packages
}

make_repository()
{
	mkdir repo
	make_src
	package tiny ''
	rm -r src
	mkdir -p src/etc
	echo addition >src/etc/addition
	package addition tiny
	MIRROR="deb [trusted=yes] copy:$PWD/repo ./"
	chmod 755 . repo
}

atf_test_case jail_runs_in_what_was_installed cleanup
jail_runs_in_what_was_installed_body()
{
	begin_debian
	make_repository
	atf_check -o match:"^$PWD/root: made$" -e match:'I: ' \
	    jmkroot --variant=extract -m "$MIRROR" debian test root addition
	atf_check -o inline:'hello\naddition\n' jail -q -c path=root \
	    command=/bin/sh -c 'cat /etc/motd /etc/addition'
	atf_check -o match:'^type +debian$' -o match:'^source +test$' \
	    jmkroot show root
	atf_check jmkroot -q remove root
	nothing_left
}
jail_runs_in_what_was_installed_cleanup()
{
	finish
}

atf_test_case failure_of_mmdebstrap_leaves_nothing cleanup
failure_of_mmdebstrap_leaves_nothing_body()
{
	begin_debian
	atf_check -s exit:1 -e match:'E: invalid variant' \
	    -e match:'^jmkroot: mmdebstrap: failed with status [0-9]' \
	    jmkroot -q --variant=nonsense debian test root
	[ ! -e root ] || atf_fail "something is left"
	nothing_left
	for name in --hook=x -x 'a,b' 'a b' ''; do
		atf_check -s exit:1 -e match:'not the name of a package' \
		    jmkroot debian test root -- "$name"
	done
	atf_check -s exit:1 -e match:'not the name of a suite' \
	    jmkroot debian -- -x root
	atf_check -s exit:1 -e match:'mmdebstrap: .*install the package' \
	    -e match:'failed with status 127' \
	    env PATH=/nonexistent "$(command -v jmkroot)" debian test root
	nothing_left
}
failure_of_mmdebstrap_leaves_nothing_cleanup()
{
	finish
}

atf_init_test_cases()
{
	atf_add_test_case jail_runs_in_what_was_installed
	atf_add_test_case failure_of_mmdebstrap_leaves_nothing
}
