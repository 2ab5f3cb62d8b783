/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What every tool does the same way: begin, end, its common options, numbers.
 * A main() looks like this:
 *
 *	static const struct option options[] = {
 *		COMMON_OPTIONS,
 *		{ "json", no_argument, NULL, OPT_TOOL },
 *		{ NULL, 0, NULL, 0 }
 *	};
 *
 *	tool_begin(1);
 *	while ((c = getopt_long(argc, argv, "+c:", options, NULL)) != -1) {
 *		switch (c) {
 *		case 'c':
 *			count = number_arg("count", optarg, 1, 1000, 1);
 *			break;
 *		case OPT_TOOL:
 *			json = true;
 *			break;
 *		default:
 *			common_option(c, usage, 1);
 *		}
 *	}
 *
 * where usage is the text behind "usage: ", without a newline at its end, and
 * the last argument is the tool's exit status for errors.
 */

#ifndef _UTIL_H_
#define _UTIL_H_

#include <getopt.h>
#include <stdbool.h>

/* Values of long options; a tool's own begin at OPT_TOOL. */
enum {
	OPT_HELP = 0x100,
	OPT_VERSION,
	OPT_TOOL
};

#define COMMON_OPTIONS					\
	{ "help", no_argument, NULL, OPT_HELP },	\
	{ "version", no_argument, NULL, OPT_VERSION }

/*
 * Before all else. Descriptors 0, 1 and 2 are open from here on, so that no
 * file takes the place of one. What exit(3) cannot write to stdout makes the
 * tool end with a message and the status error.
 */
void tool_begin(int error);

/* For an option that the tool does not handle: --help, --version, a mistake. */
_Noreturn void common_option(int c, const char *usage, int error);

/* The usage on stdout and status 0, or on stderr and the status error. */
_Noreturn void print_usage(const char *usage);
_Noreturn void usage_error(const char *usage, int error);

/*
 * A whole decimal number from min to max. If it is not, false, and *ret_why is
 * "invalid", "too small" or "too large".
 */
bool parse_number(const char *text, long long min, long long max,
    long long *ret_value, const char **ret_why);

/* The same, or end: "tool: count is too large: 99999999". */
long long number_arg(const char *what, const char *text, long long min,
    long long max, int error);

#endif /* !_UTIL_H_ */
