/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * jail(8): make, change and remove jails.
 */

#include <err.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jail_tool.h"

#define LIMIT		16	/* jails at the same time, and */
#define LIMIT_MAX	1000	/* the most of them */

static const char usage[] =
    "jail [-iqv] -c|-m|-cm|-rc name=value ... [command=program "
    "argument ...]\n"
    "       jail [-iqv] -c|-rc --wait name=value ...\n"
    "       jail [-ilqv] [-f file] [-J jidfile] [-p limit] [--dry-run]\n"
    "            -c|-m|-cm|-rc|-r|-C [jail ...]\n"
    "       jail [-qv] -r|-R jail ...\n"
    "       jail [-f file] -e separator [jail ...]\n"
    "       jail --shutdown | --reboot | --status | --wait jail ...\n"
    "       jail --run jail command ...\n"
    "       jail -V | --destroy | --oci-hook | -h";

static _Noreturn void
out_of_memory(void)
{
	errx(1, "out of memory");
}

/* One name=value, or the name alone of a boolean parameter. */
static void
parse_param(struct jailparam *jp, const char *word)
{
	const char *value = strchr(word, '=');
	char *name = strndup(word, strcspn(word, "="));

	if (name == NULL)
		out_of_memory();
	if (jailparam_init(jp, name) != 0)
		errx(1, "%s", jail_errmsg);
	if (value == NULL && jp->jp_type != JPT_BOOL)
		errx(1, "%s: needs a value: %s=...", name, name);
	if (value != NULL && jp->jp_value != NULL)
		errx(1, "%s: takes no value", name);
	if (value != NULL && jailparam_import(jp, value + 1) != 0)
		errx(1, "%s", jail_errmsg);
	free(name);
}

static struct jailparam *
find_param(const struct request *rq, const char *name)
{
	for (unsigned int i = 0; i < rq->njp; i++) {
		if (strcmp(rq->jp[i].jp_name, name) == 0)
			return (&rq->jp[i]);
	}
	return (NULL);
}

void
say_name(const struct request *rq, const char *name, int jid, const char *what)
{
	if (rq->only_jid)
		printf("%d\n", jid);
	if (rq->quiet || rq->only_jid)
		return;
	if (name != NULL)
		printf("%s: %s", name, what);
	else
		printf("%d: %s", jid, what);
	if (rq->verbose)
		printf(", jid %d", jid);
	printf("\n");
}

/*
 * A jail is told of by its name; that of one without is its jid. It may have
 * ended by now, with its command.
 */
void
say_done(const struct request *rq, int jid, const char *what)
{
	const struct jailparam *jp = find_param(rq, "name");
	char *name = NULL;

	if (!rq->quiet && !rq->only_jid)
		name = jp != NULL ? jailparam_export(jp) : jail_getname(jid);
	say_name(rq, name, jid, what);
	free(name);
}

/* A list is as long as one argument may be; more of it come with others. */
static void
join_lists(struct jailparam *list, struct jailparam *more)
{
	size_t len = list->jp_valuelen + more->jp_valuelen;
	char *both = malloc(len + 1);

	if (both == NULL)
		out_of_memory();
	memcpy(both, list->jp_value, list->jp_valuelen);
	memcpy(both + list->jp_valuelen, more->jp_value, more->jp_valuelen);
	if (jailparam_import_raw(list, both, len) != 0)
		errx(1, "%s", jail_errmsg);
	free(both);
	jailparam_free(more, 1);
}

/* What interface|address/prefix says is told by ip4.alias, too. */
static void
join_aliases(struct request *rq, const char *name, const char *aliases)
{
	struct jailparam *jp = find_param(rq, name);
	char *both;

	if (asprintf(&both, "%s%s%s", jp != NULL ? (char *)jp->jp_value : "",
	    jp != NULL ? "," : "", aliases) == -1)
		out_of_memory();
	if (jp == NULL) {
		jp = &rq->jp[rq->njp++];
		if (jailparam_init(jp, name) != 0)
			errx(1, "%s", jail_errmsg);
	}
	if (jailparam_import(jp, both) != 0)
		errx(1, "%s", jail_errmsg);
	free(both);
}

