# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# What bash offers on command lines, asked as it asks at a tab: the words as
# readline splits them, the last one being what is there of it.

# offered command line: the words, in one line.
offered()
{
	bash -c '
	. "$NETJAIL_TOP/share/completion/netjail.bash"
	compopt() { :; }
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	[[ $(complete -p "$1") == "complete -o default -F _netjail $1" ]] ||
	    exit
	_netjail "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
	echo "${COMPREPLY[*]}"' bash "$@"
}

# offers 'words' command line: those, and no others.
offers()
{
	local expected

	expected=$1
	shift
	atf_check_equal "$expected" "$(offered "$@")"
}

make_jails()
{
	vnet_instance
	for name in web www db; do
		atf_check -o ignore jail -c name=$name path=/ persist
	done
}

atf_test_case jails_are_offered_where_one_is_meant cleanup
jails_are_offered_where_one_is_meant_body()
{
	make_jails
	for tool in jls jifconfig jping jstat jtrace; do
		offers 'web www' $tool -j w
	done
	offers 'web www db' jail -r ''
	offers db jail -q -r d
	offers web jail -m name = we
	offers web jexec we
	offers web jexec -lu root we
	offers 'web www' jailkill -s TERM db w
	offers '' jls -j x
}
jails_are_offered_where_one_is_meant_cleanup()
{
	vnet_cleanup
}

# What a name says is not run, neither at the tab nor when it is there.
atf_test_case name_is_quoted cleanup
name_is_quoted_body()
{
	vnet_instance
	atf_check -o ignore jail -c name='$(>x)`>x`[xy]' path=/ persist
	touch '$(>x)`>x`y'
	offers '\$\(\>x\)\`\>x\`\[xy\]' jexec ''
	[ ! -e x ] || atf_fail "it was run"
}
name_is_quoted_cleanup()
{
	vnet_cleanup
}

atf_test_case parameters_are_those_of_jls cleanup
parameters_are_those_of_jls_body()
{
	make_jails
	offers "$(jls -h | head -n 1)" jls -j web ''
	offers 'ip4= ip4.addr= ip4.saddrsel ip4.hostlisten' jail -c ip4
	offers 'persist' jail -cm persi
	offers 'path=' jail -rc pat
	offers 'command=' jail -c comm
	for readonly in dying parent processes refused children.cur \
	    cpu.usage mem.usage; do
		offers '' jail -c $readonly
	done
	offers 'new inherit disable' jail -c ip6 =
	offers inherit jail -c ip4 = inh
	offers 'private primary' jail -c loopback = pr
	offers /usr/lib/ssl jail -c path = /usr/lib/ssl
}
parameters_are_those_of_jls_cleanup()
{
	vnet_cleanup
}

atf_test_case options_and_their_arguments
options_and_their_arguments_body()
{
	offers --json jls --j
	offers '--json --prometheus --help --version' jstat --
	offers root jexec -u roo
	offers root jexec -lU roo
	offers TERM jailkill -s TER
	echo 'web { } mail { } 5 { }' >jail.conf
	offers 'web mail 5' jail -f jail.conf -c ''
	offers mail jail -qf jail.conf -r ma
	offers jail.conf jail -f jail.c
	offers 'inet inet6' jifconfig -j web in
	offers -alias jifconfig -j web inet 192.0.2.1/24 -
	offers 'debian' jmkroot -q d
	mkdir root root.jmkroot
	offers root jmkroot remove ro
	offers '' jexec web -
	offers '' jping -c 1
	offered jexec web busybo | grep -qw busybox || atf_fail "no command"
}

# By pressing the key.
atf_test_case zsh_offers_what_bash_does cleanup
zsh_offers_what_bash_does_body()
{
	make_jails
	TERM=dumb
	export TERM
	here=$NETJAIL_TOP/regress/share/completion
	while IFS='|' read -r line wanted; do
		atf_check zsh -f "$here/tab.zsh" \
		    "$NETJAIL_TOP/share/completion" "$line" "$wanted"
	done <<-'END'
	jls -j we|jls -j web
	jail -m name=we|jail -m name=web
	jail -c allow.raw|jail -c allow.raw_sockets
	jexec -u root d|jexec -u root db
	jstat --prom|jstat --prometheus
	END
}
zsh_offers_what_bash_does_cleanup()
{
	vnet_cleanup
}

atf_init_test_cases()
{
	atf_add_test_case jails_are_offered_where_one_is_meant
	atf_add_test_case name_is_quoted
	atf_add_test_case parameters_are_those_of_jls
	atf_add_test_case options_and_their_arguments
	atf_add_test_case zsh_offers_what_bash_does
}
