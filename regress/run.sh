#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Run the built tests with kyua: run.sh objdir [filter ...]. The tools under
# test are those of NETJAIL_BIN, a list of folders like PATH; without it, the
# ones just built. If REPORTS is a folder, checkers such as valgrind are to put
# there what they find: every file that is not empty is one more failure,
# whether a test noticed or not. Ends with one line "N passed, N failed, N
# skipped" and fails if anything failed or no test ran. PARALLEL cases run at
# the same time: mostly they wait, for programs to be attached and detached.

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
	kyua --config=none --logfile="$obj/kyua.log" \
	    -v parallelism="${PARALLEL:-4}" "$@"
}

# Run the cases. kyua may die itself, of what glibc calls a corrupted heap, for
# which there is no verdict on a case: then all are run once more.
run_cases()
{
	for try in first last; do
		rm -f "$run/results.db"
		{
			run_kyua test --results-file="$run/results.db" "$@"
			echo $? >"$run/status"
		} | sed '/^Results saved to /d'
		status=$(cat "$run/status")
		[ "$status" -gt 128 ] || return 0
		echo "regress: kyua died of signal $((status - 128)), $try try"
	done
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

# Print what checkers found, no more than 60 lines each; how often is in found.
show_reports()
{
	found=0
	[ -n "${REPORTS:-}" ] || return 0
	for report in "$REPORTS"/*; do
		[ -s "$report" ] || continue
		echo "===> ${report##*/}"
		head -n 60 "$report"
		found=$((found + 1))
	done
}

# What kyua's totals say, in one line; an expected failure has passed, and what
# checkers found has failed.
totals()
{
	awk -v found="$found" '/^Test cases: / {
		gsub(",", "")
		failed = $10 + $12
		printf "%d passed, %d failed, %d skipped\n",
		    $3 - $5 - failed, failed + found, $5
		bad = failed + found > 0 || $3 == $5
		seen = 1
	}
	END { exit !seen || bad }'
}

[ $# -ge 1 ] || die "usage: run.sh objdir [filter ...]"
[ "$(id -u)" -eq 0 ] || die "not root: tests make jails and namespaces"
# Jails of cases without a network of their own are not in the machine's.
if [ -z "${NETJAIL_NETNS:-}" ]; then
	NETJAIL_NETNS=yes
	export NETJAIL_NETNS
	exec unshare --net sh "$0" "$@"
fi
ip link set lo up || die "no network namespace"
obj=$1/regress
# What libjail executes: that of installed tools, if these are tested.
JAILINIT=${NETJAIL_BIN:-/nonexistent}/../libexec/jailinit
[ -x "$JAILINIT" ] || JAILINIT=$1/tools/jailinit/jailinit
NETJAIL_BIN=${NETJAIL_BIN:-$(built_tools "$1")}
PATH=$obj/vnet:${NETJAIL_BIN:+$NETJAIL_BIN:}$PATH:/usr/sbin:/sbin
# What mk/deps.sh unpacked.
NETJAIL_CACHE=${NETJAIL_CACHE:-$HOME/.cache/netjail}
PATH=$PATH:$NETJAIL_CACHE/packages/nginx/usr/sbin
# kyua keeps its own files below HOME.
HOME=$obj
# Where the sources are: this build may be anywhere.
NETJAIL_TOP=$(cd "$(dirname "$0")/.." && pwd)
export HOME JAILINIT NETJAIL_BIN NETJAIL_CACHE NETJAIL_TOP PATH
shift
cd "$obj" || die "$obj: not built"
[ -z "${REPORTS:-}" ] || { rm -rf "$REPORTS" && mkdir -m 1777 "$REPORTS"; } ||
    die "$REPORTS: cannot be made"
# Two runs at a time must not share their results; the last one's stay.
run=$(mktemp -d run.XXXXXX) || die "$obj: cannot write"
trap 'rm -rf "$run"' EXIT
trap 'exit 1' HUP INT TERM
run_cases "$@"
run_kyua report --results-file="$run/results.db" --verbose \
    --results-filter=broken,failed | details
run_kyua report --results-file="$run/results.db" \
    --results-filter=skipped,xfail >"$run/totals"
mv -f "$run/results.db" .
sed '/^===> Summary/,$d' "$run/totals"
show_reports
totals <"$run/totals"