/*
 * Of a list of addresses, some of them interface|address/prefix, make one of
 * plain addresses, and one of those that have an interface, to be freed.
 */
static char *
split_aliases(const char *list, char *plain)
{
	char *copy = strdup(list), *rest = copy, *one;
	char *aliases = calloc(1, strlen(list) + 1), *end = aliases;

	if (copy == NULL || aliases == NULL)
		out_of_memory();
	while ((one = strsep(&rest, ",")) != NULL) {
		if (strchr(one, '|') != NULL) {
			end += sprintf(end, "%s%s", end > aliases ? "," : "",
			    one);
			one = strchr(one, '|') + 1;
			one[strcspn(one, "/")] = '\0';
		}
		plain += sprintf(plain, "%s%s", one, rest != NULL ? "," : "");
	}
	free(copy);
	return (aliases);
}

static void
add_param(struct request *rq, const char *word)
{
	struct jailparam *jp = &rq->jp[rq->njp], *list;

	parse_param(jp, word);
	list = find_param(rq, jp->jp_name);
	if (list != NULL && (jp->jp_type == JPT_IP4 || jp->jp_type == JPT_IP6))
		join_lists(list, jp);
	else
		rq->njp++;
}

/* ip4.addr= or ip6.addr= with interfaces. (The word itself is not ours.) */
static void
add_aliases(struct request *rq, const char *word)
{
	const char *list = strchr(word, '=') + 1;
	char *plain = strdup(word), *aliases;

	if (plain == NULL)
		out_of_memory();
	aliases = split_aliases(list, plain + (list - word));
	add_param(rq, plain);
	join_aliases(rq, word[2] == '4' ? "ip4.alias" : "ip6.alias", aliases);
	free(plain);
	free(aliases);
}

static bool
has_aliases(const char *word)
{
	return ((strncmp(word, "ip4.addr=", 9) == 0 ||
	    strncmp(word, "ip6.addr=", 9) == 0) && strchr(word, '|') != NULL);
}

/* The words from command= on; the line itself stays as it is. */
static char **
command_of(int n, char **words)
{
	char **command, *first = words[0] + strlen("command=");

	if (*first == '\0')
		errx(1, "command: is empty");
	command = calloc(n + 1, sizeof(*command));
	if (command == NULL)
		out_of_memory();
	memcpy(command, words, n * sizeof(*command));
	command[0] = first;
	return (command);
}

void
parse_params(struct request *rq, int argc, char **argv)
{
	rq->jp = calloc(2 * argc + 1, sizeof(*rq->jp));
	if (rq->jp == NULL)
		out_of_memory();
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "command=", 8) == 0) {
			rq->command = command_of(argc - i, argv + i);
			return;
		}
		(has_aliases(argv[i]) ? add_aliases : add_param)(rq, argv[i]);
	}
}

static void
remove_jid(const struct request *rq, int jid, const char *name)
{
	stop_jail(jid, name);
	if (jail_remove(jid) != 0 && errno != EINVAL)
		errx(1, "%s", jail_errmsg);
	if (!rq->quiet && !rq->only_jid)
		printf("%s: removed%s\n", name, rq->verbose ?
		    ", and all its processes" : "");
}

void
each_running(const char *pattern, void (*what)(void *, int, const char *),
    void *arg)
{
	struct jailparam jp[2];
	int jid = 0;

	if (jailparam_init(&jp[0], "lastjid") != 0 ||
	    jailparam_init(&jp[1], "name") != 0)
		errx(1, "%s", jail_errmsg);
	for (;;) {
		if (jailparam_import_raw(&jp[0], &jid, sizeof(jid)) != 0)
			errx(1, "%s", jail_errmsg);
		jid = jailparam_get(jp, 2, 0);
		if (jid == -1)
			break;
		if (fnmatch(pattern, jp[1].jp_value, 0) == 0)
			what(arg, jid, jp[1].jp_value);
	}
	if (errno != ENOENT)
		errx(1, "%s", jail_errmsg);
	jailparam_free(jp, 2);
}

