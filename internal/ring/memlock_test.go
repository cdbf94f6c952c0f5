//go:build linux

package ring

import (
	"math"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// What is said of a ring's size without making one is the size of one that is made.
func TestMemoryIsForeseen(t *testing.T) {
	for _, c := range []Config{{SQEntries: 8, CQEntries: 16}, {SQEntries: 256, CQEntries: 4096}, {SQEntries: 100, CQEntries: 1000}} {
		r := newOrFatal(t, c)
		got, want := c.memory(), r.Memory()
		// Older kernels want an array more.
		if page := wholePages(1); got > want || got < want-page {
			t.Errorf("%+v: %d bytes foreseen, %d mapped", c, got, want)
		}
	}
}

func TestMemlockOf(t *testing.T) {
	m, err := MemlockOf(Config{SQEntries: 256, CQEntries: 4096})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(m)
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_MEMLOCK, &limit); err != nil || m.Limit != limit.Cur {
		t.Errorf("the limit is said to be %d, it is %d, %v", m.Limit, limit.Cur, err)
	}
}

func TestMemlockWords(t *testing.T) {
	for _, tc := range []struct {
		m     Memlock
		bound bool
		words []string
	}{
		{Memlock{Counts: true, PerRing: 84 << 10, Limit: 8 << 20}, true, []string{"about 84 KiB each", "limit is 8192 KiB", "room for 97"}},
		{Memlock{Counts: true, PerRing: 84 << 10, Limit: 8 << 20, Exempt: true}, false, []string{"84 KiB", "CAP_IPC_LOCK"}},
		{Memlock{Counts: true, PerRing: 84 << 10, Limit: math.MaxUint64}, false, []string{"84 KiB", "unlimited"}},
		{Memlock{PerRing: 84 << 10, Limit: 8 << 20}, false, []string{"does not count"}},
	} {
		if tc.m.Bound() != tc.bound {
			t.Errorf("%+v: bound %v", tc.m, tc.m.Bound())
		}
		for _, w := range tc.words {
			if !strings.Contains(tc.m.String(), w) {
				t.Errorf("%+v: %q does not say %q", tc.m, tc.m, w)
			}
		}
	}
}

func TestReleases(t *testing.T) {
	for release, want := range map[string]bool{
		"6.14.0-generic": true, "6.18.44": true, "7.0-rc1": true, "10.1": true,
		"6.13.9": false, "5.15.0-91-generic": false, "4.19": false,
	} {
		if got := atLeast(release, 6, 14); got != want {
			t.Errorf("Linux %s is 6.14 or newer: %v", release, got)
		}
	}
}
