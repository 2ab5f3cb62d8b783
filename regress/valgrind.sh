#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Run the tools' cases with each tool under valgrind: valgrind.sh objdir
# valgrind.so [filter ...]. NETJAIL_BIN is a folder of scripts that have the
# tools' names. What a tool executes is not its own, so valgrind does not go
# with it.

set -eu
here=$(cd "$(dirname "$0")" && pwd)
obj=$1
preload=$2
bin=$obj/regress/valgrind
REPORTS=$bin/reports

# What valgrind makes impossible: it opens descriptors that are closed, it is
# the file that the kernel executes and names the process by, and it does not
# let SIGTSTP stop a process.
IMPOSSIBLE='tools/jexec/jexec_test:closed_descriptors_become_null_devices
tools/jexec/jexec_test:file_of_jexec_cannot_be_written_to
tools/jexec/jexec_tty_test:background_command_is_stopped_when_it_reads
tools/jexec/jexec_tty_test:bg_goes_on_in_the_background
tools/jexec/jexec_tty_test:command_that_read_is_stopped_and_reads_again
tools/jexec/jexec_tty_test:stop_key_stops_and_fg_goes_on
tools/jls/jls_test:output_that_cannot_be_written_is_an_error
tools/jping/jping_jail_test:inner_process_does_not_outlive_the_outer
tools/jping/jping_jail_test:inner_process_has_nothing_from_outside
tools/jping/jping_jail_test:second_signal_ends_the_run_in_any_case'

# What takes long, a tool being ten times as slow, and brings it nowhere that
# other cases do not, or only to one more error; check-sanitize has all of it.
LONG='tools/jail/input_test
tools/jail/layers_test
tools/jail/jail_test:command_may_be_short
tools/jail/jail_test:many_come_and_go_at_the_same_time
tools/jail/jail_test:one_of_many_gets_a_name_or_an_address
tools/jail/params_test:cpu_shares_are_the_processors_time
tools/jail/params_test:families_are_
tools/jail/params_test:path_is_the_root
tools/jail/params_test:raw_sockets_need_a_permission
tools/jail/params_test:saddrsel_prefers_
tools/jailkill/jailkill_test:jail_can_be_used_after_KILL
tools/jailkill/jailkill_test:jail_may_be_a_jid
tools/jailkill/jailkill_test:processes_forked_meanwhile_get_it
tools/jailkill/jailkill_test:processes_of_other_jails_and_the_host_do_not
tools/jailkill/jailkill_test:signals_have_names_and_numbers
tools/jifconfig/jifconfig_test:address_that_is_none_is_an_error
tools/jping/jping_test:every_size_goes_out_and_comes_back'

# Print the script that runs a tool. Valgrind cannot begin here without root,
# and then a tool does no more than say so. Jails have the same pids, so their
# reports are told apart by the time.
wrapper()
{
	cat <<-END
	#!/bin/sh
	[ "\$(id -u)" -eq 0 ] || exec "$1" "\$@"
	log=$REPORTS/${1##*/}.\$(date +%s.%N).%p
	LD_PRELOAD=$preload exec valgrind -q --vgdb=no --leak-check=full \\
	    --error-exitcode=99 --log-file="\$log" \\
	    --suppressions=$here/valgrind.supp "$1" "\$@"
	END
}

# Print the cases, but for these.
cases()
{
	cd "$obj/regress"
	HOME=$obj/regress kyua --config=none --logfile="$bin/log" list tools |
	    grep -vF -e "$IMPOSSIBLE" -e "$LONG"
}

rm -rf "$bin"
mkdir -p "$bin"
for dir in "$obj"/tools/*/; do
	tool=$(basename "$dir")
	wrapper "$dir$tool" >"$bin/$tool"
	chmod +x "$bin/$tool"
done
NETJAIL_BIN=$bin
VNET_PATIENCE=6
export NETJAIL_BIN REPORTS VNET_PATIENCE
shift 2
[ $# -gt 0 ] || set -- $(cases)
exec sh "$here/run.sh" "$obj" "$@"
