/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * jailinit(8): pid 1 of a jail that has a life of its own.
 */

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <linux/capability.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "init.h"

static const char usage[] =
    "usage: jailinit [-p] [-t seconds] command\n"
    "       jailinit -h\n";

static _Noreturn void
fail(const char *text)
{
	if (write(STDERR_FILENO, text, strlen(text)) == -1)
		_exit(JAILINIT_MISUSED);
	_exit(JAILINIT_MISUSED);
}

static _Noreturn void
print_usage(void)
{
	if (write(STDOUT_FILENO, usage, strlen(usage)) == -1)
		_exit(JAILINIT_MISUSED);
	_exit(0);
}

/* Is it what libjail has started, with its descriptors? */
static void
check_place(void)
{
	int type;
	socklen_t len = sizeof(type);

	if (getpid() == 1 && getsockopt(JAILINIT_HEAR, SOL_SOCKET, SO_TYPE,
	    &type, &len) == 0 && type == SOCK_SEQPACKET)
		return;
	fail("jailinit: not pid 1 of a jail: see jail(8), init\n");
}

static void
parse_args(struct init *in, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "+hpt:")) != -1) {
		switch (c) {
		case 'h':
			print_usage();
		case 'p':
			in->persist = true;
			break;
		case 't':
			in->timeout = atoi(optarg);
			break;
		default:
			fail(usage);
		}
	}
	if (argc - optind != 1)
		fail(usage);
	in->command = argv[optind];
}

/*
 * It sends signals to everybody, and for the rest it needs no privilege: what
 * it starts gets that of the jail's root when it is executed.
 */
static void
drop_capabilities(void)
{
	struct __user_cap_header_struct hdr = {
		.version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ .effective = 1 << CAP_KILL, .permitted = 1 << CAP_KILL } };

	if (syscall(SYS_capset, &hdr, data) != 0)
		fail("jailinit: capabilities cannot be dropped\n");
}

/* Nobody in the jail is to see what it has open, nor to trace it. */
static void
hide(void)
{
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NAME, "jailinit");
	for (int fd = JAILINIT_HEAR; fd < JAILINIT_HEAR + JAILINIT_NFDS; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* By one byte: end of file would also mean that it has died. */
static void
report(void)
{
	if (write(JAILINIT_REPORT, "", 1) != 1)
		fail("jailinit: nobody waits for it\n");
	close(JAILINIT_REPORT);
}

static _Noreturn void
serve(struct init *in, int signals)
{
	struct pollfd pfds[] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = JAILINIT_HEAR, .events = POLLIN },
	};

	for (;;) {
		poll(pfds, 2, init_patience(in));
		if (pfds[0].revents & POLLIN)
			signal_take(in, signals);
		init_reap(in);
		if (pfds[1].revents & POLLIN)
			request_take(in);
		init_step(in);
	}
}

int
main(int argc, char **argv)
{
	static struct init in = { .timeout = 10 };
	int signals;

	parse_args(&in, argc, argv);
	check_place();
	hide();
	drop_capabilities();
	signals = signal_open();
	if (signals == -1)
		fail("jailinit: signalfd\n");
	request_init(&in);
	report();
	init_begin(&in);
	serve(&in, signals);
}
