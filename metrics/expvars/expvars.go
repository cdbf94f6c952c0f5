// Package expvars publishes what the sockets of uringnet wait for as a variable of package expvar,
// which a program shows at /debug/vars. The command `uringnet top` shows it in a terminal.
//
// It is a package of its own since package expvar puts a handler into http.DefaultServeMux, and
// since it needs nothing but the standard library and uringnet.
package expvars

import (
	"expvar"

	"github.com/uringnet/uringnet"
)

// Name is what the variable is called. The command `uringnet top` looks for it.
const Name = "uringnet"

// Value is what the variable shows. [uringnet.RingStats] says for each counter what it means when
// it grows, and what to do.
type Value struct {
	Backend uringnet.BackendInfo `json:"backend"`
	Total   uringnet.RingStats   `json:"total"` // the sums over all groups of Ps
	uringnet.Stats
}

// Publish publishes the variable. Like expvar.Publish it must be called once only. Where the
// variable is read first it chooses the backend, as the first socket would (see
// [uringnet.Backend]).
func Publish() { expvar.Publish(Name, expvar.Func(read)) }

func read() any {
	stats := uringnet.ReadStats()
	return Value{uringnet.Backend(), stats.Total(), stats}
}
