//go:build linux

package ring

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	sys "github.com/iceber/iouring-go/syscall"
)

func TestNewRing(t *testing.T) {
	r, err := New(Config{SQEntries: 8, CQEntries: 32})
	if err != nil {
		t.Fatal(err)
	}
	for round := range 100 {
		var want []CQE
		for i := range 8 {
			sqe, _ := r.SQ.Next()
			if sqe == nil {
				t.Fatalf("round %d: no room for entry %d of 8", round, i)
			}
			sqe.PrepOperation(sys.IORING_OP_NOP, -1, 0, 0, 0)
			sqe.SetUserData(uint64(round*8 + i))
			want = append(want, CQE{UserData: uint64(round*8 + i)})
		}
		if sqe, _ := r.SQ.Next(); sqe != nil {
			t.Fatal("a ninth entry of 8")
		}
		r.SQ.Publish()
		if errno := r.Enter(r.SQ.Unconsumed()); errno != 0 {
			t.Fatal(errno)
		}
		var cqes [32]CQE
		if n := r.CQ.Reap(cqes[:]); n != 8 {
			t.Fatalf("round %d: %d completions of 8", round, n)
		}
		if diff := cmp.Diff(want, cqes[:8]); diff != "" {
			t.Fatalf("round %d: completions (-want +got):\n%s", round, diff)
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}

// A kernel that drops completions it has no room for would lose wake-ups: ours keeps them until
// they are flushed.
func TestOverflowIsFlushed(t *testing.T) {
	r, err := New(Config{SQEntries: 64, CQEntries: 64})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	const total = 64 * 4
	for sent := 0; sent < total; sent += 64 {
		for i := range 64 {
			sqe, _ := r.SQ.Next()
			sqe.PrepOperation(sys.IORING_OP_NOP, -1, 0, 0, 0)
			sqe.SetUserData(uint64(sent + i))
		}
		r.SQ.Publish()
		if errno := r.Enter(r.SQ.Unconsumed()); errno != 0 {
			t.Fatal(errno)
		}
	}
	if !r.SQ.Overflown() {
		t.Fatal("256 completions in a queue of 64 and no overflow")
	}
	var cqes [64]CQE
	for got := 0; got < total; {
		n := r.CQ.Reap(cqes[:])
		if n == 0 {
			if !r.SQ.Overflown() {
				t.Fatalf("%d completions of %d and no more to come", got, total)
			}
			if errno := r.FlushOverflow(); errno != 0 {
				t.Fatal(errno)
			}
			continue
		}
		for _, c := range cqes[:n] {
			if c.UserData != uint64(got) {
				t.Fatalf("completion %d has user_data %d", got, c.UserData)
			}
			got++
		}
	}
}

// needRings skips a test of what only kernels have that can have rings.
func needRings(t *testing.T) {
	t.Helper()
	if release := KernelRelease(); !atLeast(release, 5, 19) {
		t.Skipf("Linux %s is older than 5.19", release)
	}
}

// A kernel has what its release, or one before it, has brought. Older ones are expected to lack it:
// what is found there all the same was ported back.
func TestProbe(t *testing.T) {
	fs, err := Probe()
	if err != nil {
		t.Fatal(err)
	}
	allRequired := true
	for _, f := range fs {
		var major, minor int
		if n, err := fmt.Sscanf(f.Since, "%d.%d", &major, &minor); n != 2 {
			t.Fatalf("%s is there since %q: %v", f.Name, f.Since, err)
		}
		if !f.Available && atLeast(KernelRelease(), major, minor) {
			t.Errorf("%s (Linux %s) is missing in Linux %s: %v", f.Name, f.Since, KernelRelease(), f.Err)
		}
		allRequired = allRequired && (f.Available || !f.Required)
	}
	if err := Missing(fs); (err == nil) != allRequired {
		t.Errorf("all that is required is there: %v; Missing says %v", allRequired, err)
	}
	fs = append(fs, Feature{Name: "what no kernel has", Required: true, Err: syscall.EINVAL})
	if err := Missing(fs); !errors.Is(err, ErrTooOld) {
		t.Errorf("a missing feature gives %v", err)
	}
}

// refusing is a kernel that knows only some setup flags.
type refusing struct {
	linux
	known uint32
	asked []uint32
}

func (k *refusing) Setup(entries uint32, p *Params) (int, error) {
	k.asked = append(k.asked, p.Flags)
	if p.Flags&^k.known != 0 {
		return -1, fmt.Errorf("refused: %w", syscall.EINVAL)
	}
	return k.linux.Setup(entries, p)
}

func TestOptionalFlagsAreDropped(t *testing.T) {
	needRings(t)
	for _, optional := range []uint32{
		0,
		sys.IORING_SETUP_SUBMIT_ALL,
		sys.IORING_SETUP_SUBMIT_ALL | sys.IORING_SETUP_COOP_TASKRUN | sys.IORING_SETUP_TASKRUN_FLAG,
	} {
		known := requiredFlags | optional
		k := &refusing{known: known}
		r, err := newRing(k, Config{SQEntries: 8, CQEntries: 16})
		if err != nil {
			t.Fatalf("a kernel that knows %#x: %v after %#x", known, err, k.asked)
		}
		if r.flags != known {
			t.Errorf("a kernel that knows %#x runs with %#x", known, r.flags)
		}
		if res, err := r.complete(PrepNop); res != 0 || err != nil {
			t.Errorf("with flags %#x a NOP gives %d, %v", known, res, err)
		}
		r.Close()
	}
	k := &refusing{}
	_, err := newRing(k, Config{SQEntries: 8, CQEntries: 16})
	if !errors.Is(err, syscall.EINVAL) || !errors.Is(err, ErrTooOld) {
		t.Errorf("a kernel that knows nothing: %v", err)
	}
}

// fakeQueues are a submission and a completion queue whose kernel side the test plays.
type fakeQueues struct {
	sqHead, sqTail, sqFlags, cqHead, cqTail uint32
	sqes                                    []SQE
	cqes                                    []CQE
}

func newFakeQueues(n uint32, start uint32) (*fakeQueues, *SQ, *CQ) {
	f := &fakeQueues{sqHead: start, sqTail: start, cqHead: start, cqTail: start, sqes: make([]SQE, n), cqes: make([]CQE, n)}
	sq := &SQ{kHead: &f.sqHead, kTail: &f.sqTail, kFlags: &f.sqFlags, sqes: f.sqes, mask: n - 1, published: uint64(start), tail: uint64(start)}
	return f, sq, &CQ{kHead: &f.cqHead, kTail: &f.cqTail, cqes: f.cqes, mask: n - 1}
}

// queueModel says in plain slices what each step on the queues must give.
type queueModel struct {
	t    *testing.T
	seed uint64
	rnd  *rand.Rand
	f    *fakeQueues
	sq   *SQ
	cq   *CQ

	staged, published []uint64 // user data, in order; NoUserData for withdrawn
	index             map[uint64]uint64
	next              uint64
}

// The cursors must survive the wrap of the 32-bit words.
func TestQueuesAgainstModel(t *testing.T) {
	for seed := range uint64(200) {
		m := &queueModel{t: t, seed: seed, rnd: rand.New(rand.NewPCG(seed, 1)), index: map[uint64]uint64{}, next: 1}
		m.f, m.sq, m.cq = newFakeQueues(8, ^uint32(0)-uint32(m.rnd.IntN(20)))
		steps := []func(){m.stage, m.publish, m.withdraw, m.complete}
		for range 2000 {
			steps[m.rnd.IntN(len(steps))]()
			if int(m.sq.Unconsumed()) != len(m.published) || m.sq.Staged() != len(m.staged) || !m.cq.Empty() {
				t.Fatalf("seed %d: %d unconsumed of %d, %d staged of %d", seed,
					m.sq.Unconsumed(), len(m.published), m.sq.Staged(), len(m.staged))
			}
		}
	}
}

func (m *queueModel) stage() {
	sqe, i := m.sq.Next()
	if full := len(m.staged)+len(m.published) == 8; full != (sqe == nil) {
		m.t.Fatalf("seed %d: full %v, entry %v", m.seed, full, sqe)
	}
	if sqe != nil {
		sqe.SetUserData(m.next)
		m.index[m.next] = i
		m.staged = append(m.staged, m.next)
		m.next++
	}
}

func (m *queueModel) publish() {
	m.sq.Publish()
	m.published, m.staged = append(m.published, m.staged...), nil
}

// withdraw cancels an operation: it can be withdrawn exactly while it is staged.
func (m *queueModel) withdraw() {
	both := slices.Concat(m.published, m.staged)
	if len(both) == 0 {
		return
	}
	i := m.rnd.IntN(len(both))
	if both[i] == NoUserData {
		return
	}
	isStaged := i >= len(m.published)
	if got := m.sq.Withdraw(m.index[both[i]]); got != isStaged {
		m.t.Fatalf("seed %d: withdrawing entry %d of %d published and %d staged: %v",
			m.seed, i, len(m.published), len(m.staged), got)
	}
	if i -= len(m.published); isStaged && i == len(m.staged)-1 {
		m.staged = m.staged[:i]
	} else if isStaged {
		m.staged[i] = NoUserData
	}
}

// complete lets the kernel take some requests and answer them.
func (m *queueModel) complete() {
	n := m.rnd.IntN(len(m.published) + 1)
	for _, want := range m.published[:n] {
		got := m.f.sqes[m.f.sqHead&7]
		m.f.sqHead++
		if ud := userData(&got); ud != want {
			m.t.Fatalf("seed %d: the kernel sees %d, want %d", m.seed, ud, want)
		}
		m.f.cqes[m.f.cqTail&7] = CQE{UserData: want, Res: int32(want)}
		m.f.cqTail++
	}
	var dst [8]CQE
	if got := m.cq.Reap(dst[:]); got != n {
		m.t.Fatalf("seed %d: reaped %d of %d", m.seed, got, n)
	}
	for i, want := range m.published[:n] {
		if dst[i].UserData != want {
			m.t.Fatalf("seed %d: completion %d is %d, want %d", m.seed, i, dst[i].UserData, want)
		}
	}
	m.published = m.published[n:]
}
