# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# What mk/lint.sh must find. Each case breaks a copy of the tree in one way, and
# expects the finding that was not there before.

# A new copy of the sources, in tree/, and what lint.sh says of it, in before.
new_copy()
{
	rm -rf tree
	if [ ! -d sources ]; then
		mkdir sources
		tar -C "$NETJAIL_TOP" --exclude=./obj \
		    --exclude=./.git -cf - . | tar -C sources -xf - ||
		    atf_fail "cannot copy the sources"
		sources/mk/lint.sh $checks >before
	fi
	cp -R sources tree
}

# finds 'file:line: what' command...: the finding is there once the command has
# been run in the copy. It is a regular expression for a whole line.
finds()
{
	new_copy
	grep -qx "$1" before && atf_fail "was there before: $1"
	(cd tree && shift && "$@") || atf_fail "cannot break the copy"
	atf_check -s exit:1 -o save:after tree/mk/lint.sh $checks
	grep -qx "$1" after || {
		diff before after
		atf_fail "not found: $1"
	}
}

# Put a line at the end of a file: append line file.
append()
{
	printf '%s\n' "$1" >>"$2"
}

# Replace what matches, and fail if nothing does: replace regex text file.
replace()
{
	cp "$3" "$3.old"
	sed "s|$1|$2|" "$3.old" >"$3"
	! cmp -s "$3" "$3.old" && rm "$3.old"
}

# case_of name description [check]: a case whose body calls finds, and needs no
# other check of lint.sh than that.
case_of()
{
	atf_test_case "$1"
	eval "$1_head() { atf_set descr \"$2\"; }"
	eval "$1_body() { checks='${3:-}'; $1; }"
	cases="${cases:-} $1"
}

case_of tree_has_no_finding "The tree is as lint wants it"
tree_has_no_finding()
{
	new_copy
	atf_check cat before
}

case_of findings_are_printed_once_and_make_it_fail "One line and status 1"
findings_are_printed_once_and_make_it_fail()
{
	new_copy
	append '// no' tree/lib/libutil/util.c
	line=$(wc -l <tree/lib/libutil/util.c)
	atf_check -s exit:1 -o save:after tree/mk/lint.sh $checks
	echo 'a line of its own, for grep -f' >>before
	atf_check -o inline:"lib/libutil/util.c:$line: // comment\n" \
	    grep -vxFf before after
}

case_of kernel_half_with_user_header_is_found "sys/ has no user code" \
    kernel_half
kernel_half_with_user_header_is_found()
{
	for header in stdio.h bpf/libbpf.h sys/socket.h; do
		finds "sys/kern-jail/kern_priv.h:[0-9]*: not a header that.*" \
		    append "#include <$header>" sys/kern-jail/kern_priv.h
	done
	finds 'sys/kern-jail/x.c:1: is in the kernel half, but not a .bpf.c' \
	    cp lib/libutil/util.c sys/kern-jail/x.c
}

case_of second_bridge_to_kernel_half_is_found "Only jail_bpf*.c calls libbpf" \
    bridge
second_bridge_to_kernel_half_is_found()
{
	finds 'tools/jls/jls.c:[0-9]*: only jail_bpf[*].c may include.*' \
	    append '#include <bpf/libbpf.h>' tools/jls/jls.c
	finds 'lib/libjail/jail_get.c:[0-9]*: only jail_bpf[*].c may include.*' \
	    append '#include "netjail.skel.h"' lib/libjail/jail_get.c
	finds 'lib/libjail/jail_get.c:[0-9]*: only jail_bpf[*].c may call.*' \
	    append '	bpf_map_lookup_elem(fd, key, value);' \
	    lib/libjail/jail_get.c
	finds 'tools/jls/jls.c:[0-9]*: only jail_bpf[*].c may call.*' \
	    append '	syscall(SYS_bpf, 0);' tools/jls/jls.c
	finds "tools/jls/jls.c:[0-9]*: header of libjail's inside" \
	    append '#include "jail_impl.h"' tools/jls/jls.c
	finds 'tools/jls/jail_bpf_x.c:[0-9]*: only jail_bpf[*].c may include.*' \
	    cp lib/libjail/jail_bpf_map.c tools/jls/jail_bpf_x.c
	finds 'lib/libjail/jail_get.c:[0-9]*: header of the kernel half.*' \
	    append '#include <kern-jail/kern_priv.h>' lib/libjail/jail_get.c
}

case_of missing_licence_is_found "SPDX in the first line" licence
missing_licence_is_found()
{
	for file in tools/jls/jls.c sys/sys/jail.h mk/lib.mk mk/deps.sh \
	    tools/jls/Makefile tools/jail/jail.8 mk/form.awk; do
		finds "$file:1: does not begin with: .*SPDX.*" \
		    sed -i /SPDX/d "$file"
	done
	finds 'sys/sys/jail.h:1: does not begin with: .*GPL-2.0-only OR.*' \
	    replace 'GPL-2.0-only OR ' '' sys/sys/jail.h
	finds 'lib/libutil/util.c:1: says no Copyright.*' \
	    sed -i /Copyright/d lib/libutil/util.c
}

