package overlay

import "github.com/uringnet/uringnet/internal/gobuild"

const (
	listenFunc = `func (lc *ListenConfig) Listen(ctx context.Context, network, address string) (Listener, error) {
`
	dialFunc = `func (d *Dialer) DialContext(ctx context.Context, network, address string) (Conn, error) {
`
	fileConnCall = `	c, err = fileConn(f)
`
	fileListenerCall = `	ln, err = fileListener(f)
`
)

// netPatches put the hooks into package net. net.Listen, net.Dial, http.Server.ListenAndServe,
// httptest, tls.Dial and the rest all end in the two methods of dial.go. The context carries the
// mark that lets uringnet, called by a hook, use package net itself.
var netPatches = map[string][]gobuild.Patch{
	"dial.go": {
		{listenFunc, listenFunc + `	if h := UringHookListen; h != nil && ctx != nil && ctx.Value(uringBypassKey{}) == nil {
		if l, err, ok := h(context.WithValue(ctx, uringBypassKey{}, true), lc, network, address); ok {
			return l, err
		}
	}
`},
		{dialFunc, dialFunc + `	if h := UringHookDial; h != nil && ctx != nil && ctx.Value(uringBypassKey{}) == nil {
		if c, err, ok := h(context.WithValue(ctx, uringBypassKey{}, true), d, network, address); ok {
			return c, err
		}
	}
`},
	},
	"file.go": {
		{fileConnCall, fileConnCall + `	if h := UringHookFileConn; h != nil && err == nil {
		c, err = h(c)
	}
`},
		{fileListenerCall, fileListenerCall + `	if h := UringHookFileListener; h != nil && err == nil {
		ln, err = h(ln)
	}
`},
	},
}

// hiddenTests are test files that cannot be compiled against anything but net's own types, with the
// reason. Their tests count as differences and so must be listed in expected.txt.
var hiddenTests = map[string]string{
	"net/write_unix_test.go": "calls methods of conn.fd.pfd, the unexported internal/poll descriptor",
}

// testPatches are changes to test files beyond the rewriting of types, for all releases of Go.
var testPatches = map[string][]gobuild.Patch{
	// The descriptor is compared by number instead of by the address of an unexported field.
	"net/sendfile_test.go": {{
		`if &wantConn.(*TCPConn).fd.pfd != gotFD {`,
		`if uringSysfd(wantConn) != gotFD.Sysfd {`,
	}},
	"net/mptcpsock_linux_test.go": {
		{"!isUsingMPTCPProto(tcp.fd) {\n\t\tch <-", "!isUsingMPTCPProto(uringFD(tcp)) {\n\t\tch <-"},
		{"!isUsingMPTCPProto(tcp.fd) {\n\t\tt.Error", "!isUsingMPTCPProto(uringFD(tcp)) {\n\t\tt.Error"},
	},
	// The goroutines that serve the rings live as long as the process; they are no leak of the
	// test.
	"net/http/main_test.go": {{
		`strings.Contains(stack, "created by net.startServer") ||`,
		`strings.Contains(stack, "created by net.startServer") ||
			strings.Contains(stack, "created by github.com/uringnet/uringnet") ||`,
	}},
	// An embedded *net.TCPConn gives its field the name TCPConn, an embedded interface its own
	// name.
	"net/http/transport_test.go": {
		{"\t*net.TCPConn\n\n\tReadFromCalled bool", "\tnet.UringTCPConn\n\n\tReadFromCalled bool"},
		{"return c.TCPConn.ReadFrom(r)", "return c.UringTCPConn.ReadFrom(r)"},
		{"tConn.TCPConn = tcpConn", "tConn.UringTCPConn = tcpConn"},
	},
}

// releasePatches are what else a release of Go needs.
var releasePatches = map[string]map[string][]gobuild.Patch{
	"go1.27": {
		// The test calls ListenUnix and DialUnix, which have no hook.
		"net/unixsock_test.go": {
			{"ln, err := ListenUnix(\"unix\", addr)", "ln, err := Listen(\"unix\", addr.Name)"},
			{"\t\treturn ln\n\t}\n\n\tstartServer", "\t\treturn ln.(*UnixListener)\n\t}\n\n\tstartServer"},
			{"srv, err := ln.AcceptUnix()", "srv, err := ln.Accept()"},
			{"cl, err := DialUnix(\"unix\", nil, addr)", "cl, err := Dial(\"unix\", addr.Name)"},
			{"\t\treturn cl\n", "\t\treturn cl.(*UnixConn)\n"},
		},
	},
}
