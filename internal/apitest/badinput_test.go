package apitest

import (
	"errors"
	"net"
	"os"
	"reflect"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uringnet/uringnet"
)

// TestNilReceivers calls every method of every type on nil and on a zero value: those that can
// return an error return EINVAL, as package net's do, and the others return.
func TestNilReceivers(t *testing.T) {
	errorType := reflect.TypeFor[error]()
	for _, receiver := range []any{
		(*uringnet.TCPConn)(nil), &uringnet.TCPConn{},
		(*uringnet.UnixConn)(nil), &uringnet.UnixConn{},
		(*uringnet.TCPListener)(nil), &uringnet.TCPListener{},
		(*uringnet.UnixListener)(nil), &uringnet.UnixListener{},
	} {
		v := reflect.ValueOf(receiver)
		for i := range v.NumMethod() {
			name := v.Type().String() + "." + v.Type().Method(i).Name
			m := v.Method(i)
			var args []reflect.Value
			for k := range m.Type().NumIn() {
				args = append(args, reflect.Zero(m.Type().In(k)))
			}
			results := m.Call(args)
			if len(results) == 0 || results[len(results)-1].Type() != errorType {
				continue
			}
			if err, _ := results[len(results)-1].Interface().(error); !errors.Is(err, syscall.EINVAL) {
				t.Errorf("%s of %v = %v, want EINVAL", name, v, err)
			}
			for _, r := range results[:len(results)-1] {
				if !r.IsZero() {
					t.Errorf("%s of %v returns %v beside the error", name, v, r)
				}
			}
		}
	}
}

