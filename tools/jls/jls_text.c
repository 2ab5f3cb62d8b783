/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Jails as text.
 */

#include <sys/socket.h>

#include <netinet/in.h>

#include <arpa/inet.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jls.h"

/* What a shell takes as it stands. */
#define PLAIN	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" \
	"0123456789_@%+=:,./-"

static char *
export(const struct jailparam *jp)
{
	char *text = jailparam_export(jp);

	if (text == NULL)
		errx(1, "%s", jail_errmsg);
	return (text);
}

static int32_t
int_value(const struct jailparam *jp)
{
	int32_t value;

	memcpy(&value, jp->jp_value, sizeof(value));
	return (value);
}

static void
table_header(const struct jls *j)
{
	if (j->names)
		printf(" %-15s %-15s %-29s %s\n", "JID", "IP Address",
		    "Hostname", "Path");
	else
		printf("%6s  %-15s %-29s %s\n", "JID", "IP Address",
		    "Hostname", "Path");
}

static void
table_row(const struct jls *j)
{
	char *label = export(&j->jp[COL_LABEL]);
	char *hostname = export(&j->jp[COL_HOSTNAME]);
	char *path = export(&j->jp[COL_PATH]);
	char ip4[INET_ADDRSTRLEN] = "-";

	if (j->jp[COL_IP4].jp_valuelen > 0)
		inet_ntop(AF_INET, j->jp[COL_IP4].jp_value, ip4, sizeof(ip4));
	printf(j->names ? " %-15s %-15s %-29.29s %.74s\n" :
	    "%6s  %-15s %-29.29s %.74s\n", label, ip4, hostname, path);
	free(label);
	free(hostname);
	free(path);
}

static void
verbose_header(void)
{
	printf("%6s  %-29s %s\n", "JID", "Hostname", "Path");
	printf("%8s%-29s %s\n", "", "Name", "State");
	printf("%8sCPU Shares\n", "");
	printf("%8sIP Address(es)\n", "");
}

/* An address a line. */
static void
verbose_addrs(const struct jailparam *jp, int af, size_t addrlen)
{
	const char *addrs = jp->jp_value;
	char text[INET6_ADDRSTRLEN];

	for (size_t i = 0; i + addrlen <= jp->jp_valuelen; i += addrlen) {
		inet_ntop(af, addrs + i, text, sizeof(text));
		printf("%8s%s\n", "", text);
	}
}

static void
verbose_rows(const struct jls *j)
{
	char *label = export(&j->jp[COL_LABEL]);
	char *hostname = export(&j->jp[COL_HOSTNAME]);
	char *path = export(&j->jp[COL_PATH]);
	char *name = export(&j->jp[COL_NAME]);

	printf("%6s  %-29.29s %.74s\n", label, hostname, path);
	printf("%8s%-29.29s %s\n", "", name,
	    int_value(&j->jp[COL_DYING]) ? "DYING" : "ACTIVE");
	printf("%8s%d\n", "", int_value(&j->jp[COL_SHARES]));
	verbose_addrs(&j->jp[COL_IP4], AF_INET, sizeof(struct in_addr));
	verbose_addrs(&j->jp[COL_IP6], AF_INET6, sizeof(struct in6_addr));
	free(label);
	free(hostname);
	free(path);
	free(name);
}

static void
list_header(const struct jls *j)
{
	for (unsigned int i = 1; i <= j->nshown; i++)
		printf("%s%s", i > 1 ? " " : "", j->jp[i].jp_name);
	putchar('\n');
}

/* So that a shell reads it back as one word. */
static void
print_quoted(const char *text)
{
	if (text[0] != '\0' && text[strspn(text, PLAIN)] == '\0') {
		fputs(text, stdout);
		return;
	}
	putchar('"');
	for (; *text != '\0'; text++) {
		if (strchr("\"\\$`", *text) != NULL)
			putchar('\\');
		putchar(*text);
	}
	putchar('"');
}

/* "persist" or "nopersist", "allow.raw_sockets" or "allow.noraw_sockets". */
static void
print_bool(const struct jailparam *jp)
{
	const char *dot = strrchr(jp->jp_name, '.');
	int prefix = dot == NULL ? 0 : dot + 1 - jp->jp_name;

	printf("%.*s%s%s", prefix, jp->jp_name, int_value(jp) ? "" : "no",
	    jp->jp_name + prefix);
}

static void
print_value(const struct jls *j, const struct jailparam *jp)
{
	char *text = export(jp);

	if (text[0] == '\0' && (jp->jp_type == JPT_STRING || j->quoted))
		fputs("\"\"", stdout);
	else if (text[0] == '\0')
		fputs(j->nameval ? "" : "-", stdout);
	else if (j->quoted)
		print_quoted(text);
	else
		fputs(text, stdout);
	free(text);
}

/* Does it belong to a family of which the jail has no addresses of its own? */
static bool
is_unused(const struct jls *j, const struct jailparam *jp)
{
	for (unsigned int i = j->nshown + 1; i < j->njp; i++) {
		const char *family = j->jp[i].jp_name;
		size_t len = strlen(family);

		if (strncmp(jp->jp_name, family, len) == 0 &&
		    jp->jp_name[len] == '.' &&
		    int_value(&j->jp[i]) != JAIL_SYS_NEW)
			return (true);
	}
	return (false);
}

static void
list_row(const struct jls *j)
{
	const char *separator = "";

	for (unsigned int i = 1; i <= j->nshown; i++) {
		const struct jailparam *jp = &j->jp[i];

		if (j->skip && ((jp->jp_flags & JP_RDONLY) ||
		    is_unused(j, jp)))
			continue;
		fputs(separator, stdout);
		separator = " ";
		if (j->nameval && jp->jp_type == JPT_BOOL) {
			print_bool(jp);
			continue;
		}
		if (j->nameval)
			printf("%s=", jp->jp_name);
		print_value(j, jp);
	}
	putchar('\n');
}

void
text_begin(const struct jls *j)
{
	if (j->form == FORM_TABLE)
		table_header(j);
	else if (j->form == FORM_VERBOSE)
		verbose_header();
	else if (j->header)
		list_header(j);
}

void
text_jail(const struct jls *j)
{
	if (j->form == FORM_TABLE)
		table_row(j);
	else if (j->form == FORM_VERBOSE)
		verbose_rows(j);
	else
		list_row(j);
}
