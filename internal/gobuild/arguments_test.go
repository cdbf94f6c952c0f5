package gobuild

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

func TestArguments(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"build ./cmd/s", "build MARK ./cmd/s"},
		{"build -o s -tags a,b -race ./cmd/s", "build -tags=a,b,uringnet_whole -o s -race ./cmd/s"},
		{"-C dir build -v", "-C dir build MARK -v"},
		{"build -C dir -v", "-C dir build MARK -v"},
		{"run -race ./s -tags x", "run MARK -race ./s -tags x"},
		{"run --tags x ./s -tags y", "run -tags=x,uringnet_whole ./s -tags y"},
		{"test ./... -run X -tags a -args -tags b", "test -tags=a,uringnet_whole ./... -run X -args -tags b"},
		{"install m@latest", "install MARK m@latest"},
		{"vet", "vet MARK"},
	} {
		a, err := parseArguments(strings.Fields(tt.in))
		if err != nil {
			t.Errorf("%s: %v", tt.in, err)
			continue
		}
		want := strings.Fields(strings.Replace(tt.want, "MARK", "-tags=uringnet_whole", 1))
		if got := a.all("-tags=" + withMark(a.tags)); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", tt.in, got, want)
		}
	}
}

func TestArgumentsThatMakeNoSense(t *testing.T) {
	for _, in := range []string{"", "-C dir", "mod tidy", "version"} {
		if _, _, err := Prepare(strings.Fields(in), io.Discard); !errors.Is(err, ErrUsage) || !strings.Contains(err.Error(), "build") {
			t.Errorf("uringnet go %s: %v, want an error that names the commands", in, err)
		}
	}
}

// What GOFLAGS says holds where the arguments say nothing.
func TestFlagsOfTheEnvironment(t *testing.T) {
	a := arguments{tags: "mine", hasTags: true}
	a.addDefaults([]string{"-tags=theirs", "-overlay=/x.json", "-compiler=gccgo"})
	if a.tags != "mine" || a.overlay != "/x.json" || a.compiler != "gccgo" {
		t.Errorf("got %+v", a)
	}
	a = arguments{}
	a.addDefaults([]string{"-mod=mod", "-tags=theirs"})
	if got := withMark(a.tags); got != "theirs,uringnet_whole" {
		t.Errorf("tags %q", got)
	}
}

func TestQuotedFlags(t *testing.T) {
	for text, want := range map[string][]string{
		"":                               nil,
		" -a  -b=c ":                     {"-a", "-b=c"},
		`'-ldflags=-s -w' "-tags=a 'b"`:  {"-ldflags=-s -w", "-tags=a 'b"},
		`-gcflags=all=-N '-ldflags=a "'`: {"-gcflags=all=-N", `-ldflags=a "`},
	} {
		got, err := splitQuoted(text)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("splitQuoted(%q) = %q, %v; want %q", text, got, err, want)
		}
		if again, err := splitQuoted(joinQuoted(got)); err != nil || !slices.Equal(again, want) {
			t.Errorf("joined and split again %q is %q, %v", text, again, err)
		}
	}
	if _, err := splitQuoted("'-a"); err == nil {
		t.Error("a quote that is not closed is no error")
	}
}
