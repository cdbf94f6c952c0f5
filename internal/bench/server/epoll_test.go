//go:build linux

package server

import (
	"strings"
	"testing"
)

func TestHTTPAnswer(t *testing.T) {
	const request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
	for _, test := range []struct {
		name   string
		chunks []string
		want   []int // answers to each chunk
	}{
		{"one", []string{request}, []int{1}},
		{"three at once", []string{request + request + request}, []int{3}},
		{"cut in the blank line", []string{request[:len(request)-1], request[len(request)-1:] + request}, []int{0, 2}},
		{"bytewise", strings.Split(request, ""), append(make([]int, len(request)-1), 1)},
		{"a line break of its own", []string{"GET / HTTP/1.1\r\r\nHost: x\r\n\r\r\n\r\n"}, []int{1}},
	} {
		c := &eventConn{}
		for i, chunk := range test.chunks {
			answer := string(httpAnswer(c, []byte(chunk)))
			if answer != strings.Repeat(string(httpHello), test.want[i]) {
				t.Errorf("%s: chunk %d: %d bytes, want %d answers", test.name, i, len(answer), test.want[i])
			}
		}
	}
}
