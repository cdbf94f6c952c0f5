//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

const (
	serverHost = "10.77.0.1"
	clientHost = "10.77.0.2"
)

// connect makes a pair of interfaces with an end in the network of each process. Both ends send
// through netem.
func connect(server, clients int, netem netlink.NetemQdiscAttrs) error {
	pair := &netlink.Veth{
		LinkAttrs:     netlink.LinkAttrs{Name: "server", Namespace: netlink.NsPid(server)},
		PeerName:      "clients",
		PeerNamespace: netlink.NsPid(clients),
	}
	if err := netlink.LinkAdd(pair); err != nil {
		return fmt.Errorf("a pair of interfaces cannot be made: %w", err)
	}
	if err := configure(server, "server", serverHost, netem); err != nil {
		return err
	}
	return configure(clients, "clients", clientHost, netem)
}

// at opens the network of a process, and finds an interface there.
func at(pid int, name string) (*netlink.Handle, netlink.Link, error) {
	ns, err := netns.GetFromPid(pid)
	if err != nil {
		return nil, nil, err
	}
	defer ns.Close()
	there, err := netlink.NewHandleAt(ns, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, nil, err
	}
	link, err := there.LinkByName(name)
	if err != nil {
		there.Close()
		return nil, nil, fmt.Errorf("the interface %s: %w", name, err)
	}
	return there, link, nil
}

// configure gives one end its address, and brings it up.
func configure(pid int, name, host string, netem netlink.NetemQdiscAttrs) error {
	there, link, err := at(pid, name)
	if err != nil {
		return err
	}
	defer there.Close()
	address, err := netlink.ParseAddr(host + "/24")
	if err != nil {
		return err
	}
	if err := there.AddrAdd(link, address); err != nil {
		return fmt.Errorf("the address of %s: %w", name, err)
	}
	root := netlink.QdiscAttrs{LinkIndex: link.Attrs().Index, Parent: netlink.HANDLE_ROOT, Handle: netlink.MakeHandle(1, 0)}
	if err := there.QdiscReplace(netlink.NewNetem(root, netem)); err != nil {
		return fmt.Errorf("netem on %s, for which the kernel needs sch_netem: %w", name, err)
	}
	return there.LinkSetUp(link)
}

// lineStatistics is what netem has done to the packets that a process sends.
func lineStatistics(pid int, name string) (netlink.GnetStatsQueue, error) {
	there, link, err := at(pid, name)
	if err != nil {
		return netlink.GnetStatsQueue{}, err
	}
	defer there.Close()
	qdiscs, err := there.QdiscList(link)
	if err != nil {
		return netlink.GnetStatsQueue{}, err
	}
	for _, q := range qdiscs {
		if s := q.Attrs().Statistics; q.Type() == "netem" && s != nil {
			return *s.Queue, nil
		}
	}
	return netlink.GnetStatsQueue{}, fmt.Errorf("the interface %s has no netem", name)
}

// outOfOrder is how many segments have come to the network of a process before those that were sent
// earlier. netem counts what overtakes too, but package netlink does not tell.
func outOfOrder(pid int) (n uint32, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/netstat", pid))
	if err != nil {
		return 0, err
	}
	// Each group has a line of names, and one of numbers.
	var names []string
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		i := slices.Index(names, "TCPOFOQueue")
		if i >= 0 && i < len(words) {
			_, err := fmt.Sscan(words[i], &n)
			return n, err
		}
		names = words
	}
	return 0, errors.New("the kernel does not count segments that are out of order")
}
