package compat

import (
	"net"
	"reflect"
	"strings"
	"testing"

	"github.com/uringnet/uringnet"
)

// replaced pairs each type of package net with the type that takes its place.
var replaced = map[reflect.Type]reflect.Type{
	reflect.TypeFor[*net.TCPConn]():      reflect.TypeFor[*uringnet.TCPConn](),
	reflect.TypeFor[*net.UnixConn]():     reflect.TypeFor[*uringnet.UnixConn](),
	reflect.TypeFor[*net.TCPListener]():  reflect.TypeFor[*uringnet.TCPListener](),
	reflect.TypeFor[*net.UnixListener](): reflect.TypeFor[*uringnet.UnixListener](),
	reflect.TypeFor[*net.Dialer]():       reflect.TypeFor[*uringnet.Dialer](),
	reflect.TypeFor[*net.ListenConfig](): reflect.TypeFor[*uringnet.ListenConfig](),
}

// additions are exported methods of uringnet's types that package net's do not have.
var additions = map[string]bool{
	"*uringnet.TCPConn.Writev":        true, // vectored writes: net.Buffers knows only net's own types
	"*uringnet.TCPConn.WriteBuffers":  true,
	"*uringnet.UnixConn.Writev":       true,
	"*uringnet.UnixConn.WriteBuffers": true,
}

// TestMethodSets fails when a release of Go adds a method to one of package net's types, or changes
// one.
func TestMethodSets(t *testing.T) {
	for theirs, ours := range replaced {
		for i := range theirs.NumMethod() {
			want := theirs.Method(i)
			got, ok := ours.MethodByName(want.Name)
			if !ok {
				t.Errorf("%v lacks the method %s of %v", ours, want.Name, theirs)
			} else if why := differs(want.Type, got.Type); why != "" {
				t.Errorf("(%v).%s: %s\n  net:      %v\n  uringnet: %v", ours, want.Name, why, want.Type, got.Type)
			}
		}
		for i := range ours.NumMethod() {
			name := ours.Method(i).Name
			if _, ok := theirs.MethodByName(name); !ok && !additions[ours.String()+"."+name] {
				t.Errorf("(%v).%s is neither a method of %v nor a listed addition", ours, name, theirs)
			}
		}
	}
}

// TestFields checks that the configurations have net's fields: they must convert.
func TestFields(t *testing.T) {
	for theirs, ours := range replaced {
		if name := theirs.Elem().Name(); name != "Dialer" && name != "ListenConfig" {
			continue
		}
		if !theirs.Elem().ConvertibleTo(ours.Elem()) {
			t.Errorf("%v does not convert to %v", theirs.Elem(), ours.Elem())
		}
	}
}

// TestFunctions compares the package's functions.
func TestFunctions(t *testing.T) {
	functions := map[string][2]any{
		"Dial":         {net.Dial, uringnet.Dial},
		"DialTimeout":  {net.DialTimeout, uringnet.DialTimeout},
		"DialTCP":      {net.DialTCP, uringnet.DialTCP},
		"DialUnix":     {net.DialUnix, uringnet.DialUnix},
		"Listen":       {net.Listen, uringnet.Listen},
		"ListenTCP":    {net.ListenTCP, uringnet.ListenTCP},
		"ListenUnix":   {net.ListenUnix, uringnet.ListenUnix},
		"FileConn":     {net.FileConn, uringnet.FileConn},
		"FileListener": {net.FileListener, uringnet.FileListener},
	}
	for name, f := range functions {
		want, got := reflect.TypeOf(f[0]), reflect.TypeOf(f[1])
		if why := differs(want, got); why != "" {
			t.Errorf("%s: %s\n  net:      %v\n  uringnet: %v", name, why, want, got)
		}
	}
}

// differs compares two function types, with net's types replaced by uringnet's: AcceptTCP returns
// a *uringnet.TCPConn. It returns what is different, or "".
func differs(want, got reflect.Type) string {
	if want.NumIn() != got.NumIn() || want.NumOut() != got.NumOut() || want.IsVariadic() != got.IsVariadic() {
		return "other number of parameters or results"
	}
	var why []string
	check := func(kind string, want, got reflect.Type) {
		if r, ok := replaced[want]; ok {
			want = r
		}
		if want != got {
			why = append(why, kind+" "+got.String()+", want "+want.String())
		}
	}
	for i := range want.NumIn() {
		check("parameter", want.In(i), got.In(i))
	}
	for i := range want.NumOut() {
		check("result", want.Out(i), got.Out(i))
	}
	return strings.Join(why, "; ")
}

func TestDiffersSeesDifferences(t *testing.T) {
	accept := func(*net.TCPListener) (*net.TCPConn, error) { return nil, nil }
	for _, other := range []any{
		func(*uringnet.TCPListener) (*net.TCPConn, error) { return nil, nil },
		func(*uringnet.TCPListener) *uringnet.TCPConn { return nil },
		func(*uringnet.UnixListener) (*uringnet.TCPConn, error) { return nil, nil },
	} {
		if differs(reflect.TypeOf(accept), reflect.TypeOf(other)) == "" {
			t.Errorf("%T passes for %T", other, accept)
		}
	}
	same := func(*uringnet.TCPListener) (*uringnet.TCPConn, error) { return nil, nil }
	if why := differs(reflect.TypeOf(accept), reflect.TypeOf(same)); why != "" {
		t.Error(why)
	}
}
