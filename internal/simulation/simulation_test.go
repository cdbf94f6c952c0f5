//go:build linux

package simulation

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/uringnet/uringnet/internal/sched"
)

var (
	oneSeed   = flag.Int64("seed", -1, "simulate this seed only, and print what happens")
	manySeeds = flag.Uint64("seeds", 2000, "how many seeds to simulate")
	firstSeed = flag.Uint64("first", 0, "the first of them")
)

// TestMain leaves one P to all goroutines, and so the choice of what runs next to the seed.
func TestMain(m *testing.M) {
	flag.Parse()
	if !sched.Linked {
		fmt.Println("the runtime is out of reach: nothing of what is simulated is used")
		return
	}
	runtime.GOMAXPROCS(1)
	os.Exit(m.Run())
}

// Whatever the kernel does, connections keep their promises.
func TestSimulation(t *testing.T) { simulate(t, newPlan) }

func simulate(t *testing.T, newPlan func(seed uint64) plan) {
	// The garbage collector would run goroutines of its own between ours. run collects.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	if *oneSeed >= 0 {
		if w := run(newPlan(uint64(*oneSeed)), true); w.problem != "" {
			fail(t, uint64(*oneSeed), w)
		} else {
			t.Logf("seed %d:\n%v%s", *oneSeed, w.plan, strings.Join(w.trace, "\n"))
		}
		return
	}
	begin := time.Now()
	for seed := *firstSeed; seed < *firstSeed+*manySeeds; seed++ {
		if w := run(newPlan(seed), false); w.problem != "" {
			t.Logf("found by seed %d, after %d seeds", seed, seed-*firstSeed+1)
			fail(t, seed, w)
			return
		}
	}
	t.Logf("%d seeds in %v", *manySeeds, time.Since(begin).Round(time.Millisecond))
}

// fail reports what is wrong with a seed, by the shortest script that has it.
func fail(t *testing.T, seed uint64, w *world) {
	t.Helper()
	short := w
	if !w.runaway {
		short = shrink(w.plan)
	}
	t.Errorf("seed %d: %s\n\nreplay it: go test ./internal/simulation -run %s -seed %d\n\n"+
		"the shortest script with a fault, %d of %d steps:\n%v\nwhat happens:\n%s", seed, w.problem, t.Name(), seed,
		len(short.plan.script), len(w.plan.script), short.plan, strings.Join(short.trace, "\n"))
}
