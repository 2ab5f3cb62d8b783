/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The middle of what was measured: a busy moment of the machine's moves it
 * little.
 */

#ifndef _MEDIAN_H_
#define _MEDIAN_H_

#include <stddef.h>

#define MEDIAN_MAX 99

/* Of n figures, which stay as they are; n is odd, MEDIAN_MAX at most. */
double median(const double *v, size_t n);

#endif /* !_MEDIAN_H_ */
