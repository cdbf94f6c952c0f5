package apitest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/uringnet/uringnet"
)

// dialBoth dials with package net and with this package, and compares what comes of it.
func dialBoth(t *testing.T, d net.Dialer, ctx context.Context, network, address string) error {
	t.Helper()
	_, want := d.DialContext(ctx, network, address)
	ud := uringnet.Dialer(d)
	c, got := ud.DialContext(ctx, network, address)
	if c != nil {
		t.Errorf("%s %s: a connection of type %T beside the error %v", network, address, c, got)
	}
	mustBeLike(t, "dial "+network+" "+address, got, want)
	return got
}

func TestDialErrors(t *testing.T) {
	begin(t)
	free := listen(t, onNet, "tcp").(*net.TCPListener)
	nobody := free.Addr().String()
	check(t, free.Close())
	stale := anyAddress(t, "unix")
	ul, err := net.ListenUnix("unix", &net.UnixAddr{Name: stale, Net: "unix"})
	check(t, err)
	ul.SetUnlinkOnClose(false)
	check(t, ul.Close())
	there := listen(t, onNet, "tcp").Addr().String()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancelLate := context.WithDeadline(t.Context(), past)
	defer cancelLate()
	for _, tc := range []struct {
		name             string
		dialer           net.Dialer
		ctx              context.Context
		network, address string
		is               error // nil: the comparison with package net says it all
	}{
		{"refused", net.Dialer{}, t.Context(), "tcp", nobody, syscall.ECONNREFUSED},
		{"refused unix", net.Dialer{}, t.Context(), "unix", stale, syscall.ECONNREFUSED},
		{"no such socket", net.Dialer{}, t.Context(), "unix", stale + "none", syscall.ENOENT},
		{"wrong type of socket", net.Dialer{}, t.Context(), "unix", listen(t, onNet, "unixpacket").Addr().String(), syscall.EPROTOTYPE},
		{"deadline past", net.Dialer{Deadline: past}, t.Context(), "tcp", there, nil},
		{"timeout over", net.Dialer{Timeout: 1}, t.Context(), "tcp", there, nil},
		{"cancelled", net.Dialer{}, cancelled, "tcp", there, context.Canceled},
		{"cancelled unix", net.Dialer{}, cancelled, "unix", stale, context.Canceled},
		{"context late", net.Dialer{}, late, "tcp", there, context.DeadlineExceeded},
		{"unknown network", net.Dialer{}, t.Context(), "foo", there, net.UnknownNetworkError("foo")},
		{"no network", net.Dialer{}, t.Context(), "", there, net.UnknownNetworkError("")},
		{"no port", net.Dialer{}, t.Context(), "tcp", "127.0.0.1", nil},
		{"bad port", net.Dialer{}, t.Context(), "tcp", "127.0.0.1:99999", nil},
		{"bad address", net.Dialer{}, t.Context(), "tcp", "127.0.0.1:1:1", nil},
		{"no address", net.Dialer{}, t.Context(), "tcp", "", nil},
		{"wrong family", net.Dialer{}, t.Context(), "tcp4", "[::1]:1", nil},
		{"long unix path", net.Dialer{}, t.Context(), "unix", strings.Repeat("x", 200), nil},
		{"foreign LocalAddr", net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}}, t.Context(), "tcp", there, syscall.EADDRNOTAVAIL},
		{"LocalAddr of another kind", net.Dialer{LocalAddr: &net.UDPAddr{}}, t.Context(), "tcp", there, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := dialBoth(t, tc.dialer, tc.ctx, tc.network, tc.address)
			if tc.is != nil && !errors.Is(err, tc.is) {
				t.Errorf("%v is not %v", err, tc.is)
			}
		})
	}
}

func TestDialFunctions(t *testing.T) {
	begin(t)
	l := listen(t, onRing, "tcp")
	tcpAddr := l.Addr().(*net.TCPAddr)
	ap := tcpAddr.AddrPort()
	ul := listen(t, onRing, "unix")
	unixAddr := ul.Addr().(*net.UnixAddr)
	var d uringnet.Dialer
	for name, f := range map[string]struct {
		l    net.Listener
		dial func() (net.Conn, error)
	}{
		"Dial":            {l, func() (net.Conn, error) { return uringnet.Dial("tcp", ap.String()) }},
		"DialTimeout":     {l, func() (net.Conn, error) { return uringnet.DialTimeout("tcp", ap.String(), time.Hour) }},
		"DialContext":     {l, func() (net.Conn, error) { return uringnet.DialContext(t.Context(), "tcp", ap.String()) }},
		"DialTCP":         {l, func() (net.Conn, error) { return uringnet.DialTCP("tcp", nil, tcpAddr) }},
		"Dialer.Dial":     {l, func() (net.Conn, error) { return d.Dial("tcp", ap.String()) }},
		"Dialer.DialTCP":  {l, func() (net.Conn, error) { return d.DialTCP(t.Context(), "tcp", netip.AddrPort{}, ap) }},
		"localhost":       {l, func() (net.Conn, error) { return d.Dial("tcp", net.JoinHostPort("localhost", portOf(l))) }},
		"DialUnix":        {ul, func() (net.Conn, error) { return uringnet.DialUnix("unix", nil, unixAddr) }},
		"Dialer.DialUnix": {ul, func() (net.Conn, error) { return d.DialUnix(t.Context(), "unix", nil, unixAddr) }},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := f.dial()
			check(t, err)
			defer c.Close()
			if _, ok := c.(stream); !ok || strings.HasPrefix(typeName(c), "*net.") {
				t.Errorf("got a %T", c)
			}
			a, err := f.l.Accept()
			check(t, err)
			defer a.Close()
			mustWrite(t, c, "ping")
			mustRead(t, a, "ping")
		})
	}
}

