// Command types is a server that looks closely at its connections, as programs do that were written
// for package net and nothing else.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"runtime"
	"strings"
	"time"
)

func main() {
	l, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on", l.Addr())
	for {
		c, err := l.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go serve(c)
	}
}

func serve(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	for {
		if _, err := in.ReadString('\n'); err != nil {
			return
		}
		facts := look(c)
		line, err := json.Marshal(facts)
		if err != nil {
			log.Fatal(err)
		}
		// The answer goes by writev where the connection is one of package net.
		v := net.Buffers{line[:1], line[1:], []byte("\n")}
		if _, err := v.WriteTo(c); err != nil {
			return
		}
	}
}

func look(c net.Conn) map[string]string {
	facts := map[string]string{"Conn": fmt.Sprintf("%T", c)}
	tc, ok := c.(*net.TCPConn)
	if !ok {
		return facts
	}
	facts["Buffers"] = "ok"
	facts["Control"] = said(control(tc))
	facts["Deadline"] = said(deadline(tc))
	facts["File"] = said(file(tc))
	facts["Goroutines"] = said(goroutines())
	return facts
}

func said(err error) string {
	if err != nil {
		return err.Error()
	}
	return "ok"
}

func control(c *net.TCPConn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Control(func(fd uintptr) {})
}

// deadline makes sure that one which is over interrupts, and that the next call is as before.
func deadline(c *net.TCPConn) error {
	if err := c.SetReadDeadline(time.Unix(1, 0)); err != nil {
		return err
	}
	_, err := c.Read(make([]byte, 1))
	if e, ok := err.(net.Error); !ok || !e.Timeout() {
		return fmt.Errorf("a read after the deadline: %v", err)
	}
	return c.SetReadDeadline(time.Time{})
}

func file(c *net.TCPConn) error {
	f, err := c.File()
	if err != nil {
		return err
	}
	defer f.Close()
	other, err := net.FileConn(f)
	if err != nil {
		return err
	}
	defer other.Close()
	if _, ok := other.(*net.TCPConn); !ok {
		return fmt.Errorf("FileConn returns a %T", other)
	}
	_, err = io.WriteString(other, "")
	return err
}

// goroutines looks for those that uringnet has started, as leak detectors do.
func goroutines() error {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	if _, after, found := strings.Cut(string(stacks), "created by internal/uringnet/"); found {
		by, _, _ := strings.Cut(after, "\n")
		return fmt.Errorf("one was created by %s", by)
	}
	return nil
}
