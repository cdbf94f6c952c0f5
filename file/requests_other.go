//go:build !linux

package file

import (
	"io/fs"
	"os"

	"github.com/uringnet/uringnet/internal/choice"
)

// Elsewhere than on Linux package os serves all files, and nothing below but open is called.

const directFlag = 0

func usable() (bool, error) { return false, choice.Chosen().Err }

func open(name string, flag int, perm fs.FileMode) (_ *os.File, _ kind, device uint64, err error) {
	if _, err := usable(); err != nil {
		return nil, byOS, 0, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	f, err := os.OpenFile(name, flag, perm)
	return f, byOS, 0, err
}

func readFile(name string) ([]byte, error) {
	if _, err := usable(); err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return os.ReadFile(name)
}

func outsideBubbles(func()) { panic(onlyLinux) }

type request struct{}

const onlyLinux = "uringnet: a request about a file on a system other than Linux"

func (*request) reset(uint64) bool                          { return false }
func (*request) interrupt()                                 { panic(onlyLinux) }
func (*request) interrupted() bool                          { panic(onlyLinux) }
func (*request) read(int, []byte, int64) (int, error)       { panic(onlyLinux) }
func cannotTell(int) bool                                   { panic(onlyLinux) }
func (*request) readCached(int, []byte, int64) (int, error) { panic(onlyLinux) }
func readPlain(int, []byte, int64) (int, error)             { panic(onlyLinux) }
func writePlain(int, []byte, int64) (int, error)            { panic(onlyLinux) }
func syncPlain(int, bool) error                             { panic(onlyLinux) }
func (*request) isInMemory(int, int64, int64) bool          { panic(onlyLinux) }
func setBlocking(uintptr)                                   { panic(onlyLinux) }

var errWouldWait, errCannotTell error
