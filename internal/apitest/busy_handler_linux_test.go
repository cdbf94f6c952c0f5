package apitest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uringnet/uringnet"
)

// TestBusyHandler: a handler that computes after a Read does not keep others from their data, as
// with package net, where the runtime's monitor looks at its poller every 10 ms. The handler
// computes until another connection has been served.
//
// The subject is a process of its own that makes no system calls but ours meanwhile: others would
// wake the monitor.
func TestBusyHandler(t *testing.T) {
	skipIfChosen(t)
	for _, procs := range []string{"1", "2"} {
		for _, wait := range []string{"", "ring", "poller"} {
			env := []string{"GOMAXPROCS=" + procs, "URINGNET_WAIT=" + wait}
			if !t.Run(strings.Join(env, ","), func(t *testing.T) { busyHandlerWith(t, env) }) {
				return // a failure takes a minute
			}
		}
	}
}

func busyHandlerWith(t *testing.T, env []string) {
	begin(t)
	l := listen(t, onNet, "tcp")
	done := make(chan error, 1)
	go func() { done <- driveBusy(l) }()
	defer func() { // also if the child fails
		l.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	child(t, "busy", append(env, busyAddress+"="+l.Addr().String())...)
}

const (
	busyRounds  = 20
	busyAddress = "URINGNET_TEST_ADDRESS"
)

func init() { children["busy"] = busyChild }

// driveBusy has the first connection's handler compute, and the second one's served meanwhile.
func driveBusy(l net.Listener) error {
	var conns [2]net.Conn
	for i := range conns {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		defer c.Close()
		conns[i] = c
	}
	busy, other := conns[0], conns[1]
	for round := range busyRounds {
		// The monitor looks every 10 ms, and falls asleep if all is idle then: before some of the
		// rounds it does, before others it has a timer.
		if err := silent(other, time.Duration(2*round)*time.Millisecond); err != nil {
			return fmt.Errorf("before round %d: %w", round, err)
		}
		for i, step := range []func() error{
			func() error { return sendByte(busy) },
			func() error { return receiveByte(busy) }, // it computes now
			func() error { return sendByte(other) },
			func() error { return receiveByte(other) },
			func() error { return receiveByte(busy) },
		} {
			if err := step(); err != nil {
				return fmt.Errorf("round %d, step %d: %w", round, i, err)
			}
		}
	}
	return nil
}

// silent reads until a deadline: the subject says nothing unasked.
func silent(c net.Conn, length time.Duration) error {
	if err := c.SetReadDeadline(time.Now().Add(length)); err != nil {
		return err
	}
	if n, err := c.Read(make([]byte, 1)); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("Read = %d, %v, want a timeout", n, err)
	}
	return c.SetReadDeadline(time.Time{})
}

func sendByte(c net.Conn) error {
	_, err := c.Write([]byte{'x'})
	return err
}

func receiveByte(c net.Conn) error {
	_, err := io.ReadFull(c, make([]byte, 1))
	return err
}

func busyChild() error {
	var conns [2]net.Conn
	for i := range conns {
		c, err := uringnet.Dial("tcp", os.Getenv(busyAddress))
		if err != nil {
			return err
		}
		defer c.Close()
		conns[i] = c
	}
	var served atomic.Int64
	errs := make(chan error, len(conns))
	go func() { errs <- busyHandler(conns[0], &served) }()
	go func() { errs <- otherHandler(conns[1], &served) }()
	return errors.Join(<-errs, <-errs)
}

func busyHandler(c net.Conn, served *atomic.Int64) error {
	for round := range int64(busyRounds) {
		if err := errors.Join(receiveByte(c), sendByte(c)); err != nil {
			return err
		}
		for served.Load() == round {
		}
		if err := sendByte(c); err != nil {
			return err
		}
	}
	return nil
}

func otherHandler(c net.Conn, served *atomic.Int64) error {
	for range busyRounds {
		if err := receiveByte(c); err != nil {
			return err
		}
		served.Add(1)
		if err := sendByte(c); err != nil {
			return err
		}
	}
	return nil
}
