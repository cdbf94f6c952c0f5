package gobuild

import (
	"fmt"
	"strings"
)

// Patch is a text, which must occur exactly once, and what replaces it: a release of Go that moves
// the place fails loudly.
type Patch [2]string

// Apply applies patches one after the other.
func Apply(text string, patches []Patch) (string, error) {
	for _, p := range patches {
		if n := strings.Count(text, p[0]); n != 1 {
			return "", fmt.Errorf("expected this text once, found it %d times:\n%s", n, p[0])
		}
		text = strings.Replace(text, p[0], p[1], 1)
	}
	return text, nil
}

// after is a patch that adds text after another one.
func after(anchor, text string) Patch { return Patch{anchor, anchor + text} }

// before is a patch that adds text before another one.
func before(anchor, text string) Patch { return Patch{anchor, text + anchor} }

// stdPatches change files of the standard library, by their paths in GOROOT/src. A pollDesc, the
// place of a descriptor in the runtime's poller, may have a Borrowed in its stead; and what reads
// and writes asks that one first, and so do accept, close, and options with a number. All other
// calls of an FD wait by the pollDesc, and stay as they are: writev, sendfile, splice, messages,
// raw access and connect. What gives the descriptor away says so.
var stdPatches = map[string][]Patch{
	"internal/poll/fd_unix.go": {
		before("\terr := fd.pd.init(fd)\n", `	if done, err := fd.borrow(net); done {
		return err
	}
`),
		after(`func (fd *FD) Read(p []byte) (int, error) {
	if err := fd.readLock(); err != nil {
		return 0, err
	}
	defer fd.readUnlock()
`, `	if b := fd.pd.borrowed; b != nil {
		return b.Read(p)
	}
`),
		after(`func (fd *FD) Write(p []byte) (int, error) {
	if err := fd.writeLock(); err != nil {
		return 0, err
	}
	defer fd.writeUnlock()
`, `	if b := fd.pd.borrowed; b != nil {
		return b.Write(p)
	}
`),
		after("\tpd pollDesc\n", "\n\tshared atomic.Bool // somebody else may have Sysfd\n"),
		{"accept(fd.Sysfd)", "fd.accept()"},
		{"fd.SysFile.destroy(fd.Sysfd)", "fd.closeSysfd()"},
		before("\treturn DupCloseOnExec(fd.Sysfd)\n", "\tfd.Share()\n"),
		after(`func (fd *FD) RawRead(f func(uintptr) bool) error {
	if err := fd.readLock(); err != nil {
		return err
	}
	defer fd.readUnlock()
`, "\tfd.Share()\n"),
		after(`func (fd *FD) RawWrite(f func(uintptr) bool) error {
	if err := fd.writeLock(); err != nil {
		return err
	}
	defer fd.writeUnlock()
`, "\tfd.Share()\n"),
	},
	"internal/poll/fd_posix.go": {before("\tf(uintptr(fd.Sysfd))\n", "\tfd.Share()\n")},
	"internal/poll/sockopt.go": {
		before("\treturn syscall.SetsockoptInt(fd.Sysfd, level, name, arg)\n", `	if b := fd.pd.borrowed; b != nil {
		if errno := b.SetsockoptInt(level, name, arg); errno != 0 {
			return errno
		}
		return nil
	}
`),
	},
	"syscall/syscall_linux.go": {before("func anyToSockaddr(", "//go:linkname anyToSockaddr\n")},
	"net/file_posix.go":        {before("\tif err := fd.init(); err != nil {\n", "\tfd.pfd.Share()\n")},
	"internal/poll/fd_poll_runtime.go": {
		after("type pollDesc struct {\n", "\tborrowed   Borrowed // in the place of runtimeCtx, or nil\n"),
		after("func (pd *pollDesc) close() {\n", `	if b := pd.borrowed; b != nil {
		b.Release()
		return
	}
`),
		after("func (pd *pollDesc) evict() {\n", `	if b := pd.borrowed; b != nil {
		b.Evict()
		return
	}
`),
		after("func (pd *pollDesc) prepare(mode int, isFile bool) error {\n", `	if b := pd.borrowed; b != nil {
		return b.Prepare(mode)
	}
`),
		after("func (pd *pollDesc) wait(mode int, isFile bool) error {\n", `	if b := pd.borrowed; b != nil {
		return b.Wait(mode)
	}
`),
		{"\treturn pd.runtimeCtx != 0\n", "\treturn pd.borrowed != nil || pd.runtimeCtx != 0\n"},
		before("\tif fd.pd.runtimeCtx == 0 {\n\t\treturn ErrNoDeadline\n", `	if b := fd.pd.borrowed; b != nil {
		return b.SetDeadline(t, mode)
	}
`),
	},
}
