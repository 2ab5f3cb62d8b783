#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Make the file systems of the guests:
#
#	image.sh root image objects ...	a root, the same for all kernels
#	image.sh initrd file kernel job	an initramfs with modules of an
#						unpacked package, and a job
#
# The root has the built tests at the path that they have here, since kyua's
# files name it, and of the machine only what vm/packages lists.

set -eu

SIZE_MB=1024
BUSYBOX=/bin/busybox
MODULES="virtio_pci virtio_blk veth dummy tcp_diag udp_diag"
DOCS='^/usr/share/(bash-completion|doc|info|lintian|locale|man)/'
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)

die()
{
	echo "image: $*" >&2
	exit 1
}

# Files of the packages, without documentation.
package_files()
{
	sed 's/#.*//' "$here/packages" | xargs dpkg-query -L >"$tmp/listed" ||
	    die "a package is missing: make deps"
	grep -Ev "$DOCS" "$tmp/listed" | sort -u | while read -r f; do
		[ ! -f "$f" ] || echo "$f"
	done
}

# Those links of update-alternatives that lead to one of the files on stdin.
alternatives()
{
	find /usr/bin /usr/sbin -lname '/etc/alternatives/*' |
	    while read -r link; do
		echo "$(readlink -f "$link") $link"
	done | awk 'NR == FNR { sub("^/usr", ""); file["/usr" $1]; next }
	$1 in file { print $2 }' "$1" -
}

# What a run needs of this tree: scripts, and of objects the programs and kyua's
# files.
built_files()
{
	echo "$top/regress/run.sh"
	find "$@" -type f \( -perm -100 -o -name Kyuafile -o -name '*.subr' \
	    -o -name '*.sh' \)
}

# The libraries that the programs on stdin are linked with.
libraries()
{
	while read -r f; do
		[ ! -x "$f" ] || echo "$f"
	done | xargs ldd 2>/dev/null | awk '$NF ~ /^[(]0x/ && $(NF - 1) ~ "^/" {
		print $(NF - 1) }' | sort -u
}

# The folders that every system has, /usr merged.
make_tree()
{
	mkdir -p "$1/var"
	for d in bin sbin lib lib64; do
		mkdir -p "$1/usr/$d"
		ln -s "usr/$d" "$1/$d"
	done
	for d in dev etc home mnt proc root run sys tmp var/tmp; do
		mkdir "$1/$d"
	done
	chmod 1777 "$1/tmp" "$1/var/tmp"
}

# make_root image objects ...
make_root()
{
	image=$1
	shift
	package_files >"$tmp/packages"
	{ alternatives "$tmp/packages"; built_files "$@"; } >"$tmp/others"
	cat "$tmp/packages" "$tmp/others" | libraries >"$tmp/libraries"
	make_tree "$tmp/root"
	# What links lead to is copied in their place.
	cat "$tmp/packages" "$tmp/others" "$tmp/libraries" | sort -u |
	    sed 's|^/||' | tar -C / --no-recursion -chf - -T - |
	    tar -C "$tmp/root" -xf -
	cp /etc/passwd /etc/group /etc/services /etc/protocols "$tmp/root/etc"
	cp "$here/guest.sh" "$tmp/root"
	ldconfig -r "$tmp/root"
	mke2fs -q -F -t ext4 -O ^has_journal -d "$tmp/root" "$image" \
	    ${SIZE_MB}m >/dev/null
}

# The modules' files, in the order of loading: module_paths kernel
module_paths()
{
	version=$(basename "$1")
	for m in $MODULES; do
		modprobe -d "$1" -S "$version" --show-depends "$m" 2>/dev/null
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

# make_initrd file kernel job
make_initrd()
{
	root=$tmp/initrd
	mkdir -p "$root/bin" "$root/modules" "$root/new" "$root/proc" \
	    "$root/dev"
	cp $BUSYBOX "$root/bin/busybox"
	cp "$here/init" "$root/init"
	cp "$3" "$root/job"
	module_paths "$2" | while read -r path; do
		name=$(basename "$path" .xz)
		case $path in
		*.xz)	xz -dc "$path" ;;
		*)	cat "$path" ;;
		esac >"$root/modules/$name"
		echo "$name" >>"$root/modules/order"
	done
	(cd "$root" && find . | cpio -o -H newc --quiet) >"$1"
}

[ $# -ge 3 ] || die "usage: image.sh root|initrd file from [job]"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
what=$1
shift
"make_$what" "$@"
