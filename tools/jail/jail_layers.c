/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * jail -V: version, kernel and layers.
 */

#include <sys/utsname.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "jail_tool.h"

int
print_layers(void)
{
	static const char *const states[] = { [JL_MISSING] = "missing",
		[JL_READY] = "ready", [JL_ACTIVE] = "active",
		[JL_ABSENT] = "absent" };
	struct jail_layer *l;
	struct utsname un;
	int missing = 0, n;

	if (uname(&un) != 0)
		err(1, "uname");
	n = jail_layers(&l);
	if (n < 0)
		errx(1, "%s", jail_errmsg);
	printf("netjail %s, %s %s %s\n", JAIL_RELEASE, un.sysname, un.release,
	    un.machine);
	for (int i = 0; i < n; i++) {
		missing |= l[i].jl_state == JL_MISSING;
		printf("%-20s %-8s %s%s%s", l[i].jl_name,
		    states[l[i].jl_state], l[i].jl_what,
		    l[i].jl_reason[0] != '\0' ? ": " : "", l[i].jl_reason);
		if (l[i].jl_state == JL_ABSENT)
			printf("; %s", l[i].jl_instead);
		printf("\n");
	}
	free(l);
	return (missing);
}
