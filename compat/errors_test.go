package compat

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/uringnet/uringnet"
	"github.com/uringnet/uringnet/compat/differential"
)

const goldenFile = "testdata/expected-errors.txt"

var update = flag.Bool("update", false, "write "+goldenFile+" from what package net says")

// api is what the harvest needs of package net or its replacement.
type api struct {
	listen func(network, address string) (net.Listener, error)
	dial   func(ctx context.Context, d net.Dialer, network, address string) (net.Conn, error)
}

var apis = map[string]api{
	"net": {net.Listen, func(ctx context.Context, d net.Dialer, network, address string) (net.Conn, error) {
		return d.DialContext(ctx, network, address)
	}},
	"uringnet": {uringnet.Listen, func(ctx context.Context, d net.Dialer, network, address string) (net.Conn, error) {
		return (*uringnet.Dialer)(&d).DialContext(ctx, network, address)
	}},
}

// knownDifferences are lines that are not net's on uringnet, with what they are instead.
var knownDifferences = map[string]string{
	// net.Buffers makes one system call of several buffers only for net's own types; for all others
	// it calls Write.
	`writev closed = "writev tcp`: `writev closed = "write tcp`,
	`OpError{writev tcp`:          `OpError{write tcp`,
}

// TestErrors compares the text, the types and the identity of every kind of error with the golden
// file, in both implementations: for uringnet it is the requirement, for net it shows that the file
// is up to date.
func TestErrors(t *testing.T) {
	lines := harvestAll(t, "net")
	if *update {
		if err := os.WriteFile(goldenFile, []byte(lines), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	golden, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	compareLines(t, "net", lines, string(golden))
	want := string(golden)
	for theirs, ours := range knownDifferences {
		want = strings.ReplaceAll(want, theirs, ours)
	}
	compareLines(t, "uringnet", harvestAll(t, "uringnet"), want)
}

func compareLines(t *testing.T, name, got, want string) {
	t.Helper()
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s: errors (-want +got):\n%s", name, diff)
	}
}

func harvestAll(t *testing.T, name string) string {
	h := &harvest{api: apis[name], t: t}
	h.dialErrors()
	h.tcp()
	h.unix()
	h.lines = append(h.lines, h.named(descriptorsExhausted(t, name)))
	return strings.Join(h.lines, "\n") + "\n"
}

// harvest collects a line for each error.
type harvest struct {
	api
	t     *testing.T
	lines []string
	names []string // for strings.NewReplacer
}

func (h *harvest) named(s string) string { return strings.NewReplacer(h.names...).Replace(s) }

func (h *harvest) name(a net.Addr, name string) { h.names = append(h.names, a.String(), name) }

func (h *harvest) add(what string, err error) {
	h.lines = append(h.lines, h.named(what+" = "+differential.Describe(err)))
}

func (h *harvest) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// pair returns a listener and the two ends of a connection.
func (h *harvest) pair(network, address string) (l net.Listener, dialed, accepted net.Conn) {
	l, err := h.listen(network, address)
	h.must(err)
	dialed, err = h.dial(context.Background(), net.Dialer{}, network, l.Addr().String())
	h.must(err)
	accepted, err = l.Accept()
	h.must(err)
	return l, dialed, accepted
}

func (h *harvest) dialErrors() {
	bg := context.Background()
	canceled, cancel := context.WithCancel(bg)
	cancel()
	_, err := h.dial(canceled, net.Dialer{}, "tcp", "127.0.0.1:1")
	h.add("cancel", err)
	_, err = h.dial(bg, net.Dialer{Deadline: time.Unix(1, 0)}, "tcp", "127.0.0.1:1")
	h.add("timeout", err)
	_, err = h.dial(bg, net.Dialer{}, "tcp", "127.0.0.1:1")
	h.add("refused", err)
	_, err = h.dial(bg, net.Dialer{}, "foo", "x")
	h.add("dial badnet", err)
	_, err = h.dial(bg, net.Dialer{}, "tcp", "127.0.0.1")
	h.add("dial no port", err)
	_, err = h.dial(bg, net.Dialer{}, "unix", "/nonexistent/socket")
	h.add("dial no socket", err)
	_, err = h.dial(bg, net.Dialer{LocalAddr: &net.UDPAddr{}}, "tcp", "127.0.0.1:1")
	h.add("dial bad local", err)
	_, err = h.listen("foo", "x")
	h.add("badnet", err)
	_, err = h.listen("tcp", "192.0.2.1:0") // TEST-NET-1: not an address of this machine
	h.add("listen elsewhere", err)
}

func (h *harvest) tcp() {
	l, c, s := h.pair("tcp", "127.0.0.1:0")
	h.name(l.Addr(), "LISTENER")
	h.name(c.LocalAddr(), "DIALER")
	_, err := h.listen("tcp", l.Addr().String())
	h.add("inuse", err)

	h.must(s.(interface{ SetLinger(int) error }).SetLinger(0))
	h.must(s.Close())
	_, err = c.Read(make([]byte, 1))
	h.add("rst read", err)
	_, err = c.Write([]byte("x"))
	h.add("write after rst", err)
	c.SetReadDeadline(time.Unix(1, 0))
	_, err = c.Read(make([]byte, 1))
	h.add("past deadline", err)
	_, err = c.Read(nil)
	h.add("zero read past deadline", err)
	h.closedConn(c)
	h.closedListener(l)
}

// closedConn closes c and asks everything of it.
func (h *harvest) closedConn(c net.Conn) {
	tc := c.(interface {
		differential.Conn
		SetLinger(int) error
		SetNoDelay(bool) error
		SetKeepAlive(bool) error
		SetKeepAlivePeriod(time.Duration) error
		SetKeepAliveConfig(net.KeepAliveConfig) error
		MultipathTCP() (bool, error)
	})
	h.add("close", c.Close())
	_, err := c.Read(nil)
	h.add("zero read closed", err)
	_, err = c.Read(make([]byte, 1))
	h.add("read closed", err)
	_, err = c.Write([]byte("x"))
	h.add("write closed", err)
	h.add("close2", c.Close())
	h.add("setdl closed", c.SetDeadline(time.Time{}))
	h.add("closewrite closed", tc.CloseWrite())
	h.add("closeread closed", tc.CloseRead())
	empty, err := os.Open(os.DevNull)
	h.must(err)
	defer empty.Close()
	_, err = io.Copy(c, empty)
	h.add("readfrom closed", err)
	b := net.Buffers{[]byte("a"), []byte("b")}
	_, err = b.WriteTo(c)
	h.add("writev closed", err)
	_, err = tc.File()
	h.add("file closed", err)
	_, err = tc.SyscallConn()
	h.add("syscallconn closed", err)
	h.add("linger closed", tc.SetLinger(0))
	h.add("nodelay closed", tc.SetNoDelay(true))
	h.add("keepalive closed", tc.SetKeepAlive(true))
	h.add("keepalive period closed", tc.SetKeepAlivePeriod(time.Second))
	h.add("keepalive config closed", tc.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true}))
	h.add("readbuffer closed", tc.SetReadBuffer(4096))
	h.add("writebuffer closed", tc.SetWriteBuffer(4096))
	_, err = tc.MultipathTCP()
	h.add("mptcp closed", err)
}

