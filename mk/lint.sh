#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Check the tree as it is written: layers, licences, form, and that the pages
# and the sources say the same: lint.sh [check ...], all of them if none is
# named. Prints file:line: what for every finding and fails if there is one;
# prints nothing otherwise.

set -u
LC_ALL=C
export LC_ALL

CONTRACT=sys/sys/jail.h
LIBRARY=lib/libjail
PAGE3=$LIBRARY/jail.3
PAGE8=tools/jail/jail.8
PAGE5=tools/jail/jail.conf.5
CONF=tools/jail/conf_param.c
COMPLETION=share/completion/netjail.bash
ZSH_COMPLETION=share/completion/_netjail

die()
{
	echo "lint: $*" >&2
	exit 1
}

# The tree's files whose names match; a pattern that finds nothing is a mistake.
files()
{
	printf '%s\n' "$tree" | grep -E -e "$1" ||
	    echo "lint: no file is named $1" >&2
}

# Of the files that stdin names, the lines that match: matching pattern what.
matching()
{
	xargs grep -nIE -e "$1" /dev/null | at_line "$2"
}

# grep's file:line:text, with our words in the place of the text.
at_line()
{
	sed "s|^\([^:]*:[0-9]*\):.*|\1: $1|"
}

# Do the files begin with that line, but for #!? spdx pattern line
spdx()
{
	files "$1" | LINE=$2 xargs awk '
	FNR == 1 { seen = 0 }
	!seen && !/^#!/ {
		seen = 1
		if ($0 != ENVIRON["LINE"])
			print FILENAME ":1: does not begin with: " \
			    ENVIRON["LINE"]
	}'
}

check_licence()
{
	id='SPDX-License-Identifier:'

	spdx '^sys/.*\.[ch]$' "/* $id GPL-2.0-only OR BSD-2-Clause */"
	spdx '^(lib|tools|regress|bench|share)/.*\.[chly]$' \
	    "/* $id BSD-2-Clause */"
	spdx '(\.(sh|bash|subr|mk|awk)|Makefile|^\.ci/run)$' \
	    "# $id BSD-2-Clause"
	spdx '\.[1-9]$' ".\\\" $id BSD-2-Clause"
	files '\.[chly]$' |
	    xargs grep -L 'Copyright (c) .* The netjail authors' |
	    sed 's/$/:1: says no Copyright (c) ... The netjail authors/'
}

# The kernel half sees headers of the kernel, helpers of BPF and its own.
check_kernel_half()
{
	own='<sys/jail\.h>|<(kern|netinet)-jail/[a-z0-9_.]*>|"[a-z0-9_.]*"'
	kernel='<linux/[a-z0-9_/]*\.h>|<std(bool|def)\.h>'
	helpers='<bpf/bpf_(helpers|endian|tracing|core_read)\.h>'

	files '^sys/.*\.[ch]$' | xargs grep -nE '^ *# *include' /dev/null |
	    grep -vE "$own|$kernel|$helpers" |
	    at_line 'not a header that the kernel half may include'
	files '^sys/.*\.c$' | grep -v '\.bpf\.c$' |
	    sed 's/$/:1: is in the kernel half, but not a .bpf.c/'
}

# What is outside shares the contract with it, and the bridge speaks to it.
check_bridge()
{
	calls='(bpf|libbpf|btf|ring_buffer)_[a-z0-9_]* *\(|(SYS|__NR)_bpf'
	bridge="^$LIBRARY/jail_bpf(_[a-z]+)?\.c$"
	decides="^$LIBRARY/jail_(broker_addr|priv)\.c$"

	files '^(lib|tools)/.*\.[ch]$' | grep -vE "$decides" | matching \
	    '# *include.*(<(kern|netinet)-jail/|\.bpf\.h)' \
	    'header of the kernel half alone'
	files '^(lib|tools)/.*\.[ch]$' | grep -vE "$bridge" |
	    matching '# *include.*(<bpf/|\.skel\.h)' \
	    'only jail_bpf*.c may include headers of libbpf'
	files '^(lib|tools)/.*\.[ch]$' | grep -vE "$bridge" |
	    matching "(^|[^A-Za-z0-9_])($calls)" \
	    'only jail_bpf*.c may call libbpf or bpf(2)'
	files '^(tools|lib/lib(util|probe))/.*\.[ch]$' |
	    matching '# *include.*jail_(impl|bpf)\.h' \
	    "header of libjail's inside"
}

