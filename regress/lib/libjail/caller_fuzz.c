/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What the broker reads of a thread, proc_pid_status(5): random text does no
 * harm, and what a kernel would write is understood.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jail_broker_caller.c>

#define TEXT_MAX	4096
#define NGROUPS		16

struct input {
	const uint8_t *p;
	size_t left;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned int
take(struct input *in, size_t n)
{
	unsigned int value = 0;

	while (n-- > 0 && in->left > 0) {
		value = value << 8 | *in->p++;
		in->left--;
	}
	return (value);
}

static void
parse_any(const struct input *in)
{
	char text[TEXT_MAX + 1];
	const size_t len = in->left < TEXT_MAX ? in->left : TEXT_MAX;
	struct caller c = { 0 };

	memcpy(text, in->p, len);
	text[len] = '\0';
	if (caller_parse(text, (struct groups){ 0, 100 }, &c) == 0 &&
	    c.tgid <= 0)
		abort();
}

/* A name that looks like what comes later stays a name: \n is escaped there. */
static void
parse_whole(struct input *in)
{
	const unsigned int tgid = 1 + take(in, 2), gid = take(in, 4);
	const unsigned int n = take(in, 1) % NGROUPS;
	const struct groups range = { take(in, 4), take(in, 4) };
	const uint64_t caps = (uint64_t)take(in, 4) << 32 | take(in, 4);
	const unsigned int uid = take(in, 1) % 4;
	bool may = gid >= range.first && gid <= range.last;
	char groups[16 * NGROUPS] = "", text[TEXT_MAX];
	struct caller c;

	for (unsigned int i = 0; i < n; i++) {
		const unsigned int group = take(in, 4);

		sprintf(groups + strlen(groups), "%u ", group);
		may = may || (group >= range.first && group <= range.last);
	}
	snprintf(text, sizeof(text), "Name:\tTgid:\\nCapEff:\nTgid:\t%u\n"
	    "Pid:\t7\nUid:\t1\t%u\t0\t0\nGid:\t1\t%u\t2\t3\nFDSize:\t64\n"
	    "Groups:\t%s\nNStgid:\t9\nCapPrm:\tffff\nCapEff:\t%016llx\n"
	    "CapBnd:\t0\n", tgid, uid, gid, groups, (unsigned long long)caps);
	if (caller_parse(text, range, &c) != 0 || c.tgid != (pid_t)tgid ||
	    c.root != (uid == 0) || c.ping != may ||
	    c.net_raw != ((caps >> 13 & 1) != 0))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };

	parse_any(&in);
	parse_whole(&in);
	return (0);
}
