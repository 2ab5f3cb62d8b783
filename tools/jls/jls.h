/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * What the files of jls share.
 */

#ifndef _JLS_H_
#define _JLS_H_

#include <stdbool.h>

#include "jail.h"
#include "util_json.h"

enum jls_form {
	FORM_TABLE,		/* one line a jail, FreeBSD's four columns */
	FORM_VERBOSE,		/* several lines a jail */
	FORM_LIST,		/* one line a jail, the parameters asked for */
	FORM_JSON
};

/*
 * The jail to be shown, in parameters: first the one that finds it, then the
 * nshown that are printed, then those that only decide what is printed.
 */
struct jls {
	enum jls_form form;
	bool header;		/* -h */
	bool nameval;		/* -n */
	bool quoted;		/* -q */
	bool skip;		/* -s */
	bool names;		/* -N */
	struct jailparam *jp;
	unsigned int njp;
	unsigned int nshown;
	struct json_list list;
};

/* What jp[1] and so on are in FORM_TABLE (to COL_PATH), FORM_VERBOSE. */
enum { COL_LABEL = 1, COL_IP4, COL_HOSTNAME, COL_PATH, COL_NAME, COL_DYING,
	COL_SHARES, COL_IP6, COL_MAX };

/* jls_text.c */
void text_begin(const struct jls *j);
void text_jail(const struct jls *j);

/* jls_json.c */
json_t *json_jail(const struct jls *j);

#endif /* !_JLS_H_ */
