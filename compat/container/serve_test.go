//go:build linux

package container

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/uringnet/uringnet"
)

func init() { children["serve"] = serve }

// serve prints the backend, makes round trips over HTTP on uringnet, one connection at a time, and
// prints "served".
func serve() error {
	if err := json.NewEncoder(os.Stdout).Encode(uringnet.Backend()); err != nil {
		return err
	}
	if err := roundTrips(connections()); err != nil {
		return err
	}
	_, err := fmt.Println("served")
	return err
}

// connections is 1 where descriptors are scarce, since a server may close its end of a connection
// any time later.
func connections() int {
	if os.Getenv(fileEnv) != "" {
		return 1
	}
	return 3
}

// roundTrips ends at the first error of the server, too: without file descriptors it would try
// again for ever.
func roundTrips(connections int) error {
	l, err := uringnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	errs := make(chan error, 3)
	srv := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			w.Write(body)
		}),
		ErrorLog: log.New(complaints(errs), "", 0),
	}
	go func() {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			errs <- err
		}
	}()
	go func() {
		for range connections {
			if err := roundTrip(l.Addr().String()); err != nil {
				errs <- err
			}
		}
		errs <- srv.Shutdown(context.Background())
	}()
	return <-errs
}

// complaints turns what a server logs into errors.
type complaints chan<- error

func (c complaints) Write(text []byte) (int, error) {
	select {
	case c <- errors.New(string(text)):
	default: // one is enough
	}
	return len(text), nil
}

// roundTrip posts twice over one connection.
func roundTrip(address string) error {
	tr := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return uringnet.DialContext(ctx, network, address)
	}}
	defer tr.CloseIdleConnections()
	body := strings.Repeat("hello ", 20000)
	for range 2 {
		resp, err := (&http.Client{Transport: tr}).Post("http://server/", "text/plain", strings.NewReader(body))
		if err != nil {
			return err
		}
		got, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || string(got) != body {
			return fmt.Errorf("%d of %d bytes came back: %v", len(got), len(body), err)
		}
	}
	return nil
}
