//go:build linux

package ring

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// fault is a fault of io_uring in the kernels of one series, that a program on rings can meet.
type fault struct {
	major, minor int // the series
	from, fixed  int // the stable releases that have it: from <= n < fixed
	what         string
}

// hangsAfterOverflow came to the older series with a fix for long flushes, without the locking that
// it presupposes. https://github.com/NixOS/nixpkgs/issues/355567 names the first releases that have
// it, https://github.com/axboe/liburing/issues/1289 has a trace. The cure was queued on 6 November
// 2024. The releases given as fixed are surely later than that; one before them may be good too.
const hangsAfterOverflow = "a process may hang in io_uring_enter for ever, and not be killed, once " +
	"completions have overflowed; URINGNET=poller goes without rings"

// faults are those that are known. What else kernels have wrong is about requests that no ring
// of ours makes; see docs/kernels.md.
var faults = []fault{
	{6, 1, 113, 119, hangsAfterOverflow},
	{6, 6, 57, 61, hangsAfterOverflow},
}

// Warnings says what is known to be wrong with the io_uring of this kernel.
func Warnings() []string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return nil
	}
	signature, _ := os.ReadFile("/proc/version_signature") // Ubuntu has that file
	return warnings(stable(unix.ByteSliceToString(u.Release[:]), unix.ByteSliceToString(u.Version[:]), string(signature)))
}

// stable is the stable release that a kernel is made of, such as 6.1.115. uname -r of Debian and
// Ubuntu has a zero in the third place. Debian says the number in uname -v, and Ubuntu as the last
// word of its signature.
func stable(release, version, signature string) string {
	if words := strings.Fields(signature); len(words) > 0 {
		return words[len(words)-1]
	}
	if _, after, ok := strings.Cut(version, " Debian "); ok {
		return after
	}
	return release
}

func warnings(stable string) []string {
	var major, minor, patch int
	if n, _ := fmt.Sscanf(stable, "%d.%d.%d", &major, &minor, &patch); n != 3 {
		return nil
	}
	var out []string
	for _, f := range faults {
		if f.major == major && f.minor == minor && f.from <= patch && patch < f.fixed {
			out = append(out, fmt.Sprintf("Linux %d.%d.%d: %s (fixed since %d.%d.%d)",
				major, minor, patch, f.what, major, minor, f.fixed))
		}
	}
	return out
}
