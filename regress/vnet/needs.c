/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Skipping what a kernel cannot do. Who runs the suite on several kernels looks
 * for the words "kernel lacks".
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <atf-c.h>
#include <jail.h>

#include "vnet.h"

void
vnet_lacks(const char *feature, const char *fmt, ...)
{
	char detail[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	atf_tc_skip("kernel lacks %s: %s", feature, detail);
}

void
vnet_needs(const char *feature)
{
	struct jail_layer *l;
	int i, n = jail_layers(&l);

	if (n == -1)
		atf_tc_fail("jail_layers: %s", jail_errmsg);
	for (i = 0; i < n && strcmp(l[i].jl_name, feature) != 0; i++)
		continue;
	if (i == n)
		atf_tc_fail("%s: is no feature", feature);
	if (l[i].jl_state == JL_ABSENT)
		vnet_lacks(feature, "%s", l[i].jl_reason);
	free(l);
}
