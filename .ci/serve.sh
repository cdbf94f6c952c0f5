#!/usr/bin/env bash
# The command `uringnet serve` end to end: it serves, with one P a crowd of connections brings a ring
# about, it stands a load without errors, and SIGINT ends it with exit code 0. Load comes from .ci/load.go,
# and from curl and wrk where they can be had.
set -euo pipefail
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
server=
cleanup() {
	if [ -n "$server" ]; then
		kill -KILL "$server" 2>/dev/null || true
	fi
	rm -rf "$scratch"
}
trap cleanup EXIT

fail() {
	echo "FAIL: $*" >&2
	if [ -s "$scratch/out" ]; then
		sed 's/^/    the server said: /' "$scratch/out" >&2
	fi
	exit 1
}

go build -o "$scratch/uringnet" ./uringnet
go build -o "$scratch/load" .ci/load.go
hello="hello from uringnet"

# start ARGS... starts the server on a free port and sets server, first and url.
start() {
	: >"$scratch/out"
	"$scratch/uringnet" serve -addr 127.0.0.1:0 "$@" >"$scratch/out" 2>&1 </dev/null &
	server=$!
	for _ in $(seq 200); do
		if grep -q 'listening on' "$scratch/out"; then
			first=$(head -n 1 "$scratch/out")
			url=${first##*listening on }/
			return
		fi
		kill -0 "$server" 2>/dev/null || break
		sleep 0.05
	done
	fail "the server does not start"
}

# stop sends SIGINT and checks the exit code.
stop() {
	local code=0
	kill -INT "$server"
	wait "$server" || code=$?
	server=
	[ "$code" -eq 0 ] || fail "SIGINT ended the server with exit code $code"
	[ "$(tail -n 1 "$scratch/out")" = stopped ] || fail "the server did not say that it stopped"
}

# census counts the rings and sockets of the server.
census() {
	ls -l /proc/"$server"/fd >"$scratch/fds" # at once: the load ends some time
	rings=$(grep -c 'anon_inode:\[io_uring\]' "$scratch/fds" || true)
	sockets=$(grep -c 'socket:\[' "$scratch/fds" || true)
	echo "the server holds $rings rings and $sockets sockets"
}

# under_load LOAD... runs a load and takes the census in the middle of it.
under_load() {
	"$@" >"$scratch/load.out" 2>&1 &
	local load=$! code=0
	sleep 1.5
	census
	wait "$load" || code=$?
	cat "$scratch/load.out"
	[ "$code" -eq 0 ] || fail "the load ended with exit code $code: $*"
}

echo "-- on package net"
start -net
under_load "$scratch/load" -conns 16 -seconds 3 -body "$hello" "$url"
[ "$sockets" -ge 16 ] && [ "$rings" -eq 0 ] || fail "the census is wrong"
stop

echo "-- on the default backend"
start
echo "$first"
if command -v curl >/dev/null; then
	got=$(curl --silent --show-error --noproxy '*' --max-time 10 "$url")
	[ "$got" = "$hello" ] || fail "curl got: $got"
	echo "curl: $got"
else
	echo "skipped: curl, which is not installed"
fi
under_load "$scratch/load" -conns 64 -seconds 3 -body "$hello" "$url"
[ "$sockets" -ge 64 ] || fail "the census saw fewer sockets than there are connections"

if ! command -v wrk >/dev/null && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
	{ timeout 120 apt-get -qq update && DEBIAN_FRONTEND=noninteractive timeout 180 apt-get -qq install -y wrk; } \
		</dev/null >"$scratch/apt.out" 2>&1 || tail -n 3 "$scratch/apt.out"
fi
if command -v wrk >/dev/null; then
	[ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -ge 1024 ] || ulimit -n 1024
	under_load timeout 60 wrk -t2 -c256 -d5s "$url"
	grep -q '^Requests/sec:' "$scratch/load.out" || fail "wrk did not finish"
	! grep -E 'Socket errors|Non-2xx' "$scratch/load.out" || fail "wrk saw errors"
	[ "$sockets" -ge 256 ] || fail "the census saw fewer sockets than there are connections"
else
	echo "skipped: wrk, which is not installed and cannot be had from Debian's packages"
fi
stop

echo "-- with one P"
GOMAXPROCS=1 start
under_load "$scratch/load" -conns 64 -seconds 3 -body "$hello" "$url"
case $first in
'backend io_uring '*) [ "$rings" -ge 1 ] || fail "no io_uring among the file descriptors" ;;
*) echo "skipped: the check of the rings: $first" ;;
esac
stop

echo "-- the TCP echo, and SIGINT with a connection open"
start -echo
host=${url#tcp://}
host=${host%/}
exec 3<>"/dev/tcp/${host%:*}/${host##*:}"
echo "one line" >&3
read -r -t 10 -u 3 line || fail "the echo does not answer"
[ "$line" = "one line" ] || fail "the echo answered: $line"
stop
exec 3>&-
echo "the server is as it should be"
