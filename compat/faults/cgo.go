//go:build linux

package main

var foreignCalls = fault{
	name:   "cgo",
	what:   "each handler calls C between its receive and its send",
	server: ServerConfig{Cgo: true},
	inject: expose,
	skip: func() string {
		if callC == nil {
			return "this program was built without cgo, as where there is no C compiler"
		}
		return ""
	},
}

// callC calls a function of C that sleeps for a moment. It is nil without cgo.
var callC func()
