# SPDX-License-Identifier: BSD-2-Clause
#
# The form of files, for lint.sh: columns, the length of functions and files,
# and in C tabs and a few habits of style(9). Prints file:line: what.

function finding(what)
{
	print FILENAME ":" FNR ": " what
}

# Columns of a line, with tabs of 8.
function width(line,    n, part, i, w)
{
	n = split(line, part, "\t")
	w = 0
	for (i = 1; i < n; i++)
		w += length(part[i]) + 8 - (w + length(part[i])) % 8
	return w + length(part[n])
}

# The line without what is in strings, character constants and comments.
function code_of(line,    end, at)
{
	gsub(/\\./, "", line)
	if (!in_comment) {
		gsub(/"[^"]*"/, "\"\"", line)
		gsub(/'[^']*'/, "''", line)
	}
	for (;;) {
		if (in_comment) {
			end = index(line, "*/")
			if (end == 0)
				return ""
			line = substr(line, end + 2)
			in_comment = 0
		}
		at = index(line, "/*")
		if (at == 0)
			return line
		end = index(substr(line, at + 2), "*/")
		if (end == 0) {
			in_comment = 1
			return substr(line, 1, at - 1)
		}
		line = substr(line, 1, at - 1) substr(line, at + end + 3)
	}
}

# Tests in sh tell what tools print, which cannot be wrapped.
function check_line(line)
{
	if (FILENAME !~ /_test\.sh$/ && width(line) > 80)
		finding("longer than 80 columns")
	if (line == "" && last == "")
		finding("second empty line")
}

# A function is what is between braces in the first column.
function check_length(line)
{
	if (line ~ /^\{/)
		begun = FNR
	else if (line ~ /^\}/ && begun) {
		if (FNR - begun - 1 > 60)
			finding("function of " FNR - begun - 1 \
			    " lines, and 60 are the most")
		begun = 0
	}
	if (FNR == 601)
		finding("file of more than 600 lines")
}

function check_tabs(line)
{
	if (line ~ /[^\t -~]/)
		finding("not ASCII")
	if (line ~ /^\t*        /)
		finding("spaces where a tab belongs")
	if (line ~ /^ +\t/)
		finding("space before a tab")
}

function check_words(code)
{
	if (code ~ /\/\//)
		finding("// comment")
	if (code ~ /(^|[^A-Za-z0-9_])(if|for|while|switch)\(/)
		finding("no space after if, for, while or switch")
	if (code ~ /(^|[^A-Za-z0-9_])return [^(;]/)
		finding("return without parentheses")
	if (code ~ /(^|[^A-Za-z0-9_])sizeof [^(]/)
		finding("sizeof without parentheses")
	if (code ~ /^[A-Za-z].*\) *\{$/ && code !~ /^(struct|enum|union) / &&
	    code !~ /=/)
		finding("brace of a function not on a line of its own")
	if (code ~ /[A-Za-z_]\* [A-Za-z_]/ && code !~ /[=(,].*\* /)
		finding("space between the * and the name of a pointer")
	if (code ~ /(^|[^A-Za-z0-9_])typedef .*_t;/)
		finding("a type in _t, which are the system's")
}

# The guard of a header ends in the header's name.
function check_guard(line,    name)
{
	if (FILENAME !~ /\.h$/ || guarded || line !~ /^#/)
		return
	name = FILENAME
	sub(/.*\//, "", name)
	gsub(/\./, "_", name)
	guarded = 1
	if (line !~ "^#ifndef _([A-Z]+_)?" toupper(name) "_$")
		finding("not #ifndef _" toupper(name) "_ around the header")
}

FNR == 1 {
	in_comment = begun = guarded = 0
	last = "x"
}

{
	check_line($0)
	last = $0
}

FILENAME !~ /\.[1-9]$/ {
	check_length($0)
}

FILENAME ~ /\.[ch]$/ {
	check_tabs($0)
	check_words(code_of($0))
	check_guard($0)
}