case_of bad_form_of_a_line_is_found "Columns, tabs, spaces" form
bad_form_of_a_line_is_found()
{
	c=lib/libutil/util.c

	finds "$c:[0-9]*: space at the end of the line" append 'int a; ' $c
	finds 'README.md:[0-9]*: space at the end of the line' \
	    append 'a ' README.md
	finds "$c:[0-9]*: longer than 80 columns" append \
	    '									 int a23;' $c
	finds "$c:[0-9]*: spaces where a tab belongs" append \
	    '        int a;' $c
	finds "$c:[0-9]*: space before a tab" append '  	int a;' $c
	finds "$c:[0-9]*: second empty line" append '

int a;' $c
	finds "$c:[0-9]*: not ASCII" append "/* $(printf '\303\251') */" $c
}

case_of eighty_columns_are_not_too_many "80 are allowed, with a tab of 8" form
eighty_columns_are_not_too_many()
{
	new_copy
	append '									int a23;' tree/lib/libutil/util.c
	atf_check -s ignore -o save:after tree/mk/lint.sh $checks
	atf_check diff before after
}

case_of bad_habit_in_c_is_found "A few rules of style(9)" form
bad_habit_in_c_is_found()
{
	c=lib/libutil/util.c

	finds "$c:[0-9]*: // comment" append '// a' $c
	finds "$c:[0-9]*: no space after if.*" append '	if(a)' $c
	finds "$c:[0-9]*: return without parentheses" append '	return 0;' $c
	finds "$c:[0-9]*: sizeof without parentheses" \
	    append '	a = sizeof b;' $c
	finds "$c:[0-9]*: brace of a function not.*" append 'f(int a) {' $c
	finds "$c:[0-9]*: space between the . and the name.*" \
	    append '	char* a;' $c
	finds "$c:[0-9]*: a type in _t.*" append 'typedef int a_t;' $c
	finds 'lib/libutil/util.h:[0-9]*: not #ifndef _UTIL_H_.*' \
	    replace '#ifndef _UTIL_H_' '#ifndef UTIL' lib/libutil/util.h
}

case_of strings_and_comments_are_not_code "Only code is judged as code" form
strings_and_comments_are_not_code()
{
	new_copy
	cat >>tree/lib/libutil/util.c <<-'END'
	/* See http://example.net: return x; if(x) */
	/*
	 * sizeof x; // or typedef int a_t;
	 */
	static const char text[] = "http://example.net \" return x; if(x)";
	END
	atf_check -s ignore -o save:after tree/mk/lint.sh $checks
	atf_check diff before after
}

# lines n: that many.
lines()
{
	yes '	a();' | head -n "$1"
}

# A function in C of that many lines: function_of n file.
function_of()
{
	{ echo 'f(void)'; echo '{'; lines "$1"; echo '}'; } >>"$2"
}

case_of long_function_is_found "60 lines at most, in C and in sh" form
long_function_is_found()
{
	finds 'lib/libutil/util_json.c:[0-9]*: function of 61 lines.*' \
	    function_of 61 lib/libutil/util_json.c
	finds 'mk/deps.sh:[0-9]*: function of 61 lines.*' \
	    function_of 61 mk/deps.sh
	new_copy
	function_of 60 tree/lib/libutil/util_json.c
	atf_check -s ignore -o save:after tree/mk/lint.sh $checks
	atf_check diff before after
}

long_file()
{
	lines 600 >>lib/libutil/util_json.c
}

case_of long_file_is_found "600 lines at most" form
long_file_is_found()
{
	finds 'lib/libutil/util_json.c:601: file of more than 600 lines' \
	    long_file
}

case_of script_with_bad_syntax_is_found "sh -n" form
script_with_bad_syntax_is_found()
{
	finds 'mk/deps.sh:[0-9]*: Syntax error.*' append 'if' mk/deps.sh
}

case_of source_in_no_makefile_is_found "What is not built or run" makefiles
source_in_no_makefile_is_found()
{
	finds 'tools/jls/more.c:1: is in no Makefile' \
	    cp tools/jls/jls.c tools/jls/more.c
	finds 'regress/mk/lint/more_test.sh:1: is in no Makefile' \
	    cp regress/mk/lint/lint_test.sh regress/mk/lint/more_test.sh
}

case_of path_of_a_machine_is_found "No path of somebody's machine" paths
path_of_a_machine_is_found()
{
	for dir in /home/somebody "/wor""k/tree" "/roo""t/tree"; do
		finds "README.md:[0-9]*: path of somebody's machine" \
		    append "It is in $dir/netjail." README.md
	done
	finds 'README.md:[0-9]*: path of this machine' \
	    append "It is in $PWD/tree/README.md." README.md
}

case_of bad_page_is_found "mandoc, sections, references" \
    "mandoc sections references"
