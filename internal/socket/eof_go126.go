//go:build !go1.27

package socket

// BareMessageEOF: up to Go 1.26 net.UnixConn's ReadFrom, ReadFromUnix and ReadMsgUnix wrap io.EOF
// in a *net.OpError.
const BareMessageEOF = false
