//go:build linux && cgo

package main

// #include <time.h>
//
// static void doze(void) {
//     struct timespec t = {0, 20000};
//     nanosleep(&t, 0);
// }
import "C"

func init() { callC = func() { C.doze() } }