check_form()
{
	text='\.([chly1-9]|sh|bash|subr|mk|awk|md|map)|Makefile|^[^/]*'
	text="$text|^\.ci/run"

	files '\.([ch1-9]|sh|bash|subr|awk)$' | xargs awk -f mk/form.awk
	files "($text)$" |
	    matching '[[:space:]]$' 'space at the end of the line'
	files '\.(sh|subr)$' | while read -r file; do
		sh -n "$file" 2>&1 | sed "s|^[^:]*: \([0-9]*\): |$file:\1: |"
	done
}

# Whatever is not in a Makefile is not built, or not run.
check_makefiles()
{
	files '(\.[cly]|_test\.sh)$' | awk '
	FILENAME ~ /Makefile$/ {
		dir = FILENAME
		sub(/[/]Makefile$/, "", dir)
		text[dir] = text[dir] " " $0 " "
		next
	}
	{
		dir = up = name = $0
		sub(/[/][^/]*$/, "", dir)
		sub(/[/][^/]*[/][^/]*$/, "", up)
		sub(/.*[/]/, "", name)
		sub(/[.][^.]*$/, "", name)
		gsub(/[.]/, "[.]", name)
		if (text[dir] text[up] !~ "[^A-Za-z0-9_]" name "[^A-Za-z0-9_]")
			print $0 ":1: is in no Makefile"
	}' $(files '(^|/)Makefile$') -
}

# The tree is to work elsewhere too. Tests have users with homes of their own.
check_paths()
{
	alone='(^|[^A-Za-z0-9_.})*/-])'

	files . | matching "$alone/(work([^a-z]|$)|root/[A-Za-z.])" \
	    "path of somebody's machine"
	files . | grep -v '^regress/' | matching "$alone/home/[a-z]" \
	    "path of somebody's machine"
	files . | xargs grep -nIF -e "$PWD/" /dev/null |
	    at_line 'path of this machine'
}

