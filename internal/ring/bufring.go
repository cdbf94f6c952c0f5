//go:build linux

package ring

import (
	"encoding/binary"
	"sync/atomic"
)

// BufRing is a ring of provided buffers (io_uring_register(2), IORING_REGISTER_PBUF_RING) over memory that is shared
// with the kernel, or that a test hands it. The kernel takes buffers at its head, which we never see; we
// add them at the tail. There are never more buffers than entries, so that the ring cannot overrun.
type BufRing struct {
	mem   []byte
	kTail *uint32 // bid of entry 0 and the tail, two 16-bit words that are stored as one; pairs with the acquire in io_buffer_select
	mask  uint16
	tail  uint16
}

// Add puts a buffer at the tail; the kernel sees it at the next Commit.
func (b *BufRing) Add(buf []byte, id uint16) {
	slot := int(b.tail & b.mask)
	e := b.mem[slot*bufSize:]
	binary.NativeEndian.PutUint64(e, address(buf))
	binary.NativeEndian.PutUint32(e[bufOffLen:], uint32(len(buf)))
	if slot == 0 {
		// The tail word stays as the kernel knows it.
		atomic.StoreUint32(b.kTail, bidTail(id, tailOf(atomic.LoadUint32(b.kTail))))
	} else {
		binary.NativeEndian.PutUint16(e[bufOffBidTail:], id)
	}
	b.tail++
}

// Commit makes the added buffers visible to the kernel.
func (b *BufRing) Commit() {
	id := binary.NativeEndian.Uint16(b.mem[bufOffBidTail:])
	// Release: the entries are written before the kernel sees the new tail.
	atomic.StoreUint32(b.kTail, bidTail(id, b.tail))
}

// Entries is how many buffers the ring can hold.
func (b *BufRing) Entries() int { return int(b.mask) + 1 }

func bidTail(id, tail uint16) uint32 {
	var w [4]byte
	binary.NativeEndian.PutUint16(w[:], id)
	binary.NativeEndian.PutUint16(w[2:], tail)
	return binary.NativeEndian.Uint32(w[:])
}

func tailOf(word uint32) uint16 {
	var w [4]byte
	binary.NativeEndian.PutUint32(w[:], word)
	return binary.NativeEndian.Uint16(w[2:])
}
