/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * jailkill: send a signal to all processes of jails. See jailkill(8).
 */

#include <err.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include "jail.h"
#include "util.h"

#include "signame.h"

static const char usage[] =
    "jailkill [-x] [-s signal | -signal] jail ...\n"
    "       jailkill -l";

/* How to signal, as the options say. */
struct request {
	int sig;
	bool only;		/* not the jails in a jail */
};

/* The signal of -s or -signal; returns the index behind it. */
static int
parse_signal(int argc, char *argv[], int i, int *ret_sig)
{
	const char *name = argv[i++];

	if (strcmp(name, "-s") == 0 && i < argc)
		name = argv[i++];
	else if (strcmp(name, "-s") == 0 || strcmp(name, "-l") == 0 ||
	    strcmp(name, "-") == 0 || strncmp(name, "--", 2) == 0)
		usage_error(usage, 1);
	else
		name++;
	*ret_sig = signal_number(name);
	if (*ret_sig == -1)
		errx(1, "unknown signal: %s; jailkill -l lists them", name);
	return (i);
}

/*
 * The options, of which there is one of each kind at most: getopt(3) would take
 * -HUP for three of them. Returns the index of the first jail.
 */
static int
parse_options(int argc, char *argv[], struct request *r)
{
	bool signal = false;
	int i = 1;

	while (i < argc && argv[i][0] == '-') {
		if (strcmp(argv[i], "--") == 0)
			return (i + 1);
		if (strcmp(argv[i], "-x") == 0 && !r->only) {
			r->only = true;
			i++;
		} else if (!signal) {
			i = parse_signal(argc, argv, i, &r->sig);
			signal = true;
		} else
			break;
	}
	return (i);
}

/* What goes with nothing else. */
static void
parse_single(int argc, char *argv[])
{
	const char *name = argc > 1 ? argv[1] : "";

	if (strcmp(name, "-h") == 0 || strcmp(name, "--help") == 0)
		print_usage(usage);
	if (strcmp(name, "--version") == 0)
		common_option(OPT_VERSION, usage, 1);
}

static int
kill_jail(const char *name, const struct request *r)
{
	int jid = jail_getid(name);

	if (jid == -1 || (r->only ? jail_kill_only : jail_kill)(jid,
	    r->sig) != 0) {
		warnx("%s", jail_errmsg);
		return (1);
	}
	return (0);
}

int
main(int argc, char *argv[])
{
	struct request r = { .sig = SIGTERM };
	int error = 0, i;

	tool_begin(1);
	if (argc == 2 && strcmp(argv[1], "-l") == 0) {
		print_signals();
		return (0);
	}
	parse_single(argc, argv);
	i = parse_options(argc, argv, &r);
	if (i >= argc)
		usage_error(usage, 1);
	for (; i < argc; i++)
		error |= kill_jail(argv[i], &r);
	return (error);
}
