package apitest

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/uringnet/uringnet/internal/testutil"
)

// TestLostUnixListenerKeepsFile guards that a listener which nothing refers to any more leaves its
// socket file to those who have a duplicate: only Close removes it.
func TestLostUnixListenerKeepsFile(t *testing.T) {
	for _, w := range worlds {
		for _, network := range []string{"unix", "unixpacket"} {
			for _, how := range []string{"listened", "taken over"} {
				t.Run(w.name+"/"+network+"/"+how, func(t *testing.T) {
					begin(t)
					path := anyAddress(t, network)
					f, lost := loseListener(t, w, network, path, how == "taken over")
					defer f.Close()
					eventually(t, "the listener to be collected", func() bool {
						runtime.GC()
						return !testutil.OpenFDs()[lost]
					})
					if _, err := os.Lstat(path); err != nil {
						t.Fatal(err)
					}
					c, err := net.Dial(network, path)
					check(t, err)
					defer c.Close()
					heir, err := net.FileListener(f)
					check(t, err)
					defer heir.Close()
					a, err := heir.Accept()
					check(t, err)
					check(t, a.Close())
				})
			}
		}
	}
}

// loseListener returns a duplicate of a listener that nothing refers to any more, and names the
// descriptor that it had.
//
//go:noinline
func loseListener(t *testing.T, w world, network, path string, takenOver bool) (f *os.File, fd string) {
	t.Helper()
	m := w.maker
	if takenOver {
		m = onNet
	}
	l, err := m.listen(network, path)
	check(t, err)
	if takenOver {
		l, err = w.newListener(l)
		check(t, err)
	}
	f, err = l.(filer).File()
	check(t, err)
	raw, err := l.(syscall.Conn).SyscallConn()
	check(t, err)
	prefix := ""
	check(t, raw.Control(func(n uintptr) { prefix = fmt.Sprint(n, " ") }))
	for name := range testutil.OpenFDs() {
		if strings.HasPrefix(name, prefix) {
			return f, name
		}
	}
	t.Fatalf("there is no descriptor %s", prefix)
	return nil, ""
}
