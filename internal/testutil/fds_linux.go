package testutil

import (
	"os"
	"path/filepath"
	"strings"
)

// OpenFDs lists the open file descriptors, each with what it refers to.
func OpenFDs() map[string]bool {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		panic(err)
	}
	fds := map[string]bool{}
	for _, e := range entries {
		link, err := os.Readlink(filepath.Join("/proc/self/fd", e.Name()))
		// gone by now, or the directory that was read
		if err != nil || strings.HasPrefix(link, "/proc/") {
			continue
		}
		fds[e.Name()+" "+link] = true
	}
	return fds
}
