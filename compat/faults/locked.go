//go:build linux

package main

// A goroutine that ends while it is locked to its thread takes the thread along, and with that the
// receives which the thread has armed. So some connections come and go here.
var locked = fault{
	name:   "locked",
	what:   "each handler and each client locked to a thread, which ends with it",
	server: ServerConfig{Lock: true},
	load:   lockedLoad,
	inject: expose,
}

func lockedLoad() []Group {
	var out []Group
	for _, g := range usual {
		g.Lock = true
		out = append(out, g)
	}
	return out
}
