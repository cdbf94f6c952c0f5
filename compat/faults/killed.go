//go:build linux

package main

import "syscall"

// The next server listens on the same port at once. The clients see their connections break, and
// nobody listening for a moment.
var killed = fault{
	name: "killed",
	what: "SIGKILL of the server under load; the next one listens on its port at once",
	gives: []string{
		"read: ECONNRESET", "read: EOF", "read: unexpected EOF", "write: ECONNRESET", "write: EPIPE",
		"dial: ECONNREFUSED", "dial: ECONNRESET", "shutdown: ENOTCONN",
	},
	inject: func(t *trial) error {
		for range 3 {
			t.server.signal(syscall.SIGKILL)
			<-t.server.ended
			var err error
			if t.server, err = t.start("server"); err != nil {
				return err
			}
			if err := t.serve(); err != nil {
				return err
			}
			if err := t.progress(); err != nil {
				return err
			}
		}
		return nil
	},
}
