#!/bin/sh
# Installs the programs that compat/peers talks to and runs its tests. With CI=true a program that
# is missing after a successful apt-get update is a failure, not a skip. Needs Debian or Ubuntu, and
# root for what has to be installed.
set -eu
cd "$(dirname "$0")/.."

missing=
while read -r program package; do
	command -v "$program" >/dev/null || [ -x "/usr/sbin/$program" ] || missing="$missing $package"
done <<LIST
curl curl
wrk wrk
h2load nghttp2-client
openssl openssl
nginx nginx
LIST

if [ -n "$missing" ]; then
	echo "installing$missing"
	export DEBIAN_FRONTEND=noninteractive
	if ! timeout 300 apt-get -q update; then
		echo "apt-get update fails: running with what is here" >&2
		exec go test -count=1 -timeout 10m ./compat/peers
	fi
	# No service may start: the tests run their own nginx. A policy that was there before stays.
	policy=/usr/sbin/policy-rc.d
	if [ ! -e $policy ]; then
		trap 'rm -f $policy' EXIT
		printf '#!/bin/sh\nexit 101\n' >$policy
		chmod +x $policy
	fi
	# shellcheck disable=SC2086 # a list of words
	timeout 600 apt-get -q install -y --no-install-recommends $missing
fi
CI=true go test -count=1 -timeout 10m ./compat/peers
