package bench

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/uringnet/uringnet/internal/bench/server"
)

func TestParseOptions(t *testing.T) {
	o, err := ParseOptions(strings.Fields("-cells echo64/64,http/16,churn -servers net,uringnet -rounds 7 -seconds 0.25 -warmup 0.5 "+
		"-pin 0:1-2 -gomaxprocs 3 -depth 4 -json a.json -plot b.svg -format summary -v -from x.json,y.json -from z.json"), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	want := Options{
		Cells: o.Cells, Servers: []Spec{{Name: "net", Kind: "net"}, {Name: "uringnet", Kind: "uringnet"}},
		Rounds: 7, Window: 250 * time.Millisecond, Warmup: time.Second / 2,
		Pin: Pin{Server: []int{0}, Client: []int{1, 2}}, GOMAXPROCS: 3, Depth: 4,
		JSON: "a.json", Plot: "b.svg", Format: Summary, Verbose: true, From: []string{"x.json", "y.json", "z.json"},
	}
	if diff := cmp.Diff(want, o); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
	var depths []int
	for _, c := range o.Cells {
		depths = append(depths, c.Work.Depth)
	}
	if diff := cmp.Diff([]int{4, 4, 1}, depths); diff != "" { // a churn connection has one message
		t.Errorf("depths (-want +got):\n%s", diff)
	}
}

func TestParseOptionsDefaults(t *testing.T) {
	o, err := ParseOptions(nil, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	var servers []string
	for _, s := range o.Servers {
		servers = append(servers, s.Name)
	}
	if got := strings.Join(servers, " "); got != "net uringnet iouring-go epoll" || len(o.Cells) != 39 || o.Format != Text {
		t.Errorf("servers %s, %d cells, format %s", got, len(o.Cells), o.Format)
	}
	// "bench -cells echo64 -rounds 5" is promised to end within two minutes; a third is for
	// starting processes.
	const cells, limit = 5, 2 * time.Minute
	if length := time.Duration(cells*5*len(o.Servers)) * (o.Window + o.Warmup); length > limit*2/3 {
		t.Errorf("echo64 with five rounds would measure for %v", length)
	}
}

func TestParseOptionsOfArrivals(t *testing.T) {
	o, err := ParseOptions(strings.Fields("-cells echo64/64,open-echo64,burn5ms/8@10% -rate 5000 -burst 10ms/90ms -priority"), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range o.Cells {
		got = append(got, fmt.Sprintf("%s %g %v/%v", c.Name, c.Work.Rate, c.Work.Burst.On, c.Work.Burst.Off))
	}
	want := []string{"echo64/64 0 0s/0s", "open-echo64/1000@5000 5000 10ms/90ms", "burn5ms/8@5000 5000 10ms/90ms"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("cells (-want +got):\n%s", diff)
	}
	if !o.Priority {
		t.Error("-priority is not taken")
	}
}

func TestParseOptionsErrors(t *testing.T) {
	for args, want := range map[string]string{
		"-cells nonsense":         `no cell is called "nonsense"`,
		"-servers net,apache":     `no server is called "apache"`,
		"-servers net,net":        `"net" is there twice`,
		"-servers net:GOGC":       "KEY=VALUE",
		"-pin 0":                  "a colon",
		"-pin 0:x":                "not a list of CPUs",
		"-pin 3-1:0":              "not a list of CPUs",
		"-rounds 0":               "at least 1",
		"-seconds 0":              "want 0.001 to 60",
		"-seconds 61":             "want 0.001 to 60",
		"-warmup -1":              "want 0 to 60",
		"-gomaxprocs -2":          "positive",
		"-depth 0":                "want 1 to 1024",
		"-rate -1":                "more than 0",
		"-burst 10ms":             "a slash",
		"-rate 5 -cells echo64":   "none was chosen",
		"-from a.json,":           "a name is empty",
		"-format html":            "want text, markdown or summary",
		"more":                    `unexpected argument "more"`,
		"-colour":                 "not defined",
		"-cells echo64 -rounds x": "invalid value",
	} {
		var stderr bytes.Buffer
		_, err := ParseOptions(strings.Fields(args), &stderr)
		if err == nil || !strings.Contains(stderr.String(), want) {
			t.Errorf("%s: error %v, told %q; want %q", args, err, stderr.String(), want)
		}
	}
}

func TestParseOptionsHelp(t *testing.T) {
	var stderr bytes.Buffer
	_, err := ParseOptions([]string{"-h"}, &stderr)
	if !errors.Is(err, flag.ErrHelp) {
		t.Errorf("error %v, want %v", err, flag.ErrHelp)
	}
	for _, want := range []string{"usage: uringnet bench", "echo64/4096", "-pin", "open-http/1000@30%,"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("the usage text lacks %q:\n%s", want, &stderr)
		}
	}
}

func TestParseSpecs(t *testing.T) {
	specs, err := ParseSpecs("net, uringnet@/tmp/old:URINGNET=off;GOGC=400,epoll", server.Kinds())
	want := []Spec{
		{Name: "net", Kind: "net"},
		{Name: "uringnet@/tmp/old:URINGNET=off;GOGC=400", Kind: "uringnet", Binary: "/tmp/old", Env: []string{"URINGNET=off", "GOGC=400"}},
		{Name: "epoll", Kind: "epoll"},
	}
	if diff := cmp.Diff(want, specs); diff != "" || err != nil {
		t.Errorf("error %v; servers (-want +got):\n%s", err, diff)
	}
}
