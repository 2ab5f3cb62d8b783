# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# Bad input to jail(8): one clear line, status 1, and nothing is left behind.

# jailstate, which reads the kernel's tables itself, is a test program.
begin()
{
	PATH=$PATH:$(atf_get_srcdir)/../../lib/libjail
	vnet_instance
	atf_check jail -q -c name=other ip4.addr=192.0.2.70,192.0.2.71 \
	    ip6.addr=2001:db8::70 persist
	jailstate >before
}

# A command fails with this one line, and nothing has changed.
check_refused()
{
	local line

	line=$1
	shift
	atf_check -s exit:1 -e inline:"$line\n" "$@"
	atf_check -o file:before jailstate
	atf_check jailstate -c
}

# The same of jail -c, with an address and with a command, and of jail -m.
check_refused_all()
{
	local line

	line=$1
	shift
	check_refused "$line" jail -c name=a persist "$@"
	check_refused "$line" jail -c "$@" command=/bin/echo it runs
	check_refused "$line" jail -m name=other "$@"
}

atf_test_case address_must_parse cleanup
address_must_parse_body()
{
	begin
	for addr in 192.0.2 192.0.2.256 192.0.2.5.6 0x7f.1 host \
	    2001:db8::5 ' 192.0.2.5'; do
		check_refused_all \
		    "jail: ip4.addr: not an IPv4 address: \"$addr\"" \
		    ip4.addr="$addr"
		check_refused_all \
		    "jail: ip4.addr: not an IPv4 address: \"$addr\"" \
		    ip4.addr="192.0.2.9,$addr"
	done
	for addr in 2001:db8 :::: 192.0.2.5 fe80::1%lo g::; do
		check_refused_all \
		    "jail: ip6.addr: not an IPv6 address: \"$addr\"" \
		    ip6.addr="$addr"
	done
	what='a prefix length goes with an interface, interface|address/prefix'
	check_refused_all "jail: ip4.addr: $what: \"192.0.2.5/24\"" \
	    ip4.addr=192.0.2.9,192.0.2.5/24
	check_refused_all "jail: ip6.addr: $what: \"2001:db8::5/64\"" \
	    ip6.addr=2001:db8::5/64
	for addr in , 192.0.2.5, ,192.0.2.5 192.0.2.5,,192.0.2.6; do
		check_refused_all "jail: ip4.addr: a comma too many: \"$addr\"" \
		    ip4.addr=$addr
	done
}
address_must_parse_cleanup()
{
	vnet_cleanup
}

atf_test_case address_must_be_one_that_a_jail_can_have cleanup
address_must_be_one_that_a_jail_can_have_body()
{
	begin
	for addr in 0.0.0.0 255.255.255.255; do
		check_refused_all \
		    "jail: ip4.addr: $addr cannot be a jail's address" \
		    ip4.addr=192.0.2.5,$addr
	done
	check_refused_all "jail: ip6.addr: :: cannot be a jail's address" \
	    ip6.addr=::
	check_refused_all 'jail: ip6.addr: ::ffff:192.0.2.5 is an IPv4 address'\
': use ip4.addr' ip6.addr=::ffff:192.0.2.5
}
address_must_be_one_that_a_jail_can_have_cleanup()
{
	vnet_cleanup
}

# Nor what the kernel has the loopback of another jail by, which A3 is about.
atf_test_case address_is_no_loopback cleanup
address_is_no_loopback_body()
{
	why="is a loopback address, and every jail has its own loopback: leave"
	begin
	for addr in 127.0.0.1 127.0.0.2 127.64.1.44; do
		check_refused_all "jail: ip4.addr: $addr $why it out" \
		    ip4.addr=192.0.2.5,$addr
	done
	for addr in ::1 fd6a:6169:6c6c:6f::12c; do
		check_refused_all "jail: ip6.addr: $addr $why it out" \
		    ip6.addr=$addr
	done
}
address_is_no_loopback_cleanup()
{
	vnet_cleanup
}

atf_test_case address_is_listed_once cleanup
address_is_listed_once_body()
{
	begin
	check_refused_all 'jail: ip4.addr: 192.0.2.5 is listed twice' \
	    ip4.addr=192.0.2.5,192.0.2.6,192.0.2.5
	check_refused_all 'jail: ip6.addr: 2001:db8::5 is listed twice' \
	    ip6.addr=2001:db8::5,2001:db8:0::5
}
address_is_listed_once_cleanup()
{
	vnet_cleanup
}

