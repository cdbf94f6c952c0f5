package apitest

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/uringnet/uringnet"
)

// TestBackgroundReadsCostNoCancellations guards that a connection whose Reads are interrupted again
// and again, as net/http's server interrupts one at each request, waits where an interruption costs
// nothing.
func TestBackgroundReadsCostNoCancellations(t *testing.T) {
	skipIfChosen(t)
	for _, wait := range []string{"", "ring"} {
		for _, scene := range []string{"tcp", "unix", "tls"} {
			t.Run(scene+"/"+wait, func(t *testing.T) {
				begin(t)
				needRing(t)
				if out, err := tryChild(t, "cancels", waitEnv+"="+wait, sceneEnv+"="+scene); err != nil {
					t.Errorf("%v\n%s", err, out)
				}
			})
		}
	}
}

func init() { children["cancels"] = cancelsChild }

// steps lets the handlers of a server go on only when all of them have begun, so that their Reads
// in the background wait by then.
type steps struct{ begun, goOn chan bool }

func (s steps) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.begun <- true
	<-s.goOn
	io.WriteString(w, "hello")
}

func cancelsChild() error {
	const conns, rounds = 64, 20
	s := steps{make(chan bool), make(chan bool)}
	dial, stop, err := startSteps(s, os.Getenv(sceneEnv))
	if err != nil {
		return err
	}
	defer stop()
	var clients []net.Conn
	var readers []*bufio.Reader
	for range conns {
		c, err := dial()
		if err != nil {
			return err
		}
		defer c.Close()
		clients = append(clients, c)
		readers = append(readers, bufio.NewReader(c))
	}
	for round := range rounds {
		if err := s.round(clients, readers); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
	}
	if n := uringnet.ReadStats().Total().Cancels; n > conns {
		return fmt.Errorf("%d cancellations for %d requests, want at most one for each of %d connections", n, conns*rounds, conns)
	}
	return nil
}

// round sends a request on each connection, lets the handlers go on once all of them and their
// background Reads are at it, and takes the responses.
func (s steps) round(clients []net.Conn, readers []*bufio.Reader) error {
	for _, c := range clients {
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: test\r\n\r\n"); err != nil {
			return err
		}
	}
	for range clients {
		<-s.begun
	}
	for range clients {
		s.goOn <- true
	}
	for _, r := range readers {
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return err
		}
		if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "hello" {
			return fmt.Errorf("body %q: %w", body, err)
		}
	}
	return nil
}

// startSteps serves on this package, and returns how to dial on package net.
func startSteps(s steps, scene string) (dial func() (net.Conn, error), stop func(), err error) {
	network, address := "tcp", "127.0.0.1:0"
	if scene == "unix" {
		network, address = "unix", ""
	}
	l, err := uringnet.Listen(network, address)
	if err != nil {
		return nil, nil, err
	}
	srv := httptest.NewUnstartedServer(s)
	if err := srv.Listener.Close(); err != nil {
		return nil, nil, err
	}
	srv.Listener = l
	if scene != "tls" {
		srv.Start()
		return func() (net.Conn, error) { return net.Dial(network, l.Addr().String()) }, srv.Close, nil
	}
	srv.StartTLS()
	transport, ok := srv.Client().Transport.(*http.Transport)
	if !ok {
		return nil, nil, errors.New("the server's client has another transport")
	}
	config := transport.TLSClientConfig.Clone()
	config.ServerName = "example.com"
	config.NextProtos = []string{"http/1.1"}
	return func() (net.Conn, error) { return tls.Dial(network, l.Addr().String(), config) }, srv.Close, nil
}
