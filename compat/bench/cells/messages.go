package cells

// HelloText is the body of a short HTTP answer.
const HelloText = "hello, world\n"

// Key is what the redcon cell asks for; the value is Message().
const Key = "key"

// The gRPC method that sends its request back. Both are a google.protobuf.BytesValue.
const (
	EchoService = "uringnet.bench.Echo"
	EchoMethod  = "Call"
)

// Message is what the other cells send. Its bytes differ, so that bytes in the wrong place are
// noticed.
func Message() []byte {
	const size = 64
	m := make([]byte, size)
	for i := range m {
		m[i] = byte(' ' + i)
	}
	return m
}
