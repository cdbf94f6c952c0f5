//go:build linux

package main

import (
	"fmt"
	"time"

	"github.com/vishvananda/netlink"
)

// Both ends of the line keep packets, as the kernel's netem does, before they send them. Then a
// receive that was tried finds nothing, deadlines pass while bytes are on their way, and what is
// sent finds no room for long.
var (
	netemDelay = fault{
		name: "netem-delay", what: "a line that delays packets by 20 ms (10 to 30) in each direction",
		apart:  true,
		before: line(netlink.NetemQdiscAttrs{Latency: 20_000, Jitter: 10_000, DelayCorr: 100, Limit: packets}),
		inject: sees("8 packets on their way", func(q netlink.GnetStatsQueue) bool { return q.Qlen >= 8 }),
	}
	netemLoss = fault{
		name: "netem-loss", what: "a line that loses a packet of fifty in each direction",
		apart:  true,
		before: line(netlink.NetemQdiscAttrs{Latency: 1000, Loss: 2, Limit: packets}),
		inject: sees("packet lost", func(q netlink.GnetStatsQueue) bool { return q.Drops > 0 }),
	}
	netemReorder = fault{
		name: "netem-reorder", what: "a line where a packet of four overtakes those of the last 5 ms",
		apart:  true,
		before: line(netlink.NetemQdiscAttrs{Latency: 5000, ReorderProb: 25, Gap: 1, Limit: packets}),
		inject: sees("packet that overtook", func(q netlink.GnetStatsQueue) bool { return q.Requeues > 0 }),
	}
)

// packets is how many wait on the line at most. One more would be lost.
const packets = 100_000

// line connects the two processes, which have a network of their own each.
func line(netem netlink.NetemQdiscAttrs) func(*trial) error {
	return func(t *trial) error {
		if err := connect(t.server.pid(), t.clients.pid(), netem); err != nil {
			return err
		}
		t.address = serverHost + ":0"
		return nil
	}
}

// sees waits until the line has done what it is there for, in both directions.
func sees(what string, done func(netlink.GnetStatsQueue) bool) func(*trial) error {
	return func(t *trial) error {
		return t.both(func(p *process) error {
			for limit := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
				queue, err := lineStatistics(p.pid(), p.name)
				if err != nil || done(queue) {
					return err
				}
				if time.Now().After(limit) {
					return fmt.Errorf("the line of the %s shows no %s", p.name, what)
				}
			}
		})
	}
}