# A tool has a page, and that has the sections that every one has.
check_sections()
{
	for dir in tools/*/; do
		page=$dir$(basename "$dir").8
		if [ ! -s "$page" ]; then
			echo "$page:1: is missing"
			continue
		fi
		for title in 'EXIT STATUS' EXAMPLES DIAGNOSTICS 'SEE ALSO'; do
			grep -qx ".Sh $title" "$page" ||
			    echo "$page:1: has no section $title"
		done
	done
}

# Do references to pages of this tree lead anywhere?
check_references()
{
	files '\.[1-9]$' | xargs grep -noE '^\.Xr j[a-z.]* [1-9]' /dev/null |
	    TREE=$tree awk -F '[: ]' '
	BEGIN {
		for (n = split(ENVIRON["TREE"], file, "\n"); n > 0; n--) {
			sub(/.*[/]/, "", file[n])
			have[file[n]] = 1
		}
	}
	!($4 "." $5 in have) {
		print $1 ":" $2 ": there is no page " $4 "." $5
	}'
}

check_mandoc()
{
	files '\.[1-9]$' | xargs mandoc -Tlint -Wwarning |
	    sed -e 's/^mandoc: //' -e 's/^\([^:]*:[0-9]*\):[0-9]*:/\1:/' \
		-e 's/^\([^:]*\): \([A-Z]\)/\1:1: \2/'
}

# The example of jail(3) has to compile.
check_example()
{
	awk '/^\.Bd -literal$/ { show = 1; next }
	/^\.Ed/ { show = 0 }
	show { gsub(/\\e/, "\\"); print }' $PAGE3 |
	    ${CC:-cc} -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -Isys \
		-I$LIBRARY -fsyntax-only -x c - 2>&1 |
	    sed -n "s|^<stdin>:[0-9:]* error: |$PAGE3:1: its example: |p"
}

# Lists of names have lines "file:line: name". Of the first list, those that
# the second does not have: absent list list what. An empty list is a mistake.
absent()
{
	[ -n "$1" ] && [ -n "$2" ] || echo "lint: no names to check: $3"
	printf '%s\n' "$2" - "$1" | awk -v what="$3" '
	$0 == "-" { second = 1; next }
	!second { have[$2] = 1; next }
	!($2 in have) { print $1, $2, what }'
}

# A list of what is between the parentheses of a pattern: names file pattern.
names()
{
	grep -nE -e "$2" "$1" | sed -E "s|^([0-9]+):.*$2.*|$1:\\1: \\2|"
}

# The functions of a header, without its comments.
header_names()
{
	awk '{
		line = $0
		gsub(/\/\*.*\*\//, "", line)
		if (line ~ /^(\/\*| \*)/)
			next
		if (match(line, /(jail|jailparam)_[a-z_0-9]+[([]/))
			print FILENAME ":" FNR ": " \
			    substr(line, RSTART, RLENGTH - 1)
	}' $LIBRARY/jail.h
}

# What the SYNOPSIS of jail(3) has.
page_names()
{
	awk '/^\.Sh/ { on = $2 == "SYNOPSIS" }
	on && match($0, /(jail|jailparam)_[a-z_0-9]+/) && /^\.(F[no]|Vt)/ {
		print FILENAME ":" FNR ": " substr($0, RSTART, RLENGTH)
	}' $PAGE3
}

check_symbols()
{
	map=$(names $LIBRARY/libjail.map '	(jail[a-z_0-9]*);')
	header=$(header_names)
	page=$(page_names)

	absent "$map" "$header" 'is exported, but not in jail.h'
	absent "$header" "$map" 'is in jail.h, but not exported'
	absent "$map" "$page" 'is exported, but not in jail.3'
	absent "$page" "$map" 'is in jail.3, but not exported'
}

check_reasons()
{
	defined=$(names $CONTRACT '	(JR_[A-Z0-9]+) = [0-9]')
	texts=$(names $LIBRARY/jail_err.c '\[(JR_[A-Z0-9]+)\] = "')
	numbered=$(names $CONTRACT '	(JR_[A-Z0-9]+ = [1-9][0-9]*)' |
	    sed 's/ = /=/')
	page=$(names $PAGE3 '\.It Dv (JR_[A-Z0-9]+ Ta [0-9]+)' |
	    sed 's/ Ta /=/')

	absent "$defined" "$texts" 'has no text in jail_strreason()'
	absent "$numbered" "$page" 'is not in jail.3'
	absent "$page" "$numbered" 'is in jail.3, but not in the contract'
	printf '%s\n' "$numbered" | awk -F= '
	seen[$2]++ { print $1, "has the number of another reason" }'
}

# The parameters that a page tells of; it may do so of several with one .It.
page_parameters()
{
	awk '/^\.Sh/ { on = $2 == "PARAMETERS" }
	on && /^\.It Va/ {
		for (i = 3; i <= NF; i++)
			if ($i != ",")
				print FILENAME ":" FNR ": " $i
	}' "$1"
}

check_parameters()
{
	table=$(names $LIBRARY/jail_param.c \
	    '\[P_[A-Z0-9_]+\] = \{ "([a-z0-9_.]+)"')
	page=$(page_parameters $PAGE8 | grep -v ' command$')
	own=$(names $CONF '	\{ "([a-z_.]+)", [A-Z]+ \},')
	page5=$(page_parameters $PAGE5)

	absent "$table" "$page" 'is a parameter, but not in jail.8'
	absent "$page" "$table" 'is in jail.8, but not a parameter'
	absent "$own" "$page5" 'is a parameter, but not in jail.conf.5'
	absent "$page5" "$own" 'is in jail.conf.5, but not a parameter'
}

# The options that a tool's getopt_long() knows; "-json" is --json.
code_options()
{
	awk '/^ \*/ { next }
	match($0, /getopt_long\(argc, argv, "[^"]*/) {
		letters = substr($0, RSTART, RLENGTH)
		sub(/.*"/, "", letters)
		gsub(/[+:]/, "", letters)
		for (i = 1; i <= length(letters); i++)
			print FILENAME ":" FNR ": " substr(letters, i, 1)
	}
	match($0, /\{ "[a-z-]+", [a-z]*_argument/) {
		split(substr($0, RSTART, RLENGTH), part, "\"")
		print FILENAME ":" FNR ": -" part[2]
	}' "$1"*.c
}

# Those that its page tells of, one by one.
page_options()
{
	awk '/^\.It Fl/ {
		for (i = 2; i < NF; i++)
			if ($i ~ /^(Fl|,|\|)$/ && $(i + 1) ~ /^(.|-.*)$/)
				print FILENAME ":" FNR ": " $(i + 1)
	}' "$1"
}

# Are the options of a tool those of a list? same_options options list what
same_options()
{
	absent "$1" "$2" "is an option, but not $3"
	absent "$2" "$1
util: -help
util: -version" "is $3, but not an option"
}

# One that does not use getopt_long() goes unchecked.
check_options()
{
	for dir in tools/*/; do
		code=$(code_options "$dir")
		page=$dir$(basename "$dir").8
		[ -n "$code" ] && [ -s "$page" ] || continue
		same_options "$code" "$(page_options "$page")" 'in the page'
	done
}

# The options of a tool that bash offers.
offered_options()
{
	awk -v tool="[$1]=" '
	index($1, tool) == 1 && /-/ { on = 1; sub(/.*=/, "") }
	on {
		end = /\x27$/
		gsub(/\x27/, "")
		for (i = 1; i <= NF; i++)
			print FILENAME ":" FNR ": " substr($i, 2)
		on = !end
	}' $COMPLETION
}

# The tools that people run; a static program is run by the library.
commands()
{
	grep -L '^STATIC' tools/*/Makefile | cut -d / -f 2 | sort
}

check_completion()
{
	named=$(sed -n '1s/^#compdef //p' "$ZSH_COMPLETION" | tr ' ' '\n')
	[ "$(echo "$named" | sort)" = "$(commands)" ] ||
	    echo "$ZSH_COMPLETION:1: not the tools that there are"
	for dir in tools/*/; do
		code=$(code_options "$dir")
		[ -n "$code" ] || continue
		offered=$(offered_options "$(basename "$dir")")
		same_options "$code" "$offered" offered
	done
}

# The rows of the table of kernels in a page or in README.md: "file:line: " and
# the cells, with | between them.
kernel_rows()
{
	awk -v file="$1" '
	/^[.]It .* Ta .* Ta .* Ta / {
		sub(/^[.]It (Sy )?/, "")
		gsub(/ Ta (Sy )?/, "|")
		print file ":" FNR ": " $0
	}
	/^[|] .*[|].*[|].*[|].*[|]$/ {
		gsub(/`|^[|] *| [(][^)]*[)]|[|]$/, "")
		gsub(/ *[|] */, "|")
		print file ":" FNR ": " $0
	}' "$1"
}

