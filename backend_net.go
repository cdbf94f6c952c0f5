package uringnet

import "net"

// netBackend runs the sockets of this package on package net. Its connections are tcpConn and
// unixConn as they are.
type netBackend struct{}

func (netBackend) tcpConn(nc *net.TCPConn, _ bool) (*TCPConn, error) { return &TCPConn{s: nc}, nil }

func (netBackend) unixConn(nc *net.UnixConn, _ bool) (*UnixConn, error) {
	return &UnixConn{s: nc}, nil
}

func (netBackend) tcpListener(nl *net.TCPListener, _ *net.ListenConfig, _ bool) (*TCPListener, error) {
	return &TCPListener{s: netTCPListener{nl}}, nil
}

func (netBackend) unixListener(nl *net.UnixListener, _ bool) (*UnixListener, error) {
	return &UnixListener{s: netUnixListener{nl}}, nil
}

type netTCPListener struct{ *net.TCPListener }

func (l netTCPListener) accept() (*TCPConn, error) {
	c, err := l.TCPListener.AcceptTCP()
	if err != nil {
		return nil, err
	}
	return &TCPConn{s: c}, nil
}

type netUnixListener struct{ *net.UnixListener }

func (l netUnixListener) accept() (*UnixConn, error) {
	c, err := l.UnixListener.AcceptUnix()
	if err != nil {
		return nil, err
	}
	return &UnixConn{s: c}, nil
}
