package apitest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// optionChange is how a program may set options of a listener's socket.
type optionChange struct {
	name string
	set  [][3]int // level, option and value
}

var optionChanges = []optionChange{
	{"all off", [][3]int{{unix.IPPROTO_TCP, unix.TCP_NODELAY, 0}, {unix.SOL_SOCKET, unix.SO_KEEPALIVE, 0}}},
	{"other times", [][3]int{
		{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
		{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 71},
		{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 31},
		{unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 3},
	}},
}

func (o optionChange) apply(fd uintptr) error {
	for _, s := range o.set {
		if err := unix.SetsockoptInt(int(fd), s[0], s[1], s[2]); err != nil {
			return os.NewSyscallError("setsockopt", err)
		}
	}
	return nil
}

func (o optionChange) throughRaw(t *testing.T, raw syscall.RawConn) {
	t.Helper()
	var err error
	check(t, raw.Control(func(fd uintptr) { err = o.apply(fd) }))
	check(t, err)
}

// need skips the test where the kernel takes no such change: package net's listeners are of MPTCP,
// which Linux 5.15 lets few options be set of.
func (o optionChange) need(t *testing.T, lc net.ListenConfig) {
	t.Helper()
	raw := rawConn(t, listenAs(t, netWorld, lc).(syscall.Conn))
	var err error
	check(t, raw.Control(func(fd uintptr) { err = o.apply(fd) }))
	if errors.Is(err, unix.EOPNOTSUPP) {
		t.Skip("this kernel does not set them of a listener: ", err)
	}
	check(t, err)
}

func (o optionChange) throughFile(t *testing.T, l net.Listener) {
	t.Helper()
	f, err := l.(filer).File()
	check(t, err)
	defer f.Close()
	o.throughRaw(t, rawConn(t, f))
}

// listenerScene makes a listener and changes its options, and lets a connection wait in its queue
// before that.
type listenerScene func(t *testing.T, w world, lc net.ListenConfig, o optionChange) (net.Listener, []net.Conn)

// waitInQueue dials to a listener that nobody accepts from yet.
func waitInQueue(t *testing.T, l net.Listener) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", l.Addr().String())
	check(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func listenAs(t *testing.T, w world, lc net.ListenConfig) net.Listener {
	t.Helper()
	l, err := w.listenWith(t.Context(), lc, "tcp", "127.0.0.1:0")
	check(t, err)
	t.Cleanup(func() { l.Close() })
	return l
}

var listenerScenes = map[string]listenerScene{
	"SyscallConn": func(t *testing.T, w world, lc net.ListenConfig, o optionChange) (net.Listener, []net.Conn) {
		l := listenAs(t, w, lc)
		early := waitInQueue(t, l)
		o.throughRaw(t, rawConn(t, l.(syscall.Conn)))
		return l, []net.Conn{early}
	},
	"SyscallConn, empty queue": func(t *testing.T, w world, lc net.ListenConfig, o optionChange) (net.Listener, []net.Conn) {
		l := listenAs(t, w, lc)
		o.throughRaw(t, rawConn(t, l.(syscall.Conn)))
		return l, nil
	},
	"SyscallConn after Accept": func(t *testing.T, w world, lc net.ListenConfig, o optionChange) (net.Listener, []net.Conn) {
		l := listenAs(t, w, lc)
		connect(t, l, onNet)
		early := waitInQueue(t, l)
		o.throughRaw(t, rawConn(t, l.(syscall.Conn)))
		return l, []net.Conn{early}
	},
	"File": func(t *testing.T, w world, lc net.ListenConfig, o optionChange) (net.Listener, []net.Conn) {
		l := listenAs(t, w, lc)
		early := waitInQueue(t, l)
		o.throughFile(t, l)
		return l, []net.Conn{early}
	},
	"Control hook": func(t *testing.T, w world, lc net.ListenConfig, o optionChange) (net.Listener, []net.Conn) {
		lc.Control = func(network, address string, c syscall.RawConn) error {
			o.throughRaw(t, c)
			return nil
		}
		return listenAs(t, w, lc), nil
	},
	"NewListener": func(t *testing.T, w world, lc net.ListenConfig, o optionChange) (net.Listener, []net.Conn) {
		plain := listenAs(t, netWorld, lc)
		early := waitInQueue(t, plain)
		o.throughRaw(t, rawConn(t, plain.(syscall.Conn)))
		late := waitInQueue(t, plain)
		l, err := w.newListener(plain)
		check(t, err)
		t.Cleanup(func() { l.Close() })
		return l, []net.Conn{early, late}
	},
	"FileListener": func(t *testing.T, w world, lc net.ListenConfig, o optionChange) (net.Listener, []net.Conn) {
		plain := listenAs(t, netWorld, lc)
		early := waitInQueue(t, plain)
		o.throughRaw(t, rawConn(t, plain.(syscall.Conn)))
		late := waitInQueue(t, plain)
		f, err := plain.(filer).File()
		check(t, err)
		defer f.Close()
		l, err := w.fileListener(f)
		check(t, err)
		t.Cleanup(func() { l.Close() })
		return l, []net.Conn{early, late}
	},
}

// TestChangedListenerOptions guards that accepted connections have the options which package net's
// have, whatever was changed on the listener, and whether they waited in its queue before.
func TestChangedListenerOptions(t *testing.T) {
	for name, scene := range listenerScenes {
		for _, change := range optionChanges {
			for _, ka := range keepAlives {
				t.Run(name+"/"+change.name+"/"+ka.name, func(t *testing.T) {
					begin(t)
					lc := net.ListenConfig{KeepAlive: ka.period, KeepAliveConfig: ka.config}
					change.need(t, lc)
					var accepted [2][]net.Conn
					for i, w := range worlds {
						l, queued := scene(t, w, lc, change)
						for range len(queued) + 2 { // the last ones come after the change
							waitInQueue(t, l)
							c, err := l.Accept()
							check(t, err)
							t.Cleanup(func() { c.Close() })
							accepted[i] = append(accepted[i], c)
						}
					}
					for i, want := range accepted[0] {
						mustHaveOptions(t, fmt.Sprint("connection ", i), accepted[1][i], want)
					}
				})
			}
		}
	}
}
