//go:build linux

package sched

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/uringnet/uringnet/internal/ring"
)

// diskDepth is how many reads of a disk the kernel holds at most: as many as most disks take. The
// others wait in a queue of ours, where they can be taken back. Nothing overflows: the completion
// queue has room for all of them.
const diskDepth = 255

// Disk reads the files of one device by requests. It has a ring, and a server: a goroutine with a
// thread of its own, which hands requests over, waits in the kernel until some are done, and ends
// them. It has no P while it waits.
//
// No other thread could do that. A read that waits for a page ends on the thread that handed it
// over, and another one may be in a call that nothing interrupts. And to hand over may take long:
// the kernel waits for room in the queue of the device.
//
//	new      The server makes the ring. Requests are queued. A ring -> busy. None -> dead.
//	busy     It takes requests from the queue, if there is room for them, and hands them over.
//	         Then, under mu -> waiting, or -> parked.
//	waiting  It is in io_uring_enter(2). A completion -> busy. Whoever queues a request that there
//	         is room for makes it busy, under mu, and strikes the bell.
//	parked   On a Future: the kernel had no memory for a read of the bell, and holds nothing.
//	         Whoever queues a request makes it busy, under mu, and notifies it. If it holds
//	         something the server is waiting, and hears the bell after the next completion.
//	dead     There is no ring, or the kernel forbids its use. Requests are refused.
type Disk struct {
	device uint64

	// mu guards what follows.
	mu    sync.Mutex
	state diskState
	queue fileQueue
	held  table[FileRequest]
	depth int // how many requests the kernel may hold

	bell   *ring.Bell // once there is a ring
	parked Future

	// What follows is the server's.
	ring    *ring.Ring
	staged  []*FileRequest // what the kernel has not taken yet; nil for the read of the bell
	hears   bool           // the kernel has a read of the bell, or will
	refused bool           // it had no memory, and must not be asked at once again
	batch   [64]ring.CQE
	ended   []*FileRequest

	submissions, enters, stale atomic.Uint64
}

type diskState uint8

const (
	diskNew diskState = iota
	diskBusy
	diskWaiting
	diskParked
	diskDead
)

// add queues a request.
func (d *Disk) add(r *FileRequest) {
	r.become(requestQueued, requestIdle)
	d.mu.Lock()
	if d.state == diskDead {
		r.complete(-int32(syscall.ECANCELED), requestQueued)
		d.mu.Unlock()
		return
	}
	d.queue.add(r)
	was := d.state
	if (was == diskWaiting || was == diskParked) && d.room() > 0 {
		d.state = diskBusy
	}
	now := d.state
	d.mu.Unlock()
	switch {
	case was == now:
	case was == diskParked:
		d.parked.Notify()
	default:
		d.bell.Strike()
	}
}

// takeBack ends a request that is queued, and reports whether it was.
func (d *Disk) takeBack(r *FileRequest) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if r.state.Load() != requestQueued {
		return false
	}
	d.queue.take(r)
	r.complete(-int32(syscall.ECANCELED), requestQueued)
	return true
}

// room is how many requests more the kernel may hold. mu is held.
func (d *Disk) room() int { return d.depth - d.held.inFlight() }

// begin makes the ring, and is the server then.
func (d *Disk) begin() {
	outside.LockThread() // the thread ends with the goroutine
	if d.makeRing() != nil {
		d.die()
		return
	}
	d.serve()
}

func (d *Disk) makeRing() error {
	bell, err := ring.NewBell()
	if err != nil {
		return err
	}
	const entries = diskDepth + 1 // the bell's
	d.ring, err = outside.NewRing(ring.Config{Use: ring.Files, SQEntries: entries, CQEntries: entries, Wait: blockingSyscall})
	if err != nil {
		bell.Close()
		return err
	}
	n, _ := d.ring.Sizes()
	d.mu.Lock()
	d.bell, d.depth = bell, n-1
	d.mu.Unlock()
	return nil
}

