//go:build linux

package simulation

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// plan is one simulation: what is done, what goes wrong, and the seed that decides when.
type plan struct {
	schedule uint64 // seeds the order of events
	setting  setting
	faults   faults
	disk     diskFaults
	script   []step
}

// setting is how the world is made.
type setting struct {
	Conns     int
	FileUsers int    // goroutines that make requests about files
	Wait      string // as URINGNET_WAIT
	Bare      bool   // the first connection is an operation on a ring without a socket around it
	SeveralPs bool
	Impatient bool
	Queue     uint32 // how many entries the submission queue has
	Eager     int    // in per cent: how often the script goes on while events are pending
}

// faults are what the kernel may do to us. Each can be left out.
type faults struct {
	Pauses     bool // a goroutine that enters or leaves the kernel stays away for a while
	Errnos     bool // EAGAIN, EBUSY, ENOMEM, EINTR from io_uring_enter
	Short      bool // io_uring_enter takes fewer entries than there are
	Partial    bool // a receive brings less than there is
	Late       bool // a completion comes some time after its receive
	Misses     bool // a cancellation does not find its request, which is in flight
	Stale      bool // a completion comes again, after its request is over
	LateFiles  bool // a request that is over holds its file for a while
	ThreadEnds bool // what a thread has armed is cancelled with it
	Spurious   bool // the poller wakes for nothing
	OldKernel  bool // optional setup flags are refused
	NoRing     bool // no memory for rings
}

// step is one thing that the script does.
type step struct {
	verb verb
	conn int
	n    int
}

type verb int

const (
	read verb = iota
	write
	peerWrite
	peerEnd  // the peer sends n bytes and shuts down writing
	peerGone // the peer sends n bytes and closes
	peerRead
	readDeadline // n steps of the clock ahead, 0 for none, negative for one that is over
	writeDeadline
	bothDeadlines
	closeConn
	tick // the clock goes on by n
	threadEnd
	settle // all that is pending happens, and nothing may hang then
	fileRead
	fileInterrupt
)

var verbNames = [...]string{"read", "write", "peer writes", "peer ends after", "peer goes after", "peer reads",
	"read deadline", "write deadline", "deadlines", "close", "clock +", "thread ends", "settle",
	"file read", "interrupt"}

func (s step) String() string {
	switch s.verb {
	case tick:
		return fmt.Sprint(verbNames[s.verb], s.n)
	case threadEnd, settle:
		return verbNames[s.verb]
	case closeConn:
		return fmt.Sprintf("c%d %s", s.conn, verbNames[s.verb])
	}
	return fmt.Sprintf("c%d %s %d", s.conn, verbNames[s.verb], s.n)
}

func (p plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "schedule %d\nsetting  %+v\nfaults   %+v\ndisk     %+v\n", p.schedule, p.setting, p.faults, p.disk)
	for i, s := range p.script {
		fmt.Fprintf(&b, "%3d  %v\n", i, s)
	}
	return b.String()
}

// newPlan makes a plan of a seed.
func newPlan(seed uint64) plan {
	r := rand.New(rand.NewPCG(seed, 1))
	often := func() bool { return r.IntN(3) > 0 }
	seldom := func() bool { return r.IntN(6) == 0 }
	p := plan{schedule: seed}
	p.setting = setting{
		Conns:     1 + r.IntN(4),
		Wait:      []string{"ring", "ring", "ring", "auto", "poller"}[r.IntN(5)],
		Bare:      r.IntN(2) == 0,
		SeveralPs: r.IntN(2) == 0,
		Impatient: r.IntN(3) == 0,
		Queue:     []uint32{1, 2, 4, 8, 64}[r.IntN(5)],
		Eager:     []int{5, 30, 60, 90}[r.IntN(4)],
	}
	p.faults = faults{Pauses: often(), Errnos: seldom(), Short: seldom(), Partial: often(), Late: often(),
		Misses: often(), Stale: often(), LateFiles: often(), ThreadEnds: often(), Spurious: seldom(),
		OldKernel: seldom(), NoRing: seldom()}
	if p.setting.Wait == "auto" && r.IntN(2) == 0 {
		p.setting.Conns = 8 + r.IntN(3)
		p.script = crowd(p.setting.Conns)
	}
	for range 5 + r.IntN(30) {
		p.script = append(p.script, randomStep(r, p.setting.Conns))
	}
	return p
}

// crowd has all connections serve requests for some rounds, after which they know how many they
// are.
func crowd(conns int) (script []step) {
	for range 7 {
		for _, verb := range []verb{read, peerWrite} {
			for c := range conns {
				script = append(script, step{verb, c, 8})
			}
		}
		script = append(script, step{verb: settle})
	}
	return script
}

// shares say how many of a hundred random steps are of each kind.
var shares = [...]int{read: 26, write: 8, peerWrite: 20, peerEnd: 3, peerGone: 3, peerRead: 5,
	readDeadline: 10, writeDeadline: 3, bothDeadlines: 3, closeConn: 5, tick: 7, threadEnd: 3, settle: 4}

func randomStep(r *rand.Rand, conns int) step {
	at := r.IntN(100)
	s := step{conn: r.IntN(conns)}
	for at >= shares[s.verb] {
		at -= shares[s.verb]
		s.verb++
	}
	switch s.verb {
	case read, peerWrite:
		s.n = size(r)
	case write, peerRead:
		if s.n = size(r); r.IntN(3) == 0 {
			s.n = 2 * sendBuffer // a write waits for room, and a peer makes some
		}
	case peerEnd, peerGone:
		s.n = max(0, r.IntN(40)-20)
	case readDeadline, writeDeadline, bothDeadlines:
		s.n = r.IntN(6) - 2
	case tick:
		s.n = 1 + r.IntN(3)
	}
	return s
}

// size is small as a rule, and sometimes so large that a socket has no room for it or a read is
// one of a stream.
func size(r *rand.Rand) int {
	switch r.IntN(10) {
	case 0:
		return 16<<10 + r.IntN(8<<10)
	case 1, 2:
		return 1 + r.IntN(2000)
	}
	return 1 + r.IntN(20)
}
