//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"

	"github.com/uringnet/uringnet"
)

// overHTTP posts over plain connections that are kept alive.
func overHTTP(s *soak) error { return post(s, "http", false) }

// overHTTP2 posts over HTTP/2, whose connections are shared.
func overHTTP2(s *soak) error { return post(s, "http2", true) }

func post(s *soak, name string, http2 bool) error {
	l, err := uringnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			s.problem("%s, server: %v", name, err)
		}
		w.Write(body)
	}))
	srv.Listener.Close()
	srv.Listener = l
	srv.EnableHTTP2 = http2
	if http2 {
		srv.StartTLS()
	} else {
		srv.Start()
	}
	s.atEnd(closer(srv.Close))
	client := srv.Client()
	client.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		return uringnet.DialContext(ctx, network, address)
	}
	want := 1
	if http2 {
		want = 2
	}
	once := func() error {
		sent := fresh(20_000)
		resp, err := client.Post(srv.URL, "application/octet-stream", bytes.NewReader(sent))
		if err != nil {
			return err
		}
		got, err := io.ReadAll(resp.Body)
		if err := errors.Join(err, resp.Body.Close()); err != nil {
			return err
		}
		if resp.ProtoMajor != want {
			return fmt.Errorf("the answer came by %s", resp.Proto)
		}
		return s.compare(got, sent)
	}
	s.repeat(name, 6, func() (func() error, func(), error) { return once, nil, nil })
	return nil
}

// closer is a function that closes something.
type closer func()

func (c closer) Close() error {
	c()
	return nil
}