// holdsAny reports whether the kernel holds a request.
func (d *Disk) holdsAny() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.held.inFlight() > 0
}

// die refuses all requests, now and later.
func (d *Disk) die() {
	forgetDisk(d)
	d.mu.Lock()
	d.state = diskDead
	for r := d.queue.first; r != nil; r = d.queue.first {
		d.queue.take(r)
		r.complete(-int32(syscall.ECANCELED), requestQueued)
		d.ended = append(d.ended, r)
	}
	d.mu.Unlock()
	d.notifyEnded()
}

func (d *Disk) serve() {
	for {
		if !d.stage() {
			d.parked.Wait()
			continue
		}
		d.enters.Add(1)
		switch errno := d.ring.EnterAndWait(d.ring.SQ.Unconsumed()); errno {
		case 0, syscall.EINTR:
			d.staged = slices.Delete(d.staged, 0, len(d.staged)-int(d.ring.SQ.Unconsumed()))
		case syscall.EAGAIN, syscall.EBUSY, syscall.ENOMEM:
			d.refuse()
		default: // a seccomp filter, it may be
			d.refuse()
			if d.holdsAny() {
				panic(fmt.Sprintf("uringnet: io_uring_enter, which is to end reads: %v", errno))
			}
			d.die()
			return
		}
		d.reap()
	}
}

// stage writes the entries of requests from the queue, and that of a read of the bell, and makes
// them visible to the kernel. If there is nothing to wait for there the caller is to park.
func (d *Disk) stage() bool {
	hear := !d.hears && !d.refused
	d.refused = false
	d.mu.Lock()
	n := min(d.queue.length, d.room())
	for range n {
		r := d.queue.first
		d.queue.take(r)
		r.become(requestHeld, requestQueued)
		r.userData = d.held.insert(r)
		sqe, _ := d.ring.SQ.Next()
		ring.PrepRead(sqe, int32(r.fd), r.mem, uint64(r.offset))
		sqe.SetUserData(r.userData)
		d.staged = append(d.staged, r)
	}
	d.state = diskWaiting
	if !hear && !d.hears && d.held.inFlight() == 0 {
		d.state = diskParked
	}
	waits := d.state == diskWaiting
	d.mu.Unlock()
	d.submissions.Add(uint64(n))
	if hear {
		d.hears = true
		sqe, _ := d.ring.SQ.Next()
		d.bell.PrepHear(sqe)
		d.staged = append(d.staged, nil)
	}
	d.ring.SQ.Publish()
	return waits
}

// refuse ends the requests that the kernel does not take.
func (d *Disk) refuse() {
	d.refused = true
	d.ring.SQ.TakeBack()
	d.mu.Lock()
	for _, r := range d.staged {
		if r == nil {
			d.hears = false
			continue
		}
		d.held.remove(r.userData)
		r.complete(-int32(syscall.ECANCELED), requestHeld)
		d.ended = append(d.ended, r)
	}
	d.mu.Unlock()
	clear(d.staged)
	d.staged = d.staged[:0]
	d.notifyEnded()
}

// reap ends the requests whose completions are there.
func (d *Disk) reap() {
	for n := len(d.batch); n == len(d.batch); {
		n = d.ring.CQ.Reap(d.batch[:])
		d.mu.Lock()
		d.state = diskBusy
		for _, cqe := range d.batch[:n] {
			r := d.held.lookup(cqe.UserData)
			switch {
			case cqe.UserData == ring.NoUserData:
				d.hears = false
			case r == nil:
				d.stale.Add(1)
			default:
				d.held.remove(cqe.UserData)
				r.complete(cqe.Res, requestHeld)
				d.ended = append(d.ended, r)
			}
		}
		d.mu.Unlock()
		d.notifyEnded()
	}
}

// notifyEnded wakes the goroutines of requests that have ended.
func (d *Disk) notifyEnded() {
	for _, r := range d.ended {
		r.fut.Notify()
	}
	clear(d.ended)
	d.ended = d.ended[:0]
}