func portOf(l net.Listener) string {
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// TestDialLeavesPacketsToNet: what is not a stream is package net's, type and all.
func TestDialLeavesPacketsToNet(t *testing.T) {
	begin(t)
	ua, err := net.ListenPacket("udp", "127.0.0.1:0")
	check(t, err)
	defer ua.Close()
	path := anyAddress(t, "unixgram")
	ga, err := net.ListenPacket("unixgram", path)
	check(t, err)
	defer ga.Close()
	for _, tc := range []struct {
		network, address string
		want             net.Conn
	}{
		{"udp", ua.LocalAddr().String(), &net.UDPConn{}},
		{"unixgram", path, &net.UnixConn{}},
	} {
		c, err := uringnet.Dial(tc.network, tc.address)
		check(t, err)
		mustHaveType(t, c, tc.want)
		check(t, c.Close())
	}
	lc := uringnet.ListenConfig{}
	pc, err := lc.ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	check(t, err)
	mustHaveType(t, pc, &net.UDPConn{})
	check(t, pc.Close())
}

func TestDialLocalAddr(t *testing.T) {
	begin(t)
	l := listen(t, onRing, "tcp4")
	d := uringnet.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	c, err := d.Dial("tcp", l.Addr().String())
	check(t, err)
	defer c.Close()
	a, err := l.Accept()
	check(t, err)
	defer a.Close()
	mustHaveAddr(t, "RemoteAddr", a.RemoteAddr(), c.LocalAddr())
	if ip := a.RemoteAddr().(*net.TCPAddr).IP.String(); ip != "127.0.0.2" {
		t.Errorf("the connection comes from %s", ip)
	}
	ul := listen(t, onRing, "unix")
	local := anyAddress(t, "unix")
	ud := uringnet.Dialer{LocalAddr: &net.UnixAddr{Name: local, Net: "unix"}}
	uc, err := ud.Dial("unix", ul.Addr().String())
	check(t, err)
	defer uc.Close()
	ua, err := ul.Accept()
	check(t, err)
	defer ua.Close()
	if got := ua.RemoteAddr().String(); got != local {
		t.Errorf("the connection comes from %q, want %q", got, local)
	}
	if _, err := os.Stat(local); err != nil {
		t.Error(err)
	}
}

// TestDialTrace: a trace sees one start and one end of the connection, and no error that is only
// how this package does it.
func TestDialTrace(t *testing.T) {
	begin(t)
	l := listen(t, onRing, "tcp")
	var events []string
	trace := &httptrace.ClientTrace{
		ConnectStart: func(network, addr string) { events = append(events, "start "+network+" "+addr) },
		ConnectDone: func(network, addr string, err error) {
			events = append(events, "done "+network+" "+addr)
			if err != nil {
				t.Errorf("ConnectDone sees %v", err)
			}
		},
	}
	address := l.Addr().String()
	c, err := uringnet.DialContext(httptrace.WithClientTrace(t.Context(), trace), "tcp", address)
	check(t, err)
	c.Close()
	if diff := cmp.Diff([]string{"start tcp " + address, "done tcp " + address}, events); diff != "" {
		t.Errorf("trace (-want +got):\n%s", diff)
	}
}

// TestTransport uses the dialer where most programs will.
func TestTransport(t *testing.T) {
	begin(t)
	addr := serve(t, &http.Server{Handler: http.HandlerFunc(echoBody)})
	client := &http.Client{Transport: transport(t)}
	const workers = 8
	errs := make(chan error, workers)
	for w := range workers {
		go func() {
			var err error
			for i := 0; i < size(200, 40) && err == nil; i++ {
				err = roundTrip(client, addr, make([]byte, i*w*10))
			}
			errs <- err
		}()
	}
	for range workers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

// TestTransportCancel breaks requests off in the middle; the connection's read in flight goes with
// it.
func TestTransportCancel(t *testing.T) {
	begin(t)
	entered := make(chan struct{})
	addr := serve(t, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "the beginning")
		w.(http.Flusher).Flush()
		entered <- struct{}{}
		<-r.Context().Done()
	})})
	client := &http.Client{Transport: transport(t)}
	for range size(100, 20) {
		ctx, cancel := context.WithCancel(t.Context())
		req, err := http.NewRequestWithContext(ctx, "GET", "http://"+addr+"/", nil)
		check(t, err)
		resp, err := client.Do(req)
		check(t, err)
		<-entered
		cancel()
		if _, err := io.ReadAll(resp.Body); !errors.Is(err, context.Canceled) {
			t.Errorf("reading the body: %v", err)
		}
		resp.Body.Close()
	}
}
