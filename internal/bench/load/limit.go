//go:build linux

package load

import "github.com/uringnet/uringnet/internal/bench/rawio"

// MostConns is how many connections a load generator, and a server, may have on this machine: each
// of them has a descriptor for each connection.
func MostConns() (int, error) {
	limit, err := rawio.FileLimit()
	return limit - rawio.OtherFiles, err
}
