/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What failures print for an errno.
 */

#ifndef _ERRNAME_H_
#define _ERRNAME_H_

#include <string.h>

/* "EPERM"; "0" for none. */
static inline const char *
errname(int error)
{
	const char *name = strerrorname_np(error);

	return (error == 0 ? "0" : name != NULL ? name : "?");
}

#endif /* !_ERRNAME_H_ */
