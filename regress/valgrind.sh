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

# Each way through the tools and the library once, since a tool is ten times as
# slow; check-sanitize has all cases. FILTER runs others, but some cannot be:
# valgrind opens descriptors that are closed, it is the file that the kernel
# executes and names the process by, and it does not let SIGTSTP stop a process.
CASES='tools/jail/alias_test:alias_is_there_as_long_as_the_jail
tools/jail/alias_test:aliases_follow_the_addresses
tools/jail/features_test:absent_feature_says_why_and_what_is_done
tools/jail/features_test:features_are_ready_and_then_active_or_absent
tools/jail/jail_test:cm_creates_or_modifies
tools/jail/jail_test:command_has_descriptors_arguments_and_environment
tools/jail/jail_test:destroy_leaves_nothing
tools/jail/jail_test:jail_ends_with_its_last_process
tools/jail/jail_test:r_kills_all_processes
tools/jail/jail_test:rc_removes_and_creates
tools/jail/jail_test:wrong_usage_is_told_on_stderr
tools/jail/nested_test:new_name_of_a_parent_is_that_of_all
tools/jail/nested_test:parent_takes_along_what_it_loses
tools/jail/nested_test:r_removes_the_jails_in_a_jail
tools/jail/params_test:addresses_of_a_running_jail_change_at_once
tools/jail/params_test:cpu_shares_are_the_cgroups_weight
tools/jail/params_test:hostname_is_changed_in_a_running_jail
tools/jail/params_test:raw_policy_is_a_list_or_a_change
tools/jailkill/jailkill_test:every_process_of_the_jail_gets_it
tools/jailkill/jailkill_test:jails_in_a_jail_get_it_too
tools/jailkill/jailkill_test:jail_without_processes_is_an_error
tools/jailkill/jailkill_test:option_l_lists_signals
tools/jailkill/jailkill_test:stopped_jail_goes_on_with_CONT
tools/jexec/jexec_test:command_runs_in_the_jail
tools/jexec/jexec_test:command_that_cannot_run_gives_127_or_126
tools/jexec/jexec_test:option_U_takes_the_user_from_the_jail
tools/jexec/jexec_test:option_d_is_the_working_directory
tools/jexec/jexec_test:option_l_leaves_six_variables
tools/jexec/jexec_test:signals_are_passed_on
tools/jexec/jexec_tty_test:command_can_read_the_terminal
tools/jexec/jexec_tty_test:shell_in_the_jail_has_job_control
tools/jifconfig/jifconfig_test:address_on_two_interfaces_is_shown_twice
tools/jifconfig/jifconfig_test:change_is_in_force_at_once
tools/jifconfig/jifconfig_test:json_has_what_the_text_has
tools/jifconfig/jifconfig_test:minus_alias_removes_and_keeps_the_order
tools/jifconfig/jifconfig_test:prefix_that_is_none_is_an_error
tools/jls/jls_test:jails_in_jails_are_shown_with_their_full_names
tools/jls/jls_test:json_is_typed
tools/jls/jls_test:option_h_shows_all_parameters
tools/jls/jls_test:option_n_shows_names_and_negated_booleans
tools/jls/jls_test:option_s_makes_the_same_jail_again
tools/jls/jls_test:processes_are_counted
tools/jls/jls_test:verbose_shows_every_address_on_its_line
tools/jping/jping_jail_test:losing_the_address_ends_the_run
tools/jping/jping_jail_test:signals_reach_the_inner_process
tools/jping/jping_jail_test:source_is_the_jails_primary_address
tools/jping/jping_test:a_name_is_looked_up_both_ways
tools/jping/jping_test:answers_are_shown_as_by_ping
tools/jping/jping_test:duplicates_are_marked_and_counted
tools/jping/jping_test:errors_are_shown_as_by_ping
tools/jping/jping_test:json_has_an_object_a_line
tools/jtrace/jtrace_test:every_probe_goes_out_as_asked
tools/jtrace/jtrace_test:in_a_jail_the_source_is_the_jails
tools/jtrace/jtrace_test:json_is_one_object
tools/jtrace/jtrace_test:names_are_shown_unless_n
tools/jtrace/jtrace_test:refusals_are_annotated_and_end_the_trace'

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
[ $# -gt 0 ] || set -- $CASES
PARALLEL=2 exec sh "$here/run.sh" "$obj" "$@"
