/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The state of an instance, for cases in sh: jailstate prints it, jailstate -c
 * says what of it does not belong together and fails if there is anything.
 */

#include <err.h>
#include <string.h>

#include "state.h"

int
main(int argc, char **argv)
{
	bool check = argc == 2 && strcmp(argv[1], "-c") == 0;
	struct state st;
	int faults = 0;

	if (argc > 1 && !check)
		errx(2, "usage: jailstate [-c]");
	if (state_open(&st) != 0)
		err(2, "state");
	if (check)
		faults = state_check(&st, stdout);
	else if (state_dump(&st, stdout) != 0)
		err(2, "state");
	state_close(&st);
	return (faults != 0);
}
