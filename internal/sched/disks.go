//go:build linux

package sched

import (
	"slices"
	"sync"
	"sync/atomic"
)

// maxDisks bounds how many disks there are. Devices beyond share them.
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
		return all[device%maxDisks]
	}
	return nil
}

// forgetDisk is for one that got no ring.
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
		d.mu.Lock()
		s.InFlight += uint64(len(d.queue) + d.held.inFlight())
		d.mu.Unlock()
	}
	return s
}
