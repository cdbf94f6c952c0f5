//go:build linux

package main

import (
	"strings"
	"testing"
)

func TestOutcomes(t *testing.T) {
	plain, isBuilt := readOutcomes(`go: downloading example.com/m v1.0.0
{"Action":"run","Package":"m","Test":"TestA"}
{"Action":"pass","Package":"m","Test":"TestA"}
{"Action":"fail","Package":"m","Test":"TestB"}
{"Action":"pass","Package":"m","Test":"TestC"}
{"Action":"fail","Package":"m"}
`)
	if len(plain.of) != 4 || !isBuilt {
		t.Errorf("got %v, %v", plain.of, isBuilt)
	}
	if err := plain.worse(plain); err != nil {
		t.Errorf("worse than itself: %v", err)
	}
	whole, _ := readOutcomes(`{"Action":"output","Package":"m","Test":"TestA","Output":"no luck\n"}
{"Action":"fail","Package":"m","Test":"TestA"}
`)
	err := plain.worse(whole)
	if err == nil {
		t.Fatal("nothing is worse")
	}
	for want, isThere := range map[string]bool{"m TestA: \"fail\"": true, "no luck": true, "m TestB": false, "m TestC: \"\"": true} {
		if strings.Contains(err.Error(), want) != isThere {
			t.Errorf("it says %q, which has %q: %v", err, want, !isThere)
		}
	}
	if _, isBuilt := readOutcomes(`{"ImportPath":"m","Action":"build-fail"}`); isBuilt {
		t.Error("what cannot be built counts as built")
	}
}
