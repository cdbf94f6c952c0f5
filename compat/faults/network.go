//go:build linux

package main

import (
	"encoding/binary"
	"fmt"
	"runtime"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
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

// lineStatistics is what netem has done to the packets that a process sends. Package netlink leaves
// out which of them overtook others.
func lineStatistics(pid int, name string) (queue netlink.GnetStatsQueue, err error) {
	there, link, err := at(pid, name)
	if err != nil {
		return queue, err
	}
	there.Close()
	var messages [][]byte
	err = within(pid, func() error {
		ask := nl.NewNetlinkRequest(unix.RTM_GETQDISC, unix.NLM_F_DUMP)
		ask.AddData(&nl.TcMsg{Family: nl.FAMILY_ALL, Ifindex: int32(link.Attrs().Index)})
		messages, err = ask.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWQDISC)
		return err
	})
	if err != nil {
		return queue, err
	}
	for _, m := range messages {
		header := nl.DeserializeTcMsg(m)
		if header.Ifindex != int32(link.Attrs().Index) || header.Parent != netlink.HANDLE_ROOT {
			continue
		}
		for _, group := range attributes(m[header.Len():], nl.TCA_STATS2) {
			for _, b := range attributes(group, nl.TCA_STATS_QUEUE) {
				_, err := binary.Decode(b, binary.NativeEndian, &queue)
				return queue, err
			}
		}
	}
	return queue, fmt.Errorf("the interface %s has no statistics", name)
}

// attributes returns the values of one type.
func attributes(b []byte, kind uint16) (values [][]byte) {
	all, _ := nl.ParseRouteAttr(b)
	for _, a := range all {
		if a.Attr.Type&^unix.NLA_F_NESTED == kind {
			values = append(values, a.Value)
		}
	}
	return values
}

// within runs f in the network of a process.
func within(pid int, f func() error) error {
	runtime.LockOSThread() // and if it cannot go back, the thread ends with the goroutine
	here, err := netns.Get()
	if err != nil {
		return err
	}
	defer here.Close()
	there, err := netns.GetFromPid(pid)
	if err != nil {
		return err
	}
	defer there.Close()
	if err := netns.Set(there); err != nil {
		return err
	}
	err = f()
	if back := netns.Set(here); back != nil {
		return back
	}
	runtime.UnlockOSThread()
	return err
}
