# SPDX-License-Identifier: BSD-2-Clause
#
# The table of what the guests said: case by kernel, reasons, totals. Reads the
# rows of vm/kernels from stdin, then what each guest said, with series= before
# it. Fails if a case failed.

# A row of vm/kernels: series suite ... [lacks feature ...]
FILENAME == "-" {
	order[++kernels] = $1
	for (i = 2; i <= NF && $i != "lacks"; i++)
		;
	for (i++; i <= NF; i++)
		lacks[$1, $i]
	next
}

FNR == 1 { suite = "" }

$1 == "suite" {
	end_suite()
	suite = $2
	label = suite == "all" ? "" : suite " "
}

$0 == "end" {
	end_suite()
	ended[series]
}

# kyua: W: No test cases matched by the filter 'name'.
/^kyua: [EW]: / {
	reason = $0
	sub(/^kyua: [EW]: /, "", reason)
	note(label "(kyua has no complaint)", series, "failed", reason)
}

# name  ->  result[: reason]  [seconds]
$2 == "->" {
	name = label $1
	result = $3
	sub(/:$/, "", result)
	reason = $0
	sub(/^[^>]*>  [a-z_]*:? */, "", reason)
	sub(/ *\[[0-9.]*s\]$/, "", reason)
	note(name, series, result, reason)
	ran++
}

# A suite has run if it says so of a case.
function end_suite()
{
	if (suite != "" && ran > 0)
		note("(suite " suite " is run)", series, "passed", "")
	else if (suite != "")
		note("(suite " suite " is run)", series, "failed", "no case is")
	suite = ""
	ran = 0
}

function note(name, kernel, result, reason)
{
	if (!(name in seen)) {
		seen[name]
		rows[++nrows] = name
		if (length(name) > width)
			width = length(name)
	}
	cell[name, kernel] = verdict(kernel, result, reason)
	why[name, kernel] = reason
}

# A skip for want of what the kernel has is a failure.
function verdict(kernel, result, reason,	feature)
{
	if (result == "passed" || result == "expected_failure")
		return "pass"
	if (result != "skipped")
		return "FAIL"
	feature = reason
	if (!sub(/^kernel lacks /, "", feature))
		return "FAIL"
	sub(/:.*/, "", feature)
	if ((kernel, feature) in lacks || label == "without-" feature " ")
		return "skip"
	return "FAIL"
}

function print_table(	i, k, v)
{
	printf "\n%-*s", width, "CASE"
	for (k = 1; k <= kernels; k++)
		printf "  %-6s", order[k]
	print ""
	for (i = 1; i <= nrows; i++) {
		printf "%-*s", width, rows[i]
		for (k = 1; k <= kernels; k++) {
			v = cell[rows[i], order[k]]
			total[v == "" ? "FAIL" : v]++
			printf "  %-6s", v == "" ? "none" : v
		}
		print ""
	}
}

function print_reasons(	i, k, v)
{
	print ""
	for (i = 1; i <= nrows; i++) {
		for (k = 1; k <= kernels; k++) {
			v = cell[rows[i], order[k]]
			if (v == "skip" || v == "FAIL")
				printf "%s on %s: %s: %s\n", v, order[k],
				    rows[i], why[rows[i], order[k]]
		}
	}
}

END {
	for (k = 1; k <= kernels; k++) {
		if (cell["(suite all is run)", order[k]] == "")
			note("(suite all is run)", order[k], "failed",
			    "it is not")
		if (order[k] in ended)
			note("(guest runs to its end)", order[k], "passed", "")
		else
			note("(guest runs to its end)", order[k], "failed",
			    "it does not")
	}
	print_table()
	print_reasons()
	printf "%d passed, %d failed, %d skipped\n", total["pass"],
	    total["FAIL"], total["skip"]
	exit total["FAIL"] > 0 || total["pass"] == 0
}
