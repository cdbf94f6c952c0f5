//go:build linux

package server

import (
	"errors"
	"fmt"
	"io"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/bench/rawio"
	"github.com/uringnet/uringnet/internal/bench/workload"
)

// eventLoop is the ceiling: one thread that does nothing but epoll_wait, read and write.
type eventLoop struct {
	work   workload.Workload
	ep     int
	listen int
	conns  map[int32]*eventConn
	buf    []byte
}

type eventConn struct {
	unsent []byte // what the socket would not take yet
	match  int    // bytes of the blank line that ends a request seen so far
}

// stdinID and listenID stand among the descriptors of connections.
const (
	stdinID  = -1
	listenID = -2
)

func serveEpoll(w workload.Workload, out io.Writer) error {
	runtime.LockOSThread()
	l := &eventLoop{work: w, conns: map[int32]*eventConn{}, buf: make([]byte, 64<<10)}
	addr, err := l.open()
	if err != nil {
		return err
	}
	if err := ready(out, addr, "epoll"); err != nil {
		return err
	}
	return l.run()
}

func (l *eventLoop) open() (addr string, err error) {
	if l.ep, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return "", fmt.Errorf("epoll_create: %w", err)
	}
	if err := rawio.Watch(l.ep, 0, unix.EPOLLIN, stdinID); err != nil {
		return "", err
	}
	l.listen, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return "", fmt.Errorf("socket: %w", err)
	}
	// Accepted sockets inherit this option.
	if err := unix.SetsockoptInt(l.listen, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return "", fmt.Errorf("setsockopt: %w", err)
	}
	if err := unix.Bind(l.listen, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return "", fmt.Errorf("bind: %w", err)
	}
	const backlog = 4096
	if err := unix.Listen(l.listen, backlog); err != nil {
		return "", fmt.Errorf("listen: %w", err)
	}
	bound, err := unix.Getsockname(l.listen)
	if err != nil {
		return "", fmt.Errorf("getsockname: %w", err)
	}
	addr = fmt.Sprintf("127.0.0.1:%d", bound.(*unix.SockaddrInet4).Port)
	return addr, rawio.Watch(l.ep, l.listen, unix.EPOLLIN, listenID)
}

func (l *eventLoop) run() error {
	var events [256]unix.EpollEvent
	for {
		n, err := rawio.EpollWait(l.ep, events[:], -1)
		if err != nil {
			return fmt.Errorf("epoll_wait: %w", err)
		}
		for i := range events[:n] {
			ev := &events[i]
			switch ev.Fd {
			case stdinID:
				return nil
			case listenID:
				err = l.accept()
			default:
				l.ready(ev)
			}
			if err != nil {
				return err
			}
		}
	}
}

func (l *eventLoop) accept() error {
	fd, _, err := unix.Accept4(l.listen, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.ECONNABORTED) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("accept: %w", err)
	}
	l.conns[int32(fd)] = &eventConn{}
	return rawio.Watch(l.ep, fd, unix.EPOLLIN, int32(fd))
}

func (l *eventLoop) ready(ev *unix.EpollEvent) {
	fd := int(ev.Fd)
	c := l.conns[ev.Fd]
	if ev.Events&unix.EPOLLOUT != 0 {
		// While something is unsent nothing is read, so that it cannot grow.
		l.send(fd, c, c.unsent)
		return
	}
	n, err := rawio.Read(fd, l.buf)
	if err == unix.EAGAIN {
		return
	}
	if err != nil || n == 0 {
		l.drop(fd)
		return
	}
	if answer := l.answer(c, l.buf[:n]); len(answer) > 0 {
		l.send(fd, c, answer)
	}
}

func (l *eventLoop) answer(c *eventConn, b []byte) []byte {
	switch l.work.Kind {
	case workload.HTTP:
		return httpAnswer(c, b)
	case workload.Tail:
		if b[0] == workload.BurnByte {
			workload.Burn(l.work.BurnLoops)
		}
	}
	return b
}

func (l *eventLoop) send(fd int, c *eventConn, b []byte) {
	n, err := rawio.Write(fd, b)
	if err != nil && err != unix.EAGAIN {
		l.drop(fd)
		return
	}
	had := len(c.unsent) > 0
	c.unsent = append([]byte(nil), b[n:]...)
	events := uint32(unix.EPOLLIN)
	if len(c.unsent) > 0 {
		events = unix.EPOLLOUT
	}
	if had != (len(c.unsent) > 0) {
		if err := rawio.Rewatch(l.ep, fd, events, int32(fd)); err != nil {
			l.drop(fd)
		}
	}
}

func (l *eventLoop) drop(fd int) {
	delete(l.conns, int32(fd))
	rawio.Close(fd)
}

const blankLine = "\r\n\r\n"

var httpHello = fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nDate: Sat, 22 Nov 2025 20:00:00 GMT\r\nContent-Length: %d\r\n"+
	"Content-Type: text/plain; charset=utf-8\r\n\r\n%s", len(helloText), helloText)

// httpAnswer answers each blank line: requests without a body, whose headers nobody reads.
func httpAnswer(c *eventConn, b []byte) (answer []byte) {
	for _, ch := range b {
		switch {
		case ch == blankLine[c.match]:
			c.match++
		case ch == blankLine[0]:
			c.match = 1
		default:
			c.match = 0
		}
		if c.match < len(blankLine) {
			continue
		}
		c.match = 0
		if answer == nil {
			answer = httpHello
			continue
		}
		answer = append(answer[:len(answer):len(answer)], httpHello...)
	}
	return answer
}