// TestMethodSets compares the types with those that they stand for: each method is there, with the
// signature that it has in package net but for the types of this package.
func TestMethodSets(t *testing.T) {
	ours := map[reflect.Type]reflect.Type{
		reflect.TypeFor[*net.TCPConn]():      reflect.TypeFor[*uringnet.TCPConn](),
		reflect.TypeFor[*net.UnixConn]():     reflect.TypeFor[*uringnet.UnixConn](),
		reflect.TypeFor[*net.TCPListener]():  reflect.TypeFor[*uringnet.TCPListener](),
		reflect.TypeFor[*net.UnixListener](): reflect.TypeFor[*uringnet.UnixListener](),
		reflect.TypeFor[*net.Dialer]():       reflect.TypeFor[*uringnet.Dialer](),
		reflect.TypeFor[*net.ListenConfig](): reflect.TypeFor[*uringnet.ListenConfig](),
	}
	for theirs, our := range ours {
		got, want := map[string]string{}, map[string]string{}
		for i := range theirs.NumMethod() {
			their := theirs.Method(i)
			want[their.Name] = signature(their.Type, ours)
			if m, ok := our.MethodByName(their.Name); ok {
				got[m.Name] = signature(m.Type, nil)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("methods of %v (-net +uringnet):\n%s", our, diff)
		}
	}
}

// signature writes a method's type without its receiver, with types replaced as rename says.
func signature(f reflect.Type, rename map[reflect.Type]reflect.Type) string {
	s := "func("
	name := func(t reflect.Type) string {
		if r, ok := rename[t]; ok {
			t = r
		}
		return t.String() + " "
	}
	for i := 1; i < f.NumIn(); i++ {
		s += name(f.In(i))
	}
	s += ") "
	for i := range f.NumOut() {
		s += name(f.Out(i))
	}
	return s
}

// pretender is a connection and a listener, of nobody's.
type pretender struct{ net.Conn }

func (pretender) Accept() (net.Conn, error) { return nil, net.ErrClosed }
func (pretender) Addr() net.Addr            { return nil }

// TestTakeOverForeign: what cannot be taken over is refused with an error, and left as it was.
func TestTakeOverForeign(t *testing.T) {
	begin(t)
	p1, p2 := net.Pipe()
	defer p1.Close()
	defer p2.Close()
	udp, err := net.Dial("udp", "127.0.0.1:9")
	check(t, err)
	defer udp.Close()
	for _, c := range []net.Conn{
		nil, p1, udp, pretender{},
		(*net.TCPConn)(nil), &net.TCPConn{}, (*net.UnixConn)(nil), &net.UnixConn{},
		(*uringnet.TCPConn)(nil), &uringnet.TCPConn{}, (*uringnet.UnixConn)(nil), &uringnet.UnixConn{},
	} {
		if _, zero := c.(*net.TCPConn); zero && onPackageNet() {
			continue // its zero value is wrapped there, and answers EINVAL by itself
		}
		if _, zero := c.(*net.UnixConn); zero && onPackageNet() {
			continue
		}
		if got, err := uringnet.NewConn(c); got != nil || err == nil {
			t.Errorf("NewConn(%T) = %v, %v", c, got, err)
		}
	}
	for _, l := range []net.Listener{
		nil, pretender{}, (*uringnet.TCPListener)(nil), &uringnet.TCPListener{},
		(*uringnet.UnixListener)(nil), &uringnet.UnixListener{}, (*net.TCPListener)(nil), (*net.UnixListener)(nil),
	} {
		if got, err := uringnet.NewListener(l); got != nil || err == nil {
			t.Errorf("NewListener(%T) = %v, %v", l, got, err)
		}
	}
	go p2.Write([]byte("still works"))
	mustRead(t, p1, "still works")
}

func onPackageNet() bool { return uringnet.Backend().Name == "net" }

// TestTakeOverTwice: on the ring the original is closed, so a second attempt fails, and the first
// one's listener goes on.
func TestTakeOverTwice(t *testing.T) {
	begin(t)
	for _, network := range []string{"tcp", "unix"} {
		plain := listen(t, onNet, network)
		l, err := uringnet.NewListener(plain)
		check(t, err)
		defer l.Close()
		a, d := connect(t, l, onNet)
		if !onPackageNet() {
			if again, err := uringnet.NewListener(plain); again != nil || !errors.Is(err, net.ErrClosed) {
				t.Errorf("NewListener of the same listener = %v, %v", again, err)
			}
			_, err := uringnet.NewConn(d)
			check(t, err)
			if again, err := uringnet.NewConn(d); again != nil || !errors.Is(err, net.ErrClosed) {
				t.Errorf("NewConn of the same connection = %v, %v", again, err)
			}
		}
		connect(t, l, onRing)
		mustWrite(t, a, "accepted connections go on, too")
	}
}

// TestTakeOverClosed: there is nothing to take over.
func TestTakeOverClosed(t *testing.T) {
	begin(t)
	if onPackageNet() {
		t.Skip("package net's own object is kept there, and says so itself")
	}
	for _, network := range []string{"tcp", "unix"} {
		plain := listen(t, onNet, network)
		a, d := connect(t, plain, onNet)
		check(t, errors.Join(a.Close(), d.Close(), plain.Close()))
		if l, err := uringnet.NewListener(plain); l != nil || !errors.Is(err, net.ErrClosed) {
			t.Errorf("NewListener = %v, %v", l, err)
		}
		if c, err := uringnet.NewConn(a); c != nil || !errors.Is(err, net.ErrClosed) {
			t.Errorf("NewConn = %v, %v", c, err)
		}
	}
}

// TestBadArguments: nonsense gets an error, and the connection goes on.
func TestBadArguments(t *testing.T) {
	begin(t)
	a, d := tcpPair(t)
	na, _ := connect(t, listen(t, onNet, "tcp"), onNet)
	mustBeLike(t, "SetReadBuffer(-1)", a.SetReadBuffer(-1), na.SetReadBuffer(-1))
	mustBeLike(t, "SetWriteBuffer(0)", a.SetWriteBuffer(0), na.SetWriteBuffer(0))
	mustBeLike(t, "SetLinger(-5)", a.SetLinger(-5), na.(*net.TCPConn).SetLinger(-5))
	mustBeLike(t, "SetKeepAlivePeriod", a.SetKeepAlivePeriod(1<<62), na.(*net.TCPConn).SetKeepAlivePeriod(1<<62))
	mustWrite(t, d, "ping")
	mustRead(t, a, "ping")
	_, err := uringnet.DialTCP("tcp", nil, nil)
	_, want := net.DialTCP("tcp", nil, nil)
	mustBeLike(t, "DialTCP without an address", err, want)
	_, err = uringnet.DialTCP("unix", nil, &net.TCPAddr{})
	_, want = net.DialTCP("unix", nil, &net.TCPAddr{})
	mustBeLike(t, "DialTCP on unix", err, want)
	_, err = uringnet.DialUnix("tcp", nil, &net.UnixAddr{})
	_, want = net.DialUnix("tcp", nil, &net.UnixAddr{})
	mustBeLike(t, "DialUnix on tcp", err, want)
	_, err = uringnet.ListenTCP("udp", nil)
	_, want = net.ListenTCP("udp", nil)
	mustBeLike(t, "ListenTCP on udp", err, want)
	_, err = uringnet.ListenUnix("unix", nil)
	_, want = net.ListenUnix("unix", nil)
	mustBeLike(t, "ListenUnix without an address", err, want)
	devnull, err := os.Open(os.DevNull)
	check(t, err)
	defer devnull.Close()
	_, err = uringnet.FileListener(devnull)
	_, want = net.FileListener(devnull)
	mustBeLike(t, "FileListener of no socket", err, want)
	_, err = uringnet.FileConn(devnull)
	_, want = net.FileConn(devnull)
	mustBeLike(t, "FileConn of no socket", err, want)
}