static void
remove_matching(void *rq, int jid, const char *name)
{
	remove_jid(rq, jid, name);
}

int
remove_one(const struct request *rq, const char *jail, bool must_exist)
{
	int jid;

	if (strchr(jail, '*') != NULL) {
		each_running(jail, remove_matching, (void *)rq);
		return (0);
	}
	jid = jail_getid(jail);
	if (jid != -1) {
		remove_jid(rq, jid, jail);
		return (0);
	}
	if (errno != ENOENT)
		errx(1, "%s", jail_errmsg);
	if (must_exist)
		warnx("%s", jail_errmsg);
	return (must_exist);
}

/* The jail that name= or jid= says. */
static int
remove_named(const struct request *rq, bool must_exist)
{
	const struct jailparam *jp = find_param(rq, "jid");
	char *jail;
	int status;

	if (jp == NULL)
		jp = find_param(rq, "name");
	if (jp == NULL)
		errx(1, "which jail? give name= or jid=");
	jail = jailparam_export(jp);
	if (jail == NULL)
		errx(1, "%s", jail_errmsg);
	status = remove_one(rq, jail, must_exist);
	free(jail);
	return (status);
}

static int
remove_jails(struct request *rq, int argc, char **argv)
{
	int status = 0;

	if (strchr(argv[0], '=') != NULL) {
		parse_params(rq, argc, argv);
		return (remove_named(rq, true));
	}
	for (int i = 0; i < argc; i++)
		status |= remove_one(rq, argv[i], true);
	return (status);
}

static int
destroy(void)
{
	if (jail_unload() != 0)
		errx(1, "%s", jail_errmsg);
	return (0);
}

/*
 * Do the operands name jails of the file? They do not if one is name=value, or
 * the first is a parameter. (-R asks no file, nor does who asks an init.)
 */
static bool
is_of_file(const struct request *rq, int argc, char **argv)
{
	struct jailparam jp;

	if (rq->remove_only || rq->life != 0)
		return (false);
	for (int i = 0; i < argc; i++) {
		if (strchr(argv[i], '=') != NULL)
			return (false);
	}
	if (argc == 0 || (rq->remove && !rq->create) || rq->conf != NULL ||
	    jailparam_init(&jp, argv[0]) != 0)
		return (true);
	jailparam_free(&jp, 1);
	return (false);
}

/* Options that are for the jails of a file alone. */
static bool
needs_file(const struct request *rq)
{
	return (rq->conf != NULL || rq->cleanup || rq->separator != NULL ||
	    rq->dry_run || rq->clean || rq->jidfile != NULL ||
	    rq->limit != LIMIT);
}

/* Is it one thing that is asked for, with operands if it is for these? */
static void
check_usage(const struct request *rq, bool of_file, int argc)
{
	const bool acts = rq->create || rq->modify || rq->remove;
	const bool asks = rq->life != 0 && !(rq->life == OPT_WAIT &&
	    rq->create && !rq->modify);

	if (rq->layers + rq->destroy + rq->oci + rq->remove_only +
	    rq->cleanup + (rq->separator != NULL) + acts + asks != 1 ||
	    (rq->remove && rq->modify))
		usage_error(usage, 1);
	if (rq->layers || rq->destroy || rq->oci ? argc != 0 :
	    (rq->remove_only || rq->life != 0) && argc == 0)
		usage_error(usage, 1);
	if (rq->life == OPT_RUN && argc == 1)
		usage_error(usage, 1);
	if (needs_file(rq) && (!of_file || rq->layers || rq->destroy ||
	    rq->oci))
		usage_error(usage, 1);
}

