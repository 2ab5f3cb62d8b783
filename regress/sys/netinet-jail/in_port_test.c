/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copyright (c) 2026 The netjail authors
 *
 * Decisions about the ports of a jail.
 */

#include <arpa/inet.h>
#include <netinet/in.h>

#include <string.h>

#include <atf-c.h>

#include <netinet-jail/in_port.h>

#include "errname.h"

#define NELEMS(a) (sizeof(a) / sizeof((a)[0]))

#define BOTH	(SB_REUSE | SB_REUSEPORT)

/* Those who have the port, and one who wants it. */
struct row {
	struct {
		__u64 sockets, reuse, reuseport;
		__u32 uid;
		__u64 listen;
	} port;
	__u32 flags;
	__u32 uid;
	int error;
};

static __u64
count_of(const struct row *r)
{
	return (0x123ULL << PORT_LIFE |
	    r->port.sockets << PORT_SOCKETS | r->port.reuse << PORT_REUSE |
	    r->port.reuseport << PORT_REUSEPORT |
	    r->port.listen << PORT_LISTEN);
}

ATF_TC_WITHOUT_HEAD(port_is_shared_by_those_who_all_want_to);
ATF_TC_BODY(port_is_shared_by_those_who_all_want_to, tc)
{
	static const struct row rows[] = {
		{ { 0, 0, 0, 0, 0 }, 0, 0, 0 },
		{ { 0, 0, 0, 7, 0 }, SB_REUSEPORT, 0, 0 },
		{ { 1, 0, 0, 0, 0 }, 0, 0, EADDRINUSE },
		{ { 1, 1, 0, 0, 0 }, 0, 0, EADDRINUSE },
		{ { 1, 0, 0, 0, 0 }, BOTH, 0, EADDRINUSE },
		{ { 1, 1, 0, 0, 0 }, SB_REUSE, 0, 0 },
		{ { 1, 1, 0, 7, 0 }, SB_REUSE, 0, 0 },
		{ { 1, 1, 0, 0, 1 }, SB_REUSE, 0, EADDRINUSE },
		{ { 3, 3, 0, 0, 0 }, SB_REUSE, 0, 0 },
		{ { 3, 2, 0, 0, 0 }, SB_REUSE, 0, EADDRINUSE },
		{ { 1, 0, 1, 0, 0 }, SB_REUSE, 0, EADDRINUSE },
		{ { 1, 1, 0, 0, 0 }, SB_REUSEPORT, 0, EADDRINUSE },
		{ { 1, 0, 1, 0, 0 }, SB_REUSEPORT, 0, 0 },
		{ { 1, 0, 1, 0, 1 }, SB_REUSEPORT, 0, 0 },
		{ { 1, 0, 1, 0, 1 }, 0, 0, EADDRINUSE },
		{ { 1, 0, 1, 7, 1 }, SB_REUSEPORT, 7, 0 },
		{ { 1, 0, 1, 7, 0 }, SB_REUSEPORT, 0, EADDRINUSE },
		{ { 1, 0, 1, 0, 0 }, SB_REUSEPORT, 7, EADDRINUSE },
		{ { 3, 0, 2, 0, 0 }, SB_REUSEPORT, 0, EADDRINUSE },
		{ { 2, 2, 2, 7, 1 }, BOTH, 7, 0 },
		{ { 2, 2, 2, 7, 1 }, BOTH, 0, EADDRINUSE },
		{ { 2, 2, 2, 7, 0 }, BOTH, 0, 0 },
	};
	struct sock_bind sb = { 0 };
	int error;

	(void)tc;
	for (size_t i = 0; i < NELEMS(rows); i++) {
		sb.flags = rows[i].flags;
		sb.uid = rows[i].uid;
		error = prison_check_portuse(count_of(&rows[i]),
		    rows[i].port.uid, &sb);
		ATF_CHECK_MSG(error == rows[i].error, "row %zu: %s; should be "
		    "%s", i, errname(error), errname(rows[i].error));
	}
	ATF_CHECK_EQ(0, prison_check_portuse(PORT_DEAD, 0, &sb));
}

