package main

import (
	"bytes"
	"context"
	"expvar"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uringnet/uringnet"
)

// answering is a server that answers each request with the same text.
func answering(t *testing.T, status int, text string) (url string) {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, text)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// publishStats publishes the counters as the usage text of top says. An expvar stays for good.
var publishStats = sync.OnceFunc(func() {
	expvar.Publish("uringnet", expvar.Func(func() any { return uringnet.ReadStats() }))
})

// Of a program that publishes the counters by package expvar, top shows all of them, here of a
// server on uringnet.
func TestTopOfVariables(t *testing.T) {
	publishStats()
	ln, err := uringnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET "+varsPath, expvar.Handler())
	srv := &http.Server{Handler: mux}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	defer func() {
		srv.Close()
		if err := <-served; err != http.ErrServerClosed {
			t.Error(err)
		}
	}()

	got := runCommand(t, "top", "-n", "3", "-every", "1ms", ln.Addr().String())
	if got.code != exitOK || got.stderr != "" {
		t.Fatalf("exit code %d: %s", got.code, got.stderr)
	}
	if n := strings.Count(got.stdout, "http://"+ln.Addr().String()+varsPath); n != 3 {
		t.Errorf("there are %d looks, want 3:\n%s", n, got.stdout)
	}
	for _, want := range []string{"groups of Ps", "submissions", "receives in the poller", "sent to the kernel"} {
		if n := strings.Count(got.stdout, "\n"+want+" "); n != 3 {
			t.Errorf("%q is there %d times, want 3:\n%s", want, n, got.stdout)
		}
	}
	if strings.Contains(got.stdout, "\x1b") {
		t.Errorf("there are escape sequences, and no terminal: %q", got.stdout)
	}
}

// What metrics/expvars publishes has the backend too.
func TestTopShowsBackend(t *testing.T) {
	url := answering(t, http.StatusOK, `{"uringnet": {"backend": {"name": "poller", "reason": "so be it"}, "rings": [{"turns": 5}, {"turns": 7}]}}`)
	got := runCommand(t, "top", "-n", "1", url)
	for _, want := range []string{"backend poller (so be it)", "groups: 5, 7", " 12 "} {
		if got.code != exitOK || !strings.Contains(got.stdout, want) {
			t.Errorf("exit code %d, no %q in:\n%s%s", got.code, want, got.stdout, got.stderr)
		}
	}
	idle := answering(t, http.StatusOK, `{"uringnet": {"rings": null}}`) // nothing has waited yet
	if got := runCommand(t, "top", "-n", "1", idle); got.code != exitOK || !strings.Contains(got.stdout, "groups of Ps") {
		t.Errorf("before the first wait: exit code %d: %s%s", got.code, got.stdout, got.stderr)
	}
	renamed := answering(t, http.StatusOK, `{"mine": {"rings": [{"turns": 5}]}}`)
	if got := runCommand(t, "top", "-n", "1", "-var", "mine", renamed+"/anywhere"); got.code != exitOK {
		t.Errorf("a variable of another name: exit code %d: %s", got.code, got.stderr)
	}
}

func TestTopErrors(t *testing.T) {
	for _, test := range []struct {
		args string
		code int
		want string
	}{
		{"-h", exitOK, "usage: uringnet top"},
		{"", exitUsage, "there must be one process id or URL"},
		{"1 2", exitUsage, "there must be one process id or URL"},
		{"-n -1 1", exitUsage, "-n -1 is negative"},
		{"-every 0s 1", exitUsage, "-every 0s is not positive"},
		{"ftp://host/x", exitFailure, "neither a process id nor a URL"},
		{"127.0.0.1:0", exitFailure, "127.0.0.1:0: connect: "}, // no server can have port 0
		{answering(t, http.StatusNotFound, "{}"), exitFailure, "answers 404 Not Found"},
		{answering(t, http.StatusOK, "hello"), exitFailure, "not what package expvar publishes"},
		{answering(t, http.StatusOK, `{"cmdline": []}`), exitFailure, `has no variable "uringnet"`},
		{answering(t, http.StatusOK, `{"uringnet": {"turns": 1}}`), exitFailure, "it has no rings"},
		{answering(t, http.StatusOK, `{"uringnet": {"rings": 1}}`), exitFailure, "is not uringnet's"},
	} {
		got := runCommand(t, append([]string{"top"}, strings.Fields(test.args)...)...)
		if got.code != test.code || !strings.Contains(got.stdout+got.stderr, test.want) {
			t.Errorf("uringnet top %s: exit code %d, printed %q; want %d, %q", test.args, got.code, got.stdout+got.stderr, test.code, test.want)
		}
	}
}

