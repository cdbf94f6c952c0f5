//go:build linux

package main

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http/httptest"

	"github.com/uringnet/uringnet"
)

// overTLS exchanges bytes over TLS, in connections of some exchanges each.
func overTLS(s *soak) error {
	l, err := uringnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	certified := httptest.NewTLSServer(nil) // for its certificate only
	certified.Close()
	roots := x509.NewCertPool()
	roots.AddCert(certified.Certificate())
	config := &tls.Config{RootCAs: roots, ServerName: "example.com"}
	s.serveOn(tls.NewListener(l, &tls.Config{Certificates: certified.TLS.Certificates}), "tls", echo)
	once := func() error {
		plain, err := dial(l.Addr().String())
		if err != nil {
			return err
		}
		var c net.Conn = tls.Client(plain, config)
		defer c.Close()
		for range 20 {
			if err := s.exchange(c, 30_000); err != nil {
				return err
			}
		}
		if err := c.(*tls.Conn).CloseWrite(); err != nil {
			return err
		}
		return expectEnd(c)
	}
	s.repeat("tls", 4, func() (func() error, func(), error) { return once, nil, nil })
	return nil
}