atf_test_case address_is_not_another_jails cleanup
address_is_not_another_jails_body()
{
	begin
	for addr in 192.0.2.70 192.0.2.71; do
		check_refused "jail: ip4.addr: $addr is an address of jail \
\"other\"" jail -c name=a persist ip4.addr=$addr
		check_refused "jail: ip4.addr: $addr is an address of jail \
\"other\"" jail -c ip4.addr=192.0.2.5,$addr command=/bin/echo it runs
	done
	check_refused "jail: ip6.addr: 2001:db8::70 is an address of jail \
\"other\"" jail -c name=a persist ip6.addr=2001:db8::5,2001:db8::70
	# A jail that is changed may keep its own.
	atf_check jail -q -c name=a persist ip4.addr=192.0.2.5
	jailstate >before
	check_refused "jail: ip4.addr: 192.0.2.70 is an address of jail \
\"other\"" jail -m name=a ip4.addr=192.0.2.5,192.0.2.70
	atf_check jail -q -m name=a ip4.addr=192.0.2.5,192.0.2.6
	# What a jail gives up is free.
	atf_check jail -q -m name=other ip4.addr=192.0.2.71
	atf_check jail -q -m name=a ip4.addr=192.0.2.70
	atf_check jail -q -r other
	atf_check jail -q -m name=a ip4.addr=192.0.2.70,192.0.2.71
	atf_check jailstate -c
}
address_is_not_another_jails_cleanup()
{
	vnet_cleanup
}

atf_test_case one_address_may_be_shared_by_jails_that_have_no_other cleanup
one_address_may_be_shared_by_jails_that_have_no_other_body()
{
	begin
	for name in a b c; do
		atf_check jail -q -c name=$name persist ip4.addr=192.0.2.5 \
		    ip6.addr=2001:db8::$name
	done
	jailstate >before
	for name in a b c; do
		check_refused_shared $name 192.0.2.6,192.0.2.5
		check_refused_shared $name 192.0.2.5,192.0.2.6
	done
	# Each may leave; the last one has it alone, and may get more.
	atf_check jail -q -r a
	atf_check jailstate -c
	atf_check jail -q -m name=b ip4.addr=192.0.2.6
	atf_check jailstate -c
	atf_check jail -q -m name=c ip4.addr=192.0.2.7,192.0.2.5
	jailstate >before
	check_refused 'jail: ip4.addr: 192.0.2.5 is an address of jail "c"' \
	    jail -c name=a persist ip4.addr=192.0.2.5
	atf_check jail -q -r b c
	jailstate >before
	atf_check -s exit:1 grep c0000205 before
}
check_refused_shared()
{
	local line

	jail -m name=$1 ip4.addr=$2 2>message && atf_fail "$1 may have $2"
	line=$(sed 's/[abc]"$/x"/' message)
	[ "$line" = \
	    'jail: ip4.addr: 192.0.2.5 is an address of jail "x"' ] ||
	    atf_fail "$line"
	[ "$(tail -c 3 message)" != "$1\"" ] || atf_fail "it names itself"
	atf_check -o file:before jailstate
	atf_check jailstate -c
}
one_address_may_be_shared_by_jails_that_have_no_other_cleanup()
{
	vnet_cleanup
}

atf_test_case parameter_must_be_known cleanup
parameter_must_be_known_body()
{
	begin
	for param in nonsense nonsense=1 ip4.adr=192.0.2.5 ip5=new nopath no \
	    ip4.addr.x= allow.suser allow.nonsense vnet; do
		check_refused_all "jail: unknown parameter: ${param%%=*}" $param
	done
	check_refused 'jail: unknown parameter: ' jail -c =a persist
	check_refused 'jail: name: is given twice' \
	    jail -c name=a name=b persist
	check_refused 'jail: persist: is given twice' \
	    jail -c name=a persist nopersist
	check_refused 'jail: name: needs a value: name=...' jail -c name persist
	check_refused 'jail: nopersist: takes no value' jail -c nopersist=1
	check_refused 'jail: persist: neither true nor false: "yes"' \
	    jail -c name=a persist=yes
	check_refused 'jail: ip4: not disable, new or inherit: "all"' \
	    jail -c name=a persist ip4=all
	for param in dying=1 processes=1 refused=1; do
		check_refused "jail: ${param%=1}: is read-only" \
		    jail -c name=a persist $param
	done
	check_refused 'jail: unknown parameter: lastjid' \
	    jail -c lastjid=1 persist
}
parameter_must_be_known_cleanup()
{
	vnet_cleanup
}

