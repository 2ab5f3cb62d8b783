#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Install the packages of mk/packages that are missing; nothing is asked of the
# network if none is. With -d, those that the demo needs; with -n, say what is
# missing and fail.
#
# What would start a service is unpacked, not installed.
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
		*!)	;;
		*)	echo "$alts" ;;
		esac
	done
}

# Print the packages that are to be unpacked, and are not.
packed()
{
	sed -e "$until" -n -e 's/^\([a-z0-9.+-]*\)!.*/\1/p' "$list" |
	    while read -r p; do
		installed "$p" || [ -d "$cache/$p" ] || echo "$p"
	done
}

# Unpack a package into a folder of its name, which is there when it is whole.
unpack()
{
	tmp=$(mktemp -d "$cache/tmp.XXXXXX") && chmod 755 "$tmp" &&
	    (cd "$tmp" && apt-get -q download "$1" && dpkg-deb -x *.deb root) &&
	    mv "$tmp/root" "$cache/$1" && rm -r "$tmp" ||
	    die "$1: cannot be unpacked below $cache"
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
cache=${NETJAIL_CACHE:-$HOME/.cache/netjail}/packages
want="$(missing) $(packed)"
[ -n "${want# }" ] || exit 0
[ -z "$say" ] || die "missing: $(echo $want); run make deps as root"
[ "$(id -u)" -eq 0 ] || die "not root, and missing: $(echo $want)"

export DEBIAN_FRONTEND=noninteractive
apt-get -q update || die "apt-get update failed"
names=$(for alts in $(missing); do
	first_of "$alts" || die "no package $alts in this release's archive"
done)
[ -z "$names" ] || apt-get -q -y --no-install-recommends install $names ||
    die "apt-get install failed"
mkdir -p "$cache"
for p in $(packed); do
	unpack "$p"
done