func (h *harvest) closedListener(l net.Listener) {
	dl := l.(interface {
		differential.Listener
		File() (*os.File, error)
	})
	h.must(dl.SetDeadline(time.Unix(1, 0)))
	_, err := l.Accept()
	h.add("accept past", err)
	h.add("listener close", l.Close())
	_, err = l.Accept()
	h.add("accept closed", err)
	h.add("listener close2", l.Close())
	h.add("listener setdl closed", dl.SetDeadline(time.Time{}))
	_, err = dl.File()
	h.add("listener file closed", err)
	_, err = dl.SyscallConn()
	h.add("listener syscallconn closed", err)
}

func (h *harvest) unix() {
	path := filepath.Join(h.t.TempDir(), "s")
	h.names = append(h.names, path, "SOCKET")
	l, c, s := h.pair("unix", path)
	_, err := h.listen("unix", path)
	h.add("unix inuse", err)
	h.must(s.Close())
	_, err = c.Read(make([]byte, 1))
	h.add("unix eof", err)
	_, err = c.Write([]byte("x"))
	h.add("unix write to closed peer", err)
	c.SetReadDeadline(time.Unix(1, 0))
	_, err = c.Read(make([]byte, 1))
	h.add("unix past deadline", err)
	h.must(c.Close())
	_, err = c.Read(make([]byte, 1))
	h.add("unix read closed", err)
	_, err = s.Write([]byte("x"))
	h.add("unix write closed", err)
	h.add("unix close2", s.Close())
	h.must(l.Close())
	_, err = l.Accept()
	h.add("unix accept closed", err)
	_, err = h.dial(context.Background(), net.Dialer{}, "unix", path)
	h.add("unix dial gone", err)
}

// childEnv chooses the implementation in the child process of descriptorsExhausted.
const childEnv = "COMPAT_DESCRIPTORS_CHILD"

// descriptorsExhausted returns the line for an Accept that finds no file descriptor left. That
// takes a process of its own.
func descriptorsExhausted(t *testing.T, name string) string {
	cmd := exec.Command(os.Args[0], "-test.run=^TestDescriptorsChild$", "-test.v")
	cmd.Env = append(os.Environ(), childEnv+"="+name)
	out, err := cmd.CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "emfile = ") {
			return strings.TrimSpace(line)
		}
	}
	t.Fatalf("child: %v\n%s", err, out)
	return ""
}

// TestDescriptorsChild is no test, but the child process of descriptorsExhausted.
func TestDescriptorsChild(t *testing.T) {
	name := os.Getenv(childEnv)
	if name == "" {
		t.Skip("runs only as a child of TestErrors")
	}
	h := &harvest{api: apis[name], t: t}
	h.pair("tcp", "127.0.0.1:0") // starts what has to be started
	l, err := h.listen("tcp", "127.0.0.1:0")
	h.must(err)
	_, err = h.dial(context.Background(), net.Dialer{}, "tcp", l.Addr().String())
	h.must(err)
	h.name(l.Addr(), "LISTENER")
	var limit syscall.Rlimit
	h.must(syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	h.must(syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 3, Max: limit.Max}))
	_, err = l.Accept()
	h.add("emfile", err)
	fmt.Println(h.lines[0])
}
