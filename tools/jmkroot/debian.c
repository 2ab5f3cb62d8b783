/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * A root of Debian packages, which mmdebstrap(1) makes.
 */

#include <sys/mman.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "make.h"
#include "record.h"

#define PROGRAM	"mmdebstrap"

/* The words of a command line, each of which is freed with it. */
struct words {
	char **words;
	size_t n;
};

static int
add_word(struct words *w, const char *option, const char *value)
{
	char **more = reallocarray(w->words, w->n + 2, sizeof(*more));

	if (more == NULL)
		return (fail(PROGRAM));
	w->words = more;
	if (asprintf(&more[w->n], "%s%s", option, value) == -1)
		return (fail(PROGRAM));
	more[++w->n] = NULL;
	return (0);
}

static void
free_words(struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->words[i]);
	free(w->words);
}

/* One that begins so would be an option, or several packages. */
static int
check_package(const char *name)
{
	char text[256];

	if (name[0] != '-' && name[0] != '\0' && strpbrk(name, ", \t\n") ==
	    NULL)
		return (0);
	return (failx("%s: not the name of a package", name_text(name,
	    text)));
}

static int
add_words(struct words *w, const struct request *rq, const char *suite,
    const char *target, char *const packages[])
{
	int error;

	error = add_word(w, PROGRAM, "");
	if (error == 0)
		error = add_word(w, "--mode=root", "");
	if (error == 0)
		error = add_word(w, "--variant=", rq->variant != NULL ?
		    rq->variant : "minbase");
	if (error == 0 && rq->verbose)
		error = add_word(w, "--verbose", "");
	for (; error == 0 && *packages != NULL; packages++) {
		error = check_package(*packages);
		if (error == 0)
			error = add_word(w, "--include=", *packages);
	}
	if (error == 0 && add_word(w, "--", "") == 0 &&
	    add_word(w, suite, "") == 0)
		error = add_word(w, target, "");
	for (int i = 0; error == 0 && i < rq->nmirrors; i++)
		error = add_word(w, rq->mirrors[i], "");
	return (error);
}

/* Its standard output, too, says how it gets on, and is not the result. */
static _Noreturn void
run_child(char *const words[], int output)
{
	int null = open("/dev/null", O_RDONLY);

	if (null == -1 || dup2(null, STDIN_FILENO) == -1 ||
	    dup2(output, STDERR_FILENO) == -1 ||
	    dup2(output, STDOUT_FILENO) == -1)
		_exit(126);
	signal(SIGPIPE, SIG_DFL);
	execvp(words[0], words);
	fail("%s: cannot be run: install the package " PROGRAM, words[0]);
	_exit(127);
}

/* Wait until it ends; what asks us to end is passed on, once. */
static int
wait_for(pid_t pid)
{
	bool told = false;
	int status;

	while (waitpid(pid, &status, 0) == -1) {
		if (errno != EINTR)
			return (fail(PROGRAM));
		if (interrupted() && !told) {
			kill(pid, SIGTERM);
			told = true;
		}
	}
	if (interrupted())
		return (-1);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return (0);
	if (WIFEXITED(status))
		return (failx(PROGRAM ": failed with status %d; it says "
		    "why", WEXITSTATUS(status)));
	return (failx(PROGRAM ": %s", strsignal(WTERMSIG(status))));
}

static int
run(char *const words[], int output)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == -1)
		return (fail(PROGRAM));
	if (pid == 0)
		run_child(words, output);
	return (wait_for(pid));
}

static void
copy_output(int output)
{
	char buf[4096];
	ssize_t n;

	if (lseek(output, 0, SEEK_SET) != 0)
		return;
	while ((n = read(output, buf, sizeof(buf))) > 0)
		fwrite(buf, 1, n, stderr);
}

/* It can be told to be quiet, but then hides why it fails, too. */
static int
run_quietly(char *const words[])
{
	int error, output;

	output = memfd_create(PROGRAM, MFD_CLOEXEC);
	if (output == -1)
		return (fail(PROGRAM));
	error = run(words, output);
	if (error != 0)
		copy_output(output);
	close(output);
	return (error);
}

static int
build(struct root *r, const struct request *rq, const char *suite,
    char *const packages[])
{
	struct words w = { 0 };
	char target[PATH_MAX + 8];
	int error, fd;

	fd = root_mkdir(r, "tree", 0755);
	if (fd == -1)
		return (-1);
	close(fd);
	snprintf(target, sizeof(target), "%s/tree", r->statepath);
	error = add_words(&w, rq, suite, target, packages);
	if (error == 0)
		error = rq->quiet ? run_quietly(w.words) :
		    run(w.words, STDERR_FILENO);
	free_words(&w);
	if (error == 0)
		error = root_place(r);
	return (error != 0 ? -1 : root_finish(r));
}

int
debian_make(const struct request *rq, const char *suite, const char *dir,
    char *const packages[])
{
	struct root r;

	if (suite[0] == '-' || suite[0] == '\0')
		return (failx("%s: not the name of a suite", suite));
	if (root_begin(&r, dir, "debian", suite) != 0)
		return (-1);
	return (root_end(&r, build(&r, rq, suite, packages), rq, "made"));
}
