// Package gobuild runs the go command so that it builds a program, unchanged, on uringnet: what
// `uringnet go` does.
//
// The means is a GOROOT of its own, in the user's cache: a copy of the standard library, and links
// to all else of the toolchain's. Nothing in that one, in the program's modules or in its
// requirements is touched. In the copy
//
//  1. two files of package internal/poll are patched: a descriptor may have a socket of uringnet
//     below it (patch.go),
//  2. there are packages internal/uringnet/...: copies of those of this module that know no package
//     net, and of what these import, with the import paths changed (copy.go),
//  3. package net has one more file, which imports them and says that they are to be asked (std).
//
// So each program that has package net has uringnet, whatever its module, its vendor directory or
// its workspace are, and package net keeps its types.
//
// An overlay (go build -overlay) would need no copy. But the go command changes into the folder of
// each package that it vets or assembles, and folders that an overlay adds are not on the disk.
package gobuild
