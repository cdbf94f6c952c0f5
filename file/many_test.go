//go:build linux

package file

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// Ten thousand files may be open at once, and all may have reads under way that wait.
func TestManyFiles(t *testing.T) {
	count := 10_000
	if testing.Short() {
		count = 1000
	}
	var limit unix.Rlimit
	must(unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	raised := limit
	raised.Cur = max(limit.Cur, uint64(count)+100)
	raised.Max = max(limit.Max, raised.Cur)
	if unix.Setrlimit(unix.RLIMIT_NOFILE, &raised) != nil {
		raised = limit
		raised.Cur = limit.Max
		must(unix.Setrlimit(unix.RLIMIT_NOFILE, &raised))
		count = min(count, int(limit.Max)-100)
	}
	t.Cleanup(func() { must(unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)) })
	forbidPlainReads(t)
	dir := t.TempDir()
	files := make([]*File, count)
	for i := range files {
		f, err := OpenFile(filepath.Join(dir, strconv.Itoa(i)), os.O_RDWR|os.O_CREATE, 0o600)
		must(err)
		defer f.Close()
		files[i] = f
	}
	atOnce(count, func(i int) {
		want, got := []byte(strconv.Itoa(i)), make([]byte, 10)
		if n, err := files[i].Write(want); n != len(want) || err != nil {
			t.Errorf("Write to file %d: %d, %v", i, n, err)
		}
		chill(files[i].Name())
		if n, _ := files[i].ReadAt(got, 0); !bytes.Equal(got[:n], want) {
			t.Errorf("file %d has %q", i, got[:n])
		}
	})
}
