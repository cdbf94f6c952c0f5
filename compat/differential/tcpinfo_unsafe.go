package differential

import (
	"syscall"
	"unsafe"
)

// tcpInfo is the part of the kernel's struct tcp_info (include/uapi/linux/tcp.h) that settle looks
// at.
type tcpInfo struct {
	state         uint8
	bytesReceived uint64
}

func tcpInfoOf(fd int) tcpInfo {
	const bytesReceivedAt = 128 // offset of tcpi_bytes_received
	var raw [bytesReceivedAt/8 + 1]uint64
	size := uint32(unsafe.Sizeof(raw))
	_, _, errno := syscall.Syscall6(syscall.SYS_GETSOCKOPT, uintptr(fd), syscall.IPPROTO_TCP, syscall.TCP_INFO,
		uintptr(unsafe.Pointer(&raw)), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 {
		return tcpInfo{}
	}
	return tcpInfo{state: *(*uint8)(unsafe.Pointer(&raw)), bytesReceived: raw[bytesReceivedAt/8]}
}
