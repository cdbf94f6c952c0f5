//go:build linux

package load

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/bench/rawio"
	"github.com/uringnet/uringnet/internal/bench/workload"
)

// link is a connection of the set-up: a socket, perhaps with TLS on it. TLS is crypto/tls on the
// thread of the epoll loop: it reads from a wire, which says that nothing is there instead of
// waiting, and goes on later where it stopped. Clients on goroutines would cost the machine more
// than the servers they measure.
type link struct {
	fd     int
	secure *tls.Conn // nil without TLS
}

// stream reads and writes, and waits for it while the socket is still a blocking one.
func (k link) stream() io.ReadWriter {
	if k.secure != nil {
		return k.secure
	}
	return blocking(k.fd)
}

const protocolHTTP2 = "h2" // in ALPN

// protect puts TLS on a socket if the work has it.
func protect(fd int, w workload.Workload) (link, error) {
	k := link{fd: fd}
	if !w.TLS() {
		return k, nil
	}
	// the server on this machine made its certificate just now
	cfg := &tls.Config{InsecureSkipVerify: true}
	if w.Kind == workload.HTTP2 {
		cfg.NextProtos = []string{protocolHTTP2}
	}
	k.secure = tls.Client(wire(fd), cfg)
	if err := k.secure.Handshake(); err != nil {
		return k, fmt.Errorf("TLS handshake: %w", err)
	}
	if w.Kind == workload.HTTP2 && k.secure.ConnectionState().NegotiatedProtocol != protocolHTTP2 {
		return k, errors.New("the server does not speak HTTP/2")
	}
	return k, nil
}

// wire is the socket under a TLS connection.
type wire int

// Read reads what is there.
func (fd wire) Read(b []byte) (int, error) {
	n, err := rawio.Read(int(fd), b)
	switch {
	case err == unix.EAGAIN:
		return 0, nothingYet{}
	case err == nil && n == 0:
		return 0, io.EOF
	}
	return n, err
}

// Write writes all of b. It need not wait: a request is small, and a socket has room for more.
func (fd wire) Write(b []byte) (int, error) {
	n, err := rawio.Write(int(fd), b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	return n, err
}

// The other methods of net.Conn; crypto/tls calls none of them here.

// Close does nothing.
func (fd wire) Close() error { return nil }

// LocalAddr is not known.
func (fd wire) LocalAddr() net.Addr { return nil }

// RemoteAddr is not known.
func (fd wire) RemoteAddr() net.Addr { return nil }

// SetDeadline does nothing.
func (fd wire) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing.
func (fd wire) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing.
func (fd wire) SetWriteDeadline(time.Time) error { return nil }

// nothingYet is the error of a wire that has nothing to read. It is a temporary net.Error, after
// which crypto/tls can be asked again.
type nothingYet struct{}

// Error says what is missing, should the handshake end with it.
func (nothingYet) Error() string { return "the server sends nothing" }

// Timeout is true, as that of an expired deadline.
func (nothingYet) Timeout() bool { return true }

// Temporary is true: the connection is not broken.
func (nothingYet) Temporary() bool { return true }

// readSecure reads all that has come, since epoll does not know of what crypto/tls holds back.
func (l *loop) readSecure(c *conn) (b []byte, wait bool, err error) {
	n := 0
	for n < len(l.buf) {
		m, err := c.secure.Read(l.buf[n:])
		n += m
		if errors.Is(err, nothingYet{}) {
			break
		}
		if errors.Is(err, io.EOF) {
			return nil, false, errClosed
		}
		if err != nil {
			return nil, false, fmt.Errorf("read: %w", err)
		}
	}
	return l.buf[:n], n == 0, nil
}
