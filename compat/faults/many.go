//go:build linux

package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

const connections = 19_000

var many = fault{
	name:   "many",
	what:   "19,000 connections at once",
	server: ServerConfig{Buffer: 128},
	groups: []Group{{Streams: connections, Size: 64, Buffer: 128, Together: true}},
	skip: func() string {
		var limit unix.Rlimit
		if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
			return err.Error()
		}
		if need := uint64(connections + 500); limit.Max < need {
			return fmt.Sprintf("the hard limit of descriptors is %d, and %d are needed", limit.Max, need)
		}
		return ""
	},
	inject: expose,
}
