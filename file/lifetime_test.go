package file_test

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/uringnet/uringnet/file"
	"github.com/uringnet/uringnet/internal/testutil"
)

// TestDeadlineOfABubble closes a file outside of the bubble where its deadline was set.
func TestDeadlineOfABubble(t *testing.T) {
	name := written(t, content(10))
	var f *file.File
	synctest.Test(t, func(t *testing.T) {
		var err error
		if f, err = file.Open(name); err != nil {
			t.Fatal(err)
		}
		if err := f.SetDeadline(time.Now().Add(time.Hour)); err != nil && !errors.Is(err, os.ErrNoDeadline) {
			t.Fatal(err)
		}
	})
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

// A deadline that has not come yet keeps no file open that the program has lost.
func TestLostFileWithDeadline(t *testing.T) {
	name := written(t, []byte("x"))
	lose := func() int {
		f, err := file.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.SetDeadline(time.Now().Add(time.Hour)); err != nil && !errors.Is(err, os.ErrNoDeadline) {
			t.Fatal(err)
		}
		return int(f.Fd())
	}
	fd := lose()
	open := func() bool {
		target, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
		return target == name
	}
	if !testutil.Poll(func() bool { runtime.GC(); return !open() }) {
		t.Error("it is still open")
	}
}
