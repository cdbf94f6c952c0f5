//go:build ignore

// Load makes keep-alive connections to an HTTP server on package net and checks every response.
//
//	go run .ci/load.go -conns 64 -seconds 3 -body 'hello from uringnet' http://127.0.0.1:8080/
//
// The exit code is 1 if a request fails or an answer is wrong.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

func main() {
	conns := flag.Int("conns", 1, "`number` of connections")
	seconds := flag.Float64("seconds", 0, "how long, in `seconds`; 0 means one request on each connection")
	body := flag.String("body", "", "what the body must be, without white space around it")
	flag.Parse()
	transport := &http.Transport{MaxIdleConnsPerHost: *conns, MaxConnsPerHost: *conns}
	client := &http.Client{Transport: transport, Timeout: time.Minute}
	end := time.Now().Add(time.Duration(*seconds * float64(time.Second)))
	var requests atomic.Int64
	errs := make(chan error, *conns)
	var workers sync.WaitGroup
	for range *conns {
		workers.Go(func() {
			for {
				if err := get(client, flag.Arg(0), *body); err != nil {
					errs <- err
					return
				}
				requests.Add(1)
				if !time.Now().Before(end) {
					return
				}
			}
		})
	}
	workers.Wait()
	transport.CloseIdleConnections()
	fmt.Printf("%d requests on %d connections, %d of them failed\n", requests.Load(), *conns, len(errs))
	if len(errs) > 0 {
		fmt.Fprintln(os.Stderr, "the first error:", <-errs)
		os.Exit(1)
	}
}

func get(client *http.Client, url, want string) error {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return err
	case resp.StatusCode != http.StatusOK:
		return errors.New("status " + resp.Status)
	case strings.TrimSpace(string(body)) != want:
		return fmt.Errorf("the body is %q, want %q", body, want)
	}
	return nil
}
