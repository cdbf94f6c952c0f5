package uringnet_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"time"

	"github.com/uringnet/uringnet"
)

// An http.Server takes the listener as it takes one of package net.
func Example_httpServer() {
	ln, err := uringnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello from %s", r.URL.Path)
	})}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()

	resp, err := http.Get("http://" + ln.Addr().String() + "/here")
	if err != nil {
		log.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		log.Fatal(err)
	}
	resp.Body.Close()
	fmt.Println(resp.Status)
	fmt.Printf("%s\n", body)

	http.DefaultClient.CloseIdleConnections()
	if err := srv.Shutdown(context.Background()); err != nil {
		log.Fatal(err)
	}
	fmt.Println(<-served)
	// Output:
	// 200 OK
	// hello from /here
	// http: Server closed
}

// TLS, and HTTP/2 in it, run over the connections unchanged. In a program of its own this is
// http.ServeTLS(ln, handler, certFile, keyFile); here httptest brings the certificate.
func Example_tls() {
	ln, err := uringnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello over %s", r.Proto)
	}))
	srv.Listener.Close()
	srv.Listener = ln
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()

	client := srv.Client() // trusts the certificate
	client.Transport.(*http.Transport).DialContext = uringnet.DialContext
	resp, err := client.Get(srv.URL)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", body)
	// Output:
	// hello over HTTP/2.0
}

// A server written by hand: a goroutine per connection that reads and writes.
func Example_echo() {
	ln, err := uringnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c, err := ln.Accept()
		if err != nil {
			log.Print(err)
			return
		}
		defer c.Close()
		if _, err := io.Copy(c, c); err != nil {
			log.Print(err)
		}
	}()

	c, err := uringnet.Dial("tcp", ln.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		log.Fatal(err)
	}
	fmt.Fprintln(c, "one line")
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(line)

	c.Close()
	<-ended
	ln.Close()
	// Output:
	// one line
}

// An http.Transport dials through a Dialer, which has the fields of net.Dialer.
func ExampleDialer() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "hello")
	}))
	defer srv.Close()

	dialer := &uringnet.Dialer{Timeout: 10 * time.Second}
	transport := &http.Transport{DialContext: dialer.DialContext}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	resp, err := client.Get(srv.URL)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", body)
	// Output:
	// hello
}

// NewListener takes over a listener that something else has made. The *net.TCPListener is closed by
// that.
func ExampleNewListener() {
	inherited, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	ln, err := uringnet.NewListener(inherited)
	if err != nil {
		log.Fatal(err)
	}
	defer ln.Close()
	fmt.Printf("%T at the same address: %t\n", ln, ln.Addr().String() == inherited.Addr().String())
	// Output:
	// *uringnet.TCPListener at the same address: true
}

// Backend says what the sockets run on. Where io_uring cannot be had, the reason says what is in
// the way.
func ExampleBackend() {
	b := uringnet.Backend()
	log.Printf("sockets run on %s", b) // such as: io_uring (Linux 6.18.44 has all that is needed)
	fmt.Println(slices.Contains([]string{"io_uring", "poller", "net"}, b.Name), b.Reason != "")
	// Output:
	// true true
}
