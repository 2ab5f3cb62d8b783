#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Run the tools' cases with each tool under valgrind: valgrind.sh objdir
# [filter ...]. NETJAIL_BIN is a folder of scripts that have the tools' names.
# What a tool executes is not its own, so valgrind does not go with it.

set -eu
here=$(cd "$(dirname "$0")" && pwd)
obj=$1
bin=$obj/regress/valgrind
REPORTS=$bin/reports

# What valgrind makes impossible: it opens descriptors that are closed, and is
# the file that is executed and that names the process. And what takes long, and
# does with many values what other cases do with a few.
EXCLUDED='tools/jping/jping_jail_test:inner_process_
tools/jping/jping_jail_test:second_signal_ends_the_run_in_any_case
tools/jexec/jexec_test:closed_descriptors_become_null_devices
tools/jexec/jexec_test:file_of_jexec_cannot_be_written_to
tools/jls/jls_test:output_that_cannot_be_written_is_an_error
tools/jail/input_test
tools/jail/layers_test'

# Print the script that runs a tool. Valgrind cannot begin here without root,
# and then a tool does no more than say so. Jails have the same pids, so their
# reports are told apart by the time.
wrapper()
{
	cat <<-END
	#!/bin/sh
	[ "\$(id -u)" -eq 0 ] || exec "$1" "\$@"
	log=$REPORTS/${1##*/}.\$(date +%s.%N).%p
	LD_PRELOAD=$obj/regress/valgrind.so exec valgrind -q --vgdb=no \\
	    --leak-check=full --error-exitcode=99 --log-file="\$log" \\
	    --suppressions=$here/valgrind.supp "$1" "\$@"
	END
}

# Print every case but for these.
cases()
{
	cd "$obj/regress"
	HOME=$obj/regress kyua --config=none --logfile="$bin/log" list tools |
	    grep -vF -e "$EXCLUDED"
}

rm -rf "$bin"
mkdir -p "$bin"
for dir in "$obj"/tools/*/; do
	tool=$(basename "$dir")
	wrapper "$dir$tool" >"$bin/$tool"
	chmod +x "$bin/$tool"
done
NETJAIL_BIN=$bin
export NETJAIL_BIN REPORTS
shift
[ $# -gt 0 ] || set -- $(cases)
exec sh "$here/run.sh" "$obj" "$@"
