// Package testutil looks at the process from within a test: at its goroutines, its file descriptors
// and what they wait for.
//
// It imports nothing of this module, so that the tests of every package can use it.
package testutil
