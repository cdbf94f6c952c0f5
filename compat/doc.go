// Package compat proves that uringnet can stand in for package net, by tests that nobody here wrote
// and by comparison. Its tests compare method sets and error texts; command stdsuite runs the
// standard library's own tests on uringnet; package differential runs random scripts on both and
// compares what happens.
package compat
