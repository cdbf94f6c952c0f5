//go:build linux

package simulation

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/uringnet/uringnet/internal/ring"
	"github.com/uringnet/uringnet/internal/sched"
	"github.com/uringnet/uringnet/internal/testutil"
)

// world is one simulation while it runs. One goroutine conducts it: whenever all others wait it
// chooses, by the seed, what happens next.
type world struct {
	plan plan

	// mu guards all that follows. The goroutines of the code under test take it while they are in
	// the kernel or the poller.
	mu     sync.Mutex
	rng    *rand.Rand
	clock  int
	files  []*fileUser
	conns  []*conn
	rings  []*fakeRing
	descs  []*pollDesc
	calls  []*call // those that have not returned
	paused []*pausedCall
	events []event // what may happen next; kept to be used again

	calm   bool // no more faults
	ending bool // whoever comes to the kernel ends

	spawned, ended int    // goroutines of package sched
	runaway        bool   // one of them cannot be ended, and will disturb all that follows
	problem        string // empty while nothing is wrong
	trace          []string
	tracing        bool
}

// pausedCall is a goroutine that stays in the kernel.
type pausedCall struct {
	where string
	goOn  chan struct{}
}

// event is something that may happen next.
type event struct {
	kind eventKind
	at   int // index of a paused call, a ring, or a descriptor
	req  int // index of a request, or of a direction
}

type eventKind int

const (
	resume     eventKind = iota
	tryReceive           // a request looks for data
	postDone             // a request that is over gets its completion
	repeat               // a completion comes again
	dropFiles
	edge  // the poller tells of a descriptor
	timer // a deadline of the poller has passed
)

var eventNames = [...]string{"resume", "try", "complete", "complete again", "drop files", "edge", "timer"}

// maxEvents bounds a simulation. One that goes on for longer does not come to rest.
const maxEvents = 20_000

// runs counts the simulations, to collect garbage now and then.
var runs int

// run simulates a plan. The world that it returns says what was wrong.
func run(p plan, tracing bool) *world {
	if runs++; runs%256 == 0 {
		runtime.GC()
	}
	w := &world{plan: p, tracing: tracing, rng: rand.New(rand.NewPCG(p.schedule, 2)), calm: true}
	w.begin()
	w.mu.Lock()
	w.calm = false
	w.conduct()
	w.calm = true
	w.finish()
	w.mu.Unlock()
	w.end()
	return w
}

func (w *world) begin() {
	s := w.plan.setting
	patience := time.Hour
	if s.Impatient {
		patience = -1
	}
	err := sched.Simulate(sched.Simulation{
		Outside: sched.Outside{
			NewRing: func(c ring.Config) (*ring.Ring, error) { return ring.NewOn(kernel{w}, c) },
			Poller:  w.poller(),
			Spawn:   w.spawn,

			LockThread: func() {}, // there is one P, and no thread of the kernel's
		},
		Wait: s.Wait, Patience: patience, SeveralPs: s.SeveralPs,
	})
	if err != nil {
		panic(err)
	}
	for range s.FileUsers {
		w.files = append(w.files, new(fileUser))
	}
	for i := range s.Conns {
		w.conns = append(w.conns, w.connect(i, s.Bare && i == 0 && len(w.rings) > 0))
	}
}

// spawn runs a goroutine of package sched.
func (w *world) spawn(f func()) {
	w.mu.Lock()
	w.spawned++
	w.mu.Unlock()
	go func() {
		defer func() {
			w.recovered(recover())
			w.mu.Lock()
			w.ended++
			w.mu.Unlock()
		}()
		f()
	}()
}

// recovered takes note of a panic.
func (w *world) recovered(reason any) {
	if reason != nil {
		w.mu.Lock()
		w.failf("panic: %v\n%s", reason, debug.Stack())
		w.mu.Unlock()
	}
}

// failf notes what is wrong. The first thing counts. mu is held.
func (w *world) failf(format string, args ...any) {
	if w.problem == "" {
		w.problem = fmt.Sprintf(format, args...)
		w.note("WRONG: %s", w.problem)
	}
}

// note adds a line to the trace. mu is held.
func (w *world) note(format string, args ...any) {
	if w.tracing {
		w.trace = append(w.trace, fmt.Sprintf("t=%d ", w.clock)+fmt.Sprintf(format, args...))
	}
}

// oneIn decides by the seed. mu is held.
func (w *world) oneIn(n int) bool { return w.rng.IntN(n) == 0 }

// fault decides whether something that may go wrong does. mu is held.
func (w *world) fault(possible bool, n int) bool { return possible && !w.calm && w.oneIn(n) }

