#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Run the built tests with kyua: run.sh objdir [filter ...]. The tools under
# test are those of NETJAIL_BIN, a list of folders like PATH; without it, the
# ones just built. Ends with one line "N passed, N failed, N skipped" and fails
# if a test failed or none ran.

set -u

die()
{
	echo "regress: $*" >&2
	exit 1
}

# The folders of the tools just built, joined as in PATH.
built_tools()
{
	for dir in "$1"/tools/*/; do
		[ -d "$dir" ] && printf '%s:' "${dir%/}"
	done | sed 's/:$//'
}

run_kyua()
{
	kyua --config=none --logfile="$obj/kyua.log" -v parallelism=2 "$@"
}

# Of a verbose report, what each failed case said: no environment, no metadata,
# and no more than 200 lines a case.
details()
{
	awk '/^===> / { show = !/Execution context|Summary/; lines = 0 }
	/^Metadata:/ { meta = 1 }
	/^$/ { meta = 0 }
	show && !meta && lines++ < 200'
}

# What kyua's totals say, in one line; an expected failure has passed.
totals()
{
	awk '/^Test cases: / {
		gsub(",", "")
		failed = $10 + $12
		printf "%d passed, %d failed, %d skipped\n",
		    $3 - $5 - failed, failed, $5
		bad = failed > 0 || $3 == $5
		found = 1
	}
	END { exit !found || bad }'
}

[ $# -ge 1 ] || die "usage: run.sh objdir [filter ...]"
[ "$(id -u)" -eq 0 ] || die "not root: tests make jails and namespaces"
obj=$1/regress
NETJAIL_BIN=${NETJAIL_BIN:-$(built_tools "$1")}
PATH=$obj/vnet:${NETJAIL_BIN:+$NETJAIL_BIN:}$PATH:/usr/sbin:/sbin
# kyua keeps its own files below HOME.
HOME=$obj
export HOME NETJAIL_BIN PATH
shift
cd "$obj" || die "$obj: not built"
# Two runs at a time must not share their results; the last one's stay.
run=$(mktemp -d run.XXXXXX) || die "$obj: cannot write"
trap 'rm -rf "$run"' EXIT
trap 'exit 1' HUP INT TERM
run_kyua test --results-file="$run/results.db" "$@" |
    sed '/^Results saved to /d'
run_kyua report --results-file="$run/results.db" --verbose \
    --results-filter=broken,failed | details
run_kyua report --results-file="$run/results.db" \
    --results-filter=skipped,xfail >"$run/totals"
mv -f "$run/results.db" .
sed '/^===> Summary/,$d' "$run/totals"
totals <"$run/totals"
