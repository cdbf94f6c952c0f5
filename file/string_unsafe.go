package file

import "unsafe"

// bytesOf are the bytes of s, without a copy: nobody writes to them.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