ATF_TC_WITHOUT_HEAD(share_of_a_socket_is_in_the_fields_that_it_is);
ATF_TC_BODY(share_of_a_socket_is_in_the_fields_that_it_is, tc)
{
	const __u64 all = port_share(BOTH | SB_LISTEN | SB_HELD | SB_ANY);

	(void)tc;
	ATF_CHECK_EQ(1, port_share(SB_HELD | SB_ANY | SB_DUAL));
	for (int field = 0; field < PORT_LIFE; field += PORT_REUSE)
		ATF_CHECK_EQ(3, port_field(3 * all, field));
	ATF_CHECK_EQ(1, port_field(port_share(SB_REUSE), PORT_REUSE));
	ATF_CHECK_EQ(1, port_field(port_share(SB_REUSEPORT), PORT_REUSEPORT));
	ATF_CHECK_EQ(1, port_field(port_share(SB_LISTEN), PORT_LISTEN));
	ATF_CHECK_EQ(0, port_field(port_share(SB_LISTEN), PORT_REUSE));
}

static struct port_key
key_of(const char *addr, __u32 family)
{
	struct port_key key = { .netns = 1, .ports = 2, .port = 80,
		.proto = IPPROTO_TCP, .family = family };

	ATF_REQUIRE_EQ(1, inet_pton(AF_INET6, addr, &key.addr));
	return (key);
}

/* The same in all but the address and the kind. */
static void
check_key(struct port_key got, const char *addr, const struct port_key *of,
    __u8 kind)
{
	struct port_key want = key_of(addr, of->family);

	want.ports = of->ports;
	want.kind = kind;
	ATF_CHECK_MSG(memcmp(&got, &want, sizeof(got)) == 0, "wrong: %s",
	    addr);
}

ATF_TC_WITHOUT_HEAD(keys_of_all_addresses_differ_in_the_address_alone);
ATF_TC_BODY(keys_of_all_addresses_differ_in_the_address_alone, tc)
{
	const struct port_key key4 = key_of("::ffff:192.0.2.11", 4);
	const struct port_key any4 = key_of("::ffff:0.0.0.0", 4);
	const struct port_key key6 = key_of("2001:db8::11", 6);

	(void)tc;
	check_key(port_total(&key4), "::", &key4, PORT_TOTAL);
	check_key(port_total(&key6), "::", &key6, PORT_TOTAL);
	check_key(port_any(&key4), "::ffff:0.0.0.0", &key4, PORT_ADDR);
	check_key(port_any(&any4), "::ffff:0.0.0.0", &key4, PORT_ADDR);
	check_key(port_any(&key6), "::", &key6, PORT_ADDR);
}

ATF_TC_WITHOUT_HEAD(socket_of_both_families_has_the_port_in_that_of_ip4_too);
ATF_TC_BODY(socket_of_both_families_has_the_port_in_that_of_ip4_too, tc)
{
	const struct sock_bind sb = { .key = key_of("2001:db8::11", 6),
		.flags = SB_DUAL, .ports4 = 3 };
	struct port_key want = key_of("::", 4);

	(void)tc;
	want.ports = sb.ports4;
	check_key(port_any4(&sb), "::ffff:0.0.0.0", &want, PORT_ADDR);
}

ATF_TC_WITHOUT_HEAD(key_of_the_kernels_port_has_that_port);
ATF_TC_BODY(key_of_the_kernels_port_has_that_port, tc)
{
	const struct port_key key4 = key_of("::ffff:192.0.2.11", 4);
	struct port_key got = port_kernels(&key4, 32768);

	(void)tc;
	ATF_CHECK_EQ(32768, got.port);
	got.port = key4.port;
	check_key(got, "::", &key4, PORT_KERNELS);
}

ATF_TC_WITHOUT_HEAD(ip4_address_is_mapped);
ATF_TC_BODY(ip4_address_is_mapped, tc)
{
	const struct port_key want = key_of("::ffff:192.0.2.11", 4);
	const struct jail_in6 got = in6_map(inet_addr("192.0.2.11"));

	(void)tc;
	ATF_CHECK_EQ(0, memcmp(&got, &want.addr, sizeof(got)));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, port_is_shared_by_those_who_all_want_to);
	ATF_TP_ADD_TC(tp, share_of_a_socket_is_in_the_fields_that_it_is);
	ATF_TP_ADD_TC(tp, keys_of_all_addresses_differ_in_the_address_alone);
	ATF_TP_ADD_TC(tp,
	    socket_of_both_families_has_the_port_in_that_of_ip4_too);
	ATF_TP_ADD_TC(tp, key_of_the_kernels_port_has_that_port);
	ATF_TP_ADD_TC(tp, ip4_address_is_mapped);
	return (atf_no_error());
}
