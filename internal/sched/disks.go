//go:build linux

package sched

import (
	"slices"
	"sync"
	"sync/atomic"
)

// maxDisks bounds how many disks there are. Devices beyond are read by whichever has the least to
// do.
const maxDisks = 8

// disks are made when a file on their device is first to be read by a request. They never go, but
// for those that get no ring.
var disks struct {
	all     atomic.Pointer[[]*Disk] // replaced as a whole
	nextTry atomic.Int64            // by nanotime: when to try for a ring again after there was none

	mu sync.Mutex // guards the replacement
}

func allDisks() []*Disk {
	if all := disks.all.Load(); all != nil {
		return *all
	}
	return nil
}

// DiskOf is the disk of a device, which stat(2) names. It is nil for want of memory for a ring.
func DiskOf(device uint64) *Disk {
	if d := knownDisk(device); d != nil {
		return d
	}
	if nanotime() < disks.nextTry.Load() {
		return nil
	}
	disks.mu.Lock()
	defer disks.mu.Unlock()
	if d := knownDisk(device); d != nil {
		return d
	}
	d := &Disk{device: device}
	all := append(slices.Clip(allDisks()), d)
	disks.all.Store(&all)
	outside.Spawn(d.begin)
	return d
}

// knownDisk is the disk of a device that there is, or nil.
func knownDisk(device uint64) *Disk {
	all := allDisks()
	for _, d := range all {
		if d.device == device {
			return d
		}
	}
	if len(all) == maxDisks {
		return slices.MinFunc(all, func(a, b *Disk) int { return a.load() - b.load() })
	}
	return nil
}

// load is how many requests it has.
func (d *Disk) load() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.queue.length + d.held.inFlight()
}

// forgetDisk is for one that has no ring, or none that may be used.
func forgetDisk(d *Disk) {
	disks.mu.Lock()
	defer disks.mu.Unlock()
	disks.nextTry.Store(nanotime() + int64(ringAgain))
	all := slices.DeleteFunc(slices.Clone(allDisks()), func(x *Disk) bool { return x == d })
	disks.all.Store(&all)
}

// FileStats says what has become of requests about files.
type FileStats struct {
	Submissions uint64 // requests that were handed to the kernel
	Enters      uint64 // by so many calls of io_uring_enter(2)
	InFlight    uint64 // requests that are queued, or held by the kernel
	Stale       uint64 // completions of nothing
}

// ReadFileStats returns what all disks have done.
func ReadFileStats() (s FileStats) {
	for _, d := range allDisks() {
		s.Submissions += d.submissions.Load()
		s.Enters += d.enters.Load()
		s.Stale += d.stale.Load()
		s.InFlight += uint64(d.load())
	}
	return s
}
