//go:build go1.27

package uringnet

// bareMessageEOF: since Go 1.27 net.UnixConn's ReadFrom, ReadFromUnix and ReadMsgUnix return io.EOF
// as it is, like Read.
const bareMessageEOF = true
