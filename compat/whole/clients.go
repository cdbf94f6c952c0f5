//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

const (
	clients  = 16 // at once
	requests = 50 // of each
)

// crowd runs clients at once, each of which asks some times, and returns how many were answered.
// connect returns what asks once.
func crowd(connect func() (ask func(i int) error, closer io.Closer, err error)) (int, error) {
	errs := make([]error, clients)
	var all sync.WaitGroup
	for c := range clients {
		all.Go(func() {
			ask, closer, err := connect()
			if err != nil {
				errs[c] = err
				return
			}
			defer closer.Close()
			for i := 0; i < requests && errs[c] == nil; i++ {
				errs[c] = ask(c*requests + i)
			}
		})
	}
	all.Wait()
	return clients * requests, errors.Join(errs...)
}

// talk is a client of lines: it greets once, and then asks.
func talk(addr string, greet func(c *conversation) error, ask func(c *conversation, i int) error) (int, error) {
	return crowd(func() (func(int) error, io.Closer, error) {
		c, err := dial(addr)
		if err != nil {
			return nil, nil, err
		}
		if err := greet(c); err != nil {
			return nil, nil, errors.Join(err, c.Close())
		}
		return func(i int) error { return ask(c, i) }, c, nil
	})
}

func noGreeting(*conversation) error { return nil }

func askRedis(addr string) (int, error) {
	return talk(addr, noGreeting, func(c *conversation, i int) error {
		key := fmt.Sprintf("k%06d", i)
		text := "*3\r\n$3\r\nSET\r\n$7\r\n" + key + "\r\n$7\r\n" + key + "\r\n*2\r\n$3\r\nGET\r\n$7\r\n" + key + "\r\n"
		return errors.Join(c.say(text), c.expect("+OK"), c.expect("$7"), c.expect(key))
	})
}

func askNATS(addr string) (int, error) {
	greet := func(c *conversation) error {
		return errors.Join(c.expect("INFO"), c.say("CONNECT {\"verbose\":false}\r\n"))
	}
	return talk(addr, greet, func(c *conversation, i int) error {
		text := fmt.Sprintf("SUB whole.%d 1\r\nPUB whole.%d 5\r\nhello\r\nUNSUB 1\r\n", i, i)
		return errors.Join(c.say(text), c.expect(fmt.Sprintf("MSG whole.%d 1 5", i)), c.expect("hello"))
	})
}

// types is what the program of the same name says of a connection that it has accepted.
type types struct {
	Conn, Buffers, Control, Deadline, File, Goroutines string
}

func askTypes(addr string) (int, error) {
	return talk(addr, noGreeting, func(c *conversation, _ int) error {
		if err := c.say("types\n"); err != nil {
			return err
		}
		line, err := c.in.ReadBytes('\n')
		if err != nil {
			return err
		}
		var got types
		if err := json.Unmarshal(line, &got); err != nil {
			return fmt.Errorf("%w: %q", err, line)
		}
		if want := (types{"*net.TCPConn", "ok", "ok", "ok", "ok", "ok"}); got != want {
			return fmt.Errorf("got %+v, want %+v", got, want)
		}
		return nil
	})
}

// askHTTP gets a page, which must contain a text.
func askHTTP(path, want string) func(addr string) (int, error) {
	return func(addr string) (int, error) {
		return overHTTP(func(client *http.Client, _ int) error {
			resp, err := client.Get("http://" + addr + path)
			return checkResponse(resp, err, want)
		})
	}
}

func overHTTP(ask func(client *http.Client, i int) error) (int, error) {
	return crowd(func() (func(int) error, io.Closer, error) {
		transport := &http.Transport{}
		client := &http.Client{Transport: transport, Timeout: patience}
		return func(i int) error { return ask(client, i) }, idleCloser{transport}, nil
	})
}

type idleCloser struct{ t *http.Transport }

func (c idleCloser) Close() error {
	c.t.CloseIdleConnections()
	return nil
}

func checkResponse(resp *http.Response, err error, want string) error {
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && (resp.StatusCode != http.StatusOK || !strings.Contains(string(body), want)) {
		err = fmt.Errorf("%s: %q, want %q", resp.Status, body, want)
	}
	return err
}

// askEtcd puts and gets by the gateway, which is a gRPC client of the server itself.
func askEtcd(addr string) (int, error) {
	return overHTTP(func(client *http.Client, i int) error {
		key := fmt.Sprintf("%016d", i) // which is base64 too
		post := func(call, body, want string) error {
			resp, err := client.Post("http://"+addr+"/v3/kv/"+call, "application/json", strings.NewReader(body))
			return checkResponse(resp, err, want)
		}
		return errors.Join(post("put", `{"key":"`+key+`","value":"`+key+`"}`, "revision"),
			post("range", `{"key":"`+key+`"}`, `"value":"`+key))
	})
}

func askDNS(addr string) (int, error) {
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", addr)
	}}
	return crowd(func() (func(int) error, io.Closer, error) {
		return func(int) error {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			got, err := resolver.LookupNetIP(ctx, "ip4", dnsName)
			if err == nil && (len(got) != 1 || got[0].String() != dnsAddress) {
				err = fmt.Errorf("got %v, want %s", got, dnsAddress)
			}
			return err
		}, io.NopCloser(nil), nil
	})
}

// askGRPC calls the example's greeter. Its messages have one string each, as a StringValue has.
func askGRPC(addr string) (int, error) {
	return crowd(func() (func(int) error, io.Closer, error) {
		c, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			return nil, nil, err
		}
		return func(i int) error {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			name, reply := fmt.Sprint("n", i), new(wrapperspb.StringValue)
			err := c.Invoke(ctx, "/helloworld.Greeter/SayHello", wrapperspb.String(name), reply)
			if err == nil && reply.Value != "Hello "+name {
				err = fmt.Errorf("got %q", reply.Value)
			}
			return err
		}, c, nil
	})
}
