package workload

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// rate says how many requests an open loop sends: a share of what package net can do, or a number a
// second. One of the two is zero.
type rate struct {
	share     float64
	perSecond float64
}

// String is the part of a cell's name after the @.
func (r rate) String() string {
	if r.share > 0 {
		return fmt.Sprintf("%g%%", math.Round(r.share*1e6)/1e4)
	}
	return fmt.Sprintf("%g", r.perSecond)
}

// The limits of a rate.
const (
	maxShare     = 2.0
	maxPerSecond = 10_000_000
)

// parseRate reads what String writes.
func parseRate(s string) (r rate, ok bool) {
	number, isShare := strings.CutSuffix(s, "%")
	v, err := strconv.ParseFloat(number, 64)
	if err != nil || !(v > 0) {
		return rate{}, false
	}
	if isShare {
		return rate{share: v / 100}, v/100 <= maxShare
	}
	return rate{perSecond: v}, v <= maxPerSecond
}

// AtRate is an open-loop cell at another rate, in requests/s.
func (c Cell) AtRate(perSecond float64) (Cell, error) {
	if !(perSecond > 0) || perSecond > maxPerSecond {
		return c, fmt.Errorf("%g requests/s: want more than 0, and at most %d", perSecond, maxPerSecond)
	}
	name, _, _ := strings.Cut(c.Name, "@")
	r := rate{perSecond: perSecond}
	c.Name = name + "@" + r.String()
	c.Work.Share, c.Work.Rate = 0, perSecond
	return c, nil
}

// Burst makes requests come in bursts: during On the rate is (On+Off)/On times the given one, and
// during Off nothing is sent, so that the mean is the rate that was given.
type Burst struct {
	On  time.Duration `json:"on_ns"`
	Off time.Duration `json:"off_ns"`
}

// ParseBurst reads On and Off with a slash between them, as in 10ms/90ms.
func ParseBurst(s string) (b Burst, err error) {
	on, off, ok := strings.Cut(s, "/")
	if !ok {
		return b, fmt.Errorf("%q: want the time of a burst, a slash, the time without, as in 10ms/90ms", s)
	}
	if b.On, err = time.ParseDuration(on); err != nil {
		return b, err
	}
	if b.Off, err = time.ParseDuration(off); err != nil {
		return b, err
	}
	if b.On <= 0 || b.Off < 0 {
		return b, fmt.Errorf("%q: a burst takes time, and the pause after it not less than none", s)
	}
	return b, nil
}
