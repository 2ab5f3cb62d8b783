/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * A jail's addresses in ifconfig's form.
 */

#include <sys/socket.h>

#include <linux/if_addr.h>

#include <arpa/inet.h>
#include <stdio.h>

#include "view.h"

static void
print_link(const struct link *l)
{
	const char *separator = "";

	if (l == NULL) {
		printf("(no interface):\n");
		return;
	}
	printf("%s: flags=%x<", l->name, l->flags & ((1U << NFLAGS) - 1));
	for (unsigned int i = 0; i < NFLAGS; i++) {
		if (l->flags & (1U << i)) {
			printf("%s%s", separator, flag_names[i]);
			separator = ",";
		}
	}
	printf("> mtu %u\n", l->mtu);
}

static uint32_t
netmask(unsigned int prefixlen)
{
	return (prefixlen == 0 ? 0 : ~(uint32_t)0 << (32 - prefixlen));
}

static void
print_addr(const char *before, const struct family *fam, const void *addr)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(fam->af, addr, text, sizeof(text));
	printf("%s%s", before, text);
}

static void
print_inet(const struct entry *e)
{
	const struct hostaddr *ha = e->host;

	printf(" netmask 0x%08x", netmask(ha->prefixlen));
	if (ha->has_broadcast)
		print_addr(" broadcast ", e->fam, &ha->broadcast);
}

static void
print_inet6(const struct entry *e)
{
	const struct hostaddr *ha = e->host;

	printf(" prefixlen %u", ha->prefixlen);
	if (IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)e->addr))
		printf(" scopeid 0x%x", ha->index);
	if (ha->flags & IFA_F_TENTATIVE)
		printf(" tentative");
	if (ha->flags & IFA_F_DADFAILED)
		printf(" duplicated");
	if (ha->flags & IFA_F_DEPRECATED)
		printf(" deprecated");
}

static void
print_entry(const struct entry *e, const struct link *l)
{
	printf("\t%s", e->fam->word);
	print_addr(" ", e->fam, e->addr);
	if (l != NULL && e->fam->af == AF_INET6 &&
	    IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)e->addr))
		printf("%%%s", l->name);
	if (e->host != NULL && e->host->has_peer)
		print_addr(" --> ", e->fam, e->host->peer);
	if (e->host != NULL && e->fam->af == AF_INET)
		print_inet(e);
	else if (e->host != NULL)
		print_inet6(e);
	putchar('\n');
}

void
show_text(const struct view *v, const struct host *h, bool heading)
{
	const struct link *l, *last = NULL;

	if (heading)
		printf("jail %d (%s):\n", v->jid, v->name);
	for (size_t i = 0; i < v->n; i++) {
		l = entry_link(h, &v->entries[i]);
		if (i == 0 || l != last)
			print_link(l);
		print_entry(&v->entries[i], l);
		last = l;
	}
}