static void
check_wait(const struct request *rq)
{
	if (rq->life == OPT_WAIT && (find_param(rq, "init") == NULL ||
	    rq->command != NULL))
		errx(1, "--wait: belongs to -c with init=... and without "
		    "command");
}

static int
run(struct request *rq, int argc, char **argv)
{
	const bool of_file = is_of_file(rq, argc, argv);

	check_usage(rq, of_file, argc);
	if (rq->life != 0 && !rq->create)
		return (ask_inits(rq, argc, argv));
	if (rq->layers)
		return (print_layers());
	if (rq->destroy)
		return (destroy());
	if (rq->oci)
		return (oci_hook(rq));
	if (of_file)
		return (conf_main(rq, argc, argv));
	if (rq->remove_only || (rq->remove && !rq->create))
		return (remove_jails(rq, argc, argv));
	parse_params(rq, argc, argv);
	check_wait(rq);
	if (rq->remove)
		remove_named(rq, false);
	if (rq->create)
		return (start_jail(rq));
	if (rq->command != NULL)
		errx(1, "command: belongs to -c; use jexec(8)");
	return (modify_jail(rq));
}

/* Those that have a value, and those for what a file says. */
static bool
file_option(struct request *rq, int c)
{
	switch (c) {
	case 'C':
		rq->cleanup = true;
		break;
	case 'e':
		rq->separator = optarg;
		break;
	case 'f':
		rq->conf = optarg;
		break;
	case 'J':
		rq->jidfile = optarg;
		break;
	case 'l':
		rq->clean = true;
		break;
	case 'p':
		rq->limit = number_arg("limit", optarg, 1, LIMIT_MAX, 1);
		break;
	case OPT_DRY_RUN:
		rq->dry_run = true;
		break;
	default:
		return (false);
	}
	return (true);
}

static void
option(struct request *rq, int c)
{
	switch (c) {
	case 'c':
		rq->create = true;
		break;
	case 'i':
		rq->only_jid = true;
		break;
	case 'm':
		rq->modify = true;
		break;
	case 'q':
		rq->quiet = true;
		break;
	case 'r':
		rq->remove = true;
		break;
	case 'R':
		rq->remove_only = true;
		break;
	case 'v':
		rq->verbose = true;
		break;
	case 'V':
		rq->layers = true;
		break;
	case 'h':
		print_usage(usage);
	case OPT_DESTROY:
		rq->destroy = true;
		break;
	case OPT_OCI:
		rq->oci = true;
		break;
	case OPT_SHUTDOWN:
	case OPT_REBOOT:
	case OPT_STATUS:
	case OPT_WAIT:
	case OPT_RUN:
		if (rq->life != 0)
			usage_error(usage, 1);
		rq->life = c;
		break;
	default:
		if (!file_option(rq, c))
			common_option(c, usage, 1);
	}
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		COMMON_OPTIONS,
		{ "destroy", no_argument, NULL, OPT_DESTROY },
		{ "dry-run", no_argument, NULL, OPT_DRY_RUN },
		{ "oci-hook", no_argument, NULL, OPT_OCI },
		{ "reboot", no_argument, NULL, OPT_REBOOT },
		{ "run", no_argument, NULL, OPT_RUN },
		{ "shutdown", no_argument, NULL, OPT_SHUTDOWN },
		{ "status", no_argument, NULL, OPT_STATUS },
		{ "wait", no_argument, NULL, OPT_WAIT },
		{ NULL, 0, NULL, 0 }
	};
	struct request rq = { .argv = argv, .limit = LIMIT };
	int c, status;

	argv[0] = program_invocation_short_name;
	tool_begin(1);
	while ((c = getopt_long(argc, argv, "+Cce:f:iJ:lmp:qRrvVh", options,
	    NULL)) != -1)
		option(&rq, c);
	status = run(&rq, argc - optind, argv + optind);
	jailparam_free(rq.jp, rq.njp);
	free(rq.jp);
	free(rq.command);
	return (status);
}
