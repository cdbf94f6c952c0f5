//go:build !linux

package uringnet

import (
	"errors"
	"net"
	"runtime"
)

var errNoRing = errors.New("io_uring is a Linux interface, this is " + runtime.GOOS)

func startRings() (string, error) { return "", errNoRing }

func startPoller() error { return errNoRing }

func probeFeatures() (Features, error) { return nil, errNoRing }

func readRingStats() Stats { return Stats{} }

func newRingTCPListener(*net.TCPListener, net.KeepAliveConfig) (net.Listener, error) {
	return nil, errNoRing
}
func newRingUnixListener(*net.UnixListener, bool) (net.Listener, error) { return nil, errNoRing }
func newRingTCPConn(*net.TCPConn) (net.Conn, error)                     { return nil, errNoRing }
func newRingUnixConn(*net.UnixConn) (net.Conn, error)                   { return nil, errNoRing }
