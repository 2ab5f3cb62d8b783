# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# Stock servers, as they come, on the same port of all addresses in three jails
# and on the host at the same time.

JAILS='a b c'

# Everyone's addresses, of which that of a letter is his.
begin()
{
	vnet_init
	vnet_addr 192.0.2.11 192.0.2.12 2001:db8::11 192.0.2.13 2001:db8::13 \
	    192.0.2.14
	atf_check vnet_host jail -q -c name=a persist \
	    ip4.addr=192.0.2.11,192.0.2.12 ip6.addr=2001:db8::11
	atf_check vnet_host jail -q -c name=b persist ip4.addr=192.0.2.13 \
	    ip6.addr=2001:db8::13
	atf_check vnet_host jail -q -c name=c persist ip4.addr=192.0.2.14
}

# Who is to answer at each address.
owners()
{
	cat <<-END
	$VNET_HOST4 host
	$VNET_HOST6 host
	192.0.2.11 a
	192.0.2.12 a
	2001:db8::11 a
	192.0.2.13 b
	2001:db8::13 b
	192.0.2.14 c
	END
}

# Run a command as somebody: as host|a|b|c command ...
as()
{
	local who

	who=$1
	shift
	case $who in
	host)	vnet_host "$@" ;;
	*)	vnet_host jexec "$who" "$@" ;;
	esac
}

# Everyone is asked at each of his addresses, and each jail at its loopback.
check_all()
{
	local addr ask who

	ask=$1
	owners >owners
	while read -r addr who; do
		wait_until answers "$who" vnet_peer $ask "$addr" ||
		    atf_fail "$who does not answer at $addr"
	done <owners
	for who in host $JAILS; do
		wait_until answers "$who" as "$who" $ask 127.0.0.1 ||
		    atf_fail "$who does not answer at its 127.0.0.1"
	done
	for who in host a b; do
		wait_until answers "$who" as "$who" $ask ::1 ||
		    atf_fail "$who does not answer at its ::1"
	done
}

# Does a command print the word that somebody answers with?
answers()
{
	local who

	who=$1
	shift
	"$@" 2>/dev/null </dev/null | grep -qw "answer-$who"
}

# A configuration in which nginx says who it is: host|a|b|c, and an option of
# its listeners.
nginx_conf()
{
	local dir

	dir=$PWD/$1
	mkdir -p "$dir"
	cat <<-END
	user root;
	daemon off;
	worker_processes 2;
	pid $dir/pid;
	error_log $dir/error notice;
	events {}
	http {
		access_log off;
		client_body_temp_path $dir/body;
		proxy_temp_path $dir/proxy;
		fastcgi_temp_path $dir/fastcgi;
		uwsgi_temp_path $dir/uwsgi;
		scgi_temp_path $dir/scgi;
		server {
			listen 80 $2;
			$([ "$1" = c ] || echo "listen [::]:80 $2;")
			return 200 "answer-$1 \$server_addr\n";
		}
	}
	END
}

need_nginx()
{
	NGINX=$(command -v nginx) || atf_skip "nginx is not there: make deps"
}

# On the host its workers must not outlive it: they go with a pid namespace.
start_nginx()
{
	nginx_conf "$1" "$2" >"$1.conf"
	case $1 in
	host)	vnet_spawn host unshare --pid --fork --kill-child "$NGINX" \
		    -c "$PWD/$1.conf" ;;
	*)	vnet_spawn host jexec "$1" "$NGINX" -c "$PWD/$1.conf" ;;
	esac
}

# busybox wget, in the way that check_all asks.
wget_at()
{
	cat <<-'END'
	#!/bin/sh
	case $1 in
	*:*)	exec timeout 2 busybox wget -q -O - "http://[$1]/" ;;
	*)	exec timeout 2 busybox wget -q -O - "http://$1/" ;;
	esac
	END
}

atf_test_case nginx_answers_in_jails_and_on_the_host cleanup
nginx_answers_in_jails_and_on_the_host_body()
{
	need_nginx
	begin
	wget_at >ask
	chmod +x ask
	start_nginx a
	start_nginx host
	start_nginx b
	start_nginx c
	check_all "$PWD/ask"
}
nginx_answers_in_jails_and_on_the_host_cleanup()
{
	vnet_cleanup
}

# With reuseport each worker has listeners of its own, and a reload has others.
atf_test_case nginx_with_reuseport_can_be_reloaded cleanup
nginx_with_reuseport_can_be_reloaded_body()
{
	local who

	need_nginx
	begin
	wget_at >ask
	chmod +x ask
	for who in host $JAILS; do
		start_nginx $who reuseport
	done
	check_all "$PWD/ask"
	atf_check -e ignore vnet_host jexec a "$NGINX" -c "$PWD/a.conf" \
	    -s reload
	wait_until grep -q 'gracefully shutting down' a/error ||
	    atf_fail "nginx does not reload"
	check_all "$PWD/ask"
	atf_check -e ignore vnet_host jexec a "$NGINX" -c "$PWD/a.conf" \
	    -s stop
	wait_until refused vnet_peer "$PWD/ask" 192.0.2.12 ||
	    atf_fail "a is still there, or the host is in its place"
	check_others_answer
}
nginx_with_reuseport_can_be_reloaded_cleanup()
{
	vnet_cleanup
}

refused()
{
	"$@" 2>&1 | grep -q 'Connection refused'
}

check_others_answer()
{
	grep -v ' a$' owners >others
	while read -r addr who; do
		answers "$who" vnet_peer "$PWD/ask" "$addr" ||
		    atf_fail "$who does not answer at $addr"
	done <others
}

atf_test_case dnsmasq_answers_in_jails_and_on_the_host cleanup
dnsmasq_answers_in_jails_and_on_the_host_body()
{
	local who

	command -v dnsmasq >/dev/null ||
	    atf_skip "dnsmasq is not there: make deps"
	begin
	for who in a host b c; do
		start_dnsmasq $who
	done
	cat >ask <<-'END'
	#!/bin/sh
	exec busybox nslookup -type=txt who.test "$1"
	END
	chmod +x ask
	check_all "$PWD/ask"
}
dnsmasq_answers_in_jails_and_on_the_host_cleanup()
{
	vnet_cleanup
}

start_dnsmasq()
{
	set -- "$1" dnsmasq --no-resolv --no-hosts --keep-in-foreground \
	    --user=root --pid-file --conf-file=/dev/null \
	    --log-facility="$PWD/$1.log" --txt-record="who.test,answer-$1"
	case $1 in
	host)	shift; vnet_spawn host "$@" ;;
	*)	vnet_spawn host jexec "$@" ;;
	esac
}

atf_init_test_cases()
{
	atf_add_test_case nginx_answers_in_jails_and_on_the_host
	atf_add_test_case nginx_with_reuseport_can_be_reloaded
	atf_add_test_case dnsmasq_answers_in_jails_and_on_the_host
}
