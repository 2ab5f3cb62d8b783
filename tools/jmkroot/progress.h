/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What long work says while it goes on, that it ends when a signal asks it to,
 * and what it says when it fails.
 */

#ifndef _PROGRESS_H_
#define _PROGRESS_H_

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Counts go on to be right whether or not they are shown. */
struct progress {
	const char *what;	/* "unpacked" */
	uintmax_t entries;
	uintmax_t bytes;
	struct timespec shown;	/* when it was last */
};

/* From now on SIGHUP, SIGINT and SIGTERM only ask. Quiet: show nothing. */
void progress_init(bool quiet);

void progress_begin(struct progress *p, const char *what);

/* Some more was done. -1 if it is to end, which main() tells. */
int progress_step(struct progress *p, uintmax_t entries, uintmax_t bytes);
void progress_end(void);

/* Was the process asked to end? The signal, or 0. */
int interrupted(void);

/* What was begun is being undone: no more need be done about it. */
void progress_forget(void);

/* The signal because of which this was not done, or 0. */
int progress_obeyed(void);

/* A count of bytes as people write it: "12.5 MB". */
const char *bytes_text(uintmax_t bytes, char text[16]);

/*
 * A name as it may be shown: it comes out of an archive, and could be made to
 * drive a terminal. What is not plain becomes a question mark.
 */
const char *name_text(const char *name, char text[256]);

/*
 * One line on stderr, the first with the reason in errno; both return -1. The
 * program name is put in front.
 */
int fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int failx(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif /* !_PROGRESS_H_ */