atf_test_case jid_must_be_free_and_in_range cleanup
jid_must_be_free_and_in_range_body()
{
	begin
	check_refused 'jail: jail 1 already exists' jail -c jid=1 persist
	check_refused 'jail: negative jid' jail -c jid=-1 persist
	check_refused 'jail: jid is too large: the largest is 999999' \
	    jail -c jid=1000000 persist
	check_refused 'jail: jid: number is too large: "4294967297"' \
	    jail -c jid=4294967297 persist
	check_refused 'jail: jid: not a number: "1a"' jail -c jid=1a persist
	check_refused 'jail: jid: not a number: ""' jail -c jid= persist
	check_refused "jail: new jail must persist or attach: give persist,$(
	    ) init=... or command=..." jail -c name=a
}
jid_must_be_free_and_in_range_cleanup()
{
	vnet_cleanup
}

atf_test_case name_must_be_free_and_one cleanup
name_must_be_free_and_one_body()
{
	local long

	begin
	check_refused 'jail: jail "other" already exists' \
	    jail -c name=other persist
	check_refused 'jail: jail "other" already exists' \
	    jail -c name=other command=/bin/echo it runs
	check_refused 'jail: name cannot be numeric (unless it is the jid)' \
	    jail -c name=17 persist
	check_refused 'jail: name cannot be numeric (unless it is the jid)' \
	    jail -c jid=17 name=18 persist
	check_refused 'jail: name cannot be numeric (unless it is the jid)' \
	    jail -c jid=17 name=017 persist
	check_refused 'jail: name is empty' jail -c name= persist
	long=$(printf '%0256d' 0)
	check_refused 'jail: name: longer than 255 bytes' \
	    jail -c name=$long persist
	for name in "$(printf 'a\nb')" "$(printf 'a\033[2Jb')" 'a*' \
	    "$(printf '\177')"; do
		check_refused \
		    'jail: name: control characters and * are not allowed' \
		    jail -c name="$name" persist
		check_refused \
		    'jail: name: control characters and * are not allowed' \
		    jail -m jid=1 name="$name"
	done
	for name in .a a. a..b .; do
		check_refused "jail: name: \"$name\": nothing before or behind a \
dot" jail -c name=$name persist
	done
}
name_must_be_free_and_one_cleanup()
{
	vnet_cleanup
}

# What is said of an argument must not do anything to the terminal.
atf_test_case messages_have_no_control_characters cleanup
messages_have_no_control_characters_body()
{
	local bad

	begin
	bad=$(printf 'a\033[2J\nb')
	for args in "-m name=$bad" "-r $bad" "-c ip4.addr=$bad persist" \
	    "-c path=/$bad persist" "-c $bad" "-c host.hostname=h jid=$bad" \
	    "-c persist=$bad"; do
		IFS='
' 		eval 'jail ${args%% *} "${args#* }"' 2>message &&
		    atf_fail "it is accepted: $args"
		atf_check -o inline:'1\n' -x 'wc -l <message'
		tr -d '\n' <message >line
		atf_check -s exit:1 grep "$(printf '[\001-\037]')" line
	done
}
messages_have_no_control_characters_cleanup()
{
	vnet_cleanup
}

atf_test_case path_must_be_a_directory cleanup
path_must_be_a_directory_body()
{
	local long

	begin
	echo file >file
	check_refused 'jail: path: file: not a directory' \
	    jail -c path=file persist
	check_refused 'jail: path: file: not a directory' \
	    jail -c path=file command=/bin/echo it runs
	check_refused 'jail: path: /nonexistent: No such file or directory' \
	    jail -c path=/nonexistent persist
	check_refused 'jail: path: file/dir: Not a directory' \
	    jail -c path=file/dir persist
	check_refused 'jail: path: /dev/null: not a directory' \
	    jail -c path=/dev/null persist
	check_refused 'jail: path: : No such file or directory' \
	    jail -c path= persist
	long=/$(printf '%01023d' 0)
	check_refused 'jail: path: longer than 1023 bytes' \
	    jail -c path=$long persist
	# One that goes before the first process comes.
	mkdir dir
	atf_check jail -q -c name=a path=dir persist
	rmdir dir
	jailstate >before
	check_refused "jexec: jail's root: $PWD/dir: No such file or directory" \
	    jexec a true
}
path_must_be_a_directory_cleanup()
{
	vnet_cleanup
}

