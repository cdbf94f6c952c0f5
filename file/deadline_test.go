package file_test

import (
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/uringnet/uringnet/file"
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

func TestDeadlines(t *testing.T) {
	f := opened(t, written(t, content(10)), os.O_RDONLY)
	read := func() error {
		_, err := f.ReadAt(make([]byte, 1), 0)
		return err
	}
	if err := f.SetReadDeadline(time.Now().Add(time.Millisecond)); errors.Is(err, os.ErrNoDeadline) {
		t.Skip("package os serves files here")
	}
	for deadline := time.Now().Add(10 * time.Second); !errors.Is(read(), os.ErrDeadlineExceeded); {
		if time.Now().After(deadline) {
			t.Fatal("it does not pass")
		}
		time.Sleep(time.Millisecond)
	}
	f.SetReadDeadline(time.Now().Add(time.Millisecond))
	f.SetReadDeadline(time.Time{})
	time.Sleep(20 * time.Millisecond)
	if err := read(); err != nil {
		t.Errorf("of a deadline that was cleared: %v", err)
	}
}
