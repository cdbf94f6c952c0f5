package testutil

import (
	"fmt"
	"os"
	"testing"
)

// AwaitThreadEnd returns when the thread is gone. For the main thread, which the runtime never lets
// go, it returns at once.
func AwaitThreadEnd(t testing.TB, tid int) {
	t.Helper()
	if tid == os.Getpid() {
		return
	}
	Eventually(t, fmt.Sprintf("thread %d to end", tid), func() bool {
		_, err := os.Stat(fmt.Sprintf("/proc/self/task/%d", tid))
		return os.IsNotExist(err)
	})
}
