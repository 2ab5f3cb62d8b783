# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# regress/run.sh has a verdict for every case, or fails.

# suite body: of one case, in obj.
suite()
{
	mkdir -p obj/regress
	printf '%s\n' "syntax(2)" "test_suite('one')" \
	    "atf_test_program{name='one_test'}" >obj/regress/Kyuafile
	printf '%s\n' '#!/usr/bin/env atf-sh' 'atf_test_case one' 'one_body()' \
	    '{' "	$1" '}' 'atf_init_test_cases()' '{' \
	    '	atf_add_test_case one' '}' >obj/regress/one_test
	chmod +x obj/regress/one_test
}

# kyua_dies times: of a signal, as it runs the cases.
kyua_dies()
{
	mkdir bin
	printf '%s\n' '#!/bin/sh' "echo >>'$PWD/runs'" 'case "$*" in' \
	    "*' test '*) [ \$(wc -l <'$PWD/runs') -gt $1 ] || kill -ABRT \$\$" \
	    'esac' "exec $(command -v kyua) \"\$@\"" >bin/kyua
	chmod +x bin/kyua
}

# run expected-status last-line
run()
{
	atf_check -s exit:"$1" -o save:out -e ignore env PATH="$PWD/bin:$PATH" \
	    sh "$NETJAIL_TOP/regress/run.sh" "$PWD/obj"
	atf_check -o inline:"$2\n" tail -n 1 out
}

atf_test_case case_that_fails_fails_the_run
case_that_fails_fails_the_run_body()
{
	suite 'atf_fail "as it should"'
	run 1 '0 passed, 1 failed, 0 skipped'
}

atf_test_case cases_are_run_once_more_if_kyua_dies
cases_are_run_once_more_if_kyua_dies_body()
{
	suite 'echo >>"$RAN/ran"'
	RAN=$PWD
	export RAN
	kyua_dies 1
	run 0 '1 passed, 0 failed, 0 skipped'
	atf_check -o match:'kyua died of signal 6, first try' cat out
	atf_check -o inline:'1\n' sh -c 'wc -l <ran'
}

atf_test_case kyua_that_dies_again_fails_the_run
kyua_that_dies_again_fails_the_run_body()
{
	suite :
	kyua_dies 9
	atf_check -s exit:1 -o save:out -e ignore env PATH="$PWD/bin:$PATH" \
	    sh "$NETJAIL_TOP/regress/run.sh" "$PWD/obj"
	atf_check -o match:'kyua died of signal 6, last try' cat out
}

atf_init_test_cases()
{
	atf_add_test_case case_that_fails_fails_the_run
	atf_add_test_case cases_are_run_once_more_if_kyua_dies
	atf_add_test_case kyua_that_dies_again_fails_the_run
}