bad_page_is_found()
{
	page=tools/jail/jail.8

	finds "$page:[0-9]*: WARNING: .*" append '.Pp' $page
	finds "$page:1: has no section EXIT STATUS" \
	    replace '.Sh EXIT STATUS' '.Sh STATUS' $page
	finds "$page:1: is missing" rm $page
	finds "$page:[0-9]*: there is no page jnone.8" append '.Xr jnone 8' \
	    $page
	finds "$page:[0-9]*: there is no page jail.1" append '.Xr jail 1' $page
}

case_of example_that_does_not_compile_is_found "The example of jail(3)" example
example_that_does_not_compile_is_found()
{
	finds 'lib/libjail/jail.3:1: its example: .*' \
	    replace 'print_refusals(jid);' 'print_refusals(jid)' \
	    lib/libjail/jail.3
}

case_of symbols_that_differ_are_found "libjail.map, jail.h, jail.3" symbols
symbols_that_differ_are_found()
{
	dir=lib/libjail

	finds "$dir/libjail.map:[0-9]*: jail_more is exported, but not in jail.h" \
	    replace 'jail_set;' 'jail_more;' $dir/libjail.map
	finds "$dir/jail.h:[0-9]*: jail_set is in jail.h, but not exported" \
	    replace 'jail_set;' 'jail_more;' $dir/libjail.map
	finds "$dir/libjail.map:[0-9]*: jail_kill is exported, but not in .*.3" \
	    replace '^.Fn jail_kill "' '.Fn jail_more "' $dir/jail.3
	finds "$dir/jail.3:[0-9]*: jail_more is in jail.3, but not exported" \
	    replace '^.Fn jail_kill "' '.Fn jail_more "' $dir/jail.3
}

case_of reasons_that_differ_are_found "The contract, jail_strreason, jail.3" \
    reasons
reasons_that_differ_are_found()
{
	new='	JR_MAX'
	file=sys/sys/jail.h

	finds "$file:[0-9]*: JR_NEW has no text in jail_strreason()" \
	    replace "^$new" "	JR_NEW = 99,\n$new" $file
	finds "$file:[0-9]*: JR_NEW=99 is not in jail.3" \
	    replace "^$new" "	JR_NEW = 99,\n$new" $file
	finds "$file:[0-9]*: JR_NEW has the number of another reason" \
	    replace "^$new" "	JR_NEW = 1,\n$new" $file
	finds 'lib/libjail/jail.3:[0-9]*: JR_PROTO=88 is in jail.3, but not.*' \
	    replace 'JR_PROTO Ta 8' 'JR_PROTO Ta 88' lib/libjail/jail.3
}

case_of parameters_that_differ_are_found "tables and pages" parameters
parameters_that_differ_are_found()
{
	finds 'lib/libjail/jail_param.c:[0-9]*: more is a parameter, but not.*' \
	    replace '{ "dying"' '{ "more"' lib/libjail/jail_param.c
	finds 'tools/jail/jail.8:[0-9]*: dying is in jail.8, but not a.*' \
	    replace '{ "dying"' '{ "more"' lib/libjail/jail_param.c
	finds 'tools/jail/conf_param.c:[0-9]*: more is a parameter, but not.*' \
	    replace '{ "depend"' '{ "more"' tools/jail/conf_param.c
	finds 'tools/jail/jail.conf.5:[0-9]*: depend is in jail.conf.5, but.*' \
	    replace '{ "depend"' '{ "more"' tools/jail/conf_param.c
}

case_of kernels_that_differ_are_found "vm/kernels, jails.7 and README.md" \
    kernels
kernels_that_differ_are_found()
{
	finds 'regress/vm/kernels:[0-9]*: 6.1-bpf_sock_destroy is in vm/.*' \
	    replace 'bpf_sock_destroy Ta no' 'bpf_sock_destroy Ta yes' \
	    share/man/jails.7
	finds 'README.md:[0-9]*: 6.12 is told of, but not in vm/kernels' \
	    replace '^6.12' '6.13' regress/vm/kernels
}

case_of options_that_differ_are_found "getopt_long(3) and the page" options
options_that_differ_are_found()
{
	finds 'tools/jail/jail.c:[0-9]*: z is an option, but not in the page' \
	    replace '"+Cc' '"+zCc' tools/jail/jail.c
	finds 'tools/jail/jail.8:[0-9]*: i is in the page, but not an option' \
	    replace 'f:iJ' 'f:J' tools/jail/jail.c
	finds 'tools/jail/jail.c:[0-9]*: -more is an option, but not in .*' \
	    replace '{ "destroy"' '{ "more"' tools/jail/jail.c
}

case_of options_that_are_not_offered_are_found "getopt_long(3) and bash" \
    completion
options_that_are_not_offered_are_found()
{
	finds 'tools/jping/jping.c:[0-9]*: D is an option, but not offered' \
	    replace 'c -D -f' 'c -f' share/completion/netjail.bash
	finds 'share/completion/netjail.bash:[0-9]*: -more is offered, but.*' \
	    replace ' --json$' ' --more' share/completion/netjail.bash
}

atf_init_test_cases()
{
	for name in $cases; do
		atf_add_test_case "$name"
	done
}
