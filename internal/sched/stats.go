//go:build linux

package sched

// Stats counts what one group of Ps did; the fields are those of uringnet.RingStats.
type Stats struct {
	Submissions, Enters, Ready, CQEs, Batches, Parks, Cancels, Withdrawn, Overflows, Stale uint64
	InFlight, Watched, Turns, Misses                                                       uint64
}

// ReadStats returns the counters of each group of Ps that has noted a receive.
func ReadStats() []Stats {
	var out []Stats
	for _, w := range all() {
		if w == nil {
			continue
		}
		c := &w.counters
		s := Stats{
			Submissions: c.submissions.Load(), Enters: c.enters.Load(), Ready: c.ready.Load(),
			CQEs: c.cqes.Load(), Batches: c.batches.Load(), Parks: c.parks.Load(),
			Cancels: c.cancels.Load(), Withdrawn: c.withdrawn.Load(), Overflows: c.overflows.Load(),
			Stale: c.stale.Load(), Watched: c.watched.Load() + c.streamed.Load(),
			Turns: c.turns.Load() + c.yielded.Load(), Misses: c.misses.Load(),
		}
		w.mu.Lock()
		s.InFlight = uint64(w.table.inFlight())
		w.mu.Unlock()
		out = append(out, s)
	}
	return out
}
