/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Giving a jail an address, and taking one away. Functions end the process when
 * they fail.
 */

#ifndef _CHANGE_H_
#define _CHANGE_H_

#include <stdbool.h>
#include <stdint.h>

#include "host.h"

struct change {
	const struct family *fam;
	const char *text;		/* the address */
	uint8_t addr[sizeof(struct in6_addr)];
	int prefixlen;			/* -1: not given */
	bool remove;
};

/*
 * Read "inet", "192.0.2.5/24", "alias". False if these are not the words that a
 * change is made of.
 */
bool change_parse(struct change *c, char *const words[3]);

void change_make(const struct change *c, const char *jail);

#endif /* !_CHANGE_H_ */
