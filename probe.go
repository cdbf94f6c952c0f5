package uringnet

import (
	"fmt"
	"strings"
)

// Feature is one thing that the kernel's io_uring may offer.
type Feature struct {
	Name      string `json:"name"`
	Since     string `json:"since"`         // the Linux release that brought it
	Required  bool   `json:"required"`      // without it there are no rings
	Available bool   `json:"available"`     // found by trying
	Why       string `json:"why,omitempty"` // the error, if it is not available
}

// Features is the result of [Probe].
type Features []Feature

// Probe tries what the kernel's io_uring offers. The result is cached. The error says why there is
// none at all; errors.Is finds the syscall.Errno in it. It may be called from any goroutine.
func Probe() (Features, error) { return probeFeatures() }

// String returns a table, one feature a line.
func (fs Features) String() string {
	var b strings.Builder
	for _, f := range fs {
		state := "yes"
		if !f.Available {
			state = "no: " + f.Why
		}
		need := "optional"
		if f.Required {
			need = "required"
		}
		fmt.Fprintf(&b, "%-28s Linux %-5s %s  %s\n", f.Name, f.Since, need, state)
	}
	return b.String()
}
