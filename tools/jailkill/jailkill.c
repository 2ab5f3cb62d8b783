/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * jailkill: send a signal to all processes of jails. See jailkill(8).
 */

#include <err.h>
#include <signal.h>
#include <string.h>

#include "jail.h"
#include "util.h"

#include "signame.h"

static const char usage[] =
    "jailkill [-s signal | -signal] jail ...\n"
    "       jailkill -l";

/*
 * The options, of which there is one at most: getopt(3) would take -HUP for
 * three of them. Returns the index of the first jail.
 */
static int
parse_options(int argc, char *argv[], int *ret_sig)
{
	const char *name = argc > 1 ? argv[1] : "";
	int jails = 2;

	if (name[0] != '-')
		return (1);
	if (strcmp(name, "--") == 0)
		return (2);
	if (strcmp(name, "-h") == 0 || strcmp(name, "--help") == 0)
		print_usage(usage);
	if (strcmp(name, "--version") == 0)
		common_option(OPT_VERSION, usage, 1);
	if (strcmp(name, "-s") == 0 && argc > 2)
		name = argv[jails++];
	else if (strcmp(name, "-s") == 0 || strcmp(name, "-l") == 0 ||
	    strcmp(name, "-") == 0 || strncmp(name, "--", 2) == 0)
		usage_error(usage, 1);
	else
		name++;
	*ret_sig = signal_number(name);
	if (*ret_sig == -1)
		errx(1, "unknown signal: %s; jailkill -l lists them", name);
	if (jails < argc && strcmp(argv[jails], "--") == 0)
		jails++;
	return (jails);
}

static int
kill_jail(const char *name, int sig)
{
	int jid = jail_getid(name);

	if (jid == -1 || jail_kill(jid, sig) != 0) {
		warnx("%s", jail_errmsg);
		return (1);
	}
	return (0);
}

int
main(int argc, char *argv[])
{
	int error = 0, i, sig = SIGTERM;

	tool_begin(1);
	if (argc == 2 && strcmp(argv[1], "-l") == 0) {
		print_signals();
		return (0);
	}
	i = parse_options(argc, argv, &sig);
	if (i >= argc)
		usage_error(usage, 1);
	for (; i < argc; i++)
		error |= kill_jail(argv[i], sig);
	return (error);
}
