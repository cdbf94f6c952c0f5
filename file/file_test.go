package file_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/uringnet/uringnet/file"
)

// content is n bytes of which each page is different.
func content(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i) ^ byte(i>>8) ^ byte(i>>16)
	}
	return b
}

func written(t *testing.T, data []byte) (name string) {
	t.Helper()
	name = filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func opened(t *testing.T, name string, flag int) *file.File {
	t.Helper()
	f, err := file.OpenFile(name, flag, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestReadToTheEnd(t *testing.T) {
	want := content(300_000)
	f := opened(t, written(t, want), os.O_RDONLY)
	got, err := io.ReadAll(f)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	if n, err := f.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("at the end: %d, %v", n, err)
	}
	buf := make([]byte, 1000)
	if n, err := f.ReadAt(buf, 299_500); n != 500 || err != io.EOF || !bytes.Equal(buf[:n], want[299_500:]) {
		t.Errorf("over the end: %d, %v", n, err)
	}
}

func TestReadFile(t *testing.T) {
	for _, size := range []int{0, 1, 511, 512, 513, 4096, 1 << 20} {
		want := content(size)
		got, err := file.ReadFile(written(t, want))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("of %d bytes: %d bytes, %v", size, len(got), err)
		}
	}
	for _, name := range []string{"/proc/self/status", "/sys/kernel/mm/transparent_hugepage/enabled"} {
		want, err := os.ReadFile(name)
		if err != nil {
			continue // on another system
		}
		if got, err := file.ReadFile(name); err != nil || len(got) == 0 || got[0] != want[0] {
			t.Errorf("%s: %d bytes of %d, %v", name, len(got), len(want), err)
		}
	}
	_, want := os.ReadFile("no such file")
	if _, err := file.ReadFile("no such file"); err == nil || err.Error() != want.Error() || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want %v", err, want)
	}
}

func TestWriteFile(t *testing.T) {
	name := written(t, content(10_000))
	if err := file.WriteFile(name, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(name); string(got) != "short" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestDirFS(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "d/b", "d/e/c"} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), content(5000), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := fstest.TestFS(file.DirFS(dir), "a", "d/b", "d/e/c"); err != nil {
		t.Error(err)
	}
}
