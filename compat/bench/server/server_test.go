//go:build linux

package server

import (
	"testing"

	"github.com/uringnet/uringnet"
)

func TestFiguresOfNetDoNotPassForUringnet(t *testing.T) {
	for _, c := range []struct {
		backend, env string
		wrong        bool
	}{
		{"io_uring", "", false},
		{"poller", "auto", false},
		{"net", "", true},
		{"net", "auto", true},
		{"net", "off", false},
	} {
		err := mistaken(uringnet.BackendInfo{Name: c.backend, Reason: "a test"}, c.env)
		if (err != nil) != c.wrong {
			t.Errorf("backend %s with URINGNET=%s: error %v", c.backend, c.env, err)
		}
	}
}
