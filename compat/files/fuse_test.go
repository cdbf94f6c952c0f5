//go:build linux

package files

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/uringnet/uringnet/internal/testutil"
)

// slow is a file system with one file. Each read, write and sync of it tells the test that it is
// there, and waits to be answered.
type slow struct {
	fusefs.Inode

	openFlags uint32
	atMost    int // so many bytes a read brings

	arrived chan *held
	tracing bool // whether calls are held
}

// held is a call that waits in the file system.
type held struct {
	name string
	n    int
	off  int64

	interrupted <-chan struct{} // closed when the kernel wants it back
	answer      chan syscall.Errno
}

const fileSize = 1 << 20

// content is the byte at an offset of the file.
func content(at int64) byte { return byte(at) ^ byte(at>>8) ^ byte(at>>16) }

// mount mounts the file system, and returns it and the name of its file.
func mount(t *testing.T, s *slow) string {
	t.Helper()
	if f, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0); err != nil {
		t.Skip(err)
	} else {
		f.Close()
	}
	s.arrived = make(chan *held)
	dir := t.TempDir()
	options := &fusefs.Options{MountOptions: fuse.MountOptions{DirectMount: true, MaxBackground: 1000}}
	server, err := fusefs.Mount(dir, s, options)
	if errors.Is(err, fs.ErrPermission) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	// A process whose requests wait for itself could not end.
	watchdog := time.AfterFunc(testutil.Patience, func() { unix.Unmount(dir, unix.MNT_FORCE|unix.MNT_DETACH) })
	t.Cleanup(func() {
		watchdog.Stop()
		if err := server.Unmount(); err != nil {
			t.Error(err)
		}
	})
	return filepath.Join(dir, "file")
}

// OnAdd makes the file.
func (s *slow) OnAdd(ctx context.Context) {
	s.AddChild("file", s.NewPersistentInode(ctx, &node{s: s}, fusefs.StableAttr{Mode: fuse.S_IFREG}), false)
}

// node is the file.
type node struct {
	fusefs.Inode
	s *slow
}

var (
	_ fusefs.NodeOpener    = (*node)(nil)
	_ fusefs.NodeGetattrer = (*node)(nil)
	_ fusefs.NodeReader    = (*node)(nil)
	_ fusefs.NodeWriter    = (*node)(nil)
	_ fusefs.NodeFsyncer   = (*node)(nil)
)

func (f *node) Open(context.Context, uint32) (fusefs.FileHandle, uint32, syscall.Errno) {
	return nil, fuse.FOPEN_DIRECT_IO | f.s.openFlags, 0
}

func (f *node) Getattr(_ context.Context, _ fusefs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	out.Size, out.Mode = fileSize, 0o600
	return 0
}

// hold tells the test of a call, and returns what the test answers.
func (f *node) hold(ctx context.Context, name string, n int, off int64) syscall.Errno {
	if !f.s.tracing {
		return 0
	}
	h := &held{name, n, off, ctx.Done(), make(chan syscall.Errno)}
	f.s.arrived <- h
	return <-h.answer
}

func (f *node) Read(ctx context.Context, _ fusefs.FileHandle, p []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	if errno := f.hold(ctx, "read", len(p), off); errno != 0 {
		return nil, errno
	}
	n := max(0, min(int64(len(p)), fileSize-off))
	if f.s.atMost > 0 {
		n = min(n, int64(f.s.atMost))
	}
	p = p[:n]
	for i := range p {
		p[i] = content(off + int64(i))
	}
	return fuse.ReadResultData(p), 0
}

func (f *node) Write(ctx context.Context, _ fusefs.FileHandle, p []byte, off int64) (uint32, syscall.Errno) {
	return uint32(len(p)), f.hold(ctx, "write", len(p), off)
}

func (f *node) Fsync(ctx context.Context, _ fusefs.FileHandle, _ uint32) syscall.Errno {
	return f.hold(ctx, "sync", 0, 0)
}
