package file

import (
	"runtime"
	"sync/atomic"
)

// A read that waits for a disk costs least as a plain call, while few do: a thread waits, and goes
// on. With many, threads come and go. These are the bounds; tests change them.
var (
	// fewReads is how many reads may be under way for the next one to be a plain call.
	fewReads = int32(4)

	// mostTries is how many threads may be in calls that are not to wait. One that does not wait
	// keeps its P. If there are more, some do wait.
	mostTries = int32(runtime.GOMAXPROCS(0))
)

// readsUnderWay is how many reads there are. Any goroutine changes it.
var readsUnderWay atomic.Int32

// tries is how many threads are in calls that are not to wait. It changes by atomic additions.
var tries int32
