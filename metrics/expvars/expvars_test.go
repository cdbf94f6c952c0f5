package expvars_test

import (
	"encoding/json"
	"expvar"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"reflect"
	"sync"
	"testing"

	"github.com/uringnet/uringnet"
	"github.com/uringnet/uringnet/metrics/expvars"
)

// publish publishes the variable once in the life of the process, which is all that expvar allows.
var publish = sync.OnceFunc(expvars.Publish)

// The variable is among the others at /debug/vars, for whoever reads them.
func ExamplePublish() {
	publish() // a program calls expvars.Publish, once

	srv := httptest.NewServer(expvar.Handler()) // or that of http.DefaultServeMux, at /debug/vars
	defer srv.Close()
	resp, err := http.Get(srv.URL)
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	var vars struct {
		Uringnet expvars.Value
	}
	if err := json.NewDecoder(resp.Body).Decode(&vars); err != nil {
		log.Fatal(err)
	}
	fmt.Println(vars.Uringnet.Backend == uringnet.Backend(), vars.Uringnet.Total.InFlight)
	// Output:
	// true 0
}

// Each counter is there under the name that uringnet gives it, and shows what is so now.
func TestVariableMoves(t *testing.T) {
	publish()
	if uringnet.Backend().Name == "net" {
		t.Skip("package net serves here, of which nothing is counted:", uringnet.Backend())
	}
	ln, err := uringnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: expvar.Handler()}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	defer func() {
		srv.Close()
		if err := <-served; err != http.ErrServerClosed {
			t.Error(err)
		}
	}()
	url := "http://" + ln.Addr().String()

	// A receive counts as a wait only if the request was not there already. Each look is another
	// chance, and the time limit of the tests ends it.
	waits := func() float64 {
		total := variable(t, url)["total"].(map[string]any)
		return total["watched"].(float64) + total["cqes"].(float64) + total["turns"].(float64)
	}
	before := waits()
	for waits() == before {
	}

	v := variable(t, url)
	total := v["total"].(map[string]any)
	for field := range reflect.TypeFor[uringnet.RingStats]().Fields() {
		if _, ok := total[field.Tag.Get("json")]; !ok {
			t.Errorf("%s is missing in %v", field.Name, total)
		}
	}
	if rings, ok := v["rings"].([]any); !ok || len(rings) == 0 {
		t.Errorf("the groups are %v", v["rings"])
	}
}

func variable(t *testing.T, url string) map[string]any {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var vars map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&vars); err != nil {
		t.Fatal(err)
	}
	v, ok := vars[expvars.Name].(map[string]any)
	if !ok {
		t.Fatalf("there is no variable %s", expvars.Name)
	}
	return v
}
