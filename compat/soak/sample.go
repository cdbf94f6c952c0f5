//go:build linux

package main

import (
	"fmt"
	"os"
	"runtime"
	runtimemetrics "runtime/metrics"
	"strconv"
	"strings"
	"time"
)

// metric is a number that is sampled, and how far it may grow.
type metric struct {
	name string
	unit string
	read func(*reading) float64

	// The margin is a part of the earlier maximum, and something on top.
	part float64
	plus float64
	// known is for numbers that others on the machine change too. They are drawn and not judged.
	known bool
}

const (
	mib     = 1 << 20
	inMiB   = "MiB"
	byCount = ""
)

var metrics = []metric{
	{name: "descriptors", unit: byCount, part: 0.10, plus: 16, read: func(r *reading) float64 { return r.descriptors }},
	{name: "goroutines", unit: byCount, part: 0.10, plus: 16, read: func(r *reading) float64 { return r.goroutines }},
	{name: "threads", unit: byCount, part: 0.10, plus: 8, read: func(r *reading) float64 { return r.threads }},
	{name: "resident memory", unit: inMiB, part: 0.10, plus: 16, read: func(r *reading) float64 { return r.resident / mib }},
	{name: "live heap", unit: inMiB, part: 0.15, plus: 4, read: func(r *reading) float64 { return r.heap / mib }},
	{name: "operations in flight", unit: byCount, part: 0.10, plus: 32, read: func(r *reading) float64 { return r.inFlight }},
	{name: "socket buffers of all processes", unit: inMiB, known: true, read: func(r *reading) float64 { return r.socketBuffers / mib }},
}

// reading is one look at the process.
type reading struct {
	descriptors, goroutines, threads, resident, heap, inFlight, socketBuffers float64
}

// look reads all numbers, after a garbage collection.
func look() (r reading, err error) {
	runtime.GC()
	r.heap = liveHeap()
	r.goroutines = float64(runtime.NumGoroutine())
	r.inFlight = float64(inFlight())
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return r, err
	}
	r.descriptors = float64(len(files))
	if r.threads, err = field("/proc/self/status", "Threads:"); err != nil {
		return r, err
	}
	if r.resident, err = field("/proc/self/status", "VmRSS:"); err != nil {
		return r, err
	}
	r.resident *= 1024 // of KiB
	if r.socketBuffers, err = field("/proc/net/sockstat", "mem"); err != nil {
		return r, err
	}
	r.socketBuffers *= float64(os.Getpagesize())
	return r, nil
}

// liveHeap is what the last garbage collection has found to be in use. What was allocated since
// does not count: on a busy machine that is some MiB before this is called.
func liveHeap() float64 {
	live := []runtimemetrics.Sample{{Name: "/gc/heap/live:bytes"}}
	runtimemetrics.Read(live)
	return float64(live[0].Value.Uint64())
}

// field returns the number after the first occurrence of a word in a file.
func field(file, word string) (float64, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	words := strings.Fields(string(text))
	for i, w := range words {
		if w == word && i+1 < len(words) {
			return strconv.ParseFloat(words[i+1], 64)
		}
	}
	return 0, fmt.Errorf("%s has no %s", file, word)
}

// samples holds, for each metric, its value in each second.
type samples [][]float64

// watch takes a sample each second.
func (s *soak) watch(length time.Duration) samples {
	out := make(samples, len(metrics))
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for end := time.Now().Add(length); time.Now().Before(end); {
		<-tick.C
		r, err := look()
		if err != nil {
			s.problem("a sample: %v", err)
			return out
		}
		for i, m := range metrics {
			out[i] = append(out[i], m.read(&r))
		}
	}
	return out
}