atf_test_case caller_must_be_root cleanup
caller_must_be_root_body()
{
	local caller

	begin
	# Somebody who may search all folders, to get at the program.
	caller="setpriv --reuid 65534 --clear-groups
	    --inh-caps +dac_read_search --ambient-caps +dac_read_search"
	check_refused 'jail: must be root' $caller jail -c name=a persist
	check_refused 'jail: must be root' $caller jail -c command=echo
	check_refused 'jail: must be root' $caller jail -m name=other persist
	check_refused 'jail: must be root' $caller jail -r other
	check_refused 'jail: must be root' $caller jail -r '*'
	check_refused 'jail: must be root' $caller jail --destroy
	atf_check -o ignore $caller jail --help
	atf_check -o ignore $caller jail --version
}
caller_must_be_root_cleanup()
{
	vnet_cleanup
}

# Nobody but root can look at the pins, or keep the tools waiting for the lock.
atf_test_case pins_and_lock_are_roots_alone cleanup
pins_and_lock_are_roots_alone_body()
{
	local caller cgroup

	begin
	caller='setpriv --reuid 65534 --clear-groups --inh-caps=-all'
	cgroup=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	atf_check -s not-exit:0 -e match:'Permission denied' \
	    $caller ls "/sys/fs/bpf/$JAIL_INSTANCE"
	atf_check -s not-exit:0 -e match:'Permission denied' \
	    $caller flock -n "$cgroup/$JAIL_INSTANCE" true
}
pins_and_lock_are_roots_alone_cleanup()
{
	vnet_cleanup
}

atf_test_case instance_must_be_a_name
instance_must_be_a_name_body()
{
	for name in a/b .. A a_b a.b 123456789012345678901234567890123; do
		for args in '-c persist' '-r a' --destroy; do
			atf_check -s exit:1 -e inline:'jail: JAIL_INSTANCE: '\
'at most 32 of a-z, 0-9 and -\n' env JAIL_INSTANCE=$name jail $args
		done
	done
}

# A jail of which nobody was told is not kept.
atf_test_case full_disk_is_an_error cleanup
full_disk_is_an_error_body()
{
	local line

	begin
	line='jail: standard output: No space left on device'
	for args in --help --version -V '-c name=a persist' \
	    '-i -c name=a persist'; do
		check_refused "$line" sh -c 'jail "$@" >/dev/full' sh $args
	done
	atf_check -s exit:1 -e match:'^jail: standard output: ' \
	    sh -c 'jail -c name=a command=/bin/true >/dev/full'
	atf_check -o file:before jailstate
	for args in '-m name=other ip4.addr=192.0.2.70' '-r other'; do
		atf_check -s exit:1 -e inline:"$line\n" \
		    sh -c 'jail "$@" >/dev/full' sh $args
	done
	atf_check jailstate -c
	atf_check sh -c 'jail -q -c name=a persist >/dev/full'
}
full_disk_is_an_error_cleanup()
{
	vnet_cleanup
}

atf_test_case closed_descriptors_do_no_harm cleanup
closed_descriptors_do_no_harm_body()
{
	begin
	atf_check sh -c 'jail -q -c name=a persist <&- >&- 2>&-'
	atf_check sh -c 'jail -q -r a <&- >&- 2>&-'
	atf_check -s exit:3 sh -c \
	    'jail -q -c command=/bin/sh -c "exit 3" <&- >&- 2>&-'
	atf_check -o file:before jailstate
}
closed_descriptors_do_no_harm_cleanup()
{
	vnet_cleanup
}

atf_init_test_cases()
{
	atf_add_test_case address_must_parse
	atf_add_test_case address_must_be_one_that_a_jail_can_have
	atf_add_test_case address_is_no_loopback
	atf_add_test_case address_is_listed_once
	atf_add_test_case address_is_not_another_jails
	atf_add_test_case one_address_may_be_shared_by_jails_that_have_no_other
	atf_add_test_case parameter_must_be_known
	atf_add_test_case jid_must_be_free_and_in_range
	atf_add_test_case name_must_be_free_and_one
	atf_add_test_case messages_have_no_control_characters
	atf_add_test_case path_must_be_a_directory
	atf_add_test_case caller_must_be_root
	atf_add_test_case pins_and_lock_are_roots_alone
	atf_add_test_case instance_must_be_a_name
	atf_add_test_case full_disk_is_an_error
	atf_add_test_case closed_descriptors_do_no_harm
}
