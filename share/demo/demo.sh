#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# Show two jails at work, and what becomes of it when one of them uses addresses
# that are not its own: demo.sh objdir. Succeeds if all went as it should.
#
# This file says what is tried, one attempt a line:
#
#	sends|may|cannot|misses who result what addresses command
#
# The first word, explained in demo_row.subr, says what the wire should see.
# The command is <command>_of() in demo_try.subr; it is run as who, with each
# address in turn, and each time result is what who should see.

set -u
here=$(dirname "$0")
. "$here/demo_net.subr"
. "$here/demo_row.subr"
. "$here/demo_try.subr"

introduce()
{
	say "\
Two jails share this machine's network stack. Each owns two IPv4 and two IPv6
addresses, and the kernel lets it use no other, although its processes are root
and have raw sockets. First they work, then they cheat; tcpdump, at the other
end of the machine's wire, records what leaves.
"
	party "the host" $HOST4 "" $HOST6 "" "the machine; no jail's"
	party "jail A" $A4 $A4X $A6 $A6X "inside the host"
	party "jail B" $B4 $B4X $B6 $B6X "inside the host"
	party "the peer" $PEER4 "" $PEER6 "" "at the other end"
	party "far" $FAR4 "" $FAR6 "" "one hop behind the peer"
	party "nobody" $NOBODY4 "" $NOBODY6 "" "no machine has these"
	say "
What is refused is seen inside as an error: EADDRNOTAVAIL (no such address
here), EPERM (not permitted), EAFNOSUPPORT (no such sockets here), ECONNREFUSED
(nobody listens there). Each line is tried with all the addresses in it.
"
	line "TRIED" "WITH" "SEEN INSIDE" "ON THE WIRE" "VERDICT"
}

outside()
{
	heading "No jail yet: root may use any address, and tcpdump sees it"
	may	host bound "bind a socket" "$NOBODY4 $NOBODY6" \
	    try bind
	sends	host sent "UDP" "$NOBODY4 $NOBODY6" try send
	sends	host sent "raw packet" "$NOBODY4 $NOBODY6" try raw
	sends	host answered "TCP" "$A4 $A6" try tcp
	sends	host "3 heard" "overhear jail B's pings" "$B4 $B6" hear host
	may	host answered "the host's own services" "127.0.0.1 ::1" loopback
	may	host opened "packet socket" - try packet
	found	"packets from nobody" "$NOBODY4 $NOBODY6" \
	    "$(from $NOBODY4 $NOBODY6)"
}

# Every address of a jail works: works who addresses...
works()
{
	sends	"$1" "3 of 3 answered" "ping -I" "$2 $3" ping
	sends	"$1" "3 of 3 answered" "ping -I" "$4 $5" ping
	sends	"$1" "3 of 3 answered" "jping -S" "$4 $5" jping
	sends	"$1" "far in 2 hops" "traceroute -s" "$2 $3" traceroute
	sends	"$1" "far in 2 hops" "traceroute -I -s" "$4 $5" traceroute -I
	sends	"$1" "far in 2 hops" "jtrace -S" "$2 $3" jtrace
	sends	"$1" answered "TCP, source not given" "$2 $3" try plain
	sends	"$1" answered "TCP" "$4 $5" try tcp
	sends	"$1" answered "UDP" "$4 $5" try udp
	sends	"$1" sent "raw packet" "$4 $5" try raw
}

inside()
{
	heading "Jail A at work with its own addresses"
	works a $A4 $A6 $A4X $A6X
	sends a "3 heard" "hear its own pings" "$A4X $A6X" hear a
	may a answered "TCP to jail B" "$A4 $A6" neighbour
	heading "Jail B at work with its own addresses"
	works b $B4 $B6 $B4X $B6X
}

# Act as somebody else: poses who addresses...
poses()
{
	cannot	"$1" EADDRNOTAVAIL "bind a socket" "$2 $3" try bind
	cannot	"$1" EADDRNOTAVAIL "TCP" "$2 $3" try tcp
	cannot	"$1" EADDRNOTAVAIL "UDP" "$2 $3" try udp
	cannot	"$1" EPERM "raw packet" "$2 $3" try raw
}

# The same with stock programs, which ask Linux for a source that it has.
poses_with_tools()
{
	poses "$@"
	cannot	"$1" EADDRNOTAVAIL "ping -I" "$2 $3" ping
	cannot	"$1" EADDRNOTAVAIL "traceroute -s" "$2 $3" traceroute
}

cheating()
{
	heading "Jail A poses as jail B"
	poses_with_tools a $B4 $B6
	heading "Jail A poses as the host"
	poses_with_tools a $HOST4 $HOST6
	heading "Jail A poses as nobody"
	poses a $NOBODY4 $NOBODY6
	heading "Jail B poses as jail A"
	poses_with_tools b $A4X $A6X
}

prying()
{
	heading "Jail A reaches for what is not its own"
	misses	a "0 heard" "overhear jail B's pings" "$B4 $B6" hear b
	cannot	a ECONNREFUSED "the host's own services" "127.0.0.1 ::1" \
	    loopback
	cannot	a EPERM "the same by raw packet" "127.0.0.1 ::1" raw_loopback
	cannot	a EAFNOSUPPORT "packet socket" - try packet
	cannot	a EPERM "ip addr add" "$NOBODY4 $NOBODY6" ip_addr_add
}

# What the whole capture has, apart from what was shown above.
searching()
{
	heading "All that left the machine since the jails were started"
	absent "packets from the host" "$HOST4 $HOST6" "$(from $HOST4 $HOST6)"
	absent "packets from nobody" "$NOBODY4 $NOBODY6" \
	    "$(from $NOBODY4 $NOBODY6)"
	absent "packets from any other" "than the jails' eight" \
	    "not $(from $A4 $A4X $A6 $A6X $B4 $B4X $B6 $B6X)"
	unaccounted "packets not shown above"
}

[ $# -eq 1 ] || die "usage: demo.sh objdir"
need_all "$1"
begin
introduce
watch outside
outside
start_jails
watch inside
inside
cheating
prying
searching
conclude
