package uringnet

import (
	"fmt"

	"github.com/uringnet/uringnet/internal/sched"
)

// startRings creates the first ring. The error says why there can be none.
func startRings() (string, error) {
	if err := sched.Start(); err != nil {
		return "", explain(err)
	}
	how := fmt.Sprintf("Linux %s has all that is needed", kernelRelease())
	if sched.Polled() {
		how += "; URINGNET_SQPOLL: the kernel polls the rings"
	}
	return how, nil
}

func readRingStats() Stats {
	var s Stats
	for _, r := range sched.ReadStats() {
		s.Rings = append(s.Rings, RingStats(r))
	}
	return s
}
