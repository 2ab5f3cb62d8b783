# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# vm/fetch.sh, without an archive: what it says then, and what it does not ask.

# fetch status stdout stderr, of one series, by an apt that has no archive.
fetch()
{
	mkdir -p lists/partial none
	: >sources
	printf '%s\n' "Dir::Etc::sourcelist \"$PWD/sources\";" \
	    "Dir::Etc::sourceparts \"$PWD/none\";" \
	    "Dir::State::lists \"$PWD/lists\";" >apt.conf
	atf_check -s exit:"$1" -o "$2" -e "$3" \
	    -x "echo '6.1 bookworm lacks lsm # a comment' |
	    APT_CONFIG=\$PWD/apt.conf sh '$NETJAIL_TOP/regress/vm/fetch.sh' cache"
}

atf_test_case without_an_archive_it_fails_in_one_line
without_an_archive_it_fails_in_one_line_body()
{
	fetch 1 empty inline:"fetch: apt knows no archive of Debian: apt-get \
update first\n"
	atf_check rmdir cache
}

atf_test_case what_was_found_lately_is_not_asked_for_again
what_was_found_lately_is_not_asked_for_again_body()
{
	mkdir -p cache/6.1.0-1
	echo '6.1 6.1.0-1' >cache/found
	fetch 0 inline:'6.1 6.1.0-1\n' empty
	# But it is if it was long ago, or another series, or is gone.
	touch -d '2 days ago' cache/found
	fetch 1 empty not-empty
	echo '6.12 6.1.0-1' >cache/found
	fetch 1 empty not-empty
	echo '6.1 6.1.0-1' >cache/found
	rmdir cache/6.1.0-1
	fetch 1 empty not-empty
}

atf_init_test_cases()
{
	atf_add_test_case without_an_archive_it_fails_in_one_line
	atf_add_test_case what_was_found_lately_is_not_asked_for_again
}
