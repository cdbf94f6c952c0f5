//go:build linux

package server

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"

	"github.com/uringnet/uringnet"
)

// serveProxy passes requests on to the origin, over connections of the kind of server that is
// measured. There are as many of them as clients, so that none is closed between two requests.
func serveProxy(cfg Config, ln net.Listener) error {
	dial, err := dialer(cfg.Kind)
	if err != nil {
		return err
	}
	origin := &url.URL{Scheme: "http", Host: cfg.Origin}
	return http.Serve(ln, &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(origin) },
		Transport: &http.Transport{
			DialContext:         dial,
			MaxIdleConnsPerHost: cfg.Work.Conns,
			DisableCompression:  true, // the client asks for none
		},
	})
}

type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// dialer is what listen is to the other side.
func dialer(kind string) (dialFunc, error) {
	switch kind {
	case Net, Whole:
		return new(net.Dialer).DialContext, nil
	case Uringnet:
		return new(uringnet.Dialer).DialContext, nil
	}
	return nil, fmt.Errorf("no such kind of server: %q", kind)
}
