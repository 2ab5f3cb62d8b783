# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# jail -f: which jails of a jail.conf(5) are meant, and what is wrong in it.

begin()
{
	PATH=$PATH:$(atf_get_srcdir)/../../lib/libjail
	vnet_instance
}

end()
{
	vnet_cleanup
}

# A jail waits for a file of the other one, so both have to start at once.
atf_test_case jails_start_after_what_they_need_and_at_once cleanup
jails_start_after_what_they_need_and_at_once_body()
{
	begin
	cat >jail.conf <<-END
	persist;
	exec.prestart = "echo up \$name >>$PWD/log";
	exec.poststop = "echo down \$name >>$PWD/log";
	exec.timeout = 60;
	last { depend = left, right; }
	left {
		depend = first;
		exec.prestart += ": >$PWD/l; until [ -e $PWD/r ]; do :; done";
	}
	right {
		depend = first;
		exec.prestart += ": >$PWD/r; until [ -e $PWD/l ]; do :; done";
	}
	first { children.max = 1; }
	first.in { }
	other { }
	END
	atf_check -o ignore jail -f jail.conf -c last
	atf_check -o inline:'up first\nup left\nup right\nup last\n' sh -c \
	    'sed -n "1p" log; sed -n "2,3p" log | sort; sed -n "4,\$p" log'
	atf_check -s exit:1 -e inline:'jail: jail "last" already exists\n' \
	    jail -f jail.conf -c last
	rm log l r
	atf_check -o ignore jail -f jail.conf -r
	atf_check -o inline:'down last\ndown left\ndown right\ndown first\n' \
	    sh -c 'sed -n "1p" log; sed -n "2,3p" log | sort; sed -n "4,\$p" log'
	sed -i 's/exec.timeout = 60/exec.timeout = 1/' jail.conf
	atf_check -s exit:1 -o inline:'first: created\nright: created\n' \
	    -e match:'^jail: left: exec.prestart: took longer than the 1 sec' \
	    -e match:'^jail: last: is left as it is, as left failed' \
	    jail -p 1 -f jail.conf -c last
	atf_check jail -q -f jail.conf -r right
	# What is in a jail starts after it, and is stopped before it.
	atf_check -o inline:'first.in: created\n' jail -f jail.conf -c first.in
	atf_check -o inline:'first.in: removed\nfirst: removed\n' \
	    jail -f jail.conf -r first
	atf_check -o empty jls name
}
jails_start_after_what_they_need_and_at_once_cleanup()
{
	end
}

# A file is refused with this message, and nothing is done.
refused()
{
	local why

	why=$1
	cat >jail.conf
	atf_check -s exit:1 -e inline:"jail: jail.conf:$why\n" \
	    jail -f jail.conf -c
}

atf_test_case mistake_is_told_with_its_place cleanup
mistake_is_told_with_its_place_body()
{
	begin
	refused '3:7: unknown parameter: ip4.adr
    3 | web { ip4.adr = 192.0.2.1; }
      |       ^' <<-END
	exec.prestart = "touch done";
	first { persist; }
	web { ip4.adr = 192.0.2.1; }
	END
	refused '1:7: path: needs a value: path = ...
    1 | web { path; }
      |       ^' <<-END
	web { path; }
	END
	refused '2:11: ip4.addr: not an IPv4 address: "192.0.2.256"
    2 |  persist; ip4.addr = 192.0.2.256; }
      |           ^' <<-END
	web {
	 persist; ip4.addr = 192.0.2.256; }
	END
	refused '2:5: depend: jail "b" needs itself, by way of others
    2 | b { depend = a; }
      |     ^' <<-END
	a { depend = b; }
	b { depend = a; }
	END
	refused '1:5: depend: there is no jail "b" in the configuration
    1 | a { depend = b; }
      |     ^' <<-END
	a { depend = b; }
	END
	refused '1:5: exec.timeout: 1h is invalid: a number of seconds, at most 86400
    1 | a { exec.timeout = 1h; }
      |     ^' <<-END
	a { exec.timeout = 1h; }
	END
	atf_check -s exit:1 -e inline:'jail: jail "x" is not in jail.conf\n' \
	    jail -f jail.conf -c x
	atf_check -s exit:1 -e inline:'jail: nosuch: No such file or directory\n' \
	    jail -f nosuch -r x
	atf_check test ! -e done
	atf_check -o empty jls name
}
mistake_is_told_with_its_place_cleanup()
{
	end
}

