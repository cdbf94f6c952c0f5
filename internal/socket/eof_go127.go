//go:build go1.27

package socket

// BareMessageEOF: since Go 1.27 net.UnixConn's ReadFrom, ReadFromUnix and ReadMsgUnix return io.EOF
// as it is, like Read.
const BareMessageEOF = true
