#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Have the newest kernel of each series: fetch.sh cache <kernels. Prints a line
# for each: the series and the version, which is the name of the folder below
# cache that the package was unpacked into. Packages come from the archive that
# this machine uses, of suites that it need not use: an apt configuration of our
# own, thrown away afterwards, names them. Nothing is installed.

set -eu

KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
PREFIX=linux-image-
FLAVOUR=-cloud-amd64
FRESH_MIN=1440		# how long what apt said is believed, in minutes

die()
{
	echo "fetch: $*" >&2
	exit 1
}

# Keep quiet unless it fails, and then say the first thing that went wrong:
# quietly what command [arg ...]
quietly()
{
	what=$1
	shift
	"$@" >"$tmp/log" 2>&1 && return
	why=$(sed -n 's/^[EW]: //p' "$tmp/log" | head -n 1)
	die "$what: ${why:-$(tail -n 1 "$tmp/log")}"
}

# The archive of this machine's sources with such a suite: archive pattern.
archive()
{
	apt-get indextargets --format '$(ORIGIN) $(RELEASE) $(REPO_URI)' \
	    'Identifier: Packages' |
	    awk -v suite="$1" '$1 == "Debian" && $2 ~ suite { print $3; exit }'
}

# Lines of sources.list: sources suite ...
sources()
{
	main=$(archive '^[a-z]+$')
	security=$(archive '-security$')
	[ -n "$main" ] || return 0
	for suite; do
		case $suite in
		*-security)	uri=$security ;;
		*)		uri=$main ;;
		esac
		[ -z "$uri" ] ||
		    echo "deb [arch=amd64 signed-by=$KEYRING] $uri $suite main"
	done
}

# Make an apt that knows these suites alone: configure suite ...
configure()
{
	mkdir -p "$tmp/lists/partial" "$tmp/archives/partial" "$tmp/none"
	sources "$@" >"$tmp/sources"
	[ -s "$tmp/sources" ] ||
	    die "apt knows no archive of Debian: apt-get update first"
	cat >"$tmp/apt.conf" <<-END
	Dir::Etc::sourcelist "$tmp/sources";
	Dir::Etc::sourceparts "$tmp/none";
	Dir::Etc::preferencesparts "$tmp/none";
	Dir::State::lists "$tmp/lists";
	Dir::State::status "/dev/null";
	Dir::Cache "$tmp";
	APT::Architecture "amd64";
	APT::Update::Error-Mode "any";
	APT::Sandbox::User "root";
	Acquire::Languages "none";
	Acquire::Retries "3";
	END
	APT_CONFIG=$tmp/apt.conf
	export APT_CONFIG
	quietly "package lists" apt-get -q update
}

# The newest version in the lists: newest series
newest()
{
	series=$(echo "$1" | sed 's/[.]/[.]/g')
	apt-cache pkgnames "$PREFIX$1" |
	    sed -n "s/^$PREFIX\($series[.].*$FLAVOUR\)\$/\1/p" |
	    sort -V | tail -n 1
}

# Unpack a version's package into the cache, whole or not at all.
unpack()
{
	[ ! -d "$cache/$1" ] || return 0
	(cd "$tmp" && quietly "$PREFIX$1" apt-get -q download "$PREFIX$1")
	quietly "$PREFIX$1" dpkg-deb -x "$tmp/$PREFIX$1"_*.deb "$tmp/$1"
	# Packages of Debian 13 have /usr/lib alone.
	[ -d "$tmp/$1/lib" ] || ln -s usr/lib "$tmp/$1/lib"
	quietly "$PREFIX$1" depmod -b "$tmp/$1" "$1"
	mv -T "$tmp/$1" "$cache/$1" 2>/dev/null || [ -d "$cache/$1" ]
}

# Say what there is, and fetch what is missing: "series version" lines.
fetch()
{
	configure $(echo "$kernels" | awk '{ $1 = ""; print }')
	for series in $(echo "$kernels" | awk '{ print $1 }'); do
		version=$(newest "$series")
		[ -n "$version" ] || die "the archive has no kernel of $series"
		unpack "$version"
		echo "$series $version"
	done >"$tmp/found"
	cp "$tmp/found" "$cache/found.$$" && mv "$cache/found.$$" "$found"
}

# Is what was found lately what is asked for, and still there?
fresh()
{
	[ -n "$(find "$found" -mmin -$FRESH_MIN 2>/dev/null)" ] || return 1
	[ "$(cut -d ' ' -f 1 "$found")" = \
	    "$(echo "$kernels" | awk '{ print $1 }')" ] || return 1
	while read -r series version; do
		[ -d "$cache/$version" ] || return 1
	done <"$found"
}

[ $# -eq 1 ] || die "usage: fetch.sh cache <kernels"
cache=$1
found=$cache/found
kernels=$(sed -e 's/#.*//' -e 's/lacks.*//' -e '/^[[:space:]]*$/d')
mkdir -p "$cache"
tmp=$(mktemp -d "$cache/tmp.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
fresh || fetch
cat "$found"