// Whatever RingStats counts is shown, new fields too.
func TestTopShowsEachCounter(t *testing.T) {
	var r uringnet.RingStats
	fields := reflect.ValueOf(&r).Elem()
	for i := range fields.NumField() {
		fields.Field(i).SetUint(uint64(1000 + i))
	}
	shown := map[uint64]int{}
	for _, row := range rowsOf(uringnet.Stats{Rings: []uringnet.RingStats{r}}) {
		shown[row.value]++
	}
	for i := range fields.NumField() {
		if n := shown[uint64(1000+i)]; n != 1 {
			t.Errorf("%s is shown %d times, want once", fields.Type().Field(i).Name, n)
		}
	}
}

// The rate is that of the time between two looks, and of kinds that grow.
func TestTopRates(t *testing.T) {
	at := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	before := sample{at: at, rows: []row{
		{name: "turns", kind: counter, value: 100},
		{name: "submitted", kind: counter32, value: 1<<32 - 10},
		{name: "CPU time", kind: cpuTime, value: 1000},
		{name: "sockets", kind: gauge, value: 5},
		{name: "restarted", kind: counter, value: 50},
	}}
	now := sample{at: at.Add(2 * time.Second), rows: []row{
		{name: "turns", kind: counter, value: 350},
		{name: "submitted", kind: counter32, value: 10},
		{name: "CPU time", kind: cpuTime, value: 2500},
		{name: "sockets", kind: gauge, value: 9},
		{name: "restarted", kind: counter, value: 3},
		{name: "new", kind: counter, value: 7},
	}}
	want := map[string]string{
		"turns": "125", "submitted": "10", "CPU time": "75 %", "sockets": "", "restarted": "", "new": "",
	}
	for _, r := range now.rows {
		if got := r.rate(before, 2*time.Second); got != want[r.name] {
			t.Errorf("the rate of %s is %q, want %q", r.name, got, want[r.name])
		}
	}
	var plain, terminal bytes.Buffer
	(&screen{&plain, false}).show(now, before)
	(&screen{&terminal, true}).show(now, before)
	if !strings.Contains(plain.String(), "12:00:02") || !strings.Contains(plain.String(), " 350 ") || !strings.Contains(plain.String(), " 125\n") {
		t.Errorf("without a terminal it is shown as\n%s", &plain)
	}
	if first := (&screen{&bytes.Buffer{}, false}).show(before, sample{}); first != nil {
		t.Error(first)
	}
	erased := strings.ReplaceAll(plain.String(), "\n", eraseToLineEnd+"\n")
	if want := toFirstLine + erased + eraseBelow; terminal.String() != want {
		t.Errorf("on a terminal it is shown as %q, want %q", &terminal, want)
	}
}

func TestTopKnowsTerminals(t *testing.T) {
	device, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	file, err := os.Create(t.TempDir() + "/file")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if !isTerminal(device) || isTerminal(file) || isTerminal(new(bytes.Buffer)) {
		t.Errorf("terminals: a device %v, a file %v, a buffer %v; want true, false, false",
			isTerminal(device), isTerminal(file), isTerminal(new(bytes.Buffer)))
	}
}

// An interruption ends it without an error.
func TestTopInterrupted(t *testing.T) {
	url := answering(t, http.StatusOK, `{"uringnet": {"rings": [{"turns": 5}]}}`)
	ctx, cancel := context.WithCancel(t.Context())
	var out, stderr bytes.Buffer
	interrupt := writerFunc(func(p []byte) (int, error) {
		cancel()
		return out.Write(p)
	})
	if code := run(ctx, []string{"top", "-every", "1h", url}, interrupt, &stderr); code != exitOK || out.Len() == 0 {
		t.Errorf("exit code %d, printed %q, %q", code, &out, &stderr)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
