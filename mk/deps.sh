#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Install the packages of mk/packages that are missing; nothing is asked of the
# network if none is. With -d, those that the demo needs; with -n, say what is
# missing and fail.
#
# Whether the release has what is wanted only then is looked up in the lists
# that apt has; they are made anew only if another package is missing.

set -eu
list=$(dirname "$0")/packages

die()
{
	echo "deps: $*" >&2
	exit 1
}

# (Of two architectures there are two lines.)
installed()
{
	dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null |
	    grep -qx installed
}

# Print the first of the alternatives that apt knows.
first_of()
{
	for p in $(echo "$1" | tr '|' ' '); do
		apt-cache show "$p" >/dev/null 2>&1 && echo "$p" && return
	done
	return 1
}

# Print those lines' alternatives of which none is installed, but for what the
# release does not have and need not have.
missing()
{
	sed -e "$until" -e 's/#.*//' -e 's/[[:space:]].*//' "$list" |
	    while read -r alts; do
		found=
		for p in $(echo "${alts%\?}" | tr '|' ' '); do
			installed "$p" && found=yes && break
		done
		[ -n "$alts" ] && [ -z "$found" ] || continue
		case $alts in
		*\?)	first_of "${alts%\?}" || : ;;
		*)	echo "$alts" ;;
		esac
	done
}

until= say=
while getopts :dn opt; do
	case $opt in
	d)	until='/^# For make test alone/,$d' ;;
	n)	say=yes ;;
	*)	die "usage: deps.sh [-dn]" ;;
	esac
done
[ $OPTIND -gt $# ] || die "usage: deps.sh [-dn]"
command -v dpkg-query >/dev/null || die "not a Debian system: install what" \
    "mk/packages lists by the means of this one"
want=$(missing)
[ -n "$want" ] || exit 0
[ -z "$say" ] || die "missing: $(echo $want); run make deps as root"
[ "$(id -u)" -eq 0 ] || die "not root, and missing: $(echo $want)"

export DEBIAN_FRONTEND=noninteractive
apt-get -q update || die "apt-get update failed"
names=$(for alts in $(missing); do
	first_of "$alts" || die "no package $alts in this release's archive"
done)
apt-get -q -y --no-install-recommends install $names ||
    die "apt-get install failed"
