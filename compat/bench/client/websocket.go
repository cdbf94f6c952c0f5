//go:build linux

package client

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"

	"github.com/uringnet/uringnet/compat/bench/cells"
)

// WebSocket sends a binary message, and wants it back.
func WebSocket() Dialogue {
	const (
		last     = 0x80 // the frame is the last of its message
		binary   = 0x2  // the kind of the message
		isMasked = 0x80 // as a client's frames must be; beside it stands the length
	)
	message := cells.Message()
	mask := [4]byte{0x12, 0x34, 0x56, 0x78}
	request := append([]byte{last | binary, isMasked | byte(len(message))}, mask[:]...)
	for i, c := range message {
		request = append(request, c^mask[i%len(mask)])
	}
	return &prepared{
		request: request,
		answer:  append([]byte{last | binary, byte(len(message))}, message...),
		open:    upgrade,
	}
}

// upgrade turns an HTTP connection into a WebSocket (RFC 6455, section 4.1).
func upgrade(rw io.ReadWriter) error {
	const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
	key := base64.StdEncoding.EncodeToString([]byte("uringnet's bench"))
	if _, err := fmt.Fprintf(rw, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n", key); err != nil {
		return err
	}
	resp, err := http.ReadResponse(bufio.NewReader(rw), nil)
	if err != nil {
		return fmt.Errorf("reading the answer to an upgrade: %w", err)
	}
	resp.Body.Close()
	sum := sha1.Sum([]byte(key + guid))
	want := base64.StdEncoding.EncodeToString(sum[:])
	if got := resp.Header.Get("Sec-WebSocket-Accept"); resp.StatusCode != http.StatusSwitchingProtocols || got != want {
		return fmt.Errorf("the answer to an upgrade is %q with Sec-WebSocket-Accept %q, want %q", resp.Status, got, want)
	}
	return nil
}
