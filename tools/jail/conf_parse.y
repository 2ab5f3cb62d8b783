/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * The grammar of jail.conf(5).
 */

%define api.pure full
%define api.prefix {conf_yy}
%define parse.error detailed
%define parse.lac full
%locations
%param { void *scanner }
%parse-param { struct conf *conf }

%code requires {
#include "conf.h"
}

%code {
/* bison counts its errors, and looks at the count nowhere. */
#pragma GCC diagnostic ignored "-Wunused-but-set-variable"

#include <stdlib.h>
#include <string.h>

int conf_yylex(CONF_YYSTYPE *value, CONF_YYLTYPE *loc, void *scanner);
struct conf_scan *conf_yyget_extra(void *scanner);

static void
conf_yyerror(CONF_YYLTYPE *loc, void *scanner, struct conf *conf,
    const char *why)
{
	struct conf_place place = { conf_yyget_extra(scanner)->file,
		loc->first_line, loc->first_column };

	/* The scanner knows better. */
	if (conf->error == NULL)
		conf_fail(conf, &place, "%s", why);
}
}

%union {
	struct conf_word *word;
	struct conf_words words;
}

%token CONF_END 0 "end of file"
%token CONF_APPEND "+="
%token CONF_BAD "bad character"
%token <word> CONF_WORD "word"
%type <words> words

%destructor { conf_word_free($$); } <word>
%destructor { conf_words_free(&$$); } <words>

%%

file:
	%empty
	| file block
	| file setting ';'
	| file include ';'
	| file ';'
	;

block:
	CONF_WORD '{' {
		if (conf_begin_block(conf, $1) != 0)
			YYABORT;
	} settings '}' {
		conf->block = "*";
		conf_word_free($1);
	}
	;

settings:
	%empty
	| settings setting ';'
	| settings ';'
	;

setting:
	CONF_WORD {
		struct conf_words none = STAILQ_HEAD_INITIALIZER(none);

		if (conf_add_set(conf, $1, false, &none) != 0)
			YYABORT;
	}
	| CONF_WORD '=' words {
		if (conf_add_set(conf, $1, false, &$3) != 0)
			YYABORT;
	}
	| CONF_WORD CONF_APPEND words {
		if (conf_add_set(conf, $1, true, &$3) != 0)
			YYABORT;
	}
	;

words:
	CONF_WORD {
		STAILQ_INIT(&$$);
		STAILQ_INSERT_TAIL(&$$, $1, link);
	}
	| words ',' CONF_WORD {
		$$ = $1;
		STAILQ_INSERT_TAIL(&$$, $3, link);
	}
	;

include:
	CONF_WORD CONF_WORD {
		int error = conf_include(conf, $1, $2);

		conf_word_free($1);
		conf_word_free($2);
		if (error != 0)
			YYABORT;
	}
	;
