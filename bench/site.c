/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Places to measure at: see site.h.
 */

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "jail.h"

#include "site.h"

const struct family ipv4 = {
	AF_INET, "IPv4", "ip4.addr",
	{ "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4" }, "10.1.%u.%u",
	{ "198.51.100.1", "198.51.100.2" }
};
const struct family ipv6 = {
	AF_INET6, "IPv6", "ip6.addr",
	{ "2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4" },
	"2001:db8:1::%x:%x", { "2001:db8:9::1", "2001:db8:9::2" }
};

static volatile pid_t worker;

static void
end_worker(int sig)
{
	(void)sig;
	if (worker > 0)
		kill(worker, SIGKILL);
}

static void
catch_signals(void)
{
	static const int sigs[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	struct sigaction sa = { .sa_handler = end_worker };

	for (size_t i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++)
		sigaction(sigs[i], &sa, NULL);
}

bool
site_unload(const char *const instances[])
{
	bool done = true;

	for (; *instances != NULL; instances++) {
		setenv("JAIL_INSTANCE", *instances, 1);
		if (jail_unload() != 0) {
			warnx("%s: %s", *instances, jail_errmsg);
			done = false;
		}
	}
	return (done);
}

static int
wait_worker(unsigned int seconds)
{
	int status;

	while (waitpid(worker, &status, 0) == -1)
		if (errno != EINTR)
			err(1, "waitpid");
	if (WIFEXITED(status))
		return (WEXITSTATUS(status));
	if (WTERMSIG(status) == SIGALRM)
		warnx("not done after %u seconds", seconds);
	return (1);
}

int
site_guard(void (*work)(void *), void *arg, unsigned int seconds,
    const char *const instances[])
{
	int status;

	if (!site_unload(instances))
		return (1);
	fflush(stdout);
	worker = fork();
	if (worker == -1)
		err(1, "fork");
	if (worker == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		alarm(seconds);
		work(arg);
		exit(0);
	}
	catch_signals();
	status = wait_worker(seconds);
	return (site_unload(instances) ? status : 1);
}

void
site_one_processor(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	if (sched_setaffinity(0, sizeof(set), &set) == -1)
		err(1, "sched_setaffinity");
}

static void
configure(void)
{
	char cmd[256];

	for (int i = 0; i < ADDR_MAX; i++) {
		snprintf(cmd, sizeof(cmd), "ip addr add %s/24 dev lo && "
		    "ip addr add %s/64 dev lo nodad", ipv4.addr[i],
		    ipv6.addr[i]);
		if (system(cmd) != 0)
			errx(1, "ip: cannot add addresses");
	}
}

static int
new_netns(void)
{
	int netns;

	if (unshare(CLONE_NEWNET) == -1)
		err(1, "network namespace");
	netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (netns == -1)
		err(1, "/proc/self/ns/net");
	if (system("ip link set lo up") != 0)
		errx(1, "ip: cannot set up lo");
	return (netns);
}

struct site
site_make(const char *instance)
{
	struct site site = { .instance = instance, .netns = new_netns() };

	configure();
	site_enter(&site);
	return (site);
}

void
site_enter(const struct site *site)
{
	if (setns(site->netns, CLONE_NEWNET) == -1)
		err(1, "setns");
	setenv("JAIL_INSTANCE", site->instance, 1);
}

struct site
site_vnet(const struct site *site)
{
	struct site other = { .instance = site->instance,
		.netns = new_netns() };
	char cmd[1024];

	snprintf(cmd, sizeof(cmd), "set -e\n"
	    "there='nsenter --net=/proc/%1$d/fd/%2$d ip'\n"
	    "$there link add vn0 type veth peer name vn1 netns %1$d\n"
	    "$there addr add 198.51.100.1/24 dev vn0\n"
	    "$there addr add 2001:db8:9::1/64 dev vn0 nodad\n"
	    "$there link set vn0 up\n"
	    "ip addr add 198.51.100.2/24 dev vn1\n"
	    "ip addr add 2001:db8:9::2/64 dev vn1 nodad\n"
	    "ip link set vn1 up\n"
	    "ip route add 192.0.2.0/24 via 198.51.100.1\n"
	    "ip route add 2001:db8::/64 via 2001:db8:9::1\n",
	    getpid(), site->netns);
	if (system(cmd) != 0)
		errx(1, "ip: cannot make a vnet pair");
	return (other);
}

int
site_jail(const char *name, const struct family *f, const char *addrs)
{
	int jid;

	jid = jail_setv(JAIL_CREATE, "name", name, "path", "/", f->param,
	    addrs, "persist", NULL, NULL);
	if (jid == -1)
		errx(1, "%s", jail_errmsg);
	return (jid);
}

static void
put_nth(FILE *fp, const struct family *f, size_t n)
{
	fprintf(fp, f->nth, (unsigned int)(n >> 8), (unsigned int)(n & 255));
}

int
site_jail_of(const char *name, const struct family *f, const char *first,
    size_t n, const char *last)
{
	char *addrs;
	size_t size;
	FILE *fp;
	int jid;

	fp = open_memstream(&addrs, &size);
	if (fp == NULL)
		err(1, NULL);
	fputs(first, fp);
	for (size_t i = 2; i < n; i++) {
		fputc(',', fp);
		put_nth(fp, f, i);
	}
	fprintf(fp, ",%s", last);
	if (fclose(fp) != 0)
		err(1, NULL);
	jid = site_jail(name, f, addrs);
	free(addrs);
	return (jid);
}

void
site_jails(const struct family *f, size_t n)
{
	char addr[64];
	FILE *fp;

	for (size_t i = 0; i < n; i++) {
		fp = fmemopen(addr, sizeof(addr), "w");
		if (fp == NULL)
			err(1, NULL);
		put_nth(fp, f, i);
		fclose(fp);
		if (jail_setv(JAIL_CREATE, "path", "/", f->param, addr,
		    "persist", NULL, NULL) == -1)
			errx(1, "%s", jail_errmsg);
	}
}

pid_t
site_fork(int arg)
{
	(void)arg;
	return (fork());
}
