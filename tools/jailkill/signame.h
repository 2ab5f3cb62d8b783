/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Names of signals.
 */

#ifndef _SIGNAME_H_
#define _SIGNAME_H_

/*
 * The number of a signal by its name, with or without SIG, in any case, or by
 * its number; 0 is one of these. -1: there is no such signal.
 */
int signal_number(const char *name);

/* All names, as kill -l prints them. */
void print_signals(void);

#endif /* !_SIGNAME_H_ */
