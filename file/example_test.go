package file_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/uringnet/uringnet"
	"github.com/uringnet/uringnet/file"
	"github.com/uringnet/uringnet/file/httpdir"
)

// A parallel grep: as many files as there are goroutines are read at once, without a thread for
// each that waits for the disk.
func Example_grep() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for name, text := range map[string]string{"a": "hay", "b": "hay, a needle, hay", "c": ""} {
		if err := file.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			log.Fatal(err)
		}
	}

	names := make(chan string)
	var searchers sync.WaitGroup
	for range 16 * runtime.GOMAXPROCS(0) {
		searchers.Go(func() {
			for name := range names {
				data, err := file.ReadFile(name)
				if err != nil {
					log.Print(err)
				}
				if bytes.Contains(data, []byte("needle")) {
					fmt.Println(filepath.Base(name))
				}
			}
		})
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		log.Fatal(err)
	}
	for _, entry := range entries {
		names <- filepath.Join(dir, entry.Name())
	}
	close(names)
	searchers.Wait()
	// Output: b
}

// A file server: what is not in memory is read by requests, and sent by sendfile(2) then.
func Example_server() {
	l, err := uringnet.Listen("tcp", ":8080")
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.Serve(l, http.FileServer(httpdir.Dir("/var/www"))))
}

// A read that is given up: it returns when the kernel has let go of the memory.
func ExampleFile_ReadAtContext() {
	f, err := file.Open("/etc/hosts")
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	buf := make([]byte, 4)
	if _, err := f.ReadAtContext(ctx, buf, 1<<40); err != nil {
		fmt.Println(err)
	}
	// Output: EOF
}