// conduct goes through the script. mu is held.
func (w *world) conduct() {
	for at, events := 0, 0; w.problem == ""; events++ {
		w.rest()
		pending := w.pending()
		switch {
		case events == maxEvents:
			w.failf("no rest after %d events", events)
		case len(pending) > 0 && (at == len(w.plan.script) || w.rng.IntN(100) >= w.plan.setting.Eager):
			w.happen(pending[w.rng.IntN(len(pending))])
		case at < len(w.plan.script):
			w.do(w.plan.script[at])
			at++
		default:
			return
		}
	}
}

// rest returns when all other goroutines wait: with one P they run before this one comes again,
// unless it is the one time in 61 that the scheduler prefers its global queue. mu is held, but not
// meanwhile.
func (w *world) rest() {
	w.mu.Unlock()
	for range 3 {
		runtime.Gosched()
	}
	w.mu.Lock()
}

// maxLooks bounds how often a goroutine is seen that could run, and has had the chance to come to
// rest since the last look.
const maxLooks = 100

// surely is rest without a doubt, for a verdict. mu is held, but not meanwhile.
func (w *world) surely() {
	w.mu.Unlock()
	defer w.mu.Lock()
	for looks := 0; looks < maxLooks; {
		runtime.Gosched()
		runnable, inSyscall := others()
		switch {
		case inSyscall: // how long that takes is up to the running kernel
		case runnable:
			looks++
		default:
			return
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.runaway = true
	w.failf("a goroutine never waits")
}

// others reports what the goroutines of the code under test are at, but for this one.
func others() (runnable, inSyscall bool) {
	for _, g := range testutil.Goroutines()[1:] { // the first is this one
		if !strings.Contains(g.Stack, "uringnet/internal/") {
			continue
		}
		switch g.State {
		case "syscall":
			inSyscall = true
		case "running", "runnable", "preempted":
			runnable = true
		}
	}
	return runnable, inSyscall
}

// pending lists what may happen next. mu is held.
func (w *world) pending() []event {
	w.events = w.events[:0]
	for i := range w.paused {
		w.events = append(w.events, event{kind: resume, at: i})
	}
	for i, r := range w.rings {
		r.pending(i, &w.events)
	}
	for i, d := range w.descs {
		d.pending(i, w.clock, &w.events)
	}
	return w.events
}

// happen lets an event happen. mu is held.
func (w *world) happen(e event) {
	w.note("%s %d/%d", eventNames[e.kind], e.at, e.req)
	switch e.kind {
	case resume:
		p := w.paused[e.at]
		w.paused = append(w.paused[:e.at], w.paused[e.at+1:]...)
		close(p.goOn)
	case edge:
		w.descs[e.at].tell()
	case timer:
		w.descs[e.at].expire(e.req)
	default:
		w.rings[e.at].happen(e)
	}
}

// pause keeps a goroutine in the kernel, perhaps. mu is not held.
func (w *world) pause(where string) {
	w.mu.Lock()
	if w.ending {
		w.mu.Unlock()
		runtime.Goexit()
	}
	if !w.fault(w.plan.faults.Pauses, 3) {
		w.mu.Unlock()
		return
	}
	p := &pausedCall{where, make(chan struct{})}
	w.paused = append(w.paused, p)
	w.note("pause %s", where)
	w.mu.Unlock()
	<-p.goOn
	if w.isEnding() {
		runtime.Goexit()
	}
}

func (w *world) isEnding() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ending
}

// settle lets all happen that is pending. mu is held.
func (w *world) settle() {
	was := w.calm
	w.calm = true
	for events := 0; w.problem == ""; events++ {
		w.rest()
		pending := w.pending()
		if len(pending) == 0 {
			if w.judgeRest() {
				break
			}
			continue
		}
		if events == maxEvents {
			w.failf("no rest after %d events without faults", events)
		}
		w.happen(pending[w.rng.IntN(len(pending))])
	}
	w.calm = was
}

// end ends all goroutines of the simulation that can be ended. mu is not held.
func (w *world) end() {
	w.mu.Lock()
	w.ending = true
	for _, p := range w.paused {
		close(p.goOn)
	}
	w.paused = nil
	for _, r := range w.rings {
		r.wake()
	}
	for _, d := range w.descs {
		d.release()
	}
	w.mu.Unlock()
	if w.problem == "" {
		sched.ProvokeFlushers()
	}
	w.mu.Lock()
	w.rest()
	if w.problem == "" && w.ended != w.spawned {
		if w.surely(); w.ended != w.spawned {
			w.failf("%d of %d goroutines have ended", w.ended, w.spawned)
		}
	}
	for _, r := range w.rings {
		r.dropFiles()
	}
	for _, c := range w.conns {
		c.closeRest(w.problem != "")
	}
	for _, d := range w.descs {
		d.closeRest()
	}
	w.mu.Unlock()
}
