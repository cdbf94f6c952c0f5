// Package peers lets programs of others talk to uringnet over the wire: curl, wrk, h2load and
// openssl s_client as clients of servers on uringnet, nginx as a proxy before and as a backend
// behind them. Its tests skip what is not installed; .ci/peers.sh installs it first and lets
// nothing be skipped.
package peers
