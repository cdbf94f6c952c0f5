//go:build linux

package socket

import "net"

// errClosed is what package net says of a socket that is closed. It is all that the files of a
// [Borrowed] socket take from package net: the whole build, in which package net itself imports
// them, has another file in the place of this one.
var errClosed error = net.ErrClosed