# The example of FreeBSD's jail.conf(5), and what its /usr/share/examples have.
atf_test_case files_of_freebsd_are_read cleanup
files_of_freebsd_are_read_body()
{
	begin
	mkdir jail.conf.d
	cat >jail.conf <<-'END'
	exec.start = "/bin/sh /etc/rc";
	exec.stop = "/bin/sh /etc/rc.shutdown jail";
	exec.clean;
	mount.devfs;

	path = "/var/jail/$name";	// a comment
	foo {
		host.hostname = "foo.com"; # another one
		ip4.addr = 10.1.1.1, 10.1.1.2, 10.1.1.3;
	}
	/* This one
	 * is longer. */
	bar {
		exec.start = '';
		exec.stop = '';
		path = /;
		mount.nodevfs;
		persist;
	}
	.include "jail.conf.d/*.conf";
	.include "jail.none.d/*.conf";
	END
	cat >jail.conf.d/xxx.conf <<-'END'
	xxx {
		path = "/vm/xxx";
		exec.clean;
		exec.system_user = "root";
		exec.jail_user = "root";
		vnet;
		vnet.interface = "ng0_xxx";
		exec.prestart += "jng bridge xxx em0";
		exec.start += "/bin/sh /etc/local";
		exec.consolelog = "/var/log/jail_xxx_console.log";
	}
	END
	cat >wanted <<-'END'
	name=foo;exec.start='/bin/sh /etc/rc';exec.stop='/bin/sh /etc/rc.shutdown jail';exec.clean=true;mount.devfs=true;path=/var/jail/foo;host.hostname=foo.com;ip4.addr=10.1.1.1;ip4.addr=10.1.1.2;ip4.addr=10.1.1.3
	name=bar;exec.start='';exec.stop='';exec.clean=true;mount.devfs=false;path=/;persist=true
	name=xxx;exec.start='/bin/sh /etc/rc';exec.start='/bin/sh /etc/local';exec.stop='/bin/sh /etc/rc.shutdown jail';exec.clean=true;mount.devfs=true;path=/vm/xxx;exec.system_user=root;exec.jail_user=root;vnet=true;vnet.interface=ng0_xxx;exec.prestart='jng bridge xxx em0';exec.consolelog=/var/log/jail_xxx_console.log
	END
	atf_check -o file:wanted jail -f jail.conf -e ';'
	atf_check -s exit:1 -e match:'^jail: jail.conf.d/xxx.conf:6:1: vnet: is' \
	    jail -f jail.conf -c xxx
	atf_check -o inline:'bar: created\n' jail -f jail.conf -c bar
	atf_check -o inline:'bar /\n' jls name path
}
files_of_freebsd_are_read_cleanup()
{
	end
}

atf_test_case jail_of_the_file_is_modified_and_made_anew cleanup
jail_of_the_file_is_modified_and_made_anew_body()
{
	begin
	mkdir root other
	ln -s root way
	cat >jail.conf <<-END
	path = "$PWD/way";
	persist;
	exec.poststop = "echo \$name >>$PWD/log";
	web { \$name = www; host.hostname = "\$name.\${name}"; }
	55 { name = db; }
	56 { host.hostname = \$name; }
	END
	atf_check -o inline:'web\n55\n56\n' sh -c \
	    'jail -J jids -p 1 -f jail.conf -c | sed "s/: created//"'
	atf_check -o inline:'1 web\n55 55\n56 56\n' cat jids
	atf_check -o inline:'1 web www.www\n55 db db\n56 56 56\n' \
	    jls jid name host.hostname
	sed -i 's/\$name = www/\$name = new/' jail.conf
	atf_check -o inline:'web: modified\n' jail -f jail.conf -m web
	atf_check -o inline:'1 new.new\n' jls -j web jid host.hostname
	atf_check -o match:'modified' jail -f jail.conf -cm
	sed -i 's|/way|/other|' jail.conf
	atf_check -s exit:1 -e match:'^jail: web: path cannot be changed' \
	    jail -f jail.conf -m web
	atf_check -o inline:'web: removed\nweb: created\n' -e ignore \
	    jail -f jail.conf -rc web
	atf_check -o inline:"$PWD/other\n" jls -j web path
	# By a jid, by the name that the kernel knows, by a pattern.
	atf_check -o inline:'web: removed\n' jail -f jail.conf -r \
	    "$(jls -j web jid)"
	atf_check -o ignore jail -c name=more persist
	atf_check -o inline:'55: removed\n56: removed\nmore: removed\n' \
	    jail -p 1 -f jail.conf -r '*'
	atf_check -o inline:'new\nnew\ndb\n56\n' cat log
}
jail_of_the_file_is_modified_and_made_anew_cleanup()
{
	end
}

atf_test_case interface_is_for_addresses_without_one cleanup
interface_is_for_addresses_without_one_body()
{
	vnet_init
	cat >jail.conf <<-END
	persist;
	interface = $VNET_HOSTIF;
	web {
		ip4.addr = 192.0.2.31, "$VNET_HOSTIF|192.0.2.32/24";
		ip6.addr = 2001:db8::31;
	}
	END
	atf_check -o ignore vnet_host jail -f jail.conf -c
	atf_check -o inline:"192.0.2.31,192.0.2.32 $VNET_HOSTIF|192.0.2.31/32,$VNET_HOSTIF|192.0.2.32/24 $VNET_HOSTIF|2001:db8::31/128\n" \
	    vnet_host jls ip4.addr ip4.alias ip6.alias
	atf_check -o ignore vnet_host jail -f jail.conf -r
	atf_check -o empty ip -n "$VNET_HOST" addr show to 192.0.2.31
}
interface_is_for_addresses_without_one_cleanup()
{
	end
}

atf_init_test_cases()
{
	atf_add_test_case jails_start_after_what_they_need_and_at_once
	atf_add_test_case mistake_is_told_with_its_place
	atf_add_test_case files_of_freebsd_are_read
	atf_add_test_case jail_of_the_file_is_modified_and_made_anew
	atf_add_test_case interface_is_for_addresses_without_one
}
