//go:build linux

package server

import (
	"context"
	"fmt"
	"io"

	"github.com/cloudwego/netpoll"
	"github.com/lesismal/nbio"
	nbiolog "github.com/lesismal/nbio/logging"
	"github.com/panjf2000/gnet/v2"
	gnetlog "github.com/panjf2000/gnet/v2/pkg/logging"
	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/compat/bench/cells"
)

// peers are echo servers on event loops that others wrote. Each has as many loops as it chooses by
// itself; only gnet, which would have one, is told to have one for each CPU. It tells where it
// listens and of what module it is, and serves until in ends.
var peers = map[string]func(in io.Reader, ready func(addr, module string) error) error{
	cells.Gnet:    serveGnet,
	cells.Nbio:    serveNbio,
	cells.Netpoll: serveNetpoll,
}

// gnetEcho answers the events of gnet.
type gnetEcho struct {
	gnet.BuiltinEventEngine
	booted chan gnet.Engine
}

func (g *gnetEcho) OnBoot(e gnet.Engine) gnet.Action {
	g.booted <- e
	return gnet.None
}

func (g *gnetEcho) OnTraffic(c gnet.Conn) gnet.Action {
	b, err := c.Next(-1) // all that is there
	if err == nil {
		_, err = c.Write(b)
	}
	if err != nil {
		return gnet.Close
	}
	return gnet.None
}

func serveGnet(in io.Reader, ready func(addr, module string) error) error {
	g := &gnetEcho{booted: make(chan gnet.Engine, 1)}
	failed := make(chan error, 1)
	go func() {
		failed <- gnet.Run(g, "tcp://"+anyPort, gnet.WithMulticore(true), gnet.WithLogLevel(gnetlog.ErrorLevel))
	}()
	var engine gnet.Engine
	select {
	case err := <-failed:
		return err
	case engine = <-g.booted:
	}
	addr, err := gnetAddr(engine)
	if err != nil {
		return err
	}
	if err := ready(addr, "github.com/panjf2000/gnet/v2"); err != nil {
		return err
	}
	return untilEnd(in, failed)
}

// gnetAddr asks the listener's descriptor, since gnet tells the address that it was given.
func gnetAddr(e gnet.Engine) (string, error) {
	fd, err := e.Dup()
	if err != nil {
		return "", err
	}
	defer unix.Close(fd)
	bound, err := unix.Getsockname(fd)
	if err != nil {
		return "", fmt.Errorf("getsockname: %w", err)
	}
	v4, ok := bound.(*unix.SockaddrInet4)
	if !ok {
		return "", fmt.Errorf("gnet listens on a %T", bound)
	}
	return fmt.Sprintf("127.0.0.1:%d", v4.Port), nil
}

// untilEnd waits for the end of in, or for a server to fail.
func untilEnd(in io.Reader, failed <-chan error) error {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		io.Copy(io.Discard, in)
	}()
	select {
	case err := <-failed:
		if err == nil {
			err = errStopped
		}
		return err
	case <-ended:
		return nil
	}
}

func serveNbio(in io.Reader, ready func(addr, module string) error) error {
	nbiolog.SetLevel(nbiolog.LevelError)
	engine := nbio.NewEngine(nbio.Config{Network: "tcp", Addrs: []string{anyPort}})
	engine.OnData(func(c *nbio.Conn, b []byte) {
		if _, err := c.Write(b); err != nil {
			c.Close()
		}
	})
	if err := engine.Start(); err != nil {
		return err
	}
	if err := ready(engine.Addrs[0], "github.com/lesismal/nbio"); err != nil {
		return err
	}
	return untilEnd(in, nil)
}

func serveNetpoll(in io.Reader, ready func(addr, module string) error) error {
	ln, err := netpoll.CreateListener("tcp", anyPort)
	if err != nil {
		return err
	}
	loop, err := netpoll.NewEventLoop(func(_ context.Context, c netpoll.Connection) error {
		b, err := c.Reader().Next(c.Reader().Len())
		if err != nil {
			return err
		}
		if _, err := c.Writer().WriteBinary(b); err != nil {
			return err
		}
		if err := c.Writer().Flush(); err != nil {
			return err
		}
		return c.Reader().Release()
	})
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- loop.Serve(ln) }()
	if err := ready(ln.Addr().String(), "github.com/cloudwego/netpoll"); err != nil {
		return err
	}
	return untilEnd(in, failed)
}
