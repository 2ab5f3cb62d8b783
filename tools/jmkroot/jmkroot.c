/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * jmkroot: make the root of a jail, and remove it. See jmkroot(8).
 */

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util.h"

#include "make.h"

static const char usage[] =
    "jmkroot [-qv] [-m mirror] [--variant=name] debian suite directory "
    "[package ...]\n"
    "       jmkroot [-qv] tar archive directory\n"
    "       jmkroot [-qv] oci layout[:tag] directory\n"
    "       jmkroot [-qv] host directory\n"
    "       jmkroot [-qv] clone base directory\n"
    "       jmkroot [-qv] mount | unmount | remove directory ...\n"
    "       jmkroot [--json] show directory ...\n"
    "       jmkroot -h";

static const struct option options[] = {
	COMMON_OPTIONS,
	{ "json", no_argument, NULL, OPT_TOOL },
	{ "variant", required_argument, NULL, OPT_TOOL + 1 },
	{ NULL, 0, NULL, 0 }
};

static int
run_debian(const struct request *rq, char *words[])
{
	return (debian_make(rq, words[0], words[1], words + 2));
}

static int
run_tar(const struct request *rq, char *words[])
{
	return (tar_make(rq, words[0], words[1]));
}

static int
run_oci(const struct request *rq, char *words[])
{
	return (oci_make(rq, words[0], words[1]));
}

static int
run_host(const struct request *rq, char *words[])
{
	return (view_make(rq, words[0]));
}

static int
run_clone(const struct request *rq, char *words[])
{
	return (clone_make(rq, words[0], words[1]));
}

/* One that fails does not keep the others from being done. */
static int
for_each(const struct request *rq, char *words[],
    int (*act)(const struct request *, const char *))
{
	int error = 0;

	for (; *words != NULL && !interrupted(); words++)
		error |= act(rq, *words);
	return (error != 0 || *words != NULL ? -1 : 0);
}

static int
run_mount(const struct request *rq, char *words[])
{
	return (for_each(rq, words, mount_root));
}

static int
run_unmount(const struct request *rq, char *words[])
{
	return (for_each(rq, words, unmount_root));
}

static int
run_remove(const struct request *rq, char *words[])
{
	return (for_each(rq, words, remove_root));
}

static int
run_show(const struct request *rq, char *words[])
{
	return (for_each(rq, words, show_root));
}

static const struct command {
	const char *name;
	int min, max;		/* operands; max -1: any number */
	int (*run)(const struct request *rq, char *words[]);
} commands[] = {
	{ "debian", 2, -1, run_debian },
	{ "tar", 2, 2, run_tar },
	{ "oci", 2, 2, run_oci },
	{ "host", 1, 1, run_host },
	{ "clone", 2, 2, run_clone },
	{ "mount", 1, -1, run_mount },
	{ "unmount", 1, -1, run_unmount },
	{ "remove", 1, -1, run_remove },
	{ "show", 1, -1, run_show },
};

static const struct command *
find_command(const char *name, int operands)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, name) == 0 &&
		    operands >= commands[i].min && (commands[i].max == -1 ||
		    operands <= commands[i].max))
			return (&commands[i]);
	}
	return (NULL);
}

static void
parse_options(int argc, char *argv[], struct request *rq)
{
	int c;

	while ((c = getopt_long(argc, argv, "hm:qv", options, NULL)) != -1) {
		switch (c) {
		case 'h':
			print_usage(usage);
		case 'm':
			rq->mirrors[rq->nmirrors++] = optarg;
			break;
		case 'q':
			rq->quiet = true;
			break;
		case 'v':
			rq->verbose = true;
			break;
		case OPT_TOOL:
			rq->json = true;
			break;
		case OPT_TOOL + 1:
			rq->variant = optarg;
			break;
		default:
			common_option(c, usage, 1);
		}
	}
}

/* Are there options that the command does not know? */
static bool
contradicts(const struct request *rq, const char *command)
{
	bool debian = rq->nmirrors > 0 || rq->variant != NULL;

	return ((debian && strcmp(command, "debian") != 0) ||
	    (rq->json && strcmp(command, "show") != 0) ||
	    (rq->quiet && rq->verbose));
}

int
main(int argc, char *argv[])
{
	const struct command *command = NULL;
	struct request rq = { 0 };
	int error;

	tool_begin(1);
	rq.mirrors = calloc(argc, sizeof(*rq.mirrors));
	if (rq.mirrors == NULL)
		errx(1, "out of memory");
	parse_options(argc, argv, &rq);
	if (optind < argc)
		command = find_command(argv[optind], argc - optind - 1);
	if (command == NULL || contradicts(&rq, command->name))
		usage_error(usage, 1);
	if (geteuid() != 0)
		errx(1, "must be root");
	progress_init(rq.quiet);
	error = command->run(&rq, argv + optind + 1);
	if (error != 0 && progress_obeyed() != 0)
		failx("interrupted: %s", strsignal(progress_obeyed()));
	free(rq.mirrors);
	return (error != 0);
}
