//go:build linux

package socket

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uringnet/uringnet/internal/testutil"
)

// borrowedListener returns a listener of TCP whose descriptor the test owns, and its address.
func borrowedListener(t *testing.T) (*Borrowed, string) {
	t.Helper()
	needScheduler(t)
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	f, err := ln.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fd, err := dupCloseOnExec(int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	unix.SetNonblock(fd, true)
	b, err := Borrow(fd, "tcp")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeBorrowed(t, b) })
	return b, ln.Addr().String()
}

func closeBorrowed(t *testing.T, b *Borrowed) {
	t.Helper()
	b.Evict()
	b.Release()
	if err := b.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// acceptBorrowed makes a connection and accepts it.
func acceptBorrowed(t *testing.T, l *Borrowed, addr string) (b *Borrowed, peer net.Conn) {
	t.Helper()
	peer, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { peer.Close() })
	var rsa syscall.RawSockaddrAny
	fd, errno := l.Accept(&rsa)
	if errno != 0 {
		t.Fatal(errno)
	}
	if rsa.Addr.Family != unix.AF_INET {
		t.Errorf("the peer's address is of family %d", rsa.Addr.Family)
	}
	if b, err = Borrow(fd, "tcp"); err != nil {
		t.Fatal(err)
	}
	return b, peer
}

func TestBorrowedAccept(t *testing.T) {
	l, addr := borrowedListener(t)
	if _, errno := l.Accept(new(syscall.RawSockaddrAny)); errno != syscall.EAGAIN {
		t.Errorf("nobody has connected, but Accept says %v", errno)
	}
	b, peer := acceptBorrowed(t, l, addr)
	if errno := b.SetsockoptInt(unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 77); errno != 0 {
		t.Fatal(errno)
	}
	if idle, err := unix.GetsockoptInt(b.fd, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE); idle != 77 || err != nil {
		t.Errorf("TCP_KEEPIDLE is %d, %v", idle, err)
	}
	if errno := b.SetsockoptInt(unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, -1); errno != syscall.EINVAL {
		t.Errorf("an impossible option: %v", errno)
	}
	closeBorrowed(t, b)
	if n, err := peer.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("the peer of a closed socket reads %d, %v", n, err)
	}
}

// An Accept that waits in the kernel, because somebody has made the listener blocking, keeps nobody
// else from running.
func TestBorrowedAcceptBlocks(t *testing.T) {
	l, addr := borrowedListener(t)
	l.Share()
	unix.SetNonblock(l.fd, false)
	accepted, tid := make(chan int), make(chan int)
	go func() {
		runtime.LockOSThread()
		tid <- unix.Gettid()
		fd, _ := l.Accept(new(syscall.RawSockaddrAny))
		accepted <- fd
	}()
	thread := <-tid
	testutil.Eventually(t, "accept4 to wait in the kernel", func() bool {
		call, _ := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/syscall", thread))
		return strings.HasPrefix(string(call), fmt.Sprint(unix.SYS_ACCEPT4, " "))
	})
	collected := make(chan bool)
	go func() {
		runtime.GC() // stops all Ps
		close(collected)
	}()
	select {
	case <-collected:
	case <-time.After(10 * time.Second):
		t.Error("Accept holds a P")
	}
	peer, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	unix.Close(<-accepted)
}

func TestBorrowedLingers(t *testing.T) {
	l, addr := borrowedListener(t)
	b, _ := acceptBorrowed(t, l, addr)
	defer closeBorrowed(t, b)
	if lingers(b.fd) {
		t.Error("a new socket lingers")
	}
	if err := unix.SetsockoptLinger(b.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1, Linger: 1}); err != nil {
		t.Fatal(err)
	}
	if !lingers(b.fd) || !lingers(-1) {
		t.Error("a socket with SO_LINGER, or none, is said not to linger")
	}
}
