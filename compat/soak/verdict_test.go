//go:build linux

package main

import (
	"encoding/xml"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// noisy are two minutes of a number that goes up and down, and grows by a part of itself in all.
func noisy(growth float64) (values []float64) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 120 {
		values = append(values, 500*(1+growth*float64(n)/120)*(0.9+0.2*r.Float64()))
	}
	return values
}

func TestVerdict(t *testing.T) {
	for _, m := range metrics {
		if m.known {
			continue
		}
		if v := m.judge(noisy(0)); !v.flat {
			t.Errorf("noise: %v", v)
		}
		if v := m.judge(noisy(2)); v.flat {
			t.Errorf("a leak: %v", v)
		}
		warm := noisy(0)
		for n := range 40 {
			warm[n] *= float64(n) / 40
		}
		if v := m.judge(warm); !v.flat {
			t.Errorf("warming up: %v", v)
		}
		if v := m.judge(nil); v.flat {
			t.Errorf("no samples: %v", v)
		}
	}
}

func TestChart(t *testing.T) {
	all := make(samples, len(metrics))
	for i := range all {
		all[i] = noisy(0)
	}
	file := filepath.Join(t.TempDir(), "soak.svg")
	if err := draw(file, all); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tokens := 0
	for d := xml.NewDecoder(f); ; tokens++ {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the chart is no XML: %v", err)
		}
	}
	if tokens < 100 {
		t.Errorf("the chart has %d tokens only", tokens)
	}
}

// TestSampling sees that each number is read.
func TestSampling(t *testing.T) {
	r, err := look()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range metrics {
		if v := m.read(&r); v <= 0 && m.name != "operations in flight" && !m.known {
			t.Errorf("%s is %v", m.name, v)
		}
	}
}

// TestTasksCheckBytes has a server that changes one byte.
func TestTasksCheckBytes(t *testing.T) {
	s := newSoak()
	want := fresh(1000)
	got := append([]byte{}, want...)
	if err := s.compare(got, want); err != nil {
		t.Error(err)
	}
	got[500]++
	if err := s.compare(got, want); err == nil {
		t.Error("a wrong byte was not seen")
	}
	if err := s.compare(got[:999], want); err == nil {
		t.Error("a missing byte was not seen")
	}
}