# Of such rows, the first of which has the series, lines "file:line: series" and
# "file:line: series-feature" of what is lacking.
lacking()
{
	kernel_rows "$1" | awk '
	{ at = $1; sub(/^[^ ]* /, ""); n = split($0, cell, "|") }
	NR == 1 {
		for (i = 2; i < n; i++) {
			head[i] = cell[i]
			print at, cell[i]
		}
		next
	}
	{
		for (i = 2; i < n; i++)
			if (cell[i] != "yes")
				print at, head[i] "-" cell[1]
	}'
}

# What regress/vm/kernels says that a kernel lacks is what people are told.
check_kernels()
{
	table=regress/vm/kernels
	lacks=$(awk '/^[0-9]/ {
		print FILENAME ":" FNR ": " $1
		for (i = 2; i <= NF && $i != "lacks"; i++)
			;
		while (++i <= NF)
			if ($i !~ /^cpu-/)
				print FILENAME ":" FNR ": " $1 "-" $i
	}' $table)
	for page in share/man/jails.7 README.md; do
		told=$(lacking $page)
		absent "$lacks" "$told" "is in vm/kernels, but not in $page"
		absent "$told" "$lacks" 'is told of, but not in vm/kernels'
	done
}

CHECKS='licence kernel_half bridge form makefiles paths mandoc sections
    references example symbols reasons parameters options completion
    kernels'

run_checks()
{
	for check; do
		check_$check
	done
}

cd "$(dirname "$0")/.." || die "cannot find the tree"
command -v mandoc >/dev/null || die "no mandoc; run make deps"
command -v "${CC:-cc}" >/dev/null || die "no C compiler; run make deps"
tree=$(find . \( -path ./obj -o -path ./.git \) -prune -o -type f -print |
    sed 's|^\./||' | sort)
[ $# -gt 0 ] || set -- $CHECKS
findings=$(run_checks "$@" 2>&1)
[ -z "$findings" ] && exit 0
printf '%s\n' "$findings"
exit 1
