//go:build linux

package socket

import "golang.org/x/sys/unix"

// MultipathTCP reports whether the connection uses MPTCP: SO_PROTOCOL tells whether the socket was
// made for MPTCP, and MPTCP_INFO (Linux 5.16) whether it has fallen back.
func (c *Conn) MultipathTCP() bool {
	const solMPTCP, mptcpInfo = 284, 1
	used := false
	c.guard.with(c.fd, "getsockopt", func(fd int) error {
		proto, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PROTOCOL)
		if err != nil || proto != unix.IPPROTO_MPTCP {
			return err
		}
		_, err = unix.GetsockoptInt(fd, solMPTCP, mptcpInfo)
		used = err != unix.EOPNOTSUPP && err != unix.ENOPROTOOPT
		return nil
	})
	return used
}
