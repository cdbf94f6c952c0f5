//go:build linux

package load

import (
	"strings"
	"testing"

	"github.com/uringnet/uringnet/internal/bench/workload"
)

func TestCheckEcho(t *testing.T) {
	p := echoProtocol(workload.Workload{Kind: workload.Tail, Size: 64})
	good := append(append([]byte{}, p.plain...), p.plain...)
	for _, test := range []struct {
		name  string
		b     []byte
		got   int
		burns bool
		ok    bool
	}{
		{"two whole", good, 0, false, true},
		{"the rest of one and another", good[10:], 10, false, true},
		{"one byte", good[63:64], 63, false, true},
		{"shifted", good[1:], 0, false, false},
		{"a byte lost in between", append(append([]byte{}, good[:63]...), good[64:]...), 0, false, false},
		{"somebody else's", good, 0, true, false},
		{"of a burning handler", p.burn, 0, true, true},
	} {
		if err := p.check(test.b, test.got, test.burns); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

const response = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

func TestCheckHTTP(t *testing.T) {
	p := httpProtocol("/")
	if err := p.prime(strings.NewReader(response)); err != nil {
		t.Fatal(err)
	}
	if p.answer != len(response) {
		t.Fatalf("an answer has %d bytes, want %d", p.answer, len(response))
	}
	for _, test := range []struct {
		name string
		b    string
		got  int
		ok   bool
	}{
		{"two", response + response, 0, true},
		{"the rest of one", response[20:], 20, true},
		{"cut in the status line", response + response[:9], 0, true},
		{"an error", "HTTP/1.1 500 Internal Server Error\r\n\r\n", 0, false},
		{"one too long", response + "!" + response, 0, false},
	} {
		if err := p.check([]byte(test.b), test.got, false); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestPrimeErrors(t *testing.T) {
	for answer, want := range map[string]string{
		"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n": "404",
		"HTTP/1.1 200 OK\r\n\r\nhello":                        "content length -1",
		"nonsense":                                            "reading an HTTP response",
	} {
		if err := httpProtocol("/").prime(strings.NewReader(answer)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", answer, err, want)
		}
	}
	p := echoProtocol(workload.Workload{Kind: workload.Echo, Size: 4})
	if err := p.prime(strings.NewReader("nope")); err == nil {
		t.Error("a wrong echo is accepted")
	}
}

func TestRunRefusesOtherMachines(t *testing.T) {
	for _, addr := range []string{"192.0.2.1:80", "[::1]:80", "localhost:80", "127.0.0.1"} {
		cfg := Config{Addr: addr, Work: workload.Workload{Kind: workload.Echo, Conns: 1, Size: 64, Depth: 1}}
		if _, err := Run(cfg); err == nil || !strings.Contains(err.Error(), "loopback") {
			t.Errorf("%s: error %v, want one about loopback addresses", addr, err)
		}
	}
}
