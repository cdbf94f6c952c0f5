//go:build !go1.27

package socket

// BareMessageEOF is false: up to Go 1.26 the methods ReadFrom, ReadFromUnix and ReadMsgUnix of
// net.UnixConn wrap io.EOF in a *net.OpError.
const BareMessageEOF = false
