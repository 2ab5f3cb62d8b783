/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Events of refusals: the reader's end of the ring. A ring has one end, so one
 * process has it at a time: the one that locks the directory of the pins. It
 * says until when it wants events, and says so again while it reads: of one
 * that is killed nothing is left soon after.
 */

#include <sys/file.h>
#include <sys/stat.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "jail_impl.h"

#define NSEC		1000000000ULL
#define WANT_NSEC	(3 * NSEC)	/* for so long events are wanted, */
#define RENEW_NSEC	NSEC		/* from when it was said */

struct jail_events {
	struct ring_buffer *ring;
	int dir;			/* the pins, locked */
	int readers, lost;		/* maps */
	uint64_t said;			/* when events were last wanted */
	uint64_t lost_before;
	struct jail_event next;
	bool have;			/* there is a next one */
};

static const uint32_t zero = 0;

/* On the clock of je_time. */
static uint64_t
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (ts.tv_sec * NSEC + ts.tv_nsec);
}

/* One at a time: what is not 0 makes libbpf stop after it. */
static int
take(void *arg, void *data, size_t size)
{
	struct jail_events *ev = arg;

	if (size != sizeof(ev->next))
		return (0);
	memcpy(&ev->next, data, size);
	ev->have = true;
	return (-ECANCELED);
}

static int
lock_pins(const char *pins)
{
	int fd = open(pins, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1)
		return (jail_fail(errno, "%s: %s", pins, strerror(errno)));
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return (fd);
	jail_fail(errno == EWOULDBLOCK ? EBUSY : errno, "events: %s", errno ==
	    EWOULDBLOCK ? "another process reads them" : strerror(errno));
	close(fd);
	return (-1);
}

static int
open_ring(struct jail_events *ev, const char *pins)
{
	int fd = kern_open_pin(pins, "", "events");

	if (fd == -1)
		return (-1);
	ev->ring = ring_buffer__new(fd, take, ev, NULL);
	if (ev->ring == NULL)
		jail_fail(errno, "events: %s", strerror(errno));
	close(fd);
	return (ev->ring != NULL ? 0 : -1);
}

static int
get_lost(const struct jail_events *ev, uint64_t *ret_lost)
{
	int error = -bpf_map_lookup_elem(ev->lost, &zero, ret_lost);

	return (error == 0 ? 0 : jail_fail(error, "map events_lost: %s",
	    strerror(error)));
}

static int
want(struct jail_events *ev, uint64_t until)
{
	int error = -bpf_map_update_elem(ev->readers, &zero, &until, BPF_ANY);

	return (error == 0 ? 0 : jail_fail(error, "map event_readers: %s",
	    strerror(error)));
}

/* Say, once in a while, that there is still somebody. */
static int
renew(struct jail_events *ev)
{
	const uint64_t t = now();
	struct stat st;

	if (ev->said != 0 && t - ev->said < RENEW_NSEC)
		return (0);
	if (fstat(ev->dir, &st) == 0 && st.st_nlink == 0)
		return (jail_fail(ENOENT, "the kernel half was unloaded"));
	ev->said = t;
	return (want(ev, t + WANT_NSEC));
}

static int
next_event(struct jail_events *ev)
{
	int error;

	ev->have = false;
	error = ring_buffer__consume(ev->ring);
	if (error < 0 && error != -ECANCELED)
		return (jail_fail(-error, "events: %s", strerror(-error)));
	return (ev->have);
}

/* What is there is of before: somebody was killed and has not read it. */
static int
begin(struct jail_events *ev)
{
	int more;

	do
		more = next_event(ev);
	while (more == 1);
	if (more == -1 || get_lost(ev, &ev->lost_before) != 0)
		return (-1);
	return (renew(ev));
}

static int
open_all(struct jail_events *ev, const char *pins)
{
	ev->dir = lock_pins(pins);
	if (ev->dir == -1)
		return (-1);
	ev->readers = kern_open_pin(pins, "", "event_readers");
	if (ev->readers == -1)
		return (-1);
	ev->lost = kern_open_pin(pins, "", "events_lost");
	if (ev->lost == -1 || open_ring(ev, pins) != 0)
		return (-1);
	return (begin(ev));
}

struct jail_events *
jail_events_open(void)
{
	struct jail_events *ev;
	struct session s;
	int error = -1;

	if (session_open(&s, false) != 0)
		return (NULL);
	ev = calloc(1, sizeof(*ev));
	if (ev == NULL)
		jail_fail(ENOMEM, "out of memory");
	else {
		ev->dir = ev->readers = ev->lost = -1;
		error = s.loaded ? open_all(ev, s.m.pins) :
		    jail_fail(ENOENT, "no jail was made yet");
	}
	session_close(&s);
	if (error == 0)
		return (ev);
	error = errno;
	jail_events_close(ev);
	errno = error;
	return (NULL);
}

int
jail_events_fd(const struct jail_events *ev)
{
	return (ring_buffer__epoll_fd(ev->ring));
}

int
jail_events_read(struct jail_events *ev, struct jail_event *event)
{
	int found;

	if (renew(ev) != 0)
		return (-1);
	found = next_event(ev);
	if (found == 1)
		*event = ev->next;
	return (found);
}

int
jail_events_lost(struct jail_events *ev, uint64_t *lost)
{
	if (get_lost(ev, lost) != 0)
		return (-1);
	*lost -= ev->lost_before;
	return (0);
}

static void
close_fd(int fd)
{
	if (fd != -1)
		close(fd);
}

void
jail_events_close(struct jail_events *ev)
{
	const int saved = errno;

	if (ev == NULL)
		return;
	if (ev->said != 0)
		bpf_map_update_elem(ev->readers, &zero, &(uint64_t){ 0 },
		    BPF_ANY);
	ring_buffer__free(ev->ring);
	close_fd(ev->readers);
	close_fd(ev->lost);
	close_fd(ev->dir);
	free(ev);
	errno = saved;
}
