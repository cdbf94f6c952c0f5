package apitest

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/uringnet/uringnet"
)

func init() {
	children["choose a backend"] = func() error {
		uringnet.Backend()
		uringnet.Backend()
		ln, err := uringnet.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil // refused, which the line says
		}
		return ln.Close()
	}
}

// With URINGNET_DEBUG the choice of the backend is told once, on one line of standard error, and
// without it nothing is.
func TestDebugTellsBackend(t *testing.T) {
	for _, debug := range []string{"", "0"} {
		if out := child(t, "choose a backend", "URINGNET_DEBUG="+debug); out != "" {
			t.Errorf("URINGNET_DEBUG=%s: printed %q, want nothing", debug, out)
		}
	}
	for env, want := range map[string]string{
		"off":                 `backend=net reason="URINGNET=off: using package net"`,
		"nonsense":            `backend=net reason="URINGNET=\"nonsense\" is not one of off, poller, require, auto"`,
		os.Getenv("URINGNET"): fmt.Sprintf("backend=%s reason=", uringnet.Backend().Name),
	} {
		out := child(t, "choose a backend", "URINGNET_DEBUG=1", "URINGNET="+env)
		if !strings.Contains(out, `msg="uringnet: backend chosen" `+want) || strings.Count(out, "\n") != 1 || !strings.HasSuffix(out, "\n") {
			t.Errorf("URINGNET=%s: printed %q, want one line with %s", env, out, want)
		}
	}
}
