//go:build linux

package sched

// table maps user_data to operations in flight. A user_data is an index (32 bits) and the
// generation of that index (31 bits), which changes at each use, so that a stale completion never
// reaches a later owner. With the uppermost bit set it names the cancellation of that operation.
// The worker's lock guards the table.
type table struct {
	slots []slot
	free  []uint32
}

const (
	maxGeneration = 1<<31 - 1
	cancelMark    = uint64(1) << 63
)

type slot struct {
	op  *Op // keeps the operation, and so its memory, reachable while the kernel has it
	gen uint32
}

func (t *table) insert(o *Op) (userData uint64) {
	var i uint32
	if n := len(t.free); n > 0 {
		i = t.free[n-1]
		t.free = t.free[:n-1]
	} else {
		i = uint32(len(t.slots))
		t.slots = append(t.slots, slot{})
	}
	t.slots[i].op = o
	return uint64(t.slots[i].gen)<<32 | uint64(i)
}

// lookup returns the operation in flight that userData names, or nil if it is stale.
func (t *table) lookup(userData uint64) *Op {
	i, gen := uint32(userData), uint32(userData>>32)
	if uint64(i) >= uint64(len(t.slots)) || t.slots[i].gen != gen {
		return nil
	}
	return t.slots[i].op
}

func (t *table) remove(userData uint64) {
	s := &t.slots[uint32(userData)]
	s.op = nil
	s.gen = (s.gen + 1) & maxGeneration
	t.free = append(t.free, uint32(userData))
}

func (t *table) inFlight() int { return len(t.slots) - len(t.free) }
