// Package gobuild runs the go command so that it builds a program, unchanged, on uringnet: what
// `uringnet go` does.
//
// The means is an overlay, a file that tells the go command to read some source files from
// elsewhere. Nothing in GOROOT, in the program's modules or in its requirements is touched. The
// overlay
//
//  1. replaces two files of the standard library's package internal/poll by copies in which a
//     descriptor may have a socket of uringnet below it (patch.go),
//  2. adds packages internal/uringnet/... to the standard library: copies of those of this module
//     that know no package net, and of what these import, with the import paths changed (copy.go),
//  3. adds a file to package net, which imports them and says that they are to be asked (std).
//
// So each program that has package net has uringnet, whatever its module, its vendor directory or
// its workspace are, and package net keeps its types.
package gobuild
