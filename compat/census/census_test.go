//go:build linux

package census

import (
	"net"
	"os"
	"testing"
)

func TestWhatIsLeft(t *testing.T) {
	before := Take()
	if goroutines, files := Take().Since(before); len(goroutines)+len(files) != 0 {
		t.Errorf("nothing has come, but %v, %v", goroutines, files)
	}
	wait := make(chan struct{})
	go func() { <-wait }()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	if goroutines, files := Take().Since(before); len(goroutines) != 1 || len(files) != 2 {
		t.Errorf("a goroutine, a socket and a file are seen as %v, %v", goroutines, files)
	}
	close(wait)
	l.Close()
	f.Close()
	if goroutines, files := LeftSince(before); len(goroutines)+len(files) != 0 {
		t.Errorf("all is gone, but %v, %v", goroutines, files)
	}
}
