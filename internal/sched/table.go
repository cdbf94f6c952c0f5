//go:build linux

package sched

// table maps user_data to what is in flight: operations, or requests about files. A user_data is an
// index (32 bits) and the generation of that index (31 bits), which changes at each use, so that a
// stale completion never reaches a later owner. With the uppermost bit set it names the
// cancellation of that operation. The lock of its worker, or disk, guards a table.
type table[T any] struct {
	slots []slot[T]
	free  []uint32
}

const (
	maxGeneration = 1<<31 - 1
	cancelMark    = uint64(1) << 63
)

type slot[T any] struct {
	op  *T // keeps the operation, and so its memory, reachable while the kernel has it
	gen uint32
}

func (t *table[T]) insert(o *T) (userData uint64) {
	var i uint32
	if n := len(t.free); n > 0 {
		i = t.free[n-1]
		t.free = t.free[:n-1]
	} else {
		i = uint32(len(t.slots))
		t.slots = append(t.slots, slot[T]{})
	}
	t.slots[i].op = o
	return uint64(t.slots[i].gen)<<32 | uint64(i)
}

// lookup returns the operation in flight that userData names, or nil if it is stale.
func (t *table[T]) lookup(userData uint64) *T {
	i, gen := uint32(userData), uint32(userData>>32)
	if uint64(i) >= uint64(len(t.slots)) || t.slots[i].gen != gen {
		return nil
	}
	return t.slots[i].op
}

func (t *table[T]) remove(userData uint64) {
	s := &t.slots[uint32(userData)]
	s.op = nil
	s.gen = (s.gen + 1) & maxGeneration
	t.free = append(t.free, uint32(userData))
}

func (t *table[T]) inFlight() int { return len(t.slots) - len(t.free) }
