/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The stream of refusals: who may read it, what becomes of what nobody reads,
 * and of a reader who is killed.
 */

#include <sys/socket.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <bpf/bpf.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <atf-c.h>
#include <jail.h>

#include "common.h"
#include "jailed.h"
#include "vnet.h"

#define FLOOD	20000
#define NROOM	(JAIL_EVENTBYTES / (int)(sizeof(struct jail_event) + 8))

/* Have so many calls refused. */
static int
do_bind(void *arg)
{
	const int *n = arg;
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(0xc0000201) };
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	for (int i = 0; i < *n; i++)
		bind(s, (struct sockaddr *)&sin, sizeof(sin));
	close(s);
	return (-1);
}

static void
be_refused(const struct jailed *jd, int n)
{
	jailed_call(jd, do_bind, &n, sizeof(n));
}

static struct jailed
begin(const atf_tc_t *tc)
{
	vnet_instance(tc);
	return (jailed_start(make_jail("a", "ip4.addr", "192.0.2.5", NULL)));
}

static struct jail_events *
events(void)
{
	struct jail_events *ev = jail_events_open();

	ATF_REQUIRE_MSG(ev != NULL, "%s", jail_errmsg);
	return (ev);
}

static uint64_t
count_lost(struct jail_events *ev)
{
	uint64_t lost;

	ATF_REQUIRE_MSG(jail_events_lost(ev, &lost) == 0, "%s", jail_errmsg);
	return (lost);
}

/* Read what there is; how many. */
static int
count_events(struct jail_events *ev)
{
	struct jail_event e;
	int found, n = 0;

	while ((found = jail_events_read(ev, &e)) == 1) {
		ATF_REQUIRE_EQ(JR_LOCALADDR, e.je_reason);
		n++;
	}
	ATF_REQUIRE_MSG(found == 0, "%s", jail_errmsg);
	return (n);
}

/* A number of the instance's: the value of a map of one element. */
static uint64_t
map_value(const char *name)
{
	const uint32_t zero = 0;
	char path[256];
	uint64_t value;
	int fd;

	snprintf(path, sizeof(path), "/sys/fs/bpf/%s/%s",
	    getenv("JAIL_INSTANCE"), name);
	fd = bpf_obj_get(path);
	ATF_REQUIRE_MSG(fd >= 0, "%s", path);
	ATF_REQUIRE_EQ(0, bpf_map_lookup_elem(fd, &zero, &value));
	close(fd);
	return (value);
}

JAIL_TC(event_comes_once_and_when_it_happens, "poll(2) and read")
{
	const struct jailed a = begin(tc);
	struct jail_events *ev = events();
	struct pollfd pfd = { .fd = jail_events_fd(ev), .events = POLLIN };
	struct jail_event e;
	struct timespec ts;

	ATF_CHECK_EQ(0, poll(&pfd, 1, 0));
	be_refused(&a, 1);
	ATF_REQUIRE_EQ(1, poll(&pfd, 1, 5000));
	ATF_REQUIRE_EQ(1, jail_events_read(ev, &e));
	ATF_CHECK_EQ(a.jd_jid, (int)e.je_jid);
	ATF_CHECK_EQ(a.jd_pid, (pid_t)e.je_pid);
	ATF_CHECK_STREQ("events_test", e.je_comm);
	clock_gettime(CLOCK_BOOTTIME, &ts);
	ATF_CHECK(e.je_time <= ts.tv_sec * 1000000000ULL + ts.tv_nsec);
	ATF_CHECK(e.je_time + 10000000000ULL > ts.tv_sec * 1000000000ULL);
	ATF_CHECK_EQ(0, jail_events_read(ev, &e));
	ATF_CHECK_EQ(0, poll(&pfd, 1, 0));
	be_refused(&a, 3);
	ATF_CHECK_EQ(3, count_events(ev));
	ATF_CHECK_EQ(0, count_lost(ev));
	jail_events_close(ev);
}

JAIL_TC(nothing_is_kept_while_nobody_reads, "before, between and after")
{
	const struct jailed a = begin(tc);
	struct jail_events *ev;

	be_refused(&a, 2);
	ev = events();
	ATF_CHECK(map_value("event_readers") > 0);
	ATF_CHECK_EQ(0, count_events(ev));
	jail_events_close(ev);
	ATF_CHECK_EQ(0, map_value("event_readers"));
	be_refused(&a, 2);
	ev = events();
	ATF_CHECK_EQ(0, count_events(ev));
	ATF_CHECK_EQ(0, count_lost(ev));
	jail_events_close(ev);
	ATF_CHECK_EQ(0, map_value("events_lost"));
}

