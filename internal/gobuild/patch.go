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
// and writes asks that one first. All other calls of an FD wait by the pollDesc, and stay as they
// are: writev, sendfile, splice, messages, raw access, accept and connect.
var stdPatches = map[string][]Patch{
	"internal/poll/fd_unix.go": {
		before("\terr := fd.pd.init(fd)\n", `	if done, err := fd.pd.borrow(fd.Sysfd, net); done {
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
	},
	"internal/poll/fd_poll_runtime.go": {
		after("type pollDesc struct {\n", "\tborrowed   Borrowed // in the place of runtimeCtx, or nil\n"),
		after("func (pd *pollDesc) close() {\n", `	if b := pd.borrowed; b != nil {
		b.Release()
		pd.borrowed = nil
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
