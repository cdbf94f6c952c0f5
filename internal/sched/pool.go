//go:build linux

package sched

import (
	"os"
	"strconv"
	"syscall"

	"github.com/uringnet/uringnet/internal/ring"
)

// The pool of provided buffers of a ring. The kernel takes a buffer when data arrives, so that a connection that waits
// holds none; a connection that has unread data holds one. The pool starts small, since the kernel goes
// round all buffers and a small round stays in the cache, and doubles when the kernel finds it empty.
const (
	bufferGroup  = 0
	bufferSize   = 64
	initialPool  = 64
	largestPool  = 4096
	poolSizeName = "URINGNET_BUFFERS"
)

// BufferSize is the size of a provided buffer in bytes.
const BufferSize = bufferSize

// Buffer is a provided buffer.
type Buffer struct {
	w   *worker
	id  uint16
	mem []byte
}

// Bytes is the buffer's memory.
func (b *Buffer) Bytes() []byte { return b.mem }

// Release gives the buffer back to the kernel.
func (b *Buffer) Release() {
	b.w.mu.Lock()
	b.w.pool.put(b)
	b.w.mu.Unlock()
}

// pool is guarded by worker.mu.
type pool struct {
	ring    *ring.BufRing
	bufs    []*Buffer // by id
	inUse   int
	limit   int
	growing bool
}

func (p *pool) register(r *ring.Ring) (err error) {
	p.limit = poolLimit()
	p.ring, err = r.RegisterBuffers(largestPool, bufferGroup)
	return err
}

// poolLimit is the largest number of buffers per ring; the environment may lower it.
func poolLimit() int {
	if n, err := strconv.Atoi(os.Getenv(poolSizeName)); err == nil && n > 0 {
		return min(n, largestPool)
	}
	return largestPool
}

// taken notes that the kernel has used a buffer.
func (p *pool) taken(id uint16) *Buffer {
	p.inUse++
	return p.bufs[id]
}

func (p *pool) put(b *Buffer) {
	p.inUse--
	p.ring.Add(b.mem, b.id)
	p.ring.Commit()
}

// outOfBuffers notes a receive that found the pool empty and reports whether the pool should grow.
func (w *worker) outOfBuffers(cqe *ring.CQE) bool {
	if cqe.Res != -int32(syscall.ENOBUFS) {
		return false
	}
	w.counters.noBuffers.Add(1)
	return true
}

// grow doubles the pool up to its limit. No lock is held while memory is allocated.
func (p *pool) grow(w *worker) {
	w.mu.Lock()
	have := len(p.bufs)
	want := min(max(2*have, initialPool), p.limit) - have
	if p.growing || want <= 0 {
		w.mu.Unlock()
		return
	}
	p.growing = true
	w.mu.Unlock()

	mem := make([]byte, want*bufferSize)
	bufs := make([]Buffer, want)

	w.mu.Lock()
	for i := range bufs {
		bufs[i] = Buffer{w: w, id: uint16(have + i), mem: mem[i*bufferSize : (i+1)*bufferSize : (i+1)*bufferSize]}
		p.bufs = append(p.bufs, &bufs[i])
		p.ring.Add(bufs[i].mem, bufs[i].id)
	}
	p.ring.Commit()
	p.growing = false
	w.mu.Unlock()
}
