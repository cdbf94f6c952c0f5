package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/uringnet/uringnet"
)

const serveUsage = `usage: uringnet serve [flags]

Serves HTTP: a short text at /, and with -dir the files of a folder below it. With -echo it is a TCP echo
server instead. The first line of output tells the backend, why it was chosen, and the address. SIGINT
or SIGTERM lets requests in progress finish and ends it with exit code 0.
`

// farewell is how long requests in progress have to finish once the server shall stop.
const farewell = 5 * time.Second

// server is what runs behind the listener.
type server interface {
	// Serve returns when the listener is closed or fails.
	Serve(net.Listener) error
	// Shutdown closes the listener and waits for what is in progress, until ctx ends.
	Shutdown(context.Context) error
	// Close drops what is in progress.
	Close() error
}

func serve(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	fs := newFlags("serve", serveUsage, stderr)
	addr := fs.String("addr", "127.0.0.1:8080", "`address` to listen on; port 0 chooses a free one")
	dir := fs.String("dir", "", "`folder` whose files are served")
	echo := fs.Bool("echo", false, "serve a TCP echo instead of HTTP")
	onNet := fs.Bool("net", false, "run the same on package net, to compare")
	if code, ok := parse(fs, args); !ok {
		return code
	}
	if *echo && *dir != "" {
		return wrongUsage(fs, "-echo and -dir exclude each other: an echo server serves no files")
	}
	if err := checkFolder(*dir); err != nil {
		fmt.Fprintf(stderr, "uringnet serve: -dir: %v\n", err)
		return exitFailure
	}
	srv, scheme := server(&http.Server{Handler: handler(*dir)}), "http"
	if *echo {
		srv, scheme = &echoServer{}, "tcp"
	}
	if err := listenAndServe(ctx, srv, *onNet, scheme, *addr, stdout); err != nil {
		fmt.Fprintf(stderr, "uringnet serve: %v\n", err)
		return exitFailure
	}
	return exitOK
}

func checkFolder(dir string) error {
	if dir == "" {
		return nil
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a folder", dir)
	}
	return nil
}

func listenAndServe(ctx context.Context, srv server, onNet bool, scheme, addr string, stdout io.Writer) error {
	ln, backend, err := listen(onNet, addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "backend %s; listening on %s://%s\n", backend, scheme, ln.Addr())

	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	bye, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	if err := srv.Shutdown(bye); err != nil {
		if err := srv.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("closing: %w", err)
		}
	}
	fmt.Fprintln(stdout, "stopped")
	return nil
}

func listen(onNet bool, addr string) (net.Listener, uringnet.BackendInfo, error) {
	if onNet {
		ln, err := net.Listen("tcp", addr)
		return ln, uringnet.BackendInfo{Name: "net", Reason: "asked for by -net"}, err
	}
	ln, err := uringnet.Listen("tcp", addr)
	return ln, uringnet.Backend(), err
}

func handler(dir string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", hello)
	if dir != "" {
		mux.Handle("GET /", http.FileServer(http.Dir(dir)))
	}
	return mux
}

func hello(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, "hello from uringnet\n")
}
