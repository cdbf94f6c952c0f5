// Package differential compares uringnet with package net by running the same random script on
// both.
//
// A script (see [Script]) is a list of operations on a few connections: dial, write, read,
// half-close, close, reset, deadlines, raw access, copies. [Run] executes it in a [World], which is
// package net or uringnet, and writes down what each operation returned: counts, a checksum of the
// bytes, the error's text with addresses replaced by names, its types, and what errors.Is and
// errors.As say of it. Two worlds agree if the two traces are equal.
//
// That needs scripts whose outcome is determined by what net promises, not by timing. Three rules
// bring that about, and none of them sleeps:
//
//   - After each operation that puts something on the wire, the executor waits until the kernel has
//     it at the other end (see settle.go). So each operation starts from rest.
//   - How many bytes one Read returns is not determined; a read operation reads on until it has all
//     it wants.
//   - A read that would block forever runs in a goroutine of its own, "parked". When a later
//     operation ends it (data, EOF, a deadline, Close), the executor waits for it and then goes on.
//
// A small model (see model.go) knows enough of TCP to tell which of these cases it is. Since any
// list of operations is a valid script (an operation that makes no sense in a state is skipped)
// scripts can be shrunk and fuzzed.
//
//	go test ./compat/differential -rapid.checks=100000              many scripts
//	go test ./compat/differential -run Scripts -rapid.seed=N        the run that failed
//	go test ./compat/differential -run Saved                        the scripts in testdata/scripts
//	go test ./compat/differential -fuzz FuzzScripts                 guided by coverage
package differential
