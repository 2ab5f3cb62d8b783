# SPDX-License-Identifier: BSD-2-Clause
#
# The sum of lines "N passed, N failed, N skipped", as such a line. Fails if
# anything failed.

{
	passed += $1
	failed += $3
	skipped += $5
}

END {
	printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
	exit failed > 0
}
