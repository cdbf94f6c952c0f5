//go:build go1.27

package socket

// BareMessageEOF is true: since Go 1.27 the methods ReadFrom, ReadFromUnix and ReadMsgUnix of
// net.UnixConn return io.EOF as it is, like Read.
const BareMessageEOF = true