JAIL_TC(flood_loses_events_and_counts_them, "the ring is full")
{
	const struct jailed a = begin(tc);
	struct jail_events *ev = events();
	int got;

	be_refused(&a, FLOOD);
	ATF_CHECK_EQ(FLOOD, jailed_refusals(a.jd_jid, JR_LOCALADDR,
	    JAIL_DIR_CALL, 4));
	ATF_CHECK(count_lost(ev) > 0);
	got = count_events(ev);
	ATF_CHECK_MSG(got > NROOM / 2 && got <= NROOM, "%d events", got);
	ATF_CHECK_EQ(FLOOD, got + (int)count_lost(ev));
	be_refused(&a, 1);
	ATF_CHECK_EQ(1, count_events(ev));
	jail_events_close(ev);
	ev = events();
	ATF_CHECK_EQ(0, count_lost(ev));
	jail_events_close(ev);
}

struct silence {
	const struct jailed *jd;
	uint64_t before;
};

/* Is an event that is not read counted as lost by now? */
static bool
is_lost(void *arg)
{
	const struct silence *si = arg;

	be_refused(si->jd, 1);
	return (map_value("events_lost") > si->before);
}

JAIL_TC(who_does_not_read_gets_no_more_and_is_told, "for three seconds")
{
	const struct jailed a = begin(tc);
	struct silence si = { &a, 0 };
	struct jail_events *ev = events();
	int n;

	ATF_REQUIRE(wait_until(is_lost, &si, 10000));
	n = count_events(ev);
	ATF_CHECK_EQ(jailed_refusals(a.jd_jid, JR_LOCALADDR, JAIL_DIR_CALL,
	    4), n + count_lost(ev));
	be_refused(&a, 1);
	ATF_CHECK_EQ(1, count_events(ev));
	jail_events_close(ev);
}

/* One who reads, until it is killed. */
static pid_t
start_reader(void)
{
	int ready[2];
	pid_t pid;
	char c;

	ATF_REQUIRE_EQ(0, pipe(ready));
	pid = fork();
	ATF_REQUIRE(pid != -1);
	if (pid == 0) {
		if (jail_events_open() == NULL || write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	ATF_REQUIRE_EQ_MSG(1, read(ready[0], &c, 1), "it reads not");
	close(ready[0]);
	return (pid);
}

JAIL_TC(killed_reader_leaves_nothing, "SIGKILL")
{
	const struct jailed a = begin(tc);
	struct silence si = { &a, 0 };
	struct jail_events *ev;
	pid_t pid;

	pid = start_reader();
	ATF_CHECK(jail_events_open() == NULL);
	ATF_CHECK_EQ(EBUSY, errno);
	ATF_CHECK_STREQ("events: another process reads them", jail_errmsg);
	be_refused(&a, 1);
	ATF_CHECK_EQ(0, kill(pid, SIGKILL));
	ATF_CHECK_EQ(128 + SIGKILL, wait_child(pid));
	be_refused(&a, 1);
	ev = events();
	ATF_CHECK_EQ(0, count_events(ev));
	be_refused(&a, 1);
	ATF_CHECK_EQ(1, count_events(ev));
	jail_events_close(ev);

	pid = start_reader();
	ATF_CHECK_EQ(0, kill(pid, SIGKILL));
	ATF_CHECK_EQ(128 + SIGKILL, wait_child(pid));
	si.before = map_value("events_lost");
	ATF_CHECK_MSG(wait_until(is_lost, &si, 10000),
	    "events are still made for the reader who was killed");
}

static bool
has_ended(void *arg)
{
	struct jail_event e;

	return (jail_events_read(arg, &e) == -1);
}

JAIL_TC(unloading_ends_the_stream, "within a second")
{
	struct jailed a = begin(tc);
	struct jail_events *ev = events();

	jailed_stop(&a);
	ATF_REQUIRE_EQ(0, jail_unload());
	ATF_CHECK(wait_until(has_ended, ev, 5000));
	ATF_CHECK_EQ(ENOENT, errno);
	ATF_CHECK_STREQ("the kernel half was unloaded", jail_errmsg);
	jail_events_close(ev);
	ATF_CHECK(jail_events_open() == NULL);
	ATF_CHECK_EQ(ENOENT, errno);
	ATF_CHECK_STREQ("no jail was made yet", jail_errmsg);
}

JAIL_TC(opening_again_and_again_leaves_no_descriptor, "and what fails")
{
	int before;

	begin(tc);
	jail_events_close(events());
	before = count_descriptors();
	for (int i = 0; i < 20; i++) {
		struct jail_events *ev = events();

		ATF_CHECK(jail_events_open() == NULL);
		jail_events_close(ev);
	}
	ATF_CHECK_EQ(before, count_descriptors());
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, event_comes_once_and_when_it_happens);
	ATF_TP_ADD_TC(tp, flood_loses_events_and_counts_them);
	ATF_TP_ADD_TC(tp, killed_reader_leaves_nothing);
	ATF_TP_ADD_TC(tp, nothing_is_kept_while_nobody_reads);
	ATF_TP_ADD_TC(tp, opening_again_and_again_leaves_no_descriptor);
	ATF_TP_ADD_TC(tp, unloading_ends_the_stream);
	ATF_TP_ADD_TC(tp, who_does_not_read_gets_no_more_and_is_told);
	return (atf_no_error());
}
